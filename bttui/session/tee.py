"""Reports on their way to a front end: names are hidden there, and what is reported goes into files, too."""

from threading import Lock
from time import time_ns

from bttui.model.frame import Event
from bttui.session.controller import Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from bttui.model.diagnostic import Diagnostic
    from bttui.model.frame import Frame
    from bttui.model.redaction import Redactor
    from bttui.session.controller import Listener
else:
    Protocol = object


class Sink(Protocol):
    """Writes what a trace reports to the file ``path``. After a failure it takes nothing more, and ``failed`` says why."""

    what: str  # recording, export: for messages
    path: str
    frames: int  # written

    @property
    def failed(self) -> str: ...

    @property
    def size(self) -> int:
        """Bytes written."""

    def program(self, status: Status) -> None:
        """Frames and events up to the next one belong to it."""

    def frame(self, frame: "Frame") -> None: ...

    def events(self, events: "list[Event]") -> None: ...

    def close(self) -> None:
        """Does no harm a second time."""


class Tee:
    """A Listener that passes on what it hears, and gives it to sinks before. These come and go while a trace runs.

    A sink that fails is left out from then on; a warning says so, and the trace goes on. Writing is done by the threads
    that report, one at a time.
    """

    def __init__(self, listener: "Listener") -> None:
        self._listener = listener
        self.on_diagnostics: "Callable[[tuple[Diagnostic, ...]], None]" = listener.on_diagnostics
        self._lock = Lock()
        self._fresh: "list[Sink]" = []  # that know of nothing yet
        self._sinks: "list[Sink]" = []
        self._status = Status()
        self._last: "Frame | None" = None  # of this run

    def add(self, sink: Sink) -> None:
        """Returns at once: with the next report the sink is told what runs and what its maps held last."""
        self._fresh.append(sink)

    def remove(self, sink: Sink) -> None:
        """Close it. Waits for what is being written."""
        with self._lock:
            self._begin()
            if sink in self._sinks:
                self._sinks.remove(sink)
            sink.close()

    def close(self) -> None:
        """Close all of them."""
        for sink in (*self._sinks, *self._fresh):
            self.remove(sink)

    def on_status(self, status: Status) -> None:
        with self._lock:
            self._begin()
            fresh = status.run != self._status.run
            self._status = status
            if fresh:
                self._last = None
                self._write(lambda sink: sink.program(status))
        self._listener.on_status(status)

    def on_frame(self, run: int, frame: "Frame") -> None:
        with self._lock:
            self._write(lambda sink: sink.frame(frame))
            self._last = frame
        self._listener.on_frame(run, frame)

    def on_events(self, run: int, events: "list[Event]") -> None:
        with self._lock:
            self._write(lambda sink: sink.events(events))
        self._listener.on_events(run, events)

    def _begin(self) -> None:
        while self._fresh:
            sink = self._fresh.pop(0)
            if self._status.run:
                sink.program(self._status)
            if self._last is not None:
                sink.frame(self._last)
            self._sinks.append(sink)

    def _write(self, write: "Callable[[Sink], Any]") -> None:
        self._begin()
        for sink in [*self._sinks]:
            write(sink)
            if sink.failed:
                self._sinks.remove(sink)
                sink.close()
                self._listener.on_events(self._status.run, [Event("warning", time_ns(), text=ended(sink))])


class Redacted:
    """A Listener that passes on what it hears with pseudonyms in place of names and texts."""

    def __init__(self, listener: "Listener", redactor: "Redactor", program: bool = False) -> None:
        """``program``: its text, too; where that is typed, it stays as it was."""
        self._listener, self._redactor, self._program = listener, redactor, program
        self.on_diagnostics: "Callable[[tuple[Diagnostic, ...]], None]" = listener.on_diagnostics

    def on_status(self, status: Status) -> None:
        redactor = self._redactor
        text = redactor.program(status.text) if self._program else status.text
        self._listener.on_status(status.replace(names=tuple([redactor.probe(name) for name in status.names]), text=text))

    def on_frame(self, run: int, frame: "Frame") -> None:
        self._listener.on_frame(run, self._redactor.frame(frame))

    def on_events(self, run: int, events: "list[Event]") -> None:
        self._listener.on_events(run, self._redactor.events(events))


def ended(sink: Sink) -> str:
    return f"{sink.what} to {sink.path} ended: {sink.failed}; the trace goes on"
