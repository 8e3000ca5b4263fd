"""ELF files: segments, notes, dynamic section, USDT probes. Layouts as in <elf.h> and elf(5).

Only what is asked for is read, piece by piece, by pread(2): a mapped file could be cut short by its owner, which
would end us by SIGBUS. Nothing in a file is trusted: what is broken counts as absent.
"""

import os
import stat
from functools import cached_property
from struct import Struct

from bttui.host.elf_symbols import Symbols, SymbolTable
from bttui.model.data import Data
from bttui.model.diagnostic import DiagnosticError, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# The fields after e_ident, and those of the entries of both header tables, for files of 32 and 64 bits.
_HEADER = {1: "HHIIIIIHHHHHH", 2: "HHIQQQIHHHHHH"}
_SECTION = {1: "IIIIIIIIII", 2: "IIQQQQIIQQ"}
_SEGMENT = {1: "IIIIIIII", 2: "IIQQQQQQ"}
_IDENT = 16  # EI_NIDENT

_ET_DYN = 3
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_PF_X = 1
SHT_SYMTAB, _SHT_NOTE, _SHT_NOBITS, SHT_DYNSYM, SHT_VERDEF, SHT_VERSYM = 2, 7, 8, 11, 0x6FFFFFFD, 0x6FFFFFFF
_SHF_COMPRESSED = 0x800
_DT_NEEDED, _DT_STRTAB, _DT_SONAME, _DT_STRSZ = 1, 5, 14, 10
_NT_GNU_BUILD_ID = 3
_NT_STAPSDT = 3
_MOST_SECTIONS = 1 << 17
_MOST_SMALL = 1 << 20  # bytes of what is never large: notes, the dynamic section, header tables
_MOST_STRINGS = 1 << 28  # bytes of a string table
_MOST_SYMBOLS = 96 << 20  # bytes of a symbol table: four million of them


class Section(Data):
    """``link`` is the index of a related section: the names of a symbol table."""

    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int


class Segment(Data):
    """A part of the file and where it goes in memory."""

    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int


class UsdtProbe(Data):
    """``address`` and ``semaphore`` (0 for none) are virtual; ``arguments`` are as the note has them: "-4@%edi 8@%rax"."""

    provider: str
    name: str
    address: int
    semaphore: int
    arguments: str


class Elf:
    """The file at ``path``, or ``content``. Raises DiagnosticError where there is no ELF file.

    ``start``, ``size``: where it lies in a larger file, as a library in a package; then offset() and virtual() are about
    places in that file.
    A context manager, for those who want its descriptor closed at once; when more is asked for, it is opened again.
    ``identity`` tells files apart: device, inode, time of change in ns, size.
    """

    def __init__(self, path: str, content: "bytes | None" = None, start: int = 0, size: "int | None" = None):
        self.path = path
        self._content = content
        self.start = start
        self._fd = -1
        self.identity: "tuple[int, ...]" = (0, 0, 0, len(content)) if content is not None else self._open()
        self.size = max(0, min(self.identity[-1] - start, self.identity[-1] if size is None else size))
        ident = self.read(0, _IDENT)
        if len(ident) < _IDENT or ident[:4] != b"\x7fELF" or ident[4] not in _HEADER or ident[5] not in (1, 2):
            self.close()
            raise error(f"not an ELF file: {path}")
        self.word_size = 4 * ident[4]
        self._class, self._order = ident[4], "<>"[ident[5] - 1]
        layout = self.layout(_HEADER)
        header = self.read(_IDENT, layout.size)
        if len(header) < layout.size:
            self.close()
            raise error(f"not a whole ELF file: {path}")
        self._header = layout.unpack(header)
        self.type, self.machine = self._header[:2]

    def _open(self) -> "tuple[int, int, int, int]":
        """Its identity."""
        try:
            # Opening a device or a pipe of that name could have effects, or never return.
            if not stat.S_ISREG(os.stat(self.path).st_mode):
                raise error(f"not a regular file: {self.path}")
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            return identity(os.fstat(self._fd))
        except (OSError, ValueError) as reason:
            why = reason.strerror if isinstance(reason, OSError) else "its name has a zero byte"
            raise error(f"cannot read {self.path!r}: {why}") from None

    def _opened_again(self) -> bool:
        """Whether there still is the same file."""
        try:
            same = self._open() == self.identity
        except DiagnosticError:
            return False
        if not same:
            self.close()
        return same

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> "Elf":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    # Parts of the file

    def layout(self, formats: "dict[int, str]") -> Struct:
        """The struct of this file's width and byte order; ``formats`` has one for 1 (32 bits) and one for 2 (64)."""
        return Struct(self._order + formats[self._class])

    def read(self, offset: int, size: int) -> bytes:
        """As much of it as the file has."""
        if offset < 0 or size <= 0 or offset >= self.size:
            return b""
        if self._content is not None:
            return self._content[offset : offset + size]
        if self._fd < 0 and not self._opened_again():
            return b""
        try:
            return os.pread(self._fd, min(size, self.size - offset), self.start + offset)
        except OSError:
            return b""

    def _table(self, formats: "dict[int, str]", offset: int, entry_size: int, count: int) -> "list[tuple[int, ...]]":
        layout = self.layout(formats)
        if not offset or entry_size != layout.size:
            return []
        content = self.read(offset, min(count, _MOST_SECTIONS) * layout.size)
        return list(layout.iter_unpack(content[: len(content) // layout.size * layout.size]))

    @cached_property
    def segments(self) -> "list[Segment]":
        offset, size, count = self._header[4], self._header[8], self._header[9]
        table = self._table(_SEGMENT, offset, size, count)
        if self._class == 1:
            return [Segment(e[0], e[6], e[1], e[2], e[4], e[5]) for e in table]
        return [Segment(e[0], e[1], e[2], e[3], e[5], e[6]) for e in table]

    @cached_property
    def sections(self) -> "list[Section]":
        offset, size, count, names_at = self._header[5], *self._header[10:13]
        # Numbers that do not fit are in the first section.
        first = self._table(_SECTION, offset, size, 1)
        if first and not count:
            count = first[0][5]
        if first and names_at == 0xFFFF:
            names_at = first[0][6]
        table = self._table(_SECTION, offset, size, count)
        names = self.read(table[names_at][4], min(table[names_at][5], _MOST_SMALL)) if names_at < len(table) else b""
        return [Section(text(names, e[0]), e[1], e[2], e[3], e[4], e[5], e[6]) for e in table]

    def section(self, name: str) -> "Section | None":
        return next((section for section in self.sections if section.name == name), None)

    def content(self, section: "Section | None", most: int = _MOST_SMALL) -> bytes:
        """At most ``most`` bytes of it; b"" for one that is absent, compressed, or elsewhere (in the debug file)."""
        if section is None or section.type == _SHT_NOBITS or section.flags & _SHF_COMPRESSED:
            return b""
        return self.read(section.offset, min(section.size, most))

    # Addresses

    @property
    def is_position_independent(self) -> bool:
        """Whether it can be loaded anywhere: a shared library or a PIE."""
        return self.type == _ET_DYN

    @cached_property
    def _loaded(self) -> "list[Segment]":
        """Code first: some linkers let segments overlap in the file."""
        loaded = [segment for segment in self.segments if segment.type == _PT_LOAD]
        return sorted(loaded, key=lambda segment: not segment.flags & _PF_X)

    def offset(self, address: int) -> "int | None":
        """The place in the file that is loaded at this virtual address."""
        inside = self._inside(address)
        return None if inside is None else inside + self.start

    def _inside(self, address: int) -> "int | None":
        for segment in self._loaded:
            if 0 <= address - segment.address < segment.file_size:
                return address - segment.address + segment.offset
        return None

    def is_code(self, address: int) -> bool:
        """Whether this virtual address is loaded to be executed."""
        return any(s.flags & _PF_X and 0 <= address - s.address < s.file_size for s in self._loaded)

    def code(self, address: int, size: int) -> bytes:
        """What is loaded at this virtual address, as much of it as the file has."""
        inside = self._inside(address)
        return b"" if inside is None else self.read(inside, size)

    def virtual(self, offset: int) -> "int | None":
        """The virtual address of this place in the file."""
        offset -= self.start
        for segment in self._loaded:
            if 0 <= offset - segment.offset < segment.file_size:
                return offset - segment.offset + segment.address
        return None

    # Notes

    def _notes(self) -> "Iterator[tuple[str, str, int, bytes]]":
        """(section name, owner, type, content) of each; of files without sections, from the segments."""
        areas = [(section.name, self.content(section)) for section in self.sections if section.type == _SHT_NOTE]
        if not areas:
            areas = [("", self.read(s.offset, min(s.file_size, _MOST_SMALL))) for s in self.segments if s.type == _PT_NOTE]
        layout = Struct(self._order + "III")
        for name, area in areas:
            at = 0
            while at + layout.size <= len(area):
                owner_size, size, kind = layout.unpack_from(area, at)
                owner_at = at + layout.size
                content_at = owner_at + (owner_size + 3 & ~3)
                yield name, text(area[owner_at : owner_at + min(owner_size, 64)], 0), kind, area[content_at : content_at + size]
                at = content_at + (size + 3 & ~3)

    @cached_property
    def build_id(self) -> str:
        """In hexadecimal, "" where there is none."""
        for _, owner, kind, content in self._notes():
            if owner == "GNU" and kind == _NT_GNU_BUILD_ID and len(content) <= 64:
                return content.hex()
        return ""

    def usdt(self) -> "list[UsdtProbe]":
        """The probes that <sys/sdt.h> made, in the order of the file (SystemTap wiki, "User space probe implementation")."""
        base = self.section(".stapsdt.base")
        layout = self.layout({1: "III", 2: "QQQ"})
        found = []
        for _, owner, kind, content in self._notes():
            if owner != "stapsdt" or kind != _NT_STAPSDT or len(content) < layout.size:
                continue
            address, linked_base, semaphore = layout.unpack_from(content)
            # Whoever moved the file's addresses after linking did not change notes, but this section.
            moved = base.address - linked_base if base and linked_base else 0
            words = content[layout.size :].split(b"\0")
            provider, name, arguments = [word.decode("utf-8", "replace") for word in (*words, b"", b"", b"")[:3]]
            found.append(UsdtProbe(provider, name, address + moved, semaphore + moved if semaphore else 0, arguments))
        return found

    # What the loader reads

    @property
    def interpreter(self) -> str:
        """The dynamic loader's path, "" for one that needs none."""
        for segment in self.segments:
            if segment.type == _PT_INTERP:
                return text(self.read(segment.offset, min(segment.file_size, 4096)), 0)
        return ""

    @cached_property
    def _dynamic(self) -> "list[tuple[int, int]]":
        layout = self.layout({1: "iI", 2: "qQ"})
        for segment in self.segments:
            if segment.type == _PT_DYNAMIC:
                content = self.read(segment.offset, min(segment.file_size, _MOST_SMALL))
                return list(layout.iter_unpack(content[: len(content) // layout.size * layout.size]))
        return []

    def _dynamic_texts(self, tag: int) -> "list[str]":
        values = dict(self._dynamic)
        offset = self._inside(values.get(_DT_STRTAB, 0))
        if offset is None:
            return []
        strings = self.read(offset, min(values.get(_DT_STRSZ, 0), _MOST_STRINGS))
        return [text(strings, value) for kind, value in self._dynamic if kind == tag]

    @property
    def needed(self) -> "list[str]":
        """The libraries it is linked with, by soname."""
        return self._dynamic_texts(_DT_NEEDED)

    @property
    def soname(self) -> str:
        return next(iter(self._dynamic_texts(_DT_SONAME)), "")

    # Symbols

    @property
    def debuglink(self) -> "tuple[str, int] | None":
        """(file name, CRC-32 of its content) of the debug file that was split off, as objcopy(1) noted it."""
        content = self.content(self.section(".gnu_debuglink"))
        name = content.partition(b"\0")[0]
        at = len(name) + 4 & ~3
        if not name or b"/" in name or len(content) < at + 4:
            return None
        return os.fsdecode(name), Struct(self._order + "I").unpack_from(content, at)[0]

    @cached_property
    def debug_file(self) -> "Elf | None":
        """The file with the symbols and debugging information that were taken out of this one, where installed."""
        from bttui.host.debug_file import find

        return find(self)

    def table(self, type: int) -> "SymbolTable | None":
        """The file's own table of this type (SHT_SYMTAB or SHT_DYNSYM)."""
        section = next((section for section in self.sections if section.type == type and section.size), None)
        if section is None or section.link >= len(self.sections):
            return None
        entries, strings = self.content(section, _MOST_SYMBOLS), self.content(self.sections[section.link], _MOST_STRINGS)
        versions = next((s for s in self.sections if s.type == SHT_VERSYM), None) if type == SHT_DYNSYM else None
        ends = [section.address + section.size for section in self.sections]
        return SymbolTable(entries, strings, self._order, self.word_size, ends, self.content(versions, _MOST_STRINGS))

    @cached_property
    def symbols(self) -> Symbols:
        return self.read_symbols()

    def read_symbols(self) -> Symbols:
        """All there is to know about names: in this file, in its debug file, in its compressed small table."""
        own = self.table(SHT_SYMTAB)
        if own is None and self.debug_file is not None:
            own = self.debug_file.table(SHT_SYMTAB)
        if own is None:
            own = self._small_table()
        return Symbols([table for table in (own, self.table(SHT_DYNSYM)) if table is not None])

    def _small_table(self) -> "SymbolTable | None":
        """Of .gnu_debugdata, where Fedora keeps the names of functions of stripped files: an ELF file in xz."""
        packed = self.content(self.section(".gnu_debugdata"), 1 << 26)
        if not packed or self._content is not None:
            return None
        import lzma

        try:
            return Elf(self.path, lzma.LZMADecompressor().decompress(packed, 1 << 28)).table(SHT_SYMTAB)
        except (lzma.LZMAError, EOFError, DiagnosticError):
            return None

    def functions(self) -> "list[tuple[int, int, str]]":
        """(virtual address, size in bytes, name) of all, by address; aliases too."""
        return self.symbols.functions()

    def symbol(self, name: str) -> "tuple[int, int] | None":
        """(virtual address, size) of a function or variable; of several versions, the one that is linked with today.

        "memcpy@GLIBC_2.2.5" is that version.
        """
        found = self.symbols.named(name)
        return found or (self._of_version(*name.partition("@")[::2]) if "@" in name else None)

    def _of_version(self, name: str, version: str) -> "tuple[int, int] | None":
        numbers = {number for number, each in self._versions.items() if each == version.removeprefix("@")}
        table = self.table(SHT_DYNSYM) if numbers else None
        return table.of_version(name, numbers) if table else None

    @cached_property
    def _versions(self) -> "dict[int, str]":
        """{number: name} of the versions that it defines: Elf64_Verdef and Elf64_Verdaux, which all files share."""
        section = next((section for section in self.sections if section.type == SHT_VERDEF), None)
        if section is None or section.link >= len(self.sections):
            return {}
        entries, strings = self.content(section), self.content(self.sections[section.link], _MOST_STRINGS)
        definition, auxiliary = Struct(self._order + "HHHHIII"), Struct(self._order + "II")
        found: "dict[int, str]" = {}
        at = 0
        while at + definition.size <= len(entries):
            _, _, number, _, _, names, step = definition.unpack_from(entries, at)
            if at + names + auxiliary.size <= len(entries):
                found[number] = text(strings, auxiliary.unpack_from(entries, at + names)[0])
            if step < definition.size:
                break
            at += step
        return found


def identity(found: os.stat_result) -> "tuple[int, int, int, int]":
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def text(strings: bytes, at: int, most: int = 4096) -> str:
    """The string that begins there."""
    end = strings.find(b"\0", at, at + most)
    return os.fsdecode(strings[at : end if end >= 0 else at + most])
