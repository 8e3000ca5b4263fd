"""What -l prints of a recorded machine."""

import multiprocessing
import os

import pytest

from bttui.host.facts import Host
from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.probes.listing import hidden, lines, list_probes, program_lines
from bttui.probes.matching import MISSING
from bttui.probes.provider import Options
from bttui.probes.registry import expand

SCHED = [
    "tracepoint:sched:sched_migrate_task",
    "tracepoint:sched:sched_process_exec",
    "tracepoint:sched:sched_process_exit",
    "tracepoint:sched:sched_process_fork",
    "tracepoint:sched:sched_stat_runtime",
    "tracepoint:sched:sched_switch",
    "tracepoint:sched:sched_wakeup",
    "tracepoint:sched:sched_wakeup_new",
]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("tracepoint:sched:*", SCHED),
        ("t:sched:*", SCHED),
        ("TRACEPOINT:sched:*", SCHED),
        ("tracepoint:sched*", SCHED),
        ("tracepoint:sched:sched_wakeup", ["tracepoint:sched:sched_wakeup"]),
        ("tracepoint:sched:sched_wakeup?new", ["tracepoint:sched:sched_wakeup_new"]),
        ("tracepoint:sched:sched_[s]witch", ["tracepoint:sched:sched_switch"]),
        ("interval:*", ["interval:hz:", "interval:ms:", "interval:s:", "interval:us:"]),
        ("i:ms:*", ["interval:ms:"]),
        ("p:*", ["profile:hz:", "profile:ms:", "profile:s:", "profile:us:"]),
        ("s:m*-faults", ["software:major-faults:", "software:minor-faults:"]),
        ("self:*", ["self:signal:SIGUSR1"]),
        ("begin:*", ["begin"]),
        ("kprobe:vfs_*", [f"kprobe:vfs_{name}" for name in ("fsync", "open", "read", "unlink", "write")]),
        ("kprobe:*:vfs_read", ["kprobe:vmlinux:vfs_read"]),
        ("kretprobe:vfs_read", ["kretprobe:vfs_read"]),
        ("f:vfs_read", ["fentry:vmlinux:vfs_read"]),
        ("fexit:vfs_read", ["fexit:vmlinux:vfs_read"]),
        ("rt:sched_switch", ["rawtracepoint:vmlinux:sched_switch"]),
        ("*:*:sched_switch", ["rawtracepoint:vmlinux:sched_switch", "tracepoint:sched:sched_switch"]),
        ("*:vfs_read", ["fentry:vmlinux:vfs_read", "kprobe:vfs_read"]),
        ("sched_swi", ["rawtracepoint:vmlinux:sched_switch", "tracepoint:sched:sched_switch"]),
        ("*_migrate_*", ["tracepoint:sched:sched_migrate_task"]),
        ("s:cs,i:s:*", ["software:cs:", "interval:s:"]),
        ("i:ms:10", []),
        ("s:cs*,t:nosuch:*,i:s:*", ["software:cs:", "interval:s:"]),
        ("nosuch:*", []),
        ("nosuch", []),
        ("usdt:*", []),
    ],
)
def test_patterns(pattern, expected, old):
    assert list(list_probes(pattern, old)) == expected


def test_all(old):
    names = list(list_probes(None, old))
    assert names == sorted(names)
    kinds = {name.partition(":")[0] for name in names}
    assert kinds == {"fentry", "hardware", "iter", "kprobe", "rawtracepoint", "software", "tracepoint"}
    assert set(SCHED) < set(names)
    assert list(list_probes("*", old)) == list(list_probes("*:*", old)) == names


def test_with_arguments(old):
    assert list(lines("t:sched:sched_switch,rt:sched_switch,f:vfs_read,fr:vfs_read,k:vfs_read,kr:vfs_read,s:cs*", old, verbose=True)) == [
        "tracepoint:sched:sched_switch",
        "    char prev_comm[16]",
        "    pid_t prev_pid",
        "    int prev_prio",
        "    long prev_state",
        "    char next_comm[16]",
        "    pid_t next_pid",
        "    int next_prio",
        "rawtracepoint:vmlinux:sched_switch",
        "    bool preempt",
        "    struct task_struct * prev",
        "    struct task_struct * next",
        "    unsigned int prev_state",
        "fentry:vmlinux:vfs_read",
        "    struct file * file",
        "    char * buf",
        "    size_t count",
        "    loff_t * pos",
        "fexit:vmlinux:vfs_read",
        "    struct file * file",
        "    char * buf",
        "    size_t count",
        "    loff_t * pos",
        "    ssize_t retval",
        "kprobe:vfs_read",
        "    struct file * arg0",
        "    char * arg1",
        "    size_t arg2",
        "    loff_t * arg3",
        "kretprobe:vfs_read",
        "    ssize_t retval",
        "software:cs:",
    ]


def test_types(old):
    assert list(lines("enum pid_type", old)) == ["enum pid_type"]
    assert list(lines("struct list_h?ad,union nosuch", old)) == ["struct list_head"]
    assert list(lines("enum pid_type,struct list_head", old, verbose=True)) == [
        "vmlinux: enum pid_type {\n"
        "\tPIDTYPE_PID = 0,\n"
        "\tPIDTYPE_TGID = 1,\n"
        "\tPIDTYPE_PGID = 2,\n"
        "\tPIDTYPE_SID = 3,\n"
        "\tPIDTYPE_MAX = 4,\n"
        "};",
        "",
        "vmlinux: struct list_head {\n\tstruct list_head *next;\n\tstruct list_head *prev;\n};",
        "",
    ]


def test_the_probes_of_a_program(old):
    points = ["begin", "kprobe:vfs_re*", "t:sched:sched_switch", "i:ms:10", "p:99ms", "s:faults:10", "self:signal:SIGUSR1", "end"]
    assert list(program_lines([[point.split(":")] for point in points], old)) == [
        "kprobe:vfs_read",
        "tracepoint:sched:sched_switch",
        "interval:ms:",
        "profile:us:",
        "software:faults:",
    ]
    with pytest.raises(DiagnosticError, match="No matches for tracepoint sched:nosuch"):
        list(program_lines([[["t", "sched", "nosuch"]]], old))
    with pytest.raises(DiagnosticError, match="Probe has no valid attach points"):
        list(program_lines([[["begin"]], [["t", "sched", "nosuch*"]]], old))
    few = Options(max_probes=1)
    assert len(list(program_lines([[["t", "sched", "*"], ["t", "sched", "nosuch*"]]], old, options=few))) == len(SCHED)


def test_a_list_of_functions(old, tmp_path):
    """--traceable-functions, or ftrace's own list; some functions are never offered."""
    file = tmp_path / "functions"
    file.write_text("vfs_read\nrcu_gp_init\narch_cpu_idle\next4_sync [ext4]\nvfs_open\n")
    options = Options(traceable_functions=str(file))
    assert list(list_probes("kprobe:*", old, options)) == ["kprobe:ext4_sync", "kprobe:vfs_open", "kprobe:vfs_read"]
    assert list(list_probes("kprobe:ext4:*", old, options)) == ["kprobe:ext4:ext4_sync"]
    assert list(list_probes("fentry:vmlinux:*", old, options)) == ["fentry:vmlinux:vfs_open", "fentry:vmlinux:vfs_read"]
    assert list(list_probes("fentry:ext4:*", old, options)) == []  # a function without types cannot be attached to


def test_a_function_of_two_homes(old, tmp_path):
    (tmp_path / "functions").write_text("vfs_read\nvfs_read [virtio_blk]\n")
    options = Options(traceable_functions=str(tmp_path / "functions"))
    assert list(list_probes("kprobe:*:vfs_read", old, options)) == ["kprobe:virtio_blk:vfs_read", "kprobe:vmlinux:vfs_read"]
    assert list(list_probes("kprobe:vfs_*", old, options)) == ["kprobe:vfs_read"]


def test_a_machine_that_tells_nothing(nothing):
    kinds = {name.partition(":")[0] for name in list_probes(None, nothing)}
    assert kinds == {"hardware", "software"}
    assert list(lines("struct *", nothing)) == []


@pytest.mark.live
def test_this_machine():
    """Every tracepoint has its arguments, and the whole list is what the parts are."""
    host = Host()
    tracepoints = list(list_probes("tracepoint:*", host))
    folders = host.tracefs.path + "/events"
    assert "tracepoint:raw_syscalls:sys_enter" in tracepoints
    assert all(os.path.exists(f"{folders}/{name.split(':')[1]}/{name.split(':')[2]}") for name in tracepoints)
    everything = list(list_probes(None, host))
    assert set(tracepoints) < set(everything)
    described = list(lines("tracepoint:syscalls:*", host, verbose=True))
    assert sum(line == "    int __syscall_nr" for line in described) == sum(name.split(":")[1] == "syscalls" for name in tracepoints)


def as_nobody(work):
    """What work() returns in a process that is not root's."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    pid = os.fork()
    if not pid:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            sender.send(work())
        finally:
            os._exit(0)
    sender.close()
    try:
        return receiver.recv()
    finally:
        os.waitpid(pid, 0)


@pytest.mark.live
def test_tracepoints_that_only_root_sees_are_not_passed_over_in_silence():
    def look():
        host = Host()
        told = hidden("t:sched:*,kprobe:vfs_read", host), hidden(None, host), hidden("kprobe:vfs_*", host)
        try:
            expand(["tracepoint", "sched", "sched_*"], None, host)
        except DiagnosticError as refused:
            return told, refused.diagnostics[0]

    warning = Diagnostic(f"Tracepoints are for root to see, in {Host().tracefs.path}.", severity="warning", hint="run it as root")
    assert as_nobody(look) == (((warning,), (warning,), ()), warning.replace(severity="error", code=MISSING))
    assert hidden(None, Host()) == ()


def test_tracepoints_of_a_machine_without_tracefs(tmp_path):
    (warning,) = hidden(None, Host(str(tmp_path)))
    assert warning.message == "Tracepoints cannot be seen: tracefs is not mounted."
