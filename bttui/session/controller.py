"""What a front end needs of a running trace: one object that is told what to do and reports through a Listener.

The dashboard is written against ``Controller`` alone; live tracing, a replayed file and the scripted source of the
tests are three of them.
"""

from bttui.model.data import Data
from bttui.model.diagnostic import Diagnostic
from bttui.model.frame import Event, Frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

STATES = ("idle", "checking", "attaching", "live", "stopping", "ended", "replay")
IDLE, CHECKING, ATTACHING, LIVE, STOPPING, ENDED, REPLAY = STATES


class Status(Data):
    """Where the trace stands. ``state`` is one of STATES and speaks of the newest request.

    ``run`` numbers the trace whose frames are being delivered: it grows when a new one has replaced the old, so a
    front end starts with empty panes when it changes. ``live`` says that this trace is attached: while a new text is
    checked or attached, or after it failed, the previous one may still be live. ``attached`` and ``total`` count
    attach points of that trace (of the new one while ``state`` is "attaching"). ``names`` lists what is attached.
    ``started`` is its start (CLOCK_REALTIME, ns), ``text`` its program.
    """

    state: str = IDLE
    run: int = 0
    live: bool = False
    attached: int = 0
    total: int = 0
    names: "tuple[str, ...]" = ()
    started: int = 0
    text: str = ""


class Listener(Protocol):
    """Receives reports. Every method may be called from any thread, in order, and returns at once."""

    def on_status(self, status: Status) -> None: ...

    def on_frame(self, run: int, frame: Frame) -> None:
        """Every interval while live, and once more after the end with the final contents."""

    def on_events(self, run: int, events: "list[Event]") -> None:
        """A batch, in order, a few times a second at most."""

    def on_diagnostics(self, diagnostics: "tuple[Diagnostic, ...]") -> None:
        """Errors, warnings and hints of the last text given to ``run``; an empty tuple says it has none."""


class Controller(Protocol):
    """Runs one program at a time. ``run`` and ``stop`` return at once; what comes of them goes to the listener.

    ``interval`` is the time between two frames in seconds, and may be changed at any time. ``status`` is the latest.
    """

    interval: float
    status: Status

    def listen(self, listener: Listener) -> None:
        """Give the listener; called once, before anything else."""

    def run(self, text: str) -> None:
        """Check, attach and run the text. The trace before it stays live until this one is attached."""

    def stop(self) -> None:
        """End the live trace (END probes run, a last frame is delivered), or give up what is being checked or attached."""

    def clear(self, name: str) -> None:
        """Empty a map of the live trace; a frame without its entries follows at once. Nothing where none is live."""

    def signal(self) -> None:
        """SIGUSR1 came: self:signal:SIGUSR1 probes of the live trace run. Nothing where none is live."""

    def close(self) -> "Frame | None":
        """Stop and let go of everything; blocks until nothing is attached. Returns the last frame, None if none was live."""
