"""Program text to a Program: the compiler as one sentence."""

from bttui.compiler import ast
from bttui.compiler.assemble import assemble, optimise
from bttui.compiler.bodies import fold, make_bodies, program_name, split, walk
from bttui.compiler.c_definitions import define
from bttui.compiler.emit import Module
from bttui.compiler.imports import with_imports
from bttui.compiler.infer.scope import Body
from bttui.compiler.infer.typer import Typer
from bttui.compiler.lower.code import Code
from bttui.compiler.lower.session import choose_side
from bttui.compiler.lower.tables import Tables
from bttui.compiler.macros import expand
from bttui.compiler.options import CompileOptions, read_config
from bttui.compiler.parameters import check_named, substitute
from bttui.compiler.parser import parse
from bttui.model.diagnostic import Diagnostic, DiagnosticError, error
from bttui.model.program import BpfProgram, Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from bttui.host.facts import Host

RING_PAGES = 4096  # 16 MiB of events


def compile_program(
    text: str, file: str, host: "Host", options: CompileOptions, lap: "Callable[[str], None]" = lambda stage: None
) -> Program:
    """Raises DiagnosticError for what a user can mend. LLVM may end the process: run it in a child.

    ``lap`` hears the name of each stage when it is done.
    """
    lowered = lower(text, file, host, options, lap)
    emitted = lowered.module.text()
    lap("text")
    module = optimise(emitted)
    lap("passes")
    data = assemble(module)
    lap("object")
    return lowered.program(data, text)


def intermediate(text: str, file: str, host: "Host", options: CompileOptions, optimised: bool = False) -> str:
    """The LLVM text, as emitted or after the passes."""
    emitted = lower(text, file, host, options).module.text()
    return str(optimise(emitted)) if optimised else emitted


class Lowered:
    """What is known before LLVM has run."""

    def __init__(self, module: Module, tables: Tables, bodies: "list[Body]", config: "dict[str, Any]"):
        self.module, self.tables, self.bodies, self.config = module, tables, bodies, config
        self.maps = tables.specs(int(config["perf_rb_pages"]) or RING_PAGES)
        for spec in self.maps:
            module.map(spec.symbol, spec.bpf_type, spec.key_size, spec.value_size, spec.max_entries, spec.flags)

    def program(self, data: bytes, text: str) -> Program:
        return Program(
            object=data,
            source=text,
            programs=tuple(
                BpfProgram(b.name, b.context.type, b.context.attach_type, b.context.attach_to, b.probe.span, b.context.attach_program)
                for b in self.bodies
                if not b.entry
            ),
            attachments=tuple(sorted((a.replace(program=b.program) for b in self.bodies for a in b.attachments), key=lambda a: a.cookie)),
            maps=tuple(self.maps),
            outputs=tuple(self.tables.outputs),
            counters=tuple(self.tables.counters),
            strings=tuple(self.tables.strings),
            config=self.config,
            warnings=tuple(self.tables.typer.problems),
        )


def lower(text: str, file: str, host: "Host", options: CompileOptions, lap: "Callable[[str], None]" = lambda stage: None) -> Lowered:
    root = parse(text, file, options.positional)
    lap("parse")
    root = with_imports(root, file, options.positional)
    lap("imports")
    warnings: list[Diagnostic] = []
    config = read_config(root, dict(options.environment), warnings)
    for node in walk(root):
        if isinstance(node, ast.Positional) and node.index > len(options.positional):
            message = f"Positional parameter ${node.index} is empty or not provided."
            warnings.append(Diagnostic(message, node.span, "warning", hint="it is 0, and empty in str()"))
    root = expand(substitute(root, options.positional))
    lap("macros")
    typer = Typer(host, options, config)
    root = define(root, typer)
    lap("definitions")
    declarations(root, typer)
    probe_options = options.probes(config)
    bodies = make_bodies(root, host, probe_options, warnings)
    check_programs(bodies, config)
    lap("probes")
    typer.run(bodies)
    check_named(options.named, typer.named)
    whole = split(bodies, host)
    if whole != bodies:
        bodies = whole
        check_programs(bodies, config)
        typer.run(bodies)
    lap("types")
    fold(bodies, host, probe_options)
    typer.problems[:0] = warnings
    module = Module(file, text, str(config["license"]))
    tables = Tables(module, typer)
    tables.exits = any(isinstance(n, ast.Call | ast.Identifier) and n.name == "exit" for b in bodies for n in walk(b.block))
    for number, body in enumerate(bodies, 1):
        body.name = program_name(body, number)
    for index, body in enumerate(bodies):
        Code(tables, body, index).program(body.name)
        if body.returns:
            choose_side(tables, body, body.returns)
    lap("code")
    return Lowered(module, tables, bodies, config)


def check_programs(bodies: "Sequence[Body]", config: "dict[str, Any]") -> None:
    """Raise where they are more than the config variable allows."""
    count, limit = len(bodies), config["max_bpf_progs"]
    if count > limit:
        raise error(
            f"Your program is trying to generate {count} BPF programs, which exceeds the current limit of {limit}",
            bodies[-1].attachments[-1].span,
            hint=f"narrow the pattern, or set the max_bpf_progs config variable (BPFTRACE_MAX_BPF_PROGS) to {count}",
        )


def declarations(root: ast.Root, typer: Typer) -> None:
    """What stands beside the probes."""
    problems = []
    for item in root.items:
        if isinstance(item, ast.MapDeclaration):
            size = typer.constant(item.size)
            info = typer.map(item.map)
            info.kind, info.size = item.kind, int(size) if isinstance(size, int) else 0
            if item.kind not in ("hash", "lruhash", "percpuhash", "percpulruhash"):
                problems.append(
                    error(f"Invalid bpf map type: {item.kind}", item.span, hint="use hash, lruhash, percpuhash or percpulruhash")
                )
            elif info.size <= 0:
                problems.append(error("The size of a map must be a positive number", item.size.span))
        elif isinstance(item, ast.Subprogram):
            typer.add_subprogram(item)
    if problems:
        raise DiagnosticError(*(d for p in problems for d in p.diagnostics))
