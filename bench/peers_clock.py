"""What every contender of ``peers.py`` shares: how it is called, and the clock that counts its images and ends it.

A contender is a process, ``python peers_NAME.py FILE BATCH SECONDS``, that answers with one line of JSON. Nothing here
needs convscope, for the peers live in a Python of their own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

WARM_UP = 3.0  # seconds from the first step on
EPOCHS = 20  # more than the clock lets anyone finish
RATE = 0.01  # highest learning rate of the document's one-cycle


def busy() -> float:
    """Return the core-seconds that all programs, and the host's other guests, have taken since the machine started."""
    with Path("/proc/stat").open() as file:
        user, nice, system, _idle, _wait, *interrupts_and_stolen = map(int, file.readline().split()[1:9])
    return (user + nice + system + sum(interrupts_and_stolen)) / os.sysconf("SC_CLK_TCK")


def own() -> float:
    """Return the core-seconds that this process and the workers it has now have taken."""
    ticks = 0
    for pid in (os.getpid(), *(child.pid for child in active_children())):
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(after_name[11]) + int(after_name[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Clock:
    """Counts the images of training steps and their seconds, from the warm-up until the time is up.

    What lies between the epochs is left out: validation, checkpoints and summaries differ from tool to tool. Beside
    the rate stand the cores that other programs took meanwhile.
    """

    def __init__(self, batch: int, seconds: float, version: str):
        self.batch, self.seconds, self.version = batch, seconds, version
        self.images, self.spent, self.began = 0, 0.0, 0.0
        self.epoch, self.step, self.last = -1, 0, 0.0
        self.warm = 0.0, 0.0  # when the warm-up ended, and what others had taken by then

    def tick(self, epoch: int, step: int) -> None:
        """Note that the step (from 1) of an epoch is done; print the rate and end the process when the time is up."""
        now = time.perf_counter()
        self.began = self.began or now
        if epoch == self.epoch and self.warm[0]:
            self.images += (step - self.step) * self.batch
            self.spent += now - self.last
        self.epoch, self.step, self.last = epoch, step, now
        if not self.warm[0] and now - self.began >= WARM_UP:
            self.warm = now, busy() - own()
        if self.spent >= self.seconds:
            others = (busy() - own() - self.warm[1]) / (now - self.warm[0])
            rate = {"images_per_second": self.images / self.spent, "others": others, "version": self.version}
            print(f"\n{json.dumps(rate)}", flush=True)  # progress bars leave the cursor within a line
            os._exit(0)


def run(train: Callable[[str, int, Clock], object], version: str) -> None:
    """Call ``train(file, batch, clock)`` with the arguments of the command line; the clock ends the process."""
    file, batch, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    train(file, batch, Clock(batch, seconds, version))
    sys.exit(f"all {EPOCHS} epochs were over before the {seconds:g} seconds; raise EPOCHS")
