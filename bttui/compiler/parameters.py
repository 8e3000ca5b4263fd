"""$1, $2, ... and $# become the literals that the command line gave."""

from bttui.compiler import ast
from bttui.model.data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def number(text: str) -> "int | None":
    """The integer that a parameter spells, None where it is a word."""
    try:
        return int(text.replace("_", ""), 0) if text[:1] not in "_ " else None
    except ValueError:
        digits = text.lstrip("-")
        return int(text, 8) if digits.startswith("0") and digits.isdigit() and not set(digits) & set("89") else None


def literal(node: ast.Positional, positional: "tuple[str, ...]", as_string: bool) -> ast.Expression:
    if node.index == 0:
        count = len(positional)
        return (
            ast.StringLiteral(node.span, None, None, str(count))
            if as_string
            else ast.IntegerLiteral(node.span, None, None, count, str(count))
        )
    given = node.index <= len(positional)
    text = positional[node.index - 1] if given else ""
    value = number(text) if given else 0
    if as_string or value is None:
        return ast.StringLiteral(node.span, None, None, text)
    if value < 0:
        inner = ast.IntegerLiteral(node.span, None, None, -value, str(-value))
        return ast.Unary(node.span, None, None, "-", inner)
    return ast.IntegerLiteral(node.span, None, None, value, text or "0")


def substitute(value: "Any", positional: "tuple[str, ...]") -> "Any":
    """The tree with every positional parameter replaced; str($1) and str($1 + n) become strings."""
    if isinstance(value, tuple):
        return tuple(substitute(v, positional) for v in value)
    if isinstance(value, ast.Positional):
        return literal(value, positional, False)
    if isinstance(value, ast.Call) and value.name == "str" and value.arguments:
        first: Any = value.arguments[0]
        skip = 0
        if isinstance(first, ast.Binary) and first.operator == "+" and isinstance(first.right, ast.IntegerLiteral):
            first, skip = first.left, first.right.value
        if isinstance(first, ast.Positional):
            string = literal(first, positional, True)
            assert isinstance(string, ast.StringLiteral)
            string = string.replace(value=string.value[skip:])
            rest = substitute(value.arguments[1:], positional)
            return value.replace(arguments=(string, *rest)) if rest else string
    if isinstance(value, ast.Node):
        changed: dict[str, Any] = {}
        for name in value._fields:
            old = getattr(value, name)
            if isinstance(old, (tuple, Data)):
                new = substitute(old, positional)
                if new is not old:
                    changed[name] = new
        return value.replace(**changed) if changed else value
    return value
