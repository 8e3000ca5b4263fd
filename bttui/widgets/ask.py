"""A question with one line for the answer, or with yes and no only."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from bttui.render.clean import clean
from bttui.widgets.actions import bindings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Ask(ModalScreen[str]):
    """Dismissed with the answer, None without one. ``check`` says what is wrong with an answer, "" for nothing.

    Without ``check`` there is no line to write in: Enter says yes. ``answer`` stands there already; ``verb`` is what Enter does.
    """

    scope = "ask"
    BINDINGS = bindings("ask")

    def __init__(self, title: str, hint: str, check: "Callable[[str], str] | None" = None, answer: str = "", verb: str = "goes") -> None:
        super().__init__()
        self.heading, self.hint, self.check = title, hint, check
        self.answer, self.verb = answer, verb

    def compose(self) -> ComposeResult:
        with Vertical(id="ask"):
            if self.check:
                yield Input(self.answer, id="answer")
            yield Static(Content(clean(self.hint)), id="hint")

    def on_mount(self) -> None:
        box = self.query_one("#ask")
        box.border_title, box.border_subtitle = Content(self.heading), Content(f"Enter {self.verb if self.check else 'yes'} · Esc cancels")

    def action_answer(self) -> None:
        text = self.query_one(Input).value if self.check else "yes"
        problem = self.check(text) if self.check else ""
        if problem:
            self.query_one("#hint", Static).update(Content(clean(problem)))
        else:
            self.dismiss(text)

    def action_cancel(self) -> None:
        self.dismiss(None)
