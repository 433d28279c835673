"""Angle images: is there an upright angle, ∧, somewhere in the noise?

Four kinds of picture, a quarter each: a small ∧ and a large ∧ (class "angle"), a ∨, and the two strokes of a
∧ set apart (class "other"). All figures of one size have equally many bright pixels, and both classes the same
sizes, so that neither brightness nor a single stroke gives the class away: only how the strokes meet does.
"""

from __future__ import annotations

import numpy as np

SIZE = 32
CLASSES = ("other", "angle")
_ARMS = (5, 6)  # steps in an arm of a small and a large angle; a large one just fills the kernel
_GAP = 5  # columns between strokes set apart
_MARGIN = 4  # pixels kept free at the border, so that a shift by a tenth of the image cuts nothing off
_BACKGROUND, _STROKE, _NOISE = 80, 80, 13  # raw levels; less noise and a corner of the figure would do to tell


def make(seed: int, count: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (count, 32, 32, 1) uint8 and labels (count,), 1 where the image contains a ∧."""
    random = np.random.default_rng(seed)
    kind = random.permutation(np.arange(count) % 4)
    figures = [[_figure(arm), _figure(arm)[::-1], _figure(arm, gap=_GAP)] for arm in _ARMS]
    size = np.where(kind < 2, kind, random.integers(len(_ARMS), size=count))
    form = np.maximum(kind - 1, 0)
    clean = np.zeros((count, SIZE, SIZE), np.float32)
    for image, s, f in zip(clean, size, form, strict=True):
        figure = figures[s][f]
        top, left = (random.integers(_MARGIN, SIZE - _MARGIN - side + 1) for side in figure.shape)
        image[top : top + figure.shape[0], left : left + figure.shape[1]] = figure
    levels = _BACKGROUND + _STROKE * clean + _NOISE * random.standard_normal(clean.shape, np.float32)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[..., None], (kind < 2).astype(np.int64)


def _figure(arm: int, gap: int = 0) -> np.ndarray:
    """Draw / and \\ of ``arm`` steps, two pixels thick, sharing their top step or set ``gap`` columns apart.

    Apart, the right stroke lacks that step, so that all figures of one size have equally many bright pixels.
    """
    figure = np.zeros((arm + 1, 2 * arm - 1 + gap), np.float32)
    for step in range(arm):
        figure[step : step + 2, arm - 1 - step] = 1
        if step:
            figure[step : step + 2, arm - 1 + step + gap] = 1
    return figure


def handmade_kernel() -> np.ndarray:
    """Return the detector one would draw, (11, 11): a ∧ of positive weights among negative ones, of sum 0.

    Correlated with an image, its largest response is high where a ∧ fits and low otherwise; the zero sum
    makes it blind to the background's level.
    """
    kernel = np.zeros((11, 11))
    figure = _figure(_ARMS[-1])
    top, left = (11 - figure.shape[0]) // 2, (11 - figure.shape[1]) // 2
    kernel[top : top + figure.shape[0], left : left + figure.shape[1]] = figure
    return kernel / kernel.sum() - (1 - kernel) / (1 - kernel).sum()
