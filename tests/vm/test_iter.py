"""Iterators on kernels where other tracers have them too. The machine runs little else: its first tasks are known."""

import re

import pytest


@pytest.mark.vm(program='iter:task /ctx.task.pid < 3/ { printf("%d %d\\n", ctx.task.pid, ctx.task.real_parent.pid); }')
def test_tasks(traced):
    assert traced.stdout.split("\n")[:2] == ["1 0", "2 0"]
    assert (traced.returncode, traced.stderr) == (0, "Attached 1 probe\n")


@pytest.mark.vm(program="iter:task_file /ctx.task.tgid == pid/ { @[ctx.fd] = count(); }")
def test_files(traced):
    """The tracer's own: each once, the standard ones among them."""
    found = dict(re.findall(r"^@\[(\d+)\]: (\d+)$", traced.stdout, re.M))
    assert {"0", "1", "2"} < set(found) and set(found.values()) == {"1"}


@pytest.mark.vm(program="iter:task_vma /ctx.task.tgid == pid/ { @[ctx.vma.vm_start < ctx.vma.vm_end] = count(); }")
def test_areas(traced):
    ((key, number),) = re.findall(r"^@\[(\w+)\]: (\d+)$", traced.stdout, re.M)
    assert key == "true" and int(number) > 20
