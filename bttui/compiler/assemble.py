"""LLVM text to a BPF object file, through llvmlite's public API.

LLVM's back end may end the process on an error, so callers run this in a child (session/worker.py).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CPU = "v3"  # 32-bit operations and jumps, atomics with results; every kernel from 5.12 has it

_ready: "list[Any]" = []


def _target() -> "tuple[Any, Any]":
    import llvmlite.binding as llvm

    if not _ready:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        machine = llvm.Target.from_triple("bpf").create_target_machine(cpu=CPU, opt=2)
        _ready.append(machine)
    return llvm, _ready[0]


def optimise(text: str) -> "Any":
    """The module after the few passes that BPF code gains from. Raises RuntimeError for text LLVM does not read."""
    llvm, machine = _target()
    module = llvm.parse_assembly(text)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(2))
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    return module


def assemble(module: "Any") -> bytes:
    """The ELF object of what ``optimise`` returned."""
    _llvm, machine = _target()
    data: bytes = machine.emit_object(module)
    return data
