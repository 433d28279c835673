"""The gradient family, class activation maps and occlusion against captum, on a network that captum handles right."""

from __future__ import annotations

import warnings

import captum.attr as ca
import numpy as np
import pytest
import torch
from torch import nn

from convscope.explaining.explained import Explained
from convscope.explaining.forward import forward
from convscope.explaining.gradcam import coarse, mean_gradients
from convscope.explaining.integrated_gradients import ig
from convscope.explaining.methods import METHODS
from convscope.explaining.score import ChosenScore
from convscope.explaining.spatial_node import spatial_node

NUMBERS = [1, 0, 2]


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.BatchNorm2d(8),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 3),
    ).eval()  # fmt: skip
    return net


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))


def _close(ours: np.ndarray | None, theirs: torch.Tensor, unit: float | None = None) -> None:
    assert ours is not None
    theirs = theirs.detach()
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6 * (unit or float(theirs.abs().max())), rtol=0)


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("gradient", lambda net, x: ca.Saliency(net).attribute(x, NUMBERS, abs=False)),
        ("inputxgradient", lambda net, x: ca.InputXGradient(net).attribute(x, NUMBERS)),
        ("guided", lambda net, x: ca.GuidedBackprop(net).attribute(x, NUMBERS)),
        ("deconv", lambda net, x: ca.Deconvolution(net).attribute(x, NUMBERS)),
    ],
)
def test_gradients(name, oracle, net, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it sets hooks and asks for gradients, which it does
        theirs = oracle(net, x.clone())
    _close(METHODS[name].compute(Explained(net, x), ChosenScore(NUMBERS)).values, theirs)


def test_integrated_gradients_and_their_gap(net, x):
    baseline = torch.full_like(x, 0.2)
    theirs, delta = ca.IntegratedGradients(net).attribute(
        x, baseline, NUMBERS, n_steps=30, method="riemann_middle", return_convergence_delta=True
    )
    ours = ig(Explained(net, x, baseline), ChosenScore(NUMBERS), steps=30)
    _close(ours.values, theirs)
    assert ours.gap is not None
    np.testing.assert_allclose(ours.gap, delta.numpy(), atol=1e-5)


def test_class_activation_maps_of_a_layer(net, x):
    node = spatial_node(Explained(net, x))
    assert (node.name, node.strides, node.fields) == ("5", (2.0, 2.0), (8, 8))
    with forward(Explained(net, x), ChosenScore(NUMBERS), place=node.place) as passed:
        ours = coarse(*passed.at_node(), mean_gradients)
    _close(ours.numpy(), ca.LayerGradCam(net, net[5]).attribute(x, NUMBERS, relu_attributions=True)[:, 0])


def test_occlusion_is_the_mean_fall_over_the_windows_of_a_place(net, x):
    theirs = ca.Occlusion(net).attribute(x, (2, 2, 2), strides=(2, 1, 1), target=NUMBERS, baselines=0.5)
    ours = METHODS["occlusion"].compute(Explained(net, x, 0.5), ChosenScore(NUMBERS))
    _close(ours.map, theirs[:, 0], float(abs(ours.score).max()))  # differences of scores
