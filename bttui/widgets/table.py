"""Maps as a table: counts, sums, averages, scalars, and anything that has no picture of its own."""

from operator import itemgetter

from textual import events, work

from bttui.model.difference import adder, amount
from bttui.model.frame import MapSnapshot
from bttui.model.types import Aggregation, Average, Count, Integer, Maximum, Minimum, Stats, Sum, Type
from bttui.render.clean import cell_width, fit
from bttui.render.columns import FEW, columns
from bttui.render.figures import grouped, quantity, spark
from bttui.render.histogram import bar
from bttui.render.ranking import Ranking
from bttui.widgets.actions import bindings
from bttui.widgets.cells import cell, key_parts
from bttui.widgets.pane import MapPane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BAR_FROM = 34  # a table narrower than this has no bars
RATE_FROM = 44  # and this no changes, unless it is sorted by them
SPARK_FROM = 56
SPARK, SPARK_SECONDS = 10, 120  # cells of a sparkline, and what it covers at most
MEASURED = 100  # rows by which the widths of the columns go
RATE = 9  # cells of a change per second


class TablePane(MapPane):
    scope = "table"
    BINDINGS = bindings("table")

    def __init__(self, *arguments: "Any", **options: "Any") -> None:
        super().__init__(*arguments, **options)
        self.sorted_by: int | None = None  # column; None: the first value column
        self.reversed = False
        self.order = Ranking((), ())
        self.sorting = False  # beside the thread that draws
        self.value_titles: list[str] = []

    @property
    def titles(self) -> "list[str]":
        """The last one is the change per second, where there is one."""
        return [*self.key_titles, *self.value_titles, *(["since A" if self.comparing else "/s"] if self.changing else [])]

    @property
    def changing(self) -> bool:
        """There is a frame before, and values that say how much was added."""
        return self.snapshot is not None and self.seconds > 0 and isinstance(self.snapshot.spec.value, ADDING) and not self.modest

    @property
    def key_titles(self) -> "list[str]":
        assert self.snapshot is not None
        if self.snapshot.spec.key is None:
            return []
        rows = self.snapshot.rows
        parts = len(key_parts(self.snapshot.spec.key, rows[0][0])) if rows else max(1, len(self.key_names))
        return (
            list(self.key_names) if len(self.key_names) == parts else ["key"] if parts == 1 else [f"key {n}" for n in range(1, parts + 1)]
        )

    def update_rows(self) -> None:
        assert self.snapshot is not None
        spec = self.snapshot.spec
        self.value_titles, self.adder = value_titles(spec.value), adder(spec.value)
        self.numeric = is_numeric(spec.value)
        first_value = len(self.key_titles)
        usual = len(self.titles) - 1 if self.comparing and self.changing else first_value
        self.column = usual if self.sorted_by is None else min(self.sorted_by, len(self.titles) - 1)
        if len(self.snapshot.rows) <= FEW or (self.column == first_value and isinstance(spec.value, PLAIN)):
            self.show_order(self.ranking(self.snapshot, self.before), self.largest(self.snapshot))
        elif not self.sorting:
            self.sort_beside()

    def sort_beside(self) -> None:
        """The order of a large map takes long to find out: until it is known the one before stays, and keys are answered."""
        assert self.snapshot is not None
        self.sorting = True
        self.find_order(self.snapshot, self.before, (self.column, self.reversed))

    @work(thread=True, group="sorting")
    def find_order(self, snapshot: MapSnapshot, before: dict, by: "tuple[int, bool]") -> None:
        order = self.ranking(snapshot, before)
        order.first(MEASURED)
        self.app.call_from_thread(self.order_found, snapshot, order, self.largest(snapshot), by)

    def order_found(self, snapshot: MapSnapshot, order: Ranking, most: int, by: "tuple[int, bool]") -> None:
        self.sorting = False
        if by == (self.column, self.reversed):
            self.show_order(order, most)
            if snapshot is self.snapshot:
                return
        self.update_rows()

    def show_order(self, order: Ranking, most: int) -> None:
        assert self.snapshot is not None
        self.order, self.most = order, most
        spec, count = self.snapshot.spec, len(order)
        self.remark = (
            (f"{grouped(count)} key{'s' * (count != 1)} of {grouped(spec.max_entries)}" if spec.key is not None else "")
            if count
            else "nothing yet"
        )
        self.spans = [span for span in columns(self.past.moments, SPARK, min(SPARK_SECONDS, self.held)) if span]
        self.measure()
        self.resize_rows(count + 1 if count else 0)

    @property
    def held(self) -> float:
        """Seconds of history."""
        moments = self.past.moments
        return (moments[-1] - moments[0]) / 1e9 if moments else 0.0

    def added(self, row: "tuple[object, object]", before: dict) -> int:
        """What was added to the row since the frame before, or since mark A."""
        assert self.snapshot is not None
        type_, earlier = self.snapshot.spec.value, before.get(row[0])
        if self.comparing:  # A may be later than what is shown: less is less then, and not what came after a clear
            return amount(type_, row[1]) - amount(type_, earlier)
        return self.adder(row[1], earlier)

    def ranking(self, snapshot: MapSnapshot, before: dict) -> Ranking:
        """The rows by the chosen column."""
        type_, rows = snapshot.spec.value, snapshot.rows
        column, first_value = self.column, len(self.key_titles)
        if len(rows) <= FEW:
            rows = sorted(rows, key=lambda row: str(row[0]))  # equal ones keep their places from frame to frame
        keys: "list[Any]"
        if column == first_value + len(self.value_titles):
            keys = [self.added(row, before) for row in rows]
        elif column == first_value and isinstance(type_, PLAIN):
            keys = list(map(itemgetter(1), rows))
        elif column >= first_value and self.numeric:
            keys = [numbers(type_, value)[column - first_value] for _, value in rows]
        elif column >= first_value:
            keys = [cell(type_, value) for _, value in rows]
        else:
            keys = [sort_part(key, column, first_value) for key, _ in rows]
        return Ranking(rows, keys, not self.ascending)

    def measure(self) -> None:
        """Column widths, from the first rows: a wide key far below must not squeeze what is on top."""
        assert self.snapshot is not None
        rows = [self.cells(row) for row in self.order.first(MEASURED)]
        titles = [*self.key_titles, *self.value_titles]
        self.widths = [max([cell_width(title) + 1, *(cell_width(row[n]) for row in rows)]) for n, title in enumerate(titles)]

    def largest(self, snapshot: MapSnapshot) -> int:
        """Of the first figures: the length of a full bar."""
        type_ = snapshot.spec.value
        if isinstance(type_, PLAIN):
            return max(map(itemgetter(1), snapshot.rows), default=0)
        return max([numbers(type_, value)[0] for _, value in snapshot.rows], default=0) if self.numeric else 0

    def cells(self, row: "tuple[object, object]") -> "list[str]":
        assert self.snapshot is not None
        spec = self.snapshot.spec
        if not self.numeric:
            return [*key_parts(spec.key, row[0]), cell(spec.value, row[1])]
        values = [
            quantity(n, self.unit) if self.unit and title != "count" else grouped(n)
            for n, title in zip(numbers(spec.value, row[1]), self.value_titles, strict=True)
        ]
        return [*key_parts(spec.key, row[0]), *values]

    def layout_widths(self, width: int) -> "list[int]":
        """Widths that fit; 0 is not shown. Key columns give way down to 8 cells, then the last values do that it is not sorted by."""
        widths = list(self.widths)
        keys = len(self.key_titles)
        width -= RATE * (self.column == len(widths))

        def lacking() -> int:
            least = [min(w, 8) if n < keys else w for n, w in enumerate(widths)]
            return sum(least) + 2 * sum(map(bool, widths)) + (0 in widths) - width

        kept = self.column if keys <= self.column < len(widths) else keys
        for n in reversed(range(keys, len(widths))):
            if lacking() > 0 and n != kept:
                widths[n] = 0
        while sum(widths) + 2 * sum(map(bool, widths)) + (0 in widths) > width and any(w > 8 for w in widths[:keys]):
            widths[max(range(keys), key=widths.__getitem__)] -= 1
        return widths

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        assert self.snapshot is not None
        widths = self.layout_widths(width)
        keys = len(self.key_titles)
        row = self.order[y - 1]
        titles = [title + self.arrow * (n == self.column) for n, title in enumerate(self.titles)]
        hidden = not all(widths)
        with_rate = self.changing and ((width >= RATE_FROM and not hidden) or self.column == len(widths))
        texts = self.cells(row) if y else titles[: len(widths)]
        parts: list[tuple[str, str]] = []
        for n, text in enumerate(texts):
            if not widths[n]:
                continue
            padding = " " * (widths[n] - cell_width(text)) if n >= keys and self.numeric else ""
            role = ("key" if n < keys else "value") if y else "mark" if n == self.column else "head"
            parts.append((f" {fit(padding + text, widths[n])} ", role))
        room = width - sum(widths) - 2 * sum(map(bool, widths)) - 2 - RATE * with_rate - hidden
        if hidden and room >= -2:  # there are more columns
            parts.append((" " if y else "…", "head"))
        with_spark = len(self.spans) > 1 and not self.modest and width >= SPARK_FROM and room >= SPARK + 8
        room -= (SPARK + 2) * with_spark
        bars = bool(keys and self.most > 0 and isinstance(self.snapshot.spec.value, Aggregation) and width >= BAR_FROM and room >= 6)
        if bars:
            first = numbers(self.snapshot.spec.value, row[1])[0] if y else 0
            parts.append((" " + fit(bar(max(0, first), self.most, room), room), "bar"))
        elif with_spark or with_rate:
            parts.append((" " * max(0, min(room, 2)), "text"))
        if with_spark:
            shown = f"{self.trend(row[0]):>{SPARK}}" if y else f"{f'last {self.held:.0f} s':>{SPARK}}"[:SPARK]
            parts.append((f" {shown} ", "line" if y else "head"))
        if with_rate:
            told = self.change(self.added(row, self.before)) if y else titles[-1]
            parts.append((f"{told:>{RATE - 1}} ", "note" if y else "mark" if self.column == len(widths) else "head"))
        return parts

    def trend(self, key: object) -> str:
        """A sparkline: what was added in each stretch of time; of values that do not add up, what they were."""
        assert self.snapshot is not None
        type_ = self.snapshot.spec.value
        series = self.past.series(key)
        if isinstance(type_, ADDING):
            values = [(series[s.last], series[s.first - 1], s.end - s.start) for s in self.spans]
            return spark([None if new is None else self.adder(new, old) / seconds for new, old, seconds in values])
        return spark([None if series[s.last] is None else numbers(type_, series[s.last])[0] for s in self.spans]) if self.numeric else ""

    @property
    def arrow(self) -> str:
        return "▴" if self.ascending else "▾"

    @property
    def ascending(self) -> bool:
        largest_first = self.numeric and self.column >= len(self.key_titles)
        return self.reversed if largest_first else not self.reversed

    def action_sort(self) -> None:
        if self.snapshot is not None and self.order:
            self.sorted_by = (self.column + 1) % len(self.titles)
            self.reversed = False
            self.update_rows()

    def action_reverse(self) -> None:
        if self.snapshot is not None and self.order:
            self.reversed = not self.reversed
            self.update_rows()

    def on_click(self, event: events.Click) -> None:
        """A click on a title sorts by it; another one turns the order around."""
        if event.y - self.gutter.top + self.scroll_offset.y != 0 or not self.order:
            return
        at = self.gutter.left
        for column, width in enumerate(self.layout_widths(self.size.width)):
            at += width + 2 * bool(width)
            if width and event.x < at:
                self.reversed = not self.reversed if column == self.column else False
                self.sorted_by = column
                self.update_rows()
                return


def value_titles(type_: "Type | None") -> "list[str]":
    for kind, titles in TITLES:
        if isinstance(type_, kind):
            return titles
    return ["value"]


TITLES: "tuple[tuple[type, list[str]], ...]" = (
    (Count, ["count"]),
    (Sum, ["sum"]),
    (Average, ["average", "count", "total"]),
    (Stats, ["count", "average", "total"]),
    (Minimum, ["min"]),
    (Maximum, ["max"]),
)


PLAIN = (Count, Sum, Minimum, Maximum, Integer)  # values that are one number
ADDING = (Count, Sum, Average, Stats, Integer)  # values whose change says how much happened


def is_numeric(type_: "Type | None") -> bool:
    return isinstance(type_, (*PLAIN, Average, Stats))


def numbers(type_: "Type | None", value: "Any") -> "list[int]":
    """The value's figures, one a column."""
    if isinstance(type_, (Average, Stats)):
        total, count = value
        average = int(total / count) if abs(total) < 1 << 53 and count else total // count if count else 0
        return [average, count, total] if isinstance(type_, Average) else [count, average, total]
    return [value]


def sort_part(key: object, column: int, columns: int) -> "tuple[int, object]":
    """Something to compare keys by: numbers before texts, and both in their own order."""
    part = key[column] if isinstance(key, tuple) and columns > 1 else key
    return (0, part) if isinstance(part, (int, float)) else (1, str(part))
