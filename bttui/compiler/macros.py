"""Macros: each call becomes a copy of the body with the arguments in place of the parameters.

Hygienic: the body's own variables get names that nobody can write, and a map must be passed in.
"""

from bttui.compiler import ast
from bttui.compiler.functions import table
from bttui.model.diagnostic import Diagnostic, DiagnosticError, Span, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 10_000  # expansions: macros that use one another twice grow without limit
MOST_NODES = 300_000  # of the tree that are copied: so do arguments that are used twice
MARK = "#"  # between a macro's own variable and the number of its expansion; cut from messages
KINDS: "dict[type[ast.Node], str]" = {ast.Variable: "variable", ast.Map: "map", ast.Identifier: "expression"}


def kind(node: ast.Node) -> str:
    return KINDS.get(type(node), "expression")


def signature(macro: ast.Macro) -> Span:
    """The span of `macro name(...`, as far as the last parameter."""
    last = macro.parameters[-1].span if macro.parameters else macro.span
    return macro.span.to(last) if macro.parameters else macro.span


def expand(root: ast.Root) -> ast.Root:
    """The program without macros. Raises DiagnosticError for wrong definitions and calls."""
    expander = Expander([item for item in root.items if isinstance(item, ast.Macro)])
    items = tuple(expander.tree(item, ()) for item in root.items if not isinstance(item, ast.Macro))
    return root.replace(items=items)


def too_much(place: Span) -> DiagnosticError:
    return error("the macros of this program make too much of it", place, hint="put in a variable what is used twice")


class Expander:
    def __init__(self, macros: "list[ast.Macro]"):
        self.macros: dict[str, list[ast.Macro]] = {}
        self.count = 0
        self.copied = 0
        for macro in macros:
            seen: set[str] = set()
            for parameter in macro.parameters:
                name = parameter.name  # type: ignore[attr-defined]
                if name in seen:
                    word = {"variable": "Variable", "map": "Map"}.get(kind(parameter), "Ident")
                    raise error(f"{word} for macro argument has already been used: {name}", parameter.span)
                seen.add(name)
            others = self.macros.setdefault(macro.name, [])
            for other in others:
                if self.covers(other, macro):
                    raise DiagnosticError(
                        Diagnostic(
                            f"Redefinition of macro: {macro.name}",
                            signature(macro),
                            trail=(("This is the original definition.", signature(other)),),
                        )
                    )
            others.append(macro)

    @staticmethod
    def covers(earlier: ast.Macro, later: ast.Macro) -> bool:
        """Whether no call would reach the later one: an expression takes variables and maps too."""
        if len(earlier.parameters) != len(later.parameters):
            return False
        return all(kind(x) in (kind(y), "expression") for x, y in zip(earlier.parameters, later.parameters, strict=True))

    def tree(self, value: "Any", chain: "tuple[tuple[str, Span], ...]") -> "Any":
        """The tree with every macro call in it replaced. ``chain`` are the calls that we are inside of."""
        if isinstance(value, tuple):
            return tuple(self.tree(v, chain) for v in value)
        if not isinstance(value, ast.Node):
            return value
        if isinstance(value, (ast.Call, ast.Identifier)) and value.name in self.macros:
            given = value.arguments if isinstance(value, ast.Call) else ()
            macro = self.choose(value, given)
            if macro is not None:
                return self.call(macro, value, self.tree(given, chain), chain)
        changes = {}
        for name in value._fields:
            old = getattr(value, name)
            if isinstance(old, (tuple, ast.Node)):
                new = self.tree(old, chain)
                if new is not old:
                    changes[name] = new
        return value.replace(**changes) if changes else value

    def choose(self, call: "ast.Call | ast.Identifier", given: "tuple[ast.Node, ...]") -> "ast.Macro | None":
        """The macro that a call means; None where it means a function of that name."""
        overloads = self.macros[call.name]
        fitting = [m for m in overloads if len(m.parameters) == len(given)]
        for exact in (True, False):
            for macro in fitting:
                if all(self.accepts(p, g, exact) for p, g in zip(macro.parameters, given, strict=True)):
                    return macro
        if call.name in table():
            return None
        trail: tuple[tuple[str, Span], ...]
        first = Diagnostic(f"Call to {call.name}() has arguments that do not match any definition.", call.span)
        if fitting:
            macro = fitting[0]
            parameter, argument = next((p, g) for p, g in zip(macro.parameters, given, strict=True) if not self.accepts(p, g, False))
            wanted = f"{kind(parameter)} for arg {parameter.name}"  # type: ignore[attr-defined]
            got = "an expression" if kind(argument) == "expression" else f"a {kind(argument)}"
            trail = (
                (f"Mismatched arg. {call.name}() expects a {wanted} but got {got}.", argument.span),
                ("This is the argument in the closest definition.", parameter.span),
            )
        else:
            macro = min(overloads, key=lambda m: abs(len(m.parameters) - len(given)))
            message = f"The closest definition of {call.name}() has a different number of arguments. Expected: {len(macro.parameters)} but got {len(given)}"
            trail = ((message, signature(macro)),)
        raise DiagnosticError(first.replace(trail=trail))

    @staticmethod
    def accepts(parameter: ast.Node, argument: ast.Node, exact: bool) -> bool:
        return kind(parameter) == kind(argument) or (not exact and kind(parameter) == "expression")

    def call(
        self, macro: ast.Macro, call: "ast.Call | ast.Identifier", given: "tuple[Any, ...]", chain: "tuple[tuple[str, Span], ...]"
    ) -> ast.Expansion:
        names = [name for name, _span in chain]
        if macro.name in names:
            words = " > ".join([*names, macro.name])
            raise DiagnosticError(
                Diagnostic(
                    f"Recursive macro call detected. Call chain: {words}",
                    call.span,
                    trail=tuple(("expanded from", span) for _name, span in reversed(chain)),
                )
            )
        self.count += 1
        if self.count > MOST:
            raise error(f"macros are expanded more than {MOST} times in this program", chain[0][1] if chain else call.span)
        replaced = {p.name: g for p, g in zip(macro.parameters, given, strict=True)}  # type: ignore[attr-defined]
        body = self.fill(macro.body, macro, replaced, self.count)
        inner = self.tree(body, (*chain, (macro.name, call.span)))
        value = inner.value if isinstance(inner, ast.BlockExpression) else None
        return ast.Expansion(call.span, statements=inner.statements, value=value, macro=macro.name)

    def fill(self, value: "Any", macro: ast.Macro, given: "dict[str, Any]", number: int) -> "Any":
        """A copy of the body for one call."""
        if isinstance(value, tuple):
            return tuple(self.fill(v, macro, given, number) for v in value)
        if not isinstance(value, ast.Node):
            return value
        if isinstance(value, ast.Identifier) and value.name in given:
            return self.duplicate(given[value.name], value.span)
        self.count_copy(value.span)
        if isinstance(value, ast.Variable):
            passed = given.get(value.name)
            return value.replace(name=passed.name if passed is not None else f"{value.name}{MARK}{number}")
        if isinstance(value, ast.Map):
            if value.name not in given:
                raise error(f"Unhygienic access to map: {value.name}. Maps must be passed into the macro as arguments", value.span)
            return value.replace(name=given[value.name].name)
        if isinstance(value, ast.TypeName):
            return self.type_name(value, macro, given, number)
        fields = {name: self.fill(getattr(value, name), macro, given, number) for name in value._fields}
        return type(value)(**fields)

    def type_name(self, node: ast.TypeName, macro: ast.Macro, given: "dict[str, Any]", number: int) -> ast.TypeName:
        """A type in the body may be made of a parameter: t, t*, struct t, typeof(t[2])."""
        array = ast.array_of(node.of) if isinstance(node.of, ast.Index) else None
        if array is not None and isinstance(given.get(array.name), ast.TypeArgument):
            return node.replace(of=self.type_name(array, macro, given, number))
        word = node.name.rpartition(" ")[2]
        passed = given.get(word)
        if passed is None or node.of is not None:
            return node.replace(of=self.fill(node.of, macro, given, number))
        inner = passed.name if isinstance(passed, ast.TypeArgument) else None
        if isinstance(inner, ast.TypeName) and isinstance(inner.of, ast.TypeName) and not inner.suffixes:
            inner = inner.of
        elif isinstance(inner, ast.TypeName) and isinstance(inner.of, ast.Identifier) and not inner.suffixes:
            inner = ast.TypeName(inner.span, inner.of.name)
        if inner is None and isinstance(passed, ast.Identifier):
            inner = ast.TypeName(passed.span, passed.name)
        if inner is None or (word != node.name and (inner.suffixes or " " in inner.name)):
            raise error(
                f"Invalid replacement for macro '{macro.name}' type parameter '{word}' which makes up the type '{node.name}'", node.span
            )
        name = inner.name if word == node.name else f"{node.name.rpartition(' ')[0]} {inner.name}"
        return inner.replace(span=node.span, name=name, suffixes=(*inner.suffixes, *node.suffixes))

    def duplicate(self, value: "Any", place: Span) -> "Any":
        """A deep copy: an argument may stand in several places."""
        if isinstance(value, Span):
            return value
        if isinstance(value, ast.Node):
            self.count_copy(place)
            return type(value)(*(self.duplicate(v, place) for v in value.contents()))
        if isinstance(value, tuple):
            return tuple(self.duplicate(v, place) for v in value)
        return value

    def count_copy(self, place: Span) -> None:
        self.copied += 1
        if self.copied > MOST_NODES:
            raise too_much(place)
