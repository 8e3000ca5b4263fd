"""Everything the compiler knows about a program, as pure data. The same text and host facts give the same bytes."""

from bttui.model.data import Data
from bttui.model.diagnostic import Diagnostic, Span
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BpfProgram(Data):
    """One BPF function of the object. ``type`` and ``attach_type`` are numbers of <linux/bpf.h>.

    ``attach_to`` names the BTF function or type that a tracing program is loaded for ("" where none);
    ``attach_program`` is the number of the running BPF program that it is a part of (0: of the kernel).
    """

    name: str
    type: int
    attach_type: int = 0
    attach_to: str = ""
    span: "Span | None" = None
    attach_program: int = 0


class Attachment(Data):
    """One attach point. ``name`` is what the builtin ``probe`` shows; ``cookie`` is its index in Program.attachments.

    ``target`` and ``options`` are the provider's own words (probes/): plain scalars, lists and dicts only.
    """

    provider: str
    target: str
    name: str
    program: str
    cookie: int = 0
    options: "dict[str, Any]" = {}
    span: "Span | None" = None


class MapSpec(Data):
    """A map of the program (``name`` begins with @) or one of ours.

    ``bpf_type`` is a number of enum bpf_map_type, ``flags`` are BPF_F_* of map creation; sizes are in bytes. ``key`` is None for a scalar map.
    How values are stored:
    - scalar, not a histogram: an (per-CPU) array of one entry: the value, padded to 8, then a u64 that is not 0
      once it was written;
    - scalar histogram: a per-CPU array, one u64 a bucket;
    - keyed histogram: a per-CPU hash of {key padded to 8, u64 bucket} to u64;
    - time series: as a histogram, where the bucket is the interval number modulo the count of intervals;
    - everything else keyed: key to value as the types say; per-CPU for aggregations.
    """

    name: str
    symbol: str
    bpf_type: int
    key_size: int
    value_size: int
    max_entries: int
    key: "Type | None" = None
    value: "Type | None" = None
    span: "Span | None" = None
    flags: int = 0


class Argument(Data):
    """A value at ``offset`` of an event record. The record's last string may be cut to its used length."""

    type: Type
    offset: int


class Output(Data):
    """What an event record means. A record is a u64 index in Program.outputs, then the arguments.

    ``kind``: printf, errorf, warnf, debugf, cat, system, print, print_map, clear, zero, time, strftime, join, exit,
    unwatch, skboutput, helper_error, runtime_error (its ``text`` is a warning about ``span``), print_entry (print of one
    entry of an aggregation: the argument is the key, the value is read when it is printed). ``text`` is its format. ``map`` is the map it is about. ``size`` is the full
    size of the record in bytes. ``trail``: as in Diagnostic, the calls of macros that ``span`` is inside of.
    """

    kind: str
    text: str = ""
    arguments: "tuple[Argument, ...]" = ()
    size: int = 8
    map: str = ""
    options: "dict[str, Any]" = {}
    span: "Span | None" = None
    trail: "tuple[tuple[str, Span], ...]" = ()


class Counter(Data):
    """One entry of the counters map. ``kind``: lost (``subject`` is a BpfProgram's name), full (a map's name, and the

    place that found no room there), stack (a stack that could not be stored).
    """

    kind: str
    subject: str
    span: "Span | None" = None


# Our own maps, by name. Those of stacks: see stack_map().
RINGBUF, COUNTERS, SCRATCH = "ringbuf", "counters", "scratch"
BUILD_ID_FRAME = 32  # bytes of struct bpf_stack_build_id: i32 status, 20 bytes of build id, u64 offset or address
IN_SECOND = 1 << 32  # in the id of a stack: it found its slot taken, and is in the second map
# Internal scalars (name begins with @__, never shown), written by the runner before anything is attached:
# u64 boot clock at the start, u32 process id of the -c child, u64 what to add to the boot clock to have the wall clock, or
# TAI. Present only where the program uses them.
ELAPSED, CHILD, WALL, TAI = "@__elapsed", "@__cpid", "@__wall", "@__tai"


def stack_map(mode: str, depth: int, second: bool = False) -> str:
    """The name of the stack trace map for stacks of this depth: "stacks127"; those by build id lie in maps of their own."""
    return f"stacks{depth}" + ("_build_id" if mode == "build_id" else "") + ("_second" if second else "")


class Program(Data):
    """``object`` is an ELF file. ``source`` is the text as typed. ``config`` holds the config variables in force."""

    object: bytes
    source: str
    programs: "tuple[BpfProgram, ...]"
    attachments: "tuple[Attachment, ...]"
    maps: "tuple[MapSpec, ...]"
    outputs: "tuple[Output, ...]"
    counters: "tuple[Counter, ...]" = ()
    strings: "tuple[str, ...]" = ()
    config: "dict[str, Any]" = {}
    warnings: "tuple[Diagnostic, ...]" = ()

    def map(self, name: str) -> MapSpec:
        return next(m for m in self.maps if m.name == name)
