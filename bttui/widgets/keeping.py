"""What the dashboard writes while a trace runs: a recording, and exports of every interval."""

import os

from textual import work

from bttui.model.diagnostic import DiagnosticError
from bttui.render.clean import clean
from bttui.render.export import Export
from bttui.render.figures import grouped, quantity
from bttui.session.intervals import IntervalFile
from bttui.session.tee import Tee, ended
from bttui.widgets.ask import Ask
from bttui.widgets.export import file_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

    from bttui.model.frame import Frame
    from bttui.render.export import Format
    from bttui.session.controller import Controller
    from bttui.session.recording import Recorder
    from bttui.session.tee import Sink
    from bttui.widgets.workspace import Workspace

    Base = App[Frame]
else:
    Base = object


class Keeping(Base):
    """Part of the dashboard. ``new_recorder`` opens a recording; None where there can be none."""

    controller: "Controller"
    workspace: "Workspace"
    tee: Tee

    def keep(self, tee: Tee, new_recorder: "Callable[[str], Recorder] | None", record: str) -> None:
        """To be called once, first. ``record`` names a recording to begin with. Raises DiagnosticError where that cannot be."""
        self.tee, self.new_recorder = tee, new_recorder
        self.recorder: Recorder | None = None
        self.intervals: list[IntervalFile] = []
        self.agreed = ""  # the recording that may be overwritten
        if record:
            self.begin_recording(record)

    # Recording

    @property
    def replaying(self) -> bool:
        return getattr(self.controller, "replaying", False)

    @property
    def recording_file(self) -> str:
        """The recording that holds what is shown, "" where there is none."""
        return self.recorder.path if self.recorder else getattr(self.controller, "file", "")

    def action_record(self) -> None:
        """Begin a recording, or end the one that is being made."""
        if self.recorder is not None:
            self.end(self.recorder)
        elif self.replaying or self.new_recorder is None:
            self.notify("This is a recording already: w writes a part of it.")
        elif self.screen is self.workspace:
            stem = os.path.splitext(os.path.basename(self.workspace.program_name))[0]
            hint = "programs, frames and events, as data: bttui replay and bttui dump show them"
            self.push_screen(Ask("Record to", hint, self.problem_of_recording, file_name(stem, ".bttui"), "records"), self.recording)

    def problem_of_recording(self, path: str) -> str:
        """Begin, or say why not."""
        path = os.path.expanduser(path.strip())
        if not path:
            return "a file needs a name"
        if os.path.lexists(path) and self.agreed != path:
            self.agreed = path
            return f"{path} exists: Enter once more overwrites it"
        try:
            self.begin_recording(path)
        except DiagnosticError as reason:
            return reason.diagnostics[0].message
        return ""

    def begin_recording(self, path: str) -> None:
        """Raises DiagnosticError."""
        assert self.new_recorder is not None
        self.recorder = self.new_recorder(path)
        self.tee.add(self.recorder)

    def recording(self, path: "str | None") -> None:
        self.agreed = ""
        if path:
            self.notify(f"Recording to {clean(path)}; the same key ends it.", markup=False)
            self.show_kept()

    # Exports of every interval

    def follow(self, path: str, format_: "Format", names: "list[str]", key_names: "dict[str, tuple[str, ...]]") -> None:
        """Write these maps to the file from now on. Raises OSError or ValueError."""

        def draw(frame: "Frame", first: bool) -> str:
            export = Export([frame.maps[name] for name in names if name in frame.maps], key_names)
            return format_.more(export, frame.wall, first)

        file = IntervalFile(path, draw, format_.every == "replace")
        self.intervals.append(file)
        self.tee.add(file)
        self.show_kept()

    # Both

    @work(thread=True)
    def end(self, sink: "Sink") -> None:
        self.tee.remove(sink)
        self.call_from_thread(self.closed, sink)

    def closed(self, sink: "Sink") -> None:
        if not sink.failed and (sink is self.recorder or sink in self.intervals):
            self.notify(told(sink), markup=False)
            self.forget(sink)
        self.show_kept()

    def forget(self, sink: "Sink") -> None:
        self.recorder = None if sink is self.recorder else self.recorder
        self.intervals = [file for file in self.intervals if file is not sink]

    def show_kept(self) -> None:
        """In the status bar; what has failed is told, once."""
        for sink in (self.recorder, *self.intervals):
            if sink is not None and sink.failed:
                self.notify(clean(ended(sink)), severity="error", markup=False)
                self.forget(sink)
        self.workspace.show_kept(self.recorder, self.intervals)


def told(sink: "Sink") -> str:
    """What was written, at the end."""
    word = {"recording": "Recorded", "export": "Exported"}[sink.what]
    return f"{word} {grouped(sink.frames)} frames, {quantity(sink.size, 'bytes')}, to {clean(sink.path)}"
