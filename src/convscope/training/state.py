"""The moving parts of one training: what a checkpoint saves, a rewind goes back to, and a resume puts back."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from convscope.training.checkpoint import State
from convscope.training.history import History
from convscope.training.plan import Plan, Stage
from convscope.training.stages import stages_of
from convscope.training.steps.step import Step, copied
from convscope.training.steps.supervised import below


class TrainerState:
    """How far a training is: the step with all that it moves, position, record, and the weights chosen so far.

    ``epoch`` and ``number`` are what comes next: epoch and step within it, from 0; ``taken`` counts steps. ``at`` is
    the stage, from 0, ``entered`` what epoch, taken and the seconds spent were when it began. ``best`` and ``chosen``
    are the best epoch's score and the weights to keep; ``stops`` says why each stage so far has ended.
    """

    def __init__(self, step: Step, plan: Plan, start: State | None):
        self.step, self.plan, self.stages = step, plan, stages_of(plan)
        self.at, self.entered = (0, (0, 0, 0.0)) if start is None else (start.facts["stage"], start.facts["entered"])
        step.enter(self.stage)
        self.width = len(step.logged) + 1  # of the step table: what is logged, and the epoch
        self.history = History(step.logged)
        self.epoch = self.number = self.taken = self.chosen_epoch = 0
        self.best: dict[str, float] = {}
        self.chosen: dict[str, Tensor] = {}
        self.notices: list[str] = []
        self.stops: list[str] = []
        self._spent, self._since = 0.0, time.perf_counter()
        self._before = self._no_steps()  # this epoch's steps that were taken before a resume
        self.records: list[Tensor] = []  # and since
        if start is not None:
            self._resume(start)
        else:
            self._boundary = self._copied()

    @property
    def stage(self) -> Stage:
        """The stage that is being trained."""
        return self.stages[self.at]

    def stages_to_come(self) -> Iterator[Stage]:
        """Enter one stage after the other, from the one that a resumed training was in."""
        yield self.stage
        while self.at + 1 < len(self.stages):
            self.at, self.entered = self.at + 1, (self.epoch, self.taken, self.spent)
            self.step.enter(self.stage)
            self._boundary = self._copied()
            yield self.stage

    @property
    def spent(self) -> float:
        """Seconds of training so far, of all sittings."""
        return self._spent + time.perf_counter() - self._since

    def deadline(self) -> float:
        """Return the seconds ``spent`` at which the stage should end: its share of the time is that of the epochs."""
        epochs = [stage.epochs for stage in self.stages]
        return (self.plan.seconds() or math.inf) * (sum(epochs[: self.at + 1]) / sum(epochs))

    def done(self, steps: int) -> float:
        """Return how much of the stage is over, 0 to 1, by its ``steps`` an epoch or by the time."""
        _, taken, spent = self.entered
        by_time = (self.spent - spent) / max(1e-9, self.deadline() - spent)
        return min(1.0, max((self.taken - taken) / (self.stage.epochs * steps), by_time))

    def enter_step(self, logged: Tensor) -> None:
        """Enter a step's record; what follows is the next step."""
        self.records.append(logged)
        self.number, self.taken = self.number + 1, self.taken + 1

    def block(self) -> np.ndarray:
        """Return this epoch's steps (n, width) float64: what was logged, and the epoch."""
        if not self.records:
            return self._before
        since = torch.stack(self.records).double().cpu().numpy()
        since = np.concatenate((since, np.full((len(since), 1), self.epoch, float)), axis=1)
        return np.concatenate((self._before, since))

    def losses(self) -> np.ndarray:
        """Return the loss (n,) of every step that counts."""
        return np.concatenate([*self.history.blocks, self._before])[:, 0]

    def choose(self, epoch: int) -> None:
        """Take the evaluated network's weights of now as those to keep."""
        self.chosen = {name: copied(value) for name, value in self.step.evaluated().state_dict().items()}
        self.chosen_epoch = epoch

    def close_epoch(self, row: dict[str, float]) -> None:
        """Enter an epoch's steps and figures into the record; what follows is the next epoch's first step."""
        self.history.blocks.append(self.block())
        self.history.epochs.append(row)
        self.epoch, self.number, self.records, self._before = self.epoch + 1, 0, [], self._no_steps()
        self._boundary = self._copied()

    def rewind(self) -> None:
        """Go back to the epoch's first step, as if none of its steps had been taken."""
        self.step.restore(self._boundary)
        self.taken -= self.number
        self.number, self.records, self._before = 0, [], self._no_steps()

    def state(self, *, boundary: bool = False) -> State:
        """Return a copy of all this as a state; with ``boundary`` that of the epoch's first step."""
        number = 0 if boundary else self.number
        tensors = self._boundary if number == 0 else self._copied()
        if number:
            tensors = tensors | {f"boundary.{name}": value for name, value in self._boundary.items()}
        tensors = tensors | {f"chosen.{name}": value for name, value in self.chosen.items()}
        steps = [*self.history.blocks, *([self.block()] if number else [])]
        tensors["steps"] = torch.from_numpy(np.concatenate(steps) if steps else self._no_steps())
        facts = {
            "taken": self.taken - (self.number - number),
            "spent": self.spent,
            "stage": self.at,
            "entered": list(self.entered),
            "best": self.best,
            "chosen_epoch": self.chosen_epoch,
            **self.step.facts(),
            "threads": self.plan.threads,
            "notices": list(self.notices),
            "stops": list(self.stops),
            "epochs": list(self.history.epochs),
            "logged": list(self.step.logged),
        }
        return State(self.epoch, number, tensors, facts)

    def _no_steps(self) -> np.ndarray:
        return np.empty((0, self.width))

    def _copied(self) -> dict[str, Tensor]:
        return {name: copied(value) for name, value in self.step.state().items()}

    def _resume(self, start: State) -> None:
        self.step.restore(start.tensors)
        self.step.recall(start.facts)
        self._boundary = below("boundary.", start.tensors) if start.step else self._copied()
        self.chosen = below("chosen.", start.tensors)
        steps = start.tensors["steps"].numpy()
        epochs = steps[:, -1]
        self._before = steps[epochs == start.epoch]
        self.history = History(self.step.logged, [steps[epochs < start.epoch]], list(start.facts["epochs"]))
        self.epoch, self.number = start.epoch, start.step
        for name in ("taken", "best", "chosen_epoch"):
            setattr(self, name, start.facts[name])
        self.notices, self._spent = list(start.facts["notices"]), start.facts["spent"]
        self.stops = list(start.facts.get("stops", ()))  # older states have none
