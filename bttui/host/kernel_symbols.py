"""Names of kernel addresses, from /proc/kallsyms: "ffffffff81000000 T name", then "\\t[module]" for those of modules.

The kernel's own symbols come first and sorted by address, so that they are searched in the text as it is; the file
has 5 MB, and splitting it would cost more time and memory than all look-ups of a trace together. Modules follow in
no order (kernel/kallsyms.c).
"""

from bisect import bisect_right

from bttui.model.frame import Symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FARTHEST = 1 << 24  # an address this far behind a symbol (16 MiB) is not part of it: no function or variable is larger
_DIGITS = 16  # addresses are padded with zeros to this width
_PADDING = (b"__pfx_", b"__cfi_")  # bytes before a function that have names of their own


class KernelSymbols:
    """Read when first asked (some 40 ms), and never again. Where addresses are hidden nothing has a name."""

    def __init__(self, path: str = "/proc/kallsyms") -> None:
        self.path = path
        self._text: bytes | None = None
        self._end = 0  # of the kernel's own symbols in the text
        self._modules: list[tuple[int, bytes, bytes]] = []
        self._known: dict[int, Symbol] = {}

    @property
    def text(self) -> bytes:
        if self._text is None:
            try:
                with open(self.path, "rb", buffering=0) as file:
                    self._text = file.readall()
            except OSError:
                self._text = b""
            bracket = self._text.find(b"\t[")
            self._end = self._text.rfind(b"\n", 0, bracket) + 1 if bracket >= 0 else len(self._text)
            if not self.hidden:
                self._modules = sorted(_symbols(self._text[self._end :]))
        return self._text

    @property
    def hidden(self) -> bool:
        """Whether the kernel shows zeros instead of addresses (sysctl kernel.kptr_restrict)."""
        text = self.text
        last = text.rfind(b"\n", 0, -1) + 1
        return bool(text) and not text[last : last + _DIGITS].strip(b"0")

    def symbolize(self, address: int) -> Symbol:
        """The symbol that the address is in, or one without a name."""
        known = self._known.get(address)
        if known is None:
            known = self._known[address] = self._symbolize(address)
        return known

    def _symbolize(self, address: int) -> Symbol:
        start, name, module = max(self._kernel(address), self._module(address))
        if not name or address - start >= _FARTHEST:
            return Symbol(address)
        return Symbol(address, name.decode("utf-8", "replace"), address - start, module.decode("utf-8", "replace"))

    def _kernel(self, address: int) -> "tuple[int, bytes, bytes]":
        """The last line whose address is not above this one."""
        text, low, high = self.text, 0, self._end
        if self.hidden:
            return 0, b"", b""
        wanted = b"%016x" % address
        while low < high:
            line = text.rfind(b"\n", low, (low + high) // 2) + 1 or low
            if text[line : line + _DIGITS] <= wanted:
                low = text.find(b"\n", line, self._end) + 1 or self._end
            else:
                high = line
        if not low:
            return 0, b"", b""
        line = text.rfind(b"\n", 0, low - 1) + 1
        start, kind, name = (*text[line : low - 1].split(None, 2), b"", b"", b"")[:3]
        # Absolute symbols (offsets in per-CPU areas, mostly) are not addresses.
        return (0, b"", b"") if kind in (b"", b"a", b"A") else (int(start, 16), name, b"")

    def _module(self, address: int) -> "tuple[int, bytes, bytes]":
        at = bisect_right(self._modules, (address, b"\xff"))
        return self._modules[at - 1] if at else (0, b"", b"")

    def address(self, name: str) -> "int | None":
        """Where the symbol is; the kernel's own before a module's."""
        mention = b" " + name.encode("utf-8", "surrogateescape")
        text, at = self.text, 0
        while name and not self.hidden and (at := text.find(mention, at) + 1):
            if text[at + len(mention) - 1 : at + len(mention)] in (b"\n", b"\t", b""):
                line = text.rfind(b"\n", 0, at) + 1
                return int(text[line : line + _DIGITS], 16)
        return None

    def functions(self) -> "Iterator[tuple[str, str]]":
        """(name, module) of all functions; the module of the kernel's own is "vmlinux"."""
        for line in self.text.splitlines():
            words = line.split()
            if len(words) >= 3 and words[1] in b"tTwW" and not words[2].startswith(_PADDING):
                yield words[2].decode("utf-8", "replace"), words[3][1:-1].decode("utf-8", "replace") if len(words) > 3 else "vmlinux"

    def modules(self) -> "list[str]":
        """Names of modules with symbols. Code that the kernel makes at run time counts as such: "bpf"."""
        return sorted({line.rpartition(b"[")[2].rstrip(b"]").decode("utf-8", "replace") for line in self.text[self._end :].splitlines()})


def _symbols(lines: bytes) -> "Iterator[tuple[int, bytes, bytes]]":
    for line in lines.splitlines():
        words = line.split()
        if len(words) == 4 and words[1] not in b"aA":
            yield int(words[0], 16), words[2], words[3][1:-1]
