"""The expected texts were seen from bpftrace 0.27.1 -f json."""

import time

import pytest

from bttui.model.diagnostic import Span
from bttui.model.types import (
    BOOL,
    INT8,
    INT64,
    UINT64,
    Average,
    Buffer,
    Count,
    Histogram,
    KernelSymbol,
    LinearHistogram,
    Stack,
    Stats,
    Sum,
    TimeSeries,
    make_record,
    make_tuple,
)
from bttui.render.json import (
    attached_json,
    event_json,
    lost_json,
    map_json,
    maps_json_at_exit,
    message_json,
    text_json,
    value_json,
)
from tests.render.samples import FOO, MAP_TYPE, NESTED, PAIR, POINT, POINTER, STRING, SYMBOLS, event, snapshot

STACK = Stack(space="kernel")


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        (INT64, -1, "-1"),
        # Integers that a double cannot hold are strings.
        (UINT64, 2**64 - 1, '"18446744073709551615"'),
        (UINT64, 2**63, "9223372036854775808"),
        (INT64, 2**53 + 1, '"9007199254740993"'),
        (INT64, 2**53 + 2, "9007199254740994"),
        (INT64, -(2**63), "-9223372036854775808"),
        (INT64, -(2**63) + 1, '"-9223372036854775807"'),
        (POINTER, 18446683600586375168, "18446683600586375168"),
        (POINTER, 0xFFFF888012345678, '"18446612682375452280"'),
        (BOOL, True, "true"),
        (MAP_TYPE, 1, "1"),
        (STRING, 'a\nb"c\x01\udcff\\/\t\r\x7f\x08', '"a\\nb\\"c\\u0001\\uffffffff\\\\/\\t\\r\x7f\\u0008"'),
        (STRING, "é€", '"\\uffffffc3\\uffffffa9\\uffffffe2\\uffffff82\\uffffffac"'),
        (Buffer(), b"ab\xff", "[97,98,-1]"),
        (make_tuple([BOOL, STRING, PAIR]), (True, "x y", (1, "a")), '[true,"x y",[1,"a"]]'),
        (POINT, (1, "s"), '{"x": 1, "y": "s"}'),
        (FOO, (7, "ab", (1, -2), 5, ()), '{"a": 7, "b": "ab", "c": [1,-2], "p": 5, "flex": null}'),
        (NESTED, (1, (2, (3,))), '{"z": 1, "u": 2, "w": 3}'),
        (KernelSymbol(), SYMBOLS[0], '"schedule"'),
        (KernelSymbol(), SYMBOLS[1], '"0xffffffffc0027502"'),
        (STACK, SYMBOLS, '"\\n        schedule+106\\n        0xffffffffc0027502\\n"'),
        (Stats(), (7, 2), '{"count": 2, "average": 3, "total": 7}'),
    ],
)
def test_values(type_, value, text):
    assert value_json(type_, value) == f'{{"type": "value", "data": {text}}}\n'


@pytest.mark.parametrize(
    ("key", "value", "rows", "text"),
    [
        (None, INT64, 1, '{"type": "map", "data": {"@x": 1}}\n'),
        (None, INT64, None, '{"type": "map", "data": {"@x": 0}}\n'),
        (None, Average(), None, '{"type": "stats", "data": {"@x": 0}}\n'),
        (None, Histogram(), None, ""),
        (INT8, Count(), {}, ""),
        (INT8, Stats(), {}, '{"type": "stats", "data": {"@x": {}}}\n'),
        (STRING, Count(), {"y": 2, "x": 1}, '{"type": "map", "data": {"@x": {"x": 1, "y": 2}}}\n'),
        (INT8, Average(), {1: (9, 1), 2: (11, 2)}, '{"type": "stats", "data": {"@x": {"2": 5, "1": 9}}}\n'),
        # Keys lose their spaces.
        (STRING, INT8, {"a b\tc": 1}, '{"type": "map", "data": {"@x": {"ab\\tc": 1}}}\n'),
        (make_tuple([PAIR, INT8]), INT8, {((2, "b"), 3): 3}, '{"type": "map", "data": {"@x": {"(2,b),3": 3}}}\n'),
        (make_tuple([STRING, make_record([("x", INT8)])]), INT8, {("a", (1,)): 1}, '{"type": "map", "data": {"@x": {"a,{.x=1}": 1}}}\n'),
        (MAP_TYPE, MAP_TYPE, {1: 2}, '{"type": "map", "data": {"@x": {"BPF_MAP_TYPE_HASH": 2}}}\n'),
        (STACK, Count(), {SYMBOLS[:1]: 1}, '{"type": "map", "data": {"@x": {"\\nschedule+106\\n": 1}}}\n'),
        (
            PAIR,
            Histogram(),
            {(1, "a"): {0: 1, 2: 1}},
            '{"type": "hist", "data": {"@x": {"1,a": [{"max": -1, "count": 1},{"min": 0, "max": 0, "count": 0},{"min": 1, "max": 1, "count": 1}]}}}\n',
        ),
        (
            None,
            LinearHistogram(minimum=0, maximum=4, step=2),
            {0: 1, 3: 1},
            '{"type": "hist", "data": {"@x": [{"max": -1, "count": 1},{"min": 0, "max": 1, "count": 0},{"min": 2, "max": 3, "count": 0},{"min": 4, "count": 1}]}}\n',
        ),
    ],
)
def test_maps(key, value, rows, text):
    assert map_json(snapshot("@x", key, value, rows)) == text


def test_top_and_div():
    assert map_json(snapshot("@a", INT8, Count(), {1: 1, 2: 2, 3: 3}), 2, 2) == '{"type": "map", "data": {"@a": {"2": 1, "3": 1}}}\n'
    assert map_json(snapshot("@h", INT8, Histogram(), {1: {2: 3}}), 0, 2) == (
        '{"type": "hist", "data": {"@h": {"1": [{"min": 1, "max": 1, "count": 1}]}}}\n'
    )


def test_maps_at_exit():
    maps = [
        snapshot("@t", None, Stats(), None),
        snapshot("@c", None, Count(), None),
        snapshot("@b", None, Sum(), -2),
        snapshot("@k", STRING, INT64, {}),
    ]
    assert maps_json_at_exit(maps) == '{"type": "map", "data": {"@b": -2}}\n{"type": "stats", "data": {"@t": {}}}\n'


def test_time_series(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    series = TimeSeries(interval=100_000_000, count=4)
    assert map_json(snapshot("@", None, series, ((17639658712, 7), (17639658713, None)))) == (
        '{"type": "tseries", "data": {"@": [{"interval_start":"2025-11-24 06:31:11.200000000","value":7}]}}\n'
    )
    monkeypatch.undo()
    time.tzset()


def test_lines_of_the_run():
    assert attached_json(2) == '{"type": "attached_probes", "count": 2, "data": {"probes": 2}}\n'
    assert lost_json(7) == '{"type": "lost_events", "count": 7, "data": {"events": 7}}\n'
    assert text_json("time", "22:15:06\n") == '{"type": "time", "data": "22:15:06\\n"}\n'


SPAN = Span(8, 26, 1, 9, 1, 27)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (event("printf", "%s %d\n", [STRING, INT64], ["a", 7]), '{"type": "printf", "data": "a 7\\n"}\n'),
        (event("print", "", [PAIR], [(1, "a")]), '{"type": "value", "data": [1,"a"]}\n'),
        (event("join", ",", [STRING], [("ls", "-l")]).replace(text="ls,-l\n"), '{"type": "join", "data": "ls,-l"}\n'),
        (event("time").replace(text="22\n"), '{"type": "time", "data": "22\\n"}\n'),
        (event("system").replace(text="hi\nho\n"), '{"type": "syscall", "data": "hi\\nho\\n"}\n'),
        (
            event("errorf", "e%d\n", [INT64], [1], span=SPAN),
            '{"type": "errorf", "msg": "e1\\n", "filename": "stdin", "line": 1, "col": 9}\n',
        ),
        (event("exit"), ""),
    ],
)
def test_events(one, text):
    assert event_json(one) == text


def test_helper_error():
    assert message_json("helper_error", "Argument list too long", SPAN, helper="map_update_elem", retcode=-7) == (
        '{"type": "helper_error", "msg": "Argument list too long", "helper": "map_update_elem", "retcode": -7, '
        '"filename": "stdin", "line": 1, "col": 9}\n'
    )
