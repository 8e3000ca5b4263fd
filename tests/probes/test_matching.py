"""Globs, numbers and counts of parts, as attach points have them."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.model.diagnostic import DiagnosticError
from bttui.probes.matching import did_you_mean, is_glob, matcher, need_parts, number, select

NAMES = ["sys_enter_open", "sys_enter_openat", "sys_exit_open", "sched_switch", "a.b", "a+b", "[x]"]


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("sys_enter_open", ["sys_enter_open"]),
        ("sys_enter_open*", ["sys_enter_open", "sys_enter_openat"]),
        ("*open", ["sys_enter_open", "sys_exit_open"]),
        ("sys_*_open", ["sys_enter_open", "sys_exit_open"]),
        ("sys_enter_open??", ["sys_enter_openat"]),
        ("s[cxy]hed*", ["sched_switch"]),
        ("[a-d]?b", ["a.b", "a+b"]),
        ("[!a-z]x]", ["[x]"]),
        ("a.b", ["a.b"]),
        ("a.*", ["a.b"]),
        ("*", NAMES),
        ("", []),
        ("[z-a]*", []),
        ("[x", []),
    ],
)
def test_globs(glob, names):
    assert list(select(glob, NAMES)) == names


@given(st.text("ab*?[]-!._", max_size=8), st.text("ab-!._[]", max_size=6))
def test_a_glob_means_what_the_shell_means(glob, name):
    """But for sets that a shell understands in ways of its own."""
    if "[" not in glob:
        assert bool(matcher(glob)(name)) == fnmatch.fnmatchcase(name, glob)
    else:
        matcher(glob)(name)  # whatever stands in brackets, it never fails


def test_what_is_a_glob():
    assert [is_glob(text) for text in ("a", "a*", "a?", "[a]", "")] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", (10, False)),
        ("1_000", (1000, False)),
        ("0x10", (16, False)),
        ("010", (8, False)),
        ("1e3", (1000, False)),
        ("3ul", (3, False)),
        ("10ns", (10, True)),
        ("10us", (10_000, True)),
        ("10ms", (10_000_000, True)),
        ("2s", (2_000_000_000, True)),
        ("1m", (60_000_000_000, True)),
        ("18446744073709551615", ((1 << 64) - 1, False)),
    ],
)
def test_numbers(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "x", "-1", "1x", "1 ", "18446744073709551616", "1e99999999", "*"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError):
        number(text)


@given(st.text(max_size=12))
def test_numbers_from_any_text(text):
    try:
        value, _ = number(text)
    except ValueError:
        return
    assert 0 <= value < 1 << 64


def test_how_many_parts():
    need_parts("interval", ("s", "1"), None, 1, 2)
    with pytest.raises(DiagnosticError, match=r"^interval probe type requires 1 or 2 arguments, found 3$"):
        need_parts("interval", ("s", "1", "2"), None, 1, 2)
    with pytest.raises(DiagnosticError, match=r"^begin probe type requires 0 arguments, found 1$"):
        need_parts("begin", ("x",), None, 0)


def test_did_you_mean():
    assert did_you_mean("sched_swich", NAMES, "tracepoint:sched:") == "did you mean tracepoint:sched:sched_switch?"
    assert did_you_mean("zzz", NAMES) == ""


def test_did_you_mean_among_a_kernels_functions():
    """More names than can be compared one by one."""
    names = [f"function_{i}" for i in range(60_000)] + ["vfs_read", "vfs_write", "vfs_readv"]
    assert did_you_mean("vfs_reed", names).startswith("did you mean vfs_read")
    assert did_you_mean("nanosleep", [*names, "hrtimer_nanosleep"]) == "did you mean hrtimer_nanosleep?"
