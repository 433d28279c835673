"""Which points change places when an image is mirrored: the left eye of a mirrored face is where the right one was.

Without the pairs a mirrored image teaches the wrong names, so that it is used only where they are known: named by the
user, told by the points' names (left and right), those of the 68 points of a face, or found. They are found by laying
the mirrored mean shape upon the mean shape: each point goes to the one it falls upon, where all of them fall close.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from convscope.errors import ConfigError, nearest
from convscope.tasks.landmarks.normaliser import FACE
from convscope.text import count, listed

CLOSE = 0.03  # mean distance of the mirrored mean shape from its partners, as a fraction of the shape's size
Pair = tuple[int, int]

_SIDES = {"left": "right", "right": "left", "l": "r", "r": "l"}


@dataclass(frozen=True)
class Pairs:
    """Points that change places, each pair once and in order; the others stay. ``None``: not known, do not mirror.

    ``why`` says in words where they come from.
    """

    pairs: tuple[Pair, ...] | None
    why: str


def settled(given: str, names: Sequence[str], shape: np.ndarray) -> Pairs:
    """Return the pairs of points with these ``names`` and this mean ``shape`` (K, 2), NaN where one was never seen.

    ``given`` is "auto", "none", or pairs of names or numbers such as ``0-16,1-15``.

    Raises:
        ConfigError: ``given`` names no pairs.
    """
    if given == "none":
        return Pairs(None, "as asked: images are not mirrored")
    if given != "auto":
        return Pairs(_parsed(given, names), "as asked")
    by_name = named(names)
    if by_name is not None:
        return Pairs(by_name, f"{count(len(by_name), 'pair')} by the names of the points (left, right)")
    found, residual = matched(shape)
    if len(names) == FACE and _distance(shape, face()) < 2 * CLOSE:
        return Pairs(face(), "those of the 68 points of a face")
    size = f"{residual:.1%} of the shape's size"
    if found is None:
        return Pairs(None, f"none found: the mirrored mean shape does not fall upon itself ({size}); not mirrored")
    said = listed((f"{names[a]}-{names[b]}" for a, b in found), 3)
    return Pairs(found, f"found: {count(len(found), 'pair')} ({said}); the mirrored mean shape is off by {size}")


def face() -> tuple[Pair, ...]:
    """Return the pairs of the 68 points of a face, in the order of 300-W.

    >>> len(face()), face()[:2], (36, 45) in face()
    (29, ((0, 16), (1, 15)), True)
    """
    jaw_and_brows = [*((k, 16 - k) for k in range(8)), *((17 + k, 26 - k) for k in range(5))]
    nose_and_eyes = [(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    mouth = [(48, 54), (49, 53), (50, 52), (55, 59), (56, 58), (60, 64), (61, 63), (65, 67)]
    return tuple(sorted(jaw_and_brows + nose_and_eyes + mouth))


def named(names: Sequence[str]) -> tuple[Pair, ...] | None:
    """Return the pairs of names that differ in left and right (or l and r) alone; ``None`` where a side has no partner.

    >>> named(["nose", "left_eye", "right_eye", "earL", "earR"])
    ((1, 2), (3, 4))
    """
    words = [tuple(_words(name)) for name in names]
    at = {each: k for k, each in enumerate(words)}
    if len(at) < len(words):
        return None
    pairs = set()
    for k, each in enumerate(words):
        other = tuple(_SIDES.get(word, word) for word in each)
        if other == each:
            continue
        if other not in at:
            return None
        pairs.add((min(k, at[other]), max(k, at[other])))
    return tuple(sorted(pairs)) or None


def matched(shape: np.ndarray) -> tuple[tuple[Pair, ...] | None, float]:
    """Return the pairs that the mirrored ``shape`` (K, 2) tells, and how far it then lies from itself.

    That is the mean distance of mirrored points from their partners, as a fraction of the diagonal of the shape's box.
    ``None`` where it is above 0.03, where partners are not mutual, or where there are fewer than three points or
    nothing that changes places.

    >>> matched(np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 0.1]]))[0]
    ((0, 2),)
    """
    from scipy.optimize import linear_sum_assignment

    size = _size(shape)
    if len(shape) < 3 or not np.isfinite(shape).all() or not size:
        return None, np.inf
    mirrored = _mirrored(shape)
    apart = np.linalg.norm(mirrored[:, None] - shape[None], axis=2)
    _, partner = linear_sum_assignment(apart**2)
    residual = float(apart[np.arange(len(shape)), partner].mean() / size)
    pairs = tuple((k, int(other)) for k, other in enumerate(partner) if k < other)
    mutual = (partner[partner] == np.arange(len(shape))).all()
    return (pairs if mutual and pairs and residual < CLOSE else None), residual


def order(pairs: Sequence[Pair], points: int) -> np.ndarray:
    """Return which point (K,) each one becomes in a mirrored image.

    >>> order([(0, 2)], 4).tolist()
    [2, 1, 0, 3]
    """
    becomes = np.arange(points)
    for a, b in pairs:
        becomes[a], becomes[b] = b, a
    return becomes


def mean_shape(points: np.ndarray) -> np.ndarray:
    """Return the mean shape (K, 2) of points (n, K, 2): each example about its own centre, in units of its own size.

    Examples that lack a point do not count, unless all do; then each point is the mean of where it is known. NaN for a
    point that is never known.
    """
    complete = np.isfinite(points).all(axis=(1, 2))
    points = points[complete] if complete.any() else points
    known = np.isfinite(points)
    centred = points - _mean(points, known, axis=1)
    square = np.where(known, centred**2, 0.0).sum(axis=(1, 2), keepdims=True)
    number = known.sum(axis=(1, 2), keepdims=True)
    size = np.sqrt(square / np.maximum(number, 1))
    return _mean(np.divide(centred, size, out=np.full_like(centred, np.nan), where=size > 0), known, axis=0)[0]


def _mean(values: np.ndarray, known: np.ndarray, axis: int) -> np.ndarray:
    number = known.sum(axis=axis, keepdims=True)
    total = np.where(known, values, 0.0).sum(axis=axis, keepdims=True)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _size(shape: np.ndarray) -> float:
    return float(np.linalg.norm(np.ptp(shape, axis=0))) if len(shape) else 0.0


def _mirrored(shape: np.ndarray) -> np.ndarray:
    return np.stack([2 * shape[:, 0].mean() - shape[:, 0], shape[:, 1]], axis=1)


def _distance(shape: np.ndarray, pairs: Sequence[Pair]) -> float:
    """Return how far the mirrored shape lies from itself under these pairs, as ``matched`` does."""
    partner = order(pairs, len(shape))
    apart = np.linalg.norm(_mirrored(shape) - shape[partner], axis=1).mean()
    return float(apart / _size(shape)) if np.isfinite(apart) and _size(shape) else np.inf


def _words(name: str) -> list[str]:
    """Return the words of a name: ``leftEye``, ``left_eye`` and ``Left eye`` have the same."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W\d_]+|\d+", apart)]


def _parsed(text: str, names: Sequence[str]) -> tuple[Pair, ...]:
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        pairs.append(_pair(part, names, text))
    numbers = [k for pair in pairs for k in pair]
    twice = next((a for a, b in pairwise(sorted(numbers)) if a == b), None)
    if twice is not None:
        raise ConfigError(f"--pairs {text}: {names[twice]} is named twice; each point has one partner")
    if not pairs:
        raise ConfigError("--pairs: expected auto, none, or pairs such as 0-16,1-15 or left_eye-right_eye")
    return tuple(sorted(pairs))


def _pair(part: str, names: Sequence[str], text: str) -> Pair:
    """Read ``a-b``; names may hold hyphens themselves."""
    ends = part.split("-")
    for at in range(1, len(ends)):
        a, b = (_number("-".join(each).strip(), names) for each in (ends[:at], ends[at:]))
        if a is not None and b is not None:
            if a == b:
                raise ConfigError(f"--pairs {text}: {part} pairs a point with itself; leave it out")
            return min(a, b), max(a, b)
    unknown = next((end for end in ends if _number(end.strip(), names) is None), part)
    raise ConfigError(
        f"--pairs {text}: expected two points A-B, found {part!r}{nearest(unknown, names)}; the {len(names)} points "
        f"are {listed(names, 10)}, or numbers from 0"
    )


def _number(end: str, names: Sequence[str]) -> int | None:
    if end in names:
        return list(names).index(end)
    return int(end) if end.isdecimal() and int(end) < len(names) else None
