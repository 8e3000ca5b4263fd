"""USDT: a load whose probes and arguments are known (tests/load/usdt.c)."""

import os
import platform
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from support import Process, eventually

from bttui.host.facts import Host
from bttui.host.processes import children
from bttui.model.diagnostic import DiagnosticError, Span
from bttui.probes import listing, registry
from bttui.probes.provider import Options
from bttui.probes.usdt_arguments import locations

SPAN = Span(0, 4, 1, 1, 1, 5)
x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="operands of x86_64")
live = pytest.mark.live

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")


@pytest.fixture(scope="module")
def binary(load):
    return load.build("usdt", "bttui_usdt")


@pytest.fixture(scope="module")
def fixed(load):
    """Linked to a fixed address."""
    return load.build("usdt", "bttui_usdt_fix", "-no-pie", "-fno-pie")


def counts(text, name="@"):
    return {key or "": int(value) for key, value in re.findall(rf"^{name}(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


def expand(text, **options):
    return [target for _, target in registry.expand(text.split(":"), SPAN, Host(), Options(**options))]


# What a file has


@x86
def test_listing(binary):
    names = [
        f"usdt:{binary}:bttui_load:{name}"
        for name in "constants global guarded high indexed memory none numbers registers text twice".split()
    ]
    every = [*names, f"usdt:{binary}:bttui_other:none"]
    assert list(listing.lines(f"usdt:{binary}:*", Host())) == every
    assert list(listing.lines(f"usdt:{binary}", Host())) == every
    assert list(listing.lines(f"U:{binary}:bttui_o*:*", Host())) == every[-1:]
    assert list(listing.lines(f"usdt:{binary.parent}/*_usdt:*:t*", Host())) == names[-2:]
    assert list(listing.lines(f"usdt:{binary}:bttui_load:hi*,usdt:{binary}:none", Host(), True)) == [
        f"usdt:{binary}:bttui_load:high",
        "    uint8 arg0",
        "    int8 arg1",
        "    uint16 arg2",
        "    float64 arg3",
        f"usdt:{binary}:bttui_load:none",
        f"usdt:{binary}:bttui_other:none",
        "    int32 arg0",
    ]


def test_places_with_equal_arguments_are_one_target(binary):
    """ "twice" is in two places, its argument in a register and on the stack."""
    assert [target.name for target in expand(f"usdt:{binary}:twice")] == [f"usdt:{binary}:bttui_load:twice"] * 2
    assert [len(target.options["places"]) for target in expand(f"usdt:{binary}:twice")] == [1, 1]
    assert [target.options.get("counts", 1) for target in expand(f"usdt:{binary}:twice")] == [1, 0]
    ((offset, semaphore),) = expand(f"usdt:{binary}:guarded")[0].options["places"]
    assert semaphore and offset != semaphore
    assert len(expand(f"usdt:{binary}:none")) == 2


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("usdt:BINARY:twcie", "No matches for usdt BINARY:twcie.", "did you mean twice?"),
        ("usdt:BINARY:bttui_load:nosuch", "No matches for usdt BINARY:nosuch.", "bttui -l 'usdt:BINARY:*'"),
        ("usdt:/bin/true:x", "No matches for usdt /bin/true:x.", "the file has no USDT probes"),
        ("usdt:/nosuch:x", "usdt target file '/nosuch' does not exist or is not executable", "give a path"),
        ("usdt:BINARY:", "usdt probe must have a target function or wildcard", "usdt:FILE:[PROVIDER:]NAME"),
        ("usdt::none", "usdt probe must specify at least path or pid to probe. To target all paths/pids set the path to '*'.", "usdt:FILE"),
        ("usdt:BINARY", "usdt probe type requires 2 or 3 arguments, found 1", "usdt:FILE:[PROVIDER:]NAME"),
        ("usdt:BINARY:a:b:c", "usdt probe type requires 2 or 3 arguments, found 4", "usdt:FILE:[PROVIDER:]NAME"),
    ],
)
def test_refusals(text, message, hint, binary):
    with pytest.raises(DiagnosticError) as caught:
        expand(text.replace("BINARY", str(binary)))
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.message, diagnostic.span) == (message.replace("BINARY", str(binary)), SPAN)
    assert hint.replace("BINARY", str(binary)) in diagnostic.hint


# Attached


@live
def test_every_probe_counts(bttui, load, binary):
    with load.start(700, path=binary) as waiting:
        result, did = bttui.trace(f"usdt:{binary}:* {{ @[probe] = count(); }}", work=waiting.go)
    names = bttui("-l", f"usdt:{binary}:*").stdout.split()
    assert counts(result.stdout) == {name: 1400 if name.endswith("twice") else 700 for name in names}
    assert f"Attached {len(names)} probes" in result.stderr
    assert did["guarded"] == 700


@live
def test_one_by_one_without_multi_links(bttui, load, binary):
    program = f"usdt:{binary}:twice, usdt:{binary}:none, usdt:{binary}:guarded {{ @[probe, probetype] = count(); }}"
    with load.start(50, path=binary) as waiting:
        result, did = bttui.trace(program, "--no-feature", "uprobe_multi", work=waiting.go)
    assert counts(result.stdout) == {
        f"usdt:{binary}:bttui_load:twice, usdt": 100,
        f"usdt:{binary}:bttui_load:none, usdt": 50,
        f"usdt:{binary}:bttui_load:guarded, usdt": 50,
        f"usdt:{binary}:bttui_other:none, usdt": 50,
    }
    assert "Attached 4 probes" in result.stderr and did["guarded"] == 50


@live
def test_nobody_listens(load):
    """A file of its own: traces of the tests before may still be coming off."""
    assert load(10, path=load.build("usdt", "bttui_usdt_calm"))["guarded"] == 0


@live
def test_a_process_that_starts_later_is_heard(bttui, load, binary):
    """The kernel raises the semaphore where the file gets mapped."""
    result, did = bttui.trace(f"usdt:{binary}:guarded {{ @ = count(); }}", work=lambda: load(30, path=binary))
    assert (counts(result.stdout), did["guarded"]) == ({"": 30}, 30)


def lines(bttui, path, program, *arguments, rounds=3):
    """The lines that a program prints while the load goes its rounds, of a fixed and of a movable file."""
    result = bttui("-q", "-e", program.replace("FILE", str(path)), "-c", f"{path} {rounds}", *arguments)
    assert result.returncode == 0, result
    return [line for line in result.stdout.splitlines() if line and not line.startswith(("pid=", "rounds="))]


@live
def test_arguments(bttui, binary, fixed):
    for path in (binary, fixed):
        program = 'usdt:FILE:registers { printf("%d %ld %d %u\\n", arg0, arg1, arg2, arg3); }'
        assert lines(bttui, path, program) == [f"{-i} {i * 1000000007} -1 {i}" for i in range(3)]
        program = 'usdt:FILE:memory { printf("%ld %d %d %d\\n", arg0, arg1, arg2, arg3); }'
        assert lines(bttui, path, program) == [f"{3 * i} -5 200 -56" for i in range(3)]
        assert lines(bttui, path, 'usdt:FILE:text { printf("%s %d\\n", str(arg0), arg1); }') == ["even 0", "odd 1", "even 2"]
        program = 'usdt:FILE:constants { printf("%d %d %lx\\n", arg0, arg1, arg2); }'
        assert lines(bttui, path, program) == ["5 -7 123456789abc"] * 3


@x86
@live
def test_operands_of_x86(bttui, binary, fixed):
    table = (100, -200, 300, -400)
    for path in (binary, fixed):
        indexed = lines(bttui, path, 'usdt:FILE:indexed { printf("%d %d\\n", arg0, arg1); }', rounds=4)
        assert indexed == [f"{number} {number}" for number in table]
        assert lines(bttui, path, 'usdt:FILE:global { printf("%d %d %d\\n", arg0, arg1, arg2); }') == [
            f"{40 + i} -200 100" for i in range(3)
        ]
        assert lines(bttui, path, 'usdt:FILE:high { printf("%d %d %x\\n", arg0, arg1, arg2); }') == [
            f"120 {i - 112} {0x7890 + i:x}" for i in range(3)
        ]


@x86
@live
def test_operands_of_a_fixed_address(bttui, fixed):
    program = 'usdt:FILE:absolute { printf("%d %d %d\\n", arg0, arg1, *(int16 *)(arg2 + 6)); }'
    assert lines(bttui, fixed, program, rounds=3) == ["100 -200 -400", "-200 -200 -400", "300 -200 -400"]


@live
def test_an_argument_is_signed_where_it_is(bttui, binary):
    assert lines(bttui, binary, 'usdt:FILE:memory { print(arg1); print(arg2); printf("%d\\n", arg3 < 0); }', rounds=1) == ["-5", "200", "1"]


@live
def test_places_with_other_operands(bttui, binary):
    result = bttui("-e", f"usdt:{binary}:twice {{ @[probe, arg0] = count(); }}", "-c", f"{binary} 2")
    name = f"usdt:{binary}:bttui_load:twice"
    assert counts(result.stdout) == {f"{name}, {number}": 1 for number in (0, 1, 1000, 1001)}
    assert "Attached 1 probe\n" in result.stderr


@live
@pytest.mark.parametrize("read", [(), (0,), (0, 1)])
def test_probes_with_equal_operands_share_a_program(read, bttui, binary):
    """Only of the arguments that are read."""
    body = "".join(f"@ = sum(arg{number}); " for number in read)
    text = bttui("-d", "libbpf", "--dry-run", "-e", f"usdt:{binary}:* {{ {body}@n = count(); }}").stderr
    places = [locations(target.options["arguments"], Host().machine) for target in expand(f"usdt:{binary}:*")]
    different = {tuple(found[number] if number < len(found) else None for number in read) for found in places}
    assert len(set(re.findall(r"found program '(\w+)'", text))) == len(different)
    assert len(different) == 1 or read


@live
def test_an_argument_that_a_probe_does_not_have(bttui, binary):
    """Zero, as in bpftrace; but said."""
    result = bttui("-e", f"usdt:{binary}:text {{ print(arg5); exit(); }}", "-c", f"{binary} 1")
    assert "0" in result.stdout.split()
    assert f"usdt:{binary}:bttui_load:text has no arg5: it is 0" in result.stderr
    result = bttui("-e", f"usdt:{binary}:* {{ @ = sum(arg4); }}", "--dry-run")
    names = listing.list_probes(f"usdt:{binary}:*", Host())
    assert re.findall(r"WARNING: (.*)", result.stderr) == [f"{next(names)} and {len(list(names)) - 1} more have no arg4: it is 0"]


@x86
@live
def test_a_floating_point_argument(bttui, binary):
    result = bttui("-e", f"usdt:{binary}:high {{ print(arg3); }}")
    assert result.returncode != 0 and "not supported: arg3 is a floating point number" in result.stderr


@live
def test_of_one_process(bttui, load, binary):
    """-p: "*" is all that it has mapped; another process with the same file is not heard, and does not hear."""
    with load.start(20, path=binary) as wanted, load.start(30, path=binary) as other:
        assert f"usdt:{binary}:bttui_load:text" in bttui("-p", wanted.pid, "-l", "usdt:*:*").stdout.split()

        def work():
            return wanted.go(), other.go()

        program = "usdt:*:bttui_load:guarded, usdt:*:bttui_load:none { @[pid] = count(); }"
        with bttui.start("-p", wanted.pid, "-e", program) as process:
            did = work()
            result = process.wait()
    assert counts(result.stdout) == {str(wanted.pid): 40}
    assert [each["guarded"] for each in did] == [20, 0]


@live
@pytest.mark.parametrize("target", ["usdt:guarded", "usdt::guarded", "usdt::bttui_load:guarded", "usdt:*:guarded", "usdt:bttui_*:guarded"])
def test_without_a_file_it_is_those_of_the_process(target, bttui, load, binary):
    with load.start(20, path=binary) as waiting, bttui.start("-p", waiting.pid, "-e", f"{target} {{ @ = count(); }}") as process:
        waiting.go()
        assert counts(process.wait().stdout) == {"": 20}


@live
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("probes", [1, 2])  # one place, and several by one link
def test_nobody_listens_any_more(probes, number, bttui, load, binary):
    """However the trace ends, the counter of listeners goes back to 0."""
    text = ", ".join([f"usdt:{binary}:guarded", f"usdt:{binary}:twice"][:probes])
    with load.start(20, path=binary) as stopped:
        with bttui.start("-e", f"{text} {{ @ = count(); }}") as process, load.start(20, path=binary) as heard:
            assert heard.go()["guarded"] == 20
            process.stop(number)
        # Without multi links, a process of its own gives three perf events back, the kernel takes up to 0.2 s for each.
        eventually(lambda: load(20, path=binary)["guarded"] == 0)
        assert stopped.go()["guarded"] == 0


@live
def test_a_file_that_was_deleted(bttui, load, binary, tmp_path):
    gone = tmp_path / "gone"
    shutil.copy2(binary, gone)
    with load.start(20, path=gone) as waiting:
        gone.unlink()
        assert f"usdt:{gone}:bttui_load:guarded" in bttui("-p", waiting.pid, "-l", "usdt:*").stdout.split()
        with bttui.start("-p", waiting.pid, "-e", f"usdt:{gone}:guarded {{ @[probe] = count(); }}") as process:
            waiting.go()
            assert counts(process.wait().stdout) == {f"usdt:{gone}:bttui_load:guarded": 20}


@live
def test_in_another_pid_namespace(bttui, binary):
    """Its number is the one that we know it by."""
    if subprocess.run(["unshare", "--fork", "--pid", "true"], check=False).returncode:
        pytest.skip("no pid namespace can be made here")
    with Process(["unshare", "--fork", "--pid", "--kill-child", binary, "-w", "25"]) as outer:
        outer.until("pid=1\n")
        (pid,) = children(outer.pid)
        with bttui.start("-p", pid, "-e", "usdt::guarded, usdt::none { @[probe, pid] = count(); }") as process:
            os.kill(pid, signal.SIGUSR1)
            result = process.wait()
        assert "guarded=25" in outer.wait().stdout
    names = [f"usdt:{binary}:{name}" for name in ("bttui_load:guarded", "bttui_load:none", "bttui_other:none")]
    assert counts(result.stdout) == {f"{name}, {pid}": 25 for name in names}


def script(folder, command):
    """A program that becomes the command with its own arguments."""
    path = folder / "start"
    path.write_text(f'#!/bin/sh\n{command} "$@"\n')
    path.chmod(0o755)
    return path


@live
def test_in_another_mount_namespace(bttui, load, binary, tmp_path):
    """The process has its file where there is none for us."""
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    start = script(
        tmp_path, f"exec unshare -m sh -c 'mount -t tmpfs none {hidden} && cp {binary} {hidden}/own && exec {hidden}/own \"$@\"' sh"
    )
    if subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no mount namespace can be made here")
    with load.start(25, path=start) as waiting:
        assert not os.path.exists(hidden / "own")
        listing = bttui("-p", waiting.pid, "-lv", f"usdt:{hidden}/own:text").stdout
        assert listing == f"usdt:{hidden}/own:bttui_load:text\n    uint64 arg0\n    int32 arg1\n"
        program = f"usdt:{hidden}/own:text, usdt:{hidden}/own:guarded {{ @[probe] = count(); }}"
        with bttui.start("-p", waiting.pid, "-e", program) as process:
            did = waiting.go()
            result = process.wait()
    assert counts(result.stdout) == {f"usdt:{hidden}/own:bttui_load:{name}": 25 for name in ("text", "guarded")}
    assert did["guarded"] == 25


@live
def test_all_files_of_a_process(bttui, load, binary, tmp_path):
    """-p with "*": its program and its libraries."""
    library = tmp_path / "libbttui_probes.so"
    source = Path(__file__).parent.parent / "load" / "usdt.c"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    with load.start(1, path=script(tmp_path, f"LD_PRELOAD={library} exec {binary}")) as waiting:
        found = bttui("-p", waiting.pid, "-l", "usdt:*:bttui_other:*").stdout.split()
    assert sorted(found) == sorted(f"usdt:{file}:bttui_other:none" for file in (binary, library))
