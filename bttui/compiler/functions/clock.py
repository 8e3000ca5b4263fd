"""Time: nsecs, elapsed, jiffies, strftime, time."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.model import types
from bttui.model.program import ELAPSED, TAI, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

# name: (number as in types.Timestamp, helper); sw_tai is the boot clock and what TAI was ahead of it at the start
CLOCKS = {
    "monotonic": (0, Helper.ktime_get_ns),
    "boot": (1, Helper.ktime_get_boot_ns),
    "tai": (3, Helper.ktime_get_tai_ns),
    "sw_tai": (4, Helper.ktime_get_boot_ns),
}


class Nanoseconds(Function):
    name = "nsecs"
    signature = "nsecs or nsecs(monotonic|boot|tai|sw_tai)"
    doc = "Nanoseconds: of the boot clock (which also runs while asleep), or of the clock named."
    example = "interval:s:1 { print(nsecs(tai)); exit(); }"
    most = 1
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        if call.arguments:
            word = call.arguments[0]
            if not isinstance(word, ast.Identifier) or word.name not in CLOCKS:
                typer.error(f"Invalid timestamp mode: {getattr(word, 'name', '')}", word, hint="use monotonic, boot, tai or sw_tai")
            elif word.name == "sw_tai":
                typer.own_scalar(TAI, types.UINT64, call)
            elif word.name == "tai" and not typer.host.features.has("helper:ktime_get_tai_ns"):
                typer.error("This kernel has no TAI clock for BPF", word, hint="use nsecs(boot)")
            call.note = word.name if isinstance(word, ast.Identifier) else "boot"
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        if call.note == "sw_tai":
            return Value(types.UINT64, boot_clock_plus(code, call, TAI))
        return Value(types.UINT64, code.f.call(CLOCKS[call.note or "boot"][1]))


def boot_clock_plus(code: "Code", call: "ast.Call", scalar: str) -> str:
    """The boot clock and what an internal scalar says that another clock is ahead of it: an i64."""
    ahead = code.own_scalar(scalar, types.UINT64, call)
    return code.f.binary("add", 64, code.f.call(Helper.ktime_get_boot_ns), ahead.operand)


class Elapsed(Function):
    name = "elapsed"
    signature = "elapsed"
    doc = "Nanoseconds since the program was started."
    example = "interval:s:1 { print(elapsed / 1000000000); exit(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        return typer.own_scalar(ELAPSED, types.UINT64, call)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        start = code.own_scalar(ELAPSED, types.UINT64, call)
        return Value(types.UINT64, code.f.binary("sub", 64, code.f.call(Helper.ktime_get_boot_ns), start.operand))


class Jiffies(Function):
    name = "jiffies"
    signature = "jiffies"
    doc = "The kernel's tick counter."
    example = "interval:s:1 { print(jiffies); exit(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.UINT64, code.f.call(Helper.jiffies64))


class Time(Function):
    name = "time"
    signature = "time([format])"
    doc = "Print the wall clock time in the format of strftime(3); without one %H:%M:%S and a new line."
    example = 'interval:s:1 { time("%H:%M:%S\\n"); exit(); }'
    most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        call.note = None
        text: str | None = "%H:%M:%S\n"
        if call.arguments:
            text = typer.text(call.arguments[0], "time() format")
        call.note = ("text", text)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        code.event(Output("time", text=call.note[1], span=call.span), [])
        return Value(types.VOID, "0")


class FormatTime(Function):
    name = "strftime"
    signature = "strftime(format, nanoseconds)"
    doc = "A timestamp in the format of strftime(3), %f being microseconds; shown when it is printed."
    example = 'interval:s:1 { printf("%s\\n", strftime("%H:%M:%S", nsecs)); exit(); }'
    least = most = 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        text = typer.text(call.arguments[0], "strftime() format")
        type_ = typer.expression(call.arguments[1])
        if type_ is not None and not isinstance(type_, types.Integer):
            typer.error("strftime() only supports an integer number of nanoseconds", call.arguments[1])
        call.note = ("text", text)
        return types.Timestamp()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        memory = code.memory(types.Timestamp())
        source = call.arguments[1]
        inner = source.note if isinstance(source, ast.Identifier) else source
        clock = (
            CLOCKS.get(getattr(inner, "note", None) or "boot", CLOCKS["boot"])[0]
            if isinstance(inner, ast.Call) and inner.name == "nsecs"
            else 1
        )
        number = code.integer(source)
        code.f.store(64, str(clock), memory, 1)
        code.f.store(64, number, code.f.offset(memory, 8), 1)
        code.f.store(64, str(code.tables.string(call.note[1])), code.f.offset(memory, 16), 1)
        return Value(types.Timestamp(), memory, "memory")
