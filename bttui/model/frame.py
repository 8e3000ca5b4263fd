"""What a running trace tells: Frames (the world at one instant) and Events (one line of output each)."""

from bttui.model.data import Data
from bttui.model.program import MapSpec, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Symbol(Data):
    """An address with a name. ``name`` is "" where nobody knows; ``module`` is a kernel module or a file's path.

    ``inlined``: a function whose code stands inside of that of another one; the frame of the latter follows.
    """

    address: int
    name: str = ""
    offset: int = 0
    module: str = ""
    source: str = ""
    inlined: bool = False


class MapSnapshot(Data):
    """The typed content of one map. ``rows`` are (key, value) pairs in no order; a scalar has one with key None.

    Keys and values are Python values as model.types says. An untouched scalar has no row.
    """

    spec: MapSpec
    rows: "list[tuple[Any, Any]]"


class ProbeCounters(Data):
    """``runs`` and ``missed`` count since attaching; ``nanoseconds`` is 0 unless the kernel's BPF statistics are on.

    ``name`` is the BPF program's; ``attached`` names its first attach point and says how many more there are.
    """

    name: str
    runs: int = 0
    nanoseconds: int = 0
    missed: int = 0
    lost: int = 0
    attached: str = ""


class Counters(Data):
    """Sums since the start. ``events``: records drained. ``full`` and ``entries`` count per map name.

    ``symbols_lost``: records of what processes start and map that were not read in time, so that names may be missing.
    ``unnamed``: addresses of user code that were looked up and have no name.
    """

    events: int = 0
    lost: int = 0
    missed: int = 0
    stacks_lost: int = 0
    full: "dict[str, int]" = {}
    probes: "tuple[ProbeCounters, ...]" = ()
    symbols_lost: int = 0
    unnamed: int = 0

    @property
    def losses(self) -> "dict[str, int]":
        """Every way in which figures may be short, with how often it happened. What seldom happens is named only then."""
        losses = {"lost": self.lost, "missed": self.missed, "full": sum(self.full.values())}
        seldom = {"stacks lost": self.stacks_lost, "symbols lost": self.symbols_lost}
        return losses | {name: number for name, number in seldom.items() if number}


class Frame(Data):
    """``monotonic`` and ``wall`` are nanoseconds (CLOCK_MONOTONIC, CLOCK_REALTIME)."""

    sequence: int
    monotonic: int
    wall: int
    maps: "dict[str, MapSnapshot]"
    counters: Counters


class Event(Data):
    """``kind`` is Output.kind, or one of ours: attached, lost, full, missed, error, warning, symbols
    (records of processes that were lost), exit, child.

    ``values`` are Python values for output.arguments; print_map carries a MapSnapshot in ``map``; ``text`` is set
    where there is no format (our own kinds, output of a child).
    """

    kind: str
    wall: int
    output: "Output | None" = None
    values: "tuple[Any, ...]" = ()
    map: "MapSnapshot | None" = None
    text: str = ""


class Written(str):
    """The text of many events of one output at once, and their values: what a recording of them needs."""

    output: Output
    rows: "list[tuple[Any, ...]]"
    wall: int  # as in Event

    def __new__(cls, text: str, output: "Output", rows: "list[tuple[Any, ...]]", wall: int) -> "Written":
        made = super().__new__(cls, text)
        made.output, made.rows, made.wall = output, rows, wall
        return made
