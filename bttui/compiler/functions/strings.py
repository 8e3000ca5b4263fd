"""Strings: str, strlen, strncmp, strcontains, strstr, strerror, signal_name, syscall_name."""

from bttui.compiler import ast
from bttui.compiler.emit import Value
from bttui.compiler.functions import Function
from bttui.compiler.infer.rules import describe, is_stringlike
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


class Str(Function):
    name = "str"
    signature = "str(pointer[, length])"
    doc = "The NUL-terminated string at an address, at most length (or max_strlen) bytes with the NUL."
    example = "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); exit(); }"
    least, most = 1, 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        source = typer.expression(call.arguments[0])
        limit = int(typer.config["max_strlen"])
        if isinstance(source, types.String) or (isinstance(source, types.Array) and source.element.size == 1):
            size = source.size
        elif source is None or isinstance(source, (types.Pointer, types.Integer)):
            size = limit
        else:
            typer.error(f"str() expects an integer or a pointer type as first argument ({describe(source)} provided)", call)
            return types.String(limit)
        if len(call.arguments) > 1:
            type_ = typer.expression(call.arguments[1])
            number = typer.constant(call.arguments[1])
            if type_ is not None and not isinstance(type_, types.Integer):
                typer.error("str() length must be an integer", call.arguments[1])
            elif isinstance(number, int):
                if number < 0:
                    typer.error(f"str() length must be non-negative ({number} provided)", call.arguments[1])
                    number = 0
                if number > limit:
                    typer.warn(
                        f"length param ({number}) is too long and will be shortened to {limit} bytes (see BPFTRACE_MAX_STRLEN)",
                        call.arguments[1],
                    )
                size = min(number, limit)
                if isinstance(call.arguments[0], ast.StringLiteral):
                    size = min(number + 1, source.size if source else limit, limit)
            else:
                size = limit
        return types.String(max(size, 1))

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        type_ = call.type
        assert isinstance(type_, types.String)
        f = code.f
        memory = code.memory(type_)
        value = code.expression(call.arguments[0])
        bounded = len(call.arguments) > 1 and typer_constant(code, call.arguments[1]) is None
        text = isinstance(value.type, (types.String, types.Array))
        if text and value.place == "memory" and not bounded:
            code.convert(value, type_, memory)
            return Value(type_, memory, "memory")
        if text:
            place = Value(
                types.INT8,
                value.operand if value.place in ("kernel", "user") else f.to_integer(value.operand),
                "user" if value.place == "user" else "kernel",
            )
        else:
            place = code.pointed(code.load(value), types.INT8)
        if bounded:
            return self.bounded(code, call, memory, type_, place)
        used = code.read_string(memory, type_.size, place)
        empty = f.compare("slt", 64, used, "1")
        return Value(type_, memory, "memory", f.select(empty, 64, "1", used))

    def bounded(self, code: "Code", call: "ast.Call", memory: str, type_: "types.String", place: Value) -> Value:
        """With a length that is only known at run time."""
        from bttui.compiler.emit import Helper

        f = code.f
        length = code.integer(call.arguments[1])
        limit = str(type_.size)
        length = f.select(f.compare("ult", 64, length, limit), 64, length, limit)
        f.zero(memory, type_.size, 1)
        helper = Helper.probe_read_user_str if place.place == "user" else Helper.probe_read_kernel_str
        f.call(helper, f"ptr {memory}", f"i32 {f.resize(length, 64, 32, False)}", f"i64 {place.operand}")
        return Value(type_, memory, "memory")


def typer_constant(code: "Code", node: "ast.Node") -> "int | None":
    value = code.typer.constant(node)
    return int(value) if isinstance(value, int) else None


class Strlen(Function):
    name = "strlen"
    signature = "strlen(string)"
    doc = "How many bytes a string has before its NUL."
    example = 'interval:s:1 { print(strlen("abc")); exit(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        value = typer.constant(call.arguments[0])
        call.note = len(value.encode("utf-8", "surrogateescape")) if isinstance(value, str) else None
        if type_ is not None and not is_stringlike(type_):
            typer.error(f"strlen() expects a string ({describe(type_)} provided)", call)
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        value = code.string(call.arguments[0])  # type: ignore[arg-type]
        index = code.temporary(8)
        f.store(64, "0", index)
        head, more, end = f.block("length"), f.block("byte"), f.block("ended")
        f.jump(head)
        f.label(head)
        at = f.load(64, index)
        step = f.block("step")
        f.branch(f.compare("ult", 64, at, str(value.type.size)), more, end)
        f.label(more)
        f.branch(f.compare("eq", 8, f.load(8, f.offset(value.operand, at)), "0"), end, step)
        f.label(step)
        f.store(64, f.binary("add", 64, at, "1"), index)
        f.jump(head)
        f.label(end)
        return Value(types.UINT64, f.load(64, index))


class Strncmp(Function):
    name = "strncmp"
    signature = "strncmp(a, b, length)"
    doc = "0 if the first length bytes of two strings are the same, else 1."
    example = 'tracepoint:raw_syscalls:sys_enter /strncmp(comm, "ba", 2) == 0/ { @ = count(); }'
    least = most = 3

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        for argument in call.arguments[:2]:
            type_ = typer.expression(argument)
            if type_ is not None and not is_stringlike(type_):
                typer.error(f"strncmp() expects strings ({describe(type_)} provided)", argument)
        typer.expression(call.arguments[2])
        size = typer.integer_constant(call.arguments[2], "strncmp() length")
        if size is not None and size < 0:
            typer.error("strncmp() length must not be negative", call.arguments[2])
        call.note = ("length", max(size or 0, 0))
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        size = call.note[1]
        for literal, other in ((call.arguments[0], call.arguments[1]), (call.arguments[1], call.arguments[0])):
            text = code.typer.constant(literal)
            if isinstance(text, str):
                value = code.string(other)  # type: ignore[arg-type]
                raw = text.encode("utf-8", "surrogateescape") + b"\0"
                wanted = raw[: min(size, len(raw))]
                if len(wanted) > value.type.size:
                    return Value(types.UINT64, "1")
                equal = code.equal_literal(value.operand, wanted) if wanted else "true"
                break
        else:
            a, b = code.string(call.arguments[0]), code.string(call.arguments[1])  # type: ignore[arg-type]
            equal = code.equal_bytes(a.operand, b.operand, min(size, a.type.size, b.type.size), True)
        return Value(types.UINT64, f.resize(f.binary("xor", 1, equal, "1"), 1, 64, False))


class Strcontains(Function):
    name = "strcontains"
    signature = "strcontains(haystack, needle)"
    doc = "Whether one string contains the other."
    example = 'tracepoint:syscalls:sys_enter_openat /strcontains(str(args.filename), "tmp")/ { @ = count(); }'
    least = most = 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        for argument in call.arguments:
            type_ = typer.expression(argument)
            if type_ is not None and not is_stringlike(type_):
                typer.error(f"{self.name}() expects strings ({describe(type_)} provided)", argument)
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.boolean(code.f.compare("sge", 64, position(code, call), "0"))


def position(code: "Code", call: "ast.Call") -> str:
    """Where the needle begins in the haystack, -1 where it does not; an i64. One pass with a restart (bounded)."""
    f = code.f
    hay, needle = code.string(call.arguments[0]), code.string(call.arguments[1])  # type: ignore[arg-type]
    start, result = code.temporary(8), code.temporary(8)
    f.store(64, "0", start)
    f.store(64, "-1", result)
    index = code.temporary(8)
    outer, inner, compare, advance, next_start, hit, end = (
        f.block(n) for n in ("from", "match", "both", "next", "shift", "hit", "searched")
    )
    f.jump(outer)
    f.label(outer)
    s = f.load(64, start)
    f.store(64, "0", index)
    check = f.block("inside")
    f.branch(f.compare("ult", 64, s, str(hay.type.size)), check, end)
    f.label(check)
    f.jump(inner)
    f.label(inner)
    i = f.load(64, index)
    f.branch(f.compare("ult", 64, i, str(needle.type.size)), compare, hit)
    f.label(compare)
    wanted = f.load(8, f.offset(needle.operand, i))
    some = f.block("some")
    f.branch(f.compare("eq", 8, wanted, "0"), hit, some)
    f.label(some)
    at = f.binary("add", 64, s, i)
    within = f.block("within")
    f.branch(f.compare("ult", 64, at, str(hay.type.size)), within, end)
    f.label(within)
    here = f.load(8, f.offset(hay.operand, at))
    f.branch(f.compare("eq", 8, here, wanted), advance, next_start)
    f.label(advance)
    f.store(64, f.binary("add", 64, i, "1"), index)
    f.jump(inner)
    f.label(next_start)
    first = f.load(8, f.offset(hay.operand, s))
    f.store(64, f.binary("add", 64, s, "1"), start)
    f.branch(f.compare("eq", 8, first, "0"), end, outer)
    f.label(hit)
    f.store(64, s, result)
    f.jump(end)
    f.label(end)
    return f.load(64, result)


class Strstr(Strcontains):
    name = "strstr"
    signature = "strstr(haystack, needle)"
    doc = "Where one string begins in the other, -1 where it does not."
    example = 'interval:s:1 { print(strstr("abc", "c")); exit(); }'

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        super().check(typer, call)
        return types.INT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.INT64, position(code, call))


class DefaultLength(Function):
    name = "default_str_length"
    signature = "default_str_length()"
    doc = "The config variable max_strlen."
    example = "interval:s:1 { print(default_str_length()); exit(); }"

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        call.note = int(typer.config["max_strlen"])
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.UINT64, str(call.note))


class Named(Function):
    """A number that has a name: looked up when it is shown."""

    least = most = 1

    def names(self) -> "dict[int, str]":
        raise NotImplementedError

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, types.Integer):
            typer.error(f"{self.name}() only supports integer arguments ({describe(type_)} provided)", call)
        return types.StringConstant()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        names = self.names()
        unknown = code.tables.string("")
        base = [code.tables.string(text) for text in names.values()]
        number = code.integer(call.arguments[0])
        result = str(unknown)
        for value, index in zip(names, base, strict=True):
            result = f.select(f.compare("eq", 64, number, str(value)), 64, str(index), result)
        return Value(types.StringConstant(), result)


class Strerror(Named):
    name = "strerror"
    signature = "strerror(errno)"
    doc = "The message of an error number."
    example = "tracepoint:syscalls:sys_exit_openat /args.ret < 0/ { print(strerror(-args.ret)); exit(); }"

    def names(self) -> "dict[int, str]":
        import errno
        import os

        return {number: os.strerror(number) for number in sorted(errno.errorcode)}


class SignalName(Named):
    name = "signal_name"
    signature = "signal_name(number)"
    doc = "The name of a signal."
    example = "tracepoint:signal:signal_deliver { @[signal_name(args.sig)] = count(); }"

    def names(self) -> "dict[int, str]":
        import signal

        return {int(s): s.name for s in signal.Signals}
