"""Runs the bttui command and the load generators of tests/load. Imports no pytest: the runner inside a virtual
machine uses it too."""

import contextlib
import hashlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# BTTUI_TEST_COMMAND: another command to hold against the tests, bpftrace for one.
COMMAND = os.environ.get("BTTUI_TEST_COMMAND") or str(Path(sys.executable).parent / "bttui")
ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
PATIENCE = float(os.environ.get("BTTUI_TEST_PATIENCE", "60"))  # seconds; emulated machines are given more


class Result(NamedTuple):
    stdout: str
    stderr: str
    returncode: int


class Process:
    """A child whose output is collected while it runs. A context manager: leaving it kills what still runs."""

    def __init__(self, arguments, *, env=None, cwd=None, stdin=subprocess.DEVNULL):
        self.arguments = [str(argument) for argument in arguments]
        self._text = {"stdout": bytearray(), "stderr": bytearray()}
        self._news = threading.Condition()
        self._open = 2
        self.popen = subprocess.Popen(
            self.arguments, env=env, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        self.pid = self.popen.pid
        self._readers = [
            threading.Thread(target=self._collect, args=(name, stream), daemon=True)
            for name, stream in (("stdout", self.popen.stdout), ("stderr", self.popen.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _collect(self, name, stream):
        while chunk := os.read(stream.fileno(), 65536):
            with self._news:
                self._text[name] += chunk
                self._news.notify_all()
        with self._news:
            self._open -= 1
            self._news.notify_all()

    @property
    def stdout(self):
        """What it printed so far, without the line that says that the probes are attached."""
        return self._text["stdout"].decode(errors="replace").replace(ATTACHED + "\n", "", 1)

    @property
    def stderr(self):
        return self._text["stderr"].decode(errors="replace")

    def until(self, text, *, stream="stdout", timeout=None):
        """Wait for ``text`` in the output. Raises AssertionError with all output when it ends or takes too long."""
        wanted = text.encode()
        with self._news:
            self._news.wait_for(lambda: wanted in self._text[stream] or not self._open, timeout or PATIENCE)
            if wanted not in self._text[stream]:
                raise AssertionError(f"no {text!r} from {shlex.join(self.arguments)}\n{self.stdout}\n{self.stderr}")

    def wait(self, timeout=None):
        """The Result, once it has ended by itself."""
        try:
            self.popen.wait(timeout or PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running: {shlex.join(self.arguments)}\n{self.stdout}\n{self.stderr}") from None
        for reader in self._readers:
            reader.join(PATIENCE)
        return Result(self.stdout, self.stderr, self.popen.returncode)

    def stop(self, number=signal.SIGINT, timeout=None):
        """Send a signal and wait."""
        self.popen.send_signal(number)
        return self.wait(timeout)

    def kill(self):
        if self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ends by itself just now
                os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        for reader in self._readers:
            reader.join(5)
        self.popen.stdout.close()
        self.popen.stderr.close()


class Bttui:
    """The installed command. ``scratch`` is a folder for what it caches."""

    def __init__(self, scratch):
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("BPFTRACE_", "BTTUI_", "__BPFTRACE_"))}
        self.env = keep | {"XDG_CACHE_HOME": str(scratch), "XDG_CONFIG_HOME": str(scratch), "LC_ALL": "C.UTF-8"}
        if "BTTUI_LIBBPF" in os.environ:
            self.env["BTTUI_LIBBPF"] = os.environ["BTTUI_LIBBPF"]

    def __call__(self, *arguments, stdin="", env=None, cwd=None, timeout=None):
        """Run to the end: bttui("-e", "...") -> Result."""
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            input=stdin,
            env=self.env | (env or {}),
            cwd=cwd,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout or PATIENCE,
        )
        return Result(done.stdout, done.stderr, done.returncode)

    def start(self, *arguments, env=None, cwd=None, attached=True):
        """A running trace as a Process; returns once the probes are attached (unless told not to wait)."""
        process = Process([COMMAND, *arguments], env=self.env | {ATTACHED: "1"} | (env or {}), cwd=cwd)
        if attached:
            try:
                process.until(ATTACHED)
            except AssertionError:
                process.kill()
                raise
        return process

    def trace(self, program, *arguments, work=None, env=None, number=signal.SIGINT):
        """Attach ``program``, call ``work()``, interrupt, and give (Result, what work returned)."""
        with self.start(*arguments, "-e", program, env=env) as process:
            did = work() if work else None
            return process.stop(number), did


def eventually(holds):
    """Wait for something that nobody tells of; an error where it does not come."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


class Waiting:
    """A load that has started and waits: ``pid`` can go into a predicate, then ``go()`` makes it work."""

    def __init__(self, path, arguments):
        self._process = Process([path, "-w", *arguments])
        self.pid = self._process.pid
        self._process.until(f"pid={self.pid}\n")
        eventually(lambda: Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S")  # it waits for its signal

    def go(self):
        with self._process as process:
            return parse_report(process.stop(signal.SIGUSR1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()


def parse_report(result):
    """key=value words of a load's output -> {key: number}."""
    assert result.returncode == 0, result
    return {key: int(value) for key, value in (word.split("=") for word in result.stdout.split())}


class Load:
    """The programs of tests/load, built once into ``folder``."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def build(self, source="load", name="bttui_load", *flags):
        """Compile tests/load/SOURCE.c or SOURCE.cpp as NAME (the comm that tracers see; 15 characters at most) -> its path."""
        kind = hashlib.sha1(" ".join((source, *flags)).encode()).hexdigest()[:8]  # one name may stand for several programs
        path = self.folder / kind / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            fresh = path.with_suffix(f".{os.getpid()}")
            frames = ["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"]
            text = ROOT / "tests" / "load" / f"{source}.c"
            compiler, text = ("gcc", text) if text.exists() else ("g++", text.with_suffix(".cpp"))
            subprocess.run([compiler, "-O1", "-g", "-Wall", "-Wextra", "-Werror", *frames, *flags, "-o", fresh, text], check=True)
            fresh.rename(path)
        return path

    @staticmethod
    def source(name):
        """tests/load/NAME.c"""
        return ROOT / "tests" / "load" / f"{name}.c"

    def split(self, source="stack", name="bttui_stripped"):
        """As build(), a stripped PIE whose symbols lie beside it in NAME.debug, found by .gnu_debuglink."""
        path = self.build(source, name, "-fPIE", "-pie")
        debug = path.with_name(f"{name}.debug")
        if not debug.exists():
            subprocess.run(["objcopy", "--only-keep-debug", path, debug], check=True)
            subprocess.run(["strip", "--strip-all", path], check=True)
            subprocess.run(["objcopy", f"--add-gnu-debuglink={debug.name}", path], check=True, cwd=path.parent)
        return path

    def __call__(self, *arguments, path=None):
        """Run a load to its end -> its report, e.g. load("syscalls", 1000)["syscalls"]."""
        with Process([path or self.build(), *arguments]) as process:
            return parse_report(process.wait())

    def start(self, *arguments, path=None):
        return Waiting(path or self.build(), arguments)
