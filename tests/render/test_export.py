"""What maps are written as, read back by a parser of each format; and names that want to break out of it."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from render.samples import snapshot

from bttui.model.frame import Symbol
from bttui.model.types import (
    INT64,
    UINT64,
    Average,
    Count,
    Histogram,
    LinearHistogram,
    Maximum,
    Stack,
    Stats,
    String,
    TimeSeries,
    make_record,
    make_tuple,
)
from bttui.render import export
from bttui.render.clean import clean
from bttui.render.export import FORMATS, Export

NAME = String(size=16)
STACK = Stack(space="kernel")
HOSTILE = [
    "=cmd|' /C calc'!A1",
    "+1",
    "-2",
    "@SUM(A1)",
    "\x1b[31mred",
    'quo"te, \\ <b>&amp;',
    "new\nline\t",
    "\u202eevil",
    "\udcff",
    "",
    "a;b c",
    "\ufffe",
]

COUNTS = snapshot("@calls", NAME, Count(), {"cat": 3, "dd": 1})
TIMES = snapshot("@us", NAME, Histogram(), {"cat": {0: 1, 3: 2, 5: 4}, "dd": {4: 1}})
SIZES = snapshot("@size", None, LinearHistogram(minimum=0, maximum=30, step=10), {0: 1, 2: 5, 4: 7})
MEANS = snapshot("@mean", make_tuple((UINT64, NAME)), Average(), {(7, "cat"): (10, 4)})
STATS = snapshot("@st", None, Stats(), (-9, 2))
LAST = snapshot("@", None, INT64, -42)
WORDS = snapshot("@word", UINT64, NAME, {1: "one", 2: "two"})
SERIES = snapshot("@load", None, TimeSeries(interval=10**9, count=3), ((1_700_000_000, 5), (1_700_000_001, None), (1_700_000_002, 7)))
FIELDS = snapshot("@high", make_record([("fd", UINT64), ("who", NAME)]), Maximum(), {(3, "cat"): 9})
ALL = [COUNTS, TIMES, SIZES, MEANS, STATS, LAST, WORDS, SERIES, FIELDS]


def stack(*names):
    return tuple(Symbol(0xFFFF0000 + at, name, 4) for at, name in enumerate(names))


STACKS = snapshot(
    "@on", make_tuple((STACK, NAME)), Count(), {(stack("read", "vfs", "entry"), "cat"): 3, (stack("write", "entry"), "dd"): 1}
)


def write(name, *maps, **names):
    return export.find(name).write(Export(maps, {f"@{key}": value for key, value in names.items()}))


def table(*maps, **names):
    return list(csv.DictReader(io.StringIO(write("csv", *maps, **names), newline="")))


def metrics(*maps, **names):
    families = list(text_string_to_metric_families(write("openmetrics", *maps, **names)))
    return {family.name: family for family in families}


def samples(family):
    return [(sample.name, sample.labels, sample.value) for sample in family.samples]


def test_formats_that_suit():
    assert [each.name for each in export.suiting([COUNTS])] == ["text", "json", "csv", "openmetrics"]
    assert [each.name for each in export.suiting([COUNTS, STACKS])] == [each.name for each in FORMATS]
    assert len({each.suffix for each in FORMATS}) == len(FORMATS)


def test_text_and_json_are_what_a_pipe_gets():
    assert write("text", COUNTS) == "@calls[dd]: 1\n@calls[cat]: 3\n"
    assert json.loads(write("json", COUNTS)) == {"type": "map", "data": {"@calls": {"dd": 1, "cat": 3}}}


def test_csv_of_one_map_has_its_own_columns():
    assert write("csv", COUNTS, calls=("comm",)) == "comm,count\r\ncat,3\r\ndd,1\r\n"
    assert write("csv", MEANS) == "key1,key2,average,count,total\r\n7,cat,2,4,10\r\n"
    assert write("csv", FIELDS) == "fd,who,max\r\n3,cat,9\r\n"
    assert write("csv", STACKS, on=("kstack", "comm")).split("\r\n")[1] == "read+4;vfs+4;entry+4,cat,3"
    assert write("csv", LAST) == "value\r\n-42\r\n"
    assert write("csv", SIZES) == "low,high,count\r\n,-1,1\r\n0,9,0\r\n10,19,5\r\n20,29,0\r\n30,,7\r\n"
    assert [row["value"] for row in table(SERIES)] == ["5", "", "7"]


def test_csv_of_several_maps_is_one_table():
    rows = table(COUNTS, TIMES, calls=("comm",), us=("comm",))
    assert rows[0] == {"map": "calls", "comm": "cat", "low": "", "high": "", "count": "3"}
    assert [row["count"] for row in rows if row["map"] == "us" and row["comm"] == "cat"] == ["1", "0", "0", "2", "0", "4"]


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_cells_are_no_formulas(text):
    rows = table(snapshot("@x", NAME, NAME, {text: text}))
    (row,) = rows
    for cell in row.values():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "|", "%")) and clean(cell) == cell
    assert "\x1b" not in write("csv", snapshot("@x", NAME, Count(), {text: 1}))


def test_openmetrics_of_every_kind():
    found = metrics(*ALL, calls=("comm",), us=("comm",))
    assert {name: family.type for name, family in found.items()} == {
        "bttui_calls": "counter",
        "bttui_us": "histogram",
        "bttui_size": "histogram",
        "bttui_mean": "summary",
        "bttui_st": "gauge",
        "bttui": "gauge",
        "bttui_word": "info",
        "bttui_load": "gauge",
        "bttui_high": "gauge",
    }
    assert samples(found["bttui_calls"]) == [("bttui_calls_total", {"comm": "cat"}, 3), ("bttui_calls_total", {"comm": "dd"}, 1)]
    assert samples(found["bttui_mean"]) == [
        ("bttui_mean_count", {"key1": "7", "key2": "cat"}, 4),
        ("bttui_mean_sum", {"key1": "7", "key2": "cat"}, 10),
    ]
    assert samples(found["bttui_st"]) == [("bttui_st", {}, -4)]
    assert samples(found["bttui"]) == [("bttui", {}, -42)]
    assert samples(found["bttui_word"])[1] == ("bttui_word_info", {"key": "2", "value": "two"}, 1)
    assert samples(found["bttui_load"]) == [("bttui_load", {}, 7)]


def test_openmetrics_buckets_add_up():
    """Of hist(), index 3 is [2, 4), 4 is [4, 8) and 5 is [8, 16)."""
    family = metrics(TIMES)["bttui_us"]
    cat = [(sample.labels["le"], sample.value) for sample in family.samples if sample.labels["key"] == "cat"]
    assert cat == [("-1.0", 1), ("0.0", 1), ("1.0", 1), ("3.0", 3), ("7.0", 3), ("15.0", 7), ("+Inf", 7)]
    assert [(s.labels["le"], s.value) for s in metrics(SIZES)["bttui_size"].samples][-1] == ("+Inf", 13)


def test_openmetrics_names_are_made_valid_and_stay_apart():
    found = metrics(snapshot("@a_b", make_tuple((NAME, NAME)), Count(), {("x", "y"): 1}), a_b=("args.le", "le"))
    assert samples(found["bttui_a_b"]) == [("bttui_a_b_total", {"args_le": "x", "le_2": "y"}, 1)]
    twice = metrics(snapshot("@x", NAME, Count(), {"a\x01": 1, "a\\x01": 2}))["bttui_x"]
    assert sorted(sample.value for sample in twice.samples) == [1, 2]
    assert len({sample.labels["key"] for sample in twice.samples}) == 2


@given(st.dictionaries(st.text(max_size=8), st.integers(0, 2**64 - 1), max_size=5))
def test_openmetrics_takes_any_key(rows):
    family = metrics(snapshot("@x", NAME, Count(), rows))["bttui_x"]
    assert [sample.value for sample in family.samples] == list(rows.values())


def test_folded_and_speedscope_hold_the_same_stacks():
    assert write("folded", STACKS) == "cat;entry;vfs;read 3\ndd;entry;write 1\n"
    file = json.loads(write("speedscope", STACKS))
    assert file["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    names = [frame["name"] for frame in file["shared"]["frames"]]
    (profile,) = file["profiles"]
    assert {key: profile[key] for key in ("type", "name", "unit", "startValue", "endValue")} == {
        "type": "sampled",
        "name": "@on",
        "unit": "none",
        "startValue": 0,
        "endValue": 4,
    }
    assert [[names[at] for at in sample] for sample in profile["samples"]] == [["cat", "entry", "vfs", "read"], ["dd", "entry", "write"]]
    assert profile["weights"] == [3, 1]


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from([*HOSTILE, "a", "b", "c"]), max_size=4), st.integers(1, 9)),
        min_size=1,
        max_size=6,
        unique_by=lambda r: tuple(r[0]),
    )
)
def test_speedscope_is_as_documented(rows):
    """Indices name frames, there is a weight for each sample, and the value ends where the weights do."""
    file = json.loads(write("speedscope", snapshot("@on", STACK, Count(), {stack(*names): number for names, number in rows})))
    assert set(file) == {"$schema", "shared", "profiles", "activeProfileIndex", "exporter"}
    frames = file["shared"]["frames"]
    assert all(set(frame) == {"name"} and isinstance(frame["name"], str) for frame in frames)
    for profile in file["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"])
        assert all(0 <= at < len(frames) for sample in profile["samples"] for at in sample)
        assert profile["startValue"] <= profile["endValue"] == sum(profile["weights"])


SVG = "{http://www.w3.org/2000/svg}"


def frames(svg):
    """name: (left, width, depth) of every frame."""
    root = ElementTree.fromstring(svg)
    groups = [group for group in root.iter(f"{SVG}g") if group.get("class") == "frame"]
    return {group.get("data-name"): tuple(float(group.get(f"data-{part}")) for part in "xwy") for group in groups}


def test_flame_graph_places_frames_by_weight():
    assert frames(write("flamegraph", snapshot("@on", STACK, Count(), {stack("a", "top"): 3, stack("b", "top"): 1}))) == {
        "all": (0, 1, 0),
        "top": (0, 1, 1),
        "a": (0, 0.75, 2),
        "b": (0.75, 0.25, 2),
    }


def test_flame_graph_of_several_maps_has_them_side_by_side():
    one = snapshot("@one", STACK, Count(), {stack("a"): 1})
    two = snapshot("@two", STACK, Count(), {stack("b"): 3})
    assert frames(write("flamegraph", one, two, COUNTS)) == {
        "all": (0, 1, 0),
        "@two": (0, 0.75, 1),
        "b": (0, 0.75, 2),
        "@one": (0.75, 0.25, 1),
        "a": (0.75, 0.25, 2),
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_flame_graph_runs_no_foreign_script(text):
    """Whatever a process is called, the picture is well-formed and has the one script that is ours."""
    evil = f"</script><script>alert(1)</script>]]>{text}"
    svg = write("flamegraph", snapshot("@on", make_tuple((STACK, NAME)), Count(), {(stack(evil, text), evil): 1}))
    root = ElementTree.fromstring(svg)
    assert len(list(root.iter(f"{SVG}script"))) == 1
    assert not any("alert" in (element.text or "") for element in root.iter(f"{SVG}script"))
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_format_lets_control_characters_through(name, text):
    maps = [snapshot("@on", make_tuple((STACK, NAME)), Count(), {(stack(text), text): 1}), snapshot("@x", NAME, NAME, {text: text})]
    written = write(name, *maps)
    written.encode("ascii" if name in ("json", "speedscope") else "utf-8")
    assert not any(c in written for c in "\x1b\u202e\x00")


def test_nothing_is_a_file_too():
    for each in FORMATS:
        written = each.write(Export([]))
        assert written == "" or each.name in ("csv", "openmetrics", "flamegraph", "speedscope")
