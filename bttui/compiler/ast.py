"""The syntax tree. Every node has a span; the type pass sets ``type`` on expressions (model.types)."""

from bttui.model.data import Data
from bttui.model.diagnostic import Span
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Node(Data):
    span: Span


# --- types as written ---------------------------------------------------------------------------------------------


class TypeName(Node):
    """``name`` as written, without * and []: "uint32", "struct task_struct", "string", "string[16]" has length 16.

    ``pointers`` counts stars and ``dimensions`` holds array lengths (None for []), applied in ``suffixes`` order:
    "*" or a length each, innermost first: int32*[4]* is ("*", 4, "*"). ``of`` is the expression or type of typeof().
    """

    name: str
    suffixes: "tuple[Any, ...]" = ()
    of: "Node | None" = None


# --- expressions ---------------------------------------------------------------------------------------------------


class Expression(Node):
    """``type`` is None until the type pass has run. ``note`` is that pass's room for what emission needs to know."""

    type: "Type | None" = None
    note: "Any" = None


class IntegerLiteral(Expression):
    """``text`` as written (0x10, 1e6, 5s, 10UL); ``value`` is what it means, durations in nanoseconds."""

    value: int
    text: str
    suffix: str = ""


class BooleanLiteral(Expression):
    value: bool


class StringLiteral(Expression):
    """``value`` after escapes; characters above 0x7f that came from \\x or octal escapes are surrogates."""

    value: str


class Identifier(Expression):
    """A bare word: a builtin, a macro, an enum constant, a function without parentheses."""

    name: str


class Variable(Expression):
    """``name`` includes the $."""

    name: str


class Positional(Expression):
    """$1.. (``index`` from 1) or $# (``index`` 0)."""

    index: int


class Map(Expression):
    """``name`` includes the @. Without a key: a scalar, or the whole map as an argument."""

    name: str


class MapAccess(Expression):
    """@x[key]; several keys are one TupleLiteral."""

    map: Map
    key: Expression


class Unary(Expression):
    """``operator``: - ! ~ * & ++ -- (prefix), or "x++" "x--" (postfix)."""

    operator: str
    operand: Expression


class Binary(Expression):
    operator: str
    left: Expression
    right: Expression


class Ternary(Expression):
    """``then`` is None for a ?: c."""

    condition: Expression
    then: "Expression | None"
    otherwise: Expression


class FieldAccess(Expression):
    """a.b or a->b (``arrow``); tuple access a.0 has a decimal ``name``."""

    operand: Expression
    name: str
    arrow: bool = False


class Index(Expression):
    """a[i] on anything that is not a map."""

    operand: Expression
    index: Expression


class TupleLiteral(Expression):
    elements: "tuple[Expression, ...]"


class RecordLiteral(Expression):
    fields: "tuple[tuple[str, Expression], ...]"


class Cast(Expression):
    to: TypeName
    operand: Expression


class Call(Expression):
    """An argument is an Expression, or a TypeName where a type was written."""

    name: str
    arguments: "tuple[Node, ...]"


class TypeArgument(Expression):
    """A type where an expression is expected: sizeof(struct x), typeof(..), macro arguments."""

    name: TypeName


class BlockExpression(Expression):
    """{ statements; value }. ``value`` is None where the last semicolon was written: it has no value then."""

    statements: "tuple[Statement, ...]"
    value: "Expression | None"


class Expansion(BlockExpression):
    """What a macro call became; the span is that of the call."""

    macro: str


class IfExpression(Expression):
    """The branches are BlockExpressions; ``otherwise`` may be another IfExpression, or None where there is no else."""

    condition: Expression
    then: Expression
    otherwise: "Expression | None"


class Comptime(Expression):
    operand: Expression


# --- statements -----------------------------------------------------------------------------------------------------


class Statement(Node):
    pass


class ExpressionStatement(Statement):
    expression: Expression


class Assignment(Statement):
    """``target`` is a Variable, Map, MapAccess, or an Identifier "_" (discard). ``operator``: = += -= ..."""

    target: Expression
    operator: str
    value: Expression


class Let(Statement):
    """let $x, let $x : T, let $x : T = e."""

    variable: Variable
    annotation: "TypeName | None" = None
    value: "Expression | None" = None


class Block(Statement):
    statements: "tuple[Statement, ...]"


class If(Statement):
    """``otherwise`` is a Block, another If, or None."""

    condition: Expression
    then: Block
    otherwise: "Statement | None" = None


class ForMap(Statement):
    """for ($kv : @map) { }."""

    variable: Variable
    map: Map
    body: Block


class ForRange(Statement):
    """for ($i : start..end) { }; end is excluded."""

    variable: Variable
    start: Expression
    end: Expression
    body: Block


class While(Statement):
    condition: Expression
    body: Block


class Unroll(Statement):
    count: Expression
    body: Block


class Break(Statement):
    pass


class Continue(Statement):
    pass


class Return(Statement):
    value: "Expression | None" = None


class ImportStatement(Statement):
    """import "x.bt" inside a block, or at the root."""

    path: str


# --- the root -------------------------------------------------------------------------------------------------------


class AttachPoint(Node):
    """``text`` as written. ``parts`` are what the colons separate, quotes removed, $N and $# replaced.

    ``quoted`` says of each part whether it was quoted (no wildcard, no alias).
    """

    text: str
    parts: "tuple[str, ...]"
    quoted: "tuple[bool, ...]" = ()


class Probe(Node):
    attach_points: "tuple[AttachPoint, ...]"
    predicate: "Expression | None"
    body: Block
    name: str = ""


class Macro(Node):
    """Parameters are Variable, Map, or Identifier nodes. The body is a Block or a BlockExpression."""

    name: str
    parameters: "tuple[Expression, ...]"
    body: Node


class Parameter(Node):
    variable: Variable
    type: TypeName


class Subprogram(Node):
    name: str
    parameters: "tuple[Parameter, ...]"
    returns: "TypeName | None"
    body: Block


class MapDeclaration(Node):
    """let @m = lruhash(100)."""

    map: Map
    kind: str
    size: Expression


class ConfigSetting(Node):
    """``value`` is an int, a bool or a str as written; ``text`` its spelling."""

    name: str
    value: "int | bool | str"


class CDefinition(Node):
    """One piece of C: a struct, union, enum, typedef, #define or #include, as text."""

    text: str


class Root(Node):
    """``config`` is None where there is no config block. ``items`` keeps everything after it in order of writing."""

    c_definitions: "tuple[CDefinition, ...]"
    config: "tuple[ConfigSetting, ...] | None"
    imports: "tuple[ImportStatement, ...]"
    items: "tuple[Probe | Macro | Subprogram | MapDeclaration, ...]"

    @property
    def probes(self) -> "tuple[Probe, ...]":
        return tuple(i for i in self.items if isinstance(i, Probe))


def array_of(node: Expression) -> "TypeName | None":
    """name[2][3] as the type that it is where the name is one's; None for any other expression."""
    lengths: list[int] = []
    while isinstance(node, Index) and isinstance(node.index, IntegerLiteral):
        lengths.insert(0, node.index.value)
        node = node.operand
    return TypeName(node.span, node.name, tuple(lengths)) if isinstance(node, Identifier) else None
