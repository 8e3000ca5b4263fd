"""Names of code in processes that run, and in those that are gone."""

import ctypes.util
import os
import shutil
import signal
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.host.binaries import Binaries
from bttui.host.demangle import demangle
from bttui.host.facts import Host
from bttui.host.mapping_events import MappingWatcher
from bttui.host.perf_map import PerfMap
from bttui.host.processes import ProcessEvent, ProcessWatcher, children, maps, start_time
from bttui.host.user_symbols import UserSymbols
from bttui.model.frame import Symbol

needs_libstdcxx = pytest.mark.skipif(not ctypes.util.find_library("stdc++"), reason="no C++ library is installed")


class Running:
    """tests/load/addresses: ``places`` are what it says of its memory. Leaving the context ends it."""

    def __init__(self, *command, **options):
        self.popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
        words = self.popen.stdout.readline().split()
        self.places = {name: int(value, 0) if value != "(nil)" else 0 for name, value in (word.split("=") for word in words)}
        self.pid = self.places.pop("pid")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.communicate()


@pytest.fixture(scope="module")
def program(load):
    return str(load.build("addresses", "bttui_addresses"))


@pytest.fixture
def symbols():
    """These follow nothing: processes are looked at when they are asked for."""
    return UserSymbols(Host())


def symbol(place, name, path, distance=2):
    return Symbol(place + distance, name, distance, path)


# Live


@pytest.mark.live
def test_a_running_program(program, symbols):
    with Running(program) as running:
        places = running.places
        assert symbols.symbolize(running.pid, places["own_function"] + 2) == symbol(places["own_function"], "own_function", program)
        found = symbols.symbolize(running.pid, places["library_function"] + 2)
        assert (found.name, found.offset) == ("getppid", 2)
        assert os.path.basename(found.module).startswith("libc")
        if places["vdso_function"]:
            found = symbols.symbolize(running.pid, places["vdso_function"] + 1)
            assert (found.name, found.offset, found.module) in [(name, 1, "[vdso]") for name in ("clock_gettime", "__vdso_clock_gettime")]
        assert symbols.unresolved == 0
        for nowhere in (0, 1, places["made"] + 5, 1 << 47, (1 << 64) - 1):
            assert symbols.symbolize(running.pid, nowhere) == Symbol(nowhere)
        assert symbols.unresolved == 5


@pytest.mark.live
def test_a_program_that_was_remembered_before_it_ended(program, symbols):
    with Running(program) as running:
        symbols.remember(running.pid)
    place = running.places["own_function"]
    assert symbols.symbolize(running.pid, place + 2) == symbol(place, "own_function", program)
    assert symbols.symbolize(running.pid, running.places["library_function"]).name == "getppid"
    symbols.forget(running.pid)
    assert symbols.symbolize(running.pid, place + 2) == Symbol(place + 2)


@pytest.mark.live
def test_a_program_that_ended_before_anybody_looked(program):
    with UserSymbols(Host()) as symbols:
        for _ in range(20):
            with Running(program) as running:
                pass
            for name, expected in (("own_function", "own_function"), ("library_function", "getppid")):
                assert symbols.symbolize(running.pid, running.places[name] + 2).name == expected
        assert symbols.unresolved == symbols.lost == 0


@pytest.mark.live
@pytest.mark.parametrize("watcher", [MappingWatcher, ProcessWatcher])
def test_both_ways_to_follow(program, watcher):
    symbols = UserSymbols(Host())
    symbols.start(MappingWatcher(Host().online_cpus) if watcher is MappingWatcher else ProcessWatcher())
    with Running(program) as running:
        symbols.stop()  # takes what has happened, while the program waits
    place = running.places["own_function"]
    assert symbols.symbolize(running.pid, place + 2) == symbol(place, "own_function", program)
    assert symbols.symbolize(running.pid, running.places["library_function"]).name == "getppid"


@pytest.mark.live
def test_programs_that_ran_when_it_began(program):
    symbols = UserSymbols(Host())
    with Running(program) as running:
        symbols.start()
        symbols.stop()
    place = running.places["own_function"]
    assert symbols.symbolize(running.pid, place + 2) == symbol(place, "own_function", program)


@pytest.mark.live
def test_a_library_that_is_loaded_later(program):
    with UserSymbols(Host()) as symbols:
        with Running(program, "libm.so.6", "nextafter") as running:
            pass
        found = symbols.symbolize(running.pid, running.places["loaded"] + 3)
        assert (found.name, found.offset) == ("nextafter", 3)
        assert "libm" in found.module


@pytest.mark.live
def test_a_fork_that_runs_no_other_program():
    here = ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p).value
    with UserSymbols(Host()) as symbols:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        assert symbols.symbolize(child, here).name == "getppid"


@pytest.mark.live
def test_before_and_after_exec(program):
    """What ran before an exec keeps its names: samples of both lie in the map under one pid."""
    here = ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p).value
    with UserSymbols(Host()) as symbols:
        with Running(program) as running:
            pass
        assert symbols.symbolize(running.pid, running.places["own_function"]).name == "own_function"
        assert symbols.symbolize(running.pid, here).name == "getppid"


@pytest.mark.live
def test_a_pid_that_is_used_again(program, load):
    """Two programs at the same addresses, so that only the time of their start tells them apart."""
    fixed = str(load.build("addresses", "bttui_at_one", "-no-pie"))
    other = str(load.build("addresses", "bttui_at_same", "-no-pie", "-Down_function=other_function"))
    starts = []
    with UserSymbols(Host()) as symbols:
        with Running(fixed) as first:
            starts.append(start_time(first.pid))

        def same_pid():
            with open("/proc/sys/kernel/ns_last_pid", "w") as file:
                file.write(str(first.pid - 1))

        for _ in range(100):
            with Running(other) as second:
                time.sleep(0.02)  # the clock that tells of starts here has ticks of 10 ms
                starts[1:] = [start_time(second.pid)]
            if second.pid == first.pid:
                break
            same_pid()
        assert second.pid == first.pid
        place = first.places["own_function"]
        assert place == second.places["own_function"]
        tick = 10**9 // os.sysconf("SC_CLK_TCK")
        assert [symbols.symbolize(first.pid, place, start * tick).name for start in starts] == ["own_function", "other_function"]
        assert symbols.symbolize(first.pid, place).name == "other_function"
        assert symbols.symbolize(first.pid, place, starts[1] * tick + 10**12) == Symbol(place)  # nobody we have seen


@pytest.mark.live
def test_a_deleted_program(program, symbols, tmp_path):
    gone = str(tmp_path / "gone")
    shutil.copy(program, gone)
    with Running(gone) as running:
        os.unlink(gone)
        shutil.copy("/bin/true", gone)  # whoever went by the name would read this
        symbols.remember(running.pid)
    place = running.places["own_function"]
    assert symbols.symbolize(running.pid, place + 2) == symbol(place, "own_function", gone)


@pytest.mark.live
def test_a_program_that_is_deleted_when_it_has_ended(program, tmp_path):
    gone = str(tmp_path / "gone")
    shutil.copy(program, gone)
    symbols = UserSymbols(Host())
    symbols.start()
    with Running(gone) as running:
        symbols.stop()
    os.unlink(gone)
    place = running.places["own_function"]
    assert symbols.symbolize(running.pid, place + 2) == symbol(place, "own_function", gone)


@pytest.mark.live
def test_a_program_in_a_mount_namespace_of_its_own(program, symbols, tmp_path):
    """A container: its paths mean nothing to us, or something else."""
    shutil.copy("/bin/true", tmp_path / "inside")
    script = 'mount -t tmpfs none "$1" && cp "$0" "$1/inside" && exec "$1/inside"'
    with Running("unshare", "-m", "sh", "-c", script, program, str(tmp_path)) as running:
        symbols.remember(running.pid)
    place = running.places["own_function"]
    assert symbols.symbolize(running.pid, place + 2) == symbol(place, "own_function", str(tmp_path / "inside"))


@pytest.mark.live
def test_a_stripped_program_with_its_symbols_in_a_debug_file(load, program):
    path = str(load.split("addresses", "bttui_addresses_stripped"))
    with UserSymbols(Host()) as symbols:
        with Running(path) as running:
            pass
        place = running.places["own_function"]
        assert symbols.symbolize(running.pid, place + 2) == symbol(place, "own_function", path)


@pytest.mark.live
def test_code_that_the_process_makes(program, symbols):
    with Running(program) as running:
        path = f"/tmp/perf-{running.pid}.map"
        place = running.places["made"]
        try:
            with open(path, "w") as file:
                file.write(f"{place:x} 10 Interpreter\nnonsense\n{place + 0x20:x} 8 ours at /a path:1\n")
            assert symbols.symbolize(running.pid, place + 15).replace(module="") == Symbol(place + 15, "Interpreter", 15)
            assert symbols.symbolize(running.pid, place + 16) == Symbol(place + 16)
            found = symbols.symbolize(running.pid, place + 0x21)
            assert found.name == "ours at /a path:1"
            assert found.module.endswith(path)
        finally:
            os.unlink(path)


@pytest.mark.live
def test_a_name_is_remembered_unless_a_fresh_one_is_asked_for(program, symbols):
    with Running(program) as running:
        path, place = f"/tmp/perf-{running.pid}.map", running.places["made"]
        try:
            for name, fresh, seen in (("first", False, "first"), ("second", False, "first"), ("third", True, "third")):
                with open(path, "w") as file:
                    file.write(f"{place:x} 10 {name}\n")
                assert symbols.symbolize(running.pid, place, fresh=fresh).name == seen
        finally:
            os.unlink(path)


@pytest.mark.live
def test_code_made_where_tmp_is_a_mount_of_its_own(program, symbols):
    """A container's /tmp is not this machine's; only the root folder of the process leads there."""
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespace can be made here")
    script = 'exec 3< "$0" && mount -t tmpfs none /tmp && cat <&3 > /tmp/inside && chmod +x /tmp/inside && exec /tmp/inside'
    with Running("unshare", "-m", "sh", "-c", script, program) as running:
        path, place = f"/tmp/perf-{running.pid}.map", running.places["made"]
        with open(f"/proc/{running.pid}/root{path}", "w") as file:
            file.write(f"{place:x} 10 Interpreter\n")
        assert not os.path.exists(path)
        assert symbols.symbolize(running.pid, place + 3) == Symbol(place + 3, "Interpreter", 3, path)


@pytest.mark.live
def test_code_made_in_a_container_that_has_ended(program, tmp_path):
    """The process has another number for itself, and what it sees as /tmp is gone from /proc with it."""
    script = 'echo 41000 > /proc/sys/kernel/ns_last_pid; "$0"; :'
    path = "/tmp/perf-41001.map"
    try:
        with UserSymbols(Host()) as symbols:
            with Running("unshare", "-m", "-p", "-f", "sh", "-c", script, program) as running:
                assert running.pid == 41001
                (shell,) = children(running.popen.pid)
                (pid,) = children(shell)
                place = running.places["made"]
                with open(path, "w") as file:
                    file.write(f"{place:x} 10 Interpreter\n")
                # Whoever ends before its records are read, some milliseconds later, has taken the way to its files along.
                assert symbols.symbolize(pid, running.places["own_function"]).name == "own_function"
            assert symbols.symbolize(pid, place + 3) == Symbol(place + 3, "Interpreter", 3, path)
    finally:
        os.unlink(path)


@pytest.mark.live
def test_a_perf_map_of_an_ended_process_is_not_that_of_the_next(program):
    symbols = UserSymbols(Host())
    with Running(program) as running:
        path = f"/tmp/perf-{running.pid}.map"
        place = running.places["made"]
        try:
            with open(path, "w") as file:
                file.write(f"{place:x} 10 Interpreter\n")
            symbols.remember(running.pid)
            begun = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            symbols._take(ProcessEvent("exit", running.pid, running.pid))
            symbols._take(ProcessEvent("fork", running.pid, running.pid, parent=os.getpid(), time=begun))
            with open(path, "w") as file:
                file.write(f"{place:x} 10 Another\n")
            assert symbols.symbolize(running.pid, place, begun - 10**9).name == "Interpreter"
            assert symbols.symbolize(running.pid, place, begun).name == "Another"
        finally:
            os.unlink(path)


@pytest.mark.live
def test_several_followers_share_one_thread(program):
    symbols = UserSymbols(Host())
    symbols.start()
    symbols.start()
    symbols.stop()
    with Running(program) as running:
        pass
    assert symbols.symbolize(running.pid, running.places["own_function"]).name == "own_function"
    symbols.stop()
    assert symbols._thread is None and symbols._watcher is None


@pytest.mark.live
def test_a_program_that_is_killed_while_it_is_followed(program):
    with UserSymbols(Host()) as symbols:
        with Running(program) as running:
            os.kill(running.pid, signal.SIGKILL)
            running.popen.wait()
        assert symbols.symbolize(running.pid, running.places["own_function"]).name == "own_function"


@pytest.mark.live
def test_files_are_closed_once_their_symbols_are_read(program):
    binaries = Binaries()
    with Running(program) as running:
        files = [(mapping, binaries.of(running.pid, mapping)) for mapping in maps(running.pid, code_only=True)]
        for mapping, elf in files:
            if elf and mapping.path == program:
                before = len(os.listdir("/proc/self/fd"))
                binaries.symbols(elf)
                assert len(os.listdir("/proc/self/fd")) == before - 1
                return
    raise AssertionError(files)


# Pure


def test_a_recorded_machine_has_no_processes(tmp_path):
    with UserSymbols(Host(str(tmp_path))) as symbols:
        assert symbols.symbolize(os.getpid(), 0x1234) == Symbol(0x1234)
        assert symbols.lost == 0


def test_a_perf_map_grows(tmp_path):
    perf_map = PerfMap(0)
    perf_map.path = str(tmp_path / "perf-0.map")
    assert perf_map.at(0x1000) is None
    with open(perf_map.path, "w") as file:
        file.write("1000 10 first\n")
    assert perf_map.at(0x100F) == ("first", 0x1000)
    assert perf_map.at(0x1010) is None
    with open(perf_map.path, "a") as file:
        file.write("1000 20 second\nzz 1 bad\n2000\n\n")
    assert perf_map.at(0x1010) == ("second", 0x1000)


def test_a_perf_map_holds_what_its_process_likes(tmp_path):
    perf_map = PerfMap(0)
    perf_map.path = str(tmp_path / "perf-0.map")
    longest = b"x" * 100_000
    lines = (
        b'1000 10 \x1b[31mmade\xff"\x07\0\\,',
        b"2000 10 " + longest,
        b"-5 10 below",
        b"3000 -1 no size",
        b"1" * 5000 + b" 1 far",
        b"\xff\xfe",
        b"4000 10",
    )
    with open(perf_map.path, "wb") as file:
        file.write(b"\n".join(lines))
    assert perf_map.at(0x1000) == (os.fsdecode(b'\x1b[31mmade\xff"\x07\0\\,'), 0x1000)
    assert perf_map.at(0x200F) == (longest.decode(), 0x2000)
    assert perf_map.at(0x3000) is perf_map.at(0x4000) is None


def test_a_perf_map_that_is_a_link_is_not_followed(tmp_path):
    perf_map = PerfMap(0)
    (tmp_path / "other").write_text("1000 10 first\n")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    perf_map.path = str(tmp_path / "link")
    assert perf_map.at(0x1000) is None


@needs_libstdcxx
@pytest.mark.parametrize(
    ("mangled", "plain"),
    [
        ("_ZN3foo3barEi", "foo::bar(int)"),
        ("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back(int const&)"),
        ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"),
        ("_ZN50_$LT$T$u20$as$u20$core..convert..Into$LT$U$GT$$GT$4into17h0123456789abcdefE", "<T as core::convert::Into<U>>::into"),
    ],
)
def test_mangled_names(mangled, plain):
    assert demangle(mangled) == plain


# As rustc wrote them; the plain names as other demanglers give them.
V0 = {
    "_RNvCs6GmmlP4bgsG_1r4main": "r::main",
    "_RNvCs6GmmlP4bgsG_1ru7tst_sna": "r::töst",
    "_RINvCs6GmmlP4bgsG_1r3arrKj3_EB2_": "r::arr::<3>",
    "_RINvCs6GmmlP4bgsG_1r4leafRShEB2_": "r::leaf::<&[u8]>",
    "_RINvCs6GmmlP4bgsG_1r4callNCINvB2_3arrKj3_E0EB2_": "r::call::<r::arr<3>::{closure#0}>",
    "_RINvCs6GmmlP4bgsG_1r4callNCNvB2_4main0EB2_": "r::call::<r::main::{closure#0}>",
    "_RNvXCs6GmmlP4bgsG_1rINtB2_4PairmThReEENtNtB2_4deep4Work4workB2_": "<r::Pair<u32, (u8, &str)> as r::deep::Work>::work",
    "_RNSNvYNCINvNtCsjrHSEGnQ3l9_3std2rt10lang_startuE0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceuE9call_once6vtableCs6GmmlP4bgsG_1r": (
        "<std::rt::lang_start<()>::{closure#0} as core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}"
    ),
    "_RINvNtCsjrHSEGnQ3l9_3std2rt5startFUKCOhQxEbDNtCsgEmfK2I1SDS_4core5Errorp1TlEL_Atj10_EB2_": (
        'std::rt::start::<unsafe extern "C" fn(*mut u8, &mut i64) -> bool, dyn core::Error<T = i32>, [u16; 16]>'
    ),
    "_RINvC1a1bFG_RL0_hEuKb1_Kc5a_Kan5_KRe6162_TxEE": "a::b::<for<'a> fn(&'a u8), true, 'Z', -5, \"ab\", (i64,)>",
    "_RNvC1a1b.llvm.123": "a::b",
    "_RNvC1a1b.cold": "a::b.cold",
    "_RNnNvNtCs1stPtnWQKnT_10rustc_lint8internal14BAD_OPT_ACCESS0": "rustc_lint::internal::BAD_OPT_ACCESS",
}


@pytest.mark.parametrize("mangled", V0)
def test_names_of_rust(mangled):
    assert demangle(mangled) == V0[mangled]


@pytest.mark.parametrize("mangled", [name for name in V0 if "." not in name])
def test_a_cut_name_of_rust_stays_or_is_shorter(mangled):
    for length in range(2, len(mangled)):
        cut = mangled[:length]
        assert demangle(cut) == cut or len(demangle(cut)) <= len(V0[mangled])


@given(st.text("CMXYNIBs_LKRQPOAFDETGUVpue0123456789ab", max_size=300))
def test_no_name_of_rust_takes_long(text):
    assert len(demangle("_R" + text)) < 1 << 16


def test_a_name_of_rust_that_unfolds_without_end_stays():
    """Each pair is two references to the one before: the second is four wide, the fortieth a million million."""

    def pairs(count):
        name, last = "IC1aThhE", 4
        for _ in range(count):
            back = last - 1
            digits = ("" if back < 62 else chr(ord("0") + back // 62)) + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[
                back % 62
            ]
            last, name = len(name), f"{name}TB{digits}_B{digits}_E"
        return f"_R{name}E"

    assert demangle(pairs(2)) == "a::<(u8, u8), ((u8, u8), (u8, u8)), (((u8, u8), (u8, u8)), ((u8, u8), (u8, u8)))>"
    for name in (pairs(40), "_R" + "I" * 2000):
        assert demangle(name) == name


@pytest.mark.parametrize("name", ["", "main", "_start", "_Z", "_Zebra", "Z3foo", "_R0", "_ZN3foo", "_Z" + "a" * 5000, "_Z\udc80"])
def test_other_names_stay(name):
    assert demangle(name) == name
