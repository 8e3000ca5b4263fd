"""Textual's driver of terminals, for terminals that go away."""

from typing import TextIO, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


# Textual takes Esc and a digit for the letter that a Mac's Option key makes of it, and would write ¡ for Esc 1. Terminals send
# that letter itself; Esc 1 is what somebody types who leaves the editor for pane 1.
for _digit in "0123456789":
    cast("dict[str, object]", ANSI_SEQUENCES_KEYS).pop(f"\x1b{_digit}", None)


class TerminalDriver(LinuxDriver):
    """A closed window or a broken connection ends the app as ctrl+q does.

    Textual's own thread that writes would end by the error, and the next write would wait for it for ever, the trace attached.
    """

    def __init__(self, app: "App[object]", **options: "Any") -> None:
        super().__init__(app, **options)
        leave = app.action_leave  # type: ignore[attr-defined]
        self._file = Output(cast("TextIO", self._file), lambda: app.call_later(leave))  # type: ignore[assignment]


class Output:
    """A file that takes all that is written, also where it cannot be written any more. ``lost()`` is called once, then."""

    def __init__(self, file: TextIO, lost: "Callable[[], object]"):
        self._file, self._lost = file, lost
        self._gone = False
        self.fileno, self.isatty = file.fileno, file.isatty

    def write(self, text: str) -> None:
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        self._try(self._file.flush)

    def _try(self, work: "Callable[[], object]") -> None:
        if self._gone:
            return
        try:
            work()
        except OSError:
            self._gone = True
            self._lost()
