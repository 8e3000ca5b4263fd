"""The dashboard in a real terminal (tmux): whatever way it ends, the shell below it is as it was."""

import contextlib
import os
import re
import select
import shlex
import signal
import sys
from pathlib import Path

import pytest
from widgets.terminal import PATIENCE, Terminal

from bttui.widgets.driver import Output

STANDIN = Path(__file__).parent / "widgets" / "standin.py"

pytestmark = pytest.mark.screen


@pytest.fixture
def terminal():
    terminal = Terminal(120, 36)
    yield terminal
    terminal.close()


def start(terminal):
    """The pid of a stand-in that is live."""
    terminal.type(shlex.join([sys.executable, str(STANDIN)]) + "; echo status $?")
    terminal.press("Enter")
    terminal.until("LIVE 00:0[1-9]")
    return terminal.child()


def test_quit_prints_the_maps_and_leaves_a_sane_terminal(terminal):
    start(terminal)
    terminal.press("C-q")
    terminal.until(r"^status 0")
    shown = terminal.everything()
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
    assert "@calls[postgres]" in terminal.everything()
    terminal.is_sane()


def test_sigusr1_is_for_the_program(terminal):
    os.kill(start(terminal), signal.SIGUSR1)
    terminal.until("■ ended")
    terminal.press("C-q")
    terminal.until(r"^status 0")
    terminal.is_sane()


def test_a_terminal_that_goes_away_takes_it_along(terminal):
    """A closed window: a signal comes, and writing fails from then on."""
    pidfd = os.pidfd_open(start(terminal))
    try:
        terminal.close()
        assert select.select([pidfd], [], [], PATIENCE)[0], "it is still there"
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.close(pidfd)


def test_who_writes_to_a_terminal_that_is_gone_is_told_once():
    main, other = os.openpty()
    told = []
    with open(other, "w") as file:
        output = Output(file, lambda: told.append("gone"))
        output.write("here")
        output.flush()
        assert os.read(main, 100) == b"here" and not told
        os.close(main)
        for _ in range(3):
            output.write("more")
            output.flush()
        assert told == ["gone"]
        os.dup2(os.open(os.devnull, os.O_WRONLY), other)  # for what the file still holds


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
    terminal.type(shlex.join([sys.executable, str(STANDIN), "--crash"]) + "; echo status $?")
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
