"""One line that says how far a step is and how long it will take."""

import sys
import time


class Progress:
    def __init__(self, what, total, done=0):
        self.what, self.total, self.done, self.first = what, total, done, done
        self.started = self.shown = time.monotonic()

    def step(self, note=""):
        self.done += 1
        now = time.monotonic()
        if now - self.shown < (1 if sys.stderr.isatty() else 30) and self.done < self.total:
            return
        self.shown = now
        left = (now - self.started) / (self.done - self.first) * (self.total - self.done)
        bar = "#" * (30 * self.done // self.total)
        end = "\n" if self.done == self.total or not sys.stderr.isatty() else ""
        line = f"{self.what:12} [{bar:30}] {self.done}/{self.total}  {left / 60:5.1f} min left  {note}"
        print(f"\r{line}" if sys.stderr.isatty() else line, end=end, file=sys.stderr, flush=True)
