"""typeinfo(): what the program may ask of types, and what follows for types that it has asked for."""

import pytest
from compiler.compiling import begin, errors, lower

from bttui.compiler.infer.rules import describe

ENABLE = "config = { unstable_typeinfo = enable } "


def told(argument, before=""):
    """(base_type, full_type)"""
    lowered = lower(f"{ENABLE}begin {{ {before} $t = typeinfo({argument}); }}")
    call = lowered.bodies[0].block.statements[-1].value
    return tuple(value.value for name, value in call.note.fields if name != "btf_id")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("1", ("int", "int8")),
        ("uint8", ("int", "uint8")),
        ("pid", ("int", "uint32")),
        ("1 == 1", ("bool", "bool")),
        ('"abc"', ("string", "string[4]")),
        ("curtask.comm", ("string", "string[16]")),
        ("curtask", ("pointer", "struct task_struct *")),
        ("int8**", ("pointer", "int8 * *")),
        ("struct task_struct", ("c_type", "struct task_struct")),
        ("int32[4]", ("array", "int32[4]")),
        ('((1, 2), "abcd")', ("tuple", "((int8,int8),string[5])")),
        ('(a=1, b="x")', ("record", "record { .a = int8, .b = string[2] }")),
        ('buf("abc", 2)', ("buffer", "buffer[6]")),
        ("kstack(5)", ("kstack", "kstack_bpftrace_5")),
        ("ntop(1)", ("inet", "inet[24]")),
        ("ksym(0)", ("ksym_t", "ksym_t")),
    ],
)
def test_of_types_and_expressions(argument, expected):
    assert told(argument) == expected


def test_of_a_map_with_keys_it_is_the_key():
    assert told("@a", '@a[1, "x"] = 2;') == ("tuple", "(int8,string[2])")
    assert told("@a[1]", "@a[1] = (uint16)2;") == ("int", "uint16")


def test_what_is_assigned_later_counts():
    lowered = lower(ENABLE + 'begin { $a = 1; if comptime (typeinfo($a).full_type == "int64") { $c = 1; } else { nosuch } $a = (int64)2; }')
    assert "$c" in {slot.name for slot in lowered.bodies[0].slots.values()}


def test_a_type_that_was_asked_for_stays():
    branch = 'if comptime (typeinfo(@a).full_type == "uint32")'
    assert any("this type has been locked" in e for e in errors(ENABLE + f"begin {{ @a = (uint32)1; {branch} {{ @a = (uint64)2; }} }}"))
    assert any(
        "this type has been locked" in e for e in errors(ENABLE + f"begin {{ @a[(uint32)1] = 1; {branch} {{ @a[(uint64)2] = 2; }} }}")
    )
    lower(ENABLE + f"begin {{ {branch} {{ @a[(uint32)2] = 2; }} @a[(uint32)1] = 1; }}")


def test_refused_unless_enabled():
    assert errors("begin { print(typeinfo(1)); }") == [
        "1:15-26 error: typeinfo feature is not enabled by default. To enable this unstable feature, set the config flag to enable. unstable_typeinfo=enable"
    ]


def test_unknown_types():
    assert "1:79-81 error: Could not resolve the type of this variable" in errors(ENABLE + "begin { let $z; $a = 1; $b = typeinfo($z); }")
    assert any("Unable to resolve comptime expression" in e for e in errors("begin { $x = 5; print(comptime ($x + 3)); }"))
    assert any("Map assignments not allowed" in e for e in errors(ENABLE + "begin { $b = typeinfo({ @a = 1; 1 }); }"))


def test_comptime_takes_what_is_made_of_literals():
    lowered = begin('$a = comptime (2 + 3); $b = comptime ((1, "x").1); $c = comptime (1, 2);')
    assert [describe(s.type) for s in lowered.bodies[0].slots.values()] == ["int8", "string[2]", "(int8,int8)"]
