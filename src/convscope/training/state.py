"""The moving parts of one training: what a checkpoint saves, a rewind goes back to, and a resume puts back."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from convscope.training.average import AveragedModel
from convscope.training.checkpoint import State
from convscope.training.freezing import FreezePlan
from convscope.training.history import History
from convscope.training.optimisers import Optimiser
from convscope.training.plan import Plan, Stage
from convscope.training.stages import stages_of


class TrainerState:
    """How far a training is: network, optimiser, moving average, position, record, and the weights chosen so far.

    ``epoch`` and ``step`` are what comes next, from 0; ``taken`` counts steps. ``at`` is the stage, from 0, ``entered``
    what epoch, taken and the seconds spent were when it began. ``slowed`` is a factor on the learning
    rate, ``parts`` the number of parts that a step is taken in. ``best`` and ``chosen`` are the best epoch's score and
    the weights to keep; ``stops`` says why each stage so far has ended.
    """

    def __init__(self, model: nn.Module, plan: Plan, start: State | None):
        self.model, self.plan, self.stages = model, plan, stages_of(plan)
        self.at, self.entered = (0, (0, 0, 0.0)) if start is None else (start.facts["stage"], start.facts["entered"])
        self.optimiser = self._held()
        self.average = AveragedModel(model, plan.ema) if plan.ema else None
        self.history = History()
        self.epoch = self.step = self.taken = self.chosen_epoch = 0
        self.best: dict[str, float] = {}
        self.chosen: dict[str, Tensor] = {}
        self.slowed, self.parts = 1.0, 1
        self.notices: list[str] = []
        self.stops: list[str] = []
        self._spent, self._since = 0.0, time.perf_counter()
        self._before = np.empty((0, 5))  # this epoch's steps that were taken before a resume
        self.records: list[Tensor] = []  # and since
        if start is not None:
            self._resume(start)
        else:
            self._boundary = self._copied()

    @property
    def judged(self) -> nn.Module:
        """The network that is evaluated and kept."""
        return self.average.model if self.average else self.model

    @property
    def stage(self) -> Stage:
        """The stage that is being trained."""
        return self.stages[self.at]

    def stages_to_come(self) -> Iterator[Stage]:
        """Enter one stage after the other, from the one that a resumed training was in."""
        yield self.stage
        while self.at + 1 < len(self.stages):
            self.at, self.entered = self.at + 1, (self.epoch, self.taken, self.spent)
            self.optimiser = self._held()
            self._boundary = self._copied()
            yield self.stage

    def _held(self) -> Optimiser:
        """Hold the weights that stand still in this stage; return a fresh optimiser of the others."""
        if not self.plan.stages:
            return Optimiser(self.model, self.plan)
        ground = FreezePlan(self.model, self.plan, self.stage)
        ground.hold()
        return Optimiser(self.model, self.plan, ground.shares())

    @property
    def spent(self) -> float:
        """Seconds of training so far, of all sittings."""
        return self._spent + time.perf_counter() - self._since

    def deadline(self) -> float:
        """Return the seconds ``spent`` at which the stage should end: its share of the time is that of the epochs."""
        epochs = [stage.epochs for stage in self.stages]
        return (self.plan.seconds() or math.inf) * (sum(epochs[: self.at + 1]) / sum(epochs))

    def block(self) -> np.ndarray:
        """Return this epoch's steps (n, 5) float64: loss, accuracy, lr, momentum, epoch."""
        since = torch.stack(self.records).double().cpu().numpy() if self.records else np.empty((0, 5))
        return np.concatenate((self._before, since))

    def losses(self) -> np.ndarray:
        """Return the loss (n,) of every step that counts."""
        return np.concatenate([*self.history.blocks, self._before])[:, 0]

    def choose(self, epoch: int) -> None:
        """Take the judged network's weights of now as those to keep."""
        self.chosen = {name: _copy(value) for name, value in self.judged.state_dict().items()}
        self.chosen_epoch = epoch

    def close_epoch(self, row: dict[str, float]) -> None:
        """Enter an epoch's steps and figures into the record; what follows is the next epoch's first step."""
        self.history.blocks.append(self.block())
        self.history.epochs.append(row)
        self.epoch, self.step, self.records, self._before = self.epoch + 1, 0, [], np.empty((0, 5))
        self._boundary = self._copied()

    def rewind(self) -> None:
        """Go back to the epoch's first step, as if none of its steps had been taken."""
        self._load(self._boundary)
        self.taken -= self.step
        self.step, self.records, self._before = 0, [], np.empty((0, 5))

    def state(self, *, boundary: bool = False) -> State:
        """Return a copy of all this as a state; with ``boundary`` that of the epoch's first step."""
        step = 0 if boundary else self.step
        tensors = self._boundary if step == 0 else self._copied()
        if step:
            tensors = tensors | {f"boundary.{name}": value for name, value in self._boundary.items()}
        tensors = tensors | {f"chosen.{name}": value for name, value in self.chosen.items()}
        steps = [*self.history.blocks, *([self.block()] if step else [])]
        tensors["steps"] = torch.from_numpy(np.concatenate(steps) if steps else np.empty((0, 5)))
        facts = {
            "taken": self.taken - (self.step - step),
            "spent": self.spent,
            "stage": self.at,
            "entered": list(self.entered),
            "best": self.best,
            "chosen_epoch": self.chosen_epoch,
            "slowed": self.slowed,
            "parts": self.parts,
            "threads": self.plan.threads,
            "notices": list(self.notices),
            "stops": list(self.stops),
            "epochs": list(self.history.epochs),
        }
        return State(self.epoch, step, tensors, facts)

    def _copied(self) -> dict[str, Tensor]:
        named = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        if self.average:
            named |= {f"ema.{name}": value for name, value in self.average.model.state_dict().items()}
        return {name: _copy(value) for name, value in (named | self.optimiser.state()).items()}

    def _load(self, tensors: dict[str, Tensor]) -> None:
        self.model.load_state_dict(_below("model.", tensors))
        if self.average:
            self.average.model.load_state_dict(_below("ema.", tensors))
        self.optimiser.restore(tensors)

    def _resume(self, start: State) -> None:
        self._load(start.tensors)
        self._boundary = _below("boundary.", start.tensors) if start.step else self._copied()
        self.chosen = _below("chosen.", start.tensors)
        steps = start.tensors["steps"].numpy()
        self._before = steps[steps[:, 4] == start.epoch]
        self.history = History([steps[steps[:, 4] < start.epoch]], list(start.facts["epochs"]))
        self.epoch, self.step = start.epoch, start.step
        for name in ("taken", "best", "chosen_epoch", "slowed", "parts"):
            setattr(self, name, start.facts[name])
        self.notices, self._spent = list(start.facts["notices"]), start.facts["spent"]
        self.stops = list(start.facts.get("stops", ()))  # older states have none


def _copy(value: Tensor) -> Tensor:
    # Copied here, not by the thread that writes: torch would start a second set of threads for it.
    plain = torch.empty(value.shape, dtype=value.dtype, device="cpu")
    return plain.copy_(value.detach())


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
