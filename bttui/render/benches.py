"""The report of --bench: a table as text, or a line of JSON for each."""

from bttui.render.json import string_json

WIDTHS = (40, 16)


def table(results: "list[tuple[str, int, int]]") -> str:
    """``results``: name, nanoseconds of one run, runs."""
    head = _row("Benchmark", "Time(ns)", "Iterations")
    return "".join([head, "-" * (len(head) - 1) + "\n", *(_row(name, str(average), str(count)) for name, average, count in results)])


def stages_table(times: "dict[str, list[int]]") -> str:
    """``times``: of each stage of compiling, nanoseconds of each run. The first run is the one that reads this kernel's types."""
    form = "{:<16} {:>6} {:>12} {:>12} {:>12}\n"
    rows = [form.format("Stage", "Runs", "First(µs)", "Mean(µs)", "Deviation")]
    totals = [sum(each) for each in zip(*times.values(), strict=True)]
    for name, runs in [*times.items(), ("all", totals)]:
        mean, deviation = spread(runs[1:] or runs)
        rows.append(form.format(name, len(runs), runs[0] // 1000, mean // 1000, f"± {deviation // 1000}"))
    rows.insert(1, "-" * (len(rows[0]) - 1) + "\n")
    return "".join(rows)


def spread(values: "list[int]") -> "tuple[int, int]":
    """(mean, standard deviation), whole."""
    mean = sum(values) // len(values)
    return mean, int((sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5)


def _row(name: str, average: str, count: str) -> str:
    return f"{name:<{WIDTHS[0]}} {average:<{WIDTHS[1]}}{count}".rstrip() + "\n"


def result_json(name: str, average: int, count: int) -> str:
    return f'{{"type": "benchmark_result", "data": {{{string_json(name)}: {{"average": {average}, "iters": {count}}}}}}}\n'
