"""The cascade of randomised layers: which, in which order, on a copy; the user's network is never touched."""

from __future__ import annotations

from threading import Lock

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import ConfigError
from convscope.explaining.checks.random_weights import (
    STEPS,
    cascade,
    groups,
    layers_from_the_top,
    renew_statistics,
    shuffle,
)
from convscope.explaining.explained import Explained
from convscope.explaining.methods import METHODS
from convscope.explaining.score import ChosenScore
from convscope.graph.record import record

GRADIENT = METHODS["gradient"]


def _inputs(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_layers_come_in_the_order_in_which_they_run_not_in_which_they_are_named():
    class Upside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(4, 2)
            self.first = nn.Conv1d(1, 4, 1)
            self.never = nn.Linear(1, 1)
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.first(x).mean(2)) * self.scale

    model = Upside()
    names = [layer[0] for layer in layers_from_the_top(model, record(model, (1, 5)))]
    assert names == ["scale", "last.weight", "first.weight", "never.weight"]
    assert [layer[0] for layer in layers_from_the_top(model, None)] == [
        "never.weight", "first.weight", "last.weight", "scale",
    ]  # fmt: skip


def test_a_shared_layer_is_randomised_once_with_its_last_use():
    shared = nn.Linear(3, 3)
    model = nn.Sequential(nn.Linear(3, 3), shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(3, 2))
    names = [layer[0] for layer in layers_from_the_top(model, record(model, (3,)))]
    assert names == ["5.weight", "1.weight", "0.weight"]


@pytest.mark.parametrize("layers", [1, 2, 5, 6, 7, 61])
def test_groups_hold_every_layer_once_and_the_last_one_alone(layers: int):
    found = groups([[str(layer)] for layer in range(layers)])
    assert [name for group in found for name in group] == [str(layer) for layer in range(layers)]
    assert len(found[0]) == 1 and len(found) == min(STEPS, layers)
    assert groups([]) == []


def test_shuffling_keeps_the_numbers():
    layer = nn.Conv2d(3, 8, 3)
    before = layer.weight.detach().clone()
    shuffle([layer.weight, layer.bias], torch.Generator().manual_seed(0))  # pyright: ignore[reportArgumentType]
    assert (layer.weight != before).float().mean() > 0.9
    assert torch.equal(layer.weight.flatten().sort().values, before.flatten().sort().values)


def test_statistics_are_renewed_above_only():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)).eval()
    x = _inputs(4, 1, 8, 8)
    renew_statistics(model, x, ["3.weight", "2.weight"])
    with torch.no_grad():
        seen = model[:3](x)
    assert model[1].running_mean.tolist() == [0.0, 0.0]  # pyright: ignore
    assert model[3].running_mean == pytest.approx(seen.mean((0, 2, 3)), abs=1e-6)
    assert model[3].momentum == 0.1 and not any(module.training for module in model.modules())


def test_the_network_is_left_as_it_was():
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.Flatten(), nn.Linear(144, 3)
    )
    model[1].eval()  # in a mode of its own
    state = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    explained = Explained(model, _inputs(4, 1, 8, 8))
    drawn = torch.get_rng_state()
    original = GRADIENT.compute(explained, ChosenScore([0, 1, 2, 0])).map
    first = cascade(GRADIENT, explained, ChosenScore([0, 1, 2, 0]), original)
    assert [step.layer for step in first.steps] == ["5", "1", "0"]
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert modes == [module.training for module in model.modules()]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(drawn, torch.get_rng_state())
    assert cascade(GRADIENT, explained, ChosenScore([0, 1, 2, 0]), original) == first


def test_a_network_that_cannot_be_copied_or_has_no_weights_is_named():
    class Locked(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 2)
            self.lock = Lock()

    x = _inputs(2, 4)
    maps = np.ones((2, 4))
    with pytest.raises(ConfigError, match=r"Locked cannot be copied .*pickle.*lock"):
        cascade(GRADIENT, Explained(Locked(), x), ChosenScore([0, 0]), maps)
    with pytest.raises(ConfigError, match="no weights"):
        cascade(GRADIENT, Explained(nn.Identity(), x), ChosenScore([0, 0]), maps)


def test_the_map_is_less_and_less_itself_and_the_last_step_has_no_trained_layer():
    """A map that is the first layer's kernel stays until that layer is randomised."""

    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Parameter(_inputs(1, 1, 20, 20))
            self.last = nn.Linear(1, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last((x * self.first).sum((2, 3)))

    explained = Explained(Deep(), _inputs(3, 1, 20, 20))
    score = ChosenScore([0, 0, 1])
    found = cascade(GRADIENT, explained, score, GRADIENT.compute(explained, score).map)
    first, last = found.steps
    assert first.spearman.value == pytest.approx(1.0) and first.layer == "last"
    assert last.spearman.value is not None and abs(last.spearman.value) < 0.2 and last.layer == "first"
    assert found.others.value == pytest.approx(1.0)
    assert first.ssim.value == pytest.approx(1.0) and last.ssim.value is not None and last.ssim.value < 0.3
