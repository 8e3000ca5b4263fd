"""What --info prints: this kernel and this machine."""

from bttui import __version__
from bttui.host.features import info
from bttui.loader.libbpf import version
from bttui.model.diagnostic import DiagnosticError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bttui.host.facts import Host


def info_lines(host: "Host") -> "Iterator[str]":
    try:
        libbpf = ".".join(map(str, version()))
    except DiagnosticError:
        libbpf = "missing"
    build = ("Build", [("version", f"v{__version__}"), ("libbpf", libbpf)])
    system, *more = info(host)
    for title, rows in (system, build, *more):
        yield title
        for label, value in rows:
            yield f"  {label}: {value}"
        yield ""
