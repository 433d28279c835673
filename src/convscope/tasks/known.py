"""Is there something to learn from, and to score by, in every split?"""

from __future__ import annotations

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.errors import DataError

OTHERS = "other examples must be in it (a column 'split', --split-file, or --valid and --test)"


def refuse_unknown(data: Data, what: str) -> None:
    """Raise ``DataError`` where no example of a split has any ``what`` (numbers, points) that is known."""
    for split in data.splits:
        if len(split) and not np.isfinite(split.target).any():
            raise DataError(f"no {split.name} example of {len(split):,} has any {what} that is known; {OTHERS}")


def refuse_alike(split: Split, what: str) -> None:
    """Raise ``DataError`` where all examples of a split have the same ``what``."""
    values = split.target.reshape(len(split), -1)
    if len(split) and all(len(np.unique(column[np.isfinite(column)])) < 2 for column in values.T):
        doing = "learn" if split.name == "train" else "score by"
        raise DataError(
            f"nothing to {doing}: all {len(split):,} {split.name} examples have the same {what}, or none; {OTHERS}"
        )
