"""What happened between two frames."""

import pytest
from hypothesis import given
from model.maps import KEYS, VALUES, runs
from widgets import scripted

from bttui.model.difference import adder, amount, subtract, subtract_map
from bttui.model.types import UINT64, Count, Histogram, LinearHistogram, Maximum, Stats, String, Sum, TimeSeries


def difference(type_, later, earlier, key=UINT64):
    after, before = (scripted.snapshot("@", key, type_, rows) for rows in (later, earlier))
    return dict(subtract_map(after, before).rows)


@pytest.mark.parametrize(
    ("type_", "later", "earlier", "between"),
    [
        (Count(), {1: 10, 2: 5, 3: 7}, {1: 4, 2: 5, 9: 8}, {1: 6, 3: 7}),
        (Count(), {1: 3}, {1: 10}, {1: 3}),  # cleared meanwhile
        (Sum(), {1: 3}, {1: 10}, {1: -7}),
        (Sum(), {}, {1: 10, 2: 0}, {1: -10}),
        (UINT64, {1: 7}, {1: 10, 2: 5}, {1: -3, 2: -5}),
        (Stats(), {1: (100, 10)}, {1: (40, 4)}, {1: (60, 6)}),
        (Stats(), {1: (100, 2)}, {1: (40, 4)}, {1: (100, 2)}),
        (Histogram(), {1: {3: 5, 4: 2}}, {1: {3: 1, 4: 2}}, {1: {3: 4}}),
        (Histogram(), {1: {3: 5}}, {1: {3: 1, 4: 2}}, {1: {3: 5}}),
        (LinearHistogram(), {1: {0: 5}}, {}, {1: {0: 5}}),
        (Maximum(), {1: 9, 2: 4}, {1: 7, 2: 4}, {1: 9}),
        (String(), {1: "b", 2: "c"}, {1: "a", 2: "c"}, {1: "b"}),
        (TimeSeries(), {1: ((7, 1), (8, 2))}, {1: ((6, 5), (7, 1))}, {1: ((8, 2),)}),
    ],
)
def test_maps(type_, later, earlier, between):
    assert difference(type_, later, earlier) == between


def test_nothing_before_is_all():
    later = scripted.snapshot("@", None, UINT64, {None: 3})
    assert subtract_map(later, None) is later


def test_counters_are_those_of_the_time_between():
    earlier, later = scripted.reads_frame(2, lost=3, full={"@": 1}), scripted.reads_frame(5, lost=10, full={"@": 1, "@b": 4})
    counters = subtract(later, earlier).counters
    assert (counters.lost, counters.full) == (7, {"@": 0, "@b": 4})
    assert counters.probes[0].runs == 3 * 19_000


@given(runs(least=2, most=2))
def test_what_came_between_and_what_was_there_make_what_is_there(frames):
    """For the kinds that only grow, and for numbers; where nothing was cleared."""
    earlier, later = frames
    between = dict(subtract(later, earlier).maps["@"].rows)
    before, after, type_ = dict(earlier.maps["@"].rows), dict(later.maps["@"].rows), later.maps["@"].spec.value
    for key, value in after.items():
        old = before.get(key)
        if isinstance(type_, (Sum, type(UINT64))) or (isinstance(type_, Count) and (old or 0) <= value):
            assert (old or 0) + between.get(key, 0) == value
        elif isinstance(type_, Histogram) and all(value.get(b, 0) >= n for b, n in (old or {}).items()):
            assert {b: (old or {}).get(b, 0) + between.get(key, {}).get(b, 0) for b in value} == value
        else:
            assert (key in between) == (old != value or key not in before)
    assert set(between) - set(after) <= set(before)


@pytest.mark.parametrize("type_", [Count(), Sum(), Stats(), UINT64], ids=repr)
@pytest.mark.parametrize(("new", "old"), [(10, 4), (3, 10), (5, 5), (7, None)])
def test_what_was_added_is_one_number_by_the_same_rules(type_, new, old):
    """A number that the program sets is not added by being there first; all else is as in the difference of maps."""
    as_value = (lambda n: (100 * n, n)) if isinstance(type_, Stats) else (lambda n: n)
    between = difference(type_, {1: as_value(new)}, {} if old is None else {1: as_value(old)}).get(1, as_value(0))
    added = adder(type_)(as_value(new), None if old is None else as_value(old))
    assert added == (0 if old is None and type_ is UINT64 else amount(type_, between))


@given(runs(least=1, most=1))
def test_a_frame_less_itself_is_nothing(frames):
    assert subtract(frames[0], frames[0]).maps["@"].rows == []


def test_every_kind_is_tried():
    assert len(KEYS) == 6 and len(VALUES) == 12
