"""What every part of the type pass leans on: reports, constants, scopes, and the rules that join types."""

import re

from bttui.compiler import ast
from bttui.compiler.functions import Function, table
from bttui.compiler.infer.rules import COUNTABLE, Unfoldable, base_type, describe, fits, flexible, fold, is_stringlike, promote, wrapped
from bttui.compiler.infer.scope import Body, MapInfo, Slot
from bttui.compiler.macros import MARK
from bttui.model import types
from bttui.model.diagnostic import Diagnostic, near, renamed
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.compiler.options import CompileOptions
    from bttui.host.facts import Host
    from bttui.model.diagnostic import Fix, Span


class State:
    """``problems`` are kept per round: only the last round's count."""

    def __init__(self, host: "Host", options: "CompileOptions", config: "dict[str, Any]"):
        self.host, self.options, self.config = host, options, config
        self.functions = table()
        self.maps: dict[str, MapInfo] = {}
        self.structs: dict[str, types.Struct] = {}  # the program's own
        self.found_structs: dict[object, types.Struct | None] = {}  # of the kernel and of debugging information
        self.bodies: list[Body] = []
        self.aliases: dict[str, Type] = {}
        self.constants: dict[str, int] = {}
        self.enumerators: dict[str, tuple[int, types.Enum]] = {}  # of the program's own enums
        self.headers: tuple[str, ...] = ()  # of the system, included in vain
        self.problems: list[Diagnostic] = []
        self.asking = False  # types are known as far as they do not follow from typeinfo()
        self.settled = False  # what is unknown now is told by nothing in the program
        self.early = False  # the first round: what follows from a variable's own value waits for what else it is given
        self.final = False
        self.changed = False
        self.named: dict[str, tuple[Any, ...]] = {}  # what each getopt() said of its parameter
        self.counts_frames = False  # the program asks how long a stack is
        self.asks_for_child = False  # the program asks whether there is a command of -c
        self.subprograms: list[Body] = []
        self.returns: Type | None = None  # of the subprogram that we are in
        self.body: Body
        self.scopes: list[dict[str, Slot]] = []
        self.loops = 0
        self.fors = 0  # those of them that are for loops
        self.empty: list[tuple[Slot, ast.Let]] = []  # variables that were declared without a value
        self.expansions: list[Span] = []  # calls of the macros that we are inside of

    def error(self, message: str, where: "ast.Node | Span | None", hint: str = "", **more: "Any") -> None:
        span = where.span if isinstance(where, ast.Node) else where
        if self.expansions:
            more.setdefault("trail", tuple(("expanded from", call) for call in reversed(self.expansions)))
            message = re.sub(rf"{MARK}\d+", "", message)
        diagnostic = Diagnostic(message, span, hint=hint, **more)
        if diagnostic not in self.problems:
            self.problems.append(diagnostic)

    def slip(self, node: ast.Node, name: str, names: "list[str]", at_end: bool = False) -> "Fix | None":
        """The repair of a name that is written wrong; none in macros, whose text stands elsewhere."""
        return None if self.expansions else renamed(node.span, name, names, at_end)

    def undefined_map(self, name: str, where: ast.Node) -> None:
        """Report that nothing writes to a map."""
        names = [other for other, info in self.maps.items() if info.assigned]
        close = near(name, names)
        hint = f"did you mean {close[0]}?" if close else ""
        self.error(f"Undefined map: {name}", where, hint=hint, fix=self.slip(where, name, names))

    def warn(self, message: str, where: "ast.Node", hint: str = "") -> None:
        self.error(message, where, hint, severity="warning")

    def unstable(self, feature: str, node: ast.Node) -> None:
        """A feature that may still change: whether the config variable unstable_FEATURE permits it."""
        permitted = self.config[f"unstable_{feature}"]
        enable = f"unstable_{feature}=enable"
        if permitted == "error":
            text = f"{feature} feature is not enabled by default. To enable this unstable feature, set the config flag to enable. {enable}"
            self.error(text, node, hint=f"config = {{ {enable} }}")
        elif permitted == "warn":
            text = f"Script is using an unstable feature: {feature}. To prevent this warning you must explicitly enable it in the config e.g. {enable}"
            self.error(text, None, severity="warning")

    def statement(self, node: ast.Node) -> None:
        getattr(self, type(node).__name__)(node)

    def expression(self, node: ast.Node) -> "Type | None":
        """The type, also kept in ``node.type``; None while unknown, or where an error was reported."""
        type_ = getattr(self, type(node).__name__)(node)
        node.type = type_  # type: ignore[attr-defined]
        return type_

    def truthy(self, type_: Type) -> bool:
        return isinstance(type_, (types.Integer, types.Bool, types.Pointer, types.Enum))

    def constant(self, node: "ast.Node | None") -> "int | str | bool | None":
        """The value where it is known at compile time."""
        if isinstance(node, (ast.IntegerLiteral, ast.BooleanLiteral, ast.StringLiteral)):
            return node.value
        if isinstance(node, ast.Comptime):
            return self.constant(node.operand)
        if isinstance(node, ast.BlockExpression):
            return None if node.statements else self.constant(node.value)
        if isinstance(node, ast.Cast) and isinstance(node.type, types.Integer):
            value = self.constant(node.operand)
            if isinstance(value, int):
                return wrapped(value, node.type)
            return None
        if isinstance(node, ast.Cast) and isinstance(node.type, types.Bool):
            value = self.literal(node.operand)
            return bool(value) if value is not None else None
        if isinstance(node, ast.Identifier) and isinstance(node.note, int):
            return node.note
        if isinstance(node, ast.Call) and isinstance(node.note, (int, ast.Expression)):
            return node.note if isinstance(node.note, int) else self.constant(node.note)
        if isinstance(node, ast.Unary) and node.operator in "-~!":
            value = self.constant(node.operand)
            if node.operator == "!" and isinstance(value, int):
                return not value
            if not isinstance(value, int) or isinstance(value, bool):
                return None
            width = node.operand.type
            if isinstance(width, types.Integer) and not self.castless(node.operand):
                number = -value if node.operator == "-" else ~value
                return number if width.signed else wrapped(number, width)
            return -value if node.operator == "-" else ~value & (1 << 64) - 1
        if isinstance(node, ast.Binary):
            left, right = self.constant(node.left), self.constant(node.right)
            if left is None or right is None:
                return None
            if node.operator in ("<", ">", "<=", ">=") and not self.castless(node):
                return None  # compared with or without a sign, as the types say
            try:
                return fold(node.operator, left, right)
            except Unfoldable:
                return None
        if isinstance(node, ast.Ternary):
            condition = self.constant(node.condition)
            if condition is not None:
                return self.constant((node.then or node.condition) if condition else node.otherwise)
        part = self.part(node)
        return self.constant(part) if part is not None else None

    def literal(self, node: "ast.Node | None") -> "int | str | bool | None":
        """The value of what is made of literals without a cast: such an expression has the smallest type for its value."""
        return self.constant(node) if self.castless(node) else None

    def castless(self, node: "ast.Node | None") -> bool:
        if isinstance(node, ast.Cast):
            return isinstance(node.type, types.Bool)
        if isinstance(node, ast.Call):
            function = self.function_named(node.name)
            return function is not None and function.literal
        if isinstance(node, (ast.Unary, ast.Comptime)):
            return self.castless(node.operand)
        if isinstance(node, ast.BlockExpression):
            return self.castless(node.value)
        if isinstance(node, ast.Ternary):
            return all(self.literal(part) is not None for part in (node.then or node.condition, node.otherwise, node.condition))
        part = self.part(node)
        if part is not None:
            assert isinstance(node, (ast.FieldAccess, ast.Index))
            return self.castless(part) and self.known(node.operand, calls=True)
        return not isinstance(node, ast.Binary) or (self.castless(node.left) and self.castless(node.right))

    def known(self, node: ast.Node, casts: bool = False, calls: bool = False) -> bool:
        """Whether an expression is a literal or made of literals; ``casts``: and of casts that are known, ``calls``: and such calls."""
        record = self.record(node)
        if record is not None:
            return all(self.known(value, casts, calls) for _name, value in record.fields)
        if isinstance(node, ast.TupleLiteral):
            return all(self.known(element, casts, calls) for element in node.elements)
        if casts:
            return self.constant(node) is not None
        from bttui.compiler.bodies import walk

        return self.literal(node) is not None and (calls or not any(isinstance(part, ast.Call) for part in walk(node)))

    def part(self, node: "ast.Node | None") -> "ast.Node | None":
        """The element that an access to a literal tuple or record means."""
        if isinstance(node, ast.FieldAccess):
            record = self.record(node.operand)
            if record is not None:
                return next((value for name, value in record.fields if name == node.name), None)
        if not isinstance(node, (ast.FieldAccess, ast.Index)) or not isinstance(node.operand, ast.TupleLiteral):
            return None
        index = self.constant(node.index) if isinstance(node, ast.Index) else int(node.name) if node.name.isdigit() else None
        return node.operand.elements[index] if isinstance(index, int) and 0 <= index < len(node.operand.elements) else None

    def record(self, node: ast.Node) -> "ast.RecordLiteral | None":
        """The literal record that an expression is or, as config, stands for."""
        while isinstance(node, (ast.Call, ast.Identifier)) and isinstance(node.note, ast.Expression):
            node = node.note
        return node if isinstance(node, ast.RecordLiteral) else None

    def countable(self, type_: "Type | None") -> "Type | None":
        """The integer that an aggregation stands for in an expression; every other type as it is."""
        return self.cast_aggregation(type_) if isinstance(type_, COUNTABLE) else type_

    def integer_constant(self, node: ast.Node, what: str) -> "int | None":
        value = self.constant(node)
        if isinstance(value, int):
            return int(value)
        self.error(f"{what} must be a literal integer", node)
        return None

    def string_constant(self, node: ast.Node, what: str, hint: str = "") -> "str | None":
        value = self.constant(node)
        if isinstance(value, str):
            return value
        self.error(f"{what} must be a string literal", node, hint)
        return None

    def text(self, node: ast.Node, what: str, hint: str = "") -> "str | None":
        """A literal that never becomes a value of the program, such as a format: it may be longer than max_strlen."""
        if isinstance(node, ast.StringLiteral):
            node.type = types.String(len(node.value.encode("utf-8", "surrogateescape")) + 1)
        else:
            self.expression(node)
        return self.string_constant(node, what, hint)

    def function_named(self, name: str) -> "Function | None":
        name = name.removeprefix("__builtin_")
        if name in self.functions:
            return self.functions[name]
        if name.startswith("arg") and name[3:].isdigit():
            return self.functions["argN"]
        if name.startswith("sarg") and name[4:].isdigit():
            return self.functions["sargN"]
        return None

    def declare(self, variable: ast.Variable, type_: "Type | None", value: "ast.Node | None" = None) -> Slot:
        slot = self.body.slots.setdefault(id(variable), Slot(variable.name))
        if type_ is not None and (slot.type is None or (slot.loop and self.grows(slot, slot.type, type_, type_, variable))):
            slot.type = type_
            self.changed = True
        slot.depth = self.loops
        self.scopes[-1][variable.name] = slot
        variable.note, variable.type = slot, slot.type
        return slot

    def find(self, name: str) -> "Slot | None":
        for scope in reversed(self.scopes):
            if name in scope:
                slot = scope[name]
                slot.captured = slot.captured or self.loops > slot.depth
                return slot
        return None

    @staticmethod
    def cast_aggregation(value: Type) -> Type:
        signed = getattr(value, "signed", False)
        return types.INT64 if signed else types.UINT64

    def assignable(self, to: Type, value: Type, node: "ast.Node | None") -> bool:
        """Whether a value may go where ``to`` is already decided (declared variables)."""
        if isinstance(to, types.Integer) and isinstance(value, types.Integer):
            number = self.literal(node)
            if isinstance(number, int):
                return fits(number, to)
            if promote(to, value) != to:
                self.warn_cast(value, to, node)
            return True
        if isinstance(to, types.Pointer) and isinstance(value, types.Pointer):
            return True
        if isinstance(to, types.Array) and isinstance(value, types.Array) and isinstance(to.element, types.Pointer):
            return isinstance(value.element, types.Pointer) and to.count == value.count
        if isinstance(to, types.Tuple) and isinstance(value, types.Tuple) and len(to.elements) == len(value.elements):
            nodes: Any = node.elements if isinstance(node, ast.TupleLiteral) else [None] * len(to.elements)
            return all([self.assignable(a, b, n) for a, b, n in zip(to.elements, value.elements, nodes, strict=True)])
        if isinstance(to, types.Enum) and isinstance(value, types.Enum):
            return to.name == value.name
        if isinstance(to, types.Integer) and isinstance(value, types.Enum):
            return True
        return self.join(to, value, node) == to

    def warn_cast(self, value: Type, to: Type, node: "ast.Node | None") -> None:
        """That an integer may change its value on the way into a variable or map."""
        if node is not None:
            self.warn(
                f"Expression of type: {describe(value)} being cast to type: {describe(to)}. This may cause unexpected results. Use an explicit cast to suppress this warning.",
                node,
            )

    def join(self, old: Type, new: Type, node: "ast.Node | None") -> "Type | None":
        """The type that holds both, None where there is none."""
        if isinstance(old, types.Integer) and isinstance(new, types.Integer):
            promoted = promote(old, new)
            if promoted is None:  # uint64 and a signed one
                if new == types.UINT64 and self.literal(node) is not None:
                    return None
                self.warn_cast(new, types.INT64, node)
                return types.INT64
            return promoted
        if old == new and not isinstance(old, (types.Tuple, types.Record)):
            return old
        if isinstance(old, types.Enum) and isinstance(new, types.Enum):
            return (old if old.size >= new.size else new) if old.name == new.name else types.UINT64
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
            if (old.target == types.VOID) != (new.target == types.VOID):
                return None
            return old if old.space else old.replace(space=new.space)
        if isinstance(old, types.Tuple) and isinstance(new, types.Tuple) and len(old.elements) == len(new.elements):
            nodes: Any = node.elements if isinstance(node, ast.TupleLiteral) else [None] * len(old.elements)
            joined = [self.join(a, b, n) for a, b, n in zip(old.elements, new.elements, nodes, strict=True)]
            return None if None in joined else types.make_tuple(joined)  # type: ignore[arg-type]
        if isinstance(old, types.Record) and isinstance(new, types.Record):
            named = {f.name: f.type for f in new.fields}
            if {f.name for f in old.fields} != set(named):
                return None
            values = dict(node.fields) if isinstance(node, ast.RecordLiteral) else {}
            fields = [(f.name, self.join(f.type, named[f.name], values.get(f.name))) for f in old.fields]
            return None if any(t is None for _n, t in fields) else types.make_record(fields)  # type: ignore[arg-type]
        if isinstance(old, types.Array) and isinstance(new, types.Array) and is_stringlike(old) and is_stringlike(new):
            return old if old.size >= new.size else new
        return None

    def mismatch(self, kind: str, name: str, old: "Type | None", new: Type, where: ast.Node) -> None:
        """``kind`` is "map" or "variable"."""
        message = f"Type mismatch for {name}: trying to assign value of type '{describe(new)}' "
        self.error(message + f"when {kind} already has a type '{describe(old)}'", where)

    def widen(self, slot: Slot, value: "Type | None", node: "ast.Node | None", where: ast.Node) -> None:
        if value is None:
            return
        if slot.type is None:
            slot.type = value
            self.changed = True
            return
        if slot.declared:
            if isinstance(slot.type, types.Pointer) and isinstance(value, types.Pointer) and not slot.type.space:
                slot.type = slot.type.replace(space=value.space)
            if isinstance(slot.type, types.Array) and isinstance(slot.type.element, types.Pointer) and isinstance(value, types.Array):
                element, other = slot.type.element, value.element
                if not element.space and isinstance(other, types.Pointer):
                    slot.type = slot.type.replace(element=element.replace(space=other.space))
            if not self.assignable(slot.type, value, node):
                self.mismatch("variable", slot.name, slot.type, value, where)
            return
        joined = self.join(slot.type, value, node)
        if joined is None:
            self.mismatch("variable", slot.name, slot.type, value, where)
        elif self.grows(slot, slot.type, joined, value, where):
            slot.type = joined

    def grows(self, holder: "Slot | MapInfo", old: Type, joined: Type, new: Type, where: ast.Node) -> bool:
        """Whether ``joined`` is news. A type that the program has asked for can not grow any more, which is said."""
        if joined != old and holder.locked:
            text = "this type has been locked because it was used in another part of the type graph that was already resolved (e.g. `sizeof`, `typeinfo`, etc.)."
            self.error(
                f"Type mismatch for {holder.name}: {text} The new type '{describe(new)}' doesn't fit into the locked type '{describe(old)}'",
                where,
            )
            return False
        news = joined != old or flexible(joined) != flexible(old)
        self.changed = self.changed or news
        return news

    def decided(self, node: ast.Expression) -> "bool | None":
        """Which branch a comptime condition chooses; the other one is not even checked. None where it is no such."""
        value = self.constant(node) if isinstance(node, ast.Comptime) else None
        return bool(value) if value is not None else None

    def needs(self, helper: str, what: str, since: str, node: ast.Node, hint: str = "") -> None:
        """Report that this kernel lacks what something is made of."""
        if not self.host.features.has(f"helper:{helper}"):
            self.error(f"This kernel cannot {what}: it has no bpf_{helper}(), which came with Linux {since}", node, hint)

    def condition(self, node: ast.Expression) -> None:
        type_ = self.expression(node)
        if type_ is not None and not self.truthy(type_) and self.constant(node) is None:
            self.error(f"Invalid condition: {base_type(type_)}", node)

    def resolve(self, struct: types.Struct) -> "types.Struct | None":
        """The struct with its fields, from the program's own definitions, a program's debugging information, or the kernel's."""
        if struct.fields is not None:
            return struct
        if struct.name in self.structs:
            return self.structs[struct.name]
        key = struct.source or (struct.name, struct.size)
        if key not in self.found_structs:
            if struct.source:
                known = self.host.debug_types(struct.source[0])
                self.found_structs[key] = known.struct(struct) if known else None
            else:
                self.found_structs[key] = self.host.btf.struct(struct.name, struct.size) if self.host.btf.exists else None
        return self.found_structs[key]

    def check(self, function: Function, call: ast.Call) -> "Type | None":
        """Ask a function for the type of a call."""
        return function.check(self, call)  # type: ignore[arg-type] # every State is a Typer
