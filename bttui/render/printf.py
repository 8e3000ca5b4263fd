"""Format strings become functions. A plain event is one ``%`` operator of Python, about half a microsecond."""

from bttui.model.format import Specifier, parse_format
from bttui.model.types import (
    Array,
    Buffer,
    Integer,
    Record,
    Stats,
    String,
    Struct,
    Tuple,
    Type,
)
from bttui.render.gfp import gfp_text
from bttui.render.values import writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Write = Callable[[Any], str]


def compile_format(text: str, types: "Sequence[Type]") -> "Callable[[tuple[Any, ...]], str]":
    """A function from the tuple of arguments to the text. ``types`` are the arguments' types, one a specifier.

    A specifier without an argument stays as it is, an argument without one is not shown.
    """
    template, converters = _compile(text, types)
    if not converters:
        constant = template % ()
        return lambda values: constant
    if len(converters) == len(types) and not any(converters):
        return template.__mod__
    scope: "dict[str, Any]" = {f"c{i}": converter for i, converter in enumerate(converters) if converter}
    arguments = ", ".join([f"c{i}(values[{i}])" if converter else f"values[{i}]" for i, converter in enumerate(converters)])
    # The generated text holds no text of the program, only these names.
    return eval(f"lambda values: template % ({arguments},)", scope | {"template": template})


def compile_batch(text: str, types: "Sequence[Type]") -> "Callable[[Iterable[tuple[Any, ...]]], str]":
    """The same for many events at once: the texts, one after the other."""
    one = compile_format(text, types)
    return lambda many: "".join(map(one, many))


def _compile(text: str, types: "Sequence[Type]") -> "tuple[str, list[Write | None]]":
    template, converters, arguments = "", [], iter(types)
    for piece in parse_format(text):
        argument = next(arguments, None) if isinstance(piece, Specifier) else None
        if isinstance(piece, str) or argument is None:
            template += (piece if isinstance(piece, str) else piece.source).replace("%", "%%")
            continue
        direct = _direct(piece, argument)
        template += direct or "%s"
        converters.append(None if direct else _converter(piece, argument))
    return template, converters


def _direct(spec: Specifier, type_: Type) -> str:
    """What Python's own operator does the same way, else ""."""
    if isinstance(type_, String) and spec.conversion == "s" and spec.width == 0:
        return "%s"
    if not isinstance(type_, Integer) or spec.plus or spec.alternate or (spec.left and spec.fill == "0"):
        return ""
    width = f"{'-' if spec.left else ''}{'0' if spec.fill == '0' else ''}{spec.width or ''}"
    if spec.conversion == "s" or (spec.conversion in "di" and _fits(type_, spec.bytes, True)):
        # A sign and zeros: the fill goes before the sign, other than in C and Python.
        return f"%{width}d" if spec.fill == " " or not type_.signed else ""
    if spec.conversion in "uxXo" and _fits(type_, spec.bytes, False):
        return f"%{width}{spec.conversion.replace('u', 'd')}"
    return ""


def _fits(type_: Integer, size: int, signed: bool) -> bool:
    if type_.signed != signed:
        return not type_.signed and type_.size < size
    return type_.size <= size


def _converter(spec: Specifier, type_: Type) -> "Write":
    convert = _conversion(spec, type_)
    if not spec.width:
        return convert
    brackets = {Tuple: 1, Array: 1, Record: 2, Struct: 2, Stats: 2}.get(type(type_), 0) if spec.conversion == "s" else 0
    return _padded(convert, spec, brackets)


def _padded(convert: "Write", spec: Specifier, brackets: int) -> "Write":
    """Widths count bytes. Of a compound value, the opening bracket is what gets the width."""
    width, fill, left = spec.width, spec.fill, spec.left

    def pad(value: "Any") -> str:
        text = convert(value)
        if brackets:
            head, tail = text[:brackets], text[brackets:]
        else:
            head, tail = text, ""
        size = len(head) if head.isascii() else len(head.encode("utf-8", "surrogateescape"))
        if size >= width:
            return text
        return (head + fill * (width - size) if left else fill * (width - size) + head) + tail

    return pad


def _conversion(spec: Specifier, type_: Type) -> "Write":
    kind = spec.conversion
    if kind == "s":
        return writer(type_, "{:+d}".format) if spec.plus else writer(type_)
    if kind in ("r", "rx", "rh"):
        return _BUFFERS[kind] if isinstance(type_, Buffer) else writer(type_)
    mask = (1 << spec.bytes * 8) - 1
    if kind in "di":
        return _signed(mask, spec.plus)
    if kind == "u":
        return lambda value: str(value & mask)
    if kind == "p":
        return lambda value: f"{value & 0xFFFFFFFFFFFFFFFF:#x}" if value else "0"
    if kind == "c":
        return lambda value: bytes((value & 255,)).decode("utf-8", "surrogateescape")
    if kind == "gr":
        return gfp_text
    prefix = {"x": "0x", "X": "0X", "o": "0"}[kind] if spec.alternate else ""
    template = f"{prefix}%{kind}"
    return lambda value: template % (value & mask) if value & mask else "0"


def _signed(mask: int, plus: bool) -> "Write":
    half = mask >> 1

    def convert(value: int) -> str:
        number = (value & mask ^ half + 1) - half - 1
        return f"+{number}" if plus and number >= 0 else str(number)

    return convert


_HEX = [f"\\x{byte:02x}" for byte in range(256)]
_BUFFERS: "dict[str, Write]" = {
    "r": writer(Buffer()),
    "rx": lambda value: "".join([_HEX[byte] for byte in value]),
    "rh": lambda value: value.hex(" "),
}
