"""exit, unwatch, and what acts on processes: signal, override."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.functions.probe import OWN
from bttui.compiler.infer.rules import describe
from bttui.compiler.lower.code import EXITING
from bttui.model import types
from bttui.model.program import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


class Exit(Function):
    name = "exit"
    signature = "exit([code])"
    doc = "End the program: end probes run, maps are printed, the exit status is the code."
    example = "interval:s:5 { exit(); }"
    most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        if call.arguments:
            type_ = typer.expression(call.arguments[0])
            if type_ is not None and not isinstance(type_, types.Integer):
                typer.error("exit() only supports an integer code", call.arguments[0])
        if typer.fors:
            typer.error("exit() is not allowed in a for loop", call, hint="leave the loop first: set a variable and break")
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        code.event(Output("exit", span=call.span), list(call.arguments), wake=True)  # type: ignore[arg-type]
        code.f.store(32, "1", code.tables.module.variable(EXITING), volatile=True)
        code.leave()
        return Value(types.VOID, "0")


class Unwatch(Function):
    name = "unwatch"
    signature = "unwatch(address)"
    doc = "Take the watchpoints off an address; done once it is heard of."
    example = "watchpoint:0x10000000:8:w { unwatch(0x10000000); }"
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, (types.Integer, types.Pointer)):
            typer.error(f"unwatch() only supports int and pointer arguments ({describe(type_)} provided)", call)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        code.event(Output(self.name, span=call.span), list(call.arguments))  # type: ignore[arg-type]
        return Value(types.VOID, "0")


def signal_number(typer: "Typer", node: "ast.Node") -> "int | None":
    """A literal signal number or name; None where it is only known at run time."""
    import signal

    value = typer.constant(node)
    if isinstance(value, str):
        name = value.upper()
        found = getattr(signal, name if name.startswith("SIG") else f"SIG{name}", None)
        if not isinstance(found, signal.Signals):
            typer.error(f"{value} is not a valid signal", node)
            return None
        return int(found)
    if isinstance(value, int) and not 0 < value < 65:
        typer.error(f"{value} is not a valid signal, allowed range: [1,64]", node)
    return value if isinstance(value, int) else None


# Probes that run in a process of no meaning, or in our own.
_OF_NOBODY = (*OWN, "interval", "iter", "test", "bench", "xdp", "tc")


class Signal(Function):
    name = "signal"
    signature = 'signal(number | "SIGNAME")'
    doc = "Send a signal to the process that is running."
    example = 'tracepoint:syscalls:sys_enter_execve /comm == "bad"/ { signal("KILL"); }'
    least = most = 1
    unsafe = True
    helper = Helper.send_signal

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if typer.body.provider in _OF_NOBODY:
            typer.error(f"{self.name}() can not be used in {typer.body.provider} probes: there is no process that the signal is for", call)
        if type_ is not None and not isinstance(type_, (types.Integer, types.String)):
            typer.error(f"{self.name}() takes a number or a name", call.arguments[0])
        call.note = ("signal", signal_number(typer, call.arguments[0]))
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        number = call.note[1]
        operand = str(number) if number is not None else code.integer(call.arguments[0], 32)
        code.f.call(self.helper, f"i32 {operand}")
        return Value(types.VOID, "0")


class SignalThread(Signal):
    name = "signal_thread"
    signature = 'signal_thread(number | "SIGNAME")'
    doc = "Send a signal to the thread that is running."
    example = 'tracepoint:syscalls:sys_enter_execve /comm == "bad"/ { signal_thread("KILL"); }'
    helper = Helper.send_signal_thread


class Override(Function):
    name = "override"
    signature = "override(value)"
    doc = "Make the probed kernel function return this value without running (where the kernel allows it)."
    example = 'kprobe:should_failslab /comm == "test"/ { override(-12); }'
    least = most = 1
    unsafe = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        typer.expression(call.arguments[0])
        if "override" not in typer.body.context.capabilities:
            typer.error(f"override() can not be used with {typer.body.provider} probes", call, hint="it needs a kprobe")
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        code.f.call(Helper.override_return, "ptr %ctx", f"i64 {code.integer(call.arguments[0])}")
        return Value(types.VOID, "0")
