"""Test-time averaging: the mean prediction over augmented versions of an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from torch import Tensor

from convscope.data.augment import Policy
from convscope.data.augment.draws import Draws
from convscope.data.augment.views import View, views, without_views
from convscope.data.columns import Values
from convscope.data.transforms import ImageTransform
from convscope.errors import ConfigError

MOST_COPIES = 1_000  # of an image, to average over: far more than change the mean


class Version(NamedTuple):
    """Augmented network inputs x (N, C, H, W), and how each image was laid down before whatever else was done."""

    x: Tensor
    laid: View


@dataclass(frozen=True)
class Averaging:
    """The mean of what is predicted for ``copies`` augmented versions of an image, E[p(T(x))].

    Where there are at least as many copies as ways to lay an image down (mirrored, turned by quarters), these are gone
    through in turn instead of drawn; and where the policy does nothing else, each is taken once: the exact mean.
    With ``places``, predictions are places in the image: nothing moves it that cannot be undone, and ways are never
    drawn.
    """

    policy: Policy
    copies: int
    seed: int = 0
    places: bool = False

    @classmethod
    def of(cls, augment: str, copies: int, seed: int, *, places: bool = False) -> Averaging | None:
        """Return the average over ``copies`` of what a training's ``augment`` does, or ``None`` for none (0).

        Raises ``ConfigError`` for a number that makes no sense, and where no copy would differ.
        """
        if not 0 <= copies <= MOST_COPIES:
            raise ConfigError(f"--tta: expected 0 (no average) to {MOST_COPIES:,} copies of each image, got {copies:,}")
        if not copies:
            return None
        policy = Policy.parse(augment).for_inference()
        policy = policy.laying_down() if places else policy
        if str(policy) == "none":
            does = "moves, spoils or blends images" if places else "spoils or blends images"
            how = f"with {augment}, which only {does}" if augment != "none" else "without augmentation"
            raise ConfigError(f"--tta: this run was trained {how}, so there is nothing to average over; leave it out")
        return cls(policy, copies, seed, places)

    def versions(self, x: Tensor, rows: np.ndarray, transform: ImageTransform) -> Iterator[Version]:
        """Yield the versions of the network inputs x (N, C, H, W) of images whose draws belong to ``rows`` (N,).

        Copies are numbered like epochs: the same images under the same seed see the same augmentations.
        """
        from convscope.data.augment.apply import apply_to_images  # with SciPy: only where copies are asked for

        ways, policy = views(self.policy), self.policy
        if self.copies < len(ways) and not self.places:
            ways = (View(),)
        else:
            policy = without_views(policy)
        plain = str(policy) == "none"
        for copy in range(min(len(ways), self.copies) if plain else self.copies):
            view = ways[copy % len(ways)]
            laid = view(x)
            varied = laid if plain else apply_to_images(policy, laid, Draws(rows, self.seed, copy), transform)
            yield Version(varied, view)


def content_of(raw: Values) -> np.ndarray:
    """Return a number (N,) uint64 for the content of each raw image (N, H, W, C)."""
    hashes = (blake2b(np.ascontiguousarray(image).tobytes(), digest_size=8).digest() for image in raw)
    return np.frombuffer(b"".join(hashes), dtype="<u8")
