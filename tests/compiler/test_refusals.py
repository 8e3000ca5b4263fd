"""What is refused: the message, its place and what to do; and what waits for its turn says so."""

import pytest
from compiler.compiling import errors, refusal, written

from bttui.compiler import pipeline
from bttui.compiler.functions import PLANNED, table
from bttui.compiler.options import CompileOptions
from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BEGIN { print($a); }", "1:15-17 error: Undefined or undeclared variable: $a"),
        ("BEGIN { if (1) { $a = 1; } print($a); }", "1:34-36 error: Undefined or undeclared variable: $a"),
        ("BEGIN { let $a; print($a); }", "1:23-25 error: Variable used before it was assigned: $a"),
        ("BEGIN { let $a = 1; let $a = 2; }", "1:25-27 error: Variable $a was already declared. Variable shadowing is not allowed."),
        ("BEGIN { $i = 1; for ($i : 0..2) { } }", "1:22-24 error: Loop declaration shadows existing variable: $i"),
        ("BEGIN { print(@a); }", "1:15-17 error: Undefined map: @a"),
        ('BEGIN { @[1] *= (43, "x"); }', "1:9-26 error: Type mismatch: '*=' of 'int64' and '(int8,string[2])'"),
        ("BEGIN { @ = sum(1 == 1); }", "1:13-24 error: sum() only supports integer arguments (bool provided)"),
        (
            "BEGIN { let $c : int8 = (true ? 1000 : 2); }",
            "1:9-42 error: Type mismatch for $c: trying to assign value of type 'int16' when variable already has a type 'int8'",
        ),
        (
            "BEGIN { $x = 5; print((false ? $x : true)); }",
            "1:24-41 error: Branches must return the same type or compatible types: have 'int8' and 'bool'",
        ),
        ("BEGIN { @ = count; }", "1:13-18 error: Unknown identifier: 'count'"),
        ("BEGIN { count }", "1:9-14 error: Unknown identifier: 'count'"),
        (
            "BEGIN { $t = (1, 2); print(buf($t, 2)); }",
            "1:28-38 error: buf() expects an integer, string, or array argument but saw (int8,int8)",
        ),
        ("BEGIN { for ($kv : @a) { } }", "1:20-22 error: Undefined map: @a"),
        (
            'BEGIN { $a = 1; $a = "x"; }',
            "1:17-25 error: Type mismatch for $a: trying to assign value of type 'string[2]' when variable already has a type 'int8'",
        ),
        (
            "BEGIN { let $a : uint8; $a = 300; }",
            "1:25-33 error: Type mismatch for $a: trying to assign value of type 'int16' when variable already has a type 'uint8'",
        ),
        ("BEGIN { $a = 1/0; }", "1:14-17 error: unable to fold literals due to overflow or underflow"),
        ("BEGIN { $a = -0x8000000000000001; }", "1:14-33 error: unable to fold literals due to overflow or underflow"),
        ("BEGIN { if (comm) { } }", "1:13-17 error: Invalid condition: string"),
        ("BEGIN { @a = count(); if (@a) { } }", "1:27-29 error: Invalid condition: count_t"),
        ("BEGIN /kstack/ { }", "1:8-14 error: Invalid condition: kstack"),
        ("BEGIN { print(-true); }", "1:15-20 error: The - operator can not be used on expressions of type 'bool'"),
        ("BEGIN { print((int8 *)1 * 2); }", "1:15-28 error: The * operator can not be used on expressions of types int8 *, int8"),
        ('BEGIN { print("a" && pid); }', "1:15-25 error: Type mismatch for '&&': comparing string[2] with uint32"),
        ('BEGIN { $c = 5; print($c < 9 || "a"); }', "1:23-36 error: Type mismatch for '||': comparing bool with string[2]"),
        ('BEGIN { print("a" == 1); }', "1:15-23 error: Type mismatch for '==': comparing string[2] with int8"),
        ("BEGIN { $t = (1, 2); print($t.2); }", "1:28-32 error: Invalid tuple index: 2. Found 2 elements in tuple."),
        ("BEGIN { $a = (uint8[4])1; print($a[4]); }", "1:33-38 error: the index 4 is out of bounds for array of size 4"),
        ("BEGIN { print((string)5); }", '1:15-24 error: Cannot cast from "int8" to "string[1024]"'),
        ("BEGIN { $a = (nosuch)1; }", '1:15-21 error: Cannot resolve unknown type "nosuch"'),
        (
            "BEGIN { @a = 1; @a[1] = 1; }",
            "1:17-22 error: @a used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)",
        ),
        ("BEGIN { $a = count(); }", "1:9-21 error: count() should be directly assigned to a map"),
        ("BEGIN { @ = sum(); }", "1:13-18 error: sum() requires one argument (0 provided)"),
        ("BEGIN { @ = lhist(5, 10, 0, 1); }", "1:13-31 error: lhist() min must be less than max (provided min 10 and max 0)"),
        ("BEGIN { @ = hist(5, 6); }", "1:21-22 error: hist: bits 6 must be 0..5"),
        ("BEGIN { @ = hist(5); @y[@] = 1; }", "1:25-26 error: Value 'hist_t' cannot be used as a map key."),
        ("BEGIN { @ = hist(5); $b = @; }", "1:22-28 error: Value 'hist_t' cannot be assigned to a scratch variable."),
        ("BEGIN { @a = count(); @b = @a; }", "1:23-30 error: Map value 'count_t' cannot be assigned from one map to another."),
        ("let @a = hash(2); BEGIN { @a = count(); }", None),
        ('BEGIN { printf("%d"); }', "1:9-21 error: printf: Not enough arguments for format string (1 expected, 0 found)"),
        ('BEGIN { printf("%d", "x"); }', "1:22-25 error: printf: %d specifier expects a value of type integer (string[2] supplied)"),
        ('BEGIN { @a = avg(1); printf("%d", @a); }', "1:35-37 error: unsupported format specifier for type 'avg_t': d"),
        ('BEGIN { system("x"); }', "1:9-20 error: system() is an unsafe function being used in safe mode"),
        ('BEGIN { print(ntop("a")); }', "1:15-24 error: ntop() argument must be 4 or 16 bytes in size"),
        ("BEGIN { for ($i : 0..2) { exit(); } }", "1:27-33 error: exit() is not allowed in a for loop"),
        ("BEGIN { break; }", "1:9-14 error: break statement outside of a loop"),
        ("BEGIN { print(retval); }", None),
        ("BEGIN { print(args); }", None),
        ("BEGIN { print(ctx); }", "1:15-18 error: The ctx builtin can not be used with 'begin' probes"),
        ('BEGIN { static_assert(1 == 2, "odd"); }', "1:9-37 error: odd"),
        ('BEGIN { fail("no %s", "x"); }', "1:9-27 error: no x"),
        ("BEGIN { print(sizeof({ @a = 1; 1 })); }", "1:24-30 error: Map assignments not allowed inside of sizeof"),
    ],
)
def test_messages(text, expected):
    found = errors(text)
    assert found and all("not supported yet" not in e for e in found)
    if expected:
        assert expected in found


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("BEGIN { prinf(1); }", "did you mean printf()?"),
        ("BEGIN { print(elapse); }", "did you mean elapsed?"),
        ("BEGIN { print(curtask.pidd); }", "did you mean pid?"),
        ("t:syscalls:sys_enter_read { print(args.cout); }", "did you mean count?"),
        ("BEGIN { $r = (first=1, second=2); print($r.third); }", "it has first, second"),
        ("config = { max_strlne = 5 } BEGIN { }", "did you mean max_strlen?"),
        ('BEGIN { system("x"); }', "run with --unsafe"),
        ("BEGIN { @a[1] = hist(1); print(@a[1]); }", "print(@a)"),
        ("BEGIN { @a = 1; delete(@a[1]); }", ""),
    ],
)
def test_hints(text, hint):
    assert hint in [d.hint for d in refusal(text)]


def test_names_that_are_planned_are_not_unknown():
    assert not PLANNED.keys() & set(table())
    for name, instead in PLANNED.items():
        assert refusal(f"BEGIN {{ print({name}); }}")[0].hint == instead
        assert any(f"not supported yet: {name}" in e for e in errors(f"BEGIN {{ {name}(1); }}"))
        assert any(f"not supported yet: {name}" in e for e in errors(f"BEGIN {{ print({name}); }}"))


# Every builtin and function of the language, by family.
LANGUAGE = """
args arg0 arg9 cgroup comm config cpid cpu ctx curtask elapsed func gid has_cpid jiffies kstack leader_comm leader_tid ncpus nsecs
numaid pcomm pid ppid probe probetype rand retval tid uid usermode username ustack
print printf errorf warnf debugf cat system join time strftime exit clear zero unwatch
delete has_key find len is_scalar
str buf str_concat strlen strcap strstr strcontains strncmp memcmp kptr uptr path write_user bswap default_str_length
ksym usym kaddr uaddr percpu_kaddr reg dw_ustack
ntop pton macaddr skboutput socket_cookie
cgroupid cgroup_path signal signal_thread override is_err container_of strerror signal_name syscall_name kfunc_exist kfunc_allowed
sizeof offsetof typeinfo getopt fail static_assert assert assert_str is_array is_integer is_literal is_ptr is_str is_unsigned_integer
count sum min max avg stats hist lhist tseries
""".split()


@pytest.mark.parametrize("name", LANGUAGE)
def test_every_name_of_the_language_is_known(name):
    known = set(table()) | set(PLANNED)
    assert name in known or name.startswith("arg")


def test_what_the_kernel_lacks_is_named(tmp_path):
    """An empty folder is a machine without any of the newer helpers."""
    from bttui.compiler import pipeline
    from bttui.compiler.options import CompileOptions
    from bttui.host.facts import Host
    from bttui.model.diagnostic import DiagnosticError

    for statements, message in (
        ("for ($i : 0..3) { }", "1:9-28 error: This kernel cannot run loops: it has no bpf_loop(), which came with Linux 5.17"),
        ("while (pid) { }", "1:9-24 error: This kernel cannot run loops: it has no bpf_loop(), which came with Linux 5.17"),
        (
            "@a[1] = 1; for ($kv : @a) { }",
            "1:20-38 error: This kernel cannot go through a map: it has no bpf_for_each_map_elem(), which came with Linux 5.13",
        ),
        (
            "@a = count(); $x = (int64)@a;",
            "1:1-40 error: This kernel cannot read an aggregation in a program: "
            "it has no bpf_map_lookup_percpu_elem(), which came with Linux 5.19",
        ),
    ):
        with pytest.raises(DiagnosticError) as caught:
            pipeline.lower(f"BEGIN {{ {statements} }}", "stdin", Host(str(tmp_path)), CompileOptions())
        assert [written(d) for d in caught.value.diagnostics if d.severity == "error"] == [message]


def test_a_kernel_without_type_information_is_told_of(tmp_path):
    with pytest.raises(DiagnosticError) as caught:
        pipeline.lower("BEGIN { print(curtask.pid); }", "stdin", Host(str(tmp_path)), CompileOptions())
    assert "this kernel has no type information" in caught.value.diagnostics[0].hint


@pytest.mark.parametrize("text", ["# comment\nBEGIN { }", "BEGIN {\n  # comment\n}", "BEGIN { print(1); # comment\n}"])
def test_a_comment_of_the_shell_is_told_how_comments_begin(text):
    (found,) = refusal(text)
    assert "comments begin with //" in found.hint
