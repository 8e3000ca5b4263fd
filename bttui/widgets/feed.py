"""From the controller's threads to the screen's: reports are queued, and a stalled screen gets the newest frame only."""

from threading import Lock

from textual.message import Message

from bttui.model.data import Data
from bttui.model.diagnostic import Diagnostic
from bttui.model.frame import Event, Frame
from bttui.model.history import Packed, Packer
from bttui.session.controller import Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.app import App

MOST_EVENTS = 20_000  # held while the screen is busy; more than anyone can read, and some 10 MB


class FrameReport(Data):
    """The newest frame of a run; ``packed`` are it and those before it that the screen had no time for."""

    run: int
    packed: "list[Packed]"
    frame: Frame


class Arrived(Message):
    """There is something to ``take`` from the feed."""


class Feed:
    """The Listener of the dashboard."""

    def __init__(self, app: "App") -> None:
        self.app = app
        self.lock = Lock()
        self.reports: list = []  # Status, (Diagnostic, ...) or FrameReport
        self.events: list[Event] = []
        self.skipped = 0
        self.waiting = False
        self.packer, self.run = Packer(), 0  # of the thread that gives frames

    def on_status(self, status: Status) -> None:
        self.put(status)

    def on_diagnostics(self, diagnostics: "tuple[Diagnostic, ...]") -> None:
        self.put(diagnostics)

    def on_frame(self, run: int, frame: Frame) -> None:
        if run != self.run:
            self.packer, self.run = Packer(), run
        packed = [self.packer.pack(frame)]
        with self.lock:
            last = self.reports[-1] if self.reports else None
            if isinstance(last, FrameReport) and last.run == run:
                packed[:0] = self.reports.pop().packed
        self.put(FrameReport(run, packed, frame))

    def on_events(self, run: int, events: "list[Event]") -> None:
        with self.lock:
            free = max(0, MOST_EVENTS - len(self.events))
            beyond = [event for event in events[free:] if event.output is None and event.kind != "child"]  # news of the trace itself
            self.events += events[:free] + beyond
            self.skipped += max(0, len(events) - free) - len(beyond)
        self.wake()

    def put(self, report: object) -> None:
        with self.lock:
            self.reports.append(report)
        self.wake()

    def wake(self) -> None:
        with self.lock:
            if self.waiting:
                return
            self.waiting = True
        self.app.post_message(Arrived())

    def take(self) -> "tuple[list, list[Event], int]":
        """Reports in order, events in order, and how many events were not kept. All since the last call."""
        with self.lock:
            taken = self.reports, self.events, self.skipped
            self.reports, self.events, self.skipped, self.waiting = [], [], 0, False
        return taken
