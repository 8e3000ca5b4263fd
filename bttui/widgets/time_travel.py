"""Stop time, go back in it, compare two moments: what the keys of time do on the main screen."""

import re
from datetime import datetime, timedelta

from bttui.model.history import SECOND
from bttui.model.timeline import Timeline
from bttui.render.figures import time_of_day
from bttui.widgets.ask import Ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.screen import Screen

    from bttui.session.replay import ReplayController

    Base = Screen[None]
else:
    Base = object

SPEEDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100)  # of a replay


class TimeTravel(Base):
    """Part of the workspace. ``moment_changed`` draws what the timeline shows now."""

    scope = "time"
    timeline: Timeline

    async def moment_changed(self) -> None:
        raise NotImplementedError

    def show_place(self) -> None:
        raise NotImplementedError

    @property
    def replay(self) -> "ReplayController | None":
        """What plays the recording that is shown; None of a live trace."""
        controller = self.app.controller  # type: ignore[attr-defined]
        return controller if getattr(controller, "replaying", False) else None

    def action_speed(self, step: str) -> None:
        """0: as it was; else to the next speed of SPEEDS."""
        replay = self.replay
        if replay is None:
            self.notify("Only a replay has a speed")
        elif step == "0":
            replay.speed = 1
        else:
            slower = [speed for speed in SPEEDS if not replay.speed or speed < replay.speed]
            faster = [speed for speed in SPEEDS if replay.speed and speed > replay.speed]
            chosen = faster[:1] if step == "1" else slower[-1:]
            replay.speed = chosen[0] if chosen else replay.speed
        self.show_place()

    def action_end(self) -> None:
        if self.replay is None:
            self.notify("Only a replay has an end already")
        else:
            self.replay.end()

    async def action_pause(self) -> None:
        if self.timeline.paused:
            self.timeline.live()
        else:
            self.timeline.pause()
        await self.moment_changed()

    async def action_live(self) -> None:
        self.timeline.live()
        await self.moment_changed()

    async def action_step(self, frames: str) -> None:
        self.timeline.step(int(frames))
        await self.moment_changed()

    async def action_window(self, steps: str) -> None:
        self.timeline.widen(int(steps))
        await self.moment_changed()

    async def action_mark(self, name: str) -> None:
        self.timeline.mark(name)
        await self.moment_changed()

    async def action_compare(self) -> None:
        if not self.timeline.compare() and "A" not in self.timeline.marks:
            self.notify("Mark a moment first: x sets mark A, X mark B")
        await self.moment_changed()

    async def action_range(self) -> None:
        """What happened between the marks; a second time, back to the moment."""
        timeline = self.timeline
        if timeline.range:
            timeline.range = None
        elif "A" in timeline.marks:
            timeline.select(timeline.history.place(timeline.marks["A"]), timeline.history.place(timeline.marks.get("B", 1 << 62)))
        else:
            self.notify("Mark where it begins first: x sets mark A, X mark B")
        await self.moment_changed()

    def action_go_to(self) -> None:
        history = self.timeline.history
        if not len(history):
            return
        oldest, newest = (time_of_day(history.bare(at).wall) for at in (0, -1))

        def check(text: str) -> str:
            return "" if moment(text, history.bare(-1).wall) else f"not a time: {text or 'nothing'} (12:01, 12:01:44, -30s, -2m)"

        self.app.push_screen(Ask("Go to", f"12:01, 12:01:44, -30s; there is {oldest} to {newest}", check), self.go)

    async def go(self, text: "str | None") -> None:
        if text is not None:
            wall = moment(text, self.timeline.history.bare(-1).wall)
            assert wall is not None
            self.timeline.go(wall)
            await self.moment_changed()


def moment(text: str, newest: int) -> "int | None":
    """The time that a text means, as ns of CLOCK_REALTIME: a time of the day, at or before ``newest``, or so long before it."""
    text = text.strip()
    back = re.fullmatch(r"-(\d+(?:\.\d+)?)\s*(s|m|h|)", text)
    if back:
        return newest - int(float(back[1]) * {"s": 1, "": 1, "m": 60, "h": 3600}[back[2]] * SECOND)
    clock = re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d))?", text)
    if not clock or int(clock[1]) > 23 or int(clock[2]) > 59 or int(clock[3] or 0) > 59:
        return None
    last = datetime.fromtimestamp(newest // SECOND)
    meant = last.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0))
    if meant > last + timedelta(seconds=1):
        meant -= timedelta(days=1)
    # To the end of that second: frames are seldom taken at its beginning.
    return int(meant.timestamp()) * SECOND + SECOND - 1
