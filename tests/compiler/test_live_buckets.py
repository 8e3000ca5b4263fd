"""Bucket indices and integer arithmetic, as the kernel's programs compute them, against Python's."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bttui.model.buckets import histogram_index, histogram_range, linear_index, linear_range
from bttui.model.types import LinearHistogram

pytestmark = pytest.mark.live

LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1
numbers = st.one_of(
    st.integers(LOWEST, HIGHEST),
    st.integers(-5, 40),
    st.builds(lambda power, off: max(LOWEST, min(HIGHEST, (1 << power) + off)), st.integers(0, 62), st.integers(-2, 2)),
)
live = settings(max_examples=8, suppress_health_check=list(HealthCheck))


def written(number):
    """As a literal: the lowest number has none of its own."""
    return f"(int64){number}"


def bound(bucket, side):
    """JSON has numbers above 2**53 as strings."""
    return int(bucket[side]) if side in bucket else None


def histograms(bttui, program):
    """{map: {key or "": [(lowest, highest, count)]}} with the empty buckets left out."""
    result = bttui("-f", "json", "-e", program)
    assert result.returncode == 0, result.stderr
    found = {}
    for line in result.stdout.splitlines():
        event = json.loads(line)
        if event["type"] == "hist":
            for name, content in event["data"].items():
                keyed = content if isinstance(content, dict) else {"": content}
                found[name] = {
                    key: [(bound(b, "min"), bound(b, "max"), b["count"]) for b in rows if b["count"]] for key, rows in keyed.items()
                }
    return found


def expected(values, index, bounds):
    """The buckets of values in order: [(lowest, highest, count)]."""
    counts = {}
    for value in values:
        counts[index(value)] = counts.get(index(value), 0) + 1
    return [(*bounds(i), count) for i, count in sorted(counts.items())]


EDGES = sorted({0, 1, -1, LOWEST + 1, HIGHEST, *(v for p in range(1, 63) for v in ((1 << p) - 1, 1 << p, (1 << p) + 1))})


@pytest.mark.parametrize("bits", range(6))
def test_the_edges_of_power_of_two_buckets(bttui, bits):
    some = [*EDGES[bits::6], -1, 0, 1, HIGHEST]
    program = "BEGIN {" + "".join(f"@ = hist({written(v)}, {bits}); @k[1] = hist({written(v)}, {bits});" for v in some) + "}"
    wanted = expected(some, lambda v: histogram_index(v, bits), lambda i: histogram_range(i, bits))
    assert histograms(bttui, program) == {"@": {"": wanted}, "@k": {"1": wanted}}


@live
@given(st.lists(numbers, min_size=20, max_size=40), st.integers(0, 5))
def test_power_of_two_buckets(bttui, values, bits):
    program = "BEGIN {" + "".join(f"@ = hist({written(v)}, {bits});" for v in values) + "}"
    wanted = expected(values, lambda v: histogram_index(v, bits), lambda i: histogram_range(i, bits))
    assert histograms(bttui, program)["@"][""] == wanted


@live
@given(st.lists(numbers, min_size=10, max_size=30), st.integers(0, 1000), st.integers(1, 500), st.integers(1, 50))
def test_linear_buckets(bttui, values, low, step, count):
    type_ = LinearHistogram(minimum=low, maximum=low + step * count, step=step)
    edges = [low - 1, low, low + step - 1, low + step, type_.maximum - 1, type_.maximum, type_.maximum + 1]
    values = [*values, *edges]
    arguments = f"{type_.minimum}, {type_.maximum}, {step}"
    program = "BEGIN {" + "".join(f"@[{i % 2}] = lhist({written(v)}, {arguments});" for i, v in enumerate(values)) + "}"
    wanted = {str(key): expected(values[key::2], lambda v: linear_index(v, type_), lambda i: linear_range(i, type_)) for key in range(2)}
    assert histograms(bttui, program)["@"] == wanted


def wrap(value):
    """As a signed number of 64 bits."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def quotient(a, b):
    """C's division: towards zero; by zero it is 1 here."""
    if b == 0:
        return 1
    result = abs(a) // abs(b)
    return wrap(result if (a < 0) == (b < 0) else -result)


def remainder(a, b):
    return 1 if b == 0 else wrap(a - quotient(a, b) * b) if not (a == LOWEST and b == -1) else 0


OPERATIONS = {
    "$a + $b": lambda a, b: wrap(a + b),
    "$a - $b": lambda a, b: wrap(a - b),
    "$a * $b": lambda a, b: wrap(a * b),
    "$a / $b": quotient,
    "$a % $b": remainder,
    "$a & $b": lambda a, b: a & b,
    "$a | $b": lambda a, b: a | b,
    "$a ^ $b": lambda a, b: a ^ b,
    "$a << ($b & 63)": lambda a, b: wrap(a << (b & 63)),
    "$a >> ($b & 63)": lambda a, b: a >> (b & 63),
    "~$a": lambda a, b: ~a,
    "-$a": lambda a, b: wrap(-a),
    "(int64)($a < $b)": lambda a, b: int(a < b),
    "(int64)($a == $b)": lambda a, b: int(a == b),
    "(int8)$a": lambda a, b: ((a & 0xFF) ^ 0x80) - 0x80,
    "(uint16)$b": lambda a, b: b & 0xFFFF,
    "(int32)($a + $b)": lambda a, b: ((a + b & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000,
    "$a > $b ? $a : $b": max,
}


@live
@given(st.lists(st.tuples(numbers, numbers), min_size=10, max_size=10))
def test_arithmetic_is_pythons_in_64_bits(bttui, pairs):
    """Variables, so that nothing is folded when it is compiled."""
    form = " ".join(["%ld"] * len(OPERATIONS))
    program = "BEGIN { let $a : int64; let $b : int64;"
    for a, b in pairs:
        program += f' $a = {written(a)}; $b = {written(b)}; printf("{form}\\n", {", ".join(OPERATIONS)});'
    result = bttui("-e", program + " }")
    assert result.returncode == 0, result.stderr
    rows = [[int(word) for word in line.split()] for line in result.stdout.splitlines() if line]
    assert rows == [[operation(a, b) for operation in OPERATIONS.values()] for a, b in pairs]
