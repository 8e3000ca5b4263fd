"""The bpf(2), perf_event_open(2) and membarrier(2) system calls by ctypes. Layouts are those of <linux/bpf.h> and <linux/perf_event.h>.

Functions raise OSError with the kernel's errno; making a sentence of it is the caller's part.
"""

import ctypes
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# enum bpf_cmd
MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM, MAP_GET_NEXT_KEY = 1, 2, 3, 4
PROG_LOAD, OBJ_PIN = 5, 6
PROG_TEST_RUN, PROG_GET_NEXT_ID, MAP_GET_NEXT_ID, PROG_GET_FD_BY_ID = 10, 11, 12, 13
OBJ_GET_INFO_BY_FD, RAW_TRACEPOINT_OPEN, BTF_GET_FD_BY_ID = 15, 17, 19
MAP_LOOKUP_BATCH, MAP_LOOKUP_AND_DELETE_BATCH = 24, 25
LINK_CREATE, LINK_GET_NEXT_ID, ENABLE_STATS, ITER_CREATE = 28, 31, 32, 33

# enum bpf_map_type
HASH, ARRAY, PERCPU_HASH, PERCPU_ARRAY, STACK_TRACE, LRU_HASH, LRU_PERCPU_HASH, RINGBUF = 1, 2, 5, 6, 7, 9, 10, 27
PERCPU_TYPES = frozenset((PERCPU_HASH, PERCPU_ARRAY, LRU_PERCPU_HASH))
ARRAY_TYPES = frozenset((ARRAY, PERCPU_ARRAY))

# enum bpf_prog_type
KPROBE, TRACEPOINT, PERF_EVENT, RAW_TRACEPOINT, TRACING = 2, 5, 7, 17, 26

# enum bpf_attach_type
TRACE_RAW_TP, TRACE_FENTRY, TRACE_FEXIT, TRACE_ITER = 23, 24, 25, 28
XDP, BPF_PERF_EVENT, TCX_INGRESS, TCX_EGRESS, TRACE_UPROBE_MULTI = 37, 41, 46, 47, 48

_machine = os.uname().machine
_generic = (280, 241, 283)
# System call numbers of bpf, perf_event_open and membarrier; the newer architectures share one table.
_bpf_number, _perf_number, _membarrier_number = {
    "x86_64": (321, 298, 324),
    "s390x": (351, 331, 356),
    "ppc64le": (361, 319, 365),
    "armv7l": (386, 364, 389),
}.get(_machine, _generic)
_MEMBARRIER_CMD_GLOBAL = 1  # <linux/membarrier.h>

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long


def bpf(command: int, attributes: "Any") -> int:
    """One bpf(2) call; ``attributes`` is a ctypes buffer, which the kernel may write to. Returns its result."""
    result = _syscall(ctypes.c_long(_bpf_number), ctypes.c_int(command), ctypes.byref(attributes), ctypes.c_uint(ctypes.sizeof(attributes)))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def pack(format: str, *values: int) -> "Any":
    """Values as attributes for ``bpf``; ``format`` is struct's, without alignment ("=" is put before it)."""
    return ctypes.create_string_buffer(struct.pack("=" + format, *values), struct.calcsize("=" + format))


def address(buffer: "Any") -> int:
    """Where a ctypes buffer lies; 0 for None."""
    return 0 if buffer is None else ctypes.addressof(buffer)


def load_tracing(instructions: bytes, attach_type: int, function: int) -> int:
    """A program for a function of the kernel, by its number in the kernel's BTF; its descriptor."""
    code, licence = ctypes.create_string_buffer(instructions, len(instructions)), ctypes.create_string_buffer(b"GPL")
    head = (TRACING, len(instructions) // 8, address(code), address(licence))
    return bpf(PROG_LOAD, pack("IIQQ44xI36xII", *head, attach_type, function, 0))


def raw_tracepoint_open(program_fd: int, name: "bytes | None", cookie: int = 0) -> int:
    """A new link's descriptor. Kernels before cookies came to raw tracepoints refuse one other than 0 with EINVAL."""
    text = ctypes.create_string_buffer(name) if name else None
    return bpf(RAW_TRACEPOINT_OPEN, pack("QIIQ", address(text), program_fd, 0, cookie))


def link_create(program_fd: int, target: int, attach_type: int, rest: bytes = b"", flags: int = 0) -> int:
    """A new link's descriptor. ``target`` is a descriptor or an interface's index; ``rest`` is the union's member for

    the attach type, from offset 16.
    """
    head = struct.pack("=IIII", program_fd, target, attach_type, flags)
    return bpf(LINK_CREATE, ctypes.create_string_buffer(head + rest, len(head) + max(len(rest), 32)))


def obj_pin(fd: int, path: bytes) -> None:
    """Give a program, map or link a name in a bpf file system, which keeps it alive."""
    text = ctypes.create_string_buffer(path)
    bpf(OBJ_PIN, pack("QII", address(text), fd, 0))


def iter_create(link_fd: int) -> int:
    return bpf(ITER_CREATE, pack("II", link_fd, 0))


def grace_period() -> bool:
    """Wait until every program that runs now has ended (10 to 20 ms); those that may sleep are not meant.

    False where the kernel has no such call for us. membarrier(2) is synchronize_rcu() in kernel/sched/membarrier.c, but
    nothing at all where only one processor is online: there a program may have been interrupted halfway.
    """
    if os.sysconf("SC_NPROCESSORS_ONLN") < 2:
        return False
    return _syscall(ctypes.c_long(_membarrier_number), ctypes.c_int(_MEMBARRIER_CMD_GLOBAL), ctypes.c_uint(0), ctypes.c_int(0)) == 0


def test_run(program_fd: int, context: bytes) -> int:
    """Run a raw tracepoint program once, here and now; ``context`` is its u64 arguments. Returns its return value."""
    held = ctypes.create_string_buffer(context, len(context))
    attributes = pack("IIIIQQIIIIQQIII4x", program_fd, 0, 0, 0, 0, 0, 0, 0, len(context), 0, address(held), 0, 0, 0, 0)
    bpf(PROG_TEST_RUN, attributes)
    return struct.unpack_from("=I", attributes, 4)[0]


def info(fd: int, size: int = 256, asked: bytes = b"") -> bytes:
    """struct bpf_prog_info, bpf_map_info, bpf_link_info or bpf_btf_info of a descriptor, as far as the kernel knows it.

    ``asked``: the struct as it is handed in, with addresses of buffers that the kernel shall fill.
    """
    held = ctypes.create_string_buffer(asked, size)
    attributes = pack("IIQ", fd, size, address(held))
    bpf(OBJ_GET_INFO_BY_FD, attributes)
    return held.raw[: struct.unpack_from("=I", attributes, 4)[0]].ljust(size, b"\0")


def by_id(command: int, ident: int) -> int:
    """A descriptor of the program, map, link or type information with this number (PROG_GET_FD_BY_ID, ...)."""
    return bpf(command, pack("III", ident, 0, 0))


def ids(command: int) -> "Iterator[int]":
    """Ids of all programs, maps or links of the machine (PROG_, MAP_ or LINK_GET_NEXT_ID). Needs CAP_SYS_ADMIN."""
    attributes = pack("III", 0, 0, 0)
    while True:
        try:
            bpf(command, attributes)
        except FileNotFoundError:
            return
        (found,) = struct.unpack_from("=I", attributes, 4)
        yield found
        struct.pack_into("=I", attributes, 0, found)


# enum perf_type_id, enum perf_sw_ids
PERF_TYPE_HARDWARE, PERF_TYPE_SOFTWARE, PERF_TYPE_TRACEPOINT, PERF_TYPE_HW_CACHE, PERF_TYPE_RAW, PERF_TYPE_BREAKPOINT = range(6)
PERF_COUNT_SW_CPU_CLOCK = 0
_PERF_ATTR_SIZE = 112  # PERF_ATTR_SIZE_VER5: all that we set has been there since 4.1
_INHERIT, _FREQUENCY = 1 << 1, 1 << 10  # attr.inherit, attr.freq
_FD_CLOEXEC = 1 << 3
IOC_ENABLE, IOC_SET_BPF = 0x2400, 0x40042408


def perf_event_open(
    type: int,
    config: int,
    *,
    period: int = 0,
    frequency: int = 0,
    pid: int = -1,
    cpu: int = -1,
    config1: int = 0,
    config2: int = 0,
    breakpoint_type: int = 0,
    inherit: bool = False,
) -> int:
    """A perf event's descriptor, closed on exec. ``frequency`` in Hz replaces ``period`` (events, or ns for a clock).

    ``inherit``: threads and processes that the task makes from now on are observed too.
    """
    flags = (_FREQUENCY if frequency else 0) | (_INHERIT if inherit else 0)
    wakeup = 1 if period or frequency else 0
    attributes = pack(
        "IIQQQQQIIQQ40x",
        *(type, _PERF_ATTR_SIZE, config, frequency or period, 0, 0, flags, wakeup, breakpoint_type, config1, config2),
    )
    where = (ctypes.c_int(pid), ctypes.c_int(cpu), ctypes.c_int(-1), ctypes.c_ulong(_FD_CLOEXEC))
    result = _syscall(ctypes.c_long(_perf_number), ctypes.byref(attributes), *where)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def perf_ioctl(fd: int, request: int, argument: int = 0) -> None:
    if _libc.ioctl(ctypes.c_int(fd), ctypes.c_ulong(request), ctypes.c_ulong(argument)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
