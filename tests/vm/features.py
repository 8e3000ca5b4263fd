"""What bttui can do on a kernel, one small program each: it works where the program prints exactly what its load did.

The kernels page (docs/kernels.md) and its test run them all; see matrix.py.
"""

import re
from typing import NamedTuple


class Feature(NamedTuple):
    """``expected`` is the text after the first line of output, or a function of (output, load's report)."""

    group: str
    label: str
    program: str
    load: str = ""
    expected: object = ""
    arguments: tuple = ()
    binary: str = "load"  # which of tests/load
    beside: str = ""  # a program that runs already


def numbers(text, name="@"):
    """{key: number} of a map's lines; a scalar has the key ""."""
    return {key or "": int(value) for key, value in re.findall(rf"^{name}(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


def lines(*wanted):
    return lambda text, did: sorted(line for line in text.splitlines() if line) == sorted(wanted)


def holds(check):
    return lambda text, did: check(text)


READS = "reads 100 7 300 5"
TWELVE = lines("@: 12")
F = Feature

FEATURES = (
    # Probes
    F("Probes", "begin, end", "begin { @ = 1; } end { @e = 2; }", expected=lines("@: 1", "@e: 2")),
    F("Probes", "interval", "i:ms:5 { @++; if (@ == 3) { exit(); } }", expected=lines("@: 3")),
    F("Probes", "profile", "profile:hz:99 { @[kstack] = count(); } i:s:3 { exit(); }", expected=holds(lambda text: "]: " in text)),
    F(
        "Probes",
        "tracepoint",
        "t:syscalls:sys_enter_read /pid == PID/ { @ = count(); @asked = sum(args.count); }",
        READS,
        lines("@: 12", "@asked: 2200"),
    ),
    F(
        "Probes",
        "tracepoint: all system calls by two raw tracepoints",
        "t:syscalls:sys_enter_* /pid == PID/ { @[probe] = count(); }",
        READS,
        holds(lambda text: numbers(text)["tracepoint:syscalls:sys_enter_read"] == 12),
    ),
    F("Probes", "rawtracepoint with args", "rt:sys_enter /pid == PID && args.id == 0/ { @ = count(); }", READS, lines("@: 12")),
    F(
        "Probes",
        "kprobe with `func`",
        "kprobe:vfs_read /pid == PID/ { @[func] = count(); @asked = sum(arg2); }",
        READS,
        lines("@[vfs_read]: 12", "@asked: 2200"),
    ),
    F(
        "Probes",
        "kprobe at an offset and at an address",
        "kprobe:ksys_read+OFFSET_IN_ksys_read /pid == PID/ { @ = count(); } kprobe:ADDRESS_OF_vfs_read /pid == PID/ { @b = count(); }",
        READS,
        lines("@: 12", "@b: 12"),
        ("--unsafe",),
    ),
    F("Probes", "kretprobe", "kretprobe:vfs_read /pid == PID/ { @ = count(); @got = sum(retval); }", READS, lines("@: 12", "@got: 2200")),
    F(
        "Probes",
        "kprobe: many, which one by `probe`",
        "kprobe:vfs_* /pid == PID/ { @[probe] = count(); }",
        READS,
        holds(lambda text: numbers(text)["kprobe:vfs_read"] == 12),
    ),
    F(
        "Probes",
        "kprobe and kretprobe of the same functions",
        "kprobe:vfs_rea* /pid == PID/ { @[probe] = count(); } kretprobe:vfs_rea* /pid == PID/ { @[probe] = count(); @got = sum(retval); }",
        READS,
        lines("@[kprobe:vfs_read]: 12", "@[kretprobe:vfs_read]: 12", "@got: 2200"),
    ),
    F(
        "Probes",
        "kprobe of a module",
        "kprobe:overlay:ovl_open /pid == PID/ { @ = count(); }",
        "opens /etc/passwd /etc/group",
        lines("@: 4"),
    ),
    F(
        "Probes",
        "fentry, fexit",
        "fentry:vfs_read /pid == PID/ { @ = count(); @asked = sum(args.count); } fexit:vfs_read /pid == PID/ { @got = sum(retval); @again = sum(args.count); }",
        READS,
        lines("@: 12", "@asked: 2200", "@got: 2200", "@again: 2200"),
    ),
    F(
        "Probes",
        "fentry of a module",
        "fentry:overlay:ovl_open /pid == PID/ { @[str(args.file.f_path.dentry.d_name.name)] = count(); }",
        "opens /etc/passwd /etc/group",
        lines("@[group]: 2", "@[passwd]: 2"),
    ),
    F(
        "Probes",
        "fentry of a BPF program",
        "fentry:bpf:tracepoint_syscalls_sys_enter_getppid_1 /pid == PID/ { @ = count(); }",
        "syscalls 50",
        lines("@: 50"),
        beside="t:syscalls:sys_enter_getppid { @x = count(); }",
    ),
    F(
        "Probes",
        "kprobe by fentry, without kprobes",
        "kprobe:vfs_read /pid == PID/ { @ = count(); @asked = sum(arg2); } kretprobe:vfs_read /pid == PID/ { @got = sum(retval); }",
        READS,
        lines("@: 12", "@asked: 2200", "@got: 2200"),
        ("--no-feature", "kprobe"),
    ),
    F(
        "Probes",
        "uprobe, uretprobe",
        "uprobe:BINARY:first /pid == PID/ { @ = count(); @sum = sum(arg0); } uretprobe:BINARY:second /pid == PID/ { @r = sum(retval); }",
        "50 1",
        lines("@: 50", "@sum: 1225", "@r: 3675"),
        binary="calls",
    ),
    F(
        "Probes",
        "uprobe: many, which one by `probe`",
        "uprobe:BINARY:first, uprobe:BINARY:seco* /pid == PID/ { @[probe] = count(); }",
        "50 1",
        holds(lambda text: list(numbers(text).values()) == [50, 50]),
        binary="calls",
    ),
    F("Probes", "usdt", "usdt:BINARY:text /pid == PID/ { @[str(arg0)] = count(); }", "9", lines("@[odd]: 4", "@[even]: 5"), binary="usdt"),
    F(
        "Probes",
        "software",
        "software:page-faults:1 /pid == PID/ { @ = count(); }",
        "1 200",
        holds(lambda text: numbers(text)[""] >= 200),
        binary="calls",
    ),
    F("Probes", "hardware", "hardware:instructions:10000 { @ = count(); } i:s:1 { exit(); }", expected=holds(lambda text: "@: " in text)),
    F("Probes", "watchpoint", "watchpoint:SYMBOL_cell:8:w /pid == PID/ { @ = count(); }", "10 0 0 0 0", lines("@: 10"), binary="watch"),
    F("Probes", "iter:task", "iter:task /ctx.task.pid == 2/ { @[ctx.task.comm] = count(); }", expected=lines("@[kthreadd]: 1")),
    F("Probes", "iter:task_file", "iter:task_file /ctx.task.tgid == pid && ctx.fd == 1/ { @ = count(); }", expected=lines("@: 1")),
    F(
        "Probes",
        "iter:task_vma",
        "iter:task_vma /ctx.task.tgid == pid/ { @[ctx.vma.vm_start < ctx.vma.vm_end] = count(); }",
        expected=holds(lambda text: numbers(text)["true"] > 20),
    ),
    F("Probes", "xdp", "xdp:lo /args.protocol == 17 && args.dport == 9/ { @[args.len] = count(); }", "packets 20", lines("@[142]: 20")),
    F(
        "Probes",
        "tc",
        "tc:lo:ingress /args.protocol == 17 && args.dport == 9/ { @[args.len] = count(); }",
        "packets 20",
        lines("@[142]: 20"),
    ),
    # What a program may use
    F(
        "Language",
        "histograms and aggregations",
        "t:syscalls:sys_enter_read /pid == PID/ { @ = hist(args.count); @l = lhist(args.count, 0, 1000, 100); @m[1] = max(args.count); }",
        READS,
        holds(lambda text: "[256, 512)             5" in text and "[300, 400)             5" in text and "@m[1]: 300" in text),
    ),
    F(
        "Language",
        "loops over numbers and conditions",
        "begin { for ($i : 0..1000) { @ += $i; } $i = 0; while ($i < 1000) { $i++; @w += $i; } }",
        expected=lines("@: 499500", "@w: 500500"),
    ),
    F("Language", "loops over maps", "begin { @a[1] = 2; @a[3] = 4; for ($kv : @a) { @ += $kv.1; } clear(@a); }", expected=lines("@: 6")),
    F(
        "Language",
        "printf, strings, tuples",
        't:syscalls:sys_enter_openat /pid == PID/ { printf("%s %d\\n", str(args.filename), strlen(comm)); @[1, comm] = (2, "x"); }',
        "opens /etc/passwd",
        lines("/etc/passwd 10", "@[1, bttui_load]: (2, x)"),
    ),
    F(
        "Language",
        "kstack, ksym",
        'kprobe:vfs_read /pid == PID/ { @[kstack(3), ksym(kaddr("vfs_read"))] = count(); }',
        READS,
        holds(lambda text: "vfs_read+" in text and "vfs_read]: 12" in text),
    ),
    F(
        "Language",
        "ustack",
        "uprobe:BINARY:second /pid == PID/ { @[ustack(2)] = count(); }",
        "20000 1",
        holds(lambda text: "second" in text and "]: 20000" in text),
        binary="calls",
    ),
    F(
        "Language",
        "kernel structures",
        "begin { @ = curtask.pid == (int32)tid; @p = curtask.real_parent.pid > 0; }",
        expected=lines("@: true", "@p: true"),
    ),
    F(
        "Language",
        "elapsed, jiffies, cgroup",
        "begin { @ = elapsed < 1000000000000; @j = jiffies > 0; @c = cgroup > 0; }",
        expected=lines("@: true", "@j: true", "@c: true"),
    ),
    F(
        "Language",
        "signal",
        't:syscalls:sys_enter_getppid /pid == PID/ { @ = count(); signal("SIGCONT"); }',
        "syscalls 5",
        lines("@: 5"),
        ("--unsafe",),
    ),
    F(
        "Language",
        "programs above 4096 instructions",
        "begin { unroll (100) { @[1] = count(); @[2] = count(); @[3] = count(); @b[1] = sum(2); } }",
        expected=lines("@[1]: 100", "@[2]: 100", "@[3]: 100", "@b[1]: 200"),
    ),
)
