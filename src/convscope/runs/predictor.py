"""A trained network's answers, for files as for a split: through one transform, one network and one head."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.dataset import Split
from convscope.data.decode import MAX_PIXELS, limited
from convscope.data.given import Images, held
from convscope.data.loader import Normaliser
from convscope.data.preprocessing import Preprocessing
from convscope.data.sizing import Brought
from convscope.data.spec import TargetSpec
from convscope.data.streaming import read
from convscope.errors import ConfigError
from convscope.runs.agreement import Agreement, agreement
from convscope.runs.averaging import Averaging, content_of
from convscope.runs.prediction import Prediction, blank
from convscope.tasks.task import Task
from convscope.training.accelerate import inference_model

BATCH = 128  # examples at a time without gradients: as fast as 512, in a quarter of the memory


@dataclass(frozen=True, eq=False)
class Predictor:
    """A trained network with all that turns an input into an answer: its transform, its task, and what it learned.

    It knows no folder and keeps no state but faster forms of the network, so that several threads may share one.
    ``channels_last`` says that the network runs faster with the channels innermost in memory, ``plain`` that it bears
    no other order than usual. ``max_pixels`` is the largest image that is decoded.
    """

    model: nn.Module
    transform: Preprocessing
    task: Task
    target: TargetSpec
    channels_last: bool = False
    plain: bool = False
    max_pixels: int = MAX_PIXELS
    _forms: dict[bool, nn.Module] = field(default_factory=dict, init=False, repr=False)
    _compared: list[Agreement] = field(default_factory=list, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def predictions(self, split: Split, *, average: Averaging | None = None, amp: bool = False) -> np.ndarray:
        """Return the predictions (N, ...) float64 for the examples of a split, as the task's head gives them.

        ``average`` takes the mean over augmented copies; ``amp`` computes in bfloat16, see ``form``.
        """
        return self.predict_stored(split.pixels, split.rows, average, amp)

    def predict(
        self, items: Images | Iterable[Images], *, average: Averaging | None = None, amp: bool = False
    ) -> list[Prediction]:
        """Return one prediction an example; ``average`` and ``amp`` are as in ``predictions``.

        ``items`` are image files, folders and archives (searched through), the bytes of a file, pictures of PIL, splits
        and their examples, or arrays and tensors of raw pixels in the type that was trained on: (H, W), (H, W, C) or
        (N, H, W, C); or a list of these. The same pixels get the same answer, to the bit, however they are given; only
        of a JPEG file at least four times too large a smaller version is decoded.

        A file that cannot be read gives a prediction with its ``error`` set. Raises ``DataError`` where there is no
        image at all, and for an array of another type, range or shape.
        """
        images = held(items, self.transform, self.max_pixels)
        predictions: list[Prediction] = []
        while some := list(itertools.islice(images, BATCH)):  # a folder may hold more images than memory does
            with limited(self.max_pixels):
                brought = [image.brought(self.transform) for image in some]
            good = [image.pixels for image in brought if isinstance(image, Brought)]
            answers = iter(self.predict_stored(np.stack(good), np.arange(len(good)), average, amp) if good else [])
            for image, result in zip(some, brought, strict=True):
                if isinstance(result, Brought):
                    answer = self.task.answer(next(answers), self.target)
                    predictions.append(Prediction(image.name, answer, note=result.note))
                else:
                    predictions.append(Prediction(image.name, self._blank, error=str(result)))
        return predictions

    def form(self, pixels: np.ndarray, rows: np.ndarray, *, amp: bool = False) -> nn.Module:
        """Return the form of the network that answers fastest, equal to ``model`` up to rounding.

        With ``amp`` it computes in bfloat16; ``ConfigError`` where that gives more than 2 % of the first of the stored
        examples ``pixels[rows]`` another answer.
        """
        with self._lock:
            if amp and not self._compared:
                exact, fast = (self._walk(self._form(half), pixels, rows[:BATCH]) for half in (False, True))
                found = agreement(exact, fast, self.task, self.target)
                if not found.close:
                    raise ConfigError(f"--amp: {found}; leave --amp out")
                self._compared.append(found)
            return self._form(amp)

    def tensor(self, stored: np.ndarray) -> Tensor:
        """Return the network's input of stored examples (N, ...)."""
        return self.normaliser(stored)

    def predict_stored(
        self, pixels: np.ndarray, rows: np.ndarray, average: Averaging | None = None, amp: bool = False
    ) -> np.ndarray:
        """Return the predictions (N, ...) for stored examples ``pixels[rows]``, as ``predictions``."""
        form = self.form(pixels, rows, amp=amp)
        return self._walk(form, pixels, rows) if average is None else self._averaged(form, pixels, rows, average)

    def _walk(self, form: nn.Module, pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return self._joined(self._answers(form, self.tensor(raw)) for raw in read(pixels, _batches(rows, BATCH)))

    def _averaged(self, form: nn.Module, pixels: np.ndarray, rows: np.ndarray, average: Averaging) -> np.ndarray:
        """Return means over augmented copies; each depends on its example alone, to the last bit.

        What its copies draw belongs to its content, and they go through the network without another example, since a
        product's last bits change with the size of the batch.
        """
        mean = self.task.average
        if mean is None:
            raise ConfigError(f"--tta: predictions of {self.task.name} have no mean; leave it out")

        def means() -> Iterator[Tensor]:
            for raw in read(pixels, _batches(rows, max(1, BATCH // average.copies))):
                versions = list(average.versions(self.tensor(raw), content_of(raw), self.transform))
                laid = [version.laid for version in versions]
                for at in range(len(raw)):
                    copies = torch.cat([version.x[at : at + 1] for version in versions])
                    views = torch.cat([self._answers(form, some) for some in copies.split(BATCH)])
                    yield mean(views[:, None], laid)

        return self._joined(means())

    def _joined(self, parts: Iterator[Tensor]) -> np.ndarray:
        with torch.inference_mode():
            return torch.cat(list(parts)).numpy()

    def _answers(self, form: nn.Module, x: Tensor) -> Tensor:
        """Return what the head makes of the network's outputs for x (N, ...), in float64."""
        return self._head(form(x).double())

    @cached_property
    def _head(self) -> nn.Module:
        return self.task.head(self.target)

    @cached_property
    def normaliser(self) -> Normaliser:
        """From stored examples to the network's input."""
        return Normaliser(self.transform, channels_last=self.channels_last, plain=self.plain)

    def _form(self, amp: bool) -> nn.Module:
        with self._lock:
            if amp not in self._forms:
                self._forms[amp] = inference_model(self.model, channels_last=self.channels_last, amp=amp)
            return self._forms[amp]

    @cached_property
    def _blank(self) -> dict[str, object]:
        """The keys of an answer, for an example of which nothing can be said: those for an empty one."""
        t = self.transform
        empty = np.zeros((1, t.height, t.width, t.channels), t.dtype)
        return blank(self.task.answer(self._walk(self._form(False), empty, np.arange(1))[0], self.target))


def _batches(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (rows[first : first + size] for first in range(0, len(rows), size))
