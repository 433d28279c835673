"""When a training is saved, and how it is saved without waiting: from a copy, in the background, one at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from convscope.errors import SaveError
from convscope.training.checkpoint import State
from convscope.training.state import TrainerState

EVERY = 60.0  # seconds of training that a crash may cost
SHARE = 0.01  # of the training time: what saving more often than that may cost


class CheckpointSink(Protocol):
    """Where a run's resume state and its chosen weights go; both raise ``SaveError`` where they cannot be written.

    The state holds the chosen weights too, and a run ends by writing them anew: whichever of the two is older after
    a kill, the resumed run ends in the right ones.
    """

    def keep_state(self, state: State) -> None:
        """Replace the saved state."""

    def keep_weights(self, weights: dict[str, Tensor], epoch: int) -> None:
        """Replace the chosen weights."""


class Saving:
    """Saves a training: in the background while it runs, and waited for at its end.

    What cannot be written on the way (a full disk) is told through ``tell``, once until it works again; training goes
    on, and what was saved before is kept. ``waited`` counts the seconds that training stood still for it.
    """

    def __init__(self, keeper: CheckpointSink, tell: Callable[[str], None]):
        self.waited = 0.0
        self._keeper, self._tell = keeper, tell
        self._ended, self._cost = time.perf_counter(), 0.0  # of the last save
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._failing = False
        self._weights_of = 0  # the epoch whose weights this sitting has written

    def due(self, *, epoch_over: bool) -> bool:
        """Return whether it is time to save: after ``EVERY`` seconds, or where an epoch ended and saving is cheap."""
        if self._thread is not None:
            return False
        since = time.perf_counter() - self._ended
        return since >= EVERY or (epoch_over and self._cost <= SHARE * since)

    def start(self, progress: TrainerState) -> None:
        """Copy the state and write it in the background."""
        began = time.perf_counter()
        snapshot = (progress.state(), progress.chosen, progress.chosen_epoch)
        # Daemonic: a second Ctrl-C ends the program at once. What is half written then has no name yet.
        self._thread = threading.Thread(target=self._in_background, args=(snapshot, began), daemon=True, name="saving")
        try:
            self._thread.start()
        except RuntimeError:  # too little memory for a thread: training waits
            self._in_background(snapshot, began)
        self.waited += time.perf_counter() - began

    def look(self) -> None:
        """Hear how the write in the background ended, if it did."""
        if self._thread is not None and not self._thread.is_alive():
            self.settle()

    def settle(self) -> None:
        """Wait for the write in the background; what it could not write is told."""
        if self._thread is None:
            return
        began = time.perf_counter()
        if self._thread.is_alive():
            self._thread.join()
        self._thread, error, self._error = None, self._error, None
        self.waited += time.perf_counter() - began
        if isinstance(error, SaveError):
            if not self._failing:
                self._tell(f"NOT SAVED: {error.problem}. Training continues, and saving is tried again")
            self._failing = True
        elif error is not None:
            raise error
        else:
            self._recovered()

    def now(self, progress: TrainerState, *, boundary: bool = False) -> None:
        """Write the state and the chosen weights at the end; ``SaveError`` names all that could not be written."""
        self.settle()
        began = time.perf_counter()
        try:
            self._write(progress.state(boundary=boundary), progress.chosen, progress.chosen_epoch)
        finally:
            self.waited += time.perf_counter() - began
        self._recovered()

    def _recovered(self) -> None:
        if self._failing:
            self._tell("saving works again: the training so far is saved")
        self._failing = False

    def _in_background(self, snapshot: tuple[State, dict[str, Tensor], int], began: float) -> None:
        try:
            self._write(*snapshot)
        except Exception as error:  # whatever it is, the training's thread raises or tells it
            self._error = error
        self._ended = time.perf_counter()
        self._cost = self._ended - began

    def _write(self, state: State, weights: dict[str, Tensor], epoch: int) -> None:
        """Try both: where the disk has room for one of them only, that one is kept."""
        unsaved: list[SaveError] = []
        try:
            self._keeper.keep_state(state)
        except SaveError as error:
            unsaved.append(error)
        if epoch != self._weights_of:
            try:
                self._keeper.keep_weights(weights, epoch)
                self._weights_of = epoch
            except SaveError as error:
                unsaved.append(error)
        if len(unsaved) > 1:
            raise SaveError(unsaved[0].problem, str(unsaved[1]))
        if unsaved:
            raise unsaved[0]
