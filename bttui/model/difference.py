"""What happened between two frames, map by map: for ranges of time, for comparisons, live and from a recording."""

from bttui.model.frame import Counters, Frame, MapSnapshot, ProbeCounters
from bttui.model.types import Average, Bool, Count, Histogram, Integer, LinearHistogram, Pointer, Stats, Sum, TimeSeries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.model.types import Type


def subtract_map(later: MapSnapshot, earlier: "MapSnapshot | None") -> MapSnapshot:
    """What was added to the map after ``earlier``; without one, all that it holds.

    Counts, sums, averages, statistics, histograms and integers become differences; entries without any are left out.
    What only grows and holds less than before was cleared between the two: then all that it holds came since. Values that
    cannot be subtracted (smallest, largest, texts) are kept as they are where they changed. Entries that are gone are
    left out, but integers that are gone count as 0.
    """
    if earlier is None:
        return later
    value = later.spec.value
    less = _subtractor(value)
    before = dict(earlier.rows)
    rows = []
    missing = object()
    for key, new in later.rows:
        old = before.pop(key, missing)
        if old is missing:
            rows.append((key, new))
        elif new != old:
            changed = less(new, old) if less else new
            rows.append((key, changed))
    if before and _is_integer(value):
        rows += [(key, -old) for key, old in before.items() if old]
    return MapSnapshot(later.spec, rows)


def subtract(later: Frame, earlier: "Frame | None") -> Frame:
    """The frame with each map as ``subtract_map`` gives it, and counters of that time only."""
    if earlier is None:
        return later
    maps = {name: subtract_map(snapshot, earlier.maps.get(name)) for name, snapshot in later.maps.items()}
    return later.replace(maps=maps, counters=_subtract_counters(later.counters, earlier.counters))


def _subtract_counters(later: Counters, earlier: Counters) -> Counters:
    before = {probe.name: probe for probe in earlier.probes}
    nothing = ProbeCounters("")
    probes = []
    for probe in later.probes:
        old = before.get(probe.name, nothing)
        probes.append(
            probe.replace(
                runs=probe.runs - old.runs,
                nanoseconds=probe.nanoseconds - old.nanoseconds,
                missed=probe.missed - old.missed,
                lost=probe.lost - old.lost,
            )
        )
    return later.replace(
        events=later.events - earlier.events,
        lost=later.lost - earlier.lost,
        missed=later.missed - earlier.missed,
        stacks_lost=later.stacks_lost - earlier.stacks_lost,
        full={name: number - earlier.full.get(name, 0) for name, number in later.full.items()},
        probes=tuple(probes),
        symbols_lost=later.symbols_lost - earlier.symbols_lost,
        unnamed=later.unnamed - earlier.unnamed,
    )


def adder(type_: "Type | None") -> "Callable[[Any, Any], int]":
    """A function from (new, old) to how much was added, one number; of averages and statistics, how many values.

    The rules are those of ``subtract_map``. ``old`` is None where there was nothing; a number that the program sets itself
    has not grown by being there for the first time.
    """
    less = _subtractor(type_) or (lambda new, old: new - old)
    if isinstance(type_, (Average, Stats)):
        return lambda new, old: new[1] if old is None else less(new, old)[1]
    if isinstance(type_, Integer):
        return lambda new, old: 0 if old is None else new - old
    return lambda new, old: new if old is None else less(new, old)


def amount(type_: "Type | None", value: "Any") -> int:
    """What adds up in a value: of averages and statistics how many; 0 where there is none."""
    if value is None:
        return 0
    return value[1] if isinstance(type_, (Average, Stats)) else value


def _is_integer(type_: "Type | None") -> bool:
    return isinstance(type_, (Integer, Sum)) and not isinstance(type_, (Bool, Pointer))


def _subtractor(type_: "Type | None") -> "Callable[[Any, Any], Any] | None":
    """A function from (new, old) to what came between; None where there is no such thing."""
    if isinstance(type_, Count):
        return lambda new, old: new - old if new >= old else new
    if _is_integer(type_):
        return lambda new, old: new - old
    if isinstance(type_, (Average, Stats)):
        return lambda new, old: (new[0] - old[0], new[1] - old[1]) if new[1] >= old[1] else new
    if isinstance(type_, (Histogram, LinearHistogram)):
        return _buckets
    if isinstance(type_, TimeSeries):
        return lambda new, old: tuple([point for point in new if point not in set(old)])
    return None


def _buckets(new: "dict[int, int]", old: "dict[int, int]") -> "dict[int, int]":
    if any(new.get(bucket, 0) < count for bucket, count in old.items()):
        return new
    return {bucket: count - old.get(bucket, 0) for bucket, count in new.items() if count != old.get(bucket, 0)}
