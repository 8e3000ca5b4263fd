"""The kernel's own description of its types (BPF Type Format), asked by name. Read from /sys/kernel/btf."""

import os

from bttui.host.btf_blob import ENUM, ENUM64, FUNC, INT, STRUCT, TYPEDEF, UNION, VAR, Blob, Function
from bttui.model.types import VOID, Array, Enum, Field, Pointer, Struct, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {
    "int": (INT,),
    "struct": (STRUCT,),
    "union": (UNION,),
    "enum": (ENUM, ENUM64),
    "typedef": (TYPEDEF,),
    "func": (FUNC,),
    "var": (VAR,),
}


class Btf:
    """The types of the kernel and of its loaded modules. Look-ups return None for what there is not.

    ``directory`` is /sys/kernel/btf or a recording of it; ``kernel`` is another file to read the kernel's own from. All methods raise DiagnosticError for damaged data.
    """

    def __init__(self, directory: str, kernel: str = "") -> None:
        self.directory = directory
        self.kernel = kernel or directory + "/vmlinux"
        self._elsewhere = bool(kernel)
        self._blobs: list[Blob] | None = None
        self._types: dict[str, Type | None] = {}

    @property
    def exists(self) -> bool:
        return os.path.exists(self.kernel)

    @property
    def absence(self) -> str:
        """Why there is nothing to look up, for whoever wanted to; "" where there is."""
        if self.exists:
            return ""
        if self._elsewhere:
            return f"BPFTRACE_BTF names {self.kernel}, which does not exist"
        return "this kernel has no type information (CONFIG_DEBUG_INFO_BTF)"

    @property
    def modules(self) -> "list[str]":
        """Names of the modules that have types of their own."""
        try:
            return sorted(set(os.listdir(self.directory)) - {"vmlinux"})
        except OSError:
            return []

    def blobs(self) -> "Iterator[Blob]":
        """The kernel's types, then each module's."""
        if self._blobs is None:
            self._blobs = [Blob(self.kernel)] if self.exists else []
            for blob in self._blobs:
                blob.module = "vmlinux"  # whatever the file is called
        yield from self._blobs
        if len(self._blobs) == 1:
            self._blobs += [Blob(f"{self.directory}/{name}", self._blobs[0]) for name in self.modules]
            yield from self._blobs[1:]

    def function(self, name: str) -> "Function | None":
        for blob, ident in self._find((FUNC,), name):
            return blob.function(ident)
        return None

    def functions(self) -> "list[str]":
        """Names of all functions, of modules too, in no order."""
        return [blob.name(i) for blob in self.blobs() for i in blob.of_kind(FUNC)]

    def struct(self, name: str, size: int = 0) -> "Struct | None":
        """A struct or union with its fields: "struct x", "union x", or just x, which may be a typedef's name.

        A few names stand for different structs in different corners of the kernel: the one of this size comes first.
        """
        other = None
        for blob, ident in self._named(name):
            found = blob.type(ident)
            behind = blob.behind(ident)
            if isinstance(found, Struct) and blob.kind(behind) in (STRUCT, UNION):
                if not size or found.size == size:
                    return found.replace(fields=blob.fields(behind))
                other = other or (blob, found, behind)
        return other[1].replace(fields=other[0].fields(other[2])) if other else None

    def type(self, name: str) -> "Type | None":
        """The type with this C spelling: "struct x", "enum x", "unsigned long", "pid_t", "struct x *", "char[16]".

        A struct comes without its fields.
        """
        name = name.strip()
        if name.endswith("]"):
            front, _, count = name[:-1].rpartition("[")
            element = self.type(front)
            return Array(element=element, count=int(count or 0)) if element and (count or "0").isdigit() else None
        if name.endswith("*"):
            target = self.type(name[:-1])
            return Pointer(target=target) if target else None
        if name == "void":
            return VOID
        if name not in self._types:
            self._types[name] = next((blob.type(ident) for blob, ident in self._named(name)), None)
        return self._types[name]

    def enum_constant(self, name: str) -> "tuple[int, Enum] | None":
        """The value of an enumerator, and the enum it belongs to."""
        for blob in self.blobs():
            found = blob.enum_constant(name)
            if found:
                return found
        return None

    def raw_tracepoint(self, name: str) -> "tuple[Field, ...] | None":
        """The parameters of a tracepoint as the kernel passes them: field i is in slot i (offset 8 * i)."""
        # btf_trace_NAME says that it exists and of which types, but not how the parameters are called;
        # the stub that BPF calls through has the names (include/linux/tracepoint.h, include/trace/bpf_probe.h).
        for blob, ident in self._find((TYPEDEF,), "btf_trace_" + name):
            parameters = blob.prototype(blob.behind(blob.target(ident)))[0]
            if any(not p.name for p in parameters):
                for stub in ("__probestub_" + name, "__bpf_trace_" + name):
                    function = self.function(stub)
                    if function and len(function.parameters) == len(parameters):
                        parameters = function.parameters
                        break
            return tuple(p.replace(offset=p.offset - 8) for p in parameters[1:])
        return None

    def variable(self, name: str) -> "Type | None":
        """The type of a variable of the kernel: BTF knows the per-CPU ones."""
        for blob, ident in self._find(KINDS["var"], name):
            return blob.type(blob.target(ident))
        return None

    def raw_tracepoints(self) -> "list[tuple[str, str]]":
        """(module, name) of all tracepoints that have types, in no order."""
        names = ((blob.module, blob.name(i)) for blob in self.blobs() for i in blob.of_kind(TYPEDEF))
        return [(module, name.removeprefix("btf_trace_")) for module, name in names if name.startswith("btf_trace_")]

    def module_of(self, kind: str, name: str) -> "str | None":
        """ "vmlinux" or the module that has a type of this kind and name."""
        for blob, _ in self._find(KINDS[kind], name):
            return blob.module
        return None

    def id(self, kind: str, name: str) -> "int | None":
        """The type's number; ``kind`` is a key of KINDS. A module's numbers go on where the kernel's end."""
        for _, ident in self._find(KINDS[kind], name):
            return ident
        return None

    def find(self, kind: str, name: str) -> "Iterator[tuple[Blob, int]]":
        """Where the types of this kind and name are, the kernel's own first; ``kind`` is a key of KINDS."""
        return self._find(KINDS[kind], name)

    def _find(self, kinds: "tuple[int, ...]", name: str) -> "Iterator[tuple[Blob, int]]":
        for blob in self.blobs():
            for ident in blob.find(kinds, name):
                yield blob, ident

    def _named(self, name: str) -> "Iterator[tuple[Blob, int]]":
        word, _, rest = name.strip().partition(" ")
        if word in ("struct", "union", "enum"):
            return self._find(KINDS[word], rest.strip())
        integer = integer_spelling(name)
        if integer:
            return self._find((INT,), integer)
        return self._find((TYPEDEF, INT, STRUCT, UNION, ENUM, ENUM64), name.strip())


def integer_spelling(name: str) -> str:
    """A C integer type as compilers write it into debug information ("unsigned long" is "long unsigned int"), or ""."""
    words = name.split()
    if not words or any(w not in ("signed", "unsigned", "char", "short", "int", "long", "_Bool") for w in words):
        return ""
    if "_Bool" in words:
        return "_Bool"
    if "char" in words:
        return " ".join([*(w for w in ("signed", "unsigned") if w in words), "char"])
    sizes = [w for w in words if w in ("short", "long")]
    if not sizes:
        return "unsigned int" if "unsigned" in words else "int"
    return " ".join([*sizes, *(["unsigned"] if "unsigned" in words else []), "int"])
