"""tseries(): what each interval holds, with a map of the program as the clock."""

import calendar
import json
import time

import pytest

pytestmark = pytest.mark.live

CLOCK = {"BPFTRACE_DUMMY_TS_MAP": "@now", "TZ": "UTC"}
CONFIG = "config = { unstable_tseries = enable } "


def series(bttui, body, *, count=5, how="", number="(int64)$n"):
    """What a program of `at T, N` lines leaves in @: {key: [(interval number, value)]}; @ without keys is ""."""
    third = f', "{how}"' if how else ""
    call = f"tseries({number}, 10, {count}{third})"
    text = "".join(
        f"@now = (uint64){at}; $n = (int64){value}; @{key} = {call}; " if isinstance(at, int) else f"{at}; " for at, value, key in body
    )
    result = bttui("-f", "json", "-e", f"{CONFIG}begin {{ {text} clear(@now); }}", env=CLOCK)
    assert result.returncode == 0, result.stderr
    found = [json.loads(line) for line in result.stdout.splitlines()]
    data = next((line["data"]["@"] for line in found if line["type"] == "tseries"), None)
    if data is None:
        return None
    keyed = data if isinstance(data, dict) else {"": data}
    return {key: [(int(p["interval_start"][-9:]) // 10, int(p["value"])) for p in points] for key, points in keyed.items()}


def at(*values, key=""):
    return [(when, value, key) for when, value in values]


VALUES = at((105, 4), (106, -9), (109, 7), (110, 3), (139, 5))


@pytest.mark.parametrize(
    ("how", "first"), [("", 7), ("sum", 2), ("min", -9), ("max", 7), ("avg", 0)], ids=["newest", "sum", "min", "max", "avg"]
)
def test_an_interval_holds_what_the_aggregation_makes_of_its_values(bttui, how, first):
    assert series(bttui, VALUES, how=how) == {"": [(10, first), (11, 3), (13, 5)]}


def test_averages_round_towards_zero(bttui):
    assert series(bttui, at((5, -3), (5, -4)), how="avg") == {"": [(0, -3)]}


def test_intervals_that_are_too_old_are_left_out(bttui):
    assert series(bttui, at((15, 1), (25, 2), (35, 3), (65, 6)), count=4) == {"": [(3, 3), (6, 6)]}


def test_every_series_ends_where_the_newest_does(bttui):
    body = [*at((15, 1), key="[1]"), *at((35, 3), key="[2]"), *at((55, 5), key="[3]")]
    assert series(bttui, body, count=4) == {"1": [], "2": [(3, 3)], "3": [(5, 5)]}


def test_unsigned_values(bttui):
    assert series(bttui, at((15, -1)), number="(uint64)$n") == {"": [(1, (1 << 64) - 1)]}


def test_zero_keeps_the_keys_and_clear_does_not(bttui):
    body = [*at((15, 1), key="[1]"), ("zero(@)", 0, "")]
    assert series(bttui, body) == {"1": []}
    assert series(bttui, [*body, ("clear(@)", 0, "")]) is None
    assert series(bttui, [*at((15, 1)), ("zero(@)", 0, "")]) == {"": []}


def test_delete_and_has_key_look_at_every_interval(bttui):
    body = [*at((15, 1), (25, 2), key="[1]"), *at((25, 9), key="[2]")]
    look = "if (!has_key(@, 1) || has_key(@, 3) || !delete(@, 1) || delete(@, 1) || len(@) != 1) { exit(7); }"
    assert series(bttui, [*body, (look, 0, "")]) == {"2": [(2, 9)]}


def test_intervals_are_those_of_the_wall_clock(bttui):
    before = time.time()
    result = bttui("-q", "-f", "json", "-e", CONFIG + "begin { @ = tseries(5, 1s, 3); }", env={"TZ": "UTC"})
    (point,) = json.loads(result.stdout)["data"]["@"]
    start = calendar.timegm(time.strptime(point["interval_start"], "%Y-%m-%d %H:%M:%S.000000000"))
    assert int(before) <= start <= time.time()


def test_the_text(bttui):
    text = "".join(
        f"@now = (uint64){when}; @[1] = tseries((int64){n}, 100ms, 5); " for when, n in ((10**8, -7), (2 * 10**8, 1), (4 * 10**8, -3))
    )
    result = bttui("-e", f"{CONFIG}begin {{ {text} print(@); clear(@now); clear(@); }}", env=CLOCK)
    assert result.stdout == (
        "@[1]:\n"
        "             -7                                                  1\n"
        "hh:mm:ss.ms  |___________________________________________________|\n"
        "00:00:00.100 *                                             .     | -7\n"
        "00:00:00.200 |                                             .     * 1\n"
        "00:00:00.300 |                                             .     | -\n"
        "00:00:00.400 |                         *                   .     | -3\n"
        "             v___________________________________________________v\n"
        "             -7                                                  1\n"
        "\n\n\n"
    )
    assert result.stderr == "Attached 1 probe\n"


def test_an_empty_series_says_so(bttui):
    result = bttui("-e", CONFIG + "begin { @ = tseries(1, 1s, 5); zero(@); }")
    assert result.stdout == "\n\n@:\n<no data>\n"
