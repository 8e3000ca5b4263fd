"""The recording that comes along: small, of a machine without a name, and with everything that its end says."""

import os
from pathlib import Path

from session.test_recording import replayed
from widgets import driving

from bttui.app import Dashboard
from bttui.session.recording import Recording, demo
from bttui.session.replay import ReplayController

PROGRAM = (Path(__file__).parent.parent / "tools" / "demo.bt").read_text()


def test_it_is_small_and_tells_where_it_comes_from():
    recording = Recording(demo())
    assert os.path.getsize(demo()) < 300_000
    assert recording.header["command"] == ["--record", "bttui/demo.bttui", "tools/demo.bt"]
    assert recording.header["kernel"] and recording.header["host"] == "demo"
    assert recording.text == PROGRAM
    assert not recording.damaged


def test_it_replays_to_its_totals():
    heard, totals = replayed(demo()), Recording(demo()).totals
    assert totals == {"frames": len(heard.frames), "events": len(heard.events)}
    last = heard.frames[-1]
    assert last.counters.events == len([e for e in heard.events if e.output is not None])
    rows = {name: dict(snapshot.rows) for name, snapshot in last.maps.items()}
    # Each read is in both histograms, and counted under its name among the system calls.
    reads = {comm: sum(buckets.values()) for comm, buckets in rows["@us"].items()}
    assert sum(rows["@size"][None].values()) == sum(reads.values()) > 1000
    assert all(rows["@calls"][comm] >= number for comm, number in reads.items())
    assert set(rows["@us"]) >= {"find", "cat", "grep", "sort", "gzip"}


async def test_the_dashboard_plays_it_and_the_program_stays_as_it_is():
    recording = Recording(demo())
    app = Dashboard(recording.text, ReplayController(recording, speed=0), "demo", start=True, read_only=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await driving.settle(pilot)
        app.controller._thread.join()
        await driving.settle(pilot)
        screen = driving.text(app)
        for words in ("@calls[comm]", "@us[comm]", "@waits[kstack, comm]", "■ ended", "grep"):
            assert words in screen
        assert app.focused is app.workspace.maps.panes[0]  # keys of time work at once
        await driving.press(pilot, "1", "x", "y", "enter")
        assert app.workspace.editor.text == PROGRAM
