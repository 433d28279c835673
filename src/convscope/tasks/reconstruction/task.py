"""Reconstruction, as the rest of the package sees it."""

from __future__ import annotations

from typing import Any

from convscope.data.dataset import Data
from convscope.data.spec import InputSpec, OutputSpec, Pixels
from convscope.data.transforms import ImageTransform
from convscope.tasks.reconstruction.baselines import METHODS
from convscope.tasks.reconstruction.evidence import PixelErrors
from convscope.tasks.reconstruction.options import Options
from convscope.tasks.reconstruction.predictions import answer, beside, columns, pictured, read, rows
from convscope.tasks.reconstruction.scores import ABOUT, scores
from convscope.tasks.reconstruction.target import encode, measured
from convscope.tasks.task import Task

VARIATIONAL = ("vae",)


def _fits(data: Data) -> str | None:
    if not isinstance(data.preprocessing, ImageTransform):
        return f"it gives images back, and these are {data.columns[data.inputs[0]].spec.kind}s"
    return None


def _output(target: Pixels, input: InputSpec) -> OutputSpec:
    return OutputSpec(len(target.mean), "whole")


def _usual(data: Data, plan: Any) -> dict[str, tuple[Any, str]]:
    bound = plan.model in VARIATIONAL
    kept = {"select": ("last", "codes are drawn in training: the bound of one epoch is no reason")} if bound else {}
    return {
        "model": ("autoencoder", "the usual one"),
        "reconstruct": ("elbo" if bound else "squared_error", f"as {'a variational' if bound else 'an'} autoencoder"),
        "augment": ("none", "a network learns to give back what it sees"),
        **kept,
    }


def _objective(*arguments: Any) -> Any:
    from convscope.tasks.reconstruction.objective import objective

    return objective(*arguments)


def _head(target: Pixels) -> Any:
    from convscope.tasks.reconstruction.objective import ToPixels

    return ToPixels()


def _examined(*arguments: Any) -> Any:
    from convscope.tasks.reconstruction.bound import with_bound

    return with_bound(*arguments)


RECONSTRUCTION = Task(
    name="reconstruction",
    options=Options,
    fits=_fits,
    learned=lambda data: data.inputs,
    target=measured,
    encode=encode,
    output=_output,
    objective=_objective,
    head=_head,
    score=scores,
    examined=_examined,
    evidence=PixelErrors.of,
    baselines=METHODS,
    compared=ABOUT,
    answer=answer,
    beside=beside,
    pictured=pictured,
    columns=columns,
    rows=rows,
    read=read,
    heads=("own",),
    usual=_usual,
)
