"""The nodes of the syntax tree: one method for each alias of grammar.lark.

A method gets the offsets where its text starts and ends, and what its symbols became; a token is its text.
"""

import re
from bisect import bisect_right

from bttui.compiler import ast, literals
from bttui.compiler.lexer import is_reserved
from bttui.model.data import Data
from bttui.model.diagnostic import DiagnosticError, Span, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Trees are walked by functions that call themselves: more than anyone writes, and few enough for Python's stack.
MAXIMUM_HEIGHT = 250

# Binary operators from the loosest to the tightest, as in C; all of one line associate to the left.
PRECEDENCE = {
    operator: level
    for level, operators in enumerate(("||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %"), 1)
    for operator in operators.split()
}

_POSITIONAL = re.compile(r"\$([0-9]*)")
_ATTACH_POINT_PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*"|:|[^":]+', re.S)
_PROBE_NAME = re.compile(r'[^":=]+=')


class _Config(Data):
    span: Span
    settings: "tuple[ast.ConfigSetting, ...]"


class Builder:
    """Makes nodes with exact spans. Raises DiagnosticError for what the grammar lets pass but the language does not."""

    def __init__(self, text: str, file: str, positional: "tuple[str, ...]", imported: bool = False):
        self.text = text
        self.source = text if imported else ""
        self.file = file
        self.parameters = positional
        self.outer: dict[int, Span] = {}  # the spans with parentheses of the nodes (by id) that are written in some
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, start: int, end: int) -> Span:
        starts = self.line_starts
        line = bisect_right(starts, start)
        end_line = bisect_right(starts, end - 1) if end > start else line
        return Span(start, end, line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1, self.file, self.source)

    def wrong(self, message: str, start: int, end: int, hint: str = "") -> DiagnosticError:
        return error(message, self.span(start, end), hint=hint, code="syntax")

    # --- lists and what is passed on -------------------------------------------------------------------------------

    def empty(self, start: int, end: int) -> "list[Any]":
        return []

    def one(self, start: int, end: int, first: "Any") -> "list[Any]":
        return [first]

    def append(self, start: int, end: int, found: "list[Any]", more: "Any") -> "list[Any]":
        found.append(more)
        return found

    def append_third(self, start: int, end: int, found: "list[Any]", comma: str, more: "Any") -> "list[Any]":
        found.append(more)
        return found

    def same(self, start: int, end: int, found: "Any", *_: str) -> "Any":
        return found

    def second(self, start: int, end: int, opening: str, found: "Any", closing: str) -> "Any":
        return found

    # --- the root --------------------------------------------------------------------------------------------------

    def start(self, start: int, end: int, items: "list[Any]") -> ast.Root:
        definitions: list[ast.CDefinition] = []
        imports: list[ast.ImportStatement] = []
        others: list[Any] = []
        config: tuple[ast.ConfigSetting, ...] | None = None
        for item in items:
            if isinstance(item, ast.CDefinition):
                if config is not None or imports or others:
                    raise error("C definitions come first in a program", item.span, "move it to the top", code="syntax")
                definitions.append(item)
            elif isinstance(item, _Config):
                if others:
                    raise error("the config block comes before probes, functions and macros", item.span, "move it up", code="syntax")
                if config is not None:
                    raise error("this is a second config block", item.span, "one block holds all settings", code="syntax")
                config = item.settings
            elif isinstance(item, ast.ImportStatement):
                if others:
                    raise error("imports come before probes, functions and macros", item.span, "move it up", code="syntax")
                imports.append(item)
            else:
                others.append(item)
        return ast.Root(self.span(0, len(self.text)), tuple(definitions), config, tuple(imports), tuple(others))

    def c_definition(self, start: int, end: int, text: str) -> ast.CDefinition:
        return ast.CDefinition(self.span(start, end), text)

    def config_word(self, start: int, end: int, word: str) -> Span:
        return self.span(start, end)

    def config(self, start: int, end: int, word: Span, equals: str, opening: str, settings: "list[Any]", closing: str) -> _Config:
        return _Config(word, tuple(settings))

    def literal_setting(
        self, start: int, end: int, name: str, equals: str, literal: "ast.IntegerLiteral | ast.StringLiteral"
    ) -> ast.ConfigSetting:
        return ast.ConfigSetting(self.span(start, end), name, literal.value)

    def word_setting(self, start: int, end: int, name: str, equals: str, word: str) -> ast.ConfigSetting:
        value: bool | str = word == "true" if word in ("true", "false") else word
        return ast.ConfigSetting(self.span(start, end), name, value)

    def import_statement(self, start: int, end: int, word: str, path: ast.StringLiteral) -> ast.ImportStatement:
        return ast.ImportStatement(self.span(start, end), path.value)

    def macro(self, start: int, end: int, word: str, name: str, opening: str, closing: str, body: ast.BlockExpression) -> ast.Macro:
        return self._macro(start, end, name, [], body)

    def macro_with_parameters(
        self, start: int, end: int, word: str, name: str, opening: str, parameters: "list[Any]", closing: str, body: ast.BlockExpression
    ) -> ast.Macro:
        return self._macro(start, end, name, parameters, body)

    def _macro(self, start: int, end: int, name: str, parameters: "list[Any]", body: ast.BlockExpression) -> ast.Macro:
        for parameter in parameters:
            if isinstance(parameter, ast.Identifier) and is_reserved(parameter.name):
                raise error(f"the builtin {parameter.name} cannot be the name of a parameter", parameter.span, code="syntax")
        return ast.Macro(self.span(start, end), name, tuple(parameters), body if body.value is not None else block_of(body))

    def subprogram(
        self, start: int, end: int, word: str, name: str, opening: str, closing: str, colon: str, returns: ast.TypeName, body: "Any"
    ) -> ast.Subprogram:
        return ast.Subprogram(self.span(start, end), name, (), returns, block_of(body))

    def subprogram_with_parameters(
        self,
        start: int,
        end: int,
        word: str,
        name: str,
        opening: str,
        parameters: "list[ast.Parameter]",
        closing: str,
        colon: str,
        returns: ast.TypeName,
        body: "Any",
    ) -> ast.Subprogram:
        return ast.Subprogram(self.span(start, end), name, tuple(parameters), returns, block_of(body))

    def parameter(self, start: int, end: int, name: str, colon: str, type: ast.TypeName) -> ast.Parameter:
        span = self.span(start, end)
        own = span.replace(end=start + len(name), end_line=span.line, end_column=span.column + len(name))
        return ast.Parameter(span, ast.Variable(own, None, None, name), type)

    def map_declaration(
        self, start: int, end: int, word: str, map: ast.Map, equals: str, kind: str, opening: str, size: ast.IntegerLiteral, *_: str
    ) -> ast.MapDeclaration:
        return ast.MapDeclaration(self.span(start, end), map, kind, size)

    def probe(self, start: int, end: int, points: "list[tuple[str, ast.AttachPoint]]", body: "Any") -> ast.Probe:
        return ast.Probe(self.span(start, end), tuple(point for _, point in points), None, block_of(body), points[0][0])

    def probe_with_predicate(
        self, start: int, end: int, points: "list[Any]", opening: str, predicate: ast.Expression, closing: str, body: "Any"
    ) -> ast.Probe:
        return ast.Probe(self.span(start, end), tuple(point for _, point in points), predicate, block_of(body), points[0][0])

    def attach_point(self, start: int, end: int, text: str) -> "tuple[str, ast.AttachPoint]":
        """The name before a "=" in its first part, and the attach point without it."""
        name = _PROBE_NAME.match(text)
        parts, quoted = [""], [False]
        for piece in _ATTACH_POINT_PIECE.findall(text, name.end() if name else 0):
            if piece.startswith('"'):
                parts[-1] += re.sub(r"\\(.)", r"\1", piece[1:-1], flags=re.S)
                quoted[-1] = True
            elif piece == ":":
                parts.append("")
                quoted.append(False)
            else:
                first, *more = self._with_parameters(piece, start, end).split(":")
                parts[-1] += first
                parts += more
                quoted += [False] * len(more)
        return name[0][:-1] if name else "", ast.AttachPoint(self.span(start, end), text, tuple(parts), tuple(quoted))

    def _with_parameters(self, piece: str, start: int, end: int) -> str:
        """With $1, $2, ... replaced by the positional parameters; one that was not given is empty."""

        def value(match: "re.Match[str]") -> str:
            if not match[1].strip("0"):
                hint = 'positional parameters are $1, $2, ...; put the part in quotes if the "$" belongs to the name'
                raise self.wrong(f'"{piece}" has a "$" that no number from 1 follows', start, end, hint)
            index = int(match[1][:9])
            return self.parameters[index - 1] if index <= len(self.parameters) else ""

        return _POSITIONAL.sub(value, piece)

    # --- statements ------------------------------------------------------------------------------------------------

    def block_empty(self, start: int, end: int, opening: str, closing: str) -> ast.BlockExpression:
        return ast.BlockExpression(self.span(start, end), statements=(), value=None)

    def block(self, start: int, end: int, opening: str, statements: "list[Any]", closing: str) -> ast.BlockExpression:
        return ast.BlockExpression(self.span(start, end), statements=tuple(statements), value=None)

    def block_of_one(self, start: int, end: int, opening: str, last: ast.Statement, closing: str) -> ast.BlockExpression:
        return self.block_with_value(start, end, opening, [], last, closing)

    def block_with_value(
        self, start: int, end: int, opening: str, statements: "list[Any]", last: ast.Statement, closing: str
    ) -> ast.BlockExpression:
        if isinstance(last, ast.ExpressionStatement):
            return ast.BlockExpression(self.span(start, end), statements=tuple(statements), value=last.expression)
        return ast.BlockExpression(self.span(start, end), statements=(*statements, last), value=None)

    def ended_statement(self, start: int, end: int, statement: ast.Statement, semicolon: str) -> ast.Statement:
        return statement_of(statement.expression) if isinstance(statement, ast.ExpressionStatement) else statement

    def braced_statement(self, start: int, end: int, braced: "ast.Expression") -> ast.Statement:
        return statement_of(braced)

    def expression_statement(self, start: int, end: int, expression: ast.Expression) -> ast.ExpressionStatement:
        return ast.ExpressionStatement(self.span(start, end), expression)

    def while_statement(self, start: int, end: int, word: str, condition: ast.Expression, body: "Any") -> ast.While:
        return ast.While(self.span(start, end), condition, block_of(body))

    def unroll_statement(self, start: int, end: int, word: str, count: ast.Expression, body: "Any") -> ast.Unroll:
        return ast.Unroll(self.span(start, end), count, block_of(body))

    def for_statement(
        self, start: int, end: int, word: str, variable: ast.Variable, colon: str, over: "list[ast.Expression]", body: "Any"
    ) -> "ast.ForMap | ast.ForRange":
        span = self.span(start, end)
        if len(over) == 2:
            return ast.ForRange(span, variable, over[0], over[1], block_of(body))
        if not isinstance(over[0], ast.Map):
            raise error("a loop runs over a map or a range", over[0].span, "for ($kv : @map) or for ($i : 0..10)", code="syntax")
        return ast.ForMap(span, variable, over[0], block_of(body))

    def for_in_parentheses(
        self,
        start: int,
        end: int,
        word: str,
        opening: str,
        variable: ast.Variable,
        colon: str,
        over: "list[Any]",
        closing: str,
        body: "Any",
    ) -> "ast.ForMap | ast.ForRange":
        return self.for_statement(start, end, word, variable, colon, over, body)

    def map_iterated(self, start: int, end: int, map: ast.Expression) -> "list[ast.Expression]":
        return [map]

    def range_iterated(self, start: int, end: int, first: ast.Expression, dots: str, last: ast.Expression) -> "list[ast.Expression]":
        return [first, last]

    def assignment(self, start: int, end: int, target: ast.Expression, operator: str, value: ast.Expression) -> ast.Assignment:
        if isinstance(target, ast.FieldAccess):
            hint = "make a new tuple or record and assign that"
            raise self.wrong("fields of tuples, records and structs cannot be assigned to", start, end, hint)
        if not isinstance(target, ast.Variable | ast.Map | ast.MapAccess) and not (
            isinstance(target, ast.Identifier) and target.name == "_" and operator == "="
        ):
            raise error(f'the left side of "{operator}" must be a variable or a map', target.span, "$x = 1 or @x[key] = 1", code="syntax")
        return ast.Assignment(self.span(start, end), target, operator, value)

    def let(self, start: int, end: int, word: str, variable: ast.Variable) -> ast.Let:
        return ast.Let(self.span(start, end), variable)

    def let_value(self, start: int, end: int, word: str, variable: ast.Variable, equals: str, value: ast.Expression) -> ast.Let:
        return ast.Let(self.span(start, end), variable, None, value)

    def let_type(self, start: int, end: int, word: str, variable: ast.Variable, colon: str, type: ast.TypeName) -> ast.Let:
        return ast.Let(self.span(start, end), variable, type)

    def let_type_value(
        self, start: int, end: int, word: str, variable: ast.Variable, colon: str, type: ast.TypeName, equals: str, value: ast.Expression
    ) -> ast.Let:
        return ast.Let(self.span(start, end), variable, type, value)

    def return_nothing(self, start: int, end: int, word: str) -> ast.Return:
        return ast.Return(self.span(start, end))

    def return_value(self, start: int, end: int, word: str, value: ast.Expression) -> ast.Return:
        return ast.Return(self.span(start, end), value)

    def break_statement(self, start: int, end: int, word: str) -> ast.Break:
        return ast.Break(self.span(start, end))

    def continue_statement(self, start: int, end: int, word: str) -> ast.Continue:
        return ast.Continue(self.span(start, end))

    # --- expressions -----------------------------------------------------------------------------------------------

    def operation(self, start: int, end: int, left: "Any", operator: str, right: ast.Expression) -> "list[Any]":
        """Operands and operators in turn: ``folded`` makes a tree of them."""
        items = left if isinstance(left, list) else [left]
        items += (operator, right)
        return items

    def folded(self, start: int, end: int, operation: "Any") -> ast.Expression:
        if not isinstance(operation, list):
            return operation
        operands = [operation[0]]
        operators: list[str] = []
        for operator, operand in zip(operation[1::2], operation[2::2], strict=True):
            while operators and PRECEDENCE[operators[-1]] >= PRECEDENCE[operator]:
                self._fold(operands, operators)
            operators.append(operator)
            operands.append(operand)
        while operators:
            self._fold(operands, operators)
        return operands[0]

    def _fold(self, operands: "list[ast.Expression]", operators: "list[str]") -> None:
        right = operands.pop()
        left = operands[-1]
        span = self.outer.get(id(left), left.span).to(self.outer.get(id(right), right.span))
        operands[-1] = ast.Binary(span, operator=operators.pop(), left=left, right=right)

    def ternary(
        self, start: int, end: int, condition: "Any", question: str, then: ast.Expression, colon: str, otherwise: ast.Expression
    ) -> ast.Ternary:
        condition = self.folded(start, end, condition)
        return ast.Ternary(self.span(start, end), condition=condition, then=then, otherwise=otherwise)

    def ternary_short(self, start: int, end: int, condition: "Any", question: str, colon: str, otherwise: ast.Expression) -> ast.Ternary:
        condition = self.folded(start, end, condition)
        return ast.Ternary(self.span(start, end), condition=condition, then=None, otherwise=otherwise)

    def unary(self, start: int, end: int, operator: str, operand: ast.Expression) -> ast.Unary:
        return ast.Unary(self.span(start, end), operator=operator, operand=operand)

    def address_of(self, start: int, end: int, operator: str, operand: ast.Expression) -> ast.Unary:
        if not isinstance(operand, ast.Variable | ast.Map):
            raise error("& takes the address of a variable or a whole map", operand.span, "&$x or &@map", code="syntax")
        return self.unary(start, end, operator, operand)

    def prefix_step(self, start: int, end: int, operator: str, operand: ast.Expression) -> ast.Unary:
        return self._step(start, end, operator, operator, operand)

    def postfix_step(self, start: int, end: int, operand: ast.Expression, operator: str) -> ast.Unary:
        return self._step(start, end, "x" + operator, operator, operand)

    def _step(self, start: int, end: int, name: str, operator: str, operand: ast.Expression) -> ast.Unary:
        if not isinstance(operand, ast.Variable | ast.Map | ast.MapAccess):
            raise error(f"{operator} needs a variable or a map", operand.span, f"$x{operator} or @x{operator}", code="syntax")
        return self.unary(start, end, name, operand)

    def comptime(self, start: int, end: int, word: str, operand: ast.Expression) -> ast.Comptime:
        return ast.Comptime(self.span(start, end), operand=operand)

    def cast(self, start: int, end: int, opening: str, to: ast.TypeName, closing: str, operand: ast.Expression) -> ast.Cast:
        return ast.Cast(self.span(start, end), to=to, operand=operand)

    def field(self, start: int, end: int, operand: ast.Expression, operator: str, name: str) -> ast.FieldAccess:
        return ast.FieldAccess(self.span(start, end), operand=operand, name=name, arrow=operator == "->")

    def tuple_field(self, start: int, end: int, operand: ast.Expression, operator: str, index: ast.IntegerLiteral) -> ast.FieldAccess:
        return self.field(start, end, operand, operator, str(index.value))

    def index(self, start: int, end: int, operand: ast.Expression, opening: str, index: ast.Expression, closing: str) -> ast.Index:
        return ast.Index(self.span(start, end), operand=operand, index=index)

    def integer(self, start: int, end: int, text: str) -> ast.IntegerLiteral:
        try:
            value, suffix = literals.integer(text)
        except ValueError as problem:
            message, offset, length = problem.args
            raise self.wrong(message, start + offset, start + offset + length) from None
        return ast.IntegerLiteral(self.span(start, end), value=value, text=text, suffix=suffix)

    def string(self, start: int, end: int, text: str) -> ast.StringLiteral:
        try:
            value = literals.string(text)
        except ValueError as problem:
            message, offset, length = problem.args
            hint = r"there are \n \t \r \" \\ and bytes as \xHH (hexadecimal) or \OOO (octal, up to \377)"
            raise self.wrong(message, start + offset, start + offset + length, hint) from None
        return ast.StringLiteral(self.span(start, end), value=value)

    def boolean(self, start: int, end: int, word: str) -> ast.BooleanLiteral:
        return ast.BooleanLiteral(self.span(start, end), value=word == "true")

    def identifier(self, start: int, end: int, name: str) -> ast.Identifier:
        return ast.Identifier(self.span(start, end), name=name)

    def variable(self, start: int, end: int, name: str) -> ast.Variable:
        return ast.Variable(self.span(start, end), name=name)

    def positional(self, start: int, end: int, text: str) -> ast.Positional:
        if text == "$#":
            return ast.Positional(self.span(start, end), index=0)
        number = text[1:].lstrip("0")
        if not number or len(number) > 18:
            raise self.wrong(f"there is no positional parameter {text}", start, end, "they are $1, $2, ...; $# is how many there are")
        return ast.Positional(self.span(start, end), index=int(number))

    def map(self, start: int, end: int, name: str) -> ast.Map:
        return ast.Map(self.span(start, end), name=name)

    def map_access(self, start: int, end: int, map: ast.Map, opening: str, keys: "list[ast.Expression]", closing: str) -> ast.MapAccess:
        key = keys[0]
        if len(keys) > 1:
            key = ast.TupleLiteral(keys[0].span.to(keys[-1].span), elements=tuple(keys))
        return ast.MapAccess(self.span(start, end), map=map, key=key)

    def call(self, start: int, end: int, name: str, opening: str, closing: str) -> ast.Call:
        return ast.Call(self.span(start, end), name=name, arguments=())

    def call_with_arguments(
        self, start: int, end: int, name: str, opening: str, arguments: "list[ast.Expression]", closing: str
    ) -> ast.Call:
        return ast.Call(self.span(start, end), name=name, arguments=tuple(arguments))

    def tuple_empty(self, start: int, end: int, opening: str, closing: str) -> ast.TupleLiteral:
        return ast.TupleLiteral(self.span(start, end), elements=())

    def tuple_literal(
        self, start: int, end: int, opening: str, elements: "list[ast.Expression]", comma: str, closing: str = ""
    ) -> ast.TupleLiteral:
        return ast.TupleLiteral(self.span(start, end), elements=(*elements,))

    def parenthesized(self, start: int, end: int, opening: str, elements: "list[ast.Expression]", closing: str) -> ast.Expression:
        if len(elements) > 1:
            return self.tuple_literal(start, end, opening, elements, closing)
        self.outer[id(elements[0])] = self.span(start, end)
        return elements[0]

    def record(self, start: int, end: int, opening: str, fields: "list[Any]", closing: str) -> ast.RecordLiteral:
        return ast.RecordLiteral(self.span(start, end), fields=tuple((name, value) for name, value, _ in fields))

    def record_field(self, start: int, end: int, name: str, equals: str, value: ast.Expression) -> "tuple[str, ast.Expression, Span]":
        return name, value, self.span(start, end)

    def append_record_field(self, start: int, end: int, fields: "list[Any]", comma: str, field: "tuple[str, Any, Span]") -> "list[Any]":
        if any(name == field[0] for name, _, _ in fields):
            raise error(f"the record has a field {field[0]} already", field[2], code="syntax")
        fields.append(field)
        return fields

    def call_on_expression(self, start: int, end: int, name: str, opening: str, argument: "Any", closing: str) -> ast.Call:
        return ast.Call(self.span(start, end), name=name, arguments=(self._argument(argument),))

    def offset_of(
        self, start: int, end: int, name: str, opening: str, of: "Any", comma: str, path: ast.Expression, closing: str
    ) -> ast.Call:
        return ast.Call(self.span(start, end), name=name, arguments=(self._argument(of), path))

    def _argument(self, argument: "ast.TypeName | ast.Expression") -> ast.Expression:
        return ast.TypeArgument(argument.span, name=argument) if isinstance(argument, ast.TypeName) else argument

    def type_argument(self, start: int, end: int, name: ast.TypeName) -> ast.TypeArgument:
        return ast.TypeArgument(name.span, name=name)

    def braced_operand(self, start: int, end: int, braced: ast.Expression) -> ast.Expression:
        return braced

    def branch(self, start: int, end: int, word: str, condition: ast.Expression, block: ast.BlockExpression) -> "Any":
        return start, condition, block

    def conditional(self, start: int, end: int, branches: "list[Any]", word: str = "", last: "Any" = None) -> ast.IfExpression:
        """One IfExpression a branch, each the ``otherwise`` of the one before."""
        found = last
        for at, condition, block in reversed(branches[-MAXIMUM_HEIGHT:]):
            found = ast.IfExpression(self.span(at, end), condition=condition, then=block, otherwise=found)
        if len(branches) > MAXIMUM_HEIGHT:
            raise self.too_high(found)
        return found

    # --- types -------------------------------------------------------------------------------------------------------

    def type_name(self, start: int, end: int, *words: str) -> ast.TypeName:
        return ast.TypeName(self.span(start, end), " ".join(words))

    def pointer_to(self, start: int, end: int, of: ast.TypeName, star: str) -> ast.TypeName:
        return of.replace(span=self.span(start, end), suffixes=(*of.suffixes, "*"))

    def array_of(self, start: int, end: int, of: ast.TypeName, opening: str, length: "Any", closing: str = "") -> ast.TypeName:
        number = length.value if closing else None
        return of.replace(span=self.span(start, end), suffixes=(*of.suffixes, number))

    def type_of(self, start: int, end: int, word: str, opening: str, of: ast.Node, closing: str) -> ast.TypeName:
        return ast.TypeName(self.span(start, end), word, of=of)

    # --- limits ------------------------------------------------------------------------------------------------------

    def too_high(self, node: ast.Node) -> DiagnosticError:
        hint = "put parts of it in variables"
        return error(f"this goes more than {MAXIMUM_HEIGHT} levels deep", node.span, hint, code="syntax")

    def check_height(self, root: ast.Root) -> None:
        """Raises DiagnosticError for a tree that is too high."""
        level: list[Any] = [root]
        for _ in range(MAXIMUM_HEIGHT):
            level = [child for node in level for child in _children(node)]
            if not level:
                return
        raise self.too_high(next(node for node in level))


def _children(node: "Any") -> "list[Any]":
    """The nodes right below a node."""
    found = []
    for value in node.__dict__.values():
        if isinstance(value, ast.Node):
            found.append(value)
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, tuple):  # a field of a record
                    item = item[-1]
                if isinstance(item, ast.Node):
                    found.append(item)
    return found


def block_of(braced: ast.Expression) -> ast.Block:
    """The same as a statement, where nobody asks for its value."""
    assert isinstance(braced, ast.BlockExpression)
    if braced.value is None:
        return ast.Block(braced.span, braced.statements)
    return ast.Block(braced.span, (*braced.statements, statement_of(braced.value)))


def statement_of(expression: ast.Expression) -> ast.Statement:
    """The statement that an expression is, where nobody asks for its value."""
    if isinstance(expression, ast.BlockExpression):
        return block_of(expression)
    if not isinstance(expression, ast.IfExpression):
        return ast.ExpressionStatement(expression.span, expression)
    chain = [expression]
    while isinstance(chain[-1].otherwise, ast.IfExpression):
        chain.append(chain[-1].otherwise)
    last = chain[-1].otherwise
    found = statement_of(last) if last else None
    for item in reversed(chain):
        found = ast.If(item.span, item.condition, block_of(item.then), found)
    assert found
    return found
