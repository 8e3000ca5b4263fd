"""What the kernel says when it refuses a program, in words, at the line of the program that caused it."""

import errno
import os
import re

from bttui.host.privileges import refusal
from bttui.loader.places import place_of
from bttui.model.diagnostic import Diagnostic, DiagnosticError, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bttui.model.program import Program

_FAILED = re.compile(r"prog '([^']*)': BPF program load failed: ")
_LOG = re.compile(r"prog '([^']*)': -- BEGIN PROG LOAD LOG --\n(.*?)-- END PROG LOAD LOG --", re.S)
_FAR = 1000  # columns from here on are not told apart: BTF has ten bits for them
_INSTRUCTION = re.compile(r"^(\d+): \([0-9a-f]{2}\) ", re.M)
_MAP = re.compile(r"map '([^']*)': failed to create: .*\((-\d+)\)")
# "; source text @ file:line"; kernels before 6.9 write the source text alone.
_SOURCE = re.compile(r"^; (.*?)(?: @ \S+:(\d+))?$")
_CALL = re.compile(r"\(85\) call (\w+)#\d+")
_NOISE = re.compile(r"^(processed \d+ insns|verification time|stack depth|mark_precise:|max_states|-- |libbpf:|\(\d+\) |$)")

# What the verifier says (kernel/bpf/verifier.c), what it means to someone who wrote a tracing program, what to do.
_MEANINGS: "Sequence[tuple[str, str, str]]" = (
    (r"R\d+ invalid mem access 'map_value_or_null'", "a map's value is used without knowing whether it is there", ""),
    (
        r"R\d+ invalid mem access '(scalar|inv)'",
        "memory is read at an address that the kernel cannot vouch for",
        "cast it to a pointer type, or say kptr() or uptr()",
    ),
    (
        r"invalid bpf_context access off=(\d+)(?: size=(\d+))?",
        r"the probe's context has nothing to read at offset \1",
        "this argument or field does not exist here",
    ),
    (
        r"invalid access to map value, value_size=(\d+) off=(-?\d+) size=(\d+)",
        r"\3 bytes at offset \2 lie outside of a map's value of \1 bytes",
        "",
    ),
    (r"invalid access to memory, mem_size=(\d+) off=(-?\d+) size=(\d+)", r"\3 bytes at offset \2 lie outside of a buffer of \1 bytes", ""),
    (
        r"BPF program is too large\. Processed (\d+) insn",
        r"it is too complex: the kernel gave up after following \1 instructions",
        "make loops shorter, or unroll less",
    ),
    (
        r"The sequence of (\d+) jumps is too complex",
        "it has too many branches for the kernel to follow",
        "compare shorter strings (max_strlen), make loops shorter, or split it into several probes",
    ),
    (r"infinite loop detected", "the kernel cannot see that a loop ends", "give the loop a fixed bound"),
    (r"back-edge from insn", "this kernel does not allow loops", "use unroll()"),
    (
        r"(?:combined stack size of \d+ calls is|stack depth) (\d+)",
        r"it needs \1 bytes of stack, and 512 is the most",
        "use fewer or shorter strings, tuples and keys in one probe",
    ),
    (
        r"(?:unknown func|program of this type cannot use helper) ?bpf_get_current_(comm|pid_tgid|uid_gid|cgroup_id)\b",
        r"this kind of probe knows of no process on this kernel: it cannot call the helper get_current_\1",
        "a packet is told by args.saddr, args.daddr and the ports; newer kernels say what was running",
    ),
    (
        r"helper call is not allowed in probe bpf_d_path",
        "the kernel lets path() be used in few functions, and this is none of them",
        "security_file_open, vfs_truncate, vfs_fallocate, vfs_getattr and filp_close are; and iterators",
    ),
    (
        r"(?:unknown func|program of this type cannot use helper|helper call is not allowed in probe) ?(?:bpf_)?(\w*)",
        r"this kind of probe cannot call the kernel's helper \1",
        "",
    ),
    (r"invalid func (\w+)#(\d+)", r"this kernel has no helper number \2", "a newer kernel is needed"),
    (
        r"invalid (?:indirect )?(?:read|access|write) (?:from|to) stack.* off -?\d+.* size (\d+)",
        "memory of the stack is used before it is written",
        "",
    ),
    (r"attach_btf_id (\d+) is not a function", "there is no such function to attach to", ""),
    (r"Unreleased reference", "an event record is neither sent nor thrown away", ""),
    (r"Invalid kernel function|is not allowed|is notrace", "the kernel does not allow this function to be traced", ""),
)


def load_error(program: "Program", number: int, messages: "Sequence[str]") -> DiagnosticError:
    """The Diagnostic for an object that did not load; ``messages`` is what libbpf said meanwhile."""
    text = "".join(messages)
    refused = _FAILED.search(text)
    if refused:
        return DiagnosticError(_program_refused(program, refused[1], number, text))
    for symbol, code in _MAP.findall(text):
        spec = next((m for m in program.maps if m.symbol == symbol), None)
        name = spec.name if spec else symbol
        return DiagnosticError(_map_refused(name, spec.span if spec else None, -int(code), text))
    hint = _privilege_hint() if number in (errno.EPERM, errno.EACCES) else ""
    return DiagnosticError(Diagnostic(f"the program cannot be loaded: {os.strerror(number)}", hint=hint, detail=text, code="load"))


def _privilege_hint() -> str:
    """Root in a container, or on a locked kernel, is told what stops root."""
    if refusal() is None:
        return "the kernel's policy (lockdown, LSM, sysctl, seccomp) forbids it, also to root"
    return "run it as root (CAP_BPF and CAP_PERFMON are needed)"


def _map_refused(name: str, span: "Span | None", number: int, text: str) -> Diagnostic:
    message, hint = f"map {name} cannot be made: {os.strerror(number)}", ""
    if number in (errno.ENOMEM, errno.E2BIG):
        message, hint = f"map {name} is larger than the kernel allows", "make it smaller: config max_map_keys, or a smaller key or value"
    elif number == errno.EINVAL:
        hint = "its type or size is not supported by this kernel"
    elif number == errno.EPERM:
        hint = _privilege_hint()
    return Diagnostic(message, span, hint=hint, detail=text, code="map")


def _program_refused(program: "Program", name: str, number: int, text: str) -> Diagnostic:
    spec = next((p for p in program.programs if p.name == name), None)
    probe = next((a.name for a in program.attachments if a.program == name), name)
    span = spec.span if spec else None
    log = verifier_logs(text).get(name, "")
    complaint, line = read_log(log, program.source)
    if complaint == "helper call is not allowed in probe":  # it does not say which; the last one that it looked at
        complaint = " ".join([complaint, *_CALL.findall(log)[-1:]])
    log = last_lines(log, int(program.config.get("log_size", len(log))))
    if not complaint:
        if spec is not None and number == errno.EPERM and spec.attach_to:
            message = f"the kernel does not permit {probe} to be loaded"
            return Diagnostic(message, span, hint=_privilege_hint(), detail=text, code="permission")
        hint = _privilege_hint() if number in (errno.EPERM, errno.EACCES) else "this kernel may be too old for this kind of probe"
        return Diagnostic(f"the kernel refuses {probe}: {os.strerror(number)}", span, hint=hint, detail=text, code="load")
    file = span.file if span else "stdin"
    place = place_of(program.object, name, _last_instruction(log)) if program.object else None
    if place and (place[0] == line or not line):
        span = statement_span(program.source, *place, file) or span
    elif line:
        span = line_span(program.source, line, file) or span
    message, hint = explain(complaint)
    return Diagnostic(f"the kernel refuses {probe}: {message}", span, hint=hint, detail=log, code="verifier")


def _last_instruction(log: str) -> int:
    """The number of the one that the verifier was at."""
    numbers = _INSTRUCTION.findall(log)
    return int(numbers[-1]) if numbers else 0


def verifier_logs(text: str) -> "dict[str, str]":
    """The verifier's log of each program by its name, out of libbpf's messages."""
    return dict(_LOG.findall(text))


def check_log_size(program: "Program", text: str) -> None:
    """Raises DiagnosticError where the verifier said more than the config variable log_size has room for."""
    size = int(program.config.get("log_size", len(text)))
    for name, log in verifier_logs(text).items():
        if len(log) > size:
            raise DiagnosticError(
                Diagnostic(f"Error loading BPF program for {name}. Error code: -28 (No space left on device).", code="load"),
                Diagnostic(
                    f"Kernel log seems to be trimmed: it has {len(log)} bytes, and log_size allows {size}.",
                    severity="warning",
                    hint=f"raise it: config = {{ log_size = {len(log)} }}, or BPFTRACE_LOG_SIZE={len(log)}",
                ),
            )


def last_lines(text: str, size: int) -> str:
    """The end of it, in whole lines and at most so many bytes: what a refusal is about stands last (config variable log_size)."""
    if len(text) <= size:
        return text
    return text[len(text) - size :].partition("\n")[2] if size else ""


def explain(complaint: str) -> "tuple[str, str]":
    """(meaning, hint) of a verifier's line. One that we have no words for comes back as it is."""
    for pattern, meaning, hint in _MEANINGS:
        found = re.search(pattern, complaint)
        if found:
            return f"{found.expand(meaning)} ({complaint})", hint
    return complaint, ""


def read_log(log: str, source: str) -> "tuple[str, int]":
    """(the verifier's last line that says something, the source line it was at or 0)."""
    lines = log.splitlines()
    complaint = next((text for text in reversed(lines) if not _NOISE.match(text) and not text.startswith(";")), "")
    for text in reversed(lines):
        found = _SOURCE.match(text)
        if not found:
            continue
        if found[2]:
            return complaint, int(found[2])
        wanted = found[1].strip()
        same = [number for number, line in enumerate(source.splitlines(), 1) if wanted and line.strip() == wanted]
        if same:
            return complaint, same[0]
    return complaint, 0


def statement_span(source: str, line: int, column: int, file: str) -> "Span | None":
    """What begins there, as far as it goes on its line: to the semicolon, or to what closes around it. None where there is no such place."""
    whole = line_span(source, line, file)
    if whole is None or not 1 < column < _FAR:
        return whole
    text = source.splitlines()[line - 1]
    end, depth, quoted = column - 1, 0, False
    while end < len(text):
        letter = text[end]
        if quoted:
            end += letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif (letter in ";)]}{" and not depth) or (letter == "/" and text[end + 1 : end + 2] == "/"):
            break
        else:
            depth += (letter in "([{") - (letter in ")]}")
        end += 1
    body = text[column - 1 : end].rstrip()
    if not body:
        return whole
    start = whole.start - (whole.column - 1) + column - 1
    return Span(start, start + len(body), line, column, line, column + len(body), file)


def line_span(source: str, line: int, file: str) -> "Span | None":
    """The text of a line, without the blanks around it; None where there is no such line."""
    lines = source.splitlines(keepends=True)
    if not 1 <= line <= len(lines):
        return None
    text = lines[line - 1]
    body = text.strip()
    column = text.index(body) if body else 0
    start = sum(map(len, lines[: line - 1])) + column
    return Span(start, start + len(body), line, column + 1, line, column + 1 + len(body), file)
