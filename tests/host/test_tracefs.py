import os

import pytest

from bttui.host.btf import Btf
from bttui.host.facts import Host
from bttui.host.tracefs import TraceFs
from bttui.model.types import (
    BOOL,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    VOID,
    Array,
    Enum,
    Field,
    Integer,
    Pointer,
    Struct,
)

RECORDED = os.path.join(os.path.dirname(__file__), "..", "facts", "6.18")

COMMON = """\
name: {name}
ID: 372
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

"""


@pytest.fixture
def recorded():
    return Host(RECORDED).tracefs


@pytest.fixture
def read(tmp_path):
    """The field that a format file with this line describes, on a kernel without type information."""

    def read(line, subsystem="x"):
        folder = tmp_path / "events" / subsystem / "y"
        folder.mkdir(parents=True)
        (folder / "format").write_text(COMMON.format(name="y") + f'\tfield:{line}\n\nprint fmt: "%s", REC->a\n')
        (found,) = TraceFs(str(tmp_path), Btf(str(tmp_path))).format(subsystem, "y").fields
        return found

    return read


def test_a_scheduler_switch(recorded):
    found = recorded.format("sched", "sched_switch")
    comm = Array(element=INT8, count=16)
    assert (found.id, found.size) == (372, 64)
    assert found.fields == (
        Field("prev_comm", comm, 8),
        Field("prev_pid", INT32, 24),
        Field("prev_prio", INT32, 28),
        Field("prev_state", INT64, 32),
        Field("next_comm", comm, 40),
        Field("next_pid", INT32, 56),
        Field("next_prio", INT32, 60),
    )
    assert found.declarations == (
        "char prev_comm[16]",
        "pid_t prev_pid",
        "int prev_prio",
        "long prev_state",
        "char next_comm[16]",
        "pid_t next_pid",
        "int next_prio",
    )


def test_system_calls_have_arguments_of_8_bytes_and_users_pointers(recorded):
    by_name = {f.name: f for f in recorded.format("syscalls", "sys_enter_openat").fields}
    assert by_name["__syscall_nr"] == Field("__syscall_nr", INT32, 8)
    assert by_name["dfd"] == Field("dfd", UINT64, 16)
    assert by_name["filename"].type.space == "user"
    assert by_name["filename"].type.target.name == "char"
    assert by_name["mode"] == Field("mode", UINT64, 40)
    assert recorded.format("syscalls", "sys_exit_openat").fields[-1] == Field("ret", INT64, 16)
    assert recorded.format("raw_syscalls", "sys_enter").fields[-1] == Field("args", Array(element=UINT64, count=6), 16)
    assert recorded.format("raw_syscalls", "sys_enter").size == 64


def test_types_that_a_format_only_names_come_from_the_kernels_own(recorded):
    timespec = next(f for f in recorded.format("syscalls", "sys_enter_ppoll").fields if f.name == "tsp").type
    assert timespec.target.name == "struct __kernel_timespec"
    state = next(f for f in recorded.format("xfs", "xfs_iext_insert").fields if f.name == "state").type
    assert state == Enum(name="xfs_exntst_t", members=(("XFS_EXT_NORM", 0), ("XFS_EXT_UNWRITTEN", 1)))
    reason = next(f for f in recorded.format("skb", "kfree_skb").fields if f.name == "reason").type
    assert reason.name == "enum skb_drop_reason"
    assert ("SKB_NOT_DROPPED_YET", 0) in reason.members


def test_places_that_vary(recorded):
    by_name = {f.name: f for f in recorded.format("sched", "sched_process_exec").fields}
    assert by_name["filename"] == Field("filename", Array(element=INT8, count=0), 8, data_location=True)
    by_name = {f.name: f for f in recorded.format("dma", "dma_map_sg").fields}
    assert by_name["phys_addrs"] == Field("phys_addrs", Array(element=UINT64, count=0), 24, data_location=True)
    assert "__data_loc u64[] phys_addrs" in recorded.format("dma", "dma_map_sg").declarations


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("char c;	offset:8;	size:1;	signed:0;", Integer(size=1)),
        ("signed char c;	offset:8;	size:1;	signed:1;", INT8),
        ("unsigned short s;	offset:8;	size:2;	signed:0;", UINT16),
        ("s16 s;	offset:8;	size:2;	signed:1;", INT16),
        ("bool b;	offset:8;	size:1;	signed:0;", BOOL),
        ("bool b;	offset:8;	size:8;	signed:0;", UINT64),
        ("some_t s;	offset:8;	size:4;	signed:0;", UINT32),
        ("const int i;	offset:8;	size:4;	signed:1;", INT32),
        ("enum nobody_knows e;	offset:8;	size:4;	signed:0;", UINT32),
        ("char name[32];	offset:8;	size:32;	signed:0;", Array(element=INT8, count=32)),
        ("char comm[TASK_COMM_LEN];	offset:8;	size:16;	signed:0;", Array(element=INT8, count=16)),
        ("u8 mac[6];	offset:8;	size:6;	signed:0;", Array(element=UINT8, count=6)),
        ("long delta[3];	offset:8;	size:24;	signed:1;", Array(element=INT64, count=3)),
        ("some_t list[4];	offset:8;	size:8;	signed:0;", Array(element=UINT16, count=4)),
        ("unsigned long list[];	offset:8;	size:0;	signed:0;", Array(element=UINT64, count=0)),
        ("struct thing s;	offset:8;	size:24;	signed:0;", Array(element=UINT8, count=24)),
        ("void * p;	offset:8;	size:8;	signed:0;", Pointer(target=VOID)),
        ("const void *const p;	offset:8;	size:8;	signed:0;", Pointer(target=VOID)),
        ("void __seg_gs * p;	offset:8;	size:8;	signed:0;", Pointer(target=VOID)),
        ("struct thing * p;	offset:8;	size:8;	signed:0;", Pointer(target=Struct(name="struct thing"))),
        ("const char *const * p;	offset:8;	size:8;	signed:0;", Pointer(target=Pointer(target=UINT8))),
        ("unsigned int * p;	offset:8;	size:8;	signed:0;", Pointer(target=UINT32)),
    ],
)
def test_fields_on_a_kernel_without_type_information(read, line, expected):
    found = read(line)
    assert (found.type, found.offset, found.data_location) == (expected, 8, False)


def test_an_old_format_does_not_say_the_sign(read):
    assert read("int fd;	offset:8;	size:4;").type == UINT32


def test_events_are_those_that_can_be_traced(recorded):
    events = recorded.events()
    assert events == sorted(events)
    assert ("sched", "sched_switch") in events
    assert recorded.id("sched", "sched_switch") == 372


@pytest.mark.parametrize(
    "name",
    [("sched", "nothing"), ("nothing", "at_all"), ("sched", ""), ("", ""), ("..", "events"), ("sched/sched_switch", "x"), ("a\0b", "c")],
)
def test_what_is_no_tracepoint(recorded, name):
    assert recorded.format(*name) is None
    assert recorded.id(*name) is None


def test_without_a_mount_there_is_nothing(tmp_path):
    tracefs = Host(str(tmp_path)).tracefs
    assert (tracefs.exists, tracefs.events(), tracefs.format("sched", "sched_switch")) == (False, [], None)


@pytest.mark.live
def test_every_tracepoint_of_this_kernel():
    """Fields lie within their record one after another, and none has a size that differs from what the kernel says."""
    tracefs = Host().tracefs
    assert len(tracefs.events()) > 100
    for subsystem, event in tracefs.events():
        found = tracefs.format(subsystem, event)
        assert found.id == tracefs.id(subsystem, event)
        end = 8
        with open(f"{tracefs.path}/events/{subsystem}/{event}/format") as file:
            sizes = [int(line.split("size:")[1].split(";")[0]) for line in file if line.startswith("\tfield:") and " common_" not in line]
        for field, size in zip(found.fields, sizes, strict=True):
            assert field.offset >= end, (event, field)
            end = field.offset + size
            if not field.data_location:
                assert field.type.size == size or isinstance(field.type, Enum), (event, field)
        assert found.size == max(end, found.size)
