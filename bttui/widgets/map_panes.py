"""The panes of a program's maps: which kind each gets, and where it stands."""

from math import ceil, lcm

from textual.containers import Container

from bttui.compiler.map_uses import is_scratch, key_names
from bttui.model.frame import MapSnapshot
from bttui.model.timeline import Timeline
from bttui.model.types import Average, Count, Histogram, LinearHistogram, Maximum, Minimum, Stats, Sum, TimeSeries
from bttui.render.stacks import has_stack
from bttui.widgets.chart import NumberPane, SeriesPane
from bttui.widgets.histogram import HistogramPane
from bttui.widgets.pane import MapPane
from bttui.widgets.stacks import StacksPane
from bttui.widgets.table import TablePane, is_numeric

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TWO_COLUMNS = 84  # cells from which two panes stand side by side
CROWDED_COLUMNS = 68  # the same, where one column would be too crowded
NARROW_COLUMNS = 24  # cells that a narrow pane should have
SMALL = 9  # lines that a pane should have
LEAST = 4  # lines that a pane has in any case
KINDS = {Count: "count", Sum: "sum", Average: "avg", Stats: "stats", Minimum: "min", Maximum: "max", TimeSeries: "tseries"}


def make_pane(snapshot: MapSnapshot, text: str) -> MapPane:
    """The pane that suits the map's type. ``text`` is the program, for the words in its keys."""
    spec = snapshot.spec
    names = key_names(text, spec.name)
    if has_stack(spec.key):
        return StacksPane(spec.name, names)
    if isinstance(spec.value, (Histogram, LinearHistogram)):
        return HistogramPane(spec.name, names, "lhist" if isinstance(spec.value, LinearHistogram) else "hist")
    kind = KINDS.get(type(spec.value), "")
    if isinstance(spec.value, TimeSeries):
        return SeriesPane(spec.name, names, kind)
    if spec.key is None and is_numeric(spec.value):
        return NumberPane(spec.name, names, kind)
    return TablePane(spec.name, names, kind)


class MapPanes(Container):
    """Lays the panes out in one or two columns: in the order of the maps' first use, those for scratch paper last.

    Several scalars stand on top, as many side by side as there is room for.
    """

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.text = ""
        self.placed: tuple[list[int], list[int], list[MapPane]] = ([], [], [])

    @property
    def panes(self) -> "list[MapPane]":
        """In the order of their numbers; on the screen, those that are minimised come last."""
        return sorted(self.query_children(MapPane), key=lambda pane: pane.place)

    async def start(self, text: str) -> None:
        """A new run: no panes yet."""
        self.text = text
        self.placed = ([], [], [])
        await self.remove_children()

    async def show(self, timeline: Timeline) -> bool:
        """Give each pane its view of the moment that the timeline is at. True when there are new panes."""
        frame = timeline.frame
        assert frame is not None
        panes = {pane.map_name: pane for pane in self.panes}
        fresh = [snapshot for name, snapshot in frame.maps.items() if name not in panes]
        new = [make_pane(snapshot, self.text) for snapshot in fresh]
        for pane in new:
            pane.modest = is_scratch(self.text, pane.map_name)
        new = in_order(sorted(new, key=lambda pane: pane.modest))
        if new:
            for place, pane in enumerate(new, len(panes)):
                pane.place = place
            await self.mount_all(new)
            panes.update((pane.map_name, pane) for pane in new)
        for name in frame.maps:
            view = timeline.view(name)
            if view is not None:
                panes[name].show(view)
        self.lay_out()
        return bool(new)

    def lay_out(self) -> None:
        panes = self.panes
        if not panes:
            return
        small: list[MapPane] = []
        if self.screen.has_class("-one"):
            rows, heights = [[pane] for pane in panes], [self.size.height]
        else:
            small = [pane for pane in panes if pane.minimised]
            full = [pane for pane in panes if not pane.minimised]
            columns, rows = place(full, self.size.width, self.size.height) if full else (2, [])
            order = [*(pane for row in rows for pane in row), *small]
            if order != list(self.children):  # it lays the whole screen out anew
                self.sort_children(key=order.index)  # type: ignore[arg-type]
            below = [small[n : n + columns] for n in range(0, len(small), columns)]
            heights = share([max(pane.need for pane in row) for row in rows], self.size.height - len(below)) if rows else []
            heights = shifted(heights, [max((pane.more for pane in row), key=abs) for row in rows]) + [1] * len(below)
            rows += below
        if (lengths := [len(row) for row in rows], heights, small) != self.placed:
            self.placed = lengths, heights, small
            self.styles.grid_size_columns = lcm(*lengths)
            self.styles.grid_rows = " ".join(map(str, heights))
            for row in rows:
                for pane in row:
                    pane.styles.column_span = lcm(*lengths) // len(row)

    def on_resize(self) -> None:
        self.lay_out()


def strip(panes: "list[MapPane]") -> "list[MapPane]":
    """Those that stand on top, side by side in rows of their own: the scalars, where they are several."""
    narrow = [pane for pane in panes if pane.narrow and not pane.modest]
    return narrow if len(narrow) > 1 else []


def in_order(panes: "list[MapPane]") -> "list[MapPane]":
    """The strip first. A pane that would stand beside nothing, because a wide one follows, gets the next one that is not wide."""
    top = strip(panes)
    ordered: list[MapPane] = []
    waiting: list[MapPane] = []
    for pane in panes:
        if pane in top:
            continue
        if pane.wide and sum(not p.wide for p in ordered) % 2:
            waiting.append(pane)
            continue
        ordered.append(pane)
        if not pane.wide:
            ordered += waiting
            waiting = []
    return top + ordered + waiting


def place(panes: "list[MapPane]", width: int, height: int) -> "tuple[int, list[list[MapPane]]]":
    """The number of columns, and the panes of each row, in order. Stacks take a row for themselves."""
    crowded = len(panes) * SMALL > height
    columns = 2 if len(panes) > 1 and width >= (CROWDED_COLUMNS if crowded else TWO_COLUMNS) else 1
    top = strip(panes)
    each = ceil(len(top) / ceil(len(top) / max(columns, width // NARROW_COLUMNS))) if top else 1
    rows = [top[n : n + each] for n in range(0, len(top), each)]
    open_ = False  # whether the last row has room for one more
    for pane in panes:
        if pane in top:
            continue
        if open_ and not pane.wide:
            rows[-1].append(pane)
        else:
            rows.append([pane])
        open_ = not pane.wide and len(rows[-1]) < columns
    return columns, rows


def share(needs: "list[int]", height: int) -> "list[int]":
    """Heights of rows that want ``needs`` cells: who wants little gets it, the others share what is left evenly."""
    heights = [0] * len(needs)
    left = height
    for done, n in enumerate(sorted(range(len(needs)), key=lambda n: needs[n])):
        heights[n] = max(LEAST, min(needs[n], left // (len(needs) - done)))
        left = max(0, left - heights[n])
    for n in range(len(needs)):
        heights[n] += left // len(needs) + (n < left % len(needs))
    return heights


def shifted(heights: "list[int]", more: "list[int]") -> "list[int]":
    """The heights with so many lines more, or less, for each row; the rows below it, else those above, give them."""
    heights = list(heights)
    for n, lines in enumerate(more):
        if len(heights) == 1:
            break
        givers = [*range(n + 1, len(heights)), *reversed(range(n))]
        if lines < 0:
            lines = -min(-lines, max(0, heights[n] - LEAST))
            heights[givers[0]] -= lines
            heights[n] += lines
        for giver in givers if lines > 0 else ():
            given = max(0, min(lines, heights[giver] - LEAST))
            heights[giver] -= given
            heights[n] += given
            lines -= given
    return heights
