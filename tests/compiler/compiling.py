"""Programs compiled on recorded facts, without a kernel."""

import os

from bttui.compiler import pipeline
from bttui.compiler.options import CompileOptions
from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError

FACTS = os.path.join(os.path.dirname(__file__), "..", "facts")
_hosts = {}


def host(kernel="6.18"):
    """The recorded machine, read once."""
    if kernel not in _hosts:
        _hosts[kernel] = Host(os.path.join(FACTS, kernel))
    return _hosts[kernel]


def lower(text, kernel="6.18", **options):
    """Everything up to the LLVM text. Raises DiagnosticError."""
    return pipeline.lower(text, "stdin", host(kernel), CompileOptions(**options))


def begin(statements, **options):
    return lower(f"BEGIN {{ {statements} }}", **options)


def compile(text, kernel="6.18", **options):
    """The whole way, to a Program."""
    return pipeline.compile_program(text, "stdin", host(kernel), CompileOptions(**options))


def written(diagnostic):
    """line:column-end severity: message"""
    span = diagnostic.span
    place = f"{span.line}:{span.column}-{span.end_column} " if span else ""
    return f"{place}{diagnostic.severity}: {diagnostic.message}"


def refusal(text, **options):
    """The diagnostics of a program that is refused."""
    try:
        lower(text, **options)
    except DiagnosticError as error:
        return list(error.diagnostics)
    raise AssertionError(f"accepted: {text}")


def errors(text, **options):
    return [written(d) for d in refusal(text, **options) if d.severity == "error"]


def warnings(text, **options):
    return [written(d) for d in lower(text, **options).tables.typer.problems]
