"""The rules of types that need no program: what fits, what holds both, how a type is written."""

from bttui.model import types
from bttui.model.types import Type

INTEGERS: "dict[str, types.Integer]" = {
    "int8": types.INT8,
    "int16": types.INT16,
    "int32": types.INT32,
    "int64": types.INT64,
    "uint8": types.UINT8,
    "uint16": types.UINT16,
    "uint32": types.UINT32,
    "uint64": types.UINT64,
}
AGGREGATION_NAMES = {
    "count_t": types.Count(),
    "sum_t": types.Sum(),
    "min_t": types.Minimum(),
    "max_t": types.Maximum(),
    "avg_t": types.Average(),
    "stats_t": types.Stats(),
}
# C spellings that need no BTF
C_INTEGERS = {
    "char": types.CHAR,
    "signed char": types.INT8,
    "unsigned char": types.UINT8,
    "short": types.INT16,
    "unsigned short": types.UINT16,
    "int": types.INT32,
    "unsigned": types.UINT32,
    "unsigned int": types.UINT32,
    "long": types.INT64,
    "unsigned long": types.UINT64,
    "long long": types.INT64,
    "unsigned long long": types.UINT64,
    "size_t": types.UINT64,
    "ssize_t": types.INT64,
    **{f"{name}_t": type_ for name, type_ in INTEGERS.items()},
}


def fits(value: int, type_: types.Integer) -> bool:
    bits = type_.size * 8
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1) if type_.signed else 0 <= value < 1 << bits


def wrapped(value: int, type_: types.Integer) -> int:
    """What is left of a number in so many bits."""
    mask = (1 << type_.size * 8) - 1
    value &= mask
    return value - (mask + 1) if type_.signed and value > mask >> 1 else value


def literal_type(value: int) -> types.Integer:
    """The smallest signed type that holds it, flexible where it is not negative; above int64, uint64."""
    for type_ in (types.INT8, types.INT16, types.INT32, types.INT64):
        if fits(value, type_):
            return type_.replace(flexible=value >= 0)
    return types.UINT64


def flexible(type_: "Type | None") -> object:
    """Whether an integer goes with either sign; of a tuple or record that of its parts."""
    if isinstance(type_, types.Tuple):
        return tuple(flexible(element) for element in type_.elements)
    if isinstance(type_, types.Record):
        return {field.name: flexible(field.type) for field in type_.fields}
    return isinstance(type_, types.Integer) and type_.flexible


def settle(left: types.Integer, right: types.Integer) -> "tuple[types.Integer, types.Integer]":
    """Where one of two is flexible, it takes the sign of the other."""
    if left.flexible and not right.flexible:
        return left.replace(signed=right.signed, flexible=False), right
    if right.flexible and not left.flexible:
        return left, right.replace(signed=left.signed, flexible=False)
    return left, right


def promote(left: types.Integer, right: types.Integer) -> "types.Integer | None":
    """The smallest type that holds both, None where there is none."""
    left, right = settle(left, right)
    if left.signed == right.signed:
        return left if left.size >= right.size else right
    signed, unsigned = (left, right) if left.signed else (right, left)
    if signed.size > unsigned.size:
        return signed
    if unsigned.size < 8:
        return types.Integer(size=unsigned.size * 2, signed=True)
    return None


def describe(type_: "Type | str | None") -> str:
    """A type as people write it."""
    if isinstance(type_, types.Integer):
        return f"{'' if type_.signed else 'u'}int{type_.size * 8}"
    if isinstance(type_, types.String):
        return f"string[{type_.size}]" if type_.size else "string"
    if isinstance(type_, types.Pointer):
        return "void *" if isinstance(type_.target, types.Void) else f"{describe(type_.target)} *"
    if isinstance(type_, types.Array) and is_stringlike(type_):
        return f"string[{type_.count}]"
    if isinstance(type_, types.Array):
        return f"{describe(type_.element)}[{type_.count}]"
    if isinstance(type_, types.Struct):
        return type_.name or "struct"
    if isinstance(type_, types.Enum):
        return type_.name if type_.name.startswith("enum") else f"enum {type_.name}"
    if isinstance(type_, types.Tuple):
        return "(" + ",".join(describe(e) for e in type_.elements) + ")"
    if isinstance(type_, types.Record):
        return "record { " + ", ".join(f".{f.name} = {describe(f.type)}" for f in type_.fields) + " }"
    if isinstance(type_, types.Stack):
        return f"{base_type(type_)}_{type_.mode}_{type_.depth}"
    if isinstance(type_, types.Buffer):
        return f"buffer[{type_.capacity + 4}]"
    if isinstance(type_, types.Inet):
        return f"inet[{type_.size}]"
    if type_ is None or isinstance(type_, (types.Void, str)):
        return "none"
    names = {
        "Bool": "bool",
        "Minimum": "min_t",
        "Maximum": "max_t",
        "Average": "avg_t",
        "Histogram": "hist_t",
        "LinearHistogram": "lhist_t",
        "TimeSeries": "tseries_t",
        "KernelSymbol": "ksym_t",
        "UserSymbol": "usym_t",
        "MacAddress": "mac_address",
        "CgroupPath": "cgroup_path_t",
        "ProbeName": "string",
        "Username": "username_t",
    }
    name = type(type_).__name__
    return names.get(name, name.lower() + ("_t" if isinstance(type_, types.Aggregation) else ""))


def base_type(type_: Type) -> str:
    """The kind of a type, as typeinfo() tells it."""
    if isinstance(type_, (types.Integer, types.Enum)):
        return "int"
    if isinstance(type_, types.Struct):
        return "c_type"
    if isinstance(type_, types.Stack):
        return "kstack" if type_.space == "kernel" else "ustack"
    if is_stringlike(type_) or isinstance(type_, types.ProbeName):
        return "string"
    if isinstance(type_, (types.Pointer, types.Array, types.Tuple, types.Record, types.Buffer, types.Inet)):
        return type(type_).__name__.lower()
    return describe(type_)


# Two of them that are of one type are the same where their bytes are
SAME_BYTES = (
    types.Array,
    types.Buffer,
    types.CgroupPath,
    types.Inet,
    types.KernelSymbol,
    types.MacAddress,
    types.ProbeName,
    types.Stack,
    types.Timestamp,
    types.Username,
    types.UserSymbol,
)

# Aggregations that stand for one integer in an expression
COUNTABLE = (types.Count, types.Sum, types.Minimum, types.Maximum, types.Average)


def is_stringlike(type_: "Type | None") -> bool:
    if isinstance(type_, types.Array):
        return isinstance(type_.element, types.Integer) and type_.element.name == "char"
    return isinstance(type_, types.String)


class Unfoldable(Exception):
    """An operation on literals that has no result: it leaves 64 bits, mixes a negative number with one above int64, divides by 0."""


def fold(operator: str, left: "int | bool | str", right: "int | bool | str") -> "int | bool | str | None":
    """An operation on literals; None where it is left to run time. Raises Unfoldable.

    Negative numbers are signed, the ones above int64 unsigned, the rest goes with either. Bools stay bools, as in C++'s
    promotion and back; with a number they are calculated with at run time. Strings compare, and concatenate with +; a string + n leaves out its first n characters.
    """
    if operator in ("&&", "||"):
        return bool(left and right) if operator == "&&" else bool(left or right)
    if isinstance(left, str) or isinstance(right, str):
        return fold_strings(operator, left, right)
    if isinstance(left, bool) != isinstance(right, bool):
        return None
    if (left < 0) != (right < 0) and max(left, right) >= 1 << 63:
        raise Unfoldable
    value: int | bool
    if operator in ("/", "%"):
        if right == 0:
            raise Unfoldable
        quotient = abs(left) // abs(right)
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        value = quotient if operator == "/" else left - quotient * right
    elif operator == "<<":
        if not 0 <= right < 64:
            raise Unfoldable
        value = (left << right) & ((1 << 64) - 1)
        if left < 0:
            value = value - (1 << 64) if value >> 63 else value
    elif operator == ">>":
        if not 0 <= right < 64:
            raise Unfoldable
        value = left >> right
    else:
        value = {
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
            "&": lambda: left & right,
            "|": lambda: left | right,
            "^": lambda: left ^ right,
            "==": lambda: left == right,
            "!=": lambda: left != right,
            "<": lambda: left < right,
            ">": lambda: left > right,
            "<=": lambda: left <= right,
            ">=": lambda: left >= right,
        }[operator]()
    if isinstance(value, bool) or (isinstance(left, bool) and isinstance(right, bool)):
        return bool(value)
    signed = left < 0 or right < 0
    if operator == "*" and value < -(1 << 63):
        return (value + (1 << 63)) % (1 << 64) - (1 << 63)  # bpftrace does not see that one
    if not -(1 << 63) <= value < 1 << (63 if signed and operator in "+-" else 64):
        raise Unfoldable
    return value


def fold_strings(operator: str, left: "int | bool | str", right: "int | bool | str") -> "bool | str | None":
    if isinstance(left, str) and isinstance(right, str):
        a, b = (side.encode("utf-8", "surrogateescape") for side in (left, right))
        compared = {"==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}
        return left + right if operator == "+" else compared.get(operator)
    text, skip = (left, right) if isinstance(left, str) else (right, left)
    if operator == "+" and isinstance(text, str) and isinstance(skip, int) and not isinstance(skip, bool) and skip >= 0:
        return text[skip:]
    return None
