"""Maps of which one key is shown at a time, in a picture of its own."""

from bttui.render.clean import cell_width, fit
from bttui.widgets.cells import key_text
from bttui.widgets.pane import MapPane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class OneKeyPane(MapPane):
    """Its first line names the key on show and those after it."""

    def __init__(self, *arguments: "Any", **options: "Any") -> None:
        super().__init__(*arguments, **options)
        self.key: object = None  # the one on show
        self.keys: list = []

    def choose(self, keys: list) -> None:
        """These are the keys now; the one on show stays where it is still there."""
        self.keys = keys
        if self.key not in keys:
            self.key = keys[0] if keys else None

    @property
    def heading(self) -> int:
        """Lines above the picture."""
        return 1 if self.snapshot is not None and self.snapshot.spec.key is not None and self.keys else 0

    def key_line(self, width: int) -> "list[tuple[str, str]]":
        assert self.snapshot is not None
        at = self.keys.index(self.key)
        names = [key_text(self.snapshot.spec.key, key) for key in self.keys[: at + 1 + width // 3]]
        place = f" {at + 1} of {len(self.keys)}  , ."
        shown = fit(names[at], max(1, min(cell_width(names[at]), width - len(place) - 4)))
        parts = [(f" ‹{shown}›", "mark")]
        room = width - cell_width(shown) - 4 - len(place)
        for name in names[at + 1 :]:
            if cell_width(name) + 2 > room:
                break
            parts.append((f"  {name}", "dim"))
            room -= cell_width(name) + 2
        if len(self.keys) > 1:
            parts.append((" " * max(1, room) + place, "dim"))
        return parts

    def check_action(self, action: str, parameters: tuple) -> "bool | None":
        """Without several keys there is nothing to turn to."""
        return len(self.keys) > 1 if action in ("next_key", "previous_key") else super().check_action(action, parameters)

    def turn(self, step: int) -> None:
        if self.keys:
            self.key = self.keys[(self.keys.index(self.key) + step) % len(self.keys)]
            self.update_rows()

    def action_next_key(self) -> None:
        self.turn(1)

    def action_previous_key(self) -> None:
        self.turn(-1)
