"""RISE: what a score owes to each place, from its scores under random masks (Petsiuk, Das and Saenko 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import at_once, pairs, scores_of
from convscope.explaining.explained import Explained
from convscope.explaining.forward import without_gradient
from convscope.explaining.score import Score

MASKS, SHOWN = 500, 0.5
CELLS = {1: 16, 2: 7, 3: 4}  # along an axis, by the number of axes


def rise(explained: Explained, score: Score, masks: int = MASKS) -> Attribution:
    """Return by how much the score rises where a place is seen, (N, *space), over random soft masks.

    Masks are drawn coarsely (7 × 7 cells of an image, each seen with probability 1/2), shifted, and made smooth; what
    they hide is the baseline. Where the paper has the mean of score · mask, this is the slope of the score on the mask
    at each place, which has no offset: 0 says that a place does not matter. The masks are drawn anew from seed 0 with
    every call, and are the same for all inputs.
    """
    space = explained.x.shape[1:] if explained.tokens else explained.x.shape[2:]
    rng, several = np.random.default_rng(0), at_once(explained.x)
    sums = _Sums.empty(len(explained.x), space)
    for first in range(0, masks, several):
        drawn = random_masks(space, min(several, masks - first), rng)
        sums.add(_scores(explained, score, drawn), drawn)
    maps = sums.slopes(masks).astype(np.float32)
    return Attribution(maps, None, scores_of(explained, score), "rise")


def _scores(explained: Explained, score: Score, masks: np.ndarray) -> np.ndarray:
    """Return the score (N, masks) of each input behind each mask."""
    shown = torch.from_numpy(masks).to(explained.x.device)
    scores = np.empty((len(explained.x), len(masks)), np.float64)
    for rows, numbers, part, of in pairs(explained, score, len(masks)):

        def mask(value: Tensor, part: Explained = part, numbers: Tensor = numbers) -> Tensor:
            return part.baseline + (value - part.baseline) * shown[numbers, None].to(value.dtype)

        scores[rows.numpy(), numbers.numpy()] = without_gradient(part, of, mask).cpu().numpy()
    return scores


@dataclass
class _Sums:
    """Over masks (M, *space): of the scores (N,), of the masks and their squares, and of their products."""

    scores: np.ndarray
    masks: np.ndarray
    squares: np.ndarray
    products: np.ndarray  # (N, *space)

    @classmethod
    def empty(cls, examples: int, space: Sequence[int]) -> _Sums:
        return cls(np.zeros(examples), np.zeros(space), np.zeros(space), np.zeros((examples, *space)))

    def add(self, scores: np.ndarray, masks: np.ndarray) -> None:
        self.scores += scores.sum(1)
        self.masks += masks.sum(0)
        self.squares += (masks**2).sum(0)
        self.products += np.tensordot(scores, masks, 1)

    def slopes(self, count: int) -> np.ndarray:
        """Return by how much the scores rise with a mask at each place, by least squares: (N, *space)."""
        means = self.masks / count
        together = self.products - self.scores.reshape(-1, *[1] * means.ndim) * means
        return together / np.maximum(self.squares - count * means**2, 1e-12)


def random_masks(space: Sequence[int], count: int, rng: np.random.Generator) -> np.ndarray:
    """Return masks (count, *space) float32, 1 where a place is seen, 0 where it is hidden, linear between cells."""
    cells = [min(length, CELLS.get(len(space), 3)) for length in space]
    masks = (rng.random((count, *(n + 2 for n in cells))) < SHOWN).astype(np.float32)
    for axis, (n, length) in enumerate(zip(cells, space, strict=True), 1):
        at = np.arange(length) * n / length + rng.random((count, 1))  # (count, length), in cells
        near = np.maximum(0, 1 - abs(at[..., None] - np.arange(n + 2))).astype(np.float32)  # (count, length, cells)
        last = np.moveaxis(masks, axis, -1)
        spread = last.reshape(count, -1, n + 2) @ near.swapaxes(1, 2)
        masks = np.moveaxis(spread.reshape(*last.shape[:-1], length), -1, axis)
    return masks
