"""Modules of ``torch.export`` are recorded as the networks they were made from; autocast is noted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import convscope as cs
from convscope.errors import ConfigError, ShapeError
from convscope.graph.record import record
from graph.written import Written

BATCH = torch.export.Dim("batch", max=9000)
pytestmark = pytest.mark.filterwarnings("ignore")  # what PyTorch says of its own exporting


def many(self: Any, x: Tensor) -> Any:
    """Operations whose arguments have other names or places in an exported graph."""
    y = F.gelu(self.norm(self.conv(x)))
    y = F.interpolate(y, scale_factor=2, mode="bilinear") + F.interpolate(y, (12, 12), mode="nearest-exact")
    y = torch.cat([F.avg_pool2d(y, 2) + F.max_pool2d(y, 2), x], 1)[:, 1:, ::2, :-1]
    y = F.hardswish(y) + F.leaky_relu(F.layer_norm(y, y.shape[1:]), 0.2) * F.dropout(y, 0.3, self.training)
    y = self.attention(*[F.pad(y, (1, 0)).flatten(2)[:, :, :8]] * 3)[0]
    return y.clamp(-1, 1), x.std((2, 3)), x.topk(2, -1).values, x.norm(dim=1), x.chunk(2, 2)[1].square()


def network() -> nn.Module:
    torch.manual_seed(0)
    parts = {"conv": nn.Conv2d(3, 8, 3, padding=1), "norm": nn.GroupNorm(2, 8)}
    return Written(many, **parts, attention=nn.MultiheadAttention(8, 2, batch_first=True)).eval()


def test_an_exported_module_is_the_network_it_was_made_from():
    net, x = network(), torch.randn(2, 3, 6, 6)
    exported = torch.export.export(net, (x,), dynamic_shapes=(({0: BATCH},),)).module()
    graph, plain = record(exported, x), record(net, x)
    assert graph.batched and graph.notes == () and graph.unknown == ()
    assert graph.parameters == plain.parameters
    for one, expected in zip(graph.run(x.numpy()).outputs.values(), net(x), strict=True):
        np.testing.assert_allclose(one, expected.detach().numpy(), atol=1e-5)


def test_a_module_exported_for_one_batch_is_taken_for_any_only_where_it_computes_with_no_such_number():
    stack = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3)).eval()
    x = torch.randn(4, 1, 4, 4)
    graph = record(torch.export.export(stack, (x,)).module(), x)
    assert graph.batched and graph.unknown == () and graph.notes == ()
    np.testing.assert_allclose(graph.run(x.numpy()).output, stack(x).detach().numpy(), atol=1e-6)
    for made in (lambda s, x: x.view(x.shape[0], 2, -1), lambda s, x: x / x.shape[0]):
        fixed = torch.export.export(Written(made), (x,)).module()
        with pytest.raises(ShapeError, match="exported for a batch of 4 and computes with that size: export it for"):
            record(fixed, x)
        one = record(torch.export.export(Written(made), (x[:1],)).module(), x)
        assert not one.batched and any("exported for a batch of 1" in note for note in one.notes)
        np.testing.assert_allclose(one.run(x[:1].numpy()).output, made(None, x[:1]).numpy(), rtol=1e-6)


def test_a_program_is_refused_with_what_to_give():
    program = torch.export.export(nn.Linear(3, 2), (torch.randn(2, 3),))
    with pytest.raises(ConfigError, match=r"give its module\(\)"):
        record(program, (3,))  # pyright: ignore[reportArgumentType]


def test_an_exported_recurrence_is_known():
    exported = torch.export.export(
        Written(lambda s, x: s.lstm(x)[0], lstm=nn.LSTM(4, 3, batch_first=True)),
        (torch.randn(2, 5, 4),),
        dynamic_shapes=(({0: BATCH},),),
    ).module()
    graph, x = record(exported, (5, 4)), torch.randn(3, 5, 4)
    assert graph.unknown == () and "lstm" in [node.op for node in graph.nodes]
    np.testing.assert_allclose(graph.run(x.numpy()).output, exported(x).detach().numpy(), atol=1e-6)


def test_a_device_made_in_a_forward_is_no_call_on_tensors():
    net = Written(lambda s, x: x + torch.ones(3, device=torch.device(type="cpu")))
    assert [node.op for node in record(net, (3,)).nodes] == ["input", "add"]


def test_autocast_in_a_forward_is_noted():
    def shorter(self: Any, x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            y = self.layer(x)
        return y.float()

    graph = record(Written(shorter, layer=nn.Linear(3, 2)), (3,))
    assert graph.unknown == ()
    assert any("Autocast is on in layer" in note for note in graph.notes)
    assert "Autocast" in str(cs.inspect(Written(shorter, layer=nn.Linear(3, 2)), (3,)))
    assert record(nn.Linear(3, 2), (3,)).notes == ()
