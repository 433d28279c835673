"""What a unit sees, how much it uses of it, and the patches that it answers to, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convscope.errors import ConfigError, ShapeError
from convscope.explaining.effective_field import unit_field
from convscope.explaining.explained import Explained
from convscope.explaining.top_patches import top_patches


def stack(axes: int = 2) -> nn.Sequential:
    """Return two layers whose units see 7 positions, 2 apart, from -3 on, along each axis."""
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    torch.manual_seed(0)
    return nn.Sequential(
        conv(2, 3, 3, stride=2, padding=1), nn.ReLU(inplace=True), conv(3, 4, 3, padding=1), nn.ReLU(inplace=True)
    )


@pytest.mark.parametrize(("axes", "place"), [(1, (0,)), (2, (0, 3)), (3, (1, 0, 2))])
def test_the_fields_are_those_of_gradients_one_by_one(axes: int, place: tuple[int, ...]):
    network = stack(axes)
    x = torch.randn(5, 2, *(9, 11, 8)[:axes], requires_grad=True)
    found = unit_field(Explained(network, x.detach()), "2", (1, *place))
    squares = []
    for example in x:
        (slope,) = torch.autograd.grad(network[:3](example[None])[(0, 1, *place)], example)
        squares.append(slope.square().sum(0).numpy())
    np.testing.assert_allclose(found.gradients, np.sqrt(squares), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.effective.energy, np.mean(squares, 0) / np.mean(squares, 0).sum(), rtol=1e-4)
    spans = [(2 * at - 3, 2 * at + 3) for at in place]
    boxes = [(max(0, first), min(n - 1, last)) for (first, last), n in zip(spans, x.shape[2:], strict=True)]
    assert found.seen.span == tuple(spans) and found.seen.box == tuple(boxes)
    assert found.seen.mask[np.mean(squares, 0) > 0].all()  # what a rectifier has off now may be on
    inside = np.prod([last - first + 1 for first, last in boxes])
    assert found.seen.outside == pytest.approx(1 - inside / 7**axes)


def test_the_middle_is_meant_where_no_place_is_given():
    explained = Explained(stack(), torch.randn(2, 2, 12, 12))
    assert unit_field(explained, "2", (3,)).at == (3, 3, 3)


def test_top_patches_are_those_of_sorting_everything():
    network, x = stack(), torch.randn(20, 2, 12, 10)
    values = network[:3](x).detach()[:, 2].flatten(1)
    rows = values.amax(1).argsort(descending=True, stable=True)[:6]
    found = top_patches(Explained(network, x[:1]), "2", 2, x.split(7), count=6)
    assert [patch.row for patch in found.patches] == rows.tolist() and found.inputs == 20
    for patch in found.patches:
        assert patch.value == pytest.approx(float(values[patch.row].max()), rel=1e-5)
        assert np.ravel_multi_index(patch.place, (6, 5)) == int(values[patch.row].argmax())
        part = tuple(slice(first, last + 1) for first, last in patch.seen.box)
        np.testing.assert_array_equal(patch.pixels, x[(patch.row, slice(None), *part)].numpy())
        alone = torch.zeros(1, *x.shape[1:])
        alone[(0, slice(None), *part)] = torch.from_numpy(patch.pixels)  # nothing else of the input counts
        assert float(network[:3](alone).detach()[(0, 2, *patch.place)]) == pytest.approx(patch.value, rel=1e-4)


def test_a_unit_without_places_has_whole_inputs_for_patches():
    network = nn.Sequential(stack(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    x = torch.randn(4, 2, 8, 8)
    found = top_patches(Explained(network, x), "3", 1, count=2)
    assert [patch.pixels.shape for patch in found.patches] == [(2, 8, 8)] * 2
    assert found.patches[0].row == int(network(x)[:, 1].argmax()) and found.patches[0].seen.outside == 0


class Leaving(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(x.detach().numpy() * 2.0)


def test_what_cannot_be_looked_at_is_refused_with_the_reason():
    explained = Explained(stack(), torch.randn(2, 2, 8, 8))
    with pytest.raises(ConfigError, match="there is no node 'conv'"):
        unit_field(explained, "conv", (0, 0, 0))
    with pytest.raises(ShapeError, match=r"valid is 0\.\.3, 0\.\.3, 0\.\.3"):
        unit_field(explained, "2", (0, 4, 0))
    with pytest.raises(ShapeError, match=r"0\.\.3, found 4"):
        top_patches(explained, "2", 4)
    with pytest.raises(ConfigError, match="none"):
        top_patches(explained, "2", 0, [])
    with pytest.raises(ConfigError, match="floating-point"):
        unit_field(Explained(nn.Embedding(4, 2), torch.zeros(1, 4, dtype=torch.int64)), "", (0,))
    with pytest.raises(ConfigError):
        top_patches(Explained(nn.Sequential(Leaving(), nn.Conv2d(2, 2, 1)), torch.randn(1, 2, 4, 4)), "1", 0)


def test_looking_leaves_no_trace():
    network = stack().train()
    x = torch.randn(2, 2, 8, 8)
    unit_field(Explained(network, x), "2", (0,))
    top_patches(Explained(network, x), "2", 0)
    assert all(module.training and not module._forward_hooks for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters()) and not x.requires_grad
