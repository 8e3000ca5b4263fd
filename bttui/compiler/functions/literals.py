"""What is known when the program is compiled: config, getopt, pton, static_assert, fail, assert_str; and assert, which is not."""

from bttui.compiler import ast
from bttui.compiler.emit import Value
from bttui.compiler.functions import Function
from bttui.compiler.infer.rules import literal_type
from bttui.compiler.parameters import number
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class Option(Function):
    name = "getopt"
    signature = 'getopt("name"[, default[, description]])'
    doc = "A named parameter of the command line (after --): --name=value, or --name alone where the default is a bool."
    example = 'interval:s:1 { print(getopt("count", 5)); exit(); }'
    least, most = 1, 3

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        for argument in call.arguments:
            typer.expression(argument)
        name = typer.constant(call.arguments[0])
        if not isinstance(name, str):
            typer.error("First argument to 'getopt' must be a string literal.", call.arguments[0])
            return None
        default = (typer.constant(call.arguments[1]) if typer.known(call.arguments[1]) else None) if len(call.arguments) > 1 else False
        if default is None:
            typer.error("Second argument to 'getopt' must be a string literal, integer literal, or a boolean literal.", call.arguments[1])
            return None
        said = (default, *(typer.constant(a) for a in call.arguments[2:]))
        before = typer.named.setdefault(name, said)
        if before[0] != default:
            told = str(before[0]).lower() if isinstance(before[0], bool) else before[0]
            text = f"needs to have the same default value in all places it is used. Previous default value: {told}"
            typer.error(f"Command line option '{name}' {text}", call)
        elif before != said:
            text = "must have the same description in all places it's used. Hint: You can wrap it in a macro"
            typer.error(f"Command line option '{name}' {text}", call)
        value: int | str | bool | None = default
        given = dict(typer.options.named).get(name)
        if given is not None:
            value = self.read(given, default)
            if value is None:
                problem = self.problem(given, default)
                typer.error(f"program command line option --{name} {problem} (value: {'true' if given is True else given})", None)
                return None
        assert value is not None
        literal = written(value, call)
        if isinstance(default, int) and not isinstance(default, bool):
            literal.type = types.INT64 if default < 0 else types.UINT64
        call.note = ("value", literal)  # not a constant of the program, which must make sense whatever is given
        return literal.type

    @staticmethod
    def read(given: "str | bool", default: "int | str | bool") -> "int | str | bool | None":
        """What the command line says, as the default's kind; None where it is no such."""
        if isinstance(default, bool):
            word = "true" if given is True else str(given).lower()
            return True if word in TRUE else False if word in FALSE else None
        if given is True:
            return None
        if isinstance(default, str):
            return str(given)
        value = number(str(given))
        return value if value is None or default >= 0 or value < 1 << 63 else None

    @staticmethod
    def problem(given: "str | bool", default: "int | str | bool") -> str:
        if isinstance(default, bool):
            return "expects a boolean (e.g. 'true')"
        if isinstance(default, str):
            return "expects a string"
        if given is True:
            return "expects an integer"
        digits = str(given).lstrip(" +-")
        if not digits[:1].isdigit():
            return "invalid integer"
        mantissa, _, exponent = digits.lower().partition("e")
        whole = mantissa.isdigit() and (exponent or "0").isdigit() and digits[0] != "0"
        return "value is out of range" if whole else "invalid trailing bytes"

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.expression(call.note[1])


def written(value: "int | str | bool", where: "ast.Node") -> "ast.Expression":
    """The literal that gives a value."""
    span = where.span
    if isinstance(value, bool):
        return ast.BooleanLiteral(span, types.BOOL, None, value)
    if isinstance(value, str):
        return ast.StringLiteral(span, types.String(len(value.encode("utf-8", "surrogateescape")) + 1), None, value)
    type_ = literal_type(value)
    if value < 0:
        return ast.Unary(span, type_, None, "-", written(-value, where))
    return ast.IntegerLiteral(span, type_, None, value, str(value))


class Configuration(Function):
    name = "config"
    signature = "config"
    doc = "The config variables in force, as a record."
    example = "interval:s:1 { print(config.max_strlen); exit(); }"
    builtin = True
    literal = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        fields = tuple((name, written(value, call)) for name, value in typer.config.items())
        type_ = types.make_record((name, literal.type) for name, literal in fields if literal.type is not None)
        call.note = ast.RecordLiteral(call.span, type_, None, fields)
        return type_

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.expression(call.note)


class AssertString(Function):
    name = "assert_str"
    signature = "assert_str(value)"
    doc = "Refuse the program unless the value is a string, an array or a pointer."
    example = "interval:s:1 { assert_str(comm); exit(); }"
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, (types.String, types.Array, types.Pointer)):
            typer.error("string-like values must be either strings, arrays or pointers", call)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.VOID, "0")


class NetworkBytes(Function):
    name = "pton"
    signature = 'pton("address")'
    doc = "The bytes of an IPv4 or IPv6 address that is written in the program."
    example = 'interval:s:1 { print(ntop(pton("127.0.0.1"))); exit(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        import socket

        typer.expression(call.arguments[0])
        text = typer.constant(call.arguments[0])
        if not isinstance(text, str):
            typer.error("pton() expects an string literal at the first argument", call)
            return None
        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        try:
            data = socket.inet_pton(family, text)
        except (OSError, ValueError):
            typer.error(f"pton() expects an string argument of an IPv4/IPv6 address, got {text}", call)
            return None
        call.note = data
        return types.Array(element=types.UINT8, count=len(data))

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        memory = code.memory(call.type)
        for offset in range(0, len(call.note), 4):
            word = int.from_bytes(call.note[offset : offset + 4], "little")
            code.f.store(32, str(word), code.f.offset(memory, offset), 1)
        return Value(call.type, memory, "memory")


def message(typer: "Typer", call: "ast.Call", index: int) -> str:
    """The text of an argument that must be a literal."""
    typer.expression(call.arguments[index])
    return typer.string_constant(call.arguments[index], f"{call.name}() message") or ""


class StaticAssert(Function):
    name = "static_assert"
    signature = "static_assert(condition, message)"
    doc = "Refuse the program unless the condition, which must be known when it is compiled, holds."
    example = 'interval:s:1 { static_assert(sizeof(struct task_struct) > 8, "odd"); exit(); }'
    least = most = 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        typer.expression(call.arguments[0])
        text = message(typer, call, 1)
        holds = typer.constant(call.arguments[0])
        if holds is None:
            typer.error("Unable to resolve comptime expression", call.arguments[0])
        elif not holds:
            typer.error(text, call)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.VOID, "0")


class Fail(Function):
    name = "fail"
    signature = "fail(format, ...)"
    doc = "Refuse the program where this is compiled: for branches that a comptime condition should have left out."
    example = 'interval:s:1 { if comptime (0) { fail("never"); } exit(); }'
    least, most = 1, None

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        from bttui.model.format import parse_format

        text = message(typer, call, 0)
        values = []
        for argument in call.arguments[1:]:
            typer.expression(argument)
            value = typer.constant(argument)
            if value is None:
                typer.error("fail() only takes literals", argument)
            values.append(str(value))
        rest = iter(values)
        typer.error("".join(p if isinstance(p, str) else next(rest, "") for p in parse_format(text)), call)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.VOID, "0")


class Assert(Function):
    name = "assert"
    signature = "assert(condition, message)"
    doc = "End the program with an error and exit status 1 unless the condition holds."
    example = 'interval:s:1 { assert(ncpus > 0, "no CPU"); exit(); }'
    least = most = 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        typer.condition(call.arguments[0])  # type: ignore[arg-type]
        failed = f"assert failed: {message(typer, call, 1)}".replace("%", "%%")
        span = call.span
        stop = ast.Call(span, None, None, "exit", (ast.IntegerLiteral(span, None, None, 1, "1"),))
        tell = ast.Call(span, None, None, "errorf", (ast.StringLiteral(span, None, None, failed),))
        fors, typer.fors = typer.fors, 0  # it may stand where exit() may not
        typer.expression(tell)
        typer.expression(stop)
        typer.fors = fors
        call.note = (tell, stop)
        return types.VOID

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        tell, stop = call.note
        f = code.f
        holds, fails = f.block("holds"), f.block("fails")
        f.branch(code.condition(call.arguments[0]), holds, fails)  # type: ignore[arg-type]
        f.label(fails)
        code.expression(tell)
        code.expression(stop)
        f.label(holds)
        return Value(types.VOID, "0")
