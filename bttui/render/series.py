"""Time series as text: one line an interval, a star where the value lies."""

import time

from bttui.model.types import TimeSeries

TYPE_CHECKING = False
if TYPE_CHECKING:
    Points = tuple[tuple[int, "int | None"], ...]

PLOT_WIDTH = 52
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def series_text(type_: TimeSeries, points: "Points") -> str:
    """``points`` are (interval number since 1970 in local wall clock, value or None), oldest first."""
    values = [value for _, value in points if value is not None]
    if not values:
        return "<no data>"
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1 if low or type_.signed else 0, high + 1
    unit = _unit(type_.interval) if len(points) > 1 else "ns"
    header = "hh:mm:ss" + ("." + unit if unit != "s" else "")
    width = 8 + (_DIGITS[unit] + 1 if unit != "s" else 0)
    bounds = " " * (width + 1) + str(low) + str(high).rjust(PLOT_WIDTH + 1 - len(str(low))) + "\n"
    rule = "_" * (PLOT_WIDTH - 1)
    lines = [bounds, f"{header:<{width}} |{rule}|\n"]
    for interval, value in points:
        plot = ["|", *" " * (PLOT_WIDTH - 1), "|"]
        if low < 0 < high:
            plot[PLOT_WIDTH - high * PLOT_WIDTH // (high - low)] = "."
        if value is not None:
            plot[(value - low) * PLOT_WIDTH // (high - low)] = "*"
        at = clock_text(interval * type_.interval, _DIGITS[unit])
        lines.append(f"{at} {''.join(plot)} {'-' if value is None else value}\n")
    return "".join([*lines, f"{'':<{width}} v{rule}v\n", bounds])


def clock_text(nanoseconds: int, digits: int, form: str = "%H:%M:%S") -> str:
    """Local wall clock time with ``digits`` digits behind the seconds."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    text = time.strftime(form, time.localtime(seconds))
    return f"{text}.{rest:09}"[: len(text) + 1 + digits] if digits else text


def _unit(interval: int) -> str:
    """The coarsest unit that tells one interval from the next."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000)):
        if interval % size == 0:
            return unit
    return "ns"
