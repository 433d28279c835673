"""What is wrong with masks: their size beside that of their image, soft edges, photographs, NaN."""

from __future__ import annotations

import numpy as np

from convscope.data.ingest.pool import Bad
from convscope.data.masks.census import SPECK, Census
from convscope.data.masks.kinds import FEW
from convscope.data.masks.rule import value_text
from convscope.data.masks.store import Raw
from convscope.errors import DataError
from convscope.text import count, listed, percent

STRAY, STRAY_IN_ONE = 0.001, 0.01  # of the pixels, and of those of one mask, may be off; more are soft edges
SHOWN = 20


def wrong_sizes(raw: Raw, sizes: np.ndarray) -> Bad:
    """Return which masks are not as large as their image; ``sizes`` (n, d), 0 for an image that cannot be read."""
    bad: Bad = {}
    masks = np.pad(raw.sizes, ((0, 0), (sizes.shape[1] - raw.sizes.shape[1], 0)))  # of volumes none of which is read
    for row in np.flatnonzero((masks != sizes).any(1) & (sizes > 0).all(1)).tolist():
        if row in raw.bad:
            continue
        image, mask = sizes[row].tolist(), masks[row].tolist()
        turned = ""
        if mask == image[::-1]:
            turned = " (turned by 90°: the image's EXIF tag turns it, or the mask was saved transposed; turn the mask)"
        axes = " × ".join(("depth", "height", "width")[-len(mask) :])
        bad[row] = f"the mask is {_said(mask)}, its image {_said(image)}, {axes}{turned}"
    return bad


def _said(size: list[int]) -> str:
    """Return a size as the facts of a set say it: height × width, of a volume with its depth before them."""
    return " × ".join(f"{side:,}" for side in size)


def not_finite(raw: Raw) -> Bad:
    """Return which masks hold NaN or infinity."""
    return {
        row: f"{count(int(raw.masks['not_finite'][row]), 'pixel is', 'pixels are')} NaN or infinite; call them void "
        "with --ignore nan, or fill them"
        for row in np.flatnonzero(raw.masks["not_finite"]).tolist()
    }


def unusable(names: np.ndarray, bad: Bad) -> DataError:
    """Return one error that lists the masks that cannot be used: the first 20, and how many in all."""
    lines = "".join(f"\n  {names[row]}: {why}" for row, why in sorted(bad.items())[:SHOWN])
    more = f"\n  ... and {len(bad) - SHOWN:,} more" if len(bad) > SHOWN else ""
    return DataError(
        f"{len(bad):,} of {count(len(names), 'mask')} cannot be used; repair or remove them, or leave the pairs out "
        "with --skip-bad:" + lines + more
    )


def check_soft(census: Census, soft: np.ndarray, names: np.ndarray, distinct: np.ndarray) -> None:
    """Raise ``DataError`` where more pixels than a few lie off the main values; ``soft`` (k,) marks those values.

    ``distinct`` (n,) is how many values each mask holds.
    """
    share = census.pixels[soft].sum() / max(1, census.pixels.sum())
    off = np.bincount(census.row, census.area * soft[census.at], len(names))
    total = np.maximum(1, np.bincount(census.row, census.area, len(names)))
    worst = int(np.argmax(off / total))
    if share <= STRAY and (off / total)[worst] <= STRAY_IN_ONE:
        return
    files = int((off > 0).sum())
    main = [value_text(v, colours=census.colours) for v in census.values[~soft]]
    what = "colours" if census.colours else "values"
    if not main or (~soft).sum() > FEW or share > 0.5:
        raise DataError(
            f"{names[worst]} is no mask: {count(int(distinct[worst]), 'value')} in pieces of fewer than "
            f"{SPECK} pixels on average, as in a photograph ({count(files, 'file')} like it); give masks of a few "
            f"{what}, or of numbered objects"
        )
    if len(main) == 2 and not census.colours:
        low, high = (float(v) for v in census.values[~soft])
        middle = 128 if (low, high) == (0, 255) else (low + high) / 2
        remedy = f"take what is at least {middle:g} for the object with --mask-threshold {middle:g}"
    else:
        remedy = "save the masks as PNG, without smoothing and resized by the nearest pixel"
    raise DataError(
        f"the masks have soft edges: {percent(float(share))} of the pixels in {count(files, 'file')} lie off the main "
        f"{what} ({listed(main, 8)}), most in {names[worst]} ({percent(float((off / total)[worst]))}); {remedy}"
    )
