"""Keys and values as text in a cell."""

from bttui.model.types import Record, Tuple, Type
from bttui.render.clean import clean
from bttui.render.values import value_text


def key_parts(type_: "Type | None", key: object) -> "list[str]":
    """A key's parts, one a column."""
    if type_ is None:
        return []
    if isinstance(type_, Tuple) and isinstance(key, tuple):
        return [cell(part_type, part) for part_type, part in zip(type_.elements, key, strict=True)]
    if isinstance(type_, Record) and isinstance(key, tuple):
        return [cell(field.type, part) for field, part in zip(type_.fields, key, strict=True)]
    return [cell(type_, key)]


def key_text(type_: "Type | None", key: object) -> str:
    return ", ".join(key_parts(type_, key))


def cell(type_: "Type | None", value: object) -> str:
    """One line, safe to draw."""
    return clean(" ".join(value_text(type_, value).split("\n")).strip() if type_ else "")
