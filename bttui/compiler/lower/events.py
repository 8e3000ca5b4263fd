"""Event records for the ring buffer."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper
from bttui.compiler.infer.rules import is_stringlike
from bttui.compiler.lower.maps import Maps
from bttui.compiler.lower.state import SCALARS
from bttui.compiler.lower.telling import FORCE_WAKEUP, NO_WAKEUP
from bttui.model import types
from bttui.model.diagnostic import error
from bttui.model.program import RINGBUF, Argument, Output
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

RESERVE_LIMIT = 256  # bytes; larger records are built in scratch memory and sent with the length they need
TRAILING = 64  # bytes; a longer string goes last in its record, cut to the length it has


class Events(Maps):
    """What print functions send."""

    def argument_type(self, type_: Type) -> Type:
        """How a value travels in an event record."""
        if isinstance(type_, types.Array) and is_stringlike(type_):
            return types.String(type_.size)
        if isinstance(type_, types.Aggregation) and not isinstance(type_, types.Stats):
            return self.typer.cast_aggregation(type_)
        return type_

    def event(self, output: Output, nodes: "list[ast.Expression]", wake: bool = False) -> None:
        """Send a record. Counted as lost where the ring buffer has no room."""
        if self.body.context.iteration and self.body.context.iteration.pinned:
            if output.kind in ("runtime_error", "exit"):
                return  # there is nobody to tell
            raise error(f"a pinned iterator cannot {output.kind.replace('_', ' ')}", output.span, hint="its output is what printf writes")
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
        output = output.replace(
            trail=self.trail(), arguments=tuple(Argument(kind, offset) for kind, offset in zip(kinds, offsets, strict=True)), size=size
        )
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
            if any(not self.quiet(n) for n in memory) or (memory and self.typer.options.warn_helpers):
                record = self.scratch(size)
                fill(record)
                self.send(record, str(size), flags)
            else:
                record = self.f.call_pointer(Helper.ringbuf_reserve, f"ptr @{RINGBUF}", f"i64 {size}", "i64 0")
                got, full, end = self.f.block("room"), self.f.block("lost"), self.f.block("sent")
                self.f.branch(self.f.compare("eq", "ptr", record, "null"), full, got)
                self.f.label(full)
                self.count("lost", self.body.program)
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
