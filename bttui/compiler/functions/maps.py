"""Functions on maps: delete, clear, zero, len, has_key, is_scalar."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.infer.rules import describe
from bttui.model import types
from bttui.model.buckets import bucket_count
from bttui.model.program import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bttui.compiler.infer.scope import MapInfo
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

MOST_BUCKETS = 4096  # that a loop visits: the verifier follows every round


def whole_map(typer: "Typer", name: str, node: "ast.Node") -> "MapInfo | None":
    """The map that an argument names as a whole."""
    if isinstance(node, ast.Map):
        info = typer.map(node)
        if typer.final and not info.assigned:
            typer.undefined_map(info.name, node)
        return info
    if isinstance(node, ast.MapAccess):
        typer.error(f"{name}() expects a map without a key", node, hint=f"{name}({node.map.name})")
    else:
        typer.error(f"{name}() expects a map to be provided", node)
    return None


class Delete(Function):
    name = "delete"
    signature = "delete(@map, key) or delete(@scalar)"
    doc = "Remove an entry; true if it was there."
    example = "tracepoint:syscalls:sys_exit_read { delete(@start, tid); @start[1] = 1; }"
    least, most = 1, 2
    effect = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        first = call.arguments[0]
        if isinstance(first, ast.MapAccess) and len(call.arguments) == 1:
            typer.access(first)
            if typer.final and not typer.maps[first.map.name].assigned:
                typer.undefined_map(first.map.name, first)
            return types.BOOL
        if not isinstance(first, ast.Map):
            typer.error("delete() expects a map for the first argument", first)
            return types.BOOL
        if len(call.arguments) == 2:
            access = call.note if isinstance(call.note, ast.MapAccess) else ast.MapAccess(call.span, None, None, first, call.arguments[1])  # type: ignore[arg-type]
            call.note = access
            typer.access(access)
        else:
            info = typer.map(first)
            if info.key == "unknown":
                info.key = None
            elif info.key is not None:
                typer.error(
                    f"call to delete() expects a map without explicit keys (scalar map): {info.name} has keys",
                    first,
                    hint=f"delete({info.name}, key), or clear({info.name}) for all",
                )
        info = typer.map(first)
        if typer.final and not info.assigned:
            typer.undefined_map(info.name, first)
        check_buckets(typer, self.name, info, call)
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        first = call.arguments[0]
        access = call.note if isinstance(call.note, ast.MapAccess) else first
        assert isinstance(access, (ast.Map, ast.MapAccess))
        info = code.info(access)
        if isinstance(info.value, types.Bucketed):
            return self.delete_buckets(code, info, access)
        if info.key is None:
            return self.delete_scalar(code, info)
        assert isinstance(access, ast.MapAccess)
        result = code.f.call(Helper.map_delete_elem, f"ptr @{code.tables.symbol(info.name)}", f"ptr {code.key(info, access.key)}")
        return code.boolean(code.f.compare("eq", 64, result, "0"))

    def delete_scalar(self, code: "Code", info: "MapInfo") -> Value:
        """The entry of an array stays: its u64 that says whether it was written becomes 0."""
        assert info.value is not None
        existed = code.temporary(8)
        code.f.store(8, "0", existed)
        size = types.align_up(info.value.size, 8)

        def clear(pointer: str) -> None:
            there = code.f.compare("ne", 64, code.f.load(64, code.f.offset(pointer, size)), "0")
            code.when(there, lambda: code.f.store(8, "1", existed))
            code.f.zero(pointer, size + 8)

        key = code.key(info, None)
        if isinstance(info.value, types.Aggregation):
            code.each_cpu(code.tables.symbol(info.name), key, clear)
        else:
            code.lookup(code.tables.symbol(info.name), key, clear)
        return Value(types.BOOL, code.f.load(8, existed))

    def delete_buckets(self, code: "Code", info: "MapInfo", access: "ast.Map | ast.MapAccess") -> Value:
        f = code.f
        existed = code.temporary(8)
        f.store(8, "0", existed)

        def delete(key: str) -> None:
            result = f.call(Helper.map_delete_elem, f"ptr @{code.tables.symbol(info.name)}", f"ptr {key}")
            code.when(f.compare("eq", 64, result, "0"), lambda: f.store(8, "1", existed))

        def clear(key: str) -> None:
            def one(pointer: str) -> None:
                word = f.load(64, f.offset(pointer, size - 8))  # the count, or the number of the interval
                code.when(f.compare("ne", 64, word, "0"), lambda: f.store(8, "1", existed))
                f.zero(pointer, size)

            code.each_cpu(code.tables.symbol(info.name), key, one)

        size = info.value.size  # type: ignore[union-attr]
        each_bucket(code, info, access, clear if info.key is None else delete)
        return Value(types.BOOL, f.load(8, existed))


def check_buckets(typer: "Typer", name: str, info: "MapInfo | None", call: "ast.Call") -> None:
    """Whether a function that looks at every bucket of an entry can do so."""
    if info is not None and isinstance(info.value, types.Bucketed) and bucket_count(info.value) > MOST_BUCKETS:
        typer.error(f"{name}() can not be used on {describe(info.value)} with more than {MOST_BUCKETS} intervals", call, hint="clear() can")


def each_bucket(code: "Code", info: "MapInfo", access: "ast.Map | ast.MapAccess", visit: "Callable[[str], None]") -> None:
    """Run ``visit`` with the map's own key of each bucket that the entry may have."""
    assert isinstance(info.value, types.Bucketed)
    f = code.f
    if isinstance(access, ast.MapAccess):
        assert isinstance(info.key, types.Type)
        key = code.key(info, access.key, 8)
        place, bits = f.offset(key, types.align_up(info.key.size, 8)), 64
    else:
        key = place = code.temporary(8)
        bits = 32
    index = code.temporary(8)
    f.store(64, "0", index)
    head, body, end = f.block("buckets"), f.block("bucket"), f.block("visited")
    f.jump(head)
    f.label(head)
    number = f.load(64, index)
    f.branch(f.compare("ult", 64, number, str(bucket_count(info.value))), body, end)
    f.label(body)
    f.store(bits, f.resize(number, 64, bits, False), place)
    visit(key)
    f.store(64, f.binary("add", 64, number, "1"), index)
    f.jump(head)
    f.label(end)


class HasKey(Function):
    name = "has_key"
    signature = "has_key(@map, key)"
    doc = "Whether the map has an entry for the key."
    example = "interval:s:1 { @a[1] = 1; print(has_key(@a, 1)); exit(); }"
    least = most = 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        info = whole_map(typer, self.name, call.arguments[0])
        if info is not None:
            if info.key is None:
                typer.error("call to has_key() expects a map with explicit keys (non-scalar map)", call.arguments[0])
                return types.BOOL
            access = call.note
            if not isinstance(access, ast.MapAccess):
                access = ast.MapAccess(call.span, None, None, call.arguments[0], call.arguments[1])  # type: ignore[arg-type]
            call.note = access
            typer.access(access)
            check_buckets(typer, self.name, info, call)
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        info = code.info(call.note)
        symbol = code.tables.symbol(info.name)
        result = code.temporary(8)
        code.f.store(8, "0", result)

        def look(key: str) -> None:
            code.lookup(symbol, key, lambda p: code.f.store(8, "1", result))

        if isinstance(info.value, types.Bucketed):
            each_bucket(code, info, call.note, look)
        else:
            look(code.key(info, call.note.key))
        return Value(types.BOOL, code.f.load(8, result))


class Find(HasKey):
    name = "find"
    signature = "find(@map, key, $value)"
    doc = "Whether the map has an entry for the key; if so its value is put into the variable."
    example = "interval:s:1 { @a[1] = 5; $value = 0; if (find(@a, 1, $value)) { print($value); } exit(); }"
    least = most = 3
    effect = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        variable = call.arguments[2]
        if not isinstance(variable, ast.Variable):
            typer.error("find() expects a variable for the last argument", variable)
            return types.BOOL
        if typer.find(variable.name) is None:
            typer.error(f"Undefined or undeclared variable: {variable.name}", variable)
            return types.BOOL
        if isinstance(call.arguments[0], ast.Map) and not isinstance(call.note, tuple):
            access = ast.MapAccess(call.span, None, None, call.arguments[0], call.arguments[1])  # type: ignore[arg-type]
            call.note = (access, ast.Assignment(call.span, variable, "=", access))
        if whole_map(typer, self.name, call.arguments[0]) is not None:
            typer.statement(call.note[1])
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        access, assignment = call.note
        code.variable(assignment.target.note)
        result = code.temporary(8)
        info = code.info(access)
        code.f.store(8, "0", result)
        code.lookup(code.tables.symbol(info.name), code.key(info, access.key), lambda p: code.f.store(8, "1", result))
        found = code.f.compare("ne", 8, code.f.load(8, result), "0")
        code.when(found, lambda: code.statement(assignment))
        return Value(types.BOOL, code.f.load(8, result))


class Clear(Function):
    name = "clear"
    signature = "clear(@map)"
    doc = "Remove all entries."
    example = "interval:s:1 { print(@); clear(@); } tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
    least = most = 1
    builtin = False

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        whole_map(typer, self.name, call.arguments[0])
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        node = call.arguments[0]
        assert isinstance(node, ast.Map)
        code.event(Output(self.name, map=node.name, span=call.span), [])
        return Value(types.VOID, "0")


class Zero(Clear):
    name = "zero"
    signature = "zero(@map)"
    doc = "Set all values to 0, keep the keys."
    example = "interval:s:1 { print(@); zero(@); } tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"


class IsScalar(Function):
    name = "is_scalar"
    signature = "is_scalar(@map)"
    doc = "Whether a map has no keys; known at compile time."
    example = "interval:s:1 { @a = 1; print(is_scalar(@a)); exit(); }"
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        info = whole_map(typer, self.name, call.arguments[0])
        call.note = int(info is not None and info.key is None)
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.BOOL, str(call.note))


class Length(Function):
    name = "len"
    signature = "len(@map) or len(stack)"
    doc = "How many entries a map has (of histograms and time series: buckets of all keys), or frames a stack."
    example = "interval:s:1 { @a[1] = 1; print(len(@a)); exit(); }"
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        node = call.arguments[0]
        if isinstance(node, ast.Map):
            typer.needs("for_each_map_elem", "count the entries of a map", "5.13", call)
            info = whole_map(typer, self.name, node)
            if info is not None and info.key is None:
                typer.error("call to len() expects a map with explicit keys (non-scalar map)", node)
            return types.INT64
        type_ = typer.expression(node)
        typer.counts_frames = True
        if type_ is not None and not isinstance(type_, types.Stack):
            typer.error(f"len() expects a map or stack to be provided, not {describe(type_)}", node)
        return types.INT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        node = call.arguments[0]
        if isinstance(node, ast.Map):
            info = code.info(node)
            callback = code.counting_callback()
            result = code.f.call(Helper.for_each_map_elem, f"ptr @{code.tables.symbol(info.name)}", f"ptr @{callback}", "ptr null", "i64 0")
            return Value(types.INT64, result)
        stack = code.load(code.expression(node))
        return Value(types.INT64, code.f.resize(code.f.load(32, code.f.offset(stack.operand, 8)), 32, 64, False))
