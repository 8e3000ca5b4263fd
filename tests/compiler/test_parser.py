import pytest
from compiler.trees import nodes, shape

from bttui.compiler import ast
from bttui.compiler.parser import parse
from bttui.model.diagnostic import DiagnosticError


def expression(text):
    """The tree of an expression."""
    (probe,) = parse(f"BEGIN {{ $_ = {text}; }}").items
    (assignment,) = probe.body.statements
    return assignment.value


def statements(text):
    (probe,) = parse(f"BEGIN {{ {text} }}").items
    return probe.body.statements


def refusal(text, **options):
    """The one diagnostic of a program that is refused."""
    with pytest.raises(DiagnosticError) as caught:
        parse(text, **options)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def same(one, other):
    assert shape(expression(one)) == shape(expression(other))


# --- expressions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loose, parenthesized",
    [
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a << b + c", "a << (b + c)"),
        ("a | b ^ c & d", "a | (b ^ (c & d))"),
        ("a & b == c", "a & (b == c)"),
        ("a == b < c", "a == (b < c)"),
        ("a || b && c | d", "a || (b && (c | d))"),
        ("!a == b", "(!a) == b"),
        ("-a.b[1]", "-(a.b[1])"),
        ("*a.b", "*(a.b)"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("a ? b ? c : d : e", "a ? (b ? c : d) : e"),
        ("a || b ? c : d", "(a || b) ? c : d"),
        ("(int32)a.b + c", "((int32)(a.b)) + c"),
        ("(int8)(uint64)1", "(int8)((uint64)1)"),
        ("-(int32)a", "-((int32)a)"),
        ("comptime a + b", "(comptime a) + b"),
        ("if a { 1 } else { 2 } + 3", "(if a { 1 } else { 2 }) + 3"),
        ("@x[1, 2]", "@x[(1, 2)]"),
    ],
)
def test_precedence(loose, parenthesized):
    same(loose, parenthesized)


@pytest.mark.parametrize(
    "text, value, suffix",
    [
        ("0", 0, ""),
        ("1_000_0", 10000, ""),
        ("0x1_F", 31, ""),
        ("0X10", 16, ""),
        ("0x5d", 93, ""),
        ("017", 15, ""),
        ("5e9", 5_000_000_000, ""),
        ("1e1_0", 10**10, ""),
        ("7u", 7, "u"),
        ("7ull", 7, "ull"),
        ("18446744073709551615", 2**64 - 1, ""),
        ("1ns", 1, "ns"),
        ("2us", 2000, "us"),
        ("3ms", 3_000_000, "ms"),
        ("4s", 4_000_000_000, "s"),
        ("1m", 60 * 10**9, "m"),
        ("1h", 3600 * 10**9, "h"),
        ("1d", 86400 * 10**9, "d"),
    ],
)
def test_numbers(text, value, suffix):
    found = expression(text)
    assert (found.value, found.suffix, found.text) == (value, suffix, text)


@pytest.mark.parametrize(
    "text, column, message",
    [
        ("08", 14, "octal"),
        ("1e20", 14, "too large"),
        ("12e4", 14, "one digit from 1 to 9"),
        ("18446744073709551616", 14, "18446744073709551615"),
        ("4294967296u", 14, "4294967295"),
        ("99999999999d", 14, "too large"),
        ("1_", 15, "underscore"),
        ("0x", 14, "digits are missing"),
        ("123abc", 17, "'abc'"),
        ("10uu", 16, "'uu'"),
        ("10UL", 16, "'UL'"),
    ],
)
def test_wrong_numbers(text, column, message):
    diagnostic = refusal(f"BEGIN {{ $r = {text}; }}")
    assert message in diagnostic.message
    assert diagnostic.span.column == column
    assert diagnostic.span.end_column == 14 + len(text)


def test_a_wrong_number_is_told_before_what_follows_it():
    assert "'exit'" in refusal("BEGIN { 1exit(); }").message


def test_strings():
    assert expression(r'"a\n\t\r\\\"b"').value == 'a\n\t\r\\"b'
    assert expression(r'"\x41\101\x4\0"').value == "AA\x04\0"
    assert expression('"naïve"').value == "naïve"
    assert expression(r'"\xff\200"').value.encode("utf-8", "surrogateescape") == b"\xff\x80"


@pytest.mark.parametrize(
    "text, start, end",
    [(r'"ab\q"', 3, 5), (r'"\x"', 1, 3), (r'"\400"', 1, 5), ('"ab', 0, 5)],
)
def test_wrong_strings(text, start, end):
    diagnostic = refusal(f"BEGIN {{ $r = {text}; }}")
    assert (diagnostic.span.start - 13, diagnostic.span.end - 13) == (start, end) if text.endswith('"') else (0, len(text) + 3)
    assert diagnostic.hint


def test_casts():
    cast = expression("(struct task_struct *)arg0")
    assert (cast.to.name, cast.to.suffixes) == ("struct task_struct", ("*",))
    cast = expression("(int32*[4]*)arg0")
    assert (cast.to.name, cast.to.suffixes) == ("int32", ("*", 4, "*"))
    cast = expression("(bool[])1")
    assert (cast.to.name, cast.to.suffixes) == ("bool", (None,))
    cast = expression("(typeof($x))1")
    assert (cast.to.name, cast.to.of.name) == ("typeof", "$x")
    assert isinstance(expression("(size_t)-1"), ast.Cast)
    assert isinstance(expression("(foo_t)*$p"), ast.Cast)


def test_what_looks_like_a_cast():
    assert expression("(pid)-1").operator == "-"
    assert expression("(arg1)*arg0").operator == "*"
    assert expression("(foo)+1").operator == "+"
    assert expression("(comm) != 1").operator == "!="
    assert expression("(args)->x").name == "x"
    assert expression("(foo) && 1").operator == "&&"
    assert isinstance(expression("(foo)[1]"), ast.Index)
    assert isinstance(expression("(typeof($x))"), ast.TypeArgument)
    assert expression("(a ** b)").operator == "*"


def test_parentheses_tuples_and_records():
    assert expression("(1)").value == 1
    assert expression("()").elements == ()
    assert len(expression("(1,)").elements) == 1
    assert len(expression("(1, 2,)").elements) == 2
    assert [name for name, _ in expression("(a=1, if=2)").fields] == ["a", "if"]
    assert refusal("BEGIN { print((a=1, a=2)); }").span.column == 21
    assert refusal("BEGIN { print((a=1,)); }").message == '")" does not fit here'


def test_fields():
    assert expression("args->filename").arrow
    assert not expression("args.filename").arrow
    assert expression("$t.1.0").name == "0"
    assert refusal("BEGIN { $t->0 }").hint == "expected a name"
    assert expression("$t.0x1").name == "1"
    for keyword in ("struct", "if", "let", "timestamp", "typeof", "return"):
        assert expression(f"args.{keyword}").name == keyword


def test_calls_of_types():
    (argument,) = expression("sizeof(struct s *)").arguments
    assert (argument.name.name, argument.name.suffixes) == ("struct s", ("*",))
    (argument,) = expression("sizeof(uint64)").arguments
    assert argument.name.name == "uint64"
    (argument,) = expression("sizeof(SIZE)").arguments
    assert isinstance(argument, ast.Identifier)
    (argument,) = expression("sizeof(a * b)").arguments
    assert argument.operator == "*"
    argument, path = expression("offsetof(struct s, a.b)").arguments
    assert (argument.name.name, path.name, path.operand.name) == ("struct s", "b", "a")
    argument, path = expression("offsetof(*$x, a)").arguments
    assert (argument.operator, path.name) == ("*", "a")


def test_positional_parameters():
    assert expression("$1").index == 1
    assert expression("$012").index == 12
    assert expression("$#").index == 0
    assert refusal("BEGIN { $0 }").span.column == 9


def test_steps_and_addresses_need_a_place():
    assert expression("$x++").operator == "x++"
    assert expression("--@x[1]").operator == "--"
    assert expression("&@x").operator == "&"
    for wrong in ("5++", '"a"++', "++$x.y", "$x++ ++", "&1", "&@x[1]", "f()--"):
        assert "variable or a" in refusal(f"BEGIN {{ $_ = {wrong}; }}").message


# --- statements -----------------------------------------------------------------------------------------------------------


def test_the_last_semicolon_may_be_missing():
    assert shape(statements("$x = 1; f()")) == shape(statements("$x = 1; f();"))
    assert shape(statements("if a { 1 } else { 2 }")) == shape(statements("if (a) { 1; } else { 2; }"))
    assert shape(statements("{ 1 }")) == shape(statements("{ 1; };"))


def test_the_last_expression_is_the_value_of_a_block():
    block = expression("{ $a = 1; $a }")
    assert len(block.statements) == 1 and block.value.name == "$a"
    assert expression("{ $a = 1; }").value is None
    assert expression("{ $a = 1 }").value is None
    (macro,) = parse("macro f(x) { let $y = x; $y + 1 }").items
    assert macro.body.value.operator == "+"
    (macro,) = parse("macro f(x) { x; }").items
    assert isinstance(macro.body, ast.Block)


def test_builtins_are_no_parameters():
    for name in ("pid", "arg0", "__builtin_cpu"):
        assert refusal(f"macro f(x, {name}) {{ 1 }}").span.column == 12
    (macro,) = parse("macro if(comm, let) { 1 }").items
    assert [p.name for p in macro.parameters] == ["comm", "let"]


def test_conditions_and_loops():
    (condition,) = statements("if ($x) { f(); } else if !$y { g(); } else { h(); }")
    assert condition.otherwise.condition.operator == "!"
    assert condition.otherwise.otherwise.statements
    assert expression("if a { 1 } else if b { 2 } else { 3 }").otherwise.otherwise.value.value == 3
    assert expression("if a { 1 }").otherwise is None
    loop, *_ = statements("for ($kv : @map) { break; }")
    assert loop.map.name == "@map"
    loop, *_ = statements("for $i : 0..@x[1] { continue }")
    assert (loop.start.value, loop.end.map.name) == (0, "@x")
    loop, after = statements("while ($i < 5) { $i++; } unroll(3) { f() }")
    assert (loop.condition.operator, after.count.value) == ("<", 3)


def test_a_block_ends_a_statement():
    assert len(statements("if a { 1 } $x = 1; { 2 } (3); while b { } -4;")) == 6
    (only,) = statements("{ 1 } - 2")
    assert only.expression.operator == "-"
    (only,) = statements("if a { 1 } else { 2 } * 3;")
    assert only.expression.operator == "*"


def test_declarations_and_assignments():
    first, second, third = statements("let $x; let $y : struct s * = 0; let $z : typeof($x)")
    assert (first.annotation, first.value) == (None, None)
    assert (second.annotation.name, second.annotation.suffixes, second.value.value) == ("struct s", ("*",), 0)
    assert third.annotation.of.name == "$x"
    assert [s.operator for s in statements("$x = 1; @y <<= 2; @z[1] ^= 3; _ = 4")] == ["=", "<<=", "^=", "="]
    assert "fields" in refusal("BEGIN { $a.2 = 3; }").message
    for wrong in ("(1, 0) = 0", "x = 1", "_ += 1", "$x[1] = 2", "5 = 2"):
        assert "left side" in refusal(f"BEGIN {{ {wrong} }}").message


def test_keywords_are_names_where_no_statement_starts():
    assert expression("return").name == "return"
    assert expression("f(let)").arguments[0].name == "let"
    assert expression("unroll(2)").name == "unroll"


# --- the root -------------------------------------------------------------------------------------------------------------


def points(text, positional=()):
    (probe,) = parse(text, positional=positional).probes
    return [(point.text, point.parts, point.quoted) for point in probe.attach_points]


def test_attach_points():
    assert points("BEGIN { }") == [("BEGIN", ("BEGIN",), (False,))]
    assert points("kprobe:f+0x10,\n kr:g , begin { }") == [
        ("kprobe:f+0x10", ("kprobe", "f+0x10"), (False, False)),
        ("kr:g", ("kr", "g"), (False, False)),
        ("begin", ("begin",), (False,)),
    ]
    assert points('uprobe:/bin/a-b/*.so.1:"f(int, char*)" { }') == [
        ('uprobe:/bin/a-b/*.so.1:"f(int, char*)"', ("uprobe", "/bin/a-b/*.so.1", "f(int, char*)"), (False, False, True))
    ]
    assert points(r'usdt:./x:"a\"b":n {}')[0][1] == ("usdt", "./x", 'a"b', "n")
    assert points('u:/bin/x:"a:b{c}" {}')[0][1] == ("u", "/bin/x", "a:b{c}")
    assert points("u:/bin/*sh:A::f<int> /* c */ , u:x!/y:f // c\n{}")[1][1] == ("u", "x!/y", "f")
    assert points("interval:s:1e3,{ }") == [("interval:s:1e3", ("interval", "s", "1e3"), (False, False, False))]


def test_parameters_in_attach_points():
    assert points("$1:a$2b {}", ("kprobe", "X"))[0] == ("$1:a$2b", ("kprobe", "aXb"), (False, False))
    assert points("k:$1 {}", ("mod:f",))[0][1:] == (("k", "mod", "f"), (False, False, False))
    assert points('k:"$1"$2 {}', ("a", "b"))[0][1] == ("k", "$1b")
    assert points("k:$3 {}", ("a",))[0][1] == ("k", "")
    for wrong in ("$0", "$a", "x$", "$#"):
        diagnostic = refusal(f"kprobe:{wrong} {{}}")
        assert (diagnostic.span.column, diagnostic.span.end_column) == (1, 8 + len(wrong))


def test_names_of_probes():
    (probe,) = parse("open=kprobe:f,kprobe:g {}").probes
    assert probe.name == "open"
    assert [p.parts for p in probe.attach_points] == [("kprobe", "f"), ("kprobe", "g")]
    assert probe.attach_points[0].text == "open=kprobe:f"
    (probe,) = parse("kprobe:f=1 {}").probes
    assert (probe.name, probe.attach_points[0].parts) == ("", ("kprobe", "f=1"))


@pytest.mark.parametrize(
    "text, operator",
    [
        ("k:f /pid == 1/ { }", "=="),
        ("k:f/*/ / @x / 2/ { }", "/"),
        ("BEGIN/1/2/{}", "/"),
        ('k:f /"{" == a/\n// {\n{ }', "=="),
        ("k:f /(1 / 2) - {3}/ { }", "-"),
        ("k:f /a / b / /* c */ { }", "/"),
    ],
)
def test_predicates(text, operator):
    (probe,) = parse(text).probes
    assert probe.predicate.operator == operator


def test_a_slash_in_an_attach_point_is_no_predicate():
    (probe,) = parse("uprobe:/bin/sh:f/1/ { }").probes
    assert probe.predicate is None
    assert probe.attach_points[0].parts == ("uprobe", "/bin/sh", "f/1/")


def test_c_definitions():
    text = """#!/usr/bin/env bttui
#include <linux/sched.h>
// a comment
struct a { int x; /* } */ struct { char c; } y; } __attribute__((packed, aligned(8)));
union b { int x; char y[4]; }
enum c { A, B = '}' };
struct __attribute__((packed)) d { int z; }
kprobe:f { }"""
    root = parse(text)
    assert [d.text for d in root.c_definitions] == [
        "#include <linux/sched.h>",
        "struct a { int x; /* } */ struct { char c; } y; } __attribute__((packed, aligned(8)));",
        "union b { int x; char y[4]; }",
        "enum c { A, B = '}' };",
        "struct __attribute__((packed)) d { int z; }",
    ]
    assert len(root.items) == 1


@pytest.mark.parametrize("before", ["", "\n\n  ", "// a licence\n", "/* a\nlicence */\n\n// more\n"])
def test_the_first_line_of_a_script_may_stand_below_its_licence(before):
    root = parse(before + "#!/usr/bin/env bpftrace\n#define ONE 1\nBEGIN { }")
    assert [d.text for d in root.c_definitions] == ["#define ONE 1"]
    assert [d.text for d in parse("#define ONE 1\n#!/bin/sh\nBEGIN { }").c_definitions] == ["#define ONE 1", "#!/bin/sh"]


@pytest.mark.parametrize("rest", ["int x;", "int x; }; // {\n", '"', "/* } ", "union { char a; } b;"])
def test_a_c_definition_that_does_not_close(rest):
    text = f"struct a {{ struct {{ {rest}"
    diagnostic = refusal(text)
    assert "braces" in diagnostic.message
    assert text[diagnostic.span.start : diagnostic.span.end] == "struct a {"


def test_config_imports_and_the_rest():
    root = parse("""
config = { max_strlen = 0x40; stack_mode = perf; license = "GPL v2";; lazy_symbolication=true }
import "a.bt";
let @m = lruhash(1e2)
macro f($a, b, @c) { b }
fn g($x : int32, $y : struct s *) : void { return; }
k:f { import "b.bt"; }
""")
    assert [(s.name, s.value) for s in root.config] == [
        ("max_strlen", 64),
        ("stack_mode", "perf"),
        ("license", "GPL v2"),
        ("lazy_symbolication", True),
    ]
    assert [i.path for i in root.imports] == ["a.bt"]
    declaration, macro, function, probe = root.items
    assert (declaration.map.name, declaration.kind, declaration.size.value) == ("@m", "lruhash", 100)
    assert [p.name for p in macro.parameters] == ["$a", "b", "@c"]
    assert [(p.variable.name, p.type.name) for p in function.parameters] == [("$x", "int32"), ("$y", "struct s")]
    assert function.returns.name == "void"
    assert probe.body.statements[0].path == "b.bt"
    assert parse("BEGIN { }").config is None


@pytest.mark.parametrize(
    "text, place, word",
    [
        ("k:f {} config = { a = 1 }", (1, 8, 14), "config block"),
        ("config = {} config = {}", (1, 13, 19), "second config block"),
        ('k:f {}\nimport "a.bt";', (2, 1, 14), "imports"),
        ("config = {}\nstruct a { int x; } k:f {}", (2, 1, 20), "C definitions"),
        ("k:f {}\n#define X 1\n", (2, 1, 12), "C definitions"),
    ],
)
def test_the_order_of_the_root(text, place, word):
    diagnostic = refusal(text)
    assert word in diagnostic.message
    assert (diagnostic.span.line, diagnostic.span.column, diagnostic.span.end_column) == place


def test_an_empty_program_has_no_items():
    assert parse("").items == ()
    assert parse(" // nothing\n /* at all */ ").items == ()


# --- errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, line, column, end_column, hint",
    [
        ("BEGIN { print(1 }", 1, 17, 18, 'expected ")" or ","'),
        ("BEGIN { print(); ", 1, 18, 18, '"}" is missing: the "{" in line 1, column 7 is not closed'),
        ("BEGIN { $x = ; }", 1, 14, 15, "expected an expression"),
        ("BEGIN { break print(1); }", 1, 15, 20, 'expected ";" or "}"'),
        ("BEGIN { $x: int8; }", 1, 11, 12, 'expected ";" or "}"'),
        ("BEGIN {\n  f();\n  else { }\n}", 3, 8, 9, 'expected ";" or "}"'),
        ("kprobe:f /pid == 1 { 0; }", 1, 20, 21, 'expected "/" to end the predicate'),
        ("kprobe:f", 1, 9, 9, 'expected ",", a predicate (/.../) or "{"'),
        ("kprobe : f { }", 1, 8, 9, 'expected ",", a predicate (/.../) or "{"'),
        ("BEGIN { } }", 1, 11, 12, "a probe with its block"),
        ("BEGIN { for (@kv : @m) { } }", 1, 14, 17, "loops are for ($kv : @map) { ... }"),
        ("BEGIN { for ($i : 1+1..10) { } }", 1, 20, 21, 'expected ")" or ".."'),
        ("BEGIN { while (a, b) { } }", 1, 17, 18, 'expected ")"'),
        ("BEGIN { if ($x) + 1 { } }", 1, 17, 18, 'expected "{"'),
        ("let $x = 1; BEGIN {}", 1, 5, 7, "expected a map (@x)"),
        ("config { a = 1 } BEGIN {}", 1, 8, 9, 'expected "="'),
        ("import foo; BEGIN {}", 1, 8, 11, "expected a string in quotes"),
        ("macro f(1) { }", 1, 9, 10, None),
        ("BEGIN { $ x = 1; }", 1, 9, 10, None),
        ("BEGIN { 1 /* x }", 1, 11, 13, None),
        ("BEGIN { f(1,, 2) }", 1, 13, 14, "expected an expression"),
        ("BEGIN { (a=1, b) }", 1, 15, 16, "expected a field name"),
    ],
)
def test_syntax_errors(text, line, column, end_column, hint):
    diagnostic = refusal(text, file="x.bt")
    span = diagnostic.span
    assert (span.file, span.line, span.column, span.end_column) == ("x.bt", line, column, end_column)
    if hint is not None:
        assert hint in diagnostic.hint


def test_a_tab_and_an_accent_are_one_column():
    assert refusal('BEGIN {\n\tprint("é" 1); }').span.column == 12


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN { " + "(" * 10_000 + ")" * 10_000 + " }",
        "BEGIN { " + "(" * 10_000,
        "BEGIN { " + "{" * 10_000 + "}" * 10_000,
        "BEGIN { $x = " + "-" * 1 + " -" * 10_000 + "1; }",
        "BEGIN { $x = " + "!" * 10_000 + "1; }",
        "BEGIN { $x = " + "1 + " * 10_000 + "1; }",
        "BEGIN { $x = $y" + ".a" * 10_000 + "; }",
        "BEGIN { $x = $y" + "[1]" * 10_000 + "; }",
        "BEGIN { $x = " + "a ? b : " * 10_000 + "c; }",
        "BEGIN { $x = " + "(int32)" * 10_000 + "c; }",
        "BEGIN { $x = " + "(typeof(" * 10_000 + "c; }",
        "BEGIN { if a { } " + "else if a { } " * 10_000 + "}",
        "BEGIN { $x = if a { } " + "else if a { } " * 10_000 + "}",
        "BEGIN { " + "if a { " * 10_000 + "} " * 10_000 + "}",
        "BEGIN { @x" + "[@x" * 10_000,
        "kprobe:f /" + "(" * 10_000,
    ],
    ids=lambda text: text[:28],
)
def test_nesting_without_end_is_a_diagnostic(text):
    diagnostic = refusal(text)
    assert "deep" in diagnostic.message
    assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


def test_what_people_nest_is_no_problem():
    assert len(list(nodes(expression("(" * 60 + "1" + " + 1)" * 60)))) == 121
    assert statements("if a { 1 } " + "else if a { 1 } " * 200)
    assert expression("1 + " * 200 + "1")


def test_spans():
    text = "kprobe:f\n/pid == 1/ {\n  @x[tid] = (struct s *)arg0->y;\n}"
    root = parse(text, file="a.bt")

    def written(node):
        return text[node.span.start : node.span.end]

    assert written(root) == text
    (probe,) = root.items
    assert written(probe) == text
    assert written(probe.attach_points[0]) == "kprobe:f"
    assert written(probe.predicate) == "pid == 1"
    assert written(probe.body).startswith("{") and written(probe.body).endswith("}")
    (assignment,) = probe.body.statements
    assert written(assignment) == "@x[tid] = (struct s *)arg0->y"
    assert (assignment.span.line, assignment.span.column, assignment.span.end_line, assignment.span.end_column) == (3, 3, 3, 32)
    assert written(assignment.target) == "@x[tid]"
    assert written(assignment.value.to) == "struct s *"
    assert written(assignment.value.operand) == "arg0->y"
    assert (probe.span.line, probe.span.end_line, probe.span.end_column, probe.span.file) == (1, 4, 2, "a.bt")


def test_the_span_of_an_operation_holds_its_parentheses():
    text = "BEGIN { $x = (a + b) * (c); }"
    product = statements("$x = (a + b) * (c);")[0].value
    assert text[product.span.start : product.span.end] == "(a + b) * (c)"
    assert text[product.left.span.start : product.left.span.end] == "a + b"
