"""The report of --bench: a table as text, or a line of JSON for each."""

from bttui.render.json import string_json

WIDTHS = (40, 16)


def table(results: "list[tuple[str, int, int]]") -> str:
    """``results``: name, nanoseconds of one run, runs."""
    head = _row("Benchmark", "Time(ns)", "Iterations")
    return "".join([head, "-" * (len(head) - 1) + "\n", *(_row(name, str(average), str(count)) for name, average, count in results)])


def _row(name: str, average: str, count: str) -> str:
    return f"{name:<{WIDTHS[0]}} {average:<{WIDTHS[1]}}{count}".rstrip() + "\n"


def result_json(name: str, average: int, count: int) -> str:
    return f'{{"type": "benchmark_result", "data": {{{string_json(name)}: {{"average": {average}, "iters": {count}}}}}}}\n'
