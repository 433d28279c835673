"""Multi-label classification as every task is told: its functions in one table."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.data.augment.defaults import said_by
from convscope.data.dataset import Data
from convscope.data.spec import InputSpec, Labels, OutputSpec
from convscope.data.transforms import ImageTransform
from convscope.tasks.keeping import kept
from convscope.tasks.known import refuse_alike
from convscope.tasks.multilabel.baselines import METHODS
from convscope.tasks.multilabel.evidence import LabelAnswers
from convscope.tasks.multilabel.options import Options
from convscope.tasks.multilabel.predictions import answer, cells, columns, read
from convscope.tasks.multilabel.scores import ABOUT, scores
from convscope.tasks.task import Task
from convscope.text import listed

LARGE = 64  # pixels a side; smaller images are usually cut to fit their object, and zooming only crops it
NO_LIGHT = " brightness=0 contrast=0"


def _fits(data: Data) -> str | None:
    kind = data.target_kind
    return None if kind == "multilabel" else f"its targets are no sets of labels but {kind or 'nothing'}"


def _target(data: Data, options: Options) -> Labels:
    names = data.columns[data.targets[0]].spec.names
    for split in data.splits:
        if split.name != "valid":  # of which the loss alone will do
            refuse_alike(split, f"of the labels {listed(names, 3)}")
    return Labels(names)


def _encode(stored: np.ndarray, target: Labels) -> np.ndarray:
    return stored.astype(np.float32)


def _usual(data: Data, plan: Any) -> dict[str, tuple[Any, str]]:
    return {**_augmentation(data), **kept(data)}


def _augmentation(data: Data) -> dict[str, tuple[Any, str]]:
    """Vary images as objects are: mirrored unless a label says a side, shifted, and large ones zoomed and lit."""
    shape = data.preprocessing
    if not isinstance(shape, ImageTransform):
        return {}
    signs, side = said_by(data.columns[data.targets[0]].spec.names)
    if signs:
        return {"augment": ("digits", "labels named by digits or letters: no flips, which make another sign or none")}
    large = min(shape.height, shape.width) >= LARGE
    words = "natural" + ("" if large else " scale=0") + ("" if large and shape.channels == 3 else NO_LIGHT)
    if side:
        return {"augment": (f"{words} hflip=0", f"a label says {side!r}: not mirrored")}
    return {"augment": (words, "objects: mirrored left to right but kept upright")}


def _output(target: Labels, input: InputSpec) -> OutputSpec:
    return OutputSpec(len(target.names))


def _objective(*arguments: Any) -> Any:
    from convscope.tasks.multilabel.objective import objective

    return objective(*arguments)


def _head(target: Labels) -> Any:
    from convscope.tasks.multilabel.objective import Sigmoid

    return Sigmoid()


def _evidence(truth: np.ndarray, predictions: np.ndarray, target: Labels) -> LabelAnswers:
    return LabelAnswers.of(truth, predictions)


MULTILABEL = Task(
    name="multilabel",
    options=Options,
    fits=_fits,
    target=_target,
    encode=_encode,
    output=_output,
    objective=_objective,
    head=_head,
    score=scores,
    evidence=_evidence,
    baselines=METHODS,
    compared={name: ABOUT[name] for name in ("mean_average_precision", "f1", "exact", "ranking_precision")},
    answer=answer,
    columns=columns,
    cells=cells,
    read=read,
    usual=_usual,
)
