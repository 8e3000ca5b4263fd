"""What the traced world writes, wherever the dashboard shows it: it stays text, and the layout stands."""

import pytest
from rich.cells import cell_len
from widgets import driving, scripted
from widgets.scripted import SECOND

from bttui.model.diagnostic import Diagnostic, Span
from bttui.model.frame import ProbeCounters, Symbol
from bttui.model.types import (
    UINT64,
    Buffer,
    CgroupPath,
    Count,
    Histogram,
    Stack,
    String,
    TimeSeries,
    make_tuple,
)
from bttui.widgets.probes import Catalog

ATTACKS = {
    "escapes": "\x1b]0;evil\x07\x1b[2J\x1b[31mred\x9b31m",
    "markup": "[bold red]x[/] [@click=app.leave]leave[/]",
    "lines": "one\r\ntwo\n\x0b\x0c\tthree\x00four",
    "not UTF-8": "\udcff\udcc3(",
    "wide": "日本語猫" * 30,
    "combining": "e\u0301\u0327\u0302" * 40,
    "reversed": "\u202eevil\u2066\u200d\ufeff",
    "a megabyte": "m" * 1_000_000,
}
NAMES = String(size=64)
PANES = "escape", "2", "3", "4", "5", "6", "7", "8"


def frame(second, text):
    """A map of each kind, and every name in it is the attack."""
    raw = text.encode("utf-8", "surrogateescape")
    stack = (*scripted.stack(text, "entry", text), Symbol(1, text, 0, text, f"{text}:1", inlined=True))
    maps = (
        scripted.snapshot("@table", make_tuple((NAMES, Buffer(size=64), CgroupPath(), NAMES)), Count(), {(text, raw, text, text): second}),
        scripted.snapshot("@value", UINT64, NAMES, {1: text}),
        scripted.snapshot("@scalar", None, NAMES, {None: text}),
        scripted.snapshot("@hist", NAMES, Histogram(), {text: {4: second, 9: 1}}),
        scripted.snapshot("@on", make_tuple((Stack(space="kernel"), NAMES)), Count(), {(stack, text): second}),
        scripted.snapshot("@series", NAMES, TimeSeries(interval=SECOND, count=3), {text: ((second, 1), (second + 1, 5), (second + 2, 3))}),
    )
    shown = scripted.frame(second, *maps, full={"@table": 1})
    return shown.replace(counters=shown.counters.replace(probes=(ProbeCounters("probe", 100 * second, attached=f"uprobe:{text}:f"),)))


HARMFUL = {chr(code) for code in (*range(32), *range(0x7F, 0xA0), *range(0xD800, 0xE000))} | set("\u202e\u2066\u200d\ufeff")


def assert_harmless(app):
    """Nothing that a terminal obeys, every line as wide as the screen, nothing outside of it."""
    for strip in app.screen._compositor.render_strips():
        assert not HARMFUL & set(strip.text), strip.text
        assert cell_len(strip.text) == app.size.width, strip.text
    for widget in app.screen.query("*"):
        if widget.region.area and widget.display and widget.parent is app.screen:
            assert app.screen.region.contains_region(widget.region), widget


@pytest.mark.parametrize(("attack", "size"), [*((attack, (120, 36)) for attack in ATTACKS), ("wide", (80, 24)), ("a megabyte", (80, 24))])
async def test_everywhere(attack, size):
    text = ATTACKS[attack]
    short = text[:2000]
    catalog = Catalog(lambda: [f"uprobe:/bin/{short}:f", "kprobe:vfs_read"], lambda name: [f"{short} argument"], lambda: [])
    async with driving.dashboard(size=size, name=short, catalog=catalog) as (app, controller, pilot):
        controller.change(names=(f"uprobe:{short}:f",))
        for second in (1, 2, 3):
            controller.show(frame(second, text))
            controller.say(
                scripted.printed(text + "\n", second), scripted.message("child", text, second), scripted.message("error", text, second)
            )
            await driving.settle(pilot)
        assert_harmless(app)
        for key in (*PANES, "v", "f9"):
            await driving.press(pilot, key)
            assert_harmless(app)
        await driving.press(pilot, "3", "w")
        assert_harmless(app)
        await driving.press(pilot, "escape", "1")
        controller.fail(Diagnostic(short, Span(67, 75, 4, 5, 4, 10), hint=short, detail=text))
        await driving.settle(pilot)
        assert_harmless(app)
        await driving.press(pilot, "f4")
        assert_harmless(app)
        await driving.press(pilot, "escape", "f2", "tab", "right", "down", "right", "down")
        assert_harmless(app)
        assert app.clipboard == "" and app.return_value is None
