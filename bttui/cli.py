"""The command: which front end gets what was asked for."""

import _signal  # the half of signal that is there at once: an interrupt while importing the other would be told at length
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from bttui.session.options import Options


def read_program(options: "Options") -> "Options":
    """Options with the text of the program, where it has one. Raises DiagnosticError."""
    if options.text is not None or not options.file:
        return options
    if options.file == "-":
        return options.replace(text=decode(sys.stdin.buffer.read()), file="stdin")
    try:
        with open(options.file, "rb") as file:
            return options.replace(text=decode(file.read()))
    except OSError as reason:
        from bttui.model.diagnostic import error

        raise error(f"failed to open file '{options.file}': {reason.strerror}") from None


def decode(text: bytes) -> str:
    return text.decode(errors="surrogateescape")


def say(text: str, status: int = 0) -> int:
    """Print, with all that was printed before; the exit status, 1 where that failed."""
    try:
        if text:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        return status or 1
    except OSError as reason:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is still in the buffer
        sys.stderr.write(f"ERROR: could not write the output: {reason.strerror}\n")
        return 1
    return status


def run(options: "Options") -> int:
    """Hand over to the front end that was asked for."""
    if options.action == "dump":
        from bttui.headless import dump

        return dump(options)
    if options.action in ("replay", "demo"):
        return replay(options)
    if options.action in ("run", "format") or (options.action == "list" and os.path.isfile(options.file)):
        options = read_program(options)
    if options.headless or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":  # an editor's shell, say
        if options.text is None and options.action in ("run", "format"):
            from bttui.model.diagnostic import error

            raise error("USAGE: filename or -e 'program' required.")
        if options.hints:
            from bttui.render.diagnostics import complain

            complain(options.hints)
        from bttui.headless import run as run_headless

        return run_headless(options)
    return dashboard(options)


def replay(options: "Options") -> int:
    from bttui.session.recording import Recorder, Recording, demo, hidden

    recording = Recording(demo() if options.action == "demo" else options.file)
    if not sys.stdout.isatty():
        from bttui.model.diagnostic import error

        raise error("a replay needs a terminal", hint="bttui dump prints what a recording holds")
    from bttui.app import run_dashboard
    from bttui.model.redaction import Redactor
    from bttui.render.text import maps_at_exit
    from bttui.session.replay import ReplayController

    redactor = Redactor() if options.redact else None
    return run_dashboard(
        redactor.program(recording.text) if redactor else recording.text,
        controller=ReplayController(recording, options.speed),
        name="demo" if options.action == "demo" else os.path.basename(options.file),
        show_maps=lambda frame: maps_at_exit(frame.maps.values()),
        read_only=True,
        redactor=redactor,
        new_recorder=lambda path: Recorder(path, hidden(recording.header, redactor)),
    )


def dashboard(options: "Options") -> int:
    from bttui import __version__
    from bttui.app import run_dashboard
    from bttui.host.facts import Host
    from bttui.host.privileges import refusal
    from bttui.model.redaction import Redactor
    from bttui.probes import listing, registry
    from bttui.render.text import formatted, maps_at_exit
    from bttui.session.live import LiveController
    from bttui.session.recording import Recorder, header, hidden
    from bttui.session.worker import check
    from bttui.widgets.probes import Catalog

    host = Host()
    redactor = Redactor() if options.redact else None

    def describe(name: str) -> "list[str]":
        provider = registry.find(name.partition(":")[0])
        return provider.describe(name, host, options.pid or 0) if provider else []

    catalog = Catalog(
        names=lambda: listing.list_probes(None, host),
        describe=describe,
        types=lambda: [(provider.name, provider.synopsis, provider.doc) for provider in registry.all()],
        hidden=lambda: " ".join(each.message for each in listing.hidden(None, host)),
    )
    return run_dashboard(
        options.text,
        controller=LiveController(options, formatted, host),
        name=options.file or "Program",
        catalog=catalog,
        show_maps=lambda frame: maps_at_exit(frame.maps.values()),
        check=lambda text: check(text, options, host),
        refused=refusal(),
        new_recorder=lambda path: Recorder(path, hidden(header(options, host, __version__), redactor), redactor),
        record=options.record,
        redactor=redactor,
    )


def main() -> "NoReturn":
    """The command. Until a front end knows better, an interrupt ends it at once, also while it is being imported."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    status = say("", run_command(sys.argv[1:]))
    # Everything is closed: taking the interpreter apart as well would cost milliseconds.
    os._exit(status)


def run_command(arguments: "Sequence[str]") -> int:
    """The exit status."""
    from bttui import __version__
    from bttui.arguments import USAGE, UsageError, parse
    from bttui.model.diagnostic import DiagnosticError

    name_process()
    try:
        options = parse(arguments)
        if options.action == "help":
            return say(USAGE)
        if options.action == "version":
            return say(f"bttui v{__version__}\n")
        if not arguments and not sys.stdout.isatty():
            raise UsageError
        if options.debug_folders:
            from bttui.host import debug_file

            debug_file.more_folders[:] = options.debug_folders
        return run(options)
    except UsageError as reason:
        complaint = str(reason)
        opening = "" if not complaint else "ERROR: " if complaint.startswith("USAGE") else "bttui: "
        sys.stderr.write(f"{opening}{complaint}\n{USAGE}" if complaint else USAGE)
        return 1
    except DiagnosticError as reason:
        from bttui.render.diagnostics import complain

        complain(reason.diagnostics)
        return reason.exit_code


def name_process() -> None:
    """Probes see the name bttui, however we were started."""
    try:
        with open("/proc/self/comm", "w") as comm:
            comm.write("bttui")
    except OSError:
        return
