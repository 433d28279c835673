from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage, stats

from convscope.data.augment import automatic
from convscope.data.augment.automatic import OPERATIONS, operations, perform
from convscope.data.augment.draws import Draws

N = 24


def pictures(channels=3, height=20, width=26):
    """Return bytes: noise on ramps, some of them faint, one of one value only."""
    rng = np.random.default_rng(0)
    low = rng.integers(0, 120, (N, channels, 1, 1))
    span = rng.integers(1, 130, (N, channels, 1, 1))
    made = low + rng.random((N, channels, height, width)) ** 2 * span
    made[0] = 77
    return made.astype(np.uint8)


def pil(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))


IN_PIL = {
    "identity": lambda image, amount: image,
    "autocontrast": lambda image, amount: ImageOps.autocontrast(image),
    "equalize": lambda image, amount: ImageOps.equalize(image),
    "posterize": lambda image, amount: ImageOps.posterize(image, 8 - int(abs(amount))),
    "solarize": lambda image, amount: ImageOps.solarize(image, 255 - abs(amount)),
    "brightness": lambda image, amount: ImageEnhance.Brightness(image).enhance(1 + amount),
    "contrast": lambda image, amount: ImageEnhance.Contrast(image).enhance(1 + amount),
    "colour": lambda image, amount: ImageEnhance.Color(image).enhance(1 + amount),
    "sharpness": lambda image, amount: ImageEnhance.Sharpness(image).enhance(1 + amount),
}
AMOUNTS = {"posterize": (0, 1, 4, 6), "solarize": (0, 80.5, 200, 255)}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", list(IN_PIL))
def test_values_against_pil(name, channels):
    if name == "colour" and channels == 1:
        assert name not in operations(channels)
        return
    images = pictures(channels)
    for amount in AMOUNTS.get(name, (-0.99, -0.3, 0.0, 0.45, 0.99)):
        found = perform(torch.from_numpy(images).float(), np.full(N, name), np.full(N, float(amount)))
        for i in range(N):
            expected = np.asarray(IN_PIL[name](pil(images[i]), amount), dtype=float)
            difference = abs(np.moveaxis(found[i].numpy(), 0, -1).squeeze() - expected)
            # A product and a sum may be rounded once or twice: now and then a level. All else is exact.
            allowed = 0.01 if name in ("contrast", "colour", "sharpness") else 0
            assert difference.max() <= 1 and (difference > 0).mean() <= allowed


@pytest.mark.parametrize("name", ["rotate", "shear x", "shear y", "shift x", "shift y"])
def test_motions_against_scipy(name):
    images = pictures(1).astype(float)
    amount = np.linspace(-1, 1, N) * OPERATIONS[name][1]
    found = perform(torch.from_numpy(images).float(), np.full(N, name), amount)
    H, W = images.shape[2:]
    centre = np.array([H - 1, W - 1]) / 2
    for i, value in enumerate(amount):
        turn = np.radians(value) if name == "rotate" else 0
        back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])  # (down, along)
        back += {"shear x": [[0, 0], [value, 0]], "shear y": [[0, value], [0, 0]]}.get(name, np.zeros((2, 2)))
        moved = {"shift x": [0, value * W], "shift y": [value * H, 0]}.get(name, [0, 0])
        expected = ndimage.affine_transform(
            images[i, 0], back, centre - back @ (centre + moved), order=1, mode="nearest"
        )
        assert abs(found[i, 0].numpy() - expected).max() <= 0.51  # rounded


def test_every_operation_is_drawn_equally_often():
    draws = Draws(np.arange(14_000), 0, 0)
    names = np.array(operations(3))
    assert len(names) == 14 and len(operations(1)) == 13
    for purpose in ("randaugment 0", "randaugment 1", "trivialaugment"):
        counts = np.bincount(draws.below(f"{purpose} operation", 14))
        assert stats.chisquare(counts).pvalue > 0.01


def test_randaugment_is_two_operations_at_one_magnitude():
    raw = torch.from_numpy(pictures()).float()
    draws = Draws(np.arange(N), 1, 1)
    expected, names = raw, np.array(operations(3))
    for turn in range(2):
        chosen = names[draws.below(f"randaugment {turn} operation", 14)]
        sign = np.where(draws.coin(f"randaugment {turn} sign"), 1, -1)
        expected = perform(expected, chosen, sign * 0.7 * np.array([OPERATIONS[name][0] for name in chosen]))
    assert torch.equal(automatic.randaugment(raw, draws, 7), expected)


def test_trivialaugment_shifts_by_32_pixels_at_most():
    assert automatic._most("shift x", True, torch.Size((1, 3, 64, 320))) == 0.1
    assert automatic._most("shift y", True, torch.Size((1, 3, 28, 320))) == 0.5
    assert automatic._most("shift x", False, torch.Size((1, 3, 64, 320))) == 0.45


def test_trivialaugment_is_one_operation_at_any_magnitude():
    draws = Draws(np.arange(31_000), 1, 1)
    assert stats.chisquare(np.bincount(draws.below("trivialaugment magnitude", 31))).pvalue > 0.01
    raw = torch.from_numpy(pictures()).float()
    found = automatic.trivialaugment(raw, Draws(np.arange(N), 1, 1))
    assert found.min() >= 0 and found.max() <= 255 and torch.equal(found, found.round())


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (3, 3)])
def test_tiny_images(shape):
    raw = torch.from_numpy(pictures(3, *shape)).float()
    for name in OPERATIONS:
        found = perform(raw, np.full(N, name), np.full(N, 0.5))
        assert found.shape == raw.shape and torch.isfinite(found).all()
