"""How predicted masks are written: in words, as arrays, and as lines of ``predictions.csv``, read back from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convscope.data.columns import Column
from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.segmentation.decoding import Decoded, decoded, decoded_names
from convscope.tasks.segmentation.evidence import MaskEvidence, evidence, from_cells, titles, to_cells
from convscope.tasks.segmentation.objects import slabs


def answer(probabilities: np.ndarray, target: PixelClasses | Instances) -> dict[str, Any]:
    """Return what is to be said of an image in words: its share of each class, and how many objects there are.

    >>> answer(np.array([[[0.9, 0.1], [0.2, 0.8]]]), PixelClasses(("sky", "tree"), (0.5, 0.5), objects=True))
    {'shares': {'sky': 0.5, 'tree': 0.5}, 'objects': 1}
    """
    return _in_words(decoded(probabilities, target), target)


def pictured(
    probabilities: np.ndarray, target: PixelClasses | Instances
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the answer, and as pictures ``classes`` (H, W), ``objects`` (H, W), ``probabilities`` (H, W, K)."""
    found = decoded(probabilities, target)
    objects = {} if found.objects is None else {"objects": found.objects}
    return _in_words(found, target), {"classes": found.classes, **objects, "probabilities": probabilities}


def _in_words(found: Decoded, target: PixelClasses | Instances) -> dict[str, Any]:
    names = decoded_names(target)
    counts = np.zeros(len(names), np.int64)
    for at in slabs(found.classes.shape):  # counting widens to eight bytes a pixel
        counts += np.bincount(found.classes[at].ravel(), minlength=len(names))
    said: dict[str, Any] = {"shares": dict(zip(names, (counts / max(counts.sum(), 1)).tolist(), strict=True))}
    if found.objects is not None:
        said["objects"] = int(found.objects.max(initial=0))
    return said


def columns(target: PixelClasses | Instances) -> tuple[str, ...]:
    """Return the titles after id and split: counts of pixels and objects, all that comparisons need."""
    return ("main", *titles(target))


def rows(truth: Column, predictions: Column, target: PixelClasses | Instances) -> list[list[str]]:
    """Return the cells of each image under these titles; the first is its main figure."""
    found = evidence(truth, predictions, target)
    return [[f"{main:.6g}", *cells] for main, cells in zip(found.per_example, to_cells(found), strict=True)]


def read(rows: Sequence[Mapping[str, str]], target: PixelClasses | Instances) -> MaskEvidence:
    """Return what such lines say; ``ValueError`` or ``KeyError`` where they are not of these masks."""
    return from_cells(rows, target)
