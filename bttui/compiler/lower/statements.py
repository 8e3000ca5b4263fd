"""Statements."""

from bttui.compiler import ast
from bttui.compiler.infer.scope import Slot
from bttui.compiler.lower.expressions import Expressions
from bttui.compiler.lower.loops import RETURNED
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


class Statements(Expressions):
    """One method for each kind."""

    def Block(self, node: ast.Block) -> None:
        self.block(node)

    def ExpressionStatement(self, node: ast.ExpressionStatement) -> None:
        step = node.expression
        if isinstance(step, ast.Unary) and isinstance(step.operand, (ast.Map, ast.MapAccess)) and step.operator.strip("x") in ("++", "--"):
            self.increment(step, tell=False)
        else:
            self.expression(step)

    def If(self, node: ast.If) -> None:
        known = self.typer.decided(node.condition)
        if known is not None:
            if known:
                self.block(node.then)
            elif node.otherwise is not None:
                self.statement(node.otherwise)
            return
        then, otherwise, end = self.f.block("then"), self.f.block("else"), self.f.block("end")
        self.f.branch(self.condition(node.condition), then, otherwise)
        self.f.label(then)
        self.block(node.then)
        if not self.f.terminated:
            self.f.jump(end)
        self.f.label(otherwise)
        if node.otherwise is not None:
            self.statement(node.otherwise)
        if not self.f.terminated:
            self.f.jump(end)
        self.f.label(end)

    def Return(self, node: ast.Return) -> None:
        value = "" if node.value is None else self.integer(node.value)
        self.leave("" if self.body.context.packet else value)

    def leave(self, operand: str = "") -> None:
        """End the program, from within loops too."""
        if self.frame:
            self.f.store(64, "1", self.f.offset(self.frame, RETURNED))
            self.f.ret("1")
        else:
            self.f.ret(operand)

    def Unroll(self, node: ast.Unroll) -> None:
        count = self.typer.constant(node.count)
        assert isinstance(count, int)
        end = self.f.block("unrolled")
        for _ in range(count):
            following = self.f.block("again")
            self.loop.append((end, following))
            self.block(node.body)
            self.loop.pop()
            self.f.label(following)
        self.f.label(end)

    def Let(self, node: ast.Let) -> None:
        slot: Slot = node.variable.note
        if slot.type is None:
            return
        pointer = self.variable(slot)
        if node.value is None:
            self.f.zero(pointer, slot.type.size, 1)
        else:
            self.store(node.value, slot.type, pointer)

    def Assignment(self, node: ast.Assignment) -> None:
        target, value = node.target, node.value
        if isinstance(value, ast.Call):
            function = self.typer.functions.get(value.name)
            if function is not None and function.aggregation:
                value.type = target.type
                self.where = value.span
                function.update(self, target, value)  # type: ignore[arg-type]
                return
        if isinstance(target, ast.Identifier):
            self.expression(value)
            return
        if node.operator != "=":
            operator = node.operator[:-1]
            if operator in "+-" and isinstance(target, (ast.Map, ast.MapAccess)) and isinstance(target.type, types.Integer | types.Pointer):
                amount = self.integer(value)
                if isinstance(target.type, types.Pointer):
                    amount = self.f.binary("mul", 64, amount, str(max(target.type.target.size, 1)))
                if operator == "-":
                    amount = self.f.binary("sub", 64, "0", amount)
                self.where = target.span
                self.add_to_map(target, amount, tell=False)
                return
            value = ast.Binary(node.span, None, None, operator, target, value)
            value.type = target.type
            if not isinstance(target.type, types.Pointer):
                value.type = self.typer.arithmetic(operator, target.type, node.value.type)
        if isinstance(target, ast.Variable):
            slot: Slot = target.note
            assert slot.type is not None
            self.store(value, slot.type, self.variable(slot))
        else:
            assert isinstance(target, (ast.Map, ast.MapAccess))
            self.store_map(target, value)
