"""What -l prints: probes and kernel types by pattern, and the probes of a program."""

from bttui.probes import registry
from bttui.probes.matching import is_glob, matcher, split
from bttui.probes.provider import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Diagnostic

_TYPES = {"struct": (4,), "union": (5,), "enum": (6, 19)}  # BTF_KIND_*, <linux/btf.h>


def list_probes(pattern: "str | None", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
    """Names of the probes that a pattern means, sorted; all where it is None or empty.

    "TYPE:..." are globs as in programs. A word without a colon is looked for in all names; one without a glob may be
    any part of them. Providers whose probes are made up as one goes (uprobe, interval) or that mirror others
    (kretprobe) are listed only when named. A comma separates patterns, each with a sorted list of its own.
    """
    for each in split(pattern or "*", ","):
        yield from _list(each.strip(), host, options)


def _list(pattern: str, host: "Host", options: "Options | None") -> "Iterator[str]":
    word, colon, rest = pattern.partition(":")
    if not colon:
        rest = word if is_glob(word) else f"*{word}*"
        word = "*"
    parts = [part.replace('"', "") for part in split(rest, ":")] if rest else ["*"]
    yield from sorted((name for provider in registry.named(word) for name in provider.matches(parts, host, options)), key=_order)


def _order(name: str) -> "tuple[str, int]":
    """By name, but lines of a source file by number."""
    head, _, line = name.rpartition(":")
    return (head, int(line)) if "@" in head and line.isdecimal() else (name, 0)


def lines(search: "str | None", host: "Host", verbose: bool = False, options: "Options | None" = None) -> "Iterator[str]":
    """The lines of -l SEARCH; ``verbose`` as -lv: with arguments, and types with their members.

    "struct NAME", "union NAME" and "enum NAME" search the kernel's types.
    """
    for each in split(search or "*", ","):
        word, _, rest = each.strip().partition(" ")
        if word in _TYPES and rest:
            yield from _types(word, rest.strip(), host, verbose)
        elif verbose:
            yield from _described(_list(each.strip(), host, options), host, options)
        else:
            yield from _list(each.strip(), host, options)


def hidden(search: "str | None", host: "Host") -> "tuple[Diagnostic, ...]":
    """Why a search may find less than there is: probes that we cannot see, of the types that it names."""
    words = [each.strip() for each in split(search or "*", ",")]
    named = [provider for word in words for provider in registry.named(word.partition(":")[0] if ":" in word else "*")]
    found = dict.fromkeys(provider.hidden(host) for provider in named if hasattr(provider, "hidden"))
    return tuple(each for each in found if each)


def program_lines(
    probes: "Iterable[Iterable[Sequence[str]]]", host: "Host", verbose: bool = False, options: "Options | None" = None
) -> "Iterator[str]":
    """The lines of -l -e PROGRAM. ``probes`` are the attach points of each, as parts, in order (ast.AttachPoint.parts).

    Raises DiagnosticError for what would be an error in the program.
    """
    options = options or Options()
    for points in probes:
        targets = [target for parts in points for _, target in registry.expand(parts, None, host, options)]
        registry.check_found(len(targets), None, options)
        for target in targets:
            name = target.name if target.listing is None else target.listing
            if name and verbose:
                yield from _described([name], host, options)
            elif name:
                yield name


def _described(names: "Iterable[str]", host: "Host", options: "Options | None") -> "Iterator[str]":
    pid = options.pid if options else 0
    for name in names:
        yield name
        provider: Any = registry.find(name.partition(":")[0])
        for line in provider.describe(name, host, pid):
            yield "    " + line


def _types(keyword: str, name: str, host: "Host", verbose: bool) -> "Iterator[str]":
    from bttui.probes.declarations import types

    fits = matcher(f"{keyword} {name}")
    found = sorted((n, d.blob.module, ident, d) for n, d, ident in types(host, _TYPES[keyword]) if fits(n))
    if not verbose:
        yield from dict.fromkeys(n for n, *_ in found)
        return
    for _, module, ident, declarations in found:
        yield f"{module}: {declarations.definition(ident)};"
        yield ""
