"""Maps as CSV (RFC 4180): one header, one row a key, bucket or interval. What a map has no use for stays empty.

Spreadsheets run a cell that begins like a formula; such texts get an apostrophe before them, which they show as text.
"""

from bttui.model.types import Histogram, LinearHistogram, TimeSeries
from bttui.render.clean import clean
from bttui.render.histogram import buckets
from bttui.render.series import clock_text
from bttui.render.values import figure_names, figures, key_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bttui.model.frame import MapSnapshot
    from bttui.render.export import Export

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_MIDDLE = ("low", "high", "time")  # columns between those of keys and those of values


def csv(export: "Export", taken_at: str = "", header: bool = True) -> str:
    """Several maps have their names (without the @) in a first column. ``low`` and ``high`` of a bucket are both included.

    ``taken_at`` stands in a column before all others, where it is given.
    """
    from csv import DictWriter
    from io import StringIO

    first = {"taken_at": taken_at} if taken_at else {}
    several = len(export.maps) > 1
    rows: list[dict[str, object]] = []
    for snapshot in export.maps:
        named = {**first, "map": snapshot.spec.name.removeprefix("@")} if several else first
        rows += [{**named, **row} for row in _rows(snapshot, export.keys(snapshot))]
    keys = dict.fromkeys(name for snapshot in export.maps for name in export.keys(snapshot))
    found = dict.fromkeys(name for snapshot in export.maps for name in _columns(snapshot))
    values = [name for name in found if name not in keys and name not in _MIDDLE]
    columns = [*first, *(["map"] if several else []), *keys, *(name for name in _MIDDLE if name in found), *values]
    out = StringIO()
    writer = DictWriter(out, columns, restval="", lineterminator="\r\n")
    if header:
        writer.writeheader()
    writer.writerows({name: text_cell(value) if isinstance(value, str) else value for name, value in row.items()} for row in rows)
    return out.getvalue()


def text_cell(text: str) -> str:
    text = clean(text)
    return "'" + text if text.startswith(_FORMULA) else text


def _columns(snapshot: "MapSnapshot") -> "Sequence[str]":
    """Of a row beside its keys: by the type alone, whatever the map holds."""
    type_ = snapshot.spec.value
    if isinstance(type_, (Histogram, LinearHistogram)):
        return "low", "high", "count"
    return ("time", "value") if isinstance(type_, TimeSeries) else figure_names(type_)


def _rows(snapshot: "MapSnapshot", names: "Sequence[str]") -> "Iterator[dict[str, object]]":
    type_ = snapshot.spec.value
    for key, value in snapshot.rows:
        row: dict[str, object] = dict(zip(names, key_parts(snapshot.spec.key, key), strict=True))
        if isinstance(type_, (Histogram, LinearHistogram)):
            for bucket in buckets(type_, value):
                yield {**row, "low": bucket.low, "high": bucket.high, "count": bucket.count}
        elif isinstance(type_, TimeSeries):
            for interval, number in value:
                yield {**row, "time": clock_text(interval * type_.interval, 9, "%Y-%m-%d %H:%M:%S"), "value": number}
        else:
            yield {**row, **figures(type_, value)}
