"""What every task must bring, so that training, prediction, evaluation and the report need not know which one it is.

A task is one folder of this room and one line in ``registry.TASKS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from convscope.data.spec import InputSpec, OutputSpec, TargetSpec
from convscope.tasks.scores import About, Evidence, Scores

if TYPE_CHECKING:
    from torch import Tensor, nn

    from convscope.data.batch import Batch
    from convscope.data.dataset import Data, Split


@dataclass(frozen=True)
class Monitor:
    """Which validation figure chooses the best epoch and ends a training that no longer gains; ``tie`` decides ties."""

    metric: str
    better: Literal["higher", "lower"] = "higher"
    tie: str = "loss"


class Measured(NamedTuple):
    """What an objective says of a batch: the loss, a scalar to minimise, and ``sums`` (1 + M, 2).

    The sums are numerator and denominator, first of the loss, then of each metric: joined over batches they give the
    figures of a split, so that neither batch size nor the number of workers moves one.
    """

    loss: Tensor
    sums: Tensor


class Objective(Protocol):
    """All that the training loop knows of a task."""

    metrics: tuple[str, ...]  # beside the loss: ("accuracy",), ("dice",), ("mae",)
    monitor: Monitor
    blind: float  # the loss of guessing: far above it a training has diverged

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        """Compare the network's output (N, channels, ...) float32 with a batch's targets."""
        ...


@dataclass(frozen=True)
class Budget:
    """What a simple method may take: seconds of learning, and the seed it draws with."""

    seconds: float
    seed: int


@dataclass(frozen=True)
class BaselineResult:
    """A simple method's predictions (n, ...) for the scored split, as the task's ``predict`` gives them.

    ``what`` is one sentence for the report, ``seconds`` counts learning and scoring, ``train_rows`` the examples
    learned from, and ``stopped_early`` says that the clock ended the learning.
    """

    name: str
    what: str
    predictions: Any
    seconds: float
    train_rows: int
    stopped_early: bool


Baseline = Callable[[str, "Split", "Split", TargetSpec, Budget], BaselineResult]  # name, train, scored, target, budget


@dataclass(frozen=True)
class Task:
    """A task as functions; torch-free at import.

    ``options``: a frozen dataclass of the task's own settings (metadata ``group``, ``help`` and ``range`` of each
    field); flags, keys of settings files and limits are made from it.
    ``fits(data)``: ``None``, or why a set cannot be learned from so.
    ``target(data, options)``: what is learned, measured on the training split.
    ``encode(stored, target)``: stored targets (N, ...) -> arrays (N, ...) that are trained on.
    ``output(target, input)``: what the network must give.
    ``objective(target, options, train targets (N, ...) as encoded, device)``.
    ``step``: the name of the kind of step, looked up in ``training.steps``.
    ``head(target)``: raw output -> what is predicted, a module, the same for prediction and export.
    ``average(views of a prediction (V, N, ...), how each was laid down)``: their mean, turned back; ``None``: no mean.
    ``score(truth, predictions, target, options, groups)``: every figure, with intervals over examples or groups.
    ``evidence(truth, predictions, target)``: what runs and simple methods are compared by.
    ``baselines``: simple methods beside the network, by name; ``compared``: the figures that comparisons show, the main
    one first, each with its meaning.
    ``answer(prediction, target)``: one prediction, fit for JSON; its first value is what is shown.
    ``columns(target)`` and ``cells(prediction, truth, target)``: of predictions.csv, after id and split;
    ``read(rows, target)``: the truth and predictions of such rows, as ``evidence`` takes them.
    """

    name: str
    options: type[Any]
    fits: Callable[[Data], str | None]
    target: Callable[[Data, Any], TargetSpec]
    encode: Callable[[np.ndarray, TargetSpec], np.ndarray]
    output: Callable[[TargetSpec, InputSpec], OutputSpec]
    objective: Callable[[TargetSpec, Any, np.ndarray, str], Objective]
    head: Callable[[TargetSpec], nn.Module]
    average: Callable[..., Tensor] | None
    score: Callable[..., Scores]
    evidence: Callable[[Any, Any, TargetSpec], Evidence]
    baselines: Mapping[str, Baseline]
    compared: Mapping[str, About]
    answer: Callable[[Any, TargetSpec], dict[str, Any]]
    columns: Callable[[TargetSpec], tuple[str, ...]]
    cells: Callable[[Any, Any, TargetSpec], Sequence[str]]
    read: Callable[[Sequence[Mapping[str, str]], TargetSpec], Evidence]
    step: str = "supervised"
