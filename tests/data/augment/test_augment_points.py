"""Points go where the pixels go: a bright dot in the image moves to where its point moves, under every operation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from augmented import augmented

from convscope.data.augment import Policy, automatic
from convscope.data.augment.draws import Draws
from convscope.data.augment.points import _mapped, follow, laid_back
from convscope.data.augment.views import views
from convscope.data.preprocessing import Preprocessing

N, MARGIN = 48, 4


def dots(points: np.ndarray, height: int, width: int, sigma: float = 1.2) -> torch.Tensor:
    """Return dark images (N, 1, H, W), each with a small bright dot about its point (N, 2)."""
    y, x = np.mgrid[:height, :width]
    away = (x - points[:, :1, None]) ** 2 + (y - points[:, 1:, None]) ** 2
    return torch.from_numpy(np.exp(-away / (2 * sigma**2))).float()[:, None]


def places(images: torch.Tensor) -> np.ndarray:
    """Return the centre of brightness (N, 2) of images (N, C, H, W)."""
    bright = images[:, 0].numpy().astype(np.float64)
    y, x = np.mgrid[: bright.shape[1], : bright.shape[2]]
    return np.stack([(bright * x).sum((1, 2)), (bright * y).sum((1, 2))], -1) / bright.sum((1, 2))[:, None]


def drawn(height: int, width: int, margin: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform([margin, margin], [width - 1 - margin, height - 1 - margin], (N, 2))


def inside(points: np.ndarray, height: int, width: int) -> np.ndarray:
    return ((points > MARGIN) & (points < np.array([width, height]) - 1 - MARGIN)).all(-1)


@pytest.mark.parametrize(
    "words",
    [
        "hflip", "vflip", "hflip vflip", "rot90", "hflip rot90", "hflip vflip rot90 shift=0.1", "shift=0.2",
        "crop=0.2", "shift=0.1 crop=0.1 hflip", "rotate=30", "scale=0.3", "rotate=180 scale=0.4 shift=0.2",
        "elastic=0.07", "elastic=0.12", "hflip rot90 rotate=20 scale=0.2 shift=0.1 elastic=0.05 crop=0.1",
        "rotate=10 blur=1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [(40, 40), (36, 52)])
def test_a_dot_and_its_point_move_together(words, size):
    policy = Policy.parse(words)
    if policy.rot90 and size[0] != size[1]:
        pytest.skip("quarter turns need square images")
    height, width = size
    points = drawn(height, width, 14 if policy.crop else 9)  # a mirrored border may show a dot twice
    rows = np.arange(N)
    images = augmented(policy, dots(points, height, width), rows, seed=3, epoch=1)
    moved = follow(policy, points[:, None], Draws(rows, 3, 1), (1, height, width))[:, 0]
    seen = inside(moved, height, width)
    assert seen.sum() > N / 3
    apart = np.linalg.norm(places(images) - moved, axis=1)
    bends = 0.9 if policy.elastic > 0.1 else 0.5 if policy.elastic else 0.25
    assert apart[seen].max() < bends
    if not any((policy.elastic, policy.rotate, policy.scale)):
        assert apart[seen].max() < 0.02
    assert np.linalg.norm(moved - points, axis=1).max() > 2


@pytest.mark.parametrize("operation", ["rotate", "shear x", "shear y", "shift x", "shift y"])
def test_what_the_automatic_policies_draw_moves_points_too(operation):
    height, width = 40, 56
    points = drawn(height, width, 12)
    amount = np.random.default_rng(1).uniform(-1, 1, N) * {"rotate": 30, "shift x": 0.2, "shift y": 0.2}.get(
        operation, 0.3
    )
    chosen = np.full(N, operation)
    images = automatic.perform((dots(points, height, width) * 250).round(), chosen, amount)
    moved = _mapped(points[:, None], *automatic.motion(chosen, amount, height, width), (height, width))[:, 0]
    seen = inside(moved, height, width)
    assert seen.sum() > N / 3
    assert np.linalg.norm(places(images) - moved, axis=1)[seen].max() < 0.3


@pytest.mark.parametrize("words", ["randaugment=9", "trivialaugment"])
def test_points_follow_the_automatic_policies(words):
    height = width = 40
    policy, rows = Policy.parse(words), np.arange(N)
    rule = Preprocessing(1, height, width, "pad", "uint8", (0.0,), (1.0,))
    points = drawn(height, width, 14)
    bytes_ = (dots(points, height, width, 2.0) * 200).round()
    images = augmented(policy, bytes_, rows, seed=0, epoch=0, preprocessing=rule)
    moved = follow(policy, points[:, None], Draws(rows, 0, 0), (1, height, width))[:, 0]
    # Where only tables and motions were drawn the dot is the brightest or the darkest place.
    bright = images[:, 0].flatten(1)
    at = torch.stack([bright.argmax(1) % width, bright.argmax(1) // width], 1).numpy()
    near = np.linalg.norm(at - moved, axis=1) < 2
    changed = np.linalg.norm(moved - points, axis=1) > 2
    assert (near & changed).sum() > 5
    still = ~changed
    assert (near & still).sum() > 5


def test_mirrored_points_change_places_and_turned_ones_do_not():
    rows, becomes = np.arange(N), np.array([1, 0, 2])
    points = np.broadcast_to(np.array([[10.0, 5.0], [30.0, 6.0], [20.0, 25.0]]), (N, 3, 2))
    shape, draws = (1, 40, 40), Draws(rows, 0, 0)
    flipped = draws.coin("flip x")
    moved = follow(Policy.parse("hflip"), points, draws, shape, becomes)
    assert moved[flipped][0].tolist() == [[9.0, 6.0], [29.0, 5.0], [19.0, 25.0]]
    assert moved[~flipped][0].tolist() == points[0].tolist()
    both = follow(Policy.parse("hflip vflip"), points, draws, shape, becomes)
    twice = flipped & draws.coin("flip y")
    assert both[twice][0].tolist() == [[29.0, 34.0], [9.0, 33.0], [19.0, 14.0]]
    plain = follow(Policy.parse("rot90"), points, draws, shape)
    assert np.array_equal(follow(Policy.parse("rot90"), points, draws, shape, becomes), plain)


def test_missing_points_stay_missing_and_points_may_leave():
    points = np.full((N, 2, 2), np.nan)
    points[:, 1] = [-3.0, 20.0]
    policy = Policy.parse("hflip rotate=20 scale=0.3 shift=0.3 elastic=0.08")
    moved = follow(policy, points, Draws(np.arange(N), 0, 0), (1, 40, 40))
    assert np.isnan(moved[:, 0]).all()
    assert np.isfinite(moved[:, 1]).all()
    assert ((moved[:, 1] < -0.5) | (moved[:, 1] > 39.5)).any()


def test_points_depend_on_the_sample_and_not_on_the_batch():
    policy = Policy.parse("hflip rotate=20 scale=0.3 shift=0.3 elastic=0.08")
    points = drawn(40, 40, 5)[:, None]
    together = follow(policy, points, Draws(np.arange(N), 7, 2), (1, 40, 40))
    alone = [follow(policy, points[i : i + 1], Draws(np.arange(i, i + 1), 7, 2), (1, 40, 40)) for i in range(N)]
    assert np.array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize("words", ["hflip", "hflip vflip", "rot90", "hflip rot90", "vflip rot90"])
def test_points_of_a_view_are_laid_back(words):
    policy = Policy.parse(words)
    height, width = (40, 40) if policy.rot90 else (30, 44)
    points = drawn(height, width, 6)
    images = dots(points, height, width)
    for view in views(policy):
        laid = view(images)
        back = laid_back(places(laid)[:, None], view, tuple(laid.shape[2:]))[:, 0]
        assert back == pytest.approx(points, abs=0.02)


def test_points_of_a_mirrored_view_change_places_back():
    becomes, points = np.array([1, 0]), np.array([[[3.0, 2.0], [8.0, 4.0]]])
    plain, mirrored = views(Policy.parse("hflip"))
    assert laid_back(points, plain, (10, 12), becomes).tolist() == points.tolist()
    assert laid_back(points, mirrored, (10, 12), becomes).tolist() == [[[3.0, 4.0], [8.0, 2.0]]]
