"""Numbers that leave PyTorch for Python or NumPy: what comes back made of them is unknown, and nothing else is."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import convscope as cs
from convscope.graph.node import OUTSIDE
from convscope.graph.save import load, save
from convscope.graph.verify import Agreement, agreements, random_inputs

IMAGE = (1, 8, 8)


class Middle(nn.Module):
    """A convolution and a linear layer, with a function of the user's own between them."""

    def __init__(self, between: Callable[[Any, Tensor], Tensor]):
        super().__init__()
        self.between = between
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.rate = nn.Parameter(torch.tensor(0.3))
        self.scale, self.last = 0.7, 0.0
        self.head = nn.Linear(128, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.between(self, self.conv(x)).flatten(1))


class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.from_numpy(np.tanh(x.detach().numpy()))


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0] * 100


def remembered(net: Any, y: Tensor) -> Tensor:
    net.last = y.mean().item()
    return y * net.last


def written_outside(net: Any, y: Tensor) -> Tensor:
    memory = y.detach().numpy()
    np.maximum(memory, 0, out=memory)
    return y


LOST: dict[str, tuple[Callable[[Any, Tensor], Tensor], str]] = {
    "NumPy": (lambda net, y: torch.from_numpy(np.tanh(y.detach().numpy())), "numpy"),
    "asarray": (lambda net, y: torch.as_tensor(np.asarray(y.detach()) * 2), "array"),
    "a function of NumPy's": (lambda net, y: torch.as_tensor(np.sin(y.detach())), "array"),
    "written to by NumPy": (written_outside, "numpy"),
    "dlpack": (lambda net, y: torch.from_dlpack(np.from_dlpack(y.detach()).copy()), "dlpack"),
    "lists": (lambda net, y: torch.tensor(y.tolist(), dtype=y.dtype), "tolist"),
    "a number as a factor": (lambda net, y: y * y.mean().item(), "item"),
    "a number of a number": (lambda net, y: y / math.sqrt(1 + float(y.mean()) ** 2), "float"),
    "a number kept on the module": (remembered, "item"),
    "a whole number": (lambda net, y: y * int(y.sum() * 10), "int"),
    "a weight's number": (lambda net, y: y * net.rate.item(), "item"),
    "a number for each": (lambda net, y: y * torch.stack([y.new_tensor(float(v)) for v in y.flatten()[:8]]), "float"),
    "a function of autograd": (lambda net, y: Tanh.apply(y), "numpy"),
}  # fmt: skip


def inspected(between: Callable[[Any, Tensor], Tensor]) -> tuple[Any, tuple[Agreement, ...]]:
    torch.manual_seed(0)
    network = Middle(between).eval()
    found = cs.inspect(network, IMAGE)
    return found, agreements(network, random_inputs(found.graph))


@pytest.mark.filterwarnings("ignore:__array_wrap__")  # NumPy's, over PyTorch's own
@pytest.mark.parametrize("name", LOST)
def test_what_comes_back_is_unknown(name: str):
    between, call = LOST[name]
    found, both = inspected(between)
    assert any(f"leaves PyTorch (.{call}())" in note for note in found.graph.notes)
    assert any(one.call == call and not one.decides for one in found.graph.reads)
    head = found.layers[-1]
    assert head.share is None and not head.fields and found.field("head", (0,)).unknown
    assert found.totals.at_least and found.dropped.inputs == ()
    said = str(found)
    assert "unknown" in said and " 0 %" not in said
    unused = [one.place for one in found.warnings if one.code.startswith("CS301")]
    assert "conv" not in unused and "conv.weight" not in found.parameters.unused
    for one in both:  # what follows is compared, what comes back is said not to be
        assert one.holds and one.left_out and "conv" not in one.left_out and "head" not in one.left_out


def test_of_arrays_from_outside_it_is_unknown_whether_a_parameter_is_used():
    found, _ = inspected(LOST["NumPy"][0])
    (node,) = found.graph.unknown
    assert node.arguments["operation"] == OUTSIDE and node.inputs == {"x0": "detach"}
    assert found.parameters.unused == () and found.parameters.unseen == ("rate",)
    assert found.totals.unused_parameters is None
    assert sum(one.parameters for one in found.layers) == found.totals.parameters - 1
    assert "(use unknown)" in str(found) and found.to_dict()["parameters_of_unknown_use"] == ["rate"]


KEPT: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "a literal": lambda net, y: y * 0.5 if y.mean().item() < 1e9 else y,
    "a setting of the module": lambda net, y: y * net.scale if y.mean().item() < 1e9 else y,
    "a literal list": lambda net, y: y * torch.tensor([0.5, 0.25]).view(1, 2, 1, 1) if y.mean().item() < 1e9 else y,
    "a layer": lambda net, y: net.conv(y[:, :1]) if float(y.sum()) < 1e9 else y,
}


@pytest.mark.parametrize("name", KEPT)
def test_what_was_there_before_stays_known(name: str):
    found, both = inspected(KEPT[name])
    assert found.graph.unknown == () and found.layers[-1].share == 1.0 and found.totals.at_least
    assert all(one.holds and not one.left_out for one in both)


UNSEEN: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "made a parameter": lambda net, y: nn.Parameter(y) * 2,
    "copied": lambda net, y: copy.copy(y).relu(),
    "mapped": lambda net, y: torch.vmap(lambda one: one.relu())(y),
    "given other memory": lambda net, y: torch.empty(0).set_(y.untyped_storage(), 0, y.size(), y.stride()).relu(),  # pyright: ignore
}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_comes_from_where_nothing_is_seen_is_unknown(name: str):
    found, both = inspected(UNSEEN[name])
    assert found.graph.unknown[0].arguments["operation"] == OUTSIDE
    assert found.layers[-1].share is None and found.totals.unused_parameters is None
    assert not any(one.code.startswith("CS301") for one in found.warnings)
    assert all(one.left_out or one.refused for one in both)


DECIDING: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "by a truth": lambda net, y: y if y.mean() < 1e9 else y * net.rate,
    "by a number": lambda net, y: y * net.rate if int((y.mean() > 1e9).item()) else y,
}


@pytest.mark.parametrize("name", DECIDING)
def test_parameters_on_a_way_not_taken_are_not_called_unused(name: str):
    found, _ = inspected(DECIDING[name])
    assert found.parameters.unused == () and found.totals.unused_parameters is None
    assert not any(one.code.startswith("CS301") for one in found.warnings)


def test_a_gradient_of_ones_own_is_said():
    found, both = inspected(lambda net, y: Doubled.apply(y))
    assert found.graph.unknown == () and all(one.holds for one in both)
    (note,) = found.graph.notes
    assert note.startswith("Doubled in its forward ")


def test_a_graph_that_is_saved_still_says_what_left(tmp_path):
    graph = inspected(LOST["a number as a factor"][0])[0].graph
    save(graph, tmp_path / "net.json")
    assert load(tmp_path / "net.json").reads == graph.reads


def test_a_network_that_takes_one_type_only_is_compared_in_that_one():
    double, single = inspected(lambda net, y: torch.tensor(y.tolist(), dtype=torch.float32))[1]
    assert "must have the same dtype" in double.refused and not double.holds
    assert single.holds and single.refused == ""
