"""A program in a terminal of its own (a pty), typed at, with the time of every byte that it draws and the CPU it takes."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
STANDIN = str(ROOT / "tests" / "widgets" / "standin.py")


class Terminal:
    """Runs ``command``; the terminal answers no queries, as a slow one would not."""

    def __init__(self, command: "list[str]", columns: int = 120, lines: int = 36, **environment: str) -> None:
        self.started = time.monotonic()
        self.drawn = b""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds: float) -> bytes:
        """What is drawn within ``seconds``; b"" for nothing."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            part = os.read(self.fd, 1 << 20)
        except OSError:  # the other end has gone
            return b""
        self.drawn += part
        return part

    def until(self, *words: str, patience: float = 30.0) -> float:
        """Seconds from the start until all the words were drawn."""
        end = time.monotonic() + patience
        while not all(word.encode() in self.drawn for word in words):
            if time.monotonic() > end:
                raise TimeoutError(f"no {words} in {self.drawn[-2000:]!r}")
            self.read(0.5)
        return time.monotonic() - self.started

    def quiet(self, seconds: float = 0.2) -> None:
        """Wait until nothing has been drawn for so long."""
        while self.read(seconds):
            pass

    def type(self, keys: bytes) -> float:
        """Press the keys; seconds until something is drawn."""
        began = time.monotonic()
        os.write(self.fd, keys)
        self.read(5)
        return time.monotonic() - began

    def cpu(self) -> float:
        """Seconds of CPU so far, of all its threads (schedstat counts nanoseconds, where /proc/PID/stat has ticks)."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def screen_cpu(self) -> float:
        """The same, of the thread that draws: the first one."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()[0]) / 1e9

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
