"""Bright discs of random size and place on a noisy ground, each with a dark hand: how large, and pointing where?

The radius is in pixels, the angle in degrees from upright, clockwise. The hand reaches from the centre to the rim and
never turns further than 75° from upright, so that close angles look alike.
"""

from __future__ import annotations

import numpy as np

SIZE = 32
NAMES = ("radius", "angle")
UNITS = ("pixels", "degrees")
_RADII = (4.0, 11.0)
_STEEPEST = 75.0
_BACKGROUND, _DISC, _NOISE = 80, 90, 12
_HALF_WIDTH = 1.0  # of the hand, in pixels


def make(seed: int, count: int = 2_500) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (count, 32, 32, 1) uint8 and the radius and angle (count, 2) of each disc."""
    random = np.random.default_rng(seed)
    radius = random.uniform(*_RADII, count)
    angle = random.uniform(-_STEEPEST, _STEEPEST, count)
    centre = random.uniform(radius, SIZE - 1 - radius, (2, count))  # x, y: the whole disc is in the image
    clean = np.stack([drawn(*each) for each in zip(radius, angle, *centre, strict=True)])
    levels = _BACKGROUND + _DISC * clean + _NOISE * random.standard_normal(clean.shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[..., None], np.stack([radius, angle], axis=1)


def drawn(radius: float, angle: float, x: float, y: float) -> np.ndarray:
    """Return how much of each pixel (32, 32) is disc and not hand, from 0 to 1, for a centre at (x, y)."""
    rows, columns = np.indices((SIZE, SIZE))
    right, up = columns - x, y - rows
    disc = np.clip(radius - np.hypot(right, up) + 0.5, 0, 1)
    turn = np.radians(angle)
    along = right * np.sin(turn) + up * np.cos(turn)  # from the centre towards where the hand points
    beside = np.abs(right * np.cos(turn) - up * np.sin(turn))
    hand = np.clip(_HALF_WIDTH - beside + 0.5, 0, 1) * np.clip(along + 0.5, 0, 1)
    return disc * (1 - hand)
