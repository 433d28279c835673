"""A graph as two files: what it is as JSON, and its weights and constants as safetensors beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from safetensors import numpy as safetensors

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
    document = {
        "format": FORMAT,
        "model": graph.model,
        "outputs": dict(graph.outputs),
        "notes": graph.notes,
        "reads": [vars(read) for read in graph.reads],
        "batched": graph.batched,
        "modules": dict(graph.modules),
        "shared": dict(graph.shared),
        "parameters": {name: vars(array) for name, array in graph.parameters.items()},
        "buffers": {name: vars(array) for name, array in graph.buffers.items()},
        "nodes": [
            vars(node) | {name: dict(getattr(node, name)) for name in ("inputs", "weights", "arguments")}
            for node in graph.nodes
        ],
    }
    arrays = {f"constant/{name}": np.ascontiguousarray(array) for name, array in graph.constants.items()}
    if weights:
        arrays |= {f"weight/{name}": np.ascontiguousarray(array) for name, array in graph.weights.items()}
    atomic.write_together({
        path: json.dumps(document, indent=1, allow_nan=True).encode(),
        path.with_suffix(".safetensors"): safetensors.save(arrays),
    })  # fmt: skip


def load(path: str | Path) -> Graph:
    """Read a graph that ``save`` wrote.

    Raises ``CheckpointError`` for a file that is missing or damaged, ``ConfigError`` for what cannot be a graph.
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text("utf-8"))
        arrays = cast("Any", safetensors).load_file(path.with_suffix(".safetensors"))
        if document["format"] not in (FORMAT, FORMAT_1):
            raise ValueError(f"its format is {document['format']!r}, not {FORMAT!r}")
        graph = Graph(
            document["model"],
            tuple(_node(fields) for fields in document["nodes"]),
            document["outputs"],
            document["modules"],
            {name: _parameter(fields) for name, fields in document["parameters"].items()},
            {name: _parameter(fields) for name, fields in document["buffers"].items()},
            document["shared"],
            _under("constant/", arrays),
            tuple(document["notes"]),
            document["batched"],
            _under("weight/", arrays),
            tuple(Read(**fields) for fields in document["reads"]),
        )
    except Exception as error:  # a damaged file fails wherever it is damaged
        raise CheckpointError(f"{path} cannot be read as a graph: {error}; write it anew with graph.save") from error
    check(graph)
    return graph


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _parameter(fields: dict[str, Any]) -> Parameter:
    return Parameter(tuple(fields["shape"]), fields["dtype"], fields["trainable"])


def _node(fields: dict[str, Any]) -> Node:
    if "scaled" in fields:  # format 1
        fields["batch_scaled"] = fields.pop("scaled")
        fields["op"] = GETITEM if fields["op"] == "part" else fields["op"]
    arguments = {name: _strict(value) for name, value in fields.pop("arguments").items()}
    return Node(arguments=arguments, **{name: _strict(value) for name, value in fields.items()})


def _strict(value: Any) -> Any:
    """Return lists as the tuples that they were."""
    return tuple(map(_strict, cast("list[Any]", value))) if isinstance(value, list) else value
