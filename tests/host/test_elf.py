"""ELF files made by the compiler and the linker, held against what nm and readelf say about them."""

import lzma
import os
import platform
import re
import shutil
import subprocess
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bttui.host import debug_file
from bttui.host.elf import SHT_DYNSYM, Elf, UsdtProbe
from bttui.host.elf_symbols import SymbolTable
from bttui.model.diagnostic import DiagnosticError

pytestmark = pytest.mark.skipif(not shutil.which("gcc") or not shutil.which("objcopy"), reason="needs gcc and binutils")

SOURCE = r"""
#include <stdio.h>
int variable = 7;
int outer_function(int);
static __attribute__((noinline)) int hidden_function(int value) { return value * variable; }
__attribute__((noinline)) int outer_function(int value) { return hidden_function(value) + 1; }
extern int other_name(int) __attribute__((alias("outer_function")));
extern int _weak_name(int) __attribute__((weak, alias("outer_function")));
__asm__(".text\n.type no_size, @function\nno_size: nop\nnop\nret\n");
#ifdef __x86_64__
__asm__(
    ".pushsection .note.stapsdt,\"\",@note\n.balign 4\n.4byte 8, 2f-1f, 3\n.asciz \"stapsdt\"\n"
    "1: .8byte no_size+1\n.8byte _.stapsdt.base\n.8byte semaphore\n"
    ".asciz \"our_provider\"\n.asciz \"our_probe\"\n.asciz \"-4@%edi 8@%rax\"\n2: .balign 4\n.popsection\n"
    ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n.weak _.stapsdt.base\n"
    "_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n"
    ".pushsection .probes,\"aw\"\nsemaphore: .2byte 0\n.popsection\n");
#endif
int main(int argc, char **argv) { (void)argv; printf("%d\n", outer_function(argc)); return 0; }
"""
KINDS = {
    "pie": ["-fPIE", "-pie"],
    "fixed": ["-fno-pie", "-no-pie"],
    "static": ["-static"],
    "shared": ["-fPIC", "-shared", "-Wl,-soname,libours.so.1"],
}


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """built(kind) -> the path of SOURCE compiled that way."""
    folder = tmp_path_factory.mktemp("elf")
    (folder / "program.c").write_text(SOURCE)

    def build(kind, *flags):
        path = folder / "-".join([kind, *flags]).replace("/", "")
        if not path.exists():
            run("gcc", "-O1", "-g", "-Wl,--build-id=sha1", *KINDS[kind], *flags, "-o", path, folder / "program.c")
        return path

    return build


@pytest.fixture
def stripped(built, tmp_path):
    """A PIE without symbols, and the file that they went to; no .gnu_debuglink yet."""
    path, debug = tmp_path / "program", tmp_path / "program.debug"
    shutil.copy(built("pie"), path)
    run("objcopy", "--only-keep-debug", path, debug)
    run("strip", "--strip-all", path)
    return path, debug


def functions_of_nm(path, *flags):
    """{(address, name)} of functions; sizes are checked elsewhere."""
    found = set()
    for line in run("nm", "--format=posix", "--defined-only", *flags, path).splitlines():
        name, kind, address, *_ = line.split()
        if kind in "tTwWi" and int(address, 16):
            found.add((int(address, 16), name.partition("@")[0]))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_all_functions_are_found(built, kind):
    path = built(kind)
    found = {(address, name) for address, _, name in Elf(str(path)).functions()}
    # nm's t also means symbols without a type in code: labels of hand-written assembly.
    assert found <= functions_of_nm(path)
    typed = {name for _, name in found}
    assert {"hidden_function", "outer_function", "other_name", "_weak_name", "no_size", "main"} <= typed
    readelf = re.findall(r"^ *\d+: ([0-9a-f]+) +\S+ (?:FUNC|IFUNC) +\w+ +\w+ +(?!UND)\S+ (\S+)", run("readelf", "-sW", path), re.M)
    assert found == {(int(address, 16), name.partition("@")[0]) for address, name in readelf if int(address, 16)}


@pytest.mark.parametrize("kind", KINDS)
def test_what_readelf_says_of_the_file(built, kind):
    path = built(kind)
    with Elf(str(path)) as elf:
        assert elf.build_id == re.search(r"Build ID: (\w+)", run("readelf", "-n", path))[1]
        assert elf.needed == re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", path))
        assert elf.soname == ("libours.so.1" if kind == "shared" else "")
        assert elf.is_position_independent == (kind in ("pie", "shared"))
        found = re.search(r"interpreter: (.*)\]", run("readelf", "-lW", path))
        assert elf.interpreter == (found[1] if found else "")
        assert elf.debuglink is None


@pytest.mark.parametrize("kind", KINDS)
def test_addresses_and_offsets_of_functions(built, kind):
    path = built(kind)
    elf = Elf(str(path))
    address, size = elf.symbol("outer_function")
    assert elf.virtual(elf.offset(address)) == address
    disassembled = run("objdump", "-d", f"--start-address={address}", f"--stop-address={address + size}", path)
    code = [byte for line in re.findall(r"^ +[0-9a-f]+:\t((?:[0-9a-f]{2} )+)", disassembled, re.M) for byte in line.split()]
    assert elf.read(elf.offset(address), size) == bytes.fromhex("".join(code))
    assert elf.offset(1 << 62) is None and elf.virtual(1 << 62) is None


def test_variables_have_addresses(built):
    elf = Elf(str(built("pie")))
    address, size = elf.symbol("variable")
    assert size == 4
    assert elf.read(elf.offset(address), 4) == b"\7\0\0\0"
    assert elf.symbol("no_such_thing") is None
    assert elf.symbol("printf") is None  # used, not defined


def test_an_address_is_named_by_the_function_that_holds_it(built):
    elf = Elf(str(built("pie")))
    address, size = elf.symbol("outer_function")
    # Of three names for one place: the one that is not weak by its underscore, and the shorter.
    assert elf.symbols.at(address) == ("other_name", address)
    assert elf.symbols.at(address + size - 1) == ("other_name", address)
    assert (elf.symbols.at(address + size) or ("", 0))[0] != "other_name"
    start, _ = elf.symbol("no_size")
    assert elf.symbols.at(start + 2) == ("no_size", start)
    assert elf.symbols.at(0) is None
    assert elf.symbols.at((1 << 64) - 1) is None


def test_a_function_without_a_size_does_not_leave_its_section(built):
    elf = Elf(str(built("pie")))
    init = elf.section(".init")
    assert elf.symbols.at(init.address)[0] == "_init"
    assert elf.symbols.at(init.address + init.size) is None  # .plt


def test_todays_version_of_a_symbol(tmp_path):
    (tmp_path / "versions").write_text("OLD { global: ours; local: *; }; NEW { global: ours; } OLD;")
    (tmp_path / "library.c").write_text(
        "int old_one(void) { return 1; } int new_one(void) { return 2; }\n"
        '__asm__(".symver old_one, ours@OLD\\n.symver new_one, ours@@NEW");\n'
    )
    path = tmp_path / "library.so"
    run("gcc", "-shared", "-fPIC", f"-Wl,--version-script={tmp_path / 'versions'}", "-o", path, tmp_path / "library.c")
    new = Elf(str(path)).symbol("new_one")
    assert Elf(str(path)).symbol("ours") == new
    run("strip", "--strip-all", path)
    assert Elf(str(path)).symbol("ours") == new
    assert Elf(str(path)).symbol("new_one") is None
    assert Elf(str(path)).symbol("ours@NEW") == Elf(str(path)).symbol("ours@@NEW") == new
    old = Elf(str(path)).symbol("ours@OLD")
    assert old is not None and old != new
    assert Elf(str(path)).symbol("ours@OTHER") is Elf(str(path)).symbol("theirs@OLD") is None


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the notes are written for x86_64")
@pytest.mark.parametrize("kind", ["pie", "fixed"])
def test_usdt_probes(built, kind):
    elf = Elf(str(built(kind)))
    start, _ = elf.symbol("no_size")
    semaphore, _ = elf.symbol("semaphore")
    assert elf.usdt() == [UsdtProbe("our_provider", "our_probe", start + 1, semaphore, "-4@%edi 8@%rax")]


# Debug files


def test_stripped_files_know_their_exports_only(stripped):
    path, _ = stripped
    assert Elf(str(path)).debug_file is None
    assert Elf(str(path)).symbol("hidden_function") is None


@pytest.mark.parametrize("place", ["beside", ".debug beside", "global", "build id"])
def test_debug_files_are_found(built, stripped, tmp_path, monkeypatch, place):
    path, debug = stripped
    monkeypatch.setattr(debug_file, "FOLDER", str(tmp_path / "global"))
    identity = Elf(str(path)).build_id
    if place != "build id":
        run("objcopy", f"--add-gnu-debuglink={debug}", path)
        assert Elf(str(path)).debuglink == (debug.name, zlib.crc32(debug.read_bytes()))
    target = {
        "beside": debug,
        ".debug beside": tmp_path / ".debug" / debug.name,
        "global": tmp_path / "global" / str(tmp_path).lstrip("/") / debug.name,
        "build id": tmp_path / "global" / ".build-id" / identity[:2] / f"{identity[2:]}.debug",
    }[place]
    target.parent.mkdir(parents=True, exist_ok=True)
    debug.rename(target)
    elf, whole = Elf(str(path)), Elf(str(built("pie")))
    assert elf.debug_file.path == str(target)
    assert elf.functions() == whole.functions()
    assert elf.symbol("hidden_function") == whole.symbol("hidden_function")


def test_a_debug_file_of_another_build_is_not_taken(built, stripped):
    path, debug = stripped
    run("objcopy", f"--add-gnu-debuglink={debug}", path)
    shutil.copy(built("pie", "-O2"), debug)
    assert Elf(str(path)).debug_file is None


@pytest.mark.parametrize("changed", [False, True])
def test_without_build_ids_the_checksum_decides(built, tmp_path, changed):
    path, debug = tmp_path / "program", tmp_path / "program.debug"
    shutil.copy(built("pie", "-Wl,--build-id=none"), path)
    run("objcopy", "--only-keep-debug", path, debug)
    run("strip", "--strip-all", path)
    run("objcopy", f"--add-gnu-debuglink={debug}", path)
    if changed:
        debug.write_bytes(debug.read_bytes() + b"\0")
    assert Elf(str(path)).build_id == ""
    assert (Elf(str(path)).debug_file is None) == changed


def test_the_small_table_in_a_stripped_file(built, stripped, tmp_path):
    path, debug = stripped
    (tmp_path / "small").write_bytes(lzma.compress(debug.read_bytes()))
    debug.unlink()
    run("objcopy", f"--add-section=.gnu_debugdata={tmp_path / 'small'}", path)
    assert Elf(str(path)).symbol("hidden_function") == Elf(str(built("pie"))).symbol("hidden_function")


def test_files_of_32_bits(tmp_path):
    (tmp_path / "small.c").write_text("int outer_function(int value) { return value; }\nvoid _start(void) { for (;;); }\n")
    path = tmp_path / "small"
    made = subprocess.run(
        ["gcc", "-m32", "-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-no-pie", "-o", path, tmp_path / "small.c"],
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("this compiler makes no programs of 32 bits")
    elf = Elf(str(path))
    assert elf.word_size == 4
    found = {(address, name) for address, _, name in elf.functions()}
    assert {name for _, name in found} == {"_start", "outer_function"}
    assert found <= functions_of_nm(path)
    address, size = elf.symbol("outer_function")
    assert elf.read(elf.offset(address), size)[-1:] == b"\xc3"


# Everything else


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"#!/bin/sh\n" * 10, b"\x7fELF\x03\x01" + bytes(100), b"\x7fELF\x02\x01" + bytes(20)])
def test_what_is_no_elf_file_is_a_diagnostic(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DiagnosticError, match="ELF file"):
        Elf(str(path))


def test_what_is_no_file_is_a_diagnostic(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DiagnosticError, match="not a regular file"):
        Elf(str(tmp_path / "pipe"))
    with pytest.raises(DiagnosticError, match="not a regular file"):
        Elf(str(tmp_path))
    with pytest.raises(DiagnosticError, match="No such file"):
        Elf(str(tmp_path / "absent"))
    with pytest.raises(DiagnosticError, match="zero byte"):
        Elf("a\0b")


def test_another_file_of_the_same_name_is_not_mixed_in(built, tmp_path):
    path = tmp_path / "program"
    shutil.copy(built("pie"), path)
    elf = Elf(str(path))
    elf.close()
    assert elf.read(1, 3) == b"ELF"
    elf.close()
    path.unlink()
    shutil.copy(built("fixed"), path)
    assert elf.read(1, 3) == b""


def ask_everything(content):
    """What a file says about itself, whatever it holds."""
    try:
        elf = Elf("content", content)
    except DiagnosticError:
        return
    elf.needed, elf.soname, elf.interpreter, elf.build_id, elf.debuglink, elf.usdt(), elf.is_position_independent
    for address, size, name in elf.functions():
        assert isinstance(name, str) and size >= 0
        elf.offset(address)
    elf.symbol("main")
    for address in (0, 0x1000, 0x1139, 1 << 63, (1 << 64) - 1):
        elf.symbols.at(address)
        elf.virtual(address)


@pytest.fixture(scope="module")
def small(built, tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "small"
    shutil.copy(built("shared"), path)
    run("strip", "--strip-debug", path)
    return path.read_bytes()


@settings(max_examples=300)
@given(data=st.data())
def test_broken_files_end_nothing(small, data):
    content = bytearray(small)
    # The headers and tables are where a change has consequences.
    headers = len(small) - int.from_bytes(small[0x28:0x30], "little")
    places = st.one_of(st.integers(0, 0x400), st.integers(len(small) - headers, len(small) - 1), st.integers(0, len(small) - 1))
    for place, byte in data.draw(st.lists(st.tuples(places, st.sampled_from([0, 1, 2, 3, 11, 0x7F, 0x80, 0xFF])), max_size=24)):
        content[place] = byte
    ask_everything(bytes(content[: data.draw(st.integers(0, len(small)) | st.just(len(small)))]))


@settings(max_examples=200)
@given(st.binary(max_size=600), st.sampled_from([1, 2]), st.sampled_from([1, 2]))
def test_any_bytes_after_the_magic(content, width, order):
    ask_everything(b"\x7fELF" + bytes([width, order]) + bytes(10) + content)


@settings(max_examples=200)
@given(st.binary(max_size=240), st.binary(max_size=64), st.sampled_from("<>"), st.sampled_from([4, 8]), st.binary(max_size=20))
def test_any_bytes_as_a_symbol_table(entries, strings, order, word_size, versions):
    table = SymbolTable(entries, strings, order, word_size, [1 << 40], versions)
    names = table.all()
    for address, size, _ in names:
        if size:
            name, start = table.at(address)
            assert start <= address and isinstance(name, str)
    assert all(isinstance(name, str) for name in table.by_name)


def test_names_that_overlap_do_not_multiply():
    entry = b"".join(i.to_bytes(4, "little") + bytes([2, 0, 1, 0]) + (i + 1).to_bytes(8, "little") + bytes(8) for i in range(4096))
    table = SymbolTable(entry, b"x" * 4096, "<", 8, [])
    assert sum(len(name) for _, _, name in table.all()) <= 9 * 4096


def test_dynamic_symbols_of_a_file_without_others(stripped):
    path, _ = stripped
    elf = Elf(str(path))
    assert elf.table(SHT_DYNSYM) is not None
    assert elf.table(2) is None
