"""Numbers over time as a line of braille dots, two by four to a cell."""

from bttui.model.data import Data
from bttui.render.scale import tick_text, ticks

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Unicode block Braille Patterns, by row and column


class Chart(Data):
    """``lines`` from the top, each a label and the plot; ``low`` and ``high`` are what its edges stand for."""

    lines: "list[tuple[str, str]]"
    low: float
    high: float


def chart(values: "list[float | None]", width: int, height: int, unit: str = "", suffix: str = "") -> Chart:
    """A value a column, the newest at the right. More values than columns share one: their extremes are joined.

    The scale begins at 0 where the values come near it, and has round numbers of ``unit``, each with the ``suffix``. None is a gap.
    """
    known = [value for value in values if value is not None]
    if not known or width < 8 or height < 2:
        return Chart([], 0, 0)
    low, high = bounds(min(known), max(known))
    dots = height * 4 - 1

    def row_of(value: float) -> int:
        return dots - round((value - low) * dots / (high - low))

    whole = all(isinstance(value, int) for value in known)
    marks, step = ticks(low, high, max(3, height * 2 // 3) if height > 3 else 2, unit, least=1 if whole else 0)
    labels = [""] * height
    for mark in marks:
        labels[row_of(mark) // 4] = tick_text(mark, step, unit) + suffix * bool(mark)
    margin = max(map(len, labels))
    room = max(1, width - margin - 2)
    spans = columns(values, room)
    cells = [[0] * room for _ in range(height)]
    before: "int | None" = None
    for at, span in enumerate(spans, room - len(spans)):
        if span is None:
            before = None
            continue
        entry, least, most, leave = map(row_of, span)
        for side, (first, last) in enumerate(((entry, entry), (least, most))):
            near = before if side == 0 and before is not None else first
            for row in range(min(near, first, last), max(near, first, last) + 1):
                cells[row // 4][at] |= _DOTS[row % 4][side]
        before = leave
    plots = ["".join(chr(0x2800 + dots) if dots else " " for dots in line) for line in cells]
    return Chart([(f"{label:>{margin}} {'┤' if label else '│'}", plot) for label, plot in zip(labels, plots, strict=True)], low, high)


def columns(values: "list[float | None]", room: int) -> "list[tuple[float, float, float, float] | None]":
    """(first, least, most, last) of each column; None where nothing is known."""
    each = max(1, -(-len(values) // room))
    spans: "list[tuple[float, float, float, float] | None]" = []
    for start in range(0, len(values), each):
        known = [value for value in values[start : start + each] if value is not None]
        spans.append((known[0], min(known), max(known), known[-1]) if known else None)
    return spans


def bounds(low: float, high: float) -> "tuple[float, float]":
    """Where the scale begins and ends: at 0 where that is not far off, and never at one point."""
    if low > 0 and low < high * 0.7:
        low = 0
    if low == high:
        low, high = (0, high) if high > 0 else (low, 0) if low < 0 else (0, 1)
    return low, high
