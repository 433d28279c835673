"""A trained network's answers, for files as for a split: through one transform, one network and one head."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.augment.views import View, views
from convscope.data.columns import Column, InMemory, Ragged, RaggedBatch, Selected, Values
from convscope.data.dataset import Split
from convscope.data.decode import MAX_PIXELS, limited
from convscope.data.given import Images, held
from convscope.data.image_files import Held
from convscope.data.patches import example
from convscope.data.sequences.windows import Windows, answers_of_recordings, cut_by
from convscope.data.spec import TargetSpec
from convscope.data.transforms import PLAIN, Form, ImageTransform, Stored, Transform
from convscope.errors import ConfigError
from convscope.models.building import zeros
from convscope.runs import maps
from convscope.runs.agreement import Agreement, agreement, agreement_of_maps, first_parts
from convscope.runs.averaging import Averaging, content_of
from convscope.runs.prediction import Prediction, blank
from convscope.runs.tiles import TiledNetwork, Tiles
from convscope.tasks.task import Task
from convscope.training.accelerate import InBfloat16, inference_model

BATCH = 128  # examples at a time without gradients: as fast as 512, in a quarter of the memory


@dataclass(frozen=True, eq=False)
class Predictor:
    """A trained network with all that turns an input into an answer: its transform, its task, and what it learned.

    It knows no folder and keeps no state but faster forms of the network, so that several threads may share one.
    ``form`` is the memory order in which the network runs best; ``max_pixels`` is the largest image that is decoded.
    """

    model: nn.Module
    transform: Transform
    task: Task
    target: TargetSpec
    form: Form = PLAIN
    max_pixels: int = MAX_PIXELS
    _forms: dict[bool, nn.Module] = field(default_factory=dict, init=False, repr=False)
    _compared: list[Agreement] = field(default_factory=list, init=False, repr=False)
    _of_tiles: dict[tuple[int, str], TiledNetwork] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def predictions(
        self, split: Split, *, average: Averaging | None = None, amp: bool = False, tiles: Tiles = "auto"
    ) -> Any:
        """Return the predictions (N, ...) float64 for the examples of a split, as the task's head gives them.

        Of what is said of every pixel they are the column of ``maps``.

        ``average`` takes the mean over augmented copies; ``amp`` computes in bfloat16, see ``network``.
        """
        self.check_tiles(tiles)
        if self.gives_maps:
            return self.maps(split.input, average, amp=amp, tiles=tiles)
        return self._restored(self.predict_column(split.input, average, amp=amp), split.placements)

    @cached_property
    def gives_maps(self) -> bool:
        """Whether something is predicted of every pixel."""
        return self.task.output(self.target, self.transform.input).space == "same"

    def maps(
        self, column: Column, average: Averaging | None = None, *, amp: bool = False, tiles: Tiles = "auto"
    ) -> Ragged:
        """Return what is predicted of every pixel of each stored image: a column of (H, W, K) float32.

        Images that are too large to be seen at once are seen in ``tiles``, exact ones where the network has such.
        """
        self.check_tiles(tiles)
        return self._maps(self.network(column, amp=amp), column, average, tiles)

    def _maps(
        self, network: nn.Module, column: Column, average: Averaging | None = None, tiles: Tiles = "auto"
    ) -> Ragged:
        tiled = self._tiled(network, tiles)
        ways = (View(),) if average is None else views(average.policy)[: average.copies]

        def answer(image: np.ndarray, into: np.ndarray) -> None:
            def cut(part: tuple[slice, ...]) -> Tensor:
                return self.tensor(image[part][None])[0]

            tiled.predict(cut, image.shape[:-1], into, head=self._head, views=ways)

        channels = self.task.output(self.target, self.transform.input).channels
        return maps.maps_of(column, channels, answer)

    def predict(
        self,
        items: Images | Iterable[Images],
        *,
        average: Averaging | None = None,
        amp: bool = False,
        tiles: Tiles = "auto",
    ) -> list[Prediction]:
        """Return one prediction per example; ``average``, ``amp`` and ``tiles`` are as in ``predictions``.

        ``items`` are image files, folders and archives (searched through), the bytes of a file, pictures of PIL, splits
        and their examples, or arrays and tensors of raw pixels in the type that was trained on: (H, W), (H, W, C) or
        (N, H, W, C); or a list of these. The same pixels get the same answer, to the bit, however they are given; only
        of a JPEG file at least four times too large a smaller version is decoded.

        A file that cannot be read gives a prediction with its ``error`` set. Raises ``DataError`` where there is no
        image at all, and for an array of another type, range or shape.
        """
        return list(self.stream(self.examples(items), average=average, amp=amp, tiles=tiles))

    def examples(self, items: Images | Iterable[Images]) -> Iterator[Held]:
        """Return what ``stream`` takes, of what ``predict`` takes: not yet read, but checked. Raises as ``predict``."""
        return held(items, self.transform, self.max_pixels)

    def stream(
        self, examples: Iterable[Held], *, average: Averaging | None = None, amp: bool = False, tiles: Tiles = "auto"
    ) -> Iterator[Prediction]:
        """Yield what ``predict`` returns, one after the other: of maps no more than one is held at a time."""
        self.check_tiles(tiles)
        waiting = iter(examples)
        at_once = 1 if self.gives_maps else BATCH  # a folder may hold more than memory does
        while chunk := list(itertools.islice(waiting, at_once)):
            yield from self._of_chunk(chunk, average, amp=amp, tiles=tiles)

    def _of_chunk(
        self, chunk: Sequence[Held], average: Averaging | None, *, amp: bool, tiles: Tiles
    ) -> Iterator[Prediction]:
        with limited(self.max_pixels):
            stored = [each.stored(self.transform) for each in chunk]
        good = [each for each in stored if isinstance(each, Stored)]
        answers = self.answers(good, average, amp=amp, tiles=tiles)
        for given, each in zip(chunk, stored, strict=True):
            if not isinstance(each, Stored):
                yield Prediction(given.name, self._blank, error=str(each))
                continue
            answer, pictures = next(answers)
            arrays = {**pictures, "image": each.values} if pictures else {}
            yield Prediction(given.name, answer, note=each.note, arrays=arrays)

    def answers(
        self, examples: Sequence[Stored], average: Averaging | None = None, *, amp: bool = False, tiles: Tiles = "auto"
    ) -> Iterator[tuple[dict[str, Any], Mapping[str, np.ndarray]]]:
        """Yield the task's answer to each stored example, and what of it is a picture."""
        predictions = self._answered(examples, average, amp=amp, tiles=tiles) if examples else ()
        return (
            self.task.said(prediction, each.values, self.target)
            for prediction, each in zip(predictions, examples, strict=True)
        )

    def check_tiles(self, tiles: Tiles) -> None:
        """Raise ``ConfigError`` where images cannot be predicted so."""
        if tiles not in get_args(Tiles):
            raise ConfigError(f"--tiles: expected one of {', '.join(get_args(Tiles))}, found {tiles!r}")
        if tiles != "auto" and not self.gives_maps:
            raise ConfigError(f"--tiles: for predictions of every pixel, and this run's are {self.target.kind}")

    def _answered(
        self, examples: Sequence[Stored], average: Averaging | None, *, amp: bool, tiles: Tiles
    ) -> Iterator[np.ndarray]:
        """Return the predictions for examples as they were given."""
        column = self._column([each.values for each in examples])
        if self.gives_maps:
            predicted = self.maps(column, average, amp=amp, tiles=tiles)
            return (example(predicted, at) for at in range(len(column)))
        placements = np.array([each.placement for each in examples])
        return iter(self._restored(self.predict_column(column, average, amp=amp), placements))

    def _restored(self, predictions: np.ndarray, placements: np.ndarray) -> np.ndarray:
        """Return predictions as they are in the images that were given, where they are places in them."""
        return predictions if self.task.restore is None else self.task.restore(predictions, placements)

    def predict_column(self, column: Column, average: Averaging | None = None, *, amp: bool = False) -> np.ndarray:
        """Return the predictions (N, ...) for stored examples: places are those in the stored images."""
        network = self.network(column, amp=amp)
        return self._walk(network, column) if average is None else self._averaged(network, column, average)

    def network(self, column: Column, *, amp: bool = False) -> nn.Module:
        """Return the form of the network that answers fastest, equal to ``model`` up to rounding.

        With ``amp`` it computes in bfloat16; ``ConfigError`` where that gives more than 2 % of the first of the stored
        examples another answer.
        """
        with self._lock:
            if amp and not self._compared:
                measured = self._agreement(column)
                if not measured.close:
                    raise ConfigError(f"--amp: {measured}; leave --amp out")
                self._compared.append(measured)
            return self._network(amp)

    def _agreement(self, column: Column) -> Agreement:
        """Return how answers in bfloat16 differ from those in float32 for the first of the stored examples."""
        networks = [self._network(half) for half in (False, True)]
        if self.gives_maps:
            few = first_parts(column)
            exact, fast = (
                [example(each, at) for at in range(len(few))]
                for each in (self._maps(network, few) for network in networks)
            )
            return agreement_of_maps(exact, fast, self.task, self.target)
        first = Selected(column, np.arange(min(BATCH, len(column))))
        exact, fast = (self._walk(network, first) for network in networks)
        return agreement(exact, fast, self.task, self.target)

    def tensor(self, stored: Values) -> Tensor:
        """Return the network's input of stored examples (N, ...)."""
        return self.transform.tensor(stored, self.form)

    def _walk(self, network: nn.Module, column: Column) -> np.ndarray:
        cut = cut_by(self.transform)
        if cut is None:
            return self._walked(network, column)
        windows = Windows.of(column, cut)
        return answers_of_recordings(self._walked(network, windows), windows)

    def _walked(self, network: nn.Module, column: Column) -> np.ndarray:
        answers = (self._of_batch(network, raw) for raw in column.stream(_batches(len(column), BATCH)))
        if self.task.output(self.target, self.transform.input).space == "whole":
            return maps.gathered(answers, len(column))
        return self._joined(answers)

    def _of_batch(self, network: nn.Module, raw: Values) -> Tensor:
        """Return the answers to a batch; of several sizes each by itself, so that none depends on its neighbours."""
        if not isinstance(raw, RaggedBatch):
            return self._answers(network, self.tensor(raw))
        sizes, of = np.unique(raw.shapes, axis=0, return_inverse=True)
        rows = [np.flatnonzero(of.ravel() == size) for size in range(len(sizes))]
        parts = [self._answers(network, self.tensor(np.stack([raw[int(at)] for at in each]))) for each in rows]
        return torch.cat(parts)[np.argsort(np.concatenate(rows))]

    def _averaged(self, network: nn.Module, column: Column, average: Averaging) -> np.ndarray:
        """Return means over augmented copies; each depends on its example alone, to the last bit.

        What its copies draw belongs to its content, and they go through the network without another example, since a
        product's last bits change with the size of the batch.
        """
        mean, transform = self.task.average, self.transform
        if mean is None:
            raise ConfigError(f"--tta: predictions of {self.task.name} have no mean; leave it out")
        if not isinstance(transform, ImageTransform):
            raise ConfigError(f"--tta: only images have augmented copies, and this network takes {transform.kind}s")

        def means() -> Iterator[Tensor]:
            for raw in column.stream(_batches(len(column), max(1, BATCH // average.copies))):
                versions = list(average.versions(self.tensor(raw), content_of(raw), transform))
                laid = [version.laid for version in versions]
                for at in range(len(raw)):
                    copies = torch.cat([version.x[at : at + 1] for version in versions])
                    views = torch.cat([self._answers(network, chunk) for chunk in copies.split(BATCH)])
                    yield mean(views[:, None], laid, self.target)

        return self._joined(means())

    def _joined(self, parts: Iterator[Tensor]) -> np.ndarray:
        with torch.inference_mode():
            return torch.cat(list(parts)).numpy()

    def _answers(self, network: nn.Module, x: Tensor) -> Tensor:
        """Return what the head makes of the network's outputs for x (N, ...), in float64."""
        output = network(x)
        return self._head(output.double() if isinstance(output, Tensor) else output)

    @cached_property
    def _head(self) -> nn.Module:
        return self.task.head(self.target)

    def _tiled(self, network: nn.Module, tiles: Tiles) -> TiledNetwork:
        with self._lock:
            key = (id(network), tiles)
            if key not in self._of_tiles:
                self._of_tiles[key] = TiledNetwork(network, self.transform.input.channels, tiles)
            return self._of_tiles[key]

    def _network(self, amp: bool) -> nn.Module:
        with self._lock:
            if False not in self._forms:
                self._forms[False] = inference_model(self.model, channels_last=self.form.channels_last)
            if amp not in self._forms:  # made of the other one: tracing again would disturb threads at work
                self._forms[amp] = InBfloat16(copy.deepcopy(self._forms[False]))
            return self._forms[amp]

    def _column(self, examples: Sequence[np.ndarray]) -> Column:
        kind = self.transform.kind
        if len({each.shape for each in examples}) > 1:
            return Ragged.of(kind, examples)  # pyright: ignore[reportArgumentType]
        stacked = examples[0][None] if len(examples) == 1 else np.stack(examples)  # a large one is not copied
        return InMemory.of(kind, stacked)  # pyright: ignore[reportArgumentType]

    @cached_property
    def _blank(self) -> dict[str, object]:
        """The keys of an answer, for an example of which nothing can be said: those for an empty one."""
        with torch.inference_mode():
            (prediction,) = self._answers(self._network(False), zeros(1, self.transform.input)).numpy()
        prediction = np.moveaxis(prediction, 0, -1) if self.gives_maps else prediction
        return blank(self.task.answer(prediction, self.target))


def _batches(count: int, size: int) -> Iterator[np.ndarray]:
    return (np.arange(first, min(first + size, count)) for first in range(0, count, size))
