"""The training loop, top to bottom in the order it runs.

What it does not do: choose settings (``settle``), read images (``data``), write files (it is handed a ``Keeper``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.batches import Batch, Batches
from convscope.errors import Error
from convscope.training.average import AveragedModel
from convscope.training.checkpoint import State, flatten_optimiser, restore_optimiser
from convscope.training.history import History
from convscope.training.inference import logits_of, targets_of
from convscope.training.interrupt import listening
from convscope.training.optimisers import make_optimiser, set_rate
from convscope.training.plan import Plan
from convscope.training.precision import arithmetic
from convscope.training.schedules import Schedule

Loss = Callable[..., Tensor]


class Keeper(Protocol):
    """Where a run's resume state (with the epochs so far) and its chosen weights go."""

    def keep_state(self, state: State, history: History) -> None:
        """Replace the saved state."""

    def keep_weights(self, weights: dict[str, Tensor], epoch: int) -> None:
        """Replace the chosen weights."""


@dataclass(frozen=True)
class Watcher:
    """Callbacks: ``on_step(epoch, step, steps, figures)`` after each step, ``on_epoch(row)`` after each epoch."""

    on_step: Callable[[int, int, int, dict[str, Tensor]], None] | None = None
    on_epoch: Callable[[dict[str, float]], None] | None = None


@dataclass(frozen=True)
class Outcome:
    """How a training ended: its record, the epoch whose weights were kept (from 1) and why, and why it stopped."""

    history: History
    chosen_epoch: int
    rule: str
    stopped: str


class _Run:
    """The moving parts of one training: what a checkpoint saves and a resume puts back."""

    def __init__(self, model: nn.Module, plan: Plan, start: State | None):
        self.model, self.plan = model, plan
        self.optimiser = make_optimiser(model, plan)
        self.average = AveragedModel(model, plan.ema) if plan.ema else None
        self.history, self.epoch, self.step, self.spent, self.taken = History(), 0, 0, 0.0, 0
        self.best: dict[str, float] = {}
        self.block = np.empty((0, 5))
        if start is not None:
            self._restore(start)

    @property
    def judged(self) -> nn.Module:
        return self.average.model if self.average else self.model

    def state(self, records: list[Tensor]) -> State:
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        if self.average:
            tensors |= {f"ema.{name}": value for name, value in self.average.model.state_dict().items()}
        tensors |= flatten_optimiser(self.optimiser)
        blocks = [torch.from_numpy(block) for block in self.history.blocks]
        tensors["steps"] = torch.cat([*blocks, torch.from_numpy(self.block), *[r[None] for r in records]]).double()
        facts = {"spent": self.spent, "taken": self.taken, "best": self.best, "epochs": self.history.epochs}
        return State(self.epoch, self.step, tensors, facts)

    def _restore(self, start: State) -> None:
        own = {k.removeprefix("model."): v for k, v in start.tensors.items() if k.startswith("model.")}
        self.model.load_state_dict(own)
        if self.average:
            self.average.model.load_state_dict(
                {k.removeprefix("ema."): v for k, v in start.tensors.items() if k.startswith("ema.")}
            )
        restore_optimiser(self.optimiser, start.tensors)
        steps = start.tensors["steps"].numpy()
        self.block = steps[steps[:, 4] == start.epoch]
        self.history.blocks = [steps[steps[:, 4] < start.epoch]]
        self.history.epochs = start.facts["epochs"]
        self.epoch, self.step = start.epoch, start.step
        self.spent, self.taken, self.best = start.facts["spent"], start.facts["taken"], start.facts["best"]


def fit(
    model: nn.Module,
    train: Batches,
    valid: Batches,
    plan: Plan,
    loss: Loss,
    *,
    classes: int,
    keeper: Keeper,
    select: str,
    watcher: Watcher = Watcher(),
    start: State | None = None,
) -> Outcome:
    """Train a model as planned; the chosen weights go to ``keeper``, which is also handed the resume state each epoch.

    ``loss(logits, targets)`` is the task's. ``select`` is "best" (highest validation accuracy, ties to the lower
    loss) or "last". Ctrl-C or SIGTERM finishes the step in hand, saves, and raises ``KeyboardInterrupt``. A loss that
    is no longer a number raises ``Error``; the weights kept so far stay.
    """
    assert plan.epochs is not None and plan.lr is not None  # settled before training
    run = _Run(model, plan, start)
    schedule = Schedule(plan.sched, plan.lr, plan.momentum, warmup=plan.warmup_epochs / plan.epochs)
    budget, stopped = plan.seconds() or math.inf, "all epochs done"
    # Seeding the one generator that is used takes a microsecond, seeding those of all devices twenty.
    seed_dropout = torch.default_generator.manual_seed if plan.device == "cpu" else torch.manual_seed
    with listening() as interrupt:
        while run.epoch < plan.epochs and stopped == "all epochs done":
            began, first, records = time.perf_counter(), run.step, []
            model.train()
            for batch in train.epoch(run.epoch, start=run.step):
                seed_dropout(plan.seed * 1_000_003 + run.taken)  # it repeats after a resume
                spent = run.spent + time.perf_counter() - began
                done = max(run.taken / (plan.epochs * len(train)), spent / budget)
                lr, momentum = schedule.at(min(1.0, done))
                set_rate(run.optimiser, lr, momentum)
                records.append(_step(run, batch, loss, classes, lr, momentum))
                run.step, run.taken = run.step + 1, run.taken + 1
                if watcher.on_step:
                    watcher.on_step(
                        run.epoch, run.step, len(train), {"loss": records[-1][0], "accuracy": records[-1][1]}
                    )
                if interrupt.asked:
                    run.spent += time.perf_counter() - began
                    keeper.keep_state(run.state(records), run.history)
                    raise KeyboardInterrupt
                if spent > budget:
                    stopped = "the time budget was used up"
                    break
            _end_epoch(run, records, train, valid, loss, began, first)
            if _keeps(run, select):
                keeper.keep_weights(run.judged.state_dict(), run.epoch)
            if plan.patience and run.epoch - run.best["epoch"] >= plan.patience:
                stopped = f"no better validation score for {plan.patience} epochs"
            keeper.keep_state(run.state([]), run.history)
            if watcher.on_epoch:
                watcher.on_epoch(run.history.epochs[-1])
    return Outcome(run.history, *_chosen(run, select), stopped)


def _step(run: _Run, batch: Batch, loss: Loss, classes: int, lr: float, momentum: float) -> Tensor:
    with arithmetic(run.plan):
        logits = run.model(batch.x).float()
    value = loss(logits, targets_of(batch, classes))
    run.optimiser.zero_grad(set_to_none=True)
    value.backward()
    if run.plan.clip_grad:
        nn.utils.clip_grad_norm_(run.model.parameters(), run.plan.clip_grad)
    run.optimiser.step()
    if run.average:
        run.average.follow(run.taken + 1)
    with torch.no_grad():
        right = (logits.argmax(1) == batch.labels).float().mean()
        return torch.stack((value.detach(), right, *value.new_tensor((lr, momentum, run.epoch))))


def _end_epoch(
    run: _Run, records: list[Tensor], train: Batches, valid: Batches, loss: Loss, began: float, first: int
) -> None:
    # A run interrupted in the last step of an epoch resumes with none left to take.
    block = np.concatenate((run.block, torch.stack(records).double().cpu().numpy())) if records else run.block
    if not np.isfinite(block[:, 0]).all():
        raise Error(
            f"the loss stopped being a number in epoch {run.epoch + 1}; "
            f"lower the learning rate (--lr {run.plan.lr or 0:g} now), clip the gradient (--clip-grad 1), "
            "or check the images for infinite values"
        )
    trained = time.perf_counter() - began
    logits, labels = logits_of(run.judged, valid)
    run.history.blocks.append(block)
    images = train.bounds[first + len(records)] - train.bounds[first]
    run.spent += time.perf_counter() - began
    run.epoch, run.step, run.block = run.epoch + 1, 0, np.empty((0, 5))
    row: dict[str, Any] = {
        "epoch": run.epoch,
        "train_loss": float(block[:, 0].mean()),
        "train_accuracy": float(block[:, 1].mean()),
        "valid_loss": float(loss(logits, labels)),
        "valid_accuracy": float((logits.argmax(1) == labels).double().mean()),
        "lr": float(block[-1, 2]),
        "images_per_second": images / trained,
        "seconds": run.spent,
    }
    run.history.epochs.append(row)


def _keeps(run: _Run, select: str) -> bool:
    row = run.history.epochs[-1]
    better = not run.best or (row["valid_accuracy"], -row["valid_loss"]) > (
        run.best["accuracy"],
        -run.best["loss"],
    )
    if better:
        run.best = {"epoch": run.epoch, "accuracy": row["valid_accuracy"], "loss": row["valid_loss"]}
    return better or select == "last"


def _chosen(run: _Run, select: str) -> tuple[int, str]:
    if select == "last":
        return (
            run.epoch,
            "the last epoch: the validation images chose nothing, so their score is not flattered",
        )
    return int(run.best["epoch"]), (
        "the epoch with the highest validation accuracy (ties: the lower validation loss); "
        "the test images were opened once, after this choice"
    )
