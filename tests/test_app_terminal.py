"""The dashboard in a real terminal (tmux): whatever way it ends, the shell below it is as it was."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

STANDIN = Path(__file__).parent / "widgets" / "standin.py"
PATIENCE = 60.0

pytestmark = pytest.mark.screen


class Terminal:
    """A shell in a tmux server of its own."""

    def __init__(self, width, height):
        self.socket = f"bttui-test-{uuid.uuid4().hex[:8]}"
        shell = "env -i HOME=/nonexistent TERM=$TERM LANG=C.UTF-8 PATH=$PATH PS1='$ ' sh"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), shell)
        self.until("$")

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-L", self.socket, *arguments], check=True, capture_output=True, text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def until(self, pattern):
        """Wait until the screen matches; give the match."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.screen(), re.MULTILINE)):
            assert time.monotonic() < end, f"no {pattern!r} on\n{self.screen()}"
            time.sleep(0.05)  # tmux has no way to wait for a text
        return found

    def is_sane(self):
        """The normal screen is there, what is typed is echoed, lines are edited, signals and the cursor work."""
        self.type("stty -a | tr ' ;' '\\n\\n' | grep -E '^-?(icanon|echo|isig|ixon|icrnl|iexten)$' | sort | tr '\\n' ' '")
        self.press("Enter")
        self.until(r"^echo icanon icrnl iexten isig ixon")
        state = self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{mouse_all_flag} #{pane_dead}")
        assert state.split() == ["0", "1", "0", "0", "0"]
        self.type("printf 'ty%s\\n' ped")
        self.press("Enter")
        self.until(r"^typed$")

    def close(self):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True, check=False)


@pytest.fixture(params=[(120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
def terminal(request):
    terminal = Terminal(*request.param)
    yield terminal
    terminal.close()


def start(terminal):
    """The pid of a stand-in that is live."""
    terminal.type(shlex.join([sys.executable, str(STANDIN)]) + "; echo status $?")
    terminal.press("Enter")
    terminal.until("LIVE 00:0[1-9]")
    pane = int(terminal.tmux("display-message", "-p", "#{pane_pid}"))
    return int(Path(f"/proc/{pane}/task/{pane}/children").read_text().split()[0])


def test_quit_prints_the_maps_and_leaves_a_sane_terminal(terminal):
    start(terminal)
    terminal.press("C-q")
    terminal.until(r"^status 0")
    shown = terminal.tmux("capture-pane", "-p", "-S", "-200")
    assert re.search(r"^@calls\[postgres\]: \d+$", shown, re.MULTILINE)
    assert re.search(r"^@us\[nginx\]:$", shown, re.MULTILINE)
    assert "┏" not in shown
    terminal.is_sane()


def test_ctrl_c_stops_and_twice_quits(terminal):
    start(terminal)
    terminal.press("C-c")
    terminal.until("■ ended")
    terminal.press("C-c")
    terminal.press("C-c")
    terminal.until(r"^status 0")
    terminal.is_sane()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_signals_end_it_as_quitting_does(terminal, number):
    os.kill(start(terminal), number)
    terminal.until(r"^status 0")
    assert "@calls[postgres]" in terminal.tmux("capture-pane", "-p", "-S", "-200")
    terminal.is_sane()


@pytest.mark.parametrize("way", ["key", "signal"])
def test_suspend_and_continue(terminal, way):
    pid = start(terminal)
    if way == "key":
        terminal.press("Escape")
        terminal.until("▾")
        terminal.press("Tab", "C-z")
    else:
        os.kill(pid, signal.SIGTSTP)
    terminal.until(r"Stopped|suspended")
    terminal.is_sane()
    terminal.type("fg")
    terminal.press("Enter")
    terminal.until("LIVE")
    terminal.press("C-q")
    terminal.until(r"^@us\[postgres\]:(.|\n)*^\$ ?$")
    terminal.is_sane()


def test_a_crash_leaves_a_sane_terminal(terminal):
    terminal.type(shlex.join([sys.executable, str(STANDIN), "crash"]) + "; echo status $?")
    terminal.press("Enter")
    terminal.until(r"^status [1-9]")
    terminal.is_sane()


def test_keys_come_from_the_terminal_and_the_screen_goes_to_it(terminal, tmp_path):
    terminal.type(f"echo | {shlex.join([sys.executable, str(STANDIN)])} 2>{tmp_path}/errors; echo status $?")
    terminal.press("Enter")
    terminal.until("LIVE 00:0[1-9]")
    terminal.press("C-q")
    terminal.until(r"^status 0")
    assert (tmp_path / "errors").read_text() == ""
    terminal.is_sane()


def test_resize_while_running(terminal):
    start(terminal)
    terminal.tmux("resize-window", "-x", "80", "-y", "24")
    terminal.until(r"^ 1 Program  2 @us")
    terminal.tmux("resize-window", "-x", "200", "-y", "60")
    terminal.until(r"@us\[comm\].*@calls\[comm\]")
    terminal.press("C-q")
    terminal.until(r"^status 0")
