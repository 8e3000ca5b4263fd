"""What attach points mean on two recorded machines: names, contexts, and the words for what is wrong."""

import pytest
from probes.conftest import FACTS

from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError, Span
from bttui.model.types import Integer, Pointer
from bttui.probes import registry
from bttui.probes.provider import Options

SPAN = Span(0, 4, 1, 1, 1, 5)


def expand(text, host, **options):
    return registry.expand(text.split(":"), SPAN, host, Options(**options))


def names(text, host, **options):
    return [target.name for _, target in expand(text, host, **options)]


def context(text, host, **options):
    ((provider, target),) = expand(text, host, **options)
    return provider.context(target, host)


def refusal(text, host, **options):
    with pytest.raises(DiagnosticError) as caught:
        expand(text, host, **options)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span == SPAN
    return diagnostic


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("begin", ["begin"]),
        ("BEGIN", ["begin"]),
        ("eNd", ["end"]),
        ("self:signal:SIGUSR1", ["self:signal:SIGUSR1"]),
        ("interval:s:1", ["interval:s:1"]),
        ("i:ms:0x10", ["interval:ms:16"]),
        ("i:10ms", ["interval:us:10000"]),
        ("INTERVAL:1500", ["interval:us:1"]),
        ("p:hz:99", ["profile:hz:99"]),
        ("s:faults", ["software:faults"]),
        ("software:cs:1e3", ["software:cs:1000"]),
        ("h:cycles:1000", ["hardware:cycles:1000"]),
        ("t:sched:sched_switch", ["tracepoint:sched:sched_switch"]),
        ("t:sched:sched_wakeup*", ["tracepoint:sched:sched_wakeup", "tracepoint:sched:sched_wakeup_new"]),
        ("t:sched:sched_?witch", ["tracepoint:sched:sched_switch"]),
        ("tracepoint:raw_*:sys_e[nx]*", ["tracepoint:raw_syscalls:sys_enter", "tracepoint:raw_syscalls:sys_exit"]),
        ("t:nosuch:*", []),
        ("trace*:sched:sched_switch", ["tracepoint:sched:sched_switch"]),
        ("rt:sched_switch", ["rawtracepoint:vmlinux:sched_switch"]),
        ("rt:vmlinux:sched_wake*", ["rawtracepoint:vmlinux:sched_wakeup"]),
        ("k:vfs_read", ["kprobe:vfs_read"]),
        ("k:vfs_read+0x10", ["kprobe:vfs_read+16"]),
        ("k:vfs_read+0", ["kprobe:vfs_read"]),
        ("k:vmlinux:vfs_read", ["kprobe:vmlinux:vfs_read"]),
        ("kr:vfs_re*", ["kretprobe:vfs_read"]),
        ("kprobe:vmlinux:vfs_re*", ["kprobe:vmlinux:vfs_read"]),
        ("f:vfs_read", ["fentry:vmlinux:vfs_read"]),
        ("*:vfs_read", ["fentry:vmlinux:vfs_read", "kprobe:vfs_read"]),
        ("*:sched:sched_switch", ["tracepoint:sched:sched_switch"]),
        ("*point:*sched_switch", ["rawtracepoint:vmlinux:sched_switch"]),
        ("k*:vfs_re*", ["kprobe:vfs_read"]),
        ("kretfunc:vmlinux:vfs_read", ["fexit:vmlinux:vfs_read"]),
        ("f:vfs_[rw]*", ["fentry:vmlinux:vfs_read", "fentry:vmlinux:vfs_write"]),
    ],
)
def test_names(text, expected, old, new):
    assert names(text, old) == expected
    assert names(text, new) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("trcepoint:a:b", "Invalid probe type: trcepoint", "did you mean tracepoint"),
        ("T:sched:sched_switch", "Invalid probe type: T", ""),
        ("pro*:hz:9", "No probe type matched for pro*", "-l"),
        ("*ware:*", "wildcards are not allowed for hardware probe type", "-l"),
        ("zzz*:x", "No probe type matched for zzz*", "-l"),
        ("end:1", "end probe type requires 0 arguments, found 1", ""),
        ("self:signal:SIGHUP", "SIGHUP is not a supported signal", "self:signal:SIGUSR1"),
        ("self:x:SIGUSR1", "x is not a supported trigger", "self:signal:SIGUSR1"),
        ("interval", "interval probe type requires 1 or 2 arguments, found 0", "interval:s:1"),
        ("interval:hz:0", "interval frequency should be a positive integer", ""),
        ("interval:s:-1", "interval frequency should be a positive integer", ""),
        ("software:cs:-1", "software count should be a positive integer", ""),
        ("software:cs:-x", "Invalid count for software probe: invalid integer: -x", ""),
        ("interval:fortnight:1", "fortnight is not an accepted unit of time", "s, ms, us and hz"),
        ("interval:ms:x", "Invalid rate of interval probe: invalid integer: x", ""),
        ("interval:ms:20s", "20s has a unit of its own", "interval:20s"),
        ("interval:999", "Invalid rate of interval probe. Minimum is 1000 or 1us. Found: 999 nanoseconds", ""),
        ("profile:s:99999999999", "Invalid rate of profile probe: 99999999999 is too large", ""),
        ("software:fault", "fault is not a software probe", "did you mean software:faults"),
        ("software:f*:1", "wildcards are not allowed for software probe type", "-l"),
        ("software:cs:x", "Invalid count for software probe: invalid integer: x", ""),
        ("hardware:cycels", "cycels is not a hardware probe", "hardware:cycles"),
        ("t:sched:sched_swich", "No matches for tracepoint sched:sched_swich.", "did you mean tracepoint:sched:sched_switch"),
        ("t:shed:sched_switch", "No matches for tracepoint shed:sched_switch.", "did you mean tracepoint:sched:sched_switch?"),
        ("t:sched_switch", "tracepoint probe type requires 2 arguments, found 1", "tracepoint:SUBSYSTEM:EVENT"),
        ("rt:sched_swich", "No matches for rawtracepoint sched_swich.", "did you mean rawtracepoint:sched_switch"),
        ("rt:ext4:sched_switch", "No matches for rawtracepoint ext4:sched_switch.", "did you mean rawtracepoint:vmlinux:sched_switch?"),
        ("rt:sys_enter_read", "No matches for rawtracepoint sys_enter_read.", "tracepoint:syscalls:sys_enter_read"),
        ("k:vfs_raed", "No matches for kprobe vfs_raed.", "did you mean kprobe:vfs_read"),
        ("kr:vfs_read+4", "Offset not allowed", "kretprobe:vfs_read"),
        ("k:vfs_read+x", "Invalid offset: invalid integer: x", ""),
        ("k:0xffffffff81000000", "Probing by address requires --unsafe", "crashes"),
        ("k:nosuch:vfs_read", "specified module nosuch in probe kprobe:nosuch:vfs_read is not loaded.", ""),
        ("k:a:b:c", "kprobe probe type requires 1 or 2 arguments, found 3", ""),
        ("f:vfs_raed", "No matches for fentry vfs_raed.", "did you mean fentry:vfs_read"),
        ("f:ext4:vfs_read", "No matches for fentry ext4:vfs_read.", "did you mean fentry:vmlinux:vfs_read?"),
        ("f:bpf:x", "No matches for fentry bpf:x.", ""),
        ("usdt:/bin/true:x", "No matches for usdt /bin/true:x.", "no USDT probes"),
        ("uprobe:/bin/nosuch:main", "uprobe target file '/bin/nosuch' does not exist or is not executable", ""),
        ("uprobe:/bin/true", "uprobe probe type requires 2 or 3 arguments, found 1", "uprobe:FILE:[cpp:]FUNCTION"),
    ],
)
def test_what_is_wrong(text, message, hint, new):
    diagnostic = refusal(text, new)
    assert diagnostic.message == message
    assert hint in diagnostic.hint


def test_a_machine_that_tells_nothing(nothing):
    assert "mount -t tracefs" in refusal("t:sched:sched_switch", nothing).hint
    assert "type information" in refusal("f:vfs_read", nothing).hint
    assert "type information" in refusal("rt:sched_switch", nothing).hint
    assert names("interval:s:1", nothing) == ["interval:s:1"]


def test_a_missing_probe_may_be_allowed(new):
    warnings = []
    text = "tracepoint:sched:nosuch"
    assert registry.expand(text.split(":"), SPAN, new, Options(missing_probes="warn"), warnings) == []
    assert [(w.message, w.severity, w.span) for w in warnings] == [("No matches for tracepoint sched:nosuch. Skipping.", "warning", SPAN)]
    assert registry.expand(text.split(":"), SPAN, new, Options(missing_probes="ignore"), warnings) == []
    assert len(warnings) == 1
    with pytest.raises(DiagnosticError):  # what is no probe at all is an error all the same
        registry.expand(("tracepoint", "x"), SPAN, new, Options(missing_probes="ignore"), warnings)


def test_a_function_that_a_list_does_not_have(old, tmp_path):
    """--traceable-functions is the user's word for what is safe; --unsafe is one against it."""
    (tmp_path / "functions").write_text("vfs_open\n")
    given = {"traceable_functions": str(tmp_path / "functions")}
    assert names("k:vfs_open", old, **given) == ["kprobe:vfs_open"]
    assert refusal("k:vfs_read", old, **given).message == "No matches for kprobe vfs_read."
    assert refusal("k:vfs_read", old, traceable_functions="/dev/null").message == "No matches for kprobe vfs_read."
    warnings = []
    registry.expand(("k", "vfs_read"), SPAN, old, Options(unsafe=True, **given), warnings)
    assert [(w.message.partition(" as ")[0], w.severity, w.span) for w in warnings] == [("vfs_read is not traceable", "warning", SPAN)]


def test_an_address_with_unsafe(new):
    ((_, target),) = expand("k:0xffffffff81000000", new, unsafe=True)
    assert (target.name, target.options) == ("kprobe:18446744071578845184", {"address": 0xFFFFFFFF81000000})


def test_many_functions_by_one_link_where_the_kernel_can(old, new):
    assert all(target.options.get("multi") for _, target in expand("k:vfs_*", old))
    assert not any(target.options.get("multi") for _, target in expand("k:vfs_*", new))
    assert not any(target.options.get("multi") for _, target in expand("k:vfs_*", old, no_features=frozenset(("kprobe_multi",))))
    assert not any(target.options.get("multi") for _, target in expand("k:vfs_read", old))
    ((provider, target), *_) = expand("k:vfs_*", old)
    assert (provider.context(target, old).section, provider.context(target, old).attach_type) == ("kprobe.multi", 42)


# How a program reads its context. Numbers are those of <linux/bpf.h>.


@pytest.mark.parametrize(
    ("text", "type", "section"),
    [
        ("begin", 17, "raw_tracepoint"),
        ("self:signal:SIGUSR1", 17, "raw_tracepoint"),
        ("interval:s:1", 7, "perf_event"),
        ("profile:hz:1", 7, "perf_event"),
        ("software:cs:1", 7, "perf_event"),
        ("hardware:cycles:1", 7, "perf_event"),
        ("t:sched:sched_switch", 5, "tracepoint"),
        ("rt:sched_switch", 17, "raw_tracepoint"),
        ("k:vfs_read", 2, "kprobe"),
        ("kr:vfs_read", 2, "kprobe"),
    ],
)
def test_program_types(text, type, section, new):
    found = context(text, new)
    assert (found.type, found.section, found.attach_type, found.attach_to) == (type, section, 0, "")


def test_a_tracepoints_fields_have_the_offsets_of_its_format(new):
    arguments = context("t:sched:sched_switch", new).arguments
    assert arguments.name == "struct tracepoint:sched:sched_switch_args"
    assert [(f.name, f.offset, f.type.size) for f in arguments.fields] == [
        ("prev_comm", 8, 16),
        ("prev_pid", 24, 4),
        ("prev_prio", 28, 4),
        ("prev_state", 32, 8),
        ("next_comm", 40, 16),
        ("next_pid", 56, 4),
        ("next_prio", 60, 4),
    ]


def test_a_system_calls_pointers_are_the_users(new):
    fields = {f.name: f for f in context("t:syscalls:sys_enter_openat", new).arguments.fields}
    assert isinstance(fields["filename"].type, Pointer)
    assert (fields["filename"].offset, fields["filename"].type.space) == (24, "user")


def test_raw_tracepoint_arguments_are_slots(new):
    found = context("rt:sched_switch", new)
    assert (found.argument_access, found.argument_slots) == ("slots", 4)
    assert [(f.name, f.offset) for f in found.arguments.fields] == [("preempt", 0), ("prev", 8), ("next", 16), ("prev_state", 24)]
    assert found.arguments.fields[1].type.target.name == "struct task_struct"


def test_fentry_arguments_are_slots_and_the_result_follows(new):
    entry, back = context("f:vfs_read", new), context("fr:vfs_read", new)
    assert (entry.type, entry.section, entry.attach_type, entry.attach_to, entry.return_value) == (26, "fentry", 24, "vfs_read", "")
    assert (back.type, back.section, back.attach_type, back.attach_to, back.return_value) == (26, "fexit", 25, "vfs_read", "slot:4")
    assert [(f.name, f.offset) for f in entry.arguments.fields] == [("file", 0), ("buf", 8), ("count", 16), ("pos", 24)]
    assert back.return_type == Integer(size=8, signed=True)


def test_a_function_that_returns_nothing_has_no_result(new):
    assert context("fr:dput", new).return_value == ""
    assert context("fr:dput", new).return_type is None


def test_registers_of_this_machine(new):
    """struct pt_regs of x86_64, <asm/ptrace.h>; the six registers that arguments come in."""
    entry, back = context("k:vfs_read", new), context("kr:vfs_read", new)
    assert new.machine == "x86_64"
    assert [entry.registers[r] for r in ("r15", "bp", "ax", "di", "ip", "sp", "ss")] == [0, 32, 80, 112, 128, 152, 160]
    assert entry.argument_registers == ("di", "si", "dx", "cx", "r8", "r9")
    assert (entry.return_value, back.return_value, back.argument_registers) == ("", "ax", ())
    assert "override" in entry.capabilities and "override" not in back.capabilities
    assert context("p:hz:99", new).registers == entry.registers


def test_registers_of_aarch64():
    from bttui.probes.registers import registers

    arm = registers("aarch64")
    assert [arm.offsets[r] for r in ("r0", "r30", "sp", "pc", "pstate")] == [0, 240, 248, 256, 264]
    assert (arm.arguments, arm.result) == (tuple(f"r{i}" for i in range(8)), "r0")


def test_registers_of_a_machine_that_we_do_not_know():
    from bttui.probes.registers import registers

    with pytest.raises(DiagnosticError, match="not supported yet: registers of pdp11"):
        registers("pdp11")


def machine(tmp_path, name):
    """The recorded kernel with kprobes, as if it ran on another architecture."""
    (tmp_path / "proc/sys/kernel").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/arch").write_text(name + "\n")
    for part in ("sys", "proc/kallsyms"):
        (tmp_path / part).symlink_to(FACTS / "6.12" / part)
    return Host(str(tmp_path))


def test_a_kprobe_on_another_machine(tmp_path):
    there = context("k:vfs_read", machine(tmp_path, "aarch64"))
    assert there.argument_registers == tuple(f"r{i}" for i in range(8))
    assert there.registers["pc"] == 256


@pytest.mark.parametrize("text", ["k:vfs_read", "kr:vfs_read"])
def test_a_kprobe_on_a_machine_that_we_do_not_know(text, tmp_path):
    with pytest.raises(DiagnosticError, match="not supported yet: registers of pdp11"):
        context(text, machine(tmp_path, "pdp11"))


@pytest.mark.parametrize("text", ["p:hz:99", "t:sched:sched_switch", "f:vfs_read", "rt:sys_enter", "iter:task", "watchpoint:0x1000:8:w"])
def test_what_needs_no_registers_works_on_any_machine(text, tmp_path):
    assert context(text, machine(tmp_path, "pdp11")).registers == {}


def test_every_provider_tells_about_itself():
    """Help, completion and the language page are made from these."""
    providers = registry.all()
    words = [word for provider in providers for word in (provider.name, *provider.aliases)]
    assert len(words) == len(set(words))
    for provider in providers:
        assert provider.synopsis.split(":")[0] == provider.name and provider.doc
        assert all(example.split(" ")[0].split(":")[0] == provider.name for example in provider.examples)
        assert provider.pid_filter in ("attach", "predicate", "none")
        assert all(registry.find(word) is provider for word in (provider.name, provider.name.upper(), *provider.aliases))
    assert registry.find("nosuch") is None
    assert registry.find("registry") is None
    assert registry.find("../probes/kprobe") is None
