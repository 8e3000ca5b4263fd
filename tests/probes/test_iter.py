"""Iterators: the same tasks, files and areas as /proc shows, each once, and then the run ends."""

import os
from pathlib import Path

import pytest

from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError, Span
from bttui.probes import listing, registry
from bttui.probes.provider import Iteration, Options

SPAN = Span(0, 4, 1, 1, 1, 5)


def expand(text, host):
    return registry.expand(text.split(":"), SPAN, host, Options())


# What a recorded kernel offers


def test_listing_with_fields(new):
    assert list(listing.lines("iter:task*", new, True)) == [
        "iter:task",
        "    struct task_struct * task",
        "iter:task_file",
        "    struct task_struct * task",
        "    u32 fd",
        "    struct file * file",
        "iter:task_vma",
        "    struct task_struct * task",
        "    struct vm_area_struct * vma",
    ]
    assert list(listing.lines("it:*", new)) == ["iter:task", "iter:task_file", "iter:task_vma"]


def test_the_pointer_that_is_null_at_the_end(new):
    """struct bpf_iter__task_file is {meta, task, u32 fd, file}, of 8 bytes each."""
    for name, offset in (("task", 8), ("task_file", 24), ("task_vma", 16)):
        ((provider, target),) = expand(f"iter:{name}", new)
        context = provider.context(target, new)
        assert (context.type, context.attach_type, context.attach_to) == (26, 28, name)
        members = {field.name: field.offset for field in new.btf.struct("struct task_struct").fields}
        files = (8, members["group_leader"], members["files"]) if name == "task_file" else ()
        assert context.iteration == Iteration(offset, files=files)
    ((provider, target),) = expand("it:task:mine", new)
    assert (target.name, target.options, provider.context(target, new).iteration.pinned) == ("iter:task", {"pin": "/sys/fs/bpf/mine"}, True)
    ((_, target),) = expand("it:task:/sys/fs/bpf/deep/er", new)
    assert target.options == {"pin": "/sys/fs/bpf/deep/er"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("iter", "iter probe type requires 1 or 2 arguments, found 0", "iter:KIND"),
        ("iter:a:b:c", "iter probe type requires 1 or 2 arguments, found 3", "iter:KIND"),
        ("iter:task*", "iter probe type does not support wildcards", "bttui -l"),
        ("iter:tsk", "iter tsk not available for your kernel version.", "did you mean iter:task?"),
    ],
)
def test_refusals(text, message, hint, new):
    with pytest.raises(DiagnosticError) as caught:
        expand(text, new)
    assert caught.value.diagnostics[0].message == message
    assert hint in caught.value.diagnostics[0].hint


def test_a_kernel_without_types(nothing):
    with pytest.raises(DiagnosticError) as caught:
        expand("iter:task", nothing)
    assert "CONFIG_DEBUG_INFO_BTF" in caught.value.diagnostics[0].hint
    assert list(listing.lines("iter:*", nothing)) == []


# This kernel


@pytest.fixture(scope="module")
def tree(load):
    """(pid of the root, pids of all) of four processes, each with four threads."""
    with load.start(3, 3, 5, 6, path=load.build("tree", "bttui_tree", "-pthread")) as root:
        children = Path(f"/proc/{root.pid}/task/{root.pid}/children").read_text().split()
        assert len(children) == 3
        yield root.pid, [root.pid, *map(int, children)]
        assert root.go() == {"pid": root.pid, "children": 3}


def of_tree(root):
    return f"/ctx.task.tgid == {root} || ctx.task.real_parent.tgid == {root}/"


def areas(pid):
    """Of its own memory; the vsyscall page belongs to no process."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return [(pid, *(int(number, 16) for number in line.split()[0].split("-"))) for line in lines if "[vsyscall]" not in line]


def rows(text):
    return sorted(tuple(int(word) if word.isdigit() else word for word in line.split(" ")) for line in text.splitlines() if line)


@pytest.mark.live
def test_task(bttui, tree):
    root, pids = tree
    result = bttui("-q", "-e", f'iter:task {of_tree(root)} {{ printf("%d %d %s\\n", ctx.task.tgid, ctx.task.pid, ctx.task.comm); }}')
    expected = [(pid, int(tid), "bttui_tree") for pid in pids for tid in os.listdir(f"/proc/{pid}/task")]
    assert len(expected) == 16
    assert rows(result.stdout) == sorted(expected), result


@pytest.mark.live
def test_task_file(bttui, tree):
    root, pids = tree
    result = bttui("-q", "-e", f'iter:task_file {of_tree(root)} {{ printf("%d %d\\n", ctx.task.tgid, ctx.fd); }}')
    assert rows(result.stdout) == sorted((pid, int(fd)) for pid in pids for fd in os.listdir(f"/proc/{pid}/fd")), result


@pytest.mark.live
def test_task_vma(bttui, tree):
    root, pids = tree
    program = f'it:task_vma {of_tree(root)} {{ printf("%d %lu %lu\\n", ctx->task->tgid, ctx->vma->vm_start, ctx->vma->vm_end); }}'
    result = bttui("-q", "-e", program)
    assert rows(result.stdout) == sorted({area for pid in pids for area in areas(pid)}), result


@pytest.mark.live
def test_maps_are_printed_at_the_end_and_begin_and_end_may_be_there(bttui, tree):
    root, _ = tree
    program = (
        f'iter:task {of_tree(root)} {{ @[probe, ctx.task.comm] = count(); }} begin {{ printf("first\\n"); }} end {{ printf("last\\n"); }}'
    )
    result = bttui("-e", program)
    assert result.stdout.split() == ["first", "last", "@[iter:task,", "bttui_tree]:", "16"], result
    assert "Attached 3 probes" in result.stderr


@pytest.mark.live
def test_of_one_process(bttui, tree):
    """-p: its own tasks, files and areas; those of its children are others'."""
    root, _ = tree
    text = bttui("-q", "-p", root, "-e", "iter:task { @[ctx.task.tgid] = count(); }").stdout
    assert text.split() == [f"@[{root}]:", "4"]
    text = bttui("-q", "-p", root, "-e", 'iter:task_file { printf("%d %d\\n", ctx.task.tgid, ctx.fd); }').stdout
    assert rows(text) == sorted((root, int(fd)) for fd in os.listdir(f"/proc/{root}/fd"))
    text = bttui(
        "-q", "-p", root, "-e", 'iter:task_vma { printf("%d %lu %lu\\n", ctx.task.tgid, ctx.vma.vm_start, ctx.vma.vm_end); }'
    ).stdout
    assert set(rows(text)) == set(areas(root))


@pytest.mark.live
def test_exit_gives_the_status_and_silences_all_but_printf(bttui):
    """As bpftrace: printf tells of every task, for it is what the iterator itself writes."""
    result = bttui("-q", "-e", 'iter:task { printf("%d\\n", ctx.task.pid); print("once"); exit(7); }')
    lines = result.stdout.split()
    assert (lines.count("once"), result.returncode) == (1, 7)
    assert len(lines) > 3 and str(os.getpid()) in lines


@pytest.mark.live
def test_more_than_the_ring_buffer_holds(bttui):
    """Every symbol of the kernel, a line each: the program waits for its reader, so nothing is lost."""
    if "iter:ksym" not in listing.lines("iter:ksym", Host()):
        pytest.skip("this kernel has no iterator over symbols")
    result = bttui("-q", "-e", 'iter:ksym { printf("%200d\\n%s\\n", 1, ctx.ksym.name); @ = count(); } end { printf("end\\n"); }')
    lines = result.stdout.splitlines()
    count = int(lines[-1].removeprefix("@: "))
    names = [line for line in lines[: lines.index("end")] if line.strip() != "1"]
    assert len(names) == count > 10000
    assert "Lost" not in result.stderr
    kernel = [line.split()[2] for line in Path("/proc/kallsyms").read_text().splitlines() if "[" not in line]
    assert names[: len(kernel)] == kernel


@pytest.mark.live
def test_all_that_this_kernel_offers(bttui):
    """Each runs to its end, or says what it lacks."""
    names = bttui("-l", "iter:*").stdout.split()
    assert {"iter:task", "iter:task_file", "iter:task_vma", "iter:bpf_map", "iter:bpf_map_elem"} <= set(names)
    for name in names:
        result = bttui("-e", name + " { @ = count(); }")
        if name in ("iter:bpf_map_elem", "iter:bpf_sk_storage_map", "iter:sockmap"):
            assert f"not supported: {name} goes over one map of another program" in result.stderr
        else:
            assert result.returncode == 0, result


@pytest.mark.live
def test_one_iterator_and_nothing_else(bttui):
    for program in ("iter:task, iter:task_file { }", "iter:task { } interval:s:1 { }", "iter:task { } iter:task { }"):
        result = bttui("-e", program)
        assert result.returncode != 0
        assert "iter probe only supports one attach point." in result.stderr, program
    assert "The args builtin can only be used" in bttui("-e", "iter:task { print(args); }").stderr


@pytest.mark.live
def test_pinned(bttui, tree, tmp_path):
    """The run ends; whoever reads the pin makes the program run, and gets what it printed."""
    root, pids = tree
    pin = Path(f"/sys/fs/bpf/bttui_test_{os.getpid()}")
    if not os.path.ismount("/sys/fs/bpf"):
        pytest.skip("no bpf file system is mounted")
    program = (
        f"iter:task:{pin.name} {of_tree(root)} "
        '{ printf("%d %s|%4d|%-3d|%03x|%lx|%c%%|%s|%hhd\\n", ctx.task.tgid, ctx.task.comm, -7, 8, 255, 0x123456789a, 65, "text", 513); }'
    )
    try:
        result = bttui("-e", program)
        assert (result.returncode, result.stdout.strip()) == (0, f"Program pinned to {pin}")
        expected = [f"{pid} bttui_tree|  -7|8  |0ff|123456789a|A%|text|1" for pid in pids for _ in range(4)]
        for _ in range(2):
            assert sorted(pin.read_text().splitlines()) == sorted(expected)
        again = bttui("-e", program)
        assert again.returncode != 0
        assert f"cannot pin iter:task to {pin}: File exists" in again.stderr and f"rm {pin}" in again.stderr
    finally:
        pin.unlink(missing_ok=True)
    nowhere = bttui("-e", f"iter:task:{tmp_path}/pin {{ }}")
    assert nowhere.returncode != 0 and "below /sys/fs/bpf" in nowhere.stderr


@pytest.mark.live
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print(1);", "a pinned iterator cannot print"),
        ('printf("%o", 1);', "not supported: %o in printf of a pinned iterator"),
        ('printf("%s", 1);', "not supported: %s of what is no string, in printf of a pinned iterator"),
        ('printf("\\xe9");', "printf of a pinned iterator prints ASCII only"),
    ],
)
def test_what_a_pin_cannot_show(body, message, bttui):
    result = bttui("-e", f"iter:task:bttui_never {{ {body} }}")
    assert result.returncode != 0 and message in result.stderr
