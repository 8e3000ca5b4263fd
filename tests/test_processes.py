"""Processes that fork, make threads, become other programs and end while they are traced: every count is exact."""

import os
import re
import signal
import subprocess

import pytest

pytestmark = pytest.mark.live

FORKS, CALLS = 20, 30
BEFORE, AFTER = "bttui_family", "bttui_grown"
# KEEP makes the plain form of a tracepoint (a kernel stack needs it); without it system calls pass two raw links.
FORMS = {"shared": "", "plain": "@stacks[kstack(1)] = count();"}


def counts(text, name="@"):
    """{key: number} of a map's lines; a scalar has the key ""."""
    return {key or "": int(value) for key, value in re.findall(rf"^{name}(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


@pytest.fixture(scope="module")
def family(load):
    """(the program, the name under which its children go on)."""
    path = load.build("family", BEFORE, "-pthread")
    grown = path.with_name(AFTER)
    if not grown.exists():
        os.link(path, grown)
    return path, grown


LIVES = (
    'tracepoint:syscalls:sys_enter_getppid /comm == "bttui_family" || comm == "bttui_grown"/ { @[comm] = count(); @who[pid] = count(); }'
    'tracepoint:sched:sched_process_fork /comm == "bttui_family"/ { @forks = count(); }'
    'tracepoint:sched:sched_process_exec /comm == "bttui_grown"/ { @execs = count(); }'
    'tracepoint:sched:sched_process_exit /comm == "bttui_family" || comm == "bttui_grown"/ { @exits[comm] = count(); }'
)


def assert_all_seen(text):
    assert counts(text) == {BEFORE: CALLS * (2 + FORKS), AFTER: CALLS * FORKS}
    # The process itself and its thread share a pid; a child keeps its own through its exec.
    assert sorted(counts(text, "@who").values()) == [2 * CALLS] * (1 + FORKS)
    assert counts(text, "@forks") == {"": FORKS + 1}  # and the thread
    assert counts(text, "@execs") == {"": FORKS}


def test_everything_that_a_process_starts_is_seen(bttui, load, family):
    path, grown = family
    with load.start(FORKS, CALLS, grown, path=path) as waiting:
        result, _ = bttui.trace(LIVES, work=waiting.go)
    assert_all_seen(result.stdout)
    assert counts(result.stdout, "@exits") == {BEFORE: 2, AFTER: FORKS}


def test_everything_that_a_command_starts_is_seen(bttui, family):
    """From its first instruction; what it says comes through. Its own end ends the trace, which may miss that one exit."""
    path, grown = family
    result = bttui(
        "-e", LIVES + "tracepoint:sched:sched_process_fork /pid == cpid/ { @cpid = count(); }", "-c", f"{path} {FORKS} {CALLS} {grown}"
    )
    assert_all_seen(result.stdout)
    assert counts(result.stdout, "@exits")[AFTER] == FORKS
    assert counts(result.stdout, "@cpid") == {"": FORKS + 1}
    assert f"forks={FORKS} calls={CALLS}\n" in result.stdout


def test_stacks_of_a_command_are_the_same_in_both_forms(bttui, family):
    path, grown = family
    calls = ", ".join(
        f"tracepoint:syscalls:sys_enter_{name}" for name in "getppid getpgid getsid getuid geteuid getgid getegid getpgrp".split()
    )
    texts = [
        bttui("-q", "-e", f"{calls} /pid == cpid/ {{ @[probe, ustack(2)] = count(); {keep} }}", "-c", f"{path} 1 {CALLS} {grown}").stdout
        for keep in FORMS.values()
    ]
    shared, plain = (sorted(re.split(r"\n@(?!\[)", text)[0].split("@[")[1:]) for text in texts)
    assert [re.findall(r"(\w+)\+|: (\d+)$", stack, re.M) for stack in shared] == [[("syscall", ""), ("works", ""), ("", str(2 * CALLS))]]
    assert [stack.strip() for stack in shared] == [stack.strip() for stack in plain]


@pytest.mark.parametrize("keep", FORMS.values(), ids=FORMS)
def test_one_process_with_its_threads_and_without_its_children(bttui, load, family, keep):
    path, grown = family
    calls = ", ".join(
        f"tracepoint:syscalls:sys_enter_{name}" for name in "getppid getpgid getsid getuid geteuid getgid getegid getpgrp".split()
    )
    with load.start(FORKS, CALLS, grown, path=path) as waiting:
        result, _ = bttui.trace(f"{calls} {{ @[probe, pid] = count(); {keep} }}", "-p", waiting.pid, work=waiting.go)
    assert counts(result.stdout) == {f"tracepoint:syscalls:sys_enter_getppid, {waiting.pid}": 2 * CALLS}


@pytest.mark.skipif(not os.path.exists("/sys/bus/event_source/devices/uprobe"), reason="this kernel has no uprobes")
@pytest.mark.parametrize("options", [[], ["--no-feature", "uprobe_multi"]], ids=["multi", "single"])
def test_functions_of_one_process_and_of_all(bttui, load, family, options):
    """By one link for all functions or by one for each, it is the same."""
    path, grown = family
    seen = []
    for limit in (True, False):
        with load.start(FORKS, CALLS, grown, path=path) as waiting:
            program = f"uprobe:{path}:wor* {{ @[probe] = count(); @who[pid] = count(); }}"
            arguments = ["-p", waiting.pid] if limit else []
            result, _ = bttui.trace(program, *options, *arguments, work=waiting.go)
        seen.append((counts(result.stdout), counts(result.stdout, "@who")[str(waiting.pid)]))
    work, works = (f"uprobe:{path}:{name}" for name in ("work", "works"))
    everything = {work: 2 * CALLS * (1 + FORKS), works: 2 + 2 * FORKS}
    assert seen == [({work: 2 * CALLS, works: 2}, 2 * CALLS + 2), (everything, 2 * CALLS + 2)]


def test_a_killed_trace_spoils_no_other(bttui, load, family):
    """SIGKILL in the middle of its work; what traces the same places meanwhile and afterwards counts all."""
    path, grown = family
    with load.start(FORKS, CALLS, grown, path=path) as waiting, bttui.start("-e", LIVES) as other:
        with bttui.start("-e", LIVES, "-c", "sleep 1000") as killed:
            os.kill(waiting.pid, signal.SIGUSR1)
            killed.stop(signal.SIGKILL)
        did = waiting.go()
        text = other.stop().stdout
    assert did["forks"] == FORKS
    assert_all_seen(text)


def test_a_process_that_ran_before_and_ends_at_once_keeps_its_names(bttui, load):
    """Among many: whoever has looked at it in time has looked at all that began after it."""
    path = load.build("calls", "bttui_calls")
    with load.start(1, 1, path=path) as waiting:
        others = [subprocess.Popen(["sleep", "60"]) for _ in range(300)]
        try:
            program = f"uprobe:{path}:second /pid == {waiting.pid}/ {{ @[ustack(1)] = count(); }}"
            result, did = bttui.trace(program, work=waiting.go)
        finally:
            for other in others:
                other.kill()
                other.wait()
    assert re.sub(r"\s+", " ", result.stdout.partition("\n")[2]).strip() == f"@[ second+0 ]: {did['calls']}", result
