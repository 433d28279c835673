"""Regression as every task is told: its functions in one table."""

from __future__ import annotations

from typing import Any

from convscope.data.dataset import Data
from convscope.data.spec import InputSpec, Numbers, OutputSpec
from convscope.data.transforms import ImageTransform
from convscope.tasks.keeping import kept
from convscope.tasks.known import refuse_alike, refuse_unknown
from convscope.tasks.regression.baselines import METHODS
from convscope.tasks.regression.evidence import NumberErrors
from convscope.tasks.regression.options import Options
from convscope.tasks.regression.predictions import answer, cells, columns, read
from convscope.tasks.regression.scores import ABOUT, followed, scores
from convscope.tasks.regression.target import encode, measured
from convscope.tasks.task import Task
from convscope.text import listed

LARGE = 64  # pixels a side from which on the light of photographs differs from shot to shot


def _fits(data: Data) -> str | None:
    return None if data.target_kind == "number" else f"its targets are no numbers but {data.target_kind or 'nothing'}"


def _target(data: Data, options: Options) -> Numbers:
    spec = data.columns[data.targets[0]].spec
    refuse_unknown(data, listed(spec.names, 3))
    refuse_alike(data.train, listed(spec.names, 3))
    return measured(spec, data.train.target)


def _usual(data: Data, plan: Any) -> dict[str, tuple[Any, str]]:
    """Leave images in their place: whether moving one changes its number, only a person knows."""
    shape = data.preprocessing
    if not isinstance(shape, ImageTransform):
        return {"augment": ("none", "not images"), **kept(data)}
    why = "numbers may change when an image is moved or mirrored: add hflip, rotate=10, ... where they do not"
    lit = shape.channels == 3 and min(shape.height, shape.width) >= LARGE
    words = "brightness=0.1 contrast=0.1" if lit else "none"
    return {"augment": (words, f"{'light only; ' if lit else ''}{why}"), **kept(data)}


def _output(target: Numbers, input: InputSpec) -> OutputSpec:
    return OutputSpec(len(target.names))


def _objective(*arguments: Any) -> Any:
    from convscope.tasks.regression.objective import objective

    return objective(*arguments)


def _head(target: Numbers) -> Any:
    from convscope.tasks.regression.objective import InUnits

    return InUnits(target)


REGRESSION = Task(
    name="regression",
    options=Options,
    fits=_fits,
    target=_target,
    encode=encode,
    output=_output,
    objective=_objective,
    head=_head,
    score=scores,
    evidence=NumberErrors.of,
    baselines=METHODS,
    compared=ABOUT,
    answer=answer,
    columns=columns,
    cells=cells,
    read=read,
    usual=_usual,
    followed=followed,
)
