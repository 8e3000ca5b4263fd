import ctypes
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.host.kernel_symbols import KernelSymbols
from bttui.model.frame import Symbol

RECORDED = os.path.join(os.path.dirname(__file__), "..", "facts", "6.18", "proc", "kallsyms")
BASE = 0xFFFFFFFF81000000

TEXT = f"""\
0000000000000000 A fixed_percpu_data
0000000000001000 a percpu_thing
{BASE:x} T _stext
{BASE:x} T _text
{BASE + 0x10:x} T __pfx_first
{BASE + 0x20:x} T first
{BASE + 0x80:x} t second.constprop.0
{BASE + 0x100:x} W third
{BASE + 0x180:x} T first_and_more
{BASE + 0x200:x} D some_data
ffffffffc0300000 t zeta_open\t[zeta]
ffffffffc0300040 d zeta_data\t[zeta]
ffffffffc0200000 t alpha_open\t[alpha]
ffffffffc0201000 t first\t[alpha]
ffffffffc0400000 t bpf_prog_0123456789abcdef_count\t[bpf]
"""


@pytest.fixture
def make(tmp_path):
    def make(text):
        (tmp_path / "kallsyms").write_text(text)
        return KernelSymbols(str(tmp_path / "kallsyms"))

    return make


@pytest.mark.parametrize(
    ("address", "name", "offset", "module"),
    [
        (BASE, "_text", 0, ""),
        (BASE + 0x20, "first", 0, ""),
        (BASE + 0x7F, "first", 0x5F, ""),
        (BASE + 0x80, "second.constprop.0", 0, ""),
        (BASE + 0x210, "some_data", 0x10, ""),
        (0xFFFFFFFFC0200010, "alpha_open", 0x10, "alpha"),
        (0xFFFFFFFFC0300000, "zeta_open", 0, "zeta"),
        (0xFFFFFFFFC0300041, "zeta_data", 1, "zeta"),
        (0xFFFFFFFFC0400030, "bpf_prog_0123456789abcdef_count", 0x30, "bpf"),
        (BASE - 1, "", 0, ""),
        (0, "", 0, ""),
        (0x1001, "", 0, ""),
        (0x7F0000000000, "", 0, ""),
        (BASE + (1 << 25), "", 0, ""),
        (0xFFFFFFFFFFFFFFFF, "", 0, ""),
    ],
)
def test_addresses_get_the_name_of_what_they_are_in(make, address, name, offset, module):
    symbols = make(TEXT)
    assert symbols.symbolize(address) == Symbol(address, name, offset, module)
    assert symbols.symbolize(address) is symbols.symbolize(address)


def test_names_get_their_address(make):
    symbols = make(TEXT)
    assert symbols.address("first") == BASE + 0x20
    assert symbols.address("alpha_open") == 0xFFFFFFFFC0200000
    assert symbols.address("fir") is None
    assert symbols.address("irst") is None
    assert symbols.address("") is None
    assert make(TEXT.rstrip("\n")).address("bpf_prog_0123456789abcdef_count") == 0xFFFFFFFFC0400000


def test_functions_with_their_module(make):
    assert list(make(TEXT).functions()) == [
        ("_stext", "vmlinux"),
        ("_text", "vmlinux"),
        ("first", "vmlinux"),
        ("second.constprop.0", "vmlinux"),
        ("third", "vmlinux"),
        ("first_and_more", "vmlinux"),
        ("zeta_open", "zeta"),
        ("alpha_open", "alpha"),
        ("first", "alpha"),
        ("bpf_prog_0123456789abcdef_count", "bpf"),
    ]
    assert make(TEXT).modules() == ["alpha", "bpf", "zeta"]


def test_hidden_addresses_have_no_names(make):
    zeros = "".join("0" * 16 + line[16:] + "\n" for line in TEXT.splitlines())
    symbols = make(zeros)
    assert symbols.hidden
    assert symbols.symbolize(BASE + 0x20) == Symbol(BASE + 0x20)
    assert symbols.symbolize(0) == Symbol(0)
    assert symbols.address("first") is None
    assert ("first", "vmlinux") in symbols.functions()


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file(make, text):
    symbols = make(text)
    assert symbols.symbolize(BASE) == Symbol(BASE)
    assert (symbols.address("first"), list(symbols.functions()), symbols.modules()) == (None, [], [])


def test_a_file_that_is_absent(tmp_path):
    symbols = KernelSymbols(str(tmp_path / "nothing"))
    assert (symbols.symbolize(1), symbols.hidden, symbols.modules()) == (Symbol(1), False, [])


@given(st.lists(st.integers(1, 1 << 20), min_size=1, max_size=60, unique=True), st.lists(st.integers(0, 1 << 21), max_size=20))
def test_it_is_always_the_nearest_below(tmp_path_factory, places, asked):
    path = tmp_path_factory.getbasetemp() / "kallsyms"
    path.write_text("".join(f"{BASE + place:016x} T at_{place}\n" for place in sorted(places)))
    symbols = KernelSymbols(str(path))
    for address in [*asked, *places]:
        below = max((p for p in places if p <= address), default=None)
        found = symbols.symbolize(BASE + address)
        assert (found.name, found.offset) == (("", 0) if below is None else (f"at_{below}", address - below))
    assert all(symbols.address(f"at_{place}") == BASE + place for place in places)


def test_recorded_symbols():
    symbols = KernelSymbols(RECORDED)
    address = symbols.address("vfs_read")
    assert symbols.symbolize(address + 9) == Symbol(address + 9, "vfs_read", 9)
    assert symbols.address("do_syscall_64") is not None
    assert ("vfs_read", "vmlinux") in symbols.functions()


@pytest.mark.live
def test_this_kernels_symbols():
    """Every function whose address the file gives is found under its name again."""
    symbols = KernelSymbols()
    if symbols.hidden:
        pytest.skip("this kernel hides its addresses")
    lines = [line.split() for line in symbols.text.splitlines()]
    at = {}
    for words in lines:
        if len(words) == 3 and words[1] not in b"aA":
            at[int(words[0], 16)] = words[2].decode()
    for address in list(at)[::997]:
        assert symbols.symbolize(address).name == at[address]
        assert symbols.symbolize(address).offset == 0
    assert ctypes.sizeof(ctypes.c_void_p) != 8 or symbols.address("vfs_read") > 1 << 63
