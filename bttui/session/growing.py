"""A file that grows until it cannot: what could not be written as a whole is taken back."""

import os
import stat


class GrowingFile:
    """``size`` is in bytes. After a failure ``put`` does nothing, and ``failed`` says why."""

    def __init__(self, path: str, mode: int = 0o666) -> None:
        """Truncates. Raises OSError or ValueError."""
        self.path, self.failed, self.size = path, "", 0
        # Not to wait for the reader of a named pipe.
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK, mode)
        os.set_blocking(self._fd, True)
        if mode == 0o600 and stat.S_ISREG(os.fstat(self._fd).st_mode):  # /dev/null and pipes are not ours
            os.fchmod(self._fd, mode)

    def put(self, data: bytes) -> None:
        if self.failed:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as reason:
            self.failed = reason.strerror or str(reason)
            try:
                os.ftruncate(self._fd, self.size)
            except OSError:
                return  # no regular file
        else:
            self.size += len(data)

    def close_file(self) -> None:
        """Does no harm a second time."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
