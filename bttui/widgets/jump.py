"""^O: a letter on every pane; the letter's key goes there."""

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from bttui.widgets.actions import bindings

LETTERS = "asdfghjklqwertyuiopzxcvbnm"  # the nearest to the fingers first


class JumpPage(ModalScreen[int]):
    """Dismissed with the number of a pane, None without one. ``places`` are the cells (x, y) of the letters, in the panes' order."""

    scope = "jump"
    BINDINGS = bindings("jump")

    def __init__(self, places: "list[tuple[int, int]]") -> None:
        super().__init__()
        self.places = places

    def compose(self) -> ComposeResult:
        for letter, place in zip(LETTERS, self.places, strict=False):
            mark = Static(Content(f" {letter} "), classes="jump")
            mark.styles.offset = place
            yield mark

    def on_key(self, event: events.Key) -> None:
        at = LETTERS.find(event.character) if event.character else -1
        if 0 <= at < len(self.places):
            event.stop()
            self.dismiss(at + 1)

    def action_cancel(self) -> None:
        self.dismiss(None)
