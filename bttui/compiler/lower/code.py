"""A body as one BPF program."""

from bttui.compiler.emit import STACK_LIMIT, Helper, Value
from bttui.compiler.lower.iteration import begin_iteration
from bttui.compiler.lower.loops import Loops
from bttui.compiler.lower.packets import read_packet
from bttui.compiler.lower.session import SHARED_STACK, function_name
from bttui.compiler.lower.statements import Statements
from bttui.model import types
from bttui.model.diagnostic import error
from bttui.probes.shared_tracepoints import TABLE

EXITING = "exiting"  # the variable that exit() sets
MULTI = ("kprobe.multi", "kprobe.session", "uprobe.multi")  # sections of programs that multi links attach
SCRATCH_LIMIT = 32 << 10  # bytes, PCPU_MIN_UNIT_SIZE: the most a per-CPU value may have


class Code(Statements, Loops):
    """Lowers a whole body."""

    def program(self, name: str) -> None:
        shared = self.body.entry or self.body.returns
        section = "" if shared else self.body.context.section
        self.f = self.tables.module.function(function_name(self.body), section, self.body.probe.span)
        self.name = name
        if self.body.context.packet:
            self.f.result = str(self.body.context.packet.passes)
        if self.body.calls:
            self.choose_call()
        if self.body.context.iteration:
            begin_iteration(self, self.body.context.iteration)
        at_many = self.body.context.section in MULTI
        if at_many or (self.tables.exits and self.body.provider not in ("begin", "end", "iter")):
            # exit() is told to us, and until we have heard of it nothing more shall happen; but iterators go on to their end.
            # Multi links are slow to close: at the end the same variable stops their programs (LoadedObject.silence).
            running = self.f.compare("ne", 32, self.f.load(32, self.tables.module.variable(EXITING), volatile=True), "0")
            self.when(running, self.f.ret)
        if self.body.context.packet:
            self.packet = read_packet(self, self.body.context.packet)
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
        if self.f.stack_used > (SHARED_STACK if shared else STACK_LIMIT):
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

    def choose_call(self) -> None:
        """At the raw tracepoint of all system calls: leave unless the call is one of ours; find its cookie."""
        f, context = self.f, self.body.context
        f.at(self.body.probe.span)
        keep, table, leave, ours = f.block("native"), f.block("table"), f.block("other"), f.block("ours")
        offset, bit = context.compat_status
        task = f.call(Helper.get_current_task)
        status = self.load(Value(types.UINT32, f.binary("add", 64, task, str(offset)), "kernel")).operand
        f.branch(f.compare("eq", 32, f.binary("and", 32, status, str(bit)), "0"), keep, leave)
        f.label(leave)
        f.ret()
        f.label(keep)
        number = self.call_number()
        f.branch(f.compare("ult", 64, number, str(TABLE)), table, leave)
        f.label(table)
        entries = b"".join((self.body.calls[n] + 1 if n in self.body.calls else 0).to_bytes(4, "little") for n in range(TABLE))
        entry = f.load(32, f.value(f"getelementptr i32, ptr {self.tables.module.constant(entries)}, i64 {number}"))
        f.branch(f.compare("ne", 32, entry, "0"), ours, leave)
        f.label(ours)
        self.cookie = f.stack(8)
        f.store(64, f.resize(f.binary("sub", 32, entry, "1"), 32, 64, False), self.cookie)
