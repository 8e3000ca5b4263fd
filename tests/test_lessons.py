"""The twelve lessons of the bpftrace tutorial, from the command line to the text, on the running kernel.

Lessons 6, 7 and 12 need kprobes: see also tests/vm/test_lessons.py.
"""

import fnmatch
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

EVENTS = Path("/sys/kernel/tracing/events")
KPROBES = os.path.exists("/sys/bus/event_source/devices/kprobe")


def tracepoints(pattern):
    """Every tracepoint whose full name matches, from tracefs, in order."""
    names = (f"tracepoint:{path.parent.parent.name}:{path.parent.name}" for path in EVENTS.glob("*/*/format"))
    return sorted(fnmatch.filter(names, pattern))


def buckets(block):
    """{label: count} of a printed histogram's lines."""
    return {label: int(count) for label, count in re.findall(r"^([\[(].*?[\])]) +(\d+) \|", block, re.M)}


def entries(text):
    """{key as printed: value as printed} of all maps in the output; a histogram's value is its {label: count}."""
    found = {}
    for key, value in re.findall(r"^@\w*\[?((?:.|\n)*?)\]?:((?: .*)|(?:\n[\[(].*)+)$", text, re.M):
        found[key] = buckets(value) if value.startswith("\n") else value.strip()
    return found


def traced(bttui, load, program, *words, path=None, arguments=()):
    """Trace ``program``, with PID replaced, while a load that waited for it works -> (stdout, the load's report)."""
    with load.start(*words, path=path) as waiting:
        result, did = bttui.trace(program.replace("PID", str(waiting.pid)), *arguments, work=waiting.go)
    assert result.returncode == 0, result
    return result.stdout, did


# 1: listing


def test_lists_the_tracepoints_of_a_glob(bttui):
    result = bttui("-l", "tracepoint:syscalls:sys_enter_*")
    assert result.stdout.splitlines() == tracepoints("tracepoint:syscalls:sys_enter_*")
    assert result.returncode == 0


def test_a_word_without_a_colon_matches_partially(bttui):
    listed = bttui("-l", "sys_enter_ope").stdout.splitlines()
    assert [name for name in listed if name.startswith("tracepoint:")] == tracepoints("*sys_enter_ope*")


@pytest.mark.parametrize("pattern", ["tracepoint:syscalls:sys_enter_rea?", "tracepoint:sched:sched_[p-s]*"])
def test_question_marks_and_ranges_match(bttui, pattern):
    expected = tracepoints(pattern)
    assert expected
    assert bttui("-l", pattern).stdout.splitlines() == expected


# 2: hello world


def test_a_program_of_begin_alone_prints_and_ends(bttui):
    result = bttui("-e", r'BEGIN { printf("hello world\n"); }')
    assert result.stdout == "hello world\n\n\n"
    assert result.returncode == 0


# 3: files opened


@pytest.mark.parametrize("arrow", ["->", "."])
@pytest.mark.parametrize("call", ["open", "openat"])
def test_prints_every_open(bttui, load, tmp_path, call, arrow):
    files = [str(tmp_path / name) for name in ("one", "two words", "missing")]
    for file in files[:2]:
        Path(file).touch()
    program = rf'tracepoint:syscalls:sys_enter_{call} {{ printf("%s %s\n", comm, str(args{arrow}filename)); }}'
    stdout, did = traced(bttui, load, program, "opens", *files)
    assert did["opens"] == 6
    assert [line for line in stdout.splitlines() if line.startswith("bttui_load ")] == [f"bttui_load {file}" for file in files]


# 4: system calls by process


def test_counts_system_calls_exactly(bttui, load):
    stdout, did = traced(bttui, load, "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }", "syscalls", "1000")
    assert did["total"] == 1002
    assert entries(stdout)["bttui_load"] == "1002"


# 5: distribution of read sizes

READS = "1 3 100 5 1000 7 4096 11 65536 2".split()
SIZES = """

@bytes:
[1]                    3 |@@@@@@@@@@@@@@                                      |
[2, 4)                 0 |                                                    |
[4, 8)                 0 |                                                    |
[8, 16)                0 |                                                    |
[16, 32)               0 |                                                    |
[32, 64)               0 |                                                    |
[64, 128)              5 |@@@@@@@@@@@@@@@@@@@@@@@                             |
[128, 256)             0 |                                                    |
[256, 512)             0 |                                                    |
[512, 1K)              7 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@                   |
[1K, 2K)               0 |                                                    |
[2K, 4K)               0 |                                                    |
[4K, 8K)              11 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[8K, 16K)              0 |                                                    |
[16K, 32K)             0 |                                                    |
[32K, 64K)             0 |                                                    |
[64K, 128K)            2 |@@@@@@@@@                                           |

"""


@pytest.mark.parametrize("value", ["args->retval", "args.ret"])
def test_histogram_of_read_sizes(bttui, load, value):
    program = f"tracepoint:syscalls:sys_exit_read /pid == PID/ {{ @bytes = hist({value}); }}"
    stdout, did = traced(bttui, load, program, "reads", *READS)
    assert did["reads"] == 28
    assert stdout == SIZES


# The old spellings are accepted everywhere in this file; each says what it is called today.


@pytest.mark.parametrize(
    "arguments, today",
    [
        (["-e", "BEGIN { @[name] = count(); exit(); }"], "name is now called probe"),
        (["-e", "interval:s:1 { @[stack] = count(); exit(); }"], "stack is now called kstack"),
        (["--dry-run", "-e", "tracepoint:syscalls:sys_exit_read { @ = hist(args->retval); }"], "args.retval is now args.ret"),
        (["-n", "BEGIN { exit(); }"], "-n is now -e"),
    ],
)
def test_an_old_spelling_says_todays(bttui, arguments, today):
    result = bttui(*arguments)
    assert result.returncode == 0, result
    assert f"HINT: {today}\n" in result.stderr


def test_a_definition_of_the_programs_own_wins(bttui):
    result = bttui("-e", "BEGIN { $name = 3; @stack[1] = $name; }")
    assert result.stdout == "\n\n@stack[1]: 3\n"
    assert "HINT" not in result.stderr


# 6: the same with linear buckets; kprobes are for the virtual machine

LINEAR = """

@bytes:
[0, 200)               8 |@@@@@@@@@@@@@@@@@@@@@@@@@@@                         |
[200, 400)             7 |@@@@@@@@@@@@@@@@@@@@@@@@                            |
[400, 600)             0 |                                                    |
[600, 800)             0 |                                                    |
[800, 1000)            0 |                                                    |
[1000, 1200)           0 |                                                    |
[1200, 1400)           0 |                                                    |
[1400, 1600)           0 |                                                    |
[1600, 1800)           0 |                                                    |
[1800, 2000)           2 |@@@@@@                                              |
[2000, ...)           15 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

"""


def test_linear_histogram_of_read_sizes(bttui, load):
    program = "tracepoint:syscalls:sys_exit_read /pid == PID/ { @bytes = lhist(args.ret, 0, 2000, 200); }"
    stdout, _ = traced(bttui, load, program, "reads", *"1 3 100 5 300 7 1999 2 2000 4 4096 11".split())
    assert stdout == LINEAR


@pytest.mark.skipif(KPROBES, reason="this kernel has kprobes")
@pytest.mark.parametrize(
    "program",
    [
        "kretprobe:vfs_read { @bytes = lhist(retval, 0, 2000, 200); }",
        "kprobe:blk_account_io_start { @bytes = hist(((struct request *)arg0)->__data_len); }",
    ],
)
def test_a_kernel_without_kprobes_is_explained(bttui, program):
    result = bttui("-e", program)
    assert result.returncode != 0
    assert re.search("ERROR.*(kprobe|kretprobe)", result.stderr), result.stderr
    assert "Traceback" not in result.stderr


# 7: time of reads


def test_times_reads_from_enter_to_exit(bttui, load):
    program = (
        "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } "
        "tracepoint:syscalls:sys_exit_read /@start[tid]/ "
        "{ @ns[comm] = hist(nsecs - @start[tid]); delete(@start[tid]); }"
    )
    stdout, did = traced(bttui, load, program, "reads", *READS)
    found = entries(stdout)
    assert sum(found["bttui_load"].values()) == did["reads"]
    assert str(did["pid"]) not in found


# 8: scheduler events


@pytest.mark.parametrize("builtin", ["name", "probe"])
def test_counts_scheduler_events_for_five_seconds(bttui, load, builtin):
    with bttui.start("-e", f"tracepoint:sched:sched* {{ @[{builtin}] = count(); }} interval:s:5 {{ exit(); }}") as process:
        did = load("forks", "20")
        result = process.wait()
    assert result.returncode == 0
    probes = tracepoints("tracepoint:sched:sched*")
    assert f"Attached {len(probes) + 1} probes" in result.stderr
    found = entries(result.stdout)
    assert set(found) <= set(probes)
    assert int(found["tracepoint:sched:sched_process_fork"]) >= did["forks"]


# 9: where the processor's time goes


def stacks(text):
    """[(frames without offsets, count)] of a printed map keyed by a stack."""
    found = re.findall(r"^@\w*\[\n((?: +.*\n)*)\]: (\d+)$", text, re.M)
    return [([line.strip().split("+")[0] for line in block.splitlines()], int(count)) for block, count in found]


@pytest.mark.parametrize("builtin", ["stack", "kstack"])
def test_kernel_stacks_are_symbolised(bttui, load, builtin):
    program = f"profile:hz:99 {{ @[{builtin}] = count(); }}"
    stdout, _ = traced(bttui, load, program, "switches", "100000")
    frames = {frame for names, _ in stacks(stdout) for frame in names}
    known = {line.split()[2] for line in Path("/proc/kallsyms").read_text().splitlines()}
    assert frames and frames <= known


def assert_our_functions(text):
    """The samples in the loop have its callers below it, by name."""
    in_loop = [(names, count) for names, count in stacks(text) if "inner_loop" in names]
    whole = [count for names, count in in_loop if names[:4] == ["inner_loop", "middle_step", "outer_task", "main"]]
    assert whole, text
    assert sum(whole) > 0.9 * sum(count for _, count in in_loop), text


def test_user_stack_of_a_running_program(bttui, load):
    program = 'profile:hz:99 /comm == "bttui_stack"/ { @[ustack] = count(); } interval:s:1 { exit(); }'
    with load.start("60000", path=load.build("stack", "bttui_stack")) as waiting, bttui.start("-e", program) as process:
        os.kill(waiting.pid, signal.SIGUSR1)
        result = process.wait()
    assert_our_functions(result.stdout)


def test_user_stack_of_a_program_that_has_ended(bttui, load):
    program = 'profile:hz:99 /comm == "bttui_stack"/ { @[ustack] = count(); }'
    path = load.build("stack", "bttui_stack")
    result, _ = bttui.trace(program, work=lambda: [load("50", path=path) for _ in range(4)])
    assert_our_functions(result.stdout)


def test_user_stack_of_a_stripped_program_with_a_debug_file(bttui, load):
    program = 'profile:hz:99 /comm == "bttui_stripped"/ { @[ustack] = count(); }'
    result, _ = bttui.trace(program, work=lambda: load("500", path=load.split("stack", "bttui_stripped")))
    assert_our_functions(result.stdout)


# 10: what leaves the processor


@pytest.mark.parametrize("builtin", ["stack", "kstack"])
def test_stacks_of_context_switches(bttui, load, builtin):
    stdout, did = traced(bttui, load, f"tracepoint:sched:sched_switch /pid == PID/ {{ @[{builtin}] = count(); }}", "sleeps", "50")
    asleep = sum(count for names, count in stacks(stdout) if "schedule" in names)
    assert asleep >= did["sleeps"] == 50


# 11: block I/O


def on_a_disk(path):
    return os.path.exists(f"/sys/dev/block/{os.major(path.stat().st_dev)}:{os.minor(path.stat().st_dev)}")


@pytest.mark.parametrize("count", [20])
def test_sizes_of_disk_requests(bttui, load, tmp_path, count):
    if not on_a_disk(tmp_path):
        pytest.skip("the temporary folder is on no disk; tests/vm has one")
    file = tmp_path / "file"
    file.write_bytes(os.urandom(4096 * count))
    subprocess.run(["sync", file], check=True)
    stdout, did = traced(
        bttui, load, "tracepoint:block:block_rq_complete { @ = hist(args->nr_sector * 512); }", "disk", str(file), str(count)
    )
    assert entries(stdout)[""]["[4K, 8K)"] >= did["disk"] == count
