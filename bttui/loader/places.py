"""Where in the program's text each instruction of a loaded program comes from, out of the object file's BTF.ext.

The verifier names a line; only the object knows the column, which tells the statements of a one-line program apart.
Layouts: struct btf_header and btf_ext_header of <linux/btf.h> and libbpf's btf.h; Documentation/bpf/btf.rst, section 4.
"""

import struct

from bttui.host.elf import Elf, text

_CALL, _LOAD = 0x85, 0x18  # BPF_JMP | BPF_CALL; BPF_LD | BPF_DW | BPF_IMM, which also loads the address of a callback
_FUNCTION = 2  # STT_FUNC
_MOST = 1 << 28  # bytes of a section


def places(data: bytes, program: str) -> "list[tuple[int, int, int]]":
    """(instruction number, line, column) where a new place begins, in the order of the loaded program; [] where it is not known.

    libbpf puts the functions that a program calls behind it, each where it is first met.
    """
    with Elf(program, data) as elf:
        code = _Code(elf)
    found: "list[tuple[int, int, int]]" = []
    start = 0
    for section, offset, size in code.in_order(program):
        for at, line, column in code.lines.get(section, ()):
            if offset <= at < offset + size:
                found.append((start + (at - offset) // 8, line, column))
        start += size // 8
    return found


def place_of(data: bytes, program: str, number: int) -> "tuple[int, int] | None":
    """(line, column) of an instruction of the loaded program."""
    before = [(line, column) for at, line, column in places(data, program) if at <= number]
    return before[-1] if before else None


class _Code:
    """Functions, what they call, and line information of an object file. Functions are (section's index, offset, size)."""

    def __init__(self, elf: Elf):
        sections = elf.sections
        self._content = [elf.content(section, _MOST) if section.flags & 4 else b"" for section in sections]
        index = next((i for i, section in enumerate(sections) if section.type == 2), 0)  # SHT_SYMTAB
        strings = elf.content(sections[sections[index].link], _MOST)
        symbols = list(struct.iter_unpack("=IBBHQQ", elf.content(sections[index], _MOST)))
        self._targets = [(section, value) for _name, _info, _other, section, value, _size in symbols]
        self.functions = {(s, value): (s, value, size) for _n, info, _o, s, value, size in symbols if info & 15 == _FUNCTION}
        self.names = {text(strings, n): (s, value, size) for n, info, _o, s, value, size in symbols if info & 15 == _FUNCTION}
        self._moved: "dict[tuple[int, int], int]" = {}  # (section, offset): number of the symbol that an instruction is about
        for section in sections:
            if section.type == 9 and section.name.startswith(".rel"):  # SHT_REL
                about = next((i for i, other in enumerate(sections) if f".rel{other.name}" == section.name), 0)
                for offset, info in struct.iter_unpack("=QQ", elf.content(section, _MOST)):
                    self._moved[about, offset] = info >> 32
        self.lines = _lines(elf)

    def in_order(self, program: str) -> "list[tuple[int, int, int]]":
        found = []
        waiting = [self.names[program]] if program in self.names else []
        while waiting:
            function = waiting.pop()
            if function not in found:
                found.append(function)
                waiting += reversed(self._called(*function))
        return found

    def _called(self, section: int, offset: int, size: int) -> "list[tuple[int, int, int]]":
        found = []
        for at in range(offset, offset + size, 8):
            operation, registers, _jump, value = struct.unpack_from("=BBhi", self._content[section], at)
            target = self._targets[self._moved[section, at]] if (section, at) in self._moved else None
            if operation == _CALL and target is not None:
                place = target[0], target[1] + (value + 1) * 8
            elif operation == _CALL and registers >> 4 == 1:  # BPF_PSEUDO_CALL
                place = section, at + (value + 1) * 8
            elif operation == _LOAD and target is not None:
                place = target[0], target[1] + value
            else:
                continue
            if place in self.functions:
                found.append(self.functions[place])
        return found


def _lines(elf: Elf) -> "dict[int, list[tuple[int, int, int]]]":
    """By section: (offset, line, column), as the compiler wrote them."""
    types, extra = elf.content(elf.section(".BTF"), _MOST), elf.content(elf.section(".BTF.ext"), _MOST)
    if len(types) < 24 or len(extra) < 24:
        return {}
    size, _types, _length, strings = struct.unpack_from("=IIII", types, 4)
    head, _functions, _count, start, length = struct.unpack_from("=IIIII", extra, 4)
    names = {section.name: index for index, section in enumerate(elf.sections)}
    found: "dict[int, list[tuple[int, int, int]]]" = {}
    at, end = head + start, min(head + start + length, len(extra))
    if end - at < 4:
        return {}
    (each,) = struct.unpack_from("=I", extra, at)
    at += 4
    while at + 8 <= end:
        name, count = struct.unpack_from("=II", extra, at)
        at += 8
        lines = found.setdefault(names.get(text(types, size + strings + name), 0), [])
        for record in range(at, min(at + each * count, end - 15), each or end):
            offset, _file, _line, place = struct.unpack_from("=IIII", extra, record)
            lines.append((offset, place >> 10, place & 1023))
        at += each * count
    return found
