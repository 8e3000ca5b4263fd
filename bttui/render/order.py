"""The order in which the rows of a map are shown, in text, in JSON and on the screen."""

from bttui.model.types import (
    Average,
    Bool,
    Count,
    Enum,
    Histogram,
    Integer,
    KernelSymbol,
    LinearHistogram,
    Maximum,
    Minimum,
    Pointer,
    Record,
    Stack,
    Stats,
    Struct,
    Sum,
    Tuple,
    Type,
    UserSymbol,
)
from bttui.render.histogram import total
from bttui.render.values import average

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.model.frame import MapSnapshot

_MASK = (1 << 64) - 1


def ordered(snapshot: "MapSnapshot") -> "list[tuple[Any, Any]]":
    """By value, smallest first, where values are numbers or histograms; else by key. Equal values go by key."""
    key_type, value_type = snapshot.spec.key, snapshot.spec.value
    if key_type is None or value_type is None:
        return snapshot.rows
    by_key = key_order(key_type)
    rows = sorted(snapshot.rows, key=lambda row: by_key(row[0]))
    by_value = value_order(value_type)
    if by_value:
        rows.sort(key=lambda row: by_value(row[1]))
    return rows


def value_order(type_: Type) -> "Callable[[Any], Any] | None":
    """What to sort by, None where values have no order of their own."""
    if isinstance(type_, (Histogram, LinearHistogram)):
        return total
    if isinstance(type_, (Average, Stats)):
        return average
    if isinstance(type_, (Minimum, Maximum)):
        return lambda value: value & _MASK  # negative ones come last
    if isinstance(type_, (Count, Sum, Integer)) and not isinstance(type_, (Bool, Enum)):
        return _itself
    return None


def key_order(type_: Type) -> "Callable[[Any], Any]":
    """A function that makes keys of this type comparable. Integers count as signed ones of 64 bits."""
    if isinstance(type_, (Integer, Enum, Pointer)):
        return _signed if type_.size == 8 and not (isinstance(type_, Integer) and type_.signed) else _itself
    if isinstance(type_, Tuple):
        return _members([key_order(element) for element in type_.elements])
    if isinstance(type_, (Record, Struct)):
        return _members([key_order(field.type) for field in type_.fields]) if type_.fields is not None else _itself
    if isinstance(type_, (KernelSymbol, UserSymbol)):
        return lambda symbol: symbol.address
    if isinstance(type_, Stack):
        return lambda symbols: [symbol.address for symbol in symbols]
    return _itself


def _itself(value: "Any") -> "Any":
    return value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _members(parts: "list[Callable[[Any], Any]]") -> "Callable[[Any], Any]":
    if all(part is _itself for part in parts):
        return _itself
    return lambda value: tuple([part(item) for part, item in zip(parts, value, strict=True)])
