"""A program as text in one layout, which parses to the same tree again. Comments are not in the tree: see comments.py."""

import re

from bttui.compiler import ast
from bttui.compiler.builder import PRECEDENCE
from bttui.compiler.lexer import STATEMENT_KEYWORDS

# Columns, after which a list of arguments goes on in the next line.
WIDTH = 80
INDENT = 2

_COMPARISONS = frozenset(("==", "!=", "<", ">", "<=", ">="))
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_RESERVED = re.compile(rf"(?:{'|'.join(sorted(STATEMENT_KEYWORDS))}|else)\b")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def format_program(root: ast.Root) -> str:
    """The text of a program, with a newline at its end."""
    return Printer().root(root)


class Printer:
    """Methods return text without a newline at its end; lines after the first carry their whole indentation.

    ``column`` is where the text begins: operands of several lines are aligned with it.
    """

    # What is put in parentheses as a part of something else.
    loose: "tuple[type, ...]" = (ast.Binary, ast.Unary, ast.Ternary, ast.Cast, ast.BlockExpression, ast.IfExpression)

    def root(self, root: ast.Root) -> str:
        parts = [self.c_definition(definition.text) for definition in root.c_definitions]
        if root.config is not None:
            settings = [f"{' ' * INDENT}{setting.name} = {self.setting(setting.value)};" for setting in root.config]
            parts.append("\n".join(["config = {", *settings, "}"]) if settings else "config = {}")
        parts += [f"import {self.quoted(item.path)};" for item in root.imports]
        parts += [self.item(item) for item in root.items]
        return "".join(f"{part}\n" for part in parts)

    def c_definition(self, text: str) -> str:
        return text

    def setting(self, value: "int | bool | str") -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        return value if _WORD.fullmatch(value) and value not in ("true", "false") else self.quoted(value)

    def quoted(self, value: str) -> str:
        return f'"{"".join(map(self.character, value))}"'

    def character(self, character: str) -> str:
        code = ord(character)
        if character in _ESCAPES:
            return _ESCAPES[character]
        if 0xDC80 <= code <= 0xDCFF:
            return f"\\x{code - 0xDC00:02x}"
        return character if code >= 0x20 and code != 0x7F else f"\\x{code:02x}"

    def item(self, item: "ast.Probe | ast.Macro | ast.Subprogram | ast.MapDeclaration") -> str:
        if isinstance(item, ast.MapDeclaration):
            return f"let {item.map.name} = {item.kind}({self.number(item.size)});"
        if isinstance(item, ast.Macro):
            head = f"macro {item.name}({', '.join(self.expression(parameter, 0) for parameter in item.parameters)})"
        elif isinstance(item, ast.Subprogram):
            parameters = ", ".join(f"{parameter.variable.name} : {self.type(parameter.type)}" for parameter in item.parameters)
            head = f"fn {item.name}({parameters}) : {self.type(item.returns) if item.returns else 'void'}"
        else:
            head = ",\n".join(point.text for point in item.attach_points)
            if item.predicate is not None:
                predicate = self.expression(item.predicate, 1)
                head += f"\n/{' ' if predicate[0] in '*/' else ''}{predicate}/"
        return f"{head}\n{self.body(item.body, 0, has_value=isinstance(item, ast.Macro))}"

    # --- statements ------------------------------------------------------------------------------------------------

    def body(self, block: ast.Node, column: int, has_value: bool = False) -> str:
        """A block over several lines."""
        lines = self.lines(block, column + INDENT, has_value)
        if not lines:
            return "{}"
        return "\n".join(["{", *(" " * (column + INDENT) + line for line in lines), " " * column + "}"])

    def inline(self, block: ast.Node, column: int) -> str:
        """A block on one line, where it holds one thing of one line."""
        lines = self.lines(block, column + 2)
        return f"{{ {lines[0]} }}" if len(lines) == 1 and "\n" not in lines[0] else self.body(block, column)

    def lines(self, block: ast.Node, column: int, has_value: bool = False) -> "list[str]":
        """What a block holds. ``has_value``: it is where a block at its end would be taken for its value."""
        assert isinstance(block, ast.Block | ast.BlockExpression)
        value = block.value if isinstance(block, ast.BlockExpression) else None
        found = [self.statement(statement, column) for statement in block.statements]
        if value is not None:
            found.append(self.whole(value, column))
        elif found and (has_value or isinstance(block, ast.BlockExpression)) and isinstance(block.statements[-1], ast.Block | ast.If):
            found[-1] += ";"
        for index, statement in enumerate(block.statements[: len(found) - 1]):
            if isinstance(statement, ast.Block | ast.If) and found[index + 1][0] in "-+*&":
                found[index] += ";"  # or else the next statement would be taken for the rest of an operation
        return found

    def statement(self, statement: ast.Statement, column: int) -> str:
        match statement:
            case ast.ExpressionStatement():
                return f"{self.whole(statement.expression, column)};"
            case ast.Assignment():
                start = f"{self.expression(statement.target, column)} {statement.operator} "
                return f"{start}{self.assigned(statement.value, column, len(start))};"
            case ast.Let():
                start = f"let {statement.variable.name}"
                if statement.annotation is not None:
                    start += f" : {self.type(statement.annotation, column + len(start) + 3)}"
                if statement.value is None:
                    return f"{start};"
                return f"{start} = {self.assigned(statement.value, column, len(start) + 3)};"
            case ast.Block():
                return self.inline(statement, column)
            case ast.If():
                text = f"if {self.condition(statement.condition, column + 3)} {self.body(statement.then, column)}"
                while isinstance(statement.otherwise, ast.If):
                    statement = statement.otherwise
                    text += f" else if {self.condition(statement.condition, column + 10)} {self.body(statement.then, column)}"
                return text if statement.otherwise is None else f"{text} else {self.body(statement.otherwise, column)}"
            case ast.While():
                return f"while {self.condition(statement.condition, column + 6)} {self.body(statement.body, column)}"
            case ast.Unroll():
                return f"unroll ({self.operand(statement.count, column + 8)}) {self.body(statement.body, column)}"
            case ast.ForMap():
                return f"for {statement.variable.name} : {statement.map.name} {self.body(statement.body, column)}"
            case ast.ForRange():
                over = f"{self.bound(statement.start, column)}..{self.bound(statement.end, column)}"
                return f"for {statement.variable.name} : {over} {self.body(statement.body, column)}"
            case ast.Return():
                return "return;" if statement.value is None else f"return {self.operand(statement.value, column + 7)};"
            case ast.ImportStatement():
                return f"import {self.quoted(statement.path)};"
            case ast.Break():
                return "break;"
            case ast.Continue():
                return "continue;"
        raise TypeError(f"no layout for {type(statement).__name__}")

    def whole(self, expression: ast.Expression, column: int) -> str:
        """An expression as a statement: a name that would be a keyword there must not be its first word."""
        text = self.expression(expression, column)
        return f"({self.expression(expression, column + 1)})" if _RESERVED.match(text) else text

    def assigned(self, value: ast.Expression, column: int, offset: int) -> str:
        """Blocks at the right of "=" are indented like the statement, all else is aligned."""
        return self.expression(value, column if isinstance(value, ast.BlockExpression | ast.IfExpression) else column + offset)

    def condition(self, condition: ast.Expression, column: int) -> str:
        """A parenthesis at its start would have to hold the whole condition."""
        text = self.operand(condition, column)
        return f"({text})" if text.startswith("(") and not isinstance(condition, self.loose) else text

    def bound(self, bound: ast.Expression, column: int) -> str:
        text = self.expression(bound, column)
        return text if isinstance(bound, ast.IntegerLiteral | ast.StringLiteral | ast.TupleLiteral) else f"({text})"

    # --- expressions -----------------------------------------------------------------------------------------------

    def operand(self, node: ast.Expression, column: int) -> str:
        """An expression in parentheses, where it is made of several."""
        return f"({self.expression(node, column + 1)})" if isinstance(node, self.loose) else self.expression(node, column)

    def expression(self, node: ast.Node, column: int) -> str:
        match node:
            case ast.IntegerLiteral():
                return self.number(node)
            case ast.StringLiteral():
                return self.quoted(node.value)
            case ast.BooleanLiteral():
                return "true" if node.value else "false"
            case ast.Variable() | ast.Map() | ast.Identifier():
                return node.name
            case ast.Positional():
                return f"${node.index or '#'}"
            case ast.MapAccess():
                keys = node.key.elements if isinstance(node.key, ast.TupleLiteral) and len(node.key.elements) > 1 else (node.key,)
                return self.listed(f"{node.map.name}[", keys, "]", column)
            case ast.Call():
                return self.listed(f"{node.name}(", node.arguments, ")", column)
            case ast.TypeArgument():
                return self.type(node.name, column)
            case ast.TupleLiteral():
                return self.listed("(", node.elements, ",)" if len(node.elements) == 1 else ")", column)
            case ast.RecordLiteral():
                return f"({', '.join(f'{name}={self.operand(value, column)}' for name, value in node.fields)})"
            case ast.FieldAccess():
                return f"{self.postfixed(node.operand, column)}{self.arrow(node)}{node.name}"
            case ast.Index(operand=ast.Map() as map):  # @x[1] is an element of the map
                return f"({map.name})[{self.operand(node.index, column + len(map.name) + 3)}]"
            case ast.Index():
                start = self.postfixed(node.operand, column)
                return f"{start}[{self.operand(node.index, column + len(start) + 1)}]"
            case ast.Unary(operator="x++" | "x--"):
                return self.operand(node.operand, column) + node.operator[1:]
            case ast.Unary():
                return node.operator + self.operand(node.operand, column + len(node.operator))
            case ast.Cast():
                start = f"({self.type(node.to, column + 1)})"
                return start + self.operand(node.operand, column + len(start))
            case ast.Comptime():
                return f"comptime {self.operand(node.operand, column + 9)}"
            case ast.Binary():
                return self.binary(node, column)
            case ast.Ternary():
                return self.ternary(node, column)
            case ast.BlockExpression():
                return self.inline(node, column)
            case ast.IfExpression():
                return self.conditional(node, column)
            case ast.TypeName():
                return self.type(node, column)
        raise TypeError(f"no layout for {type(node).__name__}")

    def number(self, node: ast.Expression) -> str:
        assert isinstance(node, ast.IntegerLiteral)
        return node.text

    def arrow(self, node: ast.FieldAccess) -> str:
        return "->" if node.arrow else "."

    def postfixed(self, node: ast.Expression, column: int) -> str:
        """What ".", "->" or "[" is put behind; comptime would go further than that."""
        if isinstance(node, (*self.loose, ast.Comptime)):
            return f"({self.expression(node, column + 1)})"
        return self.expression(node, column)

    def listed(self, start: str, nodes: "tuple[ast.Node, ...]", end: str, column: int) -> str:
        """Arguments between brackets, as many in a line as fit in."""
        text = start
        inner = column + len(start)
        for index, node in enumerate(nodes):
            at = column + len(text) if "\n" not in text else len(text) - text.rindex("\n") - 1
            comma = "," if index + 1 < len(nodes) else end
            piece = self.expression(node, at + 1 if index else at)
            if index and at + 1 + len(piece.partition("\n")[0]) + len(comma) > WIDTH:
                text += "\n" + " " * inner + self.expression(node, inner) + comma
            else:
                text += (" " if index else "") + piece + comma
        return text if nodes else start + end

    def binary(self, node: ast.Binary, column: int) -> str:
        left = self.side(node.left, column, node.operator, 0)
        start = f"{left} {node.operator} "
        return start + self.side(node.right, column + len(start), node.operator, 1)

    def side(self, node: ast.Expression, column: int, operator: str, is_right: int) -> str:
        """Comparisons in others, and chains of && and ||, need no parentheses for a reader, unless the grammar wants them."""
        if isinstance(node, ast.Binary) and (node.operator in _COMPARISONS or node.operator == operator in ("&&", "||")):
            if PRECEDENCE[node.operator] >= PRECEDENCE[operator] + is_right:
                return self.expression(node, column)
        elif not isinstance(node, self.loose):
            return self.expression(node, column)
        return self.operand(node, column)

    def ternary(self, node: ast.Ternary, column: int) -> str:
        loose = isinstance(node.condition, self.loose)
        condition = self.operand(node.condition, column) if loose else self.expression(node.condition, column)
        then = "?:" if node.then is None else f"? {self.operand(node.then, column)} :"
        return f"{condition} {then} {self.operand(node.otherwise, column)}"

    def conditional(self, node: ast.IfExpression, column: int) -> str:
        """On one line where both sides are, and one has a value."""
        start = f"if {self.condition(node.condition, column + 3)} "
        if isinstance(node.then, ast.BlockExpression) and isinstance(node.otherwise, ast.BlockExpression):
            text = f"{start}{self.inline(node.then, column)} else {self.inline(node.otherwise, column)}"
            if "\n" not in text and (node.then.value or node.otherwise.value):
                return text
        text = start + self.body(node.then, column)
        if node.otherwise is None:
            return text
        otherwise = self.conditional_rest(node.otherwise, column)
        return f"{text} else {otherwise}"

    def conditional_rest(self, node: ast.Expression, column: int) -> str:
        if not isinstance(node, ast.IfExpression):
            return self.body(node, column)
        text = f"if {self.condition(node.condition, column + 10)} {self.body(node.then, column)}"
        return text if node.otherwise is None else f"{text} else {self.conditional_rest(node.otherwise, column)}"

    def type(self, name: ast.TypeName, column: int = 0) -> str:
        start = f"typeof({self.expression(name.of, column + len('typeof('))})" if name.of is not None else name.name
        return start + "".join(s if s == "*" else f"[{'' if s is None else s}]" for s in name.suffixes)
