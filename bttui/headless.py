"""Without a dashboard: output as bpftrace prints it, to a pipe, a file or a plain terminal."""

import errno
import os
import signal
import sys
from itertools import groupby
from time import monotonic, time_ns

from bttui import __version__
from bttui.host.facts import Host
from bttui.host.privileges import refusal
from bttui.model.diagnostic import Diagnostic, DiagnosticError, error
from bttui.model.frame import Frame, Symbol, Written
from bttui.render.clean import clean_lines
from bttui.render.diagnostics import complain
from bttui.render.text import event_text, helper_detail
from bttui.session.controller import Status
from bttui.session.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from bttui.model.frame import Event, MapSnapshot
    from bttui.model.program import Output, Program
    from bttui.model.redaction import Redactor
    from bttui.render.export import Export, Format
    from bttui.session.child import Child, Watched
    from bttui.session.recording import Recording
    from bttui.session.session import Session

# Whoever tests a tracer waits for this line on stdout: probes are attached. The name is bpftrace's.
NOTIFY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
WARNINGS = ("warnf", "runtime_error", "helper_error", "full")  # that --no-warnings leaves out; what was lost is told all the same
NO_ROOM = ("map_update_elem", -errno.E2BIG)  # what an event "full" stands for
POLL = 1.0  # seconds; events, signals and ends are noticed earlier
FULL = 1 << 16  # bytes collected with -B full
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(options: Options) -> int:
    """Do what the options say; the exit status. Raises DiagnosticError for what is wrong before a program is read."""
    host = Host()
    if options.action == "info":
        return show(info_lines(host))
    if options.action == "list":
        lines = listed(options, host)  # names in files may be anything
        return show(map(clean_lines, lines) if sys.stdout.isatty() else lines)
    try:
        if options.action == "format":
            return show(source_lines(options))
        return trace(options, host)
    except DiagnosticError as reason:
        complain(reason.diagnostics, options.text or "", detail=options.verbose or "verifier" in options.stages)
        return reason.exit_code


def source_lines(options: Options) -> "list[str]":
    """The program in the usual layout."""
    from bttui.compiler.comments import format_text

    return format_text(options.text or "", options.file, options.parameters).splitlines()


def show(lines: "Iterable[str]") -> int:
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is still in the buffer
    except OSError as reason:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise DiagnosticError(unwritten(reason)) from None
    return 0


def info_lines(host: Host) -> "Iterable[str]":
    from bttui.host.features import info
    from bttui.loader.libbpf import version

    try:
        libbpf = ".".join(map(str, version()))
    except DiagnosticError:
        libbpf = "missing"
    build = ("Build", [("version", f"v{__version__}"), ("libbpf", libbpf)])
    system, *more = info(host)
    for title, rows in (system, build, *more):
        yield title
        for label, value in rows:
            yield f"  {label}: {value}"
        yield ""


def listed(options: Options, host: Host) -> "Iterable[str]":
    from bttui.probes import listing
    from bttui.probes.provider import Options as ProbeOptions

    if options.pid is not None:
        from bttui.session.child import Watched

        Watched(options.pid).close()  # says so where there is no such process
    wanted = ProbeOptions(pid=options.pid or 0, unsafe=options.unsafe, traceable_functions=options.traceable_functions)
    if options.text is None:
        if "." in options.pattern and "/" not in options.pattern and ":" not in options.pattern:
            message = f"It appears that '{options.pattern}' is a filename but the file does not exist."
            complain((Diagnostic(f"{message} Treating '{options.pattern}' as a search pattern.", severity="warning"),))
        complain(listing.hidden(options.pattern, host))
        return listing.lines(options.pattern, host, options.verbose, wanted)
    from bttui.compiler.parser import parse

    try:
        root = parse(options.text, options.file, options.parameters)
        probes = [[point.parts for point in probe.attach_points] for probe in root.probes]
        return list(listing.program_lines(probes, host, options.verbose, wanted))
    except DiagnosticError as reason:
        complain(reason.diagnostics, options.text)
        raise DiagnosticError(exit_code=reason.exit_code) from None


class Writer:
    """Where the output goes: one write(2) for a batch, or for 64 KiB with -B full.

    ``gone``: nobody reads any more, or it cannot be written; ``failure`` says why, None where a reader went.
    """

    def __init__(self, fd: int, full: bool):
        self._fd = fd
        self._full = full
        self.terminal = os.isatty(fd)
        self._kept: "list[bytes]" = []
        self._size = 0
        self.gone = False
        self.failure: "Diagnostic | None" = None

    def write(self, text: str) -> None:
        if not text or self.gone:
            return
        data = text.encode(errors="surrogateescape")
        if self._full and self._size + len(data) < FULL:
            self._kept.append(data)
            self._size += len(data)
            return
        self._put(b"".join((*self._kept, data)))

    def flush(self) -> None:
        if self._kept:
            self._put(b"".join(self._kept))

    def _put(self, data: bytes) -> None:
        self._kept, self._size = [], 0
        rest = memoryview(data)
        try:
            while rest and not self.gone:
                rest = rest[os.write(self._fd, rest) :]
        except BrokenPipeError:
            self.gone = True
        except OSError as reason:
            self.gone, self.failure = True, unwritten(reason)


def unwritten(reason: OSError) -> Diagnostic:
    return Diagnostic(f"could not write the output: {reason.strerror}")


def many_texts(output: "Output") -> "Callable[[list[tuple[Any, ...]]], str] | None":
    """How a pipe gets the bulk of most traces: the texts of many events of one kind in one go."""
    if output.kind == "print":
        from bttui.render.values import writer

        write = writer(output.arguments[0].type)
        return lambda rows: "".join([f"{write(value)}\n" for (value,) in rows])
    if output.kind != "printf":
        return None
    from bttui.render.printf import compile_batch

    return compile_batch(output.text, [argument.type for argument in output.arguments])


def many_texts_and_values(output: "Output") -> "Callable[[list[tuple[Any, ...]]], str] | None":
    """The same, for a trace that is recorded, too."""
    write = many_texts(output)
    return (lambda rows: Written(write(rows), output, rows, time_ns())) if write else None


class Stop:
    """INT, TERM and HUP end what is going on; a second one ends us at once. ``fileno()`` is readable after the first."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.session: "Session | None" = None
        self.number = 0
        for number in STOPPING:
            signal.signal(number, self._handle)
        signal.signal(signal.SIGUSR1, self._user)

    def fileno(self) -> int:
        return self._reader

    def _handle(self, number: int, frame: object) -> None:
        if self.number and self.session is None:
            os._exit(128 + number)
        self.number = number
        os.write(self._writer, b".")
        if self.session:
            self.session.request_stop()

    def _user(self, number: int, frame: object) -> None:
        if self.session:
            self.session.signal()

    def follow(self, session: "Session | None") -> None:
        """From now on a signal stops this session."""
        self.session = session
        if session and self.number:
            session.request_stop()


def trace(options: Options, host: Host) -> int:
    from bttui.session.child import Child, Watched
    from bttui.session.worker import Interrupted

    stop = Stop()
    writer = Writer(open_output(options.output), options.buffering == "full")
    watched = Watched(options.pid) if options.pid is not None else None
    child = Child(options.command) if options.command else None
    try:
        return traced(options, host, stop, writer, child, watched)
    except Interrupted:
        return 0
    except DiagnosticError as reason:
        if options.format == "json":
            from bttui.render.json import diagnostic_json

            writer.write("".join([diagnostic_json(diagnostic) for diagnostic in reason.diagnostics]))
            writer.flush()
        raise
    finally:
        if child:
            child.close()
        if watched:
            watched.close()


def traced(options: Options, host: Host, stop: Stop, writer: Writer, child: "Child | None", watched: "Watched | None") -> int:
    from bttui.render.text import formatted
    from bttui.session.session import Session, Stopped
    from bttui.session.worker import compile_text

    if options.stages or options.emit_llvm:
        show_stages(options, host, stop)
    if options.mode == "compiler-bench":
        writer.write(stages_measured(options, host, stop))
        writer.flush()
        return 0
    program = compile_text(options, host, stop.fileno())
    if options.warnings:
        complain(program.warnings, program.source)
    if options.emit_elf:
        save(options.emit_elf, program.object)
    if options.aot:
        save_command(options)
        return 0
    if options.compile_only:
        return 0
    if refused := refusal():
        raise DiagnosticError(refused)
    redactor = new_redactor(options)
    plain = options.format != "json" and not writer.terminal and not redactor
    direct = (many_texts_and_values if options.record else many_texts) if plain else None
    notes = Notes(options, host, redactor) if options.record else None
    with Session(program, host, options, formatted, child, watched, direct) as session:
        stop.follow(session)
        if options.verbose:
            sys.stderr.write("".join([attaching(attachment.provider, attachment.name) for attachment in program.attachments]))
        try:
            session.start()
        except Stopped:
            return 0
        sys.stderr.write(session.log)
        if options.warnings:
            complain(tuple(session.warnings), program.source)
        if options.dry_run:
            return 0
        printer: Printer = JsonPrinter(options, program, writer) if options.format == "json" else TextPrinter(options, program, writer)
        failed = False
        if options.mode == "test":
            failed = run_tests(options, session, printer)
        elif options.mode == "bench":
            run_benches(options, session, printer)
        else:
            printer.attached(session.attached)
        if notes:
            notes.begin(session)
        while not session.over and not writer.gone:
            events = session.poll(notes.wait if notes else POLL)
            if redactor:
                events = redactor.events(events)
            printer.events(events)
            if notes:
                notes.take(events)
        stop.follow(None)
        events = session.stop()
        if redactor:
            events = redactor.events(events)
        printer.events(events)
        if notes:
            notes.take(events, at_once=True)
            notes.close()
        if program.config.get("print_maps_on_exit", True) and options.mode != "bench":  # they hold what many runs made
            maps = session.snapshots.all().values()
            printer.maps(map(redactor.snapshot, maps) if redactor else maps)
        else:
            printer.maps(())
        writer.flush()
        if writer.failure:
            raise DiagnosticError(writer.failure)
        return session.exit_code or int(failed)


def run_benches(options: Options, session: "Session", printer: "Printer") -> None:
    """Measure the bench probes and tell of each."""
    from bttui.render.benches import result_json, table

    printer.events(session.poll(0))  # of begin probes
    results = [(name, *session.run_bench(index)) for index, name in enumerate(session.blocks("bench"))]
    told = options.format == "json"
    printer.writer.write("".join(result_json(*result) for result in results) if told else table(results))


def run_tests(options: Options, session: "Session", printer: "Printer") -> bool:
    """Run the test probes and tell of each; whether one failed."""
    from bttui.render.diagnostics import use_colour
    from bttui.render.tests import Report, result_json

    tests = session.blocks("test")
    report = Report(len(tests), use_colour(os.environ, printer.writer.terminal))
    told = options.format == "json"
    write = printer.writer.write
    printer.events(session.poll(0))  # of begin probes
    if tests and not told:
        write(report.begin())
    for index, name in enumerate(tests):
        if not told:
            write(report.run(name))
        passed, nanoseconds, events = session.run_test(index)
        output = "".join(event if isinstance(event, str) else printer.text(event) for event in events)
        text = report.result(name, passed, nanoseconds, output)
        write(result_json(name, passed, nanoseconds, output) if told else text)
    if tests and not told:
        write(report.end())
    return bool(report.failed)


def show_stages(options: Options, host: Host, stop: Stop) -> None:
    """What -d and --emit-llvm ask for, as far as it comes before loading."""
    from bttui.session.stages import TITLES, stage_text
    from bttui.session.worker import compile_options, in_child

    def text(stage: str) -> str:
        asked = (stage, options.text or "", options.file, host, compile_options(options))
        return in_child(lambda: stage_text(*asked), stop.fileno())

    for stage in options.stages:
        if stage in TITLES:
            sys.stderr.write(f"{TITLES[stage]}\n-------------------\n{text(stage)}\n")
    if options.emit_llvm:
        for stage, name in (("codegen", "original"), ("codegen-opt", "optimized")):
            save(f"{options.emit_llvm}.{name}.ll", text(stage).encode())


def stages_measured(options: Options, host: Host, stop: Stop) -> str:
    """What --mode compiler-bench prints."""
    from bttui.render.benches import result_json, spread, stages_table
    from bttui.session.stages import stage_times
    from bttui.session.worker import compile_options, in_child

    asked = (options.text or "", options.file, host, compile_options(options))
    times: dict[str, list[int]] = in_child(lambda: stage_times(*asked), stop.fileno())
    if options.format == "json":
        return "".join([result_json(name, spread(runs)[0], len(runs)) for name, runs in times.items()])
    return stages_table(times)


class Notes:
    """The recording of a trace that is printed."""

    def __init__(self, options: Options, host: Host, redactor: "Redactor | None" = None):
        from bttui.session.recording import Recorder, header, hidden

        self._redactor = redactor
        self._recorder = Recorder(options.record, hidden(header(options, host, __version__), redactor), redactor)
        self._next = 0.0
        self._interval = options.interval
        self._told = False

    def begin(self, session: "Session") -> None:
        """It is attached."""
        from bttui.session.controller import LIVE, Status

        self._session = session
        names = tuple(attachment.name for attachment in session.program.attachments)
        self._recorder.program(Status(LIVE, 1, True, session.attached, len(names), names, time_ns(), session.program.source))

    @property
    def wait(self) -> float:
        """Seconds until the next frame is due."""
        return max(0.0, min(self._next - monotonic(), POLL))

    def take(self, events: "list[Any]", at_once: bool = False) -> None:
        for many, group in groupby(events, lambda event: isinstance(event, Written)):
            if many:
                for written in group:
                    self._recorder.many_events(written)
            else:
                self._recorder.events(list(group))
        if at_once or monotonic() >= self._next:
            self._next = monotonic() + self._interval
            frame = self._session.frame()
            self._recorder.frame(self._redactor.frame(frame) if self._redactor else frame)
        if self._recorder.failed and not self._told:
            self._told = True
            message = f"recording to {self._recorder.path} ended: {self._recorder.failed}"
            complain((Diagnostic(message, severity="warning", hint="the trace goes on"),))

    def close(self) -> None:
        self._recorder.close()


def dump(options: Options) -> int:
    """Print the maps of a recording as of a moment, or of all of them. Raises DiagnosticError."""
    from bttui.render.export import find
    from bttui.session.recording import Recording
    from bttui.session.replay import moment

    recording = Recording(options.file)
    first, last = recording.span
    format_ = find(options.format or "text")
    assert format_ is not None
    if options.every:
        return show(every_frame(recording, options, format_))
    try:
        wall = moment(options.at, first, last) if options.at else last
    except ValueError:
        raise error(f"--at is a time: {options.at}", hint="12:01, 12:01:44, +30s after the beginning or -30s before the end") from None
    found = recording.frame_at(wall)
    if found is None:
        raise error(f"'{options.file}' holds no frame")
    return show(in_lines(format_.write(dumped(*found, options, format_))))


def every_frame(recording: "Recording", options: Options, format_: "Format") -> "Iterable[str]":
    """The lines of every frame, as an export of every interval writes them."""
    if format_.every != "append":
        raise error(f"{format_.name} holds one moment only", hint="--at TIME says which; text, json and csv can hold every one")
    redactor = new_redactor(options)
    first = True
    for item in recording.play():
        if isinstance(item, Status):
            status, first = item, True
        elif isinstance(item, Frame):
            yield from in_lines(format_.more(dumped(status, item, options, format_, redactor), item.wall, first))
            first = False


def in_lines(text: str) -> "list[str]":
    """Without other ends of lines than the usual one taken for one."""
    return text.removesuffix("\n").split("\n") if text else []


def dumped(status: "Status", frame: "Frame", options: Options, format_: "Format", redactor: "Redactor | None" = None) -> "Export":
    """What the options ask for of a frame. Raises DiagnosticError where it has no such maps."""
    from bttui.render.export import Export, suiting
    from bttui.widgets.source import key_names

    redactor = redactor or new_redactor(options)
    text, frame = (redactor.program(status.text), redactor.frame(frame)) if redactor else (status.text, frame)
    for name in options.maps:
        if name not in frame.maps:
            raise error(f"the recording has no map {name}", hint=f"it has {', '.join(frame.maps) or 'none'}")
    chosen = [frame.maps[name] for name in options.maps or frame.maps]
    if chosen and format_ not in suiting(chosen):
        raise error(f"none of the maps can be written as {format_.name}")
    return Export(chosen, {snapshot.spec.name: key_names(text, snapshot.spec.name) for snapshot in chosen})


def new_redactor(options: Options) -> "Redactor | None":
    if not options.redact:
        return None
    from bttui.model.redaction import Redactor

    return Redactor()


def open_output(path: str) -> int:
    if not path:
        return 1
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as reason:
        raise error(f'Failed to open output file: "{path}": {reason.strerror}') from None


def save(path: str, content: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as reason:
        raise error(f"Failed to open file '{path}': {reason.strerror}") from None


def attaching(provider: str, name: str) -> str:
    """The line of -v."""
    return f"Attaching '{name}' probe\n" if provider in ("begin", "end", "self", "test", "bench") else f"Trying to attach probe: {name}\n"


def save_command(options: Options) -> None:
    """The program as a script that bttui runs; the options that change its meaning go with it."""
    own = os.path.abspath(sys.argv[0])
    words = [own] if os.access(own, os.X_OK) else [sys.executable, "-m", "bttui"]
    words += ["--unsafe"] if options.unsafe else []
    words += [f"-f{options.format}"] if options.format else []
    words += ["-q"] if options.quiet else []
    words += ["-k"] if options.helper_errors else []
    first = "#!" + (words[0] if len(words) == 1 else f"/usr/bin/env -S {' '.join(words)}") + "\n"
    text = options.text or ""
    if text.startswith("#!"):
        text = text.partition("\n")[2]
    save(options.aot, (first + text).encode(errors="surrogateescape"))
    os.chmod(options.aot, 0o755)


def harmless(value: "Any") -> "Any":
    """The value of an event or a map with its texts made safe for a terminal. What the program itself prints stays."""
    if isinstance(value, str):
        return clean_lines(value)
    if isinstance(value, tuple):
        return tuple([harmless(item) for item in value])
    return value.replace(name=clean_lines(value.name)) if isinstance(value, Symbol) else value


def harmless_map(snapshot: "MapSnapshot") -> "MapSnapshot":
    return snapshot.replace(rows=[(harmless(key), harmless(value)) for key, value in snapshot.rows])


def harmless_event(event: "Event") -> "Event":
    shown = harmless_map(event.map) if event.map else None
    return event.replace(values=harmless(event.values), text=clean_lines(event.text), map=shown)


class Printer:
    """Writes what a session tells; subclasses know a format."""

    def __init__(self, options: Options, program: "Program", writer: Writer):
        self.options = options
        self.program = program
        self.writer = writer

    def attached(self, count: int) -> None:
        if os.environ.get(NOTIFY):
            self.writer.flush()
            sys.stdout.write(NOTIFY + "\n")
            sys.stdout.flush()

    def events(self, events: "Iterable[Event | str]") -> None:
        """One write for all of them; what goes to stderr keeps its place between them."""
        batch: "list[str]" = []
        for event in events:
            if isinstance(event, str):
                batch.append(event)
                continue
            if self.writer.terminal:
                event = harmless_event(event)
            if event.kind in WARNINGS and not self.options.warnings:
                continue
            complaint = self.complaint(event)
            if complaint is not None:
                self.writer.write("".join(batch))
                self.writer.flush()
                batch.clear()
                own = event.kind in ("errorf", "warnf")  # the program's own words come without the line that has them
                complain((complaint.replace(trail=()),), "" if own else self.program.source)
                complain([Diagnostic(text, span, complaint.severity) for text, span in complaint.trail], self.program.source)
            else:
                batch.append(self.text(event))
        self.writer.write("".join(batch))

    def complaint(self, event: "Event") -> "Diagnostic | None":
        """The event as a Diagnostic, where it is for stderr."""
        raise NotImplementedError

    def text(self, event: "Event") -> str:
        raise NotImplementedError

    def maps(self, snapshots: "Iterable[MapSnapshot]") -> None:
        """What the maps hold at the end."""
        self.writer.write(self.map_text(map(harmless_map, snapshots) if self.writer.terminal else snapshots))

    def map_text(self, snapshots: "Iterable[MapSnapshot]") -> str:
        raise NotImplementedError


class TextPrinter(Printer):
    def __init__(self, options: Options, program: "Program", writer: Writer):
        super().__init__(options, program, writer)
        self._text: "Callable[[Event], str]" = event_text

    def attached(self, count: int) -> None:
        if not self.options.quiet:
            sys.stderr.write(f"Attached {count} probe{'' if count == 1 else 's'}\n")
            sys.stderr.flush()
        super().attached(count)

    def complaint(self, event: "Event") -> "Diagnostic | None":
        if event.kind in ("error", "warning", "symbols"):
            return Diagnostic(event.text, severity="error" if event.kind == "error" else "warning")
        if event.kind not in ("errorf", "lost", *WARNINGS):
            return None
        text, output = self._text(event).rstrip("\n"), event.output
        if event.kind == "full":
            text += f"\n{helper_detail(*NO_ROOM)}"
        severity = "error" if event.kind == "errorf" else "warning"
        return Diagnostic(text, output.span, severity, trail=output.trail) if output else Diagnostic(text, severity=severity)

    def text(self, event: "Event") -> str:
        return self._text(event) + "\n" if event.kind == "system" else self._text(event)

    def map_text(self, snapshots: "Iterable[MapSnapshot]") -> str:
        from bttui.render.text import maps_at_exit

        return maps_at_exit(snapshots)


class JsonPrinter(Printer):
    def __init__(self, options: Options, program: "Program", writer: Writer):
        super().__init__(options, program, writer)
        from bttui.render import json

        self._json = json

    def attached(self, count: int) -> None:
        if not self.options.quiet:
            self.writer.write(self._json.attached_json(count))
        super().attached(count)

    def complaint(self, event: "Event") -> "Diagnostic | None":
        return Diagnostic(event.text) if event.kind == "error" else None

    def text(self, event: "Event") -> str:
        if event.kind == "lost":
            return self._json.lost_json(event.values[0])
        if event.kind == "full":
            return self._json.helper_json(*NO_ROOM, event.output.span if event.output else None, event.values[0])
        if event.kind == "symbols":
            return self._json.message_json("runtime_error", event.text)
        if event.kind == "warning":
            return self._json.message_json("helper_error", event.text, None, helper="get_stackid", retcode=-errno.EEXIST)
        return self._json.event_json(event)

    def map_text(self, snapshots: "Iterable[MapSnapshot]") -> str:
        return self._json.maps_json_at_exit(snapshots)
