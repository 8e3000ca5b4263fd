"""What a frame paints: the lines that changed, and of the screen nothing else; the picture is the same as that of all of it."""

from contextlib import contextmanager

import pytest
from textual._xterm_parser import XTermParser
from widgets import driving, scripted

from bttui.widgets.painter import Painter
from bttui.widgets.rows import Rows


@contextmanager
def counted(monkeypatch):
    """The lines that panes make while inside, by pane, and how often the screen is laid out."""
    made, laid_out = [], []
    line, reflow = Rows.render_line, Painter.reflow
    with monkeypatch.context() as patch:
        patch.setattr(Rows, "render_line", lambda self, y: made.append((getattr(self, "map_name", ""), y)) or line(self, y))
        patch.setattr(Painter, "reflow", lambda self, *rest: laid_out.append(1) or reflow(self, *rest))
        yield made, laid_out


async def test_a_frame_makes_those_lines_anew_that_changed(monkeypatch):
    async with driving.dashboard() as (app, controller, pilot):
        for second in (1, 2):
            controller.show(scripted.frame(second, scripted.calls(10), scripted.hist_us(1)))
            await driving.settle(pilot)
        with counted(monkeypatch) as (made, laid_out):
            for second in (3, 4):
                controller.show(scripted.frame(second, scripted.calls(10), scripted.hist_us(1)))
                await driving.settle(pilot)
            named = {name for name, _ in made if name}
            assert "@us" not in named, "nothing changed there"
            assert {y for name, y in made if name == "@calls"} <= {0, *range(1, 8)}, "the seconds of the trend are told in its title"
            made.clear()
            rows = [(key, count + (key == "nginx")) for key, count in scripted.calls(10).rows]
            controller.show(scripted.frame(5, scripted.calls(10).replace(rows=rows), scripted.hist_us(1)))
            await driving.settle(pilot)
            assert ("@calls", 2) in made and "31,008" in driving.text(app)
            assert not any(name == "@us" for name, _ in made)
            assert not laid_out, "no pane wants another size"


@pytest.mark.parametrize("size", driving.SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_is_painted_is_what_all_of_it_would_be(monkeypatch, size):
    """The parts of each line that are sent to the terminal, against a picture of the whole screen."""
    parts = []
    update = Painter.render_partial_update

    def compared(painter):
        sent = update(painter)
        if sent is not None:
            whole = painter._render_chops(painter.size.region, lambda y: True)
            for y, x1, x2 in sent.spans:
                for begin, end in zip(sent.chops[y], sent.chop_ends[y], strict=True):
                    if begin < x2 and end > x1:
                        parts.append((y, begin))
                        assert sent.chops[y][begin].text == whole[y][begin].text
                        assert list(sent.chops[y][begin]) == list(whole[y][begin])
        return sent

    monkeypatch.setattr(Painter, "render_partial_update", compared)
    async with driving.dashboard(size=size) as (app, controller, pilot):
        for second in (1, 2, 3):
            controller.show(scripted.reads_frame(second))
            controller.say(*[scripted.printed(f"line {n}\n", second) for n in range(second * 10)])
            await driving.settle(pilot)
        for key in ("escape", "3", "s", "v", "z", "z", "tab", "tab", "down", "m", "m", "f9", "space", "left_square_bracket", "0", "f1"):
            await driving.press(pilot, key)
        controller.show(scripted.reads_frame(4, lost=3))
        await driving.settle(pilot)
        assert app.is_running and len(parts) > 100


async def test_a_pane_looks_different_in_another_theme_and_with_the_focus(monkeypatch):
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(1))
        await driving.settle(pilot)

        def first():
            pane = app.workspace.maps.panes[0]
            return [list(strip) for strip in app.screen._compositor.render_strips()[pane.region.y : pane.region.y + 3]]

        before = first()
        await driving.press(pilot, "escape")
        focused = first()
        assert focused != before
        app.theme = "textual-light"
        await driving.settle(pilot)
        assert first()[1] != focused[1]


async def test_escape_and_a_key_soon_after_are_two_keys():
    """A terminal sends the same for Alt and the key; nothing is bound to that."""
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(1))
        await driving.settle(pilot)
        parser = XTermParser()
        for event in [*parser.feed("\x1b3"), *parser.feed("")]:
            app.post_message(event)
        await driving.settle(pilot)
        assert app.focused is app.workspace.panes[2]
        assert app.workspace.editor.text == scripted.READS
        await driving.press(pilot, "1", "alt+down")
        assert app.workspace.editor.text != scripted.READS, "what is bound to Alt stays so"
