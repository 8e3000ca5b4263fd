"""What is made of a program besides a trace: stages as text, their times, a command, the usual layout."""

import os
import sys

from bttui.headless.output import save
from bttui.session.stages import TITLES, stage_text, stage_times
from bttui.session.worker import compile_options, in_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.host.facts import Host
    from bttui.session.options import Options


def show_stages(options: "Options", host: "Host", stop: int) -> None:
    """What -d and --emit-llvm ask for, as far as it comes before loading. ``stop`` as for session.worker.in_child."""

    def text(stage: str) -> str:
        asked = (stage, options.text or "", options.file, host, compile_options(options))
        return in_child(lambda: stage_text(*asked), stop)

    for stage in options.stages:
        if stage in TITLES:
            sys.stderr.write(f"{TITLES[stage]}\n-------------------\n{text(stage)}\n")
    if options.emit_llvm:
        for stage, name in (("codegen", "original"), ("codegen-opt", "optimized")):
            save(f"{options.emit_llvm}.{name}.ll", text(stage).encode())


def stages_measured(options: "Options", host: "Host", stop: int) -> str:
    """What --mode compiler-bench prints."""
    from bttui.render.benches import result_json, spread, stages_table

    asked = (options.text or "", options.file, host, compile_options(options))
    times: "dict[str, list[int]]" = in_child(lambda: stage_times(*asked), stop)
    if options.format == "json":
        return "".join([result_json(name, spread(runs)[0], len(runs)) for name, runs in times.items()])
    return stages_table(times)


def save_command(options: "Options") -> None:
    """The program as a script that bttui runs; the options that change its meaning go with it. Raises DiagnosticError."""
    own = os.path.abspath(sys.argv[0])
    words = [own] if os.access(own, os.X_OK) else [sys.executable, "-m", "bttui"]
    words += ["--unsafe"] if options.unsafe else []
    words += [f"-f{options.format}"] if options.format else []
    words += ["-q"] if options.quiet else []
    words += ["-k"] if options.helper_errors else []
    first = "#!" + (words[0] if len(words) == 1 else f"/usr/bin/env -S {' '.join(words)}") + "\n"
    text = options.text or ""
    if text.startswith("#!"):
        text = text.partition("\n")[2]
    save(options.aot, (first + text).encode(errors="surrogateescape"))
    os.chmod(options.aot, 0o755)


def source_lines(options: "Options") -> "list[str]":
    """The program in the usual layout. Raises DiagnosticError."""
    from bttui.compiler.comments import format_text

    return format_text(options.text or "", options.file, options.parameters).splitlines()
