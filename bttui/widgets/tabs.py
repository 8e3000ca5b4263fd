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
        """(tab, first cell, text); tabs left of the shown one scroll away when there is no room, and only whole ones are there."""
        texts = [f" {n + 1} {name} " for n, name in enumerate(self.names)]
        room, first = self.size.width, 0
        if sum(map(len, texts)) > room:
            room -= 2  # for the signs that there are more
            while first < self.shown and sum(map(len, texts[first : self.shown + 1])) > room:
                first += 1
        at, cells = int(first > 0), []
        for number in range(first, len(texts)):
            if at + len(texts[number]) > room + (first > 0) and number > self.shown:
                break
            cells.append((number, at, texts[number]))
            at += len(texts[number])
        return cells

    def render_line(self, y: int) -> Strip:
        style = self.get_component_rich_style
        cells = self.cells()
        segments = [Segment(text, style("tabs--shown" if n == self.shown else "tabs--tab")) for n, _, text in cells]
        if cells and cells[0][0]:
            segments.insert(0, Segment("‹", style("tabs--tab")))
        if cells and cells[-1][0] < len(self.names) - 1:
            segments.append(Segment("›", style("tabs--tab")))
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        for number, at, text in self.cells():
            if at <= event.x < at + len(text):
                self.screen.go_to_pane(number + 1)  # type: ignore[attr-defined]
