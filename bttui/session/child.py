"""The command of -c: forked at once, so that its pid is known; it runs when everything is attached, and ends with us."""

import errno
import os
import signal
import sys

from bttui.model.diagnostic import error

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
_RESET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1, signal.SIGCHLD)


class Child:
    """A context manager: leaving it ends the process. ``fileno()`` is readable once the process has ended.

    The kernel kills it when the thread that made it ends: make it in one that lives as long as the trace.
    With ``quiet`` it reads nothing, and what it writes can be read from ``output``.
    """

    def __init__(self, command: str, *, quiet: bool = False):
        """Raises DiagnosticError where there is no such command."""
        words = command.split() or [""]
        path = self._path = find_executable(words[0])
        hold, self._gate = os.pipe()
        self._news, tell = os.pipe()  # closed by exec; before that a byte says that it waits, and an errno that it cannot begin
        self.output, writer = os.pipe() if quiet else (-1, -1)
        parent = os.getpid()
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            try:
                os.close(self._gate)
                _become(path, words, hold, writer, tell, parent)
            finally:
                os._exit(127)
        os.close(hold)
        os.close(tell)
        if quiet:
            os.close(writer)
        self._pidfd = os.pidfd_open(self.pid)
        self._settled = False
        self.status: "int | None" = None

    def fileno(self) -> int:
        return self._pidfd

    def settle(self) -> None:
        """Wait until all that comes before the command is done, so that none of it is traced."""
        if not self._settled:
            os.read(self._news, 1)
            self._settled = True

    def go(self) -> None:
        """Let the command begin. Raises DiagnosticError where it cannot."""
        if self._gate < 0:
            return
        self.settle()
        os.write(self._gate, b"g")
        os.close(self._gate)
        self._gate = -1
        refusal = os.read(self._news, 4)
        if refusal:
            number = int.from_bytes(refusal, sys.byteorder)
            # execve(2): ENOENT of a file that is there is about the interpreter that it names
            cause = "its interpreter does not exist" if number == errno.ENOENT else os.strerror(number)
            hint = (
                f"a script begins with #! and an interpreter; -c 'sh {self._path}' runs one that does not"
                if number == errno.ENOEXEC
                else ""
            )
            raise error(f"Failed to execute '{self._path}': {cause}", hint=hint)

    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def close(self) -> None:
        """End it: SIGTERM, and SIGKILL half a second later. Safe to call twice."""
        if self._gate >= 0:
            os.close(self._gate)  # it waits for this, and ends
            self._gate = -1
        if not self.ended():
            self._signal(signal.SIGTERM)
            if not self.wait(500):
                self._signal(signal.SIGKILL)
                self.wait(-1)
            self.ended()
        for fd in (self._pidfd, self.output, self._news):
            if fd >= 0:
                os.close(fd)
        self._pidfd = self.output = self._news = -1

    def _signal(self, number: int) -> None:
        if not self.ended():
            os.kill(self.pid, number)

    def wait(self, milliseconds: int) -> bool:
        """Whether it has ended, at the latest after this time (-1: however long it takes)."""
        import select

        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(milliseconds))

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _become(path: str, words: "list[str]", hold: int, writer: int, tell: int, parent: int) -> None:
    """In the child: wait for the word, then be the command."""
    import ctypes

    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return
    if writer >= 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
    for number in _RESET:
        signal.signal(number, signal.SIG_DFL)
    os.write(tell, b"r")
    if os.read(hold, 1):
        try:
            os.execv(path, words)
        except OSError as reason:
            os.write(tell, (reason.errno or 0).to_bytes(4, sys.byteorder))


def find_executable(name: str) -> str:
    folders = [""] if "/" in name else os.get_exec_path()
    for folder in folders:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    reason = os.strerror(errno.ENOENT if not os.path.exists(name) else errno.EACCES)
    raise error(f"Failed to fork child: Path '{name}' does not exist or is not executable ({reason})")


class Watched:
    """The process of -p. ``fileno()`` is readable once it has ended."""

    def __init__(self, pid: int):
        """Raises DiagnosticError where there is no such process."""
        try:
            self._pidfd = os.pidfd_open(pid)
        except OSError as reason:
            raise error(f"Failed to attach to pid: Unable to open pidfd ({reason.strerror})") from None

    def fileno(self) -> int:
        return self._pidfd

    def close(self) -> None:
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
