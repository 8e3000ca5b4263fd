"""A trace that is left running for hours holds no more than after some minutes; benchmarks/eight_hours.py has every second of it."""

import os

from widgets.long_run import long_run

from bttui.session.recording import WHOLE_EVERY, Recording


async def test_hours_hold_no_more_than_minutes(tmp_path):
    async with long_run(str(tmp_path)) as (app, feed):
        early = await feed(range(1, 331))  # the history keeps 300
        for hour in range(1, 8):
            await feed(range(hour * 3600, hour * 3600 + 2))
        late = await feed(range(8 * 3600, 8 * 3600 + 330))
        assert late.descriptors == early.descriptors
        assert late.frames == early.frames == 301
        assert late.history < early.history * 1.2  # as large numbers take more bytes than small ones
        assert late.lines < 1000
        keys = app.recorder._maps["@calls"]._numbers
        assert len(keys) <= 41 + WHOLE_EVERY, "a minute's keys only"
    recording = Recording(str(tmp_path / "run.bttui"))
    assert recording.totals == {"frames": 330 + 7 * 2 + 330, "events": 330 + 7 * 2 + 330}
    assert os.path.getsize(tmp_path / "run.prom") < 4000, "the newest interval only"
