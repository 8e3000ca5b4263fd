from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.model.buckets import histogram_index, linear_index
from bttui.model.types import Histogram, LinearHistogram
from bttui.render.histogram import bar, buckets, histogram_text, percentile


def labels(type_, index, values):
    return [buckets(type_, {index(value): 1})[0].label for value in values]


@pytest.mark.parametrize(
    ("bits", "values"),
    [
        (0, {-1: "(..., 0)", 0: "[0]", 1: "[1]", 3: "[2, 4)", 1000: "[512, 1K)", 2**31: "[2G, 4G)", 2**40: "[1T, 2T)", 2**62: "[4E, 8E)"}),
        (1, {-5: "(..., 0)", 3: "[3]", 5: "[4, 6)", 9: "[8, 12)", 1000: "[768, 1024)", 1100: "[1024, 1536)", 2048: "[2K, 3K)"}),
        (2, {12: "[12, 14)", 30: "[28, 32)", 1500: "[1280, 1536)", 5000: "[4K, 5K)"}),
        (3, {1500: "[1408, 1536)", 2500: "[2304, 2560)"}),
        (5, {63: "[63]", 64: "[64, 66)", 1000: "[992, 1008)", 7_000_000: "[6784K, 6912K)", 8_000_000: "[7808K, 7936K)"}),
    ],
)
def test_labels_of_power_of_two_buckets(bits, values):
    assert labels(Histogram(bits=bits), lambda value: histogram_index(value, bits), values) == list(values.values())


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        ((0, 10, 2), {-3: "(..., 0)", 0: "[0, 2)", 9: "[8, 10)", 10: "[10, ...)"}),
        ((0, 10, 3), {8: "[6, 9)", 9: "[9, ...)", 10: "[9, ...)"}),
        ((20, 20000, 1024), {3: "(..., 20)", 5000: "[4116, 5140)", 100000: "[19476, ...)"}),
        ((0, 10240, 1024), {2048: "[2K, 3K)"}),
        ((1 << 20, 10 << 20, 1 << 20), {3: "(..., 1M)", 3 << 20: "[3M, 4M)", 1 << 30: "[10M, ...)"}),
        ((1000, 10485760, 1048576), {300000: "[1000, 1049576)"}),
        ((0, 3000000, 1000000), {100000: "[0, 1000000)"}),
    ],
)
def test_labels_of_linear_buckets(shape, values):
    type_ = LinearHistogram(minimum=shape[0], maximum=shape[1], step=shape[2])
    assert labels(type_, lambda value: linear_index(value, type_), values) == list(values.values())


def test_gaps_are_filled_and_bars_are_cut_down():
    counts = {histogram_index(5, 0): 100, histogram_index(10, 0): 3, histogram_index(100, 0): 1}
    assert histogram_text(Histogram(), counts) == (
        "[4, 8)               100 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
        "[8, 16)                3 |@                                                   |\n"
        "[16, 32)               0 |                                                    |\n"
        "[32, 64)               0 |                                                    |\n"
        "[64, 128)              1 |                                                    |\n"
    )


def test_a_long_label_moves_its_line_only():
    type_ = LinearHistogram(minimum=0, maximum=3000000, step=1000000)
    assert histogram_text(type_, {1: 1, 3: 1}) == (
        "[0, 1000000)           1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
        "[1000000, 2000000)       0 |                                                    |\n"
        "[2000000, 3000000)       1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
    )


def test_divided_counts():
    assert histogram_text(Histogram(), {2: 2, 3: 1}, 2) == (
        "[1]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
        "[2, 4)                 0 |                                                    |\n"
    )
    assert histogram_text(Histogram(), {2: 2}, 3) == "[1]                    0 |                                                    |\n"


@given(st.integers(0, 5), st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**40), min_size=1, max_size=8))
def test_buckets_lie_side_by_side_and_lose_nothing(bits, values):
    counts: dict[int, int] = {}
    for value, count in values.items():
        index = histogram_index(value, bits)
        counts[index] = counts.get(index, 0) + count
    rows = buckets(Histogram(bits=bits), counts)
    assert sum(row.count for row in rows) == sum(values.values())
    assert all(one.high + 1 == other.low for one, other in pairwise(rows))
    assert all(any(row.count and (row.low is None or row.low <= value) and value <= row.high for row in rows) for value in values)


def test_percentiles_are_buckets():
    rows = buckets(Histogram(), {histogram_index(value, 0): count for value, count in {-1: 1, 5: 49, 9: 40, 100: 10}.items()})
    assert [percentile(rows, percent).label for percent in (0, 1, 50, 51, 90, 99, 100)] == [
        "(..., 0)",
        "(..., 0)",
        "[4, 8)",
        "[8, 16)",
        "[8, 16)",
        "[64, 128)",
        "[64, 128)",
    ]
    assert percentile([], 50) is None


@pytest.mark.parametrize(("count", "drawn"), [(0, ""), (1, "▏"), (49, "███▉"), (50, "████"), (100, "████████")])
def test_bars(count, drawn):
    assert bar(count, 100, 8) == drawn


@given(st.integers(0, 2**64), st.integers(1, 2**64), st.integers(1, 200))
def test_a_bar_stays_in_its_room_and_shows_what_there_is(count, most, width):
    assert (1 if count else 0) <= len(bar(count, most, width)) <= width
