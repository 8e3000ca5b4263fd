"""Maps that the test fills itself, on the running kernel."""

import struct

import pytest
from loader import ir

from bttui.loader import bpf, maps
from bttui.loader.libbpf import possible_cpus
from bttui.loader.object import load as load_object

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def loaded():
    module = ir.Module()
    module.map("@hash", bpf.HASH, 20000, 12, 20)
    module.map("@lru", bpf.LRU_HASH, 20000, 8, 8)
    module.map("@percpu", bpf.PERCPU_HASH, 20000, 4, 12)
    module.map("@array", bpf.ARRAY, 5, 4, 12)
    module.map("@percpu_array", bpf.PERCPU_ARRAY, 1, 4, 16)
    module.map("stacks", bpf.STACK_TRACE, 64, 4, 1016)
    module.variable("disabled", value=0)
    module.variable("limit", ".data", 1234)
    ir.raw_tracepoint(module, "raw", "  ret i32 0 @@")
    with load_object(module.program()) as loaded:
        yield loaded


@pytest.fixture(params=[True, False], ids=["batch", "single"])
def batches(request, loaded):
    for map in loaded.maps.values():
        map.batches = request.param


def key(map, number):
    return number.to_bytes(map.spec.key_size, "little")


@pytest.mark.parametrize("name", ["@hash", "@lru", "@percpu"])
@pytest.mark.parametrize("entries", [0, 1, 9000])
def test_every_entry_is_read_once(loaded, batches, name, entries):
    map = loaded.maps[name]
    maps.clear(map)
    map.entries = 0
    for number in range(entries):
        maps.update(map, key(map, number), struct.pack("=Q", number * 3))
    expected = [(key(map, number), struct.pack("=Q", number * 3).ljust(map.stride, b"\0")) for number in range(entries)]
    assert sorted((k, bytes(v)) for k, v in maps.read(map)) == sorted(expected)
    maps.clear(map)
    assert maps.read(map) == []


def test_per_cpu_slots_keep_their_cpus(loaded):
    map = loaded.maps["@percpu"]
    assert (map.slot, map.stride) == (16, 16 * possible_cpus())
    value = b"".join(struct.pack("=QII", cpu + 1, cpu + 2, 0) for cpu in range(possible_cpus()))
    maps.update(map, key(map, 1), value)
    assert maps.lookup(map, key(map, 1)) == value
    maps.clear(map)


@pytest.mark.parametrize("name", ["@array", "@percpu_array"])
def test_an_array_always_has_all_its_entries(loaded, batches, name):
    map = loaded.maps[name]
    size = map.spec.max_entries
    for number in range(size):
        maps.update(map, key(map, number), bytes([number + 1]) * map.stride)
    read = [(k, bytes(v)) for k, v in maps.read(map)]
    # The kernel keeps what the padding of a slot held or clears it; only the value itself is ours.
    assert [(k, v[: map.spec.value_size]) for k, v in read] == [(key(map, n), bytes([n + 1]) * map.spec.value_size) for n in range(size)]
    maps.clear(map)
    assert [bytes(v) for _, v in maps.read(map)] == [bytes(map.stride)] * size


def test_zero_keeps_keys(loaded):
    map = loaded.maps["@hash"]
    maps.clear(map)
    maps.update(map, key(map, 4), b"x" * 20)
    maps.zero(map)
    assert maps.read(map) == [(key(map, 4), bytes(20))]
    maps.clear(map)


def test_one_key(loaded):
    map = loaded.maps["@hash"]
    maps.update(map, key(map, 4), b"a" * 20)
    assert maps.lookup(map, key(map, 4)) == b"a" * 20
    assert maps.delete(map, key(map, 4))
    assert not maps.delete(map, key(map, 4))
    assert maps.lookup(map, key(map, 4)) is None
    with pytest.raises(ValueError, match="a key of @hash has 12 bytes, not 1"):
        maps.lookup(map, b"x")


def test_global_variables_are_maps(loaded):
    assert maps.lookup(loaded.maps[".bss"], bytes(4))[:4] == bytes(4)
    assert struct.unpack("=I", maps.lookup(loaded.maps[".data"], bytes(4))[:4]) == (1234,)


def test_a_map_without_batches_is_read_all_the_same(loaded):
    map = loaded.maps["stacks"]
    assert maps.read(map) == []
