"""The dashboard: composes the screens, hands keys to the controller and the controller's reports to the screens."""

import gc
import os
import signal
import sys
from asyncio import Event as Moment
from asyncio import get_running_loop, wait_for
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic

from textual import work
from textual.app import App, SystemCommand
from textual.events import Event, Key
from textual.keys import _character_to_key
from textual.widgets import TextArea
from textual.worker import get_current_worker

from bttui.model.frame import Frame
from bttui.render.clean import clean_lines
from bttui.render.diagnostics import complain, losses
from bttui.session.controller import IDLE, Status
from bttui.session.tee import Redacted, Tee, ended
from bttui.widgets.actions import Action, bindings, in_chain, key_name
from bttui.widgets.driver import TerminalDriver
from bttui.widgets.feed import Arrived, Feed, FrameReport
from bttui.widgets.files import OpenPage
from bttui.widgets.keeping import Keeping, told
from bttui.widgets.keys import focused_scope
from bttui.widgets.page import help_page
from bttui.widgets.probes import Catalog, ProbeScreen
from bttui.widgets.theme import THEME
from bttui.widgets.workspace import Workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from textual.message_pump import MessagePump
    from textual.screen import Screen

    from bttui.model.diagnostic import Diagnostic
    from bttui.model.redaction import Redactor
    from bttui.session.controller import Controller
    from bttui.session.recording import Recorder

    Check = Callable[[str], tuple[Diagnostic, ...]]

EXAMPLE = """\
// Who makes system calls, and how long do reads take?
// F5 runs this, F6 stops it. F2 finds more probes.

tracepoint:raw_syscalls:sys_enter {
  @calls[comm] = count();
}

tracepoint:syscalls:sys_enter_read {
  @start[tid] = nsecs;
}

tracepoint:syscalls:sys_exit_read /@start[tid]/ {
  @us[comm] = hist((nsecs - @start[tid]) / 1000);
  delete(@start[tid]);
}
"""
QUIT_WITHIN = 2.0  # seconds between two ctrl+c that quit
STUCK = 1.0  # seconds after which a widget that does not answer no longer holds up the keys


class Dashboard(Keeping, App[Frame]):
    """Ends with the last frame, or None where nothing ever ran."""

    TITLE = "bttui"
    CSS_PATH = "widgets/dashboard.tcss"
    BINDINGS = bindings("global")
    ENABLE_COMMAND_PALETTE = True
    scope = "global"

    def __init__(
        self,
        text: "str | None",
        controller: "Controller",
        name: str = "Program",
        catalog: "Catalog | None" = None,
        start: bool = False,
        check: "Check | None" = None,
        read_only: bool = False,
        refused: "Diagnostic | None" = None,
        new_recorder: "Callable[[str], Recorder] | None" = None,
        record: str = "",
        redactor: "Redactor | None" = None,
    ) -> None:
        """``text`` None opens an example. With ``start`` it runs at once; ``read_only`` keeps it as it is.

        ``check`` tells what the compiler says of a text, and may take its time. ``refused`` says why nothing can be traced,
        where that is known. ``new_recorder`` opens a recording, ``record`` names one to begin with; raises DiagnosticError
        where that cannot be. ``redactor`` hides names in all that is shown, written and recorded.
        """
        super().__init__(driver_class=TerminalDriver)
        self.check = check
        self.controller = controller
        self.feed = Feed(self)
        self.keep(Tee(self.feed), new_recorder, record)
        self.redactor = redactor
        self.workspace = Workspace(EXAMPLE if text is None else text, name, controller.interval, read_only, refused)
        self.probes = ProbeScreen(catalog)
        self.catalog = catalog
        self.start_at_once = start
        self.frame: Frame | None = None
        self.status = Status()
        self.interrupted = float("-inf")
        self.leaving = False
        self.broken: Exception | None = None  # what a recording could not be shown for

    def on_mount(self) -> None:
        self.register_theme(THEME)
        self.theme = THEME.name
        self.install_screen(self.probes, "probes")
        self.push_screen(self.workspace)
        if not self.is_headless:
            # Every frame makes many objects and leaves no cycles: looking for those so often would be a third of its cost.
            gc.freeze()
            gc.set_threshold(50_000, 20, 50)
            # A key passes through three threads. Each waits as long as this for one that is reading a large map.
            sys.setswitchinterval(0.001)
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                get_running_loop().add_signal_handler(number, self.action_leave)
            get_running_loop().add_signal_handler(signal.SIGUSR1, self.controller.signal)
        self.controller.listen(Redacted(self.tee, self.redactor, self.workspace.read_only) if self.redactor else self.tee)
        if self.start_at_once:
            self.workspace.call_later(self.action_run)  # a refresh may be long in coming: to a process that ^Z stops

    def _handle_exception(self, error: Exception) -> None:
        """Textual prints the traceback of what nobody caught. Of a recording, which anybody may have made, a line is told."""
        if self.workspace.read_only:
            self.broken = self.broken or error
            self._return_code = 1
            self._close_messages_no_wait()  # as panic() does: the app may be what failed, and not hear of an exit
        else:
            super()._handle_exception(error)

    # Reports

    async def on_arrived(self, _: Arrived) -> None:
        reports, events, skipped = self.feed.take()
        if not self.workspace.is_mounted:
            return
        for report in reports:
            if isinstance(report, Status):
                self.status = report
                await self.workspace.show_status(report)
            elif isinstance(report, FrameReport):
                if report.run == self.workspace.run:
                    self.frame = report.frame
                    await self.workspace.add_frame(report.packed, report.frame)
            else:
                self.workspace.show_diagnostics(report)
        self.workspace.show_events(events, skipped)
        self.show_kept()

    # Keys

    async def on_event(self, event: Event) -> None:
        """Keys work one after the other, in the order in which they were pressed.

        Textual sends all that wait to the focused widget at once. It inserts the letters; what is bound to a key is
        done only when the key has come back up to the app, behind letters that were typed later and in a widget that
        may have lost the focus by an earlier key.
        """
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
            return
        for key in self.pressed(event):
            await self.on_pressed(key)

    def pressed(self, event: Key) -> "tuple[Key, ...]":
        """Most terminals send Esc and a key for Alt with the key: where that does nothing, Esc was pressed, and then the key."""
        character = event.character or ""
        if not event.key.startswith("alt+") or len(character) != 1 or event.key in self.screen.active_bindings:
            return (event,)
        return Key("escape", "\x1b"), Key(_character_to_key(character), character)

    async def on_pressed(self, event: Key) -> None:
        self.app_focus = True
        await self.settled(self.screen)  # which may be new and about to say what has the focus
        if self.focused is not None:
            await self.settled(self.focused)  # a click or a paste came before
        if await self._check_bindings(event.key, priority=True):
            return
        widget = self.focused or self.screen
        event._set_forwarded()
        event.bubble = False  # type: ignore[misc]  # of this one only
        with widget._context():
            await widget._dispatch_message(event)
        if not event._stop_propagation:
            await self._on_key(event)

    async def settled(self, widget: "MessagePump") -> None:
        """Wait until the widget has dealt with all that was posted to it."""
        done = Moment()
        if widget.call_later(done.set):
            with suppress(TimeoutError):
                await wait_for(done.wait(), STUCK)

    # Actions

    def action_run(self) -> None:
        self.workspace.asked, self.workspace.answer = self.workspace.editor.text, None
        self.controller.run(self.workspace.editor.text)

    def on_editor_rested(self) -> None:
        if self.check:
            self.check_text(self.workspace.editor.text)

    @work(thread=True, exclusive=True, group="check")
    def check_text(self, text: str) -> None:
        """Say while typing what F5 would say: compiled in a child process, and nothing is loaded."""
        assert self.check is not None
        diagnostics = self.check(text)
        if not get_current_worker().is_cancelled:
            self.call_from_thread(self.workspace.show_checked, text, diagnostics)

    def action_stop(self) -> None:
        self.controller.stop()

    def action_interrupt(self) -> None:
        selected = self.screen.get_selected_text() or (self.focused.selected_text if isinstance(self.focused, TextArea) else "")
        if selected:
            self.copy_to_clipboard(selected)
            return
        now = monotonic()
        if now - self.interrupted < QUIT_WITHIN:
            self.action_leave()
            return
        self.interrupted = now
        if self.status.state != IDLE:
            self.controller.stop()
        self.notify("Once more to quit", timeout=QUIT_WITHIN)

    def clear_map(self, name: str) -> None:
        self.controller.clear(name)

    def action_leave(self) -> None:
        if not self.leaving:
            self.leaving = True
            self.close()

    @work(thread=True)
    def close(self) -> None:
        last = self.controller.close()
        self.tee.close()
        if last is not None and self.redactor:
            last = self.redactor.frame(last)
        self.call_from_thread(self.exit, last if last is not None else self.frame)

    def action_help(self) -> None:
        scope = focused_scope(self.screen)
        if scope in ("editor", "completion"):
            self.workspace.explain(self.catalog)
        elif scope != "page":
            self.push_screen(help_page(scope))

    def action_open(self) -> None:
        if self.screen is self.workspace:
            self.push_screen(OpenPage(), self.workspace.open_program)

    def action_probes(self) -> None:
        if self.screen is self.workspace:
            self.push_screen("probes", self.insert_probe)

    def insert_probe(self, text: "str | None") -> None:
        if text:
            self.workspace.editor.insert_probe(text)
        self.workspace.go_to_pane(1)

    def get_system_commands(self, screen: "Screen") -> "Iterable[SystemCommand]":
        """The palette: every action that works where the focus is. ``screen`` is the one below the palette."""
        nodes = [*(screen.focused.ancestors_with_self if screen.focused else (screen,)), self]
        for action in in_chain(focused_scope(screen)):
            owner = next((node for node in nodes if hasattr(node, f"action_{action.id}")), None)
            if action.id not in ("command_palette", "pane") and owner is not None and owner.check_action(action.id, ()):
                keys = " ".join(key_name(key) for key in action.keys)
                yield SystemCommand(action.label, f"{action.help}  ({keys})", self.caller(owner, action))
        yield SystemCommand("Theme", "Change the colours.", self.action_change_theme)

    def caller(self, owner: object, action: Action) -> "Callable[[], object]":
        return partial(getattr(owner, f"action_{action.id}"), *filter(None, [action.argument]))


@contextmanager
def own_terminal() -> "Iterator[None]":
    """Keys come from the terminal though stdin is a pipe, and the screen goes to it though stderr is a file."""
    saved = []
    for fd, mode in ((0, os.O_RDONLY), (2, os.O_WRONLY)):
        if not os.isatty(fd):
            terminal = os.open("/dev/tty", mode | os.O_CLOEXEC)
            saved.append((fd, os.dup(fd)))
            os.dup2(terminal, fd)
            os.close(terminal)
    try:
        yield
    finally:
        for fd, copy in saved:
            os.dup2(copy, fd)
            os.close(copy)


def run_dashboard(app: Dashboard) -> int:
    """Open it and stay until it is left; the exit status. The maps of its last frame are printed to the normal screen."""
    from bttui.render.text import maps_at_exit

    try:
        with own_terminal():
            last = app.run()
    finally:
        app.controller.close()
        app.tee.close()
    if app.recorder is not None:
        sys.stderr.write((ended(app.recorder) if app.recorder.failed else told(app.recorder)) + "\n")
    if last is not None:
        try:
            sys.stdout.write(clean_lines(maps_at_exit(last.maps.values())))
            sys.stdout.flush()
            complain(losses(last))
        except OSError:  # the terminal is gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return app.return_code or 0
