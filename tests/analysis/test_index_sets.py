"""Sets of places stay small: through windows laid out as columns, and as an upper bound that is called one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import convscope as cs
from convscope.analysis import patches
from convscope.analysis.exact_fields import field
from convscope.analysis.index_sets import IndexSet
from convscope.analysis.inspection import Inspection
from convscope.analysis.table import as_text
from convscope.ops import PRIMITIVES
from graph.written import Written

WINDOWS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((1, 3, 7), {"size": 3}),
    ((1, 2, 6, 5), {"size": 2, "stride": 2}),
    ((1, 2, 6, 5), {"size": (3, 2), "stride": (2, 1), "padding": 1}),
    ((1, 1, 9, 8), {"size": 3, "dilation": (2, 3), "padding": ((2, 0), (1, 1))}),
    ((1, 1, 4, 4, 5), {"size": 2, "stride": (1, 2, 3)}),
]


@pytest.mark.parametrize(("image", "arguments"), WINDOWS)
@pytest.mark.parametrize("op", patches.WINDOWED)
def test_sets_go_through_windows_as_gradients_do(op: str, image: tuple[int, ...], arguments: dict[str, Any]):
    columns = PRIMITIVES["im2col"].shape(image, **arguments)
    source, output = (image, columns) if op == "im2col" else (columns, image)
    arguments = arguments if op == "im2col" else {"space": image[2:], **arguments}
    rng = np.random.default_rng(0)
    for part in (0.1, 0.3, 0.7, 1.0):
        chosen = [np.flatnonzero(rng.random(n) <= part) for n in output[1:]]
        places = IndexSet.at(output, [0, *(at if len(at) else [0] for at in chosen)])
        found = IndexSet(source)
        for box in patches.before(op, places.boxes[0], source, output, arguments):
            found.add(box)
        grad = PRIMITIVES[op].backward(places.mask().astype(float), np.zeros(source), **arguments)
        assert np.array_equal(found.mask(), np.asarray(grad[0] if isinstance(grad, tuple) else grad) > 0)


class Separable(nn.Module):
    """Attention whose queries are one number for each place of a 2×2 patch."""

    def __init__(self, channels: int):
        super().__init__()
        self.local = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.parts = nn.Conv2d(channels, 1 + 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        apart = F.unfold(self.local(x), 2, stride=2).reshape(n, c, 4, -1)
        query, key, value = self.parts(apart).split([1, c, c], 1)
        seen = (key * query.softmax(-1)).sum(-1, keepdim=True)
        return F.fold((torch.tanh(value) * seen).reshape(n, 4 * c, -1), (h, w), 2, stride=2)


def shuffled(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def halves(self: Any, x: Tensor) -> Tensor:
    first, second = x.chunk(2, 1)
    return shuffled(torch.cat([first, self.b(F.relu(self.a(second)))], 1))


def half() -> nn.Module:
    return Written(halves, a=nn.Conv2d(4, 4, 1), b=nn.Conv2d(4, 4, 3, padding=1, groups=4))


NETWORKS = {
    "patches": nn.Sequential(nn.Conv2d(3, 2, 3, 2, 1), Separable(2), Separable(2)),
    "channel shuffle": nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), *(half() for _ in range(6))),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_share_of_each_layer_is_that_of_its_whole_field(name: str):
    found = cs.inspect(NETWORKS[name], (3, 12, 12))
    for layer in found.layers:
        whole = field(found.graph, layer.name, [n // 2 for n in layer.shape])
        assert layer.share == pytest.approx(whole.share) and not layer.share_at_most and not whole.at_most, layer.name
    assert found.layers[-1].share == 1


def test_a_field_through_patches_is_what_moves_the_unit():
    torch.manual_seed(0)
    network = Separable(2).double()
    x = torch.randn(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    network(x)[0, 1, 2, 3].backward()
    assert x.grad is not None
    seen = cs.inspect(network, (2, 6, 6)).field("col2im", (1, 2, 3)).places.mask()
    assert np.array_equal(seen, x.grad[0].numpy() != 0)


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_a_constant_order_of_rows_is_followed_row_by_row(axis: int):
    order = torch.tensor([2, 0, -1, 1, 0])

    def forward(self: Any, x: Tensor) -> Tensor:
        return self.conv(x)[(*(slice(None),) * axis, order)]

    torch.manual_seed(0)
    network = Written(forward, conv=nn.Conv2d(4, 4, 3, padding=1, groups=4)).double()
    inspection = cs.inspect(network, (4, 6, 7))
    last = inspection.graph.outputs["output"]
    for at in ((0, 1, 2), (3, 3, 3), (2, 2, 4)):
        x = torch.randn(1, 4, 6, 7, dtype=torch.float64, requires_grad=True)
        network(x)[(0, *at)].backward()
        assert x.grad is not None
        assert np.array_equal(inspection.field(last, at).places.mask(), x.grad[0].numpy() != 0)


def scattered() -> Inspection:
    """A map whose numbers are laid out in rows of another length, with a window on each layout."""

    def forward(self: Any, x: Tensor) -> Tensor:
        return self.b(self.a(x).view(-1, 3, 18, 32))

    convs = {name: nn.Conv2d(3, 3, 5, padding=2, groups=3) for name in "ab"}
    return cs.inspect(Written(forward, **convs), (3, 24, 24))


def test_a_set_that_is_too_scattered_is_an_upper_bound_and_called_one(monkeypatch: pytest.MonkeyPatch):
    exact = scattered()
    last = exact.layers[-1]
    whole, text = exact.field(last.name, (1, 9, 16)), as_text(exact, full=True)
    assert not any(layer.share_at_most for layer in exact.layers) and not whole.at_most and "≤ " not in text
    monkeypatch.setattr("convscope.analysis.index_sets.MANY", 1)
    monkeypatch.setattr("convscope.analysis.index_sets.MOST", 1)
    bound = scattered()
    rough = bound.layers[-1]
    assert rough.share_at_most and rough.share > last.share  # pyright: ignore[reportOperatorIssue]
    assert "≤ " in as_text(bound, full=True) and "at most" in as_text(bound, full=True)
    seen = bound.field(last.name, (1, 9, 16))
    assert seen.at_most
    assert not (whole.places.mask() & ~seen.places.mask()).any()


def test_many_places_of_an_operation_that_is_asked_one_by_one_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("convscope.analysis.exact_fields.FEW", 4)
    monkeypatch.setattr("convscope.analysis.patches.WINDOWED", ())
    network = Written(lambda s, x: F.unfold(x, 2))
    found = cs.inspect(network, (1, 4, 4))
    assert not found.field("im2col", (0, 0)).at_most
    seen = found.field("im2col")
    assert seen.at_most and seen.places.count == 16
