from widgets import driving, scripted

from bttui.model.frame import Counters, Frame, ProbeCounters
from bttui.model.program import Attachment, Program
from bttui.model.types import UINT64, Count
from bttui.session.session import attach_points
from bttui.widgets.attached import AttachedPane


def frame(second, runs, nanoseconds, **counters):
    rows = [(n, 1) for n in range(60)]
    map_ = scripted.snapshot("@calls", UINT64, Count(), rows)
    probes = (
        ProbeCounters("probe_0", runs, nanoseconds, 0, 0, "kprobe:vfs_read +2"),
        ProbeCounters("probe_1", 10, 0, 7, 3, "profile:hz:99"),
    )
    maps = {"@calls": map_.replace(spec=map_.spec.replace(max_entries=64))}
    return Frame(second, second * scripted.SECOND, scripted.START + second * scripted.SECOND, maps, Counters(probes=probes, **counters))


async def test_what_each_probe_costs_and_how_full_the_maps_are():
    """5000 runs of 200 ns in two seconds are 2500 a second and 0.05 % of a CPU."""
    async with driving.dashboard(size=(200, 60)) as (app, controller, pilot):
        controller.show(frame(1, 1000, 10_000))
        await driving.settle(pilot)
        assert "–" in driving.region(app, AttachedPane), "one frame says nothing of a rate"
        controller.show(frame(3, 6000, 1_010_000, lost=3, missed=7, full={"@calls": 12}))
        await driving.settle(pilot)
        shown = [line.strip("│ ").split() for line in driving.region(app, AttachedPane).split("\n")]
        assert ["kprobe:vfs_read", "+2", "2.5k", "200ns", "0.05%", "0", "0"] in shown
        assert ["profile:hz:99", "0", "–", "–", "7", "3"] in shown
        assert ["@calls", "███████████▎", "60", "of", "64", "keys", "full", "12"] in shown
        assert "lost 3 · missed 7 · full 12" in driving.region(app, AttachedPane)
        controller.show(frame(5, 6000, 1_010_000, symbols_lost=1234, unnamed=56))
        await driving.settle(pilot)
        assert "lost 0 · missed 0 · full 0 · symbols lost 1,234 · unnamed addresses 56" in driving.region(app, AttachedPane)
        assert "symbols lost 1,234" in driving.lines(app)[-2]


async def test_it_is_there_on_request_where_there_is_little_room():
    async with driving.dashboard(size=(80, 24)) as (app, controller, pilot):
        controller.show(frame(1, 1000, 10_000))
        await driving.settle(pilot)
        assert "Attached" not in driving.lines(app)[0]
        await driving.press(pilot, "f9")
        assert "Attached" in driving.lines(app)[0] and app.focused is app.workspace.attached
        await driving.press(pilot, "f9")
        assert "Attached" not in driving.lines(app)[0] and app.focused is not app.workspace.attached


def test_a_program_is_called_by_what_it_is_attached_to():
    points = [Attachment("kprobe", name, f"kprobe:{name}", program) for name, program in (("a", "p0"), ("b", "p1"), ("c", "p0"))]
    assert attach_points(Program(b"", "", (), tuple(points), (), ())) == {"p0": "kprobe:a +1", "p1": "kprobe:b"}


async def test_it_leaves_room_for_the_log_and_tells_names_apart():
    async with driving.dashboard() as (app, controller, pilot):
        names = [f"tracepoint:syscalls:sys_{way}_read" for way in ("enter", "exit")]
        probes = tuple(ProbeCounters(name, 5, 1000, 0, 0, name) for name in names)
        shown = frame(1, 1000, 10_000, full={"@calls": 20_714})
        controller.show(shown.replace(counters=shown.counters.replace(probes=probes)))
        await driving.settle(pilot)
        await driving.press(pilot, "f9")
        log, body = app.workspace.log_pane.region, app.screen.query_one("#body").region
        assert log.height >= 5 and log.bottom <= body.bottom
        text = driving.region(app, AttachedPane)
        assert "sys_enter_read " in text and "sys_exit_read " in text and "60 of 64 keys  full 20,714" in text
