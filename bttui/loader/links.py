"""Links: a loaded program attached somewhere. Closing one detaches it.

Every function takes the full probe name and its span, so that a refusal says which probe it is about and what to do.
"""

import ctypes
import errno
import os
import struct
from contextlib import contextmanager

from bttui.loader import bpf
from bttui.model.diagnostic import DiagnosticError, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from typing import Any

    from bttui.loader.object import LoadedProgram
    from bttui.model.diagnostic import Span

ENOTSUPP = 524  # the kernel's own; it has no name in user space
_DEVICES = "/sys/bus/event_source/devices"


class Link:
    """``fd`` holds the program there; ``event_fd`` is the perf event under it, or -1.

    ``slow``: the kernel waits (around 0.1 s) when the event is closed; loader.closing knows a way around.
    ``places``: how many attach points it stands for (more than one for multi links).
    """

    def __init__(self, name: str, fd: int, event_fd: int = -1, slow: bool = False, places: int = 1):
        self.name = name
        self.fd = fd
        self.event_fd = event_fd
        self.slow = slow
        self.places = places

    def close(self) -> None:
        """Detach. Safe to call twice."""
        fds, self.fd, self.event_fd = (self.fd, self.event_fd), -1, -1
        for fd in fds:
            if fd >= 0:
                os.close(fd)

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Link({self.name!r}, fd={self.fd}, event_fd={self.event_fd})"


_privilege = (
    "run it as root (CAP_BPF and CAP_PERFMON are needed); "
    "where it is root, a policy of the kernel (lockdown, LSM, perf_event_paranoid) forbids it"
)
_advice = {
    errno.EPERM: ("the kernel does not permit it", _privilege),
    errno.EACCES: ("the kernel does not permit it", _privilege),
    errno.ENOENT: ("there is no such place in this kernel or file", "bttui -l lists what there is"),
    errno.ESRCH: ("there is no such function or process", "bttui -l lists what there is; a process may have ended"),
    errno.EEXIST: ("the same program is already attached there", "remove one of the two probes"),
    errno.EINVAL: ("the kernel refuses the probe", "it may not be traceable, or this kernel may be too old for this kind of probe"),
    errno.EBUSY: ("somebody else has it", "another tracer may be using it"),
    errno.ENODEV: ("the machine has no such device or event", ""),
    errno.EOPNOTSUPP: ("this kernel or processor does not support it", ""),
    ENOTSUPP: ("this place cannot be probed", "the kernel cannot emulate the instruction there; choose another place"),
    errno.EMFILE: ("too many open files", "raise the limit (ulimit -n), or attach fewer probes"),
    errno.ENFILE: ("too many open files on this machine", "attach fewer probes"),
    errno.E2BIG: ("too many programs are attached there", "attach fewer probes to one place"),
    errno.ENOSPC: ("all of the processor's counters or breakpoints are taken", "close another tracer, or attach fewer probes"),
    errno.EILSEQ: ("it is not at the start of an instruction", "give the offset of an instruction"),
    errno.EADDRNOTAVAIL: ("the kernel does not let this function be traced", "it may be marked as not traceable"),
}


# What the kernel says about one of many places; any other number is about all of them.
_ABOUT_ONE = frozenset((errno.EINVAL, errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL, errno.EILSEQ, errno.EIO, errno.EBUSY, ENOTSUPP))


def refused(name: str, number: int, span: "Span | None" = None) -> DiagnosticError:
    """The Diagnostic for an attachment that failed with this errno. Its code is "place" where others may well succeed."""
    cause, hint = _advice.get(number, (os.strerror(number), ""))
    code = errno.errorcode.get(number, "ENOTSUPP" if number == ENOTSUPP else str(number))
    return error(f"cannot attach {name}: {cause} ({code})", span, hint=hint, code="place" if number in _ABOUT_ONE else "attach")


def raw_tracepoint(program: "LoadedProgram", tracepoint: str, cookie: int = 0, *, name: str = "", span: "Span | None" = None) -> Link:
    """A raw tracepoint by its name ("sys_enter"). Attaching and detaching are quick."""
    name = name or f"rawtracepoint:{tracepoint}"
    try:
        return Link(name, bpf.raw_tracepoint_open(program.fd, tracepoint.encode(), cookie))
    except OSError as reason:
        raise refused(name, reason.errno or 0, span) from None


def perf_event(
    program: "LoadedProgram", event_fd: int, cookie: int = 0, *, name: str, span: "Span | None" = None, slow: bool = False
) -> Link:
    """A program on a perf event, which the link then owns (and closes if this fails)."""
    try:
        try:
            fd = bpf.link_create(program.fd, event_fd, bpf.BPF_PERF_EVENT, struct.pack("=Q", cookie))
        except OSError as reason:
            # Before 5.15 there are no links on perf events: the event itself holds the program. It has no cookie then, nor
            # has the program a helper to ask for it.
            if reason.errno != errno.EINVAL:
                raise
            bpf.perf_ioctl(event_fd, bpf.IOC_SET_BPF, program.fd)
            fd = -1
        bpf.perf_ioctl(event_fd, bpf.IOC_ENABLE)
    except OSError as reason:
        os.close(event_fd)
        if reason.errno == errno.EACCES:
            raise error(f"cannot attach {name}: the program reads fields that it does not have (EACCES)", span, code="attach") from None
        raise refused(name, reason.errno or 0, span) from None
    return Link(name, fd, event_fd, slow)


@contextmanager
def _all_or_none() -> "Generator[list[Link]]":
    """A list for links that are closed again if one of them fails."""
    links: "list[Link]" = []
    try:
        yield links
    except BaseException:
        for link in links:
            link.close()
        raise


def _open_event(name: str, span: "Span | None", type: int, config: int, **more: "Any") -> int:
    try:
        return bpf.perf_event_open(type, config, **more)
    except OSError as reason:
        raise refused(name, reason.errno or 0, span) from None


def tracepoint(program: "LoadedProgram", event_id: int, cookie: int = 0, *, name: str, span: "Span | None" = None) -> Link:
    """A tracepoint by the number in its tracefs ``id`` file, on all CPUs and for all processes."""
    event = _open_event(name, span, bpf.PERF_TYPE_TRACEPOINT, event_id, cpu=0)
    return perf_event(program, event, cookie, name=name, span=span, slow=True)


def sampling(
    program: "LoadedProgram",
    type: int,
    config: int,
    *,
    cpus: "Iterable[int]",
    period: int = 0,
    frequency: int = 0,
    pid: int = -1,
    cookie: int = 0,
    name: str,
    span: "Span | None" = None,
) -> "list[Link]":
    """A program at every ``period`` events (nanoseconds for a clock) or ``frequency`` times a second, on each CPU.

    A CPU that is not online is passed over, unless none is left.
    """
    number = errno.ENODEV
    with _all_or_none() as links:
        for cpu in cpus:
            try:
                event = bpf.perf_event_open(type, config, period=period, frequency=frequency, pid=pid, cpu=cpu)
            except OSError as reason:
                number = reason.errno or 0
                if number in (errno.ENODEV, errno.ENXIO):
                    continue
                if number == errno.ENOENT:
                    raise error(f"cannot attach {name}: there is no such counter (ENOENT)", span, code="place") from None
                raise refused(name, number, span) from None
            links.append(perf_event(program, event, cookie, name=name, span=span))
    if not links:
        raise refused(name, number, span)
    return links


def watchpoint(
    program: "LoadedProgram",
    address: int,
    length: int,
    kind: int,
    cookie: int = 0,
    *,
    pid: int = 0,
    cpus: "Iterable[int]",
    name: str,
    span: "Span | None" = None,
) -> "list[Link]":
    """Memory of a process (all of its threads, and what they start), or of everything, one event on each CPU.

    ``kind`` is HW_BREAKPOINT_R, _W and _X of <linux/hw_breakpoint.h>.
    """
    how = {"period": 1, "breakpoint_type": kind, "config1": address, "config2": length}

    def add(**where: int) -> None:
        event = _open_event(name, span, bpf.PERF_TYPE_BREAKPOINT, 0, **how, **where)
        links.append(perf_event(program, event, cookie, name=name, span=span))

    with _all_or_none() as links:
        if not pid:
            for cpu in cpus:
                add(cpu=cpu)
            return links
        known: "set[str]" = set()
        while fresh := _threads(pid, name, span) - known:  # while we look, others may be made
            known |= fresh
            for thread in fresh:
                try:
                    add(pid=int(thread), inherit=True)
                except DiagnosticError:
                    if os.path.exists(f"/proc/{pid}/task/{thread}"):
                        raise
        return links


def _threads(pid: int, name: str, span: "Span | None") -> "set[str]":
    try:
        return set(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        raise refused(name, errno.ESRCH, span) from None


def _probe_device(device: str, returns: bool, name: str, span: "Span | None") -> "tuple[int, int]":
    """(type, config) of the kernel's dynamic perf device for kprobes or uprobes (since 4.17)."""
    try:
        with open(f"{_DEVICES}/{device}/type") as file:
            type = int(file.read())
        bit = 0
        if returns:
            with open(f"{_DEVICES}/{device}/format/retprobe") as file:
                bit = int(file.read().strip().removeprefix("config:"))
    except OSError:
        option = "CONFIG_KPROBE_EVENTS" if device == "kprobe" else "CONFIG_UPROBE_EVENTS"
        hint = f"a kernel built with {option} is needed"
        if device == "kprobe":
            hint += ", or one that allows fentry"
        message = f"cannot attach {name}: this kernel has no {device}s ({_DEVICES}/{device} is missing)"
        raise error(message, span, hint=hint, code=f"no-{device}") from None
    return type, (1 << bit if returns else 0)


def kprobe(
    program: "LoadedProgram",
    function: "str | int",
    offset: int = 0,
    cookie: int = 0,
    *,
    returns: bool = False,
    name: str,
    span: "Span | None" = None,
) -> Link:
    """A kernel function by name and offset, or an address; ``returns`` fires when it returns."""
    type, config = _probe_device("kprobe", returns, name, span)
    if isinstance(function, int):
        event = _open_event(name, span, type, config, config2=function + offset, cpu=0)
    else:
        text = ctypes.create_string_buffer(function.encode())
        event = _open_event(name, span, type, config, config1=bpf.address(text), config2=offset, cpu=0)
    return perf_event(program, event, cookie, name=name, span=span, slow=True)


def uprobe(
    program: "LoadedProgram",
    path: str,
    offset: int,
    cookie: int = 0,
    *,
    returns: bool = False,
    pid: int = 0,
    semaphore: int = 0,
    name: str,
    span: "Span | None" = None,
) -> Link:
    """A place in a file: ``offset`` is the file's, not an address. ``pid`` limits it to one process.

    ``semaphore`` is the file offset of a counter that the kernel keeps above 0 while this is attached (USDT).
    """
    type, config = _probe_device("uprobe", returns, name, span)
    text = ctypes.create_string_buffer(os.fsencode(path))
    where = {"pid": pid} if pid else {"cpu": 0}
    event = _open_event(name, span, type, config | semaphore << 32, config1=bpf.address(text), config2=offset, **where)
    return perf_event(program, event, cookie, name=name, span=span, slow=True)


def tracing(program: "LoadedProgram", cookie: int = 0, *, name: str, span: "Span | None" = None) -> Link:
    """A program that was loaded for what it traces: fentry, fexit, BTF tracepoint."""
    kind = program.spec.attach_type
    try:
        if cookie:
            fd = bpf.link_create(program.fd, 0, kind, struct.pack("=QQ", 0, cookie))
        else:
            fd = bpf.raw_tracepoint_open(program.fd, None)
    except OSError as reason:
        raise refused(name, reason.errno or 0, span) from None
    return Link(name, fd)


class Iterator(Link):
    """A link that does nothing by itself. Its program writes a byte for each element (see probes.provider.Iteration)."""

    def step(self, elements: int = 1024) -> bool:
        """Run the program for some more elements, at most. False at the end. Raises DiagnosticError."""
        try:
            if self.event_fd < 0:
                self.event_fd = bpf.iter_create(self.fd)
            return bool(os.read(self.event_fd, elements))
        except BlockingIOError:
            return True  # it has passed over a million elements without a byte (MAX_ITER_OBJECTS, kernel/bpf/bpf_iter.c)
        except OSError as reason:
            raise error(f"{self.name} cannot go on: {os.strerror(reason.errno or 0)}") from None


def iterator(program: "LoadedProgram", info: bytes = b"", *, name: str, span: "Span | None" = None) -> Iterator:
    """``info`` is union bpf_iter_link_info, which limits some iterators."""
    held = ctypes.create_string_buffer(info, len(info)) if info else None
    rest = struct.pack("=QI", bpf.address(held), len(info))
    try:
        return Iterator(name, bpf.link_create(program.fd, 0, bpf.TRACE_ITER, rest))
    except OSError as reason:
        raise refused(name, reason.errno or 0, span) from None


def pin(link: Link, path: str, *, name: str, span: "Span | None" = None) -> None:
    """Give the link a name in the bpf file system, which it outlives us by. Closes it where that fails."""
    try:
        bpf.obj_pin(link.fd, os.fsencode(path))
    except OSError as reason:
        link.close()
        number = reason.errno or 0
        hint = "a pin is a path below /sys/fs/bpf, where a bpf file system must be mounted"
        if number == errno.EEXIST:
            hint = f"rm {path} lets go of the one that has this name"
        raise error(f"cannot pin {name} to {path}: {os.strerror(number)}", span, hint=hint, code="pin") from None


def _multi(
    count: int, create: "Callable[[int, int], int]", names: "Sequence[str]", span: "Span | None"
) -> "tuple[list[Link], list[tuple[int, int]]]":
    """Attach places [0, count). The kernel takes all or none: the ones that it refuses are found by halving."""
    refusals: "list[tuple[int, int]]" = []
    ranges = [(0, count)]
    with _all_or_none() as links:
        while ranges:
            first, end = ranges.pop()
            try:
                fd = create(first, end)
            except OSError as reason:
                number = reason.errno or 0
                if number not in _ABOUT_ONE:
                    raise refused(names[first], number, span) from None
                if end - first == 1:
                    refusals.append((first, number))
                else:
                    middle = (first + end) // 2
                    ranges += [(middle, end), (first, middle)]
            else:
                links.append(Link(names[first], fd, slow=True, places=end - first))
    if not links:
        raise refused(names[0], refusals[0][1], span)
    return links, refusals


def kprobe_multi(
    program: "LoadedProgram",
    functions: "Sequence[str]",
    cookies: "Sequence[int]",
    *,
    returns: bool = False,
    names: "Sequence[str]",
    span: "Span | None" = None,
) -> "tuple[list[Link], list[tuple[int, int]]]":
    """Many kernel functions at once (since 5.18); the program's attach type is TRACE_KPROBE_MULTI, or _SESSION (6.10).

    Returns (links, refusals); a refusal is (index in ``functions``, errno): see ``refused``. Raises DiagnosticError
    where none could be attached.
    """
    texts = [ctypes.create_string_buffer(function.encode()) for function in functions]
    symbols = struct.pack(f"={len(texts)}Q", *map(bpf.address, texts))
    every_cookie = struct.pack(f"={len(texts)}Q", *cookies)

    def create(first: int, end: int) -> int:
        some = ctypes.create_string_buffer(symbols[8 * first : 8 * end])
        some_cookies = ctypes.create_string_buffer(every_cookie[8 * first : 8 * end])
        rest = struct.pack("=IIQQQ", int(returns), end - first, bpf.address(some), 0, bpf.address(some_cookies))
        return bpf.link_create(program.fd, 0, program.spec.attach_type, rest)

    return _multi(len(texts), create, names, span)


def uprobe_multi(
    program: "LoadedProgram",
    path: str,
    offsets: "Sequence[int]",
    cookies: "Sequence[int]",
    *,
    returns: bool = False,
    pid: int = 0,
    semaphores: "Sequence[int]" = (),
    names: "Sequence[str]",
    span: "Span | None" = None,
) -> "tuple[list[Link], list[tuple[int, int]]]":
    """Many places of one file at once (since 6.6); the program's attach type is TRACE_UPROBE_MULTI.

    Returns (links, refusals) as kprobe_multi.
    """
    text = ctypes.create_string_buffer(os.fsencode(path))
    tables = [struct.pack(f"={len(offsets)}Q", *numbers) if numbers else b"" for numbers in (offsets, semaphores, cookies)]

    def create(first: int, end: int) -> int:
        held = [ctypes.create_string_buffer(table[8 * first : 8 * end]) if table else None for table in tables]
        places = [bpf.address(buffer) for buffer in held]
        rest = struct.pack("=QQQQIII", bpf.address(text), *places, end - first, int(returns), pid)
        return bpf.link_create(program.fd, 0, bpf.TRACE_UPROBE_MULTI, rest)

    return _multi(len(offsets), create, names, span)
