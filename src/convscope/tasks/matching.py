"""The targets of another set, brought to what a network has learned: by their names, not by their order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convscope.data.names import composed
from convscope.data.spec import FieldSpec, TargetSpec, names_of
from convscope.errors import DataError, nearest
from convscope.text import listed


class Matched(NamedTuple):
    """Stored targets (n, ...) as a network has learned them, and what is to be said of them."""

    stored: Any
    notices: tuple[str, ...] = ()


def matched(stored: np.ndarray, spec: FieldSpec, target: TargetSpec) -> Matched:
    """Return the targets (n, K, ...) of another set, described by ``spec``, in the order that was learned.

    Further targets of the set are left out. Raises ``DataError`` where the set lacks a learned target, or has it in
    other units.
    """
    has, learned = tuple(map(composed, spec.names)), tuple(map(composed, names_of(target)))
    for name in learned:
        if name not in has:
            raise DataError(
                f"this run has learned {name!r}, which the set does not have{nearest(name, has)}; it has "
                f"{listed(has, 20) if has else 'no names'}: rename its column"
            )
    at = [has.index(name) for name in learned]
    units = getattr(target, "units", ())
    if units and spec.units and (set_units := tuple(spec.units[k] for k in at)) != units:
        other = [
            f"{name} in {mine or 'no unit'}, here in {theirs or 'no unit'}"
            for name, mine, theirs in zip(learned, units, set_units, strict=True)
            if mine != theirs
        ]
        raise DataError(f"this run has learned {listed(other)}: bring the set's numbers to the units of the run")
    if at == list(range(len(has))):
        return Matched(stored)
    return Matched(stored[:, at])
