"""LLVM text and objects: accepted, the same each time, with what libbpf and the verifier need."""

import sys

import pytest
from compiler.compiling import begin, compile, errors, host, lower

from bttui.compiler.assemble import assemble, optimise
from bttui.compiler.emit import quote
from bttui.loader.places import places
from bttui.model import types

PROGRAMS = [
    "BEGIN { }",
    'BEGIN { printf("%d %s\\n", pid, comm); }',
    "t:raw_syscalls:sys_enter { @[comm] = count(); }",
    "t:syscalls:sys_exit_read /args.ret > 0/ { @ = hist(args.ret); @b[pid] = lhist(args.ret, 0, 100, 10); }",
    "t:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }",
    "profile:hz:99 { @[kstack, ustack, comm] = count(); }",
    "BEGIN { for ($i : 0..10) { @[$i] = $i; } for ($kv : @) { print($kv); } $n = 0; while ($n < 3) { $n++; } unroll(3) { $n++; } }",
    'BEGIN { $t = (1, "a", (2, 3)); $r = (x=1, y=$t); @a[$t] = $r; print(@a[$t].y.1); }',
    "BEGIN { @a = stats(1); @b = avg(2); @c = min(3); @d = max(4); @e = sum(5); print((int64)@e); }",
    'BEGIN { $s = str(curtask.comm); if ($s == "x" || strcontains($s, "ab") && strncmp($s, "ba", 2) == 0) { exit(1); } }',
    "t:sched:sched_switch { @[args.prev_comm, args.next_pid] = count(); }",
    "i:s:1 { print(@, 5); clear(@); exit(); } t:raw_syscalls:sys_enter { @[pid] = sum(1); }",
]


@pytest.mark.parametrize("text", PROGRAMS)
def test_accepted_and_repeatable(text):
    first, second = compile(text), compile(text)
    assert first.object.startswith(b"\x7fELF") and first == second


@pytest.mark.parametrize("kernel", ["6.12", "6.18"])
@pytest.mark.parametrize("text", PROGRAMS[:8])
def test_on_both_recorded_machines(text, kernel):
    assert compile(text, kernel).object.startswith(b"\x7fELF")


def test_the_text_names_program_maps_and_source():
    text = lower("t:raw_syscalls:sys_enter { @bytes[comm] = count(); }").module.text()
    assert 'section "tracepoint' in text or 'section "raw_tracepoint' in text
    assert "@AT_bytes = global" in text and 'section ".maps"' in text
    assert 'source: "t:raw_syscalls:sys_enter { @bytes[comm] = count(); }"' in text
    assert 'DISubprogram(name: "tracepoint_raw_syscalls_sys_enter_1"' in text and "GPL" in text


def test_the_passes_leave_a_module_that_still_assembles():
    text = lower(PROGRAMS[3]).module.text()
    optimised = optimise(text)
    assert len(str(optimised)) < len(text) * 2
    assert assemble(optimised).startswith(b"\x7fELF")


def test_source_text_is_quoted():
    assert quote('a"b\\c\nd\x00é') == '"a\\22b\\5cc\\0ad\\00\\c3\\a9"'
    assert compile('BEGIN { printf("é\\n"); /* "x" */ }').object.startswith(b"\x7fELF")


def test_maps_are_stored_as_said():
    maps = {m.name: m for m in compile("BEGIN { @a = 1; @b[1] = 2; @c = count(); @d[comm] = hist(1); @e = hist(1); }").maps}
    assert (maps["@a"].bpf_type, maps["@a"].value_size, maps["@a"].max_entries) == (2, 16, 1)
    assert (maps["@b"].bpf_type, maps["@b"].key_size, maps["@b"].value_size, maps["@b"].max_entries) == (1, 1, 1, 4096)
    assert (maps["@c"].bpf_type, maps["@c"].value) == (6, types.Count())
    assert (maps["@d"].bpf_type, maps["@d"].key_size, maps["@d"].value_size) == (5, 24, 8)
    assert (maps["@e"].bpf_type, maps["@e"].max_entries) == (6, 67)


def test_records_say_where_their_arguments_lie():
    outputs = compile('BEGIN { printf("%d %s %d\\n", (uint8)1, comm, nsecs); }').outputs
    assert [(a.offset, a.type.size) for a in outputs[0].arguments] == [(8, 1), (9, 16), (32, 8)]
    assert outputs[0].size == 40


def test_stacks_are_as_deep_as_the_kernel_lets(monkeypatch):
    """The map of a deeper one would be refused. The limit is a sysctl."""

    def maps():
        lowered = lower("profile:hz:1 { @[kstack(1000), ustack(build_id, 3)] = count(); @a = kstack; }")
        return {spec.name: (spec.value_size, spec.flags) for spec in lowered.maps if spec.name.startswith("stacks")}

    deepest = {name: value for name, value in maps().items() if name.endswith("_id")}
    assert deepest == {"stacks3_build_id": (3 * 32, 1 << 5)}
    for limit, depths in ((2000, {1000, 127}), (500, {500, 127}), (64, {64})):
        monkeypatch.setattr(host(), "deepest_stack", limit, raising=False)
        assert {size // 8 for size, flags in maps().values() if not flags} == depths


def test_loop_variables_are_not_on_the_stack():
    """The verifier follows values on the stack from one round of a loop to the next, and gives up."""
    text = lower("BEGIN { $n = 0; while (1) { $n++; if ($n > 100) { break; } } }").module.text()
    assert "@scratch" in text


@pytest.mark.parametrize(("limit", "scratch"), [(16, 1), (32, 1), (39, 1), (40, 0), (256, 0)])
def test_the_config_says_what_is_kept_on_the_stack(limit, scratch):
    """40 bytes of a tuple, and 512 bytes of stack for all."""
    program = "BEGIN { $t = (nsecs, comm, nsecs, nsecs); print($t); }"
    lowered = lower(f"config = {{ on_stack_limit = {limit} }} {program}")
    assert [spec.name for spec in lowered.maps].count("scratch") == scratch
    huge = "config = { on_stack_limit = 2000 } BEGIN { $a = (comm, comm, comm, comm, comm); $b = ($a, $a, $a, $a, $a, $a, $a); print($b); }"
    assert "more than the 512 bytes of stack" in errors(huge)[0]


def test_what_does_not_fit_is_a_diagnostic():
    text = "config = { max_strlen = 16384 } t:syscalls:sys_enter_openat { $s = str(args.filename); @a[$s, str(args.filename)] = 1; }"
    assert errors(text) == ["1:33-121 error: This program needs more than 32 KiB of temporary memory"]


def test_a_step_tells_the_old_value_only_where_it_is_used():
    """Kernels before 5.12 have no addition that tells."""
    assert " monotonic" in begin("@a++; @b[1] += 5;").module.text() and "seq_cst" not in begin("@a++; @b[1] += 5;").module.text()
    assert " seq_cst" in begin("$x = @a++;").module.text()


def test_the_licence_is_the_one_of_the_config():
    text = lower('config = { license = "Dual MIT/GPL" } BEGIN { print($1); }').module.text()
    assert '@_license = global [13 x i8] c"Dual MIT/GPL\\00", section "license"' in text
    assert "print($1)" in text  # the source, for messages of the verifier


@pytest.mark.parametrize(
    "statement", ["@a[{0}] = {0};", 'printf("{0} %d\\n", pid);', '@a[{0}] = "text {0}";', "if (pid == {0}) {{ @b++; }}"]
)
def test_the_work_grows_with_the_text_and_not_with_its_square(statement):
    """Counted in calls of Python functions, which every machine makes alike."""

    def calls(lines):
        count = 0

        def profile(frame, event, argument):
            nonlocal count
            count += event == "call"

        text = " ".join(statement.format(number) for number in range(lines))
        sys.setprofile(profile)
        try:
            begin(text)
        finally:
            sys.setprofile(None)
        return count

    calls(2)  # what is read once
    few, twice, thrice = calls(50), calls(100), calls(150)
    assert thrice - twice < 1.2 * (twice - few)


def test_every_instruction_knows_its_statement():
    text = "begin { for ($i : 0..3) { @ = $i; for ($j : 0..3) { @b = $j; } } print(1); }"
    program = compile(text)
    found = [column for _number, line, column in places(program.object, program.programs[0].name) if line == 1]
    first = [found.index(text.index(part) + 1) for part in ("for ($i", "print(1)", "@ = $i", "for ($j", "@b")]
    assert first == sorted(first)  # what a loop does stands behind what runs it
    numbers = [number for number, _line, _column in places(program.object, program.programs[0].name)]
    assert numbers == sorted(numbers)
    assert places(program.object, "other") == []
