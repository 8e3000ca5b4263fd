"""usdt: places in programs and libraries that their authors marked as probes, with arguments."""

from bttui.model.diagnostic import DiagnosticError, error
from bttui.probes.files import container, find_files, reachable
from bttui.probes.matching import did_you_mean, is_glob, matcher, missing, need_parts
from bttui.probes.provider import Context, Target
from bttui.probes.registers import KPROBE, registers
from bttui.probes.usdt_arguments import declaration, locations, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.elf import Elf
    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

# enum bpf_attach_type of <linux/bpf.h>
TRACE_UPROBE_MULTI = 48


class Usdt:
    name = "usdt"
    aliases = ("U",)
    synopsis = "usdt:FILE:[PROVIDER:]NAME"
    doc = "a place that the authors of a program or library marked as a probe; its arguments in arg0, arg1, ...; with -p, usdt:NAME is in all files of the process"
    examples = (
        'usdt:/usr/bin/node:gc__start { printf("%d\\n", pid); }',
        "usdt:libc:libc:memory_sbrk_more { @[comm] = sum(arg1); }",
    )
    listed = False
    pid_filter = "attach"

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        if 1 <= len(parts) <= 3:
            target, provider, name = parts[0], "*" if len(parts) < 3 else parts[1], "*" if len(parts) < 2 else parts[-1]
            for path, places in self._places(target, provider, name, host, options.pid if options else 0):
                for label in dict.fromkeys(label for label, *_ in places):
                    yield f"usdt:{path}:{label}"

    def _places(
        self, target: str, provider: str, name: str, host: "Host", pid: int
    ) -> "Iterator[tuple[str, list[tuple[str, int, int, str]]]]":
        """(path, [(PROVIDER:NAME, offset in the file, offset of the semaphore or 0, arguments)]) of what the globs mean.

        A probe may be in several places. Files that are no programs are passed over.
        """
        provider_fits, name_fits = matcher(provider), matcher(name)
        for path in find_files(target, pid):
            try:
                with host.elf(reachable(path, pid)) as elf:
                    found = [_place(probe, elf) for probe in elf.usdt() if provider_fits(probe.provider) and name_fits(probe.name)]
            except DiagnosticError:
                continue
            if found:
                yield path, sorted(place for place in found if place)

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        if options.pid and len(parts) == 1:
            parts = ("", *parts)
        need_parts("usdt", parts, span, 2, 3, hint=self.synopsis)
        target, provider, name = parts[0], "*" if len(parts) == 2 else parts[1], parts[-1]
        if not name:
            raise error("usdt probe must have a target function or wildcard", span, hint=self.synopsis)
        if not target and not options.pid:
            message = "usdt probe must specify at least path or pid to probe. To target all paths/pids set the path to '*'."
            raise error(message, span, hint=self.synopsis)
        target = target or "*"  # all that the process has mapped
        if not is_glob(target) and not find_files(target, options.pid):
            hint = "give a path, the name of a program in PATH, or of a library (libc)"
            raise error(f"usdt target file '{target}' does not exist or is not executable", span, hint=hint, code="missing-probe")
        found = list(self._places(target, provider, name, host, options.pid))
        targets = []
        for path, places in found:
            groups: "dict[tuple[str, str], list[list[int]]]" = {}
            for label, offset, semaphore, arguments in places:
                groups.setdefault((label, arguments), []).append([offset, semaphore])
            many = len(places) > 1 and "uprobe_multi" not in options.no_features and host.features.has("uprobe_multi")
            multi = {"multi": True} if many else {}
            known = set()
            for (label, arguments), where in groups.items():
                # Where the arguments differ between the places of a probe, it needs several programs, and is still one.
                counts = {"counts": 0} if label in known else {}
                known.add(label)
                how = {"path": reachable(path, options.pid), "places": where, "arguments": arguments, **multi, **counts}
                targets.append(Target(f"usdt:{path}:{label}", f"{path}:{label}", how, "" if counts else None))
        if not targets and not any(map(is_glob, (target, *parts[1:]))):
            raise missing("usdt", f"{target}:{name}", span, self._hint(target, name, host, options.pid))
        return targets

    def _hint(self, target: str, name: str, host: "Host", pid: int) -> str:
        labels = [label for _, places in self._places(target, "*", "*", host, pid) for label, *_ in places]
        if not labels:
            return "the file has no USDT probes"
        return did_you_mean(name, [label.partition(":")[2] for label in labels]) or f"bttui -l 'usdt:{target}:*' lists those of the file"

    def context(self, target: Target, host: "Host") -> Context:
        multi = target.options.get("multi", False)
        return Context(
            KPROBE,
            "uprobe.multi" if multi else "uprobe",
            TRACE_UPROBE_MULTI if multi else 0,
            registers=registers(host.machine).offsets,
            argument_locations=locations(target.options["arguments"], host.machine),
            user=True,
            capabilities=("kstack", "ustack", "uaddr"),
        )

    def typed(self, context: Context, target: Target, host: "Host", needs: "frozenset[str]") -> Context:
        """Arguments are numbers, which the program may cast to the types of the file."""
        return context.replace(binary=target.options["path"]) if "types" in needs else context

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        """The arguments where the probe is first."""
        path, provider, probe = name.removeprefix("usdt:").rsplit(":", 2)
        for _, places in self._places(path, provider, probe, host, pid):
            found = locations(places[0][3], host.machine)
            return [f"{declaration(location)} arg{number}" for number, location in enumerate(found)]
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        if attachment.options.get("multi"):
            return self.attach_many([attachment], program, options)[0]
        from bttui.loader import links

        where = {"name": attachment.name, "span": attachment.span, "pid": options.pid}
        found: "list[Any]" = []
        try:
            path = container(attachment.options["path"])
            for offset, semaphore in attachment.options["places"]:
                found.append(links.uprobe(program, path, offset, attachment.cookie, semaphore=semaphore, **where))
        except DiagnosticError:
            for link in found:
                link.close()
            raise
        return found

    def attach_many(self, attachments: "Sequence[Any]", program: "Any", options: "Options") -> "tuple[list[Any], list[tuple[int, int]]]":
        """As uprobe's."""
        from bttui.loader import links

        places = [(index, *place) for index, attachment in enumerate(attachments) for place in attachment.options["places"]]
        found, refusals = links.uprobe_multi(
            program,
            container(attachments[0].options["path"]),
            [offset for _, offset, _ in places],
            [attachments[index].cookie for index, *_ in places],
            pid=options.pid,
            semaphores=[semaphore for *_, semaphore in places],
            names=[attachments[index].name for index, *_ in places],
            span=attachments[0].span,
        )
        return found, list({places[at][0]: number for at, number in refusals}.items())


def _place(probe: "Any", elf: "Elf") -> "tuple[str, int, int, str] | None":
    """None for one that is not in what is loaded of the file."""
    offset = elf.offset(probe.address)
    semaphore = elf.offset(probe.semaphore) if probe.semaphore else 0
    if offset is None or semaphore is None:
        return None

    def symbol(name: str) -> "int | None":
        found = elf.symbol(name)
        return found[0] if found else None

    return (
        f"{probe.provider}:{probe.name}",
        offset,
        semaphore,
        resolved(probe.arguments, probe.address, symbol, not elf.is_position_independent),
    )


providers = (Usdt(),)
