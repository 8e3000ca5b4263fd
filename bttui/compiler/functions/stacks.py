"""kstack and ustack."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.functions.probe import process_start
from bttui.compiler.functions.process import own_process
from bttui.model import types
from bttui.model.program import IN_SECOND, stack_map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

USER_STACK = 1 << 8  # BPF_F_USER_STACK
DEPTH = 127  # frames, where nobody says how many
NOT_FOUND = -14  # -EFAULT: what the kernel says where there is no stack
DEEPEST = 1024  # the most that may be asked for
MODES = ("bpftrace", "perf", "raw", "build_id")


class KernelStack(Function):
    name = "kstack"
    signature = "kstack or kstack([mode, ][depth])"
    doc = "The kernel stack: the innermost frame first, at most depth of them. Modes: bpftrace, perf, raw."
    example = "profile:hz:99 { @[kstack] = count(); }"
    most = 2
    builtin = True
    space = "kernel"
    flags = 0

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        mode, depth = "", DEPTH
        if ("ustack" if self.flags else "kstack") not in typer.body.context.capabilities:
            typer.error(f"The {self.name} builtin can not be used with {typer.body.provider} probes", call)
        for at, argument in enumerate(call.arguments):
            if isinstance(argument, ast.Identifier):
                if argument.name not in MODES:
                    typer.error(f"Invalid stack mode: '{argument.name}'", argument, hint="use " + ", ".join(MODES))
                elif at:
                    typer.error(f"{self.name}: invalid limit value", call, hint="the mode comes first, then the number of frames")
                mode = argument.name
            else:
                typer.expression(argument)
                number = typer.integer_constant(argument, f"{self.name}() depth")
                if number is not None and not 0 <= number <= DEEPEST:
                    typer.error(f"{self.name}([int limit]): limit shouldn't exceed {DEEPEST}, {number} given", argument)
                elif number is not None:
                    depth = number
                if at + 1 < len(call.arguments):
                    typer.error("Expected stack mode as first argument", call)
                    break
        if not self.flags and (mode or typer.config["stack_mode"]) == "build_id":
            message = "'build_id' stack mode can only be used for ustack"
            if mode:
                typer.error(message, call)
            else:
                typer.warn(f"{message}. Falling back to 'raw' mode.", call)
            mode = "raw"
        mode = mode or typer.config["stack_mode"]
        return types.Stack(space=self.space, mode=mode, depth=min(depth, typer.host.deepest_stack))

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        type_ = call.type
        assert isinstance(type_, types.Stack)
        f = code.f
        memory = code.memory(type_)
        if not type_.depth:
            f.zero(memory, type_.size, 1)
            f.store(64, str(NOT_FOUND), memory, 1)
            return Value(type_, memory, "memory")
        code.tables.stacks.add((type_.depth, "build_id" if type_.mode == "build_id" else ""))
        maps = [stack_map(type_.mode, type_.depth, second) for second in (False, True)]
        identity = f.call(Helper.get_stackid, "ptr %ctx", f"ptr @{maps[0]}", f"i64 {self.flags}")
        f.store(64, identity, memory, 1)

        def second() -> None:
            """Another stack has the slot (-EEXIST): a second map has room for the few that meet one."""
            other = f.call(Helper.get_stackid, "ptr %ctx", f"ptr @{maps[1]}", f"i64 {self.flags}")
            good = f.compare("sge", 64, other, "0")
            f.store(64, f.select(good, 64, f.binary("or", 64, other, str(IN_SECOND)), other), memory, 1)
            code.when(f.compare("eq", 64, other, "-17"), lambda: code.count("stack", maps[0]))

        # NOT_FOUND: a kernel thread has no user stack
        code.when(f.compare("eq", 64, identity, "-17"), second)
        process = f.binary("shl", 64, own_process(code), "32") if self.flags else "0"
        if code.typer.counts_frames:
            # BPF cannot look into a stack map: the frames are counted in a second walk
            frames = code.scratch(8 * type_.depth)
            size = f.call(Helper.get_stack, "ptr %ctx", f"ptr {frames}", f"i32 {8 * type_.depth}", f"i64 {self.flags}")
            size = f.select(f.compare("slt", 64, size, "0"), 64, "0", size)
            process = f.binary("or", 64, process, f.binary("lshr", 64, size, "3"))
        f.store(64, process, f.offset(memory, 8), 1)
        f.store(64, process_start(code) if self.flags else "0", f.offset(memory, 16), 1)
        return Value(type_, memory, "memory")


class UserStack(KernelStack):
    name = "ustack"
    signature = "ustack or ustack([mode, ][depth])"
    doc = "The user stack: the innermost frame first, at most depth of them. Modes: bpftrace, perf, raw, build_id."
    example = "profile:hz:99 { @[ustack] = count(); }"
    space = "user"
    flags = USER_STACK
