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


def literal_type(value: int) -> types.Integer:
    """The smallest signed type that holds it; above int64, uint64."""
    for type_ in (types.INT8, types.INT16, types.INT32, types.INT64):
        if fits(value, type_):
            return type_
    return types.UINT64


def promote(left: types.Integer, right: types.Integer) -> "types.Integer | None":
    """The smallest type that holds both, None where there is none."""
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
        return f"{describe(type_.target)} *"
    if isinstance(type_, types.Array):
        return f"{describe(type_.element)}[{type_.count}]"
    if isinstance(type_, types.Struct):
        return type_.name or "struct"
    if isinstance(type_, types.Enum):
        return f"enum {type_.name}"
    if isinstance(type_, types.Tuple):
        return "(" + ",".join(describe(e) for e in type_.elements) + ")"
    if isinstance(type_, types.Record):
        return "(" + ",".join(f"{f.name}={describe(f.type)}" for f in type_.fields) + ")"
    if isinstance(type_, types.Stack):
        return "kstack" if type_.space == "kernel" else "ustack"
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
        "StringConstant": "string",
    }
    name = type(type_).__name__
    return names.get(name, name.lower() + ("_t" if isinstance(type_, types.Aggregation) else ""))


def is_stringlike(type_: "Type | None") -> bool:
    if isinstance(type_, types.Array):
        return isinstance(type_.element, types.Integer) and type_.element.name == "char"
    return isinstance(type_, types.String)


def fold(operator: str, left: int, right: int) -> "int | bool | None":
    """C arithmetic on 64-bit integers; None where it is left to run time."""
    if operator in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right)
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        return quotient if operator == "/" else left - quotient * right
    if operator in ("<<", ">>") and not 0 <= right < 64:
        return None
    value: int | bool = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "&": lambda: left & right,
        "|": lambda: left | right,
        "^": lambda: left ^ right,
        "<<": lambda: left << right,
        ">>": lambda: left >> right,
        "==": lambda: left == right,
        "!=": lambda: left != right,
        "<": lambda: left < right,
        ">": lambda: left > right,
        "<=": lambda: left <= right,
        ">=": lambda: left >= right,
        "&&": lambda: bool(left and right),
        "||": lambda: bool(left or right),
    }[operator]()
    if isinstance(value, bool):
        return value
    if not -(1 << 63) <= value < 1 << 64:
        return None
    return value
