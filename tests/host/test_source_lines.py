"""Line tables: what objdump(1) reads from them, in all versions of the format; what a line is, where functions were put inline."""

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bttui.host import debug_info
from bttui.host.elf import Elf
from bttui.host.source_lines import SourceLines
from bttui.model.diagnostic import DiagnosticError


def read(path):
    elf = Elf(str(path))
    return SourceLines(elf, debug_info.find(elf))


def decoded(path, name):
    """{line: addresses} of one file, as objdump prints them."""
    text = subprocess.run(["objdump", "--dwarf=decodedline", path], capture_output=True, text=True, check=True).stdout
    found = {}
    for file, line, address in re.findall(r"^(\S+) +(\d+) +(0x[0-9a-f]+)", text, re.M):
        if file == name:
            found.setdefault(int(line), set()).add(int(address, 16))
    return {line: sorted(found[line]) for line in sorted(found)}


FORMS = ["-gdwarf-5", "-gdwarf-4", "-gdwarf-3", "-gdwarf-2", "-gz", "-gdwarf64", "-gsplit-dwarf", "-no-pie", "-O0", "-O2"]


@pytest.mark.parametrize("form", FORMS)
def test_as_the_disassembler_says(form, load):
    path = load.build("lines", f"lines{form}"[:15], form)
    lines = read(path)
    (file,) = lines.matching("lines.c")
    found = {line: sorted({address for address, *_ in places}) for line, places in lines.lines(file).items()}
    assert found == decoded(path, "lines.c")


def line_of(word, source):
    (found,) = [number for number, text in enumerate(source.read_text().splitlines(), 1) if text.endswith(f"/* {word} */")]
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_line_is_once_in_each_function(form, load):
    """The line of the function that is put inline is in two: in loop() and in main()."""
    source = load.source("lines")
    path = load.build("lines", f"lines{form}"[:15], form)
    lines = read(path)
    (file,) = lines.matching("lines.c")
    known = lines.lines(file)
    assert [len(lines.starts(known[line_of(word, source)])) for word in ("entry", "body", "inline")] == [1, 1, 2]


@pytest.mark.parametrize("form", FORMS)
def test_functions_put_inline_are_frames(form, load):
    source = load.source("lines")
    path = load.build("lines", f"lines{form}"[:15], form)
    lines = read(path)
    (file,) = lines.matching("lines.c")
    inline = line_of("inline", source)
    calls = [number for number, text in enumerate(source.read_text().splitlines(), 1) if text.strip() == "step();"]
    frames = [lines.frames(address) for address in lines.starts(lines.lines(file)[inline])]
    assert sorted(frames) == [[("step", file, inline), ("", file, call)] for call in calls]
    (entry,) = lines.starts(lines.lines(file)[line_of("entry", source)])
    assert [name for name, *_ in lines.frames(entry)] == [""]
    assert lines.frames(1) == []


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A program of two files of one name, and functions that the linker leaves out."""
    folder = tmp_path_factory.mktemp("twins")
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "same.c").write_text(f"int {name}(int x) {{\n  return x + 1;\n}}\nint unused_{name}(void) {{\n  return 3;\n}}\n")
    (folder / "main.c").write_text("int one(int), two(int);\nint main(void) { return one(1) - two(1); }\n")
    words = ["gcc", "-g", "-O1", "-ffunction-sections", "-Wl,--gc-sections", "-o", "twins", "main.c", "one/same.c", "two/same.c"]
    subprocess.run(words, check=True, cwd=folder)
    return folder


def test_files_by_the_end_of_their_path(twins):
    lines = read(twins / "twins")
    one, two = (str(twins / name / "same.c") for name in ("one", "two"))
    assert lines.matching("same.c") == [one, two]
    assert lines.matching("one/same.c") == lines.matching("./one//same.c") == lines.matching(one) == [one]
    assert lines.matching("ame.c") == lines.matching("") == lines.matching("three/same.c") == []
    assert lines.matching("main.c") == [str(twins / "main.c")]


def test_code_that_was_left_out_has_no_lines(twins):
    lines = read(twins / "twins")
    assert set(lines.lines(str(twins / "one" / "same.c"))) == {1, 2, 3}


@settings(max_examples=60)
@given(data=st.data())
def test_damaged_tables(data, twins, tmp_path_factory):
    """Are answered with an error or with lines, in time."""
    content = bytearray((twins / "twins").read_bytes())
    found = Elf(str(twins / "twins")).section(".debug_line")
    for _ in range(data.draw(st.integers(1, 8))):
        content[found.offset + data.draw(st.integers(0, found.size - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "twins"
    path.write_bytes(content)
    try:
        lines = read(path)
        for file in lines.files:
            lines.lines(file)
    except DiagnosticError as reason:
        assert "debugging information" in reason.diagnostics[0].message or "line table" in reason.diagnostics[0].message
