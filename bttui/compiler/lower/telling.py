"""What goes wrong while a program runs: counted, and with -k told with its place."""

from bttui.compiler.emit import Helper
from bttui.compiler.lower.state import State
from bttui.model import types
from bttui.model.program import COUNTERS, RINGBUF, Argument, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bttui.model.diagnostic import Span

NO_WAKEUP, FORCE_WAKEUP = 1, 2  # BPF_RB_* of <linux/bpf.h>
FAILURE = Argument(types.INT32, 8)  # what the helper returned


class Telling(State):
    """``where`` (of State) is the place that is told."""

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

    def count(self, kind: str, subject: str) -> None:
        """Add one to a counter of losses. What finds no room in a map is counted for each place."""
        index = self.tables.counter(kind, subject, self.where if kind == "full" else None)
        key = self.temporary(8)
        self.f.store(32, str(index), key)
        self.lookup(COUNTERS, key, lambda p: self.f.store(64, self.f.binary("add", 64, self.f.load(64, p), "1"), p))

    def send(self, record: str, size: str, flags: int) -> str:
        """Returns what the helper does: 0, or an error below 0."""
        result = self.f.call(Helper.ringbuf_output, f"ptr @{RINGBUF}", f"ptr {record}", f"i64 {size}", f"i64 {flags}")
        self.when(self.f.compare("slt", 64, result, "0"), lambda: self.count("lost", self.body.program))
        return result

    def trail(self) -> "tuple[tuple[str, Span], ...]":
        """How we got here, as Diagnostic has it."""
        return tuple(("expanded from", call) for call in reversed(self.expansions))

    def checked(self, helper: str, result: str) -> str:
        """With -k a result below 0 is told, once for each time. ``helper`` is what people call it."""
        if self.typer.options.warn_helpers:
            self.when(self.f.compare("slt", 64, result, "0"), lambda: self.failed(helper, result))
        return result

    def failed(self, helper: str, result: str = "0") -> None:
        """With -k: tell that a helper failed. ``result`` is an i64."""
        if not self.typer.options.warn_helpers or (self.body.context.iteration and self.body.context.iteration.pinned):
            return
        self.tables.uses_ring = True
        output = Output("helper_error", "", (FAILURE,), 16, options={"helper": helper}, span=self.where, trail=self.trail())
        mark = self.mark()
        record = self.temporary(16)
        self.f.store(64, str(self.tables.output(output)), record)
        self.f.store(64, result, self.f.offset(record, FAILURE.offset))
        self.send(record, "16", NO_WAKEUP)
        self.release(mark)
