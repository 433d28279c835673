from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import linalg
from skimage import color

from convscope.data.augment import stain
from convscope.data.augment.draws import Draws

N = 16
DRAWS = Draws(np.arange(N), seed=5, epoch=2)


def drawn(strength):
    scale = np.stack([DRAWS.uniform(f"stain {dye}", 1 - strength, 1 + strength) for dye in stain.DYES], 1)
    offset = np.stack([DRAWS.uniform(f"stain {dye} offset", -strength, strength) for dye in stain.DYES], 1)
    return scale, offset


@pytest.mark.parametrize("strength", [0.05, 0.2])
def test_density_by_density(strength):
    """Against the definition, with logarithms: unmixed by solving, scaled, offset, mixed, cut to bytes."""
    raw = np.random.default_rng(0).integers(0, 256, (N, 3, 9, 7))
    found = stain.jitter(torch.from_numpy(raw).float(), DRAWS, strength).numpy()
    for i, (scale, offset) in enumerate(zip(*drawn(strength), strict=True)):
        density = -np.log10((raw[i].reshape(3, -1) + 1) / 256)
        dyes = linalg.solve(stain.COLOURS.T, density)
        taken = 1 - 10**-density
        density = stain.COLOURS.T @ (scale[:, None] * dyes) + taken * (stain.COLOURS.T @ offset[:, None])
        expected = np.clip(256 * 10**-density - 1, 0, 255)
        np.testing.assert_allclose(found[i].reshape(3, -1), expected, atol=2e-3)


def test_against_the_separation_of_skimage():
    """On pictures of the three dyes, what skimage separates is what was asked for."""
    dyes = np.random.default_rng(1).uniform(0.03, 0.08, (N, 12, 12, 3))  # of six, the unit of skimage
    raw = np.rint(255 * color.hed2rgb(dyes)).astype(np.uint8)
    strength = 0.1
    found = stain.jitter(torch.from_numpy(raw).permute(0, 3, 1, 2).float(), DRAWS, strength)
    assert found.min() > 1 and found.max() < 255
    before, after = (6 * color.rgb2hed(image / 255) for image in (raw, found.permute(0, 2, 3, 1).numpy()))
    scale, offset = (each[:, None, None] for each in drawn(strength))
    plus = (1 - raw / 255) * (offset @ stain.COLOURS) @ np.linalg.inv(stain.COLOURS)  # of the dyes, what goes by light
    np.testing.assert_allclose(after, scale * before + plus, atol=0.025)  # they take v / 255, and round the colours


def test_no_strength_changes_nothing():
    raw = torch.arange(256).float().repeat(N, 3, 1).view(N, 3, 16, 16)
    torch.testing.assert_close(stain.jitter(raw, DRAWS, 0.0), raw, atol=1e-3, rtol=0)


def of_colour(*colour: int) -> torch.Tensor:
    return torch.tensor(colour).float().view(1, 3, 1, 1).expand(N, 3, 4, 4).contiguous()


@pytest.mark.parametrize("strength", [0.05, 0.2, 0.5])
def test_white_stays_white(strength):
    """Where no dye weakens the light, there is none to be more or less of (Beer and Lambert)."""
    white, glass = of_colour(255, 255, 255), of_colour(250, 250, 250)
    assert torch.equal(stain.jitter(white, DRAWS, strength), white)
    assert (stain.jitter(glass, DRAWS, strength) - glass).abs().max() < 20 * strength


def test_pink_stays_pink():
    """A twentieth is what two laboratories differ by: no hue turns into another."""
    pink = of_colour(220, 150, 200)
    assert (stain.jitter(pink, DRAWS, 0.05) - pink).abs().amax((1, 2, 3)).median() > 2
    red, green, blue = stain.jitter(pink, DRAWS, 0.05).mean((2, 3)).T
    assert (red > blue).float().mean() > 0.8 and (blue > green).all()
