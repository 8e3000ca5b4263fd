"""Where in a file a uprobe goes: what FUNCTION, FUNCTION+OFFSET, ADDRESS and LANGUAGE:NAME mean."""

import re

from bttui.host.demangle import demangle
from bttui.model.data import Data
from bttui.model.diagnostic import error
from bttui.probes.matching import MISSING, did_you_mean, is_glob, matcher, missing, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.host.elf import Elf
    from bttui.model.diagnostic import Span

LANGUAGES = ("cpp", "rust")
_SPACES = re.compile(r"> (?=>)")  # "a<b<c> >", as older demanglers write it
_PARTS = re.compile(r"\.(?:part|cold)\b")  # pieces that a compiler moved out of functions: to be there is not to call them


class Words(Data):
    """What follows the file in an attach point. ``function`` may be a glob; "" where there is an ``address``."""

    function: str = ""
    distance: int = 0
    address: int = 0
    language: str = ""


class Place(Data):
    """``name`` follows "uprobe:FILE:" in what the builtin probe prints, ``listing`` in what -l shows; ``offset`` is in the file.

    ``doubt`` says why no instruction is known to begin there, ``refusal`` why this cannot be even if asked for by --unsafe.
    """

    name: str
    listing: str
    offset: int
    doubt: str = ""
    refusal: str = ""
    warning: str = ""


def read(text: str, language: str, returns: bool, span: "Span | None", hint: str) -> Words:
    """The words of the last part of an attach point. Raises DiagnosticError."""
    if language and language not in LANGUAGES:
        raise error(f"unsupported language type: {language}", span, hint=f"one of {', '.join(LANGUAGES)}")
    if text[:1].isdigit() and not language:
        try:
            address = number(text)[0]
        except ValueError as reason:
            if "+" not in text:
                raise error(f"Invalid address: {reason}", span, hint=hint) from None
        else:
            if not address:
                message = "should be attached to a function, address, or source file and line (using DWARF)"
                raise error(f"{'uretprobe' if returns else 'uprobe'} {message}", span, hint=hint)
            return Words(address=address)
    function, plus, more = text.rpartition("+") if language else text.partition("+")
    if not plus or (language and not more[:1].isdigit()):  # ns::operator+
        return Words(text, language=language)
    if returns:
        raise error("Offset not allowed", span, hint=f"a uretprobe fires where the function returns: write {function}")
    if "+" in more:
        raise error("Cannot take more than one offset", span, hint=hint)
    if not function or not more:
        raise error("Invalid offset", span, hint=hint)
    try:
        return Words(function, number(more)[0], language=language)
    except ValueError as reason:
        raise error(f"Invalid offset: {reason}", span, hint=hint) from None


def find(words: Words, path: str, elf: "Elf", returns: bool = False) -> "list[Place]":
    """The places in the file that is shown as ``path``, by the names of the symbols; [] where nothing fits.

    Raises DiagnosticError for an offset that leaves its function.
    """
    if words.address:
        return [_at(words.address, path, elf, returns)]
    if not words.language and not is_glob(words.function):
        symbol = elf.symbol(words.function)
        is_function = symbol and (elf.symbols.at(symbol[0]) or ("", -1))[1] == symbol[0]
        return [_in(words, words.function, *symbol, path, elf)] if symbol and is_function else []
    fits = _source_name(words.function, elf) if words.language else matcher(words.function)
    found = {name: elf.symbol(name) or (address, size) for address, size, name in elf.functions() if fits(name)}
    places = [_in(words, name, address, size, path, elf) for name, (address, size) in sorted(found.items())]
    return [place for place in places if place.offset >= 0]


def check(words: Words, places: "list[Place]", provider: str, path: str, elf: "Elf", span: "Span | None") -> None:
    """Raise where an exact name has no place, or a place is not in what is loaded of the file."""
    if not places:
        names = [name for _, _, name in elf.functions()]
        if words.language:
            names = [without_parameters(_plain(name)) for name in names]
        hint = did_you_mean(words.function, names) or "bttui -l lists the functions of a file"
        label = f"{path}:{words.language}:{words.function}" if words.language else f"{path}:{words.function}"
        raise missing(provider, label, span, hint)


def _in(words: Words, name: str, address: int, size: int, path: str, elf: "Elf") -> Place:
    """In the function ``name``, ``size`` bytes from a virtual address on."""
    distance = words.distance
    label = f"{name}+{distance}" if distance else name
    if distance and size and distance >= size:
        raise error(f"Offset outside the function bounds ('{name}' size is {size} bytes)", code=MISSING)
    offset = elf.offset(address + distance)
    listing = name
    if words.language:
        plain = _plain(name)
        listing = f'{words.language}:"{plain}"' if plain != name else f"{words.language}:{name}"
        label = f"{words.language}:{label}"
    doubt = _doubt(elf, address, distance, f"{path}:{label}")
    return Place(label, listing, -1 if offset is None else offset, doubt, warning=_indirect(name, path, elf))


def _at(address: int, path: str, elf: "Elf", returns: bool) -> Place:
    """At a virtual address. One that the file does not have is taken for a place in the file, as by the kernel."""
    offset = elf.offset(address)
    found = elf.symbols.at(address)
    doubt = refusal = ""
    if found is None and all(start != address for start, _, _ in elf.functions()):
        doubt = (
            f"Could not determine instruction boundary for {'uretprobe' if returns else 'uprobe'}:{path}:{address} (no symbol is there)."
        )
    elif found and address != found[1]:
        label = f"{found[0]}+{address - found[1]}"
        doubt = _doubt(elf, found[1], address - found[1], f"{path}:{label}")
        if returns:
            refusal = f"uretprobes cannot be attached at function offset. (address resolved to: {label})"
    return Place(str(address), str(address), address if offset is None else offset, doubt, refusal)


def _doubt(elf: "Elf", start: int, distance: int, label: str) -> str:
    if not distance:
        return ""
    from bttui.host.instructions import LONGEST, begins

    known = begins(elf.code(start, distance + LONGEST), distance, elf.machine)
    if known is None:
        return f"Failed to check if uprobe is in proper place: {label}"
    return "" if known else f"Could not add uprobe into middle of instruction: {label}"


def _indirect(name: str, path: str, elf: "Elf") -> str:
    """What to say where calls do not come by: the symbol is that of a function which chooses one of several."""
    if not elf.symbols.is_indirect(name):
        return ""
    chosen = f"__{name}_*" if any(each.startswith(f"__{name}_") for _, _, each in elf.functions()) else "another function"
    return f"{name} in {path} only chooses {chosen} when programs start (it is an IFUNC): its calls do not come by this probe"


# Names in the source language


def _plain(name: str) -> str:
    return _SPACES.sub(">", demangle(name))


def _source_name(wanted: str, elf: "Elf") -> "Callable[[str], Any]":
    """A function that is true for the symbols whose name in the source language is meant.

    Parameters need not be given: "ns::fn" means all that are called so. What a template returns, which is part of its
    name, need not be given either where nothing has the name as it stands.
    """
    wanted = _SPACES.sub(">", wanted)
    fits = matcher(wanted)
    whole = is_glob(wanted) and "(" in wanted.replace("(anonymous namespace)", "")

    def meant(symbol: str, short: "Callable[[str], str]" = str) -> bool:
        plain = _plain(symbol)
        if plain == symbol or _PARTS.search(symbol):
            return bool(fits(symbol))
        plain = short(plain)
        # An exact name may have parentheses of its own: operator().
        if is_glob(wanted):
            return bool(fits(symbol) or fits(plain if whole else without_parameters(plain)))
        return bool(fits(symbol) or fits(plain) or fits(without_parameters(plain)))

    if any(meant(name) for _, _, name in elf.functions()):
        return meant
    return lambda symbol: meant(symbol, without_result)


def without_parameters(plain: str) -> str:
    """ "ns::get(int (*)(int)) const" -> "ns::get"."""
    at = plain.rfind(")")
    depth = 0
    while at >= 0:
        depth += {")": 1, "(": -1}.get(plain[at], 0)
        if not depth:
            break
        at -= 1
    return plain[:at] if at > 0 else plain


def without_result(plain: str) -> str:
    """ "int ns::twice<int>(int)" -> "ns::twice<int>(int)": the type that functions made of templates return is in their name."""
    head = without_parameters(plain)
    depth, start = 0, 0
    for at, character in enumerate(head):
        if character in "<(":
            depth += 1
        elif character in ">)":
            depth -= 1
        elif character == " " and not depth and not head[:at].endswith("operator"):
            start = at + 1
    return plain[start:]
