"""A convolution's components sum to PyTorch's feature map; maps, temperature and targets are what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import CheckpointError, ConfigError, ShapeError
from convscope.explaining.components import components, kernels
from convscope.explaining.feature_maps import feature_maps
from convscope.explaining.finite import check_weights
from convscope.explaining.targets import choose
from convscope.explaining.temperature import probabilities
from convscope.graph.record.activations import activations


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (nn.Conv2d(3, 4, 5), (1, 3, 128, 128)),
        (nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), (1, 4, 9, 12)),
        (nn.Conv1d(2, 3, 4, dilation=2, bias=False), (1, 2, 20)),
        (nn.Conv3d(2, 2, 2, padding=1), (1, 2, 4, 5, 6)),
    ],
)
def test_components_are_the_feature_map(layer, size):
    x = torch.rand(size, generator=torch.Generator().manual_seed(0))
    graph, values = activations(layer, [x])
    name = graph.nodes[1].name
    result = components(graph, values, name, most=6)
    assert result.difference < 1e-6
    assert result.outputs == layer.out_channels == len(result.shown)
    weights = layer.weight.detach()
    for component in result.shown:
        alone = torch.zeros_like(weights)  # another way to a part: all kernels but one are zero
        alone[component.channel, 1] = weights[component.channel, 1]
        silent = type(layer)(
            layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.dilation,
            layer.groups, bias=False,
        )  # fmt: skip
        silent.load_state_dict({"weight": alone})
        expected = silent(x)[0, component.channel].detach().numpy()
        np.testing.assert_allclose(component.parts[1], expected, atol=1e-6)
    assert kernels(graph, name).shape == tuple(weights.shape)


def test_what_is_no_convolution_is_named():
    graph, values = activations(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), [torch.rand(1, 1, 5, 5)])
    with pytest.raises(ConfigError, match="1 is no convolution but relu; the convolutions are 0"):
        components(graph, values, "1")
    with pytest.raises(ConfigError, match="there is no node '11'"):
        kernels(graph, "11")


def test_every_layer_down_to_the_scores_has_its_maps():
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5))
    x = torch.rand(1, 1, 6, 6)
    layers = feature_maps(*activations(model, [x]))
    assert [(layer.node, layer.values.shape) for layer in layers] == [
        ("0", (3, 4, 4)), ("1", (3, 4, 4)), ("2", (3, 1, 1)), ("4", (5,)),
    ]  # fmt: skip
    np.testing.assert_allclose(layers[0].values, model[0](x)[0].detach(), atol=1e-6)
    np.testing.assert_allclose(layers[1].ranges[:, 1], layers[1].values.max((1, 2)))


def test_temperature_is_the_softmax_of_scaled_scores():
    logits = np.random.default_rng(0).normal(size=(4, 7))
    for temperature in (0.1, 1.0, 30.0):
        expected = torch.from_numpy(logits / temperature).softmax(1).numpy()
        np.testing.assert_allclose(probabilities(logits, temperature), expected, atol=1e-12)
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(ConfigError, match="--temperature: expected a number above 0"):
            probabilities(logits, wrong)


def test_targets_by_name_number_and_answer():
    outputs = torch.tensor([[0.0, 3.0, 1.0], [5.0, 0.0, 1.0]])
    names = ("ant", "bee", "Wasp")
    assert choose(outputs, names=names).said == ("bee", "ant")
    assert choose(outputs, None, "wasp", names=names).score.of(outputs).tolist() == [1.0, 1.0]
    assert choose(outputs, None, 0, names=names).said == ("ant", "ant")
    with pytest.raises(ConfigError, match="there is no 'be'; did you mean 'bee'"):
        choose(outputs, None, "be", names=names)
    with pytest.raises(ConfigError, match="--target 3: the network has the outputs 0 to 2"):
        choose(outputs, None, "3", names=names)
    with pytest.raises(ConfigError, match="predicts no masks"):
        choose(outputs, at=(0, 0))


def test_pixels_and_objects_of_masks():
    predicted = np.array([[1, 1, 0, 2], [0, 0, 0, 2], [1, 0, 0, 0]])
    outputs = torch.from_numpy(np.eye(3)[predicted].transpose(2, 0, 1)[None]).float()
    names = ("paper", "cell", "dirt")

    def region(asked, at):
        chosen = choose(outputs, None, asked, at, names)
        assert chosen.regions is not None
        return chosen.said[0], chosen.regions[0].astype(int).tolist()

    assert region(None, None) == ("all cell", (predicted == 1).astype(int).tolist())
    assert region(None, (0, 3)) == ("dirt at 0, 3", [[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert region("cell", (0, 1)) == ("the cell around 0, 1", [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert region("dirt", (0, 0)) == ("dirt at 0, 0", [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    with pytest.raises(ShapeError, match=r"--at 3,0: there is no such pixel; expected row 0..2, column 0..3"):
        region(None, (3, 0))


def test_weights_that_are_no_numbers_are_named():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    check_weights(model)
    model[1].running_var[1] = float("nan")
    with pytest.raises(CheckpointError, match=r"1\.running_var holds NaN or infinity"):
        check_weights(model)
