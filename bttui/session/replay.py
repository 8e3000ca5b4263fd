"""The controller that plays a recording: what was reported then is reported again, at the pace it had or another one."""

import threading
import time

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.model.frame import Frame
from bttui.session.controller import ENDED, REPLAY, Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from bttui.session.controller import Listener
    from bttui.session.recording import Recording

SECOND = 1_000_000_000
LONGEST_GAP = 5.0  # seconds that a pause in the recording takes at most, as between two programs


class ReplayController:
    """A session.controller.Controller. ``run`` plays from the beginning, whatever text it is given."""

    replaying = True

    def __init__(self, recording: "Recording", speed: float = 1.0) -> None:
        """``speed`` is how many recorded seconds go by in one; 0 shows everything at once."""
        self.interval = float(recording.header.get("interval", 1.0))
        self.status = Status()
        self.speed = speed
        self.file = recording.path
        self._recording = recording
        self._listener: "Listener | None" = None
        self._over = threading.Event()
        self._thread: "threading.Thread | None" = None
        self._run = 0
        self._last: "Frame | None" = None

    def listen(self, listener: "Listener") -> None:
        self._listener = listener

    def run(self, text: str) -> None:
        self.stop()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, args=(self._over,), name="replay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def clear(self, name: str) -> None:
        """What was recorded stays."""

    def close(self) -> "Frame | None":
        self.stop()
        return self._last

    def _play(self, over: threading.Event) -> None:
        try:
            self._report(self._recording.play(), over)
        except DiagnosticError as reason:
            self._say(reason.diagnostics)
        else:
            if self._recording.damaged and not over.is_set():
                self._say((Diagnostic("the recording has no proper end: its tracer was killed, or the disk was full", severity="warning"),))
        self._tell(self.status.replace(state=ENDED, live=False))

    def _report(self, items: "Iterable[Status | Frame | list]", over: threading.Event) -> None:
        before = 0
        for item in items:
            if over.is_set():
                return
            assert self._listener
            if isinstance(item, Status):
                self._run += 1
                self._tell(item.replace(state=REPLAY, run=self._run, live=True))
                continue
            wall = item.wall if isinstance(item, Frame) else item[-1].wall
            if before and wall > before and self.speed:
                over.wait(min((wall - before) / SECOND / self.speed, LONGEST_GAP))
            before = max(before, wall)
            if isinstance(item, Frame):
                self._last = item
                self._listener.on_frame(self._run, item)
            else:
                self._listener.on_events(self._run, item)

    def _tell(self, status: Status) -> None:
        self.status = status
        assert self._listener
        self._listener.on_status(status)

    def _say(self, diagnostics: "tuple[Diagnostic, ...]") -> None:
        assert self._listener
        self._listener.on_diagnostics(diagnostics)


def moment(text: str, first: int, last: int) -> int:
    """A time in words (12:01, 12:01:44, -30s from the end, +30s from the beginning) as CLOCK_REALTIME ns. Raises ValueError."""
    if text[:1] in "+-" and len(text) > 1:
        seconds = float(text[1:].removesuffix("s"))
        return last - int(seconds * SECOND) if text[0] == "-" else first + int(seconds * SECOND)
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise ValueError(text)
    hours, minutes, seconds = (float(part) for part in (*parts, "0")[:3])
    day = time.localtime(first // SECOND)
    begin = time.mktime((day.tm_year, day.tm_mon, day.tm_mday, int(hours), int(minutes), 0, 0, 0, -1))
    wall = int((begin + seconds) * SECOND)
    return wall if wall >= first or wall + 86_400 * SECOND > last else wall + 86_400 * SECOND
