"""More or less of each dye: what differs between two laboratories that stain the same tissue.

Light that passes a dye is weakened by a power law (Beer and Lambert), so the optical density, the negative
logarithm of the light that is left, adds up over the dyes. Ruifrok and Johnston (2001) measured the density that
haematoxylin, eosin and DAB give to red, green and blue; inverting that 3 × 3 matrix unmixes them. Each dye's density
is then scaled and offset a little (Tellez et al., 2018), and the dyes are mixed again. The offset goes by the light
that is taken away: where there is no dye there is none to vary, so the white of the glass stays white.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from convscope.data.augment.draws import Draws

DYES = ("haematoxylin", "eosin", "DAB")
_MEASURED = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])  # (dye, red green blue)
COLOURS = _MEASURED / np.linalg.norm(_MEASURED, axis=1, keepdims=True)
_UNMIX = np.linalg.inv(COLOURS)  # (red green blue, dye)


def jitter(raw: Tensor, draws: Draws, strength: float) -> Tensor:
    """Change the dyes in bytes ``raw`` (N, 3, H, W): each density times 1 ± ``strength``, plus ± ``strength`` × d.

    d is the part of the light, of each colour, that does not come through: 0 in white, 1 in black.

    A density of 1 leaves a tenth of the light; v is taken for (v + 1) / 256 of it, so that black has a density too.

    With A = unmix · scale · mix, the new density of channel c is a sum over the old ones k, so its light is a
    product of powers, and each factor a function of one byte (c's own also makes its offset): nine tables of 256 a
    sample. That spares a logarithm and an exponential a pixel, whose last bit may change with the place in a batch.
    """
    scale = np.stack([draws.uniform(f"stain {dye}", 1 - strength, 1 + strength) for dye in DYES], 1)  # (N, 3)
    offset = np.stack([draws.uniform(f"stain {dye} offset", -strength, strength) for dye in DYES], 1)
    power = (scale[:, :, None, None] * (_UNMIX.T[:, :, None] * COLOURS[:, None, :])).sum(1)  # (N, from, to)
    light = (np.arange(256) + 1) / 256
    tables = np.exp(power[..., None] * np.log(light))  # (N, from, to, 256)
    offsets = (offset[:, :, None] * COLOURS).sum(1)  # (N, 3)
    own = np.arange(3)
    tables[:, own, own] *= 10 ** -(offsets[..., None] * (1 - light))
    tables[:, 0] *= 256
    factors = torch.from_numpy(tables).to(raw)

    N, _, H, W = raw.shape
    at = raw.view(N, 3, 1, H * W).long().expand(N, 3, 3, H * W)
    red, green, blue = (factors[:, k].gather(2, at[:, k]) for k in range(3))
    return (red.mul_(green).mul_(blue) - 1).clamp_(0, 255).view(N, 3, H, W)
