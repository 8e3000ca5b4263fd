"""Whole sessions in a real terminal (tmux), typed as a person types, on terminals good and bad."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from widgets.terminal import Terminal

STANDIN = Path(__file__).parent / "widgets" / "standin.py"
COMMAND = shlex.join([sys.executable, "-m", "bttui"])

pytestmark = pytest.mark.screen


@pytest.fixture
def open_terminal():
    opened = []

    def open_(width=120, height=36):
        opened.append(Terminal(width, height))
        return opened[-1]

    yield open_
    for terminal in opened:
        terminal.close()


def start(terminal, *arguments, **environment):
    terminal.type(
        shlex.join(["env", *(f"{name}={value}" for name, value in environment.items()), sys.executable, str(STANDIN), *arguments])
    )
    terminal.type("; echo status $?")
    terminal.press("Enter")


@pytest.mark.live
def test_write_run_mend_browse_stop_and_leave(open_terminal, tmp_path):
    """From an empty file to maps on the normal screen: a mistake is told while it stands there, and mended."""
    program = tmp_path / "first.bt"
    program.write_text("\n")
    terminal = open_terminal()
    terminal.type(f"cd {tmp_path}; PYTHONPATH={Path(__file__).parent.parent} {COMMAND} first.bt; echo status $?")
    terminal.press("Enter")
    terminal.until(r"1 .*first\.bt")
    terminal.type("BEGIN { @started = 1; cuont(); }")
    terminal.until(r"✗ 1 error")  # nobody has pressed F5
    terminal.press("F5")
    terminal.until(r"┃ +✗ .*cuont")  # below its line: the answer to F5, which brings the cursor there
    terminal.press("End", *["BSpace"] * 10)
    terminal.type("@n = count(); }")
    terminal.press("Enter")
    terminal.press("F2")
    terminal.until(r"[\d,]+ of [\d,]+")
    terminal.type("type:tracepoint sys_enter_nanosleep")
    terminal.until(r"1 of [\d,]+")
    terminal.press("Tab")
    terminal.until("a With body")
    terminal.press("a")
    terminal.until(r"tracepoint:syscalls:sys_enter_nanosleep \{")
    terminal.type("@sleeps = count();")
    terminal.press("F5")
    terminal.until(r"LIVE 00:0\d +2 probes")
    terminal.until("@sleeps")
    terminal.press("C-s")
    terminal.until("Saved")
    assert "sys_enter_nanosleep {" in program.read_text()
    terminal.press("F6")
    terminal.until("■ ended")
    terminal.press("C-q")
    terminal.until(r"^status 0")
    shown = terminal.everything()
    assert re.search(r"^@started: 1$", shown, re.MULTILINE) and re.search(r"^@n: 1$", shown, re.MULTILINE)
    terminal.is_sane()


TERMINALS = {
    "linux": {"TERM": "linux"},
    "screen": {"TERM": "screen"},
    "16 colours": {"TERM": "xterm"},
    "no colours": {"NO_COLOR": "1"},
    "LANG=C": {"LANG": "C", "LC_ALL": "C"},
    "dumb": {"TERM": "dumb"},
}


@pytest.mark.parametrize("name", TERMINALS)
def test_terminals(open_terminal, name):
    """Every one shows the panes, takes the keys and is left as it was."""
    terminal = open_terminal()
    start(terminal, **TERMINALS[name])
    terminal.until("LIVE 00:0[1-9]")
    terminal.press("Tab", "Tab")
    terminal.until(r"s Sort")
    terminal.press("F1")
    terminal.until("Sort by the next column")
    terminal.press("Escape")
    terminal.until(r"postgres +[\d,]+")
    terminal.press("C-q")
    terminal.until(r"^status 0")
    terminal.is_sane()


def test_resize_keeps_what_was_being_done(open_terminal):
    terminal = open_terminal()
    start(terminal)
    terminal.until("LIVE 00:0[1-9]")
    terminal.press("Tab", "Tab", "w")
    terminal.until("Export")
    for width, height in ((80, 24), (40, 10), (200, 60), (120, 36)):
        terminal.tmux("resize-window", "-x", str(width), "-y", str(height))
        terminal.until("xport")
    terminal.press("Escape")
    terminal.until(r"s Sort")
    terminal.press("C-q")
    terminal.until(r"^status 0")


def test_names_and_lines_that_attack_the_terminal(open_terminal):
    """Escape sequences, markup, wide letters and a line without end, in keys and in the log."""
    terminal = open_terminal()
    start(terminal, "--hostile")
    terminal.until("LIVE 00:0[1-9]")
    terminal.until(r"longlong.*│$")
    shown = terminal.screen()
    assert "\\x1b]0;evil\\x07" in shown and "[bold]markup[/]" in shown and "日本語" in shown
    assert terminal.tmux("display-message", "-p", "#{pane_title}").strip() != "evil"
    terminal.press("Tab", "Tab")
    terminal.until("Log")
    terminal.press("C-q")
    terminal.until(r"^status 0")
    assert "evil" not in terminal.tmux("display-message", "-p", "#{pane_title}")
    terminal.is_sane()
