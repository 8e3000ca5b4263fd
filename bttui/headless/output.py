"""Where the output goes, and what is said where it cannot be written."""

import os
import sys

from bttui.model.diagnostic import Diagnostic, DiagnosticError, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FULL = 1 << 16  # bytes collected with -B full


class Writer:
    """One write(2) for a batch, or for 64 KiB with -B full.

    ``gone``: nobody reads any more, or it cannot be written; ``failure`` says why, None where a reader went.
    """

    def __init__(self, fd: int, full: bool):
        self._fd = fd
        self._full = full
        self.terminal = os.isatty(fd)
        self._kept: "list[bytes]" = []
        self._size = 0
        self.gone = False
        self.failure: "Diagnostic | None" = None

    def write(self, text: str) -> None:
        if not text or self.gone:
            return
        data = text.encode(errors="surrogateescape")
        if self._full and self._size + len(data) < FULL:
            self._kept.append(data)
            self._size += len(data)
            return
        self._put(b"".join((*self._kept, data)))

    def flush(self) -> None:
        if self._kept:
            self._put(b"".join(self._kept))

    def _put(self, data: bytes) -> None:
        self._kept, self._size = [], 0
        rest = memoryview(data)
        try:
            while rest and not self.gone:
                rest = rest[os.write(self._fd, rest) :]
        except BrokenPipeError:
            self.gone = True
        except OSError as reason:
            self.gone, self.failure = True, _unwritten(reason)


def show(lines: "Iterable[str]") -> int:
    """Print them to stdout; the exit status. A reader that went has seen enough. Raises DiagnosticError where it cannot be written."""
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError as reason:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is still in the buffer
        if not isinstance(reason, BrokenPipeError):
            raise DiagnosticError(_unwritten(reason)) from None
    return 0


def _unwritten(reason: OSError) -> Diagnostic:
    return Diagnostic(f"could not write the output: {reason.strerror}")


def open_output(path: str) -> int:
    """The descriptor to write to: stdout where the path is empty. Raises DiagnosticError."""
    if not path:
        return 1
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as reason:
        raise error(f'Failed to open output file: "{path}": {reason.strerror}') from None


def save(path: str, content: bytes) -> None:
    """Raises DiagnosticError."""
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as reason:
        raise error(f"Failed to open file '{path}': {reason.strerror}") from None
