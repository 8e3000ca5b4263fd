"""On a narrow terminal one pane is shown at a time; this line says which ones there are."""

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TabStrip(Widget):
    COMPONENT_CLASSES = {"tabs--tab", "tabs--shown"}

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.names: list[str] = []
        self.shown = 0

    def show(self, names: "list[str]", shown: int) -> None:
        self.names, self.shown = names, shown
        self.refresh()

    def cells(self) -> "list[tuple[int, int, str]]":
        """(tab, first cell, text); tabs left of the shown one scroll away when there is no room."""
        texts = [f" {n + 1} {name} " for n, name in enumerate(self.names)]
        first = 0
        while first < self.shown and sum(map(len, texts[first : self.shown + 1])) > self.size.width:
            first += 1
        at, cells = 0, []
        for number in range(first, len(texts)):
            cells.append((number, at, texts[number]))
            at += len(texts[number])
        return cells

    def render_line(self, y: int) -> Strip:
        style = self.get_component_rich_style
        segments = [Segment(text, style("tabs--shown" if n == self.shown else "tabs--tab")) for n, _, text in self.cells()]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        for number, at, text in self.cells():
            if at <= event.x < at + len(text):
                self.screen.go_to_pane(number + 1)  # type: ignore[attr-defined]
