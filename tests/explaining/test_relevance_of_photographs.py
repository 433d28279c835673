"""Relevance of real photographs, by a network with ImageNet's weights: exact, and more than chance."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from convscope.explaining.explained import Explained
from convscope.explaining.lrp.method import lrp
from convscope.explaining.lrp.step import Settings
from convscope.explaining.score import ChosenScore
from convscope.models import create
from convscope.models.fitting import load_into
from convscope.models.weights import read_weights
from real_data import real_data

BEE = 309


def photographs() -> tuple[nn.Module, Tensor]:
    weights = read_weights(real_data("squeezenet1_0_imagenet/squeezenet1_0_imagenet.npz"), "squeezenet1_0")
    network = create("squeezenet1_0", classes=1000).eval()
    load_into(network, weights, head_is_new=False)
    files = sorted(real_data("hymenoptera").glob("*/bees/*.jpg"))[:12:6]
    rgb = np.stack([np.asarray(Image.open(file).convert("RGB").resize((227, 227))) for file in files])
    x = torch.from_numpy(rgb).permute(0, 3, 1, 2).float()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in weights.scaling(3))  # pyright: ignore
    return network, ((x - mean) / std).float()


def test_relevance_of_a_bee_is_exact_and_points_at_what_counts():
    network, x = photographs()
    score = ChosenScore([BEE] * len(x))
    one = x[:1].double().requires_grad_()
    (slope,) = torch.autograd.grad(score.at(slice(0, 1)).of(network.double()(one)).sum(), one)
    exact = lrp(Explained(network, one.detach()), score.at(slice(0, 1)), Settings(1e-12, gamma=0)).values
    assert exact is not None
    np.testing.assert_allclose(exact, (one * slope).detach().numpy(), rtol=1e-6, atol=1e-9)

    network.float()
    found = lrp(Explained(network, x), score)
    assert found.gap is not None and np.abs(found.gap / found.score).max() < 0.05  # biases alone
    order = np.argsort(-found.map.reshape(len(x), -1), 1)[:, : 227 * 227 // 5]
    chance = np.argsort(np.random.default_rng(0).random(found.map.reshape(len(x), -1).shape), 1)[:, : order.shape[1]]
    falls = [found.score - _without(network, x, pixels, score) for pixels in (order, chance)]
    assert (falls[0] > falls[1]).all()


def _without(network: nn.Module, x: Tensor, pixels: np.ndarray, score: ChosenScore) -> np.ndarray:
    """Return the scores (N,) with the mean in place of pixels (N, n)."""
    kept = np.ones((len(x), 227 * 227), np.float32)
    np.put_along_axis(kept, pixels, 0, 1)
    with torch.no_grad():
        return score.of(network(x * torch.from_numpy(kept).view(-1, 1, 227, 227))).numpy()
