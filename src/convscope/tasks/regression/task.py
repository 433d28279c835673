"""Regression as every task is told: its functions in one table."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.data.dataset import Data
from convscope.data.spec import InputSpec, Numbers, OutputSpec
from convscope.tasks.regression.baselines import METHODS
from convscope.tasks.regression.evidence import NumberErrors
from convscope.tasks.regression.options import Options
from convscope.tasks.regression.predictions import answer, cells, columns, read
from convscope.tasks.regression.scores import ABOUT, scores
from convscope.tasks.regression.target import encode, measured
from convscope.tasks.task import Task


def _fits(data: Data) -> str | None:
    kind = data.columns[data.targets[0]].spec.kind if data.targets else "nothing"
    return None if kind == "number" else f"its targets are no numbers but {kind}"


def _resolve(options: Options, data: Data) -> Options:
    return options


def _target(data: Data, options: Options) -> Numbers:
    assert data.train.target is not None
    values = np.asarray(data.train.target.take(np.arange(len(data.train))))
    return measured(data.train.target.spec, values)


def _output(target: Numbers, input: InputSpec) -> OutputSpec:
    return OutputSpec(len(target.names))


def _objective(*arguments: Any) -> Any:
    from convscope.tasks.regression.objective import objective

    return objective(*arguments)


def _head(target: Numbers) -> Any:
    from convscope.tasks.regression.objective import InUnits

    return InUnits(target)


def _average(views: Any, laid: Any = None) -> Any:
    return views.mean(0)


REGRESSION = Task(
    name="regression",
    options=Options,
    fits=_fits,
    resolve=_resolve,
    target=_target,
    encode=encode,
    output=_output,
    objective=_objective,
    head=_head,
    average=_average,
    score=scores,
    evidence=NumberErrors.of,
    baselines=METHODS,
    compared=ABOUT,
    answer=answer,
    columns=columns,
    cells=cells,
    read=read,
)
