"""Classification as every task is told: its functions in one table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from convscope.data.dataset import Data
from convscope.data.names import composed
from convscope.data.spec import Classes, InputSpec, OutputSpec
from convscope.errors import ConfigError, nearest
from convscope.tasks.classification.baselines import METHODS
from convscope.tasks.classification.evidence import Answers
from convscope.tasks.classification.matching import match
from convscope.tasks.classification.options import Options
from convscope.tasks.classification.predictions import answer, cells, columns, read
from convscope.tasks.classification.scores import ABOUT, scores
from convscope.tasks.task import Task


def _fits(data: Data) -> str | None:
    return None if data.target_kind == "class" and len(data.classes) > 1 else "its targets are no classes"


def _resolve(options: Options, data: Data) -> Options:
    """Write the positive class as the set does, in whichever Unicode form it was typed."""
    if options.positive is None:
        return options
    known = {composed(name): name for name in data.classes}
    name = composed(options.positive)
    if name not in known:
        raise ConfigError(
            f"setting 'positive': there is no class {options.positive!r}{nearest(options.positive, data.classes)}; "
            f"classes: {', '.join(data.classes[:20])}"
        )
    if len(known) != 2:
        raise ConfigError(
            f"setting 'positive': a positive class is for sets of two classes, found {len(known)}; leave it out"
        )
    return replace(options, positive=known[name])


def _target(data: Data, options: Options) -> Classes:
    return Classes(data.classes)


def _encode(stored: np.ndarray, target: Classes) -> np.ndarray:
    return np.asarray(stored, dtype=np.int64)


def _output(target: Classes, input: InputSpec) -> OutputSpec:
    return OutputSpec(len(target.names))


def _objective(*arguments: Any) -> Any:
    from convscope.tasks.classification.objective import objective

    return objective(*arguments)


def _head(target: Classes) -> Any:
    from convscope.tasks.classification.objective import Probabilities

    return Probabilities()


def _evidence(truth: np.ndarray, predictions: np.ndarray, target: Classes) -> Answers:
    return Answers.of(truth, predictions)


CLASSIFICATION = Task(
    name="classification",
    options=Options,
    fits=_fits,
    resolve=_resolve,
    target=_target,
    encode=_encode,
    output=_output,
    objective=_objective,
    head=_head,
    score=scores,
    evidence=_evidence,
    baselines=METHODS,
    compared={name: ABOUT[name] for name in ("accuracy", "balanced_accuracy", "log_loss", "ece")},
    answer=answer,
    columns=columns,
    cells=cells,
    read=read,
    match=match,
)
