"""Reading memory as something: buf, kptr, uptr, container_of, bswap, and addresses; writing it: write_user."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.functions.types import member_offset, type_of
from bttui.compiler.infer.rules import describe
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


class KernelPointer(Function):
    name = "kptr"
    signature = "kptr(pointer)"
    doc = "Take the pointer as one into the kernel."
    example = "interval:s:1 { print(str(kptr(curtask.comm))); exit(); }"
    least = most = 1
    space = "kernel"

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        type_ = typer.expression(call.arguments[0])
        if isinstance(type_, types.Pointer):
            return type_.replace(space=self.space)
        if isinstance(type_, types.Integer):
            return types.Pointer(target=types.VOID, space=self.space)
        if isinstance(type_, types.Array):
            return types.Pointer(target=type_.element, space=self.space)
        if type_ is not None:
            typer.error(f"{self.name}() only supports pointer arguments ({describe(type_)} provided)", call.arguments[0])
        return type_

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        value = code.expression(call.arguments[0])
        if isinstance(value.type, types.Array):
            return Value(call.type, value.operand if value.place in ("kernel", "user") else code.f.to_integer(value.operand))
        return Value(call.type, code.as_integer(code.load(value)))


class UserPointer(KernelPointer):
    name = "uptr"
    signature = "uptr(pointer)"
    doc = "Take the pointer as one into the process."
    example = "tracepoint:syscalls:sys_enter_openat { print(str(uptr(args.filename))); exit(); }"
    space = "user"


class SwapBytes(Function):
    name = "bswap"
    signature = "bswap(n)"
    doc = "The integer with its bytes in reverse order."
    example = "interval:s:1 { print(bswap((uint32)0x12345678)); exit(); }"
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, types.Integer):
            typer.error(f"bswap() only supports integer arguments ({describe(type_)} provided)", call)
            return None
        return types.Integer(size=type_.size) if type_ is not None else None

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert isinstance(call.type, types.Integer)
        bits = call.type.size * 8
        number = code.integer(call.arguments[0], bits)
        if bits == 8:
            return Value(call.type, number)
        code.tables.module.declare(f"declare i{bits} @llvm.bswap.i{bits}(i{bits})")
        return Value(call.type, code.f.value(f"call i{bits} @llvm.bswap.i{bits}(i{bits} {number})"))


class Buffer(Function):
    name = "buf"
    signature = "buf(data[, length])"
    doc = "Bytes of memory, printed with %r; the length may be left out for arrays."
    example = 'tracepoint:syscalls:sys_enter_write { printf("%r\\n", buf(args.buf, args.count)); exit(); }'
    least, most = 1, 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        source = typer.expression(call.arguments[0])
        if source is not None and not isinstance(source, (types.Integer, types.Pointer, types.String, types.Array)):
            typer.error(f"buf() expects an integer, string, or array argument but saw {describe(source)}", call)
            return None
        most = int(typer.config["max_strlen"])
        if isinstance(source, (types.Array, types.String)):
            most = min(most, max(source.size, 1))  # what lies behind it is something else
        capacity = most
        if len(call.arguments) > 1:
            type_ = typer.expression(call.arguments[1])
            if type_ is not None and not isinstance(type_, types.Integer):
                typer.error("buf() length must be an integer", call.arguments[1])
            number = typer.constant(call.arguments[1])
            if isinstance(number, int):
                if number < 0:
                    typer.error("buf() length must be non-negative", call.arguments[1])
                capacity = min(max(number, 1), most)
        elif isinstance(source, (types.Array, types.String)):
            capacity = min(max(source.size, 1), most)
        else:
            typer.error("buf() expects a length argument for non-array types", call)
        return types.Buffer(capacity=capacity, size=types.align_up(4 + capacity, 4))

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        type_ = call.type
        assert isinstance(type_, types.Buffer)
        f = code.f
        memory = code.memory(type_)
        value = code.expression(call.arguments[0])
        place = value if isinstance(value.type, (types.Array, types.String)) else code.pointed(code.load(value), types.INT8)
        f.zero(f.offset(memory, 4), type_.size - 4, 4)
        if len(call.arguments) > 1:
            length = code.integer(call.arguments[1])
            length = f.select(f.compare("ult", 64, length, str(type_.capacity)), 64, length, str(type_.capacity))
        else:
            length = str(type_.capacity)
        f.store(32, f.resize(length, 64, 32, False) if length.startswith("%") else length, memory)
        code.probe_read(f.offset(memory, 4), f.resize(length, 64, 32, False) if length.startswith("%") else length, place)
        return Value(type_, memory, "memory")


class Register(Function):
    name = "reg"
    signature = 'reg("name")'
    doc = "A CPU register at the probe."
    example = 'kprobe:vfs_read { print(reg("ip")); exit(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        name = typer.text(call.arguments[0], "reg() name")
        call.note = ("register", name)
        registers = typer.body.context.registers
        if not registers:
            typer.error(
                f"reg() can not be used with {typer.body.provider} probes",
                call,
                hint="it needs a kprobe, uprobe, usdt, profile or software probe",
            )
        elif name is not None and name not in registers:
            typer.error(
                f"'{name}' is not a valid register on this architecture ({typer.host.machine})",
                call.arguments[0],
                hint="one of " + ", ".join(registers),
            )
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        offset = code.body.context.registers[call.note[1]]
        return Value(types.UINT64, code.f.load(64, code.f.offset("%ctx", offset), volatile=True))


class IsError(Function):
    name = "is_err"
    signature = "is_err(pointer)"
    doc = "Whether a pointer is an error number in disguise (IS_ERR of <linux/err.h>)."
    example = "fexit:do_filp_open { if (is_err(retval)) { print((int64)retval); } }"
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, (types.Pointer, types.Integer)):
            typer.error(f"is_err() only supports pointer arguments ({describe(type_)} provided)", call)
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.boolean(code.f.compare("uge", 64, code.integer(call.arguments[0]), "-4095"))  # MAX_ERRNO


class ContainerOf(Function):
    name = "container_of"
    signature = "container_of(pointer, type, member)"
    doc = "The struct of which the pointer points to a member."
    example = "interval:s:1 { $member = (uint64)curtask + offsetof(struct task_struct, tasks); print(container_of($member, task_struct, tasks).pid); exit(); }"
    least = most = 3

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        pointer = typer.expression(call.arguments[0])
        if pointer is not None and not isinstance(pointer, (types.Pointer, types.Integer)):
            typer.error(f"container_of() expects a pointer ({describe(pointer)} provided)", call.arguments[0])
        struct = type_of(typer, call.arguments[1])
        offset = member_offset(typer, struct, call.arguments[2], call)
        call.note = ("offset", offset or 0)
        if struct is None:
            return None
        return types.Pointer(target=struct, space=pointer.space if isinstance(pointer, types.Pointer) else "")

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        return Value(call.type, code.f.binary("sub", 64, code.integer(call.arguments[0]), str(call.note[1])))


class WriteUser(Function):
    name = "write_user"
    signature = "write_user(destination, source, length)"
    doc = "Write memory of the process that is running; whether that succeeded. The source is memory of the program."
    example = "uprobe:/bin/bash:readline { $new = (uint32)5; print(write_user(arg0, &$new, 4)); }"
    least = most = 3
    unsafe = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        for argument in call.arguments:
            type_ = typer.expression(argument)
            if type_ is not None and not isinstance(type_, (types.Pointer, types.Integer)):
                typer.error(f"{self.name}() takes two pointers and a length ({describe(type_)} provided)", argument)
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        destination, source = (code.integer(argument) for argument in call.arguments[:2])
        length = code.integer(call.arguments[2], 32)
        result = code.f.call(Helper.probe_write_user, f"i64 {destination}", f"i64 {source}", f"i32 {length}")
        return code.boolean(code.f.compare("eq", 64, result, "0"))
