"""fn: what is checked of functions that nothing can call yet."""

import pytest
from compiler.compiling import errors, lower, refusal, warnings


def compiled(text):
    return lower(text, mode="codegen")


@pytest.mark.parametrize(
    "text",
    [
        "fn f(): void {}",
        "fn f(): void { return; }",
        "fn f(): uint8 { return (uint8)1; }",
        "fn f($a : int64): int64 { return $a; }",
        "fn f($a : int64): int64 { if ($a > 0) { return 0; } else { return 1; } }",
        'fn f(): string[16] { return "abc"; }',
        "fn f(): int64 { @a[0] = 0; return @a[0] + 1; }",
        "fn f(): struct task_struct * { return curtask; }",
        "fn f($x : typeof($y), $y : int64) : typeof($x) { return (int64)0; }",
        "fn f($a: int64): void { } fn f($a: int64): void { }",
    ],
)
def test_accepted(text):
    compiled(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fn f(): void { return 1; }", "1:16-24 error: Function f is of type void, cannot return int8"),
        ("fn f(): int64 { return; }", "1:17-23 error: Function f is of type int64, cannot return void"),
        ("fn f(): int8 { return 300; }", "1:16-26 error: Function f is of type int8, cannot return int16"),
        ("fn f(): int64 { }", "1:15-18 error: Function f is of type int64, cannot return void"),
        ("fn f($a: int64): int64 { if ($a) { return 1; } }", "1:26-47 error: Function f is of type int64, cannot return void"),
        ("fn f(): int64 { while (1) { return 1; } }", "1:17-40 error: Function f is of type int64, cannot return void"),
        ("fn f($a: nosuch): void { }", '1:10-16 error: Cannot resolve unknown type "nosuch"'),
        ("fn f($a : typeof($x)): void { }", "1:18-20 error: Undefined or undeclared variable: $x"),
    ],
)
def test_refused(text, message):
    assert message in errors(text, mode="codegen")


def test_a_call_is_refused_and_the_hint_says_what_to_write():
    (problem,) = refusal("fn f(): int64 { return 1; } begin { f(); }")
    assert problem.message == "Unknown function: 'f'"
    assert "macro f(" in problem.hint


def test_a_program_of_functions_alone_has_no_probes():
    assert errors("fn f(): void {}") == ["error: No probes to attach"]


def test_what_is_returned_may_lose_bits_with_a_warning():
    assert any("being cast to type: uint8" in w for w in warnings("fn f($a: int64): uint8 { return $a; } begin { exit(); }"))


def test_maps_have_one_type_in_functions_and_probes():
    assert any(
        "Type mismatch for @x: trying to assign value of type 'string[2]'" in e
        for e in errors('fn f(): void { @x = "s"; } begin { @x = 1; }')
    )
