"""Text to syntax tree: a shift-reduce loop over the tables made from grammar.lark. builder.py makes the nodes."""

from bttui.compiler import ast
from bttui.compiler.builder import MAXIMUM_HEIGHT, Builder
from bttui.compiler.lexer import MAXIMUM_NESTING, scan
from bttui.model.diagnostic import DiagnosticError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def parse(text: str, file: str = "stdin", positional: "tuple[str, ...]" = (), imported: bool = False) -> ast.Root:
    """The syntax tree of a program.

    ``file`` is the name that spans carry. ``positional`` are the values of $1, $2, ... inside attach points; elsewhere they
    stay in the tree as Positional. ``imported``: spans carry the text, which is not the program's. Raises DiagnosticError with one diagnostic: the first thing that is wrong.
    """
    tokens = [token for token in scan(text) if token[0] != "comment"]
    builder = Builder(text, file, positional, imported)
    root = _run(text, tokens, builder)
    if len(tokens) > MAXIMUM_HEIGHT:
        builder.check_height(root)
    return root


class _Tables:
    """``actions``: for each state, token -> a state to shift to, or -1 - rule to reduce. ``gotos``: nonterminal -> state.

    ``rules``: for each rule its nonterminal, how many symbols it takes, and the Builder's method ("" passes its child on).
    """

    def __init__(self) -> None:
        from bttui.compiler import tables

        self.rules = []
        for line in tables.RULES.splitlines():
            nonterminal, length, method = line.split(" ")
            self.rules.append((nonterminal, int(length), "" if method == "-" else method))
        self.actions: list[dict[str, int]] = []
        self.gotos: list[dict[str, int]] = []
        for paragraph in tables.STATES.removesuffix("\n\n").split("\n\n"):
            shifts, gotos, *reductions = paragraph.split("\n")
            row = _pairs(shifts)
            for line in reductions:
                rule, *kinds = line.split(" ")
                row.update(dict.fromkeys(kinds, -1 - int(rule)))
            self.actions.append(row)
            self.gotos.append(_pairs(gotos))


def _pairs(line: str) -> "dict[str, int]":
    words = line.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=False))


_tables: "_Tables | None" = None


def _run(text: str, tokens: "list[tuple[str, int, int]]", builder: Builder) -> ast.Root:
    """Shift and reduce until the root is made. ``starts`` and ``ends`` run beside the values: offsets into the text."""
    global _tables
    _tables = _tables or _Tables()
    actions, gotos, rules = _tables.actions, _tables.gotos, _tables.rules
    methods: list[Callable[..., Any] | None] = [getattr(builder, method) if method else None for _, _, method in rules]
    states = [0]
    values: list[Any] = []
    starts: list[int] = []
    ends: list[int] = []
    depth = 0
    previous = ("", 0, 0)
    for kind, start, end in [*tokens, ("$END", len(text), len(text))]:
        while (action := actions[states[-1]].get(kind)) is not None and action < 0:
            nonterminal, length, _ = rules[-1 - action]
            method = methods[-1 - action]
            if length == 1:
                del states[-1]
                if method:
                    values[-1] = method(starts[-1], ends[-1], values[-1])
            elif length == 0:
                starts.append(start)
                ends.append(start)
                values.append(method(start, start))  # type: ignore[misc]
            else:
                del states[-length:]
                children = values[-length:]
                del values[-length:]
                del starts[1 - length :]
                last = ends[-1]
                del ends[-length:]
                ends.append(last)
                values.append(method(starts[-1], last, *children))  # type: ignore[misc]
            states.append(gotos[states[-1]][nonterminal])
        if action is None:
            if previous[0] == "INTEGER":  # not looked at yet, and 2x3 is one mistake, not two
                builder.integer(previous[1], previous[2], text[previous[1] : previous[2]])
            raise _unexpected(builder, kind, start, end, _expected(_tables, states))
        if kind in _OPENING:
            depth += 1
            if depth > MAXIMUM_NESTING:
                raise builder.wrong(
                    f"brackets are nested more than {MAXIMUM_NESTING} deep here", start, end, "put parts of it in variables"
                )
        elif kind in _CLOSING:
            depth -= 1
        previous = kind, start, end
        states.append(action)
        values.append(text[start:end])
        starts.append(start)
        ends.append(end)
    return values[0]


_OPENING = frozenset(("(", "{", "[", "TYPE", "CONDITION"))
_CLOSING = frozenset((")", "}", "]"))


def _expected(tables: _Tables, states: "list[int]") -> "set[str]":
    """The kinds of token that could have come in these states: those which are shifted once the reductions are done."""
    found = set()
    for kind in tables.actions[states[-1]]:
        stack = states[:]
        while (action := tables.actions[stack[-1]].get(kind)) is not None and action < 0:
            nonterminal, length, _ = tables.rules[-1 - action]
            if length:
                del stack[-length:]
            stack.append(tables.gotos[stack[-1]][nonterminal])
        if action is not None:
            found.add(kind)
    return found


_NAMES = {
    "NAME": "a name",
    "KEY": "a field name",
    "VARIABLE": "a variable ($x)",
    "MAP": "a map (@x)",
    "INTEGER": "a number",
    "STRING": "a string in quotes",
    "ATTACH_POINT": "an attach point",
    "END_PREDICATE": '"/" to end the predicate',
    "PREDICATE": "a predicate (/.../)",
}
_EXPRESSION = frozenset(
    "INTEGER STRING VARIABLE MAP NAME POSITIONAL KEY ( { TYPE - ! ~ * & ++ -- if true false sizeof typeinfo offsetof typeof comptime".split()
)
_STATEMENT = frozenset("let while for unroll return break continue import".split())
_OPERATION = frozenset("|| && | ^ & == != < > <= >= << >> + - * / % ? . -> [ ++ -- = ASSIGNMENT ..".split())
_ROOT = frozenset("ATTACH_POINT C_DEFINITION config import macro fn let $END".split())


def _unexpected(builder: Builder, kind: str, start: int, end: int, expected: "set[str]") -> DiagnosticError:
    """The token that fits nowhere, and what would have fitted."""
    from bttui.compiler import mistakes

    text = builder.text[start:end]
    hint = mistakes.hint(builder.text, start, expected) or _hint(expected)
    if kind == "$END":
        return builder.wrong("the program ends too early", start, end, hint)
    if kind == "open C definition":
        return builder.wrong(
            "the braces of this C definition do not close", start, start + len(text.partition("{")[0]) + 1, 'it ends with "}"'
        )
    if kind == "error" and text.startswith('"'):
        return builder.wrong("this string does not end on its line", start, end, 'strings end with a " and hold \\n for a new line')
    if kind == "error" and text.startswith("/*"):
        return builder.wrong("this comment does not end", start, start + 2, 'it ends with "*/"')
    return builder.wrong(f"{_shown(text)} does not fit here", start, end, hint)


def _shown(text: str) -> str:
    return f'"{text}"' if text.isprintable() and len(text) <= 40 else f'"{text.split()[0][:40]}..."' if text.split() else repr(text)


def _hint(expected: "set[str]") -> str:
    """The expected kinds in words. The many ways in which an expression starts or goes on are not listed."""
    words = []
    if expected >= _ROOT:
        expected = expected - _ROOT
        words.append("a probe with its block (BEGIN { ... }), a macro, a fn or a map declaration")
    if {"INTEGER", "STRING", "VARIABLE"} <= expected:
        words.append("a statement" if "let" in expected else "an expression")
        expected = expected - _EXPRESSION - _STATEMENT
    elif "+" in expected:
        expected = expected - _OPERATION
    words += [_NAMES.get(kind, f'"{kind}"') for kind in sorted(expected, key=lambda kind: (kind not in (";", ")", "]", "}"), kind))]
    return "expected " + (" or ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} or {words[-1]}")
