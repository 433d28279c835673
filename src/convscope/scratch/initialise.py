"""First values of weights: their spread is chosen so that numbers neither grow nor shrink from layer to layer.

Each function takes a shape, (O, I, *kernel), and a seeded generator, and returns float64 numbers around 0.
"""

from __future__ import annotations

import math

import numpy as np


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many inputs feed one output of a weight (O, I, *kernel), and how many outputs one input feeds.

    Eight kernels of 5×5 over one channel: 25 numbers make an output; an input number takes part in 8 · 25.

    >>> fans((8, 1, 5, 5)), fans((64, 128))
    ((25, 200), (128, 64))
    """
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def he_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return normal numbers of variance 2 / inputs, for layers followed by a ReLU (He et al. 2015).

    >>> he_normal((1000, 50), np.random.default_rng(0)).std().round(2)  # √(2 / 50) = 0.2
    np.float64(0.2)
    """
    return rng.normal(0.0, math.sqrt(2 / fans(shape)[0]), shape)


def he_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return uniform numbers of variance 2 / inputs: between ±√(6 / inputs) (He et al. 2015)."""
    limit = math.sqrt(6 / fans(shape)[0])
    return rng.uniform(-limit, limit, shape)


def glorot_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return normal numbers of variance 2 / (inputs + outputs), for tanh and sigmoid (Glorot and Bengio 2010)."""
    return rng.normal(0.0, math.sqrt(2 / sum(fans(shape))), shape)


def glorot_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return uniform numbers of variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""
    limit = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)
