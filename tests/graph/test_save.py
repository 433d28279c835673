"""Graphs as files, and what a valid graph is."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import CheckpointError, ConfigError
from convscope.graph import Graph, load, save
from convscope.graph.record import record
from convscope.graph.spec import check, faults


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU6(), nn.Flatten(), nn.Linear(32, 3))


@pytest.fixture
def graph() -> Graph:
    return record(network().eval(), (1, 4, 4))


def test_a_graph_that_was_saved_is_the_same(graph: Graph, tmp_path: Path):
    save(graph, tmp_path / "net.json")
    found = load(tmp_path / "net.json")
    assert found == graph
    x = np.random.default_rng(0).standard_normal((3, 1, 4, 4), np.float32)
    assert np.array_equal(found.run(x).output, graph.run(x).output)


def test_a_graph_alone_needs_weights_to_run(graph: Graph, tmp_path: Path):
    save(graph, tmp_path / "net.json", weights=False)
    found = load(tmp_path / "net.json")
    x = np.ones((1, 1, 4, 4), np.float32)
    with pytest.raises(ConfigError, match=r"0 needs the weight '0\.weight', which is missing"):
        found.run(x)
    assert np.array_equal(found.run(x, weights=graph.weights).output, graph.run(x).output)


@pytest.mark.parametrize("damage", ["{", '{"format": "another"}', "[]"])
def test_a_damaged_file_is_refused(graph: Graph, tmp_path: Path, damage: str):
    path = tmp_path / "net.json"
    save(graph, path)
    path.write_text(damage)
    with pytest.raises(CheckpointError, match=r"net\.json cannot be read as a graph: "):
        load(path)


def test_a_graph_saved_by_version_0_1_is_read_with_the_words_of_today():
    graph = load(Path(__file__).parent / "saved" / "format1.json")
    assert [node.op for node in graph.nodes].count("getitem") == 2
    assert graph["rnn.expand"].batch_scaled == (("shape", 1),)
    expected = [
        [-0.0498607568, -0.0040957662, -0.4122905433, -0.0071000951],
        [-7.717155e-05, -0.0010105598, -0.0550902784, -0.0032785130],
    ]
    x = np.arange(8, dtype=np.float32).reshape(2, 2, 2)  # a batch of 2, where one example was recorded
    np.testing.assert_allclose(graph.run(x).output, expected, rtol=1e-5)


def with_node(graph: Graph, at: int, **changes) -> Graph:
    nodes = list(graph.nodes)
    nodes[at] = replace(nodes[at], **changes)
    return replace(graph, nodes=tuple(nodes))


@pytest.mark.parametrize(
    ("at", "changes", "fault"),
    [
        (1, {"shape": (1, 2, 5, 4)}, "'0' is to be (1, 2, 5, 4), but correlate makes (1, 2, 4, 4)"),
        (1, {"op": "corelate"}, "'0' is to be 'corelate', which is no primitive"),
        (1, {"inputs": {"x": "3"}}, "'0' takes '3', which is no node before it"),
        (1, {"weights": {"kernel": "9.weight"}}, "'0' takes '9.weight', which is no parameter, buffer or constant"),
        (1, {"weights": {"weight": "0.weight"}}, "'0' has arrays for weight, which correlate does not take"),
        (2, {"name": "0"}, "two nodes are called '0'"),
        (4, {"arguments": {}}, "'3': _reshaped() missing 1 required keyword-only argument: 'shape'"),
        (5, {"name": "5"}, "the output 'output' is to be '4', which is no node"),
    ],
)
def test_what_cannot_be_in_a_graph_is_named(graph: Graph, at: int, changes: dict, fault: str):
    check(graph)
    broken = with_node(graph, at, **changes)
    assert fault in list(faults(broken))
    with pytest.raises(ConfigError, match="this is no valid graph: "):
        check(broken)


def test_a_node_that_does_not_exist_is_refused_with_the_nearest(graph: Graph):
    with pytest.raises(ConfigError, match="there is no node 'imput'; did you mean 'input'"):
        graph["imput"]
    values = graph.run(np.ones((1, 1, 4, 4)))
    assert len(values) == len(graph.nodes) == len(list(values))
    with pytest.raises(ConfigError, match="there is no node 'imput'"):
        values["imput"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "takes 1 inputs"),
        ([np.ones((1, 4, 4))], r"input must be \(N, 1, 4, 4\), as it was recorded, found \(1, 4, 4\); add the batch"),
        ([np.ones((2, 1, 4, 5))], r"input must be \(N, 1, 4, 4\), as it was recorded, found \(2, 1, 4, 5\)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(graph: Graph, inputs: list, message: str):
    with pytest.raises(ValueError, match=message):
        graph.run(*inputs)


def test_gradients_that_do_not_fit_are_refused(graph: Graph):
    values = graph.run(np.ones((2, 1, 4, 4)))
    with pytest.raises(ValueError, match=r"the gradient of output must be \(2, 3\), found \(3,\)"):
        graph.backward(values, np.ones(3))
    with pytest.raises(ConfigError, match="there is no output 'outputs'; did you mean 'output'"):
        graph.backward(values, {"outputs": np.ones((2, 3))})
    with pytest.raises(ConfigError, match=r"computed by another graph; give what graph\.run returned"):
        dataclasses.replace(graph).backward(values, np.ones((2, 3)))
