"""Signals to a trace that is printed."""

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.session.session import Session

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """INT, TERM and HUP end what is going on; a second one ends us at once. ``fileno()`` is readable after the first.

    HUP does not where it was ignored already, as under nohup(1).
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.session: "Session | None" = None
        self.number = 0
        for number in STOPPING:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)
        signal.signal(signal.SIGUSR1, self._user)

    def fileno(self) -> int:
        return self._reader

    def _handle(self, number: int, frame: object) -> None:
        if self.number and self.session is None:
            os._exit(128 + number)
        self.number = number
        os.write(self._writer, b".")
        if self.session:
            self.session.request_stop()

    def _user(self, number: int, frame: object) -> None:
        if self.session:
            self.session.signal()

    def follow(self, session: "Session | None") -> None:
        """From now on a signal stops this session."""
        self.session = session
        if session and self.number:
            session.request_stop()
