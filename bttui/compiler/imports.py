"""import: what other files and folders add to a program.

As in bpftrace: files *.bt and *.h, folders of them, each once, looked for beside the program; not from places that
everybody may write to; the names of its standard library are known too, whose functions are built in here.
"""

import os

from bttui.compiler import ast
from bttui.compiler.parser import parse
from bttui.model.diagnostic import Diagnostic, DiagnosticError, Span, error
from bttui.model.program_files import read

# parts of bpftrace's standard library, and what of them is not built in
LIBRARY = {
    "stdlib": "",
    **{f"stdlib/{part}": "" for part in ("map", "process", "stack", "strings", "system", "task", "usdt")},
    "stdlib/test": "macro __always_true() { 1 }",
}
DEEPEST = 64
NEEDS_CLANG = (".c", ".o")


def with_imports(root: ast.Root, file: str, positional: "tuple[str, ...]" = ()) -> ast.Root:
    """The program with what its root imports name, in front of its own. Raises DiagnosticError."""
    if not root.imports:
        return root
    found = Imports(os.path.dirname(file), positional)
    problems: list[Diagnostic] = []
    for statement in root.imports:
        try:
            found.add(statement)
        except DiagnosticError as reason:
            problems += reason.diagnostics
    if problems:
        raise DiagnosticError(*problems)
    return root.replace(c_definitions=(*found.definitions, *root.c_definitions), items=(*found.items, *root.items))


class Imports:
    """What is gathered while files are read."""

    def __init__(self, directory: str, positional: "tuple[str, ...]"):
        self.directory, self.positional = directory, positional
        self.definitions: list[ast.CDefinition] = []
        self.items: list[ast.Probe | ast.Macro | ast.Subprogram | ast.MapDeclaration] = []
        self.seen: set[str] = set()

    def add(self, statement: ast.ImportStatement, depth: int = 0) -> None:
        directories = dict.fromkeys((self.directory, os.path.dirname(statement.span.file)))
        places = [os.path.join(directory, statement.path) for directory in directories]
        path = next((place for place in places if os.path.exists(place)), "")
        if not path and statement.path in LIBRARY:
            if statement.path not in self.seen:
                self.seen.add(statement.path)
                self.script(LIBRARY[statement.path], statement.path, statement, depth)
            return
        if not path:
            checked = ", ".join(os.path.abspath(place) for place in places)
            raise error("Unable to find suitable path for import", statement.span, hint=f"checked: {checked}")
        if os.path.isdir(path):
            self.check(path, statement)
            try:
                names = os.listdir(path)
            except OSError as reason:
                raise error(f"Cannot read {path}: {reason.strerror}", statement.span) from None
            for name in sorted(names):
                if name.endswith((".bt", ".h")):
                    self.file(os.path.join(path, name), statement, depth)
            return
        self.file(path, statement, depth)

    def check(self, path: str, statement: ast.ImportStatement) -> None:
        """Raise where anybody could have put other code."""
        for place in (path, os.path.dirname(path) or "."):
            try:
                mode = os.stat(place).st_mode
            except OSError as reason:
                raise error(f"Cannot read {place}: {reason.strerror}", statement.span) from None
            if mode & 0o002:
                raise error(
                    "Unable to find suitable path for import",
                    statement.span,
                    hint=f'skipping due to global write permissions: "{place}"\nchmod o-w {place}',
                )

    def file(self, path: str, statement: ast.ImportStatement, depth: int) -> None:
        self.check(path, statement)
        real = os.path.realpath(path)
        if real in self.seen:
            return
        self.seen.add(real)
        if path.endswith(NEEDS_CLANG):
            hint = "there is no C compiler in bttui: write a macro, or declare the types in a header"
            raise error(f'not supported: import of C code ("{statement.path}")', statement.span, hint=hint)
        if not path.endswith((".bt", ".h")):
            raise error(f'unknown import type: "{statement.path}"', statement.span, hint="*.bt, *.h and folders can be imported")
        try:
            text = read(path).replace("\r\n", "\n")
        except OSError as reason:
            raise error(f"Cannot read {path}: {reason.strerror}", statement.span) from None
        if path.endswith(".h"):
            end = text.count("\n") + 1
            span = Span(0, len(text), 1, 1, end, len(text) - text.rfind("\n"), path, text)
            self.definitions.append(ast.CDefinition(span, text))
        else:
            self.script(text, path, statement, depth)

    def script(self, text: str, path: str, statement: ast.ImportStatement, depth: int) -> None:
        try:
            root = parse(text, path, self.positional, imported=True)
            if root.config is not None:
                raise error("invalid `config` within import", root.config[0].span if root.config else root.span)
        except DiagnosticError as reason:
            raise DiagnosticError(*(came_from(d, statement) for d in reason.diagnostics)) from None
        if root.imports and depth == DEEPEST:
            raise error(f"files import one another more than {DEEPEST} deep", statement.span)
        for inner in root.imports:
            try:
                self.add(inner, depth + 1)
            except DiagnosticError as reason:
                raise DiagnosticError(*(came_from(d, statement) for d in reason.diagnostics)) from None
        self.definitions += root.c_definitions
        self.items += root.items


def came_from(diagnostic: Diagnostic, statement: ast.ImportStatement) -> Diagnostic:
    return diagnostic.replace(trail=(*diagnostic.trail, ("imported from", statement.span)))
