"""Records become Events, and what a record asks for (clear a map, run a command) is done."""

import errno
import os
import sys
import time
from itertools import groupby
from operator import itemgetter

from bttui.loader.bpf import TRACE_ITER
from bttui.model.frame import Event
from bttui.model.program import Argument, Output
from bttui.session.decode import records_decoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from bttui.model.program import Program
    from bttui.session.capture import Capture
    from bttui.session.lookup import Lookup
    from bttui.session.snapshots import Snapshots

    Direct = Callable[[Output], Callable[[list[tuple[Any, ...]]], str] | None]
    Formatted = Callable[[Output, tuple[Any, ...]], str]
    Handler = Callable[[int, Output, tuple[Any, ...]], Event | None]

_HEAD = itemgetter(slice(0, 8))  # which output a record is of


class Events:
    """``formatted(output, values)`` fills in a format, as render.text does; ``exit_code`` is set once the program called exit().

    ``direct(output)`` may give a function that makes the text of many events at once: these are told as text then,
    and cost no Event each.
    """

    def __init__(
        self, program: "Program", snapshots: "Snapshots", lookup: "Lookup", formatted: "Formatted", direct: "Direct | None" = None
    ):
        self._snapshots = snapshots
        self._formatted = formatted
        self._max_cat = int(program.config.get("max_cat_bytes", 10240))
        self.exit_code: "int | None" = None
        self._captures: "dict[str, Capture]" = {}  # files of packets, by path
        self._entries: "dict[int, Output]" = {}  # what entries of maps are printed as, by the identity of the program's output
        self._cut: "list[Output]" = []  # where a packet was not kept whole
        self.unwatched: "set[int]" = set()  # addresses whose watchpoints shall go
        self.count = 0
        # As bpftrace has it: of an iterator, printf tells all elements, whatever exit() says; it ends by itself.
        self.iterates = any(each.attach_type == TRACE_ITER for each in program.programs)
        self._plans = [
            (output, records_decoder(output, lookup), self._handler(output), direct(output) if direct else None)
            for output in program.outputs
        ]

    def _handler(self, output: Output) -> "Handler | None":
        """What an event is made by; None for those that are only told."""
        return getattr(self, "_on_" + output.kind, None)

    def decode(self, records: "Iterable[bytes]") -> "list[Event | str]":
        """In order, up to and with the record of an exit()."""
        wall = time.time_ns()
        found: "list[Event | str]" = []
        for head, group in groupby(records, _HEAD):
            run = list(group)
            output, rows_of, handler, write = self._plans[int.from_bytes(head, sys.byteorder)]
            if self.exit_code is not None and output.kind != "printf":
                continue
            rows = rows_of(run)
            if handler is not None:
                for row in rows:
                    self.count += 1
                    event = handler(wall, output, row)
                    if event is not None:
                        found.append(event)
                    if self.exit_code is not None:
                        if not self.iterates:
                            return found
                        break
                continue
            self.count += len(rows)
            if write is not None:
                found.append(write(rows))
            else:
                kind = output.kind
                found += [Event(kind, wall, output, row) for row in rows]
        return found

    def _on_exit(self, wall: int, output: Output, values: "tuple[Any, ...]") -> "Event | None":
        self.exit_code = values[0] & 0xFF if values else 0
        return None

    def _on_helper_error(self, wall: int, output: Output, values: "tuple[Any, ...]") -> Event:
        """Whether an address is not mapped or not one of the kernel's makes no difference to people."""
        result = -errno.EFAULT if values[0] == -errno.ERANGE else values[0]
        return Event(output.kind, wall, output, (result,))

    def _on_print_map(self, wall: int, output: Output, values: "tuple[Any, ...]") -> Event:
        return Event(output.kind, wall, output, map=self._snapshots.map(output.map))

    def _on_print_entry(self, wall: int, output: Output, values: "tuple[Any, ...]") -> Event:
        """One entry of a map, read now."""
        snapshot = self._snapshots.map(output.map)
        type_ = snapshot.spec.value
        assert type_ is not None
        value = next((value for key, value in snapshot.rows if key == values[0]), None)
        if value is None:
            value = self._snapshots.empty(output.map)
        shown = self._entries.get(id(output))
        if shown is None:
            shown = self._entries[id(output)] = Output("print", arguments=(Argument(type_, 8),), span=output.span)
        return Event("print", wall, shown, (value,))

    def _on_clear(self, wall: int, output: Output, values: "tuple[Any, ...]") -> None:
        self._snapshots.clear(output.map)

    def _on_zero(self, wall: int, output: Output, values: "tuple[Any, ...]") -> None:
        self._snapshots.zero(output.map)

    def _on_unwatch(self, wall: int, output: Output, values: "tuple[Any, ...]") -> None:
        self.unwatched.add(values[0] & (1 << 64) - 1)

    def _on_skboutput(self, wall: int, output: Output, values: "tuple[Any, ...]") -> "Event | None":
        from bttui.session.capture import Capture

        boot, length, wanted, content = values
        try:
            capture = self._captures.get(output.text)
            if capture is None:
                capture = self._captures[output.text] = Capture(output.text)
            capture.write(boot, length, content)
        except OSError as reason:
            return Event("error", wall, output, text=f"failed to write to file '{output.text}' ({reason.strerror})")
        if len(content) < wanted and output not in self._cut:
            self._cut.append(output)
            text = f"skboutput() kept {len(content)} of {wanted} bytes of a packet, which are all that lies in the buffer's own memory, or"
            text += f" the most that it takes. {output.text} says of each packet how long it was; this warning comes once."
            return Event("runtime_error", wall, Output("runtime_error", text=text.replace("%", "%%"), span=output.span))
        return None

    def _on_time(self, wall: int, output: Output, values: "tuple[Any, ...]") -> Event:
        return Event("time", wall, output, text=time.strftime(output.text, time.localtime(wall // 10**9)))

    def _on_join(self, wall: int, output: Output, values: "tuple[Any, ...]") -> Event:
        """An empty string ends the list."""
        words = values[0]
        end = words.index("") if "" in words else len(words)
        return Event("join", wall, output, text=output.text.join(words[:end]) + "\n")

    def _on_cat(self, wall: int, output: Output, values: "tuple[Any, ...]") -> Event:
        path = self._formatted(output, values)
        try:
            with open(path.encode(errors="surrogateescape"), "rb", buffering=0) as file:
                content = b""
                while len(content) < self._max_cat and (more := file.read(self._max_cat - len(content))):
                    content += more
        except (OSError, ValueError) as reason:
            said = getattr(reason, "strerror", None) or str(reason)
            return Event("error", wall, output, text=f"failed to open file '{path}' ({said})")
        return Event("cat", wall, output, text=content.decode(errors="surrogateescape"))

    def _on_system(self, wall: int, output: Output, values: "tuple[Any, ...]") -> Event:
        import subprocess

        command = self._formatted(output, values)
        done = subprocess.run(
            ["/bin/sh", "-c", command.encode(errors="surrogateescape")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            return Event("error", wall, output, text=f"command exited with code {done.returncode}")
        return Event("system", wall, output, text=os.fsdecode(done.stdout))
