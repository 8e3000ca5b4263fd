"""Where instructions begin: known encodings, and what the disassembler of this machine says of real programs."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.host.elf import Elf
from bttui.host.instructions import _length, begins

X86_64, AARCH64, I386 = 62, 183, 3


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("c3", "ret"),
        ("f30f1efa", "endbr64"),
        ("4883ec08", "sub $8,%rsp"),
        ("4881ec00010000", "sub $256,%rsp"),
        ("6681c30001", "add $256,%bx"),
        ("48b88877665544332211", "movabs"),
        ("48a18877665544332211", "movabs from memory"),
        ("b878563412", "mov $,%eax"),
        ("66b83412", "mov $,%ax"),
        ("8b44241c", "mov 28(%rsp),%eax"),
        ("8b0425ffffff7f", "mov absolute"),
        ("488b05c52f0000", "mov x(%rip),%rax"),
        ("f6c401", "test $1,%ah"),
        ("f7d8", "neg %eax"),
        ("f7c000010000", "test $256,%eax"),
        ("e800000000", "call"),
        ("666648e800000000", "call, padded by the linker"),
        ("0f8400000000", "je"),
        ("c8000100", "enter"),
        ("0fa2", "cpuid"),
        ("660f3a0fc108", "palignr"),
        ("0f20c0", "mov %cr0,%rax"),
        ("c5f877", "vzeroupper"),
        ("c5fd70c04e", "vpshufd"),
        ("c4e37d18c101", "vinsertf128"),
        ("62f17c48100501000000", "vmovups x(%rip),%zmm0"),
        ("62f3fd4825c0ff", "vpternlogq"),
        ("8fe978e2c0", "vphsubwd, of XOP"),
    ],
)
def test_lengths_of_known_instructions(code, meaning):
    size = len(code) // 2
    assert _length(bytes.fromhex(code) + bytes(8)) == size, meaning
    assert begins(bytes.fromhex(code) * 2, size, X86_64) is True
    assert all(begins(bytes.fromhex(code) * 2, inside, X86_64) is False for inside in range(1, size))


def test_what_cannot_be_said():
    assert begins(bytes.fromhex("06c3"), 1, X86_64) is None  # no instruction in 64-bit code
    assert begins(b"\x48\x83", 4, X86_64) is None  # the file ends
    assert begins(b"\xc3\xc3", 1, I386) is None


def test_arm_instructions_are_words():
    assert [begins(b"", distance, AARCH64) for distance in (0, 2, 4, 6, 8)] == [True, False, True, False, True]


@given(st.binary(max_size=40), st.integers(0, 30))
def test_any_bytes(code, distance):
    assert begins(code, distance, X86_64) in (True, False, None)


@pytest.mark.skipif(not shutil.which("objdump"), reason="binutils is not installed")
def test_as_the_disassembler_says(load):
    """Of all code that the C++ load has, start-up code of the C library included."""
    path = load.build("names", "bttui_names")
    lines = subprocess.run(["objdump", "-dw", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    elf, at, checked = Elf(str(path)), None, 0
    if elf.machine != X86_64:
        pytest.skip("lengths vary on x86 only")
    for line in lines.splitlines():
        found = re.match(r"\s+([0-9a-f]+):\t", line)
        address = int(found[1], 16) if found else None
        if at is not None and address is not None:
            assert _length(elf.code(at, 15)) == address - at, line
            checked += 1
        at = address
    assert checked > 200
