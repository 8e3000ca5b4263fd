"""Maps as OpenMetrics text (github.com/prometheus/OpenMetrics, specification 1.0): what Prometheus scrapes or reads from a file.

count() is a counter, hist() and lhist() are histograms, avg() and stats() summaries, other numbers gauges; what is no
number is an info metric. Names are bttui_MAP, a key's parts are labels.
"""

import re

from bttui.model.types import Average, Count, Histogram, LinearHistogram, Stats, TimeSeries
from bttui.render.clean import clean
from bttui.render.histogram import buckets
from bttui.render.values import figures, key_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.model.frame import MapSnapshot
    from bttui.model.types import Type
    from bttui.render.export import Export

    Labels = tuple[tuple[str, str], ...]
    Sample = tuple[str, Labels, object]  # suffix of the name, labels, value


def openmetrics(export: "Export") -> str:
    lines = []
    names: set[str] = set()
    for snapshot in export.maps:
        kind = _kind(snapshot)
        name = _unused("_".join(["bttui", *filter(None, [_word(snapshot.spec.name.removeprefix("@"))])]), names)
        lines.append(f"# TYPE {name} {kind}\n")
        for suffix, labels, value in _samples(snapshot, kind, export.keys(snapshot)):
            shown = ",".join([f'{label}="{_escape(text)}"' for label, text in labels])
            lines.append(f"{name}{suffix}{{{shown}}} {value}\n" if shown else f"{name}{suffix} {value}\n")
    return "".join(lines) + "# EOF\n"


def _kind(snapshot: "MapSnapshot") -> str:
    type_ = snapshot.spec.value
    if isinstance(type_, Count):
        return "counter"
    if isinstance(type_, (Histogram, LinearHistogram)):
        return "histogram"
    if isinstance(type_, (Average, Stats)):  # the sum of a summary may not fall below zero
        return "summary" if all(total >= 0 for _, (total, _) in snapshot.rows) else "gauge"
    if isinstance(type_, TimeSeries) or all(isinstance(_first(type_, value), int) for _, value in snapshot.rows):
        return "gauge"
    return "info"


def _samples(snapshot: "MapSnapshot", kind: str, names: "Sequence[str]") -> "Iterator[Sample]":
    type_ = snapshot.spec.value
    words: list[str] = []
    for name in names:
        words.append(_unused(_word(name) or "key", words, ("le", "quantile")))
    seen: set[Labels] = set()
    bounds = _bounds(snapshot) if kind == "histogram" else []
    for key, value in snapshot.rows:
        labels = tuple(zip(words, [clean(str(part)) for part in key_parts(snapshot.spec.key, key)], strict=True))
        while labels in seen:  # keys that differ only in what cannot be written
            labels = (*labels[:-1], (labels[-1][0], labels[-1][1] + "'"))
        seen.add(labels)
        if kind == "counter":
            yield "_total", labels, value
        elif kind == "histogram":
            counts = {bucket.high: bucket.count for bucket in buckets(type_, value)}  # type: ignore[arg-type]
            passed = 0
            for high in bounds:
                passed += counts.get(high, 0)
                yield "_bucket", (*labels, ("le", f"{float(high)}")), passed
            yield "_bucket", (*labels, ("le", "+Inf")), sum(value.values())
        elif kind == "summary":
            total, count = value
            yield "_count", labels, count
            yield "_sum", labels, total
        elif kind == "info":
            yield "_info", (*labels, ("value", str(_first(type_, value)))), 1
        elif isinstance(type_, TimeSeries):
            last = next((number for _, number in reversed(value) if number is not None), None)
            if last is not None:
                yield "", labels, last
        else:
            yield "", labels, int(_first(type_, value))  # type: ignore[call-overload]


def _first(type_: "Type | None", value: "Any") -> object:
    return next(iter(figures(type_, value).values()))


def _bounds(snapshot: "MapSnapshot") -> "list[int]":
    """The upper bounds of all buckets that any key has: values are whole numbers, so a bucket's highest value bounds it."""
    highs = {bucket.high for _, value in snapshot.rows for bucket in buckets(snapshot.spec.value, value)}  # type: ignore[arg-type]
    return sorted(high for high in highs if high is not None)


def _word(text: str) -> str:
    """The text as a name: ASCII letters, digits and underscores."""
    word = re.sub("[^a-zA-Z0-9]+", "_", text).strip("_")
    return "_" + word if word[:1].isdigit() else word


def _unused(name: str, taken: "set[str] | list[str]", reserved: "tuple[str, ...]" = ()) -> str:
    """The name, with a number where it is taken; remembered in ``taken`` where that is a set."""
    number, unused = 1, name
    while unused in taken or unused in reserved:
        number += 1
        unused = f"{name}_{number}"
    if isinstance(taken, set):
        taken.add(unused)
    return unused


def _escape(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace('"', '\\"')
