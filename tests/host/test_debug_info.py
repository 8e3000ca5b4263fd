"""Debugging information that gcc wrote, wherever it is kept."""

import os
import shutil
import subprocess

import pytest

from bttui.host import debug_info
from bttui.host.elf import Elf
from bttui.model.diagnostic import DiagnosticError

pytestmark = pytest.mark.skipif(not shutil.which("gcc") or not shutil.which("objcopy"), reason="needs gcc and binutils")

FIRST = "int second(int); int main(int count, char **words) { (void)words; return second(count); }\n"
SECOND = "int second(int value) { return value + 1; }\n"


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def build(tmp_path):
    """build(flags) -> the path of a program made of two units, first.c and second.c."""
    (tmp_path / "first.c").write_text(FIRST)
    (tmp_path / "second.c").write_text(SECOND)

    def build(*flags):
        path = tmp_path / "program"
        for name in ("first", "second"):
            run("gcc", "-O0", "-ffunction-sections", *flags, "-c", "-o", tmp_path / f"{name}.o", tmp_path / f"{name}.c")
        run("gcc", *flags, "-o", path, tmp_path / "first.o", tmp_path / "second.o")
        return path

    return build


def names(info):
    return [os.path.basename(unit.get_top_DIE().attributes["DW_AT_name"].value) for unit in info.units()]


def check(elf):
    info = debug_info.find(elf)
    assert [name for name in names(info) if not name.startswith(b"..")] == [b"first.c", b"second.c"]
    for function, name in (("main", b"first.c"), ("second", b"second.c")):
        unit = info.unit_at(elf.symbol(function)[0])
        assert os.path.basename(unit.get_top_DIE().attributes["DW_AT_name"].value) == name
        assert info.unit_of(unit.cu_offset + 20) is unit
    assert info.unit_at(1) is None
    return info


@pytest.mark.parametrize(
    "flags", [("-gdwarf-4",), ("-gdwarf-5",), ("-gdwarf-5", "-gdwarf64"), ("-g", "-gz=zlib"), ("-gdwarf-4", "-gz=zlib-gnu")]
)
def test_in_the_file_itself(build, flags):
    path = build(*flags)
    assert check(Elf(str(path))).file.path == str(path)


@pytest.fixture
def zstd(build):
    """The path of a program whose debugging information is compressed so."""
    path = build("-g")
    packed = subprocess.run(["objcopy", "--compress-debug-sections=zstd", path], capture_output=True, text=True)
    if packed.returncode:
        pytest.skip(f"objcopy has no zstd (binutils 2.40): {packed.stderr}")
    return path


def test_what_zstd_compressed(zstd):
    if shutil.which("ldconfig") and debug_info._ZSTD not in run("ldconfig", "-p"):
        pytest.skip("libzstd is not installed")
    check(Elf(str(zstd)))


def refused(path):
    with pytest.raises(DiagnosticError) as caught:
        check(Elf(str(path)))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.hint == f"objcopy --decompress-debug-sections {path} leaves it as it was before"
    return diagnostic.message


def test_without_the_library_of_zstd(zstd, monkeypatch):
    monkeypatch.setattr(debug_info, "_ZSTD", "libnowhere.so.1")
    why = "it is compressed with zstd, and libnowhere.so.1 is missing"
    assert refused(zstd) == f"The debugging information in {zstd} cannot be read: {why}"


@pytest.mark.parametrize(("at", "byte", "why"), [(30, b"\x55", "with zstd, and damaged"), (0, b"\x09", "in a way that is not known (9)")])
def test_damaged_compression(zstd, at, byte, why):
    section = Elf(str(zstd)).section(".debug_info")
    with zstd.open("r+b") as file:
        file.seek(section.offset + at)
        file.write(byte)
    assert refused(zstd) == f"The debugging information in {zstd} cannot be read: it is compressed {why}"


@pytest.mark.parametrize("version", [4, 5])
def test_without_a_table_of_addresses(build, version):
    path = build(f"-gdwarf-{version}")
    run("objcopy", "--remove-section", ".debug_aranges", path)
    check(Elf(str(path)))


@pytest.mark.parametrize("table", [True, False])
def test_only_the_unit_with_the_function_is_read(build, monkeypatch, table):
    path = build("-g")
    if not table:
        run("objcopy", "--remove-section", ".debug_aranges", path)
    elf = Elf(str(path))
    info = debug_info.find(elf)
    (first,) = [unit.cu_offset for unit in info.units() if unit.get_top_DIE().attributes["DW_AT_name"].value.endswith(b"first.c")]
    read = []
    monkeypatch.setattr(info.main, "unit", lambda offset: read.append(offset) or info.dwarf.get_CU_at(offset))
    assert info.unit_at(elf.symbol("main")[0]).cu_offset == first
    assert read == [first]


def test_in_a_debug_file(build, tmp_path):
    path = build("-g")
    run("objcopy", "--only-keep-debug", path, tmp_path / "program.debug")
    run("strip", path)
    assert debug_info.find(Elf(str(path))) is None
    run("objcopy", f"--add-gnu-debuglink={tmp_path / 'program.debug'}", path)
    info = debug_info.find(Elf(str(path)))
    assert info.file.path == str(tmp_path / "program.debug")
    assert b"second.c" in names(info)


def test_without_any(build):
    assert debug_info.find(Elf(str(build()))) is None


def test_large_sections_are_read_piece_by_piece(build, monkeypatch):
    monkeypatch.setattr(debug_info, "_MOST_IN_MEMORY", 0)
    check(Elf(str(build("-g"))))


def test_damage_is_a_diagnostic(build):
    path = build("-g")
    elf = Elf(str(path))
    section = elf.section(".debug_abbrev")
    with path.open("r+b") as file:
        file.seek(section.offset)
        file.write(b"\xff" * section.size)
    info = debug_info.find(Elf(str(path)))
    with pytest.raises(DiagnosticError, match="Cannot use the debugging information in"), debug_info.reading(info.file):
        names(info)
