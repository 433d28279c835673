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

from convscope.data.columns import Column, InMemory, Ragged, RaggedBatch, Selected
from convscope.data.dataset import Split
from convscope.data.decode import MAX_PIXELS, limited
from convscope.data.given import Images, held
from convscope.data.spec import TargetSpec
from convscope.data.transforms import Form, ImageTransform, Stored, Transform
from convscope.errors import ConfigError
from convscope.models.building import LONG
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
    transform: Transform
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
        return self._restored(self.predict_column(split.input, average, amp), split.placements)

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
                brought = [image.stored(self.transform) for image in some]
            good = [image for image in brought if isinstance(image, Stored)]
            answers = iter(self._answered(good, average, amp) if good else ())
            for image, result in zip(some, brought, strict=True):
                if isinstance(result, Stored):
                    answer = self.task.answer(next(answers), self.target)
                    predictions.append(Prediction(image.name, answer, note=result.note))
                else:
                    predictions.append(Prediction(image.name, self._blank, error=str(result)))
        return predictions

    def _answered(self, examples: list[Stored], average: Averaging | None, amp: bool) -> np.ndarray:
        """Return the predictions for examples as they were given."""
        column = _column(self.transform, [example.values for example in examples])
        placements = np.array([example.placement for example in examples])
        return self._restored(self.predict_column(column, average, amp), placements)

    def _restored(self, predictions: np.ndarray, placements: np.ndarray) -> np.ndarray:
        """Return predictions as they are in the images that were given: places in them, where they are places."""
        return predictions if self.task.restore is None else self.task.restore(predictions, placements)

    def form(self, examples: Column, *, amp: bool = False) -> nn.Module:
        """Return the form of the network that answers fastest, equal to ``model`` up to rounding.

        With ``amp`` it computes in bfloat16; ``ConfigError`` where that gives more than 2 % of the first of the
        ``examples`` another answer.
        """
        with self._lock:
            if amp and not self._compared:
                first = Selected(examples, np.arange(min(BATCH, len(examples))))
                exact, fast = (self._walk(self._form(half), first) for half in (False, True))
                found = agreement(exact, fast, self.task, self.target)
                if not found.close:
                    raise ConfigError(f"--amp: {found}; leave --amp out")
                self._compared.append(found)
            return self._form(amp)

    def tensor(self, stored: np.ndarray | RaggedBatch) -> Tensor:
        """Return the network's input of stored examples (N, ...)."""
        return self.transform.tensor(stored, self._lies)

    def predict_column(self, examples: Column, average: Averaging | None = None, amp: bool = False) -> np.ndarray:
        """Return the predictions (N, ...) for stored examples, as ``predictions``."""
        form = self.form(examples, amp=amp)
        return self._walk(form, examples) if average is None else self._averaged(form, examples, average)

    def _walk(self, form: nn.Module, examples: Column) -> np.ndarray:
        batches = _batches(len(examples), BATCH)
        return self._joined(self._answers(form, self.tensor(raw)) for raw in examples.stream(batches))

    def _averaged(self, form: nn.Module, examples: Column, average: Averaging) -> np.ndarray:
        """Return means over augmented copies; each depends on its example alone, to the last bit.

        What its copies draw belongs to its content, and they go through the network without another example, since a
        product's last bits change with the size of the batch.
        """
        mean, transform = self.task.average, self.transform
        if mean is None or not isinstance(transform, ImageTransform):
            raise ConfigError(
                f"--tta: predictions of {self.task.name} from {transform.kind}s have no mean; leave it out"
            )

        def means() -> Iterator[Tensor]:
            for raw in examples.stream(_batches(len(examples), max(1, BATCH // average.copies))):
                versions = list(average.versions(self.tensor(raw), content_of(raw), transform))
                laid = [version.laid for version in versions]
                for at in range(len(raw)):
                    copies = torch.cat([version.x[at : at + 1] for version in versions])
                    views = torch.cat([self._answers(form, some) for some in copies.split(BATCH)])
                    yield mean(views[:, None], laid, self.target)

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

    @property
    def _lies(self) -> Form:
        """How the network's input lies in memory."""
        return Form(channels_last=self.channels_last, plain=self.plain)

    def _form(self, amp: bool) -> nn.Module:
        with self._lock:
            if amp not in self._forms:
                self._forms[amp] = inference_model(self.model, channels_last=self.channels_last, amp=amp)
            return self._forms[amp]

    @cached_property
    def _blank(self) -> dict[str, object]:
        """The keys of an answer, for an example of which nothing can be said: those for an empty one."""
        space = [size or LONG for size in self.transform.input.space]
        x = torch.zeros(1, self.transform.input.channels, *space)
        with torch.inference_mode():
            answer = self._answers(self._form(False), x)[0].numpy()
        return blank(self.task.answer(answer, self.target))


def _column(transform: Transform, examples: list[np.ndarray]) -> Column:
    """Return stored examples as a column, ragged where they differ in size."""
    if len({example.shape for example in examples}) == 1:
        return InMemory.of(transform.kind, np.stack(examples))
    return Ragged.of(transform.kind, examples)


def _batches(count: int, size: int) -> Iterator[np.ndarray]:
    order = np.arange(count)
    return (order[first : first + size] for first in range(0, count, size))
