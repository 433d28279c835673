"""An explanation of an image as pictures: what was given, and planes of its maps."""

from __future__ import annotations

import numpy as np

from convscope.data.pictures import Display, in_rows
from convscope.explaining.explanation import Explanation, Map
from convscope.text import percent

FRAMES = 36  # that are shown beside each other at most


def picture_of(explanation: Explanation, display: Display | None = None) -> np.ndarray | None:
    """Return the image as bytes (H, W, 3), of a clip its frames in rows; ``None`` for what is none."""
    raw = explanation.raw
    if raw is None or raw.ndim < 3:
        return None
    plane = raw if raw.ndim == 3 else _laid_out(raw, explanation, fill=raw.max())
    first = np.moveaxis(_upright(plane, explanation), -1, 0)
    return (display or Display.of(first[None])).show(first)


def plane_of(each: Map, explanation: Explanation) -> np.ndarray:
    """Return a map as a plane (H, W), of a clip or a volume laid out as ``picture_of`` does."""
    plane = each.values if each.values.ndim == 2 else _laid_out(each.values, explanation)
    return _upright(plane, explanation)


def _laid_out(frames: np.ndarray, explanation: Explanation, fill: float = 0) -> np.ndarray:
    """Return all frames of a clip, or slices of a volume, where they are few; of more the slice that is shown."""
    return in_rows(frames, fill) if len(frames) <= FRAMES else frames[slice_of(explanation)]


def _upright(plane: np.ndarray, explanation: Explanation) -> np.ndarray:
    """Return rows from the top on: those of spectrograms begin with the deepest band."""
    return plane[::-1] if explanation.upward else plane


def slice_of(explanation: Explanation) -> int:
    """Return which slice of a volume is shown: that in which the first map has most."""
    values = next(iter(explanation.maps.values())).values
    return int(np.argsort(np.abs(values).reshape(len(values), -1).sum(1))[-1])


def said_of(explanation: Explanation) -> str:
    """Return the answer and what is explained on one line.

    >>> answer = {"label": "bee", "probability": 0.9, "probabilities": {"ant": 0.1, "bee": 0.9}}
    >>> said_of(Explanation("a.png", answer, "ant"))
    'said bee, 90.0\u202f%; explained: ant, 10.0\u202f%'
    """
    answer, target = explanation.answer, explanation.target
    label, probability = answer.get("label"), answer.get("probability")
    if label is None:
        value = _value(explanation)
        return f"explained: {target}{value}"
    said = f"said {label}, {percent(probability)}" if probability is not None else f"said {label}"
    if str(label) == target:
        return said
    stated = f", {percent(explanation.probability)}" if explanation.probability is not None else ""
    return f"{said}; explained: {target}{stated}"


def _value(explanation: Explanation) -> str:
    numbers = explanation.answer.get("numbers") or {}
    if explanation.target in numbers:
        unit = (explanation.answer.get("units") or {}).get(explanation.target) or ""
        return f", {numbers[explanation.target]:.4g} {unit}".rstrip()
    return f", {percent(explanation.probability)}" if explanation.probability is not None else ""
