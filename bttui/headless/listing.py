"""What -l prints: which probes there are, or those of a program."""

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.probes import listing
from bttui.probes.provider import Options as ProbeOptions
from bttui.render.diagnostics import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from bttui.host.facts import Host
    from bttui.session.options import Options


def listed(options: "Options", host: "Host") -> "Iterable[str]":
    """The lines: names that match, or the probes of a program. Raises DiagnosticError."""
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
