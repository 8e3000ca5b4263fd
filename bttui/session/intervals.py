"""An export that goes on: what the maps hold at every interval, in one file."""

import os
import stat

from bttui.session.growing import GrowingFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bttui.model.frame import Event, Frame
    from bttui.session.controller import Status


class IntervalFile:
    """A session.tee.Sink for one run. ``draw(frame, first)`` makes what each frame adds; ``first``: nothing is before it."""

    what = "export"

    def __init__(self, path: str, draw: "Callable[[Frame, bool], str]", replace: bool = False) -> None:
        """``replace``: the file holds the newest frame only, whole at every instant. Raises OSError or ValueError."""
        self.path, self.frames = path, 0
        self._draw = draw
        self._file = GrowingFile(path)
        # What is no regular file is not replaced by one.
        self._replaced = os.path.realpath(path) if replace and stat.S_ISREG(os.stat(path).st_mode) else ""
        self._run, self._failed, self._size = 0, "", 0

    @property
    def failed(self) -> str:
        return self._failed or self._file.failed

    @property
    def size(self) -> int:
        return self._size or self._file.size

    def program(self, status: "Status") -> None:
        if self._run and status.run != self._run:
            self._failed = "another program runs now"
        self._run = status.run

    def frame(self, frame: "Frame") -> None:
        if self.failed:
            return
        data = self._draw(frame, not self.frames).encode(errors="replace")
        self.frames += 1
        if not self._replaced:
            self._file.put(data)
            return
        fresh = f"{self._replaced}.new"
        try:
            with open(fresh, "wb") as file:
                file.write(data)
            os.replace(fresh, self._replaced)
            self._size = len(data)
        except OSError as reason:
            self._failed = reason.strerror or str(reason)
            if os.path.exists(fresh):
                os.unlink(fresh)

    def events(self, events: "list[Event]") -> None:
        """Only maps are written."""

    def close(self) -> None:
        self._file.close_file()
