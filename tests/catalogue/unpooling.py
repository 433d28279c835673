"""Max unpooling in the catalogue."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch.nn import functional as F

from catalogue.entry import Entry, Refusal, Sample

UNPOOL = {3: F.max_unpool1d, 4: F.max_unpool2d, 5: F.max_unpool3d}


def distinct(shape: tuple[int, ...], places: int) -> Callable[[np.random.Generator], np.ndarray]:
    """Return indices of that shape, in each channel no place twice."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        planes = [rng.permutation(places)[: int(np.prod(shape[2:]))] for _ in range(shape[0] * shape[1])]
        return np.array(planes, dtype=np.int64).reshape(shape)

    return draw


def sample(shape: tuple[int, ...], space: int | tuple[int, ...]) -> Sample:
    sizes = space if isinstance(space, tuple) else (space,) * (len(shape) - 2)
    return Sample((shape, distinct(shape, int(np.prod(sizes)))), {"space": space})


def torch_unpool(x, indices, space):
    sizes = space if isinstance(space, tuple) else (space,) * (x.ndim - 2)
    # PyTorch asks for a window that could have given these sizes; stride 2 and window 2 do for all samples
    return UNPOOL[x.ndim](x, indices, 2, output_size=list(sizes))


X = (1, 1, 2)
ENTRIES = (
    Entry(
        "max_unpool",
        (
            sample((2, 3, 3), 6),
            sample((1, 1, 1), 2),
            sample((1, 2, 2, 3), (5, 6)),
            sample((0, 2, 2, 2), 4),
            sample((1, 1, 2, 1, 2), (4, 3, 5)),
        ),
        (
            Refusal(
                (X, lambda rng: np.array([[[0, 4]]])),
                {"space": 4},
                "max_unpool: indices must be 0 to 3, the flat positions within space (4,), found 0 to 4; "
                "give the space that was pooled",
            ),
            Refusal(
                (X, lambda rng: np.array([[[-1, 1]]])),
                {"space": 4},
                "max_unpool: indices must be 0 to 3, the flat positions within space (4,), found -1 to 1; "
                "give the space that was pooled",
            ),
            Refusal(
                (X, X),
                {"space": 4},
                "max_unpool: indices must be whole numbers, as max_pool(..., return_indices=True) gives them, "
                "found float64",
            ),
            Refusal(
                (X, lambda rng: np.array([[[0]]])),
                {"space": 4},
                "max_unpool: indices must be shaped as x, (1, 1, 2); found (1, 1, 1)",
            ),
            Refusal(
                (X, lambda rng: np.array([[[0, 1]]])),
                {"space": (4, 4)},
                "max_unpool: space must be one whole number or 1 of them (length), found (4, 4)",
            ),
        ),
        torch_unpool,
        linear=("x",),
        products=lambda x, indices, space: (0, 0),
        wider=("x", "indices"),
    ),
)
