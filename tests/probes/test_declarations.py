"""Kernel types in C: as bpftool writes them, and as a compiler must read them."""

import re
import shutil
import subprocess

import pytest
from host import btf_bytes as btf

from bttui.host.btf_blob import Blob
from bttui.host.facts import Host
from bttui.probes.declarations import ENUM, ENUM64, STRUCT, UNION, Declarations, types
from bttui.probes.listing import lines


@pytest.fixture
def built(tmp_path):
    """declare(build) -> Declarations of the types that build(builder) makes."""

    def declarations(builder):
        path = tmp_path / "vmlinux"
        path.write_bytes(builder.bytes())
        return Declarations(Blob(str(path)))

    return declarations


def test_declarators(built):
    b = btf.Builder()
    integer, char = b.integer("int", 4, 1), b.integer("char", 1)
    constant = b.add(btf.CONST, "", char)
    text = b.add(btf.PTR, "", constant)
    fixed = b.add(btf.CONST, "", text)
    point = b.struct("point", 4, ("x", integer, 0))
    pointer = b.add(btf.PTR, "", point)
    more = b.add(btf.PTR, "", pointer)
    row = b.add(btf.ARRAY, "", 0, char, integer, 16)
    table = b.add(btf.ARRAY, "", 0, row, integer, 4)
    to_row = b.add(btf.PTR, "", row)
    function = b.add(btf.FUNC_PROTO, "", integer, "", pointer, "", text, "", 0, count=3)
    callback = b.add(btf.PTR, "", function)
    kept = b.add(btf.CONST, "", callback)
    nothing = b.add(btf.FUNC_PROTO, "", 0)
    hook = b.add(btf.PTR, "", nothing)
    hooks = b.add(btf.ARRAY, "", 0, hook, integer, 2)
    user = b.add(btf.PTR, "", b.add(btf.TYPE_TAG, "user", constant))
    alias = b.add(btf.TYPEDEF, "callback_t", callback)
    declarations = built(b)
    expected = {
        integer: ("int", "int x"),
        text: ("const char *", "const char *x"),
        fixed: ("const char * const", "const char * const x"),
        pointer: ("struct point *", "struct point *x"),
        more: ("struct point **", "struct point **x"),
        row: ("char[16]", "char x[16]"),
        table: ("char[4][16]", "char x[4][16]"),
        to_row: ("char(*)[16]", "char (*x)[16]"),
        callback: ("int (*)(struct point *, const char *, ...)", "int (*x)(struct point *, const char *, ...)"),
        kept: ("int (* const)(struct point *, const char *, ...)", "int (* const x)(struct point *, const char *, ...)"),
        hook: ("void (*)(void)", "void (*x)(void)"),
        hooks: ("void (*[2])(void)", "void (*x[2])(void)"),
        user: ('const char __attribute__((btf_type_tag("user"))) *', 'const char __attribute__((btf_type_tag("user"))) *x'),
        alias: ("callback_t", "callback_t x"),
        0: ("void", "void x"),
    }
    for ident, (plain, named) in expected.items():
        assert (declarations.plain(ident), declarations.declare(ident, "x")) == (plain, named)


def test_definitions(built):
    b = btf.Builder()
    integer, long = b.integer("int", 4, 1), b.integer("long int", 8, 1)
    inner = b.add(btf.UNION, "", 8, "a", integer, 0, "b", long, 0, count=2)
    bits = b.struct("bits", 8, ("low", integer, 3 << 24), ("high", integer, 2 << 24 | 5), ("last", integer, 32), flag=True)
    outer = b.struct("outer", 24, ("n", integer, 0), ("", inner, 64), ("tail", integer, 128))
    packed = b.struct("packed", 12, ("n", integer, 0), ("wide", long, 32))
    hole = b.struct("hole", 24, ("first", long, 0), ("second", long, 128))
    empty = b.struct("empty", 0)
    colour = b.add(btf.ENUM, "colour", 4, "RED", 0, "NONE", -1, count=2, flag=True)
    large = b.add(btf.ENUM64, "large", 8, "BIG", 1, 1, count=1)
    declarations = built(b)
    assert [declarations.definition(ident) for ident in (bits, outer, packed, hole, empty, colour, large)] == [
        "struct bits {\n\tint low: 3;\n\tchar: 2;\n\tint high: 2;\n\tint last;\n}",
        "struct outer {\n\tint n;\n\tunion {\n\t\tint a;\n\t\tlong int b;\n\t};\n\tint tail;\n}",
        "struct packed {\n\tint n;\n\tlong int wide;\n} __attribute__((packed))",
        "struct hole {\n\tlong int first;\n\tlong: 64;\n\tlong int second;\n}",
        "struct empty {}",
        "enum colour {\n\tRED = 0,\n\tNONE = -1,\n}",
        "enum large {\n\tBIG = 4294967297ULL,\n} __attribute__((mode(word)))",
    ]


SIMPLE = re.compile(
    r"(?:(?:long|short|unsigned|signed|int|char) ?)+(?:\w+(?:\[\d+\])*)?(?:: \d+)?;|(?:const )?(?:void|struct \w+|char) \*+\w+;"
)


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
@pytest.mark.live
def test_a_compiler_gives_them_the_sizes_that_the_kernel_has(tmp_path):
    """All structs and unions of this kernel that need no other definition."""
    made, seen = [], set()
    for name, declarations, ident in types(Host(), (STRUCT, UNION)):
        text = declarations.definition(ident)
        members = [line.strip() for line in text.splitlines()[1:-1]]
        simple = members and all(SIMPLE.fullmatch(m) or re.fullmatch(r"(?:struct|union) \{|\}(?: \w+)?;", m) for m in members)
        if simple and name not in seen:
            seen.add(name)
            made.append(f'{text};\n_Static_assert(sizeof({name}) == {declarations.blob.target(ident)}, "{name}");\n')
    assert len(made) > 500
    source = tmp_path / "types.c"
    source.write_text("".join(made))
    done = subprocess.run(["gcc", "-std=gnu11", "-fsyntax-only", "-w", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]


def test_enumerators_of_a_kernel(old):
    text = "\n".join(lines("enum *", old, verbose=True))
    assert "\tBPF_PROG_TYPE_KPROBE = 2,\n" in text
    assert all(declarations.definition(ident).startswith(name + " {") for name, declarations, ident in types(old, (ENUM, ENUM64)))
