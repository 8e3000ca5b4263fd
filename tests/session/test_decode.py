"""Bytes laid out as the compiler lays them out, and what they mean."""

import struct
from functools import reduce

from hypothesis import given
from hypothesis import strategies as some

from bttui.host.facts import Host
from bttui.loader import bpf
from bttui.loader.maps import LoadedMap
from bttui.model import types
from bttui.model.frame import Symbol
from bttui.model.program import Argument, Attachment, MapSpec, Output, Program
from bttui.session.decode import decoder, map_decoder, records_decoder
from bttui.session.lookup import Lookup

ATTACHMENTS = (Attachment("begin", "", "begin", "p0"), Attachment("interval", "s:1", "interval:s:1", "p1", 1))
PROGRAM = Program(b"", "", (), ATTACHMENTS, (), (), strings=("%H:%M:%S.%f", "SIGKILL"))


def lookup(addresses=lambda map, identity: ()):
    return Lookup(PROGRAM, Host("/nonexistent"), addresses)


def encode(type_, value):
    """The other way round, written as plainly as can be."""
    if isinstance(type_, types.Integer):
        return value.to_bytes(type_.size, "little", signed=type_.signed)
    if isinstance(type_, types.Bool):
        return bytes([value])
    if isinstance(type_, types.String):
        return value.encode("utf-8", "surrogateescape").ljust(type_.size, b"\0")
    if isinstance(type_, types.Buffer):
        return struct.pack("<I", len(value)) + value.ljust(type_.capacity, b"\0")
    if isinstance(type_, types.Array):
        return b"".join(encode(type_.element, item) for item in value)
    laid = bytearray(type_.size)
    places = zip(type_.elements, type_.offsets, value, strict=True)
    for element, offset, item in places:
        laid[offset : offset + element.size] = encode(element, item)
    return bytes(laid)


def integers(size, signed):
    low, high = (-(1 << size * 8 - 1), (1 << size * 8 - 1) - 1) if signed else (0, (1 << size * 8) - 1)
    return some.just(types.Integer(size=size, signed=signed)), some.integers(low, high)


def text_of(size):
    """As much of a text as has room, with its NUL."""
    texts = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=size - 1)
    return texts.map(lambda text: text.encode()[: size - 1].decode(errors="ignore"))


@some.composite
def scalars(draw):
    """A type without parts, and a value of it."""
    kind = draw(some.sampled_from(["integer", "bool", "string", "buffer"]))
    if kind == "integer":
        type_, values = integers(draw(some.sampled_from([1, 2, 4, 8])), draw(some.booleans()))
        return draw(type_), draw(values)
    if kind == "bool":
        return types.BOOL, draw(some.booleans())
    size = draw(some.sampled_from([1, 8, 16, 64]))
    if kind == "string":
        return types.String(size), draw(text_of(size))
    return types.Buffer(capacity=size, size=size + 4), draw(some.binary(max_size=size))


def tuples(parts):
    return some.lists(parts, min_size=1, max_size=4).map(
        lambda pairs: (types.make_tuple(type_ for type_, _ in pairs), tuple(value for _, value in pairs))
    )


@given(some.recursive(scalars(), tuples, max_leaves=12), some.integers(0, 3))
def test_any_value_comes_back(pair, offset):
    type_, value = pair
    data = bytes(offset * 8) + encode(type_, value)
    assert decoder(type_, lookup())(memoryview(data), offset * 8) == value


@given(some.lists(some.integers(-128, 127), min_size=3, max_size=3))
def test_arrays_become_tuples(items):
    assert decoder(types.Array(element=types.INT8, count=3), lookup())(encode(types.Array(element=types.INT8, count=3), items), 0) == tuple(
        items
    )


@given(some.lists(scalars(), min_size=1, max_size=6), some.data())
def test_records_in_any_layout(pairs, data):
    """The compiler moves the longest string to the end, and cuts the record after its last byte."""
    order = data.draw(some.permutations(range(len(pairs))))
    offsets, at = [0] * len(pairs), 8
    for number in order:
        offsets[number] = at = types.align_up(at, pairs[number][0].align)
        at += pairs[number][0].size
    record = bytearray(at)
    for (type_, value), offset in zip(pairs, offsets, strict=True):
        record[offset : offset + type_.size] = encode(type_, value)
    last = order[-1]
    if isinstance(pairs[last][0], types.String):
        del record[offsets[last] + len(pairs[last][1].encode("utf-8", "surrogateescape")) :]
    output = Output(
        "printf",
        arguments=tuple(Argument(type_, offset) for (type_, _), offset in zip(pairs, offsets, strict=True)),
        size=types.align_up(at, 8),
    )
    assert records_decoder(output, lookup())([bytes(record)] * 3) == [tuple(value for _, value in pairs)] * 3


def test_bytes_that_are_no_text_survive():
    assert decoder(types.String(8), lookup())(b"a\xff\xfe\0junk", 0) == "a\udcff\udcfe"


def test_bitfields_and_members_of_structs():
    fields = (
        types.Field("low", types.UINT32, 0, bits=3, bit_offset=0),
        types.Field("signed", types.INT32, 0, bits=4, bit_offset=3),
        types.Field("plain", types.INT16, 4),
    )
    word = 0b101 | (0b1110 << 3) | 0xFFFF0000
    assert decoder(types.Struct("struct s", 8, fields), lookup())(struct.pack("<Ihh", word, -7, 0), 0) == (5, -2, -7)


def test_numbers_that_stand_for_something():
    there = lookup()
    assert decoder(types.ProbeName(), there)(struct.pack("<Q", 1), 0) == "interval:s:1"
    assert decoder(types.Username(), there)(struct.pack("<II", 0, 0), 0) == "root"
    assert decoder(types.MacAddress(), there)(bytes([0, 1, 0xAB, 0xCD, 0xEF, 255]), 0) == "00:01:AB:CD:EF:FF"
    assert decoder(types.Inet(), there)(struct.pack("<Q16s", 2, bytes([127, 0, 0, 1])), 0) == "127.0.0.1"
    assert decoder(types.Inet(), there)(struct.pack("<Q16s", 10, bytes(15) + b"\1"), 0) == "::1"


def test_a_stack_is_read_once_and_an_error_is_no_stack():
    asked = []

    def frames(map, identity):
        asked.append((map, identity))
        return struct.pack("=2Q", 0x1000, 0x2000)

    there = lookup(frames)
    there.kernel_symbol = lambda address: Symbol(address, f"f{address:x}")
    decode = decoder(types.Stack(space="kernel", depth=2), there)
    record = struct.pack("<qQQ", 7, 0, 0)
    assert [symbol.name for symbol in decode(record, 0)] == ["f1000", "f2000"]
    assert decode(record, 0) is decode(record, 0)
    assert asked == [("stacks2", 7)]
    assert decode(struct.pack("<qQQ", -14, 0, 0), 0) == ()


# Maps. CPUS slots each, whatever this machine has.

CPUS = 3


def loaded(value, key=None, kind=bpf.PERCPU_HASH, value_size=8, key_size=4, entries=16):
    map = LoadedMap(-1, MapSpec("@", "m", kind, key_size, value_size, entries, key, value))
    map.stride = map.slot * CPUS if map.per_cpu else map.slot
    return map


def rows(map, keys, values):
    data = b"".join(values)
    assert len(data) == map.stride * len(keys)
    return map_decoder(map, lookup())(len(keys), memoryview(b"".join(keys)), memoryview(data)).rows


def u32(number):
    return struct.pack("<I", number)


def u64(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *[number % (1 << 64) for number in numbers])


per_cpu = some.lists(some.integers(0, 1 << 61), min_size=CPUS, max_size=CPUS)
signed_per_cpu = some.lists(some.integers(-(1 << 60), 1 << 60), min_size=CPUS, max_size=CPUS)
pairs_per_cpu = some.lists(some.tuples(some.integers(-(1 << 40), 1 << 40), some.integers(0, 1 << 40)), min_size=CPUS, max_size=CPUS)


@given(some.dictionaries(some.integers(0, 1 << 31), per_cpu, max_size=20))
def test_counts_of_all_cpus_are_added_up(content):
    map = loaded(types.Count(), types.UINT32)
    assert rows(map, map_keys := [u32(key) for key in content], [u64(*slots) for slots in content.values()]) == [
        (key, sum(slots)) for key, slots in content.items()
    ]
    assert len(map_keys) == len(content)


@given(some.dictionaries(some.integers(0, 100), signed_per_cpu, max_size=20))
def test_signed_sums(content):
    map = loaded(types.Sum(signed=True), types.UINT32)
    values = [u64(*slots) for slots in content.values()]
    assert rows(map, [u32(key) for key in content], values) == [(key, sum(slots)) for key, slots in content.items()]


@given(pairs_per_cpu)
def test_averages_are_total_and_count(slots):
    expected = (sum(total for total, _ in slots), sum(count for _, count in slots))
    for type_ in (types.Average(signed=True), types.Stats(signed=True)):
        map = loaded(type_, types.UINT32, value_size=16)
        assert rows(map, [u32(1)], [b"".join(u64(*slot) for slot in slots)]) == [(1, expected)]


@given(some.lists(some.none() | some.integers(-(1 << 63), (1 << 63) - 1), min_size=CPUS, max_size=CPUS))
def test_only_cpus_that_were_there_have_a_say_in_the_smallest_and_largest(slots):
    value = [b"".join(u64(number or 0, number is not None) for number in slots)]
    seen = [number for number in slots if number is not None] or [0]
    assert rows(loaded(types.Minimum(signed=True), types.UINT32, value_size=16), [u32(1)], value) == [(1, min(seen))]
    assert rows(loaded(types.Maximum(signed=True), types.UINT32, value_size=16), [u32(1)], value) == [(1, max(seen))]


@given(some.dictionaries(some.tuples(some.integers(0, 3), some.integers(0, 65)), per_cpu, max_size=30))
def test_keyed_histograms_are_put_together_from_their_buckets(content):
    map = loaded(types.Histogram(), types.UINT32, key_size=16)
    expected = reduce(
        lambda found, item: {**found, item[0][0]: {**found.get(item[0][0], {}), **({item[0][1]: sum(item[1])} if sum(item[1]) else {})}},
        content.items(),
        {},
    )
    keys = [u32(key) + bytes(4) + u64(bucket) for key, bucket in content]
    assert dict(rows(map, keys, [u64(*slots) for slots in content.values()])) == expected


def test_a_scalar_histogram_is_an_array_of_buckets():
    map = loaded(types.Histogram(), kind=bpf.PERCPU_ARRAY, entries=4)
    keys = [u32(bucket) for bucket in range(4)]
    assert rows(map, keys, [u64(0, 0, 0), u64(1, 2, 3), u64(0, 0, 0), u64(0, 0, 9)]) == [(None, {1: 6, 3: 9})]
    assert rows(map, keys, [u64(0, 0, 0)] * 4) == []


def test_a_scalar_that_nobody_wrote_has_no_row():
    map = loaded(types.Count(), kind=bpf.PERCPU_ARRAY, value_size=16)
    assert rows(map, [u32(0)], [u64(0, 0, 5, 1, 0, 0)]) == [(None, 5)]
    assert rows(map, [u32(0)], [u64(0, 0, 0, 1, 0, 0)]) == [(None, 0)]
    assert rows(map, [u32(0)], [u64(0, 0, 0, 0, 0, 0)]) == []
    plain = loaded(types.INT32, kind=bpf.ARRAY, value_size=16)
    assert rows(plain, [u32(0)], [struct.pack("<iIQ", -3, 0, 1)]) == [(None, -3)]
    assert rows(plain, [u32(0)], [bytes(16)]) == []


def test_scalar_pairs_keep_total_and_count():
    map = loaded(types.Stats(signed=True), kind=bpf.PERCPU_ARRAY, value_size=24)
    assert rows(map, [u32(0)], [u64(-5, 2, 1, 0, 0, 0, 7, 1, 1)]) == [(None, (2, 3))]


def test_plain_values_under_tuple_keys():
    key = types.make_tuple([types.UINT32, types.String(8)])
    map = loaded(types.String(4), key, kind=bpf.HASH, value_size=4, key_size=key.size)
    assert rows(map, [u32(9) + b"one\0\0\0\0\0", u32(8) + b"two\0\0\0\0\0"], [b"abc\0", b"d\0xx"]) == [
        ((9, "one"), "abc"),
        ((8, "two"), "d"),
    ]
