"""The line that asks what to look for, at the foot of the screen."""

import re

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input

from bttui.widgets.actions import bindings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class SearchLine(ModalScreen["str | None"]):
    """Ends with the text, "" to stop looking, or None where nothing is to change; ``tried`` hears of each letter."""

    scope = "search"
    BINDINGS = bindings("search")

    def __init__(self, text: str, asks: str, tried: "Callable[[str], str]") -> None:
        super().__init__()
        self.text, self.asks, self.tried = text, asks, tried

    def compose(self) -> ComposeResult:
        line = Input(self.text, placeholder=self.asks, id="search", select_on_focus=True)
        line.border_title = self.asks
        yield line

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(Input).border_subtitle = self.tried(event.value)

    def action_accept(self) -> None:
        self.dismiss(self.query_one(Input).value)

    def action_give_up(self) -> None:
        self.dismiss(None)


def pattern(text: str) -> "Callable[[str], re.Match[str] | None]":
    """What finds the text as a regular expression, as it stands where it is none; small letters find large ones too."""
    flags = 0 if any(c.isupper() for c in text) else re.IGNORECASE
    try:
        return re.compile(text, flags).search
    except re.error:
        return re.compile(re.escape(text), flags).search
