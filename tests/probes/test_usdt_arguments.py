"""Operands of USDT notes. What each form means was checked with as(1) and objdump(1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.probes.provider import Location
from bttui.probes.usdt_arguments import FLOATING, declaration, locations, resolved, split

# fmt: off
X86 = [
    ("-4@%eax", Location(4, True, register="ax")),
    ("8@%rdi", Location(8, False, register="di")),
    ("-1@%sil", Location(1, True, register="si")),
    ("1@%ah", Location(1, False, register="ax", shift=8)),
    ("2@%r9w", Location(2, False, register="r9")),
    ("4@%r15d", Location(4, False, register="r15")),
    ("1@%r8b", Location(1, False, register="r8")),
    ("8@%rsp", Location(8, False, register="sp")),
    ("4@$5", Location(4, False, offset=5)),
    ("-4@$-1", Location(4, True, offset=-1)),
    ("4@$-7", Location(4, False, offset=0xFFFFFFF9)),
    ("-1@$255", Location(1, True, offset=-1)),
    ("8@$0x7fff0000", Location(8, False, offset=0x7FFF0000)),
    ("8@-16(%rbp)", Location(8, False, memory=True, register="bp", offset=-16)),
    ("-2@(%rsp)", Location(2, True, memory=True, register="sp")),
    ("4@0x20(%rbx)", Location(4, False, memory=True, register="bx", offset=32)),
    ("8@(%rdi,%rax,2)", Location(8, False, memory=True, register="di", index="ax", scale=2)),
    ("8@-8(%rdi,%r10,8)", Location(8, False, memory=True, register="di", index="r10", scale=8, offset=-8)),
    ("8@16(%rdi,%rax)", Location(8, False, memory=True, register="di", index="ax", offset=16)),
    ("8@64(,%rax,4)", Location(8, False, memory=True, index="ax", scale=4, offset=64)),
    ("-4@4210752", Location(4, True, memory=True, offset=4210752)),
    ("-4@12(%rip)", Location(4, True, memory=True, register="ip", offset=12)),
]
ARM = [
    ("-4@x0", Location(4, True, register="r0")),
    ("8@x30", Location(8, False, register="r30")),
    ("4@w1", Location(4, False, register="r1")),
    ("8@sp", Location(8, False, register="sp")),
    ("8@xzr", Location(8, False)),
    ("-4@5", Location(4, True, offset=5)),
    ("-8@#-1", Location(8, True, offset=-1)),
    ("8@[x0]", Location(8, False, memory=True, register="r0")),
    ("-4@[sp, 60]", Location(4, True, memory=True, register="sp", offset=60)),
    ("8@[x29,#-16]", Location(8, False, memory=True, register="r29", offset=-16)),
    ("8@[x1, x2]", Location(8, False, memory=True, register="r1", index="r2")),
    ("8@[x1,x2,lsl #3]", Location(8, False, memory=True, register="r1", index="r2", scale=8)),
    ("-2@[sp, x9, lsl 1]", Location(2, True, memory=True, register="sp", index="r9", scale=2)),
    ("8@[fp, 24]", Location(8, False, memory=True, register="r29", offset=24)),
    ("8@lr", Location(8, False, register="r30")),
    ("4@wsp", Location(4, False, register="sp")),
    ("-1@wzr", Location(1, True)),
]
# fmt: on


@pytest.mark.parametrize(
    ("machine", "text", "expected"),
    [("x86_64", *case) for case in X86] + [("aarch64", *case) for case in ARM],
    ids=lambda value: str(value),
)
def test_operands(machine, text, expected):
    assert locations(text, machine) == (expected,)


def test_several():
    assert locations("8@%rdi -4@[sp] -4@-20(%rbp)", "x86_64")[::2] == (X86[1][1], Location(4, True, memory=True, register="bp", offset=-20))
    assert split("-4@[sp, 60] 8@[x0] 4@5") == ["-4@[sp, 60]", "8@[x0]", "4@5"]
    assert locations("", "x86_64") == locations("nothing like it", "x86_64") == ()


def test_all_arguments_of_all_forms_at_once():
    for machine, cases in (("x86_64", X86), ("aarch64", ARM)):
        assert locations(" ".join(text for text, _ in cases), machine) == tuple(expected for _, expected in cases)


@pytest.mark.parametrize(
    "text",
    [
        "4@%xmm0",
        "4@%nosuch",
        "3@%eax",
        "4@",
        "4@(%nosuch)",
        "4@8(%rax,%nosuch)",
        "4@(((",
        "8@$99999999999999999999",
    ],
)
def test_what_cannot_be_read_says_so(text):
    (found,) = locations(text, "x86_64")
    assert found.problem == f"is somewhere that we do not know: {text}"


@pytest.mark.parametrize("text", ["4@$x", "4@table(%rip)", "8@32+mp_(%rip)", "-2@table.0+2(,%rax,2)", "8@.LC0(%rip)"])
def test_variables_of_a_stripped_file(text):
    (found,) = locations(text, "x86_64")
    assert found.problem == f"is counted from a variable that the file's symbols do not have: {text}"


def test_machines_that_we_do_not_know_and_floats():
    assert locations("4@%eax", "pdp11")[0].problem
    assert locations("8f@%xmm0", "x86_64")[0].problem == FLOATING
    assert [declaration(each) for each in locations("8f@%xmm0 -2@%ax 4@$1", "x86_64")] == ["float64", "int16", "uint32"]


@pytest.mark.parametrize(
    "text",
    [
        "4@[x0, w1, sxtw 2]",
        "4@[x0, w1]",
        "4@[x0, x1, lsl 9]",
        "4@[x0, x1, lsl x]",
        "4@[x0, 8, lsl 2]",
        "4@[x0, x1, lsl 2, 3]",
        "4@[x0, #:lo12:table]",
        "4@[x0, 16]!",
        "8@d0",
        "4@x31",
        "4@[]",
    ],
)
def test_what_cannot_be_read_of_arm_says_so(text):
    (found,) = locations(text, "aarch64")
    assert found.problem == f"is somewhere that we do not know: {text}"


def test_symbols_count_from_the_probe():
    """The instruction pointer is the probe's address when it fires."""
    symbols = {"table": 0x4010, "tally.0": 0x4000}.get
    assert resolved("4@table(%rip) -2@table+2(%rip) 8@-8+tally.0(%rip) 8@%rdi", 0x1223, symbols) == (
        f"4@{0x4010 - 0x1223}(%rip) -2@{0x4012 - 0x1223}(%rip) 8@{0x3FF8 - 0x1223}(%rip) 8@%rdi"
    )
    assert resolved("4@nosuch(%rip)", 0, symbols) == "4@nosuch(%rip)"
    assert locations("4@nosuch(%rip)", "x86_64")[0].problem


def test_symbols_of_a_file_at_a_fixed_place():
    symbols = {"table": 0x404010}.get
    text = "8@$table 8@$table+4 -2@table(,%rax,2) -2@table+2(%rdi) 4@table 8@%rdi 8@nosuch(%rdi)"
    assert resolved(text, 0x401000, symbols, True) == (
        "8@$4210704 8@$4210708 -2@4210704(,%rax,2) -2@4210706(%rdi) 4@4210704 8@%rdi 8@nosuch(%rdi)"
    )
    assert resolved(text, 0x401000, symbols) == text


@given(
    st.sampled_from((1, 2, 4, 8)),
    st.booleans(),
    st.integers(-(1 << 31), (1 << 31) - 1),
    st.sampled_from(("", "ax", "r12")),
    st.sampled_from(("", "cx", "r8")),
    st.sampled_from((1, 2, 4, 8)),
)
def test_memory_operands_read_back(size, signed, offset, base, index, scale):
    def operand(name):
        return f"%{name if name[1:].isdigit() else 'r' + name}" if name else ""

    if not base and not index:
        base = "ax"
    text = f"{'-' if signed else ''}{size}@{offset}({operand(base)}{f',{operand(index)},{scale}' if index else ''})"
    expected = Location(size, signed, memory=True, register=base, index=index, scale=scale if index else 1, offset=offset)
    assert locations(text, "x86_64") == (expected,)


@given(st.text(alphabet="-0123456789f@%$()[], +axrspl#\t\n\0é", max_size=40), st.sampled_from(("x86_64", "aarch64")), st.booleans())
def test_no_note_breaks_it(text, machine, fixed):
    for found in locations(resolved(text, 4096, {}.get, fixed), machine):
        assert found.problem or (found.size in (1, 2, 4, 8) and -(1 << 63) <= found.offset < 1 << 64)
