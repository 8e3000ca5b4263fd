"""Bytes from the kernel become Python values: event records, map keys, map values. What they look like: model.types."""

import struct

from bttui.loader import bpf
from bttui.model.frame import MapSnapshot, Symbol
from bttui.model.types import (
    Aggregation,
    Array,
    Average,
    Bool,
    Bucketed,
    Buffer,
    CgroupPath,
    Count,
    Enum,
    Inet,
    Integer,
    KernelSymbol,
    MacAddress,
    Maximum,
    Minimum,
    Pointer,
    ProbeName,
    Record,
    Stack,
    Stats,
    String,
    Struct,
    Sum,
    TimeSeries,
    Timestamp,
    Tuple,
    Type,
    Username,
    UserSymbol,
    Void,
    align_up,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from bttui.loader.maps import LoadedMap
    from bttui.model.program import MapSpec, Output
    from bttui.session.lookup import Lookup

    Buffered = bytes | bytearray | memoryview
    Decoder = Callable[[Buffered, int], Any]

_CODES = {
    (1, True): "b",
    (2, True): "h",
    (4, True): "i",
    (8, True): "q",
    (1, False): "B",
    (2, False): "H",
    (4, False): "I",
    (8, False): "Q",
}
_WRAP, _HALF = 1 << 64, 1 << 63


def code(type_: Type) -> str:
    """The letter of ``struct`` for a number, "" for what is not one. A sum of unsigned numbers is unsigned, too."""
    if isinstance(type_, Bool):
        return "?"
    if isinstance(type_, (Integer, Enum)):
        return _CODES[type_.size, type_.signed]
    if isinstance(type_, (Pointer, Count)):
        return "Q"
    if isinstance(type_, Sum):
        return "q" if type_.signed else "Q"
    return ""


def text(raw: "Buffered") -> str:
    """Up to the first NUL."""
    return bytes(raw).partition(b"\0")[0].decode("utf-8", "surrogateescape")


def decoder(type_: Type, lookup: "Lookup") -> "Decoder":
    """A function from (buffer, offset) to the value there. Raises KeyError for a type that cannot be stored."""
    letter = code(type_)
    if letter:
        unpack = struct.Struct("=" + letter).unpack_from
        return lambda buffer, offset: unpack(buffer, offset)[0]
    return _MAKERS[type(type_)](type_, lookup)


def _string(type_: Type, lookup: "Lookup") -> "Decoder":
    size = type_.size
    if size == lookup.longest:
        return lambda buffer, offset: lookup.cut(bytes(buffer[offset : offset + size]))
    return lambda buffer, offset: text(buffer[offset : offset + size])


def _buffer(type_: Type, lookup: "Lookup") -> "Decoder":
    length = struct.Struct("=I").unpack_from
    return lambda buffer, offset: bytes(buffer[offset + 4 : offset + 4 + length(buffer, offset)[0]])


def _array(type_: Array, lookup: "Lookup") -> "Decoder":
    letter, count, step = code(type_.element), type_.count, type_.element.size
    if letter:
        return struct.Struct(f"={count}{letter}").unpack_from
    element = decoder(type_.element, lookup)
    return lambda buffer, offset: tuple([element(buffer, offset + i * step) for i in range(count)])


def _together(parts: "Sequence[tuple[Type, int]]", lookup: "Lookup") -> "Decoder":
    decoders = [(decoder(part, lookup), at) for part, at in parts]
    return lambda buffer, offset: tuple([decode(buffer, offset + at) for decode, at in decoders])


def _tuple(type_: Tuple, lookup: "Lookup") -> "Decoder":
    return _together(list(zip(type_.elements, type_.offsets, strict=True)), lookup)


def _record(type_: Record, lookup: "Lookup") -> "Decoder":
    return _together([(field.type, field.offset) for field in type_.fields], lookup)


def _struct(type_: Struct, lookup: "Lookup") -> "Decoder":
    fields = lookup.fields(type_)
    decoders = [(_bits(field, lookup) if field.bits else decoder(field.type, lookup), field.offset) for field in fields]
    return lambda buffer, offset: tuple([decode(buffer, offset + at) for decode, at in decoders])


def _bits(field: "Any", lookup: "Lookup") -> "Decoder":
    size = field.type.size
    mask, half = (1 << field.bits) - 1, 1 << field.bits - 1
    signed = getattr(field.type, "signed", False)

    def decode(buffer: "Buffered", offset: int) -> int:
        whole = int.from_bytes(buffer[offset : offset + size], "little")
        value = whole >> field.bit_offset & mask
        return (value ^ half) - half if signed else value

    return decode


def _stack(type_: Stack, lookup: "Lookup") -> "Decoder":
    unpack = struct.Struct("=qQQ").unpack_from

    def decode(buffer: "Buffered", offset: int) -> "tuple[Symbol, ...]":
        identity, process, started = unpack(buffer, offset)
        return lookup.stack(type_, identity, process >> 32, started)

    return decode


def _mapped(format: str, convert: "Callable[[Lookup], Callable[..., Any]]") -> "Callable[[Any, Lookup], Decoder]":
    """Numbers that stand for something: ``convert(lookup)`` takes them."""
    unpack = struct.Struct(format).unpack_from

    def make(type_: Type, lookup: "Lookup") -> "Decoder":
        meaning = convert(lookup)
        return lambda buffer, offset: meaning(*unpack(buffer, offset))

    return make


def _pair(type_: Type, lookup: "Lookup") -> "Decoder":
    return struct.Struct("=qQ" if getattr(type_, "signed", True) else "=QQ").unpack_from


def _extreme(type_: Type, lookup: "Lookup") -> "Decoder":
    unpack = struct.Struct("=qQ" if getattr(type_, "signed", True) else "=QQ").unpack_from
    return lambda buffer, offset: unpack(buffer, offset)[0]


def _inet(family: int, address: bytes) -> str:
    import socket

    return socket.inet_ntop(family, address[:4] if family == socket.AF_INET else address) if family in (2, 10) else ""


_MAKERS: "dict[type[Type], Callable[[Any, Lookup], Decoder]]" = {
    Void: lambda type_, lookup: lambda buffer, offset: None,
    String: _string,
    Buffer: _buffer,
    Array: _array,
    Tuple: _tuple,
    Record: _record,
    Struct: _struct,
    Stack: _stack,
    KernelSymbol: _mapped("=Q", lambda lookup: lookup.kernel_symbol),
    UserSymbol: _mapped("=QQQ", lambda lookup: lookup.user_symbol),
    Inet: _mapped("=Q16s", lambda lookup: _inet),
    MacAddress: _mapped("=6B", lambda lookup: lambda *octets: ":".join([f"{octet:02X}" for octet in octets])),
    ProbeName: _mapped("=Q", lambda lookup: lookup.probe),
    Username: _mapped("=I", lambda lookup: lookup.username),
    Timestamp: _mapped("=QQQ", lambda lookup: lookup.timestamp),
    CgroupPath: _mapped("=QQ", lambda lookup: lookup.cgroup_path),
    Average: _pair,
    Stats: _pair,
    Minimum: _extreme,
    Maximum: _extreme,
}


# Events


def records_decoder(output: "Output", lookup: "Lookup") -> "Callable[[Sequence[bytes]], list[tuple[Any, ...]]]":
    """A function from event records of this output to the values of their arguments.

    Many at once, because most streams of events are long runs of one kind. A cut string ends where its record does.
    """
    arguments = output.arguments
    if not arguments:
        return lambda records: [()] * len(records)
    if all(code(argument.type) or isinstance(argument.type, String) for argument in arguments):
        return _flat_decoder(output, lookup)
    decoders = [(decoder(argument.type, lookup), argument.offset) for argument in arguments]
    return lambda records: [tuple([decode(record, offset) for decode, offset in decoders]) for record in records]


class _Texts(dict):
    """Bytes to their text; names of processes come again and again."""

    def __init__(self, lookup: "Lookup"):
        self._cut = lookup.cut

    def __missing__(self, raw: bytes) -> str:
        if len(self) > 10_000:
            self.clear()
        self[raw] = found = self._cut(raw)
        return found


def _flat_decoder(output: "Output", lookup: "Lookup") -> "Callable[[Sequence[bytes]], list[tuple[Any, ...]]]":
    """Numbers and strings only, the common case: ``struct`` takes the records apart, all of one size in one go."""
    order = sorted(range(len(output.arguments)), key=lambda number: output.arguments[number].offset)
    placed = [output.arguments[number] for number in order]
    layout, at = "=", 0
    for argument in placed:
        layout += f"{argument.offset - at}x" + (code(argument.type) or f"{argument.type.size}s")
        at = argument.offset + argument.type.size
    whole = struct.Struct(f"{layout}{output.size - at}x")
    names = [f"v{number}" for number in order]
    texts = {f"v{number}" for number, argument in enumerate(output.arguments) if isinstance(argument.type, String)}
    values = [f"texts[v{number}]" if f"v{number}" in texts else f"v{number}" for number in range(len(order))]
    if values == names:
        arrange = list
    else:
        # The generated text holds no text of the program, only these names.
        arrange = eval(f"lambda rows: [({', '.join(values)},) for {', '.join(names)}, in rows]", {"texts": _Texts(lookup)})
    size, unpack = output.size, whole.unpack

    def decode(records: "Sequence[bytes]") -> "list[tuple[Any, ...]]":
        data = b"".join(records)
        if len(data) == size * len(records):
            return arrange(whole.iter_unpack(data))
        return arrange([unpack(record.ljust(size, b"\0")) for record in records])

    return decode


# Maps


def map_decoder(map: "LoadedMap", lookup: "Lookup") -> "Callable[[int, memoryview, memoryview], MapSnapshot]":
    """A function from what loader.maps.columns read (entries, keys, values) to the snapshot."""
    spec, slots = map.spec, map.stride // map.slot if map.per_cpu else 1
    assert spec.value is not None
    if isinstance(spec.value, TimeSeries):
        rows = _series(spec, slots, lookup)
    elif spec.key is None:
        rows = _scalar_buckets(spec, slots) if isinstance(spec.value, Bucketed) else _scalar(spec, slots, lookup)
    else:
        rows = _keyed_buckets(spec, slots, lookup) if isinstance(spec.value, Bucketed) else _keyed(spec, slots, lookup)
    return lambda entries, keys, values: MapSnapshot(spec, rows(entries, keys, values))


def _sums(values: memoryview, slots: int) -> "list[int]":
    """The u64 of all slots added up, entry by entry. Nothing wraps before the total is over 2**64."""
    flat = values.cast("Q").tolist()
    if slots == 1:
        return flat
    if slots == 2:
        return list(map(int.__add__, flat[::2], flat[1::2]))
    return list(map(sum, zip(*[iter(flat)] * slots, strict=True)))


def _signed(number: int) -> int:
    return (number + _HALF) % _WRAP - _HALF


def _value(type_: Type, slots: int, size: int, lookup: "Lookup") -> "Callable[[memoryview, int], list[Any]]":
    """A function from (values, entries) to the list of values. An entry has ``slots`` slots of ``size`` bytes.

    Of a per-CPU map that holds no aggregation, integers are added up, and other values are the first CPU's.
    """
    if slots > 1 and isinstance(type_, Integer):
        type_ = Sum(signed=type_.signed)
    if isinstance(type_, (Count, Sum)) and size == 8:
        if isinstance(type_, Sum) and type_.signed:
            return lambda values, entries: [_signed(total) for total in _sums(values, slots)]
        return lambda values, entries: [total % _WRAP for total in _sums(values, slots)]
    if not isinstance(type_, Aggregation):
        return _plain(type_, size * slots, lookup)
    merge = _merge(type_)
    words = size // 8

    def aggregate(values: memoryview, entries: int) -> "list[Any]":
        flat = values.cast("Q").tolist()
        step = words * slots
        return [merge([flat[at : at + words] for at in range(start, start + step, words)]) for start in range(0, entries * step, step)]

    return aggregate


def _plain(type_: Type, stride: int, lookup: "Lookup") -> "Callable[[memoryview, int], list[Any]]":
    letter = code(type_)
    if letter and type_.size == stride and letter != "?":
        return lambda values, entries: values.cast(letter).tolist()  # type: ignore[call-overload]
    decode = decoder(type_, lookup)
    return lambda values, entries: [decode(values, at) for at in range(0, entries * stride, stride)]


def _merge(type_: Aggregation) -> "Callable[[list[list[int]]], Any]":
    """A function from the u64 words of all slots to the value."""
    signed = _signed if getattr(type_, "signed", False) else int
    if isinstance(type_, (Average, Stats)):
        return lambda slots: (signed(sum([slot[0] for slot in slots]) % _WRAP), sum([slot[1] for slot in slots]))
    if isinstance(type_, (Minimum, Maximum)):
        choose = min if isinstance(type_, Minimum) else max
        return lambda slots: choose([signed(slot[0]) for slot in slots if slot[1]], default=0)
    return lambda slots: signed(sum([slot[0] for slot in slots]) % _WRAP)


def _scalar(spec: "MapSpec", slots: int, lookup: "Lookup") -> "Callable[[int, memoryview, memoryview], list[Any]]":
    """The last u64 of a slot says whether it was written."""
    size = spec.value_size
    value = spec.value
    assert value is not None
    if isinstance(value, Aggregation):
        merge = _merge(value)

        def aggregated(entries: int, keys: memoryview, values: memoryview) -> "list[Any]":
            words = values.cast("Q").tolist()
            written = [part for part in (words[at : at + size // 8] for at in range(0, len(words), size // 8)) if part[-1]]
            return [(None, merge(written))] if written else []

        return aggregated
    decode = decoder(value, lookup)
    written = struct.Struct("=Q").unpack_from
    return lambda entries, keys, values: [(None, decode(values, 0))] if written(values, size - 8)[0] else []


def _scalar_buckets(spec: "MapSpec", slots: int) -> "Callable[[int, memoryview, memoryview], list[Any]]":
    """The entries are the buckets."""

    def rows(entries: int, keys: memoryview, values: memoryview) -> "list[Any]":
        numbers = keys.cast("I").tolist()
        counts = {bucket: count for bucket, count in zip(numbers, _sums(values, slots), strict=True) if count}
        return [(None, counts)] if counts else []

    return rows


def _keyed_buckets(spec: "MapSpec", slots: int, lookup: "Lookup") -> "Callable[[int, memoryview, memoryview], list[Any]]":
    """The last u64 of a key is the bucket. A key whose buckets are all 0 stays, without buckets."""
    assert spec.key is not None
    decode, size = decoder(spec.key, lookup), spec.key_size

    def rows(entries: int, keys: memoryview, values: memoryview) -> "list[Any]":
        found: "dict[bytes, dict[int, int]]" = {}
        flat = keys.tobytes()
        numbers = keys.cast("Q").tolist()[size // 8 - 1 :: size // 8]
        for at, bucket, count in zip(range(0, entries * size, size), numbers, _sums(values, slots), strict=True):
            buckets = found.setdefault(flat[at : at + size - 8], {})
            if count:
                buckets[bucket] = count
        return [(decode(key, 0), buckets) for key, buckets in found.items()]

    return rows


def _series(spec: "MapSpec", slots: int, lookup: "Lookup") -> "Callable[[int, memoryview, memoryview], list[Any]]":
    """The words of a value: what the interval's aggregation is, how many or when, number of the interval + 1.

    All series end where the newest does; one begins with its own oldest interval.
    """
    type_, size = spec.value, spec.key_size
    assert isinstance(type_, TimeSeries)
    decode = decoder(spec.key, lookup) if spec.key is not None else None
    merge = _series_merge(type_)

    def rows(entries: int, keys: memoryview, values: memoryview) -> "list[Any]":
        flat, words = keys.tobytes(), values.cast("Q").tolist()
        found: "dict[bytes, dict[int, list[tuple[int, int]]]]" = {}
        for entry in range(entries):
            series = found.setdefault(flat[entry * size : (entry + 1) * size - 8] if decode else b"", {})
            for at in range(entry * slots * 3, (entry + 1) * slots * 3, 3):
                if words[at + 2]:
                    series.setdefault(words[at + 2] - 1, []).append((words[at], words[at + 1]))
        newest = max([max(series) for series in found.values() if series], default=0)
        shown = []
        for key, series in found.items():
            parts = {number: merge(parts) for number, parts in series.items() if number > newest - type_.count}
            points = tuple([(number, parts.get(number)) for number in range(min(parts), newest + 1)]) if parts else ()
            if points or decode:
                shown.append((decode(key, 0) if decode else None, points))
        return shown

    return rows


def _series_merge(type_: TimeSeries) -> "Callable[[list[tuple[int, int]]], int]":
    """A function from what each CPU has of an interval to its value."""
    signed = _signed if type_.signed else int
    if type_.aggregation == "sum":
        return lambda parts: signed(sum([value for value, _ in parts]) % _WRAP)
    if type_.aggregation == "avg":

        def mean(parts: "list[tuple[int, int]]") -> int:
            total, count = signed(sum([value for value, _ in parts]) % _WRAP), sum([count for _, count in parts])
            return abs(total) // count * (1 if total > 0 else -1)

        return mean
    if type_.aggregation:
        choose = min if type_.aggregation == "min" else max
        return lambda parts: choose([signed(value) for value, _ in parts])
    return lambda parts: signed(max(parts, key=lambda part: part[1])[0])


def _keyed(spec: "MapSpec", slots: int, lookup: "Lookup") -> "Callable[[int, memoryview, memoryview], list[Any]]":
    assert spec.key is not None and spec.value is not None
    key = _plain(spec.key, spec.key_size, lookup)
    size = align_up(spec.value_size, 8) if spec.bpf_type in bpf.PERCPU_TYPES else spec.value_size
    value = _value(spec.value, slots, size, lookup)
    return lambda entries, keys, values: list(zip(key(keys, entries), value(values, entries), strict=True))
