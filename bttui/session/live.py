"""The controller of live tracing: checks and attaches in one thread, reads in another, so that a new program can be
compiled and attached while the old one is still shown."""

import contextlib
import os
import queue
import threading
import time

from bttui.host.facts import Host
from bttui.host.privileges import refusal
from bttui.loader.statistics import RunStatistics
from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.model.frame import Event
from bttui.session.child import Child, Watched
from bttui.session.controller import ATTACHING, CHECKING, ENDED, IDLE, LIVE, STOPPING, Status
from bttui.session.session import Session, Stopped
from bttui.session.worker import Interrupted, compile_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.model.frame import Frame
    from bttui.session.controller import Listener
    from bttui.session.events import Formatted
    from bttui.session.options import Options

DELIVERY = 0.1  # seconds between two batches of events
PATIENCE = 5  # at most one part in so many of a processor's time goes into reading maps


class LiveController:
    """A session.controller.Controller. ``options`` are those of the command line; texts come by ``run``."""

    def __init__(self, options: "Options", formatted: "Formatted", host: "Host | None" = None):
        self.interval = options.interval
        self.status = Status()
        self._options = options
        self._formatted = formatted
        self._host = host or Host()
        self._listener: "Listener | None" = None
        self._wishes: "queue.SimpleQueue[tuple[int, str] | None]" = queue.SimpleQueue()  # None ends the thread
        self._cancel, self._canceller = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._lock = threading.Lock()
        self._newest = 0  # wishes so far; what belongs to an older one is given up
        self._run = 0
        self._starting: "Session | None" = None
        self._reader: "Reader | None" = None
        self._last: "Frame | None" = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="control", daemon=True)

    def listen(self, listener: "Listener") -> None:
        self._listener = listener
        self._thread.start()

    # What people ask for

    def run(self, text: str) -> None:
        with self._lock:
            self._newest += 1
            wish = self._newest
            self._give_up()
        self._tell(state=CHECKING)
        self._wishes.put((wish, text))

    def stop(self) -> None:
        with self._lock:
            self._newest += 1
            busy = self.status.state in (CHECKING, ATTACHING)
            self._give_up()
            reader = self._reader
        if reader and not busy and reader.alive:
            self._tell(state=STOPPING)
            reader.session.request_stop()

    def clear(self, name: str) -> None:
        with self._lock:
            reader = self._reader
        if reader and reader.alive:
            reader.cleared.put(name)

    def signal(self) -> None:
        with self._lock:
            reader = self._reader
        if reader and reader.alive:
            reader.session.signal()

    def _give_up(self) -> None:
        """Let go of what is being checked or attached."""
        if self.status.state == CHECKING:
            os.write(self._canceller, b".")
        if self._starting:
            self._starting.request_stop()

    def close(self) -> "Frame | None":
        if self._closed:
            return self._last
        self._closed = True
        self.stop()
        self._wishes.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._end_reader()
        os.close(self._cancel)
        os.close(self._canceller)
        return self._last

    # The thread that checks and attaches

    def _work(self) -> None:
        while True:
            wish = self._wishes.get()
            while not self._wishes.empty():
                wish = self._wishes.get()  # only the newest counts
            if wish is None:
                return
            self._try(*wish)

    def _try(self, wish: int, text: str) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._cancel, 4096)  # what was said about older ones
        watched: "Watched | None" = None
        child: "Child | None" = None
        session: "Session | None" = None
        diagnostics: "tuple[Diagnostic, ...]" = ()
        try:
            if self._wants_no_more(wish):
                raise Stopped
            if refused := refusal():
                raise DiagnosticError(refused)
            options = self._options.replace(text=text, file=self._options.file or "program")
            program = compile_text(options, self._host, self._cancel)
            diagnostics = program.warnings
            watched = Watched(options.pid) if options.pid is not None else None
            child = Child(options.command, quiet=True) if options.command else None
            session = Session(program, self._host, options, self._formatted, child, watched)
            with self._lock:
                self._starting = session
            self._tell(state=ATTACHING, attached=0, total=len(program.attachments))
            if self._wants_no_more(wish):
                session.request_stop()
            session.start()
        except (DiagnosticError, Stopped, Interrupted) as reason:
            if isinstance(reason, DiagnosticError):
                diagnostics += reason.diagnostics
            for source in (session, child, watched):
                if source:
                    source.close()
            self._say_diagnostics(diagnostics)
            if not self._wants_no_more(wish) or self._wishes.empty():
                self._back()
            return
        finally:
            with self._lock:
                self._starting = None
        self._say_diagnostics(diagnostics)
        self._end_reader()
        self._run += 1
        names = tuple(attachment.name for attachment in program.attachments)
        self._tell(
            state=LIVE,
            run=self._run,
            live=True,
            attached=session.attached,
            total=len(names),
            names=names,
            started=time.time_ns(),
            text=text,
        )
        with self._lock:
            self._reader = Reader(self, self._run, session, child, watched)
        self._reader.start()

    def _wants_no_more(self, wish: int) -> bool:
        with self._lock:
            return wish != self._newest

    def _back(self) -> None:
        """The newest request came to nothing: what was before is what there is."""
        reader = self._reader
        if reader and reader.alive:
            names = tuple(attachment.name for attachment in reader.session.program.attachments)
            self._tell(state=LIVE, attached=len(names), total=len(names))
        else:
            self._tell(state=ENDED if reader else IDLE, attached=0, total=0)

    def _end_reader(self) -> None:
        reader = self._reader
        if reader:
            reader.session.request_stop()
            reader.join()

    # Reports

    def _tell(self, **changes: "object") -> None:
        with self._lock:
            self.status = self.status.replace(**changes)
            if self._listener:
                self._listener.on_status(self.status)

    def _say_diagnostics(self, diagnostics: "tuple[Diagnostic, ...]") -> None:
        if self._listener:
            self._listener.on_diagnostics(diagnostics)

    def _say_events(self, run: int, events: "list[Any]") -> None:
        if self._listener and events:
            self._listener.on_events(run, events)

    def _say_frame(self, run: int, frame: "Frame") -> None:
        self._last = frame
        if self._listener:
            self._listener.on_frame(run, frame)

    def _ended(self, run: int) -> None:
        """The reader of this run is done. A newer request keeps its own state."""
        if run == self.status.run:
            asked = self.status.state in (CHECKING, ATTACHING)
            self._tell(live=False, **({} if asked else {"state": ENDED}))


class Reader:
    """The thread that follows one session to its end and lets go of it."""

    def __init__(self, controller: LiveController, run: int, session: Session, child: "Child | None", watched: "Watched | None"):
        self.session = session
        self.alive = True
        self.cleared: "queue.SimpleQueue[str]" = queue.SimpleQueue()  # names of maps to be emptied
        self._controller = controller
        self._number = run
        self._sources = (session, child, watched)
        self._thread = threading.Thread(target=self._follow, name=f"reader-{run}", daemon=True)
        self.start: "Callable[[], None]" = self._thread.start
        self.join: "Callable[[], None]" = self._thread.join

    def _follow(self) -> None:
        session, controller, number = self.session, self._controller, self._number
        try:
            with RunStatistics():  # what the probes cost is part of the picture
                self._read()
            events = session.stop()
            frame = session.frame()
        except Exception as reason:  # a mistake of ours: said, not swallowed, and everything is still let go of
            import traceback

            failed = Diagnostic(
                f"reading failed: {reason!r}", hint="this is a mistake of ours: please report it", detail=traceback.format_exc()
            )
            controller._say_diagnostics((failed,))
            events, frame = [], None
        finally:
            self.alive = False
            for source in self._sources:
                if source:
                    source.close()
        controller._say_events(number, events)
        if frame is not None:
            controller._say_frame(number, frame)
        controller._ended(number)

    def _read(self) -> None:
        """Frames at their times, events in batches, until the session is over."""
        session, controller = self.session, self._controller
        attached = Event("attached", time.time_ns(), text=f"Attached {session.attached} probe{'' if session.attached == 1 else 's'}")
        batch: "list[Any]" = [attached]
        next_frame = next_batch = time.monotonic()
        while not session.over:
            now = time.monotonic()
            while not self.cleared.empty():
                session.snapshots.clear(self.cleared.get())
                next_frame = now
            if batch and now >= next_batch:
                controller._say_events(self._number, batch)
                batch = []
                next_batch = now + DELIVERY
            if now >= next_frame:
                before = time.thread_time()
                controller._say_frame(self._number, session.frame())
                spent = time.thread_time() - before  # not what others took meanwhile: on a busy machine the picture stays alive
                next_frame = now + max(controller.interval, PATIENCE * spent)
            wait = min(next_frame, next_batch if batch else next_frame) - time.monotonic()
            batch += session.poll(max(0.0, min(wait, DELIVERY)))
        controller._say_events(self._number, batch)
