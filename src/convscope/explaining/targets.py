"""Which number of an answer is explained: a class by name, a number, a pixel or an object of a mask."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from convscope.data.spec import Classes, Labels, Pixels, Points, TargetSpec, names_of
from convscope.errors import ConfigError, ShapeError, nearest
from convscope.explaining.score import ChosenScore, RegionScore, Score


@dataclass(frozen=True, eq=False)
class Chosen:
    """The ``score`` of a batch; for each row what is explained in words, and of masks the region (N, \\*space)."""

    score: Score
    said: tuple[str, ...]
    regions: np.ndarray | None = None


def names_of_outputs(target: TargetSpec) -> tuple[str, ...]:
    """Return what the outputs of a network are called, in their order.

    >>> names_of_outputs(Points(("nose",))), names_of_outputs(Classes(("ant", "bee")))
    (('nose x', 'nose y'), ('ant', 'bee'))
    """
    names = names_of(target)
    return tuple(f"{name} {axis}" for name in names for axis in "xy") if isinstance(target, Points) else tuple(names)


def number_of(asked: str | int, names: Sequence[str]) -> int:
    """Return which output is meant, by its name or number; ``ConfigError`` with the nearest name where there is none.

    >>> number_of("bee", ("ant", "bee")), number_of("1", ("ant", "bee")), number_of(0, ("ant", "bee"))
    (1, 1, 0)
    """
    if isinstance(asked, str) and asked in names:
        return list(names).index(asked)
    lower = [name.lower() for name in names]
    if isinstance(asked, str) and lower.count(asked.lower()) == 1:
        return lower.index(asked.lower())
    try:
        number = operator.index(int(asked) if isinstance(asked, str) else asked)
    except (TypeError, ValueError):
        known = ", ".join(names[:12]) + (f" and {len(names) - 12:,} more" if len(names) > 12 else "")
        raise ConfigError(f"--target: there is no {asked!r}{nearest(str(asked), names)}; there are {known}") from None
    if not 0 <= number < len(names):
        raise ConfigError(f"--target {number}: the network has the outputs 0 to {len(names) - 1}")
    return number


def choose(
    outputs: Tensor,
    target: TargetSpec | None = None,
    asked: str | int | None = None,
    at: Sequence[int] | None = None,
    names: Sequence[str] = (),
) -> Chosen:
    """Return what is explained of outputs (N, K), or of every pixel (N, K, \\*space).

    Without ``asked`` it is the answer itself: the likeliest class or label, the first of several numbers; of a mask the
    largest predicted class but the first, all its pixels. With ``at``, a place of a mask, it is the pixel for what was
    predicted there; with both the predicted region of that class around the place, or where there is none the pixel.
    Of an image that is given back it is one pixel, by default the brightest.

    Raises:
        ConfigError: no such output, or a place where nothing is predicted of places. ShapeError: no such place.
    """
    known = names or (names_of_outputs(target) if target is not None else tuple(map(str, range(outputs.shape[1]))))
    if len(known) != outputs.shape[1]:
        known = tuple(map(str, range(outputs.shape[1])))
    if isinstance(target, Pixels):
        return _of_pixels(outputs, known, asked, at)
    if outputs.ndim > 2:
        return _of_places(outputs, known, asked, at)
    if at is not None:
        raise ConfigError("--at names a pixel of a mask, and this network predicts no masks: leave it out")
    if asked is not None:
        numbers = np.full(len(outputs), number_of(asked, known))
    elif target is None or isinstance(target, Classes | Labels):
        numbers = outputs.argmax(1).cpu().numpy()
    else:
        numbers = np.zeros(len(outputs), np.int64)
    return Chosen(ChosenScore(numbers), tuple(known[int(k)] for k in numbers))


def _of_pixels(outputs: Tensor, names: Sequence[str], asked: str | int | None, at: Sequence[int] | None) -> Chosen:
    channel = 0 if asked is None else number_of(asked, names)
    space = tuple(outputs.shape[2:])
    brightest = outputs[:, channel].flatten(1).argmax(1).tolist()
    places = [np.unravel_index(each, space) if at is None else _place(at, space) for each in brightest]
    regions = np.zeros((len(outputs), *space), bool)
    for region, place in zip(regions, places, strict=True):
        region[place] = True
    which = "" if len(names) == 1 else f" of channel {channel}"
    said = (f"the {'brightest ' if at is None else ''}pixel{which} at {', '.join(map(str, place))}" for place in places)
    return Chosen(RegionScore(torch.from_numpy(regions), np.full(len(outputs), channel)), tuple(said), regions)


def _of_places(outputs: Tensor, names: Sequence[str], asked: str | int | None, at: Sequence[int] | None) -> Chosen:
    predicted = outputs.argmax(1).cpu().numpy()  # (N, *space)
    place = None if at is None else _place(at, predicted.shape[1:])
    rows = [_region(each, names, asked, place) for each in predicted]
    regions = np.stack([region for region, _, _ in rows])
    score = RegionScore(torch.from_numpy(regions), np.array([number for _, number, _ in rows]))
    return Chosen(score, tuple(said for _, _, said in rows), regions)


def _region(
    predicted: np.ndarray, names: Sequence[str], asked: str | int | None, place: tuple[int, ...] | None
) -> tuple[np.ndarray, int, str]:
    """Return the places of one example (\\*space) that are explained, the class, and what it is in words."""
    pixel = np.zeros(predicted.shape, bool)
    if place is not None:
        pixel[place] = True
        where = ", ".join(map(str, place))
        if asked is None:
            number = int(predicted[place])
            return pixel, number, f"{names[number]} at {where}"
        number = number_of(asked, names)
        labels, _ = ndimage.label(predicted == number)  # pyright: ignore[reportGeneralTypeIssues]
        if labels[place]:
            return labels == labels[place], number, f"the {names[number]} around {where}"
        return pixel, number, f"{names[number]} at {where}"
    number = _largest(predicted, len(names)) if asked is None else number_of(asked, names)
    region = predicted == number
    if not region.any():
        return np.ones_like(region), number, f"{names[number]}, predicted nowhere: all pixels"
    return region, number, f"all {names[number]}"


def _largest(predicted: np.ndarray, count: int) -> int:
    """Return the class of the most pixels but the first, which is the background; the first where there is no other."""
    sizes = np.bincount(predicted.ravel(), minlength=count)
    return int(sizes[1:].argmax()) + 1 if sizes[1:].any() else 0


def _place(at: Sequence[int], space: tuple[int, ...]) -> tuple[int, ...]:
    place = tuple(at)
    if len(place) != len(space) or not all(0 <= i < n for i, n in zip(place, space, strict=True)):
        names = ("row", "column") if len(space) == 2 else ("slice", "row", "column")[-len(space) :]
        ranges = ", ".join(f"{name} 0..{n - 1}" for name, n in zip(names, space, strict=True))
        raise ShapeError(f"--at {','.join(map(str, place))}: there is no such pixel; expected {ranges}")
    return place
