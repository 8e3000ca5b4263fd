"""Format strings of printf() and its relatives: the same reading for the type check and for the output."""

import re

from bttui.model.data import Data

# What does not match stays as it is, per cent sign included. A precision is read and has no effect.
_SPECIFIER = re.compile(r"%(-?)(\+?)( ?)(#?)(0?)([0-9]*)(?:\.[0-9]+)?([hlLjzt]*)(rx|rh|gr|[diouxXcspraAeEfFgGn%])")


class Specifier(Data):
    """``conversion`` is d i o u x X c s p, r rx rh (a buffer) or gr (GFP flags).

    ``bytes`` is how much of an integer is shown: 4 without a length modifier, whatever the size of the argument.
    """

    conversion: str
    bytes: int = 4
    width: int = 0
    fill: str = " "
    left: bool = False
    plus: bool = False
    alternate: bool = False
    source: str = ""


_BYTES = {"hh": 1, "h": 2, "l": 8, "ll": 8, "j": 8, "z": 8, "t": 8}

SUPPORTED = frozenset(("d", "i", "o", "u", "x", "X", "c", "s", "p", "r", "rx", "rh", "gr"))


def parse_format(text: str) -> "list[str | Specifier]":
    """Literal pieces and specifiers in order. %% is a literal. Check ``conversion in SUPPORTED`` before use."""
    pieces: "list[str | Specifier]" = []
    literal, at = "", 0
    for match in _SPECIFIER.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        left, plus, _, alternate, zero, width, length, conversion = match.groups()
        if conversion == "%":
            literal += "%"
            continue
        if literal:
            pieces.append(literal)
            literal = ""
        pieces.append(
            Specifier(
                conversion,
                _BYTES.get(length, 4),
                int(width or 0),
                "0" if zero else " ",
                bool(left),
                bool(plus),
                bool(alternate),
                match.group(),
            )
        )
    literal += text[at:]
    if literal:
        pieces.append(literal)
    return pieces


def specifiers(text: str) -> "list[Specifier]":
    return [piece for piece in parse_format(text) if isinstance(piece, Specifier)]
