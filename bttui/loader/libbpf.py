"""The system's libbpf, found and declared: opening and loading objects only; everything newer goes by bpf(2)."""

import ctypes
import os

from bttui.model.diagnostic import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PRINT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_pointer, _int, _text, _size = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t

_signatures = {
    "libbpf_major_version": (ctypes.c_uint32, ()),
    "libbpf_minor_version": (ctypes.c_uint32, ()),
    "libbpf_num_possible_cpus": (_int, ()),
    "libbpf_set_print": (_pointer, (_PRINT,)),
    "bpf_object__open_mem": (_pointer, (_pointer, _size, _pointer)),
    "bpf_object__load": (_int, (_pointer,)),
    "bpf_object__close": (None, (_pointer,)),
    "bpf_object__next_program": (_pointer, (_pointer, _pointer)),
    "bpf_object__next_map": (_pointer, (_pointer, _pointer)),
    "bpf_program__name": (_text, (_pointer,)),
    "bpf_program__fd": (_int, (_pointer,)),
    "bpf_program__set_type": (_int, (_pointer, _int)),
    "bpf_program__set_expected_attach_type": (_int, (_pointer, _int)),
    "bpf_program__set_attach_target": (_int, (_pointer, _int, _text)),
    "bpf_program__set_log_level": (_int, (_pointer, ctypes.c_uint32)),
    "bpf_map__name": (_text, (_pointer,)),
    "bpf_map__fd": (_int, (_pointer,)),
    "bpf_map__type": (_int, (_pointer,)),
    "bpf_map__key_size": (ctypes.c_uint32, (_pointer,)),
    "bpf_map__value_size": (ctypes.c_uint32, (_pointer,)),
    "bpf_map__max_entries": (ctypes.c_uint32, (_pointer,)),
}

PACKAGES = "Debian and Ubuntu: apt install libbpf1; Fedora: dnf install libbpf; Arch: pacman -S libbpf; Alpine: apk add libbpf"

_library: "Any" = None
_messages: "list[str]" = []
_verbose = False


class OpenOptions(ctypes.Structure):
    """The part of struct bpf_object_open_opts (bpf/libbpf.h) that we set; ``sz`` says where it ends."""

    _fields_ = [("sz", ctypes.c_size_t), ("object_name", ctypes.c_char_p)]


def library() -> "Any":
    """libbpf >= 1.0 as a ctypes library. Raises DiagnosticError naming the package where it is missing."""
    global _library
    if _library is None:
        _library = _open()
    return _library


def _open() -> "Any":
    chosen = os.environ.get("BTTUI_LIBBPF", "")
    hint = f"install it ({PACKAGES}), or name the file in BTTUI_LIBBPF"
    try:
        found = ctypes.CDLL(chosen or "libbpf.so.1", use_errno=True)
    except OSError as reason:
        raise error(f"libbpf is missing: {reason}", hint=hint, code="libbpf-missing") from None
    for name, (result, arguments) in _signatures.items():
        try:
            function = getattr(found, name)
        except AttributeError:
            message = f"{chosen or 'libbpf.so.1'} has no {name}: libbpf 1.0 or newer is needed"
            raise error(message, hint=hint, code="libbpf-missing") from None
        function.restype, function.argtypes = result, arguments
    found.libbpf_set_print(_print)
    return found


_libc = ctypes.CDLL(None)
_libc.vasprintf.argtypes = (ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p, ctypes.c_void_p)
_libc.free.argtypes = (ctypes.c_void_p,)


@_PRINT
def _print(level: int, format: bytes, arguments: int) -> int:
    # One failure can be a thousand lines, and debug messages (level 2) come by the hundred on every load.
    if level < 2 or _verbose:
        text = ctypes.c_void_p()
        if _libc.vasprintf(ctypes.byref(text), format, arguments) >= 0 and text.value:
            _messages.append(ctypes.string_at(text.value).decode(errors="replace"))
            _libc.free(text)
    return 0


class Messages:
    """Collects what libbpf says while it is entered; nothing reaches stderr. ``verbose`` adds its debug messages."""

    def __init__(self, verbose: bool = False):
        self.verbose = verbose
        self.lines: "list[str]" = []

    def __enter__(self) -> "Messages":
        global _messages, _verbose
        self._before = _messages, _verbose
        _messages, _verbose = self.lines, self.verbose
        return self

    def __exit__(self, *_: object) -> None:
        global _messages, _verbose
        _messages, _verbose = self._before

    @property
    def text(self) -> str:
        return "".join(self.lines)


def version() -> "tuple[int, int]":
    """(major, minor) of the libbpf in use."""
    found = library()
    return found.libbpf_major_version(), found.libbpf_minor_version()


_possible_cpus = 0


def possible_cpus() -> int:
    """How many slots a per-CPU value has: CPUs that may ever appear, not only those that are online."""
    global _possible_cpus
    if not _possible_cpus:
        _possible_cpus = library().libbpf_num_possible_cpus()
    return _possible_cpus
