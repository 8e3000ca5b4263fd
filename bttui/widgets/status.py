"""The status bar: where the trace stands, and whether what you see is all there was."""

import os

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from bttui.model.frame import Frame
from bttui.model.timeline import Timeline
from bttui.render.clean import clean
from bttui.render.figures import clock, grouped, quantity, short, time_of_day
from bttui.session.controller import ATTACHING, CHECKING, ENDED, IDLE, LIVE, REPLAY, STOPPING, Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.session.intervals import IntervalFile
    from bttui.session.recording import Recorder

STATES = {
    IDLE: ("○", "idle"),
    CHECKING: ("◌", "checking"),
    ATTACHING: ("◌", "attaching"),
    LIVE: ("●", "LIVE"),
    STOPPING: ("◌", "stopping"),
    ENDED: ("■", "ended"),
    REPLAY: ("▶", "REPLAY"),
}
SECOND = 1_000_000_000


class StatusBar(Widget):
    """Turns red once anything was lost, missed or dropped because a map was full."""

    COMPONENT_CLASSES = {"status--state", "status--live", "status--busy", "status--text", "status--dim", "status--bad"}

    def __init__(self, interval: float = 1.0, may_trace: bool = True, **options: "Any") -> None:
        super().__init__(**options)
        self.interval, self.may_trace = interval, may_trace
        self.status = Status()
        self.timeline = Timeline()
        self.frame: Frame | None = None
        self.rate: float | None = None
        self.cost: tuple[float, float] | None = None  # nanoseconds a run, share of one CPU
        self.recorder: Recorder | None = None
        self.intervals: list[IntervalFile] = []
        self.speed: float = 1

    def show_status(self, status: Status) -> None:
        if status.run != self.status.run:
            self.frame = self.rate = self.cost = None
            self.timeline = Timeline()
        self.status = status
        self.refresh()

    def show_kept(self, recorder: "Recorder | None", intervals: "list[IntervalFile]") -> None:
        """The recording and the exports that are being made."""
        self.recorder, self.intervals = recorder, intervals
        self.refresh()

    def show_moment(self, timeline: Timeline, speed: float = 1) -> None:
        """The moment that is shown, against the frame before it, or what a selected range begins with. ``speed``: of a replay."""
        self.speed = speed
        self.timeline, history, place = timeline, timeline.history, timeline.place
        frame = history.bare(place)
        start = history.place(timeline.range[0]) if timeline.range else place - 1
        before = history.bare(start) if start >= 0 else None
        self.rate = self.cost = None
        if before is not None and frame.monotonic > before.monotonic:
            elapsed = frame.monotonic - before.monotonic
            self.rate = (fired(frame) - fired(before)) * SECOND / elapsed
            runs = sum(p.runs for p in frame.counters.probes) - sum(p.runs for p in before.counters.probes)
            spent = sum(p.nanoseconds for p in frame.counters.probes) - sum(p.nanoseconds for p in before.counters.probes)
            if runs > 0:
                self.cost = (spent / runs, spent / elapsed)
        self.frame = frame
        self.set_class(any(frame.counters.losses.values()), "-losing")
        self.refresh()

    def place(self) -> "list[tuple[str, str]]":
        """Which moment is shown, where it is not the newest one."""
        timeline, history = self.timeline, self.timeline.history
        if not len(history):
            return []
        told = []
        if timeline.paused:
            told.append(f" ‖ -{clock(timeline.behind)} ({grouped(timeline.new)} new)")
        if timeline.range:
            first, last = (time_of_day(history.bare(history.place(sequence)).wall) for sequence in timeline.range)
            told.append(f"  {first} to {last}")
        elif timeline.comparing:
            told.append(f"  against A {time_of_day(history.bare(history.place(timeline.marks['A'])).wall)}")
        return [(text, "busy") for text in told]

    def parts(self) -> "list[tuple[str, str]]":
        status = self.status
        mark, word = STATES[status.state]
        parts = [(f" {mark} {word}", {LIVE: "live", IDLE: "state", ENDED: "state"}.get(status.state, "busy"))]
        if not self.may_trace:
            parts.append(("  no privilege to trace", "bad"))
        if status.state == REPLAY and self.speed != 1:
            parts.append((f" {self.speed:g}×" if self.speed else " at once", "busy"))
        elif status.state == ATTACHING and status.total:
            parts.append((f" {status.attached}/{status.total}", "busy"))
        elif status.live and status.state not in (LIVE, STOPPING, REPLAY):
            parts.append((" · previous run live", "live"))
        parts += self.place()
        if status.started and self.frame:
            parts.append((" " + clock((self.frame.wall - status.started) / SECOND), "text"))
        if self.recorder:
            parts.append((f"  ● REC {quantity(self.recorder.size, 'bytes')} {clock(self.recorder.seconds)}", "bad"))
        if self.intervals:
            files = len(self.intervals)
            size = quantity(sum(file.size for file in self.intervals), "bytes")
            parts.append((f"  → {clean(os.path.basename(self.intervals[0].path)) if files == 1 else f'{files} files'} {size}", "busy"))
        if status.live:
            parts.append((f"  {grouped(status.attached)} probe{'s' * (status.attached != 1)}", "text"))
        if self.frame:
            counters = self.frame.counters
            what = "events" if any(probe.runs for probe in counters.probes) or not counters.events else "lines"
            parts.append((f"  {short(self.rate) if self.rate is not None else '–'} {what}/s", "text"))
            full = ", ".join([name for name, number in self.frame.counters.full.items() if number])
            for name, number in self.frame.counters.losses.items():
                which = f" ({full})" if name == "full" and full else ""
                parts.append((f"  {name} {grouped(number)}{which}", "bad" if number else "dim"))
        return parts

    def render_line(self, y: int) -> Strip:
        style = self.get_component_rich_style
        width = self.size.width
        parts = self.parts()
        for least in ("dim", "text"):  # what was not lost need not be said; what was lost must be
            while sum(len(text) for text, _ in parts) > width and any(role == least for _, role in parts):
                del parts[max(at for at, (_, role) in enumerate(parts) if role == least)]
        segments = [Segment(text, style(f"status--{role}")) for text, role in parts]
        left = Strip(segments)
        if self.status.live and self.cost is not None and self.cost[0] > 0:
            nanoseconds, share = self.cost
            cost = f"  {quantity(nanoseconds, 'ns')}/event  {share:.1%} of a CPU"
            if left.cell_length + len(cost) + 12 <= width:
                segments.append(Segment(cost, style("status--dim")))
                left = Strip(segments)
        right = f"every {self.interval:g}s "
        if left.cell_length + len(right) + 2 <= width:
            gap = " " * (width - left.cell_length - len(right))
            left = Strip([*segments, Segment(gap + right, style("status--dim"))])
        return left.adjust_cell_length(width, self.rich_style).apply_style(self.rich_style)


def fired(frame: Frame) -> int:
    """How often the probes fired; where the kernel does not count that, the records they sent."""
    return sum(probe.runs for probe in frame.counters.probes) or frame.counters.events
