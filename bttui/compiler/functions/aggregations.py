"""count, sum, min, max, avg, stats, hist, lhist: assigned to maps, one value per CPU, added up when read."""

from bttui.compiler.functions import Function
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.ast import Call, Expression
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


def add(code: "Code", pointer: str, amount: str, offset: int = 0) -> None:
    place = code.f.offset(pointer, offset)
    code.f.store(64, code.f.binary("add", 64, code.f.load(64, place), amount), place)


class Aggregation(Function):
    aggregation = True

    def integer(self, typer: "Typer", call: "Call") -> "types.Integer | None":
        type_ = typer.expression(call.arguments[0])
        if isinstance(type_, (types.Enum, types.Bool, types.Pointer)):
            return types.UINT64
        if type_ is not None and not isinstance(type_, types.Integer):
            from bttui.compiler.infer.rules import describe

            typer.error(f"{self.name}() only supports integer arguments ({describe(type_)} provided)", call)
            return None
        return type_

    def signed(self, typer: "Typer", call: "Call", type_: "types.Integer") -> bool:
        """Literals count as signed, where they fit."""
        value = typer.constant(call.arguments[0])
        return value < 1 << 63 if isinstance(value, int) else type_.signed


class Count(Aggregation):
    name = "count"
    signature = "@x = count()"
    doc = "Count how often this is reached."
    example = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"

    def check(self, typer: "Typer", call: "Call") -> "Type":
        return types.Count()

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        code.update_aggregation(target, lambda p: add(code, p, "1"), lambda p: code.f.store(64, "1", p))  # type: ignore[arg-type]


class Sum(Aggregation):
    name = "sum"
    signature = "@x = sum(n)"
    doc = "Add the values up."
    example = "tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes[comm] = sum(args.ret); }"
    least = most = 1

    def check(self, typer: "Typer", call: "Call") -> "Type | None":
        type_ = self.integer(typer, call)
        return types.Sum(signed=self.signed(typer, call, type_)) if type_ else None

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        number = code.integer(call.arguments[0])
        code.update_aggregation(target, lambda p: add(code, p, number), lambda p: code.f.store(64, number, p))  # type: ignore[arg-type]


class Extreme(Aggregation):
    least = most = 1
    kind: "type[types.Minimum | types.Maximum]" = types.Minimum
    better = "lt"

    def check(self, typer: "Typer", call: "Call") -> "Type | None":
        type_ = self.integer(typer, call)
        return self.kind(signed=self.signed(typer, call, type_)) if type_ else None

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        f = code.f
        number = code.integer(call.arguments[0])
        signed = bool(getattr(target.type, "signed", False))

        def change(pointer: str) -> None:
            unset = f.compare("eq", 64, f.load(64, f.offset(pointer, 8)), "0")
            better = f.compare(("s" if signed else "u") + self.better, 64, number, f.load(64, pointer))
            code.when(f.binary("or", 1, unset, better), lambda: first(pointer))

        def first(pointer: str) -> None:
            f.store(64, number, pointer)
            f.store(64, "1", f.offset(pointer, 8))

        code.update_aggregation(target, change, first)  # type: ignore[arg-type]


class Minimum(Extreme):
    name = "min"
    signature = "@x = min(n)"
    doc = "Keep the smallest value."
    example = "tracepoint:syscalls:sys_exit_read { @smallest = min(args.ret); }"


class Maximum(Extreme):
    name = "max"
    signature = "@x = max(n)"
    doc = "Keep the largest value."
    example = "tracepoint:syscalls:sys_exit_read { @largest = max(args.ret); }"
    kind = types.Maximum
    better = "gt"


class Average(Aggregation):
    name = "avg"
    signature = "@x = avg(n)"
    doc = "Keep the average of the values."
    example = "tracepoint:syscalls:sys_exit_read { @size = avg(args.ret); }"
    least = most = 1
    kind: "type[types.Average | types.Stats]" = types.Average

    def check(self, typer: "Typer", call: "Call") -> "Type | None":
        type_ = self.integer(typer, call)
        return self.kind(signed=self.signed(typer, call, type_)) if type_ else None

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        number = code.integer(call.arguments[0])

        def change(pointer: str) -> None:
            add(code, pointer, number)
            add(code, pointer, "1", 8)

        def first(pointer: str) -> None:
            code.f.store(64, number, pointer)
            code.f.store(64, "1", code.f.offset(pointer, 8))

        code.update_aggregation(target, change, first)  # type: ignore[arg-type]


class Stats(Average):
    name = "stats"
    signature = "@x = stats(n)"
    doc = "Keep count, average and total of the values."
    example = "tracepoint:syscalls:sys_exit_read { @size = stats(args.ret); }"
    kind = types.Stats


def bucket_of(code: "Code", number: str, bits: int) -> str:
    """The index that model.buckets.histogram_index gives, as an i64."""
    f = code.f
    result = code.temporary(8)
    f.store(64, "0", result)

    def not_negative() -> None:
        small = f.compare("ult", 64, number, str(1 << (bits + 1)))
        tiny, large, end = f.block("tiny"), f.block("large"), f.block("bucket")
        f.branch(small, tiny, large)
        f.label(tiny)
        f.store(64, f.binary("add", 64, number, "1"), result)
        f.jump(end)
        f.label(large)
        # floor(log2) in six steps of halving
        power, rest = "0", number
        for step in (32, 16, 8, 4, 2, 1):
            above = f.compare("uge", 64, rest, str(1 << step))
            amount = f.select(above, 64, str(step), "0")
            power = f.binary("add", 64, power, amount)
            rest = f.binary("lshr", 64, rest, amount)
        shift = f.binary("sub", 64, power, str(bits))
        base = f.binary("shl", 64, shift, str(bits))
        # the highest bit of value >> shift is 1 << bits: it moves on to the group of this power
        within = f.binary("lshr", 64, number, shift)
        f.store(64, f.binary("add", 64, f.binary("add", 64, base, within), "1"), result)
        f.jump(end)
        f.label(end)

    code.when(f.compare("sge", 64, number, "0"), not_negative)
    return f.load(64, result)


class Histogram(Aggregation):
    name = "hist"
    signature = "@x = hist(n[, k])"
    doc = "Count values in power-of-two buckets, each split in 2^k (k from 0 to 5)."
    example = "tracepoint:syscalls:sys_exit_read { @bytes = hist(args.ret); }"
    least, most = 1, 2

    def check(self, typer: "Typer", call: "Call") -> "Type | None":
        type_ = self.integer(typer, call)
        bits: int | None = 0
        if len(call.arguments) > 1:
            typer.expression(call.arguments[1])
            bits = typer.integer_constant(call.arguments[1], "hist() bits")
            if bits is not None and not 0 <= bits <= 5:
                typer.error(f"hist: bits {bits} must be 0..5", call.arguments[1])
        return types.Histogram(bits=bits) if type_ and bits is not None else None

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        type_ = target.type
        assert isinstance(type_, types.Histogram)
        bucket = bucket_of(code, code.integer(call.arguments[0]), type_.bits)
        into_bucket(code, target, bucket)


def into_bucket(code: "Code", target: "Expression", bucket: str) -> None:
    code.update_aggregation(target, lambda p: add(code, p, "1"), lambda p: code.f.store(64, "1", p), bucket)  # type: ignore[arg-type]


class LinearHistogram(Aggregation):
    name = "lhist"
    signature = "@x = lhist(n, min, max, step)"
    doc = "Count values in buckets of equal width between min and max."
    example = "tracepoint:syscalls:sys_exit_read { @bytes = lhist(args.ret, 0, 2000, 200); }"
    least = most = 4

    def check(self, typer: "Typer", call: "Call") -> "Type | None":
        type_ = self.integer(typer, call)
        for argument in call.arguments[1:]:
            typer.expression(argument)
        numbers = [typer.integer_constant(n, f"lhist() {what}") for n, what in zip(call.arguments[1:], ("min", "max", "step"), strict=True)]
        if type_ is None or None in numbers:
            return None
        low, high, step = numbers
        assert low is not None and high is not None and step is not None
        problem = ""
        if step <= 0:
            problem = f"lhist() step must be >= 1 ({step} provided)"
        elif low < 0:
            problem = f"lhist() min must be non-negative (provided min {low})"
        elif high <= low:
            problem = f"lhist() min must be less than max (provided min {low} and max {high})"
        elif (high - low) // step > 1000:
            problem = f"lhist() too many buckets, must be <= 1000 (would need {(high - low) // step})"
        elif high - low < step:
            problem = f"lhist() step is too big for the given range (provided step {step} for range {high - low})"
        if problem:
            typer.error(problem, call)
            return None
        return types.LinearHistogram(minimum=low, maximum=high, step=step)

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        type_ = target.type
        assert isinstance(type_, types.LinearHistogram)
        f = code.f
        number = code.integer(call.arguments[0])
        last = (type_.maximum - type_.minimum) // type_.step + 1
        distance = f.binary("sub", 64, number, str(type_.minimum))
        inside = f.binary("add", 64, f.binary("udiv", 64, distance, str(type_.step)), "1")
        upper = f.select(f.compare("sge", 64, number, str(type_.maximum)), 64, str(last), inside)
        into_bucket(code, target, f.select(f.compare("slt", 64, number, str(type_.minimum)), 64, "0", upper))
