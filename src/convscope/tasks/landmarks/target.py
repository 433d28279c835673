"""What is learned of points: their mean places, which of them change places in a mirror, what errors are divided by."""

from __future__ import annotations

import numpy as np

from convscope.data.spec import Points
from convscope.tasks.landmarks import normaliser
from convscope.tasks.landmarks.options import Options
from convscope.tasks.landmarks.pairs import mean_shape, settled
from convscope.tasks.metrics.counts import mean_of_known


def measured(names: tuple[str, ...], points: np.ndarray, frame: tuple[int, int], options: Options) -> Points:
    """Return what is learned of points (n, K, 2) in pixels of a ``frame`` (height, width): those of the training split.

    A point that is never there is taken to lie in the middle.

    Raises:
        ConfigError: pairs or a normaliser that name no points.
    """
    places = to_places(points, frame)
    mean = mean_of_known(places)
    spread = float(np.sqrt(np.nanmean((places - mean) ** 2))) if np.isfinite(places).any() else 0.0
    mean = np.where(np.isfinite(mean), mean, 0.5)
    how = options.normaliser
    return Points(
        names,
        frame,
        settled(options.pairs, names, mean_shape(points)).pairs,
        tuple((float(x), float(y)) for x, y in mean),
        spread if spread > 1e-6 else 1.0,
        "coordinates" if options.points == "coordinates" else "heatmaps",
        normaliser.chosen(len(names)) if how == "auto" else normaliser.checked(how, names),
    )


def to_places(points: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """Return points (n, K, 2) in pixels of a frame as places from 0 to 1: from one border to the other."""
    return (points + 0.5) / np.array(frame[::-1])


def encode(stored: np.ndarray, target: Points) -> np.ndarray:
    """Return points (n, K, 2) in pixels of the frame as places from 0 to 1, float32; NaN where one is missing."""
    return to_places(stored, target.frame).astype(np.float32)
