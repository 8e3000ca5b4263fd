"""Reading and changing maps: in batches where the kernel can, key by key where it cannot.

A value of a per-CPU map is one slot for each possible CPU, in order, each padded to 8 bytes.
"""

import ctypes
import errno
import struct

from bttui.loader import bpf
from bttui.loader.libbpf import possible_cpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.model.program import MapSpec

_FIRST_BATCH = 4096
_NO_BATCH = (errno.EINVAL, errno.EOPNOTSUPP, 524)  # 524 is the kernel's own ENOTSUPP
_ANY, _EXIST = 0, 2


class LoadedMap:
    """A map in the kernel. ``stride`` is how many bytes a value takes here: all CPUs' slots together, where per CPU."""

    def __init__(self, fd: int, spec: "MapSpec"):
        self.fd = fd
        self.spec = spec
        self.per_cpu = spec.bpf_type in bpf.PERCPU_TYPES
        self.slot = -(-spec.value_size // 8) * 8 if self.per_cpu else spec.value_size
        self.stride = self.slot * possible_cpus() if self.per_cpu else spec.value_size
        self.batches = True
        self.entries = 0  # as last read: the next read makes room for as many at once

    def __repr__(self) -> str:
        return f"LoadedMap({self.spec.name!r}, fd={self.fd})"


def columns(map: LoadedMap) -> "tuple[int, memoryview, memoryview]":
    """(entries, keys, values): the whole map as two flat byte views, entry i at i * key_size and i * stride.

    Keys written meanwhile may or may not be there; none comes twice.
    """
    if map.batches:
        try:
            return _read_batches(map, bpf.MAP_LOOKUP_BATCH)
        except OSError as reason:
            if reason.errno not in _NO_BATCH:
                raise
            map.batches = False
    return _read_singly(map)


def read(map: LoadedMap) -> "list[tuple[bytes, memoryview]]":
    """All (key, value) pairs; the values share one buffer that nothing else writes to."""
    count, keys, values = columns(map)
    key_size, stride = map.spec.key_size, map.stride
    all_keys = keys.tobytes()
    return [(all_keys[i * key_size : (i + 1) * key_size], values[i * stride : (i + 1) * stride]) for i in range(count)]


def _read_batches(map: LoadedMap, command: int) -> "tuple[int, memoryview, memoryview]":
    key_size, stride = map.spec.key_size, map.stride
    # One more than can be there: the kernel then says in the same call that this was all.
    capacity = min(map.spec.max_entries, max(_FIRST_BATCH, map.entries + map.entries // 4)) + 1
    keys, values = bytearray(capacity * key_size), bytearray(capacity * stride)
    # The position is the kernel's business: a bucket number or a key.
    position = ctypes.create_string_buffer(max(key_size, 8))
    started, done = False, 0
    while True:
        room = capacity - done
        key_buffer = (ctypes.c_char * (room * key_size)).from_buffer(keys, done * key_size)
        value_buffer = (ctypes.c_char * (room * stride)).from_buffer(values, done * stride)
        attributes = bpf.pack(
            "QQQQIIQQ",
            *(bpf.address(position) if started else 0, bpf.address(position), bpf.address(key_buffer), bpf.address(value_buffer)),
            *(room, map.fd, 0, 0),
        )
        ended = full = False
        try:
            bpf.bpf(command, attributes)
        except FileNotFoundError:
            ended = True
        except OSError as reason:
            if reason.errno != errno.ENOSPC:
                raise
            full = True  # the next bucket holds more entries than there is room for
        finally:
            del key_buffer, value_buffer  # or the bytearrays cannot grow
        got = struct.unpack_from("=I", attributes, 32)[0] if not full else 0
        started = started or not full
        done += got
        if ended:
            map.entries = done
            return done, memoryview(keys)[: done * key_size], memoryview(values)[: done * stride]
        if full or done == capacity:
            capacity *= 2
            keys.extend(bytes(capacity * key_size - len(keys)))
            values.extend(bytes(capacity * stride - len(values)))


def _keys(map: LoadedMap) -> "list[bytes]":
    """All keys, one call each. A key deleted under our feet makes the kernel start over: seen keys end the walk."""
    key_size = map.spec.key_size
    current, following = ctypes.create_string_buffer(key_size), ctypes.create_string_buffer(key_size)
    attributes = bpf.pack("I4xQQQ", map.fd, 0, bpf.address(following), 0)
    found: "dict[bytes, None]" = {}
    while True:
        try:
            bpf.bpf(bpf.MAP_GET_NEXT_KEY, attributes)
        except FileNotFoundError:
            return list(found)
        key = following.raw
        if key in found:
            return list(found)
        found[key] = None
        current.raw = key
        struct.pack_into("=Q", attributes, 8, bpf.address(current))


def _read_singly(map: LoadedMap) -> "tuple[int, memoryview, memoryview]":
    keys, values = bytearray(), bytearray()
    count = 0
    for key in _keys(map):
        value = lookup(map, key)
        if value is not None:
            keys += key
            values += value
            count += 1
    return count, memoryview(keys), memoryview(values)


def _element(map: LoadedMap, command: int, key: bytes, value: "Any" = None, flags: int = 0) -> None:
    if len(key) != map.spec.key_size:
        raise ValueError(f"a key of {map.spec.name} has {map.spec.key_size} bytes, not {len(key)}")
    held = ctypes.create_string_buffer(key, max(len(key), 1))
    bpf.bpf(command, bpf.pack("I4xQQQ", map.fd, bpf.address(held), bpf.address(value), flags))


def lookup(map: LoadedMap, key: bytes) -> "bytes | None":
    """The value (all slots, where per CPU), or None where the key is not there."""
    value = ctypes.create_string_buffer(map.stride)
    try:
        _element(map, bpf.MAP_LOOKUP_ELEM, key, value)
    except FileNotFoundError:
        return None
    return value.raw


def update(map: LoadedMap, key: bytes, value: bytes) -> None:
    """Set a key. One slot given for a per-CPU map goes to the first CPU, the others become 0."""
    if len(value) > map.stride:
        raise ValueError(f"a value of {map.spec.name} has {map.stride} bytes, not {len(value)}")
    _element(map, bpf.MAP_UPDATE_ELEM, key, ctypes.create_string_buffer(value, map.stride))


def delete(map: LoadedMap, key: bytes) -> bool:
    """Whether the key was there."""
    try:
        _element(map, bpf.MAP_DELETE_ELEM, key)
    except FileNotFoundError:
        return False
    return True


def clear(map: LoadedMap) -> None:
    """Delete every key; the entries of an array become 0."""
    if map.spec.bpf_type in bpf.ARRAY_TYPES:
        zero(map)
        return
    if map.batches:
        try:
            _read_batches(map, bpf.MAP_LOOKUP_AND_DELETE_BATCH)
            return
        except OSError as reason:
            if reason.errno not in _NO_BATCH:
                raise
    for key in _keys(map):
        delete(map, key)


def zero(map: LoadedMap) -> None:
    """Set every value to 0; keys stay. A key that a program deletes meanwhile stays deleted."""
    count, keys, _ = columns(map)
    key_size = map.spec.key_size
    flags = _ANY if map.spec.bpf_type in bpf.ARRAY_TYPES else _EXIST
    zeros = ctypes.create_string_buffer(map.stride)
    for i in range(count):
        try:
            _element(map, bpf.MAP_UPDATE_ELEM, keys[i * key_size : (i + 1) * key_size].tobytes(), zeros, flags)
        except FileNotFoundError:
            continue
