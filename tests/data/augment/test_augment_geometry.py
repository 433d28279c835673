from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from convscope.data.augment import geometry
from convscope.data.augment.draws import Draws
from convscope.errors import ShapeError

N = 64


def batch(channels=3, height=12, width=12):
    return torch.randn((N, channels, height, width), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def draws():
    return Draws(np.arange(N), seed=5, epoch=2)


@pytest.mark.parametrize(("option", "axis", "purpose"), [("hflip", 3, "flip x"), ("vflip", 2, "flip y")])
def test_flips(draws, option, axis, purpose):
    x = batch(height=9)
    y = geometry.move(x, draws, **{option: True})
    flipped = draws.coin(purpose)
    assert 20 < flipped.sum() < 44
    for i in range(N):
        assert torch.equal(y[i], x[i].flip(axis - 1) if flipped[i] else x[i])


def test_quarter_turns(draws):
    x = batch()
    y = geometry.move(x, draws, rot90=True)
    quarters = draws.below("rot90", 4)
    assert set(quarters) == {0, 1, 2, 3}
    for i in range(N):
        assert torch.equal(y[i], torch.rot90(x[i], int(quarters[i]), (1, 2)))


def test_quarter_turns_need_square_images(draws):
    with pytest.raises(ShapeError, match=r"^rot90 needs square images; these are 12 high and 16 wide$"):
        geometry.move(batch(width=16), draws, rot90=True)


@pytest.mark.parametrize(("option", "border"), [("shift", "edge"), ("crop", "reflect")])
def test_whole_pixel_shifts(draws, option, border):
    """Shifting by d is cutting a window, moved by -d, out of the padded image."""
    x = batch(channels=2, height=10, width=14)
    y = geometry.move(x, draws, **{option: 0.3})
    down, along = draws.below(f"{option} y", 7) - 3, draws.below(f"{option} x", 9) - 4  # 0.3 of 10 and of 14
    assert set(down) == set(range(-3, 4))
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (4, 4), (4, 4)), mode=border)
    for i in range(N):
        top, left = 4 - down[i], 4 - along[i]
        assert (y[i].numpy() == padded[i, :, top : top + 10, left : left + 14]).all()


def test_motions_compose_in_a_stated_order(draws):
    """Turned, then flipped, then cropped, then shifted."""
    x = batch()
    y = x
    for option in ({"rot90": True}, {"hflip": True, "vflip": True}, {"crop": 0.2}, {"shift": 0.2}):
        y = geometry.move(y, draws, **option)
    assert torch.equal(geometry.move(x, draws, rot90=True, hflip=True, vflip=True, crop=0.2, shift=0.2), y)


@pytest.mark.parametrize(("height", "width"), [(20, 20), (16, 24)])
def test_rotation_zoom_and_shift_against_scipy(draws, height, width):
    x = batch(channels=1, height=height, width=width)
    y = geometry.warp(x, draws, rotate=40, scale=0.3, shift=0.2)
    angle, zoom = np.radians(draws.uniform("rotate", -40, 40)), draws.uniform("scale", 0.7, 1.3)
    down = draws.uniform("shift y", -0.2 * height, 0.2 * height)
    along = draws.uniform("shift x", -0.2 * width, 0.2 * width)
    centre = np.array([height - 1, width - 1]) / 2
    for i in range(8):
        back = np.array([[np.cos(angle[i]), np.sin(angle[i])], [-np.sin(angle[i]), np.cos(angle[i])]]) / zoom[i]
        offset = centre - back @ (centre + np.array([down[i], along[i]]))
        expected = ndimage.affine_transform(x[i, 0].numpy(), back, offset, order=1, mode="nearest")
        np.testing.assert_allclose(y[i, 0].numpy(), expected, atol=1e-4)


def test_positive_angles_turn_counter_clockwise():
    x = torch.zeros(N, 1, 21, 21)
    x[:, :, 10, 18] = 1  # at three o'clock
    draws = Draws(np.arange(N), 0, 0)
    y = geometry.warp(x, draws, rotate=30)
    angle = draws.uniform("rotate", -30, 30)
    for i in np.flatnonzero(abs(angle) > 10):
        row = int(y[i, 0].sum(1).argmax())
        assert (row < 10) == (angle[i] > 0)


def test_a_zoom_above_one_enlarges():
    x = torch.zeros(N, 1, 32, 32)
    x[:, :, 12:20, 12:20] = 1
    draws = Draws(np.arange(N), 0, 0)
    area = geometry.warp(x, draws, scale=0.3).sum((1, 2, 3)).numpy()
    np.testing.assert_allclose(area, 64 * draws.uniform("scale", 0.7, 1.3) ** 2, rtol=0.15)


def test_nothing_wraps_around():
    """What leaves on one side does not come back on the other."""
    x = torch.zeros(N, 1, 16, 16)
    x[:, :, :, 15] = 1
    draws = Draws(np.arange(N), 0, 0)
    for y in (
        geometry.move(x, draws, shift=0.4),
        geometry.move(x, draws, crop=0.4),
        geometry.warp(x, draws, rotate=20, scale=0.2, shift=0.2),
    ):
        assert (y[:, :, 2:14, 0] == 0).all()


def test_no_motion_changes_nothing(draws):
    x = batch()
    assert torch.equal(geometry.move(x, draws), x)
    torch.testing.assert_close(geometry.warp(x, draws), x, atol=1e-5, rtol=0)
