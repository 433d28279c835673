"""Sets that come with convscope: scikit-learn's handwritten digits, and the synthetic ones. Nothing is downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from convscope.data import synthetic
from convscope.data.clips.stacks import ArrayStacks
from convscope.data.listing import Listing, Masks, Target
from convscope.data.sequences.signals import Signals
from convscope.data.sources.arrays import ArrayImages, from_memory
from convscope.data.sources.files import strings

DIGITS = "8×8 handwritten digits of scikit-learn (1,797 images, grey values 0..16)"
_KINDS = (synthetic.NAMES, synthetic.NUMBERS, synthetic.MASKS, synthetic.SIGNALS, synthetic.CLIPS)
NAMES: dict[str, str] = {"digits": DIGITS, **{name: what for kind in _KINDS for name, what in kind.items()}}


def read(name: str, seed: int) -> Listing:
    """List a built-in set; synthetic ones are drawn from ``seed``."""
    if name in synthetic.SIGNALS:
        return _signals(name, seed)
    if name in synthetic.CLIPS:
        return _clips(name, seed)
    pixels, target, split = _MADE[name](seed) if name in _MADE else _made(name, seed)
    stamp = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).hexdigest()
    ids = strings([f"{name}/{i}" for i in range(len(target))])
    return Listing(name, f"built-in set, {NAMES[name]}", from_memory(pixels, stamp), ids, target, split)


def _signals(name: str, seed: int) -> Listing:
    signals, labels, classes, split = synthetic.make_signals(name, seed)
    ids = strings([f"{name}/{i}" for i in range(len(labels))])
    listed = Signals([*signals], ids.tolist())
    return Listing(name, f"built-in set, {NAMES[name]}", listed, ids, Target("class", labels, classes), split)


def _clips(name: str, seed: int) -> Listing:
    clips, labels, classes, split = synthetic.make_clips(name, seed)
    stamp = hashlib.blake2b(clips.data, digest_size=16).hexdigest()
    ids = strings([f"{name}/{i}" for i in range(len(labels))])
    held = ArrayImages(len(clips), clips.shape[1:], clips.dtype, stamp, lambda: iter((clips,)))
    listed = ArrayStacks("video", ids, held)
    return Listing(name, f"built-in set, {NAMES[name]}", listed, ids, Target("class", labels, classes), split)


def _digits(seed: int) -> tuple[np.ndarray, Target | Masks, np.ndarray]:
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    target = Target("class", loaded.target, tuple(map(str, loaded.target_names)))
    return loaded.images.astype(np.uint8)[..., None], target, _undivided(target.values)


def _tracks(seed: int) -> tuple[np.ndarray, Target | Masks, np.ndarray]:
    from convscope.data.synthetic import tracks

    frames = tracks.make(seed)
    track = (frames.labels > 0).astype(np.uint8)
    return frames.images, _masks("tracks", track, {0: "background", 1: "track"}), _undivided(track)


def _nuclei(seed: int) -> tuple[np.ndarray, Target | Masks, np.ndarray]:
    from convscope.data.synthetic import nuclei

    images, labels = nuclei.make(seed)
    return images, _masks("nuclei", labels), _undivided(labels)


def _masks(name: str, masks: np.ndarray, names: Mapping[float, str] = MappingProxyType({})) -> Masks:
    """Return masks (n, H, W) as a set lists them: classes by their names, or without these objects."""
    from convscope.data.sources.mask_arrays import ArrayMasks

    stamp = hashlib.blake2b(masks.data, digest_size=16).hexdigest()
    reader = ArrayMasks(strings([f"{name}/{i}" for i in range(len(masks))]), stamp, lambda: iter((masks,)))
    return Masks(reader, names, objects=not names)


def _undivided(examples: np.ndarray) -> np.ndarray:
    return np.full(len(examples), "", "<U5")


_MADE: dict[str, Callable[[int], tuple[np.ndarray, Target | Masks, np.ndarray]]] = {
    "digits": _digits,
    "tracks": _tracks,
    "nuclei": _nuclei,
}


def _made(name: str, seed: int) -> tuple[np.ndarray, Target | Masks, np.ndarray]:
    if name in synthetic.NUMBERS:
        pixels, values, names, units, split = synthetic.make_numbers(name, seed)
        return pixels, Target("number", values, names, units, "numbers"), split
    pixels, labels, classes, split = synthetic.make(name, seed)
    return pixels, Target("class", labels, classes), split
