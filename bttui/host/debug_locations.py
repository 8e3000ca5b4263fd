"""Where variables are kept when the program is at an instruction: location descriptions (DWARF 5, 2.6) and frames (6.4)."""

from bisect import bisect_right

from bttui.host.debug_info import section
from bttui.model.data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.host.debug_info import DebugInfo

# DW_OP_*
_ADDRESS, _STACK_VALUE, _PIECE, _FRAME_BASE_OFFSET, _FRAME_ADDRESS, _IMPLICIT = 0x03, 0x9F, 0x93, 0x91, 0x9C, 0x9E
_ENTRY_VALUES = (b"\xa3", b"\xf3")  # of the standard, and before it
_LITERAL, _REGISTER, _BASE, _REGISTER_X, _BASE_X = 0x30, 0x50, 0x70, 0x90, 0x92
_CONSTANTS = {0x08: (1, False), 0x09: (1, True), 0x0A: (2, False), 0x0B: (2, True), 0x0C: (4, False), 0x0D: (4, True)}
_CONSTANTS |= {0x0E: (8, False), 0x0F: (8, True)}
_UNSIGNED_CONSTANT, _SIGNED_CONSTANT = 0x10, 0x11
# DW_EH_PE_*, of .eh_frame_hdr (Linux Standard Base, "Exception Frames"): pairs of 32-bit distances from its beginning.
_USUAL_HEADER = bytes([1, 0x1B, 0x03, 0x3B])


class Piece(Data):
    """``kind``: "register" (the value is in it), "memory" (it is at what the register holds + ``offset``), "constant" (it is
    ``offset``), or "call" (it is still where the caller has put it). ``register`` is a number of the machine's DWARF ABI. ``size`` in bytes, 0 for all of the value.
    """

    kind: str
    register: int = -1
    offset: int = 0
    size: int = 0


class Unknown(Exception):
    """A description that uses more than we know."""


def kept(info: "DebugInfo", entry: "Any", function: "Any", address: int) -> "tuple[Piece, ...]":
    """Where the value of a variable's entry is; () where it is not kept. ``function`` is the entry around it with the frame.

    Raises Unknown.
    """
    constant = entry.attributes.get("DW_AT_const_value")
    if constant is not None:
        if not isinstance(constant.value, int):
            raise Unknown
        return (Piece("constant", offset=constant.value),)
    found = entry.attributes.get("DW_AT_location")
    if found is None:
        return ()
    if isinstance(found.value, list):
        if found.value[:1] == [_FRAME_BASE_OFFSET] and in_prologue(info, function, address):
            return (Piece("call"),)  # such a description holds from there on only
        return _pieces(info, bytes(found.value), function, address)
    return _pieces(info, bytes(_of_list(entry, found, address)), function, address)


def in_prologue(info: "DebugInfo", function: "Any", address: int) -> bool:
    """Whether the function has not yet moved its arguments to its frame: the second line of its code is where it has."""
    start = info.ranges(function)[0][0]
    unit = info.unit_at(start)
    program = info.dwarf.line_program_for_CU(unit) if unit is not None else None
    lines = (each.state for each in program.get_entries()) if program is not None else ()
    return not any(state is not None and not state.end_sequence and start < state.address <= address for state in lines)


def _of_list(entry: "Any", attribute: "Any", address: int) -> "list[int]":
    """The description that holds at the address."""
    lists = entry.dwarfinfo.location_lists()
    if lists is None:
        return []
    start = entry.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
    base = start.value if start is not None and isinstance(start.value, int) else 0
    for each in lists.get_location_list_at_offset(attribute.value, entry):
        if hasattr(each, "base_address"):
            base = each.base_address
        elif hasattr(each, "begin_offset"):
            before = 0 if each.is_absolute else base
            if before + each.begin_offset <= address < before + each.end_offset:
                return each.loc_expr
    return []


def _pieces(info: "DebugInfo", expression: bytes, function: "Any", address: int) -> "tuple[Piece, ...]":
    """What a location description says."""
    if expression[:1] in _ENTRY_VALUES:
        return ()  # what it was when the function began: callers of callers may be asked, but not from here
    pieces: "list[Piece]" = []
    at, known = 0, None
    reader = _Reader(expression)
    while not reader.ended:
        at = reader.byte()
        if _REGISTER <= at < _REGISTER + 32:
            known = Piece("register", at - _REGISTER)
        elif at == _REGISTER_X:
            known = Piece("register", reader.unsigned())
        elif _BASE <= at < _BASE + 32:
            known = Piece("memory", at - _BASE, reader.signed())
        elif at == _BASE_X:
            number = reader.unsigned()
            known = Piece("memory", number, reader.signed())
        elif at == _FRAME_BASE_OFFSET:
            base, distance = _frame_base(info, function, address), reader.signed()
            known = base.replace(offset=base.offset + distance)
        elif at == _FRAME_ADDRESS:
            known = _frame_address(info, address)
        elif _LITERAL <= at < _LITERAL + 32:
            known = Piece("constant", offset=at - _LITERAL)
        elif at in _CONSTANTS:
            known = Piece("constant", offset=reader.number(*_CONSTANTS[at]))
        elif at == _UNSIGNED_CONSTANT:
            known = Piece("constant", offset=reader.unsigned())
        elif at == _SIGNED_CONSTANT:
            known = Piece("constant", offset=reader.signed())
        elif at == _STACK_VALUE and known is not None:
            if known.kind == "memory":  # a sum of register and number that is the value itself
                if known.offset:
                    raise Unknown
                known = known.replace(kind="register")
        elif at == _IMPLICIT:
            size = reader.unsigned()
            known = Piece("constant", offset=reader.number(min(size, 8), False))
        elif at == _PIECE:
            size = reader.unsigned()
            if known is None:
                raise Unknown  # a part of it is not kept
            pieces.append(known.replace(size=size))
            known = None
        else:
            raise Unknown
        if at not in (_STACK_VALUE, _PIECE) and not reader.ended and reader.next not in (_STACK_VALUE, _PIECE):
            raise Unknown  # goes on calculating
    if known is not None and known.kind == "constant" and at != _STACK_VALUE and at != _IMPLICIT:
        raise Unknown  # an address
    return (*pieces, known) if known is not None else tuple(pieces)


def _frame_base(info: "DebugInfo", function: "Any", address: int) -> Piece:
    found = function.attributes.get("DW_AT_frame_base")
    if found is None:
        raise Unknown
    expression = found.value if isinstance(found.value, list) else _of_list(function, found, address)
    if expression[:1] == [_FRAME_BASE_OFFSET]:
        raise Unknown  # by itself
    pieces = _pieces(info, bytes(expression), function, address)
    if len(pieces) != 1 or pieces[0].kind == "constant":
        raise Unknown
    return pieces[0].replace(kind="memory")


def _frame_address(info: "DebugInfo", address: int) -> Piece:
    """The canonical frame address (CFA), by .eh_frame or .debug_frame."""
    entry = _frame_entry(info, address)
    rule = None
    for row in entry.get_decoded().table if entry is not None else ():
        if row["pc"] > address:
            break
        rule = row["cfa"]
    if rule is None or rule.reg is None:
        raise Unknown
    return Piece("memory", rule.reg, rule.offset)


def _frame_entry(info: "DebugInfo", address: int) -> "Any | None":
    from elftools.dwarf.callframe import CallFrameInfo

    frames = section(info.program, ".eh_frame")
    header = info.program.section(".eh_frame_hdr")
    if frames is not None:
        known = CallFrameInfo(frames.stream, frames.size, frames.address, info.dwarf.structs, for_eh_frame=True)
        table = info.program.content(header, 1 << 26)
        if header is not None and table[:4] == _USUAL_HEADER:
            pairs = list(info.program.layout({1: "ii", 2: "ii"}).iter_unpack(table[12 : 12 + (len(table) - 12) // 8 * 8]))
            at = bisect_right(pairs, (address - header.address, 1 << 31)) - 1
            if at < 0:
                return None
            return known._parse_entry_at(pairs[at][1] + header.address - frames.address)
        entries = known.get_entries()
    elif info.dwarf.has_CFI():
        entries = info.dwarf.CFI_entries()
    else:
        return None
    each: "Any"
    for each in entries:
        if "initial_location" in getattr(each, "header", ()) and 0 <= address - each["initial_location"] < each["address_range"]:
            return each
    return None


class _Reader:
    """Operands of an expression."""

    def __init__(self, content: bytes):
        self._content, self._at = content, 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._content)

    @property
    def next(self) -> int:
        return self._content[self._at]

    def byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def number(self, size: int, signed: bool) -> int:
        self._at += size
        return int.from_bytes(self._content[self._at - size : self._at], "little", signed=signed)

    def unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def signed(self) -> int:
        before = self._at
        value = self.unsigned()
        bits = 7 * (self._at - before)
        return value - (1 << bits) if value >> (bits - 1) else value
