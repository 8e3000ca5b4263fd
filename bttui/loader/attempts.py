"""What this kernel lets us do, found out by doing it."""

import os
import struct

from bttui.loader import bpf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.host.facts import Host

_RETURN_ZERO = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)  # r0 = 0; exit (<linux/bpf.h>, struct bpf_insn)
_CALLED_BY_NOBODY = "bpf_fentry_test1"  # made for such attempts, net/bpf/test_run.c


def fentry(host: "Host") -> bool:
    """Whether a program can be put at the entry of a kernel function by a trampoline."""
    function = host.btf.id("func", _CALLED_BY_NOBODY)
    if function is None:
        return False
    try:
        program = bpf.load_tracing(_RETURN_ZERO, bpf.TRACE_FENTRY, function)
    except OSError:
        return False
    try:
        os.close(bpf.raw_tracepoint_open(program, None))
    except OSError:
        return False
    finally:
        os.close(program)
    return True
