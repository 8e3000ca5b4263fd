"""Words that name probes: globs, numbers, and what to say when nothing fits."""

import re

from bttui.model.diagnostic import error, near

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bttui.model.diagnostic import DiagnosticError, Span

MISSING = "missing-probe"  # code of a Diagnostic that the config variable missing_probes may turn into a warning
_SPECIAL = frozenset("*?[")
_UNITS = {"": 1, "ns": 1, "us": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F_]+|[0-9][0-9_]*(?:[eE][0-9]+)?)([a-zA-Z]*)")
_SUFFIXES = ("", "u", "l", "ul", "ll", "ull")


def is_glob(text: str) -> bool:
    return not _SPECIAL.isdisjoint(text)


def _expression(glob: str) -> str:
    """The regular expression for a glob: * any run, ? one character, [a-z] or [!a-z] one of a set."""
    out, at = [], 0
    while at < len(glob):
        character = glob[at]
        at += 1
        if character == "*":
            out.append(".*")
        elif character == "?":
            out.append(".")
        elif character == "[" and (end := glob.find("]", at + 1)) > 0:
            out.append(f"[{_members(glob[at:end])}]")
            at = end + 1
        else:
            out.append(re.escape(character))
    return "".join(out)


def _members(text: str) -> str:
    """What stands between brackets: characters and ranges; the expression's own signs mean nothing special."""
    front = "^" if text[0] in "!^" else ""
    pieces, at = [], len(front)
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            pieces.append(f"{re.escape(text[at])}-{re.escape(text[at + 2])}")
            at += 3
        else:
            pieces.append(re.escape(text[at]))
            at += 1
    return front + "".join(pieces)


def matcher(glob: str) -> "Callable[[str], object]":
    """A function that is true for the names which the glob means."""
    if not is_glob(glob):
        return glob.__eq__
    if glob.strip("*") == "":
        return lambda _name: True
    try:
        return re.compile(_expression(glob), re.DOTALL).fullmatch
    except re.error:  # a set such as [z-a]: the brackets are meant as they stand
        return re.compile(".*".join(map(re.escape, glob.split("*"))), re.DOTALL).fullmatch


def literal_beginning(glob: str) -> str:
    """What every name that a glob means begins with."""
    return next((glob[:at] for at, character in enumerate(glob) if character in _SPECIAL), glob)


def select(glob: str, names: "Iterable[str]") -> "Iterator[str]":
    return filter(matcher(glob), names)


def split(text: str, separator: str) -> "list[str]":
    """As str.split(), but for separators between double quotes."""
    pieces = text.split('"')
    out = [""]
    for index, piece in enumerate(pieces):
        if index % 2:
            out[-1] += f'"{piece}"'
        else:
            first, *more = piece.split(separator)
            out[-1] += first
            out += more
    return out


def number(text: str) -> "tuple[int, bool]":
    """(value, whether it had a unit of time: then it is in nanoseconds). Raises ValueError with a reason."""
    match = _NUMBER.match(text)
    if not match:
        raise ValueError(f"invalid integer: {text}")
    digits, suffix = match.groups()
    if match.end() != len(text) or (suffix not in _UNITS and suffix.lower() not in _SUFFIXES):
        raise ValueError(f"invalid trailing bytes: {text}")
    digits = digits.replace("_", "").lower()
    if digits.startswith("0x"):
        value = int(digits, 16)
    elif "e" in digits:
        mantissa, exponent = digits.split("e")
        if int(exponent) > 18:
            raise ValueError(f"number is too large: {text}")
        value = int(mantissa) * 10 ** int(exponent)
    elif digits.startswith("0") and digits.strip("01234567") == "":
        value = int(digits, 8)
    else:
        value = int(digits)
    timed = suffix in _UNITS and suffix != ""
    value *= _UNITS.get(suffix, 1)
    if value >= 1 << 64:
        raise ValueError(f"number is too large: {text}")
    return value, timed


def need_parts(provider: str, parts: "Sequence[str]", span: "Span | None", *allowed: int, hint: str = "") -> None:
    """Raise unless the attach point has as many parts after the provider as it may have."""
    if len(parts) in allowed:
        return
    counts = " or ".join(map(str, allowed))
    noun = "argument" if allowed == (1,) else "arguments"
    raise error(f"{provider} probe type requires {counts} {noun}, found {len(parts)}", span, hint=hint)


def did_you_mean(word: str, names: "Iterable[str]", prefix: str = "") -> str:
    """A hint with names that look like the word, or ""."""
    found = near_names(word, names)
    return f"did you mean {' or '.join(prefix + name for name in found)}?" if found else ""


def near_names(word: str, names: "Iterable[str]", most: int = 3) -> "list[str]":
    """Names that look like the word, best first. Long lists are narrowed before the costly comparison."""
    names = names if isinstance(names, list) else list(names)
    if len(names) > 5000:
        # difflib needs a second for a kernel's functions: keep those that share the beginning or hold the word.
        start, low = word[:3], word.lower()
        names = [n for n in names if abs(len(n) - len(word)) <= 3 and (n[:3] == start or n[-4:] == word[-4:])] + [
            n for n in names if low in n.lower() and len(n) <= len(word) + 12
        ][:50]
    return list(dict.fromkeys(near(word, names, most)))


def missing(provider: str, place: str, span: "Span | None", hint: str = "") -> "DiagnosticError":
    """The Diagnostic for an exact name that does not exist."""
    return error(f"No matches for {provider} {place}.", span, hint=hint, code=MISSING)
