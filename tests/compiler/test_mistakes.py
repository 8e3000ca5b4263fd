"""Mistakes of people who come from other languages: the place, and how it is written here."""

import pytest
from compiler.compiling import refusal

from bttui.compiler.functions import table
from bttui.compiler.mistakes import FUNCTIONS, LOOPS, NAMES, NO_LISTS, VARIABLES

BRACES = "what belongs to it stands in braces: { ... }"


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ('BEGIN { print "hello"; }', '"hello"', 'arguments stand in parentheses: print("hello")'),
        ("BEGIN { print @a; }", "@a", "arguments stand in parentheses: print(@a)"),
        ("BEGIN { if (pid == 1) print(2); }", "print", BRACES),
        ("BEGIN { while (pid == 1) print(2); }", "print", BRACES),
        ("BEGIN { for (k in @a) { } }", "k", LOOPS),
        ("BEGIN { for ($k in @a) { } }", "in", LOOPS),
        ("BEGIN { for (int i = 0; i < 5; i++) { } }", "int", LOOPS),
        ("BEGIN { for ($i = 0; $i < 5; $i++) { } }", "=", LOOPS),
        ("BEGIN { foreach ($i : @a) { } }", ":", LOOPS),
        ("BEGIN { printf('hi'); }", "'", 'strings stand in double quotes: "..."'),
        ("BEGIN { # comment\n}", "#", "comments begin with // or stand between /* and */"),
        ("BEGIN { int x = 5; }", "x", VARIABLES),
        ('BEGIN { char *s = "a"; }', "=", VARIABLES),
        ("BEGIN { if ($x = 2) { } }", "=", "== compares, = assigns"),
        ("BEGIN /pid = 2/ { }", "=", "== compares, = assigns"),
        (
            'BEGIN { if ("abc" ~ /b/) { } }',
            "~",
            "there are no regular expressions: strcontains(text, part) tells whether a text holds a part",
        ),
        ('BEGIN { print("a" "b"); }', '"b"', "str_concat(a, b) joins strings"),
        ("BEGIN { $x = 5, $y = 6; }", ",", "statements end with a semicolon"),
        ("BEGIN { switch (pid) { } }", "{", "write if (...) { ... } else if (...) { ... }"),
        ("BEGIN { if (1) { } elif (pid == 1) { } }", "{", "write else if"),
        ("BEGIN { do { } while (1); }", "{", "write while (...) { ... }"),
        ("BEGIN { $x = [1, 2]; }", "[", NO_LISTS),
        ("BEGIN { $x = {1, 2}; }", ",", NO_LISTS),
        ("BEGIN { print(5 and 6); }", "and", "write &&"),
        ("BEGIN { print(not 6); }", "6", "write !"),
        ("BEGIN { print(1 === 1); }", "=", "write =="),
        ("BEGIN { print(1 <> 2); }", ">", "write !="),
        ("BEGIN { $x := 5; }", ":", "write ="),
        (
            "int kprobe__sys_clone(void *ctx) { return 0; }",
            "kprobe__sys_clone(void",
            "this is C as for bcc; here a probe is kprobe:FUNCTION { ... }, with arg0, arg1, ... as its arguments",
        ),
        ("BEGIN if (pid == 5) { }", "if", "a condition of the whole probe stands between slashes: /pid == 5/ { ... }"),
        ("BEGIN {\n  if (1) {\n    print(1);\n}", "", '"}" is missing: the "{" in line 1, column 7 is not closed'),
        ("BEGIN {\n  print((1, 2)", "", '")" is missing: the "(" in line 2, column 8 is not closed'),
        ("BEGIN { $x = NULL; }", "NULL", "here: a null pointer is 0"),
        ("BEGIN { print(execname); }", "execname", "here: comm"),
        ("BEGIN { @ = quantize(5); }", "quantize(5)", "here: @x = hist(n)"),
        ("BEGIN { $x = bpf_ktime_get_ns(); }", "bpf_ktime_get_ns()", "here: nsecs"),
        ("BEGIN { $x = count(); }", "$x = count()", "@x = count()"),
        ("BEGIN { print(count()); }", "count()", "@x = count()"),
        ("BEGIN { printf(comm); }", "comm", 'printf("%s", ...) where it is a value'),
        ('BEGIN { printf("%q\\n", 5); }', 'printf("%q\\n", 5)', "%q is no conversion"),
        ('BEGIN { printf("%f\\n", 5); }', "5", "numbers have no fractions: %d"),
        ("tracepoint:syscalls:sys_enter_openat { print(filename); }", "filename", "did you mean args.filename?"),
        ("kretprobe:vfs_read { print(arg0); }", "arg0", "keep it at the entry: kprobe:f { @a[tid] = arg0; }, and read @a[tid] here"),
        ("kprobe:vfs_read { print(retval); }", "retval", "it is known when the function returns: kretprobe:f { ... }"),
        ("profile:99 { }", "profile:99", "with its unit: profile:hz:99, profile:s:99 or profile:ms:99"),
        ("sys_enter_openat { }", "sys_enter_openat", "bttui -l '*sys_enter_openat*' lists the probes with this in their names"),
    ],
)
def test_what_to_write_instead(text, place, hint):
    found = refusal(text)[0]
    assert (text[found.span.start : found.span.end], found.hint) == (place, hint)


def test_the_name_of_an_argument_is_repaired():
    text = "tracepoint:syscalls:sys_enter_openat { print(filename); }"
    (found,) = refusal(text)
    assert (text[found.fix.span.start : found.fix.span.end], found.fix.text) == ("filename", "args.filename")


def test_what_is_known_is_not_called_a_mistake():
    assert not {*FUNCTIONS, *NAMES} & set(table())
