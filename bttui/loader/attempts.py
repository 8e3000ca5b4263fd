"""What this kernel lets us do, found out by doing it."""

import os
import struct

from bttui.loader import bpf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.host.facts import Host

_RETURN_ZERO = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)  # r0 = 0; exit (<linux/bpf.h>, struct bpf_insn)
# Made for such attempts, net/bpf/test_run.c; the other takes seven arguments.
_CALLED_BY_NOBODY, _WITH_MANY_ARGUMENTS = "bpf_fentry_test1", "bpf_modify_return_test2"


def fentry(host: "Host", many: bool = False) -> bool:
    """Whether a program can be put at the entry of a kernel function (with ``many``: of one with many arguments) by a trampoline."""
    function = host.btf.id("func", _WITH_MANY_ARGUMENTS if many else _CALLED_BY_NOBODY)
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
