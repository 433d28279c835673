"""Areas of deletion and insertion against one pass a step; orders of ties, of texts; both fills."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.explaining.checks.deletion import STEPS, deletion, ranks, references
from convscope.explaining.checks.fills import blurred, fills, left_out
from convscope.explaining.explained import Explained
from convscope.explaining.score import ChosenScore


def _net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3)).eval()


def _one_by_one(explained: Explained, order: np.ndarray, filled: torch.Tensor, number: int, row: int) -> np.ndarray:
    """Return the scores of one image while its pixels go, in a loop."""
    values = []
    for step in range(STEPS + 1):
        x = explained.x[row].clone()
        for pixel in order[: round(len(order) * step / STEPS)]:
            i, j = divmod(int(pixel), 6)
            x[:, i, j] = filled[row, :, i, j]
        with torch.no_grad():
            values.append(float(explained.model(x[None])[0, number]))
    return np.array(values)


def test_areas_are_those_of_one_pass_a_step():
    rng = np.random.default_rng(1)
    explained = Explained(_net(), torch.from_numpy(rng.normal(size=(3, 2, 6, 6))).float(), 0.25)
    numbers = [2, 0, 1]
    maps = rng.normal(size=(3, 6, 6))
    score = ChosenScore(numbers)
    mean, blur = deletion(explained, score, maps, references(explained, score))
    assert (mean.fill, blur.fill) == ("mean", "blur")
    for result, filled in ((mean, torch.full_like(explained.x, 0.25)), (blur, blurred(explained.x))):
        areas, inserted, whole = [], [], []
        for row in range(3):
            falling = np.argsort(-maps[row].ravel())
            curve = _one_by_one(explained, falling, filled, numbers[row], row)
            areas.append(np.sum((curve[1:] + curve[:-1]) / 2) / STEPS)
            rest = _one_by_one(explained, falling[::-1], filled, numbers[row], row)
            inserted.append(np.sum((rest[1:] + rest[:-1]) / 2) / STEPS)
            whole.append(curve[0])
        assert result.deletion.value == pytest.approx(np.mean(areas), abs=1e-5)
        assert result.insertion.value == pytest.approx(np.mean(inserted), abs=1e-5)
        assert result.whole.value == pytest.approx(np.mean(whole), abs=1e-5)


def test_the_gain_is_over_the_same_examples():
    class Sum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.sum((1, 2))[:, None]

    x = torch.arange(1.0, 65.0).view(1, 1, 64).repeat(8, 1, 1)
    explained, score = Explained(Sum(), x), ChosenScore([0] * 8)
    mean, _ = deletion(explained, score, x[:, 0].numpy(), references(explained, score))
    random, edges = mean.against
    assert (random.order, edges.order) == ("random", "edges") and random.better and edges.better
    assert mean.deletion.value is not None and random.deletion.value is not None
    assert random.deletion_gain.value == pytest.approx(random.deletion.value - mean.deletion.value)
    assert random.deletion.value == pytest.approx(64 * 65 / 4, rel=0.05)  # in the mean a straight line
    worst, _ = deletion(explained, score, -x[:, 0].numpy(), references(explained, score))
    assert worst.against[0].deletion_gain.below_zero and not worst.against[0].better


def test_a_constant_map_is_a_random_order():
    there = np.ones((2, 10, 10), bool)
    places = ranks(np.zeros((2, 10, 10)), there)
    assert sorted(places[0].ravel()) == list(range(100))
    assert abs(np.corrcoef(places[0].ravel(), np.arange(100))[0, 1]) < 0.3
    assert ranks(np.array([[5.0, 9.0, 7.0]]), np.array([[True, False, True]])).tolist() == [[1, 2, 0]]


def test_tokens_are_left_out_or_unknown():
    tokens = torch.tensor([[5, 6, 7], [8, 9, 0]])
    gone = np.array([[True, False, False], [False, True, False], [True, True, True], [False, False, False]])
    assert left_out(tokens, gone).tolist() == [[6, 7, 0], [8, 0, 0], [1, 0, 0], [8, 9, 0]]
    out, unknown = fills(Explained(nn.Identity(), tokens))
    assert (out.name, unknown.name) == ("left out", "unknown token")
    assert unknown.replace(gone).tolist() == [[1, 6, 7], [8, 1, 0], [1, 1, 1], [8, 9, 0]]
    assert out.replace(gone).tolist() == left_out(tokens, gone).tolist()
