"""Pictures that maximise a channel: what they reach against what is possible, and that they are repeated."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import ShapeError
from convscope.explaining.activation_maximisation import maximise_activation
from convscope.explaining.explained import Explained


def test_a_picture_comes_near_the_best_there_is():
    """The mean of w · x over places is largest where x has its largest number everywhere, or its smallest."""
    network = nn.Conv2d(2, 2, 1, bias=False)
    weights = torch.tensor([[2.0, 1.0], [-1.0, -3.0]])
    network.load_state_dict({"weight": weights[:, :, None, None]})
    x = torch.rand(6, 2, 12, 9) * torch.tensor([1.0, 4.0]).view(2, 1, 1)
    found = maximise_activation(Explained(network, x), [0, 1], "correlate")
    low, high = x.amin((0, 2, 3)), x.amax((0, 2, 3))
    best = torch.stack([weights[0] @ high, weights[1] @ low]).numpy()
    real = network(x).detach().mean((2, 3)).numpy()
    np.testing.assert_allclose(found.largest, real.max(0), rtol=1e-5)
    assert found.rows.tolist() == real.argmax(0).tolist() and found.inputs == 6
    scale = np.abs(best - real.mean(0))
    assert (np.abs(found.reached - best) <= 0.1 * scale).all() and (found.reached > found.largest).all()
    pictures = torch.from_numpy(found.pictures)
    np.testing.assert_allclose(network(pictures).detach().mean((2, 3)).diagonal(), found.reached, rtol=1e-5)
    assert (pictures >= low.view(2, 1, 1)).all() and (pictures <= high.view(2, 1, 1)).all()


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_seed_decides_and_nothing_else(axes: int):
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    torch.manual_seed(0)
    network = nn.Sequential(conv(1, 3, 3), nn.ReLU(inplace=True), conv(3, 2, 3), nn.Flatten(), nn.LazyLinear(3))
    x = torch.randn(3, 1, *(20, 18, 17)[:axes])
    network(x)
    network.train()
    state = torch.random.get_rng_state()
    first, second, other = (maximise_activation(Explained(network, x), [2], steps=3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.pictures, second.pictures)
    assert not np.array_equal(first.pictures, other.pictures)
    assert torch.equal(state, torch.random.get_rng_state()) and all(module.training for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_it_is_measured_before_the_rectifier():
    """Behind the rectifier nothing would move: the bias keeps every unit off."""
    conv = nn.Conv2d(1, 1, 3)
    nn.init.constant_(conv.bias, -5.0)  # pyright: ignore[reportArgumentType]
    network = nn.Sequential(conv, nn.ReLU(inplace=True))
    found = maximise_activation(Explained(network, torch.rand(4, 1, 8, 8)), [0], "1", steps=30)
    assert found.node == "0" and found.reached[0] > found.largest[0]


def test_a_class_is_measured_before_its_softmax():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softmax(1))
    found = maximise_activation(Explained(network, torch.rand(4, 1, 8, 8)), [1], steps=2)
    picture = torch.from_numpy(found.pictures)
    assert found.reached[0] == pytest.approx(float(network[:2](picture).detach()[0, 1]), rel=1e-5)


def test_a_channel_that_is_not_there_is_refused():
    with pytest.raises(ShapeError, match=r"0\.\.1, found 2"):
        maximise_activation(Explained(nn.Conv2d(1, 2, 1), torch.rand(2, 1, 4, 4)), [0, 2])
