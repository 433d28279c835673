"""SmoothGrad: the mean of the gradients of noisy copies of an input (Smilkov et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import each_example, scores_of, summed_gradients
from convscope.explaining.explained import Explained
from convscope.explaining.gradient import left_out, magnitude
from convscope.explaining.score import Score

COPIES, NOISE = 25, 0.15  # the standard deviation of the noise, of the range of an example's numbers


def smoothgrad(explained: Explained, score: Score, copies: int = COPIES, noise: float = NOISE) -> Attribution:
    """Return the mean gradient (N, C, *space) of noisy copies; its map is the largest magnitude over the channels.

    The noise of each copy is drawn anew with every call: the same input has the same map, alone or in a batch.
    """

    def noisy(_: Explained, numbers: Tensor, value: Tensor) -> Tensor:
        flat = value.flatten(1)
        spread = noise * (flat.amax(1) - flat.amin(1))
        drawn = torch.stack([_noise(value[0], number) for number in numbers.tolist()])
        return value + each_example(spread, value) * drawn

    total = summed_gradients(explained, score, copies, noisy, torch.float32)
    values = (total / copies).cpu().numpy()
    return Attribution(magnitude(values), values, scores_of(explained, score), "smoothgrad", notes=left_out(explained))


def _noise(like: Tensor, seed: int) -> Tensor:
    """Return standard normal noise of the shape of one example; torch's own random state is left alone."""
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed)).to(like)
