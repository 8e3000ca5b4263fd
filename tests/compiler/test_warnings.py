"""What is accepted with a warning: where it points, and that ordinary programs get none."""

import pytest
from compiler.compiling import begin, errors, warnings

CAST = "warning: Expression of type: uint64 being cast to type: int64. This may cause unexpected results. Use an explicit cast to suppress this warning."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("begin { let $x; }", ["1:9-15 warning: Variable $x was never assigned to."]),
        ("begin { let $x; print($x); $x = 1; }", ["1:23-25 warning: Variable used before it was assigned: $x"]),
        ("begin { let $x; if (pid) { $x = 1; } print($x); }", []),
        ("let @a = hash(5); begin { }", ["1:5-7 warning: Unused map: @a"]),
        ("begin { 5; pid; }", ["1:9-10 warning: Return value discarded.", "1:12-15 warning: Return value discarded."]),
        ("begin { @a = 1; @a++; delete(@a); _ = 5; exit; }", []),
        ('begin { strlen("a"); }', ["1:9-20 warning: Return value discarded."]),
        ("begin { @a[1] = 1; has_key(@a, 1); }", ["1:20-34 warning: Return value discarded."]),
        ("begin { $a = 1; -$a; }", ["1:17-20 warning: Return value discarded."]),
        ("begin { @a[1] = 1; delete(@a, 1); $b = 0; find(@a, 1, $b); print($b); }", []),
        ("begin { $a = 1; ++$a; $a--; @b = count(); clear(@b); kstack(); }", ["1:54-62 warning: Return value discarded."]),
        ("begin { $a = (uint64)nsecs; }", ["1:14-27 warning: Unnecessary cast: expression is already of type uint64"]),
        ('begin { $a = (string[4])"abc"; }', ["1:14-30 warning: Unnecessary cast: expression is already of type string[4]"]),
        ("begin { $a = (int64)5; $b = (uint16)$a; @ = count(); $c = (int64)@; }", []),
        ("macro m(v) { (int8)v } begin { $a = m(1); $b = m(300); }", []),
        ("begin { print(cpid); }", ["1:15-19 warning: No child command (`-c`); cpid is zero"]),
        ("begin { if (has_cpid) { print(cpid); } }", []),
        ("begin { print($1); }", ["1:15-17 warning: Positional parameter $1 is empty or not provided."]),
        ("begin { $a = nsecs + (int32)5; }", ["1:14-19 " + CAST]),
        ("begin { if (nsecs == -1) { } }", ["1:13-18 " + CAST]),
        ("begin { @s = nsecs; @d = nsecs - @s; }", []),
        ("begin { $a = pid + (int64)2; }", []),
    ],
)
def test_warnings(text, expected):
    assert warnings(text) == expected


@pytest.mark.parametrize("kind", ["test", "bench"])
def test_blocks_need_a_name(kind):
    assert errors(f"{kind}: {{ 1 }}") == [f"1:1-{len(kind) + 2} error: {kind} probes must have a name"]


def test_the_address_of_a_map():
    begin("@a = 1; @b[1] = 2; $x = &@a; $y = &@b;")
    assert errors("begin { $x = &@a; }") == ["1:15-17 error: Undefined map: @a"]
