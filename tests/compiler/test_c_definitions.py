"""C definitions at the top of a program."""

import os
import textwrap

import pytest
from compiler.compiling import errors, lower, refusal

from bttui.compiler.infer.rules import describe


def structs(text):
    return lower(f"{text}\nBEGIN {{ }}").tables.typer.structs


def layout(text, name="struct A"):
    """(size, [(member, offset)]); a bitfield's place is "byte:bit+width"."""
    struct = structs(text)[name]
    return struct.size, [(f.name, f"{f.offset}:{f.bit_offset}+{f.bits}" if f.bits else f.offset) for f in struct.fields]


@pytest.mark.parametrize(
    ("text", "size", "members"),
    [
        ("struct A { char a; int b; char c; }", 12, [("a", 0), ("b", 4), ("c", 8)]),
        ("struct A { char a; short b; long c }", 16, [("a", 0), ("b", 2), ("c", 8)]),
        ("struct A { char a; int b; } __attribute__((packed))", 5, [("a", 0), ("b", 1)]),
        ("struct __attribute__((packed)) A { char a; int b; };", 5, [("a", 0), ("b", 1)]),
        ("struct A { char a; long b; } __attribute__((packed, aligned(4)))", 12, [("a", 0), ("b", 1)]),
        ("struct A { char a; int b __attribute__((aligned(16))); } __attribute__((packed))", 32, [("a", 0), ("b", 16)]),
        ("struct A { char a; struct { char x; int y; } __attribute__((packed)) b; }", 6, [("a", 0), ("b", 1)]),
        ("struct A { const char *a; void (*b)(int, char *); int *c[3]; int d[2][3]; }", 64, [("a", 0), ("b", 8), ("c", 16), ("d", 40)]),
        ("struct A { int a; struct B { char x; long y; } b; }", 24, [("a", 0), ("b", 8)]),
        ("struct A { int a; union { char b; long c; }; }", 16, [("a", 0), ("", 8)]),
        ("struct A { int a; char b[]; }", 4, [("a", 0), ("b", 4)]),
        ("struct A { struct A *next; struct nowhere *other; }", 16, [("next", 0), ("other", 8)]),
        ("struct A { float a; double b; _Bool c; bool d; }", 24, [("a", 0), ("b", 8), ("c", 16), ("d", 17)]),
        ("struct A { int a:3; int b:30; char c; }", 12, [("a", "0:0+3"), ("b", "4:0+30"), ("c", 8)]),
        ("struct A { unsigned char a:4; unsigned char b:4; unsigned c:20; unsigned d:12; int e:3; }", 8, None),
        ("struct A { int a:3; int :0; int b:2; }", 8, [("a", "0:0+3"), ("b", "4:0+2")]),
        ("struct A { u32 a; struct list_head b; pid_t c; char d[20]; }", 48, [("a", 0), ("b", 8), ("c", 24), ("d", 28)]),
        ("#define N 0x10\nstruct A { char a[N]; int b[N / 4 - 1]; }", 28, [("a", 0), ("b", 16)]),
        ("#define F(t, n) t n##_x\nstruct A { F(long, a); F(char, b); }", 16, [("a_x", 0), ("b_x", 8)]),
        ("#ifdef NO\nstruct A { int a; }\n#elif 2 * 2 == 4\nstruct A { long a; }\n#else\n#error no\n#endif", 8, [("a", 0)]),
        ("struct A { int a; /* b */ // c\n int d; } /* e */ __attribute__ /* f */ ((packed))", 8, [("a", 0), ("d", 4)]),
        ("enum E { ONE = 1, MANY = ONE << 3 } struct A { enum E a; char b[MANY]; }", 12, [("a", 0), ("b", 4)]),
    ],
)
def test_layout(text, size, members):
    found = layout(text)
    assert found[0] == size
    assert members is None or found[1] == members


def test_a_union():
    assert layout("union A { int a; char b[7]; }", "union A") == (8, [("a", 0), ("b", 0)])


def test_enumerators_count_on_and_may_be_expressions():
    lowered = lower("enum E { A, B = A + 4, C, D = -2, F = 'a', G = sizeof(long), H = 1 ? 7 : 8 } BEGIN { }")
    values = {name: value for name, (value, _enum) in lowered.tables.typer.enumerators.items()}
    assert values == {"A": 0, "B": 4, "C": 5, "D": -2, "F": 97, "G": 8, "H": 7}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("#define X 300", "int16"),
        ("#define X (1 << 3)", "int8"),
        ('#define X "text"', "string[5]"),
        ("#define Y 300\n#define X Y", "int16"),
        ("#define X pid", "uint32"),
        ("#define Y(a, b) ((a) + (b))\n#define X Y(100, 200)", "int16"),
        ("enum E { X = 4 }", "enum E"),
        ("#define X Y\nenum E { Y = 4 }", "enum E"),
        ("#define X sizeof(struct list_head)", "uint8"),
    ],
)
def test_what_a_name_becomes(definition, expected):
    lowered = lower(f"{definition}\nBEGIN {{ $x = X; }}")
    assert [describe(slot.type) for slot in lowered.bodies[0].slots.values()] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("struct A { nothere_t a; } BEGIN { }", "1:12-21 error: unknown type name 'nothere_t'"),
        ("struct A {\n  int a;\n  struct gone b;\n}\nBEGIN { }", "3:15-16 error: field has incomplete type 'struct gone'"),
        ("struct A { struct A a; } BEGIN { }", "1:21-22 error: field has incomplete type 'struct A'"),
        ("struct A { int a; int a; } BEGIN { }", "1:23-24 error: duplicate member 'a'"),
        ("struct A { int a : 40; } BEGIN { }", "1:16-17 error: width of bit-field 'a' (40 bits) exceeds the width of its type (32 bits)"),
        ("struct A { int a[-1]; } BEGIN { }", "1:16-17 error: 'a' declared as an array with a negative size"),
        ("struct A { int a; } struct A { int a; } BEGIN { }", "1:28-29 error: redefinition of 'A'"),
        ("enum { A } enum { A } BEGIN { }", "1:19-20 error: redefinition of enumerator 'A'"),
        ("enum A { } BEGIN { }", "1:10-11 error: use of empty enum"),
        ("struct A { int a[B]; } BEGIN { }", "1:18-19 error: use of undeclared identifier 'B'"),
        ("struct A { int a[1 / 0]; } BEGIN { }", "1:18-19 error: division by zero in a constant"),
        ("#include <lol/no.h>\nBEGIN { }", "1:10-11 error: 'lol/no.h' file not found"),
        ("#error so it is\nBEGIN { }", "1:2-7 error: so it is"),
        ("#ifdef A\nBEGIN { }", "1:2-7 error: unterminated conditional directive"),
        ("#endif\nBEGIN { }", "1:2-7 error: #endif without #if"),
        ("#foo\nBEGIN { }", "1:2-5 error: invalid preprocessing directive"),
        ("struct task_struct { struct thread_info x; } BEGIN { }", "1:41-42 error: field has incomplete type 'struct thread_info'"),
        ("#define M M+1\nBEGIN { M; }", "2:9-10 error: Macro recursion: M"),
        ('#define M "a" "b"\nBEGIN { M; }', '2:9-10 error: unable to expand macro as an expression: "a" "b"'),
        ("#define M(a) a\nBEGIN { print(M(1, 2)); }", "2:15-22 error: the macro M takes 1 arguments, not 2"),
    ],
)
def test_what_is_wrong_is_shown_where_it_is(text, expected):
    assert [line.partition("\n")[0] for line in errors(text)] == [expected]


def test_the_line_of_a_c_compiler_is_there_too():
    (found,) = refusal("#define A 1\n\nstruct B {\n  int x;\n  gone_t y;\n}\nBEGIN { }")
    assert found.message.splitlines()[1] == "definitions.h:5:3: error: unknown type name 'gone_t'"
    (found,) = refusal("#include <lol/no.h>\nBEGIN { }")
    assert found.message.splitlines()[1] == "definitions.h:2:10: fatal error: 'lol/no.h' file not found"


def test_headers_of_the_kernel_cost_nothing_and_their_macros_are_asked_for():
    lower("#include <linux/not_installed_here.h>\nBEGIN { print(sizeof(struct task_struct)); }")
    (found,) = refusal("#include <linux/not_installed_here.h>\nBEGIN { print(WANTED); }")
    assert found.hint == "macros of <linux/not_installed_here.h> are not in BTF: add #define WANTED with its value"


def test_macros_of_kernel_headers_that_everybody_uses():
    """They are known without the headers, to who includes some."""
    names = {
        "AF_INET": 2,
        "PF_INET6": 10,
        "EPERM": 1,
        "ECONNREFUSED": 111,
        "SIGKILL": 9,
        "SOCK_STREAM": 1,
        "IPPROTO_TCP": 6,
        "S_IFREG": 0o100000,
        "MAP_SHARED": 1,
        "ICMPV6_ECHO_REQUEST": 128,
        "ETH_P_IPV6": 0x86DD,
        "PF_KTHREAD": 0x200000,
        "CLONE_NEWPID": 0x20000000,
        "NSEC_PER_SEC": 1_000_000_000,
    }
    text = 'BEGIN {{ static_assert({name} == {value}, "another value"); }}'
    for name, value in names.items():
        assert errors(text.format(name=name, value=value))[0] == f"1:23-{23 + len(name)} error: Unknown identifier: '{name}'"
        lower("#include <linux/not_installed_here.h>\n" + text.format(name=name, value=value))


def test_positional_parameters_in_macros():
    """As where a script defines its arguments at the top; bpftrace falls over."""
    text = """
        #define NANOSECONDS ((uint64)(1e6 * $1 / 1000))
        #define NAME str($2)
        #define COUNT $#
        #define more(x) (x + $1)
        BEGIN { static_assert(NANOSECONDS == 5000 && NAME == "abc" && COUNT == 2 && more(1) == 6 && more($1) == 10, "other"); }
    """
    lower(text, positional=("5", "abc"))


def test_a_macro_that_is_its_own_name_leaves_the_enumerator():
    """<linux/in.h> defines IPPROTO_ICMP so, for #ifdef to find."""
    text = '#define A A\nenum of { A = 4 };\n#ifdef A\n#define FOUND 1\n#endif\nBEGIN { static_assert(A + FOUND == 5, "other"); }'
    lower(text)


def test_the_headers_of_the_running_kernel_are_looked_through(tmp_path, monkeypatch):
    monkeypatch.setattr("bttui.compiler.c_definitions.MODULES", str(tmp_path))
    text = '#include <linux/made7.h>\nBEGIN { static_assert(MADE7 == 7, "other"); }'
    assert "Unknown identifier: 'MADE7'" in errors(text)[0]
    folder = tmp_path / os.uname().release / "source/include/linux"
    folder.mkdir(parents=True)
    (folder / "made7.h").write_text("#define MADE7 7\n")
    lower(text)


def test_a_kernel_tree_that_the_environment_names(tmp_path):
    """It is read when a name is asked for that nothing else knows."""
    for part, number in (("source/include/linux", 5), ("build/include/generated/uapi/linux", 6)):
        (tmp_path / part).mkdir(parents=True)
        (tmp_path / part / f"made{number}.h").write_text(f"#define MADE{number} {number}\n")
    text = '#include <linux/made5.h>\n#include <linux/made6.h>\nBEGIN { static_assert(MADE5 + MADE6 == 11, "other"); }'
    trees = (("BPFTRACE_KERNEL_SOURCE", str(tmp_path / "source")), ("BPFTRACE_KERNEL_BUILD", str(tmp_path / "build")))
    lower(text, environment=trees)
    assert "Unknown identifier: 'MADE5'" in errors(text)[0]


def test_a_header_of_ones_own(tmp_path):
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes/inner.h").write_text("#pragma once\n#define SIDES 4\ntypedef unsigned int side_t;\n")
    (tmp_path / "outer.h").write_text(
        textwrap.dedent("""\
            #ifndef OUTER
            #define OUTER
            #include "shapes/inner.h"
            #include "shapes/inner.h"
            typedef struct { side_t sides[SIDES]; int (*area)(void); } shape_t;
            static inline int twice(int x) { return 2 * x; }
            int area(shape_t *shape);
            #endif
            """)
    )
    lowered = lower(
        '#include "outer.h"\n#include "outer.h"\nBEGIN { print((sizeof(shape_t), SIDES)); $s = (shape_t *)0; }', include=(str(tmp_path),)
    )
    assert lowered.tables.typer.structs["shape_t"].size == 24
    (tmp_path / "wrong.h").write_text("\nstruct A {\n  gone_t y;\n};\n")
    (found,) = refusal('#include "wrong.h"\nBEGIN { }', include=(str(tmp_path),))
    assert (found.message, found.span.file, found.span.line) == ("unknown type name 'gone_t'", str(tmp_path / "wrong.h"), 3)


@pytest.mark.parametrize("use", ["BEGIN { print(M0); }", "enum { X = M0 } BEGIN { }"])
def test_macros_that_grow_without_limit_end(use):
    text = "".join(f"#define M{i} M{i + 1} + M{i + 1}\n" for i in range(60)) + "#define M60 1\n"
    (found,) = refusal(text + use)
    assert found.span.line == 62
    assert found.message.partition("\n")[0] in (
        "macros are expanded more than 10000 times in this program",
        "macros make this longer than 100000 words",
    )


def test_arguments_that_are_used_twice_end():
    (found,) = refusal(f"#define D(x) ((x)+(x))\nBEGIN {{ print({'D(' * 40}1{')' * 40}); }}")
    assert (found.message, found.span.line) == ("the macros of this program make too much of it", 2)


def test_no_c_costs_no_import():
    import subprocess
    import sys

    code = "import bttui.compiler.pipeline, sys; print('pycparser' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.live
@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            'enum Foo { ONE = 1, TWO, OTHER = 99999 } BEGIN { $o = OTHER; printf("%d %s %s %d\\n", ONE, ONE, $o, TWO + 1); exit(); }',
            "1 ONE OTHER 3\n",
        ),
        ("enum Foo { A = 1, B = 8 } BEGIN { print((enum Foo)8); print((A, B)); print(sizeof(enum Foo)); exit(); }", "B\n(A, B)\n8\n"),
        (
            "struct Foo { int x; struct Bar { int x; } bar; } BEGIN { print((offsetof(struct Foo, bar.x), sizeof(int))); exit(); }",
            "(4, 4)\n",
        ),
        ('#define FORMAT "%d-%d\\n"\n#define SUM 1 + 2\nBEGIN { printf(FORMAT, SUM * 3, SUM); exit(); }', "9-3\n"),
        ("struct A { int a; char b[28]; } BEGIN { $a = (struct A *)1024; print((uint64)($a - 5)); exit(); }", "864\n"),
    ],
)
def test_output(bttui, program, expected):
    result = bttui("-q", "-e", program)
    assert result.stdout == expected + "\n\n", result.stderr


def test_headers_that_the_command_line_names(tmp_path):
    (tmp_path / "shape.h").write_text("#define SIDES 3\nstruct shape { char name[SIDES]; };\n")
    text = "BEGIN { print((sizeof(struct shape), SIDES)); }"
    lower(text, headers=(str(tmp_path / "shape.h"),))
    lower(text, headers=("shape.h",), include=(str(tmp_path),))
    (found,) = refusal(text, headers=("shape.h",))
    assert found.message.startswith("'shape.h' file not found")
    assert (found.span.file, found.span.source) == ("--include", '#include "shape.h"')


def test_what_the_command_line_includes_comes_first(tmp_path):
    (tmp_path / "first.h").write_text("#define FIRST 1\n")
    lower("#if FIRST != 1\n#error too late\n#endif\nBEGIN { print(FIRST); }", headers=(str(tmp_path / "first.h"),))
