"""Rounding in the catalogue."""

from __future__ import annotations

import math

import numpy as np
import torch

from catalogue.activation import SHAPES, integers
from catalogue.entry import Entry, Refusal, Sample
from convscope.errors import ConfigError

TORCH = {"nearest": torch.round, "down": torch.floor, "up": torch.ceil, "zero": torch.trunc}


def halves(rng: np.random.Generator) -> np.ndarray:
    return np.array([-2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, 7.0])


ENTRIES = (
    Entry(
        "round_off",
        (
            *SHAPES,
            *(Sample(((2, 3),), {"direction": direction}) for direction in TORCH),
            *(Sample((halves,), {"direction": direction}, smooth=False) for direction in TORCH),
        ),
        (
            integers("round_off"),
            Refusal(
                ((2,),),
                {"direction": "downs"},
                "round_off: there is no direction 'downs'; did you mean 'down'?",
                ConfigError,
            ),
        ),
        lambda x, direction="nearest": TORCH[direction](x),
        products=lambda x, direction="nearest": (0, math.prod(x)),
        level=True,
    ),
)
