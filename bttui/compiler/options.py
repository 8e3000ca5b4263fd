"""What besides the text decides what a program becomes: the command line and the config variables."""

from bttui.model.data import Data
from bttui.model.diagnostic import Diagnostic, DiagnosticError, near, renamed
from bttui.probes.provider import Options as ProbeOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.compiler.ast import Root

# name: (default, documentation)
CONFIG: "dict[str, tuple[Any, str]]" = {
    "cache_user_symbols": (
        "PER_PID",
        "PER_PID or PER_PROGRAM: the name of an address is remembered; NONE: looked up each time (a file is read once either way)",
    ),
    "cpp_demangle": (True, "show names of C++ and Rust as the source has them"),
    "lazy_symbolication": (False, "learn what a process has mapped when a name is shown: one that has ended has none then"),
    "license": ("GPL", "licence of the BPF programs"),
    "log_size": (1000000, "most bytes of the verifier's log that are shown"),
    "max_bpf_progs": (1024, "most BPF programs a script may become"),
    "max_cat_bytes": (10240, "most bytes that cat() reads"),
    "max_map_keys": (4096, "most keys of a map"),
    "max_probes": (1024, "most probes to attach to"),
    "max_strlen": (1024, "most bytes of str(), buf() and path()"),
    "missing_probes": ("error", "what a probe that does not exist is: error, warn or ignore"),
    "on_stack_limit": (32, "larger objects (bytes) are kept off the BPF stack"),
    "perf_rb_pages": (0, "pages of the event buffer; 0 means 16 MiB or less on a small machine"),
    "print_maps_on_exit": (True, "print the maps at the end"),
    "show_debug_info": (
        False,
        "in user stacks, show file and line of the source, and functions put inline as frames, where programs have debugging information",
    ),
    "stack_mode": ("bpftrace", "layout of stacks: bpftrace, perf, raw or build_id"),
    "str_trunc_trailer": ("..", "shown after a string that was cut"),
    "unstable_tseries": ("warn", "tseries(): error, warn or enable"),
    "unstable_typeinfo": ("error", "typeinfo(): error, warn or enable"),
    "unstable_dw_ustack": ("warn", "dw_ustack(): error, warn or enable"),
    "unstable_import_statement": ("error", "import inside a block: error, warn or enable"),
    "use_blazesym": (True, "accepted for compatibility"),
}
CHOICES = {
    "cache_user_symbols": ("PER_PID", "PER_PROGRAM", "NONE"),
    "missing_probes": ("ignore", "warn", "error"),
    "stack_mode": ("bpftrace", "raw", "perf", "build_id"),
    "license": ("Dual MIT/GPL", "Dual BSD/GPL", "Dual MPL/GPL", "GPL and additional rights", "GPL v2", "GPL"),
    **{name: ("error", "warn", "enable") for name in CONFIG if name.startswith("unstable_")},
}
RENAMED = {
    "strlen": "max_strlen",
    "no_cpp_demangle": "cpp_demangle",
    "cat_bytes_max": "max_cat_bytes",
    "map_keys_max": "max_map_keys",
}
DEPRECATED = ("symbol_source", "max_type_res_iterations", "unstable_import", "unstable_macro", "unstable_map_decl")


class CompileOptions(Data):
    """``positional`` are $1.., ``named`` the --name=value after --; ``environment`` holds BPFTRACE_* variables.

    ``include`` are folders where headers are looked for first, ``headers`` are included before the program's own.
    """

    positional: "tuple[str, ...]" = ()
    named: "tuple[tuple[str, str | bool], ...]" = ()
    environment: "tuple[tuple[str, str], ...]" = ()
    pid: int = 0
    child: int = 0
    unsafe: bool = False
    warn_helpers: bool = False
    no_features: "tuple[str, ...]" = ()
    traceable_functions: str = ""
    mode: str = ""
    probe_filter: str = ""
    include: "tuple[str, ...]" = ()
    headers: "tuple[str, ...]" = ()

    def probes(self, config: "dict[str, Any]") -> ProbeOptions:
        return ProbeOptions(
            pid=self.pid,
            unsafe=self.unsafe,
            no_features=frozenset(self.no_features),
            missing_probes=config["missing_probes"],
            max_probes=config["max_probes"],
            traceable_functions=self.traceable_functions,
            mode=self.mode,
            probe_filter=self.probe_filter,
        )


def _converted(name: str, value: "int | bool | str") -> "Any":
    default = CONFIG[name][0]
    if isinstance(default, bool):
        word = str(value).lower()
        if isinstance(value, str) and word not in ("true", "false", "0", "1"):
            raise ValueError(f"{name}: Invalid bool value: valid values are true, false, 1 or 0.")
        return word not in ("false", "0")
    if isinstance(default, int):
        try:
            number = int(value, 0) if isinstance(value, str) else int(value)
        except ValueError:
            raise ValueError(f"{name}: expecting a number, got {value}") from None
        if number < 0:
            raise ValueError(f"{name}: expecting a number that is not negative, got {value}")
        return number
    value = str(value)
    choices = CHOICES.get(name)
    if choices:
        match = next((c for c in choices if c.lower() == value.lower()), None)
        if match is None and name == "license":
            raise ValueError(f"Invalid value for license. Found: {value}. Valid values: {', '.join(choices)}.")
        if match is None:
            listed = f"{', '.join(choices[:-1])}, and {choices[-1]}"
            raise ValueError(f"{name}: Invalid value for {name}: valid values are {listed}.")
        return match
    return value


def read_config(root: "Root", environment: "dict[str, str]", warnings: "list[Diagnostic] | None" = None) -> "dict[str, Any]":
    """The config variables in force: environment over script over default. Raises DiagnosticError.

    What is old but harmless goes into ``warnings``.
    """
    config = {name: default for name, (default, _doc) in CONFIG.items()}
    problems: list[Diagnostic] = []
    old: list[Diagnostic] = [] if warnings is None else warnings
    for setting in root.config or ():
        name = setting.name.lower().removeprefix("bpftrace_")
        if name in DEPRECATED:
            old.append(Diagnostic(f"{setting.name} is deprecated and has no effect", setting.span, "warning"))
            continue
        if name in RENAMED:
            name = RENAMED[name]
            old.append(Diagnostic(f"{setting.name} has been renamed, please use {name}", setting.span, "warning"))
        if name not in CONFIG:
            found = near(name, list(CONFIG))
            problems.append(
                Diagnostic(
                    f"{setting.name}: not a known configuration option",
                    setting.span,
                    hint=f"did you mean {found[0]}?" if found else "",
                    fix=renamed(setting.span, setting.name, list(CONFIG)),
                )
            )
            continue
        try:
            config[name] = _converted(name, setting.value)
            if setting.name.lower().endswith("no_cpp_demangle"):
                config[name] = not config[name]
        except ValueError as reason:
            problems.append(Diagnostic(str(reason), setting.span))
    for name in CONFIG:
        value = environment.get("BPFTRACE_" + name.upper())
        if value is not None:
            try:
                config[name] = _converted(name, value)
            except ValueError as reason:
                problems.append(Diagnostic(str(reason), hint=f"it is the environment variable BPFTRACE_{name.upper()}"))
    if problems:
        raise DiagnosticError(*problems)
    return config
