"""Functions and types of programs that the compiler described, in each form that it has for that."""

import random
import shutil
import subprocess

import pytest
from support import ROOT

from bttui.host import debug_file, debug_info, debug_locations
from bttui.host.debug_locations import Piece
from bttui.host.debug_types import DebugTypes
from bttui.host.elf import Elf
from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError
from bttui.model.types import Array, Bool, Enum, Field, Integer, Pointer, Struct, Void

pytestmark = pytest.mark.skipif(not shutil.which("gcc") or not shutil.which("objcopy"), reason="needs gcc and binutils")


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **more).stdout


def known(path):
    """(DebugTypes, function by name) of a program."""
    host = Host()
    types, elf = host.debug_types(str(path)), host.elf(str(path))
    return types, lambda name: types.function(elf.symbol(name)[0])


def declarations(function):
    return [parameter.declaration for parameter in function.parameters]


FORMS = [("-gdwarf-4",), ("-gdwarf-5",), ("-gdwarf-5", "-O0"), ("-gdwarf-5", "-gdwarf64"), ("-gdwarf-4", "-fdebug-types-section")]
FORMS += [
    ("-gdwarf-5", "-fdebug-types-section"),
    ("-gdwarf-4", "-gsplit-dwarf"),
    ("-gdwarf-5", "-gsplit-dwarf"),
    ("-gdwarf-2", "-gno-strict-dwarf"),
]


@pytest.fixture(scope="module", params=FORMS, ids=" ".join)
def typed(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("typed")
    text = ROOT / "tests" / "load" / "typed.c"
    run("gcc", "-O1", *request.param, "-o", folder / "typed", text, cwd=folder)
    return known(folder / "typed")


def test_parameters_as_the_source_has_them(typed):
    _, function = typed
    assert declarations(function("scalars")) == [
        "signed char c",
        "short unsigned int s",
        "int i",
        "unsigned int u",
        "long int l",
        "_Bool b",
    ]
    assert declarations(function("walk")) == ["struct item* item", "enum state state", "const char* text", "struct page* page", "void* any"]
    assert declarations(function("by_value"))[:2] == ["point_t point", "struct wide wide"]
    assert declarations(function("main")) == ["int argc", "char** argv"]
    assert function("nothing").parameters == ()
    assert function("walk").result.declaration == "struct item*"
    assert function("nothing").result.declaration == "void"


def test_types_of_parameters(typed):
    _, function = typed
    kinds = [parameter.type for parameter in function("scalars").parameters]
    assert kinds == [Integer(1, True), Integer(2), Integer(4, True), Integer(4), Integer(8, True), Bool()]
    item, state, text, _, anything = (parameter.type for parameter in function("walk").parameters)
    assert isinstance(item.target, Struct) and item.target.name == "struct item" and item.space == "user"
    assert state == Enum(name="enum state", size=4, signed=False, members=(("IDLE", 1), ("BUSY", 4), ("GONE", 9)))
    assert (text.target, anything.target) == (Integer(1, True), Void())


def test_members(typed):
    types, function = typed
    item = types.struct(function("walk").parameters[0].type.target)
    assert [field.name for field in item.fields] == [
        *"id name next state low high negative at number list grid".split(),
        "",
        "call",
        "ring",
    ]
    fields = {field.name: field for field in item.fields}
    assert fields["name"].type == Array(element=Integer(1, True), count=12) and fields["name"].type.element.name == "char"
    assert fields["grid"].type == Array(element=Array(element=Integer(4, True), count=3), count=2)
    assert isinstance(fields["call"].type, Pointer)
    low, high, negative = (fields[name] for name in ("low", "high", "negative"))
    start = 8 * low.offset + low.bit_offset
    assert [(f.bits, 8 * f.offset + f.bit_offset - start) for f in (low, high, negative)] == [(3, 0), (9, 3), (4, 12)]
    assert types.struct(fields["at"].type).fields == (Field("x", Integer(2, True), 0), Field("y", Integer(2, True), 2))
    number = types.struct(fields["number"].type)
    assert number.name == "union number" and [(f.name, f.offset, f.type.size) for f in number.fields] == [
        ("whole", 0, 8),
        ("real", 0, 8),
        ("bytes", 0, 8),
    ]
    inner = fields[""].type
    assert [(f.name, f.type) for f in inner.fields] == [("inside", Integer(4, True)), ("open", Bool())]


def test_types_by_name(typed):
    types, _ = typed
    assert types.type("struct wide").size == 16
    assert types.type("wide").name == "struct wide"
    assert types.type("point_t").name == "point_t"
    assert types.type("union wide") is None and types.type("struct nobody") is None
    value, enum = types.enum_constant("BUSY")
    assert (value, enum.name) == (4, "enum state")
    assert types.enum_constant("LAZY") is None


def test_a_missing_dwo_file_is_told(tmp_path):
    run("gcc", "-gdwarf-5", "-gsplit-dwarf", "-o", tmp_path / "typed", ROOT / "tests" / "load" / "typed.c", cwd=tmp_path)
    (dwo,) = tmp_path.glob("*.dwo")
    dwo.rename(tmp_path / "elsewhere")
    types, function = known(tmp_path / "typed")
    assert function("walk") is None
    assert [name.rpartition("/")[2] for name in types.info.missing] == [dwo.name]


@pytest.mark.parametrize("place", ["moved with the program", "debuginfo"])
def test_dwo_files_that_moved(tmp_path, monkeypatch, place):
    made, now = tmp_path / "made", tmp_path / "now"
    made.mkdir()
    now.mkdir()
    run("gcc", "-gdwarf-5", "-gsplit-dwarf", "-o", made / "typed", ROOT / "tests" / "load" / "typed.c", cwd=made)
    (dwo,) = made.glob("*.dwo")
    folder = now if place == "moved with the program" else tmp_path / "debug"
    folder.mkdir(exist_ok=True)
    dwo.rename(folder / dwo.name)
    (made / "typed").rename(now / "typed")
    monkeypatch.setattr(debug_file, "more_folders", [str(tmp_path / "debug")])
    assert declarations(known(now / "typed")[1]("negative")) == ["int value"]


@pytest.mark.parametrize("version", [4, 5])
def test_packed_dwo_files(tmp_path, version):
    """binutils' dwp cannot read DWARF 5, llvm-dwp can: what is there is used."""
    tool = next((tool for tool in ("llvm-dwp", "dwp") if shutil.which(tool) and (version == 4 or tool == "llvm-dwp")), None)
    if tool is None:
        pytest.skip("needs llvm-dwp")
    run("gcc", f"-gdwarf-{version}", "-gsplit-dwarf", "-o", tmp_path / "typed", ROOT / "tests" / "load" / "typed.c", cwd=tmp_path)
    run(tool, "-e", tmp_path / "typed", "-o", tmp_path / "typed.dwp", cwd=tmp_path)
    for dwo in tmp_path.glob("*.dwo"):
        dwo.unlink()
    types, function = known(tmp_path / "typed")
    assert declarations(function("by_value"))[1:] == ["struct wide wide", "struct large large", "int last"]
    assert [field.name for field in types.struct(types.type("struct large")).fields] == ["first", "second", "third"]


def test_what_several_programs_share(tmp_path):
    if not shutil.which("dwz"):
        pytest.skip("needs dwz")
    for name in ("one", "two"):
        run("gcc", "-g", "-O1", "-o", tmp_path / name, ROOT / "tests" / "load" / "typed.c")
    run("dwz", "-m", tmp_path / "shared", "one", "two", cwd=tmp_path)
    types, function = known(tmp_path / "one")
    assert types.type("struct wide").size == 16
    assert declarations(function("negative")) == ["int value"]
    assert len(types.struct(function("walk").parameters[0].type.target).fields) == 14
    (tmp_path / "shared").unlink()
    _, function = known(tmp_path / "two")
    with pytest.raises(
        DiagnosticError, match=r"The file with the shared part of the debugging information of .*two is not there: .*shared"
    ):
        function("walk")


CPP = r"""
#define CALLED __attribute__((noinline, noclone))
namespace shop {
struct Base { int number; virtual ~Base() {} };
class Order : public Base {
  public:
    static int count;
    long total;
    enum class Kind : unsigned char { Small = 2, Large = 200 } kind;
    CALLED int add(const Base &other, Order &&temporary, long amount);
};
int Order::add(const Base &other, Order &&temporary, long amount) { total += amount; return other.number + temporary.number; }
struct Item { Item(const Item &) {} Item() {} int first[7]; };
CALLED int take(Item item, int last) { return item.first[0] + last; }
}
struct Order { char plain; };
int Order_user(Order *order) { return order->plain; }
int shop::Order::count;
int main() { shop::Order a, b; a.total = 1; b.number = 3; Order c = {1}; return a.add(b, static_cast<shop::Order &&>(b), 5) + take(shop::Item(), 2) + Order_user(&c); }
"""


@pytest.fixture(scope="module")
def cpp(tmp_path_factory):
    if not shutil.which("g++"):
        pytest.skip("needs g++")
    folder = tmp_path_factory.mktemp("cpp")
    (folder / "shop.cpp").write_text(CPP)
    run("g++", "-g", "-O1", "-o", folder / "shop", folder / "shop.cpp")
    return known(folder / "shop")


def test_methods_of_a_class(cpp):
    types, function = cpp
    add = function("_ZN4shop5Order3addERKNS_4BaseEOS0_l")
    assert declarations(add) == [
        "class shop::Order* const this",
        "const struct shop::Base& other",
        "class shop::Order&& temporary",
        "long int amount",
    ]
    order = types.struct(add.parameters[0].type.target)
    assert [(field.name, field.offset) for field in order.fields] == [("", 0), ("total", 16), ("kind", 24)]
    assert order.fields[2].type.members == (("Small", 2), ("Large", 200))
    base = types.struct(order.fields[0].type)
    assert [field.name for field in base.fields][1:] == ["number"]


def test_objects_that_may_not_be_copied_are_passed_by_address(cpp):
    _, function = cpp
    item, last = function("_ZN4shop4takeENS_4ItemEi").parameters
    assert item.indirect and not last.indirect


def test_namespaces_tell_types_apart(cpp):
    types, _ = cpp
    assert {types.type(name).name for name in ("shop::Order", "struct shop::Order")} == {"class shop::Order"}
    assert types.type("struct shop::Item").size == 28


# Where parameters are kept


KEPT = [
    (b"\x55", [Piece("register", 5)]),
    (b"\x90\x0c", [Piece("register", 12)]),
    (b"\x75\x7c", [Piece("memory", 5, -4)]),
    (b"\x76\x80\x7f", [Piece("memory", 6, -128)]),
    (b"\x75\x00\x9f", [Piece("register", 5)]),
    (b"\x37\x9f", [Piece("constant", offset=7)]),
    (b"\x09\xfe\x9f", [Piece("constant", offset=-2)]),
    (b"\x11\x80\x7e\x9f", [Piece("constant", offset=-256)]),
    (b"\x9e\x02\x01\x02", [Piece("constant", offset=0x201)]),
    (b"\x55\x93\x08\x51\x93\x08", [Piece("register", 5, size=8), Piece("register", 1, size=8)]),
    (b"\xa3\x01\x55\x9f", []),
    (b"", []),
]


@pytest.mark.parametrize("expression, expected", KEPT, ids=lambda value: value.hex() if isinstance(value, bytes) else "")
def test_descriptions_of_locations(expression, expected):
    assert list(debug_locations._pieces(None, expression, None, 0)) == expected


@pytest.mark.parametrize("expression", [b"\x75\x04\x9f", b"\x75\x00\x06", b"\x93\x08\x55\x93\x08", b"\x03" + bytes(8), b"\x37", b"\xe0"])
def test_descriptions_that_are_not_known(expression):
    with pytest.raises(debug_locations.Unknown):
        debug_locations._pieces(None, expression, None, 0)


# Whatever a file holds


def item(types):
    found = types.type("struct item")
    return types.struct(found) if isinstance(found, Struct) and found.source else None


def test_damage_is_a_diagnostic(load):
    """Bytes of the debugging information are changed at random; seeds that once were trouble are found again."""
    whole = load.build("typed", "bttui_typed").read_bytes()
    original = Elf("", whole)
    sections = [section for section in original.sections if section.name.startswith(".debug")]
    addresses = [original.symbol(name)[0] for name in ("walk", "by_value", "nine")]
    told = 0
    for seed in range(60):
        chance, content = random.Random(seed), bytearray(whole)
        for _ in range(chance.choice([1, 2, 5])):
            section = chance.choice(sections)
            content[section.offset + chance.randrange(section.size)] = chance.choice([0, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        questions = []
        try:
            info = debug_info.find(Elf("damaged", bytes(content)))
            types = DebugTypes(info, "damaged") if info else None
        except DiagnosticError:
            types = None
        if types is not None:
            questions += [lambda address=address, types=types: types.function(address) for address in addresses]
            questions += [lambda address=address, types=types: types.inside(address + 4) for address in addresses]
            questions += [lambda types=types: item(types), lambda types=types: types.enum_constant("BUSY")]
        for question in questions:
            try:
                question()
            except DiagnosticError as reason:
                assert "Cannot use the debugging information in damaged" in reason.diagnostics[0].message
                told += 1
    assert told
