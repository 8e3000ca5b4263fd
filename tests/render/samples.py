"""Short ways to say a type, a map or an event in a test."""

from bttui.model.frame import Event, MapSnapshot, Symbol
from bttui.model.program import Argument, MapSpec, Output
from bttui.model.types import INT8, INT32, UINT8, Array, Enum, Field, Pointer, String, Struct, make_record, make_tuple

STRING = String(size=64)
POINTER = Pointer(target=UINT8)
MAP_TYPE = Enum(name="enum bpf_map_type", members=(("BPF_MAP_TYPE_UNSPEC", 0), ("BPF_MAP_TYPE_HASH", 1), ("BPF_MAP_TYPE_ARRAY", 2)))
FOO = Struct(
    name="struct foo",
    size=24,
    fields=(
        Field("a", INT32),
        Field("b", String(size=4), 4),
        Field("c", Array(element=INT32, count=2), 8),
        Field("p", POINTER, 16),
        Field("flex", Array(element=INT32, count=0), 24),
    ),
)
# struct { int z; union { int u; struct { int w; }; }; }
NESTED = Struct(
    name="struct nested",
    size=8,
    fields=(
        Field("z", INT32),
        Field("", Struct(size=4, name="", fields=(Field("u", INT32), Field("", Struct(size=4, name="", fields=(Field("w", INT32),))))), 4),
    ),
)
PAIR = make_tuple([INT8, STRING])
POINT = make_record([("x", INT8), ("y", STRING)])
SYMBOLS = (Symbol(0xFFFFFFFF81F081AA, "schedule", 106), Symbol(0xFFFFFFFFC0027502))
USER_SYMBOLS = (Symbol(0x7FC910D1AE89, "syscall", 25, "/usr/lib/libc.so.6"), Symbol(0x55E913C8D958))


def snapshot(name, key, value, rows):
    """``rows`` is a dict for a keyed map, the value itself for a scalar, None for one nobody wrote to."""
    if key is not None:
        rows = list(rows.items())
    elif rows is None:
        rows = []
    else:
        rows = [(None, rows)]
    return MapSnapshot(MapSpec(name, name[1:], 1, 8, 8, 4096, key, value), rows)


def event(kind, text="", types=(), values=(), **more):
    output = Output(kind, text, tuple(Argument(type_, 8 + 8 * i) for i, type_ in enumerate(types)), **more)
    return Event(kind, 0, output, tuple(values))
