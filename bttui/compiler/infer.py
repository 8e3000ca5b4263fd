"""The type pass: from what is written to what it is. Runs over all bodies until maps and variables stop changing."""

from bttui.compiler import ast
from bttui.compiler.functions import Function, table
from bttui.compiler.old_spellings import FIELDS, IDENTIFIERS
from bttui.model import types
from bttui.model.diagnostic import Diagnostic, DiagnosticError, near
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.compiler.options import CompileOptions
    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.model.program import Attachment
    from bttui.probes.provider import Context

ROUNDS = 12  # a chain of assignments longer than this between maps is not seen in practice
INTEGERS: "dict[str, types.Integer]" = {
    "int8": types.INT8,
    "int16": types.INT16,
    "int32": types.INT32,
    "int64": types.INT64,
    "uint8": types.UINT8,
    "uint16": types.UINT16,
    "uint32": types.UINT32,
    "uint64": types.UINT64,
}
AGGREGATION_NAMES = {
    "count_t": types.Count(),
    "sum_t": types.Sum(),
    "min_t": types.Minimum(),
    "max_t": types.Maximum(),
    "avg_t": types.Average(),
    "stats_t": types.Stats(),
}
# C spellings that need no BTF
C_INTEGERS = {
    "char": types.INT8,
    "signed char": types.INT8,
    "unsigned char": types.UINT8,
    "short": types.INT16,
    "unsigned short": types.UINT16,
    "int": types.INT32,
    "unsigned": types.UINT32,
    "unsigned int": types.UINT32,
    "long": types.INT64,
    "unsigned long": types.UINT64,
    "long long": types.INT64,
    "unsigned long long": types.UINT64,
    "size_t": types.UINT64,
    "ssize_t": types.INT64,
    **{f"{name}_t": type_ for name, type_ in INTEGERS.items()},
}


class MapInfo:
    """What the program does with a map. ``key`` is None for a scalar map and UNKNOWN before the first use."""

    def __init__(self, name: str, span: "Span"):
        self.name, self.span = name, span
        self.key: Type | str | None = "unknown"
        self.value: Type | None = None
        self.kind = ""
        self.size = 0
        self.assigned = False


class Slot:
    """A scratch variable."""

    def __init__(self, name: str, type_: "Type | None" = None, declared: bool = False):
        self.name, self.type, self.declared = name, type_, declared
        self.operand = ""
        self.loop = False


class Body:
    """A probe's block at one kind of attach point: its own copy of the tree, and the attachments that share it."""

    def __init__(
        self, name: str, probe: "ast.Probe | ast.Subprogram", block: ast.Block, context: "Context", attachments: "list[Attachment]"
    ):
        self.name, self.probe, self.block, self.context, self.attachments = name, probe, block, context, attachments
        self.predicate: ast.Expression | None = None
        self.slots: dict[int, Slot] = {}
        self.provider = ""
        self.cookies = False  # reads which attachment it is


def fits(value: int, type_: types.Integer) -> bool:
    bits = type_.size * 8
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1) if type_.signed else 0 <= value < 1 << bits


def literal_type(value: int) -> types.Integer:
    """The smallest signed type that holds it; above int64, uint64."""
    for type_ in (types.INT8, types.INT16, types.INT32, types.INT64):
        if fits(value, type_):
            return type_
    return types.UINT64


def promote(left: types.Integer, right: types.Integer) -> "types.Integer | None":
    """The smallest type that holds both, None where there is none."""
    if left.signed == right.signed:
        return left if left.size >= right.size else right
    signed, unsigned = (left, right) if left.signed else (right, left)
    if signed.size > unsigned.size:
        return signed
    if unsigned.size < 8:
        return types.Integer(size=unsigned.size * 2, signed=True)
    return None


def describe(type_: "Type | str | None") -> str:
    """A type as people write it."""
    if isinstance(type_, types.Integer):
        return f"{'' if type_.signed else 'u'}int{type_.size * 8}"
    if isinstance(type_, types.String):
        return f"string[{type_.size}]" if type_.size else "string"
    if isinstance(type_, types.Pointer):
        return f"{describe(type_.target)} *"
    if isinstance(type_, types.Array):
        return f"{describe(type_.element)}[{type_.count}]"
    if isinstance(type_, types.Struct):
        return type_.name or "struct"
    if isinstance(type_, types.Enum):
        return f"enum {type_.name}"
    if isinstance(type_, types.Tuple):
        return "(" + ",".join(describe(e) for e in type_.elements) + ")"
    if isinstance(type_, types.Record):
        return "(" + ",".join(f"{f.name}={describe(f.type)}" for f in type_.fields) + ")"
    if isinstance(type_, types.Stack):
        return "kstack" if type_.space == "kernel" else "ustack"
    if type_ is None or isinstance(type_, (types.Void, str)):
        return "none"
    names = {
        "Bool": "bool",
        "Minimum": "min_t",
        "Maximum": "max_t",
        "Average": "avg_t",
        "Histogram": "hist_t",
        "LinearHistogram": "lhist_t",
        "TimeSeries": "tseries_t",
        "KernelSymbol": "ksym_t",
        "UserSymbol": "usym_t",
        "MacAddress": "mac_address",
        "CgroupPath": "cgroup_path_t",
        "ProbeName": "string",
        "Username": "username_t",
        "StringConstant": "string",
    }
    name = type(type_).__name__
    return names.get(name, name.lower() + ("_t" if isinstance(type_, types.Aggregation) else ""))


def is_stringlike(type_: "Type | None") -> bool:
    if isinstance(type_, types.Array):
        return isinstance(type_.element, types.Integer) and type_.element.size == 1
    return isinstance(type_, types.String)


class Typer:
    """Walks the bodies. ``errors`` are kept per round: only the last round's count."""

    def __init__(self, host: "Host", options: "CompileOptions", config: "dict[str, Any]"):
        self.host, self.options, self.config = host, options, config
        self.functions = table()
        self.maps: dict[str, MapInfo] = {}
        self.structs: dict[str, types.Struct] = {}
        self.aliases: dict[str, Type] = {}
        self.constants: dict[str, int] = {}
        self.problems: list[Diagnostic] = []
        self.final = False
        self.changed = False
        self.body: Body
        self.scopes: list[dict[str, Slot]] = []
        self.loops = 0

    # --- reporting

    def error(self, message: str, where: "ast.Node | Span | None", hint: str = "", **more: "Any") -> None:
        span = where.span if isinstance(where, ast.Node) else where
        diagnostic = Diagnostic(message, span, hint=hint, **more)
        if diagnostic not in self.problems:
            self.problems.append(diagnostic)

    def warn(self, message: str, where: "ast.Node", hint: str = "") -> None:
        self.error(message, where, hint, severity="warning")

    # --- the fixpoint

    def run(self, bodies: "list[Body]") -> "list[Diagnostic]":
        """Types every body. Returns warnings; raises DiagnosticError with all errors."""
        for _round in range(ROUNDS):
            self.changed = False
            self.problems = []
            for body in bodies:
                self.one(body)
            if not self.changed:
                break
        self.final = True
        self.problems = []
        for body in bodies:
            self.one(body)
        errors = [p for p in self.problems if p.severity == "error"]
        if errors:
            raise DiagnosticError(*self.problems)
        return self.problems

    def one(self, body: Body) -> None:
        self.body = body
        self.scopes = [{}]
        self.loops = 0
        if body.predicate is not None:
            type_ = self.expression(body.predicate)
            if type_ is not None and not self.truthy(type_):
                self.error(f"Invalid type for predicate: '{describe(type_)}'", body.predicate)
        self.block(body.block)

    def truthy(self, type_: Type) -> bool:
        return isinstance(
            type_, (types.Integer, types.Bool, types.Pointer, types.String, types.Enum, types.Array, types.Aggregation)
        ) and not isinstance(type_, (types.Histogram, types.LinearHistogram, types.TimeSeries))

    # --- statements

    def block(self, block: ast.Block) -> None:
        self.scopes.append({})
        for statement in block.statements:
            self.statement(statement)
        self.scopes.pop()

    def statement(self, node: ast.Node) -> None:
        getattr(self, type(node).__name__)(node)

    def Block(self, node: ast.Block) -> None:
        self.block(node)

    def ExpressionStatement(self, node: ast.ExpressionStatement) -> None:
        self.expression(node.expression)

    def If(self, node: ast.If) -> None:
        self.condition(node.condition, "if()")
        self.block(node.then)
        if node.otherwise is not None:
            self.statement(node.otherwise)

    def condition(self, node: ast.Expression, what: str) -> None:
        type_ = self.expression(node)
        if type_ is not None and not self.truthy(type_):
            self.error(f"Invalid condition in {what}: {describe(type_)}", node)

    def Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.expression(node.value)

    def Break(self, node: ast.Break) -> None:
        if not self.loops:
            self.error("break statement outside of a loop", node)

    def Continue(self, node: ast.Continue) -> None:
        if not self.loops:
            self.error("continue statement outside of a loop", node)

    def While(self, node: ast.While) -> None:
        self.condition(node.condition, "while()")
        self.loops += 1
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
        start, end = self.expression(node.start), self.expression(node.end)
        for side, type_ in ((node.start, start), (node.end, end)):
            if type_ is not None and not isinstance(type_, (types.Integer, types.Aggregation)):
                self.error("Loop range requires an integer value", side)
        self.scopes.append({})
        self.declare(node.variable, types.INT64).loop = True
        self.loops += 1
        self.block(node.body)
        self.loops -= 1
        self.scopes.pop()

    def ForMap(self, node: ast.ForMap) -> None:
        info = self.map(node.map)
        if info.key is None:
            self.error("Argument to for() must be a map with keys; " + info.name + " is a scalar", node.map)
        self.scopes.append({})
        pair = None
        if isinstance(info.key, Type) and info.value is not None:
            value = info.value
            if isinstance(value, (types.Histogram, types.LinearHistogram, types.TimeSeries)):
                self.error(f"Loop expression does not support type: {describe(value)}", node.map)
            if isinstance(value, types.Aggregation):
                value = self.cast_aggregation(value)
            pair = types.make_tuple([info.key, value])
        self.declare(node.variable, pair).loop = True
        self.loops += 1
        self.block(node.body)
        self.loops -= 1
        self.scopes.pop()

    def Let(self, node: ast.Let) -> None:
        type_ = self.type_name(node.annotation) if node.annotation else None
        if self.find(node.variable.name) is not None:
            self.error(f"Variable {node.variable.name} was already declared", node.variable)
        value = self.expression(node.value) if node.value is not None else None
        slot = self.declare(node.variable, type_ or value)
        slot.declared = type_ is not None
        if type_ is not None and value is not None and not self.assignable(type_, value, node.value):
            self.error(
                f"Type mismatch for {node.variable.name}: trying to assign value of type '{describe(value)}' when variable already has a type '{describe(type_)}'",
                node,
            )
        elif type_ is None and value is not None:
            self.widen(slot, value, node.value, node)
        node.variable.note = slot
        node.variable.type = slot.type

    def ImportStatement(self, node: ast.ImportStatement) -> None:
        self.error("not supported yet: import inside a block", node)

    def declare(self, variable: ast.Variable, type_: "Type | None") -> Slot:
        slot = self.body.slots.setdefault(id(variable), Slot(variable.name))
        if (type_ is not None and slot.type is None) or (type_ is not None and slot.type != type_ and slot.loop):
            slot.type = type_
            self.changed = True
        self.scopes[-1][variable.name] = slot
        variable.note, variable.type = slot, slot.type
        return slot

    def find(self, name: str) -> "Slot | None":
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def Assignment(self, node: ast.Assignment) -> None:
        target = node.target
        call = node.value
        function = self.functions.get(call.name) if isinstance(call, (ast.Call, ast.Identifier)) else None
        if function is not None and function.aggregation:
            if isinstance(target, (ast.Map, ast.MapAccess)) and node.operator == "=":
                return self.aggregate(target, call, function)
            self.error(f"{function.name}() should be directly assigned to a map", node, hint=f"@x = {function.signature}")
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
        if isinstance(value, types.Aggregation):
            value = self.assigned_aggregation(node, value)
        if isinstance(target, ast.Variable):
            slot = self.find(target.name) or self.declare(target, value)
            if slot.loop and value is not None and slot.type is not None and not self.assignable(slot.type, value, node.value):
                self.error(f"Type mismatch for {target.name}: it is the loop's variable", node)
            self.widen(slot, value, node.value, node)
            target.note, target.type = slot, slot.type
        elif isinstance(target, (ast.Map, ast.MapAccess)):
            info = self.target(target)
            info.assigned = True
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
            if isinstance(slot.type, types.Pointer):
                return
            if slot.type is not None and not isinstance(slot.type, types.Integer):
                self.error(f"The {node.operator} operator can not be used on type '{describe(slot.type)}'", node)
            elif value is not None and not isinstance(value, (types.Integer, types.Aggregation, types.Bool, types.Enum)):
                self.error(f"Type mismatch: '{node.operator}' of '{describe(slot.type)}' and '{describe(value)}'", node)
            elif not slot.declared and slot.type is not None:
                self.widen(slot, types.INT64 if slot.type.signed else types.UINT64, node.value, node)
        elif isinstance(target, (ast.Map, ast.MapAccess)):
            info = self.target(target)
            if isinstance(info.value, types.Aggregation) or (
                info.value is not None and not isinstance(info.value, (types.Integer, types.Pointer))
            ):
                self.error(f"The {node.operator} operator can not be used on a map of type {describe(info.value)}", node)
            elif not isinstance(info.value, types.Pointer):
                self.store(
                    info, types.INT64 if not (isinstance(info.value, types.Integer) and not info.value.signed) else types.UINT64, None, node
                )
            info.assigned = True
            target.type = info.value
        else:
            self.error("Only variables and maps can be assigned to", target)

    def aggregate(self, target: ast.Expression, call: ast.Expression, function: Function) -> None:
        if isinstance(call, ast.Identifier):
            call = ast.Call(call.span, None, None, call.name, (), False)
        assert isinstance(call, ast.Call) and isinstance(target, (ast.Map, ast.MapAccess))
        info = self.target(target)
        self.count_arguments(function, call)
        type_ = function.check(self, call)
        call.type = type_
        info.assigned = True
        if type_ is None:
            return
        if info.value is None:
            info.value = type_
            self.changed = True
        elif type(info.value) is not type(type_):
            if isinstance(info.value, types.Aggregation) or self.final:
                self.error(
                    f"Type mismatch for {info.name}: trying to assign value of type '{describe(type_)}' when map already has a type '{describe(info.value)}'",
                    call,
                )
        elif isinstance(type_, (types.Histogram, types.LinearHistogram)) and info.value != type_:
            self.error(f"Different {function.name}() bounds in a single map unsupported", call)
        target.type = info.value

    def assigned_aggregation(self, node: ast.Assignment, value: Type) -> "Type | None":
        if isinstance(value, (types.Histogram, types.LinearHistogram, types.TimeSeries)):
            self.error(f"Map value '{describe(value)}' cannot be assigned from one map to another.", node)
            return None
        if isinstance(value, (types.Average, types.Stats, types.Minimum, types.Maximum, types.Sum, types.Count)) and isinstance(
            node.target, (ast.Map, ast.MapAccess)
        ):
            self.error(
                f"Map value '{describe(value)}' cannot be assigned from one map to another.",
                node.value,
                hint="cast it to an integer, e.g. `@a = (int64)@b`",
            )
        return self.cast_aggregation(value)

    @staticmethod
    def cast_aggregation(value: Type) -> Type:
        signed = getattr(value, "signed", False)
        return types.INT64 if signed else types.UINT64

    def assignable(self, to: Type, value: Type, node: "ast.Node | None") -> bool:
        """Whether a value may go where ``to`` is already decided (declared variables)."""
        if isinstance(to, types.Integer) and isinstance(value, types.Integer):
            if isinstance(node, (ast.IntegerLiteral, ast.Unary)):
                number = self.constant(node)
                if isinstance(number, int):
                    return fits(number, to)
            return to == value or (promote(to, value) == to)
        return self.join(to, value, node) == to

    def join(self, old: Type, new: Type, node: "ast.Node | None") -> "Type | None":
        """The type that holds both, None where there is none."""
        if old == new:
            return old
        if isinstance(old, types.Integer) and isinstance(new, types.Integer):
            number = self.constant(node) if isinstance(node, ast.Expression) else None
            if isinstance(number, int) and not isinstance(number, bool) and fits(number, old):
                return old
            return promote(old, new)
        if isinstance(old, types.Enum) and isinstance(new, types.Enum):
            return None
        if isinstance(old, types.Enum) and isinstance(new, types.Integer):
            return types.UINT64
        if isinstance(old, types.Integer) and isinstance(new, types.Enum):
            return types.UINT64
        if isinstance(old, types.String) and isinstance(new, types.String):
            return old if old.size >= new.size else new
        if isinstance(old, types.String) and is_stringlike(new):
            return types.String(max(old.size, new.size))
        if isinstance(old, types.Buffer) and isinstance(new, types.Buffer):
            return old if old.capacity >= new.capacity else new
        if isinstance(old, types.Pointer) and isinstance(new, types.Pointer):
            if old.target == new.target:
                return old if old.space else new
            return types.Pointer(target=types.VOID, space=old.space or new.space) if types.VOID in (old.target, new.target) else None
        if isinstance(old, types.Tuple) and isinstance(new, types.Tuple) and len(old.elements) == len(new.elements):
            nodes: Any = node.elements if isinstance(node, ast.TupleLiteral) else [None] * len(old.elements)
            joined = [self.join(a, b, n) for a, b, n in zip(old.elements, new.elements, nodes, strict=True)]
            return None if None in joined else types.make_tuple(joined)  # type: ignore[arg-type]
        if isinstance(old, types.Record) and isinstance(new, types.Record):
            named = {f.name: f.type for f in new.fields}
            if {f.name for f in old.fields} != set(named):
                return None
            fields = [(f.name, self.join(f.type, named[f.name], None)) for f in old.fields]
            return None if any(t is None for _n, t in fields) else types.make_record(fields)  # type: ignore[arg-type]
        if isinstance(old, types.Stack) and isinstance(new, types.Stack):
            return old if (old.space, old.depth) == (new.space, new.depth) else None
        return None

    def widen(self, slot: Slot, value: "Type | None", node: "ast.Node | None", where: ast.Node) -> None:
        if value is None:
            return
        if slot.type is None:
            slot.type = value
            self.changed = True
            return
        if slot.declared:
            if not self.assignable(slot.type, value, node):
                self.error(
                    f"Type mismatch for {slot.name}: trying to assign value of type '{describe(value)}' when variable already has a type '{describe(slot.type)}'",
                    where,
                )
            return
        joined = self.join(slot.type, value, node)
        if joined is None:
            if self.sign_clash(slot.type, value):
                self.warn(
                    f"Expression of type: {describe(value)} being cast to type: {describe(types.INT64)}. This may cause unexpected results. Use an explicit cast to suppress this warning.",
                    where,
                )
                joined = types.INT64
            else:
                self.error(
                    f"Type mismatch for {slot.name}: trying to assign value of type '{describe(value)}' when variable already has a type '{describe(slot.type)}'",
                    where,
                )
                return
        if joined != slot.type:
            slot.type = joined
            self.changed = True

    @staticmethod
    def sign_clash(old: Type, new: Type) -> bool:
        return isinstance(old, types.Integer) and isinstance(new, types.Integer)

    def store(self, info: MapInfo, value: "Type | None", node: "ast.Node | None", where: ast.Node) -> None:
        if value is None:
            return
        if isinstance(value, types.Array) and is_stringlike(value):
            value = types.String(value.size)
        if info.value is None:
            info.value = value
            self.changed = True
            return
        if isinstance(info.value, types.Aggregation):
            self.error(
                f"Type mismatch for {info.name}: trying to assign value of type '{describe(value)}' when map already has a type '{describe(info.value)}'",
                where,
            )
            return
        joined = self.join(info.value, value, node)
        if joined is None and self.sign_clash(info.value, value):
            self.warn(
                f"Expression of type: {describe(value)} being cast to type: {describe(types.INT64)}. This may cause unexpected results. Use an explicit cast to suppress this warning.",
                where,
            )
            joined = types.INT64
        if joined is None:
            self.error(
                f"Type mismatch for {info.name}: trying to assign value of type '{describe(value)}' when map already has a type '{describe(info.value)}'",
                where,
            )
        elif joined != info.value:
            info.value = joined
            self.changed = True

    # --- maps

    def map(self, node: ast.Map) -> MapInfo:
        """The map as a whole: says nothing about its key."""
        info = self.maps.get(node.name)
        if info is None:
            info = self.maps[node.name] = MapInfo(node.name, node.span)
            self.changed = True
        node.note = info
        return info

    def scalar(self, node: ast.Map) -> MapInfo:
        info = self.map(node)
        if info.key == "unknown":
            info.key = None
            self.changed = True
        elif info.key is not None:
            self.error(
                f"{info.name} used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)",
                node,
            )
        return info

    def access(self, node: ast.MapAccess) -> MapInfo:
        info = self.map(node.map)
        node.note = info
        key = self.expression(node.key)
        if isinstance(key, types.Array) and is_stringlike(key):
            key = types.String(key.size)
        if isinstance(key, types.Aggregation):
            key = self.cast_aggregation(key)
        if isinstance(key, types.Void):
            self.error(f"Invalid map key type: {describe(key)}", node.key)
            return info
        self.key(info, key, node.key)
        return info

    def key(self, info: MapInfo, key: "Type | None", node: ast.Expression) -> None:
        if info.key is None:
            self.error(
                f"{info.name} used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)",
                node,
            )
            return
        if key is None:
            return
        if isinstance(info.key, str):
            info.key = key
            self.changed = True
            return
        joined = self.join(info.key, key, node)
        if joined is None and self.sign_clash(info.key, key):
            joined = types.INT64
        if joined is None:
            self.error(
                f"Argument mismatch for {info.name}: trying to access with arguments: '{describe(key)}' when map expects arguments: '{describe(info.key)}'",
                node,
            )
        elif joined != info.key:
            info.key = joined
            self.changed = True

    def target(self, node: "ast.Map | ast.MapAccess") -> MapInfo:
        return self.scalar(node) if isinstance(node, ast.Map) else self.access(node)

    def Map(self, node: ast.Map) -> "Type | None":
        info = self.scalar(node)
        return self.read(info, node)

    def MapAccess(self, node: ast.MapAccess) -> "Type | None":
        info = self.access(node)
        return self.read(info, node)

    def read(self, info: MapInfo, node: ast.Expression) -> "Type | None":
        if info.value is None and self.final:
            self.error(f"Undefined map: {info.name}", node)
        return info.value

    # --- expressions

    def expression(self, node: ast.Node) -> "Type | None":
        """The type, also kept in ``node.type``; None while unknown, or where an error was reported."""
        type_ = getattr(self, type(node).__name__)(node)
        node.type = type_  # type: ignore[attr-defined]
        return type_

    def constant(self, node: "ast.Node | None") -> "int | str | bool | None":
        """The value where it is known at compile time."""
        if isinstance(node, (ast.IntegerLiteral, ast.BooleanLiteral, ast.StringLiteral)):
            return node.value
        if isinstance(node, ast.Comptime):
            return self.constant(node.operand)
        if isinstance(node, ast.Cast) and isinstance(node.type, types.Integer):
            value = self.constant(node.operand)
            if isinstance(value, int):
                mask = (1 << node.type.size * 8) - 1
                value &= mask
                return value - (mask + 1) if node.type.signed and value > mask >> 1 else value
            return None
        if isinstance(node, ast.Identifier) and isinstance(node.note, int):
            return node.note
        if isinstance(node, ast.Call) and isinstance(node.note, int):
            return node.note
        if isinstance(node, ast.Unary) and node.operator in "-~!":
            value = self.constant(node.operand)
            if isinstance(value, int):
                return {"-": -value, "~": ~value, "!": int(not value)}[node.operator]
            return None
        if isinstance(node, ast.Binary):
            left, right = self.constant(node.left), self.constant(node.right)
            if isinstance(left, int) and isinstance(right, int):
                return fold(node.operator, left, right)
            if isinstance(left, str) and isinstance(right, str) and node.operator in ("==", "!="):
                return (left == right) == (node.operator == "==")
            return None
        if isinstance(node, ast.Ternary):
            condition = self.constant(node.condition)
            if condition is not None and node.then is not None:
                return self.constant(node.then if condition else node.otherwise)
        return None

    def integer_constant(self, node: ast.Node, what: str) -> "int | None":
        value = self.constant(node)
        if isinstance(value, int):
            return int(value)
        self.error(f"{what} must be a literal integer", node)
        return None

    def string_constant(self, node: ast.Node, what: str) -> "str | None":
        value = self.constant(node)
        if isinstance(value, str):
            return value
        self.error(f"{what} must be a string literal", node)
        return None

    def IntegerLiteral(self, node: ast.IntegerLiteral) -> Type:
        suffix = node.suffix.lower()
        if suffix:
            signed = "u" not in suffix
            if "l" in suffix:
                return types.INT64 if signed else types.UINT64
            return types.Integer(size=4 if node.value < 1 << 32 else 8, signed=signed)
        return literal_type(node.value)

    def BooleanLiteral(self, node: ast.BooleanLiteral) -> Type:
        return types.BOOL

    def StringLiteral(self, node: ast.StringLiteral) -> Type:
        return types.String(len(node.value.encode("utf-8", "surrogateescape")) + 1)

    def Identifier(self, node: ast.Identifier) -> "Type | None":
        name = node.name
        function = self.function_named(name)
        if function is not None and (function.builtin or function.least == 0):
            call = node.note if isinstance(node.note, ast.Call) else ast.Call(node.span, None, None, name, (), False)
            node.note = call
            call.type = function.check(self, call)
            return call.type
        if function is None and name in IDENTIFIERS and name not in self.constants:
            self.error(f"{name} is now called {IDENTIFIERS[name]}", node, severity="hint", fix=IDENTIFIERS[name])
            node.name = IDENTIFIERS[name]
            return self.Identifier(node)
        if name in self.constants:
            node.note = self.constants[name]
            return literal_type(self.constants[name])
        if self.host.btf.exists:
            found = self.host.btf.enum_constant(name)
            if found is not None:
                node.note = found[0]
                return found[1]
        names = [*self.functions, *self.constants]
        found_names = near(name, names)
        self.error(f"Unknown identifier: '{name}'", node, hint=f"did you mean {found_names[0]}?" if found_names else "")
        return None

    def function_named(self, name: str) -> "Function | None":
        if name in self.functions:
            return self.functions[name]
        if name.startswith("arg") and name[3:].isdigit():
            return self.functions["argN"]
        if name.startswith("sarg") and name[4:].isdigit():
            return self.functions["sargN"]
        return None

    def Variable(self, node: ast.Variable) -> "Type | None":
        slot = self.find(node.name)
        if slot is None:
            self.error(f"Undefined or undeclared variable: {node.name}", node)
            return None
        node.note = slot
        if slot.type is None and self.final:
            self.error(f"Variable used before it was assigned: {node.name}", node)
        return slot.type

    def Positional(self, node: ast.Positional) -> "Type | None":
        raise AssertionError("positional parameters are replaced before this pass")

    def Comptime(self, node: ast.Comptime) -> "Type | None":
        type_ = self.expression(node.operand)
        if self.constant(node.operand) is None and type_ is not None:
            self.error("Unable to evaluate at compile time.", node.operand)
        return type_

    def Unary(self, node: ast.Unary) -> "Type | None":
        if node.operator in ("++", "--", "x++", "x--"):
            return self.increment(node)
        if node.operator == "&":
            return self.address_of(node)
        operand = self.expression(node.operand)
        if operand is None:
            return None
        if isinstance(operand, types.Aggregation):
            operand = self.cast_aggregation(operand)
        if node.operator == "!":
            if not self.truthy(operand):
                self.error(f"The ! operator can not be used on expressions of type '{describe(operand)}'", node)
            return types.BOOL
        if node.operator == "*":
            if isinstance(operand, types.Pointer):
                return self.dereferenced(operand, node)
            if isinstance(operand, types.Integer) and operand.size == 8:
                return types.UINT64
            self.error(f"Can not dereference value of type '{describe(operand)}' (not a pointer)", node)
            return None
        if isinstance(operand, types.Bool):
            operand = types.INT8
        if isinstance(operand, types.Enum):
            operand = types.UINT64
        if not isinstance(operand, types.Integer):
            self.error(f"The {node.operator} operator can not be used on expressions of type '{describe(operand)}'", node)
            return None
        value = self.constant(node)
        if isinstance(value, int):
            return literal_type(value) if fits(value, types.INT64) else types.UINT64
        return types.Integer(size=operand.size, signed=True) if node.operator == "-" else operand

    def dereferenced(self, pointer: types.Pointer, node: ast.Node) -> "Type | None":
        if isinstance(pointer.target, types.Void):
            self.error("Can not dereference a void pointer", node, hint="cast it to a pointer to a type first")
            return None
        return pointer.target

    def increment(self, node: ast.Unary) -> "Type | None":
        operand = node.operand
        if isinstance(operand, ast.Variable):
            slot = self.find(operand.name)
            if slot is None:
                self.error(f"Undefined or undeclared variable: {operand.name}", operand)
                return None
            operand.note, operand.type = slot, slot.type
            if slot.type is not None and not isinstance(slot.type, (types.Integer, types.Pointer)):
                self.error(f"The {node.operator.strip('x')} operator can not be used on expressions of type '{describe(slot.type)}'", node)
            elif isinstance(slot.type, types.Integer) and not slot.declared and not slot.loop:
                self.widen(slot, types.INT64 if slot.type.signed else types.UINT64, None, node)
            return slot.type
        if isinstance(operand, (ast.Map, ast.MapAccess)):
            info = self.target(operand)
            info.assigned = True
            if isinstance(info.value, types.Aggregation):
                self.error(f"The {node.operator.strip('x')} operator can not be used on a map of type {describe(info.value)}", node)
            elif info.value is None or isinstance(info.value, types.Integer):
                signed = not isinstance(info.value, types.Integer) or info.value.signed
                self.store(info, types.INT64 if signed else types.UINT64, None, node)
            elif not isinstance(info.value, types.Pointer):
                self.error(f"The {node.operator.strip('x')} operator can not be used on expressions of type '{describe(info.value)}'", node)
            operand.type = info.value
            return info.value
        self.error(f"The {node.operator.strip('x')} operator must be applied to a map or variable", node)
        return None

    def address_of(self, node: ast.Unary) -> "Type | None":
        self.error("not supported yet: the address of a variable or map (&)", node)
        return None

    def Binary(self, node: ast.Binary) -> "Type | None":
        left, right = self.expression(node.left), self.expression(node.right)
        if left is None or right is None:
            return types.BOOL if node.operator in ("==", "!=", "<", ">", "<=", ">=", "&&", "||") else None
        if isinstance(left, types.Aggregation) and not isinstance(left, (types.Histogram, types.LinearHistogram, types.TimeSeries)):
            left = self.cast_aggregation(left)
        if isinstance(right, types.Aggregation) and not isinstance(right, (types.Histogram, types.LinearHistogram, types.TimeSeries)):
            right = self.cast_aggregation(right)
        operator = node.operator
        if operator in ("&&", "||"):
            for side, type_ in ((node.left, left), (node.right, right)):
                if not self.truthy(type_):
                    self.error(f"The {operator} operator can not be used on expressions of type '{describe(type_)}'", side)
            return types.BOOL
        if operator in ("==", "!=") and self.comparable(left, right):
            return types.BOOL
        if isinstance(left, types.Pointer) or isinstance(right, types.Pointer):
            return self.pointer_arithmetic(node, left, right)
        plain = (types.Integer, types.Enum, types.Bool)
        if not (isinstance(left, plain) and isinstance(right, plain)):
            self.error(
                f"Type mismatch for '{operator}': comparing {describe(left)} with {describe(right)}"
                if operator in ("==", "!=", "<", ">", "<=", ">=")
                else f"The {operator} operator can not be used on expressions of types {describe(left)}, {describe(right)}",
                node,
            )
            return None
        if operator in ("==", "!=", "<", ">", "<=", ">="):
            return types.BOOL
        if isinstance(left, types.Enum) and isinstance(right, types.Enum) and left == right and operator in ("|", "&", "^"):
            pass
        value = self.constant(node)
        if isinstance(value, int):
            return literal_type(value)
        signed = self.signed(left, node.left) or self.signed(right, node.right)
        if operator in ("<<", ">>"):
            signed = self.signed(left, node.left)
        return types.INT64 if signed else types.UINT64

    def signed(self, type_: Type, node: ast.Expression) -> bool:
        """Literals that are not negative go with the other side."""
        value = self.constant(node)
        if isinstance(value, int) and value >= 0:
            return False
        return isinstance(type_, types.Integer) and type_.signed

    def comparable(self, left: Type, right: Type) -> bool:
        if is_stringlike(left) and is_stringlike(right):
            return True
        if isinstance(left, types.ProbeName) and isinstance(right, types.String):
            return True
        if isinstance(left, types.String) and isinstance(right, types.ProbeName):
            return True
        if isinstance(left, (types.Tuple, types.Record)) and type(left) is type(right):
            return self.join(left, right, None) is not None
        if isinstance(left, types.Array) and left == right:
            return True
        return isinstance(left, types.Bool) and isinstance(right, types.Bool)

    def pointer_arithmetic(self, node: ast.Binary, left: Type, right: Type) -> "Type | None":
        operator = node.operator
        if operator in ("==", "!=", "<", ">", "<=", ">="):
            if (
                (isinstance(left, types.Pointer) and isinstance(right, types.Pointer))
                or isinstance(left, types.Integer)
                or isinstance(right, types.Integer)
            ):
                return types.BOOL
        elif operator in ("+", "-"):
            if isinstance(left, types.Pointer) and isinstance(right, types.Integer):
                return left
            if isinstance(right, types.Pointer) and isinstance(left, types.Integer) and operator == "+":
                return right
            if isinstance(left, types.Pointer) and isinstance(right, types.Pointer) and operator == "-":
                return types.INT64
        elif (
            isinstance(left, (types.Pointer, types.Integer))
            and isinstance(right, (types.Pointer, types.Integer))
            and not (isinstance(left, types.Pointer) and isinstance(right, types.Pointer))
        ):
            return types.UINT64
        self.error(f"The {operator} operator can not be used on expressions of types {describe(left)}, {describe(right)}", node)
        return None

    def Ternary(self, node: ast.Ternary) -> "Type | None":
        condition = self.expression(node.condition)
        if condition is not None and not self.truthy(condition):
            self.error(f"Invalid condition in ternary: {describe(condition)}", node.condition)
        then = self.expression(node.then) if node.then is not None else condition
        otherwise = self.expression(node.otherwise)
        return self.merge(then, otherwise, node.then or node.condition, node.otherwise, node, "Ternary operator")

    def IfExpression(self, node: ast.IfExpression) -> "Type | None":
        self.condition(node.condition, "if")
        return self.merge(self.expression(node.then), self.expression(node.otherwise), node.then, node.otherwise, node, "if expression")

    def merge(
        self, then: "Type | None", otherwise: "Type | None", a: ast.Expression, b: ast.Expression, node: ast.Node, what: str
    ) -> "Type | None":
        if then is None or otherwise is None:
            return then or otherwise
        if isinstance(then, types.Aggregation):
            then = self.cast_aggregation(then)
        if isinstance(otherwise, types.Aggregation):
            otherwise = self.cast_aggregation(otherwise)
        joined = self.join(then, otherwise, b) or self.join(otherwise, then, a)
        if joined is None and self.sign_clash(then, otherwise):
            joined = types.INT64
        if joined is None:
            self.error(f"{what} must return the same type: have '{describe(then)}' and '{describe(otherwise)}'", node)
        return joined

    def BlockExpression(self, node: ast.BlockExpression) -> "Type | None":
        self.scopes.append({})
        for statement in node.statements:
            self.statement(statement)
        type_ = self.expression(node.value)
        self.scopes.pop()
        return type_

    def TupleLiteral(self, node: ast.TupleLiteral) -> "Type | None":
        elements = [self.element(e) for e in node.elements]
        return None if any(e is None for e in elements) else types.make_tuple(elements)  # type: ignore[arg-type]

    def RecordLiteral(self, node: ast.RecordLiteral) -> "Type | None":
        named = [(name, self.element(value)) for name, value in node.fields]
        return None if any(t is None for _n, t in named) else types.make_record(named)  # type: ignore[arg-type]

    def element(self, node: ast.Expression) -> "Type | None":
        type_ = self.expression(node)
        if isinstance(type_, types.Array) and is_stringlike(type_):
            return types.String(type_.size)
        if isinstance(type_, types.Aggregation):
            return self.cast_aggregation(type_)
        if isinstance(type_, types.Void):
            self.error(f"Tuple element can not be of type '{describe(type_)}'", node)
            return None
        return type_

    def FieldAccess(self, node: ast.FieldAccess) -> "Type | None":
        operand = self.expression(node.operand)
        if operand is None:
            return None
        while isinstance(operand, types.Pointer):
            operand = operand.target
        if isinstance(operand, types.Tuple) and node.name.isdigit():
            index = int(node.name)
            if index >= len(operand.elements):
                self.error(f"Invalid tuple index: {index}. Found {len(operand.elements)} elements in tuple.", node)
                return None
            return operand.elements[index]
        if isinstance(operand, types.Record):
            field = next((f for f in operand.fields if f.name == node.name), None)
            if field is None:
                self.error(f"Record has no field '{node.name}'", node, hint="it has " + ", ".join(f.name for f in operand.fields))
                return None
            node.note = field
            return field.type
        if not isinstance(operand, types.Struct):
            self.error(f"Can not access field '{node.name}' on expression of type '{describe(operand)}'", node)
            return None
        struct = self.resolve(operand)
        if struct is None or struct.fields is None:
            self.error(
                f"Struct/union of type '{operand.name}' does not contain a field named '{node.name}'"
                if struct
                else f"Unknown struct: {operand.name}",
                node,
                hint="" if struct else "its members are not in this kernel's BTF: define it in the program",
            )
            return None
        found = find_field(struct, node.name, self)
        if found is None and operand == self.body.context.arguments and node.name in FIELDS:
            found = find_field(struct, FIELDS[node.name], self)
            if found:
                self.error(f"args.{node.name} is now args.{FIELDS[node.name]}", node, severity="hint")
        if found is None:
            names = [f.name for f in struct.fields if f.name]
            close = near(node.name, names)
            self.error(
                f"Struct/union of type '{struct.name}' does not contain a field named '{node.name}'",
                node,
                hint=f"did you mean {close[0]}?" if close else "it has " + ", ".join(names[:12]) + (" ..." if len(names) > 12 else ""),
            )
            return None
        node.note = found
        if found.data_location:
            return types.Pointer(target=types.INT8, space="kernel")
        return found.type

    def resolve(self, struct: types.Struct) -> "types.Struct | None":
        """The struct with its fields, from the program's own definitions or the kernel's."""
        if struct.fields is not None:
            return struct
        if struct.name in self.structs:
            return self.structs[struct.name]
        found = self.host.btf.struct(struct.name) if self.host.btf.exists else None
        if found is not None:
            self.structs[struct.name] = found
        return found

    def Index(self, node: ast.Index) -> "Type | None":
        operand, index = self.expression(node.operand), self.expression(node.index)
        if operand is None:
            return None
        if isinstance(operand, types.Tuple):
            number = self.constant(node.index)
            if not isinstance(number, int) or not 0 <= number < len(operand.elements):
                self.error(f"Invalid tuple index: {number}. Found {len(operand.elements)} elements in tuple.", node)
                return None
            return operand.elements[number]
        if index is not None and not isinstance(index, (types.Integer, types.Enum, types.Bool)):
            self.error("The array index operator [] only accepts positive (unsigned) integer indices. Got: " + describe(index), node)
        number = self.constant(node.index)
        if isinstance(operand, types.Array):
            if isinstance(number, int) and operand.count and not 0 <= number < operand.count:
                self.error(f"the index {number} is out of bounds for array of size {operand.count}", node)
            return operand.element
        if isinstance(operand, types.Pointer):
            return self.dereferenced(operand, node)
        if isinstance(operand, types.String):
            return types.INT8
        self.error(f"The array index operator [] can not be used on expressions of type '{describe(operand)}'.", node)
        return None

    def Cast(self, node: ast.Cast) -> "Type | None":
        operand = self.expression(node.operand)
        to = self.type_name(node.to, node.operand)
        if to is None or operand is None:
            return to
        if isinstance(operand, types.Aggregation) and isinstance(to, (types.Integer, types.Bool)):
            if isinstance(operand, (types.Histogram, types.LinearHistogram, types.TimeSeries)):
                self.error(f'Cannot cast from "{describe(operand)}" to "{describe(to)}"', node)
            return to
        scalar = (types.Integer, types.Bool, types.Enum, types.Pointer)
        if isinstance(to, types.Array) and to.count == 0 and isinstance(operand, types.Integer):
            to = types.Array(element=to.element, count=max(1, operand.size // to.element.size))
        ok = (
            (isinstance(to, scalar) and isinstance(operand, scalar))
            or (
                isinstance(to, types.Integer)
                and isinstance(operand, types.Array)
                and operand.size in (1, 2, 4, 8)
                and isinstance(operand.element, types.Integer)
            )
            or (isinstance(to, types.Array) and isinstance(operand, (types.Integer, types.Array)) and to.size <= max(operand.size, 8))
            or (isinstance(to, types.String) and (is_stringlike(operand) or isinstance(operand, types.Pointer)))
            or (isinstance(to, types.Buffer) and isinstance(operand, (types.Pointer, types.Array, types.String)))
            or (isinstance(to, types.Bool) and isinstance(operand, types.String))
            or (isinstance(to, types.Struct) and isinstance(operand, (types.Struct, types.Integer, types.Pointer)))
            or (isinstance(to, (types.Tuple, types.Record)) and type(to) is type(operand))
            or to == operand
        )
        if (
            isinstance(to, types.Enum)
            and isinstance(node.operand, ast.IntegerLiteral)
            and to.members
            and node.operand.value not in [v for _n, v in to.members]
        ):
            self.error(f"Enum: {to.name} doesn't contain a variant value of {node.operand.value}", node)
        if isinstance(to, types.Struct) and not isinstance(operand, types.Struct):
            self.error(f'Cannot cast to struct "{to.name}"', node, hint=f"cast to a pointer: ({to.name} *)")
            return None
        if not ok:
            self.error(f'Cannot cast from "{describe(operand)}" to "{describe(to)}"', node)
        return to

    def TypeArgument(self, node: ast.TypeArgument) -> "Type | None":
        return self.type_name(node.name)

    def count_arguments(self, function: Function, call: ast.Call) -> bool:
        count = len(call.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            if function.least == function.most:
                wanted = f"{function.name}() requires {['no', 'one', 'two', 'three', 'four'][function.least] if function.least < 5 else function.least} argument{'' if function.least == 1 else 's'}"
            elif count < function.least:
                wanted = f"{function.name}() requires at least {function.least} argument{'' if function.least == 1 else 's'}"
            else:
                wanted = f"{function.name}() takes up to {function.most} argument{'' if function.most == 1 else 's'}"
            self.error(f"{wanted} ({count} provided)", call, hint=function.signature)
            return False
        return True

    def Call(self, node: ast.Call) -> "Type | None":
        function = self.function_named(node.name)
        if function is None:
            close = near(node.name, list(self.functions))
            self.error(f"Unknown function: '{node.name}'", node, hint=f"did you mean {close[0]}()?" if close else "")
            return None
        if function.aggregation:
            self.error(f"{function.name}() should be directly assigned to a map", node, hint=f"@x = {function.signature}")
            return None
        if function.unsafe and not self.options.unsafe:
            self.error(f"{function.name}() is an unsafe function being used in safe mode", node, hint="run with --unsafe")
        if not self.count_arguments(function, node):
            return None
        return function.check(self, node)

    # --- types as written

    def type_name(self, node: "ast.TypeName | None", operand: "ast.Expression | None" = None) -> "Type | None":
        if node is None:
            return None
        base: Type | None
        name = node.name
        if node.of is not None:
            base = self.type_name(node.of) if isinstance(node.of, ast.TypeName) else self.expression(node.of)
        else:
            base = self.named_type(name, node)
        if base is None:
            return None
        for suffix in node.suffixes:
            if suffix == "*":
                space = ""
                if operand is not None and isinstance(operand.type, types.Pointer):
                    space = operand.type.space
                base = types.Pointer(target=base, space=space)
            else:
                base = types.Array(element=base, count=suffix or 0)
        return base

    def named_type(self, name: str, node: ast.Node) -> "Type | None":
        simple = INTEGERS.get(name) or AGGREGATION_NAMES.get(name) or C_INTEGERS.get(name)
        if simple is not None:
            return simple
        if name in self.aliases:
            return self.aliases[name]
        if name == "bool":
            return types.BOOL
        if name == "void":
            return types.VOID
        base, bracket, length = name.partition("[")
        if base in ("string", "buffer", "inet"):
            size = int(length.rstrip("]")) if bracket and length.rstrip("]").isdigit() else 0
            if base == "string":
                return types.String(size or int(self.config["max_strlen"]))
            if base == "inet":
                return types.Inet()
            return types.Buffer(
                capacity=size or int(self.config["max_strlen"]), size=types.align_up(4 + (size or int(self.config["max_strlen"])), 4)
            )
        for spelling in (name, f"struct {name}", f"union {name}"):
            if spelling in self.structs:
                return types.Struct(name=spelling, size=self.structs[spelling].size)
        if self.host.btf.exists:
            found = self.host.btf.type(name)
            if found is None and " " not in name:
                found = self.host.btf.type(f"struct {name}") or self.host.btf.type(f"union {name}") or self.host.btf.type(f"enum {name}")
            if found is not None:
                return found.replace(fields=None) if isinstance(found, types.Struct) and found.name else found
        self.error(
            f'Cannot resolve unknown type "{name}"',
            node,
            hint="it is not in this kernel's BTF: define it in the program"
            if self.host.btf.exists
            else "this kernel has no BTF: define it in the program",
        )
        return None


def find_field(struct: types.Struct, name: str, typer: Typer) -> "types.Field | None":
    """The member, also one of an anonymous struct or union in it, with its offset from the start."""
    for field in struct.fields or ():
        if field.name == name:
            return field
        if not field.name and isinstance(field.type, types.Struct):
            inner = typer.resolve(field.type)
            found = find_field(inner, name, typer) if inner else None
            if found is not None:
                return found.replace(offset=found.offset + field.offset)
    return None


def fold(operator: str, left: int, right: int) -> "int | bool | None":
    """C arithmetic on 64-bit integers; None where it is left to run time."""
    if operator in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right)
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        return quotient if operator == "/" else left - quotient * right
    if operator in ("<<", ">>") and not 0 <= right < 64:
        return None
    value: int | bool = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "&": lambda: left & right,
        "|": lambda: left | right,
        "^": lambda: left ^ right,
        "<<": lambda: left << right,
        ">>": lambda: left >> right,
        "==": lambda: left == right,
        "!=": lambda: left != right,
        "<": lambda: left < right,
        ">": lambda: left > right,
        "<=": lambda: left <= right,
        ">=": lambda: left >= right,
        "&&": lambda: bool(left and right),
        "||": lambda: bool(left or right),
    }[operator]()
    if isinstance(value, bool):
        return value
    if not -(1 << 63) <= value < 1 << 64:
        return None
    return value
