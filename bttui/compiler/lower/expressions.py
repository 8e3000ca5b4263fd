"""Expressions."""

from bttui.compiler import ast
from bttui.compiler.emit import Value
from bttui.compiler.infer.rules import SAME_BYTES, is_stringlike
from bttui.compiler.infer.scope import Slot
from bttui.compiler.lower.events import Events
from bttui.compiler.lower.state import SCALARS
from bttui.model import types
from bttui.model.program import Output
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}
ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor", "<<": "shl"}


class Expressions(Events):
    """One method for each kind."""

    def IntegerLiteral(self, node: ast.IntegerLiteral) -> Value:
        assert isinstance(node.type, types.Integer)
        return self.literal(node.value, node.type)

    def BooleanLiteral(self, node: ast.BooleanLiteral) -> Value:
        return Value(types.BOOL, str(int(node.value)))

    def StringLiteral(self, node: ast.StringLiteral) -> Value:
        assert isinstance(node.type, types.String)
        memory = self.temporary(node.type.size)
        self.store_string(node.value, node.type.size, memory)
        return Value(node.type, memory, "memory")

    def Identifier(self, node: ast.Identifier, into: str = "") -> Value:
        if isinstance(node.note, ast.Call):
            return self.Call(node.note, into)
        assert node.type is not None
        return self.literal(node.note, node.type)

    def Call(self, node: ast.Call, into: str = "") -> Value:
        function = self.typer.function_named(node.name)
        assert function is not None
        self.f.at(node.span)
        if isinstance(node.note, int) and isinstance(node.type, types.Integer | types.Bool):
            return self.literal(node.note, node.type)
        self.into = into
        return function.lower(self, node)  # type: ignore[arg-type]

    def Variable(self, node: ast.Variable) -> Value:
        slot: Slot = node.note
        assert slot.type is not None
        pointer = self.variable(slot)
        if isinstance(slot.type, SCALARS):
            return Value(slot.type, self.f.load(slot.type.size * 8, pointer))
        return Value(slot.type, pointer, "memory")

    def Comptime(self, node: ast.Comptime) -> Value:
        return self.expression(node.operand)

    def Unary(self, node: ast.Unary) -> Value:
        if node.operator in ("++", "--", "x++", "x--"):
            return self.increment(node)
        operand = node.operand
        constant = self.typer.constant(node)
        if isinstance(constant, int) and node.type is not None:
            return self.literal(int(constant), node.type)
        if node.operator == "!":
            condition = self.condition(operand)
            return self.boolean(self.f.binary("xor", 1, condition, "1"))
        if node.operator == "&" and isinstance(operand, ast.Map):
            assert node.type is not None
            return Value(node.type, self.f.to_integer(f"@{self.tables.symbol(operand.name)}"))
        if node.operator == "&":
            assert node.type is not None and isinstance(operand, ast.Variable)
            return Value(node.type, self.f.to_integer(self.variable(operand.note)))
        if node.operator == "*":
            assert node.type is not None
            place = self.pointed(self.load(self.expression(operand)), node.type)
            return self.load(place) if isinstance(node.type, SCALARS) else place
        assert node.type is not None and operand.type is not None
        signed = isinstance(node.type, types.Integer) and node.type.signed
        bits = 64 if signed else operand.type.size * 8  # in which it is computed
        number = self.integer(operand, bits)
        result = self.f.binary("sub", bits, "0", number) if node.operator == "-" else self.f.binary("xor", bits, number, "-1")
        return Value(node.type, self.f.resize(result, bits, 64, signed))

    def increment(self, node: ast.Unary, tell: bool = True) -> Value:
        operand, step = node.operand, 1 if "+" in node.operator else -1
        assert node.type is not None
        if isinstance(node.type, types.Pointer):
            step *= node.type.target.size
        bits = node.type.size * 8
        if isinstance(operand, ast.Variable):
            pointer = self.variable(operand.note)
            old = self.f.load(bits, pointer)
            new = self.f.binary("add", bits, old, str(step))
            self.f.store(bits, new, pointer)
        else:
            assert isinstance(operand, (ast.Map, ast.MapAccess))
            old, new = self.add_to_map(operand, str(step), tell)
        return Value(node.type, old if node.operator.startswith("x") else new)

    def Binary(self, node: ast.Binary) -> Value:
        operator = node.operator
        constant = self.typer.constant(node)
        if isinstance(constant, str):
            return self.StringLiteral(ast.StringLiteral(node.span, node.type, None, constant))
        if isinstance(constant, int) and node.type is not None:
            return self.literal(int(constant), node.type)
        if operator in ("&&", "||"):
            return self.logical(node)
        if isinstance(node.note, bool):
            return Value(types.BOOL, str(int(node.note)))
        left, right = node.left.type, node.right.type
        if operator in ("==", "!="):
            compared = self.compare_memory(node)
            if compared is not None:
                equal = compared
                return self.boolean(equal if operator == "==" else self.f.binary("xor", 1, equal, "1"))
        if operator in COMPARISONS:
            a, b = self.integer(node.left), self.integer(node.right)
            signed = self.typer.signed(left) or self.typer.signed(right)
            predicate = COMPARISONS[operator]
            if predicate not in ("eq", "ne"):
                predicate = ("s" if signed else "u") + predicate
            return self.boolean(self.f.compare(predicate, 64, a, b))
        assert node.type is not None
        if isinstance(left, types.Pointer) or isinstance(right, types.Pointer):
            return self.pointer_arithmetic(node)
        a, b = self.integer(node.left), self.integer(node.right)
        signed = isinstance(node.type, types.Integer) and node.type.signed
        if operator in ("/", "%"):
            return self.resized(self.division(node, a, b, signed), node.type)
        if operator in ("<<", ">>"):
            b = self.f.binary("and", 64, b, "63")  # what the instruction does; to LLVM a larger amount is undefined
        if operator == ">>":
            number = self.f.binary("ashr" if signed else "lshr", 64, a, b)
        else:
            number = self.f.binary(ARITHMETIC[operator], 64, a, b)
        return self.resized(number, node.type)

    def resized(self, number: str, type_: Type) -> Value:
        """A 64-bit result as the type says (folded expressions have small types)."""
        return Value(type_, self.f.resize(number, 64, type_.size * 8, False))

    def division(self, node: ast.Binary, dividend: str, divisor: str, signed: bool) -> str:
        """By zero: 1, and a runtime error is told."""
        result = self.temporary(8)
        self.f.store(64, "1", result)
        zero, normal, end = self.f.block("zero"), self.f.block("divide"), self.f.block("divided")
        self.f.branch(self.f.compare("eq", 64, divisor, "0"), zero, normal)
        self.f.label(zero)
        self.event(
            Output(
                "runtime_error",
                text="Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.",
                span=node.span,
            ),
            [],
        )
        self.f.jump(end)
        self.f.label(normal)
        self.f.store(64, self.divide(dividend, divisor, signed, node.operator == "%"), result)
        self.f.jump(end)
        self.f.label(end)
        return self.f.load(64, result)

    def pointer_arithmetic(self, node: ast.Binary) -> Value:
        """A pointer and a number of elements."""
        assert isinstance(node.type, types.Pointer)
        a, b = self.integer(node.left), self.integer(node.right)
        step = max(node.type.target.size, 1)
        if isinstance(node.left.type, types.Pointer):
            b = self.f.binary("mul", 64, b, str(step))
        else:
            a = self.f.binary("mul", 64, a, str(step))
        return Value(node.type, self.f.binary("add" if node.operator == "+" else "sub", 64, a, b))

    def compare_memory(self, node: ast.Binary) -> "str | None":
        """An i1 for == on strings, tuples, records and what else is compared by its bytes; None where the operands are scalars."""
        left, right = node.left.type, node.right.type
        if isinstance(left, types.ProbeName) != isinstance(right, types.ProbeName):
            named, literal = (node.left, node.right) if isinstance(left, types.ProbeName) else (node.right, node.left)
            text = self.typer.constant(literal)
            wanted = [a.cookie for a in self.body.attachments if a.name == text]
            number = self.load(self.expression(named)).operand
            result = "false"
            for cookie in wanted:
                result = self.f.binary("or", 1, result, self.f.compare("eq", 64, number, str(cookie)))
            return result
        if is_stringlike(left) and is_stringlike(right):
            return self.equal_strings(node.left, node.right)
        if isinstance(left, (types.Tuple, types.Record, *SAME_BYTES)):
            type_ = self.typer.join(left, right, None)  # type: ignore[arg-type]
            assert type_ is not None
            a, b = self.temporary(type_.size), self.temporary(type_.size)
            self.store(node.left, type_, a)
            self.store(node.right, type_, b)
            return self.equal_values(Value(type_, a, "memory"), Value(type_, b, "memory"))
        return None

    def equal_strings(self, left: ast.Expression, right: ast.Expression) -> str:
        for literal, other in ((left, right), (right, left)):
            text = self.typer.constant(literal)
            if isinstance(text, str):
                value = self.string(other)
                raw = text.encode("utf-8", "surrogateescape")
                if len(raw) >= value.type.size and not (isinstance(value.type, types.Array) and len(raw) == value.type.size):
                    return "false"
                return self.equal_literal(value.operand, (raw + b"\0")[: value.type.size])
        a, b = self.string(left), self.string(right)
        return self.equal_bytes(a.operand, b.operand, min(a.type.size, b.type.size), True)

    def logical(self, node: ast.Binary) -> Value:
        result = self.temporary(8)
        more, end = self.f.block("more"), self.f.block("known")
        left = self.condition(node.left)
        self.f.store(8, self.f.resize(left, 1, 8, False), result)
        if node.operator == "&&":
            self.f.branch(left, more, end)
        else:
            self.f.branch(left, end, more)
        self.f.label(more)
        self.f.store(8, self.f.resize(self.condition(node.right), 1, 8, False), result)
        self.f.jump(end)
        self.f.label(end)
        return Value(types.BOOL, self.f.load(8, result))

    def Ternary(self, node: ast.Ternary) -> Value:
        if isinstance(node.note, bool):
            return self.expression((node.then or node.condition) if node.note else node.otherwise)
        return self.choose(node.condition, node.then, node.otherwise, node.type)

    def IfExpression(self, node: ast.IfExpression) -> Value:
        known = self.typer.decided(node.condition)
        if known is not None:
            chosen = node.then if known else node.otherwise
            return self.expression(chosen) if chosen is not None else Value(types.VOID, "0")
        return self.choose(node.condition, node.then, node.otherwise, node.type)

    def choose(
        self, condition: ast.Expression, then: "ast.Expression | None", otherwise: "ast.Expression | None", type_: "Type | None"
    ) -> Value:
        """Either value, in memory; with no ``then`` the condition's own value."""
        void = type_ is None or isinstance(type_, types.Void)
        memory = "" if void else self.temporary(type_.size)  # type: ignore[union-attr]
        yes, no, end = self.f.block("yes"), self.f.block("no"), self.f.block("chosen")
        if then is None:
            value = self.load(self.expression(condition))
            self.f.branch(self.truth(value), yes, no)
        else:
            self.f.branch(self.condition(condition), yes, no)
        for label, side in ((yes, then), (no, otherwise)):
            self.f.label(label)
            if void:
                if side is not None:
                    self.expression(side)
            elif side is None:
                assert type_ is not None
                if isinstance(value.type, SCALARS):
                    self.f.store(type_.size * 8, self.as_integer(value, type_.size * 8), memory)
                else:
                    self.convert(value, type_, memory)
            else:
                assert type_ is not None
                self.store(side, type_, memory)
            if not self.f.terminated:
                self.f.jump(end)
        self.f.label(end)
        if void:
            return Value(types.VOID, "0")
        assert type_ is not None
        return self.load(Value(type_, memory, "memory"))

    def BlockExpression(self, node: ast.BlockExpression) -> Value:
        for statement in node.statements:
            self.statement(statement)
        if node.value is None:
            return Value(types.VOID, "0")
        value = self.expression(node.value)
        return value if isinstance(value.type, types.Void) else self.load(value)

    def Expansion(self, node: ast.Expansion) -> Value:
        self.expansions.append(node.span)
        value = self.BlockExpression(node)
        self.expansions.pop()
        return value

    def TupleLiteral(self, node: ast.TupleLiteral) -> Value:
        assert node.type is not None
        memory = self.temporary(node.type.size)
        self.store(node, node.type, memory)
        return Value(node.type, memory, "memory")

    def RecordLiteral(self, node: ast.RecordLiteral) -> Value:
        assert node.type is not None
        memory = self.temporary(node.type.size)
        self.store(node, node.type, memory)
        return Value(node.type, memory, "memory")

    def FieldAccess(self, node: ast.FieldAccess) -> Value:
        if isinstance(node.operand, (ast.Call, ast.Identifier)) and (part := self.typer.part(node)) is not None:
            return self.expression(part)  # of a record that is known: the rest is not made
        operand = self.expression(node.operand)
        type_ = operand.type
        while isinstance(type_, types.Pointer):
            operand = self.pointed(self.load(operand), type_.target)
            type_ = operand.type
        assert node.type is not None
        if isinstance(type_, types.Tuple):
            operand = self.load(operand)
            index = int(node.name)
            place = Value(type_.elements[index], self.f.offset(operand.operand, type_.offsets[index]), "memory")
            return self.load(place) if isinstance(place.type, SCALARS) else place
        field: types.Field = node.note
        if operand.place == "system call":
            return self.call_field(field)
        if operand.place == "places":
            return self.placed(field)
        if field.data_location:
            where = self.f.load(32, self.f.offset(operand.operand, field.offset), volatile=True)
            low = self.f.resize(self.f.binary("and", 32, where, "65535"), 32, 64, False)
            base = self.f.to_integer(self.f.offset(operand.operand, self.body.context.data_location_base))
            return Value(node.type, self.f.binary("add", 64, base, low))
        return self.member(operand, field)

    def member(self, struct: Value, field: types.Field) -> Value:
        """A field of a struct in any place; scalars are read at once."""
        if struct.place in ("kernel", "user"):
            address = self.f.binary("add", 64, struct.operand, str(field.offset)) if field.offset else struct.operand
        else:
            address = self.f.offset(struct.operand, field.offset)
        place = Value(field.type, address, struct.place)
        if field.bits:
            return self.bitfield(place, field)
        if isinstance(field.type, SCALARS):
            value = self.load(place)
            if isinstance(field.type, types.Pointer) and not field.type.space:
                space = struct.place if struct.place in ("kernel", "user") else "user" if self.body.context.user else "kernel"
                return Value(field.type.replace(space=space), value.operand)
            return value
        return place

    def bitfield(self, place: Value, field: types.Field) -> Value:
        """``bits`` bits from ``bit_offset``: shift the wanted bits to the top, then down again with their sign."""
        size = 8 if field.bit_offset + field.bits > 32 else next(n for n in (1, 2, 4) if field.bit_offset + field.bits <= n * 8)
        signed = isinstance(field.type, types.Integer | types.Enum) and field.type.signed
        word = self.load(Value(types.Integer(size=size), place.operand, place.place)).operand
        bits = size * 8
        word = self.f.binary("shl", bits, word, str(bits - field.bits - field.bit_offset))
        word = self.f.binary("ashr" if signed else "lshr", bits, word, str(bits - field.bits))
        return Value(field.type, self.f.resize(word, bits, field.type.size * 8, signed))

    def Index(self, node: ast.Index) -> Value:
        operand = self.expression(node.operand)
        type_ = operand.type
        assert node.type is not None
        if isinstance(type_, types.Tuple):
            number = self.typer.constant(node.index)
            assert isinstance(number, int)
            place = Value(type_.elements[number], self.f.offset(operand.operand, type_.offsets[number]), "memory")
            return self.load(place) if isinstance(place.type, SCALARS) else place
        constant = self.typer.constant(node.index)
        step = node.type.size
        inside = ""
        if isinstance(constant, int):
            distance: int | str = constant * step
        else:
            index = self.integer(node.index)
            count = type_.size // max(step, 1) if isinstance(type_, (types.Array, types.String)) else 0
            if count or operand.place in ("memory", "context"):
                inside = self.f.compare("ult", 64, index, str(max(count, 1)))
                index = self.f.opaque(self.f.select(inside, 64, index, "0"))
            distance = self.f.binary("mul", 64, index, str(step))
        if isinstance(type_, types.Pointer):
            place = self.pointed(self.load(operand), node.type, distance)
        elif operand.place in ("kernel", "user"):
            address = operand.operand if distance == 0 else self.f.binary("add", 64, operand.operand, str(distance))
            place = Value(node.type, address, operand.place)
        else:
            if operand.place == "context" and not isinstance(constant, int):
                operand = self.load(operand)
            place = Value(node.type, self.f.offset(operand.operand, distance), operand.place)
        if isinstance(node.type, SCALARS):
            space = operand.place if operand.place in ("kernel", "user") else ""
            value = self.load(place)
            if inside:
                value = Value(value.type, self.f.select(inside, step * 8, value.operand, "0"))
                self.out_of_bounds(node, inside)
            if isinstance(node.type, types.Pointer) and space and not node.type.space:
                return Value(node.type.replace(space=space), value.operand)
            return value
        return place

    def out_of_bounds(self, node: ast.Index, inside: str) -> None:
        """Tell of an index that is outside an array; the value is 0 there."""
        text = "Array access out of bounds. This can lead to unexpected results."
        told = Output("runtime_error", text=text, span=node.span)
        self.when(self.f.binary("xor", 1, inside, "1"), lambda: self.event(told, []))

    def Cast(self, node: ast.Cast) -> Value:
        to = node.type
        assert to is not None
        if isinstance(to, types.Bool):
            return self.boolean(self.condition(node.operand))
        value = self.expression(node.operand)
        if isinstance(to, types.String) and isinstance(value.type, types.Pointer):
            memory = self.temporary(to.size)
            self.read_string(memory, to.size, self.pointed(self.load(value), types.INT8))
            return Value(to, memory, "memory")
        if isinstance(to, types.Buffer):
            return self.buffer(value, to)
        if isinstance(to, types.Struct):
            return Value(to, value.operand, value.place)
        if isinstance(to, types.Pointer) and isinstance(value.type, (types.Array, types.String)):
            if value.place in ("kernel", "user"):
                return Value(to.replace(space=to.space or value.place), value.operand)
            return Value(to.replace(space="kernel"), self.f.to_integer(value.operand))
        value = self.load(value)
        if isinstance(to, SCALARS):
            return Value(to, self.as_integer(value, to.size * 8))
        memory = self.temporary(max(to.size, 8))
        if isinstance(value.type, SCALARS):
            self.f.store(64, self.as_integer(value), memory, 1)
        else:
            self.convert(value, to, memory)
        return Value(to, memory, "memory")

    def buffer(self, value: Value, to: types.Buffer) -> Value:
        memory = self.temporary(to.size)
        self.f.store(32, str(to.capacity), memory)
        if isinstance(value.type, types.Pointer):
            value = self.pointed(self.load(value), types.INT8)
            size = to.capacity
        else:
            size = min(value.type.size, to.capacity)
        target = self.f.offset(memory, 4)
        if size < to.capacity:
            self.f.zero(target, to.capacity, 4)
        if value.place == "memory":
            self.f.copy(target, value.operand, size)
        else:
            self.probe_read(target, size, value)
        return Value(to, memory, "memory")

    def TypeArgument(self, node: ast.TypeArgument) -> Value:
        return Value(types.VOID, "0")
