"""Round numbers beside a picture: where the ticks of a scale stand, and what is written at them."""

from math import ceil, floor, log10

from bttui.render.figures import STEPS as TIMES
from bttui.render.figures import nanoseconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 1_000_000_000
_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18_000, 36_000, 86_400)  # steps of a clock
_BYTES = tuple((name, 1 << 10 * power) for power, name in enumerate(("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")))
_NUMBERS = tuple((name, 1000**power) for power, name in enumerate(("", "k", "M", "G", "T", "P", "E")))


def ticks(low: float, high: float, most: int, unit: str = "", least: float = 0) -> "tuple[list[float], float]":
    """At most ``most`` (2 or more) multiples of a round step from ``low`` to ``high``, which are numbers of ``unit`` (render.figures);

    and the step. Steps are 1, 2 or 5 times a power of ten; of bytes powers of two; above a second those of a clock. None is below ``least``.
    """
    for step in _steps(max((high - low) / most / 2, least, 1e-9), unit):
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if step >= least and last - first < most:
            return [number * step for number in range(first, last + 1)], step
    raise AssertionError("steps have no end")


def tick_text(number: float, step: float, unit: str = "") -> str:
    """A tick as short as it can be told from those a ``step`` away: 0, 500k, 1M, 1.5M; 512KiB; 90s."""
    if not number:
        return "0"
    factor = nanoseconds(unit)
    number, step = number * (factor or 1), abs(step) * (factor or 1)
    sizes = TIMES if factor else _BYTES if unit == "bytes" else _NUMBERS
    for name, size in reversed(sizes):
        exact = step * 100 / size
        if size <= abs(number) and abs(exact - round(exact)) < 1e-6:
            return f"{number / size:.2f}".rstrip("0").rstrip(".") + name
    digits = max(0, -floor(log10(step))) if step < 1 else 0
    return f"{number:.{digits}f}{sizes[0][0]}"


def clock_step(least: float) -> int:
    """The smallest step of a clock (s) that is no shorter than ``least``."""
    return next((step for step in _SECONDS if step >= least), ceil(least / 86_400) * 86_400)


def _steps(from_: float, unit: str) -> "Iterator[float]":
    """Round steps of ``unit``, upwards."""
    if unit == "bytes":
        yield from (1 << power for power in range(max(0, floor(log10(from_) / log10(2))), 80))
        return
    power, factor = floor(log10(from_)), nanoseconds(unit)
    second = SECOND / factor if factor else float("inf")  # in numbers of the unit
    for size in (10.0**n for n in range(power, 40)):
        for step in (size, 2 * size, 5 * size):
            if step <= second:
                yield step
    yield from (step * second for step in _SECONDS if factor)
    yield from (step * 86_400 * second for n in range(20) for step in (2 * 10**n, 5 * 10**n, 10 ** (n + 1)) if factor)
