"""RISE: what a score owes to each place, from its scores under random masks (Petsiuk, Das and Saenko 2018)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from convscope.explain.attribution import Attribution
from convscope.explain.batches import pairs, scores_of
from convscope.explain.explained import Explained
from convscope.explain.forward import without_gradient
from convscope.explain.placed import between
from convscope.explain.score import Score

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
    shown = torch.from_numpy(random_masks(space, masks)).to(explained.x.device)
    scores = np.empty((len(explained.x), masks), np.float64)
    for rows, numbers, part, of in pairs(explained, score, masks):

        def mask(value: Tensor, part: Explained = part, numbers: Tensor = numbers) -> Tensor:
            return part.baseline + (value - part.baseline) * shown[numbers, None].to(value.dtype)

        scores[rows.numpy(), numbers.numpy()] = without_gradient(part, of, mask).cpu().numpy()
    flat = shown.flatten(1).double().cpu().numpy()
    flat -= flat.mean(0)
    slopes = (scores - scores.mean(1, keepdims=True)) @ flat / np.maximum((flat**2).sum(0), 1e-12)
    maps = slopes.reshape(-1, *space).astype(np.float32)
    return Attribution(maps, None, scores_of(explained, score), "rise")


def random_masks(space: Sequence[int], count: int, seed: int = 0) -> np.ndarray:
    """Return masks (count, *space) float32, 1 where a place is seen, 0 where it is hidden."""
    rng = np.random.default_rng(seed)
    cells = [min(length, CELLS.get(len(space), 3)) for length in space]
    grids = (rng.random((count, *(n + 1 for n in cells))) < SHOWN).astype(np.float32)
    masks = np.empty((count, *space), np.float32)
    for at, grid in enumerate(grids):
        mask = grid
        for axis, (n, length) in enumerate(zip(cells, space, strict=True)):
            wide = length / n
            centres = np.arange(n + 1) * wide - rng.random() * wide
            mask = np.moveaxis(np.moveaxis(mask, axis, -1) @ between(centres, length).T, -1, axis)
        masks[at] = mask
    return masks
