"""Histories as columns of time, heat maps, line charts and sparklines, as text."""

import pytest

from bttui.model.frame import MapSnapshot
from bttui.model.program import MapSpec
from bttui.model.types import Count, Histogram, LinearHistogram, String
from bttui.render.chart import chart
from bttui.render.columns import FEW, Past, ago, axis, columns, difference
from bttui.render.figures import quantity, rate, short, spark
from bttui.render.heat import heat_lines, heat_map, legend

SECOND = 1_000_000_000
LATENCY = Histogram()


def drawn(lines):
    return ["".join(text for text, _ in line) for line in lines]


def test_a_column_a_frame_while_they_fit():
    moments = [n * SECOND for n in range(1, 6)]
    assert [(c.first, c.last) for c in columns(moments, 10, 10)] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert [(c.first, c.last) for c in columns(moments, 2, 2)] == [(3, 3), (4, 4)]


def test_columns_merge_and_stay_where_they_began():
    """60 seconds in 20 columns: three frames each. A frame more does not move the ones before."""
    moments = [n * SECOND + n % 3 * 1_000_000 for n in range(100)]
    before, after = columns(moments[:-1], 20, 60), columns(moments, 20, 60)
    assert {c.last - c.first for c in before[1:-1]} == {2}
    shared = {c.first for c in before[2:-1]}
    assert shared <= {c.first for c in after}
    assert [c.first for c in after[1:]] == [c.last + 1 for c in after[:-1]], "no frame is left out or counted twice"


def test_a_stretch_without_frames_is_an_empty_column():
    moments = [n * SECOND for n in (1, 2, 3, 6, 7)]
    assert [c and c.last for c in columns(moments, 10, 10)] == [1, 2, None, None, 3, 4]


def test_less_than_two_frames_have_no_columns():
    assert columns([], 10, 60) == columns([5], 10, 60) == []


def test_what_was_cleared_between_is_all_new():
    assert difference({1: 5, 2: 2}, {1: 3, 2: 2}) == {1: 2}
    assert difference({1: 2}, {1: 3}) == {1: 2}
    assert difference({}, {1: 3}) == {}


def a_heat(history, width=100, type_=LATENCY):
    moments = [n * SECOND for n in range(len(history))]
    return heat_map(type_, columns(moments, width, 60), history)


def test_heat_map_is_darker_the_more():
    history = [{3: 1}, {3: 2}, {3: 12, 5: 1}, {3: 112, 5: 4}, {3: 112, 5: 4}]
    assert drawn(heat_lines(a_heat(history), 10, halves=False)) == [
        " [8, 16) │ ·░ ",
        "  [4, 8) │    ",
        "  [2, 4) │·▒█ ",
    ]


def test_zooming_out_keeps_the_sums():
    history = [{3: n, 7: n // 10} for n in range(101)]
    near, far = a_heat(history, 100), a_heat(history, 10)
    assert (len(far.columns), len(near.columns)) == (10, 60)
    in_frame = dict(zip([c.last for c in near.columns], near.counts, strict=True))
    for column, counts in zip(far.columns[1:], far.counts[1:], strict=True):
        for bucket in (3, 7):
            assert counts.get(bucket, 0) == sum(in_frame[n].get(bucket, 0) for n in range(column.first, column.last + 1))


def test_more_buckets_than_lines():
    """Two to a line as half blocks, which need colours; else their sum, and the label says so."""
    history = [{}, {n: 10**n for n in range(2, 8)}]
    assert drawn(heat_lines(a_heat(history), 3, halves=False)) == [" [16, 64) │█", "  [4, 16) │·", "   [1, 4) │·"]
    halves = heat_lines(a_heat(history), 3, halves=True)
    assert [line[2] for line in halves] == [("▀", "heat5/heat3"), ("█", "heat1"), ("█", "heat1")]


def test_the_cursor_marks_its_line():
    lines = heat_lines(a_heat([{}, {3: 4, 4: 4}]), 5, halves=False, cursor=(0, 4))
    assert [line[1][0] for line in lines] == ["▸", "│"]
    assert [line[0][1] for line in lines] == ["mark", "label"]


def test_linear_buckets_keep_their_open_ends():
    type_ = LinearHistogram(minimum=0, maximum=20, step=10)
    assert [line.strip()[:8] for line in drawn(heat_lines(a_heat([{}, {0: 1, 3: 1}], type_=type_), 9, halves=False))] == [
        "[20, ...",
        "[10, 20)",
        "[0, 10) ",
        "(..., 0)",
    ]


def test_axis_and_ages():
    starts = [n * SECOND for n in range(40)]
    ticks, texts = axis(starts, ago(39 * SECOND), 39 * SECOND)
    assert ticks == "───────────────────┬───────────────────┬", "at round ages"
    assert texts.split() == ["-00:20", "now"] and len(texts) == 40


@pytest.mark.parametrize(
    ("each", "labels"), [(1, ["-01:00", "-00:40", "-00:20", "now"]), (5, ["-05:00", "-04:00", "-03:00", "-02:00", "-01:00", "now"])]
)
def test_an_axis_has_round_times_though_frames_come_a_little_late(each, labels):
    times = [n * each * SECOND + n * 3_000_000 for n in range(62)]
    ticks, texts = axis(times, ago(times[-1]), times[-1])
    assert texts.split() == labels
    assert ticks.count("┬") == len(labels)


def test_an_axis_without_frames_is_a_line():
    assert axis([None, None], ago(0)) == ("──", "  ")


def test_chart_rises_from_left_to_right():
    drawing = chart([0, 25, 50, 75, 100], 20, 5)
    assert [label for label, _ in drawing.lines] == ["100 ┤", "    │", " 50 ┤", "    │", "  0 ┤"]
    lowest = [
        next(n for n, (_, plot) in enumerate(drawing.lines) if plot[at] != " ")
        for at in range(len(drawing.lines[0][1]) - 5, len(drawing.lines[0][1]))
    ]
    assert lowest == sorted(lowest, reverse=True) and lowest[-1] == 0


def test_chart_scale():
    """From 0 unless the values are far from it; a flat line is drawn; gaps stay empty."""
    assert (chart([10, 30], 20, 4).low, chart([1000, 1010], 20, 4).low) == (0, 1000)
    assert any(plot.strip() for _, plot in chart([7, 7, 7], 20, 4).lines)
    assert chart([None, None], 20, 4).lines == []
    assert all(plot[-2] == " " for _, plot in chart([5, None, 6], 20, 4).lines)


@pytest.mark.parametrize(
    ("values", "height", "unit", "suffix", "labels"),
    [
        ([0, 1_050_000], 9, "", "/s", ["1M/s", "800k/s", "600k/s", "400k/s", "200k/s", "0"]),
        ([1_020_000, 1_058_073], 9, "", "", ["1.05M", "1.04M", "1.03M", "1.02M"]),
        ([0, 130_000], 9, "us", "", ["100ms", "50ms", "0"]),
        ([20 * 10**9, 300 * 10**9], 9, "ns", "", ["5min", "4min", "3min", "2min", "1min", "0"]),
        ([700_000, 1_500_000], 9, "bytes", "", ["1.25MiB", "1MiB", "768KiB", "512KiB", "256KiB", "0"]),
        ([-5, 10], 9, "", "", ["10", "5", "0", "-5"]),
        ([0.1, 0.35], 4, "", "/s", ["0.2/s", "0"]),
        ([0, 1, 0], 9, "", "", ["1", "0"]),
        ([0, 157_000], 2, "", "", ["100k", "0"]),
    ],
)
def test_a_scale_has_round_numbers(values, height, unit, suffix, labels):
    drawing = chart(values, 30, height, unit, suffix)
    assert [text for label, _ in drawing.lines if (text := label.strip(" │┤"))] == labels


def test_shades_begin_at_round_counts():
    history = [{3: 1}, {3: 2}, {3: 12}, {3: 1246}]
    heat = a_heat(history)
    assert legend(heat, 5, halves=False) == [
        ("·", "heat1"),
        (" 1+ ", "note"),
        ("░", "heat2"),
        (" 20+ ", "note"),
        ("▒", "heat3"),
        (" 50+ ", "note"),
        ("▓", "heat4"),
        (" 200+ ", "note"),
        ("█", "heat5"),
        (" 500+ ", "note"),
    ]
    assert "".join(text for text, _ in legend(a_heat([{}, {3: 4, 4: 1}]), 5, halves=False)) == "▓ 1+ █ 2+ "


def test_chart_joins_what_shares_a_column():
    """A spike of one value in a thousand is still there."""
    values = [0.0] * 1000
    values[500] = 100.0
    assert chart(values, 40, 5, short).lines[0][1].strip()


def test_sparkline():
    assert spark([0, 1, 50, 100, None]) == "▁▂▄█ "
    assert spark([]) == ""


def test_quantities():
    assert [quantity(n, "us") for n in (0, 5, 1500, 999_600, 90_000_000)] == ["0us", "5us", "1.5ms", "1000ms", "1.5min"]
    assert [quantity(n, "bytes") for n in (0, 2048, 5 << 20)] == ["0B", "2KiB", "5MiB"]
    assert quantity(1500, "") == "1.5k"
    assert [rate(n, 2) for n in (0, 5, 2000, -2000)] == ["", "+2.5/s", "+1.0k/s", "-1.0k/s"]


def snapshot(rows):
    return MapSnapshot(MapSpec("@", "AT_", 1, 16, 8, 4096, String(size=16), Count()), rows)


def test_past_looks_keys_up_in_every_frame():
    past = Past()
    for n in range(4):
        past.add(n * SECOND, snapshot([("cat", n)] if n else []))
        assert past.series("cat") == [None, 1, 2, 3][: n + 1]
    assert past.table(-1) == {"cat": 3}


def test_past_is_bounded_and_its_series_with_it(monkeypatch):
    monkeypatch.setattr("bttui.render.columns.MOST_FRAMES", 3)
    past = Past()
    for n in range(6):
        past.add(n, snapshot([("cat", n)]))
        past.series("cat")
    assert past.moments == [3, 4, 5] and past.series("cat") == [3, 4, 5]


def test_past_of_a_large_map_looks_at_old_frames_only_when_asked():
    past = Past()
    rows = [(str(n), n) for n in range(FEW + 1)]
    for n in range(4):
        past.add(n, snapshot(rows))
    assert past.series("5") == [None, None, 5, 5]
    assert past.series("6", thorough=True) == [6, 6, 6, 6]
