"""What the command line may say: the options, their meaning, and the usage text."""

from bttui.model.diagnostic import Diagnostic, error
from bttui.session.options import FEATURES, STAGES, Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

USAGE = """\
bttui - live tracing on Linux in a terminal, in the bpftrace language

USAGE:
    bttui [options]                 a dashboard with an example to start from
    bttui [options] filename
    bttui [options] - <stdin
    bttui [options] -e 'program'
    bttui replay FILE               the dashboard on a recording; needs no root
    bttui dump FILE [--at TIME | --every] [--map @NAME] [-f FORMAT]
                                    print the maps of a recording
    parameters of the program follow it; named ones (--name=value) come after --, where --help lists them

OPTIONS:
    -e 'program'   trace with this program
    -l, --list [search|filename]
                   list the probes that match, or those of a program
    -v, --verbose  say more; with -l, show the arguments of probes
    -h, --help     show this text
    -V, --version  show the version
    --info         show what this kernel and this machine can do

    -p, --pid PID  look at this process only, end when it does
    -c, --cmd CMD  run CMD, look at it only, end when it does
    --interval SECONDS
                   time between two pictures of the dashboard (default 1)
    --no-tui       print to the terminal instead of opening the dashboard
    --record FILE  keep all of the trace in FILE, for replay and dump
    --redact       show, write and record pseudonyms instead of names and texts of this machine;
                   numbers, kernel functions and the program stay
    --demo         the dashboard on a recording that comes along; needs no root
    --speed N      replay N times as fast (0: all at once)
    --at TIME      dump as of TIME: 12:01, 12:01:44, +30s (after the beginning) or -30s (before the end)
    --every        dump every picture, each with its time (text, json, csv)
    --map @NAME    dump this map only; may be repeated

    -o, --output FILE
                   write the output of the program to FILE
    -f FORMAT      output format ('text', 'json')
    -B MODE        output buffering ('line', 'full', 'none')
    -q, --quiet    print only the output of the program
    -k, --warnings warn where reading memory or a map fails
    --no-warnings  leave out all warnings

    -I DIR         look for headers in this folder first; may be repeated
    --include FILE include this header before those of the program; may be repeated
    --debuginfo DIR[:DIR]
                   look for debugging information in these folders first
    --traceable-functions FILE
                   take the list of traceable kernel functions from FILE
    --max-probes N allow so many probes (default 1024)
    --unsafe       allow functions that can change the system
    --no-feature FEATURE[,FEATURE]
                   do without 'fentry', 'kprobe', 'kprobe_multi', 'kprobe_session' or 'uprobe_multi'

TROUBLESHOOTING OPTIONS:
    --dry-run      attach all the probes, then end
    --mode codegen compile the program, then end
    --mode compiler-bench
                   compile the program many times, and print what each stage takes
    --test         run the test: probes of the program
    --bench        measure the bench: probes of the program
    --probe-filter REGEX
                   only the probes whose names it finds
    --fmt          print the program in the usual layout
    -d, --debug STAGE
                   show what a stage makes of the program
                   ('all', 'ast', 'types', 'codegen', 'codegen-opt', 'libbpf', 'verifier')
    --verify-llvm-ir
                   check the generated LLVM IR (it always is)
    --emit-elf FILE
                   write the BPF object to FILE
    --aot FILE     check the program, and write it to FILE as a command of its own
    --emit-llvm FILE
                   write LLVM IR to FILE.original.ll and FILE.optimized.ll

EXAMPLES:
    bttui -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
        which programs make the most system calls
    bttui -e 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'
        every file that is opened, and by whom
    bttui -e 'profile:hz:99 { @[kstack] = count(); }'
        where the kernel spends its time
    bttui -l '*sleep*'
        probes with "sleep" in their name
    bttui -lv 'tracepoint:sched:sched_switch'
        the arguments of a probe
"""

# Long name, short name, whether a value follows. Several may share a short name's meaning with none of their own.
OPTIONS: "tuple[tuple[str, str, bool], ...]" = (
    ("", "e", True),
    ("", "n", True),
    ("list", "l", False),
    ("verbose", "v", False),
    ("help", "h", False),
    ("version", "V", False),
    ("info", "", False),
    ("pid", "p", True),
    ("cmd", "c", True),
    ("interval", "", True),
    ("no-tui", "", False),
    ("record", "", True),
    ("redact", "", False),
    ("demo", "", False),
    ("speed", "", True),
    ("at", "", True),
    ("every", "", False),
    ("map", "", True),
    ("output", "o", True),
    ("", "f", True),
    ("", "B", True),
    ("quiet", "q", False),
    ("warnings", "k", False),
    ("no-warnings", "", False),
    ("traceable-functions", "", True),
    ("max-probes", "", True),
    ("unsafe", "", False),
    ("no-feature", "", True),
    ("dry-run", "", False),
    ("debug", "d", True),
    ("verify-llvm-ir", "", False),
    ("emit-elf", "", True),
    ("emit-llvm", "", True),
    ("btf", "b", False),
    ("", "I", True),
    ("include", "", True),
    ("debuginfo", "", True),
    ("dwarf-pid", "", True),
    ("usdt-file-activation", "", False),
    ("mode", "", True),
    ("test", "", False),
    ("bench", "", False),
    ("probe-filter", "", True),
    ("fmt", "", False),
    ("aot", "", True),
)
SHORT = {short: (long or short, valued) for long, short, valued in OPTIONS if short}
LONG = {long: valued for long, _, valued in OPTIONS if long}
SUBCOMMANDS = ("replay", "dump")  # a file of that name is ./replay
PID_LIMIT = 1 << 22  # PID_MAX_LIMIT of <linux/threads.h>


class UsageError(Exception):
    """An option that is not there, or one without its value: the message is followed by the usage text."""


def split(arguments: "Sequence[str]") -> "tuple[list[tuple[str, str]], list[str], list[str]]":
    """Options as (name, value), other words before ``--``, and the words after it.

    As getopt_long does: options and other words may be mixed, short options combined, long names shortened.
    """
    found: "list[tuple[str, str]]" = []
    words: "list[str]" = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return found, words, rest
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            name = complete(name)
            if LONG[name]:
                found.append((name, value if equals else take(rest, f"option '--{name}' requires an argument")))
            elif equals:
                raise UsageError(f"option '--{name}' doesn't allow an argument")
            else:
                found.append((name, ""))
        elif word.startswith("-") and word != "-":
            found.extend(short_options(word[1:], rest))
        else:
            words.append(word)
    return found, words, []


def complete(name: str) -> str:
    if name in LONG:
        return name
    meant = [long for long in LONG if long.startswith(name)]
    if not meant:
        raise UsageError(f"unrecognized option '--{name}'")
    if len(meant) > 1:
        raise UsageError(f"option '--{name}' is ambiguous; possibilities: " + " ".join(f"'--{long}'" for long in sorted(meant)))
    return meant[0]


def short_options(letters: str, rest: "list[str]") -> "Iterator[tuple[str, str]]":
    for at, letter in enumerate(letters):
        if letter not in SHORT:
            raise UsageError(f"invalid option -- '{letter}'")
        name, valued = SHORT[letter]
        if valued:
            yield name, letters[at + 1 :] or take(rest, f"option requires an argument -- '{letter}'")
            return
        yield name, ""


def take(rest: "list[str]", complaint: str) -> str:
    if not rest:
        raise UsageError(complaint)
    return rest.pop(0)


def parse(arguments: "Sequence[str]") -> Options:
    """Raises UsageError or DiagnosticError."""
    found, words, after = split(arguments)
    values: "dict[str, Any]" = {}
    if words and words[0] in SUBCOMMANDS and not {"e", "n", "list"} & {name for name, _ in found}:
        values["action"] = words.pop(0)
        if len(words) != 1 or after:
            raise UsageError(f"USAGE: bttui {values['action']} takes the name of one recording")
    for name, value in found:
        if name in ("help", "version", "info"):
            return Options(action=name)
        understand(name, value, values)
    if values.get("helper_errors") and not values.get("warnings", True):
        raise error("USAGE: -k, --warnings conflicts with --no-warnings")
    if values.get("command") and "pid" in values:
        raise UsageError("USAGE: Cannot use both -c and -p.")
    if values.get("every") and (values.get("action") != "dump" or "at" in values):
        raise UsageError("USAGE: --every goes with dump, and without --at")
    if values.get("redact") and values.get("mode") in ("test", "bench"):
        raise UsageError("USAGE: --redact is for traces, replay and dump")
    parameters, named = split_parameters(after)
    words += parameters
    if "text" not in values and words:
        values["file"] = values["pattern"] = words.pop(0)
        if values.get("action") == "list" and words:
            raise UsageError
    return Options(**values, parameters=tuple(words), named=named, arguments=tuple(arguments))


def output_format(value: str, of_recording: bool) -> str:
    if of_recording:
        from bttui.render.export import FORMATS, find

        if find(value) is None:
            raise error(f'Invalid output format "{value}"', hint="valid formats are " + ", ".join(each.name for each in FORMATS))
    elif value not in ("text", "json"):
        raise error(f'Invalid output format "{value}"', hint="valid formats are 'text' and 'json'")
    return value


def speed(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1000:
        raise error(f"--speed is a number from 0 to 1000: {value}")
    return number


def regular_expression(value: str) -> str:
    import re

    try:
        re.compile(value)
    except re.error as reason:
        raise error(f"--probe-filter is not a regular expression: {reason}") from None
    return value


def process_number(value: str) -> int:
    digits = value.lstrip("+-")
    number = digits[: next((at for at, letter in enumerate(digits) if letter not in "0123456789"), len(digits))]
    if not number:
        raise error(f"Failed to parse pid: invalid integer: {value}")
    if number != digits:
        raise error(f"Failed to parse pid: invalid trailing bytes: {value}")
    if value.startswith("-") or int(number) > PID_LIMIT:
        raise error(f"Pid out of range: {value}")
    return int(number)


def seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0.01 <= number <= 86400:
        raise error(f"--interval is a number of seconds, 0.01 or more: {value}")
    return number


def probe_count(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise error(f"--max-probes is a number of probes: {value}")
    return int(value)


def buffering(value: str) -> str:
    if value not in ("line", "full", "none"):
        raise error("USAGE: -B must be either 'line', 'full', or 'none'.")
    return value


def features(value: str) -> "frozenset[str]":
    chosen = frozenset(value.split(","))
    if not chosen <= frozenset(FEATURES):
        raise error(f"USAGE: --no-feature can only have values '{','.join(FEATURES)}'.")
    return chosen


def stages(value: str) -> "tuple[str, ...]":
    chosen = value.split(",")
    for stage in chosen:
        if stage not in (*STAGES, "all"):
            raise error(f"USAGE: invalid option for -d: {stage}")
    return tuple(stage for stage in STAGES if stage in chosen or "all" in chosen)


# Options whose values are checked: field of Options, and what makes it of the text. Raises DiagnosticError.
CHECKED: "dict[str, tuple[str, Callable[[str], Any]]]" = {
    "B": ("buffering", buffering),
    "debug": ("stages", stages),
    "interval": ("interval", seconds),
    "max-probes": ("max_probes", probe_count),
    "no-feature": ("no_features", features),
    "pid": ("pid", process_number),
    "probe-filter": ("probe_filter", regular_expression),
    "speed": ("speed", speed),
}
# Options that may be repeated: field of Options, and what one of them adds to it.
REPEATED: "dict[str, tuple[str, Callable[[str], tuple[str, ...]]]]" = {
    "I": ("include", lambda value: (value,)),
    "include": ("headers", lambda value: (value,)),
    "debuginfo": ("debug_folders", lambda value: tuple([folder for folder in value.split(":") if folder])),
    "map": ("maps", lambda value: (value if value.startswith("@") else f"@{value}",)),
}
MODES: "dict[str, dict[str, Any]]" = {
    "codegen": {"mode": "codegen", "compile_only": True},
    "compiler-bench": {"mode": "compiler-bench"},
    "bench": {"mode": "bench"},
    "test": {"mode": "test"},
    "format": {"action": "format"},
}
# Options without a value, as fields of Options.
MEANT: "dict[str, dict[str, Any]]" = {
    "list": {"action": "list"},
    "demo": {"action": "demo"},
    "fmt": MODES["format"],
    "test": MODES["test"],
    "bench": MODES["bench"],
    "no-warnings": {"warnings": False},
    "no-tui": {"tui": False},
    "btf": {},  # these are always on
    "verify-llvm-ir": {},
    "usdt-file-activation": {},
}


def understand(name: str, value: str, values: "dict[str, Any]") -> None:
    """Check one option and put what it means into the values of Options. Raises DiagnosticError."""
    if name in CHECKED:
        field, check = CHECKED[name]
        values[field] = check(value)
    elif name in REPEATED:
        field, added = REPEATED[name]
        values[field] = (*values.get(field, ()), *added(value))
    elif name in MEANT:
        values.update(MEANT[name])
    elif name in ("e", "n"):
        values.update(text=value, file="stdin")
        if name == "n":
            from bttui.compiler.old_spellings import OPTIONS as RENAMED

            values["hints"] = (Diagnostic(f"-n is now {RENAMED['-n']}", severity="hint"),)
    elif name == "f":
        values["format"] = output_format(value, values.get("action") == "dump")
    elif name == "mode":
        if value not in MODES:
            raise error("USAGE: --mode can only be 'codegen', 'compiler-bench', 'bench', 'test' or 'format'.")
        values.update(MODES[value])
    elif name == "warnings":
        if values.get("helper_errors"):
            raise error("USAGE: -kk has been deprecated. Use a single -k for runtime warnings for errors in map lookups and probe reads.")
        values["helper_errors"] = True
    elif name == "dwarf-pid":
        process_number(value)  # for dw_ustack(), which says itself that it is not there
    else:
        values[{"cmd": "command"}.get(name, name.replace("-", "_"))] = value if LONG[name] else True


def split_parameters(words: "Sequence[str]") -> "tuple[list[str], dict[str, str | bool]]":
    positional: "list[str]" = []
    named: "dict[str, str | bool]" = {}
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            named[name] = value if equals else True
        else:
            positional.append(word)
    return positional, named
