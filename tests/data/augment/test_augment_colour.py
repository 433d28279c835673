from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from skimage.color import rgb2yiq, yiq2rgb

from convscope.data.augment import colour
from convscope.data.augment.draws import Draws
from convscope.errors import ShapeError

N = 32


@pytest.fixture
def x():
    return torch.randn((N, 3, 15, 18), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def draws():
    return Draws(np.arange(N), seed=5, epoch=2)


def test_light(x, draws):
    y = colour.light(x, draws, brightness=0.5, contrast=0.3)
    factor, offset = draws.uniform("contrast", 0.7, 1.3), draws.uniform("brightness", -0.5, 0.5)
    for i in range(N):
        torch.testing.assert_close(y[i], x[i] * float(factor[i]) + float(offset[i]))


def test_saturation(x, draws):
    y = colour.saturate(x, draws, 0.8)
    torch.testing.assert_close(y.mean(1), x.mean(1))  # grey stays
    factor = torch.from_numpy(draws.uniform("colour", 0.2, 1.8)).float().view(-1, 1, 1, 1)
    torch.testing.assert_close(y - y.mean(1, keepdim=True), (x - x.mean(1, keepdim=True)) * factor)


def test_saturation_needs_colour(draws):
    with pytest.raises(ShapeError, match=r"^colour needs images of three channels; these have 1$"):
        colour.saturate(torch.zeros(N, 1, 4, 4), draws, 0.5)


def test_hue_against_skimage(draws):
    """A turn of the two chroma axes of YIQ."""
    raw = np.random.default_rng(0).uniform(0, 255, (N, 3, 9, 7))
    found = colour.hue(torch.from_numpy(raw), draws, 50).numpy()
    for i, angle in enumerate(np.radians(draws.uniform("hue", -50, 50))):
        luma, *chroma = np.moveaxis(rgb2yiq(np.moveaxis(raw[i], 0, -1)), -1, 0)
        turned = (chroma[0] + 1j * chroma[1]) * np.exp(1j * angle)
        expected = yiq2rgb(np.stack((luma, turned.real, turned.imag), -1))
        np.testing.assert_allclose(found[i], np.moveaxis(expected, -1, 0), atol=0.05)  # of 255: they round their axes


def test_hue_leaves_grey_alone(draws):
    grey = torch.linspace(0, 255, 63).view(1, 1, 9, 7).repeat(N, 3, 1, 1)
    torch.testing.assert_close(colour.hue(grey, draws, 180), grey, atol=1e-3, rtol=0)


def test_blur_against_scipy(x, draws):
    y = colour.blur(x, draws, 1.5)
    sigma = draws.uniform("blur", 0, 1.5)
    for i in range(N):
        expected = ndimage.gaussian_filter(x[i].numpy(), sigma[i], axes=(1, 2), mode="nearest", radius=5)
        np.testing.assert_allclose(y[i].numpy(), expected, atol=1e-5)


def test_noise(x, draws):
    added = (colour.noise(x, draws, 0.3) - x).numpy()
    assert stats.kstest(added.ravel()[:10_000] / 0.3, "norm").pvalue > 0.01
    flat = added.reshape(N, -1)
    correlation = np.corrcoef(flat) - np.eye(N)
    assert abs(correlation).max() < 0.2  # samples do not share their noise
    again = (colour.noise(x, Draws(np.arange(N), 5, 3), 0.3) - x).numpy()
    assert abs(np.corrcoef(added.ravel(), again.ravel())[0, 1]) < 0.05  # nor do epochs


def test_zero_strength_changes_nothing(x, draws):
    assert torch.equal(colour.light(x, draws), x)
    assert torch.equal(colour.noise(x, draws, 0.0), x)
    torch.testing.assert_close(colour.saturate(x, draws, 0.0), x)
    torch.testing.assert_close(colour.blur(x, draws, 0.0), x)
