"""A shell in a real terminal (tmux), typed at as a person would."""

import os
import re
import subprocess
import time
import uuid
from pathlib import Path

PATIENCE = float(os.environ.get("BTTUI_TEST_PATIENCE", "60"))


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

    def child(self):
        """The pid of what the shell runs."""
        pane = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        return int(Path(f"/proc/{pane}/task/{pane}/children").read_text().split()[0])

    def everything(self):
        """The screen with what scrolled off it."""
        return self.tmux("capture-pane", "-p", "-S", "-1000")

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
