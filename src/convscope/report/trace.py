"""A trace drawn into a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from convscope.analysis.exact_fields import field
from convscope.report.picture import write_picture
from convscope.tracing.terms import Trace


def write_trace(chain: Sequence[Trace], out: Path) -> Path:
    """Draw a number, and those that follow it, into a PNG or SVG file; ``ConfigError`` for another ending."""
    from convscope.report.figures import trace as figure

    return write_picture(lambda: figure.draw(chain, inputs_seen(chain[0]), last_token(chain)), out)


def last_token(chain: Sequence[Trace]) -> int | None:
    """Return the position of the token of a text at which a way ends: that of its last number which sees only one."""
    if not chain[0].forward.letters:
        return None
    seen = next((seen for trace in reversed(chain) if (seen := inputs_seen(trace)) is not None), None)
    return int(np.flatnonzero(seen[0])[0]) if seen is not None and seen.sum() == 1 else None


def inputs_seen(trace: Trace) -> np.ndarray | None:
    """Return the pixels (H, W), or the steps or tokens (1, T), that the number depends on; None for other inputs."""
    forward = trace.forward
    if trace.node not in forward.graph.by_name or (forward.scaling is None and not forward.letters):
        return None
    place, batch = forward.full(trace.node, trace.at), forward.graph[trace.node].batch
    seen = field(forward.graph, trace.node, [i for axis, i in enumerate(place) if axis != batch])
    mask = seen.places.mask()
    along = forward.letters or (forward.scaling is not None and forward.scaling.raw.ndim == 2)
    space = (1, *mask.shape[-1:]) if along else mask.shape[-2:]
    return None if seen.unknown else np.asarray(mask.reshape(-1, *space).any(0))
