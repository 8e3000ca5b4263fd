"""Names of code that a process makes at run time: /tmp/perf-PID.map, lines of START SIZE NAME, numbers in hexadecimal.

Format: tools/perf/Documentation/jit-interface.txt of the kernel.
"""

import os
import stat
from bisect import bisect_right

_LARGEST = 64 << 20  # bytes


class PerfMap:
    """That of one process. Read again when the file has grown.

    To be made while the process runs: of one with files of its own (a container), the way there is kept open. ``path`` is
    where the file was found, "" where there is none, and ``name`` what the process itself calls it.
    """

    def __init__(self, pid: int):
        self.path = ""
        self._pid = pid
        self._kept = False
        self._root = -1
        self._state: "tuple[int, int, int]" = (0, 0, 0)
        self._starts: "list[int]" = []
        self._functions: "list[tuple[int, int, str]]" = []
        self._places = self._possible()

    def __del__(self) -> None:
        if self._root >= 0:
            os.close(self._root)

    def _possible(self) -> "list[str]":
        outside = f"/tmp/perf-{self._pid}.map"
        try:
            if all(os.path.samefile(f"/proc/{self._pid}/{what}", f"/proc/self/{what}") for what in ("ns/mnt", "ns/pid", "root")):
                return [outside]
            with open(f"/proc/{self._pid}/status") as file:
                inner = next((int(line.split()[-1]) for line in file if line.startswith("NSpid:")), self._pid)
            self._root = os.open(f"/proc/{self._pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return [outside]
        return [f"/proc/self/fd/{self._root}/tmp/perf-{inner}.map", outside]

    @property
    def name(self) -> str:
        return self.path.removeprefix(f"/proc/self/fd/{self._root}")

    def keep(self) -> None:
        """What it says now is what it will say: another process may write to the same place."""
        if not self._kept:
            self._update()
            self._kept = True

    def at(self, address: int) -> "tuple[str, int] | None":
        """(name, start) of the function that holds the address."""
        self._update()
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        start, size, name = self._functions[index]
        return (name, start) if address - start < size else None

    def _update(self) -> None:
        for path in () if self._kept else (self.path,) if self.path else self._places:
            try:
                found = os.stat(path, follow_symlinks=False)
            except OSError:
                continue
            # Anyone can write to /tmp: only what the process's owner or root says about it counts.
            if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST or found.st_uid not in (0, _owner(self._pid, found.st_uid)):
                continue
            state = (found.st_ino, found.st_mtime_ns, found.st_size)
            if state != self._state:
                self.path, self._state = path, state
                self._parse(path)
            return

    def _parse(self, path: str) -> None:
        functions: "dict[int, tuple[int, int, str]]" = {}
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, encoding="utf-8", errors="surrogateescape") as file:
                for line in file.read(_LARGEST).splitlines():
                    words = line.split(None, 2)
                    try:
                        start, size = int(words[0], 16), int(words[1], 16)
                        functions[start] = (start, size, words[2].strip())
                    except (ValueError, IndexError):
                        continue
        except OSError:
            return
        self._functions = sorted(functions.values())
        self._starts = sorted(functions)


def _owner(pid: int, otherwise: int) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return otherwise
