"""The training loop, top to bottom in the order it runs: stages, epochs, steps.

What it does not do: choose settings (``defaults``), read images (``data``), freeze weights (``freezing``), take a step
(``steps``), decide when to save (``autosave``), write files (it is handed a ``CheckpointSink``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from convscope.data.loader import Loader
from convscope.errors import Error, SaveError
from convscope.events import SILENT, Listener
from convscope.tasks.task import Monitor, Objective
from convscope.training import pace
from convscope.training.autosave import CheckpointSink, Saving
from convscope.training.checkpoint import State
from convscope.training.choice import no_better
from convscope.training.divergence import Diverged, LossWatch
from convscope.training.history import History
from convscope.training.inference import measure
from convscope.training.interrupt import Interrupt, Stopped, listening
from convscope.training.out_of_memory import is_out_of_memory
from convscope.training.plan import Plan
from convscope.training.stage_setup import StageSetup, set_up_stage
from convscope.training.state import TrainerState
from convscope.training.steps.registry import step_of
from convscope.world import ALONE, World


@dataclass(frozen=True)
class Outcome:
    """How a training ended: its record, the epoch whose weights were kept (from 1), and why each stage stopped.

    ``notices`` are what the user was told on the way, in all sittings; ``saving`` the seconds of this sitting in which
    training stood still to be saved.
    """

    history: History
    chosen_epoch: int
    stops: list[str]
    notices: list[str]
    saving: float


def fit(
    model: nn.Module,
    train: Loader,
    valid: Loader,
    plan: Plan,
    objective: Objective,
    *,
    keeper: CheckpointSink,
    select: str,
    listener: Listener = SILENT,
    start: State | None = None,
    form: Callable[[nn.Module], nn.Module] = lambda model: model,
    world: World = ALONE,
) -> Outcome:
    """Train a model as planned; ``keeper`` is handed the resume state and the chosen weights on the way and at the end.

    ``objective`` is the task's. ``select`` is "best" (by the objective's monitor on the validation split) or "last".
    ``form`` returns what is run for a model, sharing its parameters, such as a compiled one; all that is saved belongs
    to the model itself. The processes of ``world`` each take their part of every batch, and end together.

    Ctrl-C or SIGTERM finishes the step in hand, saves, and raises ``Stopped``, a ``KeyboardInterrupt``. A loss that
    explodes restarts the epoch at half the learning rate; at the second time ``Error`` is raised. A step that does
    not fit into memory is taken in parts. ``SaveError`` is raised where the end could not be saved; on the way that
    is only told.
    """
    assert plan.epochs is not None  # settled before training

    def tell(text: str) -> None:
        run.notices.append(text)
        listener.notice(text)

    run = TrainerState(step_of(model, plan, objective, tell, world), plan, start)

    if start is not None and start.facts.get("threads", plan.threads) != plan.threads:
        tell(_OTHER_THREADS.format(start.facts["threads"], plan.threads))
    saving = Saving(keeper, tell)
    with listening(world) as interrupt:
        try:
            for _ in run.stages_to_come():
                if len(run.stages) > 1:
                    listener.stage(run.at + 1)
                scene = None
                while not (reason := world.same(_end(run))):
                    if scene is None:  # a training that is resumed at the end of a stage needs none
                        with interrupt.at_once():
                            scene = set_up_stage(run, train, valid, objective, form, listener.progress)
                    try:
                        rate = _take_epoch(run, scene, listener, saving, interrupt, tell, world)
                        with interrupt.at_once():
                            row = _judge(run, scene, objective, rate, world)
                    except Diverged as diverged:
                        _slow_down(run, diverged, tell)
                        scene.watch = LossWatch(plan.device, objective.blind, run.losses())
                        continue
                    run.close_epoch(row)
                    _choose(run, objective.monitor, select)
                    if saving.due(epoch_over=True):
                        saving.start(run)
                    listener.epoch(row)
                run.stops[run.at :] = [reason]
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
    return Outcome(run.history, run.chosen_epoch, run.stops, run.notices, saving.waited)


_OTHER_THREADS = (
    "so far this run was computed with {} threads, from here on with {}: sums are taken in another order, so that the "
    "weights can differ in their last digits from those of an undisturbed run"
)
_SMALLER = "choose a smaller network (--model), smaller images (--img-size) or smaller steps (--batch-size)"


def _end(run: TrainerState) -> str:
    """Return why the stage ends here, or nothing where it goes on; an epoch that was begun is always finished.

    A stage has its share of a time budget, as large as its share of the epochs, and at least one epoch.
    """
    first, patience = run.entered[0], run.plan.patience
    if run.epoch - first >= run.stage.epochs:
        return "all epochs done"
    if run.epoch == first or run.number:
        return ""
    if patience and run.epoch - max(run.best["epoch"], first) >= patience:
        return no_better(patience)
    return "the time budget was used up" if run.spent > run.deadline() else ""


def _take_epoch(
    run: TrainerState,
    scene: StageSetup,
    listener: Listener,
    saving: Saving,
    interrupt: Interrupt,
    tell: Callable[[str], None],
    world: World,
) -> float:
    """Take what is left of the epoch's steps; return the images per second of this sitting."""
    train = scene.train
    deadline = run.deadline()
    began, first = time.perf_counter(), run.number
    ended = began  # of the step before
    run.step.begin_epoch()
    for batch in train.epoch(run.epoch, run.number, world):
        if run.number and world.any(run.spent > deadline):
            break
        logged = run.step.take(batch, world.same(run.done(len(train))), run.taken)
        run.enter_step(logged)
        _note_pace(run, scene, time.perf_counter() - ended, len(batch), tell)
        scene.watch.add(logged[0])
        listener.step(run.epoch, run.number, len(train), dict(zip(run.step.logged, logged, strict=True)))
        interrupt.check()
        saving.look()
        if saving.due(epoch_over=False):
            scene.watch.check()  # what has diverged is not worth saving
            saving.start(run)
        ended = time.perf_counter()  # what others do between two steps is not counted
    scene.watch.check()
    return (train.bounds[run.number] - train.bounds[first]) / (time.perf_counter() - began)


def _note_pace(run: TrainerState, scene: StageSetup, seconds: float, images: int, tell: Callable[[str], None]) -> None:
    """Say once in a run that steps have become many times slower."""
    times = scene.pace.add(seconds)
    if times and not any(notice.startswith(pace.BEGINS) for notice in run.notices):
        tell(pace.in_words(times, images / seconds, run.plan.threads))


def _judge(run: TrainerState, scene: StageSetup, objective: Objective, rate: float, world: World) -> dict[str, float]:
    """Return the epoch's row of the table: the steps' means, and the figures on the validation images."""
    results = ("loss", *objective.metrics)
    block = run.block()
    logged = dict(zip(run.step.logged, block.T, strict=False))
    judged = measure(scene.judged, scene.valid, objective, run.plan, world)
    row: dict[str, float] = {
        "epoch": run.epoch + 1,
        "stage": run.at + 1,
        **{f"train_{name}": float(logged[name].mean()) for name in results},
        **{f"valid_{name}": judged[name] for name in results},
        "lr": float(logged["lr"][-1]),
        "images_per_second": rate,
        "seconds": run.spent,
    }
    if not math.isfinite(row["valid_loss"]):  # the last step may have spoilt the weights after its loss was taken
        raise Diverged("the validation loss stopped being a number")
    return row


def _slow_down(run: TrainerState, reason: Diverged, tell: Callable[[str], None]) -> None:
    """Take the epoch anew at half the learning rate, once in a run."""
    if run.step.slowed < 1:
        raise Error(
            f"{reason} in epoch {run.epoch + 1}, also at half the learning rate; "
            f"lower the learning rate (--lr {run.plan.lr or 0:g} now), clip the gradient (--clip-grad 1), "
            "or check the images for infinite values"
        ) from None
    tell(
        f"{reason} in epoch {run.epoch + 1}, step {run.number}: the epoch is restarted, "
        "and the learning rate is half the planned one from here on"
    )
    run.rewind()
    run.step.slowed = 0.5


def _choose(run: TrainerState, monitor: Monitor, select: str) -> None:
    row = run.history.epochs[-1]
    score = {"epoch": run.epoch, **{name: row[f"valid_{name}"] for name in (monitor.metric, monitor.tie)}}
    better = not run.best or monitor.is_better(score, run.best)
    if better:
        run.best = score
    if better or select == "last":
        run.choose(run.epoch)


def _rescue(run: TrainerState, saving: Saving, tell: Callable[[str], None]) -> None:
    """Save the last whole epoch before an error ends the training."""
    try:
        saving.now(run, boundary=True)
    except SaveError as error:
        tell(f"NOT SAVED: {error}")
