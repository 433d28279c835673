"""One example of any network, as the network takes it: what a person gives in, arrays and how they were made out.

Shared by ``trace`` and ``explain``, on the command line and in Python.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.api.inspect import Network, names_shape, open_network, shape_of
from convscope.api.sequence_input import signal_of
from convscope.data.dataset import Example as Stored
from convscope.data.decode.encoded import Unreadable
from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import Classes
from convscope.data.transforms import ClipTransform, LogMelTransform, SignalTransform, TextTransform
from convscope.data.transforms.text import text_of
from convscope.errors import DataError, ShapeError
from convscope.tracing.forward import Scaling

if TYPE_CHECKING:
    from torch import nn

    from convscope.graph import Graph
    from convscope.runs.run import Run

Inputs = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Example:
    """A network, one example (1, ...) for each of its inputs, and what leads from these back to what was given.

    ``model`` is ``None`` where only a graph was given. ``scaling`` leads to raw pixels, where these are known;
    ``classes`` name the numbers of the output, ``tokens`` the rows of an embedding.
    """

    network: Network
    inputs: Inputs
    scaling: Scaling | None = None
    classes: tuple[str, ...] = ()
    tokens: Sequence[str] = ()

    @property
    def model(self) -> nn.Module | None:
        """The network itself."""
        return self.network.model

    @property
    def graph(self) -> Graph:
        """Its graph, recorded on first use."""
        return self.network.graph

    @property
    def arrays(self) -> list[Any]:
        """The inputs in the order in which the graph takes them."""
        inputs = self.inputs
        return [inputs[node.name] for node in self.graph.inputs] if isinstance(inputs, Mapping) else list(inputs)


def example_of(network: Any, x: Any, input_shape: Any = None) -> Example:
    """Return one example as a network takes it; the arguments are those of ``convscope.trace``, and so are errors."""
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
    return Example(opened, inputs, scaling)


def _at_its_own_size(network: Any, image: Path) -> Example:
    """Return an image file as it is; ``ShapeError`` where the network takes another size."""
    shape = shape_of(image)
    try:
        example = example_of(network, image, shape)
        example.graph  # noqa: B018 - records it, which fails at another size
    except ShapeError as error:
        size = "x".join(map(str, shape))
        raise ShapeError(
            f"{error}; the image was given in its own size {size}: say which one the network takes, such as --input "
            "3x224x224 (input_shape=(3, 224, 224) in Python)"
        ) from None
    return example


def _shapes(inputs: Inputs) -> Any:
    """Return the shapes of examples without their batch axes."""
    if isinstance(inputs, Mapping):
        return {name: tuple(np.shape(one)[1:]) for name, one in inputs.items()}
    return [tuple(np.shape(one)[1:]) for one in inputs]


def _of_run(opened: Network, run: Run, x: Any) -> Example:
    """Return an example as a run's preprocessing brings it to the network."""
    target = run.spec.target
    classes = target.names if isinstance(target, Classes) else ()
    if isinstance(run.spec.preprocessing, TextTransform):
        rule = run.spec.preprocessing
        named = rule.names(range(run.spec.input.vocabulary or 0))
        text = text_of(np.asarray(x.image)) if isinstance(x, Stored) else str(x)
        return Example(opened, [opened.tokens(text)], None, classes, named)
    if isinstance(run.spec.preprocessing, ClipTransform):
        return _of_clip(opened, run, x, classes)
    if isinstance(run.spec.preprocessing, LogMelTransform):
        spectrogram = run.predictor.tensor(signal_of(x, run.spec.preprocessing)[None])
        return Example(opened, [spectrogram], None, classes)
    if isinstance(run.spec.preprocessing, SignalTransform):
        signal = signal_of(x, run.spec.preprocessing)
        rule = run.spec.preprocessing
        inputs = [run.predictor.tensor(signal[None])]
        return Example(opened, inputs, Scaling(signal.T, rule.mean, rule.std), classes)
    taken = run.spec.input.channels
    if opened.input_shape[0] != taken:
        raise ShapeError(f"this run takes images of {taken} channels, and {opened.input_shape[0]} were asked for")
    rule = opened.preprocessing()
    pixels = opened.pixels(Path(x)) if isinstance(x, str | os.PathLike) else _prepared(x, rule)
    inputs = [run.predictor.tensor(np.array(pixels[None]))]
    return Example(opened, inputs, _scaling(pixels, rule), classes)


def _of_clip(opened: Network, run: Run, x: Any, classes: tuple[str, ...]) -> Example:
    """Return one clip, given in a file, as an array or as an example, as the run's network sees it."""
    rule = run.spec.preprocessing
    assert isinstance(rule, ClipTransform)
    clips = list(run.predictor.examples(x))
    if len(clips) != 1:
        raise DataError(f"expected one {rule.example}, found {len(clips)}; give one of them")
    stored = clips[0].stored(rule)
    if isinstance(stored, Unreadable):
        raise DataError(f"{clips[0].name} {stored}")
    inputs = [run.predictor.tensor(stored.values[None])]
    return Example(opened, inputs, Scaling(np.moveaxis(stored.values, -1, 0), rule.mean, rule.std), classes)


def _scaling(pixels: np.ndarray, rule: Preprocessing) -> Scaling:
    return Scaling(pixels.transpose(2, 0, 1), rule.mean, rule.std)


def _prepared(x: Any, rule: Preprocessing) -> np.ndarray:
    from convscope.data.given import one_image

    return one_image(x, rule)
