"""The layout is that of bpftrace 0.27.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.model.diagnostic import Diagnostic, Span
from bttui.render.diagnostics import format_diagnostic, message_line, use_colour


def span(source, part, file="stdin"):
    """Where ``part`` stands in the source."""
    start = source.index(part)
    end = start + len(part)

    def place(offset):
        before = source[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1

    (line, column), (end_line, end_column) = place(start), place(end)
    return Span(start, end, line, column, end_line, end_column, file)


def shown(source, part, message="wrong", **more):
    return format_diagnostic(Diagnostic(message, span(source, part), **more), source)


def test_a_line_and_its_marker():
    assert shown("BEGIN { print(1, 2, 3, 4); }", "print(1, 2, 3, 4)", "print() takes up to 3 arguments (4 provided)") == (
        "stdin:1:9-26: ERROR: print() takes up to 3 arguments (4 provided)\nBEGIN { print(1, 2, 3, 4); }\n        ~~~~~~~~~~~~~~~~~\n"
    )


def test_a_warning_with_a_hint():
    assert shown("BEGIN { while(1) {} }", "while(1) {}", "While loops go.", severity="warning", hint="use for") == (
        "stdin:1:9-20: WARNING: While loops go.\nBEGIN { while(1) {} }\n        ~~~~~~~~~~~\nHINT: use for\n"
    )


def test_several_lines_have_no_marker():
    source = 'BEGIN {\n  printf(\n "%d",\n  "a"\n);\n}'
    assert shown(source, source[10:-3]) == 'stdin:2-5: ERROR: wrong\n  printf(\n "%d",\n  "a"\n);\n'


def test_nothing_to_mark():
    place = Span(8, 8, 1, 9, 1, 9)
    assert format_diagnostic(Diagnostic("syntax: expected '{'", place), "kprobe:f") == (
        "stdin:1:9-9: ERROR: syntax: expected '{'\nkprobe:f\n        \n"
    )


def test_no_place():
    assert format_diagnostic(Diagnostic("No probes to attach")) == "ERROR: No probes to attach\n"


def test_tabs_take_four_cells_and_count_as_one_column():
    assert shown("BEGIN {\n\t\tprint(foo,\tbar);\n}", "bar") == (
        "stdin:2:14-17: ERROR: wrong\n        print(foo,    bar);\n                      ~~~\n"
    )


def test_columns_count_bytes_and_the_marker_cells():
    assert shown('BEGIN { print("é漢", foo); }', "foo") == (
        'stdin:1:24-27: ERROR: wrong\nBEGIN { print("é漢", foo); }\n                     ~~~\n'
    )


def test_expansions_are_told():
    source = "macro m() { foo }\nBEGIN { @ = m(); }"
    trail = (("expanded from", span(source, "m();").replace(end_column=16)),)
    assert shown(source, "foo", "Unknown identifier: 'foo'", trail=trail) == (
        "stdin:1:13-16: ERROR: Unknown identifier: 'foo'\nmacro m() { foo }\n            ~~~\n"
        "stdin:2:13-16: ERROR: expanded from\nBEGIN { @ = m(); }\n            ~~~\n"
    )


def test_several_files():
    place = span("a(b)", "b", "lib.bt")
    assert format_diagnostic(Diagnostic("wrong", place), {"lib.bt": "a(b)"}) == "lib.bt:1:3-4: ERROR: wrong\na(b)\n  ~\n"
    assert format_diagnostic(Diagnostic("wrong", place), {}) == "lib.bt:1:3-4: ERROR: wrong\n"


def test_the_long_part_comes_when_asked():
    one = Diagnostic("no", detail="0: r0 = 1\n1: \x1bexit\n")
    assert format_diagnostic(one) == "ERROR: no\n"
    assert format_diagnostic(one, detail=True) == "ERROR: no\n0: r0 = 1\n1: \\x1bexit\n"


def test_of_a_very_long_line_the_surroundings_are_shown():
    source = "a" * 1000 + "foo" + "b" * 1000
    assert shown(source, "foo").splitlines()[1:] == [f"…{'a' * 100}foo{'b' * 397}…", " " * 101 + "~~~"]
    assert shown(source, source[1000:]).splitlines()[1:] == [f"…{'a' * 100}foo{'b' * 397}…", " " * 101 + "~" * 400]
    lines = "\n".join(map(str, range(100)))
    assert shown(lines, lines).splitlines()[1:] == [*map(str, range(40)), "… 60 lines more"]


def test_windows_line_ends():
    assert shown("BEGIN {\r\n print(foo);\r\n}", "foo") == "stdin:2:8-11: ERROR: wrong\n print(foo);\n       ~~~\n"


def test_control_characters_of_the_program_are_shown():
    assert shown("BEGIN { \x1b]0;x\x07 }", "\x1b") == "stdin:1:9-10: ERROR: wrong\nBEGIN { \\x1b]0;x\\x07 }\n        ~~~~\n"


def test_colour_ends_with_the_message():
    one = Diagnostic("a\nb", span("x", "x"), hint="h")
    assert format_diagnostic(one, "x", colour=True) == "\x1b[31mstdin:1:1-2: ERROR: a\nb\x1b[0m\nx\n~\nHINT: h\n"
    assert format_diagnostic(one.replace(severity="warning"), "x", True).startswith("\x1b[33mstdin:1:1-2: WARNING: a")


def test_messages_of_the_program_itself():
    place = Span(8, 26, 1, 9, 1, 27)
    assert message_line("error", "e1\n", place) == "stdin:1:9-27: ERROR: e1\n"
    assert message_line("warning", "a\n\n", place, colour=True) == "\x1b[33mstdin:1:9-27: WARNING: a\n\x1b[0m\n"


@pytest.mark.parametrize(
    ("environment", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"BPFTRACE_COLOR": "always"}, False, True),
        ({"BPFTRACE_COLOR": "never"}, True, False),
        ({"BPFTRACE_COLOR": "sometimes"}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1", "BPFTRACE_COLOR": "always"}, False, True),
    ],
)
def test_when_to_colour(environment, terminal, colour):
    assert use_colour(environment, terminal) is colour


@given(st.text(max_size=60), st.data())
def test_any_span_of_any_text_can_be_shown(source, data):
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    text = format_diagnostic(Diagnostic("wrong", span("|" + source, ("|" + source)[start : end + 1])), "|" + source)
    assert text.startswith("stdin:") and text.endswith("\n")
    assert not set(text) & {"\x1b", "\x07", "\x9b"}
