from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.data.synthetic import NAMES, angles, discs, make, make_numbers, squares
from convscope.errors import ConfigError


@pytest.mark.parametrize("name", NAMES)
def test_every_set(name):
    pixels, labels, classes, split = make(name, seed=3)
    n = len(pixels)
    assert pixels.dtype == np.uint8 and pixels.ndim == 4 and pixels.shape[-1] == 1
    assert labels.dtype == np.int64 and labels.shape == split.shape == (n,)
    assert np.isin(split, ("train", "test")).all()
    assert (split == "test").sum() == n // 5
    for part in ("train", "test"):
        share = np.bincount(labels[split == part]) / (split == part).sum()
        assert abs(share - 1 / len(classes)).max() < 0.04
    assert len(np.unique(pixels.reshape(n, -1), axis=0)) == n
    assert (np.isin(pixels, (0, 255)).mean()) < 1e-4  # noise is not clipped


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_set(name):
    assert all((a == b).all() for a, b in zip(make(name, seed=1)[:2], make(name, seed=1)[:2], strict=True))
    assert (make(name, seed=1)[0] != make(name, seed=2)[0]).any()


def test_unknown_name():
    with pytest.raises(
        ConfigError, match=r"^unknown synthetic set 'angels'; did you mean 'angles'\?; known: angles, squares$"
    ):
        make("angels")


def test_brightness_does_not_tell_angles_apart():
    for seed in range(3):
        pixels, labels, _, _ = make("angles", seed)
        mean = pixels.mean((1, 2, 3))
        error = mean.std() * np.sqrt(4 / len(mean))
        assert abs(mean[labels == 1].mean() - mean[labels == 0].mean()) < 2.5 * error


def responses(pixels, kernel):
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return nn.functional.conv2d(x, torch.from_numpy(kernel)[None, None].float()).amax((1, 2, 3)).numpy()


def test_the_handmade_kernel_answers_to_angles():
    kernel = angles.handmade_kernel()
    assert kernel.shape == (11, 11)
    assert abs(kernel.sum()) < 1e-12
    pixels, labels, _, _ = make("angles")
    response = responses(pixels, kernel)
    right = (response > np.median(response)) == (labels == 1)
    assert right.mean() >= 0.99


@pytest.fixture
def one_thread():
    """Steps this small take longer on two busy cores than on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_one_kernel_learns_angles_and_looks_like_them(one_thread):
    pixels, labels, _, split = make("angles")
    x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 82) / 20
    y, train, test = torch.from_numpy(labels), np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    torch.manual_seed(0)
    conv = nn.Conv2d(1, 1, 11)
    bias = nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.AdamW([*conv.parameters(), bias], lr=0.05, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.05, 10 * 50)
    random = np.random.default_rng(0)
    for batch in (part for _ in range(10) for part in np.array_split(random.permutation(train), 50)):
        score = conv(x[batch]).amax((1, 2, 3)) + bias
        loss = nn.functional.binary_cross_entropy_with_logits(score, y[batch].float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        right = (conv(x[test]).amax((1, 2, 3)) + bias > 0) == (y[test] == 1)
    assert right.float().mean() >= 0.99
    learned = conv.weight.detach()[0, 0].numpy()
    drawn = nn.functional.pad(torch.from_numpy(angles.handmade_kernel()), (5, 5, 5, 5)).numpy()
    places = [
        np.corrcoef(drawn[i : i + 11, j : j + 11].ravel(), learned.ravel())[0, 1] for i in range(11) for j in range(11)
    ]
    assert max(places) > 0.5


def test_the_labs_square():
    assert squares.lab_square(noise=0)[4:10, 4:10].all()
    assert squares.lab_square(noise=0).sum() == 36
    noise = squares.lab_square(seed=1) - squares.lab_square(noise=0)
    assert 0.08 < noise.std() < 0.12


def test_squares_are_the_labs_kind_of_image():
    pixels, labels, classes, _ = make("squares")
    values = (pixels[labels == classes.index("square")][..., 0] - 64.0) / 128
    bright = values > 0.5
    height = bright.any(2).sum(1)
    assert set(height) == {5, 6, 7, 8, 9}
    assert (bright.sum((1, 2)) == height**2).all()
    assert abs(values[bright].mean() - 1) < 0.01 and abs(values[~bright].mean()) < 0.01
    assert abs(values[~bright].std() - 0.1) < 0.01


def test_discs_are_as_large_and_turned_as_they_say():
    pixels, values, names, units, split = make_numbers("discs", seed=3)
    assert pixels.dtype == np.uint8 and pixels.shape == (2500, 32, 32, 1)
    assert (split == "test").sum() == 500
    assert dict(zip(names, units, strict=True)) == {"radius": "pixels", "angle": "degrees"}
    assert np.isin(pixels, (0, 255)).mean() < 1e-3  # noise is hardly clipped
    assert (pixels != make_numbers("discs", seed=4)[0]).any()
    assert (values == make_numbers("discs", seed=3)[1]).all()


def test_a_disc_covers_its_area_and_its_hand_points_where_the_angle_says():
    for radius, angle in ((5.0, 0.0), (9.5, 40.0), (8.0, -70.0)):
        disc = discs.drawn(radius, angle, 16.0, 16.0)
        assert disc.sum() == pytest.approx(np.pi * radius**2 - 2 * radius - 1, rel=0.03)
        missing = discs.drawn(radius, angle + 180, 16.0, 16.0) - disc  # the hand, and its opposite with another sign
        rows, columns = np.indices(disc.shape)
        x, y = (missing * (columns - 16)).sum(), (missing * (16 - rows)).sum()
        assert np.degrees(np.arctan2(x, y)) == pytest.approx(angle, abs=1)


def test_a_linear_method_finds_little_in_the_pixels_of_discs():
    from sklearn.linear_model import RidgeCV
    from sklearn.metrics import r2_score

    pixels, values, *_ = make_numbers("discs")
    x = pixels.reshape(2500, 32, 32)[:, ::2, ::2].reshape(2500, -1) / 255.0
    model = RidgeCV(alphas=np.logspace(-1, 3, 5)).fit(x[:2000], values[:2000, 1])
    assert r2_score(values[2000:, 1], model.predict(x[2000:])) < 0.5
