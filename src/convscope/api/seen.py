"""Which letters of a text, or steps of a signal, a number of a network is computed from."""

from __future__ import annotations

import numpy as np

from convscope.analysis.exact_fields import field
from convscope.tracing.terms import Trace


def seen(trace: Trace) -> str:
    """Say which letters or steps the number of a trace sees; "" where the input is neither, or that is unknown.

    The set is exact: it follows from the graph alone, whatever the weights are.
    """
    forward = trace.forward
    if not forward.letters and not (forward.scaling is not None and forward.scaling.raw.ndim == 2):
        return ""
    if trace.node not in forward.graph.by_name:
        return ""
    place, batch = forward.full(trace.node, trace.at), forward.graph[trace.node].batch
    reached = field(forward.graph, trace.node, [at for axis, at in enumerate(place) if axis != batch])
    if reached.unknown:
        return ""
    mask = np.asarray(reached.places.mask())
    at = np.flatnonzero(mask.reshape(-1, mask.shape[-1]).any(0))
    most = "at most " if reached.at_most else ""
    return f"sees {most}{_letters(at, forward.letters) if forward.letters else _steps(at, mask.shape[-1])}"


def _letters(at: np.ndarray, letters: tuple[str, ...]) -> str:
    if not len(at):
        return "no letter: padding only"
    single = all(len(letter) == 1 for letter in letters)
    written = ("" if single else " ").join(letters[k] if k in at else "·" for k in range(at[0], at[-1] + 1))
    noun = "letter" if single else "token"
    where = f"{noun} {at[0] + 1}" if len(at) == 1 else f"{noun}s {at[0] + 1} to {at[-1] + 1}"
    return f"{where} of {len(letters)}: “{written}”"


def _steps(at: np.ndarray, steps: int) -> str:
    if not len(at):
        return "no step: padding only"
    some = "" if at[-1] - at[0] + 1 == len(at) else f"{len(at)} of the "
    return f"step {at[0]} of {steps}" if len(at) == 1 else f"{some}steps {at[0]} to {at[-1]} of {steps}"
