"""Where a C function finds its arguments at its first instruction: System V AMD64 ABI 3.2.3, AAPCS64 6.8.2."""

from bttui.model.types import align_up
from bttui.probes.provider import Location
from bttui.probes.registers import registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bttui.host.debug_locations import Piece
    from bttui.host.debug_types import Function, Parameter

FLOATING = "is a floating point number, which programs in the kernel cannot read"
EMPTY = "has no content"
GONE = "is not kept at this instruction: the compiler needs it no more"
UNKNOWN = "is kept at this instruction in a way that cannot be read"
_MOST_IN_REGISTERS = 16  # bytes of a struct
_VECTOR_REGISTERS = 8


def places(function: "Function", machine: str) -> "tuple[tuple[Location, ...], ...]":
    """For each parameter the pieces that its value is made of, in order.

    Raises DiagnosticError for a machine whose registers we do not know.
    """
    convention = _Arm(machine) if machine == "aarch64" else _X86(machine)
    convention.returns(function.result)
    return tuple(convention.take(parameter) for parameter in function.parameters)


def places_inside(function: "Function", kept: "Sequence[tuple[Piece, ...] | None]", machine: str) -> "tuple[tuple[Location, ...], ...]":
    """The same for an instruction that is not the first, from what debugging information says of it (DebugTypes.inside)."""
    numbered = registers(machine).numbered
    passed = places(function, machine)
    return tuple(
        passed[index] if pieces and pieces[0].kind == "call" else _kept(parameter, pieces, numbered)
        for index, (parameter, pieces) in enumerate(zip(function.parameters, kept, strict=True))
    )


def _kept(parameter: "Parameter", pieces: "tuple[Piece, ...] | None", numbered: "tuple[str, ...]") -> "tuple[Location, ...]":
    size = parameter.type.size
    if pieces is None:
        return (Location(size, False, problem=UNKNOWN),)
    if not pieces:
        return (Location(size, False, problem=GONE),)
    if not _readable(parameter):
        return (Location(size, False, problem=FLOATING),)
    found = []
    for piece in pieces:
        name = numbered[piece.register] if 0 <= piece.register < len(numbered) else ""
        length = piece.size or size
        if piece.kind != "constant" and not name:
            return (Location(size, False, problem=FLOATING if piece.kind == "register" else UNKNOWN),)
        memory = piece.kind == "memory"
        whole = len(pieces) == 1 and (memory or length <= 8)
        if not whole and (memory or (length != 8 and piece is not pieces[-1]) or length > 8):
            return (Location(size, False, problem=UNKNOWN),)
        found.append(Location(length, False, memory=memory, register=name, offset=0 if piece.kind == "register" else piece.offset))
    return tuple(found)


class _Convention:
    """Registers and stack that are taken up one argument after another."""

    def __init__(self, machine: str):
        self.machine = registers(machine)
        self.free = list(self.machine.arguments)
        self.vectors = _VECTOR_REGISTERS
        self.stack = self.machine.stack_arguments

    def on_stack(self, size: int, alignment: int = 8) -> "tuple[Location, ...]":
        base = self.machine.stack_arguments
        at = base + align_up(self.stack - base, alignment)
        self.stack = at + align_up(size, 8)
        return (Location(size, False, memory=True, register=self.machine.stack_pointer, offset=at),)

    def address(self, size: int) -> "tuple[Location, ...]":
        """Of something that the caller keeps in memory: passed as a pointer would be."""
        if self.free:
            return (Location(size, False, memory=True, register=self.free.pop(0)),)
        self.on_stack(8)
        return (Location(size, False, problem="is an object behind an address on the stack, which cannot be read yet"),)

    def pieces(self, size: int, count: int) -> "tuple[Location, ...]":
        taken, self.free = self.free[:count], self.free[count:]
        return tuple(Location(min(8, size - 8 * index), False, register=name) for index, name in enumerate(taken))


class _X86(_Convention):
    def returns(self, result: "Parameter") -> None:
        """A large result is written where the caller says, in a first argument that nobody sees."""
        if result.indirect or (_aggregate(result) and self._words(result) is None):
            self.free.pop(0)

    def take(self, parameter: "Parameter") -> "tuple[Location, ...]":
        size = parameter.type.size
        if parameter.indirect:
            return self.address(size)
        if parameter.scalars and all(s.kind == "long double" for s in parameter.scalars) and not _aggregate(parameter):
            self.on_stack(16, 16)
            return (Location(size, False, problem=FLOATING),)
        words = self._words(parameter)
        if words == []:
            return (Location(size, False, problem=EMPTY),)
        wide = len(parameter.scalars) == 1 and parameter.scalars[0].size == 16  # __int128
        whole, vectors = (words or []).count("integer"), (words or []).count("float")
        if words is None or whole > len(self.free) or vectors > self.vectors:
            found = self.on_stack(size, 16 if wide or any(s.kind == "long double" for s in parameter.scalars) else 8)
            return found if _readable(parameter) else (found[0].replace(problem=FLOATING),)
        self.vectors -= vectors
        taken = self.pieces(size, whole)
        return taken if not vectors else (Location(size, False, problem=FLOATING),)

    @staticmethod
    def _words(parameter: "Parameter") -> "list[str] | None":
        """The class of each eight bytes; None for what goes through memory."""
        size = parameter.type.size
        if size > _MOST_IN_REGISTERS or any(s.kind == "long double" or s.offset % max(1, min(s.size, 8)) for s in parameter.scalars):
            return None
        if not parameter.scalars:
            return []
        words = []
        for at in range(0, size, 8):
            inside = {s.kind for s in parameter.scalars if s.offset < at + 8 and at < s.offset + s.size}
            words.append("integer" if "integer" in inside or not inside else "float")
        return words


class _Arm(_Convention):
    def returns(self, result: "Parameter") -> None:
        """The address of a large result has a register of its own."""

    def take(self, parameter: "Parameter") -> "tuple[Location, ...]":
        size, kinds = parameter.type.size, {s.kind for s in parameter.scalars}
        if parameter.indirect:
            return self.address(size)
        if not parameter.scalars and size <= _MOST_IN_REGISTERS:
            return (Location(size, False, problem=EMPTY),)
        alike = kinds and "integer" not in kinds and len({s.size for s in parameter.scalars}) == 1
        if alike and len(parameter.scalars) <= 4:
            if len(parameter.scalars) <= self.vectors:
                self.vectors -= len(parameter.scalars)
            else:
                self.vectors = 0
                self.on_stack(size)
            return (Location(size, False, problem=FLOATING),)
        if size > _MOST_IN_REGISTERS:
            return self.address(size)
        count = -(-size // 8)
        if len(parameter.scalars) == 1 and size == 16 and len(self.free) % 2:
            self.free.pop(0)  # __int128 begins at an even register
        if count <= len(self.free):
            return self.pieces(size, count)
        self.free = []
        return self.on_stack(size)


def _aggregate(parameter: "Parameter") -> bool:
    return len(parameter.scalars) != 1 or parameter.scalars[0].size < parameter.type.size


def _readable(parameter: "Parameter") -> bool:
    """Whether it is more than one floating point number."""
    return _aggregate(parameter) or parameter.scalars[0].kind == "integer"


def names(found: "Sequence[Location]") -> str:
    """For tests and messages: "di", "di si", "[sp+8]"."""
    return " ".join(
        place.problem or (f"[{place.register}{f'+{place.offset}' if place.offset else ''}]" if place.memory else place.register)
        for place in found
    )
