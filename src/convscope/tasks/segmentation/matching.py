"""The masks of another set, brought to the classes that a network has learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convscope.data.columns import Column, Converted
from convscope.data.names import composed
from convscope.data.spec import FieldSpec, Instances, PixelClasses
from convscope.errors import DataError, nearest
from convscope.tasks.matching import Matched
from convscope.tasks.segmentation.borders import VOID
from convscope.text import listed


def reading(target: PixelClasses | Instances) -> dict[str, str]:
    """Return which kind of masks another set has, where a few of them could be taken for another one.

    Of two classes the values tell: in whichever two numbers they are stored, they are background and object.

    >>> reading(PixelClasses(("sky", "tree", "road"), (0.5, 0.3, 0.2)))
    {'mask': 'classes'}
    """
    if isinstance(target, Instances):
        return {"mask": "instances"}
    return {"mask": "classes"} if len(target.names) > 2 else {}


def match(stored: Column, spec: FieldSpec, target: PixelClasses | Instances) -> Matched:
    """Return masks with the numbers that the classes have in ``target``; by name, not by order.

    Raises ``DataError`` for a class that was not learned.
    """
    if isinstance(target, Instances) or spec.names == target.names:
        return Matched(stored)
    learned = [composed(name) for name in target.names]
    unknown = [name for name in spec.names if composed(name) not in learned]
    if unknown:
        raise DataError(
            f"the set's masks have the class {unknown[0]!r}, which this run has not learned"
            f"{nearest(unknown[0], learned)}; it has learned {listed(learned, 20)}: name the classes (--classes), or "
            "leave one out (--ignore)"
        )
    numbers = np.full(256, VOID, np.uint8)
    numbers[: len(spec.names)] = [learned.index(composed(name)) for name in spec.names]
    return Matched(Converted(stored, replace(spec, names=target.names), lambda mask: numbers[mask]))  # pyright: ignore
