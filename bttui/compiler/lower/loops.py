"""Loops: their bodies are callbacks of bpf_loop() and bpf_for_each_map_elem(), so that every loop ends."""

from bttui.compiler import ast
from bttui.compiler.bodies import walk
from bttui.compiler.emit import Helper
from bttui.compiler.infer.scope import Slot
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bttui.compiler.lower.code import Code

MOST = 1 << 23  # BPF_MAX_LOOPS, <linux/bpf_verifier.h>
RETURNED = 8  # where the frame says that the body ran a return statement


def captured(node: "ast.Node") -> "list[Slot]":
    """The variables of the body that exist outside it."""
    found: list[Slot] = []
    for child in walk(node):
        if isinstance(child, ast.Variable) and isinstance(child.note, Slot) and child.note.operand and child.note not in found:
            found.append(child.note)
    return found


def callback(code: "Code", node: "ast.Node", parameters: str, extra: "list[str]", body: "Callable[[list[str]], None]") -> "tuple[str, str]":
    """Write a function that runs ``body`` with the outer variables at hand; returns its name and the frame to pass.

    The frame is stack memory of pointers: the context, whether a return was met, the ``extra`` pointers, then one
    for each outer variable. ``body`` gets the extra pointers as they are called in there.
    """
    outer, slots = code.f, captured(node)
    given, cookie, packet = len(extra), code.cookie, code.packet
    extra = [*extra, *filter(None, (cookie, packet))]
    frame = outer.stack(16 + 8 * (len(extra) + len(slots)))
    outer.store_pointer("%ctx", frame)
    outer.store(64, "0", outer.offset(frame, RETURNED))
    for index, pointer in enumerate([*extra, *(s.operand for s in slots)]):
        outer.store_pointer(pointer, outer.offset(frame, 16 + 8 * index))
    name = f"{code.name}_loop{code.callbacks}"
    code.callbacks += 1
    saved = (code.f, code._free, code._used, code._scratch_pointer, code.loop, code.frame, [s.operand for s in slots])
    code.f = code.tables.module.function(name, "", node.span, parameters)
    code._free, code._used, code._scratch_pointer, code.loop, code.frame = {}, [], "", [], "%frame"
    place = code.f._place
    code.f.prologue.append(f"  %ctx = load ptr, ptr %frame, align 8, !dbg {place}")
    here = [code.f.load_pointer(code.f.offset("%frame", 16 + 8 * index)) for index in range(len(extra))]
    for index, slot in enumerate(slots):
        slot.operand = code.f.load_pointer(code.f.offset("%frame", 16 + 8 * (len(extra) + index)))
    if packet:
        code.packet = here.pop()
    if cookie:
        code.cookie = here.pop()
    body(here[:given])
    code.cookie, code.packet = cookie, packet
    if not code.f.terminated:
        code.f.ret("0")
    used = code.f.stack_used
    code.f, code._free, code._used, code._scratch_pointer, code.loop, code.frame, operands = saved
    code.f.stack_used += used
    for slot in captured(node):
        slot.operand = ""  # a variable of the body's own: where an unrolled loop comes by again, it lives elsewhere
    for slot, operand in zip(slots, operands, strict=True):
        slot.operand = operand
    return name, frame


def finish(code: "Code", frame: str) -> None:
    """After the loop: leave the program too if the body ran a return statement."""
    f = code.f
    code.when(f.compare("ne", 64, f.load(64, f.offset(frame, RETURNED)), "0"), lambda: code.leave())


class Loops:
    """The statements that loop; part of Code."""

    def ForRange(self: "Code", node: ast.ForRange) -> None:  # type: ignore[misc]
        start, end = self.integer(node.start), self.integer(node.end)
        f = self.f
        first = self.temporary(8)
        f.store(64, start, first)
        count = f.binary("sub", 64, end, start)
        count = f.select(f.compare("slt", 64, count, "0"), 64, "0", count)

        def body(extra: "list[str]") -> None:
            slot: Slot = node.variable.note
            number = self.f.binary("add", 64, self.f.load(64, extra[0]), "%index")
            assert slot.type is not None
            bits = slot.type.size * 8
            self.f.store(bits, self.f.resize(number, 64, bits, False), self.variable(slot))
            self.block(node.body)
            slot.operand = ""

        self.run_loop(node, count, [first], body)

    def While(self: "Code", node: ast.While) -> None:  # type: ignore[misc]
        def body(_extra: "list[str]") -> None:
            self.when(self.f.binary("xor", 1, self.condition(node.condition), "1"), lambda: self.f.ret("1"))
            self.block(node.body)

        self.run_loop(node, str(MOST), [], body)

    def run_loop(self: "Code", node: ast.Node, count: str, extra: "list[str]", body: "Callable[[list[str]], None]") -> None:  # type: ignore[misc]
        name, frame = callback(self, node, "i64 %index, ptr %frame", extra, body)
        f = self.f
        bounded = f.select(f.compare("ult", 64, count, str(MOST)), 64, count, str(MOST)) if count.startswith("%") else count
        number = f.resize(bounded, 64, 32, False) if bounded.startswith("%") else bounded

        def run() -> None:
            f.call(Helper.loop, f"i32 {number}", f"ptr @{name}", f"ptr {frame}", "i64 0")

        if count == str(MOST):
            run()
        else:
            # a loop that the verifier sees to have no rounds must be out of reach: it drops the body and then misses it
            self.when(f.compare("ne", 32, number, "0"), run)
        finish(self, frame)

    def ForMap(self: "Code", node: ast.ForMap) -> None:  # type: ignore[misc]
        info = self.typer.maps[node.map.name]

        def body(_extra: "list[str]") -> None:
            slot: Slot = node.variable.note
            pair = slot.type
            assert isinstance(pair, types.Tuple) and isinstance(info.key, types.Type) and info.value is not None
            memory = self.variable(slot)
            self.zero_holes(pair, memory)
            key = self.f.offset(memory, pair.offsets[0])
            value = self.f.offset(memory, pair.offsets[1])
            self.f.copy(key, "%key", pair.elements[0].size)
            if isinstance(info.value, types.Aggregation):
                total = self.aggregation_at(info.value, self.tables.symbol(info.name), key)
                self.f.store(64, total.operand, value, 1)
            else:
                self.f.copy(value, "%value", pair.elements[1].size)
            self.block(node.body)
            slot.operand = ""

        name, frame = callback(self, node, "ptr %map, ptr %key, ptr %value, ptr %frame", [], body)
        self.f.call(Helper.for_each_map_elem, f"ptr @{self.tables.symbol(info.name)}", f"ptr @{name}", f"ptr {frame}", "i64 0")
        finish(self, frame)

    def Break(self: "Code", node: ast.Break) -> None:  # type: ignore[misc]
        if self.loop:
            self.f.jump(self.loop[-1][0])
        else:
            self.f.ret("1")

    def Continue(self: "Code", node: ast.Continue) -> None:  # type: ignore[misc]
        if self.loop:
            self.f.jump(self.loop[-1][1])
        else:
            self.f.ret("0")

    def counting_callback(self: "Code") -> str:  # type: ignore[misc]
        """A callback that goes on: bpf_for_each_map_elem() returns how often it was called."""
        name = "count_elements"
        if not self.tables.counting:
            self.tables.counting = True
            self.tables.module.function(name, "", None, "ptr %map, ptr %key, ptr %value, ptr %frame").ret("0")
        return name
