"""What the catalogue knows of a primitive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convscope.errors import Error, ShapeError

# A shape is filled with normal numbers from a fixed seed; a function makes the array itself (indices, ties, ...).
Given = tuple[int, ...] | Callable[[np.random.Generator], np.ndarray] | None


@dataclass(frozen=True)
class Sample:
    """Arrays in the order of the primitive's inputs, and its keyword arguments.

    ``smooth`` is False where the sample sits on a kink (ties), so that differences say nothing of its derivative.
    """

    arrays: tuple[Given, ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True

    def draw(self, dtype: type = np.float64, seed: int = 0) -> list[np.ndarray | None]:
        """Return the arrays; floating ones have the type ``dtype``."""
        rng = np.random.default_rng(seed)
        return [None if given is None else _draw(given, rng, dtype) for given in self.arrays]


def _draw(given: Given, rng: np.random.Generator, dtype: type) -> np.ndarray:
    array = given(rng) if callable(given) else rng.standard_normal(given)
    array = np.asarray(array)
    return array.astype(dtype) if array.dtype.kind == "f" else array


@dataclass(frozen=True)
class Refusal:
    """A call that must fail with exactly this message.

    A shape is filled with numbers of the type ``dtype``; what a function makes stays as it is.
    """

    arrays: tuple[Given, ...]
    arguments: dict[str, Any]
    message: str
    error: type[Error] = ShapeError
    dtype: Any = np.float64


@dataclass(frozen=True)
class Entry:
    """A primitive's name in ``PRIMITIVES``, its samples, and independent references.

    ``torch`` takes tensors in the order of the inputs (None where absent) and the keyword arguments, and returns the
    output tensor. ``linear`` names the inputs in which the output is linear when the others are held: there the
    backward is the adjoint.
    ``wider`` names the inputs of which the field tells more than what feeds an output: all that may, where the numbers
    of another input say which one does, or all combinations of positions along the axes, where it is not all of them.
    ``decides``: the type of an output that is no number of the field, but True and False or a place, and so has no
    gradient. ``level``: its gradient is 0 everywhere.
    ``products`` counts (multiplications, additions) in a plain loop over the definition, from shapes and arguments.
    """

    name: str
    samples: tuple[Sample, ...]
    refusals: tuple[Refusal, ...]
    torch: Callable[..., Any]
    linear: tuple[str, ...] = ()
    products: Callable[..., tuple[int, int]] | None = None
    wider: tuple[str, ...] = ()
    decides: type | None = None
    level: bool = False
