"""Signals in a NumPy archive: x (n, steps) of real numbers, or, called signals, (n, steps) or (n, channels, steps).

Two axes an example are those of a grey image, and whole numbers in one axis may be an image laid flat, unless the
array's name says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sequences.signals import Signals
from convscope.data.sources import npz
from convscope.data.sources.columns import Columns, plain
from convscope.text import count, listed

WORDS = ("signal", "signals")
SHOWN = 20


def holds(path: Path, columns: Columns) -> bool:
    """Return whether the examples of an archive are signals."""
    told = npz.input_of(path, columns)
    if told is None:
        return False
    name, shape, dtype = told
    named = any(plain(name).startswith(word) for word in WORDS)
    return len(shape) in (1, 2) and (named or (len(shape) == 1 and dtype.kind == "f"))


def read(path: Path, columns: Columns) -> Listing:
    """List the signals of one ``.npz``; ``npz.read`` says what it raises.

    Signals with values that are not finite are the listing's ``absent``.
    """
    listing = npz.read(path, columns, _as_signals)
    images = listing.images
    assert isinstance(images, npz.ArrayImages)
    values = [np.asarray(signal, np.float32) for block in images.blocks() for signal in block]
    good = np.array([columns.fill or bool(np.isfinite(signal).all()) for signal in values], bool)
    ids = [str(each) for each in listing.ids.tolist()]
    kept = np.flatnonzero(good)
    absent = None
    if len(kept) < len(values):
        bad = [f"{ids[at]}: {_where(values[at])}" for at in np.flatnonzero(~good).tolist()]
        text = (
            f"{path}: {len(bad):,} of {count(len(values), 'signal')} cannot be used: {listed(bad, 3)}; --nodata "
            "nan fills missing values by the line between their neighbours"
        )
        absent = Notice("bad-rows", text, tuple(bad[:SHOWN]))
    return replace(
        listing,
        images=Signals([values[at] for at in kept.tolist()], [ids[at] for at in kept.tolist()]),
        ids=listing.ids[kept],
        target=listing.target[kept],
        split=listing.split[kept],
        groups=None if listing.groups is None else listing.groups[kept],
        absent=absent,
    )


def _where(signal: np.ndarray) -> str:
    step, channel = np.argwhere(~np.isfinite(signal))[0].tolist()
    return f"{signal[step, channel]} at step {step:,} of channel {channel}"


def _as_signals(shape: tuple[int, ...]) -> npz.Layout:
    """Read arrays (n, steps) or (n, channels, steps) as signals, steps first."""
    if len(shape) == 1:
        return npz.Layout((*shape, 1), lambda block: block[..., None], "steps")
    return npz.Layout(shape[::-1], lambda block: np.moveaxis(block, 1, 2), "channels × steps")
