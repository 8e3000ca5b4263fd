"""A value of a type as text. The same values look the same in map lines, print(), printf("%s") and pane cells.

Strings keep what the traced world wrote, undecodable bytes as surrogates; cleaning them for a terminal is render.clean.
"""

from bttui.model.frame import Symbol
from bttui.model.types import (
    Aggregation,
    Array,
    Average,
    Bool,
    Buffer,
    Count,
    Enum,
    Integer,
    KernelSymbol,
    Maximum,
    Minimum,
    Pointer,
    Record,
    Stack,
    Stats,
    Struct,
    Sum,
    Timestamp,
    Tuple,
    Type,
    UserSymbol,
    Void,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Writer = Callable[[Any], str]

_ESCAPED = [chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in range(256)]


def value_text(type_: Type, value: "Any") -> str:
    """One value as text; for many of one type, keep a ``writer``."""
    return writer(type_)(value)


def writer(type_: Type, signed: "Writer" = str) -> "Writer":
    """A function from a Python value of this type (see model.types) to its text. ``signed`` writes signed integers."""
    if isinstance(type_, Bool):
        return bool_text
    if isinstance(type_, Enum):
        return enum_writer(type_)
    if isinstance(type_, Pointer):
        return hex
    if isinstance(type_, Buffer):
        return buffer_text
    if isinstance(type_, Tuple):
        return _tuple_writer(type_, signed)
    if isinstance(type_, (Record, Struct)):
        return _record_writer(type_, signed)
    if isinstance(type_, Array):
        return _array_writer(type_, signed)
    if isinstance(type_, Stack):
        return _stack_writer(type_)
    if isinstance(type_, Void):
        return lambda value: "?"  # a floating point number in a struct: the language has no word for it
    if isinstance(type_, (KernelSymbol, UserSymbol)):
        return symbol_text
    if isinstance(type_, Average):
        return lambda value: str(average(value))
    if isinstance(type_, Stats):
        return stats_text
    if isinstance(type_, (Integer, Sum, Minimum, Maximum)) and type_.signed:
        return signed
    return str


def bool_text(value: "Any") -> str:
    return "true" if value else "false"


def enum_writer(type_: Enum) -> "Writer":
    """Names for values that have one, numbers for the rest."""
    names: "dict[int, str]" = {}
    for name, number in type_.members:
        names.setdefault(number, name)

    def write(value: int) -> str:
        return names.get(value) or str(value)

    return write


def buffer_text(value: bytes) -> str:
    r"""Printable ASCII as it is, everything else as \xHH."""
    return "".join([_ESCAPED[byte] for byte in value])


def symbol_text(symbol: Symbol) -> str:
    """The name alone; an address nobody knows in hexadecimal."""
    return symbol.name or f"{symbol.address:#x}" if symbol.address or symbol.name else "0"


def frame_text(symbol: Symbol) -> str:
    """A stack frame without its indentation: name+offset (not of a function put inline), and where it is known @FILE:LINE."""
    source = f"@{symbol.source}" if symbol.source else ""
    offset = "" if symbol.inlined else f"+{symbol.offset}"
    return f"{symbol.name}{offset}{source}" if symbol.name else f"{symbol.address:#x}"


def quotient(total: int, count: int) -> int:
    """Division as C does it, towards zero; 0 where nothing was counted."""
    if not count:
        return 0
    return total // count if (total < 0) == (count < 0) else -(-total // count)


def average(value: "tuple[int, int]") -> int:
    """The mean of (total, count)."""
    return quotient(*value)


def stats_text(value: "tuple[int, int]", div: int = 1) -> str:
    """``div`` divides the average only."""
    total, count = value
    return f"{{ .count = {count}, .average = {quotient(quotient(total, count), div)}, .total = {total} }}"


def zero(type_: Type) -> "Any":
    """The value that a map nobody wrote to shows: zero bytes read as the type."""
    if isinstance(type_, Bool):
        return False
    if isinstance(type_, (Integer, Enum, Pointer)):
        return 0
    if isinstance(type_, Buffer):
        return b""
    if isinstance(type_, Tuple):
        return tuple([zero(element) for element in type_.elements])
    if isinstance(type_, (Record, Struct)):
        return tuple([zero(field.type) for field in type_.fields or ()])
    if isinstance(type_, Array):
        return (zero(type_.element),) * type_.count
    if isinstance(type_, Stack):
        return ()
    if isinstance(type_, (KernelSymbol, UserSymbol)):
        return Symbol(0)
    if isinstance(type_, (Average, Stats)):
        return 0, 0
    if isinstance(type_, Aggregation):
        return 0
    if isinstance(type_, Timestamp):
        return "(?)"
    return ""


def _tuple_writer(type_: Tuple, signed: "Writer") -> "Writer":
    writers = [writer(element, signed) for element in type_.elements]

    def write(value: "tuple[Any, ...]") -> str:
        return "(" + ", ".join([each(item) for each, item in zip(writers, value, strict=True)]) + ")"

    return write


def _record_writer(type_: "Record | Struct", signed: "Writer") -> "Writer":
    if type_.fields is None:
        return lambda value: "{ ... }"  # only the name of the struct is known
    members, flat = named_members(type_)
    parts = [(f".{name} = ", writer(member, signed)) for name, member in members]

    def write(value: "tuple[Any, ...]") -> str:
        return "{ " + ", ".join([label + each(item) for (label, each), item in zip(parts, flat(value), strict=True)]) + " }"

    return write


def named_members(type_: "Record | Struct") -> "tuple[list[tuple[str, Type]], Callable[[tuple[Any, ...]], Sequence[Any]]]":
    """(name, type) of each member, and a function that brings a value in that order.

    The members of an anonymous struct or union count as the outer one's, as in C.
    """
    members: "list[tuple[str, Type]]" = []
    inner: "dict[int, Callable[[tuple[Any, ...]], Sequence[Any]]]" = {}
    for place, field in enumerate(type_.fields or ()):
        if not field.name and isinstance(field.type, Struct):
            more, inner[place] = named_members(field.type)
            members += more
        else:
            members.append((field.name, field.type))
    if not inner:
        return members, lambda value: value

    def flat(value: "tuple[Any, ...]") -> "list[Any]":
        items: "list[Any]" = []
        for place, item in enumerate(value):
            items += inner[place](item) if place in inner else (item,)
        return items

    return members, flat


def _array_writer(type_: Array, signed: "Writer") -> "Writer":
    element = writer(type_.element, signed)

    def write(value: "tuple[Any, ...]") -> str:
        return "[" + ",".join([element(item) for item in value]) + "]"

    return write if type_.count else lambda value: "null"  # a flexible array


def _stack_writer(type_: Stack) -> "Writer":
    if type_.mode == "raw":
        line = _raw_line
    elif type_.mode == "build_id":
        line = _build_id_line
    elif type_.mode == "perf":
        line = _perf_user_line if type_.space == "user" else _perf_kernel_line
    else:
        line = _plain_line

    def write(symbols: "tuple[Symbol, ...]") -> str:
        return "\n" + "".join([line(symbol) for symbol in symbols])

    return write


def _plain_line(symbol: Symbol) -> str:
    return f"        {frame_text(symbol)}\n"


def _raw_line(symbol: Symbol) -> str:
    return f"{symbol.address:x}\n"


def _build_id_line(symbol: Symbol) -> str:
    """Of such a stack, a symbol's ``module`` is the build id and ``offset`` the place in the file."""
    return f"{symbol.module} {symbol.offset:#x}\n" if symbol.module else _raw_line(symbol)


def _perf_kernel_line(symbol: Symbol) -> str:
    return f"\t{symbol.address:x} {frame_text(symbol)}\n"


def _perf_user_line(symbol: Symbol) -> str:
    return f"\t{symbol.address:x} {frame_text(symbol)} ({symbol.module or '[unknown]'})\n"


def key_parts(type_: "Type | None", key: "Any") -> "list[str | int]":
    """A key's parts, numbers as numbers, all else as text; none for a scalar."""
    if type_ is None:
        return []
    if isinstance(type_, Tuple):
        return [_plain(part_type, part) for part_type, part in zip(type_.elements, key, strict=True)]
    if isinstance(type_, Record):
        return [_plain(field.type, part) for field, part in zip(type_.fields, key, strict=True)]
    return [_plain(type_, key)]


def figure_names(type_: "Type | None") -> "tuple[str, ...]":
    """What a value consists of; of all but histograms and time series."""
    if isinstance(type_, (Average, Stats)):
        return "average", "count", "total"
    return (
        next(
            (name for kind, name in ((Count, "count"), (Sum, "sum"), (Minimum, "min"), (Maximum, "max")) if isinstance(type_, kind)),
            "value",
        ),
    )


def figures(type_: "Type | None", value: "Any") -> "dict[str, str | int]":
    """A value's parts by their ``figure_names``."""
    if isinstance(type_, (Average, Stats)):
        total, count = value
        return {"average": average(value), "count": count, "total": total}
    (name,) = figure_names(type_)
    return {name: value if name != "value" else _plain(type_, value)}


def _plain(type_: "Type | None", value: "Any") -> "str | int":
    if isinstance(type_, Integer) and not isinstance(type_, Bool):
        return int(value)
    lines = [line.strip() for line in value_text(type_, value).split("\n")] if type_ else []
    return (";" if isinstance(type_, Stack) else " ").join(filter(None, lines))
