"""Which errors to look at: the most confident ones, and the positives that were missed."""

from __future__ import annotations

import numpy as np

from convscope.data.dataset import Split
from convscope.data.transforms.text import text_of
from convscope.report.clips import laid_out
from convscope.report.explained.shown import FRAMES
from convscope.report.section import shows_images
from convscope.report.sections.classification.contents import Mistake


def worst(split: Split, probabilities: np.ndarray, count: int = 24) -> tuple[Mistake, ...]:
    """Return the ``count`` wrong answers of highest probability, highest first; ``probabilities`` is (N, K)."""
    return _mistakes(split, probabilities, np.arange(len(split)), count)


def _frames(split: Split, row: int) -> np.ndarray | None:
    """Return a clip as one image (C, H, W), its frames in rows; ``None`` of what is none."""
    spec = split.input.spec
    if spec.kind not in ("video", "volume") or None in spec.shape or int(spec.shape[0] or 0) > FRAMES:
        return None
    return laid_out(np.asarray(split[row].image)[None])[0]


def missed(split: Split, probabilities: np.ndarray, rows: list[int], count: int = 24) -> tuple[Mistake, ...]:
    """Return up to ``count`` of the examples at ``rows`` (``metrics["binary"]["missed"]``), the surest error first."""
    return _mistakes(split, probabilities, np.asarray(rows, dtype=int), count)


def _mistakes(split: Split, probabilities: np.ndarray, rows: np.ndarray, count: int) -> tuple[Mistake, ...]:
    predicted, images, written = probabilities.argmax(axis=1), shows_images(split), split.input.spec.kind == "text"
    wrong = rows[predicted[rows] != split.labels[rows]]
    stated = probabilities[wrong, predicted[wrong]]
    first = wrong[np.argsort(-stated, kind="stable")[:count]]
    return tuple(
        Mistake(
            image=split.images(row) if images else _frames(split, int(row)),
            truth=int(split.labels[row]),
            predicted=int(predicted[row]),
            probability=float(probabilities[row, predicted[row]]),
            id=str(split.ids[row]),
            text=text_of(np.asarray(split[int(row)].image)) if written else "",
        )
        for row in first
    )
