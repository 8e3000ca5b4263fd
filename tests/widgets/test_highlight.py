"""Colours that follow the keys: what a changed row gets is what the whole text would have given it."""

from hypothesis import given
from hypothesis import strategies as st
from widgets.scripted import READS

from bttui.compiler import lexer
from bttui.widgets.highlight import Highlights

KINDS = set("comment string number keyword type map variable builtin function probe error".split())
PROGRAM = f"#!/usr/bin/env bttui\n/* what\n   it does */\n{READS}\nstruct s {{\n  int a; // b\n}};\n\nconfig = {{ a = 1 }}\n"


def exact(lines):
    highlights = Highlights(KINDS)
    highlights.make(lines)
    return highlights


def colours(highlights):
    """The rows, with ends as numbers."""
    return [
        [(start, len(line.encode()) if end is None else end, kind) for start, end, kind in row]
        for line, row in zip(highlights.lines, highlights.rows, strict=True)
    ]


def test_the_whole_text_has_the_lexer_s_tokens():
    rows = exact(PROGRAM.split("\n")).rows
    at = 0
    found = []
    for line, row in zip(PROGRAM.split("\n"), rows, strict=True):
        found += [(kind, at + start, at + (len(line) if end is None else end)) for start, end, kind in row]
        at += len(line) + 1
    single = [t for t in lexer.tokens(PROGRAM) if t[0] in KINDS and "\n" not in PROGRAM[t[1] : t[2]]]
    assert [f for f in found if f in single] == single


def test_a_word_or_a_row_more_needs_no_second_look():
    lines = f"/* what\n   it does */\n{READS}// end".split("\n")
    for row in range(len(lines)):
        for changed in ([*lines[:row], lines[row] + " pid", *lines[row + 1 :]], [*lines[:row], "", *lines[row:]]):
            quick = exact(lines)
            quick.update(changed)
            assert not quick.exact
            assert colours(quick) == colours(exact(changed)), changed[row]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.integers(0, 3), st.lists(st.sampled_from(["x", "{", "}", "/*", "*/", '"', "é", "", "a:b"]), max_size=3)
        ),
        max_size=6,
    )
)
def test_any_edits_end_in_the_exact_colours(edits):
    lines = PROGRAM.split("\n")
    highlights = exact(lines)
    for row, gone, new in edits:
        lines = [*lines[:row], *new, *lines[row + gone :]]
        highlights.update(lines)
        assert len(highlights.rows) == len(highlights.places) == len(lines)
        assert highlights.lines == lines
    highlights.make(lines)
    assert highlights.rows == exact(lines).rows
