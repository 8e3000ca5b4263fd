"""kprobe and kretprobe on a kernel without kprobes, or where they are turned off: on trampolines, and who is told."""

from pathlib import Path

import pytest

from bttui.compiler.options import CompileOptions
from bttui.compiler.pipeline import lower
from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError
from bttui.probes import registry
from bttui.probes.provider import Options

FACTS = Path(__file__).parent.parent / "facts"
OFF = frozenset({"kprobe"})


@pytest.fixture
def trampolines():
    """The recorded kernel without kprobes, as if it allowed fentry."""
    host = Host(str(FACTS / "6.18"))
    host.features._known["fentry works"] = True
    return host


def expand(text, host, **options):
    return registry.expand(text.split(":"), None, host, Options(**options))


def refusal(text, host, **options):
    with pytest.raises(DiagnosticError) as caught:
        expand(text, host, **options)
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(
    ("text", "section", "attach_type", "slots", "result"),
    [
        ("kprobe:vfs_read", "fentry", 24, 4, ""),  # file, buffer, count, position
        ("kretprobe:vfs_read", "fexit", 25, 0, "slot:4"),
    ],
)
def test_a_function_that_has_types(text, section, attach_type, slots, result, trampolines):
    ((provider, target),) = expand(text, trampolines)
    assert target.name == text
    context = provider.context(target, trampolines)
    assert (context.type, context.section, context.attach_type, context.attach_to) == (26, section, attach_type, "vfs_read")
    assert (context.argument_slots, context.return_value, context.registers) == (slots, result, {})
    assert "this kernel has no kprobes" in target.warning and section in target.warning


def test_a_glob_takes_those_that_have_types(trampolines, tmp_path):
    (tmp_path / "list").write_text("vfs_read\nvfs_write\nvfs_unheard_of\n")
    found = expand("kprobe:vfs_*", trampolines, traceable_functions=str(tmp_path / "list"))
    assert [target.name for _, target in found] == ["kprobe:vfs_read", "kprobe:vfs_write"]


@pytest.mark.parametrize("text", ["kprobe:vfs_read+4", "kprobe:0xffffffff81000000"])
def test_what_only_kprobes_can_do(text, trampolines):
    diagnostic = refusal(text, trampolines, unsafe=True)
    assert "needs kprobes, and this kernel has no kprobes" in diagnostic.message
    assert "fentry" in diagnostic.hint


def test_a_misspelt_function(trampolines):
    assert "did you mean kprobe:vfs_read" in refusal("kprobe:vfs_raed", trampolines).hint


def test_a_function_without_types_is_not_sent_back_to_kprobes(trampolines):
    hint = refusal("kprobe:entry_SYSCALL_64_after_hwframe", trampolines).hint
    assert "has no type information" in hint and "use kprobe" not in hint


def test_kprobes_are_preferred(old):
    old.features._known["fentry works"] = True
    ((_, target),) = expand("kprobe:vfs_read", old)
    assert "through" not in target.options and target.warning == ""


def test_turned_off_by_the_user():
    host = Host(str(FACTS / "6.12"))
    host.features._known["fentry works"] = True
    ((_, target),) = expand("kprobe:vfs_read", host, no_features=OFF)
    assert target.options == {"through": "fentry"}
    assert "kprobes are turned off" in target.warning


def test_where_trampolines_are_forbidden_it_stays_a_kprobe(new):
    """Attaching it says then what is missing."""
    ((_, target),) = expand("kprobe:vfs_read", new)
    assert target.options == {} and target.warning == ""
    ((_, target),) = expand("kprobe:vfs_read", Host(str(FACTS / "6.12")), no_features=frozenset({"kprobe", "fentry"}))
    assert target.options == {} and target.warning == ""


def test_the_user_is_told_once(trampolines):
    program = "kprobe:vfs_read { @[arg0, probe, func] = count(); } kprobe:vfs_write { @w = count(); } kretprobe:vfs_read { @r[retval] = count(); }"
    lowered = lower(program, "stdin", trampolines, CompileOptions())
    told = [problem.message for problem in lowered.program(b"", program).warnings]
    assert told == [
        "this kernel has no kprobes: kprobe probes run as fentry (without reg(), offsets and addresses)",
        "this kernel has no kprobes: kretprobe probes run as fexit (without reg(), offsets and addresses)",
    ]


def test_registers_are_refused(trampolines):
    with pytest.raises(DiagnosticError) as caught:
        lower('kprobe:vfs_read { print(reg("ip")); }', "stdin", trampolines, CompileOptions())
    assert "reg() can not be used" in caught.value.diagnostics[0].message
