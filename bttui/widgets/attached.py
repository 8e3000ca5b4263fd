"""What is attached: how often each probe ran, what that cost, what it missed; and how full the maps are."""

from bttui.model.frame import Frame, ProbeCounters
from bttui.render.clean import clean, fit, fit_end
from bttui.render.figures import grouped, quantity, short
from bttui.render.histogram import bar
from bttui.widgets.pane import Pane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECOND = 1_000_000_000
FIGURES = 41  # cells of the figures beside a probe's name
COSTS, NAME = 17, 14  # cells of those about its cost; a name that would have less room gets theirs
FULLNESS = 12  # cells of the bar of a map, where there is room
MAP_NAME = 8  # cells of its name, at least


class AttachedPane(Pane):
    """Figures are of the time since the frame before the one on show; missed and lost are sums since the start."""

    scope = "attached"
    need = 4

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.caption = "Attached"
        self.frame: Frame | None = None
        self.before: dict[str, ProbeCounters] = {}
        self.elapsed = 0
        self.remark = "nothing yet"

    def show(self, frame: "Frame | None", before: "Frame | None" = None) -> None:
        """The frame on show and the one before it; None before there is any."""
        self.before = {probe.name: probe for probe in before.counters.probes} if before else {}
        self.elapsed = frame.monotonic - before.monotonic if frame and before else 0
        self.frame = frame
        if frame is None:
            self.remark = "nothing yet"
            self.resize_rows(0)
            return
        counters = frame.counters
        keyed = [snapshot for snapshot in frame.maps.values() if snapshot.spec.key is not None]
        told = counters.losses | ({"unnamed addresses": counters.unnamed} if counters.unnamed else {})
        self.remark = " · ".join(f"{name} {grouped(number)}" for name, number in told.items())
        self.maps = keyed
        self.resize_rows(1 + len(counters.probes) + len(keyed))
        self.need = self.virtual_size.height + 2

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        assert self.frame is not None
        probes = self.frame.counters.probes
        costs = width >= FIGURES + NAME + 2
        room = max(8, width - FIGURES - 2 + COSTS * (not costs))
        if y == 0:
            told = f" {'a run':>7} {'CPU':>8}" if costs else ""
            return [(f" {fit('probe', room)} {'runs/s':>7}{told} {'missed':>7} {'lost':>6} ", "head")]
        if y <= len(probes):
            return self.probe_line(probes[y - 1], room, costs)
        return self.map_line(y - 1 - len(probes), width)

    def probe_line(self, probe: ProbeCounters, room: int, costs: bool) -> "list[tuple[str, str]]":
        before = self.before.get(probe.name)
        runs, spent = (probe.runs - before.runs, probe.nanoseconds - before.nanoseconds) if before else (0, 0)
        known = before is not None and self.elapsed > 0
        rate = short(runs * SECOND / self.elapsed) if known else "–"
        each = quantity(spent / runs, "ns") if runs and spent else "–"
        share = f"{100 * spent / self.elapsed:.2f}%" if known and spent else "–"
        return [
            (f" {fit_end(clean(probe.attached or probe.name), room)} ", "key"),
            (f"{rate:>7} ", "value"),
            (f"{each:>7} {share:>8} " if costs else "", "text"),
            (f"{grouped(probe.missed):>7} ", "bad" if probe.missed else "dim"),
            (f"{grouped(probe.lost):>6} ", "bad" if probe.lost else "dim"),
        ]

    def map_line(self, at: int, width: int) -> "list[tuple[str, str]]":
        assert self.frame is not None
        snapshot = self.maps[at]
        held, most = len(snapshot.rows), snapshot.spec.max_entries
        full = self.frame.counters.full.get(snapshot.spec.name, 0)
        figures = f" {grouped(held)} of {grouped(most)} keys"
        told = f"  full {grouped(full)}" if full else ""
        room = width - len(figures) - len(told) - 4
        cells = max(0, min(FULLNESS, room - MAP_NAME))
        return [
            (f" {fit(snapshot.spec.name, max(MAP_NAME, room - cells))} ", "key"),
            (fit(bar(min(held, most), most, cells), cells) if cells else "", "warning" if held * 10 >= most * 9 else "bar"),
            (figures, "text"),
            (told, "bad"),
        ]

    def written(self) -> str:
        lines = [self.line(y, 100) for y in range(self.virtual_size.height)]
        return "".join("".join(text for text, _ in line).strip() + "\n" for line in lines)
