"""Which augmentations keep the label, judged by the images, their size, and what the classes are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from convscope.data.augment.mirroring import mirroring
from convscope.data.augment.policy import Policy
from convscope.data.dataset import Data
from convscope.data.transforms import ImageTransform

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
_SIGN_WORDS = {*_NUMBERS.split(), "digit", "letter", "number"}
_SIDES = {"left", "right", "clockwise", "anticlockwise", "counterclockwise"}
_LARGE = 64  # pixels a side; smaller images are usually cut to fit their object, and zooming only crops it


def default_policy(data: Data) -> tuple[Policy, str]:
    """Return augmentations that do not change the label of a set's images, and the reason.

    Images are mirrored left to right unless they say themselves that this makes another class of them (``mirroring``),
    or a class name says a side (left, right). Where they do not say, names do: ten digits or letters, and words for
    them, are signs, of which a mirrored one is another or none; two classes 0 and 1 may be anything. Signs are only
    turned, zoomed and shifted a little. Objects are shifted; large ones are zoomed too, and large colour images change
    their light. Off stay: turning upside down, since most pictures have an up (where they have none, as under a
    microscope, ask for ``tissue``, ``microscopy`` or ``vflip rot90``), and ``cutout``, which may hide a small object
    whole.
    """
    if data.target_kind != "class" or not isinstance(data.preprocessing, ImageTransform):
        return Policy(), "none: what leaves the target of these examples as it is must be said"
    words, shape = [_words(name) for name in data.classes], data.preprocessing
    mirrored = mirroring(data.train, len(data.classes))
    if _signs(words) and (mirrored == "changes" or (mirrored == "unclear" and _surely_signs(words))):
        reason = "classes named by digits or letters: no flips, since a mirrored sign is another one or none"
        return Policy.parse("digits"), reason
    sides = sorted({word for name in words for word in name} & _SIDES)
    policy = replace(Policy.parse("natural"), hflip=not sides and mirrored != "changes")
    if min(shape.height, shape.width) < _LARGE:
        policy = replace(policy, scale=0.0, brightness=0.0, contrast=0.0)
    elif shape.channels != 3:
        policy = replace(policy, brightness=0.0, contrast=0.0)
    if sides:
        return policy, f"a class name says {sides[0]!r}: not mirrored"
    if mirrored == "changes":
        return policy, "mirrored images look like those of another class: not mirrored"
    return policy, "objects: mirrored left to right but kept upright (without an up, add vflip rot90)"


def said_by(names: Sequence[str]) -> tuple[bool, str]:
    """Return whether names are surely those of signs, and the first side that one of them says, "" for none.

    >>> said_by(["four", "zero"]), said_by(["left lung", "rib"]), said_by(["rust", "scab"])
    ((True, ''), (False, 'left'), (False, ''))
    """
    words = [_words(name) for name in names]
    sides = sorted({word for name in words for word in name} & _SIDES)
    return _signs(words) and _surely_signs(words), sides[0] if sides else ""


def _signs(words: list[list[str]]) -> bool:
    return all(name and all(map(_is_sign, name)) for name in words)


def _surely_signs(words: list[list[str]]) -> bool:
    return len(words) >= 10 or any(word in _SIGN_WORDS for name in words for word in name)


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+", name.casefold())


def _is_sign(word: str) -> bool:
    return len(word) == 1 or word.isdigit() or word in _SIGN_WORDS
