"""Where instructions begin: their lengths, by the encoding (Intel SDM volume 2, chapter 2 and appendix A; Arm ARM, A1)."""

_X86_64, _AARCH64 = 62, 183  # EM_*, <elf.h>
LONGEST = 15  # bytes of an x86 instruction

# One-byte opcodes: which have a ModRM byte, and of what size their immediates are. "z" is 4 bytes, 2 after a prefix 66.
_PREFIXES = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")
_INVALID = frozenset(b"\x06\x07\x0e\x16\x17\x1e\x1f\x27\x2f\x37\x3f\x60\x61\x82\x9a\xce\xd4\xd5\xd6\xea")
_MODRM = frozenset(
    {high + low for high in range(0, 0x40, 8) for low in range(4)}
    | {0x63, 0x69, 0x6B, 0xC0, 0xC1, 0xC6, 0xC7, 0xF6, 0xF7, 0xFE, 0xFF}
    | set(range(0x80, 0x90))
    | set(range(0xD0, 0xD4))
    | set(range(0xD8, 0xE0))
)
_ONE = frozenset(
    {high + 4 for high in range(0, 0x40, 8)}
    | {0x6A, 0x6B, 0x80, 0x83, 0xA8, 0xC0, 0xC1, 0xC6, 0xCD, 0xEB}
    | set(range(0x70, 0x80))
    | set(range(0xB0, 0xB8))
    | set(range(0xE0, 0xE8))
)
_Z = frozenset({high + 5 for high in range(0, 0x40, 8)} | {0x68, 0x69, 0x81, 0xA9, 0xC7})
_FOUR = frozenset({0xE8, 0xE9})  # distances, whatever the prefixes

# Two-byte opcodes (0F ..): those without ModRM, those with an immediate of one byte.
_PLAIN_0F = frozenset(
    {0x05, 0x06, 0x07, 0x08, 0x09, 0x0B, 0x0E, 0x77, 0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA}
    | set(range(0x30, 0x38))
    | set(range(0x80, 0x90))
    | set(range(0xC8, 0xD0))
)
_INVALID_0F = frozenset({0x04, 0x0A, 0x0C, 0x24, 0x25, 0x26, 0x27, 0x36, 0x39, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F})
_ONE_0F = frozenset({0x0F, 0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6})


def begins(code: bytes, distance: int, machine: int) -> "bool | None":
    """Whether an instruction begins ``distance`` bytes after the start of ``code``, where one does.

    ``machine`` is e_machine of the file. None where that cannot be said: another machine, or bytes that are no code.
    """
    if machine == _AARCH64:
        return distance % 4 == 0
    if machine != _X86_64:
        return None
    at = 0
    while at < distance:
        size = _length(code[at : at + LONGEST])
        if not size:
            return None
        at += size
    return at == distance


def _length(code: bytes) -> int:
    """Bytes of the 64-bit x86 instruction at the start of ``code``; 0 where there is none."""
    try:
        size = _decode(code)
    except IndexError:
        return 0
    return size if size <= len(code) else 0


def _decode(code: bytes) -> int:
    at = 0
    prefixes = set()
    while code[at] in _PREFIXES:
        prefixes.add(code[at])
        at += 1
    wide = False
    if code[at] & 0xF0 == 0x40:  # REX
        wide = bool(code[at] & 8)
        at += 1
    opcode = code[at]
    at += 1
    if opcode in (0xC4, 0xC5, 0x62) or (opcode == 0x8F and code[at] & 0x1F >= 8):
        return _vector(code, opcode, at)
    if opcode == 0x0F:
        return _two_bytes(code, at, prefixes)
    if opcode in _INVALID:
        return 0
    z = 2 if 0x66 in prefixes and not wide else 4
    immediate = 1 if opcode in _ONE else z if opcode in _Z else 4 if opcode in _FOUR else 0
    if 0xA0 <= opcode <= 0xA3:  # an address
        immediate = 4 if 0x67 in prefixes else 8
    elif 0xB8 <= opcode <= 0xBF:
        immediate = 8 if wide else z
    elif opcode in (0xC2, 0xCA):
        immediate = 2
    elif opcode == 0xC8:
        immediate = 3
    elif opcode in (0xF6, 0xF7) and not code[at] & 0x30:  # of this group, only test has one
        immediate = 1 if opcode == 0xF6 else z
    return (_operand(code, at) if opcode in _MODRM else at) + immediate


def _two_bytes(code: bytes, at: int, prefixes: "set[int]") -> int:
    opcode = code[at]
    at += 1
    if opcode in (0x38, 0x3A):
        return _operand(code, at + 1) + (opcode == 0x3A)
    if opcode in _INVALID_0F:
        return 0
    if 0x20 <= opcode <= 0x23:  # control and debug registers: ModRM without more
        return at + 1
    if opcode in _PLAIN_0F:
        return at + (4 if opcode & 0xF0 == 0x80 else 0)
    if opcode == 0x78 and prefixes & {0x66, 0xF2}:  # extrq, insertq
        return _operand(code, at) + 2
    return _operand(code, at) + (opcode in _ONE_0F)


def _vector(code: bytes, opcode: int, at: int) -> int:
    """After one of the prefixes VEX, EVEX and XOP, which say in which table the opcode is."""
    if opcode == 0xC5:
        table, at = 1, at + 1
    elif opcode == 0x62:
        table, at = code[at] & 7, at + 3
    else:
        table, at = code[at] & 0x1F, at + 2
    opcode = code[at]
    at += 1
    if table == 1:
        return at if opcode == 0x77 else _operand(code, at) + (opcode in _ONE_0F)
    if table not in (2, 3, 5, 6, 8, 9, 10):
        return 0
    return _operand(code, at) + {3: 1, 8: 1, 10: 4}.get(table, 0)


def _operand(code: bytes, at: int) -> int:
    """Where ModRM, SIB and the displacement end."""
    modrm = code[at]
    at += 1
    mode, base = modrm >> 6, modrm & 7
    if mode == 3:
        return at
    if base == 4:
        base = code[at] & 7
        at += 1
    return at + {0: 4 if base == 5 else 0, 1: 1, 2: 4}[mode]
