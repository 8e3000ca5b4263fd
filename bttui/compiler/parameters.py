"""$1, $2, ... and $# become the literals that the command line gave."""

from bttui.compiler import ast
from bttui.compiler.literals import integer
from bttui.model.data import Data
from bttui.model.diagnostic import Diagnostic, DiagnosticError, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def number(text: str) -> "int | None":
    """The integer that a parameter spells as the language does, or in binary (0b); None where it is a word."""
    digits = text.lstrip(" ")
    sign, digits = (digits[0], digits[1:]) if digits[:1] in ("-", "+") else ("", digits)
    if not digits[:1].isascii() or not digits[:1].isdigit():
        return None
    try:
        value = int(digits[2:], 2) if digits[:2] in ("0b", "0B") else integer(digits)[0]
    except ValueError:
        return None
    return -value if sign == "-" else value


def check_named(given: "tuple[tuple[str, str | bool], ...]", known: "dict[str, tuple[Any, ...]]") -> None:
    """Raise where --help asks which named parameters there are, or where one is given that the program has not.

    ``known`` has what each getopt() says: (default, description or none).
    """
    names = [name for name, _value in given]
    foreign = [name for name in names if name not in known]
    if not foreign:
        return
    if "help" in foreign:
        lines = [f"--{name}: {' '.join(said[1].split())}" if len(said) > 1 else f"--{name}" for name, said in known.items()]
        message = "\n".join(["expected program options:", *lines]) if lines else "no custom program options defined."
        raise DiagnosticError(Diagnostic(message, severity="hint"))
    listed = ", ".join(f"--{name}" for name in known)
    raise error(
        f"unexpected program command line options: {', '.join(f'--{name}' for name in foreign)}",
        hint=f"expected program options: {listed}" if listed else "no custom program options defined.",
    )


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
