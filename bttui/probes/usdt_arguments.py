"""Where the arguments of USDT probes are, from the notes that <sys/sdt.h> makes: "-4@%eax 8@-16(%rbp) 4@$5".

SIZE@PLACE each; a negative size means signed, "f" behind it a floating point number. The place is an operand as the
assembler of the machine writes it (gas: "AT&T Syntax", "AArch64 Dependent Features").
"""

import re

from bttui.probes.provider import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ARGUMENT = re.compile(r"(?:^|(?<=\s))(-?)([0-9]{1,2})(f?)@")  # what begins one; operands may have spaces in them
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19})")
_SUM = re.compile(r"[+-]?[^+-]+")
_MEMORY = re.compile(r"([^()]*)\(([^()]*)\)")  # displacement(base,index,scale)
_VARIABLE = re.compile(r"\$?(?:[+-]?[0-9]+\+)?[A-Za-z_.][\w.]*")  # as far as resolved() left one
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_SIZES = (1, 2, 4, 8)
FLOATING = "is a floating point number"


def _x86_registers() -> "dict[str, tuple[str, int]]":
    """Name -> (name of the whole register in struct pt_regs, first bit)."""
    found = {"rip": ("ip", 0), "eip": ("ip", 0)}
    for letter in "abcd":
        whole = f"{letter}x"
        found |= {f"r{whole}": (whole, 0), f"e{whole}": (whole, 0), whole: (whole, 0), f"{letter}l": (whole, 0), f"{letter}h": (whole, 8)}
    for whole in ("si", "di", "bp", "sp"):
        found |= {f"r{whole}": (whole, 0), f"e{whole}": (whole, 0), whole: (whole, 0), f"{whole}l": (whole, 0)}
    for number in range(8, 16):
        found |= {f"r{number}{part}": (f"r{number}", 0) for part in ("", "d", "w", "b")}
    return found


def _arm_registers() -> "dict[str, tuple[str, int]]":
    found = {f"{size}{number}": (f"r{number}", 0) for number in range(31) for size in "xw"}
    aliases = {"ip0": found["x16"], "ip1": found["x17"], "fp": found["x29"], "lr": found["x30"]}
    return {"sp": ("sp", 0), "wsp": ("sp", 0), **found, **aliases}


_registers = {"x86_64": _x86_registers(), "aarch64": _arm_registers()}


class _Unknown(Exception):
    """Its text says why it cannot be read, or nothing."""


def split(text: str) -> "list[str]":
    """The arguments one by one."""
    starts = [match.start() for match in _ARGUMENT.finditer(text)]
    return [text[start:end].strip() for start, end in zip(starts, [*starts, len(text)][1:], strict=True)]


def locations(text: str, machine: str) -> "tuple[Location, ...]":
    """Of every argument; one that cannot be read has a ``problem``. ``machine`` is as uname(2) says."""
    return tuple(_location(argument, machine) for argument in split(text))


def _location(argument: str, machine: str) -> Location:
    match = _ARGUMENT.match(argument)
    assert match is not None
    sign, size, floating = match.groups()
    if floating:
        return Location(int(size), True, problem=FLOATING)
    found = Location(int(size), bool(sign))
    try:
        if found.size not in _SIZES:
            raise _Unknown
        place = argument[match.end() :]
        if machine == "x86_64":
            return _x86(found, place)
        if machine == "aarch64":
            return _arm(found, place)
        raise _Unknown
    except _Unknown as reason:
        return found.replace(problem=f"{str(reason) or 'is somewhere that we do not know'}: {argument}")


def _x86(found: Location, place: str) -> Location:
    if place.startswith("%"):
        name, shift = _register(place[1:], "x86_64")
        return found.replace(register=name, shift=shift)
    if _VARIABLE.match(place):
        raise _Unknown("is counted from a variable that the file's symbols do not have")
    if place.startswith("$"):
        return _constant(found, place[1:])
    match = _MEMORY.fullmatch(place)
    if not match:
        return found.replace(memory=True, offset=_integer(place))
    displacement, inside = match.groups()
    base, index, scale = ([word.strip() for word in inside.split(",")] + ["", "", ""])[:3]
    names = [_register(word.removeprefix("%"), "x86_64")[0] if word else "" for word in (base, index)]
    offset = _integer(displacement) if displacement else 0
    return found.replace(memory=True, register=names[0], index=names[1], scale=_integer(scale) if scale else 1, offset=offset)


def _arm(found: Location, place: str) -> Location:
    if _NUMBER.fullmatch(place.removeprefix("#")):
        return _constant(found, place.removeprefix("#"))
    if place in ("xzr", "wzr"):
        return found
    match = _BRACKETS.fullmatch(place)
    if not match:
        return found.replace(register=_register(place, "aarch64")[0])
    base, offset, shift, *more = [word.strip() for word in match[1].split(",")] + ["", ""]
    if any(more):
        raise _Unknown
    name = _register(base, "aarch64")[0]
    if offset in _registers["aarch64"]:
        index = _register(offset, "aarch64")[0]
        how, _, bits = shift.partition(" ")
        places = _integer(bits.strip().removeprefix("#")) if shift else 0
        if offset[0] == "w" or (shift and how.lower() != "lsl") or not 0 <= places <= 4:
            raise _Unknown  # half of a register, made longer
        return found.replace(memory=True, register=name, index=index, scale=1 << places)
    if shift:
        raise _Unknown
    return found.replace(memory=True, register=name, offset=_integer(offset.removeprefix("#")) if offset else 0)


def _register(name: str, machine: str) -> "tuple[str, int]":
    try:
        return _registers[machine][name]
    except KeyError:
        raise _Unknown from None


def _integer(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _Unknown
    return int(text, 16 if "x" in text.lower() else 10)


def _constant(found: Location, text: str) -> Location:
    """Cut to its size."""
    bits = 8 * found.size
    value = _integer(text) & ((1 << bits) - 1)
    return found.replace(offset=value - (1 << bits) if found.signed and value >> (bits - 1) else value)


def declaration(location: Location) -> str:
    """The type as -lv shows it."""
    kind = "float" if location.problem == FLOATING else "int" if location.signed else "uint"
    return f"{kind}{8 * location.size}"


def resolved(text: str, address: int, symbol: "Callable[[str], int | None]", fixed: bool = False) -> str:
    """The arguments with numbers for names of variables.

    Operands like "table+2(%rip)" are counted from the probe's own ``address``, where ip is then. ``symbol`` gives the address
    of a name. In a file that is loaded at a ``fixed`` place, "$table" and "table(,%rax,4)" are known as well. What it does not
    know stays.
    """
    return " ".join(_counted(argument, address, symbol, fixed) for argument in split(text))


def _counted(argument: str, address: int, symbol: "Callable[[str], int | None]", fixed: bool) -> str:
    front, at, place = argument.partition("@")
    if place.endswith("(%rip)"):
        total = _sum(place.removesuffix("(%rip)"), symbol)
        return argument if total is None else f"{front}{at}{total - address}(%rip)"
    if fixed and not place.startswith("%"):
        dollar = "$" if place.startswith("$") else ""
        names, bracket, rest = place.removeprefix("$").partition("(")
        total = _sum(names, symbol) if names else None
        if total is not None:
            return f"{front}{at}{dollar}{total}{bracket}{rest}"
    return argument


def _sum(text: str, symbol: "Callable[[str], int | None]") -> "int | None":
    """Of numbers and names."""
    total = 0
    for term in _SUM.findall(text.replace(" ", "")):
        found = _integer(term) if _NUMBER.fullmatch(term) else symbol(term.removeprefix("+"))
        if found is None:
            return None
        total += found
    return total
