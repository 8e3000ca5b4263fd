"""Histories of a map as columns of time: what happened between one frame and the next, merged to fit a width."""

import itertools
from math import inf

from bttui.model.data import Data
from bttui.render.figures import clock
from bttui.render.scale import clock_step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.model.frame import MapSnapshot
    from bttui.model.timeline import View

SECOND = 1_000_000_000


class Column(Data):
    """The time from ``start`` to ``end`` (CLOCK_MONOTONIC, ns), the merged frames as indices ``first``..``last`` of the history.

    What happened in it is the content of frame ``last`` less that of frame ``first - 1``.
    """

    start: int
    end: int
    first: int
    last: int


def columns(moments: "list[int]", width: int, window: float) -> "list[Column | None]":
    """The last ``window`` seconds of a history in at most ``width`` columns, oldest first.

    ``moments`` are the times of its frames. A column is one frame, or as many as make the window fit; where columns begin
    does not depend on the newest frame, so they do not flicker. None is a column in which no frame came. The first
    frame of a history has none before it: what happened up to it is not known to be of that time, and it gets no column.
    """
    if len(moments) < 2 or width < 1:
        return []
    gaps = sorted(after - before for before, after in itertools.pairwise(moments))
    usual = max(gaps[len(gaps) // 2], 1)
    first = max(1, next((n for n, at in enumerate(moments) if at > moments[-1] - window * SECOND), 1))
    merged = max(1, -(-round(window * SECOND / usual) // width))
    origin = round(moments[0] / usual)
    found: dict[int, Column] = {}
    for n in range(first, len(moments)):
        place = (origin + round((moments[n] - moments[0]) / usual)) // merged
        known = found.get(place)
        start = known.start if known else moments[n - 1]
        found[place] = Column(start, moments[n], known.first if known else n, n)
    newest = max(found)
    return [found.get(place) for place in range(max(min(found), newest - width + 1), newest + 1)]


def difference(after: "dict[Any, int]", before: "dict[Any, int]") -> "dict[Any, int]":
    """What was added, by bucket or key. Where a count fell, the map was cleared between: all that is there is new."""
    if any(after.get(key, 0) < count for key, count in before.items()):
        return {key: count for key, count in after.items() if count}
    return {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key, 0)}


APART = 11  # cells that two labels of an axis have between their beginnings, at least


def axis(times: "list[int | None]", label: "Callable[[int], str]", origin: int = 0) -> "tuple[str, str]":
    """Two lines below a picture of as many cells: ticks, and what ``label`` makes of the times at them.

    ``times`` (ns) rise from the left. Ticks are a round number of seconds from ``origin``.
    """
    width = len(times)
    ticks, texts = ["─"] * width, [" "] * width
    known = [(at, time - origin) for at, time in enumerate(times) if time is not None]
    if not known:
        return "".join(ticks), "".join(texts)
    (first, oldest), (last, newest) = known[0], known[-1]
    cell = (newest - oldest) / max(1, last - first)
    step = clock_step(cell * APART / SECOND) * SECOND
    free = 0
    for wanted in range(-(-oldest // step) * step, newest + 1, step):
        at, time = min(known, key=lambda place: abs(place[1] - wanted))
        text = label(origin + wanted)
        begin = min(at, width - len(text))
        if abs(time - wanted) <= cell and begin >= free:
            ticks[at] = "┬"
            texts[begin : begin + len(text)] = text
            free = begin + len(text) + 1
    return "".join(ticks), "".join(texts)


def ago(now: int) -> "Callable[[int], str]":
    """Times as ages: -04:10."""
    return lambda at: f"-{clock((now - at) / SECOND)}" if at < now else "now"


MOST_FRAMES, MOST_ROWS = 1800, 100_000  # that a history holds
NEAR = 1_000_000  # ns between two times that are one
FEW = 2000  # rows of a map that is cheap to look keys up in, at any time


class Past:
    """One map in the last frames, oldest first: ``moments`` (CLOCK_MONOTONIC, ns) and ``snapshots``."""

    def __init__(self) -> None:
        self._behind: "View | None" = None  # what it must be made anew from, once somebody asks
        self._window = inf  # seconds that it reaches back
        self._clear()

    def _clear(self) -> None:
        self.moments: list[int] = []
        self.snapshots: "list[MapSnapshot]" = []
        self._dropped = self._rows = 0
        self._tables: "dict[int, dict[Any, Any]]" = {}  # by number since the start, as below
        self._series: "dict[Any, tuple[int, list[Any]]]" = {}  # (number of the first, values)

    def follow(self, view: "View") -> None:
        """A frame more, or another moment of the history."""
        before = view.monotonic - int(view.seconds * SECOND)
        same = self._window == view.window or not self.moments
        self._window = view.window
        if same and self._behind is None and (abs(before - self.moments[-1]) < NEAR if self.moments else view.earlier is None):
            self.add(view.monotonic, view.snapshot)
        else:
            self._behind = view

    def catch_up(self) -> None:
        """Be what was followed last."""
        if self._behind is not None:
            view, self._behind = self._behind, None
            self._clear()
            for moment, snapshot in view.past():
                self.add(moment, snapshot)

    def __len__(self) -> int:
        return len(self.moments)

    def add(self, moment: int, snapshot: "MapSnapshot") -> None:
        self.moments.append(moment)
        self.snapshots.append(snapshot)
        self._rows += len(snapshot.rows)
        while len(self.moments) > 2 and (
            len(self.moments) > MOST_FRAMES or self._rows > MOST_ROWS or self.moments[-1] - self.moments[0] > self._window * SECOND
        ):
            self._rows -= len(self.snapshots[0].rows)
            self._tables.pop(self._dropped, None)
            del self.moments[0], self.snapshots[0]
            self._dropped += 1
        if len(self) > 2 and len(self.snapshots[-3].rows) > FEW:
            self._tables.pop(self._dropped + len(self) - 3, None)

    def table(self, n: int) -> "dict[Any, Any]":
        """Frame ``n`` (negative: from the end) by key."""
        number = self._dropped + (n + len(self) if n < 0 else n)
        known = self._tables.get(number)
        if known is None:
            known = dict(self.snapshots[n].rows)
            if len(known) <= FEW or number >= self._dropped + len(self) - 2:
                self._tables[number] = known
        return known

    def series(self, key: "Any", thorough: bool = False) -> "list[Any]":
        """The value of a key in every frame, None where it was not there.

        In large maps only the newest two frames are looked into, unless ``thorough``; what was once found is kept.
        """
        first, values = self._series.get(key, (self._dropped, []))
        if first < self._dropped:
            del values[: self._dropped - first]
        for n in range(len(values), len(self)):
            rows = self.snapshots[n].rows
            if len(rows) <= FEW or n >= len(self) - 2:
                values.append(self.table(n).get(key))
            else:
                values.append(next((value for k, value in rows if k == key), None) if thorough else None)
        if len(self._series) > FEW:
            self._series.clear()
        self._series[key] = self._dropped, values
        return values
