"""Probabilities from a trained network: for files as for a split, through one and the same preprocessing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.augment import Policy
from convscope.data.augment.views import View, views, without_views
from convscope.data.columns import Column, Selected, Values
from convscope.data.transforms import Form, ImageTransform
from convscope.errors import ConfigError
from convscope.text import count

MOST_CHANGED = 0.02  # of the classes, before bfloat16 is refused
BATCH = 128  # images at a time without gradients: as fast as 512, in a quarter of the memory


@dataclass(frozen=True)
class Averaging:
    """Test-time averaging: the mean probabilities over ``copies`` augmented versions of an image, E[p(T(x))].

    Where there are at least as many copies as ways to lay an image down (mirrored, turned by quarters), these are gone
    through in turn instead of drawn; and where the policy does nothing else, each is taken once: the exact mean.
    """

    policy: Policy
    copies: int
    seed: int = 0

    def versions(self, x: Tensor, rows: np.ndarray, preprocessing: ImageTransform) -> Iterator[Tensor]:
        """Yield the versions of the network inputs x (N, C, H, W) of images whose draws belong to ``rows`` (N,).

        Copies are numbered like epochs: the same images under the same seed see the same augmentations.
        """
        ways, policy = views(self.policy), self.policy
        if self.copies < len(ways):
            ways = (View(),)
        else:
            policy = without_views(policy)
        plain = str(policy) == "none"
        for copy in range(len(ways) if plain else self.copies):
            laid = ways[copy % len(ways)](x)
            yield laid if plain else policy(laid, rows, seed=self.seed, epoch=copy, preprocessing=preprocessing)


@dataclass(frozen=True)
class Agreement:
    """How bfloat16 answers beside float32 on some images: classes that change, largest difference of a probability."""

    images: int
    changed: int
    difference: float

    def __str__(self) -> str:
        return (
            f"in bfloat16 {self.changed} of the first {count(self.images, 'image')} get another class than in float32; "
            f"probabilities differ by at most {self.difference:.2g}"
        )


def compare(model: nn.Module, faster: nn.Module, images: Column, transform: ImageTransform, form: Form) -> Agreement:
    """Answer for the first images both ways; ``ConfigError`` where more than ``MOST_CHANGED`` get another class."""
    few = Selected(images, np.arange(min(BATCH, len(images))))
    exact, fast = (probabilities(m, few, transform, form) for m in (model, faster))
    changed = int((exact.argmax(1) != fast.argmax(1)).sum())
    found = Agreement(len(few), changed, float(abs(exact - fast).max()))
    if changed > MOST_CHANGED * len(few):
        raise ConfigError(f"--amp: {found}; leave --amp out")
    return found


def probabilities(
    model: nn.Module,
    images: Column,
    transform: ImageTransform,
    form: Form,
    averaging: Averaging | None = None,
) -> np.ndarray:
    """Return probabilities (N, K) float64 of raw ``images``; the model is put into evaluation mode.

    An average depends on the image alone, to the last bit: what its copies draw belongs to its content, and they go
    through the network without another image, since a product's last bits change with the size of the batch.
    """
    model.eval()
    answers = []
    step = BATCH if averaging is None else max(1, BATCH // averaging.copies)
    with torch.inference_mode():
        order = np.arange(len(images))
        for raw in images.stream(order[first : first + step] for first in range(0, len(order), step)):
            x = transform.tensor(raw, form)
            if averaging is None:
                answers.append(model(x).double().softmax(1))
                continue
            versions = list(averaging.versions(x, _content(raw), transform))
            for at in range(len(raw)):
                copies = torch.cat([version[at : at + 1] for version in versions])
                stated = [model(some).double().softmax(1) for some in copies.split(BATCH)]
                answers.append(torch.cat(stated).mean(0, keepdim=True))
    return torch.cat(answers).cpu().numpy()


def _content(raw: Values) -> np.ndarray:
    """Return a number (N,) uint64 for the content of each raw image (N, H, W, C)."""
    hashes = (blake2b(np.ascontiguousarray(image).tobytes(), digest_size=8).digest() for image in raw)
    return np.frombuffer(b"".join(hashes), dtype="<u8")
