"""Values: reading them from where they are, converting them, putting them into memory."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.infer.rules import describe, is_stringlike
from bttui.compiler.lower.state import SCALARS
from bttui.compiler.lower.telling import Telling
from bttui.model import types
from bttui.model.diagnostic import error
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

TRACING = 26  # enum bpf_prog_type, <linux/bpf.h>


class Values(Telling):
    """What every expression leans on."""

    def load(self, value: Value, into: str = "") -> Value:
        """The value itself: scalars as an operand, everything else in memory that may be read directly."""
        type_ = value.type
        size = type_.size
        if isinstance(type_, SCALARS):
            bits = size * 8
            if value.place == "value":
                return value
            # A pointer in the context of a tracing program is more than a number to the verifier: it lets nobody calculate with it.
            typed = value.place == "context" and isinstance(type_, types.Pointer) and self.body.context.type == TRACING
            if value.place in ("memory", "context") and not typed:
                return Value(type_, self.f.load(bits, value.operand, 1 if value.place == "memory" else 0, value.place == "context"))
            temporary = self.temporary(8)
            self.probe_read(temporary, size, value)
            return Value(type_, self.f.load(bits, temporary))
        if value.place == "memory":
            return value
        memory = into or self.temporary(size)
        if value.place == "places":
            self.all_placed(memory)
            return Value(type_, memory, "memory")
        self.probe_read(memory, size, value)
        return Value(type_, memory, "memory")

    def probe_read(self, memory: str, size: "int | str", value: Value) -> None:
        """``size``: bytes, a number or an i32; after a failure they are zero."""
        helper = Helper.probe_read_user if value.place == "user" else Helper.probe_read_kernel
        source = f"ptr {value.operand}" if value.place in ("context", "memory") else f"i64 {value.operand}"
        self.checked(
            "probe_read_user" if value.place == "user" else "probe_read", self.f.call(helper, f"ptr {memory}", f"i32 {size}", source)
        )

    def scalar(self, node: ast.Expression, type_: Type) -> str:
        """An operand of the size of a scalar type, converted as C would."""
        bits = type_.size * 8
        if isinstance(type_, types.Bool):
            return self.f.resize(self.condition(node), 1, 8, False)
        if isinstance(type_, (types.ProbeName, types.Username, types.KernelSymbol)):
            return self.load(self.expression(node)).operand
        return self.integer(node, bits)

    def integer(self, node: ast.Node, bits: int = 64) -> str:
        return self.as_integer(self.load(self.expression(node)), bits)

    def as_integer(self, value: Value, bits: int = 64) -> str:
        type_ = value.type
        if isinstance(type_, SCALARS):
            signed = isinstance(type_, types.Integer | types.Enum) and type_.signed
            return self.f.resize(value.operand, type_.size * 8, bits, signed)
        if value.place == "memory" and type_.size in (1, 2, 4, 8):
            return self.f.resize(self.f.load(type_.size * 8, value.operand, 1), type_.size * 8, bits, False)
        raise AssertionError(f"no integer: {type_}")

    def condition(self, node: ast.Expression) -> str:
        """An i1."""
        return self.truth(self.load(self.expression(node)))

    def truth(self, value: Value) -> str:
        if isinstance(value.type, SCALARS):
            return self.f.compare("ne", value.type.size * 8, value.operand, "0")
        return self.f.compare("ne", 8, self.f.load(8, value.operand), "0")

    def boolean(self, condition: str) -> Value:
        return Value(types.BOOL, self.f.resize(condition, 1, 8, False))

    def store(self, node: ast.Expression, type_: Type, pointer: str) -> None:
        """The value of an expression, as a type, into memory."""
        if isinstance(type_, SCALARS):
            self.f.store(type_.size * 8, self.scalar(node, type_), pointer, 1)
            return
        if isinstance(node, ast.StringLiteral) and isinstance(type_, types.String):
            self.store_string(node.value, type_.size, pointer)
            return
        if isinstance(node, ast.TupleLiteral) and isinstance(type_, types.Tuple):
            self.zero_holes(type_, pointer)
            for element, part, offset in zip(node.elements, type_.elements, type_.offsets, strict=True):
                self.store(element, part, self.f.offset(pointer, offset))
            return
        if isinstance(node, ast.RecordLiteral) and isinstance(type_, types.Record):
            if sum(f.type.size for f in type_.fields) < type_.size:
                self.f.zero(pointer, type_.size, 1)
            fields = {f.name: f for f in type_.fields}
            for name, expression in node.fields:  # in the order of writing: it can be told from what they print
                self.store(expression, fields[name].type, self.f.offset(pointer, fields[name].offset))
            return
        into = pointer if node.type == type_ else ""
        value = self.load(self.expression(node, into), into)
        if value.operand != pointer:
            self.convert(value, type_, pointer)

    def zero_holes(self, type_: types.Tuple, pointer: str) -> None:
        if sum(e.size for e in type_.elements) < type_.size:
            self.f.zero(pointer, type_.size, 1)

    def convert(self, value: Value, type_: Type, pointer: str) -> None:
        """A value that is in memory, as another type of the same family, into memory."""
        if isinstance(type_, SCALARS):
            loaded = self.load(value)
            operand = (
                self.f.resize(self.truth(loaded), 1, 8, False) if isinstance(type_, types.Bool) else self.as_integer(loaded, type_.size * 8)
            )
            self.f.store(type_.size * 8, operand, pointer, 1)
            return
        source = value.type
        if isinstance(type_, types.Tuple) and isinstance(source, types.Tuple) and type_ != source:
            self.zero_holes(type_, pointer)
            for a, at, b, bt in zip(source.elements, source.offsets, type_.elements, type_.offsets, strict=True):
                self.convert(Value(a, self.f.offset(value.operand, at), "memory"), b, self.f.offset(pointer, bt))
            return
        if isinstance(type_, types.Record) and isinstance(source, types.Record) and type_ != source:
            self.f.zero(pointer, type_.size, 1)
            fields = {f.name: f for f in source.fields}
            for field in type_.fields:
                old = fields[field.name]
                self.convert(
                    Value(old.type, self.f.offset(value.operand, old.offset), "memory"), field.type, self.f.offset(pointer, field.offset)
                )
            return
        size = min(source.size, type_.size)
        self.f.copy(pointer, value.operand, size)
        if size < type_.size:
            self.f.zero(self.f.offset(pointer, size), type_.size - size, 1)
        elif isinstance(type_, types.String) and source.size > type_.size:
            self.f.store(8, "0", self.f.offset(pointer, type_.size - 1))

    def store_string(self, text: str, size: int, pointer: str) -> None:
        raw = text.encode("utf-8", "surrogateescape")[: size - 1]
        if len(raw) >= 64:
            data = raw + b"\0"
            self.f.copy(pointer, self.tables.module.constant(data), len(data))
            if size > len(data):
                self.f.zero(self.f.offset(pointer, len(data)), size - len(data), 1)
            return
        used = types.align_up(len(raw) + 1, 8)
        if used > size:
            used = size
        data = raw.ljust(used, b"\0")
        at = 0
        while at < used:
            step = next(n for n in (8, 4, 2, 1) if at + n <= used)
            number = int.from_bytes(data[at : at + step], "little")
            self.f.store(step * 8, str(number), self.f.offset(pointer, at), 1)
            at += step
        if size > used:
            self.f.zero(self.f.offset(pointer, used), size - used, 1)

    def string(self, node: ast.Expression) -> Value:
        """A string in memory."""
        value = self.load(self.expression(node))
        if is_stringlike(value.type):
            return value
        raise error(f"expected a string, got {describe(value.type)}", node.span)

    @staticmethod
    def literal(value: int, type_: Type) -> Value:
        bits = type_.size * 8
        value &= (1 << bits) - 1
        return Value(type_, str(value - (1 << bits) if value >> (bits - 1) else value))

    def pointed(self, pointer: Value, type_: Type, offset: "int | str" = 0) -> Value:
        """What a pointer (or an integer taken as one) points to, not read yet."""
        address = self.as_integer(pointer)
        if offset != 0:
            address = self.f.binary("add", 64, address, str(offset))
        space = pointer.type.space if isinstance(pointer.type, types.Pointer) else ""
        if not space:
            space = "user" if self.body.context.user else "kernel"
        return Value(type_, address, space)

    def read_string(self, memory: str, size: int, place: Value) -> str:
        """A NUL-terminated string from kernel or user memory; the rest is zeroed. Returns the used bytes as an i64."""
        self.f.zero(memory, size, 1)
        return self.probe_read_string(memory, size, place)

    def probe_read_string(self, memory: str, size: "int | str", place: Value) -> str:
        """The same without zeroing; ``size`` is a number or an i32."""
        helper = Helper.probe_read_user_str if place.place == "user" else Helper.probe_read_kernel_str
        return self.checked(
            "probe_read_user_str" if place.place == "user" else "probe_read_str",
            self.f.call(helper, f"ptr {memory}", f"i32 {size}", f"i64 {place.operand}"),
        )

    def divide(self, dividend: str, divisor: str, signed: bool, remainder: bool = False) -> str:
        """64-bit division; BPF's own is unsigned before cpu v4. A zero divisor must have been excluded or gives 0."""
        operation = "urem" if remainder else "udiv"
        if not signed:
            return self.f.binary(operation, 64, dividend, divisor)
        negative = self.f.compare("slt", 64, dividend, "0")
        other = self.f.compare("slt", 64, divisor, "0")
        a = self.f.select(negative, 64, self.f.binary("sub", 64, "0", dividend), dividend)
        b = self.f.select(other, 64, self.f.binary("sub", 64, "0", divisor), divisor)
        quotient = self.f.binary(operation, 64, a, b)
        minus = negative if remainder else self.f.binary("xor", 1, negative, other)
        return self.f.select(minus, 64, self.f.binary("sub", 64, "0", quotient), quotient)

    def equal_literal(self, pointer: str, data: bytes) -> str:
        """Whether memory begins with these bytes: no loop, one comparison per word."""
        difference, at = "0", 0
        while at < len(data):
            step = next(n for n in (8, 4, 2, 1) if at + n <= len(data))
            number = int.from_bytes(data[at : at + step], "little")
            here = self.f.resize(self.f.load(step * 8, self.f.offset(pointer, at), 1), step * 8, 64, False)
            difference = self.f.binary("or", 64, difference, self.f.binary("xor", 64, here, str(number)))
            at += step
        return self.f.compare("eq", 64, difference, "0")

    def equal_bytes(self, a: str, b: str, size: int, stop_at_nul: bool) -> str:
        """Compare memory; as strings up to the first NUL. A bounded loop."""
        result, index = self.temporary(8), self.temporary(8)
        self.f.store(8, "1", result)
        self.f.store(64, "0", index)
        head, body, next_, end, differ, check = (self.f.block(n) for n in ("cmp", "byte", "next", "same", "differ", "nul"))
        self.f.jump(head)
        self.f.label(head)
        i = self.f.load(64, index)
        self.f.branch(self.f.compare("ult", 64, i, str(size)), body, end)
        self.f.label(body)
        x = self.f.load(8, self.f.offset(a, i))
        y = self.f.load(8, self.f.offset(b, i))
        self.f.branch(self.f.compare("eq", 8, x, y), check, differ)
        self.f.label(differ)
        self.f.store(8, "0", result)
        self.f.jump(end)
        self.f.label(check)
        if stop_at_nul:
            self.f.branch(self.f.compare("eq", 8, x, "0"), end, next_)
            self.f.label(next_)
        self.f.store(64, self.f.binary("add", 64, i, "1"), index)
        self.f.jump(head)
        self.f.label(end)
        return self.f.compare("ne", 8, self.f.load(8, result), "0")

    def equal_values(self, a: Value, b: Value) -> str:
        type_ = a.type
        if isinstance(type_, (types.Tuple, types.Record)):
            parts: "list[tuple[Type, int]]" = (
                list(zip(type_.elements, type_.offsets, strict=True))
                if isinstance(type_, types.Tuple)
                else [(f.type, f.offset) for f in type_.fields]
            )
            result = "true"
            for part, offset in parts:
                one = self.equal_values(
                    Value(part, self.f.offset(a.operand, offset), "memory"), Value(part, self.f.offset(b.operand, offset), "memory")
                )
                result = self.f.binary("and", 1, result, one)
            return result
        if isinstance(type_, types.String):
            return self.equal_bytes(a.operand, b.operand, type_.size, True)
        return self.equal_bytes(a.operand, b.operand, type_.size, False)

    def call_number(self) -> str:
        """The number of the system call, at the raw tracepoint of all of them; an i64."""
        if self.body.context.system_call == "enter":
            return self.f.load(64, self.f.offset("%ctx", 8), volatile=True)
        return self.call_register(0)

    def call_register(self, index: int) -> str:
        """A saved register of the system call: 0 is the number, then the arguments."""
        registers = self.f.load(64, "%ctx", volatile=True)
        place = self.f.binary("add", 64, registers, str(self.body.context.system_call_registers[index]))
        return self.load(Value(types.UINT64, place, "kernel")).operand

    def call_field(self, field: types.Field) -> Value:
        """A field of args as the plain tracepoint lays them out: the number at 8, then 8 bytes for each argument."""
        if field.offset < 16:
            number = self.call_number()
        elif self.body.context.system_call == "exit":
            number = self.f.load(64, self.f.offset("%ctx", 8), volatile=True)
        else:
            number = self.call_register((field.offset - 16) // 8 + 1)
        return Value(field.type, self.f.resize(number, 64, field.type.size * 8, False))

    def placed(self, field: types.Field) -> Value:
        """A field of args that is somewhere of its own: in registers, or in memory."""
        from bttui.compiler.functions.probe import located

        context, type_ = self.body.context, field.type
        assert context.arguments is not None and context.arguments.fields is not None
        names = [each.name for each in context.arguments.fields]
        pieces = context.argument_places[names.index(field.name)]
        if isinstance(type_, SCALARS):
            value = self.f.resize(located(self, pieces[0]), 64, 8 * type_.size, False)  # type: ignore[arg-type]
            return self.boolean(self.f.compare("ne", 8, value, "0")) if isinstance(type_, types.Bool) else Value(type_, value)
        if pieces[0].memory:
            base = self.f.load(64, self.f.offset("%ctx", context.registers[pieces[0].register]), volatile=True)
            return Value(type_, self.f.binary("add", 64, base, str(pieces[0].offset)), "user")
        memory = self.temporary(8 * len(pieces))
        for number, piece in enumerate(pieces):
            self.f.store(64, located(self, piece.replace(size=8)), self.f.offset(memory, 8 * number), 1)  # type: ignore[arg-type]
        return Value(type_, memory, "memory")

    def all_placed(self, memory: str) -> None:
        """Every field of args, into memory that is laid out as the struct."""
        struct = self.body.context.arguments
        assert struct is not None
        self.f.zero(memory, struct.size, 1)
        for field in struct.fields or ():
            place = self.f.offset(memory, field.offset)
            value = self.load(self.placed(field))
            if isinstance(field.type, SCALARS):
                self.f.store(8 * field.type.size, value.operand, place, 1)
            else:
                self.convert(value, field.type, place)
