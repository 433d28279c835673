"""Landmarks as every task is told: its functions in one table."""

from __future__ import annotations

from typing import Any

from convscope.data.dataset import Data
from convscope.data.spec import InputSpec, OutputSpec, Points
from convscope.data.transforms.placement import original
from convscope.tasks.known import refuse_unknown
from convscope.tasks.landmarks.baselines import METHODS
from convscope.tasks.landmarks.evidence import PointErrors
from convscope.tasks.landmarks.options import Options
from convscope.tasks.landmarks.predictions import answer, cells, columns, read
from convscope.tasks.landmarks.scores import ABOUT, followed, scores
from convscope.tasks.landmarks.target import encode, measured
from convscope.tasks.landmarks.usual import usual
from convscope.tasks.landmarks.views import average
from convscope.tasks.task import Task


def _fits(data: Data) -> str | None:
    return None if data.target_kind == "points" else f"its targets are no points but {data.target_kind or 'nothing'}"


def _target(data: Data, options: Options) -> Points:
    refuse_unknown(data, "point")
    frame = data.preprocessing.height, data.preprocessing.width
    return measured(data.columns[data.targets[0]].spec.names, data.train.placed_target, frame, options)


def _output(target: Points, input: InputSpec) -> OutputSpec:
    return OutputSpec(2 * len(target.names))


def _objective(*arguments: Any) -> Any:
    from convscope.tasks.landmarks.objective import objective

    return objective(*arguments)


def _head(target: Points) -> Any:
    from convscope.tasks.landmarks.objective import Pixels

    return Pixels(target)


LANDMARKS = Task(
    name="landmarks",
    options=Options,
    fits=_fits,
    target=_target,
    encode=encode,
    output=_output,
    objective=_objective,
    head=_head,
    average=average,
    score=scores,
    evidence=PointErrors.of,
    baselines=METHODS,
    compared=ABOUT,
    answer=answer,
    columns=columns,
    cells=cells,
    read=read,
    heads=("heatmap", "own", "linear", "hidden"),
    usual=usual,
    followed=followed,
    restore=original,
)
