"""What every layer of a network makes of one example: a run, a name or a module in; its feature maps out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convscope.api.example import Example, example_of
from convscope.data.pictures import as_shown
from convscope.errors import ConfigError
from convscope.explaining.components import components, convolutions, kernels
from convscope.explaining.feature_maps import FeatureMaps, feature_maps
from convscope.explaining.finite import check_weights
from convscope.explaining.inside import Answer, Inside
from convscope.graph import Graph


def inside(
    network: Any, x: Any, *, node: str | None = None, temperature: float = 1.0, input_shape: Any = None
) -> Inside:
    """Return every intermediate feature map of one example, kernels, and a convolution by its components.

    ``network``, ``x`` and ``input_shape`` are as ``convscope.trace`` takes them; ``node`` is the one layer to show, by
    default all, and the convolution whose components are shown, by default the first of several input channels.

    Raises:
        ConfigError: no such network or node, or a temperature that is not above 0. CheckpointError: weights that are
            NaN. DataError: an example that cannot be used.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ConfigError(f"--temperature: expected a number above 0, found {temperature}")
    example = example_of(network, x, input_shape)
    if example.model is None:
        raise ConfigError("feature maps are PyTorch's numbers: give the module, not its graph")
    check_weights(example.model)
    from convscope.graph.record.activations import activations

    graph, values = activations(example.model, example.inputs)
    if node is not None:
        graph[node]
    layers = feature_maps(graph, values, node)
    if not layers:
        raise ConfigError(f"{node or graph.model} has no feature maps: its numbers are not known, or are none")
    chosen = _convolution(graph, node)
    return Inside(
        example.network.name,
        _name(x),
        layers,
        _picture(example),
        None if chosen is None else components(graph, values, chosen),
        {name: kernels(graph, name) for name in _kernels_shown(graph, node)},
        _answer(example, graph, layers, temperature),
        graph.notes,
    )


def _convolution(graph: Graph, node: str | None) -> str | None:
    """Return the convolution whose components are shown: the one asked for, or the first that sums several channels."""
    known = convolutions(graph)
    if node is not None:
        return node if any(each.name == node for each in known) else None
    several = [each for each in known if graph.weights[each.weights["kernel"]].shape[1] > 1]
    return next((each.name for each in (*several, *known)), None)


def _kernels_shown(graph: Graph, node: str | None) -> list[str]:
    known = [each.name for each in convolutions(graph)]
    if node is not None:
        return [name for name in known if name == node]
    return list(dict.fromkeys(name for name in (*known[:1], _convolution(graph, None)) if name is not None))


def _answer(example: Example, graph: Graph, layers: tuple[FeatureMaps, ...], temperature: float) -> Answer | None:
    """Return the scores of classes; of a network without a run, of any list of numbers, as if they were those."""
    output = next(iter(graph.outputs.values()))
    last = next((layer for layer in layers if layer.node == output), None)
    if last is None or last.values.ndim != 1 or len(last.values) < 2:
        return None
    if example.network.run is not None and not example.classes:
        return None  # numbers or labels, which share no softmax
    names = example.classes or tuple(map(str, range(len(last.values))))
    return Answer(names, last.values.astype(np.float64), temperature)


def _picture(example: Example) -> np.ndarray | None:
    """Return an image as it is shown, bytes (H, W, 3); ``None`` for what is none."""
    scaling = example.scaling
    raw = scaling.raw if scaling is not None else np.asarray(example.arrays[0])[0] if len(example.inputs) == 1 else None
    return None if raw is None or raw.ndim != 3 else as_shown(raw)


def _name(x: Any) -> str:
    return x if isinstance(x, str) else str(getattr(x, "id", None) or (x if hasattr(x, "__fspath__") else "array"))
