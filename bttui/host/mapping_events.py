"""What the kernel tells perf about processes: fork, exec, exit, and each piece of code that is mapped.

The records hold all that /proc/PID/maps would have said, so that nothing depends on looking there before a short
process has ended. Layouts: <linux/perf_event.h>, perf_event_open(2).
"""

import ctypes
import mmap
import os
import struct
import time

from bttui.host.processes import Mapping, ProcessEvent
from bttui.model.diagnostic import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_SYSTEM_CALL = {"x86_64": 298, "s390x": 331, "ppc64le": 319, "armv7l": 364}.get(os.uname().machine, 241)
_SOFTWARE, _DUMMY = 1, 9  # PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY
_SAMPLE_TIME = 1 << 2
# Bits of the attributes: mmap, comm, task, watermark, sample_id_all, mmap2, comm_exec, use_clockid.
_FLAGS = 1 << 8 | 1 << 9 | 1 << 13 | 1 << 14 | 1 << 18 | 1 << 23 | 1 << 24 | 1 << 25
_ATTRIBUTES = struct.Struct("=IIQQQQQII36xi24x")  # type, size, config, period, sample type, read format, flags, watermark, -, clock
_CLOEXEC = 1 << 3
_HEAD, _TAIL = 1024, 1032  # data_head and data_tail in struct perf_event_mmap_page
_PAGES = (64, 16, 4)  # of a ring; there is a limit for those who may not lock memory
_RECORD = struct.Struct("=IHH")  # type, misc, size
_LOST, _COMM, _EXIT, _FORK, _MMAP2 = 2, 3, 4, 7, 10
_EXECUTED = 1 << 13  # misc of a comm record: PERF_RECORD_MISC_COMM_EXEC
_TASK = struct.Struct("=IIIIQ")  # pid, parent's pid, tid, parent's tid, time
_MAPPED = struct.Struct("=IIQQQIIQQII")  # pid, tid, address, length, offset, major, minor, inode, generation, ...
_TIME = struct.Struct("=Q")


class MappingWatcher:
    """Tells of all processes, from now on. Raises DiagnosticError where it may not. ``lost``: records not read in time."""

    def __init__(self, cpus: "Sequence[int]"):
        self.lost = 0
        self._rings: "list[_Ring]" = []
        try:
            for cpu in cpus:
                self._rings.append(_Ring(cpu))
        except OSError as reason:
            self.close()
            hint = "run as root; or lower the sysctl kernel.perf_event_paranoid"
            raise error(f"cannot watch what processes map: {reason.strerror}", hint=hint) from None

    @property
    def descriptors(self) -> "list[int]":
        """Readable when there is something; one for each CPU."""
        return [ring.fd for ring in self._rings]

    def read(self) -> "list[ProcessEvent]":
        """What happened since the last time, in the order of time; never waits. Threads are passed over."""
        events: "list[ProcessEvent]" = []
        for ring in self._rings:
            for kind, misc, body in ring.records():
                if kind == _LOST:
                    self.lost += struct.unpack_from("=QQ", body)[1]
                elif event := _event(kind, misc, body):
                    events.append(event)
        if len(self._rings) > 1:
            events.sort(key=lambda event: event.time)
        return events

    def close(self) -> None:
        for ring in self._rings:
            ring.close()
        self._rings = []

    def __enter__(self) -> "MappingWatcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _event(kind: int, misc: int, body: bytes) -> "ProcessEvent | None":
    (at,) = _TIME.unpack_from(body, len(body) - 8)
    if kind == _MMAP2:
        pid, tid, start, length, offset, major, minor, inode, *_ = _MAPPED.unpack_from(body)
        path = os.fsdecode(body[_MAPPED.size : -8].partition(b"\0")[0])
        mapping = Mapping(start, start + length, offset, path, inode, os.makedev(major, minor))
        return ProcessEvent("map", pid, tid, time=at, mapping=mapping)
    if kind in (_FORK, _EXIT):
        pid, parent, tid, _, _ = _TASK.unpack_from(body)
        return ProcessEvent("fork" if kind == _FORK else "exit", pid, tid, parent=parent, time=at) if pid == tid else None
    if kind == _COMM:
        pid, tid = struct.unpack_from("=II", body)
        name = os.fsdecode(body[8:-8].partition(b"\0")[0])
        return ProcessEvent("exec" if misc & _EXECUTED else "comm", pid, tid, comm=name, time=at) if pid == tid else None
    return None


class _Ring:
    """The events of one CPU."""

    def __init__(self, cpu: int):
        attributes = _ATTRIBUTES.pack(_SOFTWARE, _ATTRIBUTES.size, _DUMMY, 0, _SAMPLE_TIME, 0, _FLAGS, 1, 0, time.CLOCK_BOOTTIME)
        libc = ctypes.CDLL(None, use_errno=True)
        where = (ctypes.c_int(-1), ctypes.c_int(cpu), ctypes.c_int(-1), ctypes.c_ulong(_CLOEXEC))
        self.fd = libc.syscall(ctypes.c_long(_SYSTEM_CALL), ctypes.c_char_p(attributes), *where)
        if self.fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self._map = self._mapped()

    def _mapped(self) -> mmap.mmap:
        for pages in _PAGES:
            self._size = pages * mmap.PAGESIZE
            try:
                return mmap.mmap(self.fd, mmap.PAGESIZE + self._size)
            except OSError as reason:
                failed = reason
        os.close(self.fd)
        raise failed

    def records(self) -> "list[tuple[int, int, bytes]]":
        """(type, misc, what follows the header) of each that is not yet read."""
        (head,), (tail,) = _TIME.unpack_from(self._map, _HEAD), _TIME.unpack_from(self._map, _TAIL)
        if head == tail:
            return []
        first, end = mmap.PAGESIZE + tail % self._size, mmap.PAGESIZE + head % self._size
        whole = self._map[first:end] if first < end else self._map[first:] + self._map[mmap.PAGESIZE : end]
        _TIME.pack_into(self._map, _TAIL, head)
        found, at = [], 0
        while at + _RECORD.size <= len(whole):
            kind, misc, size = _RECORD.unpack_from(whole, at)
            if size < _RECORD.size + 8:
                break
            found.append((kind, misc, whole[at + _RECORD.size : at + size]))
            at += size
        return found

    def close(self) -> None:
        self._map.close()
        os.close(self.fd)
