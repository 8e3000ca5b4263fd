"""What programs print: printf, print, errorf, warnf, debugf, cat, system, join."""

import re

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.infer.rules import COUNTABLE, describe
from bttui.compiler.infer.scope import MapInfo
from bttui.compiler.lower.iteration import print_text
from bttui.compiler.lower.telling import NO_WAKEUP
from bttui.model import types
from bttui.model.format import SUPPORTED, specifiers
from bttui.model.program import Argument, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

INTEGERS = "diuxXoc"
WANTED = {"p": "pointer", "r": "buffer", "rx": "buffer", "rh": "buffer", "s": "string"}


class Formatted(Function):
    """A format and its arguments."""

    least, most = 1, None
    kind = ""

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        text = typer.text(call.arguments[0], f"{self.name}() format", f'{self.name}("%s", ...) where it is a value')
        call.note = ("format", text)
        arguments = call.arguments[1:]
        kinds = [typer.expression(a) for a in arguments]
        if text is None:
            return types.VOID
        letters = [s.conversion for s in specifiers(text)]
        if len(letters) != len(arguments):
            few = len(arguments) < len(letters)
            typer.error(
                f"{self.name}: Not enough arguments for format string ({len(letters)} expected, {len(arguments)} found)"
                if few
                else f"{self.name}: Too many arguments for format string ({len(letters)} expected, {len(arguments)} found)",
                call,
                hint=next((f"{what} is no conversion" for what in re.findall(r"%[a-zA-Z]", text) if not specifiers(what)), ""),
            )
            return types.VOID
        for letter, type_, node in zip(letters, kinds, arguments, strict=True):
            if type_ is not None:
                self.conversion(typer, letter, type_, node)
        return types.VOID

    def conversion(self, typer: "Typer", letter: str, type_: "Type", node: "ast.Node") -> None:
        whole = (types.Integer, types.Bool, types.Enum, types.Pointer, types.KernelSymbol, types.Timestamp)
        if isinstance(type_, types.Aggregation) and (letter != "s" or not isinstance(type_, (*COUNTABLE, types.Stats))):
            typer.error(
                f"unsupported format specifier for type '{describe(type_)}': {letter}",
                node,
                hint="cast it to an integer, e.g. (int64)@x" if isinstance(type_, COUNTABLE) else "use print()",
            )
            return
        if letter not in SUPPORTED:
            hint = "numbers have no fractions: %d" if letter in "aefgAEFG" else ""
            typer.error(f"{self.name}: Unknown format string token '%{letter}'", node, hint)
            return
        if letter in INTEGERS or letter == "gr":
            good = isinstance(type_, whole)
        elif letter == "p":
            good = isinstance(type_, (types.Integer, types.Pointer))
        elif letter == "s":
            good = not isinstance(type_, types.Void)
        else:
            good = isinstance(type_, types.Buffer)
        if not good:
            wanted = WANTED.get(letter, "integer")
            typer.error(f"{self.name}: %{letter} specifier expects a value of type {wanted} ({describe(type_)} supplied)", node)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        code.event(Output(self.kind or self.name, text=call.note[1], span=call.span), list(call.arguments[1:]))  # type: ignore[arg-type]
        return Value(types.VOID, "0")


class Printf(Formatted):
    name = "printf"
    signature = "printf(format, ...)"
    doc = "Print with a format, as C's printf; %s also takes every type that has a text form, %r buffers."
    example = 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        iteration = code.body.context.iteration
        if iteration and iteration.pinned:
            print_text(code, call)
            return Value(types.VOID, "0")
        return super().lower(code, call)


class Errorf(Formatted):
    name = "errorf"
    signature = "errorf(format, ...)"
    doc = "As printf, to the standard error, with the place in the program."
    example = 'interval:s:1 { errorf("bad %d", 1); exit(); }'


class Warnf(Formatted):
    name = "warnf"
    signature = "warnf(format, ...)"
    doc = "As printf, as a warning with the place in the program."
    example = 'interval:s:1 { warnf("odd %d", 1); exit(); }'


class Cat(Formatted):
    name = "cat"
    signature = "cat(path format, ...)"
    doc = "Print a file's content."
    example = 'interval:s:1 { cat("/proc/loadavg"); exit(); }'


class System(Formatted):
    name = "system"
    signature = "system(command format, ...)"
    doc = "Run a shell command."
    example = 'interval:s:1 { system("uptime"); exit(); }'
    unsafe = True


class Print(Function):
    name = "print"
    signature = "print(value) or print(@map[, top[, divisor]])"
    doc = "Print a value, a map, or the largest entries of a map with values divided."
    example = "interval:s:1 { print(@, 5); } tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
    least, most = 1, 3

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        node = call.arguments[0]
        if isinstance(node, ast.Map):
            info = typer.map(node)
            if typer.final and not info.assigned:
                typer.undefined_map(info.name, node)
            options = []
            for argument, what in zip(call.arguments[1:], ("top", "divisor"), strict=False):
                typer.expression(argument)
                number = typer.integer_constant(argument, f"print() {what}")
                if number is not None and number < 0:
                    typer.error(f"Invalid value for {what}: it must not be negative", argument)
                options.append(number or 0)
            if call.arguments[1:] and info.key is None and not isinstance(info.value, types.Bucketed) and len(call.arguments) == 2:
                typer.error("Map arguments to print() are only for maps with keys", call.arguments[1], severity="warning")
            call.note = ("map", *options, *([0] * (2 - len(options))))
            return types.VOID
        type_ = typer.expression(node)
        if len(call.arguments) > 1:
            typer.error(f"Non-map print() only takes 1 argument, {len(call.arguments)} found", call)
        at_once = isinstance(type_, COUNTABLE) and typer.host.features.has("helper:map_lookup_percpu_elem")
        if isinstance(node, ast.MapAccess) and isinstance(type_, types.Aggregation) and not at_once:
            if isinstance(type_, types.Bucketed):
                typer.error(
                    f"Map type {describe(type_)} cannot print the value of individual keys. You must print the whole map.",
                    call,
                    hint=f"print({node.map.name})",
                )
            call.note = ("entry",)
            return types.VOID
        call.note = ("value",)
        if isinstance(type_, types.Void) or (isinstance(type_, types.Tuple) and not type_.elements):
            typer.error(f"{describe(type_)} type passed to print() is not printable", call)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        node = call.arguments[0]
        if call.note[0] == "map":
            assert isinstance(node, ast.Map)
            options = {"top": call.note[1], "divisor": call.note[2]}
            code.event(Output("print_map", map=node.name, options=options, span=call.span), [])
        elif call.note[0] == "entry":
            # one entry of an aggregation that is no number, or that programs cannot read here: sent as its key, read from the map when it is printed
            assert isinstance(node, ast.MapAccess)
            info: MapInfo = code.info(node)
            key = node.key
            assert isinstance(info.key, types.Type)
            key.type = info.key
            code.event(Output("print_entry", map=info.name, span=call.span), [key])
        else:
            code.event(Output("print", span=call.span), [node])  # type: ignore[list-item]
        return Value(types.VOID, "0")


class Debugf(Function):
    name = "debugf"
    signature = "debugf(format, ...)"
    doc = "Print to the kernel's trace_pipe; at most three arguments, integers and strings."
    example = 'interval:s:1 { debugf("tick %d", 1); exit(); }'
    least, most = 1, 4

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        call.note = ("format", typer.text(call.arguments[0], "debugf() format"))
        for argument in call.arguments[1:]:
            type_ = typer.expression(argument)
            if type_ is not None and not isinstance(type_, (types.Integer, types.Pointer, types.Bool, types.Enum, types.String)):
                typer.error(f"debugf() only supports integers and strings ({describe(type_)} provided)", argument)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        data = call.note[1].encode("utf-8", "surrogateescape") + b"\0"
        pointer = code.tables.module.constant(data)
        values = [
            f"ptr {code.string(a).operand}" if isinstance(a.type, types.String) else f"i64 {code.integer(a)}"  # type: ignore
            for a in call.arguments[1:]
        ]
        code.f.call(Helper.trace_printk, f"ptr {pointer}", f"i32 {len(data)}", *values)
        return Value(types.VOID, "0")


JOIN_ARGUMENTS, JOIN_LENGTH = 16, 1024


class Join(Function):
    name = "join"
    signature = "join(char *array[][, separator])"
    doc = "Print the strings of an array (as argv) with a separator between them."
    example = "tracepoint:syscalls:sys_enter_execve { join(args.argv); }"
    least, most = 1, 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, (types.Pointer, types.Integer)):
            typer.error(f"join() only supports int or pointer arguments ({describe(type_)} provided)", call)
        separator: str | None = " "
        if len(call.arguments) > 1:
            separator = typer.text(call.arguments[1], "join() separator")
        call.note = ("join", separator)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        limit = min(int(code.typer.config["max_strlen"]), JOIN_LENGTH)
        array = code.load(code.expression(call.arguments[0]))
        place = code.pointed(array, types.UINT64)
        strings = types.Array(element=types.String(limit), count=JOIN_ARGUMENTS)
        output = Output("join", text=call.note[1], arguments=(Argument(strings, 8),), size=8 + strings.size, span=call.span)
        code.tables.uses_ring = True
        record = code.scratch(output.size)
        f.store(64, str(code.tables.output(output)), record)
        done = f.block("joined")
        # an empty first byte ends the list for the reader
        for index in range(JOIN_ARGUMENTS):
            f.store(8, "0", f.offset(record, 8 + index * limit))
        for index in range(JOIN_ARGUMENTS):
            address = f.binary("add", 64, place.operand, str(index * 8))
            pointer = code.load(Value(types.UINT64, address, place.place)).operand
            following = f.block("joining")
            f.branch(f.compare("eq", 64, pointer, "0"), done, following)
            f.label(following)
            code.probe_read_string(f.offset(record, 8 + index * limit), limit, Value(types.INT8, pointer, place.place))
        f.label(done)
        code.send(record, str(output.size), NO_WAKEUP)
        return Value(types.VOID, "0")
