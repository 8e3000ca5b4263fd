"""The types of the language, and how their values lie in memory.

``size`` is in bytes, as stored in a map value, a key or an event record; all of it is little or big endian as the
machine is. What a decoded value looks like in Python is said at each class; rendering needs (type, value).
"""

from bttui.model.data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Type(Data):
    size: int = 0

    @property
    def align(self) -> int:
        return 8 if self.size >= 8 else 4 if self.size >= 4 else 2 if self.size >= 2 else 1


class Void(Type):
    """No value."""


class Bool(Type):
    """One byte, 0 or 1. Python: bool."""

    size: int = 1


class Integer(Type):
    """1, 2, 4 or 8 bytes. Python: int."""

    size: int = 8
    signed: bool = False
    name: str = ""  # a C or BTF spelling, for messages only
    flexible: bool = False  # only ever numbers that are written and not negative: they go with either sign

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Integer) and (self.size, self.signed) == (other.size, other.signed)

    def __hash__(self) -> int:
        return hash(("Integer", self.size, self.signed))


class Enum(Type):
    """An integer whose values have names. Python: int."""

    name: str = ""
    size: int = 4
    signed: bool = False
    members: "tuple[tuple[str, int], ...]" = ()


class String(Type):
    """char[size], ends at the first NUL. Python: str, undecodable bytes as surrogates."""

    size: int = 64

    @property
    def align(self) -> int:
        return 1


class Buffer(Type):
    """A u32 length, then ``capacity`` bytes. Python: bytes."""

    capacity: int = 64
    size: int = 68

    @property
    def align(self) -> int:
        return 4


class Pointer(Type):
    """An address; ``space`` is "kernel" or "user" ("" where nobody said). Python: int."""

    target: Type = Void()
    space: str = ""
    size: int = 8


class Array(Type):
    """``count`` elements in a row; a flexible array has 0. Python: tuple."""

    element: Type = Void()
    count: int = 0

    @property  # type: ignore[misc]
    def size(self) -> int:  # type: ignore[override]
        return self.element.size * self.count

    def contents(self) -> "tuple[int, Type, int]":
        return self.size, self.element, self.count

    @property
    def align(self) -> int:
        return self.element.align


class Field(Data):
    """A named place: ``offset`` in bytes; a bitfield also has ``bits`` > 0 and ``bit_offset`` from ``offset``.

    ``data_location`` marks a tracepoint's ``__data_loc`` field: a u32 of (length << 16 | offset from the record).
    """

    name: str
    type: Type
    offset: int = 0
    bits: int = 0
    bit_offset: int = 0
    data_location: bool = False


class Struct(Type):
    """A C struct or union. ``fields`` is None while only the name is known: ask the resolver for the rest.

    ``name`` includes the keyword: "struct task_struct", "union sigval". Python: tuple in field order.
    ``source``: None for the kernel's (BTF) and the program's own; (path, place of the entry) where the debugging
    information of a file defines it.
    """

    name: str = ""
    size: int = 0
    fields: "tuple[Field, ...] | None" = None
    source: "tuple[str, int] | None" = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Struct)
            and (self.name, self.size) == (other.name, other.size)
            and (bool(self.name) or self.fields == other.fields)
        )

    def __hash__(self) -> int:
        return hash(("Struct", self.name, self.size))

    @property
    def align(self) -> int:
        return 8


class Tuple(Type):
    """Elements at their natural alignment. Python: tuple."""

    elements: "tuple[Type, ...]" = ()
    offsets: "tuple[int, ...]" = ()
    size: int = 0

    @property
    def align(self) -> int:
        return max((e.align for e in self.elements), default=1)


class Record(Type):
    """A tuple with names, in the order of its first writing. Python: tuple."""

    fields: "tuple[Field, ...]" = ()
    size: int = 0

    @property
    def align(self) -> int:
        return max((f.type.align for f in self.fields), default=1)


class Stack(Type):
    """kstack or ustack. In memory: u64 stack id, u64 (pid << 32 | depth), u64 start time of the process: ns of CLOCK_BOOTTIME, or 0.

    ``space`` is "kernel" or "user"; ``mode`` is "bpftrace", "perf", "raw" or "build_id"; ``depth`` is the limit.
    Python: tuple of model.frame.Symbol, innermost first.
    """

    space: str = ""
    mode: str = "bpftrace"
    depth: int = 127
    size: int = 24


class KernelSymbol(Type):
    """u64 address. Python: model.frame.Symbol."""

    size: int = 8


class UserSymbol(Type):
    """u64 address, u64 pid, u64 start time of the process. Python: model.frame.Symbol."""

    size: int = 24


class Inet(Type):
    """u64 address family (AF_INET 2, AF_INET6 10), then 16 bytes. Python: str."""

    size: int = 24


class MacAddress(Type):
    """6 bytes. Python: str."""

    size: int = 6

    @property
    def align(self) -> int:
        return 1


class ProbeName(Type):
    """u64 index in Program.attachments. Python: str."""

    size: int = 8


class Username(Type):
    """u32 uid in 8 bytes. Python: str."""

    size: int = 8


class Timestamp(Type):
    """strftime(): u64 clock (0 monotonic, 1 boot, 3 tai, 4 sw_tai), u64 nanoseconds, u64 format number. Python: str."""

    size: int = 24


class CgroupPath(Type):
    """u64 cgroup id, u64 filter number. Python: str."""

    size: int = 16


# Aggregations: only as the value of a map. ``Program`` says how each is stored.


class Aggregation(Type):
    pass


class Count(Aggregation):
    """u64. Python: int."""

    size: int = 8


class Sum(Aggregation):
    """i64 or u64. Python: int."""

    size: int = 8
    signed: bool = True


class Minimum(Aggregation):
    """{value, is set}. Python: int."""

    size: int = 16
    signed: bool = True


class Maximum(Aggregation):
    """{value, is set}. Python: int."""

    size: int = 16
    signed: bool = True


class Average(Aggregation):
    """{total, count}. Python: (total, count)."""

    size: int = 16
    signed: bool = True


class Stats(Aggregation):
    """{total, count}. Python: (total, count)."""

    size: int = 16
    signed: bool = True


class Bucketed(Aggregation):
    """An entry of the map holds one bucket: see MapSpec."""


class Histogram(Bucketed):
    """Power-of-two buckets, each split in 2**bits. Python: {bucket index: count}, see model.buckets."""

    size: int = 8
    bits: int = 0


class LinearHistogram(Bucketed):
    """Python: {bucket index: count}: 0 is below minimum, the last is maximum and above."""

    size: int = 8
    minimum: int = 0
    maximum: int = 0
    step: int = 1


class TimeSeries(Bucketed):
    """The last ``count`` intervals of ``interval`` ns. Python: tuple of (interval number, value or None), oldest first.

    Intervals are numbered from 1970 in wall clock time; a value is what ``aggregation`` ("avg", "max", "min", "sum", or
    "" for the newest) makes of an interval's values. In memory: u64 value; u64 how many (or, with "", when); u64 interval number + 1.
    """

    size: int = 24
    interval: int = 0
    count: int = 0
    aggregation: str = ""
    signed: bool = True


def align_up(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def make_tuple(elements: "Iterable[Type]") -> Tuple:
    """Lay the elements out one after another; the whole is padded to its alignment."""
    elements = tuple(elements)
    offsets, at = [], 0
    for element in elements:
        at = align_up(at, element.align)
        offsets.append(at)
        at += element.size
    widest = max((e.align for e in elements), default=1)
    return Tuple(elements=elements, offsets=tuple(offsets), size=align_up(at, widest))


def make_record(named: "Iterable[tuple[str, Type]]") -> Record:
    named = tuple(named)
    shape = make_tuple(t for _, t in named)
    fields = tuple(Field(name, type_, offset) for (name, type_), offset in zip(named, shape.offsets, strict=True))
    return Record(fields=fields, size=shape.size)


VOID = Void()
BOOL = Bool()
INT8, INT16, INT32, INT64 = (Integer(size=n, signed=True) for n in (1, 2, 4, 8))
CHAR = Integer(size=1, signed=True, name="char")  # an array of these is text
UINT8, UINT16, UINT32, UINT64 = (Integer(size=n) for n in (1, 2, 4, 8))
