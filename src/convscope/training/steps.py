"""One training step, whole or in parts where memory is short."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.errors import Error
from convscope.training.inference import targets_of
from convscope.training.precision import arithmetic
from convscope.training.state import TrainerState

Loss = Callable[..., Tensor]

_OUT_OF_MEMORY = ("out of memory", "allocate memory", "not enough memory", "alloc_failed", "bad_alloc")


class Stepper:
    """Takes the steps of a training: forward, loss, backward, optimiser, moving average.

    ``form`` is what is run for the network, with its parameters. A step that does not fit into memory is taken again
    in twice as many parts, whose gradients are added up; ``tell`` says so.
    """

    def __init__(self, progress: TrainerState, form: nn.Module, loss: Loss, classes: int, tell: Callable[[str], None]):
        self.progress, self.form, self.loss, self.classes, self.tell = progress, form, loss, classes, tell
        self._buffers = list(progress.model.buffers())
        self._before = [buffer.clone() for buffer in self._buffers]
        # Seeding the one generator that is used takes a microsecond, seeding those of all devices twenty.
        self._seed = torch.default_generator.manual_seed if progress.plan.device == "cpu" else torch.manual_seed

    def take(self, batch: Batch, lr: float, momentum: float) -> Tensor:
        """Take a step and return its record (5,): loss, accuracy, lr, momentum, epoch.

        Raises ``Error`` where not even one image at a time fits into memory.
        """
        progress, plan = self.progress, self.progress.plan
        while (found := self._gradients(batch)) is None:
            self._split(batch)
        if plan.clip_grad:
            nn.utils.clip_grad_norm_(progress.model.parameters(), plan.clip_grad)
        progress.optimiser.step()
        if progress.average:
            progress.average.follow(progress.taken + 1)
        return torch.cat((found, found.new_tensor((lr, momentum, progress.epoch))))

    def _gradients(self, batch: Batch) -> Tensor | None:
        """Leave the batch's gradients in the parameters; return (loss, accuracy), or ``None`` if memory is short."""
        progress = self.progress
        if self._buffers:
            torch._foreach_copy_(self._before, self._buffers)  # pyright: ignore[reportPrivateImportUsage]
        self._seed(progress.plan.seed * 1_000_003 + progress.taken)  # dropout repeats after a resume
        progress.optimiser.zero_grad()
        try:
            parts = [self._part(part, len(part) / len(batch)) for part in split(batch, progress.parts)]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)
        # Only here is what the failed step held given back: the exception kept it.
        progress.optimiser.zero_grad()
        if self._buffers:  # running means that the failed step has moved
            torch._foreach_copy_(self._buffers, self._before)  # pyright: ignore[reportPrivateImportUsage]
        if progress.plan.device != "cpu":
            torch.cuda.empty_cache()
        return None

    def _part(self, batch: Batch, share: float) -> Tensor:
        with arithmetic(self.progress.plan):
            logits = self.form(batch.x).float()
        value = self.loss(logits, targets_of(batch, self.classes))
        (value if share == 1 else value * share).backward()
        with torch.no_grad():
            right = (logits.argmax(1) == batch.targets[0]).float().mean()
            return torch.stack((value, right)) * share

    def _split(self, batch: Batch) -> None:
        progress = self.progress
        if progress.parts >= len(batch):
            raise does_not_fit(batch)
        progress.parts = min(2 * progress.parts, len(batch))
        normed = any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in progress.model.modules())
        narrow = ["batch norm"] * normed + ["class weights"] * (progress.plan.class_weights == "balanced")
        self.tell(
            f"a step of {len(batch)} images did not fit into memory (epoch {progress.epoch + 1}, step "
            f"{progress.step + 1}); from here on steps are taken in {progress.parts} parts, with the gradient of the "
            "whole" + (f", except that {' and '.join(narrow)} count over one part at a time" if narrow else "")
        )


def split(batch: Batch, parts: int) -> list[Batch]:
    """Return a batch in at most ``parts`` parts of nearly equal size."""
    if parts == 1:
        return [batch]
    bounds = [part[0] for part in np.array_split(np.arange(len(batch)), parts) if len(part)]
    return [batch.part(slice(a, b)) for a, b in pairwise([*bounds, len(batch)])]


def does_not_fit(batch: Batch) -> Error:
    """Return the explained error for images that cannot be trained on one at a time."""
    return Error(
        f"not even one image of {' x '.join(map(str, batch.x.shape[1:]))} (channels, height, width) at a time "
        "fits into memory for a training step; make the images smaller (--img-size), choose a smaller network "
        "(--model), or end other programs"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory is short; PyTorch has no one type for it.

    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 64 bytes"))
    True
    >>> is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    False
    """
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(words in text for words in _OUT_OF_MEMORY)
