"""Where in a file a uprobe goes: what FUNCTION, FUNCTION+OFFSET, ADDRESS, LANGUAGE:NAME and @SOURCE:LINE mean."""

import re

from bttui.host.demangle import demangle
from bttui.model.data import Data
from bttui.model.diagnostic import error
from bttui.probes.matching import MISSING, did_you_mean, is_glob, matcher, missing, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from bttui.host.elf import Elf
    from bttui.host.source_lines import SourceLines
    from bttui.model.diagnostic import Span

LANGUAGES = ("cpp", "rust")
_SPACES = re.compile(r"(?<=>) (?=>)|(?<=<) (?=<)")  # "a<b<c> >", "operator<< <a>", as older demanglers write it
_PARTS = re.compile(r"\.(?:part|cold)\b")  # pieces that a compiler moved out of functions: to be there is not to call them


class Words(Data):
    """What follows the file in an attach point. ``function`` may be a glob; "" where there is an ``address``."""

    function: str = ""
    distance: int = 0
    address: int = 0
    language: str = ""


class Source(Data):
    """The end of the path of a source file, a line in it, and a column where one is meant, else 0."""

    file: str
    line: int
    column: int = 0


class Place(Data):
    """``name`` follows "uprobe:FILE:" in what the builtin probe prints, ``listing`` follows "uprobe:FILE" in what -l shows.

    ``offset`` is in the file. Of several places of a line, only the first has a ``listing``; ``again``: it is one more
    place of the same name, and not one more probe.

    ``doubt`` says why no instruction is known to begin there, ``refusal`` why this cannot be even if asked for by --unsafe.
    """

    name: str
    listing: str
    offset: int
    doubt: str = ""
    refusal: str = ""
    warning: str = ""
    again: bool = False


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
        found = {words.function: symbol} if symbol and is_function else {}
    else:
        fits = _source_name(words.function, elf) if words.language else matcher(words.function)
        found = {name: elf.symbol(name) or (address, size) for address, size, name in elf.functions() if fits(name)}
    places = []
    for name, where in sorted(found.items()):
        places.append(_in(words, name, *where, path, elf))
        for other in () if words.distance else elf.symbols.namesakes(name):  # a distance is from one of them
            places.append(_in(words, name, *other, path, elf).replace(listing="", again=True))
    return [place for place in places if place.offset >= 0]


def list_functions(words: Words, path: str, elf: "Elf") -> "list[str]":
    """What -l shows after the file."""
    if words.language or not is_glob(words.function):
        return list(dict.fromkeys(place.listing for place in find(words, path, elf) if place.listing))
    # There may be hundreds of thousands, of which only the names are wanted.
    fits = matcher(words.function)
    return sorted({f":{name}" for address, _, name in elf.functions() if fits(name) and elf.offset(address) is not None})


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
    listing = f":{name}"
    if words.language:
        plain = _plain(name)
        listing = f':{words.language}:"{plain}"' if plain != name else f":{words.language}:{name}"
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
    return Place(str(address), f":{address:#x}", address if offset is None else offset, doubt, refusal)


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
    name = name.partition("@@")[0]  # today's version
    if not elf.symbols.is_indirect(name):
        return ""
    chosen = f"__{name}_*" if any(each.startswith(f"__{name}_") for _, _, each in elf.functions()) else "another function"
    return f"{name} in {path} only chooses {chosen} when programs start (it is an IFUNC): its calls do not come by this probe"


# Lines of the source


def read_source(file: str, rest: "Sequence[str]", returns: bool, span: "Span | None") -> Source:
    """What follows @ in an attach point. Raises DiagnosticError."""
    if returns:
        raise error("Source code location not allowed", span, hint="a uretprobe fires where a function returns: name the function")
    if not file or len(rest) not in (1, 2) or not all(rest):
        raise error("Invalid uprobe arguments, expected format: uprobe:TARGET@FILE:LINE[:COL]", span)
    numbers = []
    for noun, text in zip(("line", "column"), rest, strict=False):
        try:
            numbers.append(number(text)[0])
        except ValueError as reason:
            raise error(f"Invalid {noun} number: {reason}", span, hint="uprobe:FILE@SOURCE:LINE[:COLUMN]") from None
    return Source(file, *numbers)


def find_source(source: Source, path: str, elf: "Elf", span: "Span | None") -> "list[Place]":
    """The start of the line's code, in each function and in each place where a function was put inline."""
    lines = _source_lines(elf)
    if lines is None:
        hint = "build it with -g, or install its debugging symbols"
        raise error(f"No DWARF debug info found for '{path}', cannot attach by source code location.", span, hint=hint)
    files = lines.matching(source.file)
    if not files:
        hint = did_you_mean(source.file.rpartition("/")[2], sorted({each.rpartition("/")[2] for each in lines.files}))
        hint = hint or f"bttui -l 'uprobe:{path}@*' lists the files and their lines"
        raise error(f"DWARF error: No compilation unit matches {source.file}", span, hint=hint)
    if len(files) > 1:
        shown = ", ".join(files[:4]) + (", ..." if len(files) > 4 else "")
        raise error(f"DWARF error: Ambiguous source path, matches multiple files: {shown}", span, hint="write more of the path")
    known = lines.lines(files[0])
    places = known.get(source.line, [])
    where = f"{source.file}:{source.line}"
    if source.column:
        columns = sorted({column for _, column, _ in places})
        places = [place for place in places if place[1] == source.column]
        where += f":{source.column}"
        if columns and not places:
            hint = f"code of the line begins at column{'s' * (len(columns) > 1)} {', '.join(map(str, columns))}"
            raise error(f"DWARF error: Unable to map '{where}' to address", span, hint=hint)
    if not places:
        raise error(f"DWARF error: Unable to map '{where}' to address", span, hint=_nearest(source.line, known))
    offsets = [(address, elf.offset(address)) for address in lines.starts(places)]
    return [
        Place(str(address), "" if index else f"@{where}", offset) for index, (address, offset) in enumerate(offsets) if offset is not None
    ]


def list_source(file: str, line: str, elf: "Elf") -> "Iterator[str]":
    """ "@SOURCE:LINE" of all lines with code that two globs mean; as little of the paths as tells the files apart."""
    lines = _source_lines(elf)
    if lines is None:
        return
    fits, is_line = matcher(file), matcher(line)
    chosen = [each for each in lines.files if fits(each) or any(fits(tail) for tail in _tails(each))]
    for each in chosen:
        short = next((tail for tail in _tails(each) if len(lines.matching(tail)) == 1), each)
        for number_ in lines.lines(each):
            if is_line(str(number_)):
                yield f"@{short}:{number_}"


def _tails(path: str) -> "list[str]":
    """ "/a/b/c" -> ["c", "b/c", "a/b/c", "/a/b/c"]."""
    words = path.split("/")
    return ["/".join(words[at:]) for at in range(len(words) - 1, -1, -1)]


def _source_lines(elf: "Elf") -> "SourceLines | None":
    from bttui.host import debug_info
    from bttui.host.source_lines import SourceLines

    info = debug_info.find(elf)
    return SourceLines(elf, info) if info else None


def _nearest(line: int, known: "Collection[int]") -> str:
    before, after = [each for each in known if each < line], [each for each in known if each > line]
    near = [*before[-1:], *after[:1]]
    if not near:
        return "no line of it has code"
    return f"there is no code; the nearest line{'s' * (len(near) > 1)} with code: {' and '.join(map(str, near))}"


# Names in the source language


def _plain(name: str) -> str:
    return _SPACES.sub("", demangle(name))


def _source_name(wanted: str, elf: "Elf") -> "Callable[[str], Any]":
    """A function that is true for the symbols whose name in the source language is meant.

    Parameters need not be given: "ns::fn" means all that are called so. What a template returns, which is part of its
    name, need not be given either where nothing has the name as it stands.
    """
    wanted = _SPACES.sub("", wanted)
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
