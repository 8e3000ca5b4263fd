"""Entries and returns of the same functions: which share a program, and what of it a user could see."""

import pytest
from compiler.compiling import lower

PAIR = "kprobe:vfs_* { @[probe] = count(); } kretprobe:vfs_* { @[probe] = count(); }"
SESSION = 56  # BPF_TRACE_KPROBE_SESSION, <linux/bpf.h>


def shared(text, **options):
    """Names of the BPF programs, and of those of them that have both sides."""
    programs = lower(text, "6.12", **options).program(b"", text).programs
    return [program.name for program in programs], [program.name for program in programs if program.attach_type == SESSION]


def test_one_program_for_both_sides_of_a_glob():
    assert shared(PAIR) == (["kprobe_vfs___1"], ["kprobe_vfs___1"])


def test_every_attach_point_is_there_with_its_own_name():
    program = lower(PAIR, "6.12").program(b"", PAIR)
    names = [attachment.name for attachment in program.attachments]
    functions = [name.partition(":")[2] for name in names if name.startswith("kprobe:")]
    assert names == [f"kprobe:{name}" for name in functions] + [f"kretprobe:{name}" for name in functions]
    assert len(functions) > 3
    assert {attachment.program for attachment in program.attachments} == {"kprobe_vfs___1"}
    assert [attachment.cookie for attachment in program.attachments] == list(range(len(names)))


@pytest.mark.parametrize("order", ["kretprobe:vfs_* { @b = count(); } kprobe:vfs_* { @a = count(); }", PAIR])
def test_either_may_come_first(order):
    assert len(shared(order)[1]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "kprobe:vfs_r* { @ = count(); } kretprobe:vfs_w* { @ = count(); }",  # other functions
        "kretprobe:vfs_read { @b = count(); } kprobe:vfs_* { @ = count(); } kretprobe:vfs_* { @ = count(); }",  # one of them twice
        "kprobe:vfs_* { @ = count(); } kprobe:vfs_* { @ = count(); }",
        "kprobe:vfs_* { @[kstack] = count(); } kretprobe:vfs_* { @b = count(); }",  # frames differ
        'kprobe:vfs_* { @ = count(); } kretprobe:vfs_* { @b[reg("bx")] = count(); }',  # registers differ
        "kprobe:vfs_read+4 { @ = count(); } kretprobe:vfs_read { @ = count(); }",
    ],
)
def test_what_stays_apart(text):
    programs, sessions = shared(text)
    assert sessions == [] and len(programs) >= 2


@pytest.mark.parametrize("feature", ["kprobe_session", "kprobe_multi"])
def test_it_can_be_turned_off(feature):
    assert shared(PAIR, no_features=(feature,))[1] == []


def test_a_single_function_shares_where_ftrace_lists_it(tmp_path):
    text = "kprobe:vfs_read { @ = count(); } kretprobe:vfs_read { @ = count(); }"
    lists = tmp_path / "with", tmp_path / "without"
    lists[0].write_text("vfs_read\n")
    lists[1].write_text("vfs_write\n")
    assert [len(shared(text, traceable_functions=str(file), unsafe=True)[1]) for file in lists] == [1, 0]


def test_two_pairs_are_two_programs():
    assert shared(PAIR + PAIR.replace("@", "@other")) == (["kprobe_vfs___1", "kprobe_vfs___3"], ["kprobe_vfs___1", "kprobe_vfs___3"])


def test_what_is_lost_is_counted_for_the_program_that_runs():
    text = 'kprobe:vfs_* { printf("in\\n"); } kretprobe:vfs_* { printf("out\\n"); }'
    assert {counter.subject for counter in lower(text, "6.12").program(b"", text).counters} == {"kprobe_vfs___1"}
