"""Where in the history of a run one stands: live, paused at a frame, comparing two marks, or looking at a range."""

from math import inf

from bttui.model.data import Data
from bttui.model.difference import subtract, subtract_map
from bttui.model.frame import Frame, MapSnapshot
from bttui.model.history import SECOND, History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


WINDOWS = (10.0, 60.0, 300.0)  # seconds of the past that panes can draw; the history holds no more


class View(Data):
    """What a pane shows of one map.

    ``snapshot``: the content, as of ``monotonic`` (ns); of a selected range what was added within. ``earlier``: the map
    a frame before, ``seconds`` ago, for changes per second; None for the first frame. ``base``: the map at mark A while
    two moments are compared, else None; ``apart``: the seconds between. ``past``: (monotonic ns, map) of the frames in
    the last ``window`` seconds, oldest first and with this one; reading it costs time, so only those that draw it ask.
    """

    snapshot: MapSnapshot
    monotonic: int = 0
    earlier: "MapSnapshot | None" = None
    seconds: float = 0.0
    base: "MapSnapshot | None" = None
    apart: float = 0.0
    window: float = WINDOWS[-1]
    past: "Callable[[], list[tuple[int, MapSnapshot]]]" = lambda: []


class Timeline:
    """A History and a place in it. Frames that come while it is paused are kept, and counted in ``new``."""

    def __init__(self, history: "History | None" = None) -> None:
        self.history = History() if history is None else history
        self.window = WINDOWS[-1]  # seconds of the past that panes draw
        self.marks: "dict[str, int]" = {}  # "A", "B" -> sequence
        self.comparing = False
        self.range: "tuple[int, int] | None" = None  # sequences of first and last frame
        self._shown: "int | None" = None  # sequence, None while live

    # Where

    @property
    def paused(self) -> bool:
        return self._shown is not None

    @property
    def place(self) -> int:
        """Index in the history of the frame on show; -1 while there is none."""
        return len(self.history) - 1 if self._shown is None else self.history.place(self._shown)

    @property
    def new(self) -> int:
        """Frames that came after the one on show."""
        return len(self.history) - 1 - self.place

    @property
    def behind(self) -> float:
        """Seconds from the frame on show to the newest one."""
        if not len(self.history):
            return 0.0
        return (self.history.bare(-1).monotonic - self.history.bare(self.place).monotonic) / SECOND

    @property
    def frame(self) -> "Frame | None":
        """The frame on show, of a selected range what happened within."""
        if not len(self.history):
            return None
        first, last = self._ends()
        return self.history[last] if first is None else subtract(self.history[last], self.history[first])

    def _ends(self) -> "tuple[int | None, int]":
        """Places of the first frame of the range, None without one, and of the frame on show."""
        if self.range is None:
            return None, self.place
        first, last = (self.history.place(sequence) for sequence in self.range)
        return first, last

    # Movements

    def pause(self) -> None:
        if len(self.history) and not self.paused:
            self._shown = self.history.bare(-1).sequence

    def live(self) -> None:
        self._shown = self.range = None

    def step(self, frames: int) -> None:
        """So many frames on (or back); pauses. Past the newest one stays there."""
        if len(self.history):
            self.range = None
            self.go_to_place(self.place + frames)

    def go_to_place(self, place: int) -> None:
        self._shown = self.history.bare(max(0, min(place, len(self.history) - 1))).sequence

    def go(self, wall: int) -> None:
        """To the frame of that time (ns, CLOCK_REALTIME)."""
        if len(self.history):
            self.range = None
            self.go_to_place(self.history.place_at(wall))

    def mark(self, name: str) -> None:
        """Mark "A" or "B" at the frame on show."""
        if len(self.history):
            self.marks[name] = self.history.bare(self.place).sequence

    def compare(self) -> bool:
        """Compare with mark A, or stop it; False where there is nothing to compare with."""
        self.comparing = not self.comparing and "A" in self.marks
        if self.comparing and "B" in self.marks:
            self.range = None
            self._shown = self.marks["B"]
        return self.comparing

    def select(self, first: int, last: int) -> None:
        """Show only what happened between two places."""
        count = len(self.history)
        first, last = sorted((max(0, min(first, count - 1)), max(0, min(last, count - 1))))
        if first < last:
            self.range = (self.history.bare(first).sequence, self.history.bare(last).sequence)
            self._shown = self.range[1]

    def widen(self, steps: int) -> None:
        """Draw so many of WINDOWS more of the past, or less of it."""
        at = WINDOWS.index(self.window) + steps
        self.window = WINDOWS[max(0, min(at, len(WINDOWS) - 1))]

    # Views

    def view(self, name: str) -> "View | None":
        """What there is to show of a map; None where the frame has none of that name."""
        if not len(self.history):
            return None
        first, last = self._ends()
        history = self.history
        snapshot = history.map(name, last)
        if snapshot is None:
            return None
        at = history.bare(last).monotonic
        earlier = history.map(name, last - 1) if last > 0 else None
        seconds = (at - history.bare(last - 1).monotonic) / SECOND if last > 0 else 0.0
        base, apart = None, 0.0
        if first is not None:
            snapshot = subtract_map(snapshot, history.map(name, first))
            earlier = snapshot.replace(rows=[])  # nothing, at the beginning of the range
            seconds = (at - history.bare(first).monotonic) / SECOND
        elif self.comparing:
            a = history.place(self.marks["A"])
            base = history.map(name, a) or snapshot.replace(rows=[])
            apart = (at - history.bare(a).monotonic) / SECOND

        def past() -> "list[tuple[int, MapSnapshot]]":
            begin = first if first is not None else self._since(last)
            return history.past(name, begin, last)

        return View(snapshot, at, earlier, seconds, base, apart, inf if self.range else self.window, past)

    def _since(self, last: int) -> int:
        """The place where the window begins that ends at ``last``."""
        at = self.history.bare(last)
        return self.history.place_at(at.wall - int(self.window * SECOND))
