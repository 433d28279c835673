"""A graph as two files: what it is as JSON, and its weights and constants as safetensors beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from safetensors.numpy import save as save_arrays

from convscope import atomic
from convscope.errors import CheckpointError
from convscope.graph.graph import Graph
from convscope.graph.node import GETITEM, Node, Parameter, Read
from convscope.graph.spec import check

FORMAT = "convscope graph 2"
FORMAT_1 = "convscope graph 1"  # of version 0.1, with other words for two things


def save(graph: Graph, path: str | Path, *, weights: bool = True) -> None:
    """Write ``path`` (JSON) and, with the same name and the ending .safetensors, constants and weights."""
    path = Path(path)
    told = {
        "format": FORMAT,
        "model": graph.model,
        "outputs": dict(graph.outputs),
        "notes": graph.notes,
        "reads": [vars(one) for one in graph.reads],
        "batched": graph.batched,
        "modules": dict(graph.modules),
        "shared": dict(graph.shared),
        "parameters": {name: vars(one) for name, one in graph.parameters.items()},
        "buffers": {name: vars(one) for name, one in graph.buffers.items()},
        "nodes": [{name: _plain(value) for name, value in vars(node).items()} for node in graph.nodes],
    }
    arrays = {f"constant/{name}": np.ascontiguousarray(one) for name, one in graph.constants.items()}
    if weights:
        arrays |= {f"weight/{name}": np.ascontiguousarray(one) for name, one in graph.weights.items()}
    atomic.write_together({
        path: json.dumps(told, indent=1, allow_nan=True).encode(),
        path.with_suffix(".safetensors"): save_arrays(arrays),
    })  # fmt: skip


def load(path: str | Path) -> Graph:
    """Read a graph that ``save`` wrote.

    Raises ``CheckpointError`` for a file that is missing or damaged, ``ConfigError`` for what cannot be a graph.
    """
    path = Path(path)
    try:
        told = json.loads(path.read_text("utf-8"))
        arrays = load_file(path.with_suffix(".safetensors"))
        if told["format"] not in (FORMAT, FORMAT_1):
            raise ValueError(f"its format is {told['format']!r}, not {FORMAT!r}")
        graph = Graph(
            told["model"],
            tuple(_node(one) for one in told["nodes"]),
            told["outputs"],
            told["modules"],
            {name: _parameter(one) for name, one in told["parameters"].items()},
            {name: _parameter(one) for name, one in told["buffers"].items()},
            told["shared"],
            _under("constant/", arrays),
            tuple(told["notes"]),
            told["batched"],
            _under("weight/", arrays),
            tuple(Read(**one) for one in told["reads"]),
        )
    except Exception as error:  # a damaged file fails wherever it is damaged
        raise CheckpointError(f"{path} cannot be read as a graph: {error}; write it anew with graph.save") from error
    check(graph)
    return graph


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): one for name, one in arrays.items() if name.startswith(prefix)}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _parameter(told: dict[str, Any]) -> Parameter:
    return Parameter(tuple(told["shape"]), told["dtype"], told["trainable"])


def _node(told: dict[str, Any]) -> Node:
    if "scaled" in told:  # format 1
        told["batch_scaled"] = told.pop("scaled")
        told["op"] = GETITEM if told["op"] == "part" else told["op"]
    return Node(**{name: _strict(value) for name, value in told.items()})


def _strict(value: Any) -> Any:
    """Return lists as the tuples that they were."""
    if isinstance(value, dict):
        return {name: _strict(one) for name, one in value.items()}
    return tuple(_strict(one) for one in value) if isinstance(value, list) else value
