"""What the kernel counts about programs and links. Offsets: struct bpf_prog_info and bpf_link_info of <linux/bpf.h>."""

import os
import struct

from bttui.loader import bpf
from bttui.model.data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.loader.links import Link
    from bttui.loader.object import LoadedProgram

_LINK_PERF_EVENT, _LINK_KPROBE_MULTI = 7, 8
_EVENT_KPROBE, _EVENT_KRETPROBE = 3, 4


class Runs(Data):
    """``count`` and ``nanoseconds`` only grow while statistics are enabled; ``misses`` always does.

    A miss is a run that did not happen because the program (or another one) was running on that CPU already.
    """

    count: int
    nanoseconds: int
    misses: int


def runs(program: "LoadedProgram") -> Runs:
    """Sums since loading. ``misses`` is 0 on kernels before 5.12, which do not count them."""
    nanoseconds, count, misses = struct.unpack_from("=QQQ", bpf.info(program.fd), 192)
    return Runs(count, nanoseconds, misses)


def program_id(program: "LoadedProgram") -> int:
    return struct.unpack_from("=I", bpf.info(program.fd), 4)[0]


def link_id(link: "Link") -> int:
    return struct.unpack_from("=I", bpf.info(link.fd), 4)[0]


def missed(link: "Link") -> int:
    """How often a kprobe or kretprobe did not fire because there was no room for it; 0 for other links."""
    if link.fd < 0 or not link.slow:  # kprobes are slow to close: all others are spared the call
        return 0
    information = bpf.info(link.fd)
    type, event = struct.unpack_from("=I12xI", information)
    if type == _LINK_KPROBE_MULTI:
        return struct.unpack_from("=Q", information, 32)[0]
    if type == _LINK_PERF_EVENT and event in (_EVENT_KPROBE, _EVENT_KRETPROBE):
        return struct.unpack_from("=Q", information, 48)[0]
    return 0


class RunStatistics:
    """While it is entered, the kernel counts runs and their time, for all programs of the machine (some 40 ns a run).

    ``enabled`` is False where the kernel refuses (before 5.8, or without the privilege).
    """

    def __init__(self) -> None:
        self.enabled = False
        self._fd = -1

    def __enter__(self) -> "RunStatistics":
        try:
            self._fd = bpf.bpf(bpf.ENABLE_STATS, bpf.pack("I", 0))
            self.enabled = True
        except OSError:
            self.enabled = False
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self.enabled = -1, False
