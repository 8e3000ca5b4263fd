"""The expected texts were seen from bpftrace 0.27.1."""

import time

import pytest

from bttui.model.frame import Event
from bttui.model.types import (
    BOOL,
    INT8,
    INT64,
    UINT64,
    Average,
    Buffer,
    Count,
    Histogram,
    LinearHistogram,
    Maximum,
    Minimum,
    Stack,
    Stats,
    Sum,
    TimeSeries,
    make_record,
    make_tuple,
)
from bttui.render.text import event_text, map_text, maps_at_exit
from tests.render.samples import MAP_TYPE, PAIR, POINTER, STRING, SYMBOLS, event, snapshot

STACK = Stack(space="kernel")
BAR = "|" + "@" * 52 + "|\n"


@pytest.mark.parametrize(
    ("key", "value", "rows", "text"),
    [
        (None, INT64, 1, "@x: 1\n"),
        (None, STRING, "hey", "@x: hey\n"),
        (None, STACK, SYMBOLS[:1], "@x: \n        schedule+106\n\n"),
        (None, make_tuple([STACK, INT8]), (SYMBOLS[:1], 1), "@x: (\n        schedule+106\n, 1)\n"),
        (None, Stats(), (-7, 2), "@x: { .count = 2, .average = -3, .total = -7 }\n"),
        (STRING, INT64, {"": 1}, "@x[]: 1\n"),
        (MAP_TYPE, MAP_TYPE, {1: 2}, "@x[BPF_MAP_TYPE_HASH]: BPF_MAP_TYPE_ARRAY\n"),
        (PAIR, BOOL, {(1, "a"): True}, "@x[1, a]: true\n"),
        (make_tuple([PAIR, INT8]), INT8, {((1, "a"), 3): 3}, "@x[(1, a), 3]: 3\n"),
        (make_tuple([INT8]), INT8, {(1,): 1}, "@x[1]: 1\n"),
        (make_tuple([STRING, Buffer(), BOOL, POINTER]), INT8, {("a", b"x\x01", True, 5): 1}, "@x[a, x\\x01, true, 0x5]: 1\n"),
        (make_record([("x", INT8)]), Sum(), {(1,): 2}, "@x[{ .x = 1 }]: 2\n"),
        (STACK, Count(), {SYMBOLS[:1]: 1}, "@x[\n        schedule+106\n]: 1\n"),
        (make_tuple([STACK, STRING]), Count(), {(SYMBOLS[:1], "sh"): 1}, "@x[\n        schedule+106\n, sh]: 1\n"),
        (make_tuple([INT8, STACK]), Count(), {(1, ()): 1}, "@x[1, \n]: 1\n"),
    ],
)
def test_lines_of_a_map(key, value, rows, text):
    assert map_text(snapshot("@x", key, value, rows)) == text


def test_what_prints_of_untouched_scalars():
    untouched = [snapshot(f"@{name}", None, type_, None) for name, type_ in [("a", INT64), ("b", BOOL), ("c", STRING), ("d", Stats())]]
    assert "".join(map(map_text, untouched)) == "@a: 0\n@b: false\n@c: \n@d: { .count = 0, .average = 0, .total = 0 }\n"
    assert map_text(snapshot("@h", None, Histogram(), None)) == ""
    assert map_text(snapshot("@k", STRING, INT64, {})) == ""


def test_maps_at_exit_go_by_name_and_empty_ones_are_left_out():
    maps = [
        snapshot("@z", None, Histogram(), {2: 1}),
        snapshot("@a", None, INT64, 1),
        snapshot("@e", None, Count(), None),
        snapshot("@b", STRING, INT64, {"x": 2}),
        snapshot("@n", STRING, INT64, {}),
        snapshot("@l", STRING, LinearHistogram(minimum=0, maximum=10, step=2), {"a": {2: 1}}),
    ]
    assert maps_at_exit(maps) == (f"\n\n@a: 1\n@b[x]: 2\n@l[a]:\n[2, 4)                 1 {BAR}\n@z:\n[1]                    1 {BAR}\n")
    assert maps_at_exit([]) == "\n\n"


@pytest.mark.parametrize(
    ("value", "rows", "keys"),
    [
        (Count(), {1: 5, 2: 3, 3: 5, 4: 1}, "4213"),
        (Sum(), {1: -5, 2: 3, 3: -9}, "312"),
        (INT64, {1: -5, 2: 3, 3: -9}, "312"),
        (UINT64, {1: 2**64 - 1, 2: 1}, "21"),
        (Minimum(), {1: 5, 2: -5, 3: 0}, "312"),
        (Maximum(), {1: 5, 2: -5, 3: 0}, "312"),
        (Average(), {1: (9, 1), 2: (11, 2)}, "21"),
        (Stats(), {1: (9, 1), 2: (11, 2)}, "21"),
        (Histogram(), {1: {2: 1}, 2: {2: 2, 3: 1}, 3: {4: 2}}, "132"),
        (STRING, {3: "a", 1: "c", 2: "b"}, "123"),
        (BOOL, {2: False, 1: True}, "12"),
    ],
)
def test_order_of_rows(value, rows, keys):
    lines = map_text(snapshot("@", INT8, value, rows)).splitlines()
    assert "".join(line[2] for line in lines if line.startswith("@[")) == keys


@pytest.mark.parametrize(
    ("key", "keys", "order"),
    [
        (INT64, [3, -1, 200], [-1, 3, 200]),
        (UINT64, [3, 2**64 - 1, 0], [2**64 - 1, 0, 3]),
        (STRING, ["b", "a", "B", "é", ""], ["", "B", "a", "b", "é"]),
        (PAIR, [(1, "b"), (-1, "c"), (1, "a")], [(-1, "c"), (1, "a"), (1, "b")]),
        (make_tuple([UINT64, INT64]), [(1, 1), (2**63, 5), (1, -1)], [(2**63, 5), (1, -1), (1, 1)]),
        (STACK, [SYMBOLS, SYMBOLS[:1], ()], [(), SYMBOLS[:1], SYMBOLS]),
    ],
)
def test_order_of_keys(key, keys, order):
    text = map_text(snapshot("@", key, STRING, dict.fromkeys(keys, "v")))
    assert text == "".join(map_text(snapshot("@", key, STRING, {one: "v"})) for one in order)


def test_top_and_div():
    counts = snapshot("@a", INT8, Count(), {1: 1, 2: 2, 3: 3})
    assert map_text(counts, 2) == "@a[2]: 2\n@a[3]: 3\n"
    assert map_text(counts, 0, 2) == "@a[1]: 0\n@a[2]: 1\n@a[3]: 1\n"
    assert map_text(counts, 10, 1) == "@a[1]: 1\n@a[2]: 2\n@a[3]: 3\n"
    assert map_text(snapshot("@n", INT8, INT64, {1: -5}), 0, 2) == "@n[1]: -2\n"
    assert map_text(snapshot("@v", INT8, Average(), {1: (9, 1), 2: (11, 2)}), 0, 2) == "@v[2]: 2\n@v[1]: 4\n"
    assert map_text(snapshot("@s", INT8, Stats(), {2: (10, 2)}), 0, 2) == "@s[2]: { .count = 2, .average = 2, .total = 10 }\n"
    histograms = snapshot("@h", INT8, Histogram(), {1: {2: 1}, 2: {2: 2}})
    assert map_text(histograms, 1, 2) == f"@h[2]:\n[1]                    1 {BAR}\n"


@pytest.fixture
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_time_series(utc):
    start = 10 * (49 + 60 * (30 + 60 * 22)) + 8
    series = TimeSeries(interval=100_000_000, count=6, aggregation="sum")
    points = ((start, 3), (start + 1, None), (start + 2, 5), (start + 3, None), (start + 4, 7))
    assert map_text(snapshot("@c", None, series, points)) == (
        "@c:\n"
        "             3                                                   7\n"
        "hh:mm:ss.ms  |___________________________________________________|\n"
        "22:30:49.800 *                                                   | 3\n"
        "22:30:49.900 |                                                   | -\n"
        "22:30:50.000 |                         *                         | 5\n"
        "22:30:50.100 |                                                   | -\n"
        "22:30:50.200 |                                                   * 7\n"
        "             v___________________________________________________v\n"
        "             3                                                   7\n"
        "\n"
    )


def test_time_series_without_a_value_below(utc):
    points = ((7, 0),)
    assert map_text(snapshot("@", None, TimeSeries(interval=10, count=4, signed=False), points)).splitlines()[1].split() == ["0", "1"]
    assert map_text(snapshot("@", None, TimeSeries(interval=10, count=4), points)).splitlines()[1].split() == ["-1", "1"]


def test_time_series_of_one_value(utc):
    series = TimeSeries(interval=1_000_000_000, count=4)
    assert map_text(snapshot("@", INT8, series, {1: ((22 * 3600 + 21 * 60 + 50, -7),)})) == (
        "@[1]:\n"
        "                   -8                                                 -6\n"
        "hh:mm:ss.ns        |___________________________________________________|\n"
        "22:21:50.000000000 |                         *                         | -7\n"
        "                   v___________________________________________________v\n"
        "                   -8                                                 -6\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (event("printf", "%s %d\n", [STRING, INT64], ["a\x1b\udcff", 7]), "a\x1b\udcff 7\n"),
        (event("printf", "plain 100%"), "plain 100%"),
        (event("print", "", [PAIR], [(1, "a")]), "(1, a)\n"),
        (event("print", "", [STACK], [SYMBOLS[:1]]), "\n        schedule+106\n\n"),
        (event("join", " ", [STRING], [("ls", "-l")]).replace(text="ls -l\n"), "ls -l\n"),
        (event("errorf", "e%d", [INT64], [1]), "e1"),
        (event("cat", "/dev/%s", [STRING], ["null"]), ""),
        (Event("child", 0, text="hi\n"), "hi\n"),
    ],
)
def test_events(one, text):
    assert event_text(one) == text


def test_event_of_a_map():
    one = event("print_map", options={"top": 1, "divisor": 2}).replace(map=snapshot("@a", INT8, Count(), {1: 1, 2: 4}))
    assert event_text(one) == "@a[2]: 2\n"
