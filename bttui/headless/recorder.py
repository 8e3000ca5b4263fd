"""A trace that is printed is recorded, too."""

from itertools import groupby
from time import monotonic, time_ns

from bttui import __version__
from bttui.headless.printers import many_texts
from bttui.model.diagnostic import Diagnostic
from bttui.model.frame import Written
from bttui.render.diagnostics import complain
from bttui.session.controller import LIVE, Status
from bttui.session.recording import Recorder, header, hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.program import Output
    from bttui.model.redaction import Redactor
    from bttui.session.options import Options
    from bttui.session.session import Session


class TraceRecorder:
    """Takes what is printed, and a frame at every interval. Where it fails, a warning says so once, and the trace goes on."""

    def __init__(self, options: "Options", host: "Host", redactor: "Redactor | None" = None):
        """Raises DiagnosticError where the file cannot be written."""
        self._redactor = redactor
        self._recorder = Recorder(options.record, hidden(header(options, host, __version__), redactor), redactor)
        self._next = 0.0
        self._interval = options.interval
        self._told = False

    @staticmethod
    def many_texts(output: "Output") -> "Callable[[list[tuple[Any, ...]]], str] | None":
        """printers.many_texts, with the values kept."""
        write = many_texts(output)
        return (lambda rows: Written(write(rows), output, rows, time_ns())) if write else None

    def begin(self, session: "Session") -> None:
        """It is attached."""
        self._session = session
        names = tuple(attachment.name for attachment in session.program.attachments)
        self._recorder.program(Status(LIVE, 1, True, session.attached, len(names), names, time_ns(), session.program.source))

    @property
    def wait(self) -> float:
        """Seconds until the next frame is due."""
        return max(0.0, self._next - monotonic())

    def take(self, events: "Sequence[Any]", last: bool = False) -> None:
        """Events and Written, as a Session tells them; the maps, too, once an interval is over or this is the ``last``."""
        for many, group in groupby(events, lambda event: isinstance(event, Written)):
            if many:
                for written in group:
                    self._recorder.many_events(written)
            else:
                self._recorder.events(list(group))
        if last or monotonic() >= self._next:
            self._next = monotonic() + self._interval
            frame = self._session.frame()
            self._recorder.frame(self._redactor.frame(frame) if self._redactor else frame)
        if self._recorder.failed and not self._told:
            self._told = True
            message = f"recording to {self._recorder.path} ended: {self._recorder.failed}"
            complain((Diagnostic(message, severity="warning", hint="the trace goes on"),))

    def close(self) -> None:
        self._recorder.close()
