"""Time on the screen: what is shown while it is stopped, and what goes on meanwhile."""

import time

import pytest
from widgets import driving, scripted

from bttui.render.clean import cell_width
from bttui.render.figures import spark, time_of_day
from bttui.widgets.time_travel import moment

SECOND = scripted.SECOND
NOON = int(time.mktime((2026, 3, 4, 12, 0, 0, 0, 0, -1))) * SECOND


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("-30s", 30),
        ("-30", 30),
        ("-1.5m", 90),
        ("-2h", 7200),
        (" 11:58 ", 120 - 0.999999999),
        ("11:58:03", 117 - 0.999999999),
        ("12:00:00", -0.999999999),
        ("12:30", 23.5 * 3600 - 0.999999999),  # of the day before: nothing is later than the newest frame
        ("0:00", 12 * 3600 - 0.999999999),
    ],
)
def test_times_that_people_type(text, back):
    assert moment(text, NOON) == NOON - round(back * SECOND)


@pytest.mark.parametrize("text", ["", "12", "24:00", "12:60", "12:00:60", "noon", "-5d", "30s", "1:2"])
def test_what_is_no_time(text):
    assert moment(text, NOON) is None


def test_spark():
    assert spark([None, 0, 1, 50, 100]) == " ▁▂▄█"
    assert spark([0, 0]) == "▁▁" and spark([]) == ""


async def show(controller, pilot, seconds, **counters):
    for second in seconds:
        controller.show(scripted.reads_frame(second, **counters))
    await driving.settle(pilot)


async def test_a_paused_screen_stays_while_the_trace_goes_on():
    async with driving.dashboard() as (app, controller, pilot):
        await show(controller, pilot, range(1, 6))
        await driving.press(pilot, "escape", "space")
        before = driving.region(app, "MapPanes")
        await show(controller, pilot, range(6, 43))
        assert driving.region(app, "MapPanes") == before
        assert "‖ -00:37 (37 new)" in driving.text(app)
        await driving.press(pilot, "0")
        assert "371,532" in driving.text(app) and "‖" not in driving.text(app)


async def test_going_to_a_time_that_is_typed():
    async with driving.dashboard() as (app, controller, pilot):
        await show(controller, pilot, range(1, 21))
        await driving.press(pilot, "escape", "g", *"12", "enter")
        assert "not a time: 12" in driving.text(app)
        await driving.press(pilot, "backspace", "backspace", *"-5s", "enter")
        assert "‖ -00:05 (5 new)" in driving.text(app)


async def test_the_log_goes_to_the_same_second_and_shows_gaps():
    async with driving.dashboard() as (app, controller, pilot):
        for second in range(1, 61):
            controller.show(scripted.reads_frame(second))
            controller.say(scripted.printed(f"line {second}\n", second - 0.5))
        controller.say(scripted.message("lost", "Lost 7 events", 60))
        await driving.settle(pilot)
        assert "──── Lost 7 events ────" in driving.region(app, "Log")
        await driving.press(pilot, "escape", *["left_curly_bracket"] * 3)
        shown = driving.region(app, "Log")
        assert "line 30" in shown and "line 31" not in shown
        await driving.press(pilot, "0")
        assert "Lost 7 events" in driving.region(app, "Log")


async def test_the_strip_goes_where_it_is_clicked_and_shows_a_range_that_is_dragged():
    async with driving.dashboard() as (app, controller, pilot):
        await show(controller, pilot, range(1, 21))
        await pilot.click("HistoryStrip", offset=(9 + 4, 0))
        await driving.settle(pilot)
        assert "‖ -00:15 (15 new)" in driving.text(app) and " 44,230 " in driving.text(app)
        await pilot.mouse_down("HistoryStrip", offset=(9 + 4, 0))
        await pilot.mouse_up("HistoryStrip", offset=(9 + 9, 0))
        await driving.settle(pilot)
        first, last = (time_of_day(scripted.START + second * SECOND) for second in (5, 10))
        assert f"{first} to {last}" in driving.text(app)
        assert " 44,230 " in driving.text(app)  # what five seconds add


async def test_a_long_history_fits_and_tells_of_losses():
    async with driving.dashboard() as (app, controller, pilot):
        await show(controller, pilot, range(1, 250))
        await show(controller, pilot, range(250, 301), lost=3)
        line = driving.region(app, "HistoryStrip")
        assert cell_width(line) == 120 and "04:59" in line
        assert app.screen.query_one("HistoryStrip").curve()[1] == {app.screen.query_one("HistoryStrip").cell(249)}


async def test_a_new_run_has_a_history_of_its_own():
    async with driving.dashboard() as (app, controller, pilot):
        await show(controller, pilot, range(1, 21))
        await driving.press(pilot, "escape", "left_square_bracket", "f5")
        await show(controller, pilot, range(1, 4))
        assert "‖" not in driving.text(app) and "00:02" in driving.region(app, "HistoryStrip")


async def compared(controller, pilot, *later):
    """Mark A at 1, and the maps of 2 against it."""
    await driving.press(pilot, "escape", "x")
    controller.show(scripted.frame(2, *later))
    await driving.settle(pilot)
    await driving.press(pilot, "d")


async def test_two_moments_as_bars():
    async with driving.dashboard() as (app, controller, pilot):
        spec = scripted.size(1)
        controller.show(scripted.frame(1, spec.replace(rows=[(None, {1: 100, 2: 40, 5: 10})])))
        await driving.settle(pilot)
        await compared(controller, pilot, spec.replace(rows=[(None, {1: 50, 2: 80, 3: 20})]))
        shown = driving.region(app, "HistogramPane")
        rows = [line.strip("┃│ ").split() for line in shown.split("\n")[1:6]]
        assert [(row[2], row[-1]) for row in rows] == [("50", "-50"), ("80", "+40"), ("20", "+20"), ("0", "▏"), ("0", "-10")]
        bars = [row[3] for row in rows if len(row) > 4]
        assert bars[0].count("█") == pytest.approx(bars[0].count("░"), abs=1) and "▓" not in bars[0]
        assert bars[1].count("█") == pytest.approx(bars[1].count("▓"), abs=1) and "░" not in bars[1]


async def test_two_moments_as_a_table():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.frame(1, scripted.calls(10)))
        await driving.settle(pilot)
        later = dict(scripted.calls(10).rows) | {"cron": 117, "bash": 2, "new": 5}
        await compared(controller, pilot, scripted.calls(10).replace(rows=list(later.items())))
        rows = [line.strip("┃│ ").split() for line in driving.region(app, "TablePane").split("\n")]
        assert rows[1][-2:] == ["since", "A▾"]
        assert [(row[0], row[-1]) for row in rows[2:4]] == [("cron", "+100"), ("new", "+5")]  # what grew most is on top
        assert next(row for row in rows if row[0] == "bash")[-1] == "-1"
        await driving.press(pilot, "d")
        assert "since A" not in driving.text(app)


async def test_two_moments_as_an_icicle():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.frame(1, scripted.stacks(10)))
        await driving.settle(pilot)
        idle = [(key, count * 4 if key[1] == "swapper/0" else count) for key, count in scripted.stacks(10).rows]
        await compared(controller, pilot, scripted.stacks(10).replace(rows=idle))
        shown = driving.region(app, "StacksPane")
        # swapper/0: 707 of 4145 were 17.1 %, 2828 of 6266 are 45.1 %; postgres 2823: 68.1 % and 45.1 %
        assert "swapper/0 45% ▲28.1 ▒▒" in shown and "postgres 45% ▼23.1 ░░" in shown
        assert "▏░" in shown, "what is too narrow for a name"
        await driving.press(pilot, "6", "down")
        assert "(+28.1 points since A)" in driving.region(app, "StacksPane")


async def test_a_moment_before_the_mark_is_less():
    async with driving.dashboard() as (app, controller, pilot):
        await show(controller, pilot, range(1, 11))
        await driving.press(pilot, "escape", "x", "d", "left_square_bracket")
        rows = [line.strip("┃│ ").split() for line in driving.region(app, "TablePane").split("\n")]
        assert ["postgres", "79,614", "-8.8k"] in rows


@pytest.mark.parametrize("size", driving.SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_comparing_screen(size):
    async with driving.dashboard(size) as (app, controller, pilot):
        await show(controller, pilot, range(1, 31))
        await driving.press(pilot, "escape", *["left_curly_bracket"] * 2, "x", "0", "d")
        driving.check_screen(app, f"comparing-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", driving.SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_paused_screen(size):
    async with driving.dashboard(size) as (app, controller, pilot):
        await show(controller, pilot, range(1, 31))
        await driving.press(pilot, "escape", "left_curly_bracket", "x", "right_square_bracket")
        driving.check_screen(app, f"paused-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", driving.SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_replay_screen(size):
    """Half of a minute has played, five times as fast as it was."""
    async with driving.dashboard(size, replay=True, read_only=True) as (app, controller, pilot):
        await show(controller, pilot, range(1, 31))
        await driving.press(pilot, *["greater_than_sign"] * 2)
        driving.check_screen(app, f"replay-{size[0]}x{size[1]}")


async def test_the_strip_says_how_far_a_replay_is():
    async with driving.dashboard(replay=True) as (app, controller, pilot):
        await show(controller, pilot, range(1, 31))
        strip = driving.region(app, "HistoryStrip")
        assert strip.startswith(" ▶ 1×    ") and strip.rstrip().endswith("00:29 to 22:13:50  00:30 of 01:00  < = > E")
        controller.speed = 0
        await driving.press(pilot, "escape", "greater_than_sign")
        assert driving.region(app, "HistoryStrip").startswith(" ▶▶ ") and "▶ REPLAY at once" in driving.text(app)
        await driving.press(pilot, "less_than_sign")
        assert controller.speed == 100
        for _ in range(12):
            await driving.press(pilot, "less_than_sign")
        assert controller.speed == 0.1
        controller.change(state="ended", live=False)
        await driving.settle(pilot)
        assert "■ ended" in driving.text(app)


async def test_a_live_trace_has_no_speed():
    async with driving.dashboard() as (app, controller, pilot):
        await show(controller, pilot, range(1, 3))
        for key in ("less_than_sign", "E"):
            await driving.press(pilot, "escape", key)
            assert "Only a replay has" in driving.text(app)


async def test_one_window_for_every_picture():
    async with driving.dashboard(size=(200, 60)) as (app, controller, pilot):
        for second in range(1, 80):
            controller.show(scripted.reads_frame(second))
        await driving.settle(pilot)
        await driving.press(pilot, "escape", "2", "v")
        assert "last 02:00 (+ -)" in driving.text(app) and "last 78 s" in driving.text(app)
        await driving.press(pilot, "minus", "minus")
        assert "00:10 (+ -)" in driving.text(app) and "last 10 s" in driving.text(app)
        controller.show(scripted.reads_frame(80))
        await driving.press(pilot, "3")
        assert "00:10 (+ -)" in driving.text(app) and "last 10 s" in driving.text(app)
        await driving.press(pilot, "plus", "plus", "plus")
        assert "02:00 (+ -)" in driving.text(app) and "last 79 s" in driving.text(app)
