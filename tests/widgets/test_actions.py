"""The table of actions: no key means two things at one place, and every key does what the table says."""

import os
from contextlib import nullcontext
from pathlib import Path

import pytest
from widgets import driving, scripted

from bttui.model.diagnostic import Diagnostic, Fix, Span
from bttui.render.figures import time_of_day
from bttui.widgets.actions import ACTIONS, CHAINS, bindings, in_chain, key_name
from bttui.widgets.completing import CompletionList
from bttui.widgets.editor import Editor
from bttui.widgets.export import Choices
from bttui.widgets.files import ProgramList
from bttui.widgets.page import keys_markdown
from bttui.widgets.stacks import StacksPane


@pytest.mark.parametrize("chain", CHAINS)
def test_no_two_actions_share_a_key(chain):
    seen = {}
    for action in in_chain(chain):
        for key in action.keys:
            assert key not in seen, f"{key} is {seen[key]} and {action.name}"
            seen[key] = action.name


def test_every_action_says_what_it_does():
    names = [action.name for action in ACTIONS]
    assert len(names) == len(set(names))
    for action in ACTIONS:
        assert action.keys and action.label and action.help.endswith((".", ")")), action.name
        assert any(action.scope in scopes for scopes in CHAINS.values()), action.name


def test_bindings_carry_the_name_that_people_rebind_by():
    assert [b.id for b in bindings("table")] == ["table.sort", "table.reverse"]


def test_only_copy_is_taken_from_the_keys_that_every_editor_has():
    """The action behind ctrl+c copies a selection, as TextArea's own does."""
    stock = {key for b in Editor.BINDINGS if not b.id for key in b.key.split(",")}
    assert stock & {key for action in in_chain("editor") for key in action.keys} == {"ctrl+c"}


@pytest.mark.parametrize(
    ("key", "shown"), [("f5", "F5"), ("ctrl+r", "^R"), ("full_stop", "."), ("shift+tab", "Shift+Tab"), ("s", "s"), ("pageup", "PgUp")]
)
def test_key_names(key, shown):
    assert key_name(key) == shown


def row(choices):
    """The row of the export page that has the cursor."""
    return choices.line(choices.at, 100)


@pytest.fixture(autouse=True)
def other_editor(monkeypatch):
    """What $VISUAL names writes another program."""
    monkeypatch.setenv("VISUAL", """sh -c 'echo "BEGIN { }" > "$0"'""")


class State:
    """What a person can see at one moment, and what the controller was asked so far."""

    def __init__(self, app, controller):
        self.screen = type(app.screen).__name__
        self.focus = getattr(app.focused, "map_name", None) or getattr(app.focused, "id", None) or type(app.focused).__name__
        self.text = driving.text(app)
        self.calls = list(controller.calls)
        self.program = app.workspace.editor.text
        self.selected = app.workspace.editor.selected_text
        self.cursor = app.workspace.editor.cursor_location
        self.suspended = getattr(app, "suspended", False)
        self.remarks = {pane.map_name: pane.remark for pane in app.workspace.maps.panes}
        log = app.workspace.log_pane
        self.mark = next((text for n in range(len(log.shown)) for text, role in log.line(n, 100) if role == "cursor"), "")
        panes = app.workspace.panes
        self.sizes = {getattr(pane, "map_name", None) or pane.id: tuple(pane.region.size) for pane in panes}
        calls = next((pane for pane in app.workspace.maps.panes if pane.map_name == "@calls"), None)
        # Lines that it is higher than it would be; that the screen follows: test_borders_follow_the_mouse.
        self.moved = calls.more if calls else 0
        tree = app.probes.query("#tree").first() if app.probes.is_mounted else None
        self.probe = tree.row.text if tree and tree.row else ""
        stacks = app.workspace.query(StacksPane)
        choices = app.screen.query(Choices)
        self.marked = next((text for text, role in row(choices.first()) if role == "cursor"), "") if choices else ""
        self.choosing = app.workspace.editor.choosing
        self.picked = app.workspace.query_one(CompletionList).at if self.choosing else -1
        programs = app.screen.query(ProgramList)
        self.chosen = programs.first().at if programs else -1
        self.files = sorted(os.listdir())
        self.clipboard = app.clipboard
        self.strip = driving.region(app, "HistoryStrip") if self.screen == "Workspace" and app.screen.query("HistoryStrip") else ""
        self.widest = stacks.first().levels[0][0][2].name if stacks else ""

    def order(self, *words):
        """The words are on the screen, each above the next."""
        at = [self.text.find(word) for word in words]
        return -1 not in at and at == sorted(at)


ERRORS = (
    Diagnostic("first wrong", Span(67, 75, 4, 5, 4, 10), hint="do better", detail="0: (b7) r0 = 0\n"),
    Diagnostic("second wrong", Span(250, 255, 8, 7, 8, 12), fix=Fix(Span(250, 255, 8, 7, 8, 12), "meant.")),
)
LIST = ["s", "ctrl+@"]
US, CALLS, ON, LOG = ["2"], ["3"], ["6"], ["7"]  # the pane's number, once the editor has been left
HEAT = ["2", "v"]
PAST = [*CALLS, "frames"]  # of the seconds 1 to 20
POSTGRES = {second: f" {88460 * second // 10:,} " for second in range(3, 21)}  # its calls, after so many seconds
MARKED = time_of_day(scripted.START + 10 * scripted.SECOND)
TREE = ["f2", "tab"]  # kprobe, fentry, software, tracepoint; all closed

# (keys pressed before, what holds after the action and not before). "fails" in the keys lets the program have errors.
EFFECTS = {
    "global.run": ([], lambda s: s.calls[1:] == [("run", scripted.READS)]),
    "global.stop": ([], lambda s: "■ ended" in s.text and s.calls[-1] == ("stop",)),
    "global.probes": ([], lambda s: s.screen == "ProbeScreen" and "14 of 14" in s.text),
    "global.help": ([], lambda s: s.screen == "Page" and "From the program to the first map." in s.text),
    "global.interrupt": ([], lambda s: s.calls[-1] == ("stop",) and "Once more to quit" in s.text),
    "global.command_palette": ([], lambda s: s.screen == "CommandPalette"),
    "global.leave": ([], lambda s: s.calls[-1] == ("close",)),
    "main.attached": ([], lambda s: s.focus == "attached" and "19.0k" in s.text and "0 of 4,096 keys" in s.text),
    "main.details": (["fails"], lambda s: "0: (b7) r0 = 0" in s.text),
    "main.next_diagnostic": (["fails"], lambda s: s.cursor == (7, 6)),
    "main.next_pane": ([], lambda s: s.focus == "@us"),
    "main.previous_pane": ([], lambda s: s.focus == "log"),
    "pane.suspend": (["tab"], lambda s: s.suspended),
    "pane.pane.1": (["tab"], lambda s: s.focus == "editor"),
    "pane.pane.2": (["shift+tab"], lambda s: s.focus == "@us"),
    "pane.pane.3": (["tab"], lambda s: s.focus == "@calls"),
    "pane.pane.4": (["tab"], lambda s: s.focus == "@size"),
    "pane.pane.5": (["tab"], lambda s: s.focus == "@start"),
    "pane.pane.6": (["tab"], lambda s: s.focus == "@on"),
    "pane.pane.7": (["tab"], lambda s: s.focus == "log"),
    "editor.fix": (["fails"], lambda s: "  if (meant.ret > 60000) {" in s.program and "second wrong" not in s.text),
    "editor.complete": (["s"], lambda s: s.choosing),
    "editor.comment": ([], lambda s: s.program.startswith("// tracepoint:")),
    "editor.move_lines.1": ([], lambda s: s.program.startswith("  @start[tid] = nsecs;\ntracepoint:")),
    "editor.move_lines.-1": (["down"], lambda s: s.program.startswith("  @start[tid] = nsecs;\ntracepoint:")),
    "editor.select_all": ([], lambda s: s.selected == s.program),
    "editor.external": ([], lambda s: s.program == "BEGIN { }\n"),
    "completion.choice_next": (LIST, lambda s: s.picked == 1),
    "completion.choice_previous": ([*LIST, "down"], lambda s: s.picked == 0),
    "completion.choice_take": (LIST, lambda s: s.program.startswith("self:tracepoint:") and not s.choosing),
    "completion.choice_close": (LIST, lambda s: not s.choosing and s.focus == "editor"),
    "global.record": ([], lambda s: s.screen == "Ask" and "Record to" in s.text and "reads-20" in s.text),
    "global.open": ([], lambda s: s.screen == "OpenPage"),
    "main.jump": ([], lambda s: s.screen == "JumpPage" and " a " in s.text and " j " in s.text),
    "jump.cancel": (["ctrl+o"], lambda s: s.screen == "Workspace" and s.focus == "editor"),
    "main.new": ([], lambda s: s.program == "" and s.focus == "editor"),
    "main.save": ([], lambda s: s.screen == "SavePage"),
    "open.cursor_down": (["f3"], lambda s: s.chosen == 1),
    "open.cursor_up": (["f3", "down"], lambda s: s.chosen == 0),
    "open.take": (["f3"], lambda s: "software" in s.program or "block_rq" in s.program),
    "open.back": (["f3"], lambda s: s.screen == "Workspace"),
    "save.write": (["ctrl+s"], lambda s: s.files == ["program.bt"] and s.screen == "Workspace"),
    "save.back": (["ctrl+s"], lambda s: s.files == [] and s.screen == "Workspace"),
    "editor.leave_editor": ([], lambda s: s.focus == "@us"),
    "table.sort": (CALLS, lambda s: "/s▾" in s.text and "+8.8k/s" in s.text),
    "table.reverse": (CALLS, lambda s: "count▴" in s.text and s.order("bash", "node_exporter", "systemd-journal")),
    "histogram.next_key": (US, lambda s: "‹nginx›" in s.text and "2 of 4" in s.text),
    "histogram.previous_key": (US, lambda s: "‹cron›" in s.text and "4 of 4" in s.text),
    "stacks.cursor_down": (ON, lambda s: s.remarks["@on"].startswith("postgres 846 68.1%")),
    "stacks.cursor_up": ([*ON, "down", "down"], lambda s: s.remarks["@on"].startswith("postgres 846 68.1%")),
    "stacks.cursor_right": ([*ON, "down"], lambda s: s.remarks["@on"].startswith("swapper/0 212 17.1%")),
    "stacks.cursor_left": ([*ON, "down", "right"], lambda s: s.remarks["@on"].startswith("postgres 846 68.1%")),
    "stacks.zoom_in": ([*ON, "down", "right"], lambda s: s.widest == "swapper/0" and "postgres 68%" not in s.text),
    "stacks.zoom_out": ([*ON, "down", "right", "enter"], lambda s: s.widest == "all" and "postgres 68%" in s.text),
    "stacks.search": (ON, lambda s: s.screen == "SearchLine"),
    "search.accept": ([*ON, "slash", *"vfs"], lambda s: s.remarks["@on"].startswith("vfs_read") and "/vfs 3 frames" in s.remarks["@on"]),
    "search.give_up": ([*ON, "slash", *"vfs"], lambda s: s.screen == "Workspace" and "/vfs" not in s.remarks["@on"]),
    "stacks.next_found": ([*ON, "slash", *"vfs", "enter"], lambda s: s.remarks["@on"].startswith("vfs_read 112 9.0%")),
    "stacks.previous_found": ([*ON, "slash", *"vfs", "enter"], lambda s: s.remarks["@on"].startswith("vfs_write 72")),
    "stacks.same_frame": ([*ON, "down", "down", "down"], lambda s: "/^do_syscall_64$ 2 frames 82.9%" in s.remarks["@on"]),
    "stacks.invert": (ON, lambda s: s.order("postgres 68%", "copyout", "filemap_read", "vfs_read") and "callers" in s.remarks["@on"]),
    "stacks.functions": (ON, lambda s: "total▾" in s.text and "1,030  82.9%  do_syscall_64  [kernel]" in s.text),
    "stacks.sort_functions": ([*ON, "T"], lambda s: "self▾" in s.text and s.order("copyout", "schedule", "intel_idle")),
    "stacks.group": (ON, lambda s: "postgres 68%" not in s.text and "entry_SYSCALL_64_after_hwframe 83%" in s.text),
    "stacks.hide": (ON, lambda s: "no kernel" in s.remarks["@on"] and "do_syscall_64" not in s.text),
    "stacks.fold": (ON, lambda s: "recursion folded" in s.remarks["@on"]),
    "log.search": (LOG, lambda s: s.screen == "SearchLine"),
    "log.next_found": ([*LOG, "slash", *"big", "enter"], lambda s: s.mark.endswith("22:13:21.000 ")),
    "log.previous_found": ([*LOG, "slash", *"big", "enter"], lambda s: s.mark.endswith("22:13:22.000 ")),
    "log.filter": ([*LOG, "slash", *"big", "enter"], lambda s: "/big only 3 lines" in s.text and "small" not in s.text),
    "log.follow": (LOG, lambda s: "stays (f follows)" in s.text),
    "probes.back": (["f2"], lambda s: s.screen == "Workspace" and s.program == scripted.READS),
    "probes.insert": (["f2", *"open"], lambda s: "}\nfentry:ext4:ext4_file_open {\n" in s.program and s.screen == "Workspace"),
    "probe_query.cursor_down": (["f2"], lambda s: s.probe == "kprobe"),
    "probe_query.cursor_up": (["f2", "down"], lambda s: s.probe == "fentry"),
    "probe_query.page_down": (["f2"], lambda s: s.probe == "tracepoint"),
    "probe_query.page_up": (["f2", "down"], lambda s: s.probe == "fentry"),
    "probe_tree.cursor_down": (TREE, lambda s: s.probe == "kprobe"),
    "probe_tree.cursor_up": ([*TREE, "down"], lambda s: s.probe == "fentry"),
    "probe_tree.page_down": (TREE, lambda s: s.probe == "tracepoint"),
    "probe_tree.page_up": ([*TREE, "down"], lambda s: s.probe == "fentry"),
    "probe_tree.first": ([*TREE, "down"], lambda s: s.probe == "fentry"),
    "probe_tree.last": (TREE, lambda s: s.probe == "tracepoint"),
    "probe_tree.open": ([*TREE, "down"], lambda s: "vfs_read" in s.text and "▾ kprobe" in s.text),
    "probe_tree.mark": ([*TREE, "down", "right", "down"], lambda s: "✓ tcp_connect" in s.text and "1 marked" in s.text),
    "probe_tree.insert_body": ([*TREE, "down", "right", "down"], lambda s: "kprobe:tcp_connect {\n  \n}" in s.program),
    "probe_tree.close": ([*TREE, "down", "right"], lambda s: "▸ kprobe" in s.text and "vfs_read" not in s.text),
    "pane.export": (US, lambda s: s.screen == "ExportPage" and "(•) this pane" in s.text),
    "pane.zoom": (CALLS, lambda s: s.sizes["@calls"][0] == 120 and s.sizes["@us"][0] == 0 and "2 @us  3 @calls" in s.text),
    "pane.minimise": (CALLS, lambda s: s.sizes["@calls"][1] == 1 and "@calls[comm]" in s.text and "postgres  " not in s.text),
    "pane.split.-2": (CALLS, lambda s: s.sizes["editor"][0] == 46),
    "pane.split.2": (CALLS, lambda s: s.sizes["editor"][0] == 50),
    "pane.height.1": (CALLS, lambda s: s.moved == 1),
    "pane.height.-1": (CALLS, lambda s: s.moved == -1),
    "map.view": (US, lambda s: "hist  heat map" in s.text),
    "map.unit": (US, lambda s: "hist  ns" in s.text and "[4.1us, 8.19us)" in s.text),
    "histogram.column_left": ([*HEAT, "left"], lambda s: "-00:01  [64, 128) 20,411 34.7%" in s.text),
    "histogram.column_right": ([*HEAT, "left", "left"], lambda s: " now  [64, 128) 20,411" in s.text),
    "histogram.bucket_up": ([*HEAT, "left"], lambda s: "[128, 256) 12,087 20.6%" in s.text),
    "histogram.bucket_down": ([*HEAT, "left"], lambda s: "[32, 64) 9,120 15.5%" in s.text),
    "time.window.-1": ([*US, "frames", "v", "minus"], lambda s: "last 00:10 (+ -)" in s.text),
    "time.window.1": ([*US, "frames", "v", "minus", "minus"], lambda s: "last 00:30 (+ -)" in s.text),
    "pane.copy": (CALLS, lambda s: "@calls[postgres]: 26538\n" in s.clipboard),
    "export.write": ([*US, "w"], lambda s: len(s.files) == 1 and s.files[0].startswith("us-") and s.screen == "Workspace"),
    "export.cancel": ([*US, "w"], lambda s: s.screen == "Workspace" and s.files == []),
    "export_choice.line.1": ([*US, "w"], lambda s: s.marked == "(•) text"),
    "export_choice.line.-1": ([*US, "w", "down"], lambda s: s.marked == "(•) this pane"),
    "export_choice.choose.1": ([*US, "w", "down"], lambda s: "(•) json" in s.text and '{"type": "hist"' in s.text),
    "export_choice.choose.-1": ([*US, "w", "down"], lambda s: "(•) openmetrics" in s.text and "# TYPE bttui_us histogram" in s.text),
    "export_choice.copy": ([*US, "w"], lambda s: s.clipboard.startswith("@us[cron]:\n")),
    "time.pause": (PAST, lambda s: "‖ -00:00 (0 new)" in s.text),
    "time.live": ([*PAST, "left_square_bracket"], lambda s: "‖" not in s.text and POSTGRES[20] in s.text),
    "time.step.-1": (PAST, lambda s: "‖ -00:01 (1 new)" in s.text and POSTGRES[19] in s.text),
    "time.step.1": ([*PAST, "left_curly_bracket"], lambda s: "‖ -00:09 (9 new)" in s.text and POSTGRES[11] in s.text),
    "time.step.-10": (PAST, lambda s: "‖ -00:10 (10 new)" in s.text and POSTGRES[10] in s.text),
    "time.step.10": ([*PAST, *["left_curly_bracket"] * 2], lambda s: "‖ -00:09 (9 new)" in s.text and POSTGRES[11] in s.text),
    "time.go_to": (PAST, lambda s: s.screen == "Ask" and "12:01:44" in s.text),
    "time.mark.A": (PAST, lambda s: s.strip[28] == "A"),
    "time.mark.B": (PAST, lambda s: s.strip[28] == "B"),
    "time.compare": ([*PAST, "left_curly_bracket", "x", "0"], lambda s: "against A" in s.text),
    "time.range": ([*PAST, "left_curly_bracket", "x", "0"], lambda s: f"{MARKED} to" in s.text and POSTGRES[10] in s.text),
    "time.speed.1": ([*CALLS, "replays"], lambda s: s.strip.startswith(" ▶ 2× ") and "▶ REPLAY 2×" in s.text),
    "time.speed.-1": ([*CALLS, "replays"], lambda s: s.strip.startswith(" ▶ 0.5× ") and "▶ REPLAY 0.5×" in s.text),
    "time.speed.0": (
        [*CALLS, "replays", *["greater_than_sign"] * 3],
        lambda s: s.strip.startswith(" ▶ 1× ") and "▶ REPLAY 00:03" in s.text,
    ),
    "time.end": ([*CALLS, "replays"], lambda s: s.calls[-1] == ("end",)),
    "map.clear": (CALLS, lambda s: s.screen == "Ask" and "Empty @calls for good?" in s.text),
    "ask.answer": ([*CALLS, "C"], lambda s: s.calls[-1] == ("clear", "@calls") and s.screen == "Workspace"),
    "ask.cancel": ([*CALLS, "C"], lambda s: s.screen == "Workspace" and s.calls[-1][0] == "run"),
    "page.close": (["f1"], lambda s: s.screen == "Workspace"),
}
# With seven panes there is no eighth: these keys must do nothing.
WITHOUT_EFFECT = {"pane.pane.8", "pane.pane.9"}
ELSEWHERE = {"series.next_key", "series.previous_key"}  # tests/widgets/test_chart.py


def test_every_action_is_tried():
    assert set(EFFECTS) | WITHOUT_EFFECT | ELSEWHERE == {action.name for action in ACTIONS}


def owner(app, action):
    """The widget, screen or app on the way from the focus that has the action in its table."""
    for node in (*(app.focused.ancestors_with_self if app.focused else ()), app.screen, app):
        scopes = [getattr(kind, "scope", None) for kind in type(node).__mro__]
        if action.scope in scopes and hasattr(node, f"action_{action.id}"):
            return node
    raise LookupError(action.name)


async def act(keys, action_keys, removed=None):
    """The States before and after. ``removed`` is an action that does nothing then."""
    async with driving.dashboard(replay="replays" in keys) as (app, controller, pilot):
        app.suspend = nullcontext  # only a real terminal can be handed over: tests/test_app_terminal.py
        app.action_suspend_process = lambda: setattr(app, "suspended", True)  # the real thing: tests/test_app_terminal.py
        for second in (1, 2, 3):
            controller.show(scripted.reads_frame(second))
            await driving.settle(pilot)
        controller.say(*[scripted.printed(f"{word}\n", n) for n, word in enumerate(("small", "big", "Big", "BIG"))])
        await driving.settle(pilot)
        if keys and keys[0].isdigit():
            await driving.press(pilot, "escape")
        for key in keys:
            if key == "replays":
                continue
            if key == "frames":
                for second in range(4, 21):
                    controller.show(scripted.reads_frame(second))
                await driving.settle(pilot)
            elif key == "fails":
                controller.fail(*ERRORS)
                await driving.settle(pilot)
            else:
                await driving.press(pilot, key)
        before = State(app, controller)
        if removed:
            setattr(owner(app, removed), f"action_{removed.id}", lambda *_: None)
        await driving.press(pilot, *action_keys)
        return before, State(app, controller)


@pytest.mark.parametrize(
    ("name", "key"), [pytest.param(a.name, key, id=f"{a.name}-{key}") for a in ACTIONS for key in a.keys if a.name in EFFECTS]
)
async def test_action_has_its_effect(name, key):
    keys, holds = EFFECTS[name]
    before, after = await act(keys, [key])
    assert not holds(before)
    assert holds(after)


@pytest.mark.parametrize("action", [a for a in ACTIONS if a.name in EFFECTS], ids=lambda action: action.name)
async def test_an_action_without_its_body_has_no_effect(action):
    """What the test above sees is the action's own work: with nothing in the method, it would fail."""
    keys, holds = EFFECTS[action.name]
    _, after = await act(keys, [action.keys[0]], action)
    assert not holds(after)


@pytest.mark.parametrize("name", sorted(WITHOUT_EFFECT))
async def test_a_pane_that_is_not_there(name):
    before, after = await act(["tab"], [name[-1]])
    assert (before.text, before.focus) == (after.text, after.focus)


async def test_interrupt_copies_a_selection_and_stops_nothing():
    async with driving.dashboard() as (app, controller, pilot):
        await driving.press(pilot, "shift+down", "ctrl+c")
        assert app.clipboard == "tracepoint:syscalls:sys_enter_read {\n"
        assert controller.calls == [("run", scripted.READS)]


async def test_interrupt_twice_leaves():
    async with driving.dashboard() as (_, controller, pilot):
        await driving.press(pilot, "ctrl+c", "ctrl+c")
        assert controller.calls[1:] == [("stop",), ("close",)]


async def test_keys_that_work_inside_the_editor():
    """Each of these must not be eaten by the text area."""
    for key, call in (("f5", "run"), ("ctrl+r", "run"), ("f6", "stop")):
        async with driving.dashboard(start=False) as (app, controller, pilot):
            assert app.focused.id == "editor"
            controller.auto = False
            await driving.press(pilot, key)
            assert [c[0] for c in controller.calls] == [call]
            assert app.workspace.editor.text == scripted.READS


async def test_footer_names_only_what_works_here():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(3))
        await driving.settle(pilot)
        assert driving.lines(app)[-1].rstrip() == " ^Space Complete  F5 Run  F1 Help  F6 Stop  ^Q Quit  F2 Probes  F3 Open  ^P Palette"
        await driving.press(pilot, "escape", "3")
        assert (
            driving.lines(app)[-1].rstrip()
            == " s Sort  r Reverse  z Zoom  w Export  Space Pause  [ Step back  F5 Run  F1 Help  F6 Stop  ^Q Quit  F2 Probes  F3 Open"
        )


async def test_a_click_on_the_footer_is_the_key():
    async with driving.dashboard() as (app, controller, pilot):
        await pilot.click("KeyBar", offset=(driving.lines(app)[-1].index("Stop"), 0))
        await driving.settle(pilot)
        assert controller.calls[-1] == ("stop",)


async def test_palette_runs_the_same_actions():
    async with driving.dashboard() as (app, controller, pilot):
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        assert {"Run", "Stop", "Probes", "Help", "Quit", "To the panes", "Theme"} <= set(commands)
        commands["Stop"].callback()
        await driving.settle(pilot)
        assert controller.calls[-1] == ("stop",)


async def test_palette_finds_and_runs_what_is_typed_into_it():
    """Also actions with an argument, and those of the pane that has the focus below."""
    for words, title, shown in (("Far", "Far back", "‖ -00:10 (10 new)"), ("View", "View", "hist  heat map")):
        async with driving.dashboard() as (app, controller, pilot):
            for second in range(1, 16):
                controller.show(scripted.reads_frame(second))
            await driving.settle(pilot)
            await driving.press(pilot, "escape", "ctrl+p", *words)
            found = app.screen.query_one("CommandList")
            for _ in range(500):  # it searches while one types
                await pilot.pause(0.02)
                if found.option_count and getattr(found.options[0], "hit", None):
                    break
            assert found.options[0].hit.text == title
            await driving.press(pilot, "enter")
            assert shown in driving.text(app)


def test_the_page_about_keys_is_current():
    page = Path(__file__).parents[2] / "docs" / "keys.md"
    assert page.read_text() == keys_markdown(), "tools/keys writes it"


async def test_help_lists_every_action():
    async with driving.dashboard(size=(120, 240)) as (app, _, pilot):
        await driving.press(pilot, "f1")
        shown = driving.text(app)
        for action in ACTIONS:
            assert (action.help if action.id != "pane" else "Go to a pane by its number.") in shown, action.name
