"""Names as the source has them, of C++ and of Rust's older scheme, by the C++ library of this machine."""

import re
from functools import cache, lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 4096
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_RUST_ESCAPES = {"$LT$": "<", "$GT$": ">", "$RF$": "&", "$BP$": "*", "$LP$": "(", "$RP$": ")", "$C$": ",", "$u20$": " ", "..": "::"}
_RUST_ESCAPE = re.compile("|".join(map(re.escape, _RUST_ESCAPES)))


@lru_cache(1 << 14)
def demangle(name: str) -> str:
    """ "_ZN3foo3barEi" -> "foo::bar(int)"; the name itself where it is not mangled, or nobody here can read it."""
    if not name.startswith("_Z") or len(name) > _LONGEST:
        return name
    call = _demangler()
    plain = call(name.encode("utf-8", "surrogateescape")) if call else None
    if plain is None:
        return name
    if _RUST_HASH.search(plain):
        parts = _RUST_HASH.sub("", plain).split("::")
        return "::".join(_RUST_ESCAPE.sub(lambda found: _RUST_ESCAPES[found[0]], part.removeprefix("_")) for part in parts)
    return plain


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
