"""The editor: what TextArea's private parts do for us (textual is pinned; a new version must pass this)."""

import os
from contextlib import nullcontext

import pytest
from widgets import driving, scripted

from bttui.compiler import lexer
from bttui.model.diagnostic import Diagnostic, Fix, Span
from bttui.widgets.editor import Editor

TEXT = 'BEGIN {\n  @x["é"] = nsecs;\n  /* two\n  lines */ foo();\n}\n'


def at(word, text=TEXT, **more):
    start = text.index(word)
    line, column = text.count("\n", 0, start) + 1, start - (text.rfind("\n", 0, start) + 1) + 1
    return Span(start, start + len(word), line, column, line, column + len(word))


def colours(editor, row):
    """{text: colour} of the differently coloured pieces of a row."""
    return {
        segment.text.strip(): segment.style.color.get_truecolor().hex
        for segment in editor.render_line(row)
        if segment.text.strip() and segment.style and segment.style.color
    }


async def test_highlighting_counts_in_characters_not_bytes():
    async with driving.dashboard(text=TEXT, start=False) as (app, *_):
        editor = app.workspace.editor
        row = colours(editor, 1)
        assert len({row["@x"], row['"é"'], row["nsecs"]}) == 3
        comment = colours(editor, 3)
        assert comment["lines */"] == colours(editor, 2)["/* two"] != comment["foo"]


async def test_highlighting_follows_the_keys():
    async with driving.dashboard(text="", start=False) as (app, _, pilot):
        await driving.press(pilot, *"BEGIN{", "at", "x")
        editor = app.workspace.editor
        assert editor.text == "BEGIN{@x"
        assert colours(editor, 0)["@x"] != colours(editor, 0)["BEGIN"]


async def test_a_broken_program_is_highlighted_without_complaint():
    for broken in ('"open', "/* open", "@[", "}}}{{", "'", "\x00\x1b[31m", "é" * 5 + '"', "a\r\nb", "#include <x"):
        async with driving.dashboard(text=broken, start=False) as (app, *_):
            assert app.workspace.editor.text == broken


ERROR = Diagnostic("foo is not a function", at("foo"), hint="did you mean for?")


async def test_a_diagnostic_stands_below_its_place():
    async with driving.dashboard(text=TEXT, start=False) as (app, controller, pilot):
        controller.fail(ERROR)
        await driving.settle(pilot)
        rows = driving.region(app, Editor).split("\n")
        place = next(y for y, row in enumerate(rows) if "foo();" in row)
        assert "✗ foo is not a function" in rows[place + 1]
        assert "did you mean for?" in rows[place + 2]
        assert rows[place + 3].strip("┃").split() == ["5", "}"]
        assert "✗ 1 error" in rows[0]
        assert app.workspace.editor.cursor_location == (3, 11)
        foo = next(s for s in app.workspace.editor.render_line(3) if "oo" in s.text)
        assert foo.style.underline


async def test_mouse_and_cursor_know_the_rows_between():
    async with driving.dashboard(text=TEXT, start=False) as (app, controller, pilot):
        controller.fail(ERROR)
        await driving.settle(pilot)
        editor = app.workspace.editor
        rows = driving.region(app, editor).split("\n")
        brace = next(y for y, row in enumerate(rows) if row.strip("┃").split() == ["5", "}"])
        await pilot.click(editor, offset=(5, brace))
        await driving.settle(pilot)
        assert editor.cursor_location[0] == 4
        assert app.cursor_position.y == editor.region.y + brace
        await pilot.click(editor, offset=(8, brace - 1))
        await driving.settle(pilot)
        assert editor.cursor_location[0] == 3
        await driving.press(pilot, "down")
        assert editor.cursor_location[0] == 4


async def test_a_key_mends_what_is_certain():
    """The mistake at the cursor or below it first; undo takes it back; without a fix the key is no key."""
    text = "BEGIN {\n  @a = cuont();\n  @b = sun(1);\n  nothing();\n}\n"
    async with driving.dashboard(text=text, start=False) as (app, controller, pilot):
        controller.auto = False
        wrong = [(at("cuont", text), "count"), (at("sun", text), "sum"), (at("nothing", text), "")]
        found = [Diagnostic(f"wrong {span.line}", span, fix=Fix(span, meant) if meant else None) for span, meant in wrong]
        assert "Fix" not in driving.lines(app)[-1]
        await driving.press(pilot, "f5")
        controller.fail(*found)
        await driving.settle(pilot)
        assert "^G writes count instead of cuont" in driving.text(app) and "^G Fix" in driving.lines(app)[-1]
        await driving.press(pilot, "down", "ctrl+g")
        assert app.workspace.editor.text == text.replace("sun", "sum")
        assert "instead of sun" not in driving.text(app) and "instead of cuont" in driving.text(app)
        await driving.press(pilot, "ctrl+g")
        assert app.workspace.editor.text == text.replace("sun", "sum").replace("cuont", "count")
        assert "Fix" not in driving.lines(app)[-1]
        await driving.press(pilot, "ctrl+g", "ctrl+z")
        assert app.workspace.editor.text == text.replace("sun", "sum")


async def test_a_note_at_the_end_of_a_long_program_is_scrolled_into_view():
    text = "BEGIN {\n" + "  @x = 1;\n" * 100 + "  foo();\n}\n"
    for size in driving.SIZES:
        async with driving.dashboard(size=size, text=text, start=False) as (app, controller, pilot):
            controller.fail(Diagnostic("foo is not a function", at("foo", text), hint="did you mean for?"))
            await driving.settle(pilot)
            assert "✗ foo is not a function" in driving.text(app) and "did you mean for?" in driving.text(app)
            await driving.press(pilot, "ctrl+end", "down", "down")
            assert "102" in driving.text(app)


async def test_typing_in_the_line_removes_what_was_said_about_it():
    second = Diagnostic("x is odd", at("@x"), "warning")
    async with driving.dashboard(text=TEXT, start=False) as (app, controller, pilot):
        controller.fail(ERROR, second)
        await driving.settle(pilot)
        assert "! x is odd" in driving.text(app)
        await driving.press(pilot, "delete")
        assert "foo is not a function" not in driving.text(app) and "! x is odd" in driving.text(app)
        assert "error" not in str(app.workspace.editor.border_title)


async def test_a_run_without_complaints_clears_them():
    async with driving.dashboard(text=TEXT, start=False) as (app, controller, pilot):
        controller.fail(ERROR)
        await driving.settle(pilot)
        controller.diagnose()
        await driving.settle(pilot)
        assert "✗" not in driving.text(app) and app.workspace.editor.notes == []


async def test_diagnostics_without_a_place_and_beyond_the_text():
    async with driving.dashboard(text=TEXT, start=False) as (app, controller, pilot):
        controller.fail(Diagnostic("needs root", hint="sudo bttui"), Diagnostic("elsewhere", Span(900, 901, 90, 1, 90, 2)))
        await driving.settle(pilot)
        assert "✗ needs root" in driving.text(app) and "sudo bttui" in driving.text(app) and "✗ 2 errors" in driving.text(app)
        await driving.press(pilot, "f4")
        assert "90:1: error: elsewhere" in driving.text(app)


async def test_hostile_diagnostics():
    async with driving.dashboard(text=TEXT, start=False) as (app, controller, pilot):
        controller.fail(Diagnostic("\x1b[2Jbad [bold]x[/]", at("foo"), hint="\x07", detail="\x1b]0;t\x07"))
        await driving.settle(pilot)
        assert "\x1b" not in driving.text(app) and "[bold]x[/]" in driving.text(app)
        await driving.press(pilot, "f4")
        assert "\x1b" not in driving.text(app)


async def test_the_previous_run_stays_alive():
    async with driving.dashboard() as (app, controller, pilot):
        controller.show(scripted.reads_frame(1))
        await driving.settle(pilot)
        controller.fail(Diagnostic("no", at("delete", scripted.READS)))
        await driving.settle(pilot)
        assert "the previous run is still live" in driving.text(app) and "● LIVE" in driving.text(app)
        controller.show(scripted.reads_frame(9))
        await driving.settle(pilot)
        assert "79,614" in driving.text(app)  # postgres in @calls, nine seconds on


async def test_colours_follow_the_theme():
    async with driving.dashboard(text=TEXT, start=False) as (app, _, pilot):
        dark = colours(app.workspace.editor, 1)
        app.theme = "textual-light"
        await driving.settle(pilot)
        light = colours(app.workspace.editor, 1)
        assert light.keys() == dark.keys() and all(light[piece] != dark[piece] for piece in light)


def complain(text):
    """A compiler that knows one mistake."""
    return (Diagnostic("foo is not a function", at("foo", text), hint="did you mean for?"),) if "foo" in text else ()


async def test_mistakes_are_underlined_while_typing():
    """No key is pressed to ask for it, the cursor stays, the rows stay; F8 shows all that is said."""
    async with driving.dashboard(text="BEGIN {  }", start=False, check=complain) as (app, controller, pilot):
        editor = app.workspace.editor
        editor.move_cursor((0, 8))
        await driving.press(pilot, *"foo")
        await driving.rested(pilot)
        foo = next(s for s in editor.render_line(0) if "foo" in s.text)
        assert foo.style.underline
        assert "✗ 1: foo is not a function" in driving.region(app, Editor).split("\n")[-1]
        assert editor.cursor_location == (0, 11)
        assert "did you mean for?" not in driving.text(app)
        await driving.press(pilot, "f8")
        assert "did you mean for?" in driving.text(app)
        await driving.press(pilot, "delete", "delete", "delete")
        await driving.rested(pilot)
        assert "foo" not in driving.text(app) and editor.diagnostics == []
        assert controller.calls == []


async def test_what_is_said_of_an_older_text_is_dropped():
    async with driving.dashboard(text="BEGIN { foo }", start=False) as (app, _, pilot):
        app.workspace.show_checked("BEGIN { fo }", complain("foo"))
        await driving.settle(pilot)
        assert app.workspace.editor.diagnostics == []


async def test_what_attaching_says_outlives_the_check_of_the_same_text():
    """The check while typing knows nothing of it, and comes later where the program runs at once."""
    async with driving.dashboard(text="BEGIN { }", check=complain) as (app, controller, pilot):
        controller.fail(Diagnostic("no such counter"))
        await driving.rested(pilot)
        assert [d.message for d in app.workspace.editor.diagnostics] == ["no such counter"]
        await driving.press(pilot, "x")
        await driving.rested(pilot)
        assert app.workspace.editor.diagnostics == list(complain(app.workspace.editor.text))
        await driving.press(pilot, "backspace")
        await driving.rested(pilot)
        assert [d.message for d in app.workspace.editor.diagnostics] == ["no such counter"]


async def test_colours_are_exact_once_the_keys_rest():
    async with driving.dashboard(text="BEGIN {\n  @a = 1;\n}\n", start=False) as (app, _, pilot):
        editor = app.workspace.editor
        code = colours(editor, 1)["@a"]
        await driving.press(pilot, "slash", "asterisk")
        await driving.rested(pilot)
        assert "@a" not in colours(editor, 1) and colours(editor, 1)["@a = 1;"] != code


async def test_a_key_cuts_its_own_row_only(monkeypatch):
    """What a key costs must not grow with the program."""
    program = "".join(f"BEGIN {{ @m{n} = {n}; }}\n" for n in range(500))
    async with driving.dashboard(text=program, start=False) as (_, _, pilot):
        await driving.press(pilot, "x")
        cut = []
        tokens = lexer.tokens
        monkeypatch.setattr(lexer, "tokens", lambda text, *more: cut.append(len(text)) or tokens(text, *more))
        monkeypatch.setattr("bttui.widgets.editor.REST", 60)
        drawn = []
        draw = Editor._render_line
        monkeypatch.setattr(Editor, "_render_line", lambda self, y: drawn.append(y) or draw(self, y))
        await driving.press(pilot, *"y=1")
        assert len(cut) == 3 and max(cut) < 40
        assert len(drawn) <= 6


LINES = "a\n  b\n\nc\n"


@pytest.mark.parametrize(
    ("keys", "text", "cursor"),
    [
        (["ctrl+underscore"], "// a\n  b\n\nc\n", (0, 3)),
        (["ctrl+underscore", "ctrl+underscore"], LINES, (0, 0)),
        (["shift+down", "shift+down", "ctrl+underscore"], "// a\n//   b\n\nc\n", (2, 0)),
        (["down", "ctrl+underscore"], "a\n  // b\n\nc\n", (1, 3)),
        (["alt+down"], "  b\na\n\nc\n", (1, 0)),
        (["down", "alt+up"], "  b\na\n\nc\n", (0, 0)),
        (["alt+up"], LINES, (0, 0)),
        (["shift+down", "shift+down", "alt+down"], "\na\n  b\nc\n", (3, 0)),
        (["alt+down", "ctrl+z"], LINES, None),
    ],
)
async def test_lines_are_commented_and_moved(keys, text, cursor):
    async with driving.dashboard(text=LINES, start=False) as (app, _, pilot):
        editor = app.workspace.editor
        await driving.press(pilot, *keys)
        assert editor.text == text
        assert cursor is None or editor.cursor_location == cursor


async def test_another_editor_changes_the_text_at_once(monkeypatch):
    monkeypatch.setenv("VISUAL", """sh -c 'echo END >> "$0"'""")
    async with driving.dashboard(text="BEGIN { }\n", start=False) as (app, _, pilot):
        app.suspend = nullcontext
        await driving.press(pilot, "f7")
        assert app.workspace.editor.text == "BEGIN { }\nEND\n"
        await driving.press(pilot, "ctrl+z")
        assert app.workspace.editor.text == "BEGIN { }\n"


@pytest.mark.parametrize(("command", "told"), [("false", "nothing was changed"), ("/no/such/editor", "No such file")])
async def test_an_editor_that_fails_changes_nothing(monkeypatch, command, told):
    monkeypatch.setenv("VISUAL", command)
    async with driving.dashboard(text="BEGIN { }\n", start=False) as (app, _, pilot):
        app.suspend = nullcontext
        await driving.press(pilot, "f7")
        assert app.workspace.editor.text == "BEGIN { }\n" and told in driving.text(app)


async def test_the_program_s_own_file_is_saved_at_once(tmp_path):
    file = tmp_path / "mine.bt"
    file.write_text("BEGIN { }")
    file.chmod(0o640)
    async with driving.dashboard(text="BEGIN { }", name=str(file), start=False) as (app, _, pilot):
        await driving.press(pilot, "x", "ctrl+s")
        assert file.read_text() == "xBEGIN { }" and file.stat().st_mode & 0o777 == 0o640
        assert app.screen is app.workspace and os.listdir(tmp_path) == ["mine.bt"]


async def test_a_file_that_somebody_else_changed_is_asked_about(tmp_path):
    file = tmp_path / "mine.bt"
    file.write_text("BEGIN { }")
    async with driving.dashboard(text="BEGIN { }", name=str(file), start=False) as (app, _, pilot):
        file.write_text("END { }")
        await driving.press(pilot, "x", "ctrl+s")
        assert file.read_text() == "END { }" and "has changed since it was read" in driving.text(app)
        await driving.press(pilot, "enter", "enter")
        assert file.read_text() == "xBEGIN { }"


async def test_what_cannot_be_saved_is_a_message():
    async with driving.dashboard(text="BEGIN { }", start=False) as (app, _, pilot):
        await driving.press(pilot, "ctrl+s")
        app.screen.query_one("#path").value = "no/such/folder.bt"
        await driving.press(pilot, "enter")
        assert "could not write no/such/folder.bt" in driving.text(app)


async def test_what_is_no_program_is_not_opened(tmp_path, monkeypatch):
    """Nor the beginning of one: saved, it would take the place of the whole."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("a.bt")
    with open("b.bt", "wb") as file:
        file.truncate(9 << 20)
    async with driving.dashboard(start=False) as (app, _, pilot):
        await driving.press(pilot, "f3", "enter")
        assert " a.bt: not a regular file" in driving.text(app)
        await driving.press(pilot, "f3", "down", "enter")
        assert " b.bt: a program has 8 MiB at most" in driving.text(app)
        assert app.workspace.editor.text == scripted.READS and app.workspace.path == ""


async def test_programs_of_this_folder_come_before_the_examples(tmp_path):
    (tmp_path / "mine.bt").write_text("// mine\x1b[31m\nBEGIN { }\n")
    async with driving.dashboard(start=False) as (app, _, pilot):
        await driving.press(pilot, "f3")
        shown = driving.text(app)
        assert "./mine.bt" in shown and "// mine\\x1b[31m" in shown and "Who reads the most?" in shown
        await driving.press(pilot, "enter")
        assert app.workspace.editor.text == "// mine\x1b[31m\nBEGIN { }\n"
        await driving.press(pilot, "ctrl+z")
        assert app.workspace.editor.text == scripted.READS
