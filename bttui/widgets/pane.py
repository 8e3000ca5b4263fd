"""A framed part of the main screen: a number to go to it by, a caption, a remark."""

from textual import events
from textual.content import Content
from textual.geometry import Region

from bttui.model.frame import MapSnapshot
from bttui.model.timeline import View
from bttui.render.columns import Past
from bttui.render.export import FORMATS, Export
from bttui.render.figures import UNITS, rate, signed
from bttui.widgets.actions import bindings
from bttui.widgets.ask import Ask
from bttui.widgets.clipboard import to_clipboard
from bttui.widgets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODEST = 7
TEXT = FORMATS[0]


class Pane(Rows):
    """Captions are drawn as they are: they hold names from the traced world, never markup."""

    scope = "pane"
    BINDINGS = bindings("pane")
    number = 0
    dragging = ""  # which border follows the mouse
    chosen_height: int | None = None  # by somebody
    drawn_to = 0  # the line of the screen to which it was dragged

    def __init__(self, **options: "Any") -> None:
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
            self._border_subtitle = Content(text)
            below = self.outer_size.height - 1 - self.gutter.top
            self.refresh(Region(-self.gutter.left, below, self.outer_size.width, 1))  # not all of the pane

    def set_number(self, number: int) -> None:
        self.number = number
        self.border_title = Content(f"{number} {self._caption}" if number else self._caption)

    # Its size

    @property
    def minimised(self) -> bool:
        return self.has_class("-minimised")

    def action_zoom(self) -> None:
        self.screen.zoom(self)  # type: ignore[attr-defined]

    def action_minimise(self) -> None:
        """To its title, and back."""
        self.toggle_class("-minimised")
        self.rearrange()

    def rearrange(self) -> None:
        """Lay the screen out anew, because this pane wants another size."""
        self.screen.bring_up(self)  # type: ignore[attr-defined]

    def action_split(self, cells: str) -> None:
        left = self.screen.query_one("#left")
        self.screen.move_split(left.outer_size.width + int(cells))  # type: ignore[attr-defined]

    def action_height(self, lines: str) -> None:
        self.grow(int(lines))
        self.rearrange()

    def grow(self, lines: int) -> None:
        """Be so many lines higher than now."""
        now = self.outer_size.height if self.chosen_height is None else self.chosen_height
        self.chosen_height = max(3, min(now + lines, self.screen.size.height - 12))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Borders can be dragged: the lower one of maps and the upper one of the log, and the one between program and maps."""
        x, y = event.screen_x - self.region.x, event.screen_y - self.region.y
        if y == self.edge and not self.minimised:
            self.dragging, self.drawn_to = "height", round(event.screen_y)
        elif (x == 0 and self.region.x > 0) or (x == self.region.width - 1 and self.region.x == 0):
            self.dragging = "split"
        else:
            return
        self.capture_mouse()

    @property
    def edge(self) -> int:
        """The line of it that can be dragged."""
        return 0

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.dragging == "split":
            self.screen.move_split(round(event.screen_x) + (self.region.x == 0))  # type: ignore[attr-defined]
        elif self.dragging == "height":
            moved, self.drawn_to = round(event.screen_y) - self.drawn_to, round(event.screen_y)
            if moved:
                self.grow(moved if self.edge else -moved)
                self.rearrange()

    def on_mouse_up(self) -> None:
        if self.dragging:
            self.dragging = ""
            self.release_mouse()

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
    """One map of the program. A ``wide`` pane wants a row for itself, a ``modest`` one few lines; ``narrow`` ones share a row."""

    scope = "map"
    BINDINGS = bindings("map")
    wide = modest = narrow = False
    kind = ""  # what the caption says of it
    pictures: "tuple[str, ...]" = ()  # ways to draw it, the usual one first

    def __init__(self, name: str, keys: "tuple[str, ...]" = (), kind: str = "", **options: "Any") -> None:
        super().__init__(**options)
        self.map_name = name
        self.key_names = keys
        self.view: View | None = None
        self._past = Past()
        self._before: "dict | None" = None
        self.unit = ""  # what values are numbers of (render.figures.UNITS)
        self.picture = self.pictures[0] if self.pictures else ""
        self.need = 5  # lines it had use for so far, with its frame: never less than before, so that panes do not jump
        self.suffix = f"[{', '.join(keys)}]" if keys else ""
        self.kind = kind or self.kind
        self.name_picture()

    @property
    def snapshot(self) -> "MapSnapshot | None":
        return self.view.snapshot if self.view else None

    def show(self, view: View) -> None:
        self.view, self._before = view, None
        self._past.follow(view)
        self.update_rows()
        self.need = min(max(self.need, self.virtual_size.height + 2), MODEST if self.modest else 1000)

    def action_clear(self) -> None:
        name = self.map_name
        told = f"Empty {name} for good? The history keeps what was in it."
        self.app.push_screen(Ask(f"Clear {name}", told), lambda answer: self.app.clear_map(name) if answer else None)  # type: ignore[attr-defined]

    def written(self) -> str:
        return TEXT.write(Export([self.snapshot])) if self.snapshot is not None else ""

    @property
    def past(self) -> Past:
        """This map in the last minutes, up to the moment on show."""
        self._past.catch_up()
        return self._past

    @property
    def comparing(self) -> bool:
        """Two moments are compared: changes are those since mark A."""
        return self.view is not None and self.view.base is not None

    @property
    def before(self) -> "dict":
        """The map a frame before, by key: for changes per second; at mark A while two moments are compared."""
        if self._before is None:
            earlier = (self.view.base or self.view.earlier) if self.view else None
            known = len(self._past) > 1 and self._past.snapshots[-2] is earlier
            self._before = self._past.table(-2) if known else dict(earlier.rows) if earlier else {}
        return self._before

    @property
    def seconds(self) -> float:
        """Since ``before``; 0 where there is none."""
        if self.view is None or not self.view.earlier:
            return 0.0
        return abs(self.view.apart) if self.comparing else self.view.seconds

    def change(self, amount: float) -> str:
        """How much came since mark A, or each second since the frame before."""
        return signed(amount) if self.comparing else rate(amount, self.seconds)

    more = 0  # lines that somebody gave it besides those it would have
    place = 0  # among the panes, while it is not minimised

    @property
    def edge(self) -> int:
        return self.region.height - 1

    def grow(self, lines: int) -> None:
        self.more += lines

    def name_picture(self) -> None:
        picture = self.picture if self.picture not in self.pictures[:1] else ""
        kind = "" if picture and self.kind in self.pictures else self.kind
        self.caption = "  ".join(part for part in (self.map_name + self.suffix, kind, picture, self.unit) if part)

    def check_action(self, action: str, parameters: tuple) -> "bool | None":
        if action == "view":
            return len(self.pictures) > 1
        return True

    def action_view(self) -> None:
        self.picture = self.pictures[(self.pictures.index(self.picture) + 1) % len(self.pictures)]
        self.redraw()

    def action_unit(self) -> None:
        self.unit = UNITS[(UNITS.index(self.unit) + 1) % len(UNITS)]
        self.redraw()

    def redraw(self) -> None:
        """Once more, because it is to look different."""
        self.name_picture()
        if self.snapshot is not None:
            self.update_rows()

    def update_rows(self) -> None:
        """Make the rows anew from ``snapshot``."""
        raise NotImplementedError
