"""From the typed tree to LLVM instructions: one Code per body. Functions and builtins lower themselves (functions/)."""

from bttui.compiler import ast
from bttui.compiler.emit import Function, Helper, Module, Value
from bttui.compiler.infer import Body, MapInfo, Slot, Typer, describe, is_stringlike
from bttui.compiler.loops import RETURNED, Loops
from bttui.model import types
from bttui.model.diagnostic import error
from bttui.model.program import COUNTERS, RINGBUF, SCRATCH, STACKS, Argument, Counter, MapSpec, Output
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.model.diagnostic import Span

ON_STACK = 64  # bytes; larger temporaries live in the program's scratch memory
RESERVE_LIMIT = 256  # bytes; larger records are built in scratch memory and sent with the length they need
TRAILING = 64  # bytes; a longer string goes last in its record, cut to the length it has
NO_WAKEUP, FORCE_WAKEUP = 1, 2  # BPF_RB_* of <linux/bpf.h>
HASH, ARRAY, PERCPU_HASH, PERCPU_ARRAY, STACK_TRACE, LRU_HASH, LRU_PERCPU_HASH, RING = 1, 2, 5, 6, 7, 9, 10, 27  # enum bpf_map_type
DECLARED_KINDS = {"hash": HASH, "lruhash": LRU_HASH, "percpuhash": PERCPU_HASH, "percpulruhash": LRU_PERCPU_HASH}
SCRATCH_LIMIT = 32 << 10  # bytes, PCPU_MIN_UNIT_SIZE: the most a per-CPU value may have
STACK_ENTRIES = 16384
SCALARS = (
    types.Integer,
    types.Bool,
    types.Enum,
    types.Pointer,
    types.KernelSymbol,
    types.ProbeName,
    types.Username,
    types.StringConstant,
)
COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}
ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor", "<<": "shl"}


class Tables:
    """What all bodies of a program share: output formats, strings, counters, and the maps that they ask for."""

    def __init__(self, module: Module, typer: Typer):
        self.module, self.typer = module, typer
        self.outputs: list[Output] = []
        self.strings: list[str] = []
        self.counters: list[Counter] = []
        self.scratch_sizes: list[int] = []
        self.stack_depths: set[int] = set()
        self.uses_ring = False
        self.counting = False
        self._symbols: dict[str, str] = {}

    def output(self, output: Output) -> int:
        for index, known in enumerate(self.outputs):
            if known.values() == output.values():
                return index
        self.outputs.append(output)
        return len(self.outputs) - 1

    def string(self, text: str) -> int:
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def counter(self, kind: str, subject: str) -> int:
        counter = Counter(kind, subject)
        if counter not in self.counters:
            self.counters.append(counter)
        return self.counters.index(counter)

    def symbol(self, map_name: str) -> str:
        """The ELF symbol of a map of the program."""
        if map_name not in self._symbols:
            self._symbols[map_name] = "AT_" + map_name[1:]
        return self._symbols[map_name]

    def specs(self, ring_pages: int) -> "list[MapSpec]":
        """All maps of the program, ours last."""
        found = []
        for info in self.typer.maps.values():
            if info.value is None or isinstance(info.key, str):
                continue
            found.append(self.spec(info))
        if self.uses_ring:
            found.append(MapSpec(RINGBUF, RINGBUF, RING, 0, 0, ring_pages * 4096))
        if self.counters:
            found.append(MapSpec(COUNTERS, COUNTERS, PERCPU_ARRAY, 4, 8, len(self.counters)))
        if any(self.scratch_sizes):
            size = types.align_up(max(self.scratch_sizes), 8)
            found.append(MapSpec(SCRATCH, SCRATCH, PERCPU_ARRAY, 4, size, len(self.scratch_sizes)))
        for depth in sorted(self.stack_depths):
            name = f"{STACKS}{depth}"
            found.append(MapSpec(name, name, STACK_TRACE, 4, 8 * depth, STACK_ENTRIES))
        return found

    def spec(self, info: MapInfo) -> MapSpec:
        value = info.value
        assert value is not None and not isinstance(info.key, str)
        aggregation = isinstance(value, types.Aggregation)
        keys = int(self.typer.config["max_map_keys"])
        symbol = self.symbol(info.name)
        if info.key is None:
            if isinstance(value, types.Histogram | types.LinearHistogram):
                from bttui.model.buckets import histogram_buckets, linear_buckets

                count = histogram_buckets(value.bits) if isinstance(value, types.Histogram) else linear_buckets(value)
                return MapSpec(info.name, symbol, PERCPU_ARRAY, 4, 8, count, None, value, info.span)
            size = types.align_up(value.size, 8) + 8
            return MapSpec(info.name, symbol, PERCPU_ARRAY if aggregation else ARRAY, 4, size, 1, None, value, info.span)
        kind = PERCPU_HASH if aggregation else HASH
        if info.kind:
            kind, keys = DECLARED_KINDS[info.kind], info.size
            if aggregation and kind in (HASH, LRU_HASH):
                kind = PERCPU_HASH if kind == HASH else LRU_PERCPU_HASH
        key_size = info.key.size
        if isinstance(value, types.Histogram | types.LinearHistogram):
            return MapSpec(info.name, symbol, kind, types.align_up(key_size, 8) + 8, 8, keys, info.key, value, info.span)
        return MapSpec(info.name, symbol, kind, max(key_size, 1), max(value.size, 1), keys, info.key, value, info.span)


class Code(Loops):
    """``f`` is the LLVM function being written; ``index`` the program's number (its scratch slot)."""

    def __init__(self, tables: Tables, body: Body, index: int):
        self.tables, self.typer, self.body, self.index = tables, tables.typer, body, index
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
        self.name = ""

    # --- the program

    def program(self, name: str) -> None:
        self.f = self.tables.module.function(name, self.body.context.section, self.body.probe.span)
        self.name = name
        if self.body.predicate is not None:
            self.f.at(self.body.predicate.span)
            enter, leave = self.f.block("run"), self.f.block("skip")
            self.f.branch(self.condition(self.body.predicate), enter, leave)
            self.f.label(leave)
            self.f.ret()
            self.f.label(enter)
        self.block(self.body.block)
        if not self.f.terminated:
            self.f.ret()
        if self.f.stack_used > 512:
            raise error(
                "This program needs more than the 512 bytes of stack that BPF has",
                self.body.probe.span,
                hint="use fewer or smaller variables, or lower on_stack_limit",
            )
        if self.scratch_size > SCRATCH_LIMIT:
            raise error(
                "This program needs more than 32 KiB of temporary memory",
                self.body.probe.span,
                hint="lower max_strlen, e.g. config = { max_strlen = 256 }",
            )
        self.tables.scratch_sizes.append(self.scratch_size)

    # --- memory

    def temporary(self, size: int) -> str:
        """Memory until the end of the statement. Not zeroed."""
        if size > ON_STACK:
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
            f"  ret i64 0, !dbg {place}",
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
            if size > ON_STACK:
                slot.operand = self.scratch(size)
            else:
                slot.operand = self.f.stack(types.align_up(max(size, 1), 8))
        return slot.operand

    # --- statements

    def block(self, block: ast.Block) -> None:
        for statement in block.statements:
            self.statement(statement)

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
        mark = self.mark()
        method(node)
        self.release(mark)

    def Block(self, node: ast.Block) -> None:
        self.block(node)

    def ExpressionStatement(self, node: ast.ExpressionStatement) -> None:
        self.expression(node.expression)

    def If(self, node: ast.If) -> None:
        then, otherwise, end = self.f.block("then"), self.f.block("else"), self.f.block("end")
        self.f.branch(self.condition(node.condition), then, otherwise)
        self.f.label(then)
        self.block(node.then)
        if not self.f.terminated:
            self.f.jump(end)
        self.f.label(otherwise)
        if node.otherwise is not None:
            self.statement(node.otherwise)
        if not self.f.terminated:
            self.f.jump(end)
        self.f.label(end)

    def Return(self, node: ast.Return) -> None:
        self.leave("0" if node.value is None else self.integer(node.value))

    def leave(self, operand: str = "0") -> None:
        """End the program, from within loops too."""
        if self.frame:
            self.f.store(64, "1", self.f.offset(self.frame, RETURNED))
            self.f.ret("1")
        else:
            self.f.ret(operand)

    def Unroll(self, node: ast.Unroll) -> None:
        count = self.typer.constant(node.count)
        assert isinstance(count, int)
        end = self.f.block("unrolled")
        for _ in range(count):
            following = self.f.block("again")
            self.loop.append((end, following))
            self.block(node.body)
            self.loop.pop()
            self.f.label(following)
        self.f.label(end)

    def Let(self, node: ast.Let) -> None:
        slot: Slot = node.variable.note
        if slot.type is None:
            return
        pointer = self.variable(slot)
        if node.value is None:
            self.f.zero(pointer, slot.type.size, 1)
        else:
            self.store(node.value, slot.type, pointer)

    def Assignment(self, node: ast.Assignment) -> None:
        target, value = node.target, node.value
        if isinstance(value, (ast.Call, ast.Identifier)):
            function = self.typer.functions.get(value.name)
            if function is not None and function.aggregation:
                call = value if isinstance(value, ast.Call) else ast.Call(value.span, None, None, value.name, (), False)
                call.type = target.type
                function.update(self, target, call)
                return
        if isinstance(target, ast.Identifier):
            self.expression(value)
            return
        if node.operator != "=":
            operator = node.operator[:-1]
            if operator in "+-" and isinstance(target, (ast.Map, ast.MapAccess)) and isinstance(target.type, types.Integer):
                amount = self.integer(value)
                if operator == "-":
                    amount = self.f.binary("sub", 64, "0", amount)
                self.add_to_map(target, amount)
                return
            value = ast.Binary(node.span, None, None, operator, target, value)
            value.type = target.type if isinstance(target.type, types.Pointer) else self.typer_binary(value)
        if isinstance(target, ast.Variable):
            slot: Slot = target.note
            assert slot.type is not None
            self.store(value, slot.type, self.variable(slot))
        else:
            assert isinstance(target, (ast.Map, ast.MapAccess))
            self.store_map(target, value)

    def typer_binary(self, node: ast.Binary) -> Type:
        signed = any(isinstance(side.type, types.Integer) and side.type.signed for side in (node.left, node.right))
        return types.INT64 if signed else types.UINT64

    # --- maps

    def info(self, node: "ast.Map | ast.MapAccess") -> MapInfo:
        return self.typer.maps[node.name if isinstance(node, ast.Map) else node.map.name]

    def key(self, info: MapInfo, node: "ast.Expression | None", room: int = 0) -> str:
        """The key in memory, with ``room`` more bytes behind it (padded to 8). A scalar map's key is u32 0."""
        if info.key is None:
            pointer = self.temporary(8)
            self.f.store(32, "0", pointer)
            return pointer
        assert isinstance(info.key, Type) and node is not None
        size = max(info.key.size, 1)
        pointer = self.temporary(types.align_up(size, 8) + room if room else size)
        if room and size % 8:
            self.f.zero(self.f.offset(pointer, size - size % 8), 8)
        self.store(node, info.key, pointer)
        return pointer

    def lookup(self, symbol: str, key: str, found: "Callable[[str], None]", missing: "Callable[[], None] | None" = None) -> None:
        """Look up and run ``found`` with the value's pointer, ``missing`` where there is no entry."""
        pointer = self.f.call_pointer(Helper.map_lookup_elem, f"ptr @{symbol}", f"ptr {key}")
        some, none, end = self.f.block("found"), self.f.block("none"), self.f.block("done")
        self.f.branch(self.f.compare("eq", "ptr", pointer, "null"), none, some)
        self.f.label(some)
        found(pointer)
        self.f.jump(end)
        self.f.label(none)
        if missing:
            missing()
        self.f.jump(end)
        self.f.label(end)

    def update(self, info: MapInfo, key: str, value: str) -> None:
        """Write an entry; a full map is counted."""
        result = self.f.call(Helper.map_update_elem, f"ptr @{self.tables.symbol(info.name)}", f"ptr {key}", f"ptr {value}", "i64 0")
        if info.key is not None:
            self.when(self.f.compare("slt", 64, result, "0"), lambda: self.count("full", info.name))

    def when(self, condition: str, then: "Callable[[], Any]") -> None:
        yes, end = self.f.block("yes"), self.f.block("fi")
        self.f.branch(condition, yes, end)
        self.f.label(yes)
        then()
        if not self.f.terminated:
            self.f.jump(end)
        self.f.label(end)

    def count(self, kind: str, subject: str) -> None:
        """Add one to a counter of losses."""
        index = self.tables.counter(kind, subject)
        key = self.temporary(8)
        self.f.store(32, str(index), key)
        self.lookup(COUNTERS, key, lambda p: self.f.store(64, self.f.binary("add", 64, self.f.load(64, p), "1"), p))

    def store_map(self, target: "ast.Map | ast.MapAccess", value: ast.Expression) -> None:
        info = self.info(target)
        assert info.value is not None
        size = info.value.size
        if info.key is None:
            room = types.align_up(size, 8)
            if isinstance(info.value, SCALARS):
                operand = self.scalar(value, info.value)

                def write(pointer: str) -> None:
                    self.f.store(size * 8, operand, pointer)
                    self.f.store(64, "1", self.f.offset(pointer, room))
            else:
                memory = self.temporary(size)
                self.store(value, info.value, memory)

                def write(pointer: str) -> None:
                    self.f.copy(pointer, memory, size)
                    self.f.store(64, "1", self.f.offset(pointer, room))

            self.lookup(self.tables.symbol(info.name), self.key(info, None), write)
            return
        assert isinstance(target, ast.MapAccess)
        memory = self.temporary(max(size, 1))
        self.store(value, info.value, memory)
        self.update(info, self.key(info, target.key), memory)

    def add_to_map(self, target: "ast.Map | ast.MapAccess", amount: str) -> "tuple[str, str]":
        """Add to an integer entry in place, atomically; returns (pointer to the value before, ... after)."""
        info = self.info(target)
        assert isinstance(info.value, types.Integer)
        bits = info.value.size * 8
        if bits < 64:
            amount = self.f.resize(amount, 64, bits, False)
        before = self.temporary(8)
        key = self.key(info, target.key if isinstance(target, ast.MapAccess) else None)

        def found(pointer: str) -> None:
            if bits >= 32:
                old = self.f.value(f"atomicrmw add ptr {pointer}, i{bits} {amount} monotonic")
            else:
                old = self.f.load(bits, pointer)
                self.f.store(bits, self.f.binary("add", bits, old, amount), pointer)
            self.f.store(bits, old, before)
            if info.key is None:
                self.f.store(64, "1", self.f.offset(pointer, types.align_up(bits // 8, 8)))

        def missing() -> None:
            self.f.store(bits, "0", before)
            if info.key is not None:
                value = self.temporary(8)
                self.f.store(bits, amount, value)
                self.update(info, key, value)

        self.lookup(self.tables.symbol(info.name), key, found, missing)
        old = self.f.load(bits, before)
        return old, self.f.binary("add", bits, old, amount)

    def update_aggregation(
        self,
        target: "ast.Map | ast.MapAccess",
        change: "Callable[[str], None]",
        first: "Callable[[str], None]",
        bucket: str = "",
    ) -> None:
        """Change an aggregation's entry in place, or write the first one. ``bucket`` is an i64 for histograms.

        ``change`` gets a pointer to this CPU's value; ``first`` a pointer to memory of the value's size to fill.
        """
        info = self.info(target)
        assert info.value is not None
        symbol = self.tables.symbol(info.name)
        if info.key is None and bucket:
            key = self.temporary(8)
            self.f.store(32, self.f.resize(bucket, 64, 32, False), key)
            self.lookup(symbol, key, change)
            return
        if info.key is None:
            room = types.align_up(info.value.size, 8)

            def present(pointer: str) -> None:
                change(pointer)
                self.f.store(64, "1", self.f.offset(pointer, room))

            self.lookup(symbol, self.key(info, None), present)
            return
        assert isinstance(target, ast.MapAccess) and isinstance(info.key, Type)
        key = self.key(info, target.key, 8 if bucket else 0)
        if bucket:
            self.f.store(64, bucket, self.f.offset(key, types.align_up(info.key.size, 8)))

        def missing() -> None:
            memory = self.temporary(info.value.size)  # type: ignore[union-attr]
            first(memory)
            self.update(info, key, memory)

        self.lookup(symbol, key, change, missing)

    def Map(self, node: ast.Map, into: str = "") -> Value:
        return self.read_map(node, None, into)

    def MapAccess(self, node: ast.MapAccess, into: str = "") -> Value:
        return self.read_map(node, node.key, into)

    def read_map(self, node: "ast.Map | ast.MapAccess", key_node: "ast.Expression | None", into: str) -> Value:
        info = self.info(node)
        assert info.value is not None
        if isinstance(info.value, types.Aggregation):
            return self.read_aggregation(info, key_node)
        symbol = self.tables.symbol(info.name)
        key = self.key(info, key_node)
        if isinstance(info.value, SCALARS):
            bits = info.value.size * 8
            result = self.temporary(8)
            self.f.store(bits, "0", result)
            self.lookup(symbol, key, lambda p: self.f.store(bits, self.f.load(bits, p), result))
            return Value(info.value, self.f.load(bits, result))
        memory = into or self.temporary(info.value.size)
        size = info.value.size
        self.lookup(symbol, key, lambda p: self.f.copy(memory, p, size), lambda: self.f.zero(memory, size, 1))
        return Value(info.value, memory, "memory")

    def read_aggregation(self, info: MapInfo, key_node: "ast.Expression | None") -> Value:
        """The value over all CPUs, one look-up each."""
        assert info.value is not None
        return self.aggregation_at(info.value, self.tables.symbol(info.name), self.key(info, key_node))

    def aggregation_at(self, value: Type, symbol: str, key: str) -> Value:
        """The same for a key in memory."""
        signed = bool(getattr(value, "signed", False))
        first, second = self.temporary(8), self.temporary(8)
        self.f.store(64, "0", first)
        self.f.store(64, "0", second)

        def add(pointer: str) -> None:
            here = self.f.load(64, pointer)
            if isinstance(value, types.Minimum | types.Maximum):
                is_set = self.f.load(64, self.f.offset(pointer, 8))
                predicate = ("s" if signed else "u") + ("lt" if isinstance(value, types.Minimum) else "gt")
                unset = self.f.compare("eq", 64, self.f.load(64, second), "0")
                better = self.f.binary("or", 1, unset, self.f.compare(predicate, 64, here, self.f.load(64, first)))
                take = self.f.binary("and", 1, better, self.f.compare("ne", 64, is_set, "0"))

                def accept() -> None:
                    self.f.store(64, here, first)
                    self.f.store(64, "1", second)

                self.when(take, accept)
                return
            self.f.store(64, self.f.binary("add", 64, self.f.load(64, first), here), first)
            if isinstance(value, types.Average | types.Stats):
                more = self.f.load(64, self.f.offset(pointer, 8))
                self.f.store(64, self.f.binary("add", 64, self.f.load(64, second), more), second)

        for cpu in range(self.typer.host.cpus):
            pointer = self.f.call_pointer(Helper.map_lookup_percpu_elem, f"ptr @{symbol}", f"ptr {key}", f"i32 {cpu}")
            self.when(self.f.compare("ne", "ptr", pointer, "null"), lambda p=pointer: add(p))  # type: ignore[misc]
        result = self.f.load(64, first)
        if isinstance(value, types.Average | types.Stats):
            result = self.divide(result, self.f.load(64, second), signed)
        return Value(types.INT64 if signed else types.UINT64, result)

    def divide(self, dividend: str, divisor: str, signed: bool, remainder: bool = False) -> str:
        """64-bit division; BPF's own is unsigned before cpu v4. A zero divisor must have been excluded or gives 0."""
        operation = "urem" if remainder else "udiv"
        if not signed:
            return self.f.binary(operation, 64, dividend, divisor)
        negative = self.f.compare("slt", 64, dividend, "0")
        other = self.f.compare("slt", 64, divisor, "0")
        a = self.f.select(negative, 64, self.f.binary("sub", 64, "0", dividend), dividend)
        b = self.f.select(other, 64, self.f.binary("sub", 64, "0", divisor), divisor)
        quotient = self.f.binary(operation, 64, a, b)
        minus = negative if remainder else self.f.binary("xor", 1, negative, other)
        return self.f.select(minus, 64, self.f.binary("sub", 64, "0", quotient), quotient)

    # --- values

    def expression(self, node: ast.Node, into: str = "") -> Value:
        """``into`` is memory of the type's size where a memory value may be put directly."""
        method = getattr(self, type(node).__name__, None)
        if method is None:
            raise error(f"not supported yet: {type(node).__name__}", node.span)
        if isinstance(node, (ast.Call, ast.Map, ast.MapAccess, ast.Identifier)):
            return method(node, into)
        return method(node)

    def load(self, value: Value, into: str = "") -> Value:
        """The value itself: scalars as an operand, everything else in memory that may be read directly."""
        type_ = value.type
        size = type_.size
        if isinstance(type_, SCALARS):
            bits = size * 8
            if value.place == "value":
                return value
            if value.place in ("memory", "context"):
                return Value(type_, self.f.load(bits, value.operand, 1 if value.place == "memory" else 0, value.place == "context"))
            temporary = self.temporary(8)
            self.probe_read(temporary, size, value)
            return Value(type_, self.f.load(bits, temporary))
        if value.place == "memory":
            return value
        memory = into or self.temporary(size)
        self.probe_read(memory, size, value)
        return Value(type_, memory, "memory")

    def probe_read(self, memory: str, size: int, value: Value) -> None:
        helper = Helper.probe_read_user if value.place == "user" else Helper.probe_read_kernel
        source = f"ptr {value.operand}" if value.place in ("context", "memory") else f"i64 {value.operand}"
        self.f.call(helper, f"ptr {memory}", f"i32 {size}", source)

    def scalar(self, node: ast.Expression, type_: Type) -> str:
        """An operand of the size of a scalar type, converted as C would."""
        bits = type_.size * 8
        if isinstance(type_, types.Bool):
            return self.f.resize(self.condition(node), 1, 8, False)
        if isinstance(type_, (types.ProbeName, types.Username, types.StringConstant, types.KernelSymbol)):
            return self.load(self.expression(node)).operand
        return self.integer(node, bits)

    def integer(self, node: ast.Node, bits: int = 64) -> str:
        return self.as_integer(self.load(self.expression(node)), bits)

    def as_integer(self, value: Value, bits: int = 64) -> str:
        type_ = value.type
        if isinstance(type_, SCALARS):
            signed = isinstance(type_, types.Integer | types.Enum) and type_.signed
            return self.f.resize(value.operand, type_.size * 8, bits, signed)
        if value.place == "memory" and type_.size in (1, 2, 4, 8):
            return self.f.resize(self.f.load(type_.size * 8, value.operand, 1), type_.size * 8, bits, False)
        raise AssertionError(f"no integer: {type_}")

    def condition(self, node: ast.Expression) -> str:
        """An i1."""
        return self.truth(self.load(self.expression(node)))

    def truth(self, value: Value) -> str:
        if isinstance(value.type, SCALARS):
            return self.f.compare("ne", value.type.size * 8, value.operand, "0")
        return self.f.compare("ne", 8, self.f.load(8, value.operand), "0")

    def boolean(self, condition: str) -> Value:
        return Value(types.BOOL, self.f.resize(condition, 1, 8, False))

    def store(self, node: ast.Expression, type_: Type, pointer: str) -> None:
        """The value of an expression, as a type, into memory."""
        if isinstance(type_, SCALARS):
            self.f.store(type_.size * 8, self.scalar(node, type_), pointer, 1)
            return
        if isinstance(node, ast.StringLiteral) and isinstance(type_, types.String):
            self.store_string(node.value, type_.size, pointer)
            return
        if isinstance(node, ast.TupleLiteral) and isinstance(type_, types.Tuple):
            self.zero_holes(type_, pointer)
            for element, part, offset in zip(node.elements, type_.elements, type_.offsets, strict=True):
                self.store(element, part, self.f.offset(pointer, offset))
            return
        if isinstance(node, ast.RecordLiteral) and isinstance(type_, types.Record):
            if sum(f.type.size for f in type_.fields) < type_.size:
                self.f.zero(pointer, type_.size, 1)
            named = dict(node.fields)
            for field in type_.fields:
                self.store(named[field.name], field.type, self.f.offset(pointer, field.offset))
            return
        into = pointer if node.type == type_ else ""
        value = self.load(self.expression(node, into), into)
        if value.operand != pointer:
            self.convert(value, type_, pointer)

    def zero_holes(self, type_: types.Tuple, pointer: str) -> None:
        if sum(e.size for e in type_.elements) < type_.size:
            self.f.zero(pointer, type_.size, 1)

    def convert(self, value: Value, type_: Type, pointer: str) -> None:
        """A value that is in memory, as another type of the same family, into memory."""
        if isinstance(type_, SCALARS):
            loaded = self.load(value)
            operand = (
                self.f.resize(self.truth(loaded), 1, 8, False) if isinstance(type_, types.Bool) else self.as_integer(loaded, type_.size * 8)
            )
            self.f.store(type_.size * 8, operand, pointer, 1)
            return
        source = value.type
        if isinstance(type_, types.Tuple) and isinstance(source, types.Tuple) and type_ != source:
            self.zero_holes(type_, pointer)
            for a, at, b, bt in zip(source.elements, source.offsets, type_.elements, type_.offsets, strict=True):
                self.convert(Value(a, self.f.offset(value.operand, at), "memory"), b, self.f.offset(pointer, bt))
            return
        if isinstance(type_, types.Record) and isinstance(source, types.Record) and type_ != source:
            self.f.zero(pointer, type_.size, 1)
            fields = {f.name: f for f in source.fields}
            for field in type_.fields:
                old = fields[field.name]
                self.convert(
                    Value(old.type, self.f.offset(value.operand, old.offset), "memory"), field.type, self.f.offset(pointer, field.offset)
                )
            return
        size = min(source.size, type_.size)
        self.f.copy(pointer, value.operand, size)
        if size < type_.size:
            self.f.zero(self.f.offset(pointer, size), type_.size - size, 1)
        elif isinstance(type_, types.String) and source.size > type_.size:
            self.f.store(8, "0", self.f.offset(pointer, type_.size - 1))

    def store_string(self, text: str, size: int, pointer: str) -> None:
        raw = text.encode("utf-8", "surrogateescape")[: size - 1]
        if len(raw) >= 64:
            data = raw + b"\0"
            self.f.copy(pointer, self.tables.module.constant(data), len(data))
            if size > len(data):
                self.f.zero(self.f.offset(pointer, len(data)), size - len(data), 1)
            return
        used = types.align_up(len(raw) + 1, 8)
        if used > size:
            used = size
        data = raw.ljust(used, b"\0")
        at = 0
        while at < used:
            step = next(n for n in (8, 4, 2, 1) if at + n <= used)
            number = int.from_bytes(data[at : at + step], "little")
            self.f.store(step * 8, str(number), self.f.offset(pointer, at), 1)
            at += step
        if size > used:
            self.f.zero(self.f.offset(pointer, used), size - used, 1)

    def string(self, node: ast.Expression) -> Value:
        """A string in memory."""
        value = self.load(self.expression(node))
        if is_stringlike(value.type):
            return value
        raise error(f"expected a string, got {describe(value.type)}", node.span)

    # --- expressions

    def IntegerLiteral(self, node: ast.IntegerLiteral) -> Value:
        assert isinstance(node.type, types.Integer)
        return self.literal(node.value, node.type)

    @staticmethod
    def literal(value: int, type_: Type) -> Value:
        bits = type_.size * 8
        value &= (1 << bits) - 1
        return Value(type_, str(value - (1 << bits) if value >> (bits - 1) else value))

    def BooleanLiteral(self, node: ast.BooleanLiteral) -> Value:
        return Value(types.BOOL, str(int(node.value)))

    def StringLiteral(self, node: ast.StringLiteral) -> Value:
        assert isinstance(node.type, types.String)
        memory = self.temporary(node.type.size)
        self.store_string(node.value, node.type.size, memory)
        return Value(node.type, memory, "memory")

    def Identifier(self, node: ast.Identifier, into: str = "") -> Value:
        if isinstance(node.note, ast.Call):
            return self.Call(node.note, into)
        assert node.type is not None
        return self.literal(node.note, node.type)

    def Call(self, node: ast.Call, into: str = "") -> Value:
        function = self.typer.function_named(node.name)
        assert function is not None
        self.f.at(node.span)
        if isinstance(node.note, int) and isinstance(node.type, types.Integer | types.Bool):
            return self.literal(node.note, node.type)
        self.into = into
        return function.lower(self, node)

    def memory(self, type_: Type) -> str:
        """Where a function puts its result: where the caller wants it, else a temporary. Call it before lowering arguments."""
        into, self.into = self.into, ""
        return into or self.temporary(type_.size)

    def Variable(self, node: ast.Variable) -> Value:
        slot: Slot = node.note
        assert slot.type is not None
        pointer = self.variable(slot)
        if isinstance(slot.type, SCALARS):
            return Value(slot.type, self.f.load(slot.type.size * 8, pointer))
        return Value(slot.type, pointer, "memory")

    def Comptime(self, node: ast.Comptime) -> Value:
        return self.expression(node.operand)

    def Unary(self, node: ast.Unary) -> Value:
        if node.operator in ("++", "--", "x++", "x--"):
            return self.increment(node)
        operand = node.operand
        if node.operator == "!":
            condition = self.condition(operand)
            return self.boolean(self.f.binary("xor", 1, condition, "1"))
        if node.operator == "*":
            assert node.type is not None
            return self.pointed(self.load(self.expression(operand)), node.type)
        assert node.type is not None
        bits = node.type.size * 8
        number = self.integer(operand, bits)
        if node.operator == "-":
            return Value(node.type, self.f.binary("sub", bits, "0", number))
        return Value(node.type, self.f.binary("xor", bits, number, "-1"))

    def pointed(self, pointer: Value, type_: Type, offset: "int | str" = 0) -> Value:
        """What a pointer (or an integer taken as one) points to, not read yet."""
        address = self.as_integer(pointer)
        if offset != 0:
            address = self.f.binary("add", 64, address, str(offset))
        space = pointer.type.space if isinstance(pointer.type, types.Pointer) else ""
        if not space:
            space = "user" if self.body.context.user else "kernel"
        return Value(type_, address, space)

    def increment(self, node: ast.Unary) -> Value:
        operand, step = node.operand, 1 if "+" in node.operator else -1
        assert node.type is not None
        if isinstance(node.type, types.Pointer):
            step *= node.type.target.size
        bits = node.type.size * 8
        if isinstance(operand, ast.Variable):
            pointer = self.variable(operand.note)
            old = self.f.load(bits, pointer)
            new = self.f.binary("add", bits, old, str(step))
            self.f.store(bits, new, pointer)
        else:
            assert isinstance(operand, (ast.Map, ast.MapAccess))
            old, new = self.add_to_map(operand, str(step))
        return Value(node.type, old if node.operator.startswith("x") else new)

    def Binary(self, node: ast.Binary) -> Value:
        operator = node.operator
        if operator in ("&&", "||"):
            return self.logical(node)
        constant = self.typer.constant(node)
        if isinstance(constant, int) and node.type is not None:
            return self.literal(int(constant), node.type)
        left, right = node.left.type, node.right.type
        if operator in ("==", "!="):
            compared = self.compare_memory(node)
            if compared is not None:
                equal = compared
                return self.boolean(equal if operator == "==" else self.f.binary("xor", 1, equal, "1"))
        if operator in COMPARISONS:
            a, b = self.integer(node.left), self.integer(node.right)
            signed = self.typer.signed(left, node.left) or self.typer.signed(right, node.right)  # type: ignore[arg-type]
            predicate = COMPARISONS[operator]
            if predicate not in ("eq", "ne"):
                predicate = ("s" if signed else "u") + predicate
            return self.boolean(self.f.compare(predicate, 64, a, b))
        assert node.type is not None
        if isinstance(left, types.Pointer) or isinstance(right, types.Pointer):
            return self.pointer_arithmetic(node)
        a, b = self.integer(node.left), self.integer(node.right)
        signed = isinstance(node.type, types.Integer) and node.type.signed
        if operator in ("/", "%"):
            return self.resized(self.division(node, a, b, signed), node.type)
        if operator == ">>":
            number = self.f.binary("ashr" if signed else "lshr", 64, a, b)
        else:
            number = self.f.binary(ARITHMETIC[operator], 64, a, b)
        return self.resized(number, node.type)

    def resized(self, number: str, type_: Type) -> Value:
        """A 64-bit result as the type says (folded expressions have small types)."""
        return Value(type_, self.f.resize(number, 64, type_.size * 8, False))

    def division(self, node: ast.Binary, dividend: str, divisor: str, signed: bool) -> str:
        """By zero: 1, and a runtime error is told."""
        result = self.temporary(8)
        self.f.store(64, "1", result)
        zero, normal, end = self.f.block("zero"), self.f.block("divide"), self.f.block("divided")
        self.f.branch(self.f.compare("eq", 64, divisor, "0"), zero, normal)
        self.f.label(zero)
        self.event(
            Output(
                "runtime_error",
                text="Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.",
                span=node.span,
            ),
            [],
        )
        self.f.jump(end)
        self.f.label(normal)
        self.f.store(64, self.divide(dividend, divisor, signed, node.operator == "%"), result)
        self.f.jump(end)
        self.f.label(end)
        return self.f.load(64, result)

    def pointer_arithmetic(self, node: ast.Binary) -> Value:
        left, right = node.left.type, node.right.type
        a, b = self.integer(node.left), self.integer(node.right)
        assert node.type is not None
        if isinstance(node.type, types.Pointer):
            step = max(node.type.target.size, 1)
            if isinstance(left, types.Pointer):
                b = self.f.binary("mul", 64, b, str(step))
            else:
                a = self.f.binary("mul", 64, a, str(step))
            return Value(node.type, self.f.binary("add" if node.operator == "+" else "sub", 64, a, b))
        if isinstance(left, types.Pointer) and isinstance(right, types.Pointer):
            distance = self.f.binary("sub", 64, a, b)
            return Value(node.type, self.divide(distance, str(max(left.target.size, 1)), True))
        if node.operator in ("/", "%"):
            return Value(node.type, self.division(node, a, b, False))
        operation = "lshr" if node.operator == ">>" else ARITHMETIC[node.operator]
        return Value(node.type, self.f.binary(operation, 64, a, b))

    def compare_memory(self, node: ast.Binary) -> "str | None":
        """An i1 for == on strings, tuples, records and arrays; None where the operands are scalars."""
        left, right = node.left.type, node.right.type
        if isinstance(left, types.ProbeName) or isinstance(right, types.ProbeName):
            named, literal = (node.left, node.right) if isinstance(left, types.ProbeName) else (node.right, node.left)
            text = self.typer.constant(literal)
            wanted = [a.cookie for a in self.body.attachments if a.name == text]
            number = self.load(self.expression(named)).operand
            result = "false"
            for cookie in wanted:
                result = self.f.binary("or", 1, result, self.f.compare("eq", 64, number, str(cookie)))
            return result
        if is_stringlike(left) and is_stringlike(right):
            return self.equal_strings(node.left, node.right)
        if isinstance(left, (types.Tuple, types.Record, types.Array)):
            type_ = self.typer.join(left, right, None)  # type: ignore[arg-type]
            assert type_ is not None
            a, b = self.temporary(type_.size), self.temporary(type_.size)
            self.store(node.left, type_, a)
            self.store(node.right, type_, b)
            return self.equal_values(Value(type_, a, "memory"), Value(type_, b, "memory"))
        return None

    def equal_values(self, a: Value, b: Value) -> str:
        type_ = a.type
        if isinstance(type_, (types.Tuple, types.Record)):
            parts: "list[tuple[Type, int]]" = (
                list(zip(type_.elements, type_.offsets, strict=True))
                if isinstance(type_, types.Tuple)
                else [(f.type, f.offset) for f in type_.fields]
            )
            result = "true"
            for part, offset in parts:
                one = self.equal_values(
                    Value(part, self.f.offset(a.operand, offset), "memory"), Value(part, self.f.offset(b.operand, offset), "memory")
                )
                result = self.f.binary("and", 1, result, one)
            return result
        if isinstance(type_, types.String):
            return self.equal_bytes(a.operand, b.operand, type_.size, True)
        return self.equal_bytes(a.operand, b.operand, type_.size, False)

    def equal_strings(self, left: ast.Expression, right: ast.Expression) -> str:
        for literal, other in ((left, right), (right, left)):
            text = self.typer.constant(literal)
            if isinstance(text, str):
                value = self.string(other)
                raw = text.encode("utf-8", "surrogateescape")
                if len(raw) >= value.type.size and not (isinstance(value.type, types.Array) and len(raw) == value.type.size):
                    return "false"
                return self.equal_literal(value.operand, (raw + b"\0")[: value.type.size])
        a, b = self.string(left), self.string(right)
        return self.equal_bytes(a.operand, b.operand, min(a.type.size, b.type.size), True)

    def equal_literal(self, pointer: str, data: bytes) -> str:
        """Whether memory begins with these bytes: no loop, one comparison per word."""
        difference, at = "0", 0
        while at < len(data):
            step = next(n for n in (8, 4, 2, 1) if at + n <= len(data))
            number = int.from_bytes(data[at : at + step], "little")
            here = self.f.resize(self.f.load(step * 8, self.f.offset(pointer, at), 1), step * 8, 64, False)
            difference = self.f.binary("or", 64, difference, self.f.binary("xor", 64, here, str(number)))
            at += step
        return self.f.compare("eq", 64, difference, "0")

    def equal_bytes(self, a: str, b: str, size: int, stop_at_nul: bool) -> str:
        """Compare memory; as strings up to the first NUL. A bounded loop."""
        result, index = self.temporary(8), self.temporary(8)
        self.f.store(8, "1", result)
        self.f.store(64, "0", index)
        head, body, next_, end, differ, check = (self.f.block(n) for n in ("cmp", "byte", "next", "same", "differ", "nul"))
        self.f.jump(head)
        self.f.label(head)
        i = self.f.load(64, index)
        self.f.branch(self.f.compare("ult", 64, i, str(size)), body, end)
        self.f.label(body)
        x = self.f.load(8, self.f.offset(a, i))
        y = self.f.load(8, self.f.offset(b, i))
        self.f.branch(self.f.compare("eq", 8, x, y), check, differ)
        self.f.label(differ)
        self.f.store(8, "0", result)
        self.f.jump(end)
        self.f.label(check)
        if stop_at_nul:
            self.f.branch(self.f.compare("eq", 8, x, "0"), end, next_)
            self.f.label(next_)
        self.f.store(64, self.f.binary("add", 64, i, "1"), index)
        self.f.jump(head)
        self.f.label(end)
        return self.f.compare("ne", 8, self.f.load(8, result), "0")

    def logical(self, node: ast.Binary) -> Value:
        result = self.temporary(8)
        more, end = self.f.block("more"), self.f.block("known")
        left = self.condition(node.left)
        self.f.store(8, self.f.resize(left, 1, 8, False), result)
        if node.operator == "&&":
            self.f.branch(left, more, end)
        else:
            self.f.branch(left, end, more)
        self.f.label(more)
        self.f.store(8, self.f.resize(self.condition(node.right), 1, 8, False), result)
        self.f.jump(end)
        self.f.label(end)
        return Value(types.BOOL, self.f.load(8, result))

    def Ternary(self, node: ast.Ternary) -> Value:
        return self.choose(node.condition, node.then, node.otherwise, node.type)

    def IfExpression(self, node: ast.IfExpression) -> Value:
        return self.choose(node.condition, node.then, node.otherwise, node.type)

    def choose(self, condition: ast.Expression, then: "ast.Expression | None", otherwise: ast.Expression, type_: "Type | None") -> Value:
        """Either value, in memory; with no ``then`` the condition's own value."""
        void = type_ is None or isinstance(type_, types.Void)
        memory = "" if void else self.temporary(type_.size)  # type: ignore[union-attr]
        yes, no, end = self.f.block("yes"), self.f.block("no"), self.f.block("chosen")
        if then is None:
            value = self.load(self.expression(condition))
            self.f.branch(self.truth(value), yes, no)
        else:
            self.f.branch(self.condition(condition), yes, no)
        for label, side in ((yes, then), (no, otherwise)):
            self.f.label(label)
            if side is None:
                assert type_ is not None
                if isinstance(value.type, SCALARS):
                    self.f.store(type_.size * 8, self.as_integer(value, type_.size * 8), memory)
                else:
                    self.convert(value, type_, memory)
            elif void:
                self.expression(side)
            else:
                assert type_ is not None
                self.store(side, type_, memory)
            if not self.f.terminated:
                self.f.jump(end)
        self.f.label(end)
        if void:
            return Value(types.VOID, "0")
        assert type_ is not None
        return self.load(Value(type_, memory, "memory"))

    def BlockExpression(self, node: ast.BlockExpression) -> Value:
        for statement in node.statements:
            self.statement(statement)
        return self.load(self.expression(node.value))

    def TupleLiteral(self, node: ast.TupleLiteral) -> Value:
        assert node.type is not None
        memory = self.temporary(node.type.size)
        self.store(node, node.type, memory)
        return Value(node.type, memory, "memory")

    def RecordLiteral(self, node: ast.RecordLiteral) -> Value:
        assert node.type is not None
        memory = self.temporary(node.type.size)
        self.store(node, node.type, memory)
        return Value(node.type, memory, "memory")

    def FieldAccess(self, node: ast.FieldAccess) -> Value:
        operand = self.expression(node.operand)
        type_ = operand.type
        while isinstance(type_, types.Pointer):
            operand = self.pointed(self.load(operand), type_.target)
            type_ = operand.type
        assert node.type is not None
        if isinstance(type_, types.Tuple):
            index = int(node.name)
            place = Value(type_.elements[index], self.f.offset(operand.operand, type_.offsets[index]), "memory")
            return self.load(place) if isinstance(place.type, SCALARS) else place
        field: types.Field = node.note
        if field.data_location:
            where = self.f.load(32, self.f.offset(operand.operand, field.offset), volatile=True)
            low = self.f.resize(self.f.binary("and", 32, where, "65535"), 32, 64, False)
            base = self.f.to_integer(self.f.offset(operand.operand, self.body.context.data_location_base))
            return Value(node.type, self.f.binary("add", 64, base, low))
        return self.member(operand, field)

    def member(self, struct: Value, field: types.Field) -> Value:
        """A field of a struct in any place; scalars are read at once."""
        if struct.place in ("kernel", "user"):
            address = self.f.binary("add", 64, struct.operand, str(field.offset)) if field.offset else struct.operand
        else:
            address = self.f.offset(struct.operand, field.offset)
        place = Value(field.type, address, struct.place)
        if field.bits:
            return self.bitfield(place, field)
        if isinstance(field.type, SCALARS):
            value = self.load(place)
            if isinstance(field.type, types.Pointer) and not field.type.space:
                space = struct.place if struct.place in ("kernel", "user") else "user" if self.body.context.user else "kernel"
                return Value(field.type.replace(space=space), value.operand)
            return value
        return place

    def bitfield(self, place: Value, field: types.Field) -> Value:
        """``bits`` bits from ``bit_offset``: shift the wanted bits to the top, then down again with their sign."""
        size = 8 if field.bit_offset + field.bits > 32 else next(n for n in (1, 2, 4) if field.bit_offset + field.bits <= n * 8)
        signed = isinstance(field.type, types.Integer | types.Enum) and field.type.signed
        word = self.load(Value(types.Integer(size=size), place.operand, place.place)).operand
        bits = size * 8
        word = self.f.binary("shl", bits, word, str(bits - field.bits - field.bit_offset))
        word = self.f.binary("ashr" if signed else "lshr", bits, word, str(bits - field.bits))
        return Value(field.type, self.f.resize(word, bits, field.type.size * 8, signed))

    def Index(self, node: ast.Index) -> Value:
        operand = self.expression(node.operand)
        type_ = operand.type
        assert node.type is not None
        if isinstance(type_, types.Tuple):
            number = self.typer.constant(node.index)
            assert isinstance(number, int)
            place = Value(type_.elements[number], self.f.offset(operand.operand, type_.offsets[number]), "memory")
            return self.load(place) if isinstance(place.type, SCALARS) else place
        constant = self.typer.constant(node.index)
        step = node.type.size
        if isinstance(constant, int):
            distance: int | str = constant * step
        else:
            index = self.integer(node.index)
            if operand.place in ("memory", "context"):
                count = max(type_.size // max(step, 1), 1)
                inside = self.f.compare("ult", 64, index, str(count))
                index = self.f.select(inside, 64, index, "0")
            distance = self.f.binary("mul", 64, index, str(step))
        if isinstance(type_, types.Pointer):
            place = self.pointed(self.load(operand), node.type, distance)
        elif operand.place in ("kernel", "user"):
            address = operand.operand if distance == 0 else self.f.binary("add", 64, operand.operand, str(distance))
            place = Value(node.type, address, operand.place)
        else:
            if operand.place == "context" and not isinstance(constant, int):
                operand = self.load(operand)
            place = Value(node.type, self.f.offset(operand.operand, distance), operand.place)
        if isinstance(node.type, SCALARS):
            space = operand.place if operand.place in ("kernel", "user") else ""
            value = self.load(place)
            if isinstance(node.type, types.Pointer) and space and not node.type.space:
                return Value(node.type.replace(space=space), value.operand)
            return value
        return place

    def Cast(self, node: ast.Cast) -> Value:
        to = node.type
        assert to is not None
        if isinstance(to, types.Bool):
            return self.boolean(self.condition(node.operand))
        value = self.expression(node.operand)
        if isinstance(to, types.String) and isinstance(value.type, types.Pointer):
            memory = self.temporary(to.size)
            self.read_string(memory, to.size, self.pointed(self.load(value), types.INT8))
            return Value(to, memory, "memory")
        if isinstance(to, types.Buffer):
            return self.buffer(value, to)
        if isinstance(to, types.Struct):
            return Value(to, value.operand, value.place)
        value = self.load(value)
        if isinstance(to, SCALARS):
            return Value(to, self.as_integer(value, to.size * 8))
        memory = self.temporary(max(to.size, 8))
        if isinstance(value.type, SCALARS):
            self.f.store(64, self.as_integer(value), memory, 1)
        else:
            self.convert(value, to, memory)
        return Value(to, memory, "memory")

    def buffer(self, value: Value, to: types.Buffer) -> Value:
        memory = self.temporary(to.size)
        self.f.store(32, str(to.capacity), memory)
        if isinstance(value.type, types.Pointer):
            value = self.pointed(self.load(value), types.INT8)
            size = to.capacity
        else:
            size = min(value.type.size, to.capacity)
        target = self.f.offset(memory, 4)
        if size < to.capacity:
            self.f.zero(target, to.capacity, 4)
        if value.place == "memory":
            self.f.copy(target, value.operand, size)
        else:
            self.probe_read(target, size, value)
        return Value(to, memory, "memory")

    def TypeArgument(self, node: ast.TypeArgument) -> Value:
        return Value(types.VOID, "0")

    def read_string(self, memory: str, size: int, place: Value) -> str:
        """A NUL-terminated string from kernel or user memory; the rest is zeroed. Returns the used bytes as an i64."""
        self.f.zero(memory, size, 1)
        helper = Helper.probe_read_user_str if place.place == "user" else Helper.probe_read_kernel_str
        return self.f.call(helper, f"ptr {memory}", f"i32 {size}", f"i64 {place.operand}")

    # --- events

    def argument_type(self, type_: Type) -> Type:
        """How a value travels in an event record."""
        if isinstance(type_, types.Array) and is_stringlike(type_):
            return types.String(type_.size)
        if isinstance(type_, types.Aggregation):
            return self.typer.cast_aggregation(type_)
        return type_

    def event(self, output: Output, nodes: "list[ast.Expression]", wake: bool = False) -> None:
        """Send a record. Counted as lost where the ring buffer has no room."""
        self.tables.uses_ring = True
        kinds = [self.argument_type(n.type) for n in nodes]  # type: ignore[arg-type]
        trailing = -1
        for index, kind in enumerate(kinds):
            if isinstance(kind, types.String) and kind.size > TRAILING and (trailing < 0 or kind.size > kinds[trailing].size):
                trailing = index
        offsets, at = [0] * len(kinds), 8
        for index, kind in enumerate(kinds):
            if index != trailing:
                offsets[index] = at = types.align_up(at, kind.align)
                at += kind.size
        if trailing >= 0:
            offsets[trailing] = at
            at += kinds[trailing].size
        size = types.align_up(at, 8)
        output = output.replace(arguments=tuple(Argument(kind, offset) for kind, offset in zip(kinds, offsets, strict=True)), size=size)
        number = self.tables.output(output)
        mark = self.mark()
        flags = FORCE_WAKEUP if wake else NO_WAKEUP
        scalars = {i: self.scalar(n, kinds[i]) for i, n in enumerate(nodes) if isinstance(kinds[i], SCALARS)}

        def fill(record: str) -> str:
            self.f.store(64, str(number), record)
            length = ""
            for index, (node, kind) in enumerate(zip(nodes, kinds, strict=True)):
                if index == trailing:
                    continue
                where = self.f.offset(record, offsets[index])
                if index in scalars:
                    self.f.store(kind.size * 8, scalars[index], where)
                else:
                    self.store(node, kind, where)
            if trailing >= 0:
                node, kind = nodes[trailing], kinds[trailing]
                where = self.f.offset(record, offsets[trailing])
                value = self.load(self.expression(node, where), where) if not isinstance(node, ast.StringLiteral) else None
                if value is None:
                    self.store_string(node.value, kind.size, where)  # type: ignore[attr-defined]
                else:
                    if value.operand != where:
                        self.convert(value, kind, where)
                    length = value.length
            return length

        if size <= RESERVE_LIMIT:
            memory = [n for i, n in enumerate(nodes) if i not in scalars]
            if any(not self.quiet(n) for n in memory):
                record = self.scratch(size)
                fill(record)
                self.send(record, str(size), flags)
            else:
                record = self.f.call_pointer(Helper.ringbuf_reserve, f"ptr @{RINGBUF}", f"i64 {size}", "i64 0")
                got, full, end = self.f.block("room"), self.f.block("lost"), self.f.block("sent")
                self.f.branch(self.f.compare("eq", "ptr", record, "null"), full, got)
                self.f.label(full)
                self.count("lost", self.name)
                self.f.jump(end)
                self.f.label(got)
                fill(record)
                self.f.line(f"call void inttoptr (i64 {Helper.ringbuf_submit} to ptr)(ptr {record}, i64 {flags})")
                self.f.jump(end)
                self.f.label(end)
        else:
            record = self.scratch(size)
            length = fill(record)
            if length:
                limit = str(kinds[trailing].size)
                inside = self.f.compare("ult", 64, length, limit)
                used = self.f.select(inside, 64, length, limit)
                self.send(record, self.f.binary("add", 64, used, str(offsets[trailing])), flags)
            else:
                self.send(record, str(size), flags)
        self.release(mark)

    @staticmethod
    def quiet(node: ast.Node) -> bool:
        """Whether an argument may be computed between reserving a record and sending it: no events, no way out."""
        if isinstance(node, ast.Identifier):
            return node.name in ("comm", "kstack", "ustack", "probe")
        return isinstance(node, (ast.StringLiteral, ast.Variable, ast.FieldAccess)) and not (
            isinstance(node, ast.FieldAccess) and not isinstance(node.operand, ast.Identifier)
        )

    def send(self, record: str, size: str, flags: int) -> None:
        result = self.f.call(Helper.ringbuf_output, f"ptr @{RINGBUF}", f"ptr {record}", f"i64 {size}", f"i64 {flags}")
        self.when(self.f.compare("slt", 64, result, "0"), lambda: self.count("lost", self.name))

    def span(self, node: ast.Node) -> "Span":
        return node.span
