"""The settings that reconstruction has of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convscope.tasks.settings import setting


@dataclass(frozen=True)
class Options:
    """What is learned of pixels."""

    reconstruct: Literal["auto", "squared_error", "elbo"] = setting(
        "auto",
        "Network",
        "what is learned: the least squared error of pixels, or the evidence lower bound of a variational "
        "autoencoder (elbo); auto: as the network can",
    )
    likelihood: Literal["auto", "bernoulli", "gaussian"] = setting(
        "auto",
        "Network",
        "of pixels, for the bound: bernoulli (from 0 to 1, the probability of a white one) or gaussian (of one learned "
        "variance); auto: bernoulli where most pixels are nearly black or white",
    )
    beta: float = setting(
        1.0,
        "Training",
        "weight of the Kullback-Leibler divergence in the bound that is trained on; figures are those of 1",
        at_least=0,
    )
