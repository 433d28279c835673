"""The effective receptive field against gradients by autograd, by hand, and against what the paper says of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.analysis.effective_field import EffectiveField, effective_field
from convscope.errors import ConfigError, ShapeError
from convscope.graph.record import record
from convscope.report.effective_field import write_effective_field


def stack(depth: int, width: int = 8, *, bend: bool = False) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for i in range(depth):
        layers += [nn.Conv2d(1 if i == 0 else width, width, 3, padding=1), *([nn.ReLU()] if bend else [])]
    return nn.Sequential(*layers).eval()


def test_it_is_the_squared_gradient_of_autograd() -> None:
    net, x = stack(3, width=1, bend=True), torch.randn(5, 1, 12, 10, generator=torch.Generator().manual_seed(1))
    found = effective_field(record(net, (1, 12, 10)), "4", (5, 6), inputs=x.numpy())
    x.requires_grad_(True)
    net[:5](x)[:, 0, 5, 6].sum().backward()
    assert x.grad is not None
    energy = x.grad.double().square().sum((0, 1)).numpy()
    np.testing.assert_allclose(found.energy, energy / energy.sum(), rtol=1e-4, atol=1e-9)
    assert found.samples == 5 and found.at == (5, 6) and found.spans == ((2, 8), (3, 9)) and found.sizes == (7, 7)


def test_all_channels_count() -> None:
    """The random signs give, in the mean, the sum over channels of each one's squared gradient."""
    net = stack(2, width=3)
    found = effective_field(record(net, (1, 9, 9)), "1", samples=600)
    energy = np.zeros((9, 9))
    for channel in range(3):
        x = torch.zeros(1, 1, 9, 9, requires_grad=True)
        net(x)[0, channel, 4, 4].backward()
        assert x.grad is not None
        energy += x.grad[0, 0].double().square().numpy()
    np.testing.assert_allclose(found.energy, energy / energy.sum(), atol=0.01)


def test_a_stack_of_random_convolutions_sees_a_bell_that_grows_slower_than_its_field() -> None:
    """Luo et al. 2016: the field grows with the depth n, the effective one with its square root only."""
    shares, centres = [], []
    for depth in (2, 4, 8, 16):
        found = effective_field(record(stack(depth), (1, 40, 40)), str(depth - 1))
        first, last = found.run(0)
        shares.append((last - first + 1) / found.sizes[0])
        centres.append(found.centre)
        assert found.sizes == (2 * depth + 1, 2 * depth + 1)
    assert shares == sorted(shares, reverse=True) and shares[-1] < 0.6 * shares[0]
    assert centres == sorted(centres) and centres[-1] > 0.9


def field(energy: np.ndarray, *spans: tuple[int, int]) -> EffectiveField:
    return EffectiveField("here", (), energy / energy.sum(), spans, 1)


def test_runs_and_centre_by_hand() -> None:
    found = field(np.array([0.0, 1, 2, 4, 2, 1, 0, 0]), (1, 5))
    assert found.run(0, 0.4) == (3, 3) and found.run(0, 0.8) == (2, 4) and found.run(0, 1.0) == (1, 5)
    assert found.centre == pytest.approx(0.8)  # of five positions the middle three
    even = field(np.ones((8, 8)), (0, 7), (0, 7))
    assert even.centre == pytest.approx(0.25) and even.run(1, 0.5) == (0, 3)
    assert str(found) == (
        "here: 90% of the energy along each axis lies within 4 of the 5 positions of the receptive field; its central "
        "half holds 80%"
    )


def test_class_scores_are_measured_at_once() -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(144, 5)).eval()
    found = effective_field(record(net, (1, 8, 8)), "3", samples=2)
    assert found.at == () and found.spans == ((0, 7), (0, 7)) and (found.energy > 0).all()


def test_one_axis_and_three(tmp_path) -> None:
    line = effective_field(record(nn.Conv1d(2, 3, 5, dilation=2), (2, 20)), "correlate", (3,), samples=1)
    assert line.spans == ((3, 11),) and np.flatnonzero(line.energy).tolist() == [3, 5, 7, 9, 11]
    block = effective_field(record(nn.Conv3d(1, 2, (1, 2, 3)), (1, 4, 5, 6)), "correlate", samples=1)
    assert block.sizes == (1, 2, 3)
    for found, name in ((line, "line.png"), (block, "block.svg")):
        assert write_effective_field(found, tmp_path / "new" / name).stat().st_size > 1000
    with pytest.raises(ConfigError, match=r"--out .*field\.pdf: a picture's name ends in \.png or \.svg"):
        write_effective_field(line, tmp_path / "field.pdf")


def test_what_cannot_be_measured_is_said() -> None:
    graph = record(stack(2), (1, 8, 8))
    with pytest.raises(ConfigError, match="there is no node '11'; did you mean '1'"):
        effective_field(graph, "11")
    with pytest.raises(ShapeError, match=r"1 has no place 3, 8; valid is 0\.\.7, 0\.\.7"):
        effective_field(graph, "1", (3, 8))
    with pytest.raises(ConfigError, match="at least one input is needed, found none"):
        effective_field(graph, "1", samples=0)
    dead = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).eval()
    nn.init.constant_(dead[0].bias, -100.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ShapeError, match="no input moves 1 at 3, 3: all gradients are 0"):
        effective_field(record(dead, (1, 8, 8)), "1")
    tokens = record(nn.Sequential(nn.Embedding(5, 4)), "tokens:int64:7")
    with pytest.raises(ConfigError, match=r"must have one input \(N, C, \*space\) of floating-point numbers; Seq"):
        effective_field(tokens, "0")
