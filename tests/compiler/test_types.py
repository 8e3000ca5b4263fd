"""What variables and maps become: literals, promotion, joins, casts, folding."""

import pytest
from compiler.compiling import begin, refusal, warnings, written

from bttui.compiler.infer.rules import Unfoldable, describe, fold, promote
from bttui.model import types


def map_types(lowered):
    """{map: (key, value)} as people write types."""
    maps = lowered.tables.typer.maps
    return {name: (describe(i.key) if i.key is not None else None, describe(i.value)) for name, i in maps.items()}


def variable_types(lowered):
    """{variable: type} of the first body."""
    return {slot.name: describe(slot.type) for slot in lowered.bodies[0].slots.values()}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("$a = 1;", "int8"),
        ("$a = 127;", "int8"),
        ("$a = 128;", "int16"),
        ("$a = -129;", "int16"),
        ("$a = 32768;", "int32"),
        ("$a = 2147483648;", "int64"),
        ("$a = 0x8000000000000000;", "uint64"),
        ("$a = 10ull;", "int8"),
        ("$a = 1; $a = 300;", "int16"),
        ("$a = 300; $a = 1;", "int16"),
        ("$a = (uint8)1; $a = (uint32)1;", "uint32"),
        ("$a = (uint32)1; $a = (int32)1;", "int64"),
        ("$a = (uint8)1; $a = (int8)1;", "int16"),
        ("$a = (int64)1; $a = (uint32)1;", "int64"),
        ("$a = (uint64)1; $a = (int8)-1;", "int64"),
        ("$a = 0; $a = nsecs;", "uint64"),
        ("$a = -1; $a = nsecs;", "int64"),
        ("$a = 1; $a++;", "int64"),
        ("$a = 1; $a++; $a = (uint64)-7;", "uint64"),
        ("$a = 1; $a = $a + 1; $a = (uint64)-7;", "uint64"),
        ("$a = 1; $a = pid;", "uint32"),
        ("$a = 200; $a = (uint8)1;", "uint16"),
        ("$a = (uint8)1; $a = 200;", "uint16"),
        ("$a = (int8)1; $a = 200;", "int16"),
        ("$a = 1; $a = -1; $a = (uint16)1;", "int32"),
        ("$a = 1 << (int8)3;", "int64"),
        ("$a = 1 << (uint8)3;", "uint64"),
        ("$a = pid > 1 ? 300 : (uint8)3;", "uint16"),
        ("$a = true + 300;", "uint64"),
        ('$a = getopt("n", 1);', "uint64"),
        ('$a = getopt("n", -1);', "int64"),
        ("$a = (uint8)1; $a++;", "uint64"),
        ("let $a : uint8 = 1; $a++;", "uint8"),
        ("$a = pid; ", "uint32"),
        ("$a = pid + 1;", "uint64"),
        ("$a = nsecs - 1;", "int64"),
        ("$a = pid == 1;", "bool"),
        ("$a = !pid;", "bool"),
        ("$a = -pid;", "uint64"),
        ("$a = -(int8)5;", "int64"),
        ("$a = ~(uint8)5;", "uint64"),
        ("$a = (uint32)5 + (uint16)1;", "uint64"),
        ("$a = (uint8)1 - 2;", "int64"),
        ("$a = (int8)1 + 2;", "int64"),
        ("$a = 5 - 3;", "int8"),
        ("$a = ~0;", "uint64"),
        ('$a = "abc";', "string[4]"),
        ('$a = "a" + "bc";', "string[4]"),
        ('$a = "abc"; $a = "abcdef";', "string[7]"),
        ("$a = comm;", "string[16]"),
        ("$a = (1, 300);", "(int8,int16)"),
        ('$a = (1, "a"); $a = (3000, "abc");', "(int16,string[4])"),
        ('$a = (x=1, y="a"); $a = (y="abc", x=70000);', "record { .x = int32, .y = string[4] }"),
        ("$a = (x=1, y=2); $a = (y=-2, x=(uint64)2);", "record { .x = uint64, .y = int8 }"),
        ("$a = (1, (2, 3)); $a = (-1, (2, (uint64)3));", "(int8,(int8,uint64))"),
        ("$a = (int32 *)5;", "int32 *"),
        ("$a = (void *)5;", "void *"),
        ("$a = curtask;", "struct task_struct *"),
        ("$a = curtask.pid;", "int32"),
        ("$a = (uint8[4])1;", "uint8[4]"),
        ('$a = (int8[])"hello";', "int8[6]"),
        ("$a = 1 ? 5 : 70000;", "int8"),
        ("$a = pid ? 5 : 70000;", "int32"),
        ("$a = pid; $a -= 1;", "int64"),
        ("$a = pid; $a |= 1;", "uint64"),
        ("$a = 1; $a += 1;", "int64"),
        ("$a = 5; $a = 18446744073709551615;", "uint64"),
        ('$a = 5 ?: "x";', "int8"),
        ("$a = sizeof(uint64_t[2]);", "uint8"),
        ("$a = sizeof(struct task_struct);", "uint16"),
        ("$a = BPF_MAP_TYPE_HASH;", "enum bpf_map_type"),
        ("$a = BPF_MAP_TYPE_HASH; $a++;", "uint64"),
    ],
)
def test_variables(statements, expected):
    assert variable_types(begin(statements))["$a"] == expected


@pytest.mark.parametrize(
    ("statements", "key", "value"),
    [
        ("@a = 1;", None, "int8"),
        ("@a = 1; @a = 70000;", None, "int32"),
        ("@a[1] = 1; @a[70000] = 2;", "int32", "int8"),
        ('@a["x"] = 1; @a["longer"] = 2;', "string[7]", "int8"),
        ("@a[1, 2] = 1; @a[(300, 4)] = 1;", "(int16,int8)", "int8"),
        ("@a++;", None, "int64"),
        ("@a[pid] += 2;", "uint32", "int64"),
        ("@a[comm] = count();", "string[16]", "count_t"),
        ("@a = sum(pid);", None, "sum_t"),
        ("@a = hist(1, 3);", None, "hist_t"),
        ("@b = 5; @a = @b; @b = 70000;", None, "int32"),
        ("@a = @c; @c = nsecs;", None, "uint64"),
        ("@a = nsecs; @a -= 1;", None, "int64"),
        ("@a = nsecs; @a--;", None, "int64"),
        ("@a = nsecs; @a += 1;", None, "uint64"),
        ("@a++; @a = nsecs;", None, "uint64"),
        ("@a--; @a = nsecs;", None, "int64"),
    ],
)
def test_maps(statements, key, value):
    assert map_types(begin(statements))["@a"] == (key, value)


def test_a_map_that_nobody_writes_reads_as_zero():
    assert map_types(begin("@a = @b[1];"))["@b"] == ("int8", "int64")
    assert warnings("BEGIN { @a = @b[1]; }") == ["1:14-19 warning: @b is never written: it reads as 0"]


def test_signs_that_clash_are_told():
    assert warnings("BEGIN { $a = nsecs; $a = (int64)-1; }") == [
        "1:14-19 warning: Expression of type: uint64 being cast to type: int64. "
        "This may cause unexpected results. Use an explicit cast to suppress this warning."
    ]
    assert warnings("BEGIN { let $a : uint8 = 1; $a = (int32)5; }") == [
        "1:34-42 warning: Expression of type: int32 being cast to type: uint8. "
        "This may cause unexpected results. Use an explicit cast to suppress this warning."
    ]


@pytest.mark.parametrize(
    ("operator", "left", "right", "value"),
    [
        ("+", 1, 2, 3),
        ("-", 0, 1, -1),
        ("-", 0xFFFFFFFFFFFFFFFF, 1, 0xFFFFFFFFFFFFFFFE),
        ("-", 0, 1 << 63, -(1 << 63)),
        ("*", 0x7FFFFFFFFFFFFFFF, 2, 0xFFFFFFFFFFFFFFFE),
        ("/", -5, 2, -2),
        ("%", -5, 3, -2),
        ("%", 5, -3, 2),
        ("<<", 1, 63, 1 << 63),
        ("<<", -1, 63, -(1 << 63)),
        ("<<", 0xFFFFFFFFFFFFFFFF, 1, 0xFFFFFFFFFFFFFFFE),
        (">>", -1, 1, -1),
        ("^", -1, 1, -2),
        ("+", True, True, True),
        ("*", True, 5, None),
        ("&&", "a", 0, False),
        ("||", "", 1, True),
        ("<", "abc", "abd", True),
        ("+", "a", "b", "ab"),
        ("+", "hello", 3, "lo"),
        ("+", "a", 9, ""),
    ],
)
def test_folding(operator, left, right, value):
    result = fold(operator, left, right)
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("operator", "left", "right"),
    [
        ("/", 1, 0),
        ("%", 1, 0),
        ("/", False, False),
        ("+", 0xFFFFFFFFFFFFFFFF, 1),
        ("-", 0, 0xFFFFFFFFFFFFFFFF),
        ("-", 0x7FFFFFFFFFFFFFFF, -1),
        ("&", -1, 0xFFFFFFFFFFFFFFFF),
        ("<", -1, 0xFFFFFFFFFFFFFFFF),
        ("*", 0xFFFFFFFFFFFFFFFF, 2),
        ("<<", 1, 64),
        (">>", 1, -1),
    ],
)
def test_literals_without_a_result(operator, left, right):
    with pytest.raises(Unfoldable):
        fold(operator, left, right)


def test_promotion_is_symmetric_and_holds_both():
    every = [types.Integer(size=n, signed=s) for n in (1, 2, 4, 8) for s in (False, True)]
    for a in every:
        for b in every:
            joined = promote(a, b)
            assert joined == promote(b, a)
            if joined is None:
                assert {a.signed, b.signed} == {True, False} and 8 in (a.size if not a.signed else 0, b.size if not b.signed else 0)
                continue
            for part in (a, b):
                low = -(1 << part.size * 8 - 1) if part.signed else 0
                high = (1 << part.size * 8 - part.signed) - 1
                assert joined.signed or low == 0
                assert high < 1 << joined.size * 8 - joined.signed and (not joined.signed or low >= -(1 << joined.size * 8 - 1))


@pytest.mark.parametrize(
    ("expression", "size"), [("size_t", 8), ("pid_t", 4), ("int", 4), ("struct task_struct *", 8), ("BPF_MAP_TYPE_HASH", 8)]
)
def test_words_that_name_types(expression, size):
    lowered = begin(f"$a = sizeof({expression});")
    assert lowered.tables.typer.constant(lowered.bodies[0].block.statements[0].value) == size


def test_the_address_of_a_variable():
    assert variable_types(begin("$a = (1, 300); $p = &$a;"))["$p"] == "(int8,int16) *"


def test_keys_that_are_literals_take_the_sign_of_what_they_meet():
    lowered = begin("@a[0] = 1; @a[nsecs] = 2; @b[1, 0] = 1; @b[1, nsecs] = 1; @c[nsecs] = 1; @c[0] = 1; @d[-1] = 1; @d[nsecs] = 1;")
    keys = {name: key for name, (key, _) in map_types(lowered).items()}
    assert keys == {"@a": "uint64", "@b": "(int8,uint64)", "@c": "uint64", "@d": "int64"}
    assert [written(p).split(".")[0] for p in lowered.tables.typer.problems] == [
        "1:108-113 warning: Expression of type: uint64 being cast to type: int64"
    ]


def test_a_number_above_int64_does_not_fit_what_has_a_sign():
    (found,) = refusal("BEGIN { $a = -5; $a = 18446744073709551615; }")
    assert found.message == "Type mismatch for $a: trying to assign value of type 'uint64' when variable already has a type 'int8'"


def test_only_literals_of_different_kinds_are_chosen_from():
    assert variable_types(begin('$a = true ? 42 : "0";'))["$a"] == "int8"
    assert refusal('BEGIN { $a = true ? (uint32)42 : "0"; }') and refusal('BEGIN { $a = true ? sizeof(int8) : "0"; }')


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("$v = 1; $a = $v; $a = nsecs;", "uint64"),
        ("@v = 1; $a = @v; $a = nsecs;", "uint64"),
        ("$t = (1, pid); $a = $t.0; $a = nsecs;", "uint64"),
        ("$t = (x=1, y=pid); $a = $t.x; $a = nsecs;", "uint64"),
        ("$a = 0; for ($i : 0..5) { $a = $i; } $a = nsecs;", "uint64"),
        ("$v = 1; $a = $v + nsecs;", "uint64"),
        ("$v = 1; $a = $v + $v; $a = nsecs;", "int64"),
        ("$v = (int8)1; $a = $v; $a = nsecs;", "int64"),
        ("$v = 1; $v = -1; $a = $v; $a = nsecs;", "int64"),
        ("let $v : int8 = 1; $a = $v; $a = nsecs;", "int64"),
        ("$v = 1; let $w : typeof($v) = 1; $a = $w; $a = nsecs;", "int64"),
    ],
)
def test_what_only_ever_held_literals_goes_with_either_sign(statements, expected):
    lowered = begin(statements)
    assert next(describe(slot.type) for slot in lowered.bodies[0].slots.values() if slot.name == "$a") == expected


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ("0..5", "int8"),
        ("0..300", "int16"),
        ("0..pid", "uint32"),
        ("0..(int64)5", "int64"),
        ("(uint8)250..(uint16)260", "uint16"),
        ("(int8)0..(uint16)2", "int32"),
        ("(uint64)0..(int8)2", "int64"),
    ],
)
def test_the_variable_of_a_range_holds_both_ends(bounds, expected):
    assert variable_types(begin(f"for ($i : {bounds}) {{ }}"))["$i"] == expected


def test_the_variable_of_a_range_grows():
    assert variable_types(begin("for ($i : 0..5) { $i = 500; $i++; }"))["$i"] == "int64"


@pytest.mark.parametrize(
    "value",
    [
        'getopt("n", 300)',
        '-300 + getopt("n", 1)',
        "((65536 + 3ms), (int8)0).0",
        "(x=300, y=pid).x",
        'strlen("a") == 1 ? 300 : 2',
        "true ? 300 : nsecs",
        "true + 300",
        "(true == 1) ? 300 : 2",
    ],
)
def test_what_is_no_literal_is_cut(value):
    assert variable_types(begin(f"let $a : int8 = {value};"))["$a"] == "int8"


@pytest.mark.parametrize(
    "value",
    ["300", "(300, 1).0", "true ? 300 : 2", "(bool)256 ? 300 : 2", "sizeof(string[300])", "default_str_length()", "config.max_strlen"],
)
def test_a_literal_must_fit(value):
    (found,) = refusal(f"BEGIN {{ let $a : int8 = {value}; }}")
    assert found.message.startswith("Type mismatch for $a: trying to assign value of type ")


def test_branches_differ_where_the_condition_is_no_literal():
    (found,) = refusal("BEGIN { print(sizeof(uint8) < 255 ? true : 5); }")
    assert found.message == "Branches must return the same type or compatible types: have 'bool' and 'int8'"


@pytest.mark.parametrize("branches", ["9223372036854775808 : (int64)-2", "(int64)-2 : 9223372036854775808"])
def test_a_number_that_a_branch_cannot_hold(branches):
    (found,) = refusal(f"BEGIN {{ $a = 1; print($a ? {branches}); }}")
    assert found.message.startswith("Branches must return the same type or compatible types")


@pytest.mark.parametrize("branches", ["(uint64)pid : (int64)-2", "(int64)-2 : (uint64)pid"])
def test_of_branches_the_unsigned_one_is_cast(branches):
    text = f"BEGIN {{ $a = 1; print($a ? {branches}); }}"
    (warning,) = warnings(text)
    first = text.index("(uint64)pid") + 1
    assert warning.startswith(f"1:{first}-{first + 11} warning: Expression of type: uint64 being cast to type: int64")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('"abc"[4]', "the index 4 is out of bounds for array of size 4"),
        ('"abc"[-1]', "The array index operator [] only accepts non-negative integer indices. Got: -1"),
        ("((uint8[4])1)[1 - 2]", "The array index operator [] only accepts non-negative integer indices. Got: -1"),
        ("(1, 2)[pid]", "The index of a tuple must be a literal integer"),
    ],
)
def test_indexes_that_are_outside(expression, message):
    (found,) = refusal(f"BEGIN {{ print({expression}); }}")
    assert found.message == message


def test_the_end_of_a_string_may_be_looked_at():
    assert begin('print("abc"[3]);')
