"""The ring buffer's reader: against a program that writes what it is told, and against rings laid out by hand."""

import mmap
import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import ir

from bttui.loader import bpf
from bttui.loader.maps import LoadedMap
from bttui.loader.object import load as load_object
from bttui.loader.ringbuffer import RingBuffer
from bttui.model.program import MapSpec

SIZES = (8, 12, 33, 1000)
BUSY, DISCARD = 1 << 31, 1 << 30


@pytest.fixture(scope="module")
def writer():
    """(program, ring): the program writes a record of size argument 0 that begins with argument 1, or discards it (argument 2)."""
    module = ir.Module()
    ring = module.map("ringbuf", bpf.RINGBUF, 4096)
    lines = []
    for i, name in enumerate(("size", "word", "discard")):
        lines += [f"  %{name}.at = getelementptr i8, ptr %ctx, i64 {8 * i} @@", f"  %{name} = load i64, ptr %{name}.at @@"]
    for size in SIZES:
        lines.append(f"""
  %is{size} = icmp eq i64 %size, {size} @@
  br i1 %is{size}, label %write{size}, label %not{size} @@
write{size}:
  %record{size} = {ir.helper(131, f"ptr {ring}, i64 {size}, i64 0", "ptr")} @@
  %got{size} = icmp ne ptr %record{size}, null @@
  br i1 %got{size}, label %fill{size}, label %out @@
fill{size}:
  store i64 %word, ptr %record{size} @@
  %drop{size} = icmp ne i64 %discard, 0 @@
  br i1 %drop{size}, label %discard{size}, label %submit{size} @@
discard{size}:
  {ir.helper(133, f"ptr %record{size}, i64 1", "void")} @@
  br label %out @@
submit{size}:
  {ir.helper(132, f"ptr %record{size}, i64 1", "void")} @@
  br label %out @@
not{size}:""")
    lines += ["  br label %out @@", "out:", "  ret i32 0 @@"]
    ir.raw_tracepoint(module, "write", "\n".join(lines))
    with load_object(module.program()) as loaded, RingBuffer(loaded.maps["ringbuf"]) as ring:
        yield loaded.programs["write"], ring


@pytest.mark.live
@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(SIZES), st.booleans(), st.integers(1, 9), st.booleans()), max_size=30))
def test_every_record_comes_once_and_in_order(writer, steps):
    program, ring = writer
    ring.drain()
    expected, got, word = [], [], 0
    for size, discard, times, drain in steps:
        for _ in range(times):
            if ring.pending + size + 16 >= ring.size:
                got += ring.drain()
            word += 1
            program.run((size, word, int(discard)))
            if not discard:
                expected.append((size, word))
        if drain:
            got += ring.drain()
    got += ring.drain()
    assert [(len(record), struct.unpack_from("=Q", record)[0]) for record in got] == expected
    assert ring.pending == 0


@pytest.mark.live
def test_long_runs_of_one_size_that_wrap(writer):
    program, ring = writer
    ring.drain()
    word = 0
    for count in (50, 200, 7, 255, 255, 1):
        for _ in range(count):
            program.run((8, word, 0))
            word += 1
        assert ring.drain() == [struct.pack("=Q", number) for number in range(word - count, word)]


def ring_of(*records):
    """A ring in plain memory, read as the kernel's would be; ``records`` are (flags, bytes)."""
    size, page = 4096, mmap.PAGESIZE
    data = b""
    for flags, record in records:
        data += struct.pack("=II", len(record) | flags, 0) + record
        data += bytes(-len(data) % 8)
    fd = os.memfd_create("ring")
    os.truncate(fd, 2 * page + 2 * size)
    os.pwrite(fd, struct.pack("=Q", len(data)), page)
    os.pwrite(fd, data, 2 * page)
    return RingBuffer(LoadedMap(fd, MapSpec("ringbuf", "ringbuf", bpf.RINGBUF, 0, 0, size))), fd


def test_it_stops_at_a_record_that_is_being_written():
    ring, fd = ring_of((0, b"a" * 8), (0, b"b" * 8), (BUSY, b"c" * 8), (0, b"d" * 8))
    assert ring.drain() == [b"a" * 8, b"b" * 8]
    assert ring.drain() == []
    assert ring.pending == 32
    os.pwrite(fd, struct.pack("=I", 8), 2 * mmap.PAGESIZE + 32)
    assert ring.drain() == [b"c" * 8, b"d" * 8]
    ring.close()
    os.close(fd)


def test_a_busy_record_within_a_run():
    ring, fd = ring_of(*[(0, bytes([n]) * 16) for n in range(40)], (BUSY, b"x" * 16), *[(0, b"y" * 16)] * 10)
    assert ring.drain() == [bytes([n]) * 16 for n in range(40)]
    ring.close()
    os.close(fd)


def test_what_was_thrown_away_is_passed_over():
    ring, fd = ring_of((DISCARD, b"a" * 8), (0, b"b" * 5), (DISCARD, b"c" * 100), (DISCARD, b"c" * 100), (0, b""))
    assert ring.drain() == [b"b" * 5, b""]
    assert ring.pending == 0
    ring.close()
    os.close(fd)
