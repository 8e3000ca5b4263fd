"""About types, known at compile time: sizeof, offsetof, typeinfo, is_ptr and relatives."""

from bttui.compiler import ast
from bttui.compiler.emit import Value
from bttui.compiler.functions import Function
from bttui.compiler.functions.literals import written
from bttui.compiler.infer.names import find_field
from bttui.compiler.infer.rules import base_type, describe, is_stringlike
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


SIZES = (types.UINT8, types.UINT16, types.UINT32, types.UINT64)


def type_of(typer: "Typer", node: "ast.Node") -> "Type | None":
    """The type that an argument names or has. A word alone that is no value is a type: sizeof(int)."""
    if isinstance(node, ast.Identifier) and not typer.function_named(node.name) and typer.is_type(node.name):
        return typer.named_type(node.name, node)
    return typer.type_name(node) if isinstance(node, ast.TypeName) else typer.type_word(node) or typer.expression(node)


class Known(Function):
    """The result is a number that the type pass finds."""

    least = most = 1
    literal = True
    kind: "Type | None" = None  # the smallest for the number

    def value(self, typer: "Typer", call: "ast.Call") -> "int | None":
        raise NotImplementedError

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        call.note = self.value(typer, call)
        return self.kind or next(t for t in SIZES if (call.note or 0) < 1 << t.size * 8)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        return code.literal(int(call.note or 0), call.type)


class SizeOf(Known):
    name = "sizeof"
    signature = "sizeof(type or expression)"
    doc = "How many bytes a type or the value of an expression has."
    example = "interval:s:1 { print(sizeof(struct task_struct)); exit(); }"

    def value(self, typer: "Typer", call: "ast.Call") -> "int | None":
        no_assignments(typer, call.arguments[0], "sizeof")
        type_ = type_of(typer, call.arguments[0])
        if isinstance(type_, types.Struct) and not type_.size:
            resolved = typer.resolve(type_)
            return resolved.size if resolved else 0
        return type_.size if type_ is not None else None


class TypeInfo(Function):
    name = "typeinfo"
    signature = "typeinfo(type or expression)"
    doc = "A record that tells of a type: base_type (int, string, tuple, ...), full_type (uint32, string[16], ...) and btf_id, which is 0."
    example = "config = { unstable_typeinfo = enable } interval:s:1 { print(typeinfo(pid)); exit(); }"
    least = most = 1
    literal = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        typer.unstable(self.name, call)
        argument = call.arguments[0]
        no_assignments(typer, argument, "typeof or typeinfo")
        call.note = None
        if not typer.asking:
            return None
        type_ = typer.type_of(argument) if isinstance(argument, ast.Map) else type_of(typer, argument)
        if type_ is None and typer.final:
            typer.error(
                f"Could not resolve the type of this {'variable' if isinstance(argument, ast.Variable) else 'expression'}", argument
            )
        if type_ is None:
            return None
        holder = argument.map if isinstance(argument, ast.MapAccess) else argument
        if isinstance(holder, (ast.Variable, ast.Map)):
            found = typer.find(holder.name) if isinstance(holder, ast.Variable) else typer.maps.get(holder.name)
            if found is not None:
                found.locked = True
        told: dict[str, int | str | bool] = {"btf_id": 0, "base_type": base_type(type_), "full_type": describe(type_)}
        call.note = ast.RecordLiteral(call.span, None, None, tuple((name, written(value, call)) for name, value in told.items()))
        return typer.expression(call.note)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.expression(call.note)


def no_assignments(typer: "Typer", argument: "ast.Node", where: str) -> None:
    """What is only looked at for its type does not run."""
    from bttui.compiler.bodies import walk

    for node in walk(argument):
        if isinstance(node, ast.Assignment) and isinstance(node.target, (ast.Map, ast.MapAccess)):
            typer.error(f"Map assignments not allowed inside of {where}", node)


class OffsetOf(Known):
    name = "offsetof"
    signature = "offsetof(struct, member)"
    doc = "Where a member lies in its struct, in bytes."
    example = "interval:s:1 { print(offsetof(struct task_struct, comm)); exit(); }"
    least, most = 2, 2

    def value(self, typer: "Typer", call: "ast.Call") -> "int | None":
        return member_offset(typer, type_of(typer, call.arguments[0]), call.arguments[1], call)


def member_offset(typer: "Typer", type_: "Type | None", member: "ast.Node", call: "ast.Call") -> "int | None":
    """Where a member (of a member, with dots between) lies in a struct; None where that was reported."""
    names, node = [], member
    while isinstance(node, ast.FieldAccess):
        names.append(node.name)
        node = node.operand
    if isinstance(node, (ast.Identifier, ast.TypeName)):
        names.append(node.name)
    offset = 0
    for name in reversed(names):
        struct = typer.resolve(type_) if isinstance(type_, types.Struct) else None
        field = find_field(struct, name, typer) if struct else None
        if field is None:
            if type_ is not None:
                typer.error(f"'{describe(type_)}' has no field named '{name}'", call)
            return None
        offset += field.offset
        type_ = field.type
    return offset


class Predicate(Known):
    kind = types.BOOL

    def test(self, type_: "Type") -> bool:
        raise NotImplementedError

    def value(self, typer: "Typer", call: "ast.Call") -> "int | None":
        type_ = type_of(typer, call.arguments[0])
        return int(type_ is not None and self.test(type_))


class IsPointer(Predicate):
    name = "is_ptr"
    signature = "is_ptr(expression)"
    doc = "Whether an expression is a pointer."
    example = "interval:s:1 { print(is_ptr(curtask)); exit(); }"

    def test(self, type_: "Type") -> bool:
        return isinstance(type_, types.Pointer)


class IsString(Predicate):
    name = "is_str"
    signature = "is_str(expression)"
    doc = "Whether an expression is a string."
    example = "interval:s:1 { print(is_str(comm)); exit(); }"

    def test(self, type_: "Type") -> bool:
        return is_stringlike(type_)


class IsArray(Predicate):
    name = "is_array"
    signature = "is_array(expression)"
    doc = "Whether an expression is an array."
    example = "interval:s:1 { print(is_array(curtask.comm)); exit(); }"

    def test(self, type_: "Type") -> bool:
        return isinstance(type_, types.Array) and not is_stringlike(type_)


class IsInteger(Predicate):
    name = "is_integer"
    signature = "is_integer(expression)"
    doc = "Whether an expression is an integer."
    example = "interval:s:1 { print(is_integer(pid)); exit(); }"

    def test(self, type_: "Type") -> bool:
        return isinstance(type_, types.Integer)


class IsUnsigned(Predicate):
    name = "is_unsigned_integer"
    signature = "is_unsigned_integer(expression)"
    doc = "Whether an expression is an unsigned integer."
    example = "interval:s:1 { print(is_unsigned_integer(pid)); exit(); }"

    def test(self, type_: "Type") -> bool:
        return isinstance(type_, types.Integer) and not type_.signed


class IsLiteral(Known):
    name = "is_literal"
    signature = "is_literal(expression)"
    doc = "Whether an expression is a literal."
    example = "interval:s:1 { print(is_literal(1)); exit(); }"
    kind = types.BOOL

    def value(self, typer: "Typer", call: "ast.Call") -> "int | None":
        type_of(typer, call.arguments[0])
        return int(isinstance(call.arguments[0], (ast.IntegerLiteral, ast.StringLiteral, ast.BooleanLiteral)))
