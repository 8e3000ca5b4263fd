import pytest
from widgets import driving, scripted

from bttui.model.types import UINT64, Average, String, Sum, TimeSeries
from bttui.widgets.chart import NumberPane, SeriesPane

SECOND = 1_000_000_000


async def test_a_scalar_is_a_large_number_with_its_change_and_its_course():
    async with driving.dashboard(text="t:a:b { @sent = sum(1); }") as (app, controller, pilot):
        for second, value in enumerate((0, 100, 400, 1407), 1):
            controller.show(scripted.frame(second, scripted.snapshot("@sent", None, Sum(), {None: value})))
            await driving.settle(pilot)
        shown = driving.region(app, NumberPane)
        assert "▀█    █ █ █▀█ ▀▀█" in shown and "+1.0k/s" in shown and "▂▂█" in shown
        await driving.press(pilot, "escape", "v")
        shown = driving.region(app, NumberPane)
        assert "@sent  sum  line" in shown and " 1k/s ┤" in shown and " 500/s ┤" in shown and "-00:01" in shown and " now" in shown


async def test_a_number_wider_than_its_pane():
    async with driving.dashboard(size=(100, 30), text="t:a:b { @last = 1; @a = avg(1); }") as (app, controller, pilot):
        maps = [
            scripted.snapshot("@last", None, UINT64, {None: 12345678901234567890}),
            scripted.snapshot("@a", None, Average(), {None: (900, 3)}),
        ]
        controller.show(scripted.frame(1, *maps))
        await driving.settle(pilot)
        assert "12,345,678,901,234,567,890" in driving.text(app) or "█▀█" in driving.text(app)
        assert "count 3 · total 900" in driving.text(app)


def series(values):
    return tuple((1_700_000_000 + n, value) for n, value in enumerate(values))


async def test_time_series_draw_one_key_and_turn_to_the_next():
    kind = TimeSeries(interval=SECOND, count=5, aggregation="max")
    rows = {"cat": series([10, 20, None, 40, 50]), "dd": series([7, 7, 7, 7, 7])}
    async with driving.dashboard(text='t:a:b { @t[comm] = tseries(1, 1s, 5, "max"); }') as (app, controller, pilot):
        controller.show(scripted.frame(1, scripted.snapshot("@t", String(size=16), kind, rows)))
        await driving.settle(pilot)
        await driving.press(pilot, "escape")
        shown = driving.region(app, SeriesPane)
        assert "‹cat›  dd" in shown and "1 of 2  , ." in shown and "newest 50 · min 10 · max 50 · max · 1 s each" in shown
        assert " 50 ┤" in shown and "22:13:20" in shown
        await driving.press(pilot, "full_stop")
        assert "‹dd›" in driving.region(app, SeriesPane)
        await driving.press(pilot, "comma")
        assert "‹cat›" in driving.region(app, SeriesPane)
        await driving.press(pilot, "v")
        lines = [line.strip("┃ ") for line in driving.region(app, SeriesPane).split("\n")]
        assert lines[2:7] == ["22:13:24 50", "22:13:23 40", "22:13:22 –", "22:13:21 20", "22:13:20 10"]


async def test_a_scale_of_small_whole_numbers_has_no_parts_of_one():
    kind = TimeSeries(interval=SECOND, count=4)
    async with driving.dashboard(text="t:a:b { @t = tseries(1, 1s, 4); }") as (app, controller, pilot):
        controller.show(scripted.frame(1, scripted.snapshot("@t", None, kind, {None: series([0, 1, 0, 1])})))
        await driving.settle(pilot)
        labels = [line.split("┤")[0].strip("│┃ ") for line in driving.region(app, SeriesPane).split("\n") if "┤" in line]
        assert labels == ["1", "0"]


@pytest.mark.parametrize(("size", "rows"), [((120, 36), [3, 2]), ((104, 36), [2, 1, 1, 1])], ids=["120x36", "104x36"])
async def test_scalars_stand_side_by_side_on_top(size, rows):
    """Whatever stands between them in the program; as many in a row as there is room for."""
    async with driving.dashboard(size=size) as (app, controller, pilot):
        first, second, third = (scripted.snapshot(name, None, UINT64, {None: 41}) for name in ("@first", "@second", "@third"))
        controller.show(scripted.frame(1, scripted.calls(1), first, second, scripted.size(1), third))
        await driving.settle(pilot)
        panes = app.workspace.maps.panes
        assert [pane.map_name for pane in panes] == ["@first", "@second", "@third", "@calls", "@size"]
        tops = [pane.region.y for pane in panes]
        assert sorted((tops.count(top) for top in set(tops)), reverse=True) == rows
        assert len({pane.region.y for pane in panes[: rows[0]]}) == 1
        assert all("█" in driving.region(app, pane) for pane in panes[:3])
