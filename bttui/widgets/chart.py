"""One number that changes: large, with its trend, or as a line over time; time series as lines, one key at a time."""

from time import localtime, strftime

from bttui.model.difference import adder
from bttui.model.types import Aggregation, Average, Stats, TimeSeries
from bttui.render.chart import chart
from bttui.render.clean import fit
from bttui.render.columns import SECOND, ago, axis
from bttui.render.digits import big
from bttui.render.figures import grouped, quantity, rate, spark
from bttui.widgets.actions import bindings
from bttui.widgets.cells import key_text
from bttui.widgets.one_key import OneKeyPane
from bttui.widgets.pane import MapPane
from bttui.widgets.table import ADDING, numbers, value_titles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TREND = 40  # frames of the trend beside a number


class NumberPane(MapPane):
    """A scalar: its value in large digits, or its course."""

    scope = "number"
    narrow = True
    pictures = ("number", "line")
    BINDINGS = bindings("number")
    drawing: "list[list[tuple[str, str]]]" = []

    def update_rows(self) -> None:
        assert self.snapshot is not None
        if self.snapshot.rows:
            self.remark = self.tell()
            self.drawing = self.number_lines() if self.picture == "number" else self.line_lines()
        else:
            self.remark, self.drawing = "nothing yet", []
        self.resize_rows(len(self.drawing))

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.update_rows()

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        return self.drawing[y]

    def write(self, number: float) -> str:
        return quantity(number, self.unit) if self.unit else grouped(round(number))

    @property
    def value(self) -> int:
        """The number that matters: of averages and statistics the average."""
        assert self.snapshot is not None
        return self.figure(self.snapshot.rows[0][1])

    def figure(self, value: object) -> int:
        assert self.snapshot is not None
        type_ = self.snapshot.spec.value
        titles = value_titles(type_)
        return numbers(type_, value)[titles.index("average") if "average" in titles else 0]

    def tell(self) -> str:
        assert self.snapshot is not None
        type_, value = self.snapshot.spec.value, self.snapshot.rows[0][1]
        told = []
        if isinstance(type_, (Average, Stats)):
            told = [
                f"{title} {grouped(n)}" for title, n in zip(value_titles(type_), numbers(type_, value), strict=True) if title != "average"
            ]
        if isinstance(type_, ADDING) and self.seconds:
            told.append(rate(adder(type_)(value, self.before.get(None)), self.seconds))
        return " · ".join(filter(None, told))

    def number_lines(self) -> "list[list[tuple[str, str]]]":
        text = self.write(self.value)
        lines = big(text)
        trend = spark(self.course()[-TREND:])
        if len(lines[0]) + 2 > self.columns:
            return [[(f" {fit(text, max(1, self.columns - 2))}", "value")], [(f" {trend[-max(1, self.columns - 2) :]}", "line")]]
        room = max(0, self.columns - len(lines[0]) - 5)
        parts = [[(f"  {line}", "value")] for line in lines]
        if room >= 8:
            parts[2].append((f"  {trend[-room:]}", "line"))
        return parts

    def course(self) -> "list[float | None]":
        """What was added from frame to frame, where that is what counts; else the values."""
        assert self.snapshot is not None
        series = self.past.series(None)
        type_ = self.snapshot.spec.value
        if not isinstance(type_, Aggregation) or not isinstance(type_, ADDING) or isinstance(type_, (Average, Stats)):
            return [None if value is None else self.figure(value) for value in series]
        moments, added = self.past.moments, adder(type_)
        return [
            added(series[n], series[n - 1]) * SECOND / (moments[n] - moments[n - 1]) if series[n] is not None else None
            for n in range(1, len(series))
        ]

    def line_lines(self) -> "list[list[tuple[str, str]]]":
        assert self.snapshot is not None
        moments = self.past.moments
        now = moments[-1] if moments else 0
        per_second = isinstance(self.snapshot.spec.value, Aggregation) and isinstance(self.snapshot.spec.value, ADDING)
        unit = "/s" if per_second and not isinstance(self.snapshot.spec.value, (Average, Stats)) else ""
        return self.draw(self.course(), moments, ago(now), now, unit)

    def draw(
        self, values: "list[float | None]", times: "list[int]", label: "Callable[[int], str]", origin: int = 0, suffix: str = ""
    ) -> "list[list[tuple[str, str]]]":
        """A line for the values, whose newest was at the last of ``times``."""
        below = 2 if self.size.height - self.heading > 4 else 0  # the axis, where the line has room beside it
        height = max(2, self.size.height - below - self.heading)
        stretched = max(1, (self.columns - 10) // max(1, len(values))) if len(values) < 12 else 1
        values = [value for value in values for _ in range(stretched)]
        drawing = chart(values, max(8, self.columns - 1), height, self.unit, suffix)
        if not drawing.lines:
            return [[(" the line begins with the second frame", "dim")]]
        margin, room = len(drawing.lines[0][0]), len(drawing.lines[0][1])
        each = -(-len(values) // room)
        marks: "list[int | None]" = [None] * room
        used = -(-len(values) // each)
        times = [at for at in times[-(len(values) // stretched) :] for _ in range(stretched)]
        for at in range(used):
            marks[room - used + at] = times[min(at * each, len(times) - 1)]
        ticks, texts = axis(marks, label, origin)
        lines = [[(f" {name}", "label"), (plot, "line")] for name, plot in drawing.lines]
        return [*lines, *[[(" " * margin + "└" + ticks, "dim")], [(" " * (margin + 1) + texts, "label")]][:below]]

    @property
    def heading(self) -> int:
        """Lines above the picture."""
        return 0


class SeriesPane(OneKeyPane, NumberPane):
    """tseries(): the line of one key."""

    scope = "series"
    kind = "tseries"
    narrow = False
    pictures = ("line", "table")
    BINDINGS = bindings("series")

    def update_rows(self) -> None:
        assert self.snapshot is not None
        spec = self.snapshot.spec
        assert isinstance(spec.value, TimeSeries)
        rows = dict(self.snapshot.rows)
        self.choose(sorted(rows, key=lambda key: key_text(spec.key, key)))
        points = rows.get(self.key, ())
        known = [value for _, value in points if value is not None]
        told = [f"newest {self.write(known[-1])}", f"min {self.write(min(known))}", f"max {self.write(max(known))}"] if known else []
        each = f"{spec.value.interval / SECOND:g} s each"
        self.remark = " · ".join([*told, spec.value.aggregation or "newest", each]) if known else "nothing yet"
        head = [self.key_line(self.columns)] if self.heading else []
        times = [number * spec.value.interval for number, _ in points]
        if not known:
            body: "list[list[tuple[str, str]]]" = []
        elif self.picture == "table":
            body = [
                [(f" {clock(at)} ", "label"), ("–" if v is None else self.write(v), "value")]
                for at, (_, v) in zip(times, points, strict=True)
            ]
            body.reverse()
        else:
            body = self.draw([value for _, value in points], times, clock)
        self.drawing = head + body
        self.resize_rows(len(self.drawing))


def clock(nanoseconds: int) -> str:
    """Local time of day."""
    return strftime("%H:%M:%S", localtime(nanoseconds // SECOND))
