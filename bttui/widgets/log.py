"""The event log: what printf and friends say, and what happened to the trace. Bounded, and sampled under a flood."""

from collections import deque
from time import localtime, strftime

from bttui.model.data import Data
from bttui.model.frame import Event
from bttui.render.clean import cell_width, clean
from bttui.render.figures import grouped
from bttui.render.text import event_text
from bttui.widgets.actions import bindings
from bttui.widgets.pane import Pane
from bttui.widgets.search import SearchLine, pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_LINES = 5_000
LINES_A_SECOND = 400  # more than anyone reads; a batch above it is sampled evenly
WIDEST = 4_000  # characters of one line
STAMP = 13  # cells of the time
OURS = {
    "attached": "note",
    "lost": "bad",
    "full": "bad",
    "missed": "bad",
    "symbols": "bad",
    "error": "bad",
    "warning": "warning",
    "exit": "note",
    "child": "dim",
}
OUTPUT_ROLES = {"errorf": "bad", "warnf": "warning", "helper_error": "bad"}
GAPS = ("lost", "full", "missed", "symbols")  # something is not here: drawn as a rule
ANYWHERE = ("full", "warning")  # repeated, they are counted where they were told first; the others only where they stand last
SECOND = 1_000_000_000


class Line(Data):
    """``open`` says that its newline has not come yet."""

    wall: int
    text: str
    role: str
    open: bool = False


class Counted(Data):
    """``text`` is what was told first; ``total`` sums up the numbers of all ``times``."""

    line: Line
    text: str
    times: int
    total: int


class Log(Pane):
    scope = "log"
    BINDINGS = bindings("log")

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.lines: deque[Line] = deque(maxlen=MOST_LINES)
        self.sought = ""  # a regular expression
        self.filtered = False  # only what it finds is shown
        self.shown: "deque[Line] | list[Line]" = self.lines
        self.at: Line | None = None  # the match that n and N went to
        self.total = 0  # events that came, shown or not
        self.dropped = 0  # lines that went at the top since it was last drawn
        self.unshown = 0
        self.following = True
        self.second = 0  # the second that the budget below is for
        self.budget = LINES_A_SECOND
        self.sample: tuple[Line, int, int] | None = None  # the line that tells of sampling in this second: shown, came
        self.counted: "dict[tuple, Counted]" = {}  # what was told with a number, by kind and subject
        self.title_now()

    def title_now(self) -> None:
        self.caption = "Log"
        told = [f"{grouped(self.total)} event{'s' * (self.total != 1)}"] if self.total else []
        if self.unshown:
            told.append(f"{grouped(self.unshown)} not shown")
        if self.sought:
            found = len(self.shown) if self.filtered else len(self.matches())
            told.append(f"/{clean(self.sought)} {'only ' if self.filtered else ''}{grouped(found)} line{'s' * (found != 1)}")
        self.remark = " · ".join([*told, "follows" if self.following else "stays (f follows)"])

    def matches(self) -> "list[Line]":
        finds = pattern(self.sought)
        return [line for line in self.lines if finds(line.text)] if self.sought else []

    def add(self, events: "list[Event]", skipped: int = 0) -> None:
        """Show a batch; ``skipped`` came besides and were not kept for us. The totals count all."""
        if not events and not skipped:
            return
        came = len(events) + skipped
        self.total += came
        second = (events[-1].wall if events else self.second * SECOND) // SECOND
        if second != self.second:
            self.second, self.budget, self.sample = second, LINES_A_SECOND, None
        shown = self.choose(events)
        if came > len(shown):
            self.tell_sampling(len(shown), came, second * SECOND)
        self.budget = max(0, self.budget - len(shown))
        for event in shown:
            self.append(event)
        self.unshown += came - len(shown)
        self.refresh_lines_shown()
        self.title_now()

    def events(self, first: int, last: int) -> "list[Event]":
        """The lines between two times (ns, both included) as events that say the same."""
        kinds = {"bad": "error", "text": "printf"}
        return [
            Event(kind, line.wall, text=line.text + "\n" * (kind == "printf"))
            for line in self.lines
            if first <= line.wall <= last
            for kind in (kinds.get(line.role) or "warning",)
        ]

    def choose(self, events: "list[Event]") -> "list[Event]":
        """All of them where the budget allows; else our own messages and an even sample of the rest."""
        if len(events) <= self.budget:
            return events
        own = {i for i, event in enumerate(events) if event.kind in OURS and event.kind != "child"}
        step = max(1, len(events) // max(self.budget, 1))
        picked = set(list(range(0, len(events), step))[: self.budget]) | set(sorted(own)[-LINES_A_SECOND:])
        return [events[i] for i in sorted(picked)]

    def tell_sampling(self, shown: int, came: int, wall: int) -> None:
        if self.sample:
            line, shown_before, came_before = self.sample
            shown, came = shown + shown_before, came + came_before
        else:
            line = Line(wall, "", "warning")
            self.push(line)
        line.text = f"┄ flood: {grouped(shown)} of {grouped(came)} shown ┄"
        self.sample = line, shown, came

    def count(self, event: Event) -> bool:
        """Whether the event was added to a line that tells of more such: the same loss, second by second, is one line."""
        what = event.kind, event.values[1:]
        known = self.counted.get(what)
        if known is None or not any(line is known.line for line in (self.lines if event.kind in ANYWHERE else [*self.lines][-1:])):
            return False
        known.times += 1
        known.total += event.values[0]
        told = f"{known.text} · {grouped(known.times)} times, {grouped(known.total)} in all"
        known.line.text = rule(told) if event.kind in GAPS else told
        return True

    def append(self, event: Event) -> None:
        numbered = event.kind in (*GAPS, *ANYWHERE) and bool(event.values)
        if numbered and self.count(event):
            return
        role = OURS.get(event.kind) or OUTPUT_ROLES.get(event.kind, "text")
        text = event_text(event)
        if event.kind in GAPS:
            text = rule(text)
        if event.kind in OURS and event.kind != "child":
            text += "\n"
        pieces = text.split("\n")
        for number, piece in enumerate(pieces):
            ended = number < len(pieces) - 1
            if not piece and not ended:
                break
            last = self.lines[-1] if self.lines else None
            if last is not None and last.open and last.role == role:
                last.text = shorten(last.text + clean(piece[:WIDEST]))
                last.open = not ended
            else:
                self.push(Line(event.wall, shorten(clean(piece[: WIDEST * 2])), role, not ended))
        if numbered:
            self.counted[event.kind, event.values[1:]] = Counted(self.lines[-1], clean(event_text(event)), 1, event.values[0])

    def push(self, line: Line) -> None:
        self.dropped += len(self.lines) == self.lines.maxlen
        self.lines.append(line)

    def written(self) -> str:
        return "".join(f"{stamp(line.wall)}{line.text}\n" for line in self.lines)

    def clear(self) -> None:
        """Forget everything, for a new run."""
        self.lines.clear()
        self.counted.clear()
        self.total = self.unshown = 0
        self.second, self.budget, self.sample = 0, LINES_A_SECOND, None
        self.title_now()
        self.refresh_lines_shown()

    def refresh_lines_shown(self) -> None:
        self.shown = self.matches() if self.filtered else self.lines
        widest = max((cell_width(line.text) for line in self.shown), default=0) + STAMP + 1
        dropped, self.dropped = self.dropped, 0
        self.resize_rows(len(self.shown), min(widest, WIDEST))
        if dropped and not self.following and not self.filtered:  # what somebody reads stays where it is
            self.scroll_to(y=max(0, self.scroll_offset.y - dropped), animate=False, immediate=True, force=True)
        self.to_end()

    def to_end(self) -> None:
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.position = self.scroll_y

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        line = self.shown[y]
        finds = pattern(self.sought) if self.sought else None
        found = finds(line.text) if finds else None
        first = (stamp(line.wall), "cursor" if line is self.at else "dim")
        if found is None:
            return [first, (line.text, line.role)]
        start, end = found.span()
        return [first, (line.text[:start], line.role), (line.text[start:end], "found"), (line.text[end:], line.role)]

    # Search

    def check_action(self, action: str, parameters: tuple) -> "bool | None":
        return bool(self.sought) if action in ("next_found", "previous_found", "filter") else True

    def action_search(self) -> None:
        before = self.sought

        def answered(text: "str | None") -> None:
            self.look_for(before if text is None else text)
            if text:
                self.turn_found(-1)

        self.app.push_screen(SearchLine(before, "find lines (regular expression)", self.look_for), answered)

    def look_for(self, text: str) -> str:
        """Find it; what there is to tell of it."""
        self.sought, self.at = text, None
        self.filtered = self.filtered and bool(text)
        self.refresh_lines_shown()
        self.title_now()
        return f"{grouped(len(self.matches()))} found" if text else ""

    def turn_found(self, step: int) -> None:
        """To the next match, or the one before; it stays in view then."""
        finds = pattern(self.sought)
        found = [n for n, line in enumerate(self.shown) if finds(line.text)] if self.sought else []
        if not found:
            return
        before = next((n for n in found if self.shown[n] is self.at), None)
        at = found[-1] if before is None else found[(found.index(before) + step) % len(found)]
        self.at, self.following = self.shown[at], False
        self.title_now()
        self.scroll_to(y=max(0, at - self.size.height // 2), animate=False, immediate=True, force=True)
        self.refresh()

    def action_next_found(self) -> None:
        self.turn_found(1)

    def action_previous_found(self) -> None:
        self.turn_found(-1)

    def action_filter(self) -> None:
        self.filtered = not self.filtered and bool(self.sought)
        self.refresh_lines_shown()
        self.title_now()

    def show_time(self, wall: "int | None") -> None:
        """Bring the last line of that time (ns) to the bottom; None follows the newest again."""
        if wall is None:
            self.following = True
            self.to_end()
        else:
            self.following = False
            last = sum(line.wall <= wall for line in self.lines)
            self.scroll_to(y=max(0, last - self.size.height), animate=False, immediate=True, force=True)
        self.title_now()

    def on_resize(self) -> None:
        self.to_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls up wants to read there; whoever comes back to the end wants to follow."""
        super().watch_scroll_y(old_value, new_value)
        following = round(new_value) >= self.max_scroll_y
        if following != self.following and (following or new_value < old_value):
            self.following = following
            self.title_now()

    def action_follow(self) -> None:
        self.following = not self.following
        self.title_now()
        self.refresh_lines_shown()


def stamp(wall: int) -> str:
    return strftime("%H:%M:%S", localtime(wall // SECOND)) + f".{wall // 1_000_000 % 1000:03} "


def rule(text: str) -> str:
    return f"──── {text} ────"


def shorten(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
