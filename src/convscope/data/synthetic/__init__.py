"""Sets made from nothing but a seed: the answer is known, and so is what it takes to find it."""

from __future__ import annotations

import numpy as np

from convscope.data.synthetic import angles, discs, motions, squares, steps
from convscope.errors import ConfigError, nearest

__all__ = ["CLIPS", "MASKS", "NAMES", "NUMBERS", "SIGNALS", "make", "make_clips", "make_numbers", "make_signals"]

NAMES = {
    "angles": "4,000 noisy 32×32 images: do two strokes meet in an upright angle, ∧? For the single-kernel detector",
    "squares": "2,500 noisy 16×16 images: a square, frame, disc or cross at a random place",
}
NUMBERS = {
    "discs": "2,500 noisy 32×32 images of a disc with a hand: its radius in pixels and its angle in degrees",
}
MASKS = {
    "tracks": "240 noisy 128×128 frames of a CCD: dim tracks, straight and curved, among bright hits and hot pixels",
    "nuclei": "150 noisy 160×160 images of fluorescent nuclei, bright and dim, many of which touch: each is an object",
}
SIGNALS = {
    "steps": "2,000 noisy signals of 25 steps: do they rise, fall, or both, as a pulse does?",
}
CLIPS = {
    "motions": "2,500 noisy clips of 12 frames, 32×32: a handwritten digit that sweeps in one of eight directions",
}
_SETS = {"angles": angles, "squares": squares}


def make(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Return the set ``name``: pixels (n, H, W, C) uint8, labels (n,), classes, and split (n,) "train" or
    "test".

    The last fifth is the test split; the order of the classes is random, and the same seed gives the same
    set.

    >>> pixels, labels, classes, split = make("angles")
    >>> pixels.shape, classes, int((split == "test").sum())
    ((4000, 32, 32, 1), ('other', 'angle'), 800)
    """
    if name not in _SETS:
        raise ConfigError(f"unknown synthetic set {name!r}{nearest(name, _SETS)}; known: {', '.join(sorted(_SETS))}")
    pixels, labels = _SETS[name].make(seed)
    return pixels, labels, _SETS[name].CLASSES, _split(len(labels))


def make_numbers(
    name: str, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Return the set ``name`` of ``NUMBERS``: pixels (n, H, W, C) uint8, numbers (n, K), their names and units, and
    split (n,), of which the last fifth is "test".

    >>> pixels, values, names, units, split = make_numbers("discs")
    >>> pixels.shape, values.shape, names, units
    ((2500, 32, 32, 1), (2500, 2), ('radius', 'angle'), ('pixels', 'degrees'))
    """
    assert name == "discs", name
    pixels, values = discs.make(seed)
    return pixels, values, discs.NAMES, discs.UNITS, _split(len(values))


def make_signals(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Return the set ``name`` of ``SIGNALS``: signals (n, T, C) float32, labels (n,), classes, and split (n,), of
    which the last fifth is "test".

    >>> signals, labels, classes, split = make_signals("steps")
    >>> signals.shape, classes, int((split == "test").sum())
    ((2000, 25, 1), ('rise', 'fall', 'pulse'), 400)
    """
    assert name == "steps", name
    signals, labels = steps.make(seed)
    return signals, labels, steps.CLASSES, _split(len(labels))


def make_clips(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Return the set ``name`` of ``CLIPS``: clips (n, T, H, W, C) uint8, labels (n,), classes, and split (n,), of
    which the last fifth is "test".

    >>> clips, labels, classes, split = make_clips("motions")
    >>> clips.shape, len(classes), int((split == "test").sum())
    ((2500, 12, 32, 32, 1), 8, 500)
    """
    assert name == "motions", name
    clips, labels = motions.make(seed)
    return clips, labels, motions.CLASSES, _split(len(labels))


def _split(count: int) -> np.ndarray:
    return np.where(np.arange(count) < 0.8 * count, "train", "test")
