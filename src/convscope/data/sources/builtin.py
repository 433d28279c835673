"""Sets that come with convscope: scikit-learn's handwritten digits, and the synthetic ones. Nothing is downloaded."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from convscope.data import synthetic
from convscope.data.listing import Listing, Target
from convscope.data.sources.arrays import from_memory
from convscope.data.sources.files import strings

DIGITS = "8×8 handwritten digits of scikit-learn (1,797 images, grey values 0..16)"
NAMES: dict[str, str] = {"digits": DIGITS, **synthetic.NAMES, **synthetic.NUMBERS}


def read(name: str, seed: int) -> Listing:
    """List a built-in set; synthetic ones are drawn from ``seed``."""
    pixels, target, split = _digits() if name == "digits" else _made(name, seed)
    stamp = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).hexdigest()
    ids = strings([f"{name}/{i}" for i in range(len(target))])
    return Listing(name, f"built-in set, {NAMES[name]}", from_memory(pixels, stamp), ids, target, split)


def _digits() -> tuple[np.ndarray, Target, np.ndarray]:
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    target = Target("class", loaded.target, tuple(map(str, loaded.target_names)))
    return loaded.images.astype(np.uint8)[..., None], target, np.full(len(target), "", "<U5")


def _made(name: str, seed: int) -> tuple[np.ndarray, Target, np.ndarray]:
    if name in synthetic.NUMBERS:
        pixels, values, names, units, split = synthetic.make_numbers(name, seed)
        return pixels, Target("number", values, names, units, "numbers"), split
    pixels, labels, classes, split = synthetic.make(name, seed)
    return pixels, Target("class", labels, classes), split
