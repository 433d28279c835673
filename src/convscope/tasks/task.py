"""What every task must bring, so that training, prediction, evaluation and the report need not know which one it is.

A task is one folder of this room and one line in ``registry.TASKS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from convscope.data.spec import FieldSpec, InputSpec, OutputSpec, TargetSpec
from convscope.tasks.baselines import Baseline
from convscope.tasks.matching import Matched, matched
from convscope.tasks.scores import About, Evidence, Scores

if TYPE_CHECKING:
    from torch import Tensor, nn

    from convscope.data.augment.views import View
    from convscope.data.batch import Batch
    from convscope.data.dataset import Data, Split


@dataclass(frozen=True)
class Monitor:
    """Which validation figure chooses the best epoch and ends a training that no longer gains; ``tie`` decides ties."""

    metric: str
    better: Literal["higher", "lower"] = "higher"
    tie: str = "loss"  # lower is better

    def __str__(self) -> str:
        extreme = "highest" if self.better == "higher" else "lowest"
        return f"the {extreme} validation {self.metric.replace('_', ' ')}"

    def is_better(self, score: Mapping[str, float], best: Mapping[str, float]) -> bool:
        """Return whether an epoch's figures are better than the best so far.

        >>> Monitor("accuracy").is_better({"accuracy": 0.9, "loss": 0.3}, {"accuracy": 0.9, "loss": 0.4})
        True
        """
        sign = 1 if self.better == "higher" else -1
        mine, theirs = ((sign * each[self.metric], -each[self.tie]) for each in (score, best))
        return mine > theirs


class Measured(NamedTuple):
    """What an objective says of a batch: the loss, a scalar to minimise, its weight, and each metric as a fraction.

    Over several batches losses are joined by their weights, and metrics (M,) by their numerators and denominators: so
    neither batch size nor the number of workers moves a figure of a split. Metrics carry no gradient.
    """

    loss: Tensor
    weight: Tensor | float
    numerators: Tensor
    denominators: Tensor | float


class Objective(Protocol):
    """All that the training loop knows of a task."""

    metrics: tuple[str, ...]  # beside the loss: ("accuracy",), ("dice",), ("mae",)
    monitor: Monitor
    blind: float  # the loss of guessing: far above it a training has diverged
    notices: tuple[str, ...]  # what a user should hear of before the training
    narrow: tuple[str, ...]  # what counts over one part only where a batch is taken in parts: ("class weights",)

    def __call__(self, output: Any, batch: Batch) -> Measured:
        """Compare the network's output (N, channels, ...) float32 with a batch's targets."""
        ...


@dataclass(frozen=True)
class Task:
    """A task as functions; torch-free at import.

    ``options``: a frozen dataclass of the task's own settings (metadata ``group``, ``help`` and ``range`` of each
    field); flags, keys of settings files and limits are made from it.
    ``fits(data)``: ``None``, or why a set cannot be learned from so.
    ``learned(data)``: the columns that are learned, by default those that the set says; ``of(data)`` is the set so.
    ``resolve(options, data)``: the options as they hold for a set; ``ConfigError`` for one that does not fit it.
    ``target(data, options)``: what is learned, measured on the training split.
    ``encode(stored, target)``: stored targets (N, ...) -> arrays (N, ...) that are trained on.
    ``output(target, input)``: what the network must give.
    ``objective(target, options, training targets (n, ...), validation targets, both encoded, device)``.
    ``step``: the name of the kind of step, looked up in ``training.steps``.
    ``head(target)``: raw output -> what is predicted, a module, the same for prediction and export.
    ``heads``: those that a network may have, the usual one first.
    ``usual(data, plan)``: for settings that a plan leaves open, the task's own among them, a value and why.
    ``average(views of a prediction (V, N, ...), how each was laid down, target)``: their mean, turned back; ``None``:
    no mean.
    ``followed(target)``: what the figures of an epoch are called, with their units, where their names do not tell.
    ``restore(predictions, placements)``: places in the images that a network sees -> in the images as they were given;
    ``None`` where predictions are no places.
    ``tuned(target, truth, predictions, progress)``: the target with what the validation split decides once the network
    is trained, such as thresholds; ``None``: nothing.
    ``score(truth, predictions, target, options, groups)``: every figure, with intervals over examples or groups.
    ``examined(network, tensor, split, target, scores)``: the scores with what only the network itself can tell of a
    split, such as the likelihood of its images; ``tensor(stored)`` makes network input. ``None``: nothing.
    ``evidence(truth, predictions, target)``: what runs and simple methods are compared by.
    ``baselines``: simple methods beside the network, by name; ``compared``: the figures that comparisons show, the main
    one first, each with its meaning.
    ``answer(prediction, target)``: one prediction, fit for JSON; its first value is what is shown.
    ``pictured(prediction, target)``: its answer, and by name what of it is a picture, that which is shown first;
    ``None``: nothing is.
    ``beside(prediction, stored, target)``: what is said of a prediction beside the stored input that it is of.
    ``columns(target)`` and ``cells(prediction, truth, target)``: of predictions.csv, after id and split; where these
    are easier made of all examples together, ``rows(truth, predictions, target)`` makes them;
    ``read(rows, target)``: the truth and predictions of such rows, as ``evidence`` takes them.
    ``reading(target)``: settings that have the targets of another set read as ``target`` has them, where nobody says
    how.
    ``match(stored, spec, target)``: targets of another set, described by ``spec``, as ``target`` has them.
    """

    name: str
    options: type[Any]
    fits: Callable[[Data], str | None]
    target: Callable[[Data, Any], TargetSpec]
    encode: Callable[[np.ndarray, Any], np.ndarray]
    output: Callable[[Any, InputSpec], OutputSpec]
    objective: Callable[[Any, Any, np.ndarray, np.ndarray, str], Objective]
    head: Callable[[Any], nn.Module]
    score: Callable[..., Scores]
    evidence: Callable[[Any, Any, Any], Evidence]
    baselines: Mapping[str, Baseline]
    compared: Mapping[str, About]
    answer: Callable[[Any, Any], dict[str, Any]]
    columns: Callable[[Any], tuple[str, ...]]
    read: Callable[[Sequence[Mapping[str, str]], Any], Evidence]
    cells: Callable[[Any, Any, Any], Sequence[str]] | None = None
    rows: Callable[[Any, Any, Any], Iterable[Sequence[str]]] | None = None
    pictured: Callable[[Any, Any], tuple[dict[str, Any], Mapping[str, np.ndarray]]] | None = None
    reading: Callable[[Any], Mapping[str, Any]] = lambda target: {}
    match: Callable[[Any, FieldSpec, Any], Matched] = matched
    resolve: Callable[[Any, Data], Any] = lambda options, data: options
    average: Callable[[Tensor, Sequence[View], Any], Tensor] | None = lambda views, laid, target: views.mean(0)
    step: str = "supervised"
    heads: tuple[str, ...] = ("own", "linear", "hidden")
    usual: Callable[[Data, Any], Mapping[str, tuple[Any, str]]] = lambda data, plan: {}
    followed: Callable[[Any], Mapping[str, str]] = lambda target: {}
    restore: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    tuned: Callable[[Any, Any, Any, Callable[[int, int], None]], TargetSpec] | None = None
    beside: Callable[[Any, np.ndarray, Any], dict[str, Any]] = lambda prediction, stored, target: {}
    examined: Callable[[nn.Module, Callable[[Any], Tensor], Split, Any, Scores], Scores] | None = None
    learned: Callable[[Data], tuple[str, ...]] = lambda data: data.targets

    def of(self, data: Data) -> Data:
        """Return the set with the columns that this task learns as its targets."""
        learned = self.learned(data)
        return data if learned == data.targets else replace(data, targets=learned)

    def said(
        self, prediction: Any, stored: np.ndarray, target: TargetSpec
    ) -> tuple[dict[str, Any], Mapping[str, np.ndarray]]:
        """Return the answer to a stored input, and what of it is a picture."""
        pictures: Mapping[str, np.ndarray] = {}
        if self.pictured is None:
            answer = self.answer(prediction, target)
        else:
            answer, pictures = self.pictured(prediction, target)
        return {**answer, **self.beside(prediction, stored, target)}, pictures

    def lines(self, truth: Any, predictions: Any, target: TargetSpec) -> Iterable[Sequence[str]]:
        """Return the cells of each example."""
        if self.rows is not None:
            return self.rows(truth, predictions, target)
        assert self.cells is not None
        pairs = zip(truth, predictions, strict=True)
        return (self.cells(prediction, true, target) for true, prediction in pairs)
