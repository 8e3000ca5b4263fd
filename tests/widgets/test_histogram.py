from widgets import driving, scripted

from bttui.model.types import Histogram, String
from bttui.widgets.histogram import HistogramPane


async def test_bars_of_one_key():
    """Labels and counts right-aligned, the longest bar fills the width but for one cell."""
    async with driving.dashboard(size=(80, 24), text="t:a:b { @us[comm] = hist(1); }") as (app, controller, pilot):
        rows = {"cat": {1: 1, 2: 0, 3: 40, 4: 80}, "dd": {3: 7}}
        controller.show(scripted.frame(1, scripted.snapshot("@us", String(size=16), Histogram(), rows)))
        await driving.settle(pilot)
        shown = [line.rstrip("┃ ").lstrip("┃ ") for line in driving.region(app, HistogramPane).split("\n")]
        assert shown[0].startswith("━ 2 @us[comm]  hist ━") or "2 @us[comm]  hist" in shown[0]
        assert shown[1].startswith("‹cat›  dd") and shown[1].endswith("1 of 2  , .")
        figures = [line.split() for line in shown[2:6]]
        assert [row[:-2] for row in figures] == [["[0]"], ["[1]"], ["[2,", "4)"], ["[4,", "8)"]]
        assert [row[-2] for row in figures] == ["1", "0", "40", "80"]
        assert [len(row[-1]) - 1 for row in figures] == [1, 0, 32, 64]
        assert "n 121" in shown[-1]


async def test_the_chosen_key_stays_while_counts_change_places():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(1))
        await driving.settle(pilot)
        await driving.press(pilot, "escape", "2", "full_stop")
        snapshot = scripted.hist_us(1)
        rows = [(key, {9: 10**9} if key == "sshd" else value) for key, value in snapshot.rows]
        controller.show(scripted.frame(2, snapshot.replace(rows=rows)))
        await driving.settle(pilot)
        assert "‹nginx›" in driving.text(app)
        controller.show(scripted.frame(3, snapshot.replace(rows=[("cron", {9: 1})])))
        await driving.settle(pilot)
        assert "‹cron›" in driving.text(app)


async def test_a_click_on_the_key_line_goes_to_the_next_key():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(1))
        await driving.settle(pilot)
        await pilot.click(app.workspace.maps.panes[0], offset=(5, 1))
        await driving.settle(pilot)
        assert "‹nginx›" in driving.text(app)


async def test_linear_histogram_says_its_open_ends():
    async with driving.dashboard(size=(200, 60)) as (app, controller, pilot):
        controller.show(scripted.reads_frame(1))
        await driving.settle(pilot)
        shown = driving.region(app, app.workspace.maps.panes[2])
        assert "(..., 0)" in shown and "[8K, ...)" in shown and "[7K, 8K)" in shown
