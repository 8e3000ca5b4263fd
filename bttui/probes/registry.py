"""All providers by name, and what an attach point of a program stands for."""

import os
import sys
from functools import cache

from bttui.model.diagnostic import Diagnostic, DiagnosticError, error
from bttui.probes.matching import MISSING, did_you_mean, is_glob, matcher
from bttui.probes.provider import Options, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Provider


def _of_file(stem: str) -> "tuple[Provider, ...]":
    module = f"bttui.probes.{stem}"
    __import__(module)
    return getattr(sys.modules[module], "providers", ())


@cache
def all() -> "tuple[Provider, ...]":
    """Every provider, by name. A file of this folder that has ``providers`` is found without being listed anywhere."""
    stems = (name.removesuffix(".py") for name in os.listdir(os.path.dirname(__file__)) if name.endswith(".py"))
    return tuple(sorted((p for stem in stems if stem != "__init__" for p in _of_file(stem)), key=lambda provider: provider.name))


@cache
def _by_word() -> "dict[str, Provider]":
    words = {provider.name: provider for provider in all()}
    for provider in all():
        words.update(dict.fromkeys(provider.aliases, provider))
    return words


@cache
def find(word: str) -> "Provider | None":
    """The provider with this name (in any case) or short name (as it is written)."""
    word = word.lower() if len(word) > 2 else word
    # Most have a file of their own name: a program that is known already loads no others.
    if word.isidentifier() and os.path.exists(os.path.join(os.path.dirname(__file__), word + ".py")):
        for provider in _of_file(word):
            if provider.name == word:
                return provider
    return _by_word().get(word) or next((provider for provider in all() if provider.name == word.lower()), None)


def named(glob: str) -> "list[Provider]":
    """The providers that a word means; a glob only those that -l lists unasked, by their full names."""
    if not is_glob(glob):
        provider = find(glob)
        return [provider] if provider else []
    fits = matcher(glob.lower())
    return [provider for provider in all() if provider.listed and fits(provider.name)]


def expand(
    parts: "Sequence[str]",
    span: "Span | None",
    host: "Host",
    options: "Options | None" = None,
    warnings: "list[Diagnostic] | None" = None,
) -> "list[tuple[Provider, Target]]":
    """The places that an attach point means; ``parts`` begin with the provider (ast.AttachPoint.parts).

    A glob that nothing fits gives []. A missing exact name raises DiagnosticError, or is put in ``warnings`` or passed
    over as options.missing_probes says.
    """
    options = options or Options()
    word, *rest = parts
    providers = named(word)
    if not providers:
        if is_glob(word):
            raise error(f"No probe type matched for {word}", span, hint="bttui -l lists all probes")
        words = [name for name in _by_word() if len(name) > 2]
        raise error(
            f"Invalid probe type: {word}",
            span,
            hint=did_you_mean(word.lower(), words) or f"bttui -l '*{word}*' lists the probes with this in their names",
        )
    found: list[tuple[Provider, Target]] = []
    problem: DiagnosticError | None = None
    for provider in providers:
        try:
            found += [(provider, target) for target in provider.expand(rest, span, host, options)]
        except DiagnosticError as reason:
            problem = problem or reason
    # Of several providers, those that have no such place are not meant.
    if problem and not found:
        first = problem.diagnostics[0]
        if first.code != MISSING or options.missing_probes == "error":
            raise problem
        if options.missing_probes == "warn" and warnings is not None:
            warnings.append(first.replace(message=first.message + " Skipping.", severity="warning"))
    if warnings is not None:
        told = {known.message for known in warnings}
        fresh = dict.fromkeys(target.warning for _, target in found if target.warning)
        warnings += [Diagnostic(text, span, severity="warning") for text in fresh if text not in told]
    return found


def check_found(count: int, span: "Span | None", options: Options, warnings: "list[Diagnostic] | None" = None) -> None:
    """Raise where none of a probe's attach points means a place, unless that is allowed; it may be told in ``warnings``."""
    if not count and options.missing_probes == "warn" and warnings is not None:
        message = "Probe has no valid attach points. It is being removed which may cause issues with program behavior."
        warnings.append(Diagnostic(message, span, severity="warning"))
    if not count and options.missing_probes == "error":
        message = "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'."
        raise error(message, span, hint="bttui -l PATTERN shows what a pattern means")


def check_count(places: "Sequence[tuple[Sequence[str], Span | None, Provider, int]]", options: Options) -> None:
    """Raise where a program would attach to more places than max_probes allows.

    ``places`` are the attach points: parts, span, and how many places they mean of a provider.
    """
    count = sum(number for *_, number in places)
    if count <= options.max_probes:
        return
    most = sorted(places, key=lambda place: -place[3])
    attaching, detaching = (sum(each[3] * getattr(each[2], "cost", (0.0, 0.0))[at] for each in places) for at in (0, 1))
    hint = f"narrow the pattern, or allow it: config = {{ max_probes = {count} }}, --max-probes {count} or BPFTRACE_MAX_PROBES={count}"
    hint += f". Attaching may take {duration(attaching)}"
    if detaching >= 1:
        hint += f", letting go in the background {duration(detaching)}"
    if len(places) > 1:
        hint += "; " + ", ".join(f"{':'.join(parts)} means {number}" for parts, _, _, number in most[:3])
    raise error(
        f"Can't attach to {count} probes because it exceeds the current limit of {options.max_probes} probes.",
        most[0][1],
        hint=hint,
        code="max-probes",
    )


def duration(seconds: float) -> str:
    """A rough one, for an estimate."""
    if seconds < 1:
        return "less than a second"
    return f"about {seconds:.0f} s" if seconds < 120 else f"about {seconds / 60:.0f} min"
