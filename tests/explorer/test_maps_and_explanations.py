"""Feature maps with odd numbers and of many channels, their common ranges; and plain answers beside explanations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.explaining.checks.belief import NO, OPEN, YES
from convscope.explaining.feature_maps import feature_maps
from convscope.explorer import questions
from convscope.explorer.answer import Answer
from convscope.explorer.session import Session, session_of, session_on
from convscope.graph.record.activations import activations
from explorer.conftest import Page


def of(net: nn.Module, x: np.ndarray, **options: object) -> Answer:
    session = session_on("network", net, {"given:0": x})
    return questions.ask(session, "runs/network/maps/given:0", {name: str(value) for name, value in options.items()})


class Odd(nn.Module):
    """A layer whose maps are 1, infinity and NaN in places."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 1, bias=False)
        nn.init.ones_(self.first.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        return y / y  # 0 / 0


def test_numbers_that_are_none_are_told_as_such_and_are_left_out_of_ranges() -> None:
    x = np.array([[[[0.0, 2.0], [4.0, 3e38]]]], np.float32)
    net = Odd()
    with torch.no_grad():
        net.first.weight[1] = 4
    first = of(net, x, node="first", exact=1)
    assert first.arrays["maps"].tolist() == [[[0, 2], [4, np.float32(3e38)]], [[0, 8], [16, np.inf]]]
    assert first.arrays["odd"].tolist() == [[[0, 0], [0, 0]], [[0, 0], [0, 255]]]
    assert first.arrays["ranges"].tolist() == [[0, np.float32(3e38)], [0, 16]]
    (last,) = (each["name"] for each in _edges(net, x) if each["op"] not in ("input", "correlate"))
    answer = of(net, x, node=last, exact=1)
    assert np.isnan(answer.arrays["maps"][:, 0, 0]).all() and answer.values["layer"] == [1, 1]
    assert answer.values["network"] == [0, float(np.float32(3e38))]


def _edges(net: nn.Module, x: np.ndarray) -> list[dict[str, str]]:
    return questions.ask(session_on("network", net, {"given:0": x}), "runs/network", {}).values["edges"]


def test_maps_that_no_number_is_finite_in_have_a_range_nevertheless() -> None:
    answer = of(nn.Sequential(nn.Conv2d(1, 3, 1)), np.full((1, 1, 2, 2), np.inf, np.float32), node="0")
    assert answer.values["layer"] == [0, 0] and answer.arrays["odd"].all()


def test_two_thousand_channels_come_in_parts_with_the_range_of_all() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2000, 1, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.arange(2000.0).view(2000, 1, 1, 1))  # pyright: ignore[reportCallIssue]
    answer = of(net, np.ones((1, 1, 1, 1), np.float32), node="0", n=256, **{"from": 1792})
    assert answer.values["shape"] == [2000, 1, 1] and answer.arrays["maps"].shape == (208, 1, 1)
    assert answer.arrays["ranges"][-1].tolist() == [1999, 1999] and answer.values["layer"] == [0, 1999]


class Padded(nn.Module):
    """A text with tokens of its own in front of it, behind which it is not known along which axis a batch grows."""

    def __init__(self) -> None:
        super().__init__()
        self.bases = nn.Embedding(5, 3)
        self.window = nn.Conv1d(3, 4, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        front = torch.zeros((), dtype=tokens.dtype).expand(len(tokens), 2)
        return self.window(self.bases(torch.cat([front, tokens], 1)).transpose(1, 2))


def test_texts_behind_tokens_of_the_network_have_maps_too() -> None:
    graph, values = activations(Padded(), [torch.tensor([[1, 2, 3, 4]])])
    maps = {each.node: each.values.shape for each in feature_maps(graph, values)}
    assert (maps["bases"], maps["window"]) == ((6, 3), (4, 5))


@pytest.fixture(scope="module")
def session(page: Page) -> Session:
    return session_of([page.run])


def test_a_class_activation_map_says_how_large_its_layer_is(session: Session) -> None:
    opened = session.run("digits run")
    values = questions.ask(session, f"runs/digits run/explain/{opened.held[0]}:1", {"method": "gradcam"}).values
    (node,) = [node for node in opened.inspection.graph.nodes if node.name == values["node"]]
    assert tuple(values["of_layer"]) == node.shape[2:] and tuple(values["shape"]) == (8, 8)


def test_a_plain_answer_comes_before_the_figures(session: Session) -> None:
    name, _, _ = session.run("digits run").held
    values = questions.ask(session, f"runs/digits run/explain/{name}:1", {"method": "gradient", "checks": "1"}).values
    assert values["belief"].split(": ")[0] in (YES, NO, OPEN)
    assert values["verdict"].startswith(f"{values['belief']}. ")
    assert "random weights" in values["figures"] and values["figures"] not in values["belief"]


def test_a_convolution_without_a_bias_has_none(session: Session) -> None:
    opened = session.run("digits run")
    name, _, _ = opened.held
    graph = opened.inspection.graph
    layers = [node for node in graph.nodes if node.op == "correlate"]
    for node in layers:
        values = questions.ask(session, f"runs/digits run/components/{name}:1", {"node": node.name}).values
        assert (values["bias"] is None) is ("bias" not in node.weights)
