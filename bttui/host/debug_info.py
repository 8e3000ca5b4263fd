"""Debugging information of programs and libraries (DWARF 4 and 5): the file that has it, opened for pyelftools.

What is read from it has its own modules; this one imports pyelftools when the first file is opened.
"""

import io
from bisect import bisect_right
from contextlib import contextmanager
from functools import cached_property
from struct import Struct

from bttui.model.diagnostic import DiagnosticError, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.host.elf import Elf, Section

# Sections as pyelftools names them, without their dot.
_SECTIONS = (
    "debug_info debug_aranges debug_abbrev debug_frame eh_frame debug_str debug_loc debug_ranges debug_line debug_pubtypes"
    " debug_pubnames debug_addr debug_str_offsets debug_line_str debug_loclists debug_rnglists debug_sup gnu_debugaltlink debug_types"
).split()
_MACHINES = {62: "x64", 183: "AArch64", 3: "x86", 40: "ARM"}  # EM_* of <elf.h>, in the words of pyelftools
_SHT_NOBITS, _SHF_COMPRESSED = 8, 0x800
_CHUNK = 1 << 20
_MOST_IN_MEMORY = 1 << 25  # bytes of a section; of larger ones, what is asked for is read
_MOST_UNPACKED = 1 << 31  # bytes of a compressed section


class DebugInfo:
    """``file`` is the ELF file that has it: the program itself, or its debug file. ``dwarf`` is an elftools DWARFInfo.

    All that reads from ``dwarf`` belongs into ``with reading(file)``.
    """

    def __init__(self, file: "Elf"):
        self.file = file
        with reading(file):
            self.dwarf: "Any" = _open(file)

    @cached_property
    def unit_offsets(self) -> "list[int]":
        """Where the units begin in .debug_info, in order."""
        stream, size = self.dwarf.debug_info_sec.stream, self.dwarf.debug_info_sec.size
        offsets, at = [], 0
        while at + 12 <= size:
            stream.seek(at)
            head = stream.read(12)
            length, width = self._unpack("I", head, 0), 4
            if length == 0xFFFFFFFF:  # the 64-bit format
                length, width = self._unpack("Q", head, 4), 12
            if length:  # linkers pad with zeros
                offsets.append(at)
            at += width + length
        return offsets

    def units(self) -> "Iterator[Any]":
        """All, as elftools CompileUnits."""
        for offset in self.unit_offsets:
            yield self.dwarf.get_CU_at(offset)

    def unit_of(self, place: int) -> "Any":
        """The unit that this offset in .debug_info is in."""
        return self.dwarf.get_CU_at(self.unit_offsets[bisect_right(self.unit_offsets, place) - 1])

    def unit_at(self, address: int) -> "Any | None":
        """The unit with the code at this virtual address, None where none is known for it."""
        with reading(self.file):
            covered = set()
            for offset, begin, size in self._addresses:
                if begin <= address < begin + size:
                    return self.dwarf.get_CU_at(offset)
                covered.add(offset)
            for offset in self.unit_offsets:  # not every compiler makes a table, and linkers join what several made
                if offset not in covered:
                    unit = self.dwarf.get_CU_at(offset)
                    if any(begin <= address < end for begin, end in self.ranges(unit.get_top_DIE())):
                        return unit
            return None

    @cached_property
    def _addresses(self) -> "list[tuple[int, int, int]]":
        """(offset of the unit, address, size) of each entry of .debug_aranges (DWARF 5, 6.1.2)."""
        found: "list[tuple[int, int, int]]" = []
        table = self.dwarf.debug_aranges_sec
        content, at = table.stream.read() if table else b"", 0
        while at + 16 <= len(content):
            begin, length, width = at, self._unpack("I", content, at), 4
            if length == 0xFFFFFFFF:
                length, width = self._unpack("Q", content, at + 4), 12
            word = "I" if width == 4 else "Q"
            at += width + length
            header = begin + width + 2
            unit = self._unpack(word, content, header)
            header += 4 if word == "I" else 8
            size, segment = content[header : header + 2]
            if segment or size not in (4, 8):
                continue
            pair = self.file.layout({1: "II", 2: "II"} if size == 4 else {1: "QQ", 2: "QQ"})
            first = begin + -(-(header + 2 - begin) // pair.size) * pair.size
            entries = content[first:at]
            found += [(unit, *entry) for entry in pair.iter_unpack(entries[: len(entries) // pair.size * pair.size]) if entry[1]]
        return found

    def _unpack(self, form: str, content: bytes, at: int) -> int:
        return self.file.layout({1: form, 2: form}).unpack_from(content, at)[0]

    @cached_property
    def _range_lists(self) -> "Any":
        return self.dwarf.range_lists()

    def ranges(self, entry: "Any") -> "list[tuple[int, int]]":
        """The virtual addresses that an entry (an elftools DIE) covers: begin, and behind the end."""
        attributes = entry.attributes
        low, high, ranges = (attributes.get(name) for name in ("DW_AT_low_pc", "DW_AT_high_pc", "DW_AT_ranges"))
        base = low.value if low else 0
        if low and high:
            return [(base, high.value if high.form.startswith("DW_FORM_addr") else base + high.value)]
        if not ranges or self._range_lists is None:
            return []
        top = entry.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
        base, found = top.value if top else 0, []
        for each in self._range_lists.get_range_list_at_offset(ranges.value, entry.cu):
            if hasattr(each, "base_address"):
                base = each.base_address
            else:
                start = 0 if each.is_absolute else base
                found.append((start + each.begin_offset, start + each.end_offset))
        return found


def find(elf: "Elf") -> "DebugInfo | None":
    """Of the file itself, or of its debug file; None where neither has any."""
    if _has_debug_info(elf):
        return DebugInfo(elf)
    file = elf.debug_file
    return DebugInfo(file) if file is not None and _has_debug_info(file) else None


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
    from elftools.dwarf.dwarfinfo import DwarfConfig, DWARFInfo

    little = file.layout({1: "I", 2: "I"}).pack(1)[0] == 1
    sections = {f"{name}_sec": section(file, "." + name) for name in _SECTIONS}
    return DWARFInfo(DwarfConfig(little, _MACHINES.get(file.machine, ""), file.word_size), **sections)


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
        kind, size, header = 1, Struct(">4xQ").unpack(file.read(found.offset, 12))[0], 12
    else:
        layout = file.layout({1: "III", 2: "I4xQQ"})
        header = layout.size
        kind, size, _ = layout.unpack(file.read(found.offset, header))
    if kind != 1:  # ELFCOMPRESS_ZLIB
        hint = f"objcopy --decompress-debug-sections {file.path}"
        raise error(f"The debugging information in {file.path} is compressed in a way that cannot be read (zstd)", hint=hint)
    if size > _MOST_UNPACKED:
        raise error(f"The debugging information in {file.path} is too large: {size} bytes in {found.name}")
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
