"""Maps and events as the text that goes to a pipe or a file."""

import os

from bttui.model.types import (
    Average,
    Count,
    Histogram,
    Integer,
    LinearHistogram,
    Maximum,
    Minimum,
    Stats,
    Sum,
    TimeSeries,
    Tuple,
    Type,
)
from bttui.render.histogram import histogram_text
from bttui.render.order import ordered
from bttui.render.printf import compile_format
from bttui.render.series import series_text
from bttui.render.values import average, quotient, stats_text, value_text, writer, zero

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from bttui.model.frame import Event, MapSnapshot
    from bttui.model.program import Output


def map_text(snapshot: "MapSnapshot", top: int = 0, div: int = 0) -> str:
    """A map as print(@map, top, div) shows it: "@name[key]: value" lines, or blocks of bars with an empty line after each.

    ``top`` keeps the last ``top`` rows of the order (0: all), ``div`` divides numbers (0: does not).
    A scalar that nobody wrote to is a zero; at the end of a run such maps are left out (``maps_at_exit``).
    """
    spec, type_ = snapshot.spec, snapshot.spec.value
    assert type_ is not None
    head, close = spec.name, "\n"
    between = ":\n" if isinstance(type_, (Histogram, LinearHistogram, TimeSeries)) else ": "
    rows = shown(snapshot, top)
    value = divided_writer(type_, div)
    if spec.key is None:
        return "".join([f"{head}{between}{value(content)}{close}" for _, content in rows])
    key = key_writer(spec.key)
    return "".join([f"{head}[{key(name)}]{between}{value(content)}{close}" for name, content in rows])


def maps_at_exit(snapshots: "Iterable[MapSnapshot]") -> str:
    """What is printed when a run ends: two line ends, then every map that holds something, by name."""
    return "\n\n" + "".join([map_text(snapshot) for snapshot in sorted(snapshots, key=lambda s: s.spec.name) if snapshot.rows])


def shown(snapshot: "MapSnapshot", top: int = 0) -> "list[tuple[Any, Any]]":
    """The rows to print, in order; an untouched scalar shows a zero, an untouched histogram nothing."""
    rows = ordered(snapshot)
    type_ = snapshot.spec.value
    assert type_ is not None
    if snapshot.spec.key is not None:
        return rows[-top:] if top > 0 else rows
    if not rows and not isinstance(type_, (Histogram, LinearHistogram, TimeSeries)):
        return [(None, zero(type_))]
    return rows


def key_writer(type_: Type) -> "Callable[[Any], str]":
    """What stands between the brackets: the parts of a tuple key without parentheses."""
    write = writer(type_)
    return (lambda key: write(key)[1:-1]) if isinstance(type_, Tuple) else write


def print_value(type_: Type, value: "Any") -> str:
    """The line of print(value)."""
    return value_text(type_, value) + "\n"


def divided_writer(type_: Type, div: int) -> "Callable[[Any], str]":
    """The text of a map's value, its numbers divided by ``div``."""
    div = div or 1
    if isinstance(type_, (Histogram, LinearHistogram)):
        return lambda counts: histogram_text(type_, counts, div)
    if isinstance(type_, TimeSeries):
        return lambda points: series_text(type_, points)
    if div == 1:
        return writer(type_)
    if isinstance(type_, (Integer, Count, Sum, Minimum, Maximum)):
        return lambda value: str(quotient(value, div))
    if isinstance(type_, Average):
        return lambda value: str(quotient(average(value), div))
    if isinstance(type_, Stats):
        return lambda value: stats_text(value, div)
    return writer(type_)


_FORMATTED = frozenset(("printf", "errorf", "warnf", "runtime_error"))
_formats: "dict[int, tuple[Output, Callable[[tuple[Any, ...]], str]]]" = {}


def event_text(event: "Event") -> str:
    """What an event adds to the output, line ends included. Kinds without a format of their own give their ``text``.

    errorf, warnf and runtime_error give the bare message: where it goes, and with what before it, is the front
    end's matter.
    """
    output = event.output
    if event.map is not None:
        options = output.options if output else {}
        return map_text(event.map, options.get("top", 0), options.get("divisor", 0))
    if output is not None and not event.text:
        if event.kind in _FORMATTED:
            return formatted(output, event.values)
        if event.kind == "helper_error":
            return helper_text(output, event.values[0])
        if event.kind == "print":
            return print_value(output.arguments[0].type, event.values[0])
    return event.text


def helper_text(output: "Output", result: int) -> str:
    """What a failed helper means, and its name and result."""
    helper = output.options["helper"]
    missing = helper == "map_lookup_elem"
    message = "Can't lookup map element because it does not exist." if missing else os.strerror(-result)
    return f"{message}\n{helper_detail(helper, result)}"


def helper_detail(helper: str, result: int) -> str:
    return f"Additional Info - helper: {helper}, retcode: {result}"


def formatted(output: "Output", values: "tuple[Any, ...]") -> str:
    """The output's format filled in; formats are compiled once."""
    known = _formats.get(id(output))
    if known is None or known[0] is not output:
        if len(_formats) > 1000:  # those of programs that ended
            _formats.clear()
        known = _formats[id(output)] = output, compile_format(output.text, [argument.type for argument in output.arguments])
    return known[1](values)
