"""How inputs are tied to what a forward takes: by order, by name, by keyword; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import convscope as cs
from convscope.errors import ConfigError, ShapeError
from convscope.graph.record import record
from convscope.graph.verify import agreements, random_inputs


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.line = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, image: Tensor, tokens: Tensor) -> dict[str, Any]:
        scores = self.line(self.table(tokens)).mean(1) + image.mean((1, 2))[:, None]
        return {"scores": scores, "seen": (image, [image * 2])}


class Optional(nn.Module):
    def forward(self, x: Tensor, mask: Tensor | None = None, place: Tensor | None = None, *, scale: Tensor) -> Tensor:
        y = x * scale
        y = y if mask is None else y * mask
        return y if place is None else y - place


class Whatever(nn.Module):
    def forward(self, *given: Tensor, **named: Tensor) -> Tensor:
        return sum(given, torch.zeros(())) + sum(named.values())


TAKEN: dict[str, tuple[nn.Module, Any, list[str]]] = {
    "a name, then an order": (Both(), ["tokens:int64:6", (1, 2)], ["tokens", "image"]),
    "an order, then a name": (Both(), [(1, 2), "tokens:int64:6"], ["image", "tokens"]),
    "types in order": (Both(), [(1, 2), "int64:6"], ["image", "tokens"]),
    "by names": (Both(), {"tokens": "int64:6", "image": (1, 2)}, ["tokens", "image"]),
    "a keyword": (Optional(), [(4,), "scale:float32:4"], ["x", "scale"]),
    "behind a gap": (Optional(), [(4,), "place:float32:4", "scale:float32:4"], ["x", "place", "scale"]),
    "whatever comes": (Whatever(), [(4,), (4,)], ["input0", "input1"]),
    "whatever comes by name": (Whatever(), [(4,), "mask:float32:4"], ["input0", "mask"]),
    "a name of ones own": (nn.Linear(4, 2), "wave:float32:4", ["wave"]),
}


@pytest.mark.parametrize("name", TAKEN)
def test_each_input_comes_where_it_belongs(name: str):
    network, given, names = TAKEN[name]
    graph = record(network, given)
    assert [node.name for node in graph.inputs] == names
    assert all(one.holds for one in agreements(network, random_inputs(graph)))


def test_what_is_returned_is_named():
    assert list(record(Both(), [(1, 2), "int64:6"]).outputs) == ["scores", "seen.0", "seen.1.0"]


def test_several_inputs_are_traced_by_name():
    network, tokens = Both(), torch.tensor([[1, 2, 3, 4, 5, 6]])
    found = cs.trace(network, {"tokens": tokens, "image": torch.ones(1, 1, 2)}, "add", (1,))
    assert found.engine == "PyTorch" and abs(found.gap) < 1e-6
    assert found.total == cs.trace(network, [torch.ones(1, 1, 2), tokens], "add", (1,)).total


REFUSED: list[tuple[nn.Module, Any, str]] = [
    (Both(), [(1, 2)], "Both needs the input tokens as well; give one shape for each input"),
    (Both(), [(1, 2), "int64:6", (3,)], "Both takes the inputs image, tokens; 3 were given"),
    (Both(), ["image:float32:2", "image:float32:2"], "there are two inputs called 'image'"),
    (Optional(), (4,), "Optional needs the input scale as well"),
    (nn.ReLU(), "3x0", "with sizes of at least 1"),
    (nn.ReLU(), "axb", "input 'axb' is not understood"),
    (nn.ReLU(), "", "input '' is not understood"),
]


@pytest.mark.parametrize(("network", "given", "message"), REFUSED)
def test_what_does_not_fit_is_refused(network: nn.Module, given: Any, message: str):
    with pytest.raises(ConfigError, match=message):
        record(network, given)


@pytest.mark.parametrize("network", [nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Sequential(nn.ReLU(), nn.Conv1d(8, 2, 3))])
def test_a_missing_batch_axis_is_said(network: nn.Module):
    x = torch.ones(1, 8, 8)
    if isinstance(network, nn.Sequential):
        cs.trace(network, x)  # (1, 8, 8) is one signal of eight channels
        return
    with pytest.raises(ShapeError, match=r"takes \(batch, channels, height, width\), but input is \(1, 8, 8\): give"):
        cs.trace(network, x)
    with pytest.raises(ShapeError, match=r"an input must be one example with its batch axis, \(1, ...\), found \(3, 8"):
        cs.trace(network, torch.ones(3, 8, 8))
    with pytest.raises(ConfigError, match=r"an array is given with its batch axis, x\[None\]"):
        cs.trace("lenet", torch.ones(1, 28, 28))
    assert cs.trace("lenet", torch.ones(1, 1, 28, 28)).op == "linear"


@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_compiled_and_wrapped_networks_are_seen_through():
    plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Dropout(0.5))
    plain[1].compile()
    compiled: Any = nn.Sequential(torch.compile(plain[0]), plain[1], plain[2]).train()  # pyright: ignore
    wrapped: list[Any] = [compiled, nn.DataParallel(plain), torch.compile(plain), plain.half()]
    for network in wrapped:
        assert [node.op for node in record(network, (1, 8, 8)).nodes] == ["input", "correlate", "relu"]
    assert compiled.training
    with pytest.raises(ConfigError, match="is scripted: its operations cannot be seen"):
        record(torch.jit.script(nn.Sequential(nn.ReLU())), (1, 8, 8))


def test_what_a_forward_prints_is_no_part_of_the_answer(capsys: pytest.CaptureFixture[str]):
    class Talks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            print("shape", x.shape)
            assert x.shape[-1] == 8, "needs eight columns"
            return x * 2

    record(Talks(), (1, 8, 8))
    assert capsys.readouterr().out == ""
    with pytest.raises(ShapeError, match="failed: AssertionError: needs eight columns"):
        record(Talks(), (1, 8, 9))


def test_a_network_of_no_numbers_is_recorded_and_not_compared():
    network = nn.Linear(3, 2, device="meta")
    assert record(network, (3,)).nodes[1].op == "linear"
    with pytest.raises(ConfigError, match="was built without weights, so it has no numbers"):
        agreements(network, [torch.ones(1, 3)])
