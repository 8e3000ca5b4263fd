import random

import pytest
from compiler.trees import Trees
from hypothesis import given, settings
from hypothesis import strategies as st

from bttui.compiler.format import format_program
from bttui.compiler.lexer import tokens

KINDS = set("comment keyword builtin function map variable number string operator probe type punctuation error".split())


def kinds(text):
    """(kind, text) of every token."""
    return [(kind, text[start:end]) for kind, start, end in tokens(text)]


def only(kind, text):
    return [written for found, written in kinds(text) if found == kind]


def test_a_program():
    text = '#!/usr/bin/bttui\nkprobe:vfs_read /pid == 1/ { @x[comm] = count(); // c\n printf("%d\\n", (uint8)$a + 5s); }'
    assert kinds(text) == [
        ("comment", "#!/usr/bin/bttui"),
        ("probe", "kprobe:vfs_read"),
        ("operator", "/"),
        ("builtin", "pid"),
        ("operator", "=="),
        ("number", "1"),
        ("operator", "/"),
        ("punctuation", "{"),
        ("map", "@x"),
        ("punctuation", "["),
        ("builtin", "comm"),
        ("punctuation", "]"),
        ("operator", "="),
        ("function", "count"),
        ("punctuation", "("),
        ("punctuation", ")"),
        ("punctuation", ";"),
        ("comment", "// c"),
        ("function", "printf"),
        ("punctuation", "("),
        ("string", '"%d\\n"'),
        ("punctuation", ","),
        ("punctuation", "("),
        ("type", "uint8"),
        ("punctuation", ")"),
        ("variable", "$a"),
        ("operator", "+"),
        ("number", "5s"),
        ("punctuation", ")"),
        ("punctuation", ";"),
        ("punctuation", "}"),
    ]


def test_keywords_and_types():
    text = "config = { a = true; } fn f($x : struct s *) : void { let $y : foo_t = 1; if (arg0) { return; } else { sizeof(int32); } }"
    assert only("keyword", text) == ["config", "true", "fn", "struct", "let", "if", "return", "else", "sizeof"]
    assert only("type", text) == ["s", "void", "foo_t", "int32"]
    assert only("builtin", text) == ["arg0"]


def test_words_behind_a_dot_are_fields():
    assert only("variable", "k:f { args.if; args->pid; $x.count }") == ["if", "pid", "$x", "count"]


def test_c_definitions():
    text = '#include <linux/fs.h>\nstruct a { uint8_t x[4]; /* } */ char *y; };\n#define N "x"\nBEGIN { }'
    assert only("keyword", text) == ["#include", "struct", "#define"]
    assert only("type", text) == ["uint8_t", "char"]
    assert only("string", text) == [" <linux/fs.h>", '"x"']
    assert only("probe", text) == ["BEGIN"]


def test_what_is_half_written():
    assert kinds('BEGIN { printf("abc')[-1] == ("error", '"abc')
    assert only("error", 'BEGIN { printf("abc); }\n f(); } k:f { 1 }') == ['"abc); }']
    assert only("error", "BEGIN { $ x ` \\ }") == ["$", "`", "\\"]
    assert kinds("BEGIN { /* abc ")[-1] == ("error", "/* abc ")
    assert kinds("/* abc ") == [("error", "/* abc ")]
    assert only("error", 'u:/bin/x:"f {') == ['"']
    assert only("probe", "kprobe:") == ["kprobe:"]
    assert only("probe", "BEGIN { f(1 } END { g() }") == ["BEGIN", "END"]
    assert only("keyword", "struct a {") == ["struct"]


def test_wildcards_are_no_comments():
    assert only("probe", "uprobe:/bin/*sh:* { 1 } /* c */ END { }") == ["uprobe:/bin/*sh:*", "END"]


def ordered(text):
    found = tokens(text)
    places = [place for _, start, end in found for place in (start, end)]
    assert places == sorted(places)
    assert all(start < end <= len(text) and kind in KINDS for kind, start, end in found)
    return found


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from(list("aBk:/*\"\\ \n{}()[]@$#.,;=<>-+&|!?1x%'é")), max_size=60))
def test_any_text_is_cut_in_order(text):
    found = ordered(text)
    blank = list(text)
    for _, start, end in found:
        blank[start:end] = " " * (end - start)
    assert not "".join(blank).strip()


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_good_programs_have_no_errors(seed):
    assert not only("error", format_program(Trees(random.Random(seed)).root()))


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "{",
        '"',
        "/*",
        "(typeof(",
        "struct x {",
        "k:f /",
        "[",
        "(int32)",
        "((",
        "a=",
        "#\n",
        "$",
        "/* */",
        "struct a ",
        "struct __attribute__((",
        ":",
        "a,",
        "k:f/1/ ",
    ],
)
def test_repetition_takes_no_time(piece):
    ordered(piece * 20_000)  # quadratic work would take minutes here
