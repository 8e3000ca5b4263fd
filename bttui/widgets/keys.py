"""The footer: the keys that matter where the focus is, from the table of actions. What does not fit is left out."""

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from bttui.widgets.actions import Action, in_chain, key_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.screen import Screen


def focused_scope(screen: "Screen") -> str:
    """The scope whose keys work now. A screen's first focusable part stands for the screen itself."""
    scope: str = getattr(screen.focused, "scope", "") or getattr(screen, "scope", "main")
    if getattr(screen.focused, "choosing", False):
        return "completion"
    return {"main": "editor", "probes": "probe_query"}.get(scope, scope)


class KeyBar(Widget):
    COMPONENT_CLASSES = {"keys--key", "keys--label"}

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self.focus_moved, init=False)

    def focus_moved(self) -> None:
        self.refresh()

    def shown(self) -> "list[tuple[int, str, Action]]":
        """(first cell, key, action) of what fits: the nearest scope first, each by rank, and help in any case."""
        focused = self.screen.focused
        actions = [a for a in in_chain(focused_scope(self.screen)) if a.rank and (focused is None or focused.check_action(a.id, ()))]
        order = list(dict.fromkeys(a.scope for a in actions))
        at, fitting = 1, []
        kept = len(" F1 Help ")
        for action in sorted(actions, key=lambda a: (a.scope == "global", order.index(a.scope), a.rank)):
            key = key_name(action.keys[0])
            width = len(key) + 1 + len(action.label) + 2
            kept *= action.id != "help"
            if at + width > self.size.width - kept:
                continue
            fitting.append((at, key, action))
            at += width
        return fitting

    def render_line(self, y: int) -> Strip:
        style = self.get_component_rich_style
        segments = [Segment(" ")]
        for _, key, action in self.shown():
            segments += [Segment(key, style("keys--key")), Segment(f" {action.label}  ", style("keys--label"))]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        for at, key, action in reversed(self.shown()):
            if at <= event.x < at + len(key) + 1 + len(action.label):
                self.app.simulate_key(action.keys[0])
                return
