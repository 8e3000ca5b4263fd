"""Which addresses belong to which lines of the source: the line tables of debugging information (DWARF 5, 6.2)."""

from bisect import bisect_right
from functools import cached_property
from posixpath import join, normpath
from struct import error as StructError

from bttui.host.debug_info import reading, section
from bttui.model.diagnostic import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.host.debug_info import DebugInfo
    from bttui.host.debug_types import DebugTypes
    from bttui.host.elf import Elf

    _Rows = tuple[list[int], list[tuple[int, int, int, int, int]], dict[int, str]]  # addresses, rows, files

_PATH, _DIRECTORY = 1, 2  # DW_LNCT_*
_STRING, _BLOCK, _STRP, _UDATA, _LINE_STRP = 0x08, 0x09, 0x0E, 0x0F, 0x1F  # DW_FORM_*
_SIZES = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}  # of the other forms: DW_FORM_data1 to data16
_FUNCTIONS = frozenset({"DW_TAG_subprogram", "DW_TAG_inlined_subroutine"})
_SCOPES = _FUNCTIONS | {"DW_TAG_lexical_block"}
_LONGEST_NUMBER = 140  # bits
_DEEPEST = 200  # scopes inside each other


class SourceLines:
    """Of one program: ``elf`` is the file that runs, ``info`` what is known about it, there or in its debug file."""

    def __init__(self, elf: "Elf", info: "DebugInfo"):
        self._elf, self._info = elf, info
        self._read: "dict[int, _Rows]" = {}

    def at(self, address: int) -> "tuple[str, int] | None":
        """(path, line) of the instruction at this virtual address."""
        with reading(self._info.file):
            unit = self._info.unit_at(address)
            if unit is None or "DW_AT_stmt_list" not in unit.get_top_DIE().attributes:
                return None
            starts, rows, _files = self._rows_at(unit.get_top_DIE().attributes["DW_AT_stmt_list"].value)
            place = bisect_right(starts, address) - 1
            if place < 0 or address >= rows[place][0] + rows[place][4] or not rows[place][2]:
                return None
            path = self._path(unit, rows[place][1])
            return (path, rows[place][2]) if path else None

    def frames(self, address: int) -> "list[tuple[str, str, int]]":
        """(function, path, line) of the functions that were put inline around this virtual address, innermost first.

        Last comes the one whose code it is, without a name. [] where nothing is known of the address.
        """
        here = self.at(address)
        if here is None:
            return []
        unit = self._info.unit_at(address)
        places, names = [here], [""]
        for name, file, line in self._types.inlined(address):
            names.append(name)
            places.insert(-1, (self._path(unit, file), line))
        return [(name, *place) for name, place in zip(reversed(names), reversed(places), strict=True)]

    def _path(self, unit: "Any", number: int) -> str:
        """Of a file in the unit's table of lines."""
        top = unit.get_top_DIE()
        files = self._rows_at(top.attributes["DW_AT_stmt_list"].value)[2]
        name = files.get(number, "")
        if name and 0 not in files and "DW_AT_comp_dir" in top.attributes:  # before DWARF 5
            return normpath(join(self._info.text(top, top.attributes["DW_AT_comp_dir"]), name))
        return name

    @cached_property
    def _types(self) -> "DebugTypes":
        from bttui.host.debug_types import DebugTypes

        return DebugTypes(self._info, "")

    def _rows_at(self, at: int) -> "_Rows":
        """The rows with code of the table at this offset, by address."""
        if at not in self._read:
            table = _Table(_Reader(self._contents[0], at, self._info.file), *self._contents[1:])
            rows = sorted(row for row in (table.rows() if table.files else ()) if row[4])
            self._read[at] = ([row[0] for row in rows], rows, table.files)
        return self._read[at]

    @cached_property
    def _contents(self) -> "tuple[bytes, bytes, bytes]":
        return self._section(".debug_line"), self._section(".debug_str"), self._section(".debug_line_str")

    @cached_property
    def _tables(self) -> "list[_Table]":
        with reading(self._info.file):
            content, *strings = self._contents
            found, at = [], 0
            while at + 4 <= len(content):
                table = _Table(_Reader(content, at, self._info.file), *strings)
                at = table.end
                if table.files:
                    found.append(table)
            return found

    def _section(self, name: str) -> bytes:
        found = section(self._info.file, name)
        return found.stream.read() if found else b""

    @cached_property
    def files(self) -> "list[str]":
        """The paths of all source files, sorted; relative ones where the folder is not noted."""
        return sorted({path for table in self._tables for path in table.files.values()})

    def matching(self, wanted: str) -> "list[str]":
        """Those that end with the words of a path: "a.c" is "/src/a.c", but not "/src/aa.c"."""
        wanted = normpath(wanted) if wanted else ""
        return [path for path in self.files if wanted and (path == wanted or path.endswith("/" + wanted))]

    def lines(self, path: str) -> "dict[int, list[tuple[int, int, int]]]":
        """{line: [(virtual address, column, bytes of code), by address]} of one of the files.

        Lines whose work was merged with that of others have no code of their own in some places: 0 bytes.
        """
        found: "dict[int, dict[tuple[int, int], int]]" = {}
        with reading(self._info.file):
            for table in self._tables:
                numbers = {number for number, name in table.files.items() if name == path}
                for address, file, line, column, size in table.rows() if numbers else ():
                    # Functions that the linker left out keep their lines, at an address that is no code.
                    if file in numbers and line and self._elf.is_code(address):
                        places = found.setdefault(line, {})
                        places[address, column] = max(size, places.get((address, column), 0))
        return {line: [(*place, found[line][place]) for place in sorted(found[line])] for line in sorted(found)}

    def starts(self, places: "list[tuple[int, int, int]]") -> "list[int]":
        """Of the places of a line, the first address in each function, and in each place where a function was put inline."""
        sizes: "dict[int, int]" = {}
        for address, _, size in places:
            sizes[address] = max(size, sizes.get(address, 0))
        first: "dict[object, int]" = {}
        for address in sorted(sizes):
            first.setdefault(self._scope(address, not sizes[address]) if len(sizes) > 1 else 0, address)
        return sorted(first.values())

    def _scope(self, address: int, empty: bool) -> object:
        """What tells the innermost function around an address from others, also one that has no code left there if ``empty``."""
        with reading(self._info.file):
            unit = self._info.unit_at(address)
            found = self._inside(unit.get_top_DIE(), address, empty, 0) if unit else None
        # The entries may be in another file (split DWARF).
        return found or self._elf.symbols.at(address)

    def _inside(self, scope: "Any", address: int, empty: bool, depth: int) -> "int | None":
        for entry in scope.iter_children() if depth < _DEEPEST else ():
            if entry.tag == "DW_TAG_namespace":
                found = self._inside(entry, address, empty, depth + 1)
                if found:
                    return found
            elif entry.tag in _SCOPES and any(begin <= address < max(end, begin + empty) for begin, end in self._info.ranges(entry)):
                found = self._inside(entry, address, empty, depth + 1)
                if found or entry.tag in _FUNCTIONS:
                    return found or entry.offset
        return None


class _Reader:
    """Numbers and strings from a place on, in the byte order of ``file``. Raises IndexError, ValueError or struct.error."""

    def __init__(self, content: bytes, at: int, file: "Elf"):
        self.content, self.at, self._file = content, at, file

    def number(self, size: int) -> int:
        form = {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
        (value,) = self._file.layout({1: form, 2: form}).unpack_from(self.content, self.at)
        self.at += size
        return value

    def unsigned(self) -> int:
        """ULEB128."""
        return self._groups()[0]

    def signed(self) -> int:
        """SLEB128."""
        value, bits = self._groups()
        return value - (1 << bits) if value >> (bits - 1) else value

    def _groups(self) -> "tuple[int, int]":
        """(the number, how many bits were written)."""
        value = 0
        for bits in range(0, _LONGEST_NUMBER, 7):
            byte = self.content[self.at]
            self.at += 1
            value |= (byte & 0x7F) << bits
            if byte < 0x80:
                return value, bits + 7
        raise ValueError("a number that does not end")

    def string(self) -> str:
        end = self.content.index(b"\0", self.at)
        text, self.at = self.content[self.at : end], end + 1
        return text.decode("utf-8", "surrogateescape")


class _Table:
    """One line number program: its header is read, the rows when asked for. ``files``: {number: path}."""

    def __init__(self, reader: _Reader, strings: bytes, line_strings: bytes):
        self._reader, self._strings = reader, {_STRP: strings, _LINE_STRP: line_strings}
        length, self._width = reader.number(4), 4
        if length == 0xFFFFFFFF:
            length, self._width = reader.number(8), 8
        self.end = reader.at + length
        self.files: "dict[int, str]" = {}
        version = reader.number(2)
        if not 2 <= version <= 5:
            return
        if version >= 5:
            reader.at += 2  # sizes of addresses and of segment selectors
        header = reader.number(self._width)
        self._program = reader.at + header
        self._least_size = reader.number(1)
        if version >= 4:
            reader.at += 1  # of machines that do several operations in an instruction
        reader.at += 1  # whether rows are statements at first
        base = reader.number(1)
        self._line_base, self._line_range, self._opcode_base = base - 256 * (base > 127), reader.number(1), reader.number(1)
        self._lengths = [reader.number(1) for _ in range(self._opcode_base - 1)]
        try:
            self.files = self._listed() if version >= 5 else self._listed_before()
        except (IndexError, ValueError, KeyError, StructError):
            raise error(f"the line table at {reader.at:#x} of {reader._file.path} is damaged") from None

    def _listed_before(self) -> "dict[int, str]":
        """Of DWARF 2 to 4: folder 0, where the compiler ran, is noted elsewhere."""
        reader, folders = self._reader, [""]
        files: "dict[int, str]" = {}
        while folder := reader.string():
            folders.append(folder)
        while name := reader.string():
            folder = folders[reader.unsigned()]
            reader.unsigned(), reader.unsigned()  # time and size
            files[len(files) + 1] = normpath(join(folder, name))
        return files

    def _listed(self) -> "dict[int, str]":
        folders = [str(entry[_PATH]) for entry in self._entries()]
        paths = [(str(entry[_PATH]), folders[int(entry.get(_DIRECTORY, 0))]) for entry in self._entries()]
        return {number: normpath(join(folders[0], folder, name)) for number, (name, folder) in enumerate(paths)}

    def _entries(self) -> "Iterator[dict[int, int | str]]":
        reader = self._reader
        forms = [(reader.unsigned(), reader.unsigned()) for _ in range(reader.number(1))]
        for _ in range(reader.unsigned() if forms else 0):
            yield {content: self._value(form) for content, form in forms}

    def _value(self, form: int) -> "int | str":
        reader = self._reader
        if form == _STRING:
            return reader.string()
        if form in self._strings:
            strings, at = self._strings[form], reader.number(self._width)
            return strings[at : strings.index(b"\0", at)].decode("utf-8", "surrogateescape")
        if form == _UDATA:
            return reader.unsigned()
        size = reader.unsigned() if form == _BLOCK else _SIZES[form]
        value = reader.content[reader.at : reader.at + size]
        reader.at += size
        return int.from_bytes(value, "little" if size < 16 else "big")

    def rows(self) -> "Iterator[tuple[int, int, int, int, int]]":
        """(virtual address, number of the file, line, column, bytes up to the next row) of each row."""
        before = None
        for row in self._states():
            if before is not None:
                yield *before, row[0] - before[0]
            before = None if row[2] < 0 else row

    def _states(self) -> "Iterator[tuple[int, int, int, int]]":
        """Rows without their sizes; the end of a sequence has line -1."""
        reader, content = self._reader, self._reader.content
        reader.at = self._program
        start = address, file, line, column = 0, 1, 1, 0
        base, line_base, line_range, least = self._opcode_base, self._line_base, self._line_range or 1, self._least_size
        while reader.at < self.end:
            opcode = content[reader.at]
            reader.at += 1
            if opcode >= base:
                opcode -= base
                address += opcode // line_range * least
                line += line_base + opcode % line_range
                yield address, file, line, column
            elif opcode == 1:  # DW_LNS_copy
                yield address, file, line, column
            elif opcode == 2:
                address += reader.unsigned() * least
            elif opcode == 3:
                line += reader.signed()
            elif opcode == 4:
                file = reader.unsigned()
            elif opcode == 5:
                column = reader.unsigned()
            elif opcode == 8:  # DW_LNS_const_add_pc
                address += (255 - base) // line_range * least
            elif opcode == 9:
                address += reader.number(2)
            elif opcode:
                for _ in range(self._lengths[opcode - 1]):
                    reader.unsigned()
            else:
                size = reader.unsigned()
                after = reader.at + size
                extended = content[reader.at]
                reader.at += 1
                if extended == 1:  # DW_LNE_end_sequence
                    yield address, file, -1, column
                    address, file, line, column = start
                elif extended == 2:
                    address = reader.number(size - 1)
                reader.at = after
