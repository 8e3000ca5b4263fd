"""Hours of a trace in minutes: the whole dashboard, its history, a recording and an export, fed with frames of simulated seconds."""

import asyncio
import os
import resource
import sys
from contextlib import asynccontextmanager
from itertools import pairwise

from widgets import driving, scripted

from bttui.model.types import Count, String
from bttui.render.export import find

BATCH = 10  # frames that the screen gets at once
LINE = scripted.printed("").output  # the same for all, as a program's are


def frame(second):
    """Keys that come and go beside those that stay, as processes do."""
    passing = {f"job-{second // 3 - n}": second % 3 + n for n in range(40)}
    calls = scripted.snapshot("@calls", String(size=16), Count(), {"stays": second, **passing})
    return scripted.frame(second, calls, scripted.hist_us(second), scripted.stacks(second), runs=second * 19_000)


class Held:
    """What the process holds now."""

    def __init__(self, app):
        history = app.workspace.timeline.history
        self.descriptors = len(os.listdir("/proc/self/fd"))
        self.frames, self.history = len(history), history.size
        self.lines = len(app.workspace.log_pane.lines)
        self.files = app.recorder.size, sum(file.size for file in app.intervals)
        with open("/proc/self/statm") as file:
            self.resident = int(file.read().split()[1]) * resource.getpagesize()


@asynccontextmanager
async def long_run(folder):
    """(app, function that feeds the seconds of a range and gives what is Held then)."""
    async with driving.dashboard() as (app, controller, pilot):
        app.begin_recording(os.path.join(folder, "run.bttui"))
        app.follow(os.path.join(folder, "run.prom"), find("openmetrics"), ["@calls"], {})
        await driving.press(pilot, "escape")

        async def feed(seconds):
            for second in seconds:
                controller.say(scripted.printed(f"line {second}\n", second).replace(output=LINE))
                controller.show(frame(second))
                if second % BATCH == 0:
                    await pilot.pause()
            await driving.settle(pilot)
            return Held(app)

        yield app, feed


async def eight_hours(folder):
    """Every second of them; prints what is held after each hour."""
    async with long_run(folder) as (_, feed):
        print(f"{'hour':>4} {'resident':>9} {'descriptors':>12} {'frames kept':>12} {'history':>9} {'log lines':>10} {'recording':>10}")
        held = [await feed(range(1, 601))]
        for hour in range(9):
            if hour:
                held.append(await feed(range(max(601, (hour - 1) * 3600 + 1), hour * 3600 + 1)))
            now = held[-1]
            print(
                f"{hour or '0.2':>4} {now.resident / 1e6:>7.1f}MB {now.descriptors:>12} {now.frames:>12} {now.history / 1e6:>7.2f}MB"
                f" {now.lines:>10} {now.files[0] / 1e6:>8.2f}MB",
                flush=True,
            )
        growth = [(later.resident - before.resident) / 1e6 for before, later in pairwise(held[1:])]
        print(f"resident memory from hour to hour: {', '.join(f'{each:+.1f}' for each in growth)} MB")


if __name__ == "__main__":
    asyncio.run(eight_hours(sys.argv[1]))
