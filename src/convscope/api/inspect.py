"""From whatever names a network to its graph: a module, a run, a name of the list, ``package.module:name``.

Shared by ``inspect`` and ``trace``, on the command line and in Python.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.analysis.inspection import Inspection
from convscope.analysis.warnings import codes_of
from convscope.api.sequence_input import signal_of
from convscope.data.decode.encoded import Unreadable
from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import InputSpec, OutputSpec
from convscope.data.transforms import LogMelTransform, SignalTransform, TextTransform
from convscope.data.transforms.text import points_of
from convscope.errors import ConfigError, DataError, nearest
from convscope.graph import Graph
from convscope.models import building, own
from convscope.models.own import COLON

if TYPE_CHECKING:
    from torch import nn

    from convscope.runs.run import Run

LENGTH = 32  # of a text, where nothing says how long texts are
STEPS = 100  # of a signal, where signals differ in length
VOCABULARY = 32  # tokens, where nothing says how many there are
WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}  # what becomes 1 where no training said otherwise


@dataclass(frozen=True)
class Network:
    """An opened network: ``model`` (None where only its graph was given), the shape of its input, its run."""

    name: str
    model: nn.Module | None
    input_shape: Any
    run: Run | None = None
    recorded: Graph | None = None

    @cached_property
    def graph(self) -> Graph:
        """Its graph, recorded on first use."""
        if self.recorded is not None:
            return self.recorded
        from convscope.graph.record import record

        assert self.model is not None
        return record(self.model, self.input_shape)

    def showing(self, example: str | Path | None) -> Network:
        """Return the network as it sees an example: of a text or a signal, at its length; of images, as it is."""
        rule = None if example is None or self.run is None else self.run.spec.preprocessing
        if isinstance(rule, TextTransform):
            return replace(self, input_shape=_tokens(self.tokens(str(example)).shape[1]))
        if isinstance(rule, SignalTransform):
            return replace(self, input_shape=signal_of(example, rule).T.shape)
        return self

    def tokens(self, text: str) -> np.ndarray:
        """Return a text as the network of a run sees it, (1, L) int64; ``DataError`` for one that it cannot take."""
        assert self.run is not None
        rule = self.run.spec.preprocessing
        try:
            stored = rule.store(points_of(text))
        except Unreadable as error:
            raise DataError(f"{text!r:.60} {error}") from None
        return rule.tensor(stored.values[None]).numpy()

    def signal(self, example: Any) -> np.ndarray:
        """Return a recording, a file or an array, as the network of a run sees it: (1, C, ...), the first window of it.

        Of a file with several that is the first; ``DataError`` for one that it cannot take.
        """
        assert self.run is not None
        rule: Any = self.run.spec.preprocessing
        first = next(iter(self.run.predictor.examples(example)))
        stored = first.stored(rule)
        if isinstance(stored, Unreadable):
            raise DataError(f"{first.name} {stored}")
        return rule.tensor(stored.values[None, : rule.window]).numpy()

    def preprocessing(self, dtype: str = "uint8") -> Preprocessing:
        """How an image of a type becomes its input: as in the run's training, else cropped and brought to 0..1.

        Whole numbers are divided by the largest of their type; float32 stays as it is.
        """
        shape = self.input_shape
        if not _is_image(shape):
            if str(shape).startswith("tokens:"):
                raise ConfigError(
                    f"{self.name} takes texts, and which characters are which tokens only a run knows: give a run "
                    f"folder (./{self.name} where it is called so)"
                )
            raise ConfigError(
                f"{self.name} takes no single image (channels, height, width), but {shape!r}; give arrays, in Python"
            )
        channels, height, width = shape
        if self.run is not None:
            rule = self.run.spec.preprocessing
            assert isinstance(rule, Preprocessing)  # a network of images
            return replace(rule, channels=channels, height=height, width=width)
        most = WHITE[dtype]
        return Preprocessing(channels, height, width, "crop", dtype, (0.0,) * channels, (most,) * channels)  # pyright: ignore[reportArgumentType]

    def pixels(self, image: Path) -> np.ndarray:
        """Return an image file's raw pixels (H, W, C) in the input's size; ``DataError`` for an unreadable file."""
        from convscope.data.decode.encoded import MAX_PIXELS
        from convscope.data.image_files import read_images
        from convscope.data.transforms import Stored

        most = (None if self.run is None else self.run.plan.max_pixels) or MAX_PIXELS
        (stored,) = read_images([image], self.preprocessing(_type_of(image, most)), max_pixels=most)
        if not isinstance(stored, Stored):
            raise DataError(f"{image}: {stored}")
        return stored.values

    def input(self, example: str | Path) -> np.ndarray:
        """Return an image file, a file of one signal, or a text, as the network sees it.

        (1, C, H, W) or (1, C, T) float32, or (1, L) int64.
        """
        rule = None if self.run is None else self.run.spec.preprocessing
        if isinstance(rule, TextTransform):
            return self.tokens(str(example))
        if isinstance(rule, SignalTransform | LogMelTransform):
            return rule.tensor(signal_of(example, rule)[None]).numpy()
        return self.scaled(self.pixels(Path(example)))

    def scaled(self, pixels: np.ndarray) -> np.ndarray:
        """Return raw pixels (H, W, C) as the network sees them, (1, C, H, W) float32."""
        rule = self.preprocessing(pixels.dtype.name)
        scaled = (pixels - np.array(rule.mean)) / np.array(rule.std)  # (H, W, C)
        return scaled.transpose(2, 0, 1)[None].astype(np.float32)


def open_network(network: Any, input_shape: Any = None, *, weights: bool = True) -> Network:
    """Return what ``network`` names, ready to be recorded.

    Args:
        network: an ``nn.Module``, a class or function that builds one, a ``Graph``, a ``Run``; or a string: a run's
            folder, a name of ``convscope models``, or ``package.module:name`` of a module or of its builder.
        input_shape: as ``record`` takes it; None: the size the run was trained at, or the network was published for.
        weights: whether a network of the list gets weights; without them it is built at once, at any size.

    Raises:
        ConfigError: the name is unknown or names no network; the input shape is missing.
    """
    if isinstance(network, Graph):
        inputs = [node.shape[1:] for node in network.inputs]
        return Network(network.model, None, input_shape or (inputs[0] if len(inputs) == 1 else None), recorded=network)
    if isinstance(network, str | os.PathLike):
        return _named(os.fspath(network), input_shape, weights)
    if is_run(network):
        return _of_run(network, input_shape)
    if not own.is_module(network):
        if not callable(network):
            raise ConfigError(f"expected a network (a torch.nn.Module), a run, or a name; found {network!r}")
        return _built(network, input_shape)
    return Network(type(network).__name__, network, _needed(input_shape, type(network).__name__))


def is_run(network: Any) -> bool:
    """Return whether something is an opened run, and no network alone."""
    return hasattr(network, "spec") and hasattr(network, "folder")


def inspect(network: Any, input_shape: Any = None, *, silenced: Collection[str] = ()) -> Inspection:
    """Return what is true of a network whatever its weights: shapes, parameters, costs, memory, receptive fields.

    ``network`` is an ``nn.Module``, its builder, a run, a graph or a name; ``input_shape`` is the shape of one example,
    without the batch. ``silenced`` are codes of design warnings to leave out.

    >>> from torch import nn
    >>> inspection = inspect(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)), (1, 8, 8))
    >>> inspection.totals.parameters, inspection.totals.multiplications, inspection.layers[-1].fields["input"][1].size
    (188, 3600, 5)
    """
    quiet = codes_of(silenced)
    return Inspection(open_network(network, input_shape, weights=False).graph, silenced=quiet)


def _needed(input_shape: Any, name: str) -> Any:
    if input_shape is None:
        raise ConfigError(
            f"{name}: the shape of one input is needed, without the batch: input_shape=(3, 224, 224), or --input "
            "3x224x224; tokens are given as tokens:int64:23"
        )
    return input_shape


def _named(text: str, input_shape: Any, weights: bool) -> Network:
    from convscope.models import names

    if not text.strip():
        raise ConfigError(f"which network? Give a run folder, a name of convscope models, or {COLON}")
    if _is_listed(text):
        return _of_list(text, input_shape, weights)
    if Path(text).is_dir():
        from convscope.runs.run import open_run

        return _of_run(open_run(text), input_shape)
    if own.is_own(text):
        return _built(text, input_shape)
    raise ConfigError(
        f"{text!r} is no run folder, no {COLON}, and no network of the list (convscope models)"
        f"{own.hint(text) or nearest(text, names())}"
    )


def _is_listed(name: str) -> bool:
    """Return whether a name is that of a network of the list, of timm, or of a U-Net on one of the list."""
    from convscope.models import names

    return name in names() or (":" in name and not own.is_own(name))


def _built(source: own.Source, input_shape: Any) -> Network:
    """Return a module under its name, or what a function or class builds for images of that shape."""
    name = own.name_of(source)
    loaded = own.load(source)
    if own.is_module(loaded):
        return Network(name, loaded, _needed(input_shape, name))
    size = input_shape if _is_image(input_shape) else None
    taken = None if size is None else InputSpec(size[0], tuple(size[1:]))
    return Network(name, building.build(source, input=taken, if_needed=True), _needed(input_shape, name))


def names_shape(network: Any) -> bool:
    """Return whether a network knows its input shape: a run, a graph, or a network of the list that fixes it."""
    from convscope.models import entry

    if isinstance(network, str | os.PathLike):
        name = os.fspath(network)
        return Path(name).is_dir() or not (own.is_own(name) or (_is_listed(name) and entry(name).space))
    return isinstance(network, Graph) or hasattr(network, "spec")


def shape_of(image: Path) -> tuple[int, int, int]:
    """Return (channels, height, width) of an image file; ``DataError`` for an unreadable file."""
    from convscope.data.decode import MAX_PIXELS, limited, open_image
    from convscope.data.decode.encoded import Unreadable

    try:
        with limited(MAX_PIXELS):
            encoded = open_image(image.read_bytes())
    except (OSError, Unreadable) as error:
        raise DataError(f"{image}: {getattr(error, 'strerror', None) or error}") from None
    return encoded.channels, encoded.height, encoded.width


def _is_image(shape: Any, axes: int = 2) -> bool:
    return isinstance(shape, tuple | list) and len(shape) == 1 + axes and all(isinstance(n, int) for n in shape)


def _of_run(run: Run, input_shape: Any) -> Network:
    rule = run.spec.preprocessing
    if isinstance(rule, TextTransform):
        input_shape = input_shape or _tokens(rule.longest or LENGTH)
    if isinstance(rule, SignalTransform):
        input_shape = input_shape or (rule.channels, rule.length or STEPS)
    return Network(str(run.folder), run.model, input_shape or run.spec.input.shape, run)


def _tokens(length: int) -> str:
    return f"tokens:int64:{length}"


def _type_of(image: Path, most: int) -> str:
    """Return the type of an image file's numbers; uint8 for an unreadable file (reading it says why)."""
    from convscope.data.decode import limited, open_image
    from convscope.data.decode.encoded import Unreadable

    try:
        with limited(most):
            return open_image(image.read_bytes(), most).dtype
    except (OSError, Unreadable):
        return "uint8"


def _of_tokens(name: str, shape: Any, weights: bool) -> Network:
    """Return a network of the list for texts, at the length that a shape says: 23, (23,) or "tokens:int64:23"."""
    import torch

    from convscope.models import create, entry

    length = str(shape).rpartition(":")[2].strip("(), ")
    if not length.isdecimal() or not int(length):
        raise ConfigError(f"{name} takes texts: its input shape is their length, such as 23, found {shape!r}")
    with torch.device("cpu" if weights else "meta"):
        model = create(
            name, classes=entry(name).classes, size=(int(length),), vocabulary=entry(name).vocabulary or VOCABULARY
        )
    return Network(name, model, _tokens(int(length)))


def _of_list(name: str, input_shape: Any, weights: bool) -> Network:
    import torch

    from convscope.models import entry
    from convscope.models.registry import build

    listing = entry(name)
    shape = input_shape or listing.shape
    shape = shape[0] if isinstance(shape, list) and len(shape) == 1 else shape
    numbers = "numbers" in listing.takes and _is_image(shape, listing.axes)
    if not numbers and "tokens" in listing.takes:
        return _of_tokens(name, shape, weights)
    if not _is_image(shape, listing.axes):
        noun = (
            "image: its input shape is (channels, "
            if listing.axes == 2
            else "volume: its input shape is (channels, depth, "
        )
        raise ConfigError(
            f"{name} takes one {noun}height, width), found {shape!r}; an array is given with its batch axis, x[None]"
        )
    channels, *size = shape
    output = OutputSpec(listing.classes, listing.space)
    with torch.device("cpu" if weights else "meta"):
        model = build(name, {}, input=InputSpec(channels, tuple(size)), output=output)
    return Network(name, model, tuple(shape))
