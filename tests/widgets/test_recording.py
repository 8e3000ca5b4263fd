"""The key that records: what it asks, what it shows meanwhile, how a recording ends."""

import asyncio
import os
from pathlib import Path

import pytest
from session.test_recording import replayed, small_disk  # noqa: F401 - a fixture
from widgets import driving, scripted

from bttui.app import Dashboard
from bttui.model.frame import Event
from bttui.model.program import Argument, Output
from bttui.model.redaction import Redactor
from bttui.model.types import INT64
from bttui.session.controller import LIVE, Status
from bttui.session.recording import Recorder, Recording
from bttui.session.replay import ReplayController
from bttui.widgets.ask import Ask


async def begin(app, pilot, path="run.bttui", times=1):
    await driving.press(pilot, "f12")
    assert isinstance(app.screen, Ask)
    app.screen.query_one("#answer").value = path
    await driving.press(pilot, *["enter"] * times)


async def show(controller, pilot, *seconds):
    for second in seconds:
        controller.show(scripted.reads_frame(second))
        await driving.settle(pilot)


@pytest.mark.parametrize("size", driving.SIZES)
async def test_what_happens_between_the_two_keys_is_in_the_file(size):
    async with driving.dashboard(size=size) as (app, controller, pilot):
        await show(controller, pilot, 1, 2)
        await begin(app, pilot)
        controller.say(scripted.printed("hello\n", 2.5))
        await show(controller, pilot, 3, 4)
        assert "● REC " in driving.lines(app)[-2] and "KiB 00:02" in driving.lines(app)[-2]
        await driving.press(pilot, "f12")
        assert "REC" not in driving.lines(app)[-2] and "Recorded 3 frames" in driving.text(app)
        await show(controller, pilot, 5)
        heard = replayed("run.bttui")
        assert [f.sequence for f in heard.frames] == [2, 3, 4] and [e.values for e in heard.events] == [("hello\n",)]
        assert heard.statuses[0].text == scripted.READS and heard.diagnostics == []


async def test_the_name_offered_says_what_and_when():
    async with driving.dashboard() as (app, _, pilot):
        await driving.press(pilot, "f12", "enter")
        (name,) = os.listdir()
        assert name.startswith("reads-20") and name.endswith(".bttui")
        assert "Recording to reads-20" in driving.text(app)
        assert os.stat(name).st_mode & 0o777 == 0o600


async def test_a_file_that_exists_is_asked_about_and_a_bad_place_is_said():
    async with driving.dashboard() as (app, _, pilot):
        Path("mine.bttui").write_text("mine")
        await begin(app, pilot, "mine.bttui")
        assert Path("mine.bttui").read_text() == "mine" and "Enter once more overwrites it" in driving.text(app)
        os.mkfifo("pipe")
        for path, told in (
            ("no/such/x", "No such file or directory"),
            (".", "Is a directory"),
            ("", "needs a name"),
            ("pipe", "No such device"),
        ):
            app.screen.query_one("#answer").value = path
            await driving.press(pilot, "enter", "enter")
            assert told in driving.text(app) and isinstance(app.screen, Ask)
        app.screen.query_one("#answer").value = "mine.bttui"
        await driving.press(pilot, "enter", "enter")
        assert app.screen is app.workspace
        await driving.press(pilot, "f12")
        assert Recording("mine.bttui").header == {}


async def test_it_goes_on_from_program_to_program_and_ends_with_the_dashboard():
    async with driving.dashboard(start=False) as (app, controller, pilot):
        await begin(app, pilot)
        for second in (1, 2):
            await driving.press(pilot, "f5")
            await show(controller, pilot, second)
        await driving.press(pilot, "ctrl+q")
    heard = replayed("run.bttui")
    assert [f.sequence for f in heard.frames] == [1, 2] and not Recording("run.bttui").damaged
    assert [status.run for status in heard.statuses[:-1]] == [1, 2]


async def test_a_full_disk_is_told_and_the_trace_goes_on(small_disk):  # noqa: F811
    async with driving.dashboard() as (app, controller, pilot):
        await begin(app, pilot)
        await show(controller, pilot, 1)
        small_disk(app.recorder, 100)
        await show(controller, pilot, 2, 3)
        told = "recording to run.bttui ended: No space left on device; the trace goes on"
        assert "recording to run.bttui ended: No" in driving.region(app, "Log") and "REC" not in driving.lines(app)[-2]
        assert any(told in str(toast.render()) for toast in app.screen.query("Toast"))
        assert "● LIVE 00:03" in driving.lines(app)[-2]
        await begin(app, pilot, "other")
        assert "● REC" in driving.lines(app)[-2]


async def test_a_replay_has_nothing_to_record():
    async with driving.dashboard() as (app, controller, pilot):
        await begin(app, pilot)
        await show(controller, pilot, 1)
    app = Dashboard(scripted.READS, ReplayController(Recording("run.bttui"), speed=0), "run", start=True, read_only=True)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await driving.settle(pilot)
        await driving.press(pilot, "f12")
        assert app.screen is app.workspace and "a recording already" in driving.text(app)


async def test_losses_are_told_before_what_was_not_lost():
    async with driving.dashboard(size=(80, 24)) as (app, controller, pilot):
        await begin(app, pilot)
        controller.show(scripted.reads_frame(3, missed=1_234_567, full={"@us": 1_234_567}))
        await driving.settle(pilot)
        bar = driving.lines(app)[-2]
        assert all(words in bar for words in (" ● LIVE 00:03", "● REC", "missed 1,234,567  full 1,234,567 (@us)")) and "lost" not in bar


async def test_with_pseudonyms_the_screen_shows_what_is_recorded_and_exported():
    async with driving.dashboard(size=(200, 60), redactor=Redactor()) as (app, controller, pilot):
        await begin(app, pilot)
        controller.say(scripted.printed("postgres\n"))
        await show(controller, pilot, 1, 2)
        assert "text-" in driving.region(app, app.workspace.maps) and "text-" in driving.region(app, "Log")
        await driving.press(pilot, "escape", "3", "y", "f12")
        assert "text-" in app.clipboard
        for text in (driving.text(app), app.clipboard, repr(replayed("run.bttui").frames), repr(replayed("run.bttui").events)):
            assert not any(name in text for name in ("postgres", "nginx", "systemd-journal"))
        assert "do_syscall_64" in repr(replayed("run.bttui").frames)


async def test_a_recording_that_cannot_be_drawn_is_a_line_and_no_traceback(capsys):
    """Its checksums are right: somebody made it."""
    recorder = Recorder("run.bttui", {})
    recorder.program(Status(LIVE, 1, True, 1, 1, ("probe",), scripted.START, scripted.READS))
    number = Output("printf", "%d\n", (Argument(INT64, 8),))
    recorder.events([Event("printf", scripted.START, number, ("x",))])
    recorder.close()
    app = Dashboard(scripted.READS, ReplayController(Recording("run.bttui"), speed=0), "run", start=True, read_only=True)
    await asyncio.wait_for(app.run_async(headless=True, size=(120, 36)), 60)
    assert isinstance(app.broken, TypeError) and app.return_code == 1
    assert capsys.readouterr() == ("", "")
