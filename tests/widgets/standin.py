"""The dashboard in a real terminal on a scripted trace: python tests/widgets/standin.py [--crash] [--lines N] [--interval S]."""

import argparse
import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from widgets import scripted

from bttui.app import Dashboard, run_dashboard


class Ticking(scripted.ScriptedController):
    """Shows a frame every interval once it runs."""

    crash = hostile = False
    ahead = 0

    def listen(self, listener):
        super().listen(listener)
        self.made = [scripted.reads_frame(second) for second in range(self.ahead)]

    def run(self, text):
        super().run(text)
        self.over = threading.Event()
        threading.Thread(target=self.tick, daemon=True).start()

    def tick(self):
        second = 0
        while not self.over.wait(self.interval):
            second += 1
            if self.hostile:
                self.show(scripted.hostile_frame(second))
                self.say(scripted.printed("\x1b[2J\x1b]0;evil\x07[bold]markup[/]\n", second), scripted.printed("x" * 1_000_000, second))
                continue
            self.show(self.made[second] if second < len(self.made) else scripted.reads_frame(second))
            self.say(scripted.printed(f"tick {second}\n", second))
            if self.crash and second == 3:
                self.listener.on_diagnostics(None)  # nothing that a screen can show

    def signal(self):
        """As self:signal:SIGUSR1 { exit(); } would."""
        self.stop()

    def stop(self):
        self.over.set()
        super().stop()


if __name__ == "__main__":
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--crash", action="store_true", help="after three frames a report that no screen can show")
    wanted.add_argument("--lines", type=int, default=0, help="length of the program, at least")
    wanted.add_argument("--interval", type=float, default=0.1, help="seconds between two frames")
    wanted.add_argument("--ahead", type=int, default=0, help="so many frames are made before the first is shown")
    wanted.add_argument("--hostile", action="store_true", help="names and lines that attack the terminal")
    options = wanted.parse_args()
    print(f"pid {os.getpid()}", flush=True)
    controller = Ticking(options.interval)
    controller.crash, controller.ahead, controller.hostile = options.crash, options.ahead, options.hostile
    program = scripted.READS
    while program.count("\n") < options.lines:
        program += scripted.READS
    sys.exit(run_dashboard(Dashboard(program, controller, "reads.bt", start=True)))
