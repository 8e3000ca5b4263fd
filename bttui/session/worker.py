"""Compiling in a child process: LLVM's back end may end the process on an error, and a busy one can be killed."""

import marshal
import os
import select
import signal

from bttui.compiler.options import CompileOptions
from bttui.model.data import pack, unpack
from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.session import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.program import Program
    from bttui.session.options import Options

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
_MOST_MEMORY = 4 << 30  # bytes of address space: a compiler that needs more has gone astray


class Interrupted(Exception):
    """The descriptor that was watched became readable before the child was done."""


def compile_options(options: "Options") -> CompileOptions:
    """What of the command line the compiler wants to know."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("BPFTRACE_")}
    if options.max_probes is not None:
        environment["BPFTRACE_MAX_PROBES"] = str(options.max_probes)
    return CompileOptions(
        positional=options.parameters,
        named=tuple(options.named.items()),
        environment=tuple(sorted(environment.items())),
        pid=options.pid or 0,
        child=1 if options.command else 0,  # a program reads the pid from a map
        unsafe=options.unsafe,
        warn_helpers=options.helper_errors,
        no_features=tuple(sorted(options.no_features)),
        traceable_functions=options.traceable_functions,
        mode=options.mode,
        probe_filter=options.probe_filter,
        include=options.include,
        headers=options.headers,
    )


def compile_text(options: "Options", host: "Host", stop: int = -1) -> "Program":
    """The Program of options.text, from the cache or from a child process.

    Raises DiagnosticError, or Interrupted once the descriptor ``stop`` is readable.
    """
    assert options.text is not None
    wanted = compile_options(options)
    key = cache.key(options.text, options.file, wanted)
    program = cache.read(key)
    if program is None:
        program = in_child(lambda: _compile(options, host, wanted), stop, options.text)
        if not wanted.headers:  # they may say something else the next time
            cache.write(key, program)
    return program


def check(text: str, options: "Options", host: "Host") -> "tuple[Diagnostic, ...]":
    """What the compiler says of the text. Where it says nothing bad, running it needs no compiler any more: see cache."""
    try:
        return compile_text(options.replace(text=text, file=options.file or "program"), host).warnings
    except DiagnosticError as problem:
        return problem.diagnostics


def _compile(options: "Options", host: "Host", wanted: CompileOptions) -> "Program":
    from bttui.compiler.pipeline import compile_program

    return compile_program(options.text or "", options.file, host, wanted)


def in_child(work: "Callable[[], Any]", stop: int = -1, source: str = "") -> "Any":
    """What ``work`` returns or raises (as far as model.data.pack knows it), done in a child process. ``source``: the program's text."""
    reader, writer = os.pipe()
    said = os.memfd_create("said")
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        try:
            _work(work, writer, said, parent)
        finally:
            os._exit(1)
    os.close(writer)
    try:
        answer = _read(reader, stop)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(said)
        raise
    finally:
        os.close(reader)
    _, status = os.waitpid(pid, 0)
    text = os.pread(said, 1 << 20, 0).decode(errors="replace")
    os.close(said)
    if not answer:
        raise _died(os.waitstatus_to_exitcode(status), text, source)
    good, value = marshal.loads(answer)
    if good:
        return unpack(value)
    diagnostics, code = value
    raise DiagnosticError(*unpack(diagnostics), exit_code=code)


def _work(work: "Callable[[], Any]", writer: int, said: int, parent: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, and kills
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        answer = (True, pack(work()))
    except DiagnosticError as reason:
        answer = (False, (pack(reason.diagnostics), reason.exit_code))
    except Exception as reason:
        import traceback

        found = Diagnostic(
            f"the compiler failed: {reason!r}", hint="this is a mistake of ours: please report it", detail=traceback.format_exc()
        )
        answer = (False, (pack((found,)), 1))
    data = memoryview(marshal.dumps(answer))
    while data:
        data = data[os.write(writer, data) :]
    os._exit(0)


def _read(reader: int, stop: int) -> bytes:
    """All of it. Watches ``stop`` the while."""
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    if stop >= 0:
        poll.register(stop, select.POLLIN)
    parts: "list[bytes]" = []
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if stop in ready:
            raise Interrupted
        part = os.read(reader, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)


# What LLVM's BPF back end says where it gives up (BPFISelLowering.cpp, BPFRegisterInfo.cpp).
_PLACED = r"error: (.*):(\d+):(\d+): in function \S+"
_STACK = "BPF stack limit is exceeded"


def _died(code: int, text: str, source: str) -> DiagnosticError:
    """LLVM said why on its way out, most of the time in its last line, with the place."""
    import re

    from bttui.loader.refusal import statement_span

    lines = [line.strip() for line in text.splitlines() if line.strip()]
    how = f"signal {-code}" if code < 0 else f"status {code}"
    message = f"the compiler could not finish ({how})" + (f": {lines[-1]}" if lines else "")
    hint = "simpler expressions, shorter strings or fewer variables may help"
    placed = re.search(_PLACED, text)
    span = statement_span(source, int(placed[2]), int(placed[3]), placed[1]) if placed else None
    if _STACK in text:
        message, hint = (
            "This program needs more than the 512 bytes of stack that BPF has",
            "use fewer or smaller variables, or several probes",
        )
    return DiagnosticError(Diagnostic(message, span, hint=hint, detail=text, code="compiler"))
