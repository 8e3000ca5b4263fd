"""A Program running: loaded, attached, drained, and everything off again by any road."""

import os
import select
import time
from contextlib import suppress

from bttui.loader import statistics
from bttui.loader.closing import close_all
from bttui.loader.links import Iterator
from bttui.loader.object import load
from bttui.loader.ringbuffer import RingBuffer
from bttui.model.diagnostic import Diagnostic, DiagnosticError, error
from bttui.model.frame import Counters, Event, Frame, ProbeCounters
from bttui.model.program import CHILD, ELAPSED, RINGBUF, TAI, WALL, Output
from bttui.probes.attach import attach, explained
from bttui.probes.provider import Options as ProbeOptions
from bttui.session.controller import ATTACHING, ENDED, IDLE, LIVE, STOPPING
from bttui.session.events import Events
from bttui.session.lookup import Lookup
from bttui.session.options import Options
from bttui.session.snapshots import Snapshots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.host.facts import Host
    from bttui.loader.links import Link
    from bttui.loader.object import LoadedObject, LoadedProgram
    from bttui.model.program import Attachment, Program
    from bttui.session.child import Child, Watched
    from bttui.session.events import Direct, Formatted

# Programs write events without waking us: a look at the ring buffer every so often is cheaper for both sides.
BUSY, CALM = 0.010, 0.050  # seconds between two looks
CHECK = 0.25  # seconds between two looks at the counters
SETTLED = 0.5  # seconds that a start may take to look at what runs already: some 2000 processes
LOG_SIZE = 1_000_000  # bytes of the verifier's log that are always enough
SHORT = 100  # milliseconds that a command may run where no probe waits for anything
BENCH_SECONDS, BENCH_BATCH = 0.1, 1000  # how long a bench probe runs; runs between two looks at the clock
PIPE = 65536  # bytes that a pipe holds (pipe(7))
ATTACH_FAILED = 255  # exit status


class Stopped(Exception):
    """request_stop() was called before the trace was live; nothing is attached."""


class Session:
    """``start()``, then ``poll()`` until ``over``, then ``stop()``; leaving the context lets go of everything.

    All but request_stop() belong to one thread. ``formatted(output, values)`` fills in a format, as render.text does:
    for the names of files and commands. ``direct`` makes text of events without an Event (see session.events): poll()
    and stop() give such text in place of the Events. ``child`` and ``watched`` end the trace when they end; close them yourself.
    ``exit_code`` is what the program gave to exit().
    """

    def __init__(
        self,
        program: "Program",
        host: "Host",
        options: Options,
        formatted: "Formatted",
        child: "Child | None" = None,
        watched: "Watched | None" = None,
        direct: "Direct | None" = None,
    ):
        self.program = program
        self.options = options
        self.state = IDLE
        self.attached = 0
        self.warnings: "list[Diagnostic]" = []  # probes that could not be attached and need not be
        self.log = ""  # of the verifier, where options.stages ask for it
        self.over = False
        self._host = host
        self._formatted = formatted
        self._child = child
        self._watched = watched
        self._direct = direct
        self._loaded: "LoadedObject | None" = None
        self._points = attach_points(program)
        self._ring: "RingBuffer | None" = None
        self._links: "list[Link]" = []
        self._iterators: "list[Iterator]" = []  # that are not at their end
        self._wake, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll = select.poll()
        self._wait = BUSY
        self._checked = 0.0
        self._told: "dict[Any, int]" = {}
        self._sequence = 0
        self._closed = False
        self._signals = 0
        self._stopping = False
        self._missed = 0  # of links that are closed
        self._follows = False  # processes, for the names of their addresses
        self._names = False  # shows names of user code
        self._before = (0, 0)  # what _symbols() counted before this run
        self._told_symbols = 0

    # Roads in

    def start(self) -> None:
        """Load, run begin probes, attach, let the child go. Raises DiagnosticError, or Stopped after request_stop().

        Whatever it raises, nothing is attached then.
        """
        self.state = ATTACHING
        try:
            self._load()
            self.snapshots.set_scalar(CHILD, self._child.pid if self._child else 0)
            boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            self.snapshots.set_scalar(ELAPSED, boot)
            self.snapshots.set_scalar(WALL, time.time_ns() - boot)
            self.snapshots.set_scalar(TAI, time.clock_gettime_ns(time.CLOCK_TAI) - boot)
            for attachment in self._of("begin"):
                self._program(attachment).run()
            if self._child:
                self._child.settle()
            self._attach()
            if self._follows:
                self._host.user_symbols.settle(SETTLED)
        except DiagnosticError as refusal:
            reason = explained(refusal, self.program.attachments, self._host)
            reason.exit_code = ATTACH_FAILED
            self.close()
            raise reason from None
        except BaseException:
            self.close()
            raise
        if self._child:
            try:
                self._child.go()
            except DiagnosticError:
                self.close()
                raise
        self.state = LIVE
        kinds = {attachment.provider for attachment in self.program.attachments}
        self.over = kinds <= {"begin", "end", "test", "bench"} or bool(self._pins())
        if self.over and self._child:
            self._child.wait(SHORT)

    @property
    def _shows_log(self) -> bool:
        return bool({"libbpf", "verifier"} & set(self.options.stages))

    @property
    def _checks_log(self) -> bool:
        """With -v, whether log_size has room for what the verifier says; usually it has."""
        return self.options.verbose and int(self.program.config.get("log_size", LOG_SIZE)) < LOG_SIZE

    def _load(self) -> None:
        self._loaded = load(self.program, log_level=int(self._shows_log or self._checks_log))
        self.log = self._loaded.log if self._shows_log else ""
        lookup = Lookup(self.program, self._host, lambda map, identity: self.snapshots.stack(map, identity))
        self.snapshots = Snapshots(self.program, self._loaded, lookup)
        self.events = Events(self.program, self.snapshots, lookup, self._formatted, self._direct)
        self._names = lookup.needs_user_symbols
        if self._names:
            self._before = (self._host.user_symbols.lost, self._host.user_symbols.unresolved)
        if self._names and not self.program.config.get("lazy_symbolication"):
            self._host.user_symbols.start()
            self._follows = True
            if self._host.user_symbols.warning:
                self.warnings.append(self._host.user_symbols.warning)
        self._poll.register(self._wake, select.POLLIN)
        if RINGBUF in self._loaded.maps:
            self._ring = RingBuffer(self._loaded.maps[RINGBUF])
            self._poll.register(self._ring, select.POLLIN)
        for source in (self._child, self._watched):
            if source:
                self._poll.register(source, select.POLLIN)
        if self._child and self._child.output >= 0:
            self._poll.register(self._child.output, select.POLLIN)

    def _attach(self) -> None:
        options = ProbeOptions(
            pid=self.options.pid or (self._child.pid if self._child else 0),
            unsafe=self.options.unsafe,
            no_features=self.options.no_features,
            traceable_functions=self.options.traceable_functions,
            missing_probes=self.program.config.get("missing_probes", "error"),
        )
        assert self._loaded is not None
        for links, count in attach(self.program.attachments, self._loaded.programs, self._host, options, self.warnings):
            self._links += links
            self.attached += count
            if self._stopping:
                raise Stopped
        if not self._pins():
            self._iterators = [link for link in self._links if isinstance(link, Iterator)]
        if not self.attached:
            raise DiagnosticError(*self.warnings, Diagnostic("Attachment failed for all probes."))

    def _of(self, provider: str) -> "list[Attachment]":
        return [attachment for attachment in self.program.attachments if attachment.provider == provider]

    def _pins(self) -> "list[str]":
        """Where iterators were pinned: they run when somebody reads there."""
        return [attachment.options["pin"] for attachment in self.program.attachments if "pin" in attachment.options]

    def _program(self, attachment: "Attachment") -> "LoadedProgram":
        assert self._loaded is not None
        return self._loaded.programs[attachment.program]

    # While it runs

    def poll(self, timeout: float) -> "list[Event | str]":
        """The events of at most ``timeout`` seconds; returns earlier when there are some, or when the trace is over."""
        until = time.monotonic() + timeout
        while True:
            events = self._look(max(0.0, min(self._wait, until - time.monotonic())))
            if events or self.over or time.monotonic() >= until:
                return events

    def _look(self, wait: float) -> "list[Event | str]":
        ready = {fd for fd, _ in self._poll.poll(wait * 1000 if self.state == LIVE and not self._iterators else 0)}
        events: "list[Event | str]" = []
        if self._wake in ready:
            self._answer_signals()
        if self._child and self._child.output in ready:
            events += self._child_output()
        elif self._child and self._child.fileno() in ready:
            self.over = True
        if self._watched and self._watched.fileno() in ready:
            self.over = True
        self._iterate()
        events += self._drain()
        now = time.monotonic()
        if now - self._checked >= CHECK:
            self._checked = now
            events += self._losses()
        return events

    def _drain(self) -> "list[Event | str]":
        if self._ring is None:
            return []
        records = self._ring.drain()
        self._wait = BUSY if records else min(self._wait + BUSY, CALM)
        iterates = self.events.iterates
        if not records or (self.events.exit_code is not None and not iterates and self.state != ENDED):
            return []
        events = self.events.decode(records)
        if self.events.unwatched:
            self._unwatch()
        if self.events.exit_code is not None and not iterates:
            self.over = True
        return events

    def _unwatch(self) -> None:
        """Close the links of the watchpoints at the addresses that unwatch() was called with."""
        addresses = self.events.unwatched
        names = {each.name for each in self._of("watchpoint") if each.options["address"] in addresses}
        addresses.clear()
        close_all([link for link in self._links if link.name in names])
        self._links = [link for link in self._links if link.name not in names]

    def _iterate(self) -> None:
        """A step of each iterator; at their ends the trace is over."""
        if self._iterators:
            self._iterators = [iterator for iterator in self._iterators if iterator.step()]
            self.over = self.over or not self._iterators

    def _losses(self) -> "list[Event | str]":
        """What was lost since the last time that we told."""
        events: "list[Event | str]" = []
        wall = time.time_ns()
        lost = 0
        for counter, total in self.snapshots.counters().items():
            more = total - self._told.get(counter, 0)
            if not more:
                continue
            self._told[counter] = total
            if counter.kind == "lost":
                lost += more
            elif counter.kind == "full":
                place = Output("full", map=counter.subject, span=counter.span)
                events.append(Event("full", wall, place, (more, counter.subject), text=full_text(counter.subject, more)))
            elif counter.kind == "stack":
                text = f"{more} stack{'' if more == 1 else 's'} could not be kept, there were too many: an empty one stands for them"
                events.append(Event("warning", wall, values=(more,), text=text))
        symbols = self._symbols()[0] - self._told_symbols
        if symbols:
            self._told_symbols += symbols
            records = "1 record" if symbols == 1 else f"{symbols} records"
            text = f"{records} of what processes start and map came faster than we read: some of their addresses may have no name"
            events.append(Event("symbols", wall, values=(symbols,), text=text))
        if lost:
            events.append(Event("lost", wall, values=(lost,), text=f"Lost {lost} events"))
        return events

    def _symbols(self) -> "tuple[int, int]":
        """(records of processes that were lost, addresses without a name) of this run."""
        if not self._names:
            return 0, 0
        symbols = self._host.user_symbols
        return symbols.lost - self._before[0], symbols.unresolved - self._before[1]

    def _child_output(self) -> "list[Event | str]":
        assert self._child is not None
        data = os.read(self._child.output, PIPE)
        if not data:
            with suppress(KeyError):  # its end is read once more when the run stops
                self._poll.unregister(self._child.output)
            return []
        return [Event("child", time.time_ns(), text=data.decode(errors="surrogateescape"))]

    def request_stop(self) -> None:
        """From any thread or signal handler: let poll() return, with ``over`` set."""
        self._stopping = True
        self._nudge()

    def signal(self) -> None:
        """SIGUSR1 arrived: self:signal:SIGUSR1 probes run. May be called in a signal handler."""
        self._signals += 1
        self._nudge()

    def _nudge(self) -> None:
        if not self._closed:
            try:
                os.write(self._waker, b".")
            except BlockingIOError:
                return  # there is enough in the pipe to be woken

    def _answer_signals(self) -> None:
        os.read(self._wake, 4096)
        self.over = self.over or self._stopping
        signals, self._signals = self._signals, 0
        for _ in range(signals):
            for attachment in self._of("self"):
                self._program(attachment).run()

    def blocks(self, kind: str) -> "list[str]":
        """The names of the test or bench probes, in order."""
        return [attachment.target for attachment in self._of(kind)]

    def run_test(self, index: int) -> "tuple[bool, int, list[Event | str]]":
        """Run one of them -> (passed, nanoseconds, its events)."""
        program = self._program(self._of("test")[index])
        before = time.monotonic_ns()
        result = program.run()
        return result == 0, time.monotonic_ns() - before, self._drain_all()

    def run_bench(self, index: int) -> "tuple[int, int]":
        """Run a bench probe for a while -> (nanoseconds of one run, runs): the time is the kernel's own, without the call."""
        program = self._program(self._of("bench")[index])
        with statistics.RunStatistics() as kept:
            if not kept.enabled:
                raise error("This kernel does not measure BPF programs", hint="bench probes need Linux 5.8 and root")
            before, end = statistics.runs(program), time.monotonic() + BENCH_SECONDS
            while time.monotonic() < end:
                for _ in range(BENCH_BATCH):
                    program.run()
                self._drain_all()
            after = statistics.runs(program)
        count = after.count - before.count
        return round((after.nanoseconds - before.nanoseconds) / max(count, 1)), count

    def frame(self) -> Frame:
        """The world now."""
        self._sequence += 1
        return Frame(self._sequence, time.monotonic_ns(), time.time_ns(), self.snapshots.all(), self.counters())

    def counters(self) -> Counters:
        assert self._loaded is not None
        ours = self.snapshots.counters()
        lost = {counter.subject: total for counter, total in ours.items() if counter.kind == "lost"}
        probes = []
        for name, program in self._loaded.programs.items():
            runs = statistics.runs(program)
            probes.append(ProbeCounters(name, runs.count, runs.nanoseconds, runs.misses, lost.get(name, 0), self._points.get(name, "")))
        full: "dict[str, int]" = {}
        for counter, total in ours.items():
            if counter.kind == "full" and total:
                full[counter.subject] = full.get(counter.subject, 0) + total
        missed = sum(probe.missed for probe in probes) + self._missed + sum(statistics.missed(link) for link in self._links)
        return Counters(
            events=self.events.count,
            lost=sum(lost.values()),
            missed=missed,
            stacks_lost=sum(total for counter, total in ours.items() if counter.kind == "stack"),
            full=full,
            probes=tuple(probes),
            symbols_lost=self._symbols()[0],
            unnamed=self._symbols()[1],
        )

    # Roads out

    def stop(self) -> "list[Event | str]":
        """Detach, take what is still in the ring buffer, run end probes; the events of that. Maps stay readable.

        Records that came after that of an exit() are not told.
        """
        self.state = STOPPING
        self._missed += sum(statistics.missed(link) for link in self._links)
        self._detach()
        events = self._rest_of_child()
        events += [Event("pinned", time.time_ns(), text=f"Program pinned to {path}\n") for path in self._pins()]
        events += self._drain_all()
        before = self.events.exit_code
        self.state = ENDED
        self.events.exit_code = None
        for attachment in self._of("end"):
            self._program(attachment).run()
        events += self._drain_all()
        if self.events.exit_code is None:
            self.events.exit_code = before
        return events + self._losses()

    def _detach(self) -> None:
        if self._links and self._loaded:
            close_all(self._links, silence=self._loaded.silence)
        self._links, self._iterators = [], []

    def _rest_of_child(self) -> "list[Event | str]":
        """What it wrote until now, which one read takes from the pipe: a command that goes on does not hold up the end."""
        if self._child is None or self._child.output < 0:
            return []
        return self._child_output() if select.select([self._child.output], [], [], 0)[0] else []

    def _drain_all(self) -> "list[Event | str]":
        """Nothing writes any more, so this comes to an end."""
        events: "list[Event | str]" = []
        while self._ring is not None and self._ring.pending:
            pending = self._ring.pending
            events += self._drain()
            if self._ring.pending == pending:
                break
        return events

    @property
    def exit_code(self) -> int:
        return self.events.exit_code or 0

    def close(self) -> None:
        """Let go of everything, at whatever point. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._detach()
        if self._follows:
            self._host.user_symbols.stop()
        if self._ring:
            self._ring.close()
        if self._loaded:
            self._loaded.close()
        self.state = ENDED

    def __del__(self) -> None:
        # Not in close(): another thread or a signal handler may be about to write to this descriptor.
        os.close(self._wake)
        os.close(self._waker)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def full_text(map: str, times: int) -> str:
    what = "1 new key was" if times == 1 else f"{times} new keys were"
    return f"Map full; can't update element. {what} left out of {map}: raise max_map_keys, or give the map a size, as in let {map} = hash(10000);"


def attach_points(program: "Program") -> "dict[str, str]":
    """For each BPF program, the name of its first attach point, and how many more share it."""
    names: "dict[str, list[str]]" = {}
    for attachment in program.attachments:
        names.setdefault(attachment.program, []).append(attachment.name)
    return {name: points[0] if len(points) == 1 else f"{points[0]} +{len(points) - 1}" for name, points in names.items()}
