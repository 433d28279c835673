"""Segmentation, as the rest of the package sees it."""

from __future__ import annotations

from typing import Any

from convscope.data.dataset import Data
from convscope.data.spec import InputSpec, Instances, OutputSpec, PixelClasses
from convscope.tasks.segmentation.baselines import METHODS
from convscope.tasks.segmentation.evidence import evidence
from convscope.tasks.segmentation.matching import match, reading
from convscope.tasks.segmentation.options import Options
from convscope.tasks.segmentation.predictions import answer, columns, pictured, read, rows
from convscope.tasks.segmentation.scores import ABOUT, scores
from convscope.tasks.segmentation.target import encode, measured
from convscope.tasks.segmentation.tuning import tuned
from convscope.tasks.segmentation.usual import usual
from convscope.tasks.task import Task


def _fits(data: Data) -> str | None:
    masks = data.target_kind in ("mask", "instances")
    return None if masks else f"its targets are no masks but {data.target_kind or 'nothing'}"


def _output(target: PixelClasses | Instances, input: InputSpec) -> OutputSpec:
    return OutputSpec(len(target.names), "same")


def _objective(*arguments: Any) -> Any:
    from convscope.tasks.segmentation.objective import objective

    return objective(*arguments)


def _head(target: PixelClasses | Instances) -> Any:
    from convscope.tasks.segmentation.objective import Probabilities

    return Probabilities()


SEGMENTATION = Task(
    name="segmentation",
    options=Options,
    fits=_fits,
    target=measured,
    encode=encode,
    output=_output,
    objective=_objective,
    head=_head,
    score=scores,
    evidence=evidence,
    baselines=METHODS,
    compared=ABOUT,
    answer=answer,
    pictured=pictured,
    columns=columns,
    rows=rows,
    read=read,
    reading=reading,
    match=match,
    heads=("own",),
    usual=usual,
    tuned=tuned,
)
