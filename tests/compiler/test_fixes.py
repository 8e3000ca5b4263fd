"""The repair that a diagnostic brings with it where it is certain, and the line that shows it."""

import pytest
from compiler.compiling import refusal

from bttui.render.diagnostics import format_diagnostic


def repaired(text):
    """The program after the fix, None where there is none."""
    (problem,) = [d for d in refusal(text) if d.severity == "error"]
    fix = problem.fix
    if fix is None:
        return None
    changed = text[: fix.span.start] + fix.text + text[fix.span.end :]
    assert f"FIX: {changed}" in format_diagnostic(problem, text).splitlines()
    return changed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('begin { pritnf("x"); }', 'begin { printf("x"); }'),
        ("begin { print(nsces); }", "begin { print(nsecs); }"),
        ("begin { print(curtask.real_paernt); }", "begin { print(curtask.real_parent); }"),
        ("config = { max_strlne = 64 } begin { }", "config = { max_strlen = 64 } begin { }"),
        ("begin { @count[1] = 1; print(@cuont); }", "begin { @count[1] = 1; print(@count); }"),
        ("begin { print(zzz); }", None),
        ("begin { print(curtask.nothing_like_it); }", None),
        ("macro m() { nsces } begin { print(m()); }", None),
    ],
)
def test_slips(text, expected):
    assert repaired(text) == expected
