"""Maps of every kind at random, as a run shows them: the same keys come again, values mostly grow."""

from hypothesis import strategies as st
from widgets.scripted import SECOND, START, snapshot, stack

from bttui.model.frame import Counters, Frame, ProbeCounters
from bttui.model.types import (
    INT64,
    UINT64,
    Average,
    Count,
    Histogram,
    LinearHistogram,
    Maximum,
    Minimum,
    Stack,
    Stats,
    String,
    Sum,
    TimeSeries,
    make_record,
    make_tuple,
)

NAME = String(size=16)
KEYS = {
    "none": (None, [None]),
    "number": (UINT64, [0, 1, 7, 2**64 - 1]),
    "text": (NAME, ["cat", "dd", "", "\x1b[31m"]),
    "tuple": (make_tuple((UINT64, NAME)), [(1, "cat"), (1, "dd"), (2, "cat")]),
    "record": (make_record([("pid", UINT64), ("name", NAME)]), [(1, "cat"), (2, "dd")]),
    "stack": (make_tuple((Stack(space="kernel"), NAME)), [(stack("read", "entry"), "cat"), (stack("write", "entry"), "cat"), ((), "dd")]),
}
SMALL = st.integers(0, 1000)
SIGNED = st.integers(-(2**63), 2**63 - 1)
BUCKETS = st.dictionaries(st.integers(0, 12), st.integers(1, 1000), max_size=5)
VALUES = {
    "count": (Count(), st.integers(0, 2**64 - 1)),
    "sum": (Sum(), SIGNED),
    "min": (Minimum(), SIGNED),
    "max": (Maximum(), SIGNED),
    "avg": (Average(), st.tuples(SIGNED, SMALL)),
    "stats": (Stats(), st.tuples(SIGNED, SMALL)),
    "hist": (Histogram(), BUCKETS),
    "lhist": (LinearHistogram(minimum=0, maximum=100, step=10), BUCKETS),
    "tseries": (TimeSeries(interval=SECOND, count=4), st.lists(st.tuples(SMALL, SIGNED), max_size=4).map(tuple)),
    "integer": (INT64, SIGNED),
    "text": (NAME, st.text("ab\x1b", max_size=5)),
    "tuple": (make_tuple((UINT64, NAME)), st.tuples(SMALL, st.text("ab", max_size=3))),
}


@st.composite
def runs(draw, least=1, most=6, value=None):
    """The frames of a run with a map of one kind, a second apart. ``value`` is one of VALUES."""
    key, names = KEYS[draw(st.sampled_from(sorted(KEYS)))]
    type_, values = VALUES[value or draw(st.sampled_from(sorted(VALUES)))]
    frames = []
    for second in range(1, draw(st.integers(least, most)) + 1):
        chosen = draw(st.lists(st.sampled_from(names), unique=True))
        rows = {name: draw(values) for name in chosen}
        runs_ = draw(SMALL) + 1000 * second
        counters = Counters(events=runs_, lost=second, probes=(ProbeCounters("p", runs_, runs_ * 9),), full={"@": second})
        frames.append(Frame(second, second * SECOND, START + second * SECOND, {"@": snapshot("@", key, type_, rows)}, counters))
    return frames
