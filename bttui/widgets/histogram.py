"""hist() and lhist(): a bar a bucket. Keyed maps show one key at a time."""

from textual import events

from bttui.render.histogram import Bucket, bar, buckets, total
from bttui.widgets.actions import bindings
from bttui.widgets.cells import key_text
from bttui.widgets.figures import grouped
from bttui.widgets.pane import MapPane


class HistogramPane(MapPane):
    scope = "histogram"
    kind = "hist"
    BINDINGS = bindings("histogram")

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.key: object = None  # the one on show
        self.keys: list = []  # all, most counted first
        self.buckets: list[Bucket] = []

    def update_rows(self) -> None:
        assert self.snapshot is not None
        spec = self.snapshot.spec
        rows = dict(self.snapshot.rows)
        self.keys = sorted(rows, key=lambda key: (-total(rows[key]), key_text(spec.key, key)))
        if self.key not in rows:
            self.key = self.keys[0] if self.keys else None
        counts = rows.get(self.key, {})
        self.buckets = buckets(spec.value, counts)  # type: ignore[arg-type]
        self.remark = f"n {grouped(total(counts))}" if counts else "nothing yet"
        self.resize_rows(len(self.buckets) + self.heading)

    @property
    def heading(self) -> int:
        """Rows above the bars."""
        return 1 if self.snapshot is not None and self.snapshot.spec.key is not None and self.keys else 0

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        if y < self.heading:
            return self.key_line(width)
        label, count = self.buckets[y - self.heading].label, self.buckets[y - self.heading].count
        label_width = max(len(bucket.label) for bucket in self.buckets)
        most = max(bucket.count for bucket in self.buckets)
        figure_width = len(grouped(most))
        room = max(1, width - label_width - figure_width - 6)
        return [
            (f" {label:>{label_width}} ", "label"),
            (f" {grouped(count):>{figure_width}} ", "value" if count else "dim"),
            ("▏", "dim"),
            (bar(count, most, room), "bar"),
        ]

    def key_line(self, width: int) -> "list[tuple[str, str]]":
        assert self.snapshot is not None
        at = self.keys.index(self.key)
        names = [key_text(self.snapshot.spec.key, key) for key in self.keys]
        place = f" {at + 1} of {len(names)}  , ."
        parts = [(f" ‹{names[at]}›", "mark")]
        room = width - len(names[at]) - 4 - len(place)
        for name in names[at + 1 :]:
            if len(name) + 2 > room:
                break
            parts.append((f"  {name}", "dim"))
            room -= len(name) + 2
        if len(names) > 1:
            parts.append((" " * max(1, room) + place, "dim"))
        return parts

    def check_action(self, action: str, parameters: tuple) -> "bool | None":
        """Without several keys there is nothing to turn to."""
        return len(self.keys) > 1 if action in ("next_key", "previous_key") else True

    def turn(self, step: int) -> None:
        if self.keys:
            self.key = self.keys[(self.keys.index(self.key) + step) % len(self.keys)]
            self.update_rows()

    def action_next_key(self) -> None:
        self.turn(1)

    def action_previous_key(self) -> None:
        self.turn(-1)

    def on_click(self, event: events.Click) -> None:
        if self.heading and event.get_content_offset(self) is not None and event.y + self.scroll_offset.y == self.gutter.top:
            self.turn(1)
