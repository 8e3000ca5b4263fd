"""The main screen: the program, its maps, the log. Side by side where there is room, one at a time where not."""

import os
import shlex
import time

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from bttui.model import program_files
from bttui.model.diagnostic import Diagnostic
from bttui.model.frame import Event, Frame
from bttui.model.history import Packed
from bttui.model.timeline import Timeline
from bttui.render.clean import clean
from bttui.render.figures import grouped, time_of_day
from bttui.session.controller import ENDED, LIVE, Status
from bttui.widgets import completion, files
from bttui.widgets.actions import bindings
from bttui.widgets.attached import AttachedPane
from bttui.widgets.completing import CompletionList
from bttui.widgets.editor import MARKS, Editor
from bttui.widgets.export import LINES, RECORDING, ExportPage, Subject
from bttui.widgets.files import Choice, SavePage
from bttui.widgets.jump import JumpPage
from bttui.widgets.keys import KeyBar
from bttui.widgets.log import Log
from bttui.widgets.map_panes import MapPanes
from bttui.widgets.page import about_word, details_page, help_page
from bttui.widgets.painter import Painter
from bttui.widgets.pane import MapPane, Pane
from bttui.widgets.status import StatusBar
from bttui.widgets.strip import HistoryStrip
from bttui.widgets.tabs import TabStrip
from bttui.widgets.time_travel import TimeTravel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bttui.render.export import Format
    from bttui.session.intervals import IntervalFile
    from bttui.session.recording import Recorder
    from bttui.widgets.keeping import Keeping
    from bttui.widgets.probes import Catalog

NARROW = 100
TALL = 45  # lines from which what is attached has a pane unasked
WELCOME = """

   [b]F5[/b]   runs the program
   [b]F2[/b]   browses the probes of this machine
   [b]F1[/b]   tells what the other keys do

   Each map (a name with @) gets a pane here, drawn by its type.
"""
REFUSED = """

   [b]{message}[/b]
   {hint}

   What needs no privilege: to write and check programs here, to
   browse kernel functions and raw tracepoints (F2), and to look
   at recordings. [b]bttui --demo[/b] opens one.
"""


class Workspace(TimeTravel, Screen[None]):
    scope = "main"
    BINDINGS = [*bindings("main"), *bindings("time")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide"), (160, "-very-wide")]
    AUTO_FOCUS = None

    def __init__(self, text: str, name: str, interval: float, read_only: bool = False, refused: "Diagnostic | None" = None) -> None:
        super().__init__()
        self._compositor = Painter()
        self.text, self.program_name, self.interval = text, name, interval
        self.read_only, self.refused = read_only, refused
        self.asked: str | None = None  # the text of the last F5
        self.answer: tuple[Diagnostic, ...] | None = None  # what came of it
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self.shown: Widget | None = None  # the pane that is on show where only one is
        self.zoomed = False  # one pane has the whole screen
        self.attached_wanted: bool | None = None
        self.split: float | None = None  # the program's share of the width, once somebody has chosen it
        self.run = 0
        self.status = Status()
        self.begun = False  # the newest run has panes
        self.timeline = Timeline()
        self.editor_titles = ("", "")
        self.path = name if os.path.isfile(name) else ""  # the program's file

    def compose(self) -> ComposeResult:
        yield TabStrip()
        with Horizontal(id="body"):
            with Vertical(id="left"):
                editor = Editor(self.text, id="editor")
                editor.read_only = self.read_only
                yield editor
                yield AttachedPane(id="attached")
                yield Log(id="log")
            yield MapPanes(id="maps")
            more = REFUSED.format(message=self.refused.message, hint=self.refused.hint) if self.refused else ""
            yield Static(WELCOME + more, id="welcome")
        yield CompletionList(id="completion")
        yield HistoryStrip()
        yield StatusBar(self.interval, may_trace=not self.refused)
        yield KeyBar()

    def on_mount(self) -> None:
        self.editor, self.log_pane, self.maps = self.query_one(Editor), self.query_one(Log), self.query_one(MapPanes)
        self.attached, self.status_bar, self.strip = self.query_one(AttachedPane), self.query_one(StatusBar), self.query_one(HistoryStrip)
        self.query_one("#editor").focus()
        self.title_editor()
        self.number_panes()

    # Panes

    @property
    def panes(self) -> "list[Widget]":
        """In the order of their numbers."""
        return [self.editor, *self.maps.panes, self.log_pane, *([self.attached] if self.shows_attached else [])]

    @property
    def shows_attached(self) -> bool:
        """Somebody wants to see it, or nobody has said and there is room."""
        return (self.size.height >= TALL and not self.is_narrow) if self.attached_wanted is None else self.attached_wanted

    @property
    def is_narrow(self) -> bool:
        return self.size.width < NARROW

    @property
    def shows_one(self) -> bool:
        return self.is_narrow or self.zoomed

    def number_panes(self) -> None:
        for number, pane in enumerate(self.panes[1:], 2):
            pane.set_number(number)  # type: ignore[attr-defined]
        self.bring_up(self.shown if self.shown in self.panes else self.editor)

    def bring_up(self, pane: Widget) -> None:
        """Show it, where only one is shown."""
        self.shown = pane
        maps = self.maps.panes
        one = self.shows_one
        self.set_class(one, "-one")
        self.attached.display = False
        for other in self.panes:
            other.display = not one or other is pane
        left = self.query_one("#left")
        left.display = not one or pane not in maps
        left.set_class(self.shows_attached, "-attached")
        left.set_class(self.log_pane.minimised or self.log_pane.chosen_height is not None, "-roomy")
        self.log_pane.styles.height = None if one or self.log_pane.minimised else self.log_pane.chosen_height
        self.size_attached()
        left.styles.width = None if one or self.split is None or not maps else round(self.size.width * self.split)
        self.maps.display = pane in maps if one else bool(maps)
        self.maps.lay_out()
        self.query_one("#welcome").display = not one and not self.begun
        names = ["Program", *(p.map_name for p in maps), "Log", *(["Attached"] if self.shows_attached else [])]
        self.query_one(TabStrip).show(names, self.panes.index(pane))

    def size_attached(self) -> None:
        """As high as it needs (dashboard.tcss says how high at most), where it stands beside others."""
        pane = self.attached
        pane.styles.height = None if self.shows_one or pane.minimised else pane.chosen_height or pane.need

    def zoom(self, pane: Widget) -> None:
        """Give the pane the whole screen, or take it back."""
        self.zoomed = not self.zoomed
        self.bring_up(pane)

    def move_split(self, to: int) -> None:
        """Let the maps begin at this cell of the screen."""
        if not self.shows_one and self.maps.panes:
            self.split = max(20, min(to, self.size.width - 30)) / self.size.width
            self.bring_up(self.shown or self.editor)

    def go_to_pane(self, number: int) -> None:
        if 1 <= number <= len(self.panes):
            pane = self.panes[number - 1]
            self.bring_up(pane)
            self.set_focus(pane)

    def on_resize(self) -> None:
        if self.shown:
            self.number_panes()

    def action_attached(self) -> None:
        """Show what is attached and what it costs, or hide it."""
        self.attached_wanted = not self.shows_attached
        if self.attached_wanted:
            self.number_panes()
            self.go_to_pane(len(self.panes))
        else:
            if self.focused is self.attached:
                self.go_to_pane(1)
            self.number_panes()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget in self.panes and event.widget is not self.shown:
            self.bring_up(event.widget)

    def step(self, by: int) -> None:
        panes = self.panes
        at = panes.index(self.focused) if self.focused in panes else panes.index(self.shown or self.editor)
        self.go_to_pane((at + by) % len(panes) + 1)

    def action_next_pane(self) -> None:
        self.step(1)

    def action_previous_pane(self) -> None:
        self.step(-1)

    def action_jump(self) -> None:
        """Letters at the panes' titles; at their tabs, where one pane is shown."""
        if self.shows_one:
            tabs = self.query_one(TabStrip)
            cells = {number: at for number, at, _ in tabs.cells()}
            places = [(tabs.region.x + cells.get(number, 0), tabs.region.y + (number not in cells)) for number in range(len(self.panes))]
        else:
            places = [(pane.region.x + 1, pane.region.y) for pane in self.panes]
        self.app.push_screen(JumpPage(places), lambda number: self.go_to_pane(number) if number else None)

    # Reports

    async def show_status(self, status: Status) -> None:
        if status.run != self.run:
            self.run, self.begun = status.run, False
            self.timeline = Timeline()
            self.log_pane.clear()
            self.attached.show(None)
        self.status = status
        self.status_bar.show_status(status)
        self.title_editor()

    async def add_frame(self, packed: "list[Packed]", frame: Frame) -> None:
        """``frame`` is the last one of those that came."""
        for older in packed[:-1]:
            self.timeline.history.add(older)
        self.timeline.history.add(packed[-1], frame)
        if not self.begun:
            await self.maps.start(self.status.text)  # the panes of the run before stayed until now
        first, self.begun = not self.begun, True
        self.add_class("-begun")
        if not self.timeline.paused and (await self.maps.show(self.timeline) or first):
            self.number_panes()
        self.show_place()
        self.size_attached()
        if first and (self.focused is None or (self.focused is self.editor and (self.is_narrow or self.read_only))):
            self.go_to_pane(2)

    def show_kept(self, recorder: "Recorder | None", intervals: "list[IntervalFile]") -> None:
        self.status_bar.show_kept(recorder, intervals)

    async def moment_changed(self) -> None:
        timeline = self.timeline
        if timeline.frame is None:
            return
        if await self.maps.show(timeline):
            self.number_panes()
        self.log_pane.show_time(timeline.frame.wall if timeline.paused else None)
        self.show_place()

    def show_place(self) -> None:
        history, place = self.timeline.history, self.timeline.place
        if not len(history):
            return
        self.attached.show(history[place], history.bare(place - 1) if place > 0 else None)
        self.status_bar.show_moment(self.timeline, self.replay.speed if self.replay else 1)
        self.strip.show(self.timeline, self.replay)

    async def on_history_strip_picked(self, message: HistoryStrip.Picked) -> None:
        if message.first < message.last:
            self.timeline.select(message.first, message.last)
        else:
            self.timeline.range = None
            self.timeline.go_to_place(message.last)
        await self.moment_changed()

    def show_events(self, events_: "list[Event]", skipped: int) -> None:
        self.log_pane.add(events_, skipped)

    def show_diagnostics(self, diagnostics: "tuple[Diagnostic, ...]") -> None:
        """Of the text that was last asked to run: whoever has typed since keeps the cursor where it is."""
        self.diagnostics = self.answer = diagnostics
        typed_since = self.asked not in (None, self.editor.text)
        self.editor.show_diagnostics(diagnostics, quietly=typed_since)
        self.title_editor()
        if any(d.severity == "error" for d in diagnostics) and not typed_since:
            self.go_to_pane(1)

    def show_checked(self, text: str, diagnostics: "tuple[Diagnostic, ...]") -> None:
        """What the compiler says of a text. Of one that was asked to run, more is known: whether it could be attached, too."""
        if text == self.editor.text:
            if text == self.asked and self.answer is not None:
                diagnostics = self.answer
            self.diagnostics = diagnostics
            self.editor.show_diagnostics(diagnostics, quietly=True)
            self.title_editor()

    def title_editor(self) -> None:
        errors = sum(d.severity == "error" for d in self.editor.diagnostics)
        found = f"  ✗ {errors} error{'s' * (errors != 1)}" if errors else ""
        title = f"1 {clean(self.program_name)}{found}"
        told = ""
        unsaid = [d for d in self.editor.diagnostics if d.message not in self.editor.noted]
        if unsaid:
            line = f"{unsaid[0].span.line}: " if unsaid[0].span else ""
            told = f"{MARKS.get(unsaid[0].severity, '·')} {line}{clean(unsaid[0].message)}"
        elif errors and self.status.live:
            told = "the previous run is still live"
        elif self.status.state in (LIVE, ENDED) and self.editor.text != self.status.text and not errors:
            told = "changed since it was run"
        if (title, told) != self.editor_titles:  # each assignment draws the whole editor again
            self.editor_titles = title, told
            self.editor.border_title, self.editor.border_subtitle = Content(title), Content(told)

    def on_text_area_changed(self) -> None:
        self.call_later(self.title_editor)  # the editor drops what no longer holds first

    # Files

    def action_save(self) -> None:
        """To its own file at once; where there is none, or somebody else has changed it, to one that is asked for."""
        path = self.path
        if not path:
            self.app.push_screen(SavePage(self.editor.text, "program.bt"), self.saved)
            return
        try:
            if os.path.exists(path) and program_files.read(path) != self.text:
                told = "the file has changed since it was read: Enter asks before it is overwritten"
                self.app.push_screen(SavePage(self.editor.text, path, told), self.saved)
                return
            files.save(path, self.editor.text)
        except OSError as problem:
            told = f"could not write {clean(path)}: {problem.strerror or problem}"
            self.app.push_screen(SavePage(self.editor.text, path, told), self.saved)
            return
        self.saved(path)

    def saved(self, path: "str | None") -> None:
        if path:
            self.path, self.text, self.program_name = path, self.editor.text, path
            self.title_editor()
            self.notify(f"Saved {clean(path)}", markup=False)

    def open_program(self, choice: "Choice | None") -> None:
        """Into the editor, as a change that undo takes back."""
        if choice is None:
            return
        try:
            text = program_files.read(choice.path)
        except OSError as problem:
            self.notify(f"{clean(choice.path)}: {problem.strerror or problem}", severity="error", markup=False)
            return
        self.begin_program(text, "" if choice.example else choice.path, os.path.basename(choice.path))

    def action_new(self) -> None:
        if not self.read_only:
            self.begin_program("", "", "Program")

    def begin_program(self, text: str, path: str, name: str) -> None:
        self.path, self.program_name, self.text = path, name, text
        self.editor.replace_text(text)
        self.editor.move_cursor((0, 0))
        self.title_editor()
        self.go_to_pane(1)

    # Help on a word

    def explain(self, catalog: "Catalog | None") -> None:
        """The help page, and above it what is known of the word under the cursor."""
        self.explain_word(completion.word_at(self.editor.text, self.editor.offset_of_cursor), catalog)

    @work(thread=True, exclusive=True, group="help")
    def explain_word(self, word: str, catalog: "Catalog | None") -> None:
        page = help_page("editor", f"Help: {clean(word)}" if word else "Help", about_word(word, catalog) if word else None)
        self.app.call_from_thread(self.app.push_screen, page)

    # Export

    def export(self, pane: Pane) -> None:
        """Open the page that writes ``pane``, all panes or the screen."""
        picture = self.app.export_screenshot(title=f"bttui {clean(self.program_name)}")  # now: the page will cover it
        filled = [other for other in self.maps.panes if other.snapshot is not None]
        names = {other.map_name: other.key_names for other in filled}

        def command(maps: "list[str]") -> "Callable[[str, bool], str]":
            return lambda format_, every: self.shell_command(format_, maps, every)

        def follow(maps: "list[str]") -> "Callable[[str, Format], None] | None":
            return (lambda path, format_: app.follow(path, format_, maps, names)) if self.status.live else None

        app: Keeping = self.app  # type: ignore[assignment]
        subjects = []
        if isinstance(pane, MapPane) and pane.snapshot is not None:
            one = [pane.map_name]
            subjects.append(Subject("this pane", pane.map_name, (pane.snapshot,), names, command=command(one), follow=follow(one)))
        elif pane is self.log_pane:
            subjects.append(Subject("this pane", "log", draw=pane.written, format=LINES))
        if filled:
            shown = tuple(p.snapshot for p in filled if p.snapshot)
            all_ = [snapshot.spec.name for snapshot in shown]
            subjects.append(Subject("all panes", self.program_name, shown, names, command=command([]), follow=follow(all_)))
        if app.new_recorder is not None and len(self.timeline.history):
            subjects.append(self.kept(app.new_recorder))
        subjects.append(Subject("screen", "screen", draw=lambda: picture))
        self.app.push_screen(ExportPage(subjects, app.intervals, lambda file: app.end(file)), self.exported)

    def kept(self, new_recorder: "Callable[[str], Recorder]") -> Subject:
        """The frames of the history, or of a selected range, and the lines of the log as a recording."""
        timeline, status = self.timeline, self.status
        history = timeline.history
        first, last = (history.place(number) for number in timeline.range) if timeline.range else (0, len(history) - 1)
        frames = history.packed(first, last)
        begin, end = frames[0].frame.wall, frames[-1].frame.wall
        told = self.log_pane.events(begin if timeline.range else 0, end if timeline.range else 1 << 63)

        def save(path: str) -> None:
            recorder = new_recorder(path)
            recorder.program(status)
            written = 0
            for packed in frames:
                sofar = [event for event in told[written:] if event.wall <= packed.frame.wall]
                recorder.events(sofar)
                written += len(sofar)
                recorder.frame(packed.unpack())
            recorder.events(told[written:])
            recorder.close()
            if recorder.failed:
                raise OSError(0, recorder.failed)

        words = f"{grouped(len(frames))} frames, {time_of_day(begin)} to {time_of_day(end)}, and {grouped(len(told))} lines of the log\n"
        return Subject("recording", self.program_name, draw=lambda: words, format=RECORDING, save=save)

    def shell_command(self, format_: str, maps: "list[str]", every: bool) -> str:
        """What writes the same without the dashboard: from the recording, where there is one; else by running the program again."""
        recording = self.app.recording_file  # type: ignore[attr-defined]
        if recording:
            moment = self.timeline.frame if self.timeline.paused and not every else None
            at = time.strftime(" --at %H:%M:%S", time.localtime(moment.wall // 1_000_000_000)) if moment else " --every" if every else ""
            wanted = "".join(f" --map {shlex.quote(name)}" for name in maps)
            return f"bttui dump {shlex.quote(clean(recording))}{at}{wanted} -f {format_}"
        option = {"text": "--no-tui", "json": "-f json"}.get(format_) if not every else None
        named = clean(self.program_name) if self.program_name != "Program" else ""
        program = shlex.quote(named) if named else f"-e {shlex.quote(clean(self.status.text))}"
        return f"bttui {option} {program}" if option and len(program) < 90 else ""

    def exported(self, told: "str | None") -> None:
        if told:
            self.notify(told, markup=False)

    def action_next_diagnostic(self) -> None:
        self.editor.next_diagnostic()

    def action_details(self) -> None:
        self.app.push_screen(details_page(list(self.diagnostics)))
