"""A framed part of the main screen: a number to go to it by, a caption, a remark."""

from textual.content import Content

from bttui.model.frame import MapSnapshot
from bttui.model.timeline import View
from bttui.render.export import FORMATS, Export
from bttui.widgets.actions import bindings
from bttui.widgets.clipboard import to_clipboard
from bttui.widgets.rows import Rows

MODEST = 7
TEXT = FORMATS[0]


class Pane(Rows):
    """Captions are drawn as they are: they hold names from the traced world, never markup."""

    scope = "pane"
    BINDINGS = bindings("pane")
    number = 0

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self._caption = ""

    @property
    def caption(self) -> str:
        return self._caption

    @caption.setter
    def caption(self, text: str) -> None:
        if text != self._caption:
            self._caption = text
            self.set_number(self.number)

    @property
    def remark(self) -> str:
        return str(self._border_subtitle or "")

    @remark.setter
    def remark(self, text: str) -> None:
        if text != self.remark:
            self.border_subtitle = Content(text)

    def set_number(self, number: int) -> None:
        self.number = number
        self.border_title = Content(f"{number} {self._caption}" if number else self._caption)

    def action_pane(self, number: str) -> None:
        self.screen.go_to_pane(int(number))  # type: ignore[attr-defined]

    def written(self) -> str:
        """What the pane holds, as text for the clipboard."""
        raise NotImplementedError

    def action_export(self) -> None:
        self.screen.export(self)  # type: ignore[attr-defined]

    def action_copy(self) -> None:
        self.notify(to_clipboard(self, self.written()), markup=False)

    def action_suspend(self) -> None:
        self.app.action_suspend_process()


class MapPane(Pane):
    """One map of the program. A ``wide`` pane wants a row for itself, a ``modest`` one few lines."""

    wide = modest = False
    kind = ""  # what the caption says of it

    def __init__(self, name: str, keys: "tuple[str, ...]" = (), kind: str = "", **options) -> None:
        super().__init__(**options)
        self.map_name = name
        self.key_names = keys
        self.view: View | None = None
        self.need = 5  # lines it had use for so far, with its frame: never less than before, so that panes do not jump
        suffix = f"[{', '.join(keys)}]" if keys else ""
        self.caption = f"{name}{suffix}  {kind or self.kind}".rstrip()

    @property
    def snapshot(self) -> "MapSnapshot | None":
        return self.view.snapshot if self.view else None

    def show(self, view: View) -> None:
        self.view = view
        self.update_rows()
        self.need = min(max(self.need, self.virtual_size.height + 2), MODEST if self.modest else 1000)

    def written(self) -> str:
        return TEXT.write(Export([self.snapshot])) if self.snapshot is not None else ""

    def update_rows(self) -> None:
        """Make the rows anew from ``snapshot``."""
        raise NotImplementedError
