"""Probes of programs that test and measure themselves: --test and --bench."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.headless.printers import Printer
    from bttui.session.options import Options
    from bttui.session.session import Session


def run_benches(options: "Options", session: "Session", printer: "Printer") -> bool:
    """Measure the bench probes and tell of each; none of them fails."""
    from bttui.render.benches import result_json, table

    printer.events(session.poll(0))  # of begin probes
    results = [(name, *session.run_bench(index)) for index, name in enumerate(session.blocks("bench"))]
    told = options.format == "json"
    printer.writer.write("".join(result_json(*result) for result in results) if told else table(results))
    return False


def run_tests(options: "Options", session: "Session", printer: "Printer") -> bool:
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
