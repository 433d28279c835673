"""What a page is laid out from: sections in their order, and for each task where its own are made."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.report.contents import Contents
from convscope.report.sequences.chosen import Closely
from convscope.report.tables import Table

if TYPE_CHECKING:
    from convscope.report.figures.style import Drawing


@dataclass(frozen=True)
class Section:
    """One part of a page: ``template`` lays it out, from its figures by name, its tables, and other ``values``.

    The ``title`` is the heading and the link to it; ``subtitle`` says the same in other words. A figure is drawn from
    what the page is of, ``Contents`` or a comparison; ``None`` is no figure. A section whose template writes nothing is
    left out.
    """

    id: str
    title: str
    template: str
    subtitle: str = ""
    figures: Mapping[str, Callable[[Any], Drawing | None]] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What a task's own part of a report is made from: the split that was judged, predictions (n, ...), figures,
    what was learned, and the network.
    """

    data: Data
    split: Split
    predictions: Any
    metrics: Mapping[str, Any]
    target: Any = None
    model: Any = None


def evenly(split: Split, count: int = 48) -> np.ndarray:
    """Return the positions of ``count`` examples at even distances.

    >>> evenly([0] * 9, 3).tolist()
    [0, 4, 8]
    """
    return np.linspace(0, len(split) - 1, min(count, len(split))).astype(int)


def shows_images(split: Split) -> bool:
    """Return whether what is learned from are images of one size, which can be laid out as pictures.

    Those with masks are shown by their own task.
    """
    spec = split.input.spec
    return spec.kind == "image" and None not in spec.shape and split.dataset.target_kind not in ("mask", "instances")


def _none(*_: Any) -> None:
    return None


@dataclass(frozen=True)
class TaskReport:
    """What a task adds to the report of any run.

    ``sections(contents)`` are those of the page; ``own(judged)`` is what they need beside ``Contents``, found there as
    ``contents.own``. ``samples(split)`` chooses the training images to show, and ``remarks(contents)`` are sentences
    below the verdict. ``listings(metrics)`` are the tables that the terminal shows below the figures.
    ``closely(predictions, truth, target)`` chooses the examples of which it is shown what the answers rest on.
    """

    sections: Callable[[Contents], Sequence[Section]]
    own: Callable[[Judged], Any] = _none
    samples: Callable[[Split], np.ndarray] = evenly
    remarks: Callable[[Contents], Sequence[str]] = lambda _: ()
    listings: Callable[[Mapping[str, Any]], Sequence[Table]] = lambda _: ()
    closely: Callable[[Any, Any, Any], Closely | None] = _none


BY_TASK = {
    name: f"convscope.report.sections.{name}.report:REPORT"
    for name in ("classification", "multilabel", "regression", "landmarks", "segmentation", "reconstruction")
}
ANY_TASK = "convscope.report.sections.run:REPORT"


def report_of(task: str) -> TaskReport:
    """Return what a task adds to a report; of one that adds nothing what any run has."""
    module, _, name = BY_TASK.get(task, ANY_TASK).partition(":")
    return getattr(importlib.import_module(module), name)
