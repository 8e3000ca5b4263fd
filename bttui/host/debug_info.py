"""Debugging information of programs and libraries (DWARF 4 and 5): the file that has it, opened for pyelftools.

What is read from it has its own modules; this one imports pyelftools when the first file is opened.
"""

import io
import re
from bisect import bisect_right
from contextlib import contextmanager, suppress
from functools import cached_property
from struct import Struct

from bttui.model.diagnostic import DiagnosticError, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.host.elf import Elf, Section

# Sections as pyelftools names them, without their dot.
SECTIONS = (
    "debug_info debug_aranges debug_abbrev debug_frame eh_frame debug_str debug_loc debug_ranges debug_line debug_pubtypes"
    " debug_pubnames debug_addr debug_str_offsets debug_line_str debug_loclists debug_rnglists debug_sup gnu_debugaltlink debug_types"
).split()
_MACHINES = {62: "x64", 183: "AArch64", 3: "x86", 40: "ARM"}  # EM_* of <elf.h>, in the words of pyelftools
_SHT_NOBITS, _SHF_COMPRESSED = 8, 0x800
_ELFCOMPRESS_ZLIB, _ELFCOMPRESS_ZSTD = 1, 2  # <elf.h>
_ZSTD = "libzstd.so.1"
_CHUNK = 1 << 20
_MOST_IN_MEMORY = 1 << 25  # bytes of a section; of larger ones, what is asked for is read
_MOST_UNPACKED = 1 << 31  # bytes of a compressed section
_MOST_MENTIONS = 64  # places of a text among the strings; of one with more, all units are read
_PLACE = 40  # bits of the place of an entry that are its offset
_SHARED = 1 << 20  # the number of the part that several programs share


class Part:
    """The units of one file, or of one entry of a .dwp package; ``number`` tells the parts of a DebugInfo apart."""

    def __init__(self, dwarf: "Any", number: int, file: "Elf"):
        self.dwarf, self.number, self.file = dwarf, number, file
        self.mentions = Mentions(self)
        self.shared: "list[Part]" = []  # those whose strings its entries have, too

    @cached_property
    def unit_offsets(self) -> "list[int]":
        """Where the units begin in .debug_info, in order."""
        stream, size = self.dwarf.debug_info_sec.stream, self.dwarf.debug_info_sec.size
        offsets, at = [], 0
        while at + 12 <= size:
            stream.seek(at)
            head = stream.read(12)
            length, width = self.unpack("I", head, 0), 4
            if length == 0xFFFFFFFF:  # the 64-bit format
                length, width = self.unpack("Q", head, 4), 12
            if length:  # linkers pad with zeros
                offsets.append(at)
            at += width + length
        return offsets

    def unit_of(self, place: int) -> "Any":
        """The unit that this offset in .debug_info is in."""
        return self.unit(self.unit_offsets[bisect_right(self.unit_offsets, place) - 1])

    def unit(self, offset: int) -> "Any":
        unit = self.dwarf.get_CU_at(offset)
        if unit["unit_length"] > self.dwarf.debug_info_sec.size:
            raise ValueError("a unit is longer than its section")
        return unit

    def unpack(self, form: str, content: bytes, at: int) -> int:
        return self.file.layout({1: form, 2: form}).unpack_from(content, at)[0]

    @cached_property
    def type_units(self) -> "dict[int, int]":
        """{signature: offset} of those in .debug_info, where DWARF 5 has them."""
        found = {}
        for offset in self.unit_offsets:
            unit = self.unit(offset)
            if unit["version"] >= 5 and unit["unit_type"] in ("DW_UT_type", "DW_UT_split_type"):
                found[unit["type_signature"]] = offset
        return found

    def units_with(self, text: bytes) -> "Iterator[Any]":
        """Those that may have an entry with this text in it, which ends with its zero byte."""
        for offset in self.mentions.offsets(text):
            yield self.unit(offset)
        yield from self.section_of_types

    @cached_property
    def section_of_types(self) -> "list[Any]":
        """The type units of .debug_types, where DWARF 4 has them."""
        return list(self.dwarf.iter_TUs())


class Mentions:
    """Which units mention a text: its offset in .debug_str is looked for in .debug_info, which beats reading entries."""

    def __init__(self, part: Part):
        self._part = part
        self._known: "dict[bytes, list[int]]" = {}

    def offsets(self, text: bytes) -> "list[int]":
        """Of the units in .debug_info; of all where that costs less than to look."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._find(text)
        return found

    @cached_property
    def _contents(self) -> "tuple[bytes, bytes, bytes]":
        dwarf = self._part.dwarf
        return tuple(_content(each) for each in (dwarf.debug_info_sec, dwarf.debug_str_sec, dwarf.debug_str_offsets_sec))  # type: ignore[return-value]

    def _find(self, text: bytes) -> "list[int]":
        part = self._part
        info, strings, table = self._contents
        places: "list[int]" = []  # also in the middle of a string: linkers let one end in another
        for content in (strings, *(_content(other.dwarf.debug_str_sec) for other in part.shared)):
            at = content.find(text)
            while at >= 0:
                places.append(at)
                if len(places) > _MOST_MENTIONS:
                    return part.unit_offsets
                at = content.find(text, at + 1)
        pack = part.file.layout({1: "I", 2: "I"}).pack
        patterns = [re.escape(pack(place)) for place in places]
        found = {self._unit(match.start()) for match in re.finditer(b"|".join([re.escape(text), *patterns]), info, re.S)}
        if patterns and table:
            bases = self._bases
            for match in re.finditer(b"|".join(patterns), table, re.S):
                at = bisect_right(bases, (match.start(), 1 << 62)) - 1
                found.add(bases[at][1] if at >= 0 else part.unit_offsets[0])
        return sorted(found)

    def _unit(self, place: int) -> int:
        return self._part.unit_offsets[bisect_right(self._part.unit_offsets, place) - 1]

    @cached_property
    def _bases(self) -> "list[tuple[int, int]]":
        """(where its part of .debug_str_offsets begins, the unit)."""
        found = []
        for offset in self._part.unit_offsets:
            base = self._part.unit(offset).get_top_DIE().attributes.get("DW_AT_str_offsets_base")
            if base is not None:
                found.append((base.value, offset))
        return sorted(found)


class DebugInfo:
    """``file`` is the ELF file that has it: the program itself, or its debug file; ``program`` is the one asked about.

    ``dwarf`` is an elftools DWARFInfo. All that reads from it belongs into ``with reading(file)``. ``missing`` are the
    files that were to hold parts of it and were not found.
    """

    def __init__(self, file: "Elf", program: "Elf | None" = None):
        self.file, self.program = file, program or file
        self.missing: "list[str]" = []
        with reading(file):
            self.main = Part(_open(file), 0, file)
            self.dwarf: "Any" = self.main.dwarf
        self._parts: "dict[int, Part]" = {0: self.main}
        self._numbers: "dict[int, int]" = {id(self.dwarf): 0}
        self._without: "set[int]" = set()

    def add(self, part: Part) -> Part:
        self._parts[part.number] = part
        self._numbers[id(part.dwarf)] = part.number
        return part

    def units(self) -> "Iterator[Any]":
        """All of the file itself, as elftools CompileUnits."""
        for offset in self.main.unit_offsets:
            yield self.main.unit(offset)

    def unit_of(self, place: int) -> "Any":
        """The unit that this offset in .debug_info is in."""
        return self.main.unit_of(place)

    def whole(self, unit: "Any") -> "Any":
        """The unit with the entries: of a skeleton, the one in a .dwo file; the skeleton itself where that is missing."""
        name = dwo_name(unit)
        if name is None:
            return unit
        number = bisect_right(self.main.unit_offsets, unit.cu_offset)
        if number not in self._parts and number not in self._without:
            from bttui.host.split_debug import find as find_split

            part = find_split(self, unit, number)
            if part is None:
                self._without.add(number)
                self.missing.append(self.text(unit.get_top_DIE(), name))
            else:
                self.add(part)
        part = self._parts.get(number)
        return part.unit(part.unit_offsets[0]) if part is not None else unit

    def parts(self) -> "Iterator[Part]":
        """All, those that are open already first."""
        if self.file.section(".gnu_debugaltlink") and _SHARED not in self._parts:
            with suppress(DiagnosticError):
                _ = self.shared
        yield from list(self._parts.values())
        known = set(self._parts)
        if self.dwarf.debug_addr_sec is not None:  # which skeletons need
            for unit in self.units():
                self.whole(unit)
        yield from [part for number, part in self._parts.items() if number not in known]

    # Entries

    def place(self, entry: "Any") -> int:
        """Of an entry (an elftools DIE) among all."""
        number = 2 * self._numbers[id(entry.dwarfinfo)] + hasattr(entry.cu, "tu_offset")
        return number << _PLACE | entry.offset

    def entry(self, place: int) -> "Any":
        number, offset = place >> _PLACE, place & (1 << _PLACE) - 1
        part = self._parts[number >> 1]
        if number & 1:
            unit = next(u for u in part.section_of_types if u.tu_offset <= offset < u.tu_offset + u.size)
            return unit._get_cached_DIE(offset)
        return part.unit_of(offset).get_DIE_from_refaddr(offset)

    def follow(self, entry: "Any", name: str) -> "Any":
        """The entry that an attribute refers to; of a type that has a unit of its own, the one there."""
        found = self._follow(entry, name)
        return self._follow(found, "DW_AT_signature") if "DW_AT_signature" in found.attributes else found

    def _follow(self, entry: "Any", name: str) -> "Any":
        attribute = entry.attributes[name]
        part = self._parts[self._numbers[id(entry.dwarfinfo)]]
        if attribute.form == "DW_FORM_ref_addr":
            return part.unit_of(attribute.raw_value).get_DIE_from_refaddr(attribute.raw_value)
        if attribute.form == "DW_FORM_ref_sig8":
            offset = part.type_units.get(attribute.raw_value)
            if offset is not None:
                unit = part.unit(offset)
                return unit.get_DIE_from_refaddr(unit.cu_offset + unit["type_offset"])
        if attribute.form in ("DW_FORM_GNU_ref_alt", "DW_FORM_ref_sup4", "DW_FORM_ref_sup8"):
            other = self.shared
            return other.unit_of(attribute.raw_value).get_DIE_from_refaddr(attribute.raw_value)
        return entry.get_DIE_from_attribute(name)

    def text(self, entry: "Any", attribute: "Any") -> str:
        value = attribute.value
        if attribute.form in ("DW_FORM_GNU_strp_alt", "DW_FORM_strp_sup"):
            value = self.shared.dwarf.get_string_from_table(attribute.raw_value)
        elif attribute.form == "DW_FORM_GNU_str_index":
            part = self._parts[self._numbers[id(entry.dwarfinfo)]]
            table = _content(part.dwarf.debug_str_offsets_sec)
            value = part.dwarf.get_string_from_table(part.unpack("I", table, 4 * attribute.raw_value))
        return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else ""

    @property
    def shared(self) -> Part:
        """What dwz(1) moved to a file of its own, since several programs have it."""
        if _SHARED not in self._parts:
            from bttui.host.debug_file import find_shared

            link = self.file.content(self.file.section(".gnu_debugaltlink"))
            name, _, identity = link.partition(b"\0")
            file = find_shared(self.file, name.decode("utf-8", "surrogateescape"), identity.hex())
            if file is None:
                raise error(
                    f"The file with the shared part of the debugging information of {self.program.path} is not there: {name.decode(errors='replace')}",
                    hint="install it with the debugging symbols of the package",
                )
            self.main.shared.append(self.add(Part(_open(file), _SHARED, file)))
        return self._parts[_SHARED]

    # Addresses

    def unit_at(self, address: int) -> "Any | None":
        """The unit with the code at this virtual address, None where none is known for it."""
        with reading(self.file):
            covered = set()
            for offset, begin, size in self._addresses:
                if begin <= address < begin + size:
                    return self.main.unit(offset)
                covered.add(offset)
            # Not every compiler makes a table, and linkers join what several made. The unit with the function has its name.
            found = self.program.symbols.at(address)
            names = [name for start, _, name in self.program.functions() if found and start == found[1]]
            likely = [each for name in names for each in self.main.mentions.offsets(name.encode("utf-8", "surrogateescape") + b"\0")]
            for offset in dict.fromkeys((*likely, *self.main.unit_offsets)):
                if offset not in covered:
                    unit = self.main.unit(offset)
                    if any(begin <= address < end for begin, end in self.ranges(unit.get_top_DIE())):
                        return unit
            return None

    @cached_property
    def _addresses(self) -> "list[tuple[int, int, int]]":
        """(offset of the unit, address, size) of each entry of .debug_aranges (DWARF 5, 6.1.2)."""
        found: "list[tuple[int, int, int]]" = []
        table = self.dwarf.debug_aranges_sec
        content, at = _content(table), 0
        while at + 16 <= len(content):
            begin, length, width = at, self.main.unpack("I", content, at), 4
            if length == 0xFFFFFFFF:
                length, width = self.main.unpack("Q", content, at + 4), 12
            word = "I" if width == 4 else "Q"
            at += width + length
            header = begin + width + 2
            unit = self.main.unpack(word, content, header)
            header += 4 if word == "I" else 8
            size, segment = content[header : header + 2]
            if segment or size not in (4, 8):
                continue
            pair = self.file.layout({1: "II", 2: "II"} if size == 4 else {1: "QQ", 2: "QQ"})
            first = begin + -(-(header + 2 - begin) // pair.size) * pair.size
            entries = content[first:at]
            found += [(unit, *entry) for entry in pair.iter_unpack(entries[: len(entries) // pair.size * pair.size]) if entry[1]]
        return found

    def ranges(self, entry: "Any") -> "list[tuple[int, int]]":
        """The virtual addresses that an entry (an elftools DIE) covers: begin, and behind the end."""
        attributes = entry.attributes
        low, high, ranges = (attributes.get(name) for name in ("DW_AT_low_pc", "DW_AT_high_pc", "DW_AT_ranges"))
        if low and high:
            base = self._address(entry, low)
            return [(base, self._address(entry, high) if "addr" in high.form else base + high.value)]
        if not ranges:
            return []
        number = self._numbers[id(entry.dwarfinfo)]
        if number not in self._range_lists:
            self._range_lists[number] = entry.dwarfinfo.range_lists()
        top = entry.cu.get_top_DIE()
        start = top.attributes.get("DW_AT_low_pc")
        base, found = self._address(top, start) if start else 0, []
        offset = ranges.value
        if "DW_AT_GNU_ranges_base" in top.attributes and entry is not top:
            offset += top.attributes["DW_AT_GNU_ranges_base"].value
        for each in self._range_lists[number].get_range_list_at_offset(offset, entry.cu) if self._range_lists[number] else ():
            if hasattr(each, "base_address"):
                base = each.base_address
            else:
                begin = 0 if each.is_absolute else base
                found.append((begin + each.begin_offset, begin + each.end_offset))
        return found

    @cached_property
    def _range_lists(self) -> "dict[int, Any]":
        return {}

    def _address(self, entry: "Any", attribute: "Any") -> int:
        if attribute.form == "DW_FORM_GNU_addr_index":  # the forerunner of DW_FORM_addrx
            return entry.dwarfinfo.get_addr(entry.cu, attribute.raw_value)
        return attribute.value


def find(elf: "Elf") -> "DebugInfo | None":
    """Of the file itself, or of its debug file; None where neither has any."""
    if _has_debug_info(elf):
        return DebugInfo(elf)
    file = elf.debug_file
    return DebugInfo(file, elf) if file is not None and _has_debug_info(file) else None


def dwo_name(unit: "Any") -> "Any | None":
    """The attribute with the name of the file that has the entries of this unit; None for a unit that has them itself."""
    attributes = unit.get_top_DIE().attributes
    return attributes.get("DW_AT_dwo_name") or attributes.get("DW_AT_GNU_dwo_name")


def _has_debug_info(file: "Elf") -> bool:
    return bool(_present(file, ".debug_info") or _present(file, ".zdebug_info"))


def _present(file: "Elf", name: str) -> "Section | None":
    found = file.section(name)
    return found if found and found.type != _SHT_NOBITS and found.size else None


@contextmanager
def reading(file: "Elf") -> "Iterator[None]":
    """Debugging information may hold anything, and pyelftools then raises anything: a DiagnosticError comes of it."""
    try:
        yield
    except DiagnosticError:
        raise
    except Exception as reason:
        why = f" ({type(reason).__name__}{f': {reason}' if str(reason) else ''})"
        raise error(f"Cannot use the debugging information in {file.path}{why[:200]}", hint="build it again with -g") from None


def _open(file: "Elf") -> "Any":
    from elftools.dwarf.dwarfinfo import DWARFInfo

    sections = {f"{name}_sec": section(file, "." + name) for name in SECTIONS}
    return DWARFInfo(config(file), **sections)


def config(file: "Elf") -> "Any":
    from elftools.dwarf.dwarfinfo import DwarfConfig

    little = file.layout({1: "I", 2: "I"}).pack(1)[0] == 1
    return DwarfConfig(little, _MACHINES.get(file.machine, ""), file.word_size)


def _content(section: "Any | None") -> bytes:
    """All of an elftools section."""
    if section is None:
        return b""
    if isinstance(section.stream, io.BytesIO):
        return section.stream.getvalue()
    section.stream.seek(0)
    return section.stream.read()


def section(file: "Elf", name: str) -> "Any | None":
    """An elftools DebugSectionDescriptor, None where there is no such section. Compressed ones are unpacked."""
    from elftools.dwarf.dwarfinfo import DebugSectionDescriptor

    found = _present(file, name) or _present(file, f".z{name[1:]}")
    if found is None:
        return None
    size, stream = found.size, None
    if found.flags & _SHF_COMPRESSED or found.name.startswith(".z"):
        content = _unpacked(file, found)
        size, stream = len(content), io.BytesIO(content)
    elif size <= _MOST_IN_MEMORY:
        stream = io.BytesIO(file.read(found.offset, size))
    return DebugSectionDescriptor(stream or io.BufferedReader(_Window(file, found.offset, size)), name, found.offset, size, found.address)


def _unpacked(file: "Elf", found: "Section") -> bytes:
    """Elf32_Chdr and Elf64_Chdr of <elf.h>; before them, ".zdebug" sections began with ZLIB and the size."""
    import zlib

    if found.name.startswith(".z"):
        kind, size, header = _ELFCOMPRESS_ZLIB, Struct(">4xQ").unpack(file.read(found.offset, 12))[0], 12
    else:
        layout = file.layout({1: "III", 2: "I4xQQ"})
        header = layout.size
        kind, size, _ = layout.unpack(file.read(found.offset, header))
    if size > _MOST_UNPACKED:
        raise error(f"The debugging information in {file.path} is too large: {size} bytes in {found.name}")
    if kind == _ELFCOMPRESS_ZSTD:
        return _zstd_unpacked(file, file.read(found.offset + header, found.size - header), size)
    if kind != _ELFCOMPRESS_ZLIB:
        raise _cannot_be_read(file, f"in a way that is not known ({kind})")
    unpack, parts, at, left = zlib.decompressobj(), [], found.offset + header, size
    while left > 0 and not unpack.eof:
        packed = file.read(at, min(_CHUNK, found.offset + found.size - at))
        at += len(packed)
        part = unpack.decompress(packed, left)
        if not packed and not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _zstd_unpacked(file: "Elf", packed: bytes, size: int) -> bytes:
    """By the system's library; its functions are those of <zstd.h>."""
    import ctypes

    try:
        library = ctypes.CDLL(_ZSTD)
    except OSError:
        raise _cannot_be_read(file, f"with zstd, and {_ZSTD} is missing") from None
    library.ZSTD_decompress.restype = ctypes.c_size_t
    content = ctypes.create_string_buffer(max(size, 1))
    got = library.ZSTD_decompress(content, ctypes.c_size_t(size), packed, ctypes.c_size_t(len(packed)))
    if got != size:  # other numbers are errors
        raise _cannot_be_read(file, "with zstd, and damaged")
    return ctypes.string_at(content, size)


def _cannot_be_read(file: "Elf", how: str) -> "DiagnosticError":
    hint = f"objcopy --decompress-debug-sections {file.path} leaves it as it was before"
    return error(f"The debugging information in {file.path} cannot be read: it is compressed {how}", hint=hint)


class _Window(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, file: "Elf", offset: int, size: int):
        self._file, self._offset, self._size, self._at = file, offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: "Any") -> int:
        content = self._file.read(self._offset + self._at, min(len(buffer), self._size - self._at))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
