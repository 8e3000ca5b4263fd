"""A compiled Program loaded into the kernel."""

import ctypes
import errno
import os
import struct

from bttui.loader import bpf, maps
from bttui.loader.libbpf import Messages, OpenOptions, library
from bttui.loader.maps import LoadedMap
from bttui.model.diagnostic import DiagnosticError, error
from bttui.model.program import MapSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.model.program import BpfProgram, Program

_OBJECT_NAME = b"bttui"


class LoadedProgram:
    """A program in the kernel; its descriptor belongs to the LoadedObject."""

    def __init__(self, fd: int, spec: "BpfProgram"):
        self.fd = fd
        self.spec = spec

    def __repr__(self) -> str:
        return f"LoadedProgram({self.spec.name!r}, fd={self.fd})"

    def run(self, arguments: "tuple[int, ...]" = ()) -> int:
        """Run it once, now, as BPF_PROG_TEST_RUN does: raw tracepoint programs only. Returns its return value.

        It sees this process as the current one. Raises OSError where the kernel cannot.
        """
        context = struct.pack("=12Q", *arguments, *([0] * (12 - len(arguments))))
        return bpf.test_run(self.fd, context)


class LoadedObject:
    """``programs`` and ``maps`` by name; the sections of global variables are maps too (".bss", ".data", ".rodata")."""

    def __init__(self, handle: "Any", programs: "dict[str, LoadedProgram]", maps: "dict[str, LoadedMap]", log: str):
        self._handle = handle
        self.programs = programs
        self.maps = maps
        self.log = log  # what libbpf and the verifier said, where they were asked to; see refusal.verifier_logs

    def silence(self) -> bool:
        """Set the variable of exit(), as programs of multi links have it too: from now on they do nothing.

        False where there is none, or where we cannot wait for those that had looked at it before.
        """
        variables = self.maps.get(".bss")
        if variables is None:
            return False
        maps.update(variables, bytes(4), struct.pack("=I", 1))
        return bpf.grace_period()

    def close(self) -> None:
        """Close every descriptor. What is still attached keeps the kernel's copy alive: close the links first."""
        if self._handle:
            library().bpf_object__close(self._handle)
            self._handle = None

    def __enter__(self) -> "LoadedObject":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_limits_raised = False


def raise_limits() -> None:
    """Room for locked memory (kernels before 5.11 charge maps to it) and for descriptors, as far as we are let."""
    global _limits_raised
    if _limits_raised:
        return
    _limits_raised = True
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        _raise_soft(resource, resource.RLIMIT_MEMLOCK)
    _raise_soft(resource, resource.RLIMIT_NOFILE)


def _raise_soft(resource: "Any", limit: int) -> None:
    _, most = resource.getrlimit(limit)
    try:
        resource.setrlimit(limit, (most, most))
    except (OSError, ValueError):
        return


def load(program: "Program", *, log_level: int = 0) -> LoadedObject:
    """Load a Program. ``log_level`` 1 or 2 keeps all that libbpf and the verifier say in ``.log``.

    Raises DiagnosticError: libbpf is missing, the kernel refuses (with the source line and the verifier's whole log),
    or the object is not sound.
    """
    libbpf = library()
    raise_limits()
    text = ctypes.create_string_buffer(program.object, len(program.object))
    options = OpenOptions(ctypes.sizeof(OpenOptions), _OBJECT_NAME)
    with Messages(verbose=bool(log_level)) as messages:
        handle = libbpf.bpf_object__open_mem(text, len(program.object), ctypes.byref(options))
        if not handle:
            number = ctypes.get_errno()
            raise error(f"the compiled object cannot be opened: {os.strerror(number)}", detail=messages.text, code="object")
        traced = {}
        try:
            traced = _open_traced(program)
            handles = _configure(handle, program, log_level, traced)
            if libbpf.bpf_object__load(handle) < 0:
                number = ctypes.get_errno()
                from bttui.loader.refusal import load_error

                raise load_error(program, number, messages.lines)
            programs = {spec.name: LoadedProgram(libbpf.bpf_program__fd(handles[spec.name]), spec) for spec in program.programs}
            loaded = dict(_maps(handle, program))
            if log_level:
                from bttui.loader.refusal import check_log_size

                check_log_size(program, messages.text)
        except BaseException:
            libbpf.bpf_object__close(handle)
            raise
        finally:
            _close_traced(traced)
    return LoadedObject(handle, programs, loaded, messages.text if log_level else "")


def _each(handle: "Any", following: "Any") -> "Iterator[Any]":
    current = following(handle, None)
    while current:
        yield current
        current = following(handle, current)


def _configure(handle: "Any", program: "Program", log_level: int, traced: "dict[int, int]") -> "dict[str, Any]":
    libbpf = library()
    handles = {libbpf.bpf_program__name(found).decode(): found for found in _each(handle, libbpf.bpf_object__next_program)}
    for spec in program.programs:
        if spec.name not in handles:
            raise error(f"the compiled object has no program {spec.name}", spec.span, code="object")
        found = handles[spec.name]
        libbpf.bpf_program__set_type(found, spec.type)
        libbpf.bpf_program__set_expected_attach_type(found, spec.attach_type)
        if log_level:
            libbpf.bpf_program__set_log_level(found, log_level)
        if spec.attach_to:
            _set_target(found, spec, traced[spec.attach_program])
    return handles


def _set_target(found: "Any", spec: "BpfProgram", traced: int) -> None:
    if library().bpf_program__set_attach_target(found, traced, spec.attach_to.encode()) < 0:
        raise _no_target(spec, ctypes.get_errno())


def _open_traced(program: "Program") -> "dict[int, int]":
    """Descriptors of the running programs that ours are for, by their numbers."""
    held: "dict[int, int]" = {0: 0}  # 0: the kernel
    for spec in program.programs:
        if spec.attach_program not in held:
            try:
                held[spec.attach_program] = bpf.by_id(bpf.PROG_GET_FD_BY_ID, spec.attach_program)
            except OSError:
                _close_traced(held)
                raise error(f"the BPF program {spec.attach_program} has ended", spec.span, code="no-target") from None
    return held


def _close_traced(held: "dict[int, int]") -> None:
    for number, fd in held.items():
        if number:
            os.close(fd)


def _no_target(spec: "BpfProgram", number: int) -> DiagnosticError:
    if number in (errno.ENOENT, errno.ESRCH):
        hint = "only functions, tracepoints and iterators that the kernel's type information (BTF) names can be traced so"
        return error(f"this kernel's BTF has no {spec.attach_to}", spec.span, hint=hint, code="no-target")
    return error(f"{spec.attach_to} cannot be found in this kernel's BTF: {os.strerror(number)}", spec.span, code="no-target")


def _maps(handle: "Any", program: "Program") -> "Iterator[tuple[str, LoadedMap]]":
    libbpf = library()
    specs = {spec.symbol: spec for spec in program.maps}
    for found in _each(handle, libbpf.bpf_object__next_map):
        name = libbpf.bpf_map__name(found).decode()
        fd = libbpf.bpf_map__fd(found)
        if fd < 0:
            continue
        spec = specs.get(name)
        if spec is None:
            section = name[name.index(".") :] if "." in name else name
            sizes = (libbpf.bpf_map__key_size(found), libbpf.bpf_map__value_size(found), libbpf.bpf_map__max_entries(found))
            spec = MapSpec(section, name, libbpf.bpf_map__type(found), *sizes)
        yield spec.name, LoadedMap(fd, spec)
