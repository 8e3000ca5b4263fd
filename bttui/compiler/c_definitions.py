"""C at the top of a program: struct, union, enum, #define and #include.

Kernel headers are seldom read at all, since BTF has their types: only where the program has a name that nothing else
explains, and then for their macros.
"""

import os

from bttui.compiler import ast
from bttui.compiler.c_declarations import Declarations
from bttui.compiler.c_macros import Expander
from bttui.compiler.c_preprocessor import NUMBER, Macro, Preprocessor, Source, Token, wrong
from bttui.compiler.infer.rules import INTEGERS
from bttui.model.diagnostic import Diagnostic, DiagnosticError, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bttui.compiler.infer.typer import Typer

MODULES = "/lib/modules"  # has a folder for each kernel; build and source there lead to its headers where they are installed
SYSTEM = ("/usr/local/include", "/usr/include")
KERNEL = frozenset(
    """acpi asm asm-generic clocksource crypto drm generated keys kunit kvm linux math-emu media misc mtd net pcmcia ras
    rdma scsi soc sound target trace uapi vdso video xen""".split()
)


def define(root: ast.Root, typer: "Typer") -> ast.Root:
    """Tells the typer what the C part defines; returns the program with its macros expanded.

    Raises DiagnosticError.
    """
    if not root.c_definitions and not typer.options.headers:
        return root
    definitions = Definitions(typer, root)
    definitions.read()
    return definitions.expand(root)


class Definitions:
    """The C part of one program."""

    def __init__(self, typer: "Typer", root: ast.Root):
        self.typer, self.root, self.btf = typer, root, typer.host.btf
        self.declarations = Declarations(typer)
        self.preprocessor = Preprocessor(self.find, self.declarations.evaluate_tokens)
        self.pending: list[tuple[str, str, Token]] = []  # headers for later: name, path or "", where

    def read(self) -> None:
        if self.btf.exists:
            self.predefine("BPFTRACE_HAVE_BTF", "1")
        self.predefine("__x86_64__" if self.typer.host.machine == "x86_64" else f"__{self.typer.host.machine}__", "1")
        problems = []
        for definition in (*self.asked_for(), *self.root.c_definitions):
            directory = os.path.dirname(definition.span.file) or "."
            try:
                self.declarations.declare(self.preprocessor.read(Source(definition.text, definition.span, directory)))
            except DiagnosticError as reason:
                problems += [d.replace(message=self.as_compilers(d)) for d in reason.diagnostics]
        try:
            self.preprocessor.finish()
        except DiagnosticError as reason:
            problems += reason.diagnostics
        if problems:
            raise DiagnosticError(*problems, exit_code=2)
        if self.pending and self.unexplained():
            self.read_pending()
        self.typer.headers = tuple(name for name, _path, _where in self.pending)

    def asked_for(self) -> "Iterator[ast.CDefinition]":
        """What --include adds: looked for where we stand, and then as any other header."""
        for name in self.typer.options.headers:
            text = f'#include "{name}"'
            yield ast.CDefinition(Span(0, len(text), 1, 1, 1, len(text) + 1, "--include", text), text)

    def predefine(self, name: str, value: str) -> None:
        source = Source(value, self.root.span)
        self.preprocessor.macros[name] = Macro(name, None, (Token(NUMBER, value, source, 0),), self.root.span)

    def as_compilers(self, diagnostic: Diagnostic) -> str:
        """The message, and once more as clang says it, for scripts that look for its line.

        bpftrace hands all definitions to clang as lines 2 and on of a file of this name.
        """
        line, span = 2, diagnostic.span
        for definition in self.root.c_definitions:
            text, place = definition.text, definition.span
            if span and span.file == place.file and place.start <= span.start <= place.end:
                before = text[: span.start - place.start]
                where = f"definitions.h:{line + before.count(chr(10))}:{len(before) - before.rfind(chr(10))}"
                severity = "fatal error" if diagnostic.message.endswith("file not found") else "error"
                return f"{diagnostic.message}\n{where}: {severity}: {diagnostic.message}"
            line += text.count("\n") + 1
        return diagnostic.message

    def find(self, where: Token, name: str, quoted: bool, directory: str) -> "str | None":
        """The path of a header that is the user's own. One of the system waits until a name asks for it."""
        own = [directory] if quoted or self.declarations.system else []
        own += self.typer.options.include
        own += [d for v in ("CPATH", "C_INCLUDE_PATH") for d in os.environ.get(v, "").split(":") if d]
        for folder in own:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                return path
        machine = self.typer.host.machine
        environment = dict(self.typer.options.environment)
        trees = [environment[v] for v in ("BPFTRACE_KERNEL_BUILD", "BPFTRACE_KERNEL_SOURCE") if environment.get(v)]
        trees += [f"{MODULES}/{os.uname().release}/{part}" for part in ("build", "source")]
        folders = [f"{tree}/{part}" for tree in trees for part in ("include", "include/uapi", "include/generated/uapi")]
        folders += [f for s in SYSTEM for f in (f"{s}/{machine}-linux-gnu", s)]
        path = next((p for p in (os.path.join(f, name) for f in folders) if os.path.isfile(p)), "")
        if self.declarations.system:
            return path or None
        of_kernel = name.partition("/")[0] in KERNEL
        if not path and not (of_kernel and self.btf.exists):
            raise wrong(
                f"'{name}' file not found",
                where.span,
                hint="leave it out: types of the kernel come from BTF; others can be defined in the program"
                if self.btf.exists
                else f"{self.btf.absence}: define the types that are needed in the program, or name the header's folder with -I",
            )
        self.pending.append((name, path, where))
        return None

    def unexplained(self) -> bool:
        """Whether a name in the program needs a header that was left out."""
        from bttui.compiler.bodies import walk

        typer = self.typer
        for item in self.root.items:
            for node in walk(item):
                if isinstance(node, ast.Identifier | ast.Call):
                    name = node.name
                    known = typer.function_named(name) is not None or name in self.preprocessor.macros or name in typer.enumerators
                    known = known or (self.btf.exists and self.btf.enum_constant(name) is not None)
                elif isinstance(node, ast.TypeName) and node.of is None:
                    known = node.name in INTEGERS or node.name in typer.structs or self.declarations.known_type(node.name)
                else:
                    continue
                if not known:
                    return True
        return False

    def read_pending(self) -> None:
        self.declarations.system = True
        for _name, path, where in self.pending:
            if path:
                try:
                    self.declarations.declare(self.preprocessor.header(path, where))
                except DiagnosticError:
                    self.preprocessor.conditions.clear()
                self.preprocessor.depth = 0

    def expand(self, root: ast.Root) -> ast.Root:
        macros = {n: m for n, m in self.preprocessor.macros.items() if m.body}
        return root.replace(items=tuple(Expander(self.typer, macros).tree(item) for item in root.items)) if macros else root
