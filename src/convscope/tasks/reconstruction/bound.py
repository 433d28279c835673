"""What a variational autoencoder says of a split: the evidence lower bound, and which of its numbers are used."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convscope.data.dataset import Split
from convscope.data.spec import Pixels
from convscope.tasks.metrics.estimates import with_intervals
from convscope.tasks.metrics.units import Units
from convscope.tasks.reconstruction.objective import FromInput, divergence, negative_log_likelihood
from convscope.tasks.scores import About, Metric, Scores

AT_ONCE = 250
ACTIVE = 0.01  # variance of a code's mean over images, from which on it is used (Burda et al. 2016)
IMPORTANT, DRAWS = 250, 100  # images of the importance-weighted bound, and drawings of each
ABOUT = {
    "negative_elbo": About(
        "negative evidence bound", "-log p(image) is at most this, one code drawn each",
        "nats", better="lower", limits=(-math.inf, math.inf),
    ),
    "bits_per_dimension": About(
        "bits per dimension", "the bound in bits, divided by the numbers of an image", "bits", better="lower",
        limits=(-math.inf, math.inf),
    ),
    "kl": About("divergence", "what a code tells of its image, on average", "nats", better="higher"),
}  # fmt: skip


def with_bound(
    model: Any, tensor: Callable[[Any], Tensor], split: Split, target: Pixels, scores: Scores, *, seed: int = 0
) -> Scores:
    """Return the scores with the bound of a split's images, one code drawn for each; as they are for other networks.

    ``details["latents"]`` holds the divergence of each number of the code and how many are active;
    ``details["importance_weighted"]`` the bound of a hundred codes an image (Burda et al. 2016), of the first images.
    """
    if target.form != "elbo":
        return scores
    generator = torch.Generator().manual_seed(seed)
    surprise, kl, means, tighter = [], [], [], []
    with torch.inference_mode():
        pixels = 0  # of an image, in all its channels
        for x in _parts(tensor, split):
            pixels = x[0].numel()
            mean, log_variance = model.posterior(x)
            code = _drawn(mean, log_variance, generator)
            surprise.append(negative_log_likelihood(model.decode(code), FromInput(target)(x), target))
            kl.append(divergence(mean, log_variance))
            means.append(mean)
            if len(tighter) * AT_ONCE < IMPORTANT:
                tighter.append(_importance(model, x, target, generator))
    each, of_codes = torch.cat(kl).double().numpy(), torch.cat(means).double().numpy()
    bound = torch.cat(surprise).double().numpy() + each.sum(1)
    values = {"negative_elbo": bound, "bits_per_dimension": bound / (pixels * math.log(2)), "kl": each.sum(1)}
    figures = with_intervals(
        lambda weights: {name: value @ weights / weights.sum(0) for name, value in values.items()},
        Units.of(split.groups, len(split)), resamples=1000, seed=seed,
    )  # fmt: skip
    weighted = torch.cat(tighter)
    details = {
        "latents": {
            "kl": each.mean(0).tolist(),
            "active": int((of_codes.var(0) > ACTIVE).sum()),
            "units": each.shape[1],
        },
        "importance_weighted": {"value": float(weighted.mean()), "images": len(weighted), "draws": DRAWS},
    }  # fmt: skip
    told = {name: Metric(**figures[name], about=about) for name, about in ABOUT.items()}
    return replace(scores, metrics={**scores.metrics, **told}, details={**scores.details, **details})


def _parts(tensor: Callable[[Any], Tensor], split: Split) -> Iterator[Tensor]:
    for first in range(0, len(split), AT_ONCE):
        yield tensor(split.input.take(np.arange(first, min(first + AT_ONCE, len(split)))))


def _drawn(mean: Tensor, log_variance: Tensor, generator: torch.Generator) -> Tensor:
    return mean + torch.exp(0.5 * log_variance) * torch.randn(mean.shape, generator=generator)


def _importance(model: Any, x: Tensor, target: Pixels, generator: torch.Generator) -> Tensor:
    """Return the importance-weighted bound (n,) of images (n, C, H, W)."""
    mean, log_variance = model.posterior(x)
    pixels = FromInput(target)(x)
    weights = []
    for _ in range(DRAWS):
        code = _drawn(mean, log_variance, generator)
        prior = -0.5 * code.square().sum(1)
        drawn = -0.5 * ((code - mean).square() / log_variance.exp() + log_variance).sum(1)
        weights.append(prior - drawn - negative_log_likelihood(model.decode(code), pixels, target))
    return math.log(DRAWS) - torch.logsumexp(torch.stack(weights), 0)
