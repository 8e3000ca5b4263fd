"""The expected texts were seen from bpftrace 0.27.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.model.format import parse_format, specifiers
from bttui.model.frame import Symbol
from bttui.model.types import (
    BOOL,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    Array,
    Buffer,
    Count,
    KernelSymbol,
    Stack,
    Stats,
    Username,
    make_record,
    make_tuple,
)
from bttui.render.printf import compile_batch, compile_format
from tests.render.samples import MAP_TYPE, POINTER, STRING, SYMBOLS

BIG = 0x1122334455667788
MAX = 2**64 - 1

CASES = [
    ("%d %s\n", [INT64, STRING], (1, "x"), "1 x\n"),
    ("100%% %d%%\n", [INT8], (5,), "100% 5%\n"),
    # Without a length modifier 32 bits are shown, whatever the argument.
    ("%d %i %u %x %o %X", [UINT64] * 6, (BIG,) * 6, "1432778632 1432778632 1432778632 55667788 12531473610 55667788"),
    ("%ld %lld %jd %zd %td %lu %lx", [UINT64] * 7, (BIG,) * 7, "1234605616436508552 " * 6 + "1122334455667788"),
    ("%hhd %hhu %hhx %hho %hhX", [UINT64] * 5, (0x11F8,) * 5, "-8 248 f8 370 F8"),
    ("%hd %hu %hx", [UINT64] * 3, (0x5566F788,) * 3, "-2168 63368 f788"),
    ("%Ld %hhhd %lhd", [UINT64] * 3, (BIG,) * 3, "1432778632 1432778632 1432778632"),
    ("%d %d %d %d", [UINT8, UINT16, UINT32, UINT64], (255, 65535, 2**32 - 1, MAX), "255 65535 -1 -1"),
    ("%u %u %u %u", [INT8, INT16, INT32, INT64], (-1,) * 4, "4294967295 4294967295 4294967295 4294967295"),
    ("%x %lx %hx %hhx", [INT8] * 4, (-1,) * 4, "ffffffff ffffffffffffffff ffff ff"),
    ("%llu %lld", [UINT64] * 2, (MAX, MAX), "18446744073709551615 -1"),
    ("%X %o", [INT16] * 2, (-1, -1), "FFFFFFFF 37777777777"),
    # Flags and widths: the fill goes before sign and prefix.
    ("%5d|%-5d|%05d|%-05d|%+d|%+d", [INT8] * 6, (3, 3, 3, 5, 5, -5), "    3|3    |00003|50000|+5|-5"),
    ("%05d %05d %05x %+05d", [INT8] * 4, (-3, 0, -3, 3), "000-3 00000 fffffffd 000+3"),
    ("%#x %#o %#X %#x %#o %#d", [UINT8] * 6, (5, 8, 255, 0, 0, 5), "0x5 010 0XFF 0 0 5"),
    ("%#5x|%-#5x|%#06x", [UINT8] * 3, (3, 3, 3), "  0x3|0x3  |0000x3"),
    ("%+u|%+x|%+lu|%+s|%+d", [UINT8, UINT8, UINT64, INT8, UINT64], (5,) * 5, "5|5|5|+5|+5"),
    ("% d|% 5d|%-+5d|", [INT8] * 3, (1, 3, 3), "1|    3|+3   |"),
    ("%.10d|%.5d", [INT8] * 2, (5, 5), "5|5"),
    (
        "%08lx|%-8lx|%20p|%-20p|%010p|",
        [UINT8] * 5,
        (255, 255, 5, 5, 5),
        "000000ff|ff      |" + "0x5|".rjust(21) + "0x5".ljust(20) + "|00000000x5|",
    ),
    ("%p %p %p", [UINT64, INT64, POINTER], (0, -1, 5), "0 0xffffffffffffffff 0x5"),
    ("%d %ld %x %lx", [POINTER] * 4, (0xFFFF888012345678,) * 4, "305419896 -131391334099336 12345678 ffff888012345678"),
    ("%c%c%c|%5c|%05c", [INT64] * 5, (65, 0x141, 200, 65, 66), "AA\udcc8|    A|0000B"),
    ("%c%c", [UINT8] * 2, (0xC3, 0xA9), "\udcc3\udca9"),
    # %s takes everything.
    ("%5s|%-5s|%.2s|%5.2s|%05s|%-010s|", [STRING] * 6, ("abc",) * 5 + ("a",), "  abc|abc  |abc|  abc|00abc|a000000000|"),
    ("%5s|%-5s|%.1s|", [STRING] * 3, ("é",) * 3, "   é|é   |é|"),
    ("%5s|%05s|%-5s|%s", [INT8, INT8, INT8, UINT64], (5, -5, 5, MAX), "    5|000-5|5    |18446744073709551615"),
    ("%s %d %5s %5s|%05s|%c", [BOOL] * 6, (True, True, True, False, True, True), "true 1  true false|0true|\x01"),
    ("%s %d [%20s] [%-20s] %x", [MAP_TYPE] * 5, (1,) * 5, "BPF_MAP_TYPE_HASH 1 [   BPF_MAP_TYPE_HASH] [BPF_MAP_TYPE_HASH   ] 1"),
    ("%s %s %5s", [POINTER] * 3, (0, 255, 5), "0x0 0xff   0x5"),
    ("%20s|%-20s|", [KernelSymbol()] * 2, (Symbol(1, "schedule", 3),) * 2, "            schedule|schedule            |"),
    ("%10s|", [Username()], ("root",), "      root|"),
    ("%s|", [Stack(space="kernel")], (SYMBOLS[:1],), "\n        schedule+106\n|"),
    ("%30s|", [Stack(space="kernel")], (SYMBOLS[:1],), "        \n        schedule+106\n|"),
    ("%s %s", [Count(), Stats()], (2, (4, 1)), "2 { .count = 1, .average = 4, .total = 4 }"),
    # Of a compound value, the opening bracket has the width.
    (
        "%20s|%-10s|%+s",
        [make_tuple([BOOL, INT8])] * 3,
        ((True, 5), (False, 2), (True, 5)),
        " " * 19 + "(true, 5)|(         false, 2)|(true, +5)",
    ),
    ("%15s|%-15s|", [Array(element=UINT8, count=4)] * 2, ((1, 2, 3, 4),) * 2, "              [1,2,3,4]|[              1,2,3,4]|"),
    (
        "%20s|%-20s|%020s|",
        [make_record([("x", INT8)])] * 3,
        ((1,),) * 3,
        " " * 18 + "{ .x = 1 }|{ " + " " * 18 + ".x = 1 }|" + "0" * 18 + "{ .x = 1 }|",
    ),
    ("%5s", [Stats()], ((0, 0),), "   { .count = 0, .average = 0, .total = 0 }"),
    ("%+s %+s", [make_record([("x", INT8), ("y", UINT8)]), Array(element=INT8, count=2)], ((5, 5), (1, -1)), "{ .x = +5, .y = 5 } [+1,-1]"),
    # Buffers.
    ("%s|%r|%rx|%rh", [Buffer()] * 4, (b"a\x01b",) * 4, "a\\x01b|a\\x01b|\\x61\\x01\\x62|61 01 62"),
    ("%15rh|%-15rh|%15rx|%5r|%05r", [Buffer()] * 5, (b"ab",) * 5, "          61 62|61 62          |       \\x61\\x62|   ab|000ab"),
    ("%rhx %rxx %rr", [Buffer()] * 3, (b"a",) * 3, "61x \\x61x ar"),
    # Page allocator flags.
    (
        "%gr|%20gr|%gr|%gr",
        [UINT64] * 4,
        (0, 0xCC0, 0xDC0, 0x40DC0),
        "0|          GFP_KERNEL|GFP_KERNEL|__GFP_ZERO|GFP_KERNEL|__GFP_ZERO|__GFP_COMP",
    ),
    ("%gr %gr %gr", [UINT64] * 3, (0x2100CCA, 0xC20, 0x100CCA), "GFP_HIGHUSER_MOVABLE GFP_ATOMIC|__GFP_DIRECT_RECLAIM GFP_HIGHUSER|0x8"),
    # What is no specifier stays as it is.
    ("a%zb%yc% \n", [], (), "a%zb%yc% \n"),
    ("%5%|%-5%|%0%|%", [], (), "%|%|%|%"),
    ("%d%", [INT8], (1,), "1%"),
]


@pytest.mark.parametrize(("text", "types", "values", "expected"), CASES)
def test_formats(text, types, values, expected):
    assert compile_format(text, types)(values) == expected


@pytest.mark.parametrize("text", ["%+-5d", "%0-5d", "%*d", "%D", "%#+x", "%++d", "%-0+5d", "%ll5d", "%5.d", "%b", "%qd", "%", "%5", "%l"])
def test_what_is_no_specifier_is_a_literal(text):
    assert parse_format(text) == [text]


def test_conversions_of_c_that_the_language_lacks_are_still_seen():
    assert [s.conversion for s in specifiers("%f %e %g %n %a %gd")] == ["f", "e", "g", "n", "a", "g"]


def test_a_count_that_does_not_match_is_no_disaster():
    assert compile_format("%d %s|", [INT64])((1,)) == "1 %s|"
    assert compile_format("%s|", [STRING, INT64])(("a", 1)) == "a|"
    assert compile_format("x", [INT64])((1,)) == "x"


def test_a_batch_is_its_events_one_after_the_other():
    assert compile_batch("%d %s\n", [INT64, STRING])([(1, "a"), (2, "b")]) == "1 a\n2 b\n"


@given(st.integers(0, MAX), st.sampled_from(["", "hh", "h", "l", "ll"]))
def test_signed_and_unsigned_show_the_same_low_bits(value, length):
    bits = {"": 32, "hh": 8, "h": 16}.get(length, 64)
    signed, unsigned = compile_format(f"%{length}d %{length}u", [UINT64, UINT64])((value, value)).split()
    assert int(unsigned) == value % 2**bits == int(signed) % 2**bits
    assert -(2 ** (bits - 1)) <= int(signed) < 2 ** (bits - 1)


@given(st.text(st.characters(exclude_categories=[])), st.integers(0, 40), st.booleans())
def test_a_width_is_reached_in_bytes(text, width, left):
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    out = compile_format(f"%{'-' if left else ''}{width or ''}s", [STRING])((text,)).encode("utf-8", "surrogateescape")
    raw = text.encode("utf-8", "surrogateescape")
    assert out == (raw.ljust(width) if left else raw.rjust(width))
