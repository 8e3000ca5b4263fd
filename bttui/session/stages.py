"""What each stage of compiling makes of a program, as text: for -d and --emit-llvm. Run it in a child (session.worker)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.options import CompileOptions
    from bttui.host.facts import Host
    from bttui.model.types import Type

MEASURED = 2_000_000_000  # nanoseconds that a program is compiled for, again and again, to see what its stages take
MOST_RUNS = 100
TITLES = {"ast": "AST after: parse", "types": "Types", "codegen": "LLVM IR", "codegen-opt": "LLVM IR after optimisation"}


def stage_text(stage: str, text: str, file: str, host: "Host", options: "CompileOptions") -> str:
    """``stage`` is a key of TITLES. Raises DiagnosticError as the compiler does."""
    if stage == "ast":
        from bttui.compiler.dump import dump
        from bttui.compiler.parser import parse

        return dump(parse(text, file, options.positional))
    if stage == "types":
        return _types(text, file, host, options)
    from bttui.compiler.pipeline import intermediate

    return intermediate(text, file, host, options, stage == "codegen-opt")


def _types(text: str, file: str, host: "Host", options: "CompileOptions") -> str:
    """The maps, with their keys and values, and what the events carry."""
    from bttui.compiler.pipeline import lower

    lowered = lower(text, file, host, options)
    lines = []
    for spec in lowered.maps:
        if spec.name.startswith("@"):
            lines.append(f"{spec.name}{'' if spec.key is None else f'[{_named(spec.key)}]'}: {_named(spec.value)}")
    for output in lowered.tables.outputs:
        lines.append(f"{output.kind}({', '.join(_named(argument.type) for argument in output.arguments)})")
    return "".join(line + "\n" for line in lines)


def _named(type_: "Type | None") -> str:
    from bttui.compiler.infer.rules import describe

    return describe(type_) if type_ is not None else "nothing"


def stage_times(text: str, file: str, host: "Host", options: "CompileOptions") -> "dict[str, list[int]]":
    """How long each stage of compiling took, in nanoseconds, run by run. Raises DiagnosticError as the compiler does."""
    from time import monotonic_ns

    from bttui.compiler.pipeline import compile_program

    times: dict[str, list[int]] = {}
    before = monotonic_ns()

    def lap(stage: str) -> None:
        nonlocal before
        now = monotonic_ns()
        times.setdefault(stage, []).append(now - before)
        before = now

    end = before + MEASURED
    for _ in range(MOST_RUNS):
        before = monotonic_ns()
        compile_program(text, file, host, options, lap)
        if before > end:
            break
    return times
