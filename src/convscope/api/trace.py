"""One unit of any network, opened: a run, a name, a module or a graph in; a ``Trace`` out.

What stands above ``tracing``: finding the network, reading the image, and PyTorch's own numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.api.inspect import Network, names_shape, open_network, shape_of
from convscope.api.sequence_input import signal_of
from convscope.data.dataset import Example
from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import Classes
from convscope.data.transforms import LogMelTransform, SignalTransform, TextTransform
from convscope.data.transforms.text import text_of
from convscope.errors import ShapeError
from convscope.tracing.forward import Forward, Scaling, compute
from convscope.tracing.terms import Trace, trace_number

if TYPE_CHECKING:
    from convscope.runs.run import Run

Inputs = Sequence[Any] | Mapping[str, Any]


def trace(
    network: Any, x: Any, node: str | None = None, at: Sequence[int] | None = None, *, input_shape: Any = None
) -> Trace:
    """Return one number of a network as the products that it is the sum of; ``.follow()`` goes on to their operands.

    Args:
        network: a run or its folder, an ``nn.Module``, ``package.module:name``, a name of ``convscope models``, or a
            ``Graph``.
        x: for a run that takes texts a text; for one that takes signals a file of one, FILE/ROW, an array (T,) or
            (T, C), or an example of a split; for any other run
            an image file, a picture of PIL, an example of a split or a raw image (H, W, C), which its
            preprocessing scales; for any other network one
            example (1, C, H, W) as it takes it, a list of those for several inputs, or a dictionary by their names; for
            a network by name also an image file, whose pixels are divided by the largest of their type (255, 65535).
        node: a name as ``inspect`` prints it; by default the network's output.
        at: the place in it without the batch, (channel, row, column); by default that of its largest number.
        input_shape: the shape (C, H, W) to which an image file is brought, where the network does not say it; by
            default its own.

    Raises:
        ConfigError: no such network or node. ShapeError: no such place. DataError: an image that cannot be used.

    By hand: 1·5 + 2·6 - 1 = 16.

    >>> import torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> _ = layer.load_state_dict({"weight": torch.tensor([[5.0, 6.0]]), "bias": torch.tensor([-1.0])})
    >>> traced = trace(layer, np.array([[1.0, 2.0]]))
    >>> traced.total, traced.bias, [(term.operand, term.factor, term.product) for term in traced.terms]
    (16.0, -1.0, [(1.0, 5.0, 5.0), (2.0, 6.0, 12.0)])
    """
    return trace_number(forward(network, x, input_shape), node, at)


def forward(network: Any, x: Any, input_shape: Any = None) -> Forward:
    """Return every value of one example, for tracing several numbers of it; the arguments are those of ``trace``."""
    is_file = isinstance(x, str | os.PathLike)
    inputs = x if isinstance(x, Mapping) else [] if is_file else list(x) if isinstance(x, list | tuple) else [x]
    if is_file and input_shape is None and not names_shape(network):
        return _at_its_own_size(network, Path(x))
    opened = open_network(network, _shapes(inputs) or input_shape)
    if opened.run is not None:  # whose arrays are raw images, not the network's input
        return _of_run(open_network(opened.run, input_shape), opened.run, x)
    scaling = None
    if is_file:
        pixels = opened.pixels(Path(x))
        scaling, inputs = _scaling(pixels, opened.preprocessing(pixels.dtype.name)), [opened.scaled(pixels)]
    if opened.model is None:
        arrays = [inputs[node.name] for node in opened.graph.inputs] if isinstance(inputs, Mapping) else inputs
        return compute(opened.graph, [np.asarray(one) for one in arrays])
    return _watched(opened.model, inputs, scaling)


def _at_its_own_size(network: Any, image: Path) -> Forward:
    """Return the values of an image file as it is; ``ShapeError`` where the network takes another size."""
    shape = shape_of(image)
    try:
        return forward(network, image, shape)
    except ShapeError as error:
        size = "x".join(map(str, shape))
        raise ShapeError(
            f"{error}; the image was given in its own size {size}: say which one the network takes, such as --input "
            "3x224x224 (input_shape=(3, 224, 224) in Python)"
        ) from None


def _shapes(inputs: Inputs) -> Any:
    """Return the shapes of examples without their batch axes."""
    if isinstance(inputs, Mapping):
        return {name: tuple(np.shape(one)[1:]) for name, one in inputs.items()}
    return [tuple(np.shape(one)[1:]) for one in inputs]


def _of_run(opened: Network, run: Run, x: Any) -> Forward:
    """Return the values of a raw image, as the run's preprocessing brings it to the network."""
    target = run.spec.target
    classes = target.names if isinstance(target, Classes) else ()
    if isinstance(run.spec.preprocessing, TextTransform):
        rule = run.spec.preprocessing
        named = rule.names(range(run.spec.input.vocabulary or 0))
        text = text_of(np.asarray(x.image)) if isinstance(x, Example) else str(x)
        return _watched(run.model, [opened.tokens(text)], None, classes, named)
    if isinstance(run.spec.preprocessing, LogMelTransform):
        spectrogram = run.predictor.tensor(signal_of(x, run.spec.preprocessing)[None])
        return _watched(run.model, [spectrogram], None, classes)
    if isinstance(run.spec.preprocessing, SignalTransform):
        signal = signal_of(x, run.spec.preprocessing)
        rule = run.spec.preprocessing
        inputs = [run.predictor.tensor(signal[None])]
        return _watched(run.model, inputs, Scaling(signal.T, rule.mean, rule.std), classes)
    rule = opened.preprocessing()
    pixels = opened.pixels(Path(x)) if isinstance(x, str | os.PathLike) else _prepared(x, rule)
    inputs = [run.predictor.tensor(np.array(pixels[None]))]
    return _watched(run.model, inputs, _scaling(pixels, rule), classes)


def _scaling(pixels: np.ndarray, rule: Preprocessing) -> Scaling:
    return Scaling(pixels.transpose(2, 0, 1), rule.mean, rule.std)


def _watched(
    model: Any, inputs: Inputs, scaling: Scaling | None, classes: tuple[str, ...] = (), tokens: Sequence[str] = ()
) -> Forward:
    from convscope.graph.record.activations import activations

    graph, engine = activations(model, inputs)
    return compute(graph, [engine[node.name] for node in graph.inputs], engine, scaling, classes, tokens)


def _prepared(x: Any, rule: Preprocessing) -> np.ndarray:
    from convscope.data.given import one_image

    return one_image(x, rule)
