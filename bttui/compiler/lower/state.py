"""The function being written, and the memory a program may use."""

from bttui.compiler import ast
from bttui.compiler.emit import Function, Helper, Value
from bttui.compiler.infer.scope import Body, Slot
from bttui.compiler.lower.tables import Tables
from bttui.model import types
from bttui.model.diagnostic import error
from bttui.model.program import SCRATCH
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.model.diagnostic import Span


SCALARS = (
    types.Integer,
    types.Bool,
    types.Enum,
    types.Pointer,
    types.KernelSymbol,
    types.ProbeName,
    types.Username,
)


class State:
    """``f`` is the LLVM function being written; ``index`` the program's number (its scratch slot)."""

    def __init__(self, tables: Tables, body: Body, index: int):
        self.tables, self.typer, self.body, self.index = tables, tables.typer, body, index
        self.on_stack = int(self.typer.config["on_stack_limit"])  # bytes; what is larger lies in the program's scratch memory
        self.f: Function
        self.scratch_top = 0
        self.scratch_size = 0
        self._free: dict[int, list[str]] = {}
        self._used: list[tuple[int, str]] = []
        self._scratch_pointer = ""
        self.callbacks = 0
        self.loop: list[tuple[str, str]] = []
        self.frame = ""  # in a callback: the frame's pointer
        self.into = ""
        self.cookie = ""  # where the cookie lies that a table of system calls gave
        self.packet = ""  # where args lie that were read from a packet
        self.name = ""
        self.expansions: list[Span] = []  # calls of the macros that we are inside of
        self.where: Span | None = None  # of the innermost statement or expression

    def temporary(self, size: int) -> str:
        """Memory until the end of the statement. Not zeroed."""
        if size > self.on_stack:
            return self.scratch(size)
        size = types.align_up(max(size, 1), 8)
        free = self._free.setdefault(size, [])
        pointer = free.pop() if free else self.f.stack(size)
        self._used.append((size, pointer))
        return pointer

    def scratch(self, size: int) -> str:
        """The same from this program's per-CPU memory."""
        offset = self.scratch_top
        self.scratch_top += types.align_up(size, 8)
        self.scratch_size = max(self.scratch_size, self.scratch_top)
        if not self._scratch_pointer:
            self._scratch_pointer = self.scratch_lookup()
        return self.f.offset(self._scratch_pointer, offset)

    def scratch_lookup(self) -> str:
        place = self.f._place
        slot, pointer, missing, found = (self.f.name_for(n) for n in ("slot", "scratch", "absent", "present"))
        self.f._entry.append(f"  %{slot} = alloca i32, align 4")
        self.f.stack_used += 8
        self.f.prologue += [
            f"  store i32 {self.index}, ptr %{slot}, align 4, !dbg {place}",
            f"  %{pointer} = call ptr inttoptr (i64 {Helper.map_lookup_elem} to ptr)(ptr @{SCRATCH}, ptr %{slot}), !dbg {place}",
            f"  %{missing} = icmp eq ptr %{pointer}, null, !dbg {place}",
            f"  br i1 %{missing}, label %{missing}.b, label %{found}, !dbg {place}",
            f"{missing}.b:",
            f"  ret i64 {self.f.result}, !dbg {place}",
            f"{found}:",
        ]
        return f"%{pointer}"

    def release(self, mark: "tuple[int, int]") -> None:
        used, self.scratch_top = mark
        while len(self._used) > used:
            size, pointer = self._used.pop()
            self._free[size].append(pointer)

    def mark(self) -> "tuple[int, int]":
        return len(self._used), self.scratch_top

    def variable(self, slot: Slot) -> str:
        """Where a variable lives: for the whole program."""
        if not slot.operand:
            assert slot.type is not None
            size = slot.type.size
            if size > self.on_stack or slot.captured:
                # A loop's variable is not on the stack: the verifier follows values there, one round of the loop after the other
                slot.operand = self.scratch(size)
            else:
                slot.operand = self.f.stack(types.align_up(max(size, 1), 8))
        return slot.operand

    def memory(self, type_: Type) -> str:
        """Where a function puts its result: where the caller wants it, else a temporary. Call it before lowering arguments."""
        into, self.into = self.into, ""
        return into or self.temporary(type_.size)

    def statement(self, node: ast.Node) -> None:
        self.f.at(node.span)
        method = getattr(self, type(node).__name__, None)
        if method is None:
            raise error(f"not supported yet: {type(node).__name__.lower()}", node.span)
        if isinstance(node, (ast.Let, ast.Assignment)):
            # a variable that is met here for the first time outlives the statement: make its room first
            variable = node.variable if isinstance(node, ast.Let) else node.target
            if isinstance(variable, ast.Variable) and variable.note is not None and variable.note.type is not None:
                self.variable(variable.note)
        mark, outer = self.mark(), self.where
        self.where = node.span
        method(node)
        self.where = outer
        self.release(mark)

    def expression(self, node: ast.Node, into: str = "") -> Value:
        """``into`` is memory of the type's size where a memory value may be put directly."""
        method = getattr(self, type(node).__name__, None)
        if method is None:
            raise error(f"not supported yet: {type(node).__name__}", node.span)
        outer, self.where = self.where, node.span
        value: Value = method(node, into) if isinstance(node, (ast.Call, ast.Map, ast.MapAccess, ast.Identifier)) else method(node)
        self.where = outer
        return value

    def when(self, condition: str, then: "Callable[[], Any]") -> None:
        yes, end = self.f.block("yes"), self.f.block("fi")
        self.f.branch(condition, yes, end)
        self.f.label(yes)
        then()
        if not self.f.terminated:
            self.f.jump(end)
        self.f.label(end)

    def block(self, block: ast.Block) -> None:
        for statement in block.statements:
            self.statement(statement)
