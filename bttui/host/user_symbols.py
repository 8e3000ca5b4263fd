"""Names of addresses in user processes, also of those that have ended."""

import os
import select
import time
from _thread import RLock, allocate_lock

from bttui.host.binaries import Binaries
from bttui.host.mapping_events import MappingWatcher
from bttui.host.perf_map import PerfMap
from bttui.host.processes import Mapping, ProcessEvent, ProcessWatcher, maps, pids, start_time
from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.model.frame import Symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import Thread

    from bttui.host.elf import Elf
    from bttui.host.facts import Host

_MOST_ENDED = 4096  # processes remembered after their end
_MOST_FORMER = 4  # programs that a process ran before, by exec
_MOST_EARLIER = 4  # processes that had its pid before
_MOST_SYMBOLS = 1 << 16  # remembered for each process
_LOOK_AGAIN = 1.0  # seconds between two looks at the maps of a process that has addresses we know nothing about
_PAUSE = 1  # ms between two looks at what happened: a process that starts makes five records in a row
# Without records of mappings: seconds after an exec until the dynamic loader has mapped the libraries, mostly.
_LOADED = (0.003, 0.030)
_TICK = 10**9 // os.sysconf("SC_CLK_TCK")  # ns; see processes.start_time


class Process:
    """What is, or was, mapped in one process; the newest last, as something newer may take the place of what is gone.

    ``born`` is a time (ns of CLOCK_BOOTTIME) at which it had begun, and nobody else had its pid since; ``former`` are the
    programs that it ran before, ``earlier`` is the process that had its pid before.
    """

    def __init__(self, born: int, mappings: "Iterable[tuple[Mapping, Elf | None]]" = ()):
        self.born = born
        self.mappings = list(mappings)
        self.former: "tuple[Process, ...]" = ()
        self.earlier: "Process | None" = None
        self.symbols: "dict[int, Symbol]" = {}
        self.looked = 0.0
        self.perf_map: "PerfMap | None" = None

    def at(self, address: int) -> "tuple[Mapping, Elf | None] | None":
        for mapping, elf in reversed(self.mappings):
            if mapping.start <= address < mapping.end:
                return mapping, elf
        return next((found for process in reversed(self.former) if (found := process.at(address))), None)

    def add(self, mapping: Mapping, elf: "Elf | None") -> None:
        self.mappings.append((mapping, elf))
        if self.symbols:
            self.symbols = {}

    def executed(self) -> "Process":
        """The same, now that it runs another program."""
        changed = Process(self.born)
        changed.former, self.former = (*self.former, self)[-_MOST_FORMER:], ()
        changed.earlier, self.earlier = self.earlier, None
        return changed

    def after(self, earlier: "Process | None") -> "Process":
        """This one, which has the pid of one that has ended."""
        self.earlier = earlier
        for _ in range(_MOST_EARLIER):
            if earlier is None:
                return self
            if earlier.perf_map:
                earlier.perf_map.keep()
            last, earlier = earlier, earlier.earlier
        last.earlier = None
        return self

    def of(self, started: int) -> "Process | None":
        """The one with this pid that began then (0: the newest); None for one that we know nothing about."""
        if started > self.born:
            return None
        process = self
        while started and process.earlier is not None and started <= process.earlier.born:
            process = process.earlier
        return process


class UserSymbols:
    """Without ``start()``, processes are looked at when they are asked for, or when ``remember`` is called.

    ``lost`` counts what could not be followed, ``unresolved`` the addresses without a name. ``warning`` says why
    processes cannot be followed, None where they can.
    """

    def __init__(self, host: "Host"):
        self.unresolved = 0
        self.warning: "Diagnostic | None" = None
        self._host = host
        self._lock = RLock()
        self._binaries = Binaries()
        self._processes: "dict[int, Process]" = {}
        self._ended: "dict[int, None]" = {}
        self._watcher: "MappingWatcher | ProcessWatcher | None" = None
        self._thread: "Thread | None" = None
        self._stop = -1
        self._looking = allocate_lock()  # held until those that ran at the start have been looked at
        self._users = 0
        self._lost = 0
        self._due: "list[tuple[float, int]]" = []

    # Following what happens

    def start(self, watcher: "MappingWatcher | ProcessWatcher | None" = None) -> None:
        """Follow all processes, from a thread, until ``stop()`` was called as often as this.

        Those that run already are looked at there, too. ``watcher`` is closed in the end.
        """
        self._users += 1
        if self._watcher or not self._host.live:
            return
        self._watcher = watcher or self._best_watcher()
        if self._watcher is None:
            return
        from threading import Thread

        self._processes, self._ended = {}, {}  # what happened to them meanwhile was not seen
        self._stop = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = Thread(target=self._follow, name="user symbols", daemon=True)
        self._looking.acquire()
        self._thread.start()

    def settle(self, seconds: float) -> None:
        """Wait until all that ran when following began are known: whoever of them ends next keeps its names.

        At most so long. What is left then is looked at later, what began last before what began long ago.
        """
        if self._looking.acquire(timeout=seconds):
            self._looking.release()

    def _best_watcher(self) -> "MappingWatcher | ProcessWatcher | None":
        try:
            return MappingWatcher(self._host.online_cpus)
        except DiagnosticError as reason:
            refused = reason.diagnostics[0]
        try:
            return ProcessWatcher()
        except DiagnosticError:
            self.warning = refused.replace(severity="warning")
            return None

    def stop(self) -> None:
        """Take what has happened so far, and follow no more. What is known stays known."""
        self._users -= 1
        if self._users or self._thread is None or self._watcher is None:
            return
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        self._thread = None
        self._drain()
        self._watcher.close()
        self._lost, self._watcher = self._lost + self._watcher.lost, None
        os.close(self._stop)

    @property
    def lost(self) -> int:
        return self._lost + (self._watcher.lost if self._watcher else 0)

    def __enter__(self) -> "UserSymbols":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _follow(self) -> None:
        poll, pause = select.poll(), select.poll()
        watcher = self._watcher
        for descriptor in watcher.descriptors if isinstance(watcher, MappingWatcher) else [watcher]:
            poll.register(descriptor, select.POLLIN)  # type: ignore[arg-type]
        poll.register(self._stop, select.POLLIN)
        pause.register(self._stop, select.POLLIN)
        try:
            for pid in pids():  # what has begun last is the likeliest to end before we have looked
                with self._lock:
                    self._drain()
                    if pid not in self._processes:
                        self._look(pid)
        finally:
            self._looking.release()
        while not pause.poll(_PAUSE):
            poll.poll(self._until_due())
            self._drain()

    def _until_due(self) -> "float | None":
        """Milliseconds."""
        return max(0.0, self._due[0][0] - time.monotonic()) * 1000 if self._due else None

    def _drain(self) -> None:
        with self._lock:
            if self._watcher:
                for event in self._watcher.read():
                    self._take(event)
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._look(self._due.pop(0)[1])

    def _take(self, event: ProcessEvent) -> None:
        pid, process = event.pid, self._processes.get(event.pid)
        if pid != event.tid and event.kind != "map":
            return  # a thread shares what the process has
        if event.kind == "map" and event.mapping:
            if process is None:
                process = self._processes[pid] = Process(event.time)
            self._add(pid, process, event.mapping)
        elif event.kind == "fork":
            parent = self._processes.get(event.parent) or self._look(event.parent)
            child = self._processes[pid] = Process(event.time, parent.mappings if parent else ()).after(process)
            if parent and parent.perf_map:
                child.perf_map = PerfMap(pid)
            self._ended.pop(pid, None)
        elif event.kind == "exec":
            self._processes[pid] = process.executed() if process else Process(event.time)
            if isinstance(self._watcher, ProcessWatcher):
                self._look(pid)
                now = time.monotonic()
                self._due = sorted([*self._due, *((now + delay, pid) for delay in _LOADED)])
        elif event.kind == "exit":
            self._ended.pop(pid, None)
            self._ended[pid] = None
            while len(self._ended) > _MOST_ENDED:
                self.forget(next(iter(self._ended)))

    # Looking at processes

    def remember(self, pid: int) -> None:
        """Look at what the process has in memory now, so that its addresses have names after its end."""
        with self._lock:
            self._look(pid)

    def _look(self, pid: int) -> "Process | None":
        found = maps(pid, code_only=True) if self._host.live else []
        process = self._processes.get(pid)
        if not found:
            return process
        if process is None or start_time(pid) * _TICK > process.born:  # its start was not seen, or not told
            process = self._processes[pid] = Process(time.clock_gettime_ns(time.CLOCK_BOOTTIME)).after(process)
            self._ended.pop(pid, None)
        process.looked = time.monotonic()
        known = {(mapping.start, mapping.end, mapping.inode, mapping.path) for mapping, _ in process.mappings}
        for mapping in found:
            if (mapping.start, mapping.end, mapping.inode, mapping.path) not in known:
                self._add(pid, process, mapping)
        return process

    def _add(self, pid: int, process: Process, mapping: Mapping) -> None:
        process.add(mapping, self._binaries.of(pid, mapping))
        made = process.mappings[-1][1] is None and (mapping.path[:1] != "[" or mapping.path.startswith("[anon"))
        if made and process.perf_map is None:
            process.perf_map = PerfMap(pid)

    def forget(self, pid: int) -> None:
        with self._lock:
            self._processes.pop(pid, None)
            self._ended.pop(pid, None)

    # Asking

    def symbolize(self, pid: int, address: int, started: int = 0, fresh: bool = False) -> Symbol:
        """The function that the address is in, as its file spells it, or a Symbol without a name; ``module`` is the file's path.

        ``started`` is when the process began, in ns of CLOCK_BOOTTIME; 0 means whoever had the pid last.
        ``fresh``: what was found before does not count.
        """
        process = self._of(pid, started)
        known = process.symbols.get(address) if process and not fresh else None
        if known is not None:
            return known
        with self._lock:
            self._drain()
            process = self._of(pid, started)
            if process is None:
                self._look(pid)
                process = self._of(pid, started)
            if process is None:
                self.unresolved += 1
                return Symbol(address)
            found = process.at(address)
            newest = process is self._processes.get(pid)
            if found is None and newest and time.monotonic() - process.looked > _LOOK_AGAIN and pid not in self._ended:
                self._look(pid)
                found = process.at(address)
            symbol = self._named(process, address, *found) if found else self._made(process, address)
            if not symbol.name:
                self.unresolved += 1
            if len(process.symbols) >= _MOST_SYMBOLS:
                process.symbols = {}
            process.symbols[address] = symbol
            return symbol

    def source(self, pid: int, address: int, started: int = 0) -> "list[tuple[str, str]]":
        """(function, "PATH:LINE") as the debugging information of the file tells: of the functions put inline there, innermost

        first, and last of the one whose code it is, without its name. [] where there is no such information.
        """
        with self._lock:
            process = self._of(pid, started)
            mapping, elf = (process.at(address) if process else None) or (None, None)
            virtual = elf.virtual(address - mapping.start + mapping.offset) if elf and mapping else None
            lines = self._binaries.lines(elf) if elf and virtual is not None else None
            try:
                found = lines.frames(virtual) if lines and virtual is not None else []
            except DiagnosticError:
                return []
        return [(name, f"{path}:{line}" if path and line else "") for name, path, line in found]

    def _of(self, pid: int, started: int) -> "Process | None":
        newest = self._processes.get(pid)
        return newest.of(started) if newest else None

    def _named(self, process: Process, address: int, mapping: Mapping, elf: "Elf | None") -> Symbol:
        if elf is None:
            return self._made(process, address, mapping.path if mapping.inode else "")
        place = address - mapping.start + mapping.offset
        virtual = elf.virtual(place)
        if found := self._binaries.symbols(elf).at(virtual) if virtual is not None else None:
            name, start = found
            assert virtual is not None
            return Symbol(address, name, virtual - start, mapping.path)
        return Symbol(address, module=mapping.path)

    def _made(self, process: Process, address: int, path: str = "") -> Symbol:
        """Of code that came from no program: made in memory, or in a file of no format (``path``)."""
        if process.perf_map and (found := process.perf_map.at(address)):
            return Symbol(address, found[0], address - found[1], process.perf_map.name)
        return Symbol(address, module=path)
