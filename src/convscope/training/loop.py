"""The training loop, top to bottom in the order it runs.

What it does not do: choose settings (``settle``), read images (``data``), take a step (``steps``), decide when to save
(``keeping``), write files (it is handed a ``Keeper``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from convscope.data.batches import Batches
from convscope.errors import Error, SaveError
from convscope.training.checkpoint import State
from convscope.training.divergence import Diverged, LossWatch
from convscope.training.history import History
from convscope.training.inference import logits_of
from convscope.training.interrupt import Interrupt, Stopped, listening
from convscope.training.keeping import Keeper, Saving
from convscope.training.plan import Plan
from convscope.training.precision import arithmetic
from convscope.training.progress import Progress
from convscope.training.schedules import Schedule
from convscope.training.steps import Loss, Stepper, is_out_of_memory


@dataclass(frozen=True)
class Watcher:
    """Callbacks on the way, all from the training's own thread.

    ``on_step(epoch, step, steps, figures)`` after each step, ``on_epoch(row)`` after each epoch, ``on_notice(text)``
    for what a user must hear of at once.
    """

    on_step: Callable[[int, int, int, dict[str, Tensor]], None] | None = None
    on_epoch: Callable[[dict[str, float]], None] | None = None
    on_notice: Callable[[str], None] | None = None


@dataclass(frozen=True)
class Outcome:
    """How a training ended: its record, the epoch whose weights were kept (from 1) and why, and why it stopped.

    ``notices`` are what the user was told on the way, in all sittings; ``saving`` the seconds of this sitting in which
    training stood still to be saved.
    """

    history: History
    chosen_epoch: int
    rule: str
    stopped: str
    notices: list[str]
    saving: float


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
    form: Callable[[nn.Module], nn.Module] = lambda model: model,
) -> Outcome:
    """Train a model as planned; ``keeper`` is handed the resume state and the chosen weights on the way and at the end.

    ``loss(logits, targets)`` is the task's. ``select`` is "best" (highest validation accuracy, ties to the lower
    loss) or "last". ``form`` returns what is run for a model, sharing its parameters, such as a compiled one; all
    that is saved belongs to the model itself.

    Ctrl-C or SIGTERM finishes the step in hand, saves, and raises ``Stopped``, a ``KeyboardInterrupt``. A loss that
    explodes takes the epoch anew at half the learning rate; at the second time ``Error`` is raised. A step that does
    not fit into memory is taken in parts. ``SaveError`` is raised where the end could not be saved; on the way that
    is only told.
    """
    assert plan.epochs is not None  # settled before training
    run = Progress(model, plan, start)

    def tell(text: str) -> None:
        run.notices.append(text)
        if watcher.on_notice:
            watcher.on_notice(text)

    stepper = Stepper(run, form(model), loss, classes, tell)
    judged = form(run.judged) if run.average else stepper.form
    saving, watch = Saving(keeper, tell), LossWatch(plan.device, classes, run.losses())
    with listening() as interrupt:
        try:
            while (stopped := _end(run, plan)) is None:
                try:
                    rate = _take_epoch(run, stepper, train, watcher, saving, watch, interrupt)
                    with interrupt.at_once():
                        row = _judge(run, judged, valid, loss, rate)
                except Diverged as reason:
                    _slow_down(run, reason, tell)
                    watch = LossWatch(plan.device, classes, run.losses())
                    continue
                run.close_epoch(row)
                _choose(run, select)
                if saving.due(epoch_over=True):
                    saving.start(run)
                if watcher.on_epoch:
                    watcher.on_epoch(row)
            saving.now(run)
            interrupt.check()
        except Stopped:
            saving.now(run)
            raise
        except Exception as error:
            if not isinstance(error, SaveError):
                _rescue(run, saving, tell)
            if is_out_of_memory(error) and not isinstance(error, Error):
                raise Error(f"memory ran out while training: {error}; {_SMALLER}") from error
            raise
    return Outcome(run.history, *_chosen(run, select), stopped, run.notices, saving.waited)


_SMALLER = "choose a smaller network (--model), smaller images (--img-size) or smaller steps (--batch-size)"


def _end(run: Progress, plan: Plan) -> str | None:
    """Return why training ends here, or ``None`` where it goes on; an epoch that was begun is always finished."""
    assert plan.epochs is not None
    if run.epoch >= plan.epochs:
        return "all epochs done"
    if run.epoch == 0 or run.step:
        return None
    if plan.patience and run.epoch - run.best["epoch"] >= plan.patience:
        return f"no better validation score for {plan.patience} epochs"
    return "the time budget was used up" if run.spent > (plan.seconds() or math.inf) else None


def _take_epoch(
    run: Progress,
    stepper: Stepper,
    train: Batches,
    watcher: Watcher,
    saving: Saving,
    watch: LossWatch,
    interrupt: Interrupt,
) -> float:
    """Take what is left of the epoch's steps; return the images a second of this sitting."""
    plan = run.plan
    assert plan.epochs is not None and plan.lr is not None
    schedule = Schedule(plan.sched, plan.lr, plan.momentum, warmup=plan.warmup_epochs / plan.epochs)
    budget = plan.seconds() or math.inf
    began, first = time.perf_counter(), run.step
    stepper.form.train()
    for batch in train.epoch(run.epoch, start=run.step):
        if run.step and run.spent > budget:
            break
        done = max(run.taken / (plan.epochs * len(train)), run.spent / budget)
        lr, momentum = schedule.at(min(1.0, done))
        lr *= run.slowed
        run.optimiser.lr, run.optimiser.momentum = lr, momentum
        run.records.append(stepper.take(batch, lr, momentum))
        run.step, run.taken = run.step + 1, run.taken + 1
        watch.add(run.records[-1][0])
        if watcher.on_step:
            figures = {"loss": run.records[-1][0], "accuracy": run.records[-1][1]}
            watcher.on_step(run.epoch, run.step, len(train), figures)
        interrupt.check()
        saving.look()
        if saving.due(epoch_over=False):
            watch.check()  # what has diverged is not worth saving
            saving.start(run)
    watch.check()
    return (train.bounds[run.step] - train.bounds[first]) / (time.perf_counter() - began)


def _judge(run: Progress, judged: nn.Module, valid: Batches, loss: Loss, rate: float) -> dict[str, float]:
    """Return the epoch's row of the table: the steps' means, and the figures on the validation images."""
    block = run.block()
    with arithmetic(run.plan):
        logits, labels = logits_of(judged, valid)
    row: dict[str, float] = {
        "epoch": run.epoch + 1,
        "train_loss": float(block[:, 0].mean()),
        "train_accuracy": float(block[:, 1].mean()),
        "valid_loss": float(loss(logits, labels)),
        "valid_accuracy": float((logits.argmax(1) == labels).double().mean()),
        "lr": float(block[-1, 2]),
        "images_per_second": rate,
        "seconds": run.spent,
    }
    if not math.isfinite(row["valid_loss"]):  # the last step may have spoilt the weights after its loss was taken
        raise Diverged("the validation loss stopped being a number")
    return row


def _slow_down(run: Progress, reason: Diverged, tell: Callable[[str], None]) -> None:
    """Take the epoch anew at half the learning rate, once in a run."""
    if run.slowed < 1:
        raise Error(
            f"{reason} in epoch {run.epoch + 1}, also at half the learning rate; "
            f"lower the learning rate (--lr {run.plan.lr or 0:g} now), clip the gradient (--clip-grad 1), "
            "or check the images for infinite values"
        ) from None
    tell(
        f"{reason} in epoch {run.epoch + 1}, step {run.step}: the epoch is taken anew, "
        "and the learning rate is half the planned one from here on"
    )
    run.rewind()
    run.slowed = 0.5


def _choose(run: Progress, select: str) -> None:
    row = run.history.epochs[-1]
    score = {"epoch": run.epoch, "accuracy": row["valid_accuracy"], "loss": row["valid_loss"]}
    better = not run.best or (score["accuracy"], -score["loss"]) > (run.best["accuracy"], -run.best["loss"])
    if better:
        run.best = score
    if better or select == "last":
        run.choose(run.epoch)


def _rescue(run: Progress, saving: Saving, tell: Callable[[str], None]) -> None:
    """Save the last whole epoch before an error ends the training."""
    try:
        saving.now(run, boundary=True)
    except SaveError as error:
        tell(f"NOT SAVED: {error}")


def _chosen(run: Progress, select: str) -> tuple[int, str]:
    if select == "last":
        return (
            run.chosen_epoch,
            "the last epoch: the validation images chose nothing, so their score is not flattered",
        )
    return run.chosen_epoch, (
        "the epoch with the highest validation accuracy (ties: the lower validation loss); "
        "the test images were opened once, after this choice"
    )
