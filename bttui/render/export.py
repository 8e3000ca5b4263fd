"""What maps can be written as: one table for the export page, the clipboard and the command line."""

from importlib import import_module

from bttui.model.data import Data
from bttui.model.frame import MapSnapshot
from bttui.model.types import Record
from bttui.render.series import clock_text
from bttui.render.stacks import has_stack, parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Export(Data):
    """What is written. ``names`` are the expressions in a map's brackets, where the program's text is known."""

    maps: "Sequence[MapSnapshot]"
    names: "dict[str, tuple[str, ...]]" = {}

    def keys(self, snapshot: MapSnapshot) -> "list[str]":
        """A name for each part of the map's key, no two alike."""
        count = len(parts(snapshot.spec.key))
        known = self.names.get(snapshot.spec.name, ())
        if len(known) != count or len(set(known)) != count:
            known = tuple(field.name for field in snapshot.spec.key.fields) if isinstance(snapshot.spec.key, Record) else ()
        if known:
            return list(known)
        return ["key"] if count == 1 else [f"key{number}" for number in range(1, count + 1)]


class Format(Data):
    """``place`` is "module function": the function of an Export that gives the text; ``stacks``: of maps with stacks only.

    ``every`` says how a file gets the maps of one interval after the other: "append" (``more`` gives what is added),
    "replace" (the file holds the newest), "" where that makes no sense.
    """

    name: str
    title: str
    suffix: str
    place: str
    stacks: bool = False
    every: str = ""

    def suits(self, snapshot: MapSnapshot) -> bool:
        return not self.stacks or has_stack(snapshot.spec.key)

    def write(self, export: Export) -> str:
        """The text of the maps that it suits. Names from the traced world are made harmless for what reads the format."""
        module, function = self.place.split()
        write = getattr(import_module(f"bttui.render.{module}"), function)
        text: str = write(export.replace(maps=[snapshot for snapshot in export.maps if self.suits(snapshot)]))
        return text

    def more(self, export: Export, wall: int, first: bool) -> str:
        """What one moment (ns, CLOCK_REALTIME) adds to a file of every interval; ``first``: there is nothing before it."""
        at = clock_text(wall, 3, "%Y-%m-%d %H:%M:%S")
        if self.every == "replace":
            return self.write(export)
        if self.name == "csv":
            from bttui.render.csv import csv

            return csv(export, at, first)
        if self.name == "json":
            from bttui.render.json import text_json

            return text_json("time", at) + self.write(export)
        return f"{'' if first else chr(10)}{at}\n{self.write(export)}"


FORMATS = (
    Format("text", "text as bpftrace prints it", ".txt", "export text", every="append"),
    Format("json", "JSON, one map a line, as -f json", ".json", "export json", every="append"),
    Format("csv", "CSV for spreadsheets", ".csv", "csv csv", every="append"),
    Format("openmetrics", "OpenMetrics text for Prometheus", ".prom", "openmetrics openmetrics", every="replace"),
    Format("folded", "folded stacks, one a line", ".folded", "export folded", True),
    Format("flamegraph", "flame graph, SVG to click in", ".svg", "flamegraph flamegraph", True),
    Format("speedscope", "speedscope JSON", ".speedscope.json", "speedscope speedscope", True),
)


def find(name: str) -> "Format | None":
    return next((each for each in FORMATS if each.name == name), None)


def suiting(maps: "Iterable[MapSnapshot]") -> "list[Format]":
    """The formats that can hold something of these maps."""
    snapshots = list(maps)
    return [each for each in FORMATS if any(map(each.suits, snapshots))]


def text(export: Export) -> str:
    from bttui.render.clean import clean_lines
    from bttui.render.text import map_text

    return clean_lines("".join([map_text(snapshot) for snapshot in export.maps]))


def json(export: Export) -> str:
    from bttui.render.json import map_json

    return "".join([map_json(snapshot) for snapshot in export.maps])


def folded(export: Export) -> str:
    from bttui.render.stacks import folded

    return "".join([folded(snapshot) for snapshot in export.maps])
