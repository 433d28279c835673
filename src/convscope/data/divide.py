"""Which examples train, validate and test: as the user says, as the set does, or drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convscope.data import splits
from convscope.data.folds import Draw, of_fold, redrawn
from convscope.data.listing import Listing
from convscope.data.options import LoadOptions
from convscope.data.split_file import read_split_file
from convscope.data.strata import strata

UsualValid = Callable[[np.ndarray], float | int | None]  # given splits (n,), "" for none -> a share, or a number


def divide(
    listing: Listing, good: np.ndarray | slice, options: LoadOptions, usual_valid: UsualValid | None = None
) -> tuple[np.ndarray, str]:
    """Return the split (k,) of each readable example, and the rule: the set's own, a file's, of folds, or drawn.

    ``usual_valid`` says, of the splits that are given, how much validates where neither the user nor the set does.
    """
    groups = None if listing.groups is None else listing.groups[good]
    target = listing.target[good]
    draw = Draw(listing.split[good], options.valid, options.test, options.seed)
    if options.split_file is not None:
        words = f"as {options.split_file} says"
        draw = draw._replace(given=read_split_file(options.split_file, listing.ids[good]), words=words)
    if options.folds is not None:
        units = splits.number_units(groups, len(target))
        folded, words = of_fold(strata(target).of, units, options.folds, options.fold or 1, seed=options.seed)
        draw = draw._replace(given=folded, words=words)
    draw = redrawn(draw, options.resample or 0)
    if usual_valid is not None and draw.valid is None and "valid" not in draw.given:
        draw = draw._replace(valid=usual_valid(draw.given))
    return splits.assign(target, groups, **draw._asdict())
