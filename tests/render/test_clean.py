import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.render.clean import cell_width, clean, clean_lines, fit, fit_end

# All of Unicode, with a good share of what is dangerous and of undecodable bytes.
HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=[]),
        st.sampled_from([chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0xDC80, 0xDD00))]),
        st.sampled_from("\u202e\u2066\u200d\ufe0fé漢e\u0301👩"),
    )
)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("bash", "bash"),
        ("a\x1b[31mb\x1b]0;t\x07", "a\\x1b[31mb\\x1b]0;t\\x07"),
        ("two\nlines\tand\r", "two\\nlines\\tand\\r"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f".replace("\\x9b", "\\u009b")),
        ("\udcff\udc9b", "\\xff\\x9b"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("\ud800\U000e0041", "\\ud800\\U000e0041"),
        ("Zoë 漢字 e\u0301 👩", "Zoë 漢字 e\u0301 👩"),
    ],
)
def test_what_is_dangerous_becomes_visible(text, safe):
    assert clean(text) == safe


@given(HOSTILE)
def test_nothing_that_moves_or_hides_is_left(text):
    for character in clean(text):
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    clean(text).encode()


@given(HOSTILE)
def test_clean_text_stays_as_it_is(text):
    assert clean(clean(text)) == clean(text)


@given(HOSTILE)
def test_lines_stay_lines(text):
    lines = clean_lines(text)
    assert lines.count("\n") == text.count("\n") and lines.count("\t") == text.count("\t")
    assert clean(lines) == clean(text)


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("é", 1), ("e\u0301", 1), ("漢字", 4), ("👩", 2), ("ｱ", 1), ("Ａ", 2), ("각", 2), ("\u1100\u1161\u11a8", 2)],
)
def test_width_in_cells(text, width):
    assert cell_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 6, "漢字… "),
        ("e\u0301tude", 3, "e\u0301t…"),
        ("abc", 1, "…"),
        ("漢字", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_fitting(text, width, fitted):
    assert fit(text, width) == fitted


@given(HOSTILE, st.integers(0, 30), st.sampled_from(["…", "", "..."]))
def test_a_fitted_text_has_its_width(text, width, ellipsis):
    assert cell_width(fit(clean(text), width, ellipsis)) == width


def test_the_beginning_of_a_name_is_cut_off_where_names_differ_in_their_ends():
    assert fit_end("tracepoint:syscalls:sys_enter_read", 16) == "…:sys_enter_read"
    assert fit_end("short", 8) == "short   "
    assert cell_width(fit_end("日本語" * 4, 8)) == 8 and fit_end("x", 0) == ""
