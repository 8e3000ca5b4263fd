import pytest
from rich.cells import cell_len
from widgets import driving, scripted

from bttui.model.types import UINT64, Average, Count, String, make_tuple
from bttui.widgets.table import TablePane

PROGRAM = "t:a:b { @average[comm] = avg(1); @stats[comm] = stats(1); @sum[pid, comm] = sum(1); @last = 1; }"


def shown_rows(app, name):
    """The words of each line of a pane, without frame and bars."""
    pane = next(p for p in app.workspace.maps.panes if p.map_name == name)
    lines = driving.region(app, pane).split("\n")[1:-1]
    return [words for line in lines if (words := [w for w in line.strip("│┃ ").split() if not set(w) <= set("█▉▊▋▌▍▎▏▐")])]


async def test_every_aggregation_has_its_columns():
    async with driving.dashboard(size=(200, 60), text=PROGRAM) as (app, controller, pilot):
        controller.show(scripted.frame(1, *scripted.averages()))
        await driving.settle(pilot)
        assert shown_rows(app, "@average") == [
            ["comm", "average▾", "count", "total"],
            ["cat", "333", "3", "1,000"],
            ["dd", "1", "90", "90"],
        ]
        assert shown_rows(app, "@stats") == [["comm", "count▾", "average", "total"], ["dd", "90", "1", "90"], ["cat", "3", "333", "1,000"]]
        assert shown_rows(app, "@sum") == [["pid", "comm", "sum▾"], ["3", "dd", "1,234,567"], ["7", "cat", "-12"]]


async def test_changes_and_trends_where_there_is_room():
    async with driving.dashboard(size=(200, 60), text="t:a:b { @c[comm] = count(); }") as (app, controller, pilot):
        for second, (cat, dd) in enumerate([(100, 0), (110, 0), (130, 400), (170, 401)], 1):
            rows = {"cat": cat, "dd": dd} if dd else {"cat": cat}
            controller.show(scripted.frame(second, scripted.snapshot("@c", String(size=16), Count(), rows)))
            await driving.settle(pilot)
        await driving.press(pilot, "escape")
        shown = shown_rows(app, "@c")
        assert shown[0] == ["comm", "count▾", "last", "3", "s", "/s"]
        assert [[row[0], row[1], row[-2], row[-1]] for row in shown[1:]] == [["dd", "401", "█▂", "+1.0/s"], ["cat", "170", "▂▄█", "+40/s"]]
        await driving.press(pilot, "s")
        assert shown_rows(app, "@c")[0][-1] == "/s▾"
        assert [row[0] for row in shown_rows(app, "@c")[1:]] == ["cat", "dd"]


async def test_sort_goes_through_the_columns_and_survives_a_frame():
    async with driving.dashboard(size=(200, 60), text=PROGRAM) as (app, controller, pilot):
        controller.show(scripted.frame(1, *scripted.averages()))
        await driving.settle(pilot)
        await driving.press(pilot, "escape", "3")
        titles = []
        for _ in range(4):
            titles.append(next(title for title in shown_rows(app, "@stats")[0] if title[-1] in "▾▴"))
            await driving.press(pilot, "s")
        assert titles == ["count▾", "average▾", "total▾", "comm▴"]
        await driving.press(pilot, "s")
        controller.show(scripted.frame(2, *scripted.averages()))
        await driving.settle(pilot)
        assert shown_rows(app, "@stats")[0] == ["comm", "count", "average▾", "total", "/s"]
        assert [row[0] for row in shown_rows(app, "@stats")[1:]] == ["cat", "dd"]


async def test_a_click_on_a_title_sorts_and_a_second_turns_around():
    async with driving.dashboard(size=(200, 60), text=PROGRAM) as (app, controller, pilot):
        controller.show(scripted.frame(1, *scripted.averages()))
        await driving.settle(pilot)
        pane = app.workspace.maps.panes[1]
        for title, order in (("comm▴", ["cat", "dd"]), ("comm▾", ["dd", "cat"])):
            await pilot.click(pane, offset=(3, 1))
            await driving.settle(pilot)
            assert shown_rows(app, "@stats")[0][0] == title
            assert [row[0] for row in shown_rows(app, "@stats")[1:]] == order


async def test_a_large_map_draws_only_what_is_visible():
    async with driving.dashboard(text="t:a:b { @[tid] = count(); }") as (app, controller, pilot):
        rows = {n: n for n in range(15_000)}
        controller.show(scripted.frame(1, scripted.snapshot("@", UINT64, Count(), rows)))
        await driving.settle(pilot)
        pane = app.screen.query_one(TablePane)
        assert pane.drawn <= 3 * pane.size.height
        assert shown_rows(app, "@")[1][:2] == ["14999", "14,999"]
        assert "15,000 keys of 4,096" in driving.text(app)


@pytest.mark.parametrize(
    ("keys", "top", "second"), [("", "9999", "9998"), ("r", "0", "1"), ("ss", "0", "1"), ("ssr", "9999", "9998"), ("s", "7", "0")]
)
async def test_a_large_map_is_sorted_by_every_column(keys, top, second):
    """By the count, by how much came, by the key; either way around."""
    async with driving.dashboard(text="t:a:b { @[tid] = count(); }") as (app, controller, pilot):
        for frame in (1, 2):
            rows = {n: n + (n == 7 and frame == 2) for n in range(10_000)}
            controller.show(scripted.frame(frame, scripted.snapshot("@", UINT64, Count(), rows)))
            await driving.settle(pilot)
        await driving.press(pilot, "escape", *keys)
        assert [row[0] for row in shown_rows(app, "@")[1:3]] == [top, second]
        pane = app.screen.query_one(TablePane)
        pane.scroll_end(animate=False, immediate=True, force=True)
        await driving.settle(pilot)
        last = {"9999": "0", "0": "9999", "7": "9999"}[top]
        assert shown_rows(app, "@")[-1][0] == last


async def test_a_large_map_goes_on_while_it_is_sorted_beside():
    """Averages need their figures worked out: the newest frame is on show in the end, and a key in between counts."""
    async with driving.dashboard(text="t:a:b { @[tid] = avg(1); }") as (app, controller, pilot):
        for frame in range(1, 4):
            rows = {n: (n * frame, frame) for n in range(3_000)}
            controller.show(scripted.frame(frame, scripted.snapshot("@", UINT64, Average(), rows)))
            await pilot.pause()
        await driving.settle(pilot)
        await driving.press(pilot, "escape")
        assert shown_rows(app, "@")[1][:4] == ["2999", "2,999", "3", "8,997"]
        await driving.press_ahead(pilot, "r", "s", "s", "s", "s")
        assert shown_rows(app, "@")[0][0] == "tid▴" and shown_rows(app, "@")[1][:4] == ["0", "0", "3", "0"]


HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "[bold]markup[/bold]",
    "\x1b]0;title\x07",
    "new\nline\ttab",
    "‮rtl",
    "x" * 300,
    "猫" * 40,
    "e\u0301\u0301\u0301",
    "\x00nul",
    "\udcff",
]


async def test_hostile_keys_are_text_and_keep_the_layout():
    for size in driving.SIZES:
        async with driving.dashboard(size=size, text="t:a:b { @[comm] = count(); }") as (app, controller, pilot):
            rows = {name: n for n, name in enumerate(HOSTILE)}
            controller.show(scripted.frame(1, scripted.snapshot("@", String(size=16), Count(), rows)))
            controller.say(*[scripted.printed(name + "\n") for name in HOSTILE])
            await driving.settle(pilot)
            shown = driving.text(app)
            assert not any((ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0 for char in shown)
            assert "[bold]markup[/bold]" in shown
            assert all(cell_len(line.rstrip()) <= size[0] for line in driving.lines(app))
            for row in app.screen.query_one(TablePane).order:
                assert cell_len("".join(text for text, _ in app.screen.query_one(TablePane).line(1, 40))) <= 40, row


def test_tuple_keys_have_a_column_each():
    from bttui.widgets.cells import key_parts

    assert key_parts(make_tuple((UINT64, String(size=16))), (7, "cat")) == ["7", "cat"]


async def test_a_number_set_for_the_first_time_has_not_grown():
    """A timestamp that a program keeps must not look like billions a second."""
    async with driving.dashboard(size=(200, 60), text="t:a:b { @start[tid] = nsecs; }") as (app, controller, pilot):
        for second, rows in enumerate(({7: 6_000_000_000}, {7: 6_000_000_500, 8: 7_000_000_000}), 1):
            controller.show(scripted.frame(second, scripted.snapshot("@start", UINT64, UINT64, rows)))
            await driving.settle(pilot)
        shown = shown_rows(app, "@start")
        assert shown[1][:2] == ["8", "7,000,000,000"] and shown[1][-1] == "7,000,000,000"
        assert [shown[2][0], shown[2][-1]] == ["7", "+500/s"]


async def test_a_column_without_room_is_left_out_and_not_cut():
    """A number of which the last digits are missing would be another number."""
    text = "t:a:b { @a[comm] = avg(1); @b[comm] = count(); @c[comm] = count(); @d[comm] = count(); }"
    async with driving.dashboard(text=text) as (app, controller, pilot):
        rows = {"memfd:sealed-91": (85_586_367_043, 22), "tail": (28_996_777_332, 49)}
        maps = [scripted.snapshot("@a", String(size=16), Average(), rows)]
        maps += [scripted.snapshot(name, String(size=16), Count(), {"cat": 3}) for name in ("@b", "@c", "@d")]
        for second in (1, 2):
            controller.show(scripted.frame(second, *maps))
            await driving.settle(pilot)
        shown = shown_rows(app, "@a")
        assert shown[0] == ["comm", "average▾", "count", "…"]
        assert [row[1:] for row in shown[1:]] == [["3,890,289,411", "22"], ["591,770,965", "49"]]
        await driving.press(pilot, "escape", "s", "s")
        assert shown_rows(app, "@a")[0][-2:] == ["total▾", "…"], "the column it is sorted by is there"
