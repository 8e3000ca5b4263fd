"""Names as the source has them: of C++ by the C++ library of this machine, of Rust by ourselves."""

import re
from functools import cache, lru_cache

from bttui.host import rust_demangle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 4096
_LLVM = re.compile(r"\.llvm\.[0-9]+$")


@lru_cache(1 << 14)
def demangle(name: str) -> str:
    """ "_ZN3foo3barEi" -> "foo::bar(int)"; the name itself where it is not mangled, or nobody here can read it."""
    if not name.startswith(("_Z", "_R")) or len(name) > _LONGEST:
        return name
    if name.startswith("_R"):
        return rust_demangle.v0(name) or name
    call = _demangler()
    plain = call(_LLVM.sub("", name).encode("utf-8", "surrogateescape")) if call else None
    if plain is None:
        return name
    return rust_demangle.legacy(plain) or plain


@cache
def _demangler() -> "Callable[[bytes], str | None] | None":
    """abi::__cxa_demangle of the Itanium C++ ABI; None where no C++ library is installed."""
    import ctypes

    try:
        function = ctypes.CDLL("libstdc++.so.6").__cxa_demangle
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_void_p
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]

    def call(name: bytes) -> "str | None":
        status = ctypes.c_int()
        found = function(name, None, None, ctypes.byref(status))
        if not found:
            return None
        try:
            return ctypes.string_at(found).decode("utf-8", "replace")
        finally:
            free(found)

    return call
