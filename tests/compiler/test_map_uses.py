"""What a program's text tells about its maps."""

import pytest

from bttui.compiler.map_uses import is_scratch, key_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("t:a:b { @x[comm, pid] = count(); }", ("comm", "pid")),
        ("t:a:b { @x[str(args.filename, 64)] = count(); }", ("str(args.filename, 64)",)),
        ("t:a:b { @x[(pid, @y[tid])] = 1; }", ("(pid, @y[tid])",)),
        ("t:a:b { @x = count(); }", ()),
        ("t:a:b { print(@x); @x[tid] = 1; }", ("tid",)),
        ("// @x[wrong]\nt:a:b { @x[tid] = 1; }", ("tid",)),
        ("t:a:b { @xy[tid] = 1; }", ()),
        ("t:a:b { @x[tid", ()),
    ],
)
def test_key_names(text, names):
    assert key_names(text, "@x") == names


@pytest.mark.parametrize(
    ("text", "scratch"),
    [
        ("t:a:b { @x[tid] = 1; } t:a:c { delete(@x[tid]); }", True),
        ("t:a:c { delete ( @x, tid ); }", True),
        ("t:a:c { delete(@xy[tid]); @x = 1; }", False),
        ("t:a:c { clear(@x); }", False),
    ],
)
def test_a_map_whose_entries_are_deleted_is_scratch(text, scratch):
    assert is_scratch(text, "@x") is scratch
