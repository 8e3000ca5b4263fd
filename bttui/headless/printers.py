"""Writes what a session tells, as text and as JSON."""

import errno
import os
import sys

from bttui.headless.output import Writer, show
from bttui.model.diagnostic import Diagnostic
from bttui.model.frame import Symbol
from bttui.render.clean import clean_lines
from bttui.render.diagnostics import complain
from bttui.render.text import event_text, helper_detail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from bttui.model.frame import Event, MapSnapshot
    from bttui.model.program import Output, Program
    from bttui.session.options import Options

# Whoever tests a tracer waits for this line on stdout: probes are attached. The name is bpftrace's.
NOTIFY = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
WARNINGS = ("warnf", "runtime_error", "helper_error", "full")  # that --no-warnings leaves out; what was lost is told all the same
NO_ROOM = ("map_update_elem", -errno.E2BIG)  # what an event "full" stands for


class Printer:
    """Writes what a session tells; subclasses know a format."""

    def __init__(self, options: "Options", program: "Program", writer: Writer):
        self.options = options
        self.program = program
        self.writer = writer

    def attached(self, count: int) -> None:
        if os.environ.get(NOTIFY):
            self.writer.flush()
            show([NOTIFY])

    def events(self, events: "Iterable[Event | str]") -> None:
        """One write for all of them; what goes to stderr keeps its place between them."""
        batch: "list[str]" = []
        for event in events:
            if isinstance(event, str):
                batch.append(event)
                continue
            if self.writer.terminal:
                event = _harmless_event(event)
            if event.kind in WARNINGS and not self.options.warnings:
                continue
            complaint = self.complaint(event)
            if complaint is not None:
                self.writer.write("".join(batch))
                self.writer.flush()
                batch.clear()
                own = event.kind in ("errorf", "warnf")  # the program's own words come without the line that has them
                complain((complaint.replace(trail=()),), "" if own else self.program.source)
                complain([Diagnostic(text, span, complaint.severity) for text, span in complaint.trail], self.program.source)
            else:
                batch.append(self.text(event))
        self.writer.write("".join(batch))

    def complaint(self, event: "Event") -> "Diagnostic | None":
        """The event as a Diagnostic, where it is for stderr."""
        raise NotImplementedError

    def text(self, event: "Event") -> str:
        raise NotImplementedError

    def maps(self, snapshots: "Iterable[MapSnapshot]") -> None:
        """What the maps hold at the end."""
        self.writer.write(self.map_text(map(_harmless_map, snapshots) if self.writer.terminal else snapshots))

    def map_text(self, snapshots: "Iterable[MapSnapshot]") -> str:
        raise NotImplementedError


class TextPrinter(Printer):
    def __init__(self, options: "Options", program: "Program", writer: Writer):
        super().__init__(options, program, writer)
        self._text: "Callable[[Event], str]" = event_text

    def attached(self, count: int) -> None:
        if not self.options.quiet:
            sys.stderr.write(f"Attached {count} probe{'' if count == 1 else 's'}\n")
            sys.stderr.flush()
        super().attached(count)

    def complaint(self, event: "Event") -> "Diagnostic | None":
        if event.kind in ("error", "warning", "symbols"):
            return Diagnostic(event.text, severity="error" if event.kind == "error" else "warning")
        if event.kind not in ("errorf", "lost", *WARNINGS):
            return None
        text, output = self._text(event).rstrip("\n"), event.output
        if event.kind == "full":
            text += f"\n{helper_detail(*NO_ROOM)}"
        severity = "error" if event.kind == "errorf" else "warning"
        return Diagnostic(text, output.span, severity, trail=output.trail) if output else Diagnostic(text, severity=severity)

    def text(self, event: "Event") -> str:
        return self._text(event) + "\n" if event.kind == "system" else self._text(event)

    def map_text(self, snapshots: "Iterable[MapSnapshot]") -> str:
        from bttui.render.text import maps_at_exit

        return maps_at_exit(snapshots)


class JsonPrinter(Printer):
    def __init__(self, options: "Options", program: "Program", writer: Writer):
        super().__init__(options, program, writer)
        from bttui.render import json

        self._json = json

    def attached(self, count: int) -> None:
        if not self.options.quiet:
            self.writer.write(self._json.attached_json(count))
        super().attached(count)

    def complaint(self, event: "Event") -> "Diagnostic | None":
        return Diagnostic(event.text) if event.kind == "error" else None

    def text(self, event: "Event") -> str:
        if event.kind == "lost":
            return self._json.lost_json(event.values[0])
        if event.kind == "full":
            return self._json.helper_json(*NO_ROOM, event.output.span if event.output else None, event.values[0])
        if event.kind == "symbols":
            return self._json.message_json("runtime_error", event.text)
        if event.kind == "warning":
            return self._json.message_json("helper_error", event.text, None, helper="get_stackid", retcode=-errno.EEXIST)
        return self._json.event_json(event)

    def map_text(self, snapshots: "Iterable[MapSnapshot]") -> str:
        return self._json.maps_json_at_exit(snapshots)


def many_texts(output: "Output") -> "Callable[[list[tuple[Any, ...]]], str] | None":
    """How a pipe gets the bulk of most traces: the texts of many events of one kind in one go."""
    if output.kind == "print":
        from bttui.render.values import writer

        write = writer(output.arguments[0].type)
        return lambda rows: "".join([f"{write(value)}\n" for (value,) in rows])
    if output.kind != "printf":
        return None
    from bttui.render.printf import compile_batch

    return compile_batch(output.text, [argument.type for argument in output.arguments])


def _harmless(value: "Any") -> "Any":
    """The value of an event or a map with its texts made safe for a terminal. What the program itself prints stays."""
    if isinstance(value, str):
        return clean_lines(value)
    if isinstance(value, tuple):
        return tuple([_harmless(item) for item in value])
    return value.replace(name=clean_lines(value.name)) if isinstance(value, Symbol) else value


def _harmless_map(snapshot: "MapSnapshot") -> "MapSnapshot":
    return snapshot.replace(rows=[(_harmless(key), _harmless(value)) for key, value in snapshot.rows])


def _harmless_event(event: "Event") -> "Event":
    shown = _harmless_map(event.map) if event.map else None
    return event.replace(values=_harmless(event.values), text=clean_lines(event.text), map=shown)
