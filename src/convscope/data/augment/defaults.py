"""Which augmentations keep the label, judged by what the classes are called and how large the images are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from convscope.data.augment.policy import Policy

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
_SIGN_WORDS = {*_NUMBERS.split(), "digit", "letter", "number"}
_SIDES = {"left", "right", "clockwise", "anticlockwise", "counterclockwise"}
_LARGE = 64  # pixels a side; smaller images are usually cut to fit their object, and zooming only crops it


def default_policy(classes: Sequence[str], channels: int, height: int, width: int) -> tuple[Policy, str]:
    """Return augmentations that do not change the label of images (channels, height, width), and the reason.

    Classes named by digits, letters or number words are signs: a mirrored or upturned sign is another one or none, so
    they are only turned, zoomed and shifted a little. Classes that name a side (left, right) are not mirrored. All
    others are mirrored left to right and shifted; large images are zoomed too, and large colour images change their
    light. Off stay: turning upside down, since most pictures have an up (where they have none, as under a microscope,
    ask for ``tissue``, ``microscopy`` or ``vflip rot90``), and ``cutout``, which may hide a small object whole.

    >>> policy, reason = default_policy(["cat", "dog"], 3, 32, 32)
    >>> str(policy)
    'hflip shift=0.1'
    """
    words = [_words(name) for name in classes]
    if all(name and all(_is_sign(word) for word in name) for name in words):
        reason = "classes named by digits or letters: no flips, since a mirrored sign is another one or none"
        return Policy.parse("digits"), reason
    sides = sorted({word for name in words for word in name} & _SIDES)
    policy = replace(Policy.parse("natural"), hflip=not sides)
    if min(height, width) < _LARGE:
        policy = replace(policy, scale=0.0, brightness=0.0, contrast=0.0)
    elif channels != 3:
        policy = replace(policy, brightness=0.0, contrast=0.0)
    if sides:
        return policy, f"a class name says {sides[0]!r}: not mirrored"
    return policy, "objects: mirrored left to right but kept upright (without an up, add vflip rot90)"


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+", name.casefold())


def _is_sign(word: str) -> bool:
    return len(word) == 1 or word.isdigit() or word in _SIGN_WORDS
