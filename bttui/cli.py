"""The command: which front end gets what was asked for."""

import _signal  # the half of signal that is there at once: an interrupt while importing the other would be told at length
import os
import sys
from io import TextIOWrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from bttui.session.options import Options

LANGUAGE = "0.27.1"  # the bpftrace whose language this is


def read_program(options: "Options") -> "Options":
    """Options with the text of the program, where it has one. Raises DiagnosticError."""
    if options.text is not None or not options.file:
        return options
    from bttui.model.program_files import text_of

    try:
        if options.file == "-":
            return options.replace(text=text_of(sys.stdin.buffer), file="stdin")
        with open(options.file, "rb") as file:
            return options.replace(text=text_of(file))
    except OSError as reason:
        from bttui.model.diagnostic import error

        raise error(f"failed to open file '{options.file}': {reason.strerror}") from None


def run(options: "Options") -> int:
    """Hand over to the front end that was asked for."""
    if options.action == "dump":
        from bttui.headless.dump import dump

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
        return headless(options)
    return dashboard(options)


def headless(options: "Options") -> int:
    """Print what was asked for."""
    from bttui.headless.output import show
    from bttui.host.facts import Host
    from bttui.model.diagnostic import DiagnosticError
    from bttui.render.diagnostics import complain

    host = Host()
    if options.action == "info":
        from bttui.headless.info import info_lines

        return show(info_lines(host))
    if options.action == "list":
        from bttui.headless.listing import listed
        from bttui.render.clean import clean_lines

        lines = listed(options, host)  # names in files may be anything
        return show(map(clean_lines, lines) if sys.stdout.isatty() else lines)
    try:
        if options.action == "format":
            from bttui.headless.artifacts import source_lines

            return show(source_lines(options))
        from bttui.headless.trace import trace

        return trace(options, host)
    except DiagnosticError as reason:
        complain(reason.diagnostics, options.text or "", detail=options.verbose or "verifier" in options.stages)
        return reason.exit_code


def replay(options: "Options") -> int:
    """The dashboard on a recording. Raises DiagnosticError."""
    from bttui.session.recording import Recorder, Recording, Shown, demo, hidden

    path = demo() if options.action == "demo" else options.file
    recording = Recording(path)
    if not sys.stdout.isatty():
        from bttui.model.diagnostic import error

        raise error("a replay needs a terminal", hint="bttui dump prints what a recording holds")
    from bttui.app import Dashboard, run_dashboard
    from bttui.session.replay import ReplayController

    redactor = options.redactor()
    with Shown(path):
        app = Dashboard(
            redactor.program(recording.text) if redactor else recording.text,
            ReplayController(recording, options.speed),
            "demo" if options.action == "demo" else os.path.basename(options.file),
            start=True,
            read_only=True,
            redactor=redactor,
            new_recorder=lambda path: Recorder(path, hidden(recording.header, redactor)),
        )
        status = run_dashboard(app)
    if app.broken is not None:
        raise Shown(path).refusal(app.broken)
    return status


def dashboard(options: "Options") -> int:
    """The dashboard on this machine. Raises DiagnosticError."""
    from bttui import __version__
    from bttui.app import Dashboard, run_dashboard
    from bttui.host.facts import Host
    from bttui.host.privileges import refusal
    from bttui.probes import listing, registry
    from bttui.render.text import formatted
    from bttui.session.live import LiveController
    from bttui.session.recording import Recorder, header, hidden
    from bttui.session.worker import check
    from bttui.widgets.probes import Catalog

    host = Host()
    redactor = options.redactor()

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
        Dashboard(
            options.text,
            LiveController(options, formatted, host),
            options.file if options.file not in ("", "stdin") else "Program",
            catalog,
            start=options.text is not None,
            check=lambda text: check(text, options, host),
            refused=refusal(),
            new_recorder=lambda path: Recorder(path, hidden(header(options, host, __version__), redactor), redactor),
            record=options.record,
            redactor=redactor,
        )
    )


def main() -> "NoReturn":
    """The command. Until a front end knows better, an interrupt ends it at once, also while it is being imported."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    open_missing()
    encoding = sys.stderr.encoding if sys.stderr else "utf-8"
    sys.stderr = Messages(os.fdopen(2, "wb", closefd=False), encoding, "backslashreplace", line_buffering=True)
    status = run_command(sys.argv[1:])
    # Everything is closed: taking the interpreter apart as well would cost milliseconds.
    os._exit(status)


class Messages(TextIOWrapper):
    """stderr, where what cannot be written is dropped: a full disk there is no reason to end a trace."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            return


def open_missing() -> None:
    """Who started us may have closed stdin, stdout or stderr: /dev/null takes its place, before a map of the kernel does."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free: this one
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")


def run_command(arguments: "Sequence[str]") -> int:
    """The exit status."""
    from bttui import __version__
    from bttui.arguments import USAGE, UsageError, parse
    from bttui.headless.output import show
    from bttui.model.diagnostic import DiagnosticError

    name_process()
    try:
        options = parse(arguments)
        if options.action == "help":
            return show([USAGE.rstrip("\n")])
        if options.action == "version":
            ours = f"bttui v{__version__}"
            return show([f"bpftrace v{LANGUAGE} ({ours})" if stands_in() else ours])
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


def stands_in() -> bool:
    """Whether we were called by the name bpftrace, by scripts that know no other."""
    return os.path.basename(sys.argv[0]) == "bpftrace"


def name_process() -> None:
    """Probes see the name bttui, or bpftrace where we stand in for it: programs leave their tracer out with comm != "bpftrace"."""
    try:
        with open("/proc/self/comm", "w") as comm:
            comm.write("bpftrace" if stands_in() else "bttui")
    except OSError:
        return
