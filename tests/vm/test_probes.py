"""Kernel functions: probes that only a kernel with kprobes and fentry can show."""

import re
from pathlib import Path

import pytest

READS = "reads 100 7 300 5"
LISTED = Path(__file__).with_name("functions.txt")  # vfs_read, and one that no kernel has
BOTH_SIDES = (
    "kprobe:vfs_rea* /pid == PID/ { @[probe] = count(); @asked = sum(arg2); @at[func] = count(); } "
    "kretprobe:vfs_rea* /pid == PID/ { @[probe] = count(); @got = sum(retval); @at[func] = count(); }"
)


def counts(text, name="@"):
    """{key: number} of a map's lines; a scalar has the key ""."""
    return {key or "": int(value) for key, value in re.findall(rf"^{name}(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


@pytest.mark.vm(
    program="kprobe:vfs_read, kprobe:vmlinux:vfs_read /pid == PID/ { @[probe] = count(); @asked = sum(arg2); } "
    "kretprobe:vfs_read /pid == PID/ { @[probe] = count(); @got = sum(retval); }",
    load=READS,
)
def test_functions_one_by_one(traced):
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout) == {"kprobe:vfs_read": 12, "kprobe:vmlinux:vfs_read": 12, "kretprobe:vfs_read": 12}
    assert counts(traced.stdout, "@asked") == {"": 2 * 2200}
    assert counts(traced.stdout, "@got") == {"": 2200}


@pytest.mark.vm(
    program="kprobe:*vfs_read, kprobe:ksys_r[e]ad* /pid == PID/ { @[probe] = count(); } kretprobe:vfs_rea? /pid == PID/ { @got = sum(retval); }",
    load=READS,
)
def test_functions_of_a_glob(traced):
    """Many by one link where the kernel can; the cookie tells which."""
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout)["kprobe:vfs_read"] == counts(traced.stdout)["kprobe:ksys_read"] == 12
    assert counts(traced.stdout, "@got") == {"": 2200}


@pytest.mark.vm(program="kprobe:vfs_* /pid == PID/ { @[func] = count(); }", arguments=["--no-feature", "kprobe_multi"], load=READS)
def test_functions_of_a_glob_one_by_one(traced):
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout)["vfs_read"] == 12


def check_both_sides(traced):
    assert (traced.returncode, traced.stderr.count("WARNING")) == (0, 0), traced.stderr
    assert counts(traced.stdout) == {"kprobe:vfs_read": 12, "kretprobe:vfs_read": 12}
    assert counts(traced.stdout, "@at") == {"vfs_read": 24}
    assert counts(traced.stdout, "@asked") == counts(traced.stdout, "@got") == {"": 2200}


@pytest.mark.vm(program=BOTH_SIDES, load=READS)
def test_both_sides_of_functions(traced):
    check_both_sides(traced)


@pytest.mark.vm(program=BOTH_SIDES, load=READS, arguments=["--no-feature", "kprobe_session"])
def test_both_sides_of_functions_with_a_link_each(traced):
    check_both_sides(traced)


@pytest.mark.vm(program="kprobe:vfs_* /pid == PID/ { @ = count(); } ", load=READS, arguments=["--traceable-functions", LISTED])
def test_one_function_of_many_that_the_kernel_refuses(traced):
    assert traced.returncode == 0, traced.stderr
    assert "WARNING: cannot attach kprobe:vfs_nothing_of_the_kind: there is no such" in traced.stderr
    assert "Attached 1 probe\n" in traced.stdout + traced.stderr
    assert counts(traced.stdout) == {"": 12}


@pytest.mark.vm(
    program="kprobe:vfs_read /pid == PID/ { @[probe, probetype, func] = count(); @odd[arg0 & 1] = count(); } kretprobe:vfs_r[e]ad /pid == PID/ { @got = sum(retval); }",
    load=READS,
    arguments=["--no-feature", "kprobe"],
)
def test_kprobes_that_run_as_fentry(traced):
    assert traced.returncode == 0, traced.stderr
    assert "WARNING: kprobes are turned off: kprobe probes run as fentry" in traced.stderr
    assert "Attached 2 probes\n" in traced.stdout + traced.stderr
    assert counts(traced.stdout) == {"kprobe:vfs_read, kprobe, vfs_read": 12}
    assert counts(traced.stdout, "@odd") == {"0": 12}
    assert counts(traced.stdout, "@got") == {"": 2200}


@pytest.mark.vm(
    program="fexit:bpf:tracepoint_syscalls_sys_enter_getppid_1 /pid == PID/ { @[retval] = count(); } fentry:bpf:*:tracepoint_*_getppid_? /pid == PID/ { @entered = count(); }",
    load="syscalls 40",
    beside="tracepoint:syscalls:sys_enter_getppid { @ = count(); }",
)
def test_running_bpf_programs(traced):
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout) == {"0": 40}
    assert counts(traced.stdout, "@entered") == {"": 40}


@pytest.mark.vm(program="fentry:vfs_read /pid == PID/ { @[(uint64)args.file & 1, args.file == args.file] = count(); }", load=READS)
def test_pointers_can_be_calculated_with(traced):
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout) == {"0, true": 12}


@pytest.mark.vm(
    program="fentry:vfs_read /pid == PID/ { @[probe] = count(); @asked = sum(args.count); } "
    "fexit:vmlinux:vfs_read /pid == PID/ { @[probe] = count(); @got = sum(retval); @names[str(args.file.f_path.dentry.d_name.name)] = count(); }",
    load=READS,
)
def test_functions_with_types(traced):
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout) == {"fentry:vmlinux:vfs_read": 12, "fexit:vmlinux:vfs_read": 12}
    assert counts(traced.stdout, "@asked") == counts(traced.stdout, "@got") == {"": 2200}
    assert counts(traced.stdout, "@names") == {"zero": 12}


@pytest.mark.vm(program="fentry:vfs_rea[d], fentry:ksys_read /pid == PID/ { @[probe, func] = count(); }", load=READS)
def test_functions_with_types_of_a_glob(traced):
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout) == {"fentry:vmlinux:vfs_read, vfs_read": 12, "fentry:vmlinux:ksys_read, ksys_read": 12}


@pytest.mark.vm(
    program="rawtracepoint:sys_enter, rawtracepoint:sys_exit /pid == PID/ { @[probe] = count(); } tracepoint:syscalls:sys_*_read /pid == PID/ { @[probe] = count(); }",
    load=READS,
)
def test_which_raw_tracepoint_it_was(traced):
    """Older kernels have no cookies there: each has a program of its own."""
    assert traced.returncode == 0, traced.stderr
    found = counts(traced.stdout)
    assert found["tracepoint:syscalls:sys_enter_read"] == found["tracepoint:syscalls:sys_exit_read"] == traced.load["reads"] == 12
    # What waited for the signal returns after we have attached; the last system call never returns.
    assert found["rawtracepoint:vmlinux:sys_enter"] == traced.load["total"]
    assert found["rawtracepoint:vmlinux:sys_exit"] in (traced.load["total"] - 1, traced.load["total"])


@pytest.mark.vm(program="kprobe:vfs_rea*, kretprobe:vfs_read, fentry:vfs_open, i:ms:1 { }", arguments=["-l", "-v"])
def test_lists_what_a_program_would_trace(traced):
    assert traced.returncode == 0, traced.stderr
    listed = traced.stdout.splitlines()
    assert [name for name in listed if not name.startswith("    ")][-3:] == [
        "kretprobe:vfs_read",
        "fentry:vmlinux:vfs_open",
        "interval:ms:",
    ]
    assert listed[:6] == [
        "kprobe:vfs_read",
        "    struct file * arg0",
        "    char * arg1",
        "    size_t arg2",
        "    loff_t * arg3",
        "kprobe:vfs_readlink",
    ]


@pytest.mark.vm(program="kprobe:vfs_raed { @ = count(); }")
def test_a_function_that_does_not_exist(traced):
    assert traced.returncode == 1
    assert "did you mean kprobe:vfs_read" in traced.stderr
