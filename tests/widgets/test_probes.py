"""The probe browser on the screen."""

import threading

import pytest
from widgets import driving

from bttui.widgets.probes import Catalog, ProbeTree

MANY = [f"kprobe:function_{n:06}" for n in range(100_000)] + [f"tracepoint:group_{n % 500:03}:event_{n:06}" for n in range(50_000)]


async def test_150_000_probes_cost_what_is_visible():
    """Lines drawn while opening, searching, paging and jumping: a few screens, never the list."""
    async with driving.dashboard(catalog=Catalog(names=lambda: MANY, describe=lambda name: [])) as (app, _, pilot):
        await driving.press(pilot, "f2")
        tree = app.screen.query_one(ProbeTree)
        height = tree.size.height
        assert "150,000 of 150,000" in driving.text(app)
        assert tree.drawn <= 4 * height
        drawn = tree.drawn
        await driving.press(pilot, "tab", "right", "end", "pageup", "home", "pagedown")
        assert tree.rows.count == 100_002
        assert "function_" in driving.text(app)
        assert tree.drawn - drawn <= 16 * height
        drawn = tree.drawn
        await driving.press(pilot, "shift+tab", *"099", "asterisk")
        await driving.press(pilot, "backspace")
        assert "0 of 150,000" not in driving.text(app)
        assert tree.drawn - drawn <= 16 * height


async def test_search_as_you_type():
    async with driving.dashboard() as (app, _, pilot):
        await driving.press(pilot, "f2", *"vfs", "underscore", "asterisk")
        shown = driving.text(app)
        assert "3 of 14" in shown
        assert "▾ fentry" in shown and "vfs_open" in shown and "sys_enter_read" not in shown


async def test_facts_of_the_probe_under_the_cursor():
    async with driving.dashboard() as (app, _, pilot):
        await driving.press(pilot, "f2", *"openat")
        assert "about tracepoint:syscalls:sys_enter_openat" in driving.text(app)
        assert "char * filename" in driving.text(app)
        await driving.press(pilot, "down")
        assert "about tracepoint:syscalls:sys_exit_openat" in driving.text(app)


async def test_enter_opens_a_group_and_inserts_a_probe_where_the_cursor_is():
    async with driving.dashboard(text="\n{ }", start=False) as (app, _, pilot):
        await driving.press(pilot, "f2", "down", "enter")
        assert "▾ kprobe" in driving.text(app)
        await driving.press(pilot, "down", "enter")
        assert app.screen is app.workspace and app.focused.id == "editor"
        assert app.workspace.editor.text == "kprobe:tcp_connect\n{ }"
        await driving.press(pilot, "ctrl+z")
        assert app.workspace.editor.text == "\n{ }"


async def test_mouse():
    async with driving.dashboard(text="", start=False) as (app, _, pilot):
        await driving.press(pilot, "f2")
        tree = app.screen.query_one(ProbeTree)
        await pilot.click(tree, offset=(5, 2))
        await driving.settle(pilot)
        assert "▾ kprobe" in driving.text(app)
        await pilot.click(tree, offset=(9, 4), times=2)
        await driving.settle(pilot)
        assert app.workspace.editor.text == "kprobe:vfs_open"


async def test_the_list_is_read_once_and_the_search_kept():
    reads = []

    def names():
        reads.append(1)
        return driving.PROBES

    async with driving.dashboard(catalog=Catalog(names=names, describe=lambda name: [])) as (app, _, pilot):
        await driving.press(pilot, "f2", *"tcp", "escape", "f2")
        assert reads == [1]
        assert "3 of 14" in driving.text(app)


async def test_without_a_catalog_the_list_is_empty():
    async with driving.dashboard(catalog=None) as (app, _, pilot):
        await driving.press(pilot, "f2")
        assert "0 of 0" in driving.text(app)


async def test_a_list_that_cannot_be_read_says_why():
    def names():
        raise PermissionError(13, "Permission denied", "/sys/kernel/tracing")

    async with driving.dashboard(catalog=Catalog(names=names, describe=lambda name: [])) as (app, _, pilot):
        await driving.press(pilot, "f2")
        assert "Permission denied" in driving.text(app)
        await driving.press(pilot, "escape")
        assert app.screen is app.workspace


async def test_marked_probes_are_inserted_together():
    async with driving.dashboard(text="", start=False) as (app, _, pilot):
        await driving.press(pilot, "f2", *"vfs", "tab", "home", "down", "down", "space", "down", "space")
        assert "2 marked" in driving.text(app) and driving.text(app).count("✓") == 2
        await driving.press(pilot, "enter")
        assert app.workspace.editor.text == "fentry:vmlinux:vfs_read,\nkprobe:vfs_open"
        await driving.press(pilot, "f2")
        assert "marked" not in driving.text(app)


async def test_a_group_is_marked_as_a_whole():
    async with driving.dashboard(text="", start=False) as (app, _, pilot):
        await driving.press(pilot, "f2", *"sys_exit", "tab", "home", "space")
        assert "3 marked" in driving.text(app)
        await driving.press(pilot, "space")
        assert "marked" not in driving.text(app)


async def test_too_many_are_not_marked():
    async with driving.dashboard(catalog=Catalog(names=lambda: MANY, describe=lambda name: [])) as (app, _, pilot):
        await driving.press(pilot, "f2", "tab", "space")
        assert "too many to mark" in driving.text(app) and app.screen.query_one(ProbeTree).marked == {}


async def test_a_probe_with_its_body_gets_lines_of_its_own():
    async with driving.dashboard(text="BEGIN { }", start=False) as (app, _, pilot):
        await driving.press(pilot, "f2", *"vfs_open", "tab", "a", *"@x")
        assert app.workspace.editor.text == "BEGIN { }\nkprobe:vfs_open {\n  @x\n}"
    async with driving.dashboard(text="", start=False) as (app, _, pilot):
        await driving.press(pilot, "f2", *"vfs_open", "tab", "a", *"@x")
        assert app.workspace.editor.text == "kprobe:vfs_open {\n  @x\n}\n"


PROBE = "kprobe:vfs_read"
EXAMPLE = """\
// Who opens files?
// And reads?

kprobe:vfs_open
/pid == 1/ {
  @ = count();
}

// The last one.
END { }
"""


@pytest.mark.parametrize(
    ("cursor", "above"),
    [
        ((0, 0), ""),  # where a new dashboard has it
        ((1, 3), ""),
        ((3, 4), "  @ = count();\n}"),
        ((5, 7), "  @ = count();\n}"),
        ((8, 5), "END { }"),
        ((9, 5), "END { }"),
    ],
)
async def test_where_no_attach_point_can_stand_a_probe_comes_as_a_whole(cursor, above):
    """Behind what the cursor is in; the cursor goes into its body, and the program still holds."""
    async with driving.dashboard(text=EXAMPLE, start=False) as (app, _, pilot):
        editor = app.workspace.editor
        editor.move_cursor(cursor)
        await driving.press(pilot, "f2", *"vfs_read", "enter", *"@x")
        head = above or "// And reads?\n"
        probe = f"{PROBE} {{\n  @x\n}}\n"
        assert head + "\n" + probe in editor.text
        assert [line for line in editor.text.replace(probe, "", 1).splitlines() if line] == [line for line in EXAMPLE.splitlines() if line]
        await driving.press(pilot, "ctrl+z", "ctrl+z", "ctrl+z")
        assert editor.text == EXAMPLE


async def test_what_is_typed_of_an_attach_point_is_replaced():
    async with driving.dashboard(text="BEGIN,\nkprobe:vfs_o { }", start=False) as (app, _, pilot):
        app.workspace.editor.move_cursor((1, 12))
        await driving.press(pilot, "f2", *"kprobe:vfs_o", "enter")
        assert app.workspace.editor.text == "BEGIN,\nkprobe:vfs_open { }"


async def test_search_by_argument():
    def describe(name):
        return (
            ["int fd", "struct file * file"]
            if name.endswith(("openat", "vfs_open"))
            else ["int retval"]
            if name.startswith("fexit")
            else []
        )

    async with driving.dashboard(catalog=Catalog(names=lambda: driving.PROBES, describe=describe)) as (app, _, pilot):
        await driving.press(pilot, "f2", *"arg:file")
        assert "3 of 14" in driving.text(app) and "reading" not in driving.text(app)
        await driving.press(pilot, "home", "shift+end", *"has:ret")
        assert "2 of 14" in driving.text(app) and "ext4_file_open" in driving.text(app)


async def test_an_unfinished_expression_is_told_not_raised():
    async with driving.dashboard() as (app, _, pilot):
        await driving.press(pilot, "f2", *"/vfs_(/")
        assert "not a regular expression" in driving.text(app)


async def test_a_list_that_is_not_read_yet_does_not_count_as_empty():
    read, asked = threading.Event(), threading.Event()

    def names():
        asked.set()
        read.wait(60)
        return driving.PROBES

    catalog = Catalog(names=names, describe=lambda name: [], hidden=lambda: "Tracepoints are for root.")
    async with driving.dashboard(catalog=catalog) as (app, _, pilot):
        await pilot.press("f2", *"vfs")
        await pilot.pause()
        asked.wait(60)
        assert "reading…" in driving.text(app) and "0 of 0" not in driving.text(app)
        read.set()
        await driving.settle(pilot)
        assert "3 of 14 · Tracepoints are for root." in driving.text(app)
