"""A histogram over time: a column for each stretch of time, a row for each bucket, the darker the more."""

from math import ceil, floor, log10

from bttui.model.data import Data
from bttui.render.columns import Column, difference
from bttui.render.figures import short
from bttui.render.histogram import Bucket, buckets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.model.types import Histogram, LinearHistogram

    Parts = list[tuple[str, str]]

GLYPHS = " ·░▒▓█"
DEEPEST = len(GLYPHS) - 1
SHARES = (0.02, 0.06, 0.2, 0.5)  # of the fullest cell, from which levels 2 to DEEPEST begin, about


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


def steps(most: int) -> "list[float]":
    """The counts from which levels 2 to DEEPEST begin where ``most`` is the fullest cell: 1, 2 or 5 times a power of ten."""
    found = []
    for share in SHARES:
        power = 10.0 ** floor(log10(share * most)) if most else 1
        found.append(next(digit for digit in (5, 2, 1) if digit * power <= share * most * (1 + 1e-9)) * power if most else 1)
    return found


def level(count: int, steps_: "list[float]") -> int:
    """0 for nothing, then 1 to DEEPEST; each step is about three times as much as the one before."""
    return sum([count >= step for step in steps_]) + 1 if count > 0 else 0


def legend(heat: HeatMap, height: int, halves: bool) -> "Parts":
    """What the shades of ``heat_lines`` mean: the smallest count of each, with its role."""
    sums = _sums(heat, height, halves)[1]
    most = max((max(column) for column in sums), default=0)
    parts: "Parts" = []
    least = 0
    for number, step in enumerate([1, *steps(most)], 1):
        count = max(1, ceil(step))
        if count > least and level(count, steps(most)) == number:
            parts += [("█" if doubled(heat, height, halves) else GLYPHS[number], f"heat{number}"), (f" {short(count)}+ ", "note")]
            least = count
    return parts


def doubled(heat: HeatMap, height: int, halves: bool) -> bool:
    """Whether a line shows two rows."""
    return halves and len(heat.rows) > height


def _sums(heat: HeatMap, height: int, halves: bool) -> "tuple[list[range], list[list[int]]]":
    """Which buckets each (half) row shows, lowest first, and the counts of each column by row."""
    count, double = len(heat.rows), doubled(heat, height, halves)
    each = -(-count // (height * (2 if double else 1)))
    rows = [range(start, min(start + each, count)) for start in range(0, count, each)]
    if double and len(rows) % 2:
        rows.append(range(0))
    return rows, [[sum([column.get(heat.lowest + n, 0) for n in row]) for row in rows] for column in heat.counts]


def heat_lines(heat: HeatMap, height: int, halves: bool, cursor: "tuple[int, int] | None" = None) -> "list[Parts]":
    """At most ``height`` lines, the highest bucket on top: a label, then a cell a column. Roles are heat0 to heat5.

    More buckets than lines share a line: two as half blocks (``halves``; roles like heat4/heat1, upper and lower), else
    as the sum. ``cursor`` is (column, bucket index); its line has the role mark.
    """
    if not heat.rows or height < 1:
        return []
    double = doubled(heat, height, halves)
    rows, sums = _sums(heat, height, halves)
    shades = steps(max((max(column) for column in sums), default=0))
    levels = [[level(value, shades) for value in column] for column in sums]
    step = 2 if double else 1
    labels = [spanned(heat.rows[row[0]].label, heat.rows[row[-1]].label) if row else "" for row in rows]
    if double:
        labels[::2] = [spanned(labels[n], labels[n + 1]) for n in range(0, len(labels), 2)]
    label_width = max(map(len, labels))
    lines: list[Parts] = []
    for at in reversed(range(0, len(rows), step)):
        held = [n for row in rows[at : at + step] for n in row]
        chosen = cursor is not None and cursor[1] - heat.lowest in held
        parts = [(f" {labels[at]:>{label_width}} ", "mark" if chosen else "label"), ("▸" if chosen else "│", "dim")]
        if double:
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
