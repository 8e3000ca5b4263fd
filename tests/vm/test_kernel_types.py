"""Types of kernel modules, and functions that only some places of the kernel allow."""

import re

import pytest

MAGIC = 0x794C7630  # of overlayfs, <linux/magic.h>: what the machine's files lie on


def counts(text, name="@"):
    return {key: int(value) for key, value in re.findall(rf"^{name}\[(.*)\]: (\d+)$", text, re.M)}


@pytest.mark.vm(
    program="fentry:overlay:ovl_open /pid == PID/ { $file = args.file; "
    "@[$file.f_inode.i_sb.s_magic, ((struct ovl_fs *)$file.f_inode.i_sb.s_fs_info).numlayer] = count(); } "
    "kprobe:overlay:ovl_open /pid == PID/ { $file = (struct file *)arg1; "
    "@too[((struct ovl_fs *)$file.f_inode.i_sb.s_fs_info).numlayer, sizeof(struct ovl_fs) > offsetof(struct ovl_fs, numlayer)] = count(); }",
    load="opens /etc/passwd /etc/group",
)
def test_types_of_a_module(traced):
    """A layer for what is written and one for the files of the machine around it."""
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout) == {f"{MAGIC}, 2": 4}
    assert counts(traced.stdout, "@too") == {"2, true": 4}


@pytest.mark.vm(arguments=["-lv", "struct ovl_cattr"])
def test_lists_types_of_a_module(traced):
    assert traced.returncode == 0, traced.stderr
    assert traced.stdout == (
        "overlay: struct ovl_cattr {\n\tdev_t rdev;\n\tumode_t mode;\n\tconst char *link;\n\tstruct dentry *hardlink;\n};\n\n"
    )


@pytest.mark.vm(
    program="t:syscalls:sys_enter_openat /pid == PID/ { $name = (uint64)0x70756f7267; @wrote[write_user(args.filename + 5, &$name, 6)] = count(); } "
    "fentry:security_file_open /pid == PID/ { @[path(args.file.f_path)] = count(); }",
    load="opens /etc/passwd",
    arguments=["--unsafe"],
)
def test_what_a_process_opens_is_another_file(traced):
    """Of open(2) and openat(2), before the kernel reads the name, "passwd" becomes "group" in the memory of the process.

    The overlay opens the file that lies below, too.
    """
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout, "@wrote") == {"true": 1}
    assert counts(traced.stdout) == {"/etc/passwd": 2, "/etc/group": 2}


@pytest.mark.vm(
    program='begin { @[0] = ((struct cpuinfo_x86 *)percpu_kaddr("cpu_info", 0)).cpu_index; @[1] = ((struct cpuinfo_x86 *)percpu_kaddr("cpu_info", 1)).cpu_index; }'
)
def test_variables_of_each_processor(traced):
    assert traced.returncode == 0, traced.stderr
    assert counts(traced.stdout) == {"0": 0, "1": 1}
