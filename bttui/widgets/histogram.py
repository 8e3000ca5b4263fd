"""hist() and lhist(): bars, a heat map over time, shares summed up, or a table. Keyed maps show one key at a time."""

from textual import events

from bttui.render.columns import SECOND, ago, axis, columns, difference
from bttui.render.figures import clock, grouped, short
from bttui.render.heat import HeatMap, heat_lines, heat_map, legend
from bttui.render.histogram import Bucket, bar, buckets, label, summary, total
from bttui.widgets.actions import bindings
from bttui.widgets.cells import key_text
from bttui.widgets.one_key import OneKeyPane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RATE_FROM = 44  # cells from which bars have their rates beside them
SPANS = (10, 30, 60, 120, 180, 240, 300)  # seconds of a heat map that grows: cells are merged anew at each
BELOW_HEAT = 3  # ticks, times, what the cursor is on


class HistogramPane(OneKeyPane):
    scope = "histogram"
    kind = "hist"
    pictures = ("bars", "heat map", "cumulative", "table")
    BINDINGS = bindings("histogram")

    def __init__(self, *arguments: "Any", **options: "Any") -> None:
        super().__init__(*arguments, **options)
        self.buckets: list[Bucket] = []
        self.changes: dict[int | None, int] = {}  # by the lower bound of the bucket, since the frame before
        self.heat: HeatMap | None = None
        self.column: int | None = None  # under the cursor of the heat map, counted from the right; None: no cursor yet
        self.bucket: int | None = None

    def update_rows(self) -> None:
        assert self.snapshot is not None
        spec = self.snapshot.spec
        rows = dict(self.snapshot.rows)
        self.choose(sorted(rows, key=lambda key: (-total(rows[key]), key_text(spec.key, key))))
        counts = rows.get(self.key, {})
        if self.comparing:
            counts = {**dict.fromkeys(self.before.get(self.key, {}), 0), **counts}
        self.buckets = buckets(spec.value, counts)  # type: ignore[arg-type]
        self.labels = [label(bucket, self.unit) for bucket in self.buckets]
        self.label_width = max(map(len, self.labels), default=0)
        self.most = max(counts.values(), default=0)
        lowest = min(counts, default=0)
        before = self.before.get(self.key, {}) if self.seconds else counts
        change = {n: count - before.get(n, 0) for n, count in counts.items()} if self.comparing else difference(counts, before)
        self.most = max([self.most, *before.values()]) if self.comparing else self.most
        self.changes = {row.low: change.get(lowest + n, 0) for n, row in enumerate(self.buckets)}
        self.remark = self.tell(total(counts), sum(change.values())) if counts else "nothing yet"
        self.heat = None
        if self.picture == "heat map":
            self.make_heat()
            self.resize_rows(max(1, self.size.height))
        else:
            self.resize_rows(len(self.buckets) + self.heading + (self.picture == "table" and bool(self.buckets)))

    def tell(self, count: int, change: int) -> str:
        """As much as fits: the number, its rate, percentiles as ranges where the bucket is all that is known."""
        room = self.size.width - 4 or 80
        figures = {"n": f"n {grouped(count) if room > 60 else short(count)}", "rate": self.change(change)}
        figures |= {name: f"{name} {text}" for name, text in summary(self.buckets, self.unit)}
        chosen: set[str] = set()
        for name in ("n", "p99", "p50", "rate", "max", "p90"):
            if figures[name] and sum(len(figures[n]) + 3 for n in chosen | {name}) - 3 <= room:
                chosen.add(name)
        return " · ".join(text for name, text in figures.items() if name in chosen)

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.update_rows()

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        if y < self.heading:
            return self.key_line(width)
        y -= self.heading
        if self.picture == "heat map":
            return self.heat_line(y)
        if self.picture == "cumulative":
            return self.cumulative_line(y, width)
        return self.table_line(y, width) if self.picture == "table" else self.bar_line(y, width)

    # Bars

    def bar_line(self, y: int, width: int) -> "list[tuple[str, str]]":
        row = self.buckets[y]
        labels, label_width = self.labels, self.label_width
        most = self.most
        figure_width = len(grouped(most))
        told = self.change(self.changes.get(row.low, 0))
        rate_width = 9 if width >= RATE_FROM and self.seconds else 0
        room = max(1, width - label_width - figure_width - 6 - rate_width)
        return [
            (f" {labels[y]:>{label_width}} ", "label"),
            (f" {grouped(row.count):>{figure_width}} ", "value" if row.count else "dim"),
            ("▏", "dim"),
            *self.bar_parts(row, room),
            (f" {told:>{rate_width - 1}}" if rate_width else "", "note"),
        ]

    def bar_parts(self, row: Bucket, room: int) -> "list[tuple[str, str]]":
        """The bar; of two moments what both have, then what came (▓) or is missing (░) since mark A."""
        text = bar(row.count, self.most, room)
        if not self.comparing:
            return [(text.ljust(room), "bar")]
        now, then = len(text), len(bar(row.count - self.changes.get(row.low, 0), self.most, room))
        parts = [("█" * min(now, then), "bar"), ("▓" * (now - then), "mark"), ("░" * (then - now), "dim")]
        return [*parts, (" " * (room - max(now, then)), "text")]

    def cumulative_line(self, y: int, width: int) -> "list[tuple[str, str]]":
        """The share of values up to and with this bucket."""
        labels, label_width = self.labels, self.label_width
        whole = sum(bucket.count for bucket in self.buckets)
        below = sum(bucket.count for bucket in self.buckets[: y + 1])
        room = max(1, width - label_width - 13)
        return [
            (f" {labels[y]:>{label_width}} ", "label"),
            (f" {100 * below / whole:>6.2f}% ", "value"),
            ("▏", "dim"),
            (bar(below, whole, room), "bar"),
        ]

    def table_line(self, y: int, width: int) -> "list[tuple[str, str]]":
        titles = ("bucket", "count", "share", "up to", "since A" if self.comparing else "change/s")
        if y == 0:
            cells = list(titles)
        else:
            row = self.buckets[y - 1]
            whole = sum(bucket.count for bucket in self.buckets)
            below = sum(bucket.count for bucket in self.buckets[:y])
            change = self.change(self.changes.get(row.low, 0))
            cells = [label(row, self.unit), grouped(row.count), f"{100 * row.count / whole:.2f}%", f"{100 * below / whole:.2f}%", change]
        widths = (max(6, self.label_width), max(5, len(grouped(self.most))), 7, 7, 9)
        parts = [
            (f" {cell:>{size}} ", "head" if y == 0 else "label" if n == 0 else "value" if n == 1 else "text")
            for n, (cell, size) in enumerate(zip(cells, widths, strict=True))
        ]
        while len(parts) > 2 and sum(len(text) for text, _ in parts) > width:
            parts.pop()
        return parts

    # Heat map

    def make_heat(self) -> None:
        assert self.snapshot is not None
        type_ = self.snapshot.spec.value
        counts = [value or {} for value in self.past.series(self.key, thorough=True)]
        margin = max((len(row.label) for row in buckets(type_, dict(self.snapshot.rows).get(self.key, {}))), default=0)  # type: ignore[arg-type]
        spans = columns(self.past.moments, max(1, self.columns - margin - 4), self.span)
        self.heat = heat_map(type_, spans, counts)  # type: ignore[arg-type]
        if self.unit:
            self.heat = self.heat.replace(rows=[row.replace(label=label(row, self.unit)) for row in self.heat.rows])
        room = max(1, self.size.height - self.heading - BELOW_HEAT)
        at = None if self.column is None or not spans else (self.at_column(spans), self.bucket if self.bucket is not None else -1)
        self.heat_rows = heat_lines(self.heat, room, halves=self.has_colours, cursor=at)
        self.shades = legend(self.heat, room, halves=self.has_colours) if self.heat.rows else []

    @property
    def span(self) -> float:
        """Seconds that the heat map covers: no more than what there is needs."""
        held = (self.past.moments[-1] - self.past.moments[0]) / SECOND
        return next((span for span in SPANS if span >= held), held)

    @property
    def has_colours(self) -> bool:
        """Whether shades can be told apart by colour alone, which half blocks need."""
        return self.app.console.color_system in ("256", "truecolor") and not self.app.no_color

    def at_column(self, spans: list) -> int:
        assert self.column is not None
        return max(0, len(spans) - 1 - self.column)

    def heat_line(self, y: int) -> "list[tuple[str, str]]":
        heat = self.heat
        if heat is None or not heat.rows:
            return [(" the heat map begins with the second frame", "dim")] if y == 0 else []
        margin = max(len(row.label) for row in heat.rows) + 2
        if y < len(self.heat_rows):
            return self.heat_rows[y]
        y -= len(self.heat_rows)
        now = self.past.moments[-1]
        if y in (0, 1):
            ticks = axis([c.end if c else None for c in heat.columns], ago(now), now)
            at = self.at_column(heat.columns) if self.column is not None else None
            text = ticks[y]
            if y == 0 and at is not None:
                return [(" " * margin + "└", "dim"), (text[:at], "dim"), ("▲", "mark"), (text[at + 1 :], "dim")]
            return [(" " * margin + ("└" if y == 0 else " ") + text, "dim" if y == 0 else "label")]
        return self.heat_figures() if y == 2 else []

    def heat_figures(self) -> "list[tuple[str, str]]":
        """What the column under the cursor says; without a cursor, what a column is."""
        heat = self.heat
        assert heat is not None
        now = self.past.moments[-1]
        if self.column is None:
            span = next((c for c in reversed(heat.columns) if c), None)
            each = f"{(span.end - span.start) / SECOND:.2g} s a column" if span else ""
            return [(f" last {clock(self.span)} (+ -) · {each} · ", "note"), *self.shades, ("· ← → ↑ ↓ look closer", "note")]
        at = self.at_column(heat.columns)
        column, counts = heat.columns[at], heat.counts[at]
        if column is None:
            return [(" no frame came in this column", "note")]
        whole = sum(counts.values())
        parts = [ago(now)(column.end)]
        if self.bucket is not None and whole:
            count = counts.get(self.bucket, 0)
            parts.append(f"{heat.rows[self.bucket - heat.lowest].label} {grouped(count)} {100 * count / whole:.1f}%")
        parts.append(f"n {grouped(whole)}")
        type_ = self.snapshot.spec.value  # type: ignore[union-attr]
        parts += [f"{name} {text}" for name, text in summary(buckets(type_, counts), self.unit)]  # type: ignore[arg-type]
        while len(parts) > 2 and sum(map(len, parts)) + 2 * len(parts) > self.columns:
            parts.pop()
        return [(" " + "  ".join(parts), "note")]

    def look_closer(self, columns_: int, rows: int) -> None:
        heat = self.heat
        if heat is None or not heat.rows:
            return
        if self.column is None:
            self.column = 0
            newest = heat.counts[-1]
            self.bucket = max(newest, key=newest.__getitem__) if newest else heat.lowest
        else:
            self.column = max(0, min(len(heat.columns) - 1, self.column - columns_))
            assert self.bucket is not None
            self.bucket = max(heat.lowest, min(heat.lowest + len(heat.rows) - 1, self.bucket + rows))
        self.update_rows()

    def action_column_left(self) -> None:
        self.look_closer(-1, 0)

    def action_column_right(self) -> None:
        self.look_closer(1, 0)

    def action_bucket_up(self) -> None:
        self.look_closer(0, 1)

    def action_bucket_down(self) -> None:
        self.look_closer(0, -1)

    def check_action(self, action: str, parameters: tuple) -> "bool | None":
        """The arrows belong to the heat map."""
        if action in ("column_left", "column_right", "bucket_up", "bucket_down"):
            return self.picture == "heat map"
        return super().check_action(action, parameters)

    def turn(self, step: int) -> None:
        self.column = self.bucket = None
        super().turn(step)

    def on_click(self, event: events.Click) -> None:
        if self.heading and event.get_content_offset(self) is not None and event.y + self.scroll_offset.y == self.gutter.top:
            self.turn(1)
