"""What the error of a point is divided by, so that large and small objects count alike.

The distance of the outer eye corners is the usual one of the 68 points of a face (Sagonas et al., ICCV Workshops 2013).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.errors import ConfigError, nearest

FACE, EYE_CORNERS = 68, (36, 45)  # points of the 300-W scheme, and its outer eye corners, from 0
LEAST = 3  # points that make a box worth measuring by

SAID = {
    "inter-ocular": "the distance of the outer eye corners",
    "box": "the diagonal of the points' box",
    "size": "the root of the area of the points' box",
    "pixels": "nothing: pixels of the image",
}


def chosen(points: int) -> str:
    """Return the normaliser of sets with so many points.

    >>> chosen(68), chosen(5), chosen(1)
    ('inter-ocular', 'box', 'pixels')
    """
    return "inter-ocular" if points == FACE else "box" if points >= LEAST else "pixels"


def checked(normaliser: str, names: Sequence[str]) -> str:
    """Return a normaliser that the user names, in one form.

    It is one of ``SAID``, or two points, by name or by number from 0.

    Raises:
        ConfigError: no such normaliser, or no such points.

    >>> checked("nose, 2", ["nose", "ear", "tail"])
    'nose,tail'
    """
    if normaliser == "inter-ocular" and len(names) != FACE:
        raise ConfigError(
            f"--normaliser inter-ocular is for the {FACE} points of a face; these are {len(names)}: name the two eye "
            "corners, as in --normaliser left_eye,right_eye"
        )
    if normaliser in SAID:
        return normaliser
    ends = [end.strip() for end in normaliser.split(",")]
    if len(ends) != 2:
        raise ConfigError(
            f"--normaliser {normaliser}: expected {', '.join(SAID)}, or two points A,B{nearest(normaliser, SAID)}"
        )
    a, b = (_name(end, names, normaliser) for end in ends)
    if a == b:
        raise ConfigError(f"--normaliser {normaliser}: these are one point, {a}; name two")
    return f"{a},{b}"


def said(normaliser: str) -> str:
    """Say what errors are divided by.

    >>> said("nose,tail")
    'the distance of nose and tail'
    """
    return SAID.get(normaliser) or "the distance of {} and {}".format(*normaliser.split(","))


def lengths(points: np.ndarray, normaliser: str, names: Sequence[str]) -> tuple[np.ndarray, int]:
    """Return what the errors of each example (n,) are divided by, from its true points (n, K, 2), and how many lack it.

    Where it is not known, or 0, because points are missing or lie upon each other, the median of the others stands in;
    where none has it, 1.

    >>> lengths(np.array([[[0.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, np.nan]]]), "box", ["a", "b"])
    (array([5., 5.]), 1)
    """
    if normaliser == "pixels":
        return np.ones(len(points)), 0
    if normaliser in ("box", "size"):
        sides = _sides(points)
        length = np.hypot(*sides.T) if normaliser == "box" else np.sqrt(sides.prod(axis=1))
    else:
        a, b = EYE_CORNERS if normaliser == "inter-ocular" else map(list(names).index, normaliser.split(","))
        length = np.linalg.norm(points[:, a] - points[:, b], axis=1)
    usable = np.isfinite(length) & (length > 0)
    stand_in = np.median(length[usable]) if usable.any() else 1.0
    return np.where(usable, length, stand_in), int((~usable).sum())


def _sides(points: np.ndarray) -> np.ndarray:
    """Return width and height (n, 2) of the box of each example's known points, NaN where it has none."""
    known = np.asarray(np.isfinite(points).all(axis=2, keepdims=True))
    low, high = np.where(known, points, np.inf).min(axis=1), np.where(known, points, -np.inf).max(axis=1)
    return np.where(known.any(axis=1), high - low, np.nan)


def _name(end: str, names: Sequence[str], normaliser: str) -> str:
    if end in names:
        return end
    if end.isdecimal() and int(end) < len(names):
        return names[int(end)]
    raise ConfigError(
        f"--normaliser {normaliser}: there is no point {end!r}{nearest(end, names)}; the {len(names)} points are "
        f"{', '.join(names[:10])}{', ...' if len(names) > 10 else ''}, or numbers from 0"
    )
