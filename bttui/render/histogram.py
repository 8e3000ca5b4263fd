"""Bucket labels and bars: once, for the text that goes into a pipe and for the panes."""

from bttui.model.buckets import histogram_range, linear_range
from bttui.model.data import Data
from bttui.model.types import Histogram, LinearHistogram
from bttui.render.figures import quantity

UNITS = ("", "K", "M", "G", "T", "P", "E")  # powers of 1024
BAR_WIDTH = 52
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


class Bucket(Data):
    """``low`` and ``high`` are both included; None means no bound."""

    label: str
    low: "int | None"
    high: "int | None"
    count: int


def buckets(type_: "Histogram | LinearHistogram", counts: "dict[int, int]") -> "list[Bucket]":
    """From the first bucket that was hit to the last one, with the empty ones between them."""
    if not counts:
        return []
    span = range(min(counts), max(counts) + 1)
    if isinstance(type_, LinearHistogram):
        return [Bucket(_linear_label(i, type_), *linear_range(i, type_), counts.get(i, 0)) for i in span]
    return [Bucket(_power_label(i, type_.bits), *histogram_range(i, type_.bits), counts.get(i, 0)) for i in span]


def total(counts: "dict[int, int]") -> int:
    """How many values a histogram holds."""
    return sum(counts.values())


def percentile(rows: "list[Bucket]", percent: float) -> "Bucket | None":
    """The bucket that holds the value below which ``percent`` of all values lie: how exact that is, its bounds say."""
    wanted = sum([row.count for row in rows]) * percent / 100
    for row in rows:
        wanted -= row.count
        if wanted <= 0 and row.count:
            return row
    return None


def summary(rows: "list[Bucket]", unit: str = "") -> "list[tuple[str, str]]":
    """p50, p90, p99 and max, as exactly as the buckets tell: a number where the bucket holds one only, else its bounds."""
    if not any(row.count for row in rows):
        return []
    found = [(name, percentile(rows, percent)) for name, percent in (("p50", 50), ("p90", 90), ("p99", 99))]
    found.append(("max", next(row for row in reversed(rows) if row.count)))
    return [(name, label(row, unit).strip("[]") if row.low == row.high else label(row, unit)) for name, row in found if row]


def label(row: Bucket, unit: str = "") -> str:
    """The bounds of a bucket in ``unit`` (render.figures): [16us, 33us)."""
    if not unit:
        return row.label
    low = "(..." if row.low is None else f"[{quantity(row.low, unit)}"
    if row.low is not None and row.low == row.high:
        return f"{low}]"
    return f"{low}, ...)" if row.high is None else f"{low}, {quantity(row.high + 1, unit)})"


def bar(count: int, most: int, width: int) -> str:
    """A bar of eighths of a cell, ``width`` cells for ``most``. Whatever is not zero shows."""
    eighths = max(1, min(width * 8, count * width * 8 // most)) if count > 0 and most > 0 else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8]


def histogram_text(type_: "Histogram | LinearHistogram", counts: "dict[int, int]", divisor: int = 1) -> str:
    """One line a bucket. ``divisor`` divides the counts, as print(@, top, div) does."""
    rows = buckets(type_, counts)
    divided = [row.count // divisor for row in rows]
    most = max(divided, default=0) or 1
    return "".join(
        [f"{row.label:<16}{count:>8} |{'@' * (count * BAR_WIDTH // most):<52}|\n" for row, count in zip(rows, divided, strict=True)]
    )


def _power_label(index: int, bits: int) -> str:
    """The label of a power-of-two bucket. The unit goes with the power of two that the bucket belongs to,

    not with the number: of hist(n, 1), [768, 1024) is followed by [1024, 1536) and then by [2K, 3K).
    """
    if index == 0:
        return "(..., 0)"
    if index - 1 < 1 << (bits + 1):
        return f"[{index - 1}]"
    return f"[{_power_bound(index - 1, bits)}, {_power_bound(index, bits)})"


def _power_bound(index: int, bits: int) -> str:
    shift = (index >> bits) - 1
    unit, rest = divmod(shift, 10)
    return f"{((index & ((1 << bits) - 1)) | (1 << bits)) << rest}{UNITS[unit]}"


def _linear_label(index: int, type_: LinearHistogram) -> str:
    low, high = linear_range(index, type_)
    if low is None:
        return f"(..., {binary_number(type_.minimum)})"
    if high is None:
        return f"[{binary_number(low)}, ...)"
    return f"[{binary_number(low)}]" if low == high else f"[{binary_number(low)}, {binary_number(high + 1)})"


def binary_number(number: int) -> str:
    """With a unit only where it divides without rest: 2048 is 2K, 2000 stays 2000."""
    unit = 0
    while number and number % 1024 == 0 and unit < len(UNITS) - 1:
        number //= 1024
        unit += 1
    return f"{number}{UNITS[unit]}"
