"""Elementary functions in the catalogue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from catalogue.activation import SHAPES, integers
from catalogue.entry import Entry, Sample


def positive(*shape: int):
    """Return what draws numbers from 1/2 to 3/2."""
    return lambda rng: rng.uniform(0.5, 1.5, shape)


POSITIVE = (Sample((positive(2, 3, 4),)), Sample((positive(1),)), Sample((positive(),)), Sample(((0, 3),)))


def powers(sample: Sample, exponent: float) -> Sample:
    return Sample(sample.arrays, {"exponent": exponent})


ENTRIES = (
    Entry("exp", SHAPES, (integers("exp"),), torch.exp),
    Entry("log", POSITIVE, (integers("log"),), torch.log),
    Entry("sin", SHAPES, (integers("sin"),), torch.sin),
    Entry("cos", SHAPES, (integers("cos"),), torch.cos),
    Entry("erf", SHAPES, (integers("erf"),), torch.erf),
    Entry(
        "absolute",
        (*SHAPES, Sample((lambda rng: np.array([-1.0, 0, 2]),), smooth=False)),
        (integers("absolute"),),
        torch.abs,
    ),
    Entry(
        "power",
        (
            *(powers(sample, 0.5) for sample in POSITIVE),
            Sample(((2, 3),), {"exponent": 3}),
            Sample((positive(2, 3),), {"exponent": -0.5}),
        ),
        (replace(integers("power"), arguments={"exponent": 2}),),
        torch.pow,
    ),
    Entry(
        "clip",
        (
            *SHAPES,
            Sample(((2, 3, 4),), {"low": 0, "high": 0.5}),
            Sample(((5,),), {"high": 0.3}),
            Sample((lambda rng: np.array([-1.0, 0, 3, 6, 7]),), {"low": 0, "high": 6}, smooth=False),
            Sample((lambda rng: np.array([-1.0, 0, 3, 6]),), {"low": 0, "high": 6, "edges": False}, smooth=False),
        ),
        (integers("clip"),),
        lambda x, low=-np.inf, high=np.inf, edges=True: (torch.clamp if edges else F.hardtanh)(x, low, high),
    ),
    Entry(
        "elu", (*SHAPES, Sample(((2, 3),), {"alpha": 0.5})), (integers("elu"),), lambda x, alpha=1.0: F.elu(x, alpha)
    ),
    Entry(
        "softplus",
        (*SHAPES, Sample(((2, 3),), {"beta": 2.5}), Sample(((2, 9),), {"beta": 2.5, "threshold": 1.0})),
        (integers("softplus"),),
        lambda x, beta=1.0, threshold=1e9: F.softplus(x, beta, threshold),
    ),
    Entry("gelu_tanh", SHAPES, (integers("gelu_tanh"),), lambda x: F.gelu(x, approximate="tanh")),
)
