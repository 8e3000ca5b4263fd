"""Files of packets: pcap as https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html says."""

import os
import struct
import time

_MAGIC, _VERSION = 0xA1B23C4D, (2, 4)  # times in nanoseconds
_LONGEST, _ETHERNET = 1 << 16, 1  # snapshot length; LINKTYPE_ETHERNET


class Capture:
    """A new file at ``path``, complete after every packet. Raises OSError."""

    def __init__(self, path: str):
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._started = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        os.write(self._fd, struct.pack("=IHHiIII", _MAGIC, *_VERSION, 0, 0, _LONGEST, _ETHERNET))

    def write(self, boot: int, length: int, content: bytes) -> None:
        """``boot``: when, in ns of the boot clock; ``length``: of the whole packet, of which ``content`` is the start."""
        seconds, nanoseconds = divmod(self._started + boot, 1_000_000_000)
        os.write(self._fd, struct.pack("=IIII", seconds, nanoseconds, len(content), length) + content)

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            os.close(self._fd)
