import pytest

from bttui.model.frame import Symbol
from bttui.model.types import (
    BOOL,
    INT16,
    INT32,
    INT64,
    UINT64,
    Array,
    Average,
    Buffer,
    Inet,
    KernelSymbol,
    MacAddress,
    Stack,
    Stats,
    Struct,
    Timestamp,
    Username,
    UserSymbol,
    make_record,
    make_tuple,
)
from bttui.render.values import value_text, zero
from tests.render.samples import FOO, MAP_TYPE, NESTED, PAIR, POINT, POINTER, STRING, SYMBOLS, USER_SYMBOLS

CASES = [
    (INT64, -1, "-1"),
    (UINT64, 2**64 - 1, "18446744073709551615"),
    (BOOL, True, "true"),
    (BOOL, False, "false"),
    (POINTER, 0, "0x0"),
    (POINTER, 0xFFFF888012345678, "0xffff888012345678"),
    (MAP_TYPE, 1, "BPF_MAP_TYPE_HASH"),
    (MAP_TYPE, 7, "7"),
    (STRING, 'a\nb"c\x01\udcff', 'a\nb"c\x01\udcff'),
    (Buffer(), b'a\nb"\\c\x01\xff\x7f', 'a\\x0ab"\\c\\x01\\xff\\x7f'),
    (make_tuple([BOOL, STRING, INT16, PAIR]), (True, "x", -5, (1, "a")), "(true, x, -5, (1, a))"),
    (make_tuple([INT16]), (1,), "(1)"),
    (POINT, (1, "s"), "{ .x = 1, .y = s }"),
    (make_record([("x", POINT), ("z", PAIR)]), ((1, "s"), (2, "b")), "{ .x = { .x = 1, .y = s }, .z = (2, b) }"),
    (FOO, (7, "ab", (1, -2), 0, ()), "{ .a = 7, .b = ab, .c = [1,-2], .p = 0x0, .flex = null }"),
    (NESTED, (1, (2, (3,))), "{ .z = 1, .u = 2, .w = 3 }"),
    (Struct(name="struct unknown", size=8), (1, 2), "{ ... }"),
    (Array(element=Array(element=INT32, count=2), count=2), ((0, 1), (2, 3)), "[[0,1],[2,3]]"),
    (Array(element=make_record([("x", INT32)]), count=2), ((0,), (1,)), "[{ .x = 0 },{ .x = 1 }]"),
    (KernelSymbol(), Symbol(0xFFFFFFFF81F081AA, "schedule", 5), "schedule"),
    (KernelSymbol(), Symbol(0x1234), "0x1234"),
    (UserSymbol(), Symbol(0), "0"),
    (Inet(), "127.0.0.1", "127.0.0.1"),
    (MacAddress(), "62:70:66:74:72:61", "62:70:66:74:72:61"),
    (Username(), "root", "root"),
    (Average(), (-7, 2), "-3"),
    (Stats(), (-7, 2), "{ .count = 2, .average = -3, .total = -7 }"),
    (Stats(), (0, 0), "{ .count = 0, .average = 0, .total = 0 }"),
    (Stack(space="kernel"), SYMBOLS, "\n        schedule+106\n        0xffffffffc0027502\n"),
    (Stack(space="kernel", mode="perf"), SYMBOLS, "\n\tffffffff81f081aa schedule+106\n\tffffffffc0027502 0xffffffffc0027502\n"),
    (
        Stack(space="user", mode="perf"),
        USER_SYMBOLS,
        "\n\t7fc910d1ae89 syscall+25 (/usr/lib/libc.so.6)\n\t55e913c8d958 0x55e913c8d958 ([unknown])\n",
    ),
    (Stack(space="user", mode="raw"), USER_SYMBOLS, "\n7fc910d1ae89\n55e913c8d958\n"),
    (
        Stack(space="user", mode="build_id"),
        (Symbol(0x7F4A8FF31AB4, "", 0x23AB4, "0a8e9e6786b32d6e"), Symbol(0x5F4342494C470036)),
        "\n0a8e9e6786b32d6e 0x23ab4\n5f4342494c470036\n",
    ),
    (Stack(space="kernel"), (), "\n"),
]


@pytest.mark.parametrize(("type_", "value", "text"), CASES)
def test_text_of_a_value(type_, value, text):
    assert value_text(type_, value) == text


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (INT64, "0"),
        (BOOL, "false"),
        (POINTER, "0x0"),
        (MAP_TYPE, "BPF_MAP_TYPE_UNSPEC"),
        (STRING, ""),
        (Buffer(), ""),
        (PAIR, "(0, )"),
        (POINT, "{ .x = 0, .y =  }"),
        (Array(element=INT32, count=4), "[0,0,0,0]"),
        (KernelSymbol(), "0"),
        (Stack(space="kernel"), "\n"),
        (Timestamp(), "(?)"),
        (Stats(), "{ .count = 0, .average = 0, .total = 0 }"),
    ],
)
def test_what_an_untouched_map_shows(type_, text):
    assert value_text(type_, zero(type_)) == text
