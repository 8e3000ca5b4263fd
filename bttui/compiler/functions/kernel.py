"""What this kernel offers to programs: kfunc_exist, kfunc_allowed, percpu_kaddr."""

from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.infer.rules import describe
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler import ast
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


class KernelFunctionExists(Function):
    name = "kfunc_exist"
    signature = 'kfunc_exist("function")'
    doc = "Whether the kernel has a function of this name, as its types say; known when the program is compiled."
    example = 'interval:s:1 { print(kfunc_exist("bpf_task_from_pid")); exit(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        name = typer.text(call.arguments[0], f"{self.name}() function")
        call.note = int(name is not None and self.holds(typer, name))
        return types.BOOL

    def holds(self, typer: "Typer", name: str) -> bool:
        return typer.host.features.has(f"kfunc:{name}")

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.BOOL, str(call.note))


class KernelFunctionAllowed(KernelFunctionExists):
    name = "kfunc_allowed"
    signature = 'kfunc_allowed("function")'
    doc = "Whether a program of this kind of probe may call a function of the kernel; known when the program is compiled."
    example = 'interval:s:1 { print(kfunc_allowed("bpf_task_from_pid")); exit(); }'

    def holds(self, typer: "Typer", name: str) -> bool:
        return allowed(typer, name)


def allowed(typer: "Typer", name: str) -> bool:
    """Whether programs of this probe may call a function of the kernel: asked of the kernel itself."""
    context, btf = typer.body.context, typer.host.btf
    if not typer.host.live or not btf.exists or btf.module_of("func", name) != "vmlinux":
        return False
    from bttui.loader.trial import may_call

    function = btf.id("func", name)
    target = btf.id("func", context.attach_to) or btf.id("typedef", context.attach_to) if context.attach_to else 0
    return function is not None and may_call(function, context.type, context.attach_type, target or 0)


class PerCpuAddress(Function):
    name = "percpu_kaddr"
    signature = 'percpu_kaddr("variable"[, cpu])'
    doc = "The address of a per-CPU variable of the kernel, for a CPU or the one that runs this; 0 where there is no such CPU."
    example = 'interval:s:1 { print(*percpu_kaddr("process_counts", 0)); exit(); }'
    least, most = 1, 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        name = typer.text(call.arguments[0], "percpu_kaddr() variable")
        if len(call.arguments) > 1:
            type_ = typer.expression(call.arguments[1])
            if type_ is not None and not isinstance(type_, types.Integer):
                typer.error(f"percpu_kaddr() only supports int arguments ({describe(type_)} provided)", call)
        found = typer.host.btf.variable(name) if name is not None and typer.host.btf.exists else None
        if name is not None and found is None:
            typer.error(f'Could not resolve variable "{name}" from BTF', call)
        call.note = ("variable", name, found)
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        variable = code.tables.module.kernel_variable(call.note[1], call.note[2])
        if len(call.arguments) == 1:
            return Value(types.UINT64, f.to_integer(f.call_pointer(Helper.this_cpu_ptr, f"ptr {variable}")))
        pointer = f.call_pointer(Helper.per_cpu_ptr, f"ptr {variable}", f"i32 {code.integer(call.arguments[1], 32)}")
        # what may be null cannot be calculated with: the verifier wants to see it compared
        address = code.temporary(8)
        f.store(64, "0", address)
        code.when(f.compare("ne", "ptr", pointer, "null"), lambda: f.store(64, f.to_integer(pointer), address))
        return Value(types.UINT64, f.load(64, address))
