"""C macros in the program itself: each use becomes a part of the tree, so that precedence is kept."""

from bttui.compiler import ast
from bttui.compiler.c_preprocessor import Macro
from bttui.compiler.macros import MOST, MOST_NODES, too_much
from bttui.model.diagnostic import DiagnosticError, Span, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.compiler.infer.typer import Typer


class Expander:
    """A macro must be an expression; each one that is used is parsed once."""

    def __init__(self, typer: "Typer", macros: "dict[str, Macro]"):
        self.typer, self.macros = typer, macros
        self.parsed: dict[str, ast.Expression] = {}
        self.count = 0
        self.copied = 0
        self.sizes: "dict[int, tuple[int, Any]]" = {}  # of arguments, by identity, which the second part keeps alive

    def tree(self, value: "Any", active: "tuple[str, ...]" = (), site: "Span | None" = None, given: "Any" = None) -> "Any":
        """A tree with its macros expanded. Inside an expansion, ``site`` is its place and ``given`` the arguments."""
        if isinstance(value, tuple):
            return tuple(self.tree(v, active, site, given) for v in value)
        if not isinstance(value, ast.Node):
            return value
        if isinstance(value, ast.Identifier):
            if given and value.name in given:
                self.copied += self.size(given[value.name])
                if self.copied > MOST_NODES:
                    raise too_much(site or value.span)
                return given[value.name]
            macro = self.macro(value.name)
            if macro is not None and macro.parameters is None:
                return self.expansion(macro, value, active, site or value.span, {})
        elif isinstance(value, ast.Call):
            macro = self.macro(value.name)
            if macro is not None and macro.parameters is not None:
                arguments = self.tree(value.arguments, active, site, given)
                if len(arguments) != len(macro.parameters):
                    raise error(f"the macro {macro.name} takes {len(macro.parameters)} arguments, not {len(arguments)}", value.span)
                return self.expansion(macro, value, active, site or value.span, dict(zip(macro.parameters, arguments, strict=True)))
        changed = {n: self.tree(o, active, site, given) for n, o in ((n, getattr(value, n)) for n in value._fields) if n != "span"}
        return value.replace(span=site or value.span, **changed)

    def size(self, value: "Any") -> int:
        """How many nodes it has, a node in two places counted twice."""
        if isinstance(value, tuple):
            return sum([self.size(part) for part in value])
        if not isinstance(value, ast.Node):
            return 0
        if id(value) not in self.sizes:
            self.sizes[id(value)] = (1 + sum([self.size(getattr(value, name)) for name in value._fields]), value)
        return self.sizes[id(value)][0]

    def macro(self, name: str) -> "Macro | None":
        macro = self.macros.get(name) if self.typer.function_named(name) is None else None
        if macro is not None and [token.text for token in macro.body] == [name]:
            return None  # <linux/in.h> has "#define IPPROTO_ICMP IPPROTO_ICMP" beside the enumerator, for #ifdef to find
        return macro

    def expansion(self, macro: Macro, node: ast.Node, active: "tuple[str, ...]", site: Span, given: "dict[str, Any]") -> "Any":
        if macro.name in active:
            raise error(f"Macro recursion: {macro.name}", site)
        self.count += 1
        if self.count > MOST:
            raise error(f"macros are expanded more than {MOST} times in this program", site)
        if macro.name not in self.parsed:
            self.parsed[macro.name] = self.expression(macro, site)
        return self.tree(self.parsed[macro.name], (*active, macro.name), site, given)

    def expression(self, macro: Macro, site: Span) -> ast.Expression:
        from bttui.compiler.parameters import substitute
        from bttui.compiler.parser import parse

        last = macro.body[-1]
        text = last.source.text[macro.body[0].position : last.position + len(last.text)]
        try:
            (statement,) = parse(f"begin {{ {text}\n}}", macro.name).probes[0].body.statements
        except (DiagnosticError, ValueError):
            statement = None
        if not isinstance(statement, ast.ExpressionStatement):
            raise error(f"unable to expand macro as an expression: {text}", site)
        expression: ast.Expression = substitute(statement.expression, self.typer.options.positional)
        return expression
