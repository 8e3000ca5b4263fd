from widgets import driving, scripted

from bttui.model.types import Count, Stack
from bttui.widgets.stacks import StacksPane

KERNEL = Stack(space="kernel")


async def test_a_click_picks_and_a_double_click_zooms():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        pane = app.screen.query_one(StacksPane)
        line = driving.region(app, pane).split("\n")[2]
        await pilot.click(pane, offset=(line.index("swapper") + 1, 2))
        await driving.settle(pilot)
        assert pane.remark.startswith("swapper/0 212")
        await pilot.click(pane, offset=(line.index("swapper") + 1, 2), times=2)
        await driving.settle(pilot)
        assert "postgres" not in driving.region(app, pane) and "swapper/0 17%" in driving.region(app, pane)


async def test_zoom_and_cursor_survive_frames_and_vanish_with_their_frame():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        await driving.press(pilot, "escape", "6", "down", "right", "enter", "down", "down")
        pane = app.screen.query_one(StacksPane)
        assert pane.remark.startswith("cpu_startup_entry")
        controller.show(scripted.reads_frame(4))
        await driving.settle(pilot)
        assert pane.remark.startswith("cpu_startup_entry 282")
        snapshot = scripted.stacks(4)
        controller.show(scripted.frame(5, snapshot.replace(rows=[r for r in snapshot.rows if r[0][1] != "swapper/0"])))
        await driving.settle(pilot)
        assert pane.remark.startswith("all")


async def test_no_samples_yet():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.frame(1, scripted.snapshot("@on", KERNEL, Count(), {})))
        await driving.settle(pilot)
        await driving.press(pilot, "escape", "2", "down", "enter", "left", "right", "up", "backspace")
        assert "nothing yet" in driving.region(app, StacksPane)
