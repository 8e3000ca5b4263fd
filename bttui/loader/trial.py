"""What the kernel permits, found by asking it to load the smallest program that does it."""

import ctypes
import errno
import struct

from bttui.loader import bpf

_LOG = 1 << 16


def may_call(function: int, type: int, attach_type: int, attach_to: int) -> bool:
    """Whether programs of this type may call a kernel function. ``function`` and ``attach_to`` are numbers of BTF types.

    The call is made without arguments, so that most trials are refused in the end: only how matters.
    """
    # BPF_JMP | BPF_CALL with src_reg BPF_PSEUDO_KFUNC_CALL; r0 = 0; BPF_EXIT
    code = struct.pack("=BBhi", 0x85, 0x20, 0, function) + struct.pack("=BBhi", 0xB7, 0, 0, 0) + struct.pack("=BBhi", 0x95, 0, 0, 0)
    instructions, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(_LOG)
    # union bpf_attr for BPF_PROG_LOAD, as far as attach_btf_id
    attributes = bpf.pack(
        "IIQQIIQII16xIIIIQIIQII",
        *(type, len(code) // 8, bpf.address(instructions), bpf.address(licence), 1, _LOG, bpf.address(log), 0, 0),
        *(0, attach_type, 0, 0, 0, 0, 0, 0, 0, attach_to),
    )
    try:
        fd = bpf.bpf(bpf.PROG_LOAD, attributes)
    except OSError as reason:
        return reason.errno != errno.EPERM and bool(log.value) and b"is not allowed" not in log.value
    import os

    os.close(fd)
    return True
