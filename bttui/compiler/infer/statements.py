"""Statements."""

from bttui.compiler import ast
from bttui.compiler.functions import Function, table
from bttui.compiler.infer.expressions import Expressions
from bttui.compiler.infer.rules import COUNTABLE, describe, promote
from bttui.model import types
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


# what does nothing but have a value
PLAIN = (
    ast.IntegerLiteral,
    ast.BooleanLiteral,
    ast.StringLiteral,
    ast.Identifier,
    ast.Variable,
    ast.Map,
    ast.MapAccess,
    ast.Binary,
    ast.FieldAccess,
    ast.Index,
    ast.Cast,
    ast.TupleLiteral,
    ast.RecordLiteral,
)


def mentions(node: ast.Node, name: str) -> bool:
    """Whether an expression reads a variable or map."""
    from bttui.compiler.bodies import walk

    return any(isinstance(part, (ast.Variable, ast.Map)) and part.name == name for part in walk(node))


class Statements(Expressions):
    """One method for each kind."""

    def block(self, block: ast.Block) -> None:
        self.scopes.append({})
        self.statements(block.statements)
        self.scopes.pop()

    def statements(self, statements: "tuple[ast.Statement, ...]") -> None:
        for index, statement in enumerate(statements, 1):
            self.statement(statement)
            if index < len(statements) and self.leaves(statement):
                self.warn("Unreachable statement.", statements[index])

    @staticmethod
    def leaves(statement: ast.Statement) -> bool:
        """Whether nothing that follows in the block is reached."""
        if isinstance(statement, ast.ExpressionStatement):
            node = statement.expression
            return isinstance(node, (ast.Call, ast.Identifier)) and node.name == "exit"
        return isinstance(statement, (ast.Return, ast.Break, ast.Continue))

    def Block(self, node: ast.Block) -> None:
        self.block(node)

    def ExpressionStatement(self, node: ast.ExpressionStatement) -> None:
        value = node.expression
        self.expression(value)
        plain = isinstance(value, PLAIN) or (isinstance(value, ast.Unary) and value.operator.strip("x") not in ("++", "--"))
        if isinstance(value, ast.Call):
            function = table().get(value.name)
            plain = function is not None and not function.effect and not function.aggregation
        if plain and not isinstance(value.type, (types.Void, type(None))):
            self.warn("Return value discarded.", node)

    def If(self, node: ast.If) -> None:
        self.condition(node.condition)
        known = self.decided(node.condition)
        if known is not None:
            if known:
                self.block(node.then)
            elif node.otherwise is not None:
                self.statement(node.otherwise)
            return
        if isinstance(node.condition, ast.Comptime):  # not known yet, or never
            return
        self.block(node.then)
        if node.otherwise is not None:
            self.statement(node.otherwise)

    def Break(self, node: ast.Break) -> None:
        if not self.loops:
            self.error("break statement outside of a loop", node)

    def Continue(self, node: ast.Continue) -> None:
        if not self.loops:
            self.error("continue statement outside of a loop", node)

    def While(self, node: ast.While) -> None:
        self.needs("loop", "run loops", "5.17", node, "use unroll()")
        self.loops += 1
        self.condition(node.condition)
        self.block(node.body)
        self.loops -= 1

    def Unroll(self, node: ast.Unroll) -> None:
        self.expression(node.count)
        count = self.constant(node.count)
        if count is None:
            self.error("unroll() needs a number that is known at compile time", node.count)
        elif not isinstance(count, int) or not 1 <= count <= 100:
            self.error("unroll minimum value is 1" if isinstance(count, int) and count < 1 else "unroll maximum value is 100", node.count)
        self.block(node.body)

    def ForRange(self, node: ast.ForRange) -> None:
        self.needs("loop", "run loops", "5.17", node, "use unroll()")
        start, end = self.expression(node.start), self.expression(node.end)
        for side, type_, what in ((node.start, start, "start"), (node.end, end, "end")):
            if type_ is not None and not isinstance(type_, (types.Integer, types.Enum)):
                self.error(f"Loop range requires an integer for the {what} value", side)
        self.shadows(node.variable)
        self.scopes.append({})
        self.loops += 1
        self.fors += 1
        slot = self.declare(node.variable, None)
        if isinstance(start, types.Enum) or isinstance(end, types.Enum):
            start = end = types.INT64
        if isinstance(start, types.Integer) and isinstance(end, types.Integer):
            self.widen(slot, start if start.size == end.size else promote(start, end) or types.INT64, None, node)
        self.block(node.body)
        self.loops -= 1
        self.fors -= 1
        self.scopes.pop()

    def shadows(self, variable: ast.Variable) -> None:
        if self.find(variable.name) is not None:
            self.error(f"Loop declaration shadows existing variable: {variable.name}", variable, hint="give one of them another name")

    def ForMap(self, node: ast.ForMap) -> None:
        self.needs("for_each_map_elem", "go through a map", "5.13", node)
        info = self.map(node.map)
        if self.final and not info.assigned:
            self.undefined_map(info.name, node.map)
        self.shadows(node.variable)
        if info.key is None:
            self.error("Argument to for() must be a map with keys; " + info.name + " is a scalar", node.map)
        self.scopes.append({})
        pair = None
        if isinstance(info.key, Type) and info.value is not None:
            value = info.value
            if isinstance(value, types.Aggregation) and not isinstance(value, COUNTABLE):
                self.error(f"Loop expression does not support type: {describe(value)}", node.map)
            if isinstance(value, types.Aggregation):
                value = self.cast_aggregation(value)
            pair = types.make_tuple([info.key, value])
        self.loops += 1
        self.fors += 1
        self.declare(node.variable, pair).loop = True
        self.block(node.body)
        self.loops -= 1
        self.fors -= 1
        self.scopes.pop()

    def Let(self, node: ast.Let) -> None:
        name = node.variable.name
        type_ = self.type_name(node.annotation) if node.annotation else None
        if isinstance(type_, (types.Aggregation, types.Void)):
            self.error(f"Invalid variable declaration type: {describe(type_)}", node.annotation)
            return
        if self.find(name) is not None:
            self.error(f"Variable {name} was already declared. Variable shadowing is not allowed.", node.variable)
        value = self.variable_value(self.expression(node.value), node) if node.value is not None else None
        slot = self.declare(node.variable, type_ or value, node.value)
        slot.declared = node.annotation is not None
        slot.assigned = node.value is not None
        if node.value is None:
            self.empty.append((slot, node))
        if slot.declared and type_ is not None and slot.type != type_ and not isinstance(slot.type, types.Pointer):
            slot.type = type_  # typeof() something whose own type has grown
            self.changed = True
        if value is not None:
            self.widen(slot, value, node.value, node)
        node.variable.note = slot
        node.variable.type = slot.type

    def variable_value(self, value: "Type | None", where: ast.Node) -> "Type | None":
        """What a variable holds when it is given this."""
        value = self.countable(value)
        if isinstance(value, types.Aggregation):
            self.error(f"Value '{describe(value)}' cannot be assigned to a scratch variable.", where)
            return None
        if isinstance(value, types.Void):
            self.error(f"Void expressions may not be assigned: {describe(value)}", where)
            return None
        return value

    def ImportStatement(self, node: ast.ImportStatement) -> None:
        if self.config["unstable_import_statement"] == "error":
            self.error("An import inside a block is not enabled", node, hint="write it at the top of the program")
            return
        self.error("not supported: import of C code, which is all that could be imported inside a block", node)

    def Assignment(self, node: ast.Assignment) -> None:
        target = node.target
        call = node.value
        function = self.functions.get(call.name) if isinstance(call, ast.Call) else None
        if isinstance(call, ast.Call) and function is not None and function.aggregation:
            if isinstance(target, (ast.Map, ast.MapAccess)) and node.operator == "=":
                return self.aggregate(target, call, function)
            self.error(f"{function.name}() should be directly assigned to a map", node, hint=function.signature)
            return
        value = self.expression(node.value)
        if isinstance(value, types.Void):
            self.error(f"Void expressions may not be assigned: {describe(value)}", node.value) if not isinstance(
                target, ast.Identifier
            ) else None
            return
        if isinstance(target, ast.Identifier):  # _ = expression
            return
        if node.operator != "=":
            self.compound(node, value)
            return
        if isinstance(value, types.Aggregation) and isinstance(target, (ast.Map, ast.MapAccess)):
            self.error(
                f"Map value '{describe(value)}' cannot be assigned from one map to another.",
                node,
                hint="cast it to an integer, e.g. `@a = (int64)@b`" if isinstance(value, COUNTABLE) else "",
            )
            return
        if isinstance(target, ast.Variable):
            value = self.variable_value(value, node)
            slot = self.find(target.name) or self.declare(target, value, node.value)
            if slot.loop and value is not None and slot.type is not None and not self.assignable(slot.type, value, node.value):
                self.error(f"Type mismatch for {target.name}: it is the loop's variable", node)
            if not (self.early and slot.type is not None and mentions(node.value, target.name)):
                self.widen(slot, value, node.value, node)
            slot.assigned = True
            target.note, target.type = slot, slot.type
        elif isinstance(target, (ast.Map, ast.MapAccess)):
            info = self.target(target)
            info.assigned = True
            if not (self.early and info.value is not None and mentions(node.value, info.name)):
                self.store(info, value, node.value, node)
            target.type = info.value
        else:
            self.error("Only variables and maps can be assigned to", target)

    def compound(self, node: ast.Assignment, value: "Type | None") -> None:
        target = node.target
        if isinstance(target, ast.Variable):
            slot = self.find(target.name)
            if slot is None:
                self.error(f"Undefined or undeclared variable: {target.name}", target)
                return
            target.note, target.type = slot, slot.type
            if isinstance(slot.type, types.Pointer) and node.operator in ("+=", "-="):
                return
            if isinstance(slot.type, types.Enum):
                slot.type = types.UINT64
                self.changed = True
            value = self.countable(value)
            if slot.type is not None and not isinstance(slot.type, types.Integer):
                self.error(
                    f"The {node.operator[:-1]} operator can not be used on expressions of types {describe(slot.type)}, {describe(value)}",
                    node,
                )
            elif value is not None and not isinstance(value, (types.Integer, types.Bool, types.Enum)):
                self.error(f"Type mismatch: '{node.operator}' of '{describe(slot.type)}' and '{describe(value)}'", node)
            elif not slot.declared and slot.type is not None and not self.early:
                self.widen(slot, self.arithmetic(node.operator[:-1], slot.type, value), None, node)
        elif isinstance(target, (ast.Map, ast.MapAccess)):
            info = self.target(target)
            if isinstance(info.value, types.Aggregation) or (
                info.value is not None and not isinstance(info.value, (types.Integer, types.Pointer))
            ):
                self.error(f"The {node.operator} operator can not be used on a map of type {describe(info.value)}", node)
            elif value is not None and not isinstance(self.countable(value), (types.Integer, types.Bool, types.Enum)):
                self.error(f"Type mismatch: '{node.operator}' of '{describe(info.value or types.INT64)}' and '{describe(value)}'", node)
            elif not isinstance(info.value, types.Pointer):
                self.calculated(info, node.operator[:-1], value, node)
            info.assigned = True
            target.type = info.value
        else:
            self.error("Only variables and maps can be assigned to", target)

    @staticmethod
    def signed_as(old: Type, new: Type) -> Type:
        """A time series goes with the sign of the first value."""
        return new.replace(signed=old.signed) if isinstance(old, types.TimeSeries) and isinstance(new, types.TimeSeries) else new

    def aggregate(self, target: "ast.Map | ast.MapAccess", call: ast.Call, function: Function) -> None:
        info = self.target(target)
        type_ = self.check(function, call) if self.count_arguments(function, call) else None
        call.type = type_
        info.assigned = True
        if type_ is None:
            return
        if info.value is None:
            info.value = type_
            self.changed = True
        elif type(info.value) is not type(type_):
            if isinstance(info.value, types.Aggregation) or self.final:
                self.mismatch("map", info.name, info.value, type_, call)
        elif isinstance(type_, types.Bucketed) and info.value != self.signed_as(info.value, type_):
            self.error(f"Different {function.name} bounds in a single map unsupported", call)
        target.type = info.value
