"""Maps: keys, look-ups, updates in place."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.infer.scope import MapInfo
from bttui.compiler.lower.state import SCALARS
from bttui.compiler.lower.values import Values
from bttui.model import types
from bttui.model.diagnostic import error
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Maps(Values):
    """Every access to a map of the program."""

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

    def update(self, info: MapInfo, key: str, value: str) -> None:
        """Write an entry; a full map is counted."""
        result = self.f.call(Helper.map_update_elem, f"ptr @{self.tables.symbol(info.name)}", f"ptr {key}", f"ptr {value}", "i64 0")
        if info.key is not None:
            self.when(self.f.compare("slt", 64, result, "0"), lambda: self.count("full", info.name))

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

    def add_to_map(self, target: "ast.Map | ast.MapAccess", amount: str, tell: bool = True) -> "tuple[str, str]":
        """Add to an integer entry in place, atomically; returns the value before and after, if it should ``tell`` them."""
        info = self.info(target)
        assert isinstance(info.value, types.Integer | types.Pointer)
        bits = info.value.size * 8
        if bits < 64:
            amount = self.f.resize(amount, 64, bits, False)
        before = self.temporary(8)
        key = self.key(info, target.key if isinstance(target, ast.MapAccess) else None)

        def found(pointer: str) -> None:
            if bits >= 32:
                # the weaker ordering becomes an instruction that does not tell the old value; kernels before 5.12 have no other
                old = self.f.value(f"atomicrmw add ptr {pointer}, i{bits} {amount} {'seq_cst' if tell else 'monotonic'}")
            else:
                old = self.f.load(bits, pointer)
                self.f.store(bits, self.f.binary("add", bits, old, amount), pointer)
            if tell:
                self.f.store(bits, old, before)
            if info.key is None:
                self.f.store(64, "1", self.f.offset(pointer, types.align_up(bits // 8, 8)))

        def missing() -> None:
            self.failed("map_lookup_elem")
            if tell:
                self.f.store(bits, "0", before)
            if info.key is not None:
                value = self.temporary(8)
                self.f.store(bits, amount, value)
                self.update(info, key, value)

        self.lookup(self.tables.symbol(info.name), key, found, missing)
        if not tell:
            return "", ""
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

    def own_scalar(self, name: str, type_: types.Integer, where: ast.Node) -> Value:
        """An internal scalar that the runner has written (model.program)."""
        return self.read_map(ast.Map(where.span, type_, None, name), None, "")

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
            self.lookup(symbol, key, lambda p: self.f.store(bits, self.f.load(bits, p), result), lambda: self.failed("map_lookup_elem"))
            return Value(info.value, self.f.load(bits, result))
        memory = into or self.temporary(info.value.size)
        size = info.value.size

        def missing() -> None:
            self.failed("map_lookup_elem")
            self.f.zero(memory, size, 1)

        self.lookup(symbol, key, lambda p: self.f.copy(memory, p, size), missing)
        return Value(info.value, memory, "memory")

    def read_aggregation(self, info: MapInfo, key_node: "ast.Expression | None") -> Value:
        """The value over all CPUs, one look-up each."""
        assert info.value is not None
        return self.aggregation_at(info.value, self.tables.symbol(info.name), self.key(info, key_node))

    def aggregation_at(self, value: Type, symbol: str, key: str) -> Value:
        """The same for a key in memory. A number, but of stats() the total and the count, in memory."""
        signed = bool(getattr(value, "signed", False))
        first = self.temporary(16)
        second = self.f.offset(first, 8)
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

        self.each_cpu(symbol, key, add)
        if isinstance(value, types.Stats):
            return Value(value, first, "memory")
        result = self.f.load(64, first)
        if isinstance(value, types.Average):
            result = self.divide(result, self.f.load(64, second), signed)
        return Value(types.INT64 if signed else types.UINT64, result)

    def each_cpu(self, symbol: str, key: str, visit: "Callable[[str], None]") -> None:
        """Run ``visit`` with the pointer to each CPU's value of an entry."""
        if not self.typer.host.features.has("helper:map_lookup_percpu_elem"):
            raise error(
                "This kernel cannot read an aggregation in a program: it has no bpf_map_lookup_percpu_elem(), which came with Linux 5.19",
                self.body.probe.span,
                hint="print() or clear() it instead",
            )
        for cpu in range(self.typer.host.cpus):
            pointer = self.f.call_pointer(Helper.map_lookup_percpu_elem, f"ptr @{symbol}", f"ptr {key}", f"i32 {cpu}")
            self.when(self.f.compare("ne", "ptr", pointer, "null"), lambda p=pointer: visit(p))  # type: ignore[misc]
