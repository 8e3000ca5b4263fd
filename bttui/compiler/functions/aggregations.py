"""count, sum, min, max, avg, stats, hist, lhist, tseries: assigned to maps, one value per CPU, added up when read."""

from bttui.compiler import ast
from bttui.compiler.functions import Function
from bttui.compiler.functions.clock import boot_clock_plus
from bttui.model import types
from bttui.model.program import WALL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.ast import Call, Expression
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

SERIES = ("interval_ns", "num_intervals")  # what the arguments of tseries() are called in messages
MOST_INTERVALS = 1_000_000


def add(code: "Code", pointer: str, amount: str, offset: int = 0) -> None:
    place = code.f.offset(pointer, offset)
    code.f.store(64, code.f.binary("add", 64, code.f.load(64, place), amount), place)


CAST = "a cast makes it 0 or 1: (uint8)(...)"


class Aggregation(Function):
    aggregation = True

    def integer(self, typer: "Typer", call: "Call") -> "types.Integer | None":
        type_ = typer.expression(call.arguments[0])
        if isinstance(type_, (types.Enum, types.Pointer)):
            return types.UINT64
        if type_ is not None and not isinstance(type_, types.Integer):
            from bttui.compiler.infer.rules import describe

            typer.error(
                f"{self.name}() only supports integer arguments ({describe(type_)} provided)",
                call,
                hint=CAST if isinstance(type_, types.Bool) else "",
            )
            return None
        return type_

    def signed(self, typer: "Typer", call: "Call", type_: "types.Integer") -> bool:
        """Literals count as signed, where they fit."""
        value = typer.literal(call.arguments[0])
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


class TimeSeries(Aggregation):
    name = "tseries"
    signature = '@x = tseries(n, interval, count[, "avg"|"max"|"min"|"sum"])'
    doc = "Keep a value for each of the last count intervals of so many nanoseconds: the newest, or what the aggregation makes of all."
    example = 'tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes = tseries(args.ret, 1s, 10, "sum"); }'
    least, most = 3, 4

    def check(self, typer: "Typer", call: "Call") -> "Type | None":
        typer.unstable(self.name, call)
        type_ = self.integer(typer, call)
        for argument in call.arguments[1:]:
            typer.expression(argument)
        interval, count = (typer.integer_constant(n, f"tseries() {what}") for n, what in zip(call.arguments[1:3], SERIES, strict=True))
        how: str | None = ""
        if len(call.arguments) > 3:
            how = typer.string_constant(call.arguments[3], "tseries() aggregation")
        if type_ is None or interval is None or count is None or how is None:
            return None
        problem = ""
        for number, what in zip((interval, count), SERIES, strict=True):
            if number < 0:
                problem = f"tseries: invalid {what} value (must be non-negative literal)"
            elif number == 0:
                problem = f"tseries() {what} must be >= 1 (0 provided)"
        if count >= MOST_INTERVALS:
            problem = f"tseries() num_intervals must be < {MOST_INTERVALS} ({count} provided)"
        if how not in ("", "avg", "max", "min", "sum"):
            problem = f'tseries() expects one of the following aggregation functions: avg, max, min, sum ("{how}" provided)'
        if problem:
            typer.error(problem, call)
            return None
        if not clock_map(typer):
            typer.own_scalar(WALL, types.UINT64, call)
        return types.TimeSeries(interval=interval, count=count, aggregation=how, signed=self.signed(typer, call, type_))

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        type_ = target.type
        assert isinstance(type_, types.TimeSeries)
        f = code.f
        number = code.integer(call.arguments[0])
        other = clock_map(code.typer)
        if other:
            now = code.as_integer(code.read_map(ast.Map(call.span, None, None, other), None, ""))
        else:
            now = boot_clock_plus(code, call, WALL)
        interval = f.binary("udiv", 64, now, str(type_.interval))
        label = f.binary("add", 64, interval, "1")

        def restart(pointer: str) -> None:
            f.store(64, "0", pointer)
            f.store(64, "0", f.offset(pointer, 8))
            f.store(64, label, f.offset(pointer, 16))

        def first(pointer: str) -> None:
            restart(pointer)
            into(pointer)

        def into(pointer: str) -> None:
            second = f.offset(pointer, 8)
            known = f.load(64, second)
            if type_.aggregation in ("avg", "sum"):
                add(code, pointer, number)
                add(code, pointer, "1", 8)
                return
            if type_.aggregation:
                predicate = ("s" if type_.signed else "u") + ("lt" if type_.aggregation == "min" else "gt")
                better = f.compare(predicate, 64, number, f.load(64, pointer))
                better, mark = f.binary("or", 1, f.compare("eq", 64, known, "0"), better), "1"
            else:
                better, mark = f.compare("ugt", 64, now, known), now

            def store() -> None:
                f.store(64, number, pointer)
                f.store(64, mark, second)

            code.when(better, store)

        def change(pointer: str) -> None:
            code.when(f.compare("ne", 64, f.load(64, f.offset(pointer, 16)), label), lambda: restart(pointer))
            into(pointer)

        code.update_aggregation(target, change, first, f.binary("urem", 64, interval, str(type_.count)))  # type: ignore[arg-type]


def clock_map(typer: "Typer") -> str:
    """The map that gives the time instead of a clock, for tests (the environment variable is bpftrace's)."""
    return dict(typer.options.environment).get("BPFTRACE_DUMMY_TS_MAP", "")
