"""Which weights of a training are kept: those of its best epoch, where there are validation images enough to tell it.

On a handful of images the best epoch is the one that happened to suit them; a schedule that runs to its end leaves
weights that are as good or better, and a validation score that chose nothing.
"""

from __future__ import annotations

from convscope.data.dataset import Data
from convscope.text import count

ENOUGH = 30  # validation examples: a tenth of 300


def kept(data: Data) -> dict[str, tuple[str, str]]:
    """Return the setting ``select`` and its reason where validation is too small to choose an epoch by, or nothing."""
    few = len(data.valid)
    if few >= ENOUGH:
        return {}
    return {"select": ("last", f"{count(few, 'validation example')} would choose an epoch by chance")}
