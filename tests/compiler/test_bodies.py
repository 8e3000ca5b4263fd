"""From attach points to programs: what shares one, what needs its own; parameters; config variables."""

import pytest
from compiler.compiling import begin, errors, lower, refusal, warnings, written

from bttui.compiler.options import CONFIG
from bttui.probes.registry import duration


def programs(text, **options):
    """[(probe names of one BPF program)]"""
    return [tuple(a.name for a in body.attachments) for body in lower(text, **options).bodies]


def test_attach_points_of_one_shape_share_a_program():
    assert programs("t:syscalls:sys_enter_read, t:syscalls:sys_enter_write { @ = count(); }") == [
        ("tracepoint:syscalls:sys_enter_read", "tracepoint:syscalls:sys_enter_write")
    ]


def test_arguments_at_different_places_need_programs_of_their_own():
    shared = programs("t:sched:sched_wakeup, t:sched:sched_wakeup_new { @[args.pid] = count(); }")
    assert shared == [("tracepoint:sched:sched_wakeup", "tracepoint:sched:sched_wakeup_new")]
    same_place = programs("t:sched:sched_wakeup, t:sched:sched_process_exit { @[args.prio] = count(); }")
    assert same_place == [("tracepoint:sched:sched_wakeup", "tracepoint:sched:sched_process_exit")]
    apart = programs("t:sched:sched_wakeup, t:task:task_newtask { @[args.pid] = count(); }")
    assert apart == [("tracepoint:sched:sched_wakeup",), ("tracepoint:task:task_newtask",)]


def test_begin_probes_run_one_by_one_in_order():
    assert programs("BEGIN { print(1); } END { } begin { print(2); }") == [("begin",), ("end",), ("begin",)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("BEGIN { } END { }", ["begin_1", "end_2"]),
        ("kprobe:ksys_read+4 { }", ["kprobe_ksys_read_4_1"]),
        ("k:vfs_*, k:ksys_read { @[probe] = count(); }", ["kprobe_vfs___1", "kprobe_ksys_read_2"]),
        ("t:syscalls:sys_enter_read, t:syscalls:sys_exit_read { @ = kstack; }", ["tracepoint_syscalls_sys_enter_read_1"]),
        ("fentry:vfs_read { @ = args.count; }", ["fentry_vmlinux_vfs_read_1"]),
        (f"kprobe:vfs_{'*' * 200} {{ }}", [f"kprobe_vfs_{'_' * 89}_1"]),
    ],
)
def test_programs_are_named_after_their_places(text, names):
    lowered = lower(text, "6.12", unsafe=True)
    assert [program.name for program in lowered.program(b"", text).programs] == names


def test_cookies_count_the_attach_points():
    lowered = lower("BEGIN { } t:syscalls:sys_enter_read, t:syscalls:sys_enter_write { @[probe] = count(); } END { }")
    found = sorted((a.cookie, a.name) for body in lowered.bodies for a in body.attachments)
    assert found == [
        (0, "begin"),
        (1, "tracepoint:syscalls:sys_enter_read"),
        (2, "tracepoint:syscalls:sys_enter_write"),
        (3, "end"),
    ]


def test_too_many_are_counted_estimated_and_told_how_to_allow():
    """All of the program's probes are counted before anything is done for the first."""
    text = "BEGIN { } t:sched:* { @ = count(); } t:syscalls:sys_enter_read, t:task:* { @ = count(); }"
    count = sum(len(names) for names in programs(text))
    (found,) = refusal(text, environment=(("BPFTRACE_MAX_PROBES", str(count - 1)),))
    limit = f"the current limit of {count - 1} probes."
    assert written(found) == f"1:11-20 error: Can't attach to {count} probes because it exceeds {limit}"
    sched = sum(map(len, programs("t:sched:* { @ = count(); }")))
    for said in (f"t:sched:* means {sched}, ", "Attaching may take less than a second", f"--max-probes {count} ", f"max_probes = {count} "):
        assert said in found.hint
    assert programs(text, environment=(("BPFTRACE_MAX_PROBES", str(count)),))
    assert programs(f"config = {{ max_probes = {count} }} {text}")
    assert refusal(f"config = {{ max_probes = {count} }} {text}", environment=(("BPFTRACE_MAX_PROBES", "2"),))


def test_probes_that_are_filtered_out_do_not_count():
    few = {"environment": (("BPFTRACE_MAX_PROBES", "2"),), "probe_filter": "sched_switch"}
    assert programs("BEGIN { } t:sched:* { }", **few) == [("begin",), ("tracepoint:sched:sched_switch",)]


def test_more_bpf_programs_than_allowed():
    few = (("BPFTRACE_MAX_BPF_PROGS", "1"),)
    assert programs("t:sched:sched_wakeup, t:sched:sched_switch { @ = count(); }", environment=few)
    (found,) = refusal("t:sched:sched_wakeup, t:task:task_newtask { @[args.pid] = count(); }", environment=few)
    assert found.message == "Your program is trying to generate 2 BPF programs, which exceeds the current limit of 1"


@pytest.mark.parametrize(("seconds", "text"), [(0.3, "less than a second"), (1.6, "about 2 s"), (119, "about 119 s"), (185, "about 3 min")])
def test_rough_durations(seconds, text):
    assert duration(seconds) == text


def test_no_probe_is_an_error():
    assert errors("t:nosuch:nosuch { }")


@pytest.mark.parametrize(
    ("statements", "given", "value"),
    [
        ("$a = $1;", ("5",), 5),
        ("$a = $1;", ("-5",), -5),
        ("$a = $1;", ("0x10",), 16),
        ("$a = $1;", ("010",), 8),
        ("$a = $1;", ("1_000",), 1000),
        ("$a = $1;", (), 0),
        ("$a = $#;", ("a", "b"), 2),
        ("$a = $2 + 1;", ("a", "41"), 42),
        ("$a = str($1);", ("word",), "word"),
        ("$a = str($1);", ("12",), "12"),
        ("$a = str($1 + 1);", ("word",), "ord"),
        ("$a = $1;", ("word",), "word"),
        ("$a = $1;", ("1e3",), 1000),
        ("$a = $1;", ("5us",), 5000),
        ("$a = $1;", ("08",), "08"),
        ("$a = $1;", ("99999999999999999999",), "99999999999999999999"),
    ],
)
def test_positional_parameters(statements, given, value):
    lowered = begin(statements, positional=given)
    assignment = lowered.bodies[0].block.statements[0]
    assert lowered.tables.typer.constant(assignment.value) == value


@pytest.mark.parametrize(
    ("call", "named", "value"),
    [
        ('getopt("n", 5)', (), 5),
        ('getopt("n", 5)', (("n", "0xffffffffffffffff"),), 0xFFFFFFFFFFFFFFFF),
        ('getopt("n", -1)', (("n", "-10"),), -10),
        ('getopt("n")', (), False),
        ('getopt("n")', (("n", True),), True),
        ('getopt("n", true)', (("n", "False"),), False),
        ('getopt("n", "x")', (("n", "word"),), "word"),
        ('getopt("n", true)', (("n", "Off"),), False),
        ('getopt("n", 5)', (("n", "1e3"),), 1000),
        ('getopt("n", 5)', (("n", "2ms"),), 2_000_000),
        ('getopt("n", 5)', (("n", "017"),), 15),
        ('getopt("n", 5)', (("n", "0b101"),), 5),
        ('getopt("n", 5)', (("n", " +7"),), 7),
    ],
)
def test_named_parameters(call, named, value):
    lowered = begin(f"$a = {call};", named=named)
    told, literal = lowered.bodies[0].block.statements[0].value.note
    assert (told, lowered.tables.typer.constant(literal)) == ("value", value)


@pytest.mark.parametrize(
    ("default", "given", "problem"),
    [
        ("5", "False", "invalid integer"),
        ("5", "08", "invalid trailing bytes"),
        ("5", "1e30", "value is out of range"),
        ("5", "3 x", "invalid trailing bytes"),
        ("5", "", "invalid integer"),
        ("5", "9" * 30, "value is out of range"),
        ("-5", str(1 << 63), "value is out of range"),
        ("5", True, "expects an integer"),
        ("true", "maybe", "expects a boolean (e.g. 'true')"),
        ("true", "", "expects a boolean (e.g. 'true')"),
        ('"x"', True, "expects a string"),
    ],
)
def test_a_named_parameter_of_the_wrong_kind(default, given, problem):
    value = "true" if given is True else given
    assert errors(f'BEGIN {{ $a = getopt("n", {default}); }}', named=(("n", given),)) == [
        f"error: program command line option --n {problem} (value: {value})"
    ]


@pytest.mark.parametrize(
    ("program", "refused"),
    [
        ('unroll(getopt("n", 3)) { }', "unroll() needs a number that is known at compile time"),
        ('$a = comptime getopt("n", 3);', "Unable to resolve comptime expression"),
        ('@ = lhist(5, 0, getopt("n", 3), 1);', "lhist() max must be a literal integer"),
        ('$a = (1, 2); print($a[getopt("n", 1)]);', "The index of a tuple must be a literal integer"),
        ('printf(getopt("n", "a"));', "printf() format must be a string literal"),
        (
            'print(getopt("n", (uint8)1));',
            "Second argument to 'getopt' must be a string literal, integer literal, or a boolean literal.",
        ),
    ],
)
def test_a_parameter_that_may_be_given_is_no_literal(program, refused):
    (found,) = refusal(f"BEGIN {{ {program} }}")
    assert found.message == refused


def test_an_integer_parameter_has_64_bits():
    assert begin('$a = getopt("n", 5); $b = sizeof($a);').bodies[0].block.statements[1].value.note == 8


NAMED = 'BEGIN { $a = getopt("n", 5, "how many\\nof them"); $b = getopt("fast"); }'


def test_the_named_parameters_are_listed():
    (found,) = refusal(NAMED, named=(("help", True), ("zzz", True)))
    assert (found.severity, found.message) == ("hint", "expected program options:\n--n: how many of them\n--fast")
    (found,) = refusal("BEGIN { }", named=(("help", True),))
    assert (found.severity, found.message) == ("hint", "no custom program options defined.")


def test_a_named_parameter_that_the_program_has_not():
    (found,) = refusal(NAMED, named=(("n", "3"), ("quick", True), ("x", "1")))
    assert (found.message, found.hint) == (
        "unexpected program command line options: --quick, --x",
        "expected program options: --n, --fast",
    )


def test_help_may_be_a_parameter_of_the_program():
    assert begin('$a = getopt("help", 5);', named=(("help", "6"),)).bodies


def test_a_named_parameter_has_one_default():
    assert len(errors('BEGIN { $a = getopt("n", 5); $b = getopt("n", 6); }')) == 1
    assert begin('$a = getopt("n", 5); $b = getopt("n", 5);')


def test_config_variables():
    config = lower("config = { max_strlen = 64; BPFTRACE_MAX_MAP_KEYS = 7; print_maps_on_exit = 0; stack_mode = perf } BEGIN { }").config
    assert (config["max_strlen"], config["max_map_keys"], config["print_maps_on_exit"], config["stack_mode"]) == (64, 7, False, "perf")
    assert set(config) == set(CONFIG)


def test_the_environment_wins():
    config = lower("config = { max_strlen = 64 } BEGIN { }", environment=(("BPFTRACE_MAX_STRLEN", "128"),)).config
    assert config["max_strlen"] == 128


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("config = { bad = 1 } BEGIN { }", "1:12-19 error: bad: not a known configuration option"),
        ('config = { max_strlen = "x" } BEGIN { }', "1:12-28 error: max_strlen: expecting a number, got x"),
        (
            "config = { stack_mode = foo } BEGIN { }",
            "1:12-28 error: stack_mode: Invalid value for stack_mode: valid values are bpftrace, raw, perf, and build_id.",
        ),
        (
            'config = { license = "Potato" } BEGIN { }',
            "1:12-30 error: Invalid value for license. Found: Potato. Valid values: "
            "Dual MIT/GPL, Dual BSD/GPL, Dual MPL/GPL, GPL and additional rights, GPL v2, GPL.",
        ),
    ],
)
def test_config_variables_that_are_wrong(text, message):
    assert errors(text) == [message]


def test_renamed_and_retired_config_variables():
    assert warnings("config = { strlen = 16 } BEGIN { }") == ["1:12-23 warning: strlen has been renamed, please use max_strlen"]
    assert warnings('config = { symbol_source = "x" } BEGIN { }') == ["1:12-31 warning: symbol_source is deprecated and has no effect"]


def test_what_cannot_be_reached_is_told():
    assert warnings("BEGIN { exit(); print(1); }") == ["1:17-25 warning: Unreachable statement."]
    assert warnings("BEGIN { if (pid) { return; print(1); } }") == ["1:28-36 warning: Unreachable statement."]


REMOVED = "Probe has no valid attach points. It is being removed which may cause issues with program behavior."


@pytest.mark.parametrize(
    ("how", "point", "told"),
    [
        ("warn", "t:syscalls:nosuch", ["warning: No matches for tracepoint syscalls:nosuch. Skipping.", f"warning: {REMOVED}"]),
        ("warn", "t:nosuch:*", [f"warning: {REMOVED}"]),
        ("warn", "t:syscalls:nosuch, t:syscalls:sys_exit_read", ["warning: No matches for tracepoint syscalls:nosuch. Skipping."]),
        ("ignore", "t:syscalls:nosuch", []),
    ],
)
def test_a_probe_without_places_is_told(how, point, told):
    said = warnings(f"config = {{ missing_probes = {how} }} t:syscalls:sys_enter_read {{ }} {point} {{ }}")
    assert [line.partition(" ")[2] for line in said] == told
