"""The dashboard as a whole, on a scripted trace: what stands where, at every size."""

from contextlib import nullcontext

import pytest
from textual.theme import BUILTIN_THEMES
from widgets import driving, scripted
from widgets.conftest import plain_environment, utc  # noqa: F401

from bttui.app import EXAMPLE, Dashboard, run_dashboard
from bttui.host.privileges import HINT
from bttui.model.diagnostic import Diagnostic, Span
from bttui.model.types import Count, String
from bttui.session.controller import ATTACHING, ENDED
from bttui.widgets.editor import Editor
from bttui.widgets.log import Log
from bttui.widgets.map_panes import share
from bttui.widgets.status import StatusBar


@pytest.mark.parametrize("size", driving.SIZES)
async def test_every_pane_can_be_reached_and_read(size):
    async with driving.dashboard(size=size) as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        seen = []
        for _ in range(7):
            seen.append(getattr(app.focused, "map_name", None) or app.focused.id)
            assert app.focused.region.width > 20 and app.focused.region.height >= 4
            assert app.screen.region.contains_region(app.focused.region)
            await driving.press(pilot, "tab")
        assert sorted(seen) == ["@calls", "@on", "@size", "@start", "@us", "editor", "log"]


async def test_narrow_shows_one_pane_and_its_tab():
    async with driving.dashboard(size=(80, 24)) as (app, controller, pilot):
        assert app.focused.id == "editor"
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        assert app.focused.map_name == "@us", "a run brings its first map up"
        assert driving.lines(app)[0].startswith(" 1 Program  2 @us  3 @calls  4 @size  5 @start  6 @on  7 Log")
        await pilot.click("TabStrip", offset=(driving.lines(app)[0].index("@calls"), 0))
        await driving.settle(pilot)
        assert app.focused.map_name == "@calls" and "postgres" in driving.text(app)
        assert [pane for pane in app.workspace.panes if pane.region.area] == [app.focused]
        await driving.press(pilot, "7")
        assert app.focused.id == "log"


async def test_an_error_that_comes_late_leaves_the_cursor_to_who_types():
    async with driving.dashboard() as (app, controller, pilot):
        controller.auto = False
        await driving.press(pilot, "f5", *"abc")
        controller.fail(Diagnostic("wrong", Span(67, 75, 4, 5, 4, 10)))
        await driving.settle(pilot)
        await driving.press(pilot, *"def")
        assert app.workspace.editor.text == "abcdef" + scripted.READS


KEYS_AHEAD = {
    "letters and what takes them back": (["a", "b", "backspace", "c", "left", "d"], "adc"),
    "a paste between": (["a", "paste:bcd", "backspace", "e", "home", "f"], "fabce"),
}


@pytest.mark.parametrize("case", KEYS_AHEAD)
async def test_keys_work_in_the_order_in_which_they_are_pressed(case):
    keys, text = KEYS_AHEAD[case]
    async with driving.dashboard(text="", start=False) as (_, controller, pilot):
        await driving.press_ahead(pilot, *keys, "f5", "x")
        assert controller.calls == [("run", text)]


async def test_a_key_goes_to_the_pane_that_the_key_before_it_led_to(tmp_path):
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        await driving.press_ahead(pilot, "escape", "z", "1", "a", "b", "f2", "v", "f", "s")
        assert app.screen.query_one("#query").value == "vfs"
        assert app.workspace.editor.text == "ab" + scripted.READS
        assert app.workspace.zoomed


async def test_save_keeps_the_letters_before_it(tmp_path):
    program = tmp_path / "my.bt"
    program.write_text("")
    async with driving.dashboard(text="", start=False, name=str(program)) as (_app, _controller, pilot):
        await driving.press_ahead(pilot, *"abc", "ctrl+s", "d")
        assert program.read_text() == "abc"


async def test_resize_while_running():
    async with driving.dashboard(size=(200, 60)) as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        wide = driving.text(app)
        for size in ((80, 24), (40, 10), (120, 36), (200, 60)):
            await pilot.resize_terminal(*size)
            await driving.settle(pilot)
            controller.show(scripted.reads_frame(3))
            await driving.settle(pilot)
            assert len(driving.lines(app)) == size[1]
        after = driving.text(app).splitlines()
        assert [line for line in after if not line.startswith(" history")] == [
            line for line in wide.splitlines() if " history " not in line
        ]


async def test_mouse_focuses_a_pane():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        await pilot.click(Log, offset=(5, 3))
        await driving.settle(pilot)
        assert app.focused.id == "log"
        await pilot.click(Editor, offset=(12, 3))
        await driving.settle(pilot)
        assert app.focused.id == "editor" and app.focused.cursor_location[0] == 2


async def test_plain_start_shows_an_example_and_waits():
    async with driving.dashboard(text=EXAMPLE, start=False) as (app, controller, pilot):
        assert controller.calls == []
        assert "@calls[comm] = count();" in driving.text(app) and "runs the program" in driving.text(app)
        await driving.press(pilot, "f5")
        assert controller.calls == [("run", EXAMPLE)]


async def test_states_in_the_status_bar():
    async with driving.dashboard(start=False) as (app, controller, pilot):

        def bar():
            return driving.lines(app)[-2].rstrip()

        assert bar().startswith(" ○ idle")
        controller.change(state="checking")
        await driving.settle(pilot)
        assert bar().startswith(" ◌ checking")
        controller.change(state="attaching", attached=12, total=340)
        await driving.settle(pilot)
        assert bar().startswith(" ◌ attaching 12/340")
        controller.go_live(scripted.READS, attached=3)
        controller.show(scripted.frame(1, runs=100))
        await driving.settle(pilot)
        controller.show(scripted.frame(3, runs=2500))
        await driving.settle(pilot)
        assert bar().startswith(" ● LIVE 00:03  3 probes  1.2k events/s  lost 0  missed 0  full 0")
        controller.change(state="checking")
        await driving.settle(pilot)
        assert bar().startswith(" ◌ checking · previous run live")
        controller.change(state="ended", live=False, attached=0)
        await driving.settle(pilot)
        assert bar().startswith(" ■ ended 00:03  1.2k events/s")


async def test_losses_turn_the_status_bar_red():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        bar = app.screen.query_one("StatusBar")
        assert not bar.has_class("-losing")
        before = bar.styles.background
        controller.show(scripted.reads_frame(4, lost=3, missed=2, full={"@us": 0, "@calls": 7}, stacks_lost=1))
        await driving.settle(pilot)
        assert "lost 3  missed 2  full 7 (@calls)  stacks lost 1" in driving.lines(app)[-2]
        assert bar.styles.background != before


async def test_a_new_run_replaces_the_panes_with_its_first_frame():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        await driving.press(pilot, "f5")
        assert "@calls[comm]" in driving.text(app), "the old panes stay until there is something new"
        controller.show(scripted.frame(1, scripted.calls(1)))
        await driving.settle(pilot)
        assert [pane.map_name for pane in app.workspace.maps.panes] == ["@calls"]
        assert app.workspace.log_pane.number == 3


async def test_a_program_without_maps_gives_the_room_to_the_log():
    async with driving.dashboard(text='BEGIN { printf("hello world\\n"); }') as (app, controller, pilot):
        controller.show(scripted.frame(1))
        controller.say(scripted.printed("hello world\n"))
        await driving.settle(pilot)
        assert app.screen.query_one(Log).region.width == 120
        assert "hello world" in driving.region(app, Log)


async def test_a_changed_program_says_that_it_is_not_the_running_one():
    async with driving.dashboard() as (app, _, pilot):
        assert "changed since" not in driving.text(app)
        await driving.press(pilot, "x")
        assert "changed since it was run" in driving.text(app)
        await driving.press(pilot, "backspace")
        assert "changed since" not in driving.text(app)


async def test_leaving_returns_the_last_frame():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        await driving.press(pilot, "ctrl+q")
        assert controller.calls[-1] == ("close",)
    assert app.return_value is controller.last


async def test_a_report_that_comes_while_the_dashboard_is_taken_down():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        bar = app.workspace.query_one(StatusBar)
        await bar.remove()  # the screen still counts as mounted while its widgets go
        controller.change(state=ENDED, live=False)
        await driving.settle(pilot)
        assert app.status.state == ENDED and not bar.is_attached


def test_rows_share_the_height():
    assert share([10, 10], 40) == [20, 20]
    assert share([5, 100, 100], 35) == [5, 15, 15]
    assert share([5, 9, 100], 60) == [5, 9, 46]
    assert share([100], 20) == [20]
    assert sum(share([30, 40, 50], 41)) == 41


async def test_borders_follow_the_mouse():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        first, second = app.workspace.maps.panes[:2]
        x, y, _, height = first.region

        async def drag(start, end):
            await pilot.mouse_down(offset=start)
            await pilot.hover(offset=end)
            await pilot.mouse_up(offset=end)
            await driving.settle(pilot)

        await drag((x + 5, y + height - 1), (x + 5, y + height + 2))
        assert first.region.height == second.region.height == height + 3
        await drag((x, y + 3), (x - 10, y + 3))
        assert first.region.x == x - 10 and app.workspace.editor.region.width == x - 10
        log = app.workspace.log_pane.region
        await drag((4, log.y), (4, log.y - 4))
        assert app.workspace.log_pane.region.height == log.height + 4


REFUSED = Diagnostic("bttui needs the privilege to trace", hint=HINT)


@pytest.mark.parametrize("size", driving.SIZES)
async def test_letters_lead_to_every_pane(size):
    """They stand at the panes' titles, or at their tabs where one pane is shown."""
    async with driving.dashboard(size=size) as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        panes = app.workspace.panes
        for letter, pane in zip("asdfghjk", panes, strict=False):
            tab = driving.lines(app)[0].find(f" {panes.index(pane) + 1} ")
            await driving.press(pilot, "ctrl+o")
            if size == (80, 24):
                assert driving.lines(app)[0][tab : tab + 3] == f" {letter} "
            else:
                assert driving.lines(app)[pane.region.y][pane.region.x + 1 : pane.region.x + 4] == f" {letter} "
            await driving.press(pilot, letter)
            assert app.focused is pane
        await driving.press(pilot, "ctrl+o", "q")
        assert type(app.screen).__name__ == "JumpPage", "there is no tenth pane"
        await driving.press(pilot, "escape")
        assert app.focused is panes[-1]


SCREENS = {
    "idle": (dict(text=EXAMPLE, start=False, name="Example"), []),
    "unprivileged": (dict(text=EXAMPLE, start=False, name="Example", refused=REFUSED), []),
    "live": ({}, []),
    "lossy": ({}, []),
    "error": ({}, []),
    "help": ({}, ["f1"]),
    "probes": ({}, ["f2", *"vfs", "underscore", "asterisk"]),
    "stacks": ({}, ["escape", "6", "down", "right"]),
    "heat": ({}, ["escape", "2", "v", "left", "left"]),
    "functions": ({}, ["escape", "6", "T", "z"]),
    "attaching": ({}, []),
    "refused": ({}, ["f4"]),
    "attached": ({}, ["escape", "f9"]),
    "completion": (dict(text="BEGIN { @counted = 1; @", start=False), ["end", "ctrl+@"]),
    "large": ({}, ["escape", "3"]),
    "ended": ({}, ["escape", "2"]),  # as when the process of -p has gone
    "textual-light": ({}, ["escape", "6"]),
    "ansi-dark": ({}, ["escape", "2", "v"]),
}


@pytest.mark.parametrize("size", driving.SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
async def test_screen(name, size):
    """Whole screens against tests/widgets/snapshots: text and SVG."""
    options, keys = SCREENS[name]
    async with driving.dashboard(size=size, **options) as (app, controller, pilot):
        if options.get("start", True):
            for second in (1, 2, 3):
                controller.show(scripted.reads_frame(second))
                controller.say(*[scripted.printed(f"big postgres {65_536 * n}\n", second + n / 10) for n in range(1, 4)])
                await driving.settle(pilot)
        if name == "lossy":
            controller.show(scripted.reads_frame(4, lost=1204, full={"@start": 17}))
            controller.say(scripted.message("lost", "lost 1204 events: the ring buffer was full", 4))
            controller.say(*[scripted.printed(f"big nginx {n}\n", 5) for n in range(50_000)])
        if name == "attaching":
            controller.change(state=ATTACHING, attached=1204, total=3000)
        if name == "ended":
            controller.change(state=ENDED, live=False)
        if name in BUILTIN_THEMES:
            app.theme = name
        if name == "large":  # many keys, one of 300 characters, one of wide letters; and a map without any
            names = {f"worker-{n}": n for n in range(15_000)} | {"x" * 300: 99_999, "日本語" * 9: 88_888}
            controller.show(
                scripted.frame(
                    4,
                    scripted.snapshot("@us", String(size=16), Count(), {}),
                    scripted.calls(4).replace(rows=list(names.items())),
                    runs=4 * 19_000,
                )
            )
        if name in ("error", "refused"):
            from widgets.test_editor import at

            place = at("delete(@start[tid])", scripted.READS)
            controller.fail(Diagnostic("the kernel refused this", place, hint="check the pointer for null first", detail="0: (b7)\n"))
        await driving.settle(pilot)
        for key in keys:
            await driving.press(pilot, key)
        driving.check_screen(app, f"{name}-{size[0]}x{size[1]}")


async def test_run_takes_the_keys_typed_just_before_it():
    """All of them in one go, as a fast typist or a paste sends them."""
    async with driving.dashboard(text="", start=False) as (app, controller, pilot):
        await pilot.press(*"BEGIN", "f5")
        await driving.settle(pilot)
        app.simulate_key("x")
        app.simulate_key("f5")
        await driving.settle(pilot)
        for key in ("ctrl+z", "f5"):  # ctrl+z is a binding, which is looked up on the key's way back
            app.simulate_key(key)
        await driving.settle(pilot)
        assert controller.calls == [("run", "BEGIN"), ("run", "BEGINx"), ("run", app.workspace.editor.text)]
        assert app.workspace.editor.text != "BEGINx"


@pytest.mark.parametrize(("nanoseconds", "shown"), [(0, False), (250, True)])
async def test_cost_shows_where_the_kernel_counts_it(nanoseconds, shown):
    async with driving.dashboard() as (app, controller, pilot):
        for second in (1, 2):
            frame = scripted.frame(second, runs=second * 1000)
            probes = tuple(probe.replace(nanoseconds=probe.runs * nanoseconds) for probe in frame.counters.probes)
            controller.show(frame.replace(counters=frame.counters.replace(probes=probes)))
            await driving.settle(pilot)
        assert ("250ns/event" in driving.lines(app)[-2]) is shown
        assert ("/event " in driving.lines(app)[-2]) is shown


async def test_a_program_runs_before_the_screen_is_drawn(monkeypatch):
    """It may be long until then: for a process that ^Z stops at once, until fg and a key."""
    monkeypatch.setattr("textual.screen.Screen._invoke_later", lambda *_: None)
    async with driving.dashboard(start=True) as (_, controller, _):
        assert ("run", scripted.READS) in controller.calls


def test_what_the_maps_lack_is_printed_with_them(monkeypatch, capsys):
    app = Dashboard(scripted.READS, scripted.ScriptedController())
    monkeypatch.setattr("bttui.app.own_terminal", nullcontext)
    monkeypatch.setattr(app, "run", lambda: scripted.reads_frame(2, lost=12, full={"@us": 40}))
    assert run_dashboard(app) == 0
    printed = capsys.readouterr()
    assert "@calls[" in printed.out
    assert printed.err == "WARNING: 40 new keys were left out of @us, which was full\nWARNING: lost: 12\n"
