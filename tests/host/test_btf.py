import os
import struct

import pytest
from host.btf_bytes import ARRAY, CONST, FUNC, FUNC_PROTO, PTR, STRUCT, TYPEDEF, Builder, sample
from hypothesis import given
from hypothesis import strategies as st

from bttui.host.btf import Btf, integer_spelling
from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError
from bttui.model.types import BOOL, INT8, INT32, UINT32, UINT64, VOID, Array, Enum, Field, Pointer, Struct, Void

RECORDED = [os.path.join(os.path.dirname(__file__), "..", "facts", name) for name in ("6.12", "6.18")]
POINT = Struct(name="struct point", size=8)


@pytest.fixture
def make(tmp_path):
    """A Btf of the blobs {name: Builder or bytes}."""

    def make(vmlinux=None, **modules):
        for name, content in {"vmlinux": vmlinux or sample(), **modules}.items():
            (tmp_path / name).write_bytes(content.bytes() if isinstance(content, Builder) else content)
        return Btf(str(tmp_path))

    return make


@pytest.fixture(params=RECORDED, ids=os.path.basename)
def recorded(request):
    return Host(request.param).btf


def fields(found):
    return {f.name: f for f in found.fields}


def test_a_struct_with_every_kind_of_member(make):
    btf = make()
    found = btf.struct("struct everything")
    assert (found.name, found.size) == ("struct everything", 200)
    by_name = fields(found)
    union = Struct(name="", size=8, fields=(Field("low", UINT32), Field("all", UINT64)))
    assert by_name[""] == Field("", union)
    assert by_name["next"] == Field("next", Pointer(target=Struct(name="struct everything", size=200)), 8)
    assert by_name["next"].type.target.fields is None
    assert by_name["name"] == Field("name", Array(element=INT8, count=16), 16)
    assert by_name["table"] == Field("table", Array(element=Array(element=INT32, count=3), count=2), 32)
    assert by_name["color"] == Field("color", Enum(name="enum color", signed=True, members=(("RED", 0), ("GREEN", 1), ("NONE", -1))), 56)
    assert by_name["huge"] == Field("huge", Enum(name="enum huge", size=8, members=(("TOP", 1 << 63), ("LOW", 5))), 64)
    assert by_name["callback"] == Field("callback", Pointer(target=VOID), 72)
    assert by_name["path"].type.space == "user"
    assert by_name["path"].type.target.name == "char"
    assert by_name["ready"] == Field("ready", BOOL, 88)
    assert by_name["handle"] == Field("handle", Struct(name="handle_t", size=4), 92)
    assert by_name["where"] == Field("where", POINT, 96)
    assert by_name["where"].type.fields is None
    assert by_name["wide"] == Field("wide", Void(size=16), 112)
    assert by_name["opaque"] == Field("opaque", Pointer(target=Struct(name="struct hidden")), 128)
    assert by_name["points"] == Field("points", Array(element=POINT, count=0), 200)
    assert btf.struct("handle_t").fields == (Field("value", INT32),)


def test_bitfields_lie_in_units_of_their_type(make):
    assert make().struct("struct bits").fields == (
        Field("three", UINT32, 0, 3, 0),
        Field("five", UINT32, 0, 5, 3),
        Field("far", UINT32, 4, 4, 4),
        Field("plain", make().type("char"), 7),
    )


def test_bitfields_of_compilers_that_put_their_size_in_the_type(make):
    b = Builder()
    three = b.add(1, "unsigned int", 4, 3)
    b.struct("old", 4, ("a", b.integer("unsigned int", 4), 0), ("b", three, 5))
    assert make(b).struct("struct old").fields == (Field("a", UINT32), Field("b", UINT32, 0, 3, 5))


def test_a_bitfield_packed_across_two_units_counts_from_its_byte(make):
    b = Builder()
    b.struct("packed", 5, ("a", b.integer("unsigned int", 4), 8 << 24 | 28), flag=True)
    assert make(b).struct("struct packed").fields == (Field("a", UINT32, 3, 8, 4),)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("int", INT32),
        ("unsigned", UINT32),
        ("unsigned long", UINT64),
        ("long unsigned int", UINT64),
        ("_Bool", BOOL),
        ("struct point", POINT),
        ("point_t", POINT),
        ("point", POINT),
        ("struct point *", Pointer(target=POINT)),
        ("struct point**", Pointer(target=Pointer(target=POINT))),
        ("void *", Pointer(target=VOID)),
        ("int[4]", Array(element=INT32, count=4)),
        ("double", None),
        ("struct color", None),
        ("enum point", None),
        ("union point", None),
        ("", None),
        ("everything else", None),
        ("int[x]", None),
    ],
)
def test_types_by_their_spelling(make, name, expected):
    assert make().type(name) == expected


@pytest.mark.parametrize(
    ("c", "debug"),
    [
        ("unsigned long long", "long long unsigned int"),
        ("long long unsigned", "long long unsigned int"),
        ("signed", "int"),
        ("unsigned short int", "short unsigned int"),
        ("unsigned char", "unsigned char"),
        ("char", "char"),
        ("long", "long int"),
        ("size_t", ""),
        ("", ""),
    ],
)
def test_integers_are_found_however_they_are_written(c, debug):
    assert integer_spelling(c) == debug


def test_functions_enumerators_and_tracepoints(make):
    btf = make()
    do_it = btf.function("do_it")
    assert (do_it.parameters, do_it.returns, do_it.module) == (
        (Field("first", Pointer(target=POINT)), Field("count", UINT32, 8)),
        INT32,
        "vmlinux",
    )
    assert btf.functions() == ["do_it", "__probestub_tick"]
    assert btf.enum_constant("NONE") == (-1, btf.type("enum color"))
    assert btf.enum_constant("TOP")[0] == 1 << 63
    assert btf.enum_constant("point") is None
    assert btf.raw_tracepoint("tick") == (Field("ready", BOOL), Field("next", Pointer(target=POINT), 8))
    assert btf.raw_tracepoints() == [("vmlinux", "tick")]
    assert btf.raw_tracepoint("tock") is None
    assert btf.id("func", "do_it") == 1 + [r[4:8] for r in sample().records].index(struct.pack("=I", FUNC << 24 | 1))
    assert btf.id("func", "undo_it") is None
    assert btf.module_of("struct", "point") == "vmlinux"


def test_a_struct_passed_by_value_takes_the_slots_that_it_needs(make):
    b = Builder()
    pair = b.struct("pair", 16, ("a", b.integer("long unsigned int", 8), 0), ("b", 1, 64))
    b.add(FUNC, "f", b.add(FUNC_PROTO, "", 0, "pair", pair, "last", 1, count=2))
    assert [p.offset for p in make(b).function("f").parameters] == [0, 16]


def test_of_structs_with_the_same_name_the_one_of_the_right_size(make):
    b = Builder()
    b.struct("twin", 4, ("small", b.integer("int", 4, 1), 0))
    b.struct("twin", 8, ("large", 1, 32))
    btf = make(b)
    assert [f.name for f in btf.struct("struct twin").fields] == ["small"]
    assert [f.name for f in btf.struct("struct twin", 8).fields] == ["large"]
    assert [f.name for f in btf.struct("struct twin", 99).fields] == ["small"]


def test_a_module_goes_on_where_the_kernel_ends(make):
    base = sample()
    module = Builder(base)
    module.struct("extra", 16, ("at", module.add(PTR, "", 7), 0), ("x", 1, 64))
    module.add(FUNC, "extra_open", module.add(FUNC_PROTO, "", 1, "point", module.first, count=1))
    btf = make(base, extra=module)
    assert btf.modules == ["extra"]
    assert btf.struct("struct extra").fields == (Field("at", Pointer(target=POINT)), Field("x", INT32, 8))
    assert btf.function("extra_open").module == "extra"
    assert btf.module_of("func", "extra_open") == "extra"
    assert btf.id("struct", "extra") == len(base.records) + 2
    assert sorted(btf.functions()) == ["__probestub_tick", "do_it", "extra_open"]
    assert btf.struct("struct point").fields == (Field("x", INT32), Field("y", INT32, 4))


def test_without_a_file_there_is_nothing(tmp_path):
    btf = Btf(str(tmp_path))
    assert (btf.exists, btf.functions(), btf.raw_tracepoints(), btf.modules) == (False, [], [], [])
    assert (
        btf.struct("struct file"),
        btf.type("int"),
        btf.function("f"),
        btf.enum_constant("E"),
        btf.raw_tracepoint("t"),
        btf.id("func", "f"),
    ) == (None,) * 6


def ask_everything(btf):
    for name in [*btf.functions(), "do_it", "nothing"]:
        btf.function(name)
    for name in ("struct everything", "bits", "point_t", "handle_t", "struct extra", "struct nothing"):
        btf.struct(name)
    for name in ("int", "char", "enum color", "enum huge", "point", "__int128", "double", "tag", "jiffies"):
        btf.type(name)
    for name in [*(name for _, name in btf.raw_tracepoints()), "tick"]:
        btf.raw_tracepoint(name)
    for name in ("RED", "TOP", "point"):
        btf.enum_constant(name)
    for blob in btf.blobs():
        for ident in range(blob.first, blob.first + len(blob.starts)):
            blob.type(ident)


def answers_or_tells(path, content, base=None):
    """Whatever the bytes are, there is an answer or a diagnostic that names the file."""
    (path / "vmlinux").write_bytes(base or content)
    if base:
        (path / "extra").write_bytes(content)
    try:
        ask_everything(Btf(str(path)))
    except DiagnosticError as told:
        assert str(path) in str(told) or "which is not known" in str(told)


SAMPLE = sample().bytes()


@given(st.integers(0, len(SAMPLE) - 1))
def test_cut_data_is_told(tmp_path_factory, length):
    folder = tmp_path_factory.getbasetemp() / "cut"
    folder.mkdir(exist_ok=True)
    (folder / "vmlinux").write_bytes(SAMPLE[:length])
    with pytest.raises(DiagnosticError):
        Btf(str(folder)).type("int")


@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_never_crash(tmp_path_factory, changes):
    content = bytearray(SAMPLE)
    for at, byte in changes:
        content[at] = byte
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    answers_or_tells(folder, bytes(content))


@given(st.lists(st.tuples(st.integers(6, len(SAMPLE) // 4 - 1), st.integers(0, 60)), min_size=1, max_size=12), st.booleans())
def test_types_that_refer_to_the_wrong_types_never_crash(tmp_path_factory, changes, split):
    """Small numbers in place of words: cycles, structs that hold themselves, names that are none."""
    content = bytearray(SAMPLE)
    for word, value in changes:
        struct.pack_into("=I", content, 4 * word, value)
    folder = tmp_path_factory.getbasetemp() / f"wrong{split}"
    folder.mkdir(exist_ok=True)
    answers_or_tells(folder, bytes(content), SAMPLE if split else None)


@given(st.binary(max_size=200))
def test_noise_never_crashes(tmp_path_factory, noise):
    folder = tmp_path_factory.getbasetemp() / "noise"
    folder.mkdir(exist_ok=True)
    answers_or_tells(
        folder, struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(noise) // 4 * 4, len(noise) // 4 * 4, len(noise) % 4) + noise
    )


def cycle(kind):
    b = Builder()
    b.integer("int", 4, 1)
    b.add(kind, "loop", 2)
    b.struct("user", 8, ("x", 2, 0))
    return b


@pytest.mark.parametrize("kind", [TYPEDEF, CONST, PTR])
def test_a_type_defined_by_itself_is_told(make, kind):
    with pytest.raises(DiagnosticError, match="defined by itself"):
        make(cycle(kind)).struct("struct user")


def test_a_struct_that_contains_itself_is_told(make):
    b = Builder()
    b.struct("outer", 8, ("a", 2, 0))
    b.struct("", 8, ("a", 3, 0))
    b.add(ARRAY, "", 0, 2, 2, 1)
    with pytest.raises(DiagnosticError, match="defined by itself"):
        make(b).struct("struct outer")


def test_recorded_structs_lead_from_a_task_to_its_page_table(recorded):
    task = fields(recorded.struct("struct task_struct"))
    assert task["comm"].type == Array(element=INT8, count=16)
    assert task["pid"].type == INT32
    mm = task["mm"].type.target
    assert mm.name == "struct mm_struct"
    assert mm.fields is None
    assert mm == recorded.struct(mm.name).replace(fields=None)
    inner = recorded.struct(mm.name).fields[0]
    assert inner.name == ""
    pgd = fields(inner.type)["pgd"]
    assert pgd.type == Pointer(target=Struct(name="pgd_t", size=8))
    assert fields(recorded.struct("pgd_t"))["pgd"].type == UINT64


def test_recorded_structs_of_the_network(recorded):
    ip = fields(recorded.struct("struct iphdr"))
    assert (ip["ihl"].offset, ip["ihl"].bits, ip["ihl"].bit_offset) == (0, 4, 0)
    assert (ip["version"].offset, ip["version"].bits, ip["version"].bit_offset) == (0, 4, 4)
    assert (ip["protocol"].offset, ip["ttl"].offset) == (9, 8)
    address = fields(recorded.struct("struct sockaddr_in"))
    assert (address["sin_family"].offset, address["sin_port"].offset, address["sin_addr"].offset) == (0, 2, 4)
    assert recorded.struct("struct tcphdr").size == 20


def test_recorded_functions_and_tracepoints(recorded):
    read = recorded.function("vfs_read")
    assert [p.name for p in read.parameters] == ["file", "buf", "count", "pos"]
    assert [p.offset for p in read.parameters] == [0, 8, 16, 24]
    assert read.parameters[0].type == Pointer(target=recorded.struct("struct file").replace(fields=None))
    assert read.returns.size == 8 and read.returns.signed
    switch = recorded.raw_tracepoint("sched_switch")
    assert [(p.name, p.offset) for p in switch] == [("preempt", 0), ("prev", 8), ("next", 16), ("prev_state", 24)]
    assert recorded.enum_constant("BPF_FUNC_get_func_ip")[0] == 173
    assert recorded.enum_constant("BPF_FUNC_get_func_ip")[1].name == "enum bpf_func_id"
    assert {"vfs_read", "vfs_write"} <= set(recorded.functions())


@pytest.mark.live
def test_every_type_of_this_kernel_can_be_read():
    btf = Btf("/sys/kernel/btf")
    for blob in btf.blobs():
        blob.walk()
        for ident in range(blob.first, blob.first + len(blob.starts)):
            found = blob.type(ident)
            if isinstance(found, Struct) and blob.kind(ident) == STRUCT:
                assert all(f.offset + (f.bits > 0 or f.type.size) <= found.size for f in blob.fields(ident)), found.name


@pytest.mark.live
def test_this_kernels_tasks():
    """The offset of the member comm is where the kernel keeps it: its own tracepoint says how long it is."""
    host = Host()
    comm = fields(host.btf.struct("struct task_struct"))["comm"].type
    assert comm == next(f.type for f in host.tracefs.format("sched", "sched_switch").fields if f.name == "prev_comm")
    assert ("vmlinux", "sched_switch") in host.btf.raw_tracepoints()
    assert "vfs_read" in host.btf.functions()
