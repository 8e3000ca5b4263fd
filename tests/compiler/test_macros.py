"""Macros: arguments in the parameters' place, names that do not collide, and calls that are told apart."""

import pytest
from compiler.compiling import lower, refusal

from bttui.compiler import ast
from bttui.compiler.bodies import walk
from bttui.compiler.format import format_program
from bttui.compiler.macros import expand
from bttui.compiler.parser import parse
from bttui.model.diagnostic import DiagnosticError


def expanded(program):
    return expand(parse(program))


def wrong(program):
    with pytest.raises(DiagnosticError) as caught:
        expanded(program)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def names(root, kind):
    return [node.name for node in walk(root.probes[0].body) if isinstance(node, kind)]


def test_an_expression_takes_the_parameters_place_each_time():
    root = expanded("macro twice(x) { x + x } begin { $a = twice(pid * 2); }")
    (expansion,) = [n for n in walk(root.probes[0].body) if isinstance(n, ast.Expansion)]
    assert expansion.macro == "twice"
    assert names(root, ast.Identifier) == ["pid", "pid"]
    assert isinstance(expansion.value, ast.Binary) and expansion.value.left == expansion.value.right
    assert expansion.value.left is not expansion.value.right


def test_a_variable_is_the_callers_and_others_are_the_bodys_own():
    root = expanded("macro add($x) { $t = 1; $x += $t; } begin { $t = 5; add($t); add($t); }")
    own = [name for name in names(root, ast.Variable) if name != "$t"]
    assert sorted(set(own)) == ["$t#1", "$t#2"] and len(own) == 4
    assert names(root, ast.Variable).count("$t") == 1 + 1 + 1  # the assignment, and in each expansion the passed one


def test_maps_are_passed():
    root = expanded("macro get(@x, k) { @x[k] } begin { print(get(@a, 1)); }")
    assert names(root, ast.Map) == ["@a"]
    assert wrong("macro get() { @x[1] } begin { get(); }").message == (
        "Unhygienic access to map: @x. Maps must be passed into the macro as arguments"
    )


def test_overloads_are_chosen_by_number_and_kind():
    root = expanded("macro f() { 0 } macro f(x) { 1 } macro f(@x, y) { 2 } begin { print((f, f(), f(5), f(@m, 5))); }")
    values = [n.value.value for n in walk(root.probes[0].body) if isinstance(n, ast.Expansion)]
    assert values == [0, 0, 1, 2]


def test_a_function_of_the_name_stays_for_other_numbers_of_arguments():
    root = expanded('macro cpu(x) { x } begin { print(cpu("hi")); print(cpu()); }')
    assert [n.name for n in walk(root.probes[0].body) if isinstance(n, ast.Call)] == ["print", "print", "cpu"]


def test_macros_call_macros():
    root = expanded("macro one(x) { x + 1 } macro two(x) { one(one(x)) } begin { print(two(3)); }")
    assert [n.macro for n in walk(root.probes[0].body) if isinstance(n, ast.Expansion)] == ["two", "one", "one"]
    assert not [n for n in walk(root) if isinstance(n, ast.Macro)]


def test_types_are_passed_by_typeof():
    root = expanded("macro size(t) { sizeof(struct t) } begin { print(size(typeof(task_struct))); }")
    assert [n.name for n in walk(root.probes[0].body) if isinstance(n, ast.TypeName)] == ["struct task_struct"]
    assert wrong("macro m(t) { sizeof(struct t) } begin { print(m(typeof(uint64*))); }").message == (
        "Invalid replacement for macro 'm' type parameter 't' which makes up the type 'struct t'"
    )


@pytest.mark.parametrize(
    ("program", "message", "trail"),
    [
        (
            "macro set($x) { $x } begin { $a = 1; set($a, 1); }",
            "Call to set() has arguments that do not match any definition.",
            ["The closest definition of set() has a different number of arguments. Expected: 1 but got 2"],
        ),
        (
            "macro set(@x) { @x } begin { set(1); }",
            "Call to set() has arguments that do not match any definition.",
            ["Mismatched arg. set() expects a map for arg @x but got an expression.", "This is the argument in the closest definition."],
        ),
        (
            "macro a(x) { b(x) } macro b(x) { a(x) } begin { a(1); }",
            "Recursive macro call detected. Call chain: a > b > a",
            ["expanded from", "expanded from"],
        ),
        ("macro m(x) { x } macro m(y) { y } begin { m(1); }", "Redefinition of macro: m", ["This is the original definition."]),
        (
            "macro d0() { 1 } " + "".join(f"macro d{n + 1}() {{ d{n}() + d{n}() }} " for n in range(30)) + "begin { print(d30()); }",
            "macros are expanded more than 10000 times in this program",
            [],
        ),
        (
            f"macro d(x) {{ x + x }} begin {{ print({'d(' * 40}1{')' * 40}); }}",
            "the macros of this program make too much of it",
            [],
        ),
        ("macro m(x, x) { x } begin { m(1, 2); }", "Ident for macro argument has already been used: x", []),
        ("macro m($x, $x) { $x } begin { 1 }", "Variable for macro argument has already been used: $x", []),
        ("macro m(@x, @x) { @x } begin { 1 }", "Map for macro argument has already been used: @x", []),
    ],
)
def test_what_is_wrong_is_said_with_the_way_there(program, message, trail):
    diagnostic = wrong(program)
    assert diagnostic.message == message
    assert [text for text, _span in diagnostic.trail] == trail
    assert all(0 <= span.start < span.end <= len(program) for span in (diagnostic.span, *(s for _t, s in diagnostic.trail)))


def test_a_program_without_macros_is_left_alone():
    root = parse("begin { $a = 1; print($a); }")
    assert format_program(expand(root)) == format_program(root)


@pytest.mark.live
@pytest.mark.parametrize(
    ("program", "printed"),
    [
        ("macro inc($x) { $x += 1; $x } begin { $a = 1; $b = inc($a); print(($a, $b)); }", "(2, 2)"),
        ("macro inc(x) { $y = x + 1; $y } begin { $y = 2; $z = inc(5); print(($y, $z)); }", "(2, 6)"),
        (
            "macro total(@a) { let $x = 1; for ($kv : @a) { $x += $kv.1; } $x } begin { @x[1] = 5; @x[2] = 10; print(total(@x)); clear(@x); }",
            "16",
        ),
        ('macro three(x) { x; x; x; } begin { three({ printf("hi") }); printf("\\n"); }', "hihihi"),
    ],
)
def test_expansions_run(bttui, program, printed):
    result = bttui("-q", "-e", program)
    assert result.stdout.strip() == printed and result.returncode == 0


@pytest.mark.live
def test_an_error_in_a_body_names_both_places(bttui):
    program = "macro inc($x) { $x += 1; } begin { inc($u); }"
    result = bttui("-e", program)
    assert result.returncode == 1
    assert "stdin:1:17-19: ERROR: Undefined or undeclared variable: $u" in result.stderr
    assert "stdin:1:36-43: ERROR: expanded from" in result.stderr


def test_what_a_macro_makes_of_literals_is_a_literal():
    text = 'macro add(x, y) { x + y } macro form() { "%d" } begin { @ = lhist(5, 0, add(50, 50), 10); print(@, add(1, 1)); printf(form(), 1); }'
    assert lower(text)
    assert refusal("macro most() { 18446744073709551615 } begin { print(most() + 1); }")


def test_a_parameter_that_is_a_type_may_be_the_element_of_an_array():
    lowered = lower("macro size(t) { sizeof(t) } macro two(t) { size(typeof(t[2])) } begin { $a = two(typeof(uint64_t)); }")
    assert lowered.tables.typer.constant(lowered.bodies[0].block.statements[0].value) == 16


@pytest.mark.parametrize(
    ("earlier", "later", "told_apart"),
    [
        ("$v", "e", True),
        ("e", "$v", False),
        ("$v, e", "e, $v", True),
        ("$v, e", "e, f", True),
        ("e, f", "@m, $v", False),
        ("@m", "$v", True),
        ("$v", "$w", False),
        ("e", "e, f", True),
    ],
)
def test_an_overload_must_be_reached_by_some_call(earlier, later, told_apart):
    text = f"macro f({earlier}) {{ 1 }} macro f({later}) {{ 2 }} begin {{ }}"
    if told_apart:
        assert expanded(text)
    else:
        assert wrong(text).message == "Redefinition of macro: f"
