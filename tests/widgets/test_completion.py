"""What is offered at a place of a program; | is the cursor."""

import threading

import pytest
from widgets import driving

from bttui.widgets import completion
from bttui.widgets.completion import Candidate
from bttui.widgets.probes import Catalog


def at(marked):
    return marked.replace("|", ""), marked.index("|")


@pytest.mark.parametrize(
    ("marked", "kind", "typed", "probes"),
    [
        ("|", "probe", "", ()),
        ("tracep|", "probe", "tracep", ()),
        ("BEGIN { } kprobe:vfs_|", "probe", "kprobe:vfs_", ()),
        ("kprobe:a,\nkprobe:b|", "probe", "kprobe:b", ()),
        ("BEGIN { pri| }", "code", "pri", ("BEGIN",)),
        ("kprobe:a, kprobe:b { @x = | }", "code", "", ("kprobe:a", "kprobe:b")),
        ("kprobe:a /pi|/ { }", "code", "pi", ("kprobe:a",)),
        ("kprobe:a { } kprobe:b { @c[co|", "code", "co", ("kprobe:b",)),
        ("kprobe:a { if (1) { $x| } }", "code", "$x", ("kprobe:a",)),
        ("tracepoint:s:e { args.fi| }", "argument", "fi", ("tracepoint:s:e",)),
        ("tracepoint:s:e { args->| }", "argument", "", ("tracepoint:s:e",)),
        ("BEGIN { 12| }", "", "", ()),
        ('BEGIN { printf("pri|") }', "", "", ()),
        ("// pri|", "", "", ()),
    ],
)
def test_places(marked, kind, typed, probes):
    found = completion.place(*at(marked))
    assert (found.kind, found.typed) == (kind, typed)
    if kind != "probe" and kind:
        assert found.probes == probes


def test_every_function_says_what_it_does():
    words = {each.text: each for each in completion.language()}
    assert words["printf"].kind == "function" and words["comm"].kind == "builtin" and words["if"].kind == "keyword"
    assert all(each.about for each in words.values() if each.kind in ("function", "builtin"))


def test_beginnings_before_parts():
    assert [
        each.text for each in completion.matching("str", [Candidate(w, "function") for w in ("buf", "astr", "str", "strcontains")])
    ] == ["strcontains", "astr"]


def test_names_of_arguments():
    assert [each.text for each in completion.argument_names(["char * filename", "int flags", "u8 name[16]", "..."])] == [
        "filename",
        "flags",
        "name",
    ]


@pytest.mark.parametrize(
    ("marked", "word"),
    [
        ("BEGIN { pri|ntf(1) }", "printf"),
        ("kprobe:vfs|_read { }", "kprobe:vfs_read"),
        ("BEGIN { @a|b = 1 }", "@ab"),
        ("BEGIN { 1 +| 2 }", ""),
    ],
)
def test_the_word_under_the_cursor(marked, word):
    assert completion.word_at(*at(marked)) == word


ARGUMENTS = Catalog(names=lambda: driving.PROBES, describe=lambda name: ["char * filename", "int flags"] if "openat" in name else [], types=lambda: [("tracepoint", "tracepoint:SUBSYSTEM:EVENT", "a place")])  # fmt: skip


async def typed(pilot, *keys):
    await driving.press(pilot, *keys)
    await driving.rested(pilot)


@pytest.mark.parametrize(
    ("text", "keys", "result"),
    [
        ("BEGIN { str }", ["ctrl+@", "enter"], "BEGIN { str"),
        ("kprobe:tcp", ["ctrl+@", "enter"], "kprobe:tcp_connect"),
        (
            "tracepoint:syscalls:sys_enter_openat { print(args.f",
            ["ctrl+@", "down", "enter"],
            "tracepoint:syscalls:sys_enter_openat { print(args.flags",
        ),
        ("BEGIN { @counted = 1; @c", ["ctrl+@", "tab"], "BEGIN { @counted = 1; @counted"),
        ("BEGIN { @counted = 1; @c", ["ctrl+@", "o", "u", "enter"], "BEGIN { @counted = 1; @counted"),
        ("BEGIN { @counted = 1; @c", ["ctrl+@", "escape"], "BEGIN { @counted = 1; @c"),
        ("BEGIN { @counted = 1; @c", ["ctrl+@", "space", "x"], "BEGIN { @counted = 1; @c x"),
        ("BEGIN { @counted = 1; @c", ["o", "right"], "BEGIN { @counted = 1; @counted"),
    ],
)
async def test_a_word_is_completed(text, keys, result):
    async with driving.dashboard(text=text, start=False, catalog=ARGUMENTS) as (app, _, pilot):
        editor = app.workspace.editor
        editor.move_cursor((0, len(text)) if not text.endswith("}") else (0, text.index(" }")))
        await driving.rested(pilot)
        await typed(pilot, *keys)
        assert editor.text.startswith(result)
        assert app.focused is editor and not editor.choosing


async def test_the_footer_has_the_keys_of_the_list_while_there_is_one():
    async with driving.dashboard(text="BEGIN { @counted = 1; @c", start=False, catalog=ARGUMENTS) as (app, _, pilot):
        app.workspace.editor.move_cursor((0, 24))
        await driving.rested(pilot)
        assert "Take" not in driving.lines(app)[-1]
        await driving.press(pilot, "ctrl+@")
        assert driving.lines(app)[-1].startswith(" Enter Take  Esc Close  ↓ Next  ↑ Previous  F5 Run")
        await driving.press(pilot, "escape")
        assert driving.lines(app)[-1].startswith(" ^Space Complete  F5 Run")


async def test_the_list_tells_what_a_function_does():
    async with driving.dashboard(text="BEGIN { pri }", start=False) as (app, _, pilot):
        app.workspace.editor.move_cursor((0, 11))
        await driving.press(pilot, "ctrl+@")
        shown = driving.text(app)
        assert "Print with a format" in shown and "printf" in shown


async def test_only_one_possibility_needs_no_choice():
    async with driving.dashboard(text="BEGIN { @counted = 1; @co", start=False) as (app, _, pilot):
        app.workspace.editor.move_cursor((0, 25))
        await driving.press(pilot, "ctrl+@", "enter")
        assert app.workspace.editor.text.endswith("@counted")


async def test_help_on_a_word():
    async with driving.dashboard(text="BEGIN { printf(1) }", start=False) as (app, _, pilot):
        app.workspace.editor.move_cursor((0, 10))
        await driving.press(pilot, "f1")
        shown = driving.text(app)
        assert "Print with a format" in shown and "Check and run the program" in shown


async def test_help_on_a_probe():
    async with driving.dashboard(text="tracepoint:syscalls:sys_enter_openat { }", start=False, catalog=ARGUMENTS) as (app, _, pilot):
        app.workspace.editor.move_cursor((0, 10))
        await driving.press(pilot, "f1")
        shown = driving.text(app)
        assert "args.filename" in shown and "a place" in shown


async def test_that_probes_are_being_read_is_said():
    reading = threading.Event()

    def names():
        reading.wait(60)
        return driving.PROBES

    async with driving.dashboard(text="kprobe:tcp", start=False, catalog=Catalog(names, lambda name: [])) as (app, _, pilot):
        app.workspace.editor.move_cursor((0, 10))
        await pilot.press("ctrl+@")
        while not app._notifications:
            await pilot.pause(0.02)
        await pilot.pause()
        assert "Reading the probes of this machine" in driving.text(app)
        reading.set()
        await driving.settle(pilot)
        assert "kprobe:tcp_connect" in driving.text(app)
