"""Where uprobes go: names of the source language, offsets, addresses, archives, what a process runs; each fires as often as it should."""

import os
import re
import signal
import subprocess
import zipfile

import pytest
from support import Process

from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError, Span
from bttui.probes import listing, places, registry
from bttui.probes.provider import Options

SPAN = Span(0, 4, 1, 1, 1, 5)
HOST = Host()


def live(test):
    there = os.path.exists("/sys/bus/event_source/devices/uprobe")
    return pytest.mark.live(pytest.mark.skipif(not there, reason="this kernel has no uprobes")(test))


def counts(text, name="@"):
    return {key or "": int(value) for key, value in re.findall(rf"^{name}(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


def expand(*parts, **options):
    return [target for _, target in registry.expand(parts, SPAN, HOST, Options(**options))]


@pytest.fixture(scope="module")
def names(load):
    return load.build("names", "bttui_names")


@pytest.fixture(scope="module")
def calls(load):
    return load.build("calls", "bttui_calls")


def mangled(path, word):
    """Symbols with a word in their names, as nm(1) lists them."""
    lines = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(line.split()[-1] for line in lines if line.split()[-2] in "tTwW" and word in line)


# Names of the source language

PRICES = ("shop::price(int)", "shop::price(long, char)", "shop::price(std::__cxx11::basic_string<char, ")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("shop::price", PRICES),
        ("shop::price(int)", PRICES[:1]),
        ("shop::price(long, char)", PRICES[1:2]),
        ("shop::pr*", PRICES),
        ("*price*", PRICES),
        (
            "shop::*(long)*",
            ("shop::Till::Till(long)", "shop::Till::Till(long)", "shop::Till::operator()(long)", "shop::Till::operator+(long) const"),
        ),
        ("shop::Till::total", ("shop::Till::total() const",)),
        ("shop::Till::operator()", ("shop::Till::operator()(long)",)),
        ("shop::Till::operator+", ("shop::Till::operator+(long) const",)),
        ("shop::applied", ("shop::applied(long (*)(int), int)",)),
        ("(anonymous namespace)::hidden", ("(anonymous namespace)::hidden(long)",)),
        ("*hidden", ("(anonymous namespace)::hidden(long)",)),
        ("long shop::twice<long>", ("long shop::twice<long>(long)",)),
        ("shop::twice<long>", ("long shop::twice<long>(long)",)),
        ("shop::twice<double>(double)", ("double shop::twice<double>(double)",)),
        ("shop::twice*", ("double shop::twice<double>(double)", "long shop::twice<long>(long)")),
        ("_ZN4shop5priceEi", PRICES[:1]),
        ("shop::price(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > const&)", PRICES[2:]),
        ("plain", ("plain",)),
        ("shop::nosuch*", ()),
    ],
)
def test_functions_by_their_names_in_the_source(wanted, found, names):
    targets = expand("uprobe", str(names), "cpp", wanted)
    plain = [target.listing.removeprefix(f"uprobe:{names}:cpp:").strip('"') for target in targets]
    assert len(plain) == len(found) and all(map(str.startswith, sorted(plain), sorted(found))), plain
    symbols = [target.name.removeprefix(f"uprobe:{names}:cpp:") for target in targets]
    assert symbols == sorted(symbols) and not any(" " in symbol for symbol in symbols)


@pytest.mark.parametrize(
    ("plain", "without"),
    [
        ("f(int)", "f"),
        ("ns::f(int (*)(int), char) const", "ns::f"),
        ("ns::T::operator()(int)", "ns::T::operator()"),
        ("(anonymous namespace)::f()", "(anonymous namespace)::f"),
        ("f(int) [clone .isra.0]", "f"),
        ("vtable for ns::T", "vtable for ns::T"),
        ("main", "main"),
    ],
)
def test_without_parameters(plain, without):
    assert places.without_parameters(plain) == without


@pytest.mark.parametrize(
    ("plain", "without"),
    [
        ("int ns::f<int>(int)", "ns::f<int>(int)"),
        ("std::map<int, long> ns::f<char, int>(long)", "ns::f<char, int>(long)"),
        ("ns::f(int)", "ns::f(int)"),
        ("ns::T::operator new(unsigned long)", "ns::T::operator new(unsigned long)"),
        ("decltype (a+b) ns::f<int>(int)", "ns::f<int>(int)"),
    ],
)
def test_without_result(plain, without):
    assert places.without_result(plain) == without


def test_colons_need_no_quotes(names):
    found = expand("uprobe", str(names), "cpp", "shop", "", "Till", "", "total")
    assert found == expand("uprobe", str(names), "cpp", "shop::Till::total") != []


def test_listed_by_their_names_in_the_source(names):
    def found(pattern, **options):
        return list(listing.list_probes(pattern, HOST, Options(**options)))

    assert found(f'u:{names}:cpp:"shop::price(long, char)",uprobe:{names}:cpp:pla*') == [
        f'uprobe:{names}:cpp:"shop::price(long, char)"',
        f"uprobe:{names}:cpp:plain",
    ]
    assert found(f"uretprobe:{names}:cpp:*Till::to*") == [f'uretprobe:{names}:cpp:"shop::Till::total() const"']
    assert found(f'uprobe:{names}:cobol:"x"') == []
    # What is listed can be written in a program as it stands.
    for name in found(f"uprobe:{names}:cpp:*"):
        language, function = name.removeprefix(f"uprobe:{names}:").split(":", 1)
        assert name in [target.listing for target in expand("uprobe", str(names), language, function.replace('"', ""))]


@live
def test_overloads_and_globs_count(bttui, load, names):
    """All that have the name attach, and `probe` shows the symbol. A constructor has two symbols at one address."""
    program = (
        f'uprobe:{names}:cpp:"shop::price", uprobe:{names}:cpp:"shop::Till::*", uprobe:{names}:cpp:"shop::twice<long>" '
        f'/pid == PID/ {{ @[probe] = count(); }} uretprobe:{names}:cpp:"shop::price(int)" /pid == PID/ {{ @sum = sum(retval); }}'
    )
    with load.start(30, path=names) as waiting:
        result, _ = bttui.trace(program.replace("PID", str(waiting.pid)), work=waiting.go)
    symbols = [*mangled(names, "5price"), *mangled(names, "4Till"), *mangled(names, "5twiceIl")]
    expected = {f"uprobe:{names}:cpp:{symbol}": 30 for symbol in symbols}
    expected[f"uprobe:{names}:cpp:_ZN4shop5priceEi"] = 60  # shop::applied() calls it too
    assert counts(result.stdout) == expected
    assert counts(result.stdout, "@sum") == {"": 29 * 30 + 30 * 2}
    assert f"Attached {len(symbols) + 1} probes" in result.stderr


# Offsets and addresses


def boundaries(path, function):
    """Distances of the instructions of a function, as objdump(1) finds them -> (distances, address of the first)."""
    text = subprocess.run(["objdump", "-dw", f"--disassemble={function}", path], capture_output=True, text=True, check=True).stdout
    found = [int(address, 16) for address in re.findall(r"^\s+([0-9a-f]+):\t", text, re.M)]
    return [address - found[0] for address in found], found[0]


@live
def test_an_instruction_in_a_function(bttui, load, calls):
    """By its distance and by its address: each call passes the second instruction once."""
    distances, start = boundaries(calls, "first")
    program = f"uprobe:{calls}:first+{distances[1]}, uprobe:{calls}:{start + distances[1]:#x} /pid == PID/ {{ @[probe] = count(); }}"
    with load.start(12, 1, path=calls) as waiting:
        result, _ = bttui.trace(program.replace("PID", str(waiting.pid)), work=waiting.go)
    assert counts(result.stdout) == {f"uprobe:{calls}:first+{distances[1]}": 12, f"uprobe:{calls}:{start + distances[1]}": 12}


@live
def test_the_middle_of_an_instruction(bttui, calls):
    """Is refused when it comes to attaching; --unsafe attaches and says so. Nothing runs the load here."""
    distances, start = boundaries(calls, "first")
    inside = next(distance for distance in range(1, distances[-1]) if distance not in distances)
    for place, said in (
        (f"first+{inside}", "into middle of instruction"),
        (f"{start + inside}", "into middle"),
        ("0x10", "Could not determine"),
    ):
        program = f"uprobe:{calls}:{place} {{ @ = count(); }} interval:ms:1 {{ exit(); }}"
        result = bttui("-e", program)
        assert result.returncode != 0 and said in result.stderr and "--unsafe attaches all the same" in result.stderr, result
        assert bttui("-l", "-e", program).returncode == 0
        result = bttui("--unsafe", "-e", program)
        assert result.returncode == 0 and said in result.stderr and "Misplaced probes make programs crash" in result.stderr, result
        assert "Attached 2 probes" in result.stderr


@live
def test_misplaced_probes_may_be_missing(bttui, load, calls):
    """The others attach."""
    distances, _ = boundaries(calls, "first")
    inside = next(distance for distance in range(1, distances[-1]) if distance not in distances)
    program = (
        f"config = {{ missing_probes = warn }} uprobe:{calls}:first+{inside}, uprobe:{calls}:first+99999, uprobe:{calls}:fi*t "
        "/pid == PID/ { @[probe] = count(); }"
    )
    with load.start(3, 1, path=calls) as waiting:
        result, _ = bttui.trace(program.replace("PID", str(waiting.pid)), work=waiting.go)
    assert counts(result.stdout) == {f"uprobe:{calls}:first": 3}
    assert "into middle of instruction" in result.stderr and "Offset outside the function bounds" in result.stderr


@live
def test_a_program_at_a_fixed_address(bttui, load):
    """Not position independent: addresses are not places in the file."""
    path = load.build("calls", "bttui_fixed", "-no-pie", "-fno-pie")
    _, start = boundaries(path, "second")
    assert start >= 0x400000
    program = f"uprobe:{path}:{start:#x}, uprobe:{path}:second, uretprobe:{path}:{start:#x} /pid == PID/ {{ @[probe] = count(); }}"
    with load.start(9, 1, path=path) as waiting:
        result, _ = bttui.trace(program.replace("PID", str(waiting.pid)), work=waiting.go)
    probes = [f"uprobe:{path}:{start}", f"uprobe:{path}:second", f"uretprobe:{path}:{start}"]
    assert counts(result.stdout) == dict.fromkeys(probes, 9)


@live
def test_a_stripped_program(bttui, load):
    """The table of the dynamic linker is left; what it does not have is not there."""
    path = load.build("calls", "bttui_exports", "-rdynamic", "-s")
    with load.start(7, 1, path=path) as waiting:
        result, _ = bttui.trace(
            f"uprobe:{path}:sec*, uprobe:{path}:first /pid == {waiting.pid}/ {{ @[probe] = count(); }}", work=waiting.go
        )
    assert counts(result.stdout) == {f"uprobe:{path}:first": 7, f"uprobe:{path}:second": 7}
    bare = load.build("calls", "bttui_bare", "-s")
    assert "No matches for uprobe" in bttui("-e", f"uprobe:{bare}:first {{ }}").stderr


@live
def test_static_functions_of_one_name(bttui, tmp_path):
    """Each source file may have its own: they are one probe, which fires in all of them."""
    static = 'static __attribute__((noinline)) int helper(int x) { __asm__ volatile(""); return x + ADD; }\n'
    (tmp_path / "one.c").write_text(static.replace("ADD", "100") + "int one(int x) { return helper(x); }\n")
    (tmp_path / "main.c").write_text(
        static.replace("ADD", "200")
        + "int one(int); int main(void) { int s = 0; for (int i = 0; i < 3; i++) s += one(i); return (s + helper(0)) == 0; }\n"
    )
    path = tmp_path / "bttui_namesakes"
    subprocess.run(["gcc", "-O1", "-o", path, tmp_path / "one.c", tmp_path / "main.c"], check=True)
    for place in ("helper", "hel*r", "cpp:helper"):
        program = f"uprobe:{path}:{place} {{ @[probe] = count(); }} uretprobe:{path}:{place} {{ @results[retval] = count(); }}"
        result = bttui("-e", program, "-c", path)
        assert list(counts(result.stdout).values()) == [4]
        assert counts(result.stdout, "@results") == {"100": 1, "101": 1, "102": 1, "200": 1}
        assert "Attached 2 probes" in result.stderr
        assert len(bttui("-l", f"uprobe:{path}:{place}").stdout.splitlines()) == 1
    assert len(expand("uprobe", str(path), "helper+0")) == 2 and len(expand("uprobe", str(path), "helper+1", unsafe=True)) == 1


def test_a_function_that_only_chooses():
    """memcpy of glibc on x86 is one of those."""
    targets = expand("uprobe", "libc", "memcpy")
    if not targets[0].warning:
        pytest.skip("this C library has no IFUNC memcpy")
    assert "only chooses" in targets[0].warning
    assert expand("uprobe", "libc", "getpid")[0].warning == ""


@pytest.mark.parametrize(
    ("parts", "message", "hint"),
    [
        (("FILE", "cobol", "x"), "unsupported language type: cobol", "cpp"),
        (("FILE", "cpp", "shop::prize"), "No matches for uprobe FILE:cpp:shop::prize.", "did you mean shop::price"),
        (("FILE", "plan"), "No matches for uprobe FILE:plan.", "did you mean plain?"),
        (("FILE", "data_start"), "No matches for uprobe FILE:data_start.", "_start"),
        (("FILE", "0"), "uprobe should be attached to a function, address, or source file and line (using DWARF)", "FUNCTION"),
        (("FILE", "plain+"), "Invalid offset", "+OFFSET"),
        (("FILE", "+4"), "Invalid offset", "+OFFSET"),
        (("FILE", "plain+x"), "Invalid offset: invalid integer: x", "+OFFSET"),
        (("FILE", "plain+1+2"), "Cannot take more than one offset", "+OFFSET"),
        (("FILE", "12x"), "Invalid address: invalid trailing bytes: 12x", "FUNCTION"),
        (("*", "0x10"), "Cannot use wildcards with absolute address", "name one"),
        (("*", "main"), "No process to look for files in.", "-p"),
        (("", "main"), "uprobe should have a target", "FUNCTION"),
        (("FILEs", "main"), "uprobe target file 'FILEs' does not exist or is not executable", "did you mean FILE"),
        (("/nosuch/x", "main"), "uprobe target file '/nosuch/x' does not exist or is not executable", "give a path"),
        (("libnosuch", "f"), "uprobe target file 'libnosuch' does not exist or is not executable", ""),
        (("/etc/passwd", "main"), "not an ELF file: /etc/passwd", ""),
    ],
)
def test_refusals(parts, message, hint, names):
    with pytest.raises(DiagnosticError) as caught:
        expand("uprobe", *(part.replace("FILE", str(names)) for part in parts))
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.message, diagnostic.span) == (message.replace("FILE", str(names)), SPAN)
    assert hint.replace("FILE", str(names)) in diagnostic.hint


def test_returns_have_no_offsets(calls):
    with pytest.raises(DiagnosticError, match="Offset not allowed"):
        expand("uretprobe", str(calls), "first+4")
    distances, start = boundaries(calls, "first")
    (target,) = expand("uretprobe", str(calls), str(start + distances[1]), unsafe=True)
    assert target.options["refused"] == f"uretprobes cannot be attached at function offset. (address resolved to: first+{distances[1]})"


# Files


@pytest.fixture
def package(load, tmp_path):
    """(an archive with a library from a page on, where in it the library's function second() is)."""
    library = load.build("calls", "libbttui.so", "-shared", "-fPIC")
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("lib/packed.so", library.read_bytes(), zipfile.ZIP_DEFLATED)
        entry = zipfile.ZipInfo("lib/calls.so")
        padding = -(file.fp.tell() + 34 + len(entry.filename)) % os.sysconf("SC_PAGESIZE")
        entry.extra = b"\x35\xd9" + padding.to_bytes(2, "little") + bytes(padding)
        file.writestr(entry, library.read_bytes(), zipfile.ZIP_STORED)
    return path, path.read_bytes().rindex(b"\x7fELF") + boundaries(library, "second")[1]


@live
def test_a_library_in_an_archive(bttui, load, package):
    path, place = package
    program = (
        f"uprobe:{path}!/lib/calls.so:second, uprobe:{path}!/lib/c*:sec?nd, uretprobe:{path}!/lib/calls.so:second "
        "/pid == PID/ { @[probe] = count(); }"
    )
    with load.start(15, path, place, path=load.build("archive", "bttui_archive")) as waiting:
        result, _ = bttui.trace(program.replace("PID", str(waiting.pid)), work=waiting.go)
    assert counts(result.stdout) == {f"uprobe:{path}!/lib/calls.so:second": 30, f"uretprobe:{path}!/lib/calls.so:second": 15}
    assert bttui("-l", f"uprobe:{path}!/lib/*:fi*").stdout == f"uprobe:{path}!/lib/calls.so:first\n"
    refused = bttui("-e", f"uprobe:{path}!/lib/packed.so:second {{ }}")
    assert refused.returncode == 1 and "is compressed" in refused.stderr


@live
def test_what_a_process_runs(bttui, load, calls):
    """With -p the file may be left out (then it is the program), and * is all that the process has mapped."""
    with load.start(20, 1, path=calls) as waiting:
        shown = f"/proc/{waiting.pid}/root{calls}"
        assert bttui("-l", "uprobe:fir*", "-p", waiting.pid).stdout == f"uprobe:{shown}:first\n"
        program = "uprobe:first, uprobe:cpp:second, uprobe:*:second, uretprobe:*:fi*st { @[probe] = count(); }"
        result, _ = bttui.trace(program, "-p", str(waiting.pid), work=waiting.go)
    probes = [f"uprobe:{shown}:first", f"uprobe:{shown}:cpp:second", f"uprobe:{shown}:second", f"uretprobe:{shown}:first"]
    assert counts(result.stdout) == dict.fromkeys(probes, 20)


@live
@pytest.mark.parametrize("place", ["", "*:", "PATH:", "DIR/*:"], ids=["program", "all", "path", "glob"])
def test_a_process_in_another_mount_namespace(place, bttui, calls, tmp_path):
    """Its paths are its own: here, the file is not there."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespace can be made here")
    script = f"mount -t tmpfs none {hidden} && cp {calls} {hidden}/own && exec {hidden}/own -w 13 1"
    with Process(["unshare", "-m", "sh", "-c", script]) as process:
        process.until(f"pid={process.pid}\n")
        assert not (hidden / "own").exists()
        place = place.replace("PATH", f"{hidden}/own").replace("DIR", str(hidden))
        program = f"uprobe:{place}second, uretprobe:{place}fi*st {{ @[probe] = count(); }}"
        result, _ = bttui.trace(program, "-p", str(process.pid), work=lambda: process.stop(signal.SIGUSR1))
    shown = f"/proc/{process.pid}/root{hidden}/own"
    assert counts(result.stdout) == {f"uprobe:{shown}:second": 13, f"uretprobe:{shown}:first": 13}


@live
@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_program_that_was_deleted_while_it_runs(replaced, bttui, load, calls, tmp_path):
    path = tmp_path / "bttui_gone"
    path.write_bytes(calls.read_bytes())
    path.chmod(0o755)
    with load.start(11, 1, path=path) as waiting:
        path.unlink()
        if replaced:
            path.write_bytes(calls.read_bytes())
        program = f"uprobe:{path}:second, uprobe:first {{ @[probe] = count(); }}"
        result, _ = bttui.trace(program, "-p", str(waiting.pid), work=waiting.go)
    assert counts(result.stdout) == {f"uprobe:{path}:second": 11, f"uprobe:/proc/{waiting.pid}/root{path}:first": 11}


# Lines of the source


def line_of(word, load):
    (found,) = [number for number, text in enumerate(load.source("lines").read_text().splitlines(), 1) if text.endswith(f"/* {word} */")]
    return found


@live
@pytest.mark.parametrize("stripped", [False, True], ids=["plain", "stripped"])
def test_lines_of_the_source(stripped, bttui, load):
    """Each is passed once in a call, or once in a turn of the loop; the probe shows the address. One was put inline twice."""
    path = load.split("lines", "bttui_lines_bare") if stripped else load.build("lines", "bttui_lines")
    entry, body, inline = (line_of(word, load) for word in ("entry", "body", "inline"))
    program = "".join(
        f"uprobe:{path}@{file}:{line} /pid == PID/ {{ {name} = count(); @places[probe] = count(); }} "
        for file, line, name in (("lines.c", entry, "@entry"), ("load/lines.c", body, "@body"), ("lines.c", inline, "@inline"))
    )
    assert bttui("-l", "-e", program).stdout.split() == [
        f"uprobe:{path}@lines.c:{entry}",
        f"uprobe:{path}@load/lines.c:{body}",
        f"uprobe:{path}@lines.c:{inline}",
    ]
    with load.start(60, path=path) as waiting:
        result, _ = bttui.trace(program.replace("PID", str(waiting.pid)), work=waiting.go)
    assert [counts(result.stdout, f"@{name}")[""] for name in ("entry", "body", "inline")] == [1, 60, 61]
    places = counts(result.stdout, "@places")
    assert sorted(places.values()) == [1, 1, 60, 60] and all(re.fullmatch(rf"uprobe:{path}:\d+", name) for name in places)
    assert "Attached 4 probes" in result.stderr


@live
def test_a_line_of_what_a_process_runs(bttui, load):
    with load.start(5, path=load.build("lines", "bttui_lines")) as waiting:
        program = f"uprobe:@lines.c:{line_of('body', load)} {{ @ = count(); }}"
        result, _ = bttui.trace(program, "-p", str(waiting.pid), work=waiting.go)
    assert counts(result.stdout) == {"": 5}


@live
@pytest.mark.parametrize("place", ["entry", "body"])
def test_arguments_at_a_line(bttui, load, place):
    path = load.build("lines", "bttui_lines")
    with load.start(5, path=path) as waiting:
        program = f"uprobe:{path}@lines.c:{line_of(place, load)} /pid == {waiting.pid}/ {{ @ = args.times; }}"
        result, _ = bttui.trace(program, work=waiting.go)
    assert counts(result.stdout) == {"": 5}


def test_lines_are_listed_by_number(load):
    path = load.build("lines", "bttui_lines")
    body = line_of("body", load)
    for pattern in (f"uprobe:{path}@lines.c", f"uprobe:{path}@l*.c", f"uprobe:{path}@*/lines.c:*"):
        found = list(listing.list_probes(pattern, HOST, Options()))
        numbers = [int(name.removeprefix(f"uprobe:{path}@lines.c:")) for name in found]
        assert numbers == sorted(numbers) and body in numbers
    assert list(listing.list_probes(f"uprobe:{path}@l*s.c:{body}", HOST, Options())) == [f"uprobe:{path}@lines.c:{body}"]
    assert list(listing.list_probes(f"uretprobe:{path}@lines.c", HOST, Options())) == []
    assert list(listing.list_probes("uprobe:/bin/true@lines.c", HOST, Options())) == []


@pytest.mark.parametrize(
    ("parts", "message", "hint"),
    [
        (("BINARY@lines.c", "1"), "DWARF error: Unable to map 'lines.c:1' to address", "the nearest line with code: "),
        (("BINARY@lines.c", "EMPTY"), "DWARF error: Unable to map 'lines.c:EMPTY' to address", "the nearest lines with code: "),
        (("BINARY@lines.c", "BODY", "77"), "DWARF error: Unable to map 'lines.c:BODY:77' to address", "begins at column 9"),
        (("BINARY@lins.c", "1"), "DWARF error: No compilation unit matches lins.c", "did you mean lines.c?"),
        (("BINARY@zzz.c", "1"), "DWARF error: No compilation unit matches zzz.c", "bttui -l 'uprobe:BINARY@*'"),
        (("BINARY@lines.c", "x"), "Invalid line number: invalid integer: x", "LINE"),
        (("BINARY@lines.c", "1", "x"), "Invalid column number: invalid integer: x", "COLUMN"),
        (("BINARY@lines.c",), "Invalid uprobe arguments, expected format: uprobe:TARGET@FILE:LINE[:COL]", ""),
        (("BINARY@lines.c", "1", "2", "3"), "Invalid uprobe arguments, expected format: uprobe:TARGET@FILE:LINE[:COL]", ""),
        (("BINARY@", "1"), "Invalid uprobe arguments, expected format: uprobe:TARGET@FILE:LINE[:COL]", ""),
        (("@lines.c", "1"), "Unspecified target binary, cannot attach by source code location.", "before the @"),
        (("*@lines.c", "1"), "Cannot use wildcards with source code location", "name one"),
        (("/bin/true@lines.c", "1"), "No DWARF debug info found for '/bin/true', cannot attach by source code location.", "-g"),
        (("/nosuch@lines.c", "1"), "uprobe target file '/nosuch' does not exist or is not executable", ""),
    ],
)
def test_lines_that_are_refused(parts, message, hint, load):
    path = load.build("lines", "bttui_lines")
    words = {
        "BINARY": str(path),
        "BODY": str(line_of("body", load)),
        "EMPTY": str(line_of("body", load) + 4),
    }

    def said(text):
        for word in words:
            text = text.replace(word, words[word])
        return text

    with pytest.raises(DiagnosticError) as caught:
        expand("uprobe", *map(said, parts))
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.message, diagnostic.span) == (said(message), SPAN)
    assert said(hint) in diagnostic.hint
    with pytest.raises(DiagnosticError, match="Source code location not allowed"):
        expand("uretprobe", *map(said, ("BINARY@lines.c", "BODY")))


def test_a_path_may_have_the_sign_that_lines_have(calls, tmp_path):
    path = tmp_path / "calls@2"
    path.write_bytes(calls.read_bytes())
    (target,) = expand("uprobe", str(path), "first")
    assert target.name == f"uprobe:{path}:first"
