"""Maps as a table: counts, sums, averages, scalars, and anything that has no picture of its own."""

from textual import events

from bttui.model.types import Aggregation, Average, Count, Integer, Maximum, Minimum, Stats, Sum, Type
from bttui.render.clean import cell_width, fit
from bttui.render.figures import grouped
from bttui.render.histogram import bar
from bttui.widgets.actions import bindings
from bttui.widgets.cells import cell, key_parts
from bttui.widgets.pane import MapPane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BAR_FROM = 34  # a table narrower than this has no bars


class TablePane(MapPane):
    scope = "table"
    BINDINGS = bindings("table")

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.sorted_by: int | None = None  # column; None: the first value column
        self.reversed = False
        self.order: list[tuple[object, object]] = []
        self.value_titles: list[str] = []

    @property
    def titles(self) -> "list[str]":
        return [*self.key_titles, *self.value_titles]

    @property
    def key_titles(self) -> "list[str]":
        assert self.snapshot is not None
        if self.snapshot.spec.key is None:
            return []
        parts = len(key_parts(self.snapshot.spec.key, self.order[0][0])) if self.order else max(1, len(self.key_names))
        return (
            list(self.key_names) if len(self.key_names) == parts else ["key"] if parts == 1 else [f"key {n}" for n in range(1, parts + 1)]
        )

    def update_rows(self) -> None:
        assert self.snapshot is not None
        spec = self.snapshot.spec
        self.value_titles = value_titles(spec.value)
        self.order = list(self.snapshot.rows)
        self.numeric = is_numeric(spec.value)
        self.sort_rows()
        keyed = spec.key is not None
        count = len(self.order)
        self.remark = (
            (f"{grouped(count)} key{'s' * (count != 1)} of {grouped(spec.max_entries)}" if keyed else "") if count else "nothing yet"
        )
        self.measure()
        self.resize_rows(count + 1 if count else 0)

    def sort_rows(self) -> None:
        assert self.snapshot is not None
        spec = self.snapshot.spec
        first_value = len(self.key_titles)
        column = first_value if self.sorted_by is None else min(self.sorted_by, len(self.titles) - 1)
        self.column = column
        if column >= first_value and self.numeric:
            part = column - first_value
            self.order.sort(key=lambda row: str(row[0]))
            self.order.sort(key=lambda row: numbers(spec.value, row[1])[part], reverse=not self.reversed)
        elif column >= first_value:
            self.order.sort(key=lambda row: cell(spec.value, row[1]), reverse=self.reversed)
        else:
            self.order.sort(key=lambda row: sort_part(row[0], column, first_value), reverse=self.reversed)

    def measure(self) -> None:
        """Column widths, from the first rows: a wide key far below must not squeeze what is on top."""
        rows = [self.cells(row) for row in self.order[:200]]
        self.widths = [max([cell_width(title) + 1, *(cell_width(row[n]) for row in rows)]) for n, title in enumerate(self.titles)]
        assert self.snapshot is not None
        values = [numbers(self.snapshot.spec.value, value)[0] for _, value in self.order] if self.numeric else []
        self.most = max(values, default=0)

    def cells(self, row: "tuple[object, object]") -> "list[str]":
        assert self.snapshot is not None
        spec = self.snapshot.spec
        values = [f"{n:,}" for n in numbers(spec.value, row[1])] if self.numeric else [cell(spec.value, row[1])]
        return [*key_parts(spec.key, row[0]), *values]

    def layout_widths(self, width: int) -> "list[int]":
        """Widths that fit: key columns give way first, down to 8 cells."""
        widths = list(self.widths)
        keys = len(self.key_titles)
        while sum(widths) + 2 * len(widths) > width and any(w > 8 for w in widths[:keys]):
            widest = max(range(keys), key=lambda n: widths[n])
            widths[widest] -= 1
        return widths

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        assert self.snapshot is not None
        widths = self.layout_widths(width)
        keys = len(self.key_titles)
        row = self.order[y - 1]
        texts = self.cells(row) if y else [title + self.arrow * (n == self.column) for n, title in enumerate(self.titles)]
        parts: list[tuple[str, str]] = []
        for n, text in enumerate(texts):
            padding = " " * (widths[n] - cell_width(text)) if n >= keys and self.numeric else ""
            role = ("key" if n < keys else "value") if y else "mark" if n == self.column else "head"
            parts.append((f" {fit(padding + text, widths[n])} ", role))
        room = width - sum(widths) - 2 * len(widths) - 2
        if y and keys and self.most > 0 and isinstance(self.snapshot.spec.value, Aggregation) and width >= BAR_FROM and room >= 6:
            first = numbers(self.snapshot.spec.value, row[1])[0]
            parts.append((" " + bar(max(0, first), self.most, room), "bar"))
        return parts

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
            at += width + 2
            if event.x < at:
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


def is_numeric(type_: "Type | None") -> bool:
    return isinstance(type_, (Count, Sum, Average, Stats, Minimum, Maximum, Integer))


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
