"""The context of a probe: args, argN, retval, probe, probetype, func, ctx."""

from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.functions.process import own_process
from bttui.compiler.infer.names import find_field
from bttui.model import types
from bttui.probes.registers import registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler import ast
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type
    from bttui.probes.provider import Location


TRACING = (2, 5, 7, 17, 26)  # enum bpf_prog_type: kprobe, tracepoint, perf event, raw tracepoint, tracing
OWN = ("begin", "end", "self")  # probes of no place in the kernel


class Arguments(Function):
    name = "args"
    signature = "args"
    doc = "The arguments of a tracepoint, raw tracepoint, fentry or fexit probe, by name; of a uprobe where there is debugging information."
    example = "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); exit(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        struct = typer.body.context.arguments
        if struct is None or typer.body.context.iteration:
            typer.error(
                f"The args builtin can only be used with tracepoint, rawtracepoint, fentry, fexit and uprobe probes ({typer.body.provider} used here)",
                call,
                hint="use arg0, arg1, ... in kprobes"
                if typer.body.context.argument_registers
                else "the fields are in ctx"
                if typer.body.context.iteration
                else "",
            )
        return struct

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        context = code.body.context
        assert context.arguments is not None
        if context.argument_access == "pointer":
            return Value(context.arguments, code.f.to_integer("%ctx"), "kernel")
        if context.packet:
            return Value(context.arguments, code.packet, "memory")
        place = context.argument_access if context.argument_access in ("system call", "places") else "context"
        return Value(context.arguments, "%ctx", place)


class Context(Function):
    name = "ctx"
    signature = "ctx"
    doc = "The raw context of the BPF program."
    example = "iter:task { print(ctx.task.pid); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        if typer.body.provider in OWN:
            typer.error(f"The ctx builtin can not be used with '{typer.body.provider}' probes", call)
        elif typer.body.provider == "tracepoint":
            typer.error("Use args instead of ctx in tracepoint", call)
        if typer.body.context.argument_access == "pointer" and typer.body.context.arguments is not None:
            return types.Pointer(target=typer.body.context.arguments, space="kernel")
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        return Value(call.type, code.f.to_integer("%ctx"))


class Argument(Function):
    name = "argN"
    signature = "arg0, arg1, ..."
    doc = "The arguments of the probed function, as 64-bit integers."
    example = "kprobe:vfs_read { @[arg2] = count(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        context = typer.body.context
        number = int(call.name[3:])
        if context.argument_locations is not None:
            if number >= len(context.argument_locations):
                # Of all the places of the probe, so that many are told as one.
                without = dict.fromkeys(
                    attachment.name
                    for body in typer.bodies
                    if body.probe is typer.body.probe and number >= len(body.context.argument_locations or ())
                    for attachment in body.attachments
                )
                first, *others = without
                has = f"and {len(others)} more have" if others else "has"
                typer.error(f"{first} {has} no {call.name}: it is 0", call, severity="warning")
            elif context.argument_locations[number].problem:
                typer.error(f"not supported: {call.name} {context.argument_locations[number].problem}", call)
            return types.INT64
        if not context.argument_registers and not context.argument_slots:
            typer.error(
                f"The {call.name} builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes",
                call,
                hint="use args here"
                if context.arguments is not None
                else "keep it at the entry: kprobe:f { @a[tid] = arg0; }, and read @a[tid] here"
                if context.return_value
                else "",
            )
        elif number >= (len(context.argument_registers) or context.argument_slots):
            typer.error(
                f"arg{number} is not in a register here",
                call,
                hint=f"arg0 to arg{(len(context.argument_registers) or context.argument_slots) - 1} are",
            )
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        context = code.body.context
        number = int(call.name[3:])
        if context.argument_locations is not None:
            known = number < len(context.argument_locations)
            return Value(types.INT64, located(code, context.argument_locations[number]) if known else "0")
        if not context.argument_registers:
            return Value(types.UINT64, slot(code, number))
        offset = context.registers[context.argument_registers[number]]
        return Value(types.UINT64, code.f.load(64, code.f.offset("%ctx", offset), volatile=True))


def slot(code: "Code", number: int) -> str:
    """A u64 of a context that is an array of them."""
    pointer = types.Pointer(target=types.VOID)
    return code.load(Value(pointer, code.f.offset("%ctx", 8 * number), "context")).operand


def located(code: "Code", location: "Location") -> str:
    """The value that is there, widened to 64 bits."""
    f, bits = code.f, 8 * location.size

    def register(name: str) -> str:
        return f.load(64, f.offset("%ctx", code.body.context.registers[name]), volatile=True)

    if location.memory:
        address = str(location.offset)
        if location.register:
            address = f.binary("add", 64, register(location.register), address)
        if location.index:
            address = f.binary("add", 64, address, f.binary("mul", 64, register(location.index), str(location.scale)))
        number = code.load(Value(types.Integer(size=location.size), address, "user")).operand
    elif location.register:
        number = f.resize(f.binary("lshr", 64, register(location.register), str(location.shift)), 64, bits, False)
    else:
        return str(location.offset)
    return f.resize(number, bits, 64, location.signed)


class StackArgument(Function):
    name = "sargN"
    signature = "sarg0, sarg1, ..."
    doc = "The arguments that were passed on the stack, as 64-bit integers."
    example = "uprobe:/bin/bash:main { print(sarg0); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        if not typer.body.context.argument_registers:
            typer.error(f"The {call.name} builtin can only be used with kprobe and uprobe probes", call)
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        context, machine = code.body.context, registers(code.typer.host.machine)
        pointer = code.f.load(64, code.f.offset("%ctx", context.registers[machine.stack_pointer]), volatile=True)
        place = code.f.binary("add", 64, pointer, str(machine.stack_arguments + 8 * int(call.name[4:])))
        return code.load(Value(types.UINT64, place, "user" if context.user else "kernel"))


class ReturnValue(Function):
    name = "retval"
    signature = "retval"
    doc = "What the probed function returned."
    example = "kretprobe:vfs_read { @bytes = hist(retval); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        context = typer.body.context
        if not context.return_value:
            typer.error(
                "The retval builtin can only be used with 'kretprobe' and 'uretprobe' and 'fexit' probes",
                call,
                hint="use args.ret here"
                if context.arguments and any(f.name == "ret" for f in context.arguments.fields or ())
                else "it is known when the function returns: kretprobe:f { ... }"
                if context.argument_registers
                else "",
            )
        return context.return_type or types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        context = code.body.context
        type_ = context.return_type or types.UINT64
        if context.return_value.startswith("slot:"):
            number = slot(code, int(context.return_value[5:]))
        elif context.return_value == "asked for":
            copy = code.temporary(8)
            code.f.store(64, "0", copy)
            code.f.call(Helper.get_func_ret, "ptr %ctx", f"ptr {copy}")
            number = code.f.load(64, copy)
        else:
            number = code.f.load(64, code.f.offset("%ctx", context.registers[context.return_value]), volatile=True)
        if isinstance(type_, types.Bool):
            return code.boolean(code.f.compare("ne", 8, code.f.resize(number, 64, 8, False), "0"))
        return Value(type_, code.f.resize(number, 64, type_.size * 8, False))


class Probe(Function):
    name = "probe"
    signature = "probe"
    doc = "The full name of the probe that fired."
    example = "tracepoint:sched:sched* { @[probe] = count(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        typer.body.cookies = True
        return types.ProbeName()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        attachments = code.body.attachments
        if code.cookie:
            return Value(types.ProbeName(), code.f.load(64, code.cookie))
        if len(attachments) == 1:
            return Value(types.ProbeName(), str(attachments[0].cookie))
        cookie = code.f.call(Helper.get_attach_cookie, "ptr %ctx")
        if code.body.entry:  # the link has those of the entries
            cookie = code.f.binary("add", 64, cookie, str(attachments[0].cookie - code.body.entry.attachments[0].cookie))
        return Value(types.ProbeName(), cookie)


class ProbeType(Function):
    name = "probetype"
    signature = "probetype"
    doc = "The kind of the probe that fired."
    example = "tracepoint:sched:sched* { @[probetype] = count(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        return types.String(len(self.kind(typer.body.provider)) + 1)

    @staticmethod
    def kind(provider: str) -> str:
        return "special" if provider in OWN else provider

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert isinstance(call.type, types.String)
        memory = code.memory(call.type)
        code.store_string(self.kind(code.body.provider), call.type.size, memory)
        return Value(call.type, memory, "memory")


class FunctionName(Function):
    name = "func"
    signature = "func"
    doc = "The name of the probed function."
    example = "kprobe:vfs_* { @[func] = count(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        capabilities = typer.body.context.capabilities
        if "function" not in capabilities:
            typer.error("The func builtin can not be used with " + typer.body.provider + " probes", call, hint="use probe")
        return types.UserSymbol() if typer.body.context.user else types.KernelSymbol()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        address = code.f.call(Helper.get_func_ip, "ptr %ctx")
        if not code.body.context.user:
            return Value(types.KernelSymbol(), address)
        memory = code.memory(types.UserSymbol())
        user_symbol(code, memory, address)
        return Value(types.UserSymbol(), memory, "memory")


def user_symbol(code: "Code", memory: str, address: str) -> None:
    """Fill a UserSymbol: address, process, and when it began."""
    code.f.store(64, address, memory, 1)
    code.f.store(64, own_process(code), code.f.offset(memory, 8), 1)
    code.f.store(64, process_start(code), code.f.offset(memory, 16), 1)


def process_start(code: "Code") -> str:
    """When the process that is running began, in nanoseconds of CLOCK_BOOTTIME: an i64, 0 where the kernel does not say.

    With the pid it names one process; the pid alone may have been another's before.
    """
    f, typer = code.f, code.typer
    struct = typer.host.btf.struct("struct task_struct") if typer.host.btf.exists else None
    leader = find_field(struct, "group_leader", typer) if struct else None
    start = find_field(struct, "start_boottime", typer) if struct else None
    if leader is None or start is None:
        return "0"
    if code.body.context.type in TRACING and typer.host.features.has("helper:get_current_task_btf"):
        task = f.load_pointer(f.offset(f.call_pointer(Helper.get_current_task_btf), leader.offset))
        return f.load(64, f.offset(task, start.offset))
    task = f.call(Helper.get_current_task)
    task = code.load(Value(types.UINT64, f.binary("add", 64, task, str(leader.offset)), "kernel")).operand
    return code.load(Value(types.UINT64, f.binary("add", 64, task, str(start.offset)), "kernel")).operand


class UserMode(Function):
    name = "usermode"
    signature = "usermode"
    doc = "1 if the CPU was in user mode when the probe fired, 0 if in the kernel (x86_64 only)."
    example = "profile:hz:99 { @[usermode] = count(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        return types.UINT8

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        if "cs" not in code.body.context.registers:
            # a program of ours that we run ourselves, or code of the kernel
            return Value(types.UINT8, str(int(code.body.provider in OWN)))
        segment = code.f.load(64, code.f.offset("%ctx", code.body.context.registers["cs"]), volatile=True)
        user = code.f.compare("eq", 64, code.f.binary("and", 64, segment, "3"), "3")
        return Value(types.UINT8, code.f.resize(user, 1, 8, False))
