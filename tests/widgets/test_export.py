"""The export page: what it writes is what render/export.py makes of what the pane shows."""

import os
from pathlib import Path

import pytest
from session.test_recording import replayed, same
from widgets import driving, scripted

from bttui.cli import run_command
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


EVERY = ["down", "down", "right"]


async def every_interval(format_):
    """A recording and an export of every interval, begun in the same moment; the export's file."""
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        path = "calls" + export.find(format_).suffix
        await driving.press(pilot, "down", *["right"] * [each.name for each in export.FORMATS].index(format_), "down", "right")
        assert "(•) every interval" in driving.text(app)
        app.screen.query_one("#file").value = path
        await driving.settle(pilot)
        await driving.press(pilot, "enter")
        app.begin_recording("run.bttui")
        for second in (4, 5, 6):
            controller.show(scripted.reads_frame(second))
            await driving.settle(pilot)
        assert f"→ {path} " in driving.lines(app)[-2]
        controller.stop()
        controller.go_live("another")
        controller.show(scripted.reads_frame(7))
        await driving.settle(pilot)
        assert "→" not in driving.lines(app)[-2], "it ends with its run"
        await driving.press(pilot, "f12")
    return Path(path).read_bytes()


@pytest.mark.parametrize("format_", ["text", "json", "csv"])
async def test_every_interval_goes_to_a_file_as_dump_prints_it(format_, capfd):
    written = await every_interval(format_)
    assert written.count(b"postgres") == 4 and b"2023-11-14 22:13:26.000" in written
    capfd.readouterr()
    assert run_command(["dump", "run.bttui", "--every", "--map", "@calls", "-f", format_]) == 0
    printed = capfd.readouterr().out.encode()
    assert printed.startswith(written.replace(b"\n\n20", b"\n\n20")) and printed != written, "and the next run's"


async def test_the_newest_interval_replaces_the_one_before(capfd):
    written = (await every_interval("openmetrics")).decode()
    assert written == export.find("openmetrics").write(export.Export([scripted.reads_frame(6).maps["@calls"]], {"@calls": ("comm",)}))
    assert sorted(os.listdir()) == ["calls.prom", "run.bttui"]
    assert run_command(["dump", "run.bttui", "--every", "-f", "openmetrics"]) == 1
    assert "holds one moment only" in capfd.readouterr().err


async def test_csv_of_every_interval_has_one_header_whatever_the_maps_hold():
    frames = [scripted.frame(n, scripted.snapshot("@x", String(size=16), Count(), {} if n == 1 else {"a": n})) for n in (1, 2)]
    texts = [export.find("csv").more(export.Export(list(f.maps.values())), f.wall, n == 0) for n, f in enumerate(frames)]
    assert texts == ["taken_at,key,count\r\n", "2023-11-14 22:13:22.000,a,2\r\n"]


async def test_an_export_of_every_interval_is_ended_on_the_same_page():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        await driving.press(pilot, *EVERY, "enter")
        (name,) = os.listdir()
        await driving.press(pilot, "w", "down", "down", "left")
        assert f"(•) end {name}" in driving.text(app)
        await driving.press(pilot, "enter")
        assert "Exported 1 frames" in driving.text(app) and "→" not in driving.lines(app)[-2]
        size = os.path.getsize(name)
        controller.show(scripted.reads_frame(4))
        await driving.settle(pilot)
        assert os.path.getsize(name) == size > 0


async def test_a_disk_that_is_full_ends_an_export_of_every_interval():
    async with driving.dashboard() as (app, controller, pilot):
        await opened(app, controller, pilot, "3")
        app.screen.query_one("#file").value = "/dev/full"
        await driving.settle(pilot)
        await driving.press(pilot, *EVERY, "enter", "enter")
        controller.show(scripted.reads_frame(4))
        await driving.settle(pilot)
        assert any("export to /dev/full ended: No space" in str(toast.render()) for toast in app.screen.query("Toast"))
        assert "→" not in driving.lines(app)[-2]
        controller.show(scripted.reads_frame(5))
        await driving.settle(pilot)
        assert "● LIVE 00:05" in driving.text(app)


async def test_a_trace_that_has_ended_has_no_intervals():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(LIVE)
        controller.stop()
        await driving.settle(pilot)
        await driving.press(pilot, "escape", "3", "w")
        assert "every interval" not in driving.text(app)


@pytest.mark.parametrize(
    ("keys", "sequences"), [([], [1, 2, 3, 4, 5]), (["left_square_bracket", "left_square_bracket", "x", "0", "D"], [3, 5])]
)
async def test_what_is_kept_is_written_as_a_recording(keys, sequences):
    """Of a selected range, its frames only."""
    async with driving.dashboard() as (app, controller, pilot):
        for second in range(1, 6):
            controller.say(scripted.printed(f"line {second}\n", second - 0.5))
            controller.show(scripted.reads_frame(second))
        await driving.settle(pilot)
        await driving.press(pilot, "escape", "3", *keys, "w", "left", "left")
        assert "(•) recording" in driving.text(app)
        await driving.press(pilot, "y")
        assert "a recording is no text" in driving.text(app)
        app.screen.query_one("#file").value = "kept.bttui"
        await driving.settle(pilot)
        await driving.press(pilot, "enter")
        assert "bttui replay shows it" in driving.text(app)
        heard = replayed("kept.bttui")
        expected = list(range(sequences[0], sequences[-1] + 1))
        assert [f.sequence for f in heard.frames] == expected
        for frame in heard.frames:
            same(frame, scripted.reads_frame(frame.sequence))
        assert [e.text for e in heard.events] == [f"line {n}\n" for n in (expected if not keys else [4, 5])]
        assert heard.statuses[0].text == scripted.READS and heard.diagnostics == []
