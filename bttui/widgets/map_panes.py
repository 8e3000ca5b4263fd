"""The panes of a program's maps: which kind each gets, and where it stands."""

from textual.containers import Container

from bttui.model.frame import Frame, MapSnapshot
from bttui.model.types import Histogram, LinearHistogram
from bttui.widgets.histogram import HistogramPane
from bttui.widgets.pane import MapPane
from bttui.widgets.source import key_names
from bttui.widgets.stacks import StacksPane, has_stack
from bttui.widgets.table import TablePane

TWO_COLUMNS = 84  # cells that are needed for two panes side by side


def make_pane(snapshot: MapSnapshot, text: str) -> MapPane:
    """The pane that suits the map's type. ``text`` is the program, for the words in its keys."""
    spec = snapshot.spec
    names = key_names(text, spec.name)
    if has_stack(spec.key):
        return StacksPane(spec.name, names)
    if isinstance(spec.value, (Histogram, LinearHistogram)):
        return HistogramPane(spec.name, names, "lhist" if isinstance(spec.value, LinearHistogram) else "hist")
    return TablePane(spec.name, names, type(spec.value).__name__.lower())


class MapPanes(Container):
    """Lays the panes out in one or two columns, in the order of the maps' first use."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.text = ""

    @property
    def panes(self) -> "list[MapPane]":
        return list(self.query_children(MapPane))

    async def start(self, text: str) -> None:
        """A new run: no panes yet."""
        self.text = text
        await self.remove_children()

    async def show(self, frame: Frame) -> bool:
        """Give each pane its map. True when there are new panes."""
        panes = {pane.map_name: pane for pane in self.panes}
        new = [make_pane(snapshot, self.text) for name, snapshot in frame.maps.items() if name not in panes]
        if new:
            await self.mount_all(new)
            self.lay_out()
            panes.update((pane.map_name, pane) for pane in new)
        for name, snapshot in frame.maps.items():
            panes[name].show(snapshot, frame.monotonic)
        return bool(new)

    def lay_out(self) -> None:
        panes = self.panes
        if not panes:
            return
        columns = 2 if self.size.width >= TWO_COLUMNS and len(panes) > 1 else 1
        self.styles.grid_size_columns = columns
        rows = [panes[at : at + columns] for at in range(0, len(panes), columns)]
        self.styles.grid_size_rows = len(rows)
        self.styles.grid_rows = " ".join(f"{max(pane.weight for pane in row)}fr" for row in rows)
        for pane in panes:
            pane.styles.column_span = columns if len(rows[-1]) == 1 and pane is rows[-1][0] else 1

    def on_resize(self) -> None:
        self.lay_out()
