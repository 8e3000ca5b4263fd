"""The dashboard in a real terminal on a scripted trace: python tests/widgets/standin.py [crash]."""

import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from widgets import scripted

from bttui.app import run_dashboard
from bttui.render.text import maps_at_exit


class Ticking(scripted.ScriptedController):
    """Shows a frame every tenth of a second once it runs."""

    def run(self, text):
        super().run(text)
        self.over = threading.Event()
        threading.Thread(target=self.tick, daemon=True).start()

    def tick(self):
        second = 0
        while not self.over.wait(0.1):
            second += 1
            self.show(scripted.reads_frame(second))
            self.say(scripted.printed(f"tick {second}\n", second))
            if "crash" in sys.argv and second == 3:
                self.listener.on_frame(self.status.run, None)  # nothing that a screen can show

    def stop(self):
        self.over.set()
        super().stop()


if __name__ == "__main__":
    print(f"pid {os.getpid()}", flush=True)
    sys.exit(
        run_dashboard(scripted.READS, controller=Ticking(0.1), name="reads.bt", show_maps=lambda frame: maps_at_exit(frame.maps.values()))
    )
