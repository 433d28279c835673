"""Class activation maps: which layer, where its units lie in the input, and their weights against the papers' words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from convscope.errors import ConfigError
from convscope.explaining.explained import Explained
from convscope.explaining.forward import forward
from convscope.explaining.gradcam import gradcam, gradcampp, weighted_gradients
from convscope.explaining.guided import guided
from convscope.explaining.guided_gradcam import guided_gradcam
from convscope.explaining.placed import placed
from convscope.explaining.score import ChosenScore
from convscope.explaining.spatial_node import spatial_node
from convscope.models import create


def test_the_layer_is_the_last_with_places_and_named_as_inspect_names_it():
    resnet = create("resnet18", classes=5, channels=3, size=(64, 64))
    node = spatial_node(Explained(resnet, torch.zeros(1, 3, 64, 64)))
    assert node.name.startswith("layer4.1.") and node.strides == (32.0, 32.0) and node.fields == (435, 435)
    assert node.alone and [len(centres) for centres in node.centres] == [2, 2]
    lenet = create("lenet", classes=10, channels=1, size=(28, 28))
    explained = Explained(lenet, torch.randn(1, 1, 28, 28), node="0")
    assert gradcam(explained, ChosenScore([3])).node == "0"
    unet = create("unet", classes=2, channels=1, size=(32, 32), width=4)
    masks = spatial_node(Explained(unet, torch.zeros(1, 1, 32, 32)))
    assert masks.strides == (1.0, 1.0) and "head" not in masks.name


class _Functional(nn.Module):
    """The last map is made by functions, in place, and changed after it was made; a side branch goes past it."""

    def __init__(self, *, past: bool = False):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.fc, self.past = nn.Conv2d(1, 4, 3, stride=2), nn.Linear(4, 2), past

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.conv(x), inplace=True)
        pooled = (y * 2).mean((2, 3))
        return self.fc(pooled + x.mean() if self.past else pooled)


def test_maps_of_a_functional_network_with_changes_in_place():
    model, x = _Functional(), torch.randn(2, 1, 9, 9)
    with torch.no_grad():
        maps = functional.relu(model.conv(x))  # (2, 4, 4, 4)
    weights = 2 * model.fc.weight[[1, 0]].detach() / 16  # of the mean over 16 places of twice the map
    expected = (weights[..., None, None] * maps).sum(1).clamp(min=0)
    of_relu = Explained(model, x, node="relu")
    centres = np.array([1.0, 3.0, 5.0, 7.0])  # 3 × 3 at stride 2 without padding
    attribution = gradcam(of_relu, ChosenScore([1, 0]))
    np.testing.assert_allclose(attribution.map[:, 1:8:2, 1:8:2], expected, atol=1e-6)
    np.testing.assert_allclose(attribution.map, placed(expected.numpy(), [centres] * 2, (9, 9)), atol=1e-6)
    before = gradcam(Explained(model, x, node="conv"), ChosenScore([1, 0]))  # as it was before it was written to
    with torch.no_grad():
        raw, slopes = model.conv(x), weights[..., None, None] * (maps > 0)
    cams = (slopes.mean((2, 3), keepdim=True) * raw).sum(1).clamp(min=0)
    np.testing.assert_allclose(before.map[:, 1:8:2, 1:8:2], cams, atol=1e-6)
    last = gradcam(Explained(model, x), ChosenScore([1, 0]))  # twice the map, of half the gradient
    assert last.node == "multiply" and not last.notes
    np.testing.assert_allclose(last.map, attribution.map, atol=1e-6)
    (note,) = gradcam(Explained(_Functional(past=True), x), ChosenScore([1, 0])).notes
    assert "past multiply" in note


def test_plus_plus_weights_are_those_of_the_paper_by_derivatives_of_the_exponential():
    """α = Y'' / (2 Y'' + Y''' Σ A) with Y = exp(S), S linear in the maps: equation 19."""
    torch.manual_seed(0)
    maps = torch.rand(1, 3, 2, 2, dtype=torch.float64)
    coefficients = torch.randn(3, 2, 2, dtype=torch.float64)
    slopes = coefficients[None]
    exp = torch.exp((maps * coefficients).sum())
    second, third = exp * slopes**2, exp * slopes**3
    alpha = second / (2 * second + maps.sum((2, 3), keepdim=True) * third)
    expected = (alpha * (exp * slopes).clamp(min=0)).sum((2, 3)) / exp
    torch.testing.assert_close(weighted_gradients(maps, slopes), expected)
    assert weighted_gradients(maps, torch.zeros_like(maps)).tolist() == [[0.0, 0.0, 0.0]]


def test_guided_grad_cam_is_the_product_of_both():
    model, x, score = _Functional(), torch.randn(2, 1, 9, 9), ChosenScore([0, 1])
    both = guided_gradcam(Explained(model, x), score)
    parts = guided(Explained(model, x), score), gradcam(Explained(model, x), score)
    np.testing.assert_allclose(both.values, parts[0].values * parts[1].map[:, None], atol=1e-7)


def test_a_gradient_is_taken_again_of_the_same_forward():
    model, x = _Functional(), torch.randn(1, 1, 9, 9)
    with forward(Explained(model, x), ChosenScore([0]), place=spatial_node(Explained(model, x)).place) as passed:
        passed.at_node(again=True)
        assert passed.gradient().any()


def test_layers_that_do_not_exist_or_have_no_places_are_refused():
    model, x = _Functional(), torch.randn(1, 1, 9, 9)
    with pytest.raises(ConfigError, match=r"there is no node 'conf'; did you mean 'conv'"):
        gradcam(Explained(model, x, node="conf"), ChosenScore([0]))
    with pytest.raises(ConfigError, match=r"fc .* has no places .*; these have: multiply, relu, conv"):
        gradcampp(Explained(model, x, node="fc"), ChosenScore([0]))
    mlp = nn.Sequential(nn.Flatten(), nn.Linear(81, 4), nn.ReLU(), nn.Linear(4, 2))
    with pytest.raises(ConfigError, match="Sequential has no layer with places"):
        gradcam(Explained(mlp, x), ChosenScore([0]))
    gru = create("gru", classes=3, vocabulary=20, size=(None,))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match="has no layer with places"):
        gradcam(Explained(gru, torch.tensor([[3, 4, 5]])), ChosenScore([0]))


@pytest.mark.parametrize("name", ["text_cnn", "conv_dna"])
def test_texts_have_maps_of_their_convolution(name: str):
    torch.manual_seed(0)
    model = create(name, classes=3, vocabulary=17, size=(None,))  # pyright: ignore[reportArgumentType]
    attribution = gradcam(Explained(model, torch.randint(2, 17, (2, 30))), ChosenScore([0, 1]))
    assert attribution.map.shape == (2, 30) and attribution.map.any() and attribution.node is not None


def test_behind_an_upsampling_a_map_lies_where_the_network_looked():
    """Pooled to a quarter and spread again, units of one cell see alike; in the mean each still stands at its place."""
    torch.manual_seed(0)
    down = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4))
    model = nn.Sequential(*down, nn.ConvTranspose2d(4, 4, 4, stride=4), nn.ReLU(), nn.Conv2d(4, 2, 1))
    node = spatial_node(Explained(model, torch.randn(1, 1, 32, 32)))
    assert node.name == "4"
    for centres in node.centres:
        np.testing.assert_allclose(centres, np.arange(32), atol=1e-9)
