"""The history in one line: how much happened, where the marks are, which moment is shown. Click goes there, dragging selects."""

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from bttui.model.frame import Frame
from bttui.model.history import SECOND
from bttui.model.timeline import Timeline
from bttui.render.figures import clock, spark, time_of_day
from bttui.render.heat import joined
from bttui.widgets.status import fired

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.session.replay import ReplayController

LEFT = 9  # cells before the curve
RIGHT = 22  # and after it
OF_REPLAY = 24  # cells more of a replay


class HistoryStrip(Widget):
    COMPONENT_CLASSES = {"strip--dim", "strip--bar", "strip--mark", "strip--cursor", "strip--range", "strip--bad"}

    class Picked(Message):
        """Somebody wants to see the frame at ``last``, or what happened from ``first`` to it."""

        def __init__(self, first: int, last: int) -> None:
            super().__init__()
            self.first, self.last = first, last

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.timeline = Timeline()
        self.paces: "dict[int, tuple[float | None, bool]]" = {}  # by sequence, as ``pace`` told
        self.pressed: int | None = None
        self.replay: ReplayController | None = None

    def show(self, timeline: Timeline, replay: "ReplayController | None" = None) -> None:
        if timeline is not self.timeline:
            self.paces = {}
        self.timeline, self.replay = timeline, replay
        self.refresh()

    @property
    def room(self) -> int:
        return max(1, self.size.width - LEFT - RIGHT - OF_REPLAY * (self.replay is not None))

    def cell(self, place: int, room: "int | None" = None) -> int:
        """Where a frame of the history stands; short histories use a cell a frame."""
        count, room = len(self.timeline.history), room or self.room
        return place if count <= room else place * room // count

    def place(self, cell: int) -> int:
        count = len(self.timeline.history)
        return max(0, min(count - 1, cell if count <= self.room else -(-cell * count // self.room)))

    def curve(self) -> "tuple[list[float | None], set[int]]":
        """Events a second, cell by cell; the cells in which something was lost."""
        history, room, known = self.timeline.history, self.room, self.paces
        frames = [history.bare(at) for at in range(len(history))]
        self.paces = {}
        sums: dict[int, list[float]] = {}
        lossy = set()
        for at in range(1, len(frames)):
            sequence = frames[at].sequence
            rate, lost = self.paces[sequence] = known.get(sequence) or pace(frames[at - 1], frames[at])
            if rate is not None:
                sums.setdefault(self.cell(at, room), []).append(rate)
            if lost:
                lossy.add(self.cell(at, room))
        cells = range(self.cell(len(frames) - 1, room) + 1)
        return [sum(sums[cell]) / len(sums[cell]) if cell in sums else None for cell in cells], lossy

    def render_line(self, y: int) -> Strip:
        style = self.get_component_rich_style
        timeline, history = self.timeline, self.timeline.history
        segments = [self.label()]
        if len(history):
            values, lossy = self.curve()
            marks = {self.cell(history.place(sequence)): name for name, sequence in timeline.marks.items()}
            shown = self.cell(timeline.place) if timeline.paused else -1
            first, last = (self.cell(history.place(sequence)) for sequence in timeline.range) if timeline.range else (1, 0)
            cells = []
            for cell, text in enumerate(spark(values)):
                role = "cursor" if cell == shown else "mark" if cell in marks else "bad" if cell in lossy else "bar"
                if first <= cell <= last and role == "bar":
                    role = "range"
                cells.append((marks.get(cell, text), role))
            segments += [Segment(text, style(f"strip--{role}")) for text, role in joined(cells)]
            newest, oldest = history.bare(-1), history.bare(0)
            age = clock((newest.monotonic - oldest.monotonic) / SECOND)
            place = self.place_in_recording(newest.wall)
            segments.append(Segment(f" {age} to {time_of_day(newest.wall)} {place}", style("strip--dim")))
        base = self.rich_style
        return Strip(segments).adjust_cell_length(self.size.width, base).apply_style(base)

    def label(self) -> Segment:
        style = self.get_component_rich_style
        if self.replay is None:
            return Segment(" history ", style("strip--dim"))
        return Segment(f" {speed_text(self.replay.speed)}".ljust(LEFT), style("strip--mark"))

    def place_in_recording(self, wall: int) -> str:
        """How far a replay is, and its keys."""
        if self.replay is None:
            return ""
        first, last = self.replay.span
        return f" {clock((wall - first) / SECOND)} of {clock((last - first) / SECOND)}  < = > E "

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if len(self.timeline.history):
            self.pressed = self.place(event.x - LEFT)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.pressed is not None:
            first, last = sorted((self.pressed, self.place(event.x - LEFT)))
            self.pressed = None
            self.post_message(self.Picked(first, last))


def pace(before: Frame, frame: Frame) -> "tuple[float | None, bool]":
    """Events a second from one frame to the next, and whether something was lost."""
    seconds = (frame.monotonic - before.monotonic) / SECOND
    lost = sum(frame.counters.losses.values()) > sum(before.counters.losses.values())
    return (fired(frame) - fired(before)) / seconds if seconds > 0 else None, lost


def speed_text(speed: float) -> str:
    """▶ 2×; ▶▶ for all at once."""
    return f"▶ {speed:g}×" if speed else "▶▶"
