"""Maps and events as JSON, one object a line, as bpftrace -f json writes them.

Written out by hand: two of its habits no JSON library shares. Integers that a double cannot hold become strings, and
bytes above 0x7f become a sign-extended escape of eight digits.
"""

import os
import re

from bttui.model.types import (
    Aggregation,
    Array,
    Average,
    Bool,
    Buffer,
    Enum,
    Histogram,
    Integer,
    LinearHistogram,
    Pointer,
    Record,
    Stack,
    Stats,
    Struct,
    TimeSeries,
    Tuple,
    Type,
)
from bttui.render.histogram import buckets
from bttui.render.series import clock_text
from bttui.render.text import event_text, key_writer, shown
from bttui.render.values import average, named_members, quotient, writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from bttui.model.diagnostic import Diagnostic, Span
    from bttui.model.frame import Event, MapSnapshot

_SPECIAL = re.compile(r"[^ !#-\[\]-\x7f]")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def attached_json(probes: int) -> str:
    return f'{{"type": "attached_probes", "count": {probes}, "data": {{"probes": {probes}}}}}\n'


def lost_json(events: int) -> str:
    return f'{{"type": "lost_events", "count": {events}, "data": {{"events": {events}}}}}\n'


def text_json(kind: str, text: str) -> str:
    """Output that is one text: printf, time, cat, join and syscall (the output of system())."""
    return f'{{"type": "{kind}", "data": {string_json(text)}}}\n'


def message_json(kind: str, message: str, span: "Span | None" = None, **more: "str | int") -> str:
    """Output that comes from a place in the program: errorf, warnf, runtime_error and helper_error.

    helper_error has ``helper`` (its name) and ``retcode`` besides.
    """
    parts = [f'"type": "{kind}"', f'"msg": {string_json(message)}']
    parts += [f'"{name}": {string_json(value) if isinstance(value, str) else value}' for name, value in more.items()]
    if span:
        parts += [f'"filename": {string_json(span.file)}', f'"line": {span.line}', f'"col": {span.column}']
    return "{" + ", ".join(parts) + "}\n"


def diagnostic_json(diagnostic: "Diagnostic") -> str:
    """Why a program does not run: what it says on a terminal, with the repair where one is certain and the verifier's whole log."""
    parts = [f'"type": "diagnostic", "severity": "{diagnostic.severity}", "msg": {string_json(diagnostic.message)}']
    parts += [f'"{name}": {string_json(text)}' for name, text in (("code", diagnostic.code), ("hint", diagnostic.hint)) if text]
    if diagnostic.span:
        parts.append(_place_json(diagnostic.span))
    if diagnostic.fix:
        parts.append(f'"fix": {{{_place_json(diagnostic.fix.span)}, "text": {string_json(diagnostic.fix.text)}}}')
    if diagnostic.trail:
        trail = [f'{{"msg": {string_json(message)}, {_place_json(span)}}}' for message, span in diagnostic.trail]
        parts.append(f'"trail": [{", ".join(trail)}]')
    if diagnostic.detail:
        parts.append(f'"detail": {string_json(diagnostic.detail)}')
    return "{" + ", ".join(parts) + "}\n"


def _place_json(span: "Span") -> str:
    """The end column is the one after the last character."""
    end = f'"end_line": {span.end_line}, "end_col": {span.end_column}'
    return f'"filename": {string_json(span.file)}, "line": {span.line}, "col": {span.column}, {end}'


def helper_json(helper: str, result: int, span: "Span | None", times: int = 1) -> str:
    """A helper that failed, so many times since the last such line."""
    more = {"count": times} if times > 1 else {}
    return message_json("helper_error", os.strerror(-result), span, helper=helper, retcode=result, **more)


def map_json(snapshot: "MapSnapshot", top: int = 0, div: int = 0, at_exit: bool = False) -> str:
    """A map as print(@map, top, div) shows it; "" for one that holds nothing (but {} for averages and stats).

    ``at_exit`` leaves out scalars that nobody wrote to.
    """
    spec, type_ = snapshot.spec, snapshot.spec.value
    assert type_ is not None
    kind = _kind(type_)
    rows = [] if at_exit and not snapshot.rows else shown(snapshot, top)
    if not rows:
        return f'{{"type": "{kind}", "data": {{"{spec.name}": {{}}}}}}\n' if kind == "stats" else ""
    value = _divided_writer(type_, div or 1)
    if spec.key is None:
        data = value(rows[0][1])
    else:
        key = key_writer(spec.key)
        data = "{" + ", ".join([f"{string_json(key(name).replace(' ', ''))}: {value(content)}" for name, content in rows]) + "}"
    return f'{{"type": "{kind}", "data": {{"{spec.name}": {data}}}}}\n'


def maps_json_at_exit(snapshots: "Iterable[MapSnapshot]") -> str:
    """What is printed when a run ends: every map that holds something, by name."""
    return "".join([map_json(snapshot, at_exit=True) for snapshot in sorted(snapshots, key=lambda s: s.spec.name)])


def value_json(type_: Type, value: "Any") -> str:
    """The line of print(value)."""
    return f'{{"type": "value", "data": {json_writer(type_)(value)}}}\n'


def event_json(event: "Event") -> str:
    """The line for an event; "" where JSON has none."""
    output = event.output
    if event.map is not None:
        options = output.options if output else {}
        return map_json(event.map, options.get("top", 0), options.get("divisor", 0))
    if event.kind == "print" and output is not None:
        return value_json(output.arguments[0].type, event.values[0])
    if event.kind in ("printf", "time", "cat"):
        return text_json(event.kind, event_text(event))
    if event.kind == "join":
        return text_json("join", event_text(event).removesuffix("\n"))
    if event.kind == "system":
        return text_json("syscall", event_text(event))
    if event.kind == "helper_error" and output is not None:
        return helper_json(output.options["helper"], event.values[0], output.span)
    if event.kind in ("errorf", "warnf", "runtime_error"):
        return message_json(event.kind, event_text(event), output.span if output else None)
    return ""


def string_json(text: str) -> str:
    return f'"{_SPECIAL.sub(_escape, text)}"'


def integer_json(number: int) -> str:
    return str(number) if -(1 << 53) <= number <= 1 << 53 or int(float(number)) == number else f'"{number}"'


def json_writer(type_: Type) -> "Callable[[Any], str]":
    """A function from a Python value of this type (see model.types) to JSON."""
    if isinstance(type_, Bool):
        return lambda value: "true" if value else "false"
    if isinstance(type_, (Integer, Enum, Pointer)):
        return integer_json
    if isinstance(type_, Buffer):
        return lambda value: "[" + ",".join([str(byte - 256 if byte > 127 else byte) for byte in value]) + "]"
    if isinstance(type_, Tuple):
        return _list_writer([json_writer(element) for element in type_.elements])
    if isinstance(type_, (Record, Struct)):
        return _object_writer(type_)
    if isinstance(type_, Array):
        element = json_writer(type_.element)
        return (lambda value: "[" + ",".join(map(element, value)) + "]") if type_.count else lambda value: "null"
    if isinstance(type_, Stack):
        stack = writer(type_)
        return lambda value: string_json(stack(value))
    if isinstance(type_, Aggregation):
        return _divided_writer(type_, 1)
    text = writer(type_)
    return lambda value: string_json(text(value))


def _escape(match: "re.Match[str]") -> str:
    character = match.group()
    if character in _SHORT:
        return _SHORT[character]
    encoded = character.encode("utf-8", "surrogateescape")
    return "".join([f"\\u{byte:04x}" if byte < 0x80 else f"\\uffffff{byte:02x}" for byte in encoded])


def _kind(type_: Type) -> str:
    if isinstance(type_, (Histogram, LinearHistogram)):
        return "hist"
    if isinstance(type_, (Average, Stats)):
        return "stats"
    return "tseries" if isinstance(type_, TimeSeries) else "map"


def _divided_writer(type_: Type, div: int) -> "Callable[[Any], str]":
    if isinstance(type_, (Histogram, LinearHistogram)):
        return lambda counts: _histogram_json(type_, counts, div)
    if isinstance(type_, TimeSeries):
        return lambda points: _series_json(type_, points)
    if isinstance(type_, Stats):
        return lambda value: _stats_json(value, div)
    if isinstance(type_, Average):
        return lambda value: integer_json(quotient(average(value), div))
    if isinstance(type_, Aggregation) or (div != 1 and isinstance(type_, Integer) and not isinstance(type_, Bool)):
        return lambda value: integer_json(quotient(value, div))
    return json_writer(type_)


def _stats_json(value: "tuple[int, int]", div: int) -> str:
    total, count = value
    mean = integer_json(quotient(average(value), div))
    return f'{{"count": {integer_json(count)}, "average": {mean}, "total": {integer_json(total)}}}'


def _histogram_json(type_: "Histogram | LinearHistogram", counts: "dict[int, int]", div: int) -> str:
    rows = []
    for bucket in buckets(type_, counts):
        low = "" if bucket.low is None else f'"min": {integer_json(bucket.low)}, '
        high = "" if bucket.high is None else f'"max": {integer_json(bucket.high)}, '
        rows.append(f'{{{low}{high}"count": {integer_json(bucket.count // div)}}}')
    return "[" + ",".join(rows) + "]"


def _series_json(type_: TimeSeries, points: "tuple[tuple[int, int | None], ...]") -> str:
    return (
        "["
        + ",".join(
            [
                f'{{"interval_start":"{clock_text(interval * type_.interval, 9, "%Y-%m-%d %H:%M:%S")}","value":{integer_json(value)}}}'
                for interval, value in points
                if value is not None
            ]
        )
        + "]"
    )


def _list_writer(parts: "list[Callable[[Any], str]]") -> "Callable[[Any], str]":
    return lambda value: "[" + ",".join([part(item) for part, item in zip(parts, value, strict=True)]) + "]"


def _object_writer(type_: "Record | Struct") -> "Callable[[Any], str]":
    if type_.fields is None:
        return lambda value: "null"  # only the name of the struct is known
    members, flat = named_members(type_)
    parts = [(f"{string_json(name)}: ", json_writer(member)) for name, member in members]
    return lambda value: "{" + ", ".join([name + part(item) for (name, part), item in zip(parts, flat(value), strict=True)]) + "}"
