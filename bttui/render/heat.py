"""A histogram over time: a column for each stretch of time, a row for each bucket, the darker the more."""

from bttui.model.data import Data
from bttui.render.columns import Column, difference
from bttui.render.histogram import Bucket, buckets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.model.types import Histogram, LinearHistogram

    Parts = list[tuple[str, str]]

GLYPHS = " ·░▒▓█"
DEEPEST = len(GLYPHS) - 1
SHARES = (0.02, 0.06, 0.2, 0.5)  # of the fullest cell, from which levels 2 to DEEPEST begin


class HeatMap(Data):
    """``counts`` has a dict of bucket index to count for each of ``columns``; ``rows`` are the buckets, lowest first,

    and ``lowest`` is the index of the first.
    """

    columns: "list[Column | None]"
    counts: "list[dict[int, int]]"
    rows: "list[Bucket]"
    lowest: int


def heat_map(type_: "Histogram | LinearHistogram", columns: "list[Column | None]", history: "list[dict[int, int]]") -> HeatMap:
    """``history`` holds the bucket counts of each frame, summed since the start, as ``columns`` numbers them."""
    counts = [difference(history[c.last], history[c.first - 1]) if c else {} for c in columns]
    whole: dict[int, int] = {}
    for column in counts:
        for index, count in column.items():
            whole[index] = whole.get(index, 0) + count
    return HeatMap(columns, counts, buckets(type_, whole), min(whole, default=0))


def level(count: int, most: int) -> int:
    """0 for nothing, then 1 to DEEPEST by the share of ``most``; each step is about three times as much as the one before."""
    return sum(count >= share * most for share in SHARES) + 1 if count > 0 else 0


def heat_lines(heat: HeatMap, height: int, halves: bool, cursor: "tuple[int, int] | None" = None) -> "list[Parts]":
    """At most ``height`` lines, the highest bucket on top: a label, then a cell a column. Roles are heat0 to heat5.

    More buckets than lines share a line: two as half blocks (``halves``; roles like heat4/heat1, upper and lower), else
    as the sum. ``cursor`` is (column, bucket index); its line has the role mark.
    """
    count = len(heat.rows)
    if not count or height < 1:
        return []
    doubled = halves and count > height
    each = -(-count // (height * (2 if doubled else 1)))  # buckets of one (half) row
    rows = [range(start, min(start + each, count)) for start in range(0, count, each)]
    if doubled and len(rows) % 2:
        rows.append(range(0))
    sums = [[sum([column.get(heat.lowest + n, 0) for n in row]) for row in rows] for column in heat.counts]
    most = max((max(column) for column in sums), default=0)
    levels = [[level(value, most) for value in column] for column in sums]
    step = 2 if doubled else 1
    labels = [spanned(heat.rows[row[0]].label, heat.rows[row[-1]].label) if row else "" for row in rows]
    if doubled:
        labels[::2] = [spanned(labels[n], labels[n + 1]) for n in range(0, len(labels), 2)]
    label_width = max(map(len, labels))
    lines: list[Parts] = []
    for at in reversed(range(0, len(rows), step)):
        held = [n for row in rows[at : at + step] for n in row]
        chosen = cursor is not None and cursor[1] - heat.lowest in held
        parts = [(f" {labels[at]:>{label_width}} ", "mark" if chosen else "label"), ("▸" if chosen else "│", "dim")]
        if doubled:
            cells = [halved(column[at + 1], column[at]) for column in levels]
        else:
            cells = [(GLYPHS[column[at]], f"heat{column[at]}") for column in levels]
        lines.append(parts + joined(cells))
    return lines


def spanned(low: str, high: str) -> str:
    """The label of all buckets from one to another: [4, 8) and [8, 16) are [4, 16)."""
    if not high or low == high:
        return low
    return f"{low.strip(')]').split(', ')[0]}, {high.removeprefix('[').split(', ')[-1]}"


def halved(upper: int, lower: int) -> "tuple[str, str]":
    if upper == lower:
        return ("█" if upper else " ", f"heat{upper}")
    return "▀", f"heat{upper}/heat{lower}"


def joined(cells: "Parts") -> "Parts":
    """Neighbours of one role as one text."""
    parts: list[tuple[str, str]] = []
    for text, role in cells:
        if parts and parts[-1][1] == role:
            parts[-1] = parts[-1][0] + text, role
        else:
            parts.append((text, role))
    return parts
