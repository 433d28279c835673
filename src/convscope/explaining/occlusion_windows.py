"""How far a score falls without each part of an image, a signal or a text (Zeiler and Fergus 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import pairs
from convscope.explaining.explained import Explained
from convscope.explaining.forward import without_gradient
from convscope.explaining.score import Score

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
    count = 1 + int(np.prod(counts))
    scores = np.empty((len(explained.x), count), np.float64)  # the first with nothing hidden
    for rows, numbers, part, of in pairs(explained, score, count):
        hidden = torch.from_numpy(covered(axes, numbers.numpy() - 1)).to(explained.x.device)

        def hide(value: Tensor, part: Explained = part, hidden: Tensor = hidden) -> Tensor:
            start = torch.as_tensor(part.baseline, dtype=value.dtype, device=value.device)
            return torch.where(hidden[:, None], start, value)

        scores[rows.numpy(), numbers.numpy()] = without_gradient(part, of, hide).cpu().numpy()
    falls = (scores[:, :1] - scores[:, 1:]).reshape(-1, *counts)
    maps = _spread(falls, axes) / _spread(np.ones((1, *counts)), axes)
    return Attribution(maps.astype(np.float32), None, scores[:, 0].astype(np.float32), "occlusion")


def covered(axes: Sequence[np.ndarray], windows: np.ndarray) -> np.ndarray:
    """Return which places these windows (n,) cover, (n, *space) bool, from what those of each axis do; none of -1.

    >>> covered([np.eye(2, dtype=bool), np.ones((1, 2), bool)], np.array([1, -1])).astype(int).tolist()
    [[[0, 0], [1, 1]], [[0, 0], [0, 0]]]
    """
    numbers = np.unravel_index(np.maximum(windows, 0), [len(covers) for covers in axes])
    places = (windows >= 0).reshape(-1, *[1] * len(axes))
    for axis, (covers, number) in enumerate(zip(axes, numbers, strict=True)):
        along = [1] * len(axes)
        along[axis] = covers.shape[1]
        places = places & covers[number].reshape(-1, *along)
    return places


def _spread(values: np.ndarray, axes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the sum (N, *space) of the values (N, *windows) of all windows that cover a place."""
    for axis, covers in enumerate(axes, 1):
        values = np.moveaxis(np.moveaxis(values, axis, -1) @ covers, -1, axis)
    return values
