"""Sets that many tests train on, in memory; Ctrl-C as in the foreground; threads that leave other work its core.

NumPy's sorts of strings of variable length are refused: on some orders they end the process.
"""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convscope.data import Data, from_arrays
from convscope.data.listing import Target
from convscope.data.transforms import ImageTransform
from convscope.training.threads import wait_briefly

wait_briefly()
# A shell that runs the tests in the background has Ctrl-C ignored, by them and by every process they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _refusing_strings(sorts: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of NumPy that sorts, but for strings of variable length unless the sort is a stable one."""

    @functools.wraps(sorts)
    def checked(*arguments: Any, **options: Any) -> Any:  # libraries name what they give
        values = arguments[0] if arguments else next(iter(options.values()), None)
        strings = isinstance(getattr(values, "dtype", None), np.dtypes.StringDType)
        assert not strings or options.get("kind") == "stable", "this can end the process: use names.distinct"
        return sorts(*arguments, **options)

    return checked


for _name in ("argsort", "intersect1d", "isin", "setdiff1d", "sort", "union1d", "unique"):
    setattr(np, _name, _refusing_strings(getattr(np, _name)))


def as_data(pixels: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], *, test: bool = True) -> Data:
    """Return a set of raw images (n, H, W, C): every fifth is test, every tenth of the rest valid."""
    at = np.arange(len(pixels))
    of = np.where(at % 5 == 4, "test" if test else "train", np.where(at % 10 == 0, "valid", "train"))
    raw = pixels[of == "train"].astype(float)
    shape = ImageTransform(
        channels=pixels.shape[3],
        height=pixels.shape[1],
        width=pixels.shape[2],
        fit="crop",
        dtype=pixels.dtype.name,  # pyright: ignore[reportArgumentType]
        mean=tuple(raw.mean((0, 1, 2))),
        std=tuple(raw.std((0, 1, 2)) + 1e-6),
    )
    return from_arrays(
        pixels, Target("class", labels, classes), name="made", splits=of, ids=[f"image {i}" for i in at],
        transforms={"image": shape},
    )  # fmt: skip


@pytest.fixture(scope="session")
def digits() -> Data:
    """The 1,797 handwritten digits of scikit-learn, 8 × 8."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return as_data(found.images.astype(np.uint8)[..., None], found.target.astype(np.int64), tuple("0123456789"))
