"""The classes of another set, numbered as the network does."""

from __future__ import annotations

import numpy as np

from convscope.data.names import composed
from convscope.data.spec import Classes, FieldSpec
from convscope.errors import DataError, nearest
from convscope.tasks.matching import Matched
from convscope.text import count, listed


def match(stored: np.ndarray, spec: FieldSpec, target: Classes) -> Matched:
    """Return the labels (n,) of another set, whose classes ``spec`` names, as numbers of the target's classes.

    Raises ``DataError`` for a class that was not learned; says which of those that were have no example.
    """
    present = [composed(spec.names[k]) for k in np.unique(stored)]
    known = tuple(map(composed, target.names))
    for name in present:
        if name not in known:
            others = sum(other not in known for other in present) - 1
            more = f" (nor {count(others, 'other class', 'other classes')} of the set)" if others else ""
            raise DataError(
                f"this run does not know the class {name!r}{more}{nearest(name, known)}; it names {listed(known, 20)}: "
                "leave other examples out of the set, or name their class as one of these"
            )
    number = {name: k for k, name in reversed(list(enumerate(known)))}
    labels = np.array([number.get(composed(name), -1) for name in spec.names])[stored]
    absent = [name for k, name in enumerate(target.names) if not (labels == k).any()]
    if not absent:
        return Matched(labels)
    return Matched(labels, (f"no example of {count(len(absent), 'class', 'classes')}: {listed(absent)}",))
