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
NAMES: dict[str, str] = {"digits": DIGITS, **synthetic.NAMES}


def read(name: str, seed: int) -> Listing:
    """List a built-in set; synthetic ones are drawn from ``seed``."""
    if name == "digits":
        from sklearn.datasets import load_digits

        loaded: Any = load_digits()
        pixels = loaded.images.astype(np.uint8)[..., None]
        labels, classes = loaded.target.astype(np.int64), tuple(map(str, loaded.target_names))
        split = np.full(len(labels), "", "<U5")
    else:
        pixels, labels, classes, split = synthetic.make(name, seed)
    stamp = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).hexdigest()
    ids = strings([f"{name}/{i}" for i in range(len(labels))])
    target = Target("class", labels, classes)
    return Listing(name, f"built-in set, {NAMES[name]}", from_memory(pixels, stamp), ids, target, split)
