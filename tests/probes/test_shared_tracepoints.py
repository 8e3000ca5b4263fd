"""Many tracepoints by few links: nothing that a user can see differs from the plain form, and nothing stays behind."""

import os
import re

import pytest

from bttui.compiler.pipeline import CompileOptions, compile_program
from bttui.host.facts import Host
from bttui.host.syscalls import event_numbers, names
from bttui.model.diagnostic import DiagnosticError

RAW, PLAIN = 17, 5  # enum bpf_prog_type


def numbers(text, name):
    """{key: number} of a map's lines."""
    return {key: int(value) for key, value in re.findall(rf"^{name}\[(.*)\]: (-?\d+)$", text, re.M)}


def traced(bttui, load, program, count):
    path = load.build("mixed", "bttui_mixed")
    with load.start(count, path=path) as waiting:
        result, did = bttui.trace(program.replace("PID", str(waiting.pid)), work=waiting.go)
    assert result.returncode == 0, result
    assert did["count"] == count
    return result.stdout


def kinds(program):
    """The program types that the attachments of a program end up with, on this kernel."""
    try:
        compiled = compile_program(program, "stdin", Host(), CompileOptions())
    except DiagnosticError as reason:
        raise AssertionError(reason.diagnostics) from None
    types = {p.name: p.type for p in compiled.programs}
    return [types[a.program] for a in compiled.attachments], len(compiled.programs)


# a stack of the kernel is what the shared form cannot give: naming it makes the plain form
BODY = "/pid == PID/ { @[probe] = count(); %s }"
KEEP_PLAIN = "@stacks[kstack(1)] = count();"


@pytest.mark.live
def test_system_calls_by_two_links_count_like_the_plain_form(bttui, load):
    shared = traced(bttui, load, "tracepoint:syscalls:sys_* " + BODY % "", 200)
    plain = traced(bttui, load, "tracepoint:syscalls:sys_enter_[gro]*, tracepoint:syscalls:sys_exit_[gro]* " + BODY % KEEP_PLAIN, 200)
    wanted = {
        f"tracepoint:syscalls:sys_{way}_{call}": count
        for way in ("enter", "exit")
        for call, count in {"getppid": 200, "read": 200, "openat": 100}.items()
    }
    found = {key: value for key, value in numbers(shared, "@").items() if key in wanted}
    assert found == wanted
    assert {key: value for key, value in numbers(plain, "@").items() if key in wanted} == wanted
    # int $0x80 has the number 64, which is semget of the native calls: neither form takes it for that
    assert not [key for key in (*numbers(shared, "@"), *numbers(plain, "@")) if "semget" in key]


@pytest.mark.live
def test_arguments_and_results_come_from_the_registers(bttui, load):
    calls = ("openat", "faccessat", "faccessat2", "fchmodat", "fchownat", "mknodat", "newfstatat", "utimensat", "statx")
    points = ", ".join(f"tracepoint:syscalls:sys_enter_{call}" for call in calls)
    opened = " /pid == PID/ { @[str(args.filename), args.dfd] = count(); %s }"
    types, programs = kinds(points + opened.replace("PID", "1") % "")
    assert set(types) == {RAW} and programs == 1
    assert kinds(points + opened.replace("PID", "1") % KEEP_PLAIN)[0] == [PLAIN] * len(calls)
    shared = numbers(traced(bttui, load, points + opened % "", 50), "@")
    assert shared == numbers(traced(bttui, load, points + opened % KEEP_PLAIN, 50), "@")
    assert shared == {"/nothing/here, 4294967196": 25}  # AT_FDCWD as the register holds it
    program = (
        "tracepoint:syscalls:sys_exit_* /pid == PID/ { @result[probe, args.ret] = count(); } "
        "tracepoint:syscalls:sys_enter_* /pid == PID && args.__syscall_nr == 0/ { @numbers[args.__syscall_nr] = count(); }"
    )
    types, programs = kinds(program.replace("PID", "1"))
    assert set(types) == {RAW} and programs == 2
    text = traced(bttui, load, program, 50)
    results = numbers(text, "@result")
    assert results["tracepoint:syscalls:sys_exit_read, 100"] == 50
    assert results["tracepoint:syscalls:sys_exit_openat, -2"] == 25
    assert numbers(text, "@numbers") == {"0": 50}


@pytest.mark.live
def test_tracepoints_without_arguments_are_raw(bttui, load):
    types, programs = kinds("tracepoint:sched:sched_switch, tracepoint:raw_syscalls:sys_enter { @[probe] = count(); }")
    assert types == [RAW, RAW] and programs == 1
    types, _ = kinds("tracepoint:sched:sched_switch { @[args.prev_pid] = count(); }")
    assert types == [PLAIN]
    types, _ = kinds("tracepoint:sched:sched_switch { @[kstack] = count(); }")
    assert types == [PLAIN]
    text = traced(bttui, load, "tracepoint:raw_syscalls:sys_enter, tracepoint:raw_syscalls:sys_exit " + BODY % "", 100)
    shared = numbers(text, "@")
    plain = numbers(
        traced(bttui, load, "tracepoint:raw_syscalls:sys_enter, tracepoint:raw_syscalls:sys_exit " + BODY % KEEP_PLAIN, 100), "@"
    )
    assert shared == plain
    assert set(shared) == {"tracepoint:raw_syscalls:sys_enter", "tracepoint:raw_syscalls:sys_exit"}


@pytest.mark.live
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86_64 runs programs whose system calls have other numbers")
def test_a_program_of_32_bits(bttui, load):
    """Its numbers are not taken for those of other calls; whoever counts all system calls sees them."""
    path = load.build("compat", "bttui_compat", "-m32", "-nostdlib", "-static")
    program = (
        'tracepoint:syscalls:sys_enter_[csr]*, tracepoint:syscalls:sys_exit_[csr]* /comm == "bttui_compat"/ { @[probe] = count(); KEEP } '
        'tracepoint:raw_syscalls:sys_enter /comm == "bttui_compat"/ { @all[probe] = count(); KEEP }'
    )
    for keep, type in (("", RAW), (KEEP_PLAIN, PLAIN)):
        text = program.replace("KEEP", keep)
        assert set(kinds(text)[0]) == {type}
        result, _ = bttui.trace(text, work=lambda: load(path=path))
        assert numbers(result.stdout, "@") == {}
        assert numbers(result.stdout, "@all") == {"tracepoint:raw_syscalls:sys_enter": 1501}


@pytest.mark.live
def test_a_loop_knows_its_probe(bttui, load):
    program = "tracepoint:syscalls:sys_enter_get* /pid == PID/ { for ($i : 0..3) { @[probe, $i] = count(); } }"
    found = numbers(traced(bttui, load, program, 40), "@")
    assert {k: v for k, v in found.items() if "getppid" in k} == {f"tracepoint:syscalls:sys_enter_getppid, {i}": 40 for i in range(3)}


def test_every_tracepoint_of_a_system_call_has_its_number():
    host = Host()
    if not host.tracefs.exists:
        pytest.skip("no tracefs here")
    events = [event.removeprefix("sys_enter_") for subsystem, event in host.tracefs.events() if event.startswith("sys_enter_")]
    assert [event for event in events if event not in event_numbers(host.machine)] == []


def test_names_of_system_calls():
    assert {n: names("x86_64")[n] for n in (0, 39, 59, 257, 335, 424, 462)} == {
        0: "read",
        39: "getpid",
        59: "execve",
        257: "openat",
        335: "uretprobe",
        424: "pidfd_send_signal",
        462: "mseal",
    }
    assert {n: names("aarch64")[n] for n in (56, 63, 172, 221, 424)} == {
        56: "openat",
        63: "read",
        172: "getpid",
        221: "execve",
        424: "pidfd_send_signal",
    }
    assert names("pdp11") == {}
