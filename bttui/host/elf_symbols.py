"""Symbol tables of ELF files: by address for stacks, by name for probes (elf(5), "String and symbol tables")."""

from bisect import bisect_right
from functools import cached_property
from operator import itemgetter
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The fields of an entry, and where among them are: name, value, size, info, section.
_ENTRY = {4: ("IIIBBH", itemgetter(0, 1, 2, 3, 5)), 8: ("IBBHQQ", itemgetter(0, 4, 5, 1, 3))}
_OBJECT, _FUNCTION, _COMMON, _INDIRECT_FUNCTION = 1, 2, 5, 10  # STT_*
_FUNCTIONS = frozenset(info | bind << 4 for info in (_FUNCTION, _INDIRECT_FUNCTION) for bind in range(16))
_NAMED = frozenset(info | bind << 4 for info in (0, _OBJECT, _FUNCTION, _COMMON, _INDIRECT_FUNCTION) for bind in range(16))
_LOCAL = 0  # STB_LOCAL
_ABSOLUTE = 0xFFF1  # SHN_ABS
_HIDDEN = 0x8000  # of a version: an old one, kept for those who were linked with it
_LONGEST = 4096  # bytes of a name
_NESTED = 32  # how far behind the nearest symbol another one may begin that contains the address, in symbols


class SymbolTable:
    """``entries`` and ``strings`` are the bytes of both sections, ``versions`` those of .gnu.version or b"".

    ``ends`` are the addresses behind each section of the file.
    """

    def __init__(self, entries: bytes, strings: bytes, order: str, word_size: int, ends: "Sequence[int]", versions: bytes = b""):
        form, self._pick = _ENTRY[word_size]
        self._layout = Struct(order + form)
        self._entries = entries[: len(entries) // self._layout.size * self._layout.size]
        self._strings = strings
        self._ends = ends
        self._indirect: "set[str]" = set()  # of the names in by_name
        self._namesakes: "dict[str, list[tuple[int, int]]]" = {}
        self._versions = [version for (version,) in Struct(order + "H").iter_unpack(versions[: len(versions) & ~1])]

    def _symbols(self) -> "Iterator[tuple[int, int, int, int, int]]":
        """(place of the name, value, size, info, section) of each."""
        return map(self._pick, self._layout.iter_unpack(self._entries))

    @cached_property
    def by_address(self) -> "list[tuple[int, int, int, int, int]]":
        """(address, size, bind, place of the name, section) of the functions, sorted."""
        return sorted(
            [(value, size, info >> 4, place, at) for place, value, size, info, at in self._symbols() if info in _FUNCTIONS and at and value]
        )

    @cached_property
    def starts(self) -> "list[int]":
        return [entry[0] for entry in self.by_address]

    def name(self, place: int) -> str:
        """Without the version that linkers append: "memcpy@@GLIBC_2.14"."""
        return self._whole_name(place).partition("@")[0]

    def _whole_name(self, place: int) -> str:
        end = self._strings.find(b"\0", place, place + _LONGEST)
        return self._strings[place : end if end >= 0 else place + _LONGEST].decode("utf-8", "surrogateescape")

    def at(self, address: int) -> "tuple[str, int] | None":
        """(name, start) of the function that holds the address: of nested ones the innermost, of aliases the plainest."""
        table = self.by_address
        last = bisect_right(self.starts, address) - 1
        if last < 0:
            return None
        nearest = table[last][0]
        for at in range(last, max(-1, last - _NESTED), -1):
            start, size, _, _, section = table[at]
            # Hand-written assembly often has no sizes: such a function reaches to the next one, or to its section's end.
            if address - start < size or (not size and start == nearest and section < len(self._ends) and address < self._ends[section]):
                return self._plainest(at, address), start
        return None

    def _plainest(self, at: int, address: int) -> str:
        start = self.by_address[at][0]
        names: "list[tuple[bool, str]]" = []
        while at >= 0 and self.by_address[at][0] == start and len(names) < _NESTED:
            _, size, bind, place, _ = self.by_address[at]
            if address - start < size or not size:
                names.append((bind == _LOCAL, self.name(place)))
            at -= 1
        return min(names, key=lambda found: (found[0], len(found[1]) - len(found[1].lstrip("_")), len(found[1]), found[1]))[1]

    def all(self) -> "list[tuple[int, int, str]]":
        """(address, size, name) of each function."""
        # No two names overlap but by their ends: a table that promises more text than this was not made by a linker.
        budget = 8 * len(self._strings) + _LONGEST
        found = []
        for address, size, _, place, _ in self.by_address:
            name = self.name(place)
            budget -= len(name)
            if budget < 0:
                break
            if name:
                found.append((address, size, name))
        return found

    @cached_property
    def by_name(self) -> "dict[str, tuple[int, int]]":
        """{name: (address, size)} of functions and variables; a default version, and a global symbol, come first."""
        found: "dict[str, tuple[int, int]]" = {}
        ranks: "dict[str, int]" = {}
        versions = self._versions
        budget = 8 * len(self._strings) + _LONGEST
        for number, (place, value, size, info, section) in enumerate(self._symbols()):
            if not section or info not in _NAMED or section == _ABSOLUTE or not value:
                continue
            whole = self._whole_name(place)
            budget -= len(whole)
            if budget < 0:
                break
            name, at, version = whole.partition("@")
            old = (at and not version.startswith("@")) or (number < len(versions) and versions[number] & _HIDDEN)
            rank = 4 * bool(old) + 2 * (info >> 4 == _LOCAL) + (not info & 15)
            if name and rank == ranks.get(name) and info >> 4 == _LOCAL and info in _FUNCTIONS and value != found[name][0]:
                self._namesakes.setdefault(name, []).append((value, size))
            if name and rank < ranks.get(name, 8):
                found[name], ranks[name] = (value, size), rank
                self._namesakes.pop(name, None)
                (self._indirect.add if info & 15 == _INDIRECT_FUNCTION else self._indirect.discard)(name)
        return found

    def namesakes(self, name: str) -> "list[tuple[int, int]]":
        """(address, size) of further local functions of a name: each source file may have its own static one."""
        return self._namesakes.get(name, []) if name in self.by_name else []

    def of_version(self, name: str, numbers: "set[int]") -> "tuple[int, int] | None":
        """(address, size) of the symbol of this name that has one of the versions."""
        for (place, value, size, _, section), version in zip(self._symbols(), self._versions, strict=False):
            if version & ~_HIDDEN in numbers and section and value and self.name(place) == name:
                return value, size
        return None

    def is_indirect(self, name: str) -> bool:
        """Whether it is a function that chooses a function when the loader asks it (STT_GNU_IFUNC)."""
        return name in self.by_name and name in self._indirect


class Symbols:
    """Several tables of one file; the earlier know better."""

    def __init__(self, tables: "Sequence[SymbolTable]"):
        self._tables = tables

    def at(self, address: int) -> "tuple[str, int] | None":
        """(name, start) of the function that holds the virtual address."""
        for table in self._tables:
            if found := table.at(address):
                return found
        return None

    def functions(self) -> "list[tuple[int, int, str]]":
        return sorted({function for table in self._tables for function in table.all()})

    def named(self, name: str) -> "tuple[int, int] | None":
        for table in self._tables:
            if found := table.by_name.get(name):
                return found
        return None

    def namesakes(self, name: str) -> "list[tuple[int, int]]":
        for table in self._tables:
            if name in table.by_name:
                return table.namesakes(name)
        return []

    def is_indirect(self, name: str) -> bool:
        return any(table.is_indirect(name) for table in self._tables)
