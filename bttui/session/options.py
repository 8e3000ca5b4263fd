"""What the user asked for, as the command line understood it. Both front ends start from this."""

from bttui.model.data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.model.diagnostic import Diagnostic
    from bttui.model.redaction import Redactor

STAGES = ("ast", "types", "codegen", "codegen-opt", "libbpf", "verifier")  # of -d, in the order they happen
FEATURES = ("fentry", "kprobe", "kprobe_multi", "kprobe_session", "uprobe_multi")  # of --no-feature


class Options(Data):
    """``action`` is "run", "list" (probe names), "info", "help", "version", "replay", "dump", "demo" or "format".

    ``text`` is the program and ``file`` the name to show for it; text is None where none was given or read yet.
    ``pattern`` is what to list. ``parameters`` are $1, $2, ...; ``named`` maps the names given after -- to their
    text, or to True for a bare one. ``format`` is "" where none was asked for. ``interval`` is the time between frames
    in seconds. ``hints`` are about the command line itself. ``arguments`` are the words of the command line.
    ``include`` are folders to look for headers in, ``headers`` those that come before the program's own.
    ``debug_folders`` may have debugging information of programs and libraries.
    ``record`` is the file to record to. ``redact`` hides names and texts of the traced machine (model.redaction).
    ``speed``, ``at``, ``every`` and ``maps`` say what to show of a recording (``file``).
    """

    action: str = "run"
    text: "str | None" = None
    file: str = ""
    pattern: str = ""
    parameters: "tuple[str, ...]" = ()
    named: "dict[str, str | bool]" = {}
    verbose: bool = False
    pid: "int | None" = None
    command: str = ""
    output: str = ""
    format: str = ""
    buffering: str = "line"
    quiet: bool = False
    helper_errors: bool = False
    warnings: bool = True
    unsafe: bool = False
    no_features: "frozenset[str]" = frozenset()
    traceable_functions: str = ""
    max_probes: "int | None" = None
    dry_run: bool = False
    compile_only: bool = False
    mode: str = ""
    probe_filter: str = ""
    include: "tuple[str, ...]" = ()
    headers: "tuple[str, ...]" = ()
    debug_folders: "tuple[str, ...]" = ()
    stages: "tuple[str, ...]" = ()
    emit_elf: str = ""
    emit_llvm: str = ""
    aot: str = ""
    tui: bool = True
    interval: float = 1.0
    record: str = ""
    redact: bool = False
    speed: float = 1.0
    at: str = ""
    every: bool = False
    maps: "tuple[str, ...]" = ()
    arguments: "tuple[str, ...]" = ()
    hints: "tuple[Diagnostic, ...]" = ()

    @property
    def headless(self) -> bool:
        """Something was asked for that only the printing front end does."""
        asked = (
            self.format
            or self.output
            or self.quiet
            or self.dry_run
            or self.compile_only
            or self.aot
            or self.mode
            or self.stages
            or self.action != "run"
            or "help" in self.named
            or not self.tui
        )
        return bool(asked)

    def redactor(self) -> "Redactor | None":
        """A new one, where names and texts are to be hidden."""
        if not self.redact:
            return None
        from bttui.model.redaction import Redactor

        return Redactor()
