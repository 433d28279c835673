"""Changing the values: light, colour, sharpness, noise. Values are in standard deviations of the set but for hue.

Multiplications and additions stay separate: a fused multiply-add rounds once instead of twice, and whether
torch fuses depends on where in a batch a pixel falls.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from convscope.data.augment.draws import Draws
from convscope.errors import ShapeError


def light(x: Tensor, draws: Draws, *, brightness: float = 0.0, contrast: float = 0.0) -> Tensor:
    """Multiply x (N, C, H, W) by 1 ± ``contrast`` and add ± ``brightness``, about the set's mean, 0."""
    if contrast:
        x = x * _one_each(draws.uniform("contrast", 1 - contrast, 1 + contrast), x)
    if brightness:
        x = x + _one_each(draws.uniform("brightness", -brightness, brightness), x)
    return x


def saturate(x: Tensor, draws: Draws, colour: float) -> Tensor:
    """Multiply each pixel's distance from its own grey, the mean of the three channels, by 1 ± ``colour``."""
    if x.shape[1] != 3:
        raise ShapeError(f"colour needs images of three channels; these have {x.shape[1]}")
    grey = ((x[:, 0] + x[:, 1] + x[:, 2]) / 3)[:, None]
    return grey + (x - grey) * _one_each(draws.uniform("colour", 1 - colour, 1 + colour), x)


# Red, green and blue to luma and two axes of chroma (YIQ, the colours of NTSC television), and back.
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


def hue(raw: Tensor, draws: Draws, most: float) -> Tensor:
    """Turn every colour of ``raw`` (N, 3, H, W) on the colour wheel, up to ± ``most`` degrees; the luma stays.

    One linear map a sample, a turn of the chroma of YIQ; in raw units, since red, green and blue have deviations of
    their own. The caller cuts off what lies outside the range.
    """
    angle = np.radians(draws.uniform("hue", -most, most))
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    luma, chroma = np.outer(_FROM_YIQ[:, 0], _TO_YIQ[0]), _FROM_YIQ[:, 1:] @ _TO_YIQ[1:]
    across = np.outer(_FROM_YIQ[:, 2], _TO_YIQ[1]) - np.outer(_FROM_YIQ[:, 1], _TO_YIQ[2])  # I to Q, Q to -I
    turn = torch.from_numpy(luma + cos * chroma + sin * across).to(raw)[..., None, None]  # (N, to, from, 1, 1)
    red, green, blue = (raw[:, k : k + 1] * turn[:, :, k] for k in range(3))
    return red.add_(green).add_(blue)


def blur(x: Tensor, draws: Draws, most: float) -> Tensor:
    """Blur x (N, C, H, W) with a Gaussian of σ between 0 and ``most`` pixels; the border is repeated."""
    radius = math.ceil(3 * most)
    sigma = np.maximum(draws.uniform("blur", 0, most), 1e-3)[:, None]
    weights = np.exp(-0.5 * (np.arange(radius + 1) / sigma) ** 2)  # (N, radius + 1): the kernel's right half
    weights /= weights[:, :1] + 2 * weights[:, 1:].sum(1, keepdims=True)
    columns = [_one_each(w, x) for w in weights.T]
    for axis in (2, 3):
        size = x.shape[axis]
        wide = functional.pad(x, (0, 0, radius, radius) if axis == 2 else (radius, radius, 0, 0), mode="replicate")
        x = x * columns[0]
        for k in range(1, radius + 1):
            x += columns[k] * (wide.narrow(axis, radius - k, size) + wide.narrow(axis, radius + k, size))
    return x


def noise(x: Tensor, draws: Draws, std: float) -> Tensor:
    """Add Gaussian noise of ``std`` to every value of x (N, C, H, W).

    Each sample takes a window, at a random place, out of one long strip of noise. Windows overlap, but two
    that start at the same place are rare, and fresh normal numbers for each sample would cost more than the
    rest.
    """
    size = x[0].numel()
    windows = _strip(size, x.device).unfold(0, size, 1)
    start = torch.from_numpy(draws.below("noise", len(windows))).to(x.device)
    return x + (windows[start] * std).view_as(x)


@lru_cache(maxsize=4)
def _strip(size: int, device: torch.device) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2**20 + size, generator=generator).to(device)


def _one_each(values: np.ndarray, x: Tensor) -> Tensor:
    """Return one number a sample, shaped to multiply x (N, C, H, W)."""
    return torch.from_numpy(values).to(x).view(-1, 1, 1, 1)
