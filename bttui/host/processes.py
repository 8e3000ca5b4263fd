"""Processes as /proc shows them, and what happens to them as the kernel's process connector tells it."""

import os
import re
import struct
import time
from contextlib import suppress

from bttui.model.data import Data
from bttui.model.diagnostic import error


class Mapping(Data):
    """A piece of a file (or of nothing: inode 0) in memory, from ``start`` to before ``end``; ``offset`` in the file.

    ``path`` is as the process sees it; "[vdso]" and the like are no files. ``device`` is as os.makedev makes it.
    """

    start: int
    end: int
    offset: int
    path: str
    inode: int = 0
    device: int = 0


class ProcessEvent(Data):
    """``kind`` is "fork", "exec", "comm", "exit", or "map": new code in memory (host.mapping_events).

    In an event of a process itself, ``tid`` equals ``pid``; otherwise it is a thread's. ``parent`` is the pid of who
    forked, ``comm`` the new name, ``code`` what wait(2) will tell, ``time`` nanoseconds of CLOCK_BOOTTIME.
    """

    kind: str
    pid: int
    tid: int
    parent: int = 0
    comm: str = ""
    code: int = 0
    time: int = 0
    mapping: "Mapping | None" = None


# /proc: see proc_pid_maps(5), proc_pid_stat(5), proc_pid_task(5)

_MAP = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) ..(.). ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)$", re.M)
_DELETED = " (deleted)"


def maps(pid: int, *, code_only: bool = False) -> "list[Mapping]":
    """What is in its memory, by address; [] for a process that has ended, is the kernel's, or is not for us."""
    found = []
    for start, end, execute, offset, major, minor, inode, path in _MAP.findall(_read(f"/proc/{pid}/maps")):
        if execute == b"x" or not code_only:
            device = os.makedev(int(major, 16), int(minor, 16))
            name = os.fsdecode(path.replace(b"\\012", b"\n")).removesuffix(_DELETED)
            found.append(Mapping(int(start, 16), int(end, 16), int(offset, 16), name, int(inode), device))
    return found


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""


def _stat(pid: int) -> "list[bytes]":
    """The fields of /proc/PID/stat from the third, the state; a name may hold anything."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def start_time(pid: int) -> int:
    """Clock ticks from boot to its start, 0 where there is no such process. Tells two of the same pid apart."""
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else 0


def exe(pid: int) -> str:
    """The path of its program, "" where there is none."""
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(_DELETED)
    except OSError:
        return ""


def comm(pid: int) -> str:
    return os.fsdecode(_read(f"/proc/{pid}/comm").removesuffix(b"\n"))


def children(pid: int) -> "list[int]":
    """The pids of its children, whichever thread made them."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return sorted(int(child) for thread in threads for child in _read(f"/proc/{pid}/task/{thread}/children").split())


def pids() -> "list[int]":
    """All processes, ours too; the newest first, as far as numbers tell."""
    return sorted((int(name) for name in os.listdir("/proc") if name.isdigit()), reverse=True)


# The process connector: <linux/cn_proc.h>, <linux/connector.h>, Documentation/driver-api/connector.rst

_NETLINK_CONNECTOR = 11
_SO_RCVBUFFORCE = 33
_BUFFER = 4 << 20  # bytes; some 10000 events
_CN_PROC = 1  # CN_IDX_PROC, CN_VAL_PROC, and the number of the multicast group
_LISTEN, _IGNORE = 1, 2  # PROC_CN_MCAST_LISTEN, PROC_CN_MCAST_IGNORE
_DONE = 3  # NLMSG_DONE
_HEADER = struct.Struct("=IHHIIIIIIHHIIQ")  # struct nlmsghdr, struct cn_msg, the head of struct proc_event
_FORK, _EXEC, _COMM, _EXIT = 1, 2, 0x200, 0x80000000
_MOST_EVENTS = 4096  # of one read()


class ProcessWatcher:
    """Tells of fork, exec, exit and new names of all processes and threads. Raises DiagnosticError where it may not.

    ``lost`` counts the events that came faster than they were read.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._next: "dict[int, int]" = {}  # number of the next event, for each CPU
        self._asleep = 0  # ns that the machine was suspended
        import socket

        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, _NETLINK_CONNECTOR)
        except OSError as reason:
            raise _refused(reason) from None
        try:
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            except PermissionError:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.bind((0, _CN_PROC))
            self._ask(_LISTEN)
        except OSError as reason:
            self._socket.close()
            raise _refused(reason) from None

    def _ask(self, what: int) -> None:
        size = 16 + 20 + 4
        self._socket.send(struct.pack("=IHHIIIIIIHHI", size, _DONE, 0, 0, 0, _CN_PROC, _CN_PROC, 0, 0, 4, 0, what))

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> "list[ProcessEvent]":
        """What happened since the last time, oldest first (of one CPU); never waits."""
        events: "list[ProcessEvent]" = []
        # The kernel gives CLOCK_MONOTONIC. In this order nothing comes out too early.
        self._asleep = -time.clock_gettime_ns(time.CLOCK_MONOTONIC) + time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        receive, take = self._socket.recv, events.append
        while len(events) < _MOST_EVENTS:
            try:
                message = receive(256)
            except BlockingIOError:
                break
            except OSError:
                continue  # ENOBUFS: some were dropped; the numbers of the next ones tell how many
            if event := self._event(message):
                take(event)
        return events

    def _event(self, message: bytes) -> "ProcessEvent | None":
        if len(message) < _HEADER.size + 8:
            return None
        *_, number, _, _, _, what, cpu, at = _HEADER.unpack_from(message)
        if not what:
            return None  # the answer to our own message
        self.lost += (number - self._next.get(cpu, number)) & 0xFFFFFFFF
        self._next[cpu] = number + 1 & 0xFFFFFFFF
        at += self._asleep
        body = message[_HEADER.size :].ljust(24, b"\0")
        first, second, third, fourth = struct.unpack_from("=IIII", body)
        if what == _FORK:
            return ProcessEvent("fork", fourth, third, parent=second, time=at)
        if what == _EXEC:
            return ProcessEvent("exec", second, first, time=at)
        if what == _COMM:
            return ProcessEvent("comm", second, first, comm=os.fsdecode(body[8:24].partition(b"\0")[0]), time=at)
        if what == _EXIT:
            return ProcessEvent("exit", second, first, parent=struct.unpack_from("=I", body, 20)[0], code=third, time=at)
        return None  # uid, gid, session, tracer, core dump

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            with suppress(OSError):  # a full queue
                self._ask(_IGNORE)  # old kernels count listeners by these messages only
            self._socket.close()

    def __enter__(self) -> "ProcessWatcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _refused(reason: OSError) -> Exception:
    hint = "run as root, outside of containers; the kernel needs CONFIG_PROC_EVENTS"
    return error(f"cannot watch processes start and end: {reason.strerror}", hint=hint)
