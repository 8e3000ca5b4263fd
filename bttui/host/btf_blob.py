"""One file of BPF Type Format: its records, and what each means.

The format is described in Documentation/bpf/btf.rst and <linux/btf.h>. A blob is a header, then the types one after
another, then their names. A type is known by its position in the sequence, so finding one by number means walking
past those before it: that is done once, as far as needed, and cheaply (no decoding). Names are looked up by searching
the string section and then the type section for the name's offset, which beats an index unless thousands are asked.
"""

import mmap
import os
import struct
from array import array
from bisect import bisect_right

from bttui.model.data import Data
from bttui.model.diagnostic import DiagnosticError, error
from bttui.model.types import CHAR, VOID, Array, Bool, Enum, Field, Integer, Pointer, Struct, Type, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# BTF_KIND_* of <linux/btf.h>
INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC = range(1, 16)
FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(16, 20)
QUALIFIERS = (VOLATILE, CONST, RESTRICT)
MAGIC = 0xEB9F
_DEEPEST = 64  # the kernel refuses chains of more than 32 (MAX_RESOLVE_DEPTH); each step of ours may be two of its
_CHUNK = 1 << 12  # words walked between two looks at whether that was enough


class Function(Data):
    """``parameters``: the offset of each is that of its 8-byte slot. ``module`` is "vmlinux" for the kernel proper.

    A parameter without a name has the name "".
    """

    name: str
    parameters: "tuple[Field, ...]"
    returns: Type
    module: str = "vmlinux"


class _Sizes(dict[int, int]):
    """Words in a record, by its info word: kind in bits 24-28, number of entries in bits 0-15."""

    # In addition to the three that all have: fixed words, and words for each entry.
    _extra = {INT: (1, 0), ARRAY: (3, 0), STRUCT: (0, 3), UNION: (0, 3), ENUM: (0, 2), ENUM64: (0, 3), FUNC_PROTO: (0, 2)}
    _extra |= {VAR: (1, 0), DATASEC: (0, 3), DECL_TAG: (1, 0)}

    def __missing__(self, info: int) -> int:
        kind = info >> 24 & 31
        if not INT <= kind <= ENUM64:
            raise error(f"The kernel's type information has an entry of kind {kind}, which is not known", hint="a newer bttui may know it")
        fixed, each = self._extra.get(kind, (0, 0))
        self[info] = size = 3 + fixed + each * (info & 0xFFFF)
        return size


_sizes = _Sizes()


class Blob:
    """One file: the kernel's, or a module's, whose numbers and strings go on where those of ``base`` end.

    With ``data`` the path is only what it is called.
    """

    def __init__(self, path: str, base: "Blob | None" = None, data: bytes = b"") -> None:
        self.path = path
        self.module = os.path.basename(path)
        self.base = base
        contents = data or _contents(path)
        try:
            magic, version, _flags, header, types, types_size, strings, strings_size = struct.unpack_from("=HBBIIIII", contents)
        except struct.error:
            raise self._damaged("it is too short") from None
        if magic != MAGIC or version != 1:
            raise self._damaged("it does not begin as BTF of this machine does")
        self.data = contents
        self.begin, self.end = header + types, header + types + types_size
        self.strings = header + strings
        self.strings_end = self.strings + strings_size
        if (
            self.end > len(contents)
            or self.strings_end > len(contents)
            or types_size % 4
            or (strings_size and contents[self.strings_end - 1])
        ):
            raise self._damaged("its sections do not fit")
        self.words = memoryview(contents)[self.begin : self.end].cast("I")
        self.starts = array("I")  # where the records begin, in words, as far as walked
        self.walked = 0
        self.first_string: int = base.first_string + base.strings_end - base.strings if base else 0
        self._types: dict[int, Type] = {}

    @property
    def first(self) -> int:
        """The number of the first type (0 is void)."""
        if self.base is None:
            return 1
        self.base.walk()
        return self.base.first + len(self.base.starts)

    def _damaged(self, what: str) -> DiagnosticError:
        return error(f"Cannot use the type information in {self.path}: {what}")

    def walk(self, records: int = 1 << 32, word: int = -1) -> None:
        """Find where records begin until so many are known and ``word`` is passed, or to the end."""
        starts, words, sizes, at = self.starts, self.words, _sizes, self.walked
        append, last = starts.append, len(words) - 2
        while at < last and (len(starts) < records or at <= word):
            stop = min(last, at + _CHUNK)
            while at < stop:
                append(at)
                at += sizes[words[at + 1]]
        if at > len(words) or last <= at < len(words):
            raise self._damaged("its last entry is cut")
        self.walked = at

    def find(self, kinds: "tuple[int, ...]", name: str) -> "Iterator[int]":
        """The numbers of the types of one of the kinds with this name."""
        for word in self._words_equal_to(name):
            if word + 2 < len(self.words) and self.words[word + 1] >> 24 & 31 in kinds:
                index = self._record(word)
                if self.starts[index] == word:
                    yield self.first + index

    def of_kind(self, kind: int) -> "list[int]":
        """The numbers of all types of a kind."""
        self.walk()
        words, first = self.words, self.first
        return [i for i, at in enumerate(self.starts, first) if words[at + 1] >> 24 & 31 == kind]

    def _words_equal_to(self, name: str) -> "Iterator[int]":
        """Positions in the type section where the name is mentioned (or where a number happens to look like it)."""
        for offset in self._string_offsets(name.encode("utf-8", "surrogateescape")):
            mention = struct.pack("=I", offset)
            at = self.data.find(mention, self.begin, self.end)
            while at >= 0:
                if not (at - self.begin) & 3:
                    yield (at - self.begin) >> 2
                at = self.data.find(mention, at + 1, self.end)

    def _string_offsets(self, name: bytes) -> "Iterator[int]":
        if not name:
            return
        if self.base:
            yield from self.base._string_offsets(name)
        text = name + b"\0"
        at = self.data.find(text, self.strings, self.strings_end)
        while at >= 0:
            if at == self.strings or not self.data[at - 1]:
                yield at - self.strings + self.first_string
            at = self.data.find(text, at + 1, self.strings_end)

    def _record(self, word: int) -> int:
        """The index of the record that this word is part of."""
        self.walk(0, word)
        return bisect_right(self.starts, word) - 1

    def string(self, offset: int) -> str:
        if self.base and offset < self.first_string:
            return self.base.string(offset)
        at = self.strings + offset - self.first_string
        if not self.strings <= at < self.strings_end:
            raise self._damaged("a name lies outside of it")
        return self.data[at : self.data.find(b"\0", at)].decode("utf-8", "surrogateescape")

    def _at(self, ident: int) -> "tuple[Blob, int]":
        """The blob that has this type, and the position of its record in words."""
        if self.base and ident < self.first:
            return self.base._at(ident)
        index = ident - self.first
        if len(self.starts) <= index:
            self.walk(index + 1)
        if not 0 <= index < len(self.starts):
            raise self._damaged(f"type {ident} is not in it")
        return self, self.starts[index]

    def kind(self, ident: int) -> int:
        """0 for void."""
        return self.info(ident) >> 24 & 31 if ident else 0

    def info(self, ident: int) -> int:
        """The kind in bits 24-28, the number of entries in bits 0-15, a flag in bit 31."""
        blob, at = self._at(ident)
        return blob.words[at + 1]

    def entries(self, ident: int) -> "list[int]":
        """The words after the three that every type has: members, parameters, enumerators, what an array is of."""
        blob, at = self._at(ident)
        return blob.words[at + 3 : at + _sizes[blob.words[at + 1]]].tolist()

    def name(self, ident: int) -> str:
        blob, at = self._at(ident)
        return blob.string(blob.words[at])

    def target(self, ident: int) -> int:
        """What a pointer, typedef or qualifier is about: the word that is a size in other kinds."""
        blob, at = self._at(ident)
        return blob.words[at + 2]

    def behind(self, ident: int) -> int:
        """The type behind typedefs, qualifiers and tags."""
        for _ in range(_DEEPEST):
            if self.kind(ident) not in (*QUALIFIERS, TYPEDEF, TYPE_TAG):
                return ident
            ident = self.target(ident)
        raise self._damaged("a type is defined by itself")

    def function(self, ident: int) -> Function:
        parameters, returns = self.prototype(self.target(ident))
        return Function(self.name(ident), parameters, returns, self.module)

    def prototype(self, ident: int) -> "tuple[tuple[Field, ...], Type]":
        """Parameters and returned type of a function type or a pointer to one."""
        if self.kind(ident) == PTR:
            ident = self.behind(self.target(ident))
        if self.kind(ident) != FUNC_PROTO:
            raise self._damaged(f"type {ident} is not a function's")
        blob, _ = self._at(ident)
        entries = blob.entries(ident)
        parameters, offset = [], 0
        for name, type_ in zip(entries[::2], entries[1::2], strict=True):
            if type_ or name:  # the "..." of variable arguments has neither
                resolved = blob.type(type_)
                parameters.append(Field(blob.string(name), resolved, offset))
                offset += max(8, resolved.size + 7 & ~7)
        return tuple(parameters), blob.type(blob.target(ident))

    def type(self, ident: int, depth: int = 0) -> Type:
        """The type as the language sees it. A struct with a name comes without its fields."""
        if not ident:
            return VOID
        if self.base and ident < self.first:
            return self.base.type(ident, depth)
        known = self._types.get(ident)
        if known is None:
            if depth > _DEEPEST:
                raise self._damaged("a type is defined by itself")
            known = self._types[ident] = self._decode(ident, depth + 1)
        return known

    def _decode(self, ident: int, depth: int) -> Type:
        _, at = self._at(ident)
        name, info, size = self.words[at : at + 3].tolist()
        kind = info >> 24 & 31
        if kind == PTR:
            return self._pointer(size, depth)
        if kind in (STRUCT, UNION):
            if name:
                return Struct(name=f"{'struct' if kind == STRUCT else 'union'} {self.string(name)}", size=size)
            return Struct(name="", size=size, fields=self.fields(ident, depth))
        if kind == TYPEDEF:
            target = self.type(size, depth)
            if isinstance(target, Struct) and not target.name:
                return Struct(name=self.string(name), size=target.size)
            if isinstance(target, Enum) and not target.name:
                return target.replace(name=self.string(name))
            return target
        if kind in (*QUALIFIERS, TYPE_TAG):
            return self.type(size, depth)
        if kind == INT:
            return _integer(self.string(name), size, self.entries(ident)[0] >> 24)
        if kind == ARRAY:
            element, _index, count = self.entries(ident)
            found = self.type(element, depth)
            if isinstance(found, Integer) and found.name == "char":
                found = CHAR  # text, whatever the sign of char is on this machine
            return Array(element=found, count=count)
        if kind in (ENUM, ENUM64):
            return self._enum(ident)
        if kind == FWD:
            return Struct(name=f"{'union' if info >> 31 else 'struct'} {self.string(name)}")
        if kind == FLOAT:
            return Void(size=size)
        return VOID

    def _pointer(self, target: int, depth: int) -> Pointer:
        space = ""
        for _ in range(_DEEPEST):
            kind = self.kind(target)
            if kind == TYPE_TAG and self.name(target) == "user":  # BTF_TYPE_TAG(user), include/linux/compiler_types.h
                space = "user"
            elif kind not in (*QUALIFIERS, TYPE_TAG):
                return Pointer(target=self.type(target, depth), space=space)
            target = self.target(target)
        raise self._damaged("a type is defined by itself")

    def _enum(self, ident: int) -> Enum:
        name, signed, entries = self.name(ident), bool(self.info(ident) >> 31), self.entries(ident)
        if self.kind(ident) == ENUM:
            names, values, limit = entries[::2], entries[1::2], 1 << 32
        else:
            names, limit = entries[::3], 1 << 64
            values = [low | high << 32 for low, high in zip(entries[1::3], entries[2::3], strict=True)]
        if signed:
            values = [v - limit if v >= limit >> 1 else v for v in values]
        members = tuple(zip(map(self.string, names), values, strict=True))
        return Enum(name=f"enum {name}" if name else "", size=self.target(ident), signed=signed, members=members)

    def fields(self, ident: int, depth: int = 0) -> "tuple[Field, ...]":
        """The members of a struct or union."""
        blob, _ = self._at(ident)
        if blob is not self:
            return blob.fields(ident, depth)
        flag, entries = self.info(ident) >> 31, self.entries(ident)
        fields = []
        for name, type_, place in zip(entries[::3], entries[1::3], entries[2::3], strict=True):
            bits = 0
            if flag:  # the place holds a bitfield's size, too
                bits, place = place >> 24, place & 0xFFFFFF
            elif place & 7:
                bits = self._integer_bits(type_)
            resolved = self.type(type_, depth)
            if not bits:
                fields.append(Field(self.string(name), resolved, place >> 3))
                continue
            unit = 8 * (resolved.size or 4)
            offset = place // unit * (unit >> 3)
            if place - 8 * offset + bits > unit:  # packed across two units
                offset = place >> 3
            fields.append(Field(self.string(name), resolved, offset, bits, place - 8 * offset))
        return tuple(fields)

    def _integer_bits(self, ident: int) -> int:
        ident = self.behind(ident)
        if self.kind(ident) != INT:
            return 8 * self.type(ident).size
        return self.entries(ident)[0] & 0xFF

    def enum_constant(self, name: str) -> "tuple[int, Enum] | None":
        for word in self._words_equal_to(name):
            index = self._record(word)
            at = self.starts[index] if index >= 0 else word
            info = self.words[at + 1] if word - at >= 3 else 0
            each = {ENUM: 2, ENUM64: 3}.get(info >> 24 & 31)
            if each and not (word - at - 3) % each:
                enum = self.type(self.first + index)
                assert isinstance(enum, Enum)
                return enum.members[(word - at - 3) // each][1], enum
        return None


def _integer(name: str, size: int, encoding: int) -> Type:
    if encoding & 4:  # BTF_INT_BOOL
        return Bool() if size == 1 else Integer(size=size, name=name)
    if size not in (1, 2, 4, 8):
        return Void(size=size)  # __int128: the language has no word for it
    return Integer(size=size, signed=bool(encoding & 1), name=name)


def _contents(path: str) -> "bytes | mmap.mmap":
    """The whole file: mapped where the kernel lets us (sysfs files since Linux 6.16, private mappings only), else read."""
    try:
        with open(path, "rb", buffering=0) as file:
            try:
                return mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
            except (OSError, ValueError):
                return file.readall()
    except OSError as problem:
        raise error(f"Cannot read the kernel's type information: {path}: {problem.strerror}", hint="run as root") from None
