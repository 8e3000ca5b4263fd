"""From attach points to bodies: which places a probe means, and which of them can share a BPF program."""

import re

from bttui.compiler import ast
from bttui.compiler.functions import table
from bttui.compiler.infer.rules import C_INTEGERS, INTEGERS
from bttui.compiler.infer.scope import Body
from bttui.compiler.old_spellings import FIELDS
from bttui.model.data import Data
from bttui.model.diagnostic import DiagnosticError, error
from bttui.model.program import Attachment
from bttui.probes import registry
from bttui.probes.provider import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Diagnostic, Span
    from bttui.probes.provider import Context, Options, Provider

# program types whose links carry a cookie wherever the helper exists: kprobe, tracepoint, perf event
WITH_COOKIE = (2, 5, 7)
RAW_TRACEPOINT = 17
_NAME_MOST = 100  # of 127 characters


def copy(value: "Any") -> "Any":
    """A deep copy of a tree, so that each body can be typed on its own."""
    if isinstance(value, ast.Node):
        return type(value)(*(copy(v) for v in value.contents()))
    if isinstance(value, tuple):
        return tuple(copy(v) for v in value)
    return value


def walk(value: "Any") -> "Iterator[ast.Node]":
    """All nodes below, and the node itself."""
    if isinstance(value, ast.Node):
        yield value
        for child in value.contents():
            yield from walk(child)
    elif isinstance(value, tuple):
        for child in value:
            yield from walk(child)


def predicate_of(probe: ast.Probe, pid: int) -> "ast.Expression | None":
    """The probe's own predicate, after that of -p where the kernel does not filter by process."""
    own = copy(probe.predicate)
    if not pid:
        return own
    span = probe.attach_points[0].span
    wanted = ast.IntegerLiteral(span, value=pid, text=str(pid))
    ours = ast.Binary(span, operator="==", left=ast.Identifier(span, name="pid"), right=wanted)
    return ours if own is None else ast.Binary(span, operator="&&", left=ours, right=own)


def argument_use(probe: ast.Probe) -> "tuple[str, ...] | None":
    """The names of args that a probe reads; None where it takes args as a whole."""
    named: list[str] = []
    owned = set()
    whole = False
    for node in walk((probe.predicate, probe.body)):
        if isinstance(node, ast.FieldAccess) and isinstance(node.operand, ast.Identifier) and node.operand.name == "args":
            named.append(node.name)
            owned.add(id(node.operand))
        elif isinstance(node, ast.Identifier) and node.name in ("args", "ctx") and id(node) not in owned:
            whole = True
    return None if whole else tuple(sorted(set(named)))


def numbered_use(probe: ast.Probe) -> "frozenset[int]":
    """The numbers of the arguments that it reads as argN."""
    found = (
        node.name[3:] for node in walk((probe.predicate, probe.body)) if isinstance(node, ast.Identifier) and node.name.startswith("arg")
    )
    return frozenset(int(number) for number in found if number.isdigit())


def type_use(probe: ast.Probe, use: "tuple[str, ...] | None") -> "frozenset[str]":
    """What a probe needs to know of its places beside how to attach to them: see Provider.typed."""
    needs, functions = set() if use == () else {"args"}, table()
    results: "set[str | None]" = {"retval"}  # and the variables that hold it
    nodes = list(walk((probe.predicate, probe.body)))
    for node in nodes:
        if isinstance(node, ast.Assignment | ast.Let) and isinstance(node.value, ast.Identifier) and node.value.name == "retval":
            results.add(getattr(node.target if isinstance(node, ast.Assignment) else node.variable, "name", None))
    for node in nodes:
        if isinstance(node, ast.FieldAccess | ast.Index | ast.Unary):
            looked_into = not isinstance(node, ast.Unary) or node.operator == "*"
            if looked_into and isinstance(node.operand, ast.Identifier | ast.Variable) and node.operand.name in results:
                needs.add("result")
        elif isinstance(node, ast.Identifier):
            if node.name == "retval":
                needs.add("retval")
            elif node.name not in functions and node.name[:3] not in ("arg", "sar"):
                needs.add("types")  # an enumerator, or a type in sizeof()
        elif isinstance(node, ast.TypeName) and node.of is None and not is_plain(node.name):
            needs.add("types")
    return frozenset(needs)


def is_plain(name: str) -> bool:
    """Whether a type is the language's own."""
    return name in INTEGERS or name in C_INTEGERS or name.partition("[")[0] in ("string", "buffer", "inet", "void", "bool")


def sharing_key(context: "Context", use: "tuple[str, ...] | None", numbers: "frozenset[int]" = frozenset()) -> "tuple[Any, ...]":
    """Attach points with equal keys can run the same instructions."""
    if context.argument_locations is not None:
        places = context.argument_locations
        context = context.replace(argument_locations=tuple(places[n] if n < len(places) else None for n in sorted(numbers)))
    if use is None or context.arguments is None:
        return (context, context.return_type, None)
    fields = {f.name: f for f in context.arguments.fields or ()}
    read: list[Data | None] = [fields.get(name) or fields.get(FIELDS.get(name, "")) for name in use]
    if context.argument_places:
        read = [field and field.replace(offset=0) for field in read]
        where = dict(zip(fields, context.argument_places, strict=True))
        return (context.replace(arguments=None, argument_places=()), tuple(read), tuple(where.get(name) for name in use))
    return (context.replace(arguments=None), context.return_type, tuple(read))


def attached(place: Attachment, body: Body, names: "set[str]") -> bool:
    """Whether the body is attached to this place already; ``names`` are those of its attachments."""
    return place.name in names and any((a.name, a.options) == (place.name, place.options) for a in body.attachments)


def uses(probe: ast.Probe, names: "tuple[str, ...]") -> bool:
    return any(isinstance(node, (ast.Identifier, ast.Call)) and node.name in names for node in walk((probe.predicate, probe.body)))


def shared(body: Body, reads: "tuple[str, ...] | None", host: "Host") -> "list[Body]":
    """The body once for each way of attaching that the provider prefers for its places, and once for those left."""
    together = getattr(registry.find(body.provider), "together", None)
    assert isinstance(body.probe, ast.Probe)
    if together is None or uses(body.probe, ("kstack", "stack", "ctx")):
        return [body]
    found, taken = [], set()
    targets = [Target(a.name, a.target) for a in body.attachments]
    for context, served in together(targets, reads, body.context, host):
        cookies = "call" in served[0][1] or host.features.has("raw_tp_cookie")
        if len(served) > 1 and uses(body.probe, ("probe", "name")) and not cookies:
            continue
        one = Body("", body.probe, copy(body.probe.body), context, [])
        one.predicate, one.provider = copy(body.predicate), body.provider
        for index, options in served:
            attachment = body.attachments[index]
            if "call" in options:
                one.calls[options["call"]] = attachment.cookie
                options = {**options, "multi": True}
            elif host.features.has("raw_tp_cookie"):
                options = {**options, "cookie": attachment.cookie}
            one.attachments.append(attachment.replace(options={**attachment.options, **options}))
            taken.add(index)
        found.append(one)
    body.attachments = [a for index, a in enumerate(body.attachments) if index not in taken]
    return [*found, *([body] if body.attachments else [])]


def meant(
    root: ast.Root, host: "Host", options: "Options", warnings: "list[Diagnostic]"
) -> "list[tuple[ast.Probe, list[tuple[ast.AttachPoint, list[tuple[Provider, Target]]]]]]":
    """The places that each probe's attach points mean in this run. Raises DiagnosticError where they are none, or too many."""
    found = []
    counts = []
    for probe in root.probes:
        span = probe.attach_points[0].span.to(probe.attach_points[-1].span)
        all_of = [(point, registry.expand(point.parts, point.span, host, options, warnings)) for point in probe.attach_points]
        registry.check_found(sum(len(targets) for _, targets in all_of), span, options, warnings)
        places = [(point, [(p, t) for p, t in targets if options.means(p.name, t.name)]) for point, targets in all_of]
        counts += [(point.parts, point.span, targets[0][0], len(targets)) for point, targets in places if targets]
        found.append((probe, places))
    registry.check_count(counts, options)
    return found


def with_types(
    typed: "Any", context: "Context", target: Target, host: "Host", needs: "frozenset[str]", probe: ast.Probe, span: "Span"
) -> "Context":
    """What ``typed`` makes of the context; its errors are shown where the program says args."""
    try:
        return typed(context, target, host, needs)
    except DiagnosticError as reason:
        nodes = walk((probe.predicate, probe.body))
        place = next((node.span for node in nodes if isinstance(node, ast.Identifier) and node.name == "args"), span)
        raise DiagnosticError(*(each.replace(span=place) for each in reason.diagnostics)) from None


def make_bodies(root: ast.Root, host: "Host", options: "Options", warnings: "list[Diagnostic]") -> "list[Body]":
    """Every probe at every kind of place it attaches to. Raises DiagnosticError where there is none."""
    bodies: list[Body] = []
    done: list[Body] = []
    uniform: dict[str, Context] = {}
    cookies: dict[str, int] = {}  # a place that is named twice is one for the builtin probe
    cookie = 0
    for probe, places in meant(root, host, options, warnings):
        use, numbers = argument_use(probe), numbered_use(probe)
        needs = type_use(probe, use)
        if sum(len(targets) for _, targets in places) > 1:
            needs -= {"retval"}  # it is to be one type in all of them
        has_addresses = uses(probe, ("uaddr",))
        groups: dict[Any, list[Body]] = {}
        names: dict[int, set[str]] = {}  # of what each body is attached to
        for point, targets in places:
            for provider, target in targets:
                if use == () and getattr(provider, "uniform", False):  # their formats need not be read
                    context = uniform.get(provider.name) or uniform.setdefault(provider.name, provider.context(target, host))
                else:
                    context = provider.context(target, host)
                if needs and (typed := getattr(provider, "typed", None)):
                    context = with_types(typed, context, target, host, needs, probe, point.span)
                attachment = Attachment(
                    provider=target.options.get("provider", provider.name),
                    target=target.target,
                    name=target.name,
                    program="",
                    cookie=cookies.setdefault(target.name, cookie),
                    options=target.options,
                    span=point.span,
                )
                cookie += 1
                key = (attachment.provider, *sharing_key(context, use, numbers))
                if has_addresses:  # of a program that is loaded anywhere, they count from the place of the probe
                    key += (target.options.get("path"), target.options.get("offset"))
                group = groups.setdefault(key, [])
                # the kernel attaches a program to a place only once
                body = next((b for b in group if not attached(attachment, b, names[id(b)])), None)
                if body is None or attachment.provider in ("begin", "end"):
                    body = Body("", probe, copy(probe.body), context, [])
                    body.predicate = predicate_of(probe, options.pid if provider.pid_filter == "predicate" else 0)
                    body.provider = attachment.provider
                    group.append(body)
                    bodies.append(body)
                    names[id(body)] = set()
                body.attachments.append(attachment)
                names[id(body)].add(attachment.name)
        done += [one for body in bodies for one in shared(body, use, host)]
        bodies = []
    iterators = [body for body in done if body.context.iteration]
    others = [body for body in done if body.provider not in ("begin", "end", "iter")]
    if iterators and (others or sum(len(body.attachments) for body in iterators) > 1):
        raise error(
            "iter probe only supports one attach point.", iterators[-1].attachments[-1].span, hint="besides it, there may be begin and end"
        )
    if not cookie and options.mode != "codegen":
        hint = "check the names with -l" if root.probes else "a program has at least one probe, as begin { }"
        raise error("No probes to attach", root.probes[0].span if root.probes else None, hint=hint)
    return done


def split(bodies: "list[Body]", host: "Host") -> "list[Body]":
    """Give each attachment its own body where it must know which one it is and the kernel cannot tell."""
    found: list[Body] = []
    for body in bodies:
        tells = host.features.has("helper:get_attach_cookie") and (
            body.context.type in WITH_COOKIE or (body.context.type == RAW_TRACEPOINT and host.features.has("raw_tp_cookie"))
        )
        tells = tells and "inherited" not in body.context.capabilities  # what a thread inherits of an event lacks the cookie
        if len(body.attachments) == 1 or not body.cookies or tells or body.calls:
            found.append(body)
            continue
        assert isinstance(body.probe, ast.Probe)
        for attachment in body.attachments:
            one = Body("", body.probe, copy(body.probe.body), body.context, [attachment])
            one.predicate, one.provider = copy(body.predicate), body.provider
            found.append(one)
    return found


def fold(bodies: "list[Body]", host: "Host", options: "Options") -> None:
    """Let entries and returns of the same functions share a program, and a link, where the kernel has such links."""
    for entry in bodies:
        find = getattr(registry.find(entry.provider), "session", None)
        if find is None or _looks_around(entry):
            continue
        for returns in bodies:
            if returns.entry or _looks_around(returns):
                continue
            context = find(entry.context, entry.attachments, returns.attachments, host, options)
            if context:
                entry.context = context
                returns.runs_with(entry, {"multi": True, "session": True})
                break


def program_name(body: Body, number: int) -> str:
    """What bpftool shows it as: its place, or the attach point that means all its places, and which of the programs it is.

    The kernel keeps 15 characters, but the types that are loaded with it have the whole (KSYM_NAME_LEN, <linux/kallsyms.h>).
    """
    assert isinstance(body.probe, ast.Probe)
    first = body.attachments[0]
    place = first.name
    if len(body.attachments) > 1:
        place = next((":".join((body.provider, *p.parts[1:])) for p in body.probe.attach_points if p.span == first.span), place)
    return f"{re.sub(r'[^A-Za-z0-9_]', '_', place)[:_NAME_MOST]}_{number}"


def _looks_around(body: Body) -> bool:
    """Whether it would see that it is attached in another way."""
    assert isinstance(body.probe, ast.Probe)
    return uses(body.probe, ("kstack", "stack", "ctx", "reg", "override"))
