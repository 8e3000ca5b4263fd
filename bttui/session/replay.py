"""The controller that plays a recording: what was reported then is reported again, at the pace it had or another one."""

import threading
import time

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.model.frame import Frame
from bttui.session.controller import ENDED, REPLAY, Status
from bttui.session.recording import NO_END, Shown

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
        """``speed`` is how many recorded seconds go by in one; 0 shows everything at once. ``span`` is that of the recording."""
        self.interval = float(recording.header.get("interval", 1.0))
        self.status = Status()
        self.file = recording.path
        self.span = recording.span
        self._recording = recording
        self._listener: "Listener | None" = None
        self._speed = speed
        self._changed = threading.Condition()  # of speed, hurry, over
        self._hurry = False
        self._over = threading.Event()
        self._thread: "threading.Thread | None" = None
        self._run = 0
        self._last: "Frame | None" = None

    def listen(self, listener: "Listener") -> None:
        self._listener = listener

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        with self._changed:
            self._speed = speed
            self._changed.notify_all()

    def end(self) -> None:
        """Show at once all that is left."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()

    def run(self, text: str) -> None:
        self.stop()
        self._over, self._hurry = threading.Event(), False
        self._thread = threading.Thread(target=self._play, args=(self._over,), name="replay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._over.set()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def clear(self, name: str) -> None:
        """What was recorded stays."""

    def signal(self) -> None:
        """No program runs that could answer."""

    def close(self) -> "Frame | None":
        self.stop()
        return self._last

    def _play(self, over: threading.Event) -> None:
        try:
            with Shown(self.file):
                self._report(self._recording.play(), over)
        except DiagnosticError as reason:
            self._say(reason.diagnostics)
        else:
            if self._recording.damaged and not over.is_set():
                self._say((NO_END,))
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
            if before:
                self._wait((wall - before) / SECOND, over)
            before = max(before, wall)
            if isinstance(item, Frame):
                self._last = item
                self._listener.on_frame(self._run, item)
            else:
                self._listener.on_events(self._run, item)

    def _wait(self, seconds: float, over: threading.Event) -> None:
        """Let so many recorded seconds go by, at a speed that may change meanwhile."""
        waited = 0.0
        with self._changed:
            while seconds > 0 and waited < LONGEST_GAP and self._speed and not self._hurry and not over.is_set():
                speed, began = self._speed, time.monotonic()
                self._changed.wait(min(seconds / speed, LONGEST_GAP - waited))
                passed = time.monotonic() - began
                seconds -= passed * speed
                waited += passed

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
