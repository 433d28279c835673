"""How far a score falls without each part of an image, a signal or a text (Zeiler and Fergus 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.explain.attribution import Attribution
from convscope.explain.batches import pairs, scores_of
from convscope.explain.explained import Explained
from convscope.explain.forward import without_gradient
from convscope.explain.score import Score

# Windows along an axis, one beside the other, by the number of axes; as many again lie half a window further on.
ALONG = {1: 24, 2: 7, 3: 4}


@dataclass(frozen=True)
class Windows:
    """The windows of one axis: ``covers`` (windows, length) says which positions each covers."""

    covers: np.ndarray

    @classmethod
    def of(cls, length: int, along: int) -> Windows:
        """Return windows of ⌈length / along⌉ positions at steps of half as many; the last one ends with the axis.

        >>> Windows.of(6, 2).covers.astype(int).tolist()
        [[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1]]
        """
        size = -(-length // min(length, along))
        begins = np.unique(np.minimum(np.arange(0, length, -(-size // 2)), length - size))
        at = np.arange(length)
        return cls((at >= begins[:, None]) & (at < begins[:, None] + size))


def occlude(explained: Explained, score: Score) -> Attribution:
    """Return how far the score falls when the baseline stands where a window does: the mean over a place's windows.

    The map is (N, *space): above 0 a place speaks for the score. Windows are a seventh of either side of an image, and
    overlap by half; the embeddings of a text's tokens are what is replaced in it.

    By hand: of the sum of (1, 2) the first position alone is 1, the second 2.

    >>> net = torch.nn.Flatten()
    >>> of = Score("sum", lambda out: out.sum(1))
    >>> occlude(Explained(net, torch.tensor([[[1.0, 2.0]]])), of).map.tolist()
    [[1.0, 2.0]]
    """
    space = explained.x.shape[1:] if explained.tokens else explained.x.shape[2:]
    axes = [Windows.of(length, ALONG.get(len(space), 3)).covers for length in space]
    counts = tuple(len(covers) for covers in axes)
    whole = scores_of(explained, score)
    without = np.empty((len(explained.x), int(np.prod(counts))), np.float64)
    hidden = torch.from_numpy(windows_of(axes)).to(explained.x.device)
    for rows, numbers, part, of in pairs(explained, score, without.shape[1]):

        def hide(value: Tensor, part: Explained = part, numbers: Tensor = numbers) -> Tensor:
            start = torch.as_tensor(part.baseline, dtype=value.dtype, device=value.device)
            return torch.where(hidden[numbers, None], start, value)

        without[rows.numpy(), numbers.numpy()] = without_gradient(part, of, hide).cpu().numpy()
    falls = (whole[:, None] - without).reshape(-1, *counts)
    maps = _spread(falls, axes) / _spread(np.ones((1, *counts)), axes)
    return Attribution(maps.astype(np.float32), None, whole, "occlusion")


def windows_of(axes: Sequence[np.ndarray]) -> np.ndarray:
    """Return which places each window covers, (windows, *space) bool, from those of each axis.

    >>> windows_of([np.eye(2, dtype=bool), np.ones((1, 2), bool)]).astype(int).tolist()
    [[[1, 1], [0, 0]], [[0, 0], [1, 1]]]
    """
    covers = axes[0]
    for more in axes[1:]:
        covers = covers[:, None, ..., None] & more.reshape(1, len(more), *[1] * (covers.ndim - 1), -1)
        covers = covers.reshape(-1, *covers.shape[2:])
    return covers


def _spread(values: np.ndarray, axes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the sum (N, *space) of the values (N, *windows) of all windows that cover a place."""
    for axis, covers in enumerate(axes, 1):
        values = np.moveaxis(np.moveaxis(values, axis, -1) @ covers, -1, axis)
    return values
