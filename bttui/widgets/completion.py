"""What may stand at a place of a program, and what is known of the word there. No widget: text in, words out."""

import re

from bttui.compiler import lexer
from bttui.model.data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bttui.compiler.functions import Function

MOST = 100
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
_NAME = re.compile(r"[@$]?[A-Za-z0-9_]*$")
_MEMBER = re.compile(r"\bargs(?:\.|->)([A-Za-z0-9_]*)$")
_PROBE = re.compile(r'[^\s,{}"]*$')


class Candidate(Data):
    """``text`` replaces what was typed; ``kind`` is function, builtin, keyword, map, variable, argument or probe."""

    text: str
    kind: str
    about: str = ""


class Place(Data):
    """``kind``: "code", "argument", "probe", or "" where nothing is completed. ``start`` is where ``typed`` begins.

    ``probes`` are the attach points of the body that the place is in.
    """

    kind: str
    start: int
    typed: str
    probes: "tuple[str, ...]" = ()


def place(text: str, at: int) -> Place:
    """Where in the program the cursor is; ``at`` counts characters."""
    depth = 0
    probes: list[str] = []
    fresh = True  # the next attach point begins a new list
    header = False
    for kind, start, end in lexer.tokens(text):
        if kind in ("comment", "string") and start < at and (at < end or (at == end and text[start : start + 2] == "//")):
            return Place("", at, "")
        if start >= at:
            break
        if kind == "probe":
            if fresh:
                probes, fresh = [], False
            header = True
            if end < at:
                probes.append(text[start:end])
        elif kind == "operator" and text[start] == "/" and header and not depth:
            header = False  # a predicate, which is code
        elif kind == "punctuation" and text[start] in "{}":
            depth = depth + 1 if text[start] == "{" else max(0, depth - 1)
            header, fresh = False, True
    line = text[text.rfind("\n", 0, at) + 1 : at]
    member = _MEMBER.search(line)
    if member:
        return Place("argument", at - len(member[1]), member[1], tuple(probes))
    if depth or (probes and not header and not fresh):
        typed = _NAME.search(line)
        word = typed[0] if typed else ""
        return Place("code", at - len(word), word, tuple(probes)) if not word[:1].isdigit() else Place("", at, "")
    typed = _PROBE.search(line)
    word = typed[0] if typed else ""
    return Place("probe", at - len(word), word)


def own_names(text: str) -> "list[Candidate]":
    """The maps and variables of the program itself."""
    found = dict.fromkeys((kind, text[start:end]) for kind, start, end in lexer.tokens(text) if kind in ("map", "variable"))
    return [Candidate(name, kind) for kind, name in found if name[0] in "@$" and len(name) > 1]


def language() -> "list[Candidate]":
    """Functions, builtins and keywords, each with what it does."""
    from bttui.compiler.functions import table

    found = []
    for name, function in sorted(table().items()):
        found.append(
            Candidate(name, "builtin" if function.builtin else "function", f"{function.signature or name}  {function.doc}".strip())
        )
    known = {candidate.text for candidate in found}
    words = sorted((lexer.KEYWORDS | lexer.STATEMENT_KEYWORDS | {"args"}) - known)
    return found + [Candidate(word, "keyword") for word in words]


def matching(typed: str, candidates: "Iterable[Candidate]") -> "list[Candidate]":
    """Those that begin with what was typed, then those that hold it somewhere."""
    lower = typed.lower()
    first = [each for each in candidates if each.text.lower().startswith(lower)]
    rest = [each for each in candidates if lower and lower in each.text.lower() and not each.text.lower().startswith(lower)]
    return [each for each in (first + rest) if each.text != typed][:MOST]


def argument_names(lines: "Sequence[str]") -> "list[Candidate]":
    """From the lines that describe a probe: "char * filename" has the name filename."""
    found = []
    for line in lines:
        name = re.search(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[0-9]*\])*$", line)
        if name:
            found.append(Candidate(name[1], "argument", line))
    return found


def word_at(text: str, at: int) -> str:
    """The name that the cursor is in or behind: printf, @map, tracepoint:syscalls:sys_enter_open."""
    for kind, start, end in lexer.tokens(text):
        if start <= at <= end and (kind == "probe" or (text[start:end][:1].isalpha() or text[start : start + 1] in ("_", "@", "$"))):
            return text[start:end]
    return ""


def function(name: str) -> "Function | None":
    from bttui.compiler.functions import table

    return table().get(name)


def suggestion(line: str, known: "Sequence[Candidate]") -> str:
    """The rest of the one word that likely comes: shown behind the cursor. "" unless two letters tell."""
    typed = re.search(r"(?<![A-Za-z0-9_.>])[@$]?[A-Za-z_][A-Za-z0-9_]+$", line)
    if not typed:
        return ""
    word = typed[0]
    longer = [each.text for each in known if each.text.startswith(word) and each.text != word]
    return min(longer, key=len)[len(word) :] if longer else ""
