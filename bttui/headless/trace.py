"""A program from its text to its exit status."""

import sys

from bttui.headless.output import Writer, open_output, save
from bttui.headless.printers import JsonPrinter, TextPrinter, many_texts
from bttui.headless.signals import Stop
from bttui.host.privileges import refusal
from bttui.model.diagnostic import DiagnosticError
from bttui.render.diagnostics import complain
from bttui.render.text import formatted
from bttui.session.child import Child, Watched
from bttui.session.session import Session, Stopped
from bttui.session.worker import Interrupted, compile_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.headless.printers import Printer
    from bttui.headless.recorder import TraceRecorder
    from bttui.host.facts import Host
    from bttui.model.frame import Event
    from bttui.model.program import Program
    from bttui.model.redaction import Redactor
    from bttui.session.options import Options

POLL = 1.0  # seconds; events, signals and ends are noticed earlier


def trace(options: "Options", host: "Host") -> int:
    """Compile the text of the options, run it and print what it tells; the exit status. Raises DiagnosticError."""
    writer = Writer(open_output(options.output), options.buffering == "full")  # a pipe waits for its reader: a signal ends that
    stop = Stop()
    watched = Watched(options.pid) if options.pid is not None else None
    child = Child(options.command) if options.command else None
    try:
        program = _compiled(options, host, stop, writer)
        return _traced(program, options, host, stop, writer, child, watched) if program else 0
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


def _compiled(options: "Options", host: "Host", stop: Stop, writer: Writer) -> "Program | None":
    """The program to run, once what else is wanted of it was written; None where that was all."""
    if options.stages or options.emit_llvm:
        from bttui.headless.artifacts import show_stages

        show_stages(options, host, stop.fileno())
    if options.mode == "compiler-bench":
        from bttui.headless.artifacts import stages_measured

        writer.write(stages_measured(options, host, stop.fileno()))
        writer.flush()
        return None
    program = compile_text(options, host, stop.fileno())
    if options.warnings:
        complain(program.warnings, program.source)
    if options.emit_elf:
        save(options.emit_elf, program.object)
    if options.aot:
        from bttui.headless.artifacts import save_command

        save_command(options)
        return None
    return None if options.compile_only else program


def _traced(
    program: "Program", options: "Options", host: "Host", stop: Stop, writer: Writer, child: "Child | None", watched: "Watched | None"
) -> int:
    """Run it until it ends, is stopped, or nobody reads any more; the exit status. Raises DiagnosticError."""
    if refused := refusal():
        raise DiagnosticError(refused)
    redactor = options.redactor()
    recorder = _recorder(options, host, redactor)
    plain = options.format != "json" and not writer.terminal and not redactor
    direct = (recorder.many_texts if recorder else many_texts) if plain else None
    with Session(program, host, options, formatted, child, watched, direct) as session:
        stop.follow(session)
        if options.verbose:
            sys.stderr.write("".join([_attaching(attachment.provider, attachment.name) for attachment in program.attachments]))
        try:
            session.start()
        except Stopped:
            return 0
        sys.stderr.write(session.log)
        if options.warnings:
            complain(tuple(session.warnings), program.source)
        if options.dry_run:
            return 0
        printer: Printer = (JsonPrinter if options.format == "json" else TextPrinter)(options, program, writer)

        def tell(events: "list[Event | str]", last: bool = False) -> None:
            told = redactor.events(events) if redactor else events
            printer.events(told)
            if recorder:
                recorder.take(told, last)

        failed = _begun(options, session, printer)
        if recorder:
            recorder.begin(session)
        while not session.over and not writer.gone:
            tell(session.poll(min(POLL, recorder.wait) if recorder else POLL))
        stop.follow(None)
        tell(session.stop(), last=True)
        if recorder:
            recorder.close()
        shows_maps = program.config.get("print_maps_on_exit", True) and options.mode != "bench"  # which hold what many runs made
        maps = list(session.snapshots.all().values()) if shows_maps else []
        printer.maps(map(redactor.snapshot, maps) if redactor else maps)
        writer.flush()
        if maps:
            from bttui.render.stacks import cut_stacks

            complain(cut_stacks(maps))
        if writer.failure:
            raise DiagnosticError(writer.failure)
        return session.exit_code or int(failed)


def _recorder(options: "Options", host: "Host", redactor: "Redactor | None") -> "TraceRecorder | None":
    if not options.record:
        return None
    from bttui.headless.recorder import TraceRecorder

    return TraceRecorder(options, host, redactor)


def _begun(options: "Options", session: Session, printer: "Printer") -> bool:
    """Say that it is attached, or run the probes that --test and --bench are about; whether one failed."""
    if options.mode not in ("test", "bench"):
        printer.attached(session.attached)
        return False
    from bttui.headless.blocks import run_benches, run_tests

    return (run_tests if options.mode == "test" else run_benches)(options, session, printer)


def _attaching(provider: str, name: str) -> str:
    """The line of -v."""
    return f"Attaching '{name}' probe\n" if provider in ("begin", "end", "self", "test", "bench") else f"Trying to attach probe: {name}\n"
