"""A trace drawn into a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from convscope.analysis.fields import field
from convscope.errors import ConfigError
from convscope.runs.write import write_file
from convscope.tracing.terms import Trace

KINDS, DPI = (".png", ".svg"), 150


def write_trace(chain: Sequence[Trace], out: Path) -> Path:
    """Draw a number, and those that follow it, into a PNG or SVG file; ``ConfigError`` for another ending."""
    from convscope.report.figures import style
    from convscope.report.figures import trace as figure

    kind = out.suffix.lower()
    if kind not in KINDS:
        raise ConfigError(f"--out {out}: a picture's name ends in {' or '.join(KINDS)}")
    file = io.BytesIO()
    with style.applied():
        drawn = figure.draw(chain, _seen(chain[0]))
        drawn.savefig(file, format=kind[1:], dpi=DPI, metadata={"Date": None} if kind == ".svg" else None)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_file(out, file.getvalue())
    return out


def _seen(trace: Trace) -> np.ndarray | None:
    """Return the pixels (H, W) that the number depends on, in any channel; None where the input is no image."""
    forward = trace.forward
    if trace.node not in forward.graph.by_name or forward.scaling is None:
        return None
    found = field(forward.graph, trace.node, forward.full(trace.node, trace.at))
    mask = found.places.mask()
    return None if found.unknown else np.asarray(mask.reshape(-1, *mask.shape[-2:]).any(0))
