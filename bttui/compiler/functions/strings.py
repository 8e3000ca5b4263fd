"""Strings: str, path, strlen, strncmp, strcontains, strstr, strerror, signal_name, syscall_name."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.infer.rules import describe, is_stringlike, literal_type
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


ABSENT = -2  # -ENOENT, as the kernel's bpf_strstr() says it
MOST_NAMES = 4096  # of probes that share a program, for a table of them


def text(typer: "Typer", call: "ast.Call", place: int) -> "Type | None":
    """The type of an argument that has to be a string. A pointer to characters and the name of the probe are read as one."""
    node = call.arguments[place]
    type_ = typer.expression(node)
    characters = isinstance(type_, types.Pointer) and isinstance(type_.target, types.Integer) and type_.target.size == 1
    if characters or isinstance(type_, types.ProbeName):
        read = ast.Call(node.span, None, None, "str", (node,))
        call.arguments = (*call.arguments[:place], read, *call.arguments[place + 1 :])
        type_ = typer.expression(read)
    if type_ is not None and not is_stringlike(type_):
        expected = "a string" if len(call.arguments) == 1 else "strings"
        typer.error(f"{call.name}() expects {expected} ({describe(type_)} provided)", call if len(call.arguments) == 1 else node)
    return type_


def row(code: "Code", type_: "types.String", texts: "list[str]", number: str) -> Value:
    """One of several strings, by its number (an i64); the mask is there for the verifier."""
    f = code.f
    rows = 1 << (len(texts) - 1).bit_length()
    table = b"".join(text.encode().ljust(type_.size, b"\0") for text in texts).ljust(rows * type_.size, b"\0")
    number = f.binary("and", 64, number, str(rows - 1))
    start = f.value(f"getelementptr [{type_.size} x i8], ptr {code.tables.module.constant(table)}, i64 {number}")
    return Value(type_, start, "memory")


class Str(Function):
    name = "str"
    signature = "str(pointer[, length])"
    doc = "The NUL-terminated string at an address, at most length (or max_strlen) bytes with the NUL."
    example = "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); exit(); }"
    least, most = 1, 2
    literal = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        source = typer.expression(call.arguments[0])
        if isinstance(source, types.ProbeName):
            return self.probe(typer, call)
        written = typer.literal(call.arguments[0])
        if isinstance(source, types.Integer) and type(written) is int:
            # a number that is known is no address: its digits, as of a parameter that may be a name or a number
            digits = ast.StringLiteral(call.arguments[0].span, None, None, str(written))
            call.arguments = (digits, *call.arguments[1:])
            source = typer.expression(digits)
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
                return types.String(size)
        first = call.arguments[0]
        if isinstance(first, ast.StringLiteral):
            text = first.value.encode("utf-8", "surrogateescape")[: max(size - 1, 0)].decode("utf-8", "surrogateescape")
            call.note = ast.StringLiteral(call.span, types.String(max(size, 1)), None, text)
        return types.String(max(size, 1))

    @staticmethod
    def probe(typer: "Typer", call: "ast.Call") -> "Type":
        """The name of the probe, as a string that can be looked into."""
        if len(call.arguments) > 1:
            typer.error("str() of the probe takes no length", call)
        names = {attachment.cookie: attachment.name for attachment in typer.body.attachments}
        if max(names) - min(names) >= MOST_NAMES:
            typer.error(f"str() of the probe is for {MOST_NAMES} attach points at most", call, hint="compare probe with ==, or print it")
            return types.String(1)
        call.note = names
        return types.String(max(len(name.encode()) for name in names.values()) + 1)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        type_ = call.type
        assert isinstance(type_, types.String)
        f = code.f
        if isinstance(call.note, ast.StringLiteral):
            return code.expression(call.note)
        if isinstance(call.note, dict):
            first, last = min(call.note), max(call.note)
            number = code.load(code.expression(call.arguments[0])).operand
            texts = [call.note.get(cookie, "") for cookie in range(first, last + 1)]
            return row(code, type_, texts, f.binary("sub", 64, number, str(first)))
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
        if type_.size == int(code.typer.config["max_strlen"]):
            last = Value(types.INT8, f.binary("add", 64, place.operand, str(type_.size - 1)), place.place)
            # full: the byte in whose place the NUL is tells whether that was all; a string without a NUL was cut
            code.when(f.compare("eq", 64, used, str(type_.size)), lambda: code.probe_read(f.offset(memory, type_.size - 1), 1, last))
        empty = f.compare("slt", 64, used, "1")
        return Value(type_, memory, "memory", f.select(empty, 64, "1", used))

    def bounded(self, code: "Code", call: "ast.Call", memory: str, type_: "types.String", place: Value) -> Value:
        """With a length that is only known at run time."""
        f = code.f
        length = code.integer(call.arguments[1])
        limit = str(type_.size)
        length = f.select(f.compare("ult", 64, length, limit), 64, length, limit)
        f.zero(memory, type_.size, 1)
        code.probe_read_string(memory, f.resize(length, 64, 32, False), place)
        return Value(type_, memory, "memory")


def typer_constant(code: "Code", node: "ast.Node") -> "int | None":
    value = code.typer.constant(node)
    return int(value) if isinstance(value, int) else None


class Path(Function):
    name = "path"
    signature = "path(struct path *[, length])"
    doc = "The full path of a file, at most length (or max_strlen) bytes; in fentry, fexit and iter probes."
    example = "iter:task_file { print(path(ctx.file.f_path)); }"
    least, most = 1, 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        size = limit = int(typer.config["max_strlen"])
        if typer.body.provider not in ("fentry", "fexit", "iter"):
            typer.error("The path function can only be used with 'fentry', 'fexit', 'iter' probes", call)
        type_ = typer.expression(call.arguments[0])
        if isinstance(type_, types.Pointer):
            type_ = type_.target
        if type_ is not None and not (isinstance(type_, types.Struct) and type_.name == "struct path"):
            typer.error(f"path() only supports struct path arguments ({describe(type_)} provided)", call.arguments[0])
        if len(call.arguments) > 1:
            typer.expression(call.arguments[1])
            size = typer.integer_constant(call.arguments[1], "path() length") or limit
            if not 0 < size <= limit:
                typer.error(f"path() length must be between 1 and max_strlen ({size} provided)", call.arguments[1])
                size = limit
        return types.String(size)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert isinstance(call.type, types.String)
        f = code.f
        memory = code.memory(call.type)
        f.zero(memory, call.type.size, 1)
        end = f.block("path")
        place = self.kept(code, call.arguments[0], end)
        # the kernel leaves parts of the path behind its end, and all kinds of things where there is no room for it
        whole = code.temporary(call.type.size)
        length = f.call(Helper.d_path, f"ptr {place}", f"ptr {whole}", f"i32 {call.type.size}")
        read = [f"ptr {memory}", f"i32 {call.type.size}", f"ptr {whole}"]
        code.when(f.compare("sgt", 64, length, "0"), lambda: f.call(Helper.probe_read_kernel_str, *read))
        f.jump(end)
        f.label(end)
        return Value(call.type, memory, "memory")

    def kept(self, code: "Code", node: "ast.Node", null: str) -> str:
        """A pointer to a struct, or the pointer in a member, by loads that the verifier follows: it wants the very pointers

        that the kernel gave, not numbers that were read from memory. Goes to ``null`` where one of them is null.
        """
        f = code.f
        if not isinstance(node, ast.FieldAccess):
            if isinstance(node, ast.Identifier) and node.name == "ctx":
                return "%ctx"
            value = code.expression(node)
            return value.operand if value.place == "context" else f.to_pointer(value.operand)
        place = f.offset(self.kept(code, node.operand, null), node.note.offset)
        if not isinstance(node.type, types.Pointer):
            return place
        pointer = f.load_pointer(place)
        some = f.block("some")
        f.branch(f.compare("eq", "ptr", pointer, "null"), null, some)
        f.label(some)
        return pointer


class Strlen(Function):
    name = "strlen"
    signature = "strlen(string)"
    doc = "How many bytes a string has before its NUL."
    example = 'interval:s:1 { print(strlen("abc")); exit(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        text(typer, call, 0)
        value = typer.constant(call.arguments[0])
        call.note = ("length", len(value.encode("utf-8", "surrogateescape"))) if isinstance(value, str) else None
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        if call.note is not None:
            return code.literal(call.note[1], types.UINT64)
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
        for place in range(2):
            text(typer, call, place)
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
            written = code.typer.constant(literal)
            if isinstance(written, str):
                value = code.string(other)  # type: ignore[arg-type]
                raw = written.encode("utf-8", "surrogateescape") + b"\0"
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
        for place in range(2):
            text(typer, call, place)
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.boolean(code.f.compare("sge", 64, position(code, call), "0"))


def position(code: "Code", call: "ast.Call") -> str:
    """Where the needle begins in the haystack, ABSENT where it does not; an i64. One pass with a restart (bounded)."""
    f = code.f
    hay, needle = code.string(call.arguments[0]), code.string(call.arguments[1])  # type: ignore[arg-type]
    start, result = code.temporary(8), code.temporary(8)
    f.store(64, "0", start)
    f.store(64, str(ABSENT), result)
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
    doc = "Where one string begins in the other, a negative number where it does not."
    example = 'interval:s:1 { print(strstr("abc", "c")); exit(); }'

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        super().check(typer, call)
        return types.INT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.INT64, position(code, call))


class Strcap(Strlen):
    name = "strcap"
    signature = "strcap(string)"
    doc = "How many bytes the type of a string has room for, with the NUL; known at compile time."
    example = "interval:s:1 { print(strcap(comm)); exit(); }"
    literal = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        super().check(typer, call)
        type_ = call.arguments[0].type  # type: ignore[attr-defined]
        call.note = type_.size if type_ is not None else 0
        return literal_type(call.note)


class Concatenate(Function):
    name = "str_concat"
    signature = "str_concat(a, b)"
    doc = "One string after the other."
    example = 'interval:s:1 { print(str_concat(comm, "!")); exit(); }'
    least = most = 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        size = sum(type_.size for type_ in (text(typer, call, place) for place in range(2)) if type_ is not None)
        return types.String(max(1, min(size - 1, int(typer.config["max_strlen"]))))

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        type_ = call.type
        assert isinstance(type_, types.String)
        f = code.f
        code.into = ""
        a, b = (code.string(argument) for argument in call.arguments)  # type: ignore[arg-type]
        room = a.type.size + b.type.size
        # room for both at their full sizes: the verifier sees that a copy stays inside whatever the first one's length is
        memory = code.scratch(room)
        f.zero(memory, room, 1)
        used = f.call(Helper.probe_read_kernel_str, f"ptr {memory}", f"i32 {a.type.size}", f"ptr {a.operand}")
        length = f.binary("sub", 64, used, "1")
        length = f.select(f.compare("ult", 64, length, str(a.type.size)), 64, length, "0")
        f.call(Helper.probe_read_kernel_str, f"ptr {f.offset(memory, length)}", f"i32 {b.type.size}", f"ptr {b.operand}")
        if room - 1 > type_.size:
            f.store(8, "0", f.offset(memory, type_.size - 1))
        return Value(type_, memory, "memory")


class CompareMemory(Function):
    name = "memcmp"
    signature = "memcmp(a, b, length)"
    doc = "The difference of the first two bytes that differ, 0 where the first length bytes are the same."
    example = 'interval:s:1 { print(memcmp(comm, "bash", 4)); exit(); }'
    least = most = 3

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        typer.expression(call.arguments[2])
        size = typer.integer_constant(call.arguments[2], "memcmp() length")
        for argument in call.arguments[:2]:
            type_ = typer.expression(argument)
            if type_ is None:
                continue
            if not isinstance(type_, (types.String, types.Array, types.Pointer)):
                typer.error(f"memcmp() expects strings, arrays or pointers ({describe(type_)} provided)", argument)
            elif size is not None and not isinstance(type_, types.Pointer) and size > type_.size:
                typer.error(f"memcmp() length {size} is larger than {describe(type_)}", argument)
        if size is not None and not 0 <= size <= int(typer.config["max_strlen"]):
            typer.error("memcmp() length must be between 0 and max_strlen", call.arguments[2])
        call.note = ("length", size or 0)
        return types.INT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        size = call.note[1]
        result, index = code.temporary(8), code.temporary(8)
        a, b = (self.bytes(code, argument, size) for argument in call.arguments[:2])
        f.store(64, "0", result)
        f.store(64, "0", index)
        head, body, next_, end = (f.block(n) for n in ("compare", "byte", "same", "compared"))
        f.jump(head)
        f.label(head)
        i = f.load(64, index)
        f.branch(f.compare("ult", 64, i, str(size)), body, end)
        f.label(body)
        x, y = (f.resize(f.load(8, f.offset(place, i)), 8, 64, False) for place in (a, b))
        f.store(64, f.binary("sub", 64, x, y), result)
        f.store(64, f.binary("add", 64, i, "1"), index)
        f.branch(f.compare("eq", 64, x, y), next_, end)
        f.label(next_)
        f.jump(head)
        f.label(end)
        return Value(types.INT64, f.load(64, result))

    @staticmethod
    def bytes(code: "Code", node: "ast.Node", size: int) -> str:
        value = code.expression(node)
        if isinstance(value.type, types.Pointer):
            value = code.pointed(code.load(value), types.Array(element=types.UINT8, count=size))
        if value.place == "memory":
            return value.operand
        memory = code.temporary(max(size, 1))
        code.probe_read(memory, size, value)
        return memory


class DefaultLength(Function):
    name = "default_str_length"
    signature = "default_str_length()"
    doc = "The config variable max_strlen."
    example = "interval:s:1 { print(default_str_length()); exit(); }"
    literal = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        call.note = int(typer.config["max_strlen"])
        return literal_type(call.note)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        return code.literal(call.note, call.type)


class Named(Function):
    """A number that has a name: a string, out of a table in the program."""

    least = most = 1
    unknown = ""

    def names(self, machine: str) -> "dict[int, str]":
        raise NotImplementedError

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, types.Integer):
            typer.error(f"{self.name}() only supports integer arguments ({describe(type_)} provided)", call)
        texts = self.names(typer.host.machine)
        value = typer.constant(call.arguments[0])
        if isinstance(value, int):
            call.note = ast.StringLiteral(call.span, None, None, texts.get(self.number(value), self.unknown))
            return typer.expression(call.note) or types.String(1)
        return types.String(max(len(text) for text in (self.unknown, *texts.values())) + 1)

    @staticmethod
    def number(value: int) -> int:
        """Of a number that is written: the one that has the name."""
        return value

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        if isinstance(call.note, ast.StringLiteral):
            return code.expression(call.note)
        f = code.f
        type_ = call.type
        assert isinstance(type_, types.String)
        numbers = self.names(code.typer.host.machine)
        texts = [self.unknown, *numbers.values()]
        most = max(numbers) + 1
        room = 1 << most.bit_length()
        # which row is a table, too: whatever LLVM makes of it, both accesses stay behind their masks, as old verifiers want it
        row_of = dict(zip(numbers, range(1, len(texts)), strict=True))
        index = b"".join(row_of.get(n, 0).to_bytes(4, "little") for n in range(room))
        number = self.magnitude(code, code.integer(call.arguments[0]))
        place = f.binary("and", 64, number, str(room - 1))
        entry = f.load(32, f.value(f"getelementptr i32, ptr {code.tables.module.constant(index)}, i64 {place}"))
        return row(code, type_, texts, f.select(f.compare("ult", 64, number, str(most)), 64, f.resize(entry, 32, 64, False), "0"))

    def magnitude(self, code: "Code", number: str) -> str:
        return number


class Strerror(Named):
    name = "strerror"
    signature = "strerror(errno)"
    doc = "The message of an error number."
    example = "tracepoint:syscalls:sys_exit_openat /args.ret < 0/ { print(strerror(-args.ret)); exit(); }"
    unknown = "Unknown error"

    @staticmethod
    def number(value: int) -> int:
        return abs(value)

    def magnitude(self, code: "Code", number: str) -> str:
        """What a system call returns is the number with a minus."""
        f = code.f
        negative = f.compare("slt", 64, number, "0")
        return f.select(negative, 64, f.binary("sub", 64, "0", number), number)

    def names(self, machine: str) -> "dict[int, str]":
        import errno
        import os

        return {number: os.strerror(number) for number in sorted((0, *errno.errorcode))}


class SignalName(Named):
    name = "signal_name"
    signature = "signal_name(number)"
    doc = "What a signal is called: Killed, Terminated."
    example = "tracepoint:signal:signal_generate { @[signal_name(args.sig)] = count(); }"
    unknown = "N/A"

    def names(self, machine: str) -> "dict[int, str]":
        import signal

        return {number: signal.strsignal(number) or self.unknown for number in range(1, signal.NSIG)}


class SystemCallName(Named):
    name = "syscall_name"
    signature = "syscall_name(number)"
    doc = "The name of a system call."
    example = "tracepoint:raw_syscalls:sys_enter { @[syscall_name(args.id)] = count(); }"
    unknown = "Unknown syscall"

    def names(self, machine: str) -> "dict[int, str]":
        from bttui.host.syscalls import names

        return names(machine)
