"""A body as one BPF program."""

from bttui.compiler.lower.iteration import begin_iteration
from bttui.compiler.lower.loops import Loops
from bttui.compiler.lower.statements import Statements
from bttui.model.diagnostic import error

SCRATCH_LIMIT = 32 << 10  # bytes, PCPU_MIN_UNIT_SIZE: the most a per-CPU value may have


class Code(Statements, Loops):
    """Lowers a whole body."""

    def program(self, name: str) -> None:
        self.f = self.tables.module.function(name, self.body.context.section, self.body.probe.span)
        self.name = name
        if self.body.context.iteration:
            begin_iteration(self, self.body.context.iteration)
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
