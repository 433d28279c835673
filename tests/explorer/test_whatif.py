"""A network with one window changed is the network that is built so: every shape, cost and field."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, nn

import convscope as cs
from convscope.analysis.edits import edited
from convscope.errors import ConfigError, ShapeError
from convscope.explorer.questions import ask
from convscope.explorer.session import Opened, Session
from convscope.models.registry import create


def lenet(*, kernel: int = 5, stride: int = 1, padding: int = 0, pooled: int = 2, flat: int = 800) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.MaxPool2d(2), nn.SELU(),
        nn.Conv2d(32, 32, kernel, stride, padding), nn.BatchNorm2d(32), nn.MaxPool2d(pooled), nn.Flatten(),
        nn.Linear(flat, 256), nn.SELU(), nn.Linear(256, 10),
    ).eval()  # fmt: skip


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.one(x)
        return (y + self.two(y)).mean((2, 3))


def told(module: nn.Module, shape: tuple[int, ...], **options: object) -> dict[str, Any]:
    opened = Opened("net", Path("net"))
    opened.__dict__["inspection"] = cs.inspect(module, shape)
    asked = {name: str(value) for name, value in options.items()}
    return dict(ask(Session({"net": opened}), "runs/net/whatif", asked).values)


@pytest.mark.parametrize(
    ("change", "built"),
    [
        ({"node": "3", "kernel": 5}, {}),
        ({"node": "3", "stride": 2}, {"stride": 2, "flat": 128}),
        ({"node": "3", "kernel": 3, "padding": 1}, {"kernel": 3, "padding": 1, "flat": 1568}),
        ({"node": "5", "kernel": "3,3", "stride": "3,3"}, {"pooled": 3, "flat": 288}),
    ],
)
def test_an_edited_network_is_the_network_that_is_built_so(change: dict[str, Any], built: dict[str, Any]) -> None:
    answer = told(lenet(), (1, 28, 28), fit=1, **change)
    expected = cs.inspect(lenet(**built), (1, 28, 28))
    after = {row["name"]: row["after"] for row in answer["rows"]}
    for layer in expected.layers:
        found = after[layer.name]
        assert tuple(found["shape"]) == layer.shape
        for name in ("multiplications", "additions", "parameters"):
            assert found[name] == getattr(layer, name), (layer.name, name)
        assert found["sees"] == [axis.size for axis in layer.fields["input"][1:]]
    assert answer["after"]["parameters"] == expected.totals.parameters
    assert not any(row["fault"] or row["lost"] for row in answer["rows"])


@pytest.mark.parametrize(("name", "shape"), [("googlenet_mini", (1, 28, 28)), ("resnet_mini", (3, 48, 48))])
@pytest.mark.parametrize("change", [{"stride": 2}, {"kernel": 5, "padding": 2}, {"kernel": 2}, {"padding": 3}])
def test_an_edit_fits_exactly_where_pytorch_runs_the_network_that_is_built_so(
    name: str, shape: tuple[int, ...], change: dict[str, Any]
) -> None:
    module = create(name, classes=3, channels=shape[0], size=shape[1:]).eval()
    graph = cs.inspect(module, shape).graph
    windows = [node for node in graph.nodes if isinstance(dict(module.named_modules()).get(node.path), nn.Conv2d)]
    for node in [each for each in windows if each.op == "correlate"][::5]:
        built = deepcopy(module)
        old = built.get_submodule(node.path)
        assert isinstance(old, nn.Conv2d)
        kernel, stride = change.get("kernel", old.kernel_size), change.get("stride", old.stride)
        padding = change.get("padding", old.padding)
        new = nn.Conv2d(old.in_channels, old.out_channels, kernel, stride, padding, bias=old.bias is not None)
        built.set_submodule(node.path, new.eval())
        result = edited(graph, node.name, **change)
        try:
            expected = cs.inspect(built, shape).graph
        except cs.Error:
            assert result.faults, (node.name, change)
            continue
        assert not result.faults, (node.name, change)
        assert [each.shape for each in result.graph.nodes] == [each.shape for each in expected.nodes]


def test_the_first_layer_that_no_longer_fits_is_named_and_those_behind_it_are_lost() -> None:
    answer = told(lenet(), (1, 28, 28), node="3", kernel=3)
    faults = {row["name"]: row["fault"] for row in answer["rows"] if row["fault"]}
    assert list(faults) == ["7"]
    assert "1152" in faults["7"] and "800" in faults["7"]
    assert [row["name"] for row in answer["rows"] if row["lost"]] == ["8", "9"]
    assert answer["refitted"] == ["3.weight"]


def test_a_shortcut_that_no_longer_fits_is_named() -> None:
    answer = told(Skip(), (3, 16, 16), node="two", stride=2)
    (fault,) = [row for row in answer["rows"] if row["fault"]]
    assert fault["op"] == "add" and "16, 16" in fault["fault"] and "8, 8" in fault["fault"]


def test_same_padding_keeps_the_size_and_without_a_node_the_first_window_is_shown() -> None:
    answer = told(Skip(), (3, 16, 16), node="two", kernel=5, padding="same")
    assert not any(row["fault"] for row in answer["rows"])
    assert told(Skip(), (3, 16, 16))["node"] == "one"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"node": "7"}, ConfigError, "no window"),
        ({"node": "nowhere"}, ConfigError, "nowhere"),
        ({"node": "3", "kernel": 0}, ConfigError, "1 to 512"),
        ({"node": "3", "stride": "a"}, ConfigError, "whole numbers"),
        ({"node": "3", "kernel": "3,3,3"}, ShapeError, "height and width"),
    ],
)
def test_numbers_that_are_none_of_a_window_are_refused(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        told(lenet(), (1, 28, 28), **options)
