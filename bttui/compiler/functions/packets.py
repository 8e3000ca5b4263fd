"""Packets of the kernel: skboutput."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.infer.rules import describe
from bttui.compiler.lower.telling import NO_WAKEUP
from bttui.model import types
from bttui.model.program import Argument, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

CAPTURED = 4096  # bytes of a packet at most


class SocketBufferOutput(Function):
    name = "skboutput"
    signature = 'skboutput("file", struct sk_buff *, length, offset)'
    doc = "Add a packet to a pcap file; 0 if it was sent there. Up to 4096 bytes of what lies in the buffer's own memory; a warning says where that is less than asked for."
    example = 'fentry:napi_gro_receive { skboutput("received.pcap", args.skb, args.skb.len, 0); }'
    least = most = 4

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        for argument in call.arguments:
            typer.expression(argument)
        path = typer.string_constant(call.arguments[0], "skboutput() file")
        buffer, *numbers = call.arguments[1:]
        kind = buffer.type  # type: ignore[attr-defined]
        if kind is not None and not (
            isinstance(kind, types.Pointer) and kind.target == types.Struct(name="struct sk_buff", size=kind.target.size)
        ):
            typer.error(f"skboutput() expects a struct sk_buff * ({describe(kind)} provided)", buffer)
            return types.UINT32
        for number in numbers:
            if number.type is not None and not isinstance(number.type, types.Integer):  # type: ignore[attr-defined]
                typer.error(f"skboutput() only supports int arguments ({describe(number.type)} provided)", number)  # type: ignore[attr-defined]
        parts = [ast.FieldAccess(call.span, None, None, buffer, name) for name in ("data", "len", "data_len")]  # type: ignore[arg-type]
        for part in parts:
            typer.expression(part)
        call.note = (path, parts)
        return types.UINT32

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        path, (data, length, apart) = call.note
        content = types.Buffer(capacity=CAPTURED, size=4 + CAPTURED)
        arguments = (Argument(types.UINT64, 8), Argument(types.UINT32, 16), Argument(types.UINT32, 20), Argument(content, 24))
        output = Output("skboutput", text=path, arguments=arguments, size=types.align_up(28 + CAPTURED, 8), span=call.span)
        code.tables.uses_ring = True
        record = code.scratch(output.size)
        f.store(64, str(code.tables.output(output)), record)
        f.store(64, f.call(Helper.ktime_get_boot_ns), f.offset(record, 8))
        whole, offset = code.integer(length), code.integer(call.arguments[3])
        rest = f.binary("sub", 64, whole, offset)
        f.store(32, f.resize(rest, 64, 32, False), f.offset(record, 16))
        here = f.binary("sub", 64, rest, code.integer(apart))
        here, rest = (f.select(f.compare("sgt", 64, number, "0"), 64, number, "0") for number in (here, rest))
        asked = code.integer(call.arguments[2])
        wanted = f.select(f.compare("ult", 64, rest, asked), 64, rest, asked)
        f.store(32, f.resize(wanted, 64, 32, False), f.offset(record, 20))
        for most in (asked, str(CAPTURED)):
            here = f.select(f.compare("ult", 64, here, most), 64, here, most)
        f.store(32, f.resize(here, 64, 32, False), f.offset(record, 24))
        address = f.binary("add", 64, code.integer(data), offset)
        f.call(Helper.probe_read_kernel, f"ptr {f.offset(record, 28)}", f"i32 {f.resize(here, 64, 32, False)}", f"i64 {address}")
        result = code.send(record, f.binary("add", 64, here, "28"), NO_WAKEUP)
        return Value(types.UINT32, f.resize(result, 64, 32, False))
