"""The export page: what it writes is what render/export.py makes of what the pane shows."""

import os
from pathlib import Path

from widgets import driving, scripted

from bttui.model.types import Count, String
from bttui.render import export
from bttui.widgets.clipboard import MOST
from bttui.widgets.export import ExportPage

LIVE = scripted.reads_frame(3)


async def opened(app, controller, pilot, pane, frame=LIVE):
    controller.show(frame)
    await driving.settle(pilot)
    await driving.press(pilot, "escape", pane, "w")
    assert isinstance(app.screen, ExportPage)


def written():
    (name,) = os.listdir()
    return Path(name).read_bytes().decode()


async def test_a_pane_is_written_in_the_chosen_format():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        await driving.press(pilot, "down", "right", "right", "enter")
        assert written() == export.find("csv").write(export.Export([LIVE.maps["@calls"]], {"@calls": ("comm",)}))
        assert "Wrote" in driving.text(app)


async def test_all_panes_keep_the_format_where_it_suits():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        await driving.press(pilot, "down", "right", "up", "right")
        assert "(•) all panes" in driving.text(app) and "(•) json" in driving.text(app)
        await driving.press(pilot, "enter")
        assert written().count('"type": ') == 4, "of five maps one is empty"


async def test_a_stack_pane_becomes_a_flame_graph():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "6")
        await driving.press(pilot, "down", *["right"] * 5)
        assert "(•) flamegraph" in driving.text(app)
        await driving.press(pilot, "enter")
        assert "ext4_file_read_iter" in written() and written().startswith("<svg")


async def test_the_screen_without_the_page_on_it():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        await driving.press(pilot, "left", "enter")
        assert "systemd-journal" in written() and "Esc&#160;cancels" not in written()


async def test_the_log_is_written_with_its_times():
    async with driving.dashboard() as (app, controller, pilot):
        controller.say(scripted.printed("big\x1b[31m one\n", 1.5))
        await opened(app, controller, pilot, "7")
        await driving.press(pilot, "enter")
        assert written() == "22:13:21.500 big\\x1b[31m one\n"


async def test_an_existing_file_is_asked_about():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        Path("mine.txt").write_text("mine")
        app.screen.query_one("#file").value = "mine.txt"
        await driving.settle(pilot)
        assert "exists" in driving.text(app)
        await driving.press(pilot, "enter")
        assert Path("mine.txt").read_text() == "mine" and "Enter once more overwrites it" in driving.text(app)
        await driving.press(pilot, "enter")
        assert Path("mine.txt").read_text().startswith("@calls[bash]")


async def test_a_changed_name_is_asked_about_anew():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        for name in ("a.txt", "b.txt"):
            Path(name).write_text("mine")
            app.screen.query_one("#file").value = name
            await driving.settle(pilot)
            await driving.press(pilot, "enter")
            assert Path(name).read_text() == "mine"


async def test_what_cannot_be_written_is_a_message():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        for name, told in (
            ("no/such/folder.txt", "No such file or directory"),
            ("a\0b", "null"),
            ("", "a file needs a name"),
            ("/dev/full", "once more"),
        ):
            app.screen.query_one("#file").value = name
            await driving.settle(pilot)
            await driving.press(pilot, "enter")
            assert told in driving.text(app)
        await driving.press(pilot, "enter")
        assert "could not write /dev/full: No space left on device" in driving.text(app)
        await driving.press(pilot, "escape")
        assert app.screen is app.workspace


async def test_too_much_for_a_clipboard_is_said():
    rows = {f"{n:050}": n for n in range(MOST // 50)}
    frame = scripted.frame(1, scripted.snapshot("@x", String(size=64), Count(), rows))
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "2", frame)
        await driving.press(pilot, "y")
        assert "write a file" in driving.text(app) and app.clipboard == ""


async def test_every_size_shows_the_page():
    for size in driving.SIZES:
        async with driving.dashboard(size=size) as (app, controller, pilot):
            await opened(app, controller, pilot, "3")
            shown = driving.text(app)
            assert "(•) this pane" in shown and "file" in shown and "same from a shell:  bttui --no-tui reads.bt" in shown


async def test_a_recording_gives_the_same_from_a_shell():
    async with driving.dashboard() as (app, controller, pilot):
        controller.file = "my run.bttui"
        await opened(app, controller, pilot, "3")
        await driving.press(pilot, "down", "right", "right")
        assert "bttui dump 'my run.bttui' --map @calls -f csv" in driving.text(app)
        await driving.press(pilot, "escape", "space", "w")
        assert "bttui dump 'my run.bttui' --at 22:13:23 --map @calls -f text" in driving.text(app)
