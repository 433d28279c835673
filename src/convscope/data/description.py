"""A loaded set in plain words: the facts to print, and what decoding has to say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from convscope.data.examined import Examined
from convscope.data.ingest.stats import DTYPES, OPAQUE, TRANSPARENT
from convscope.data.ingest.store import Entry
from convscope.data.listing import Listing, Masks, Target
from convscope.data.notice import Notice
from convscope.data.transforms import ImageTransform
from convscope.data.transforms.channels import promotion
from convscope.text import count, listed, told_apart

SHOWN = 20  # files named in a notice
KINDS = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGB with alpha"}
CLASSES_SHOWN = 12


def describe(
    where: str | Path, listing: Listing, entry: Entry, examined: Examined, rule: str, preprocessing: ImageTransform,
    learned: dict[str, str],
) -> dict[str, str]:  # fmt: skip
    """Return the facts of a set, in the order to print them; ``learned`` are those of masks."""
    index = np.delete(entry.index, list(entry.bad))
    low, high = examined.low.min(), examined.high.max()
    stored = len(entry.images) * math.prod(entry.rule.shape)
    if entry.rule.fit == "keep":
        stored = int((index["height"].astype(np.int64) * index["width"]).sum()) * entry.rule.channels
    needed = stored * np.dtype(entry.rule.dtype).itemsize
    size, unit = (needed / 1e6, "MB") if needed < 1e9 else (needed / 1e9, "GB")
    rate = f"{len(entry.index) / max(entry.seconds, 1e-9):,.0f} images/s"
    came = (
        f"from the cache (decoded earlier in {entry.seconds:.1f} s)"
        if entry.hit
        else f"decoded in {entry.seconds:.1f} s ({rate})"
    )
    scale = " ".join(f"{m:.4g}/{s:.4g}" for m, s in zip(preprocessing.mean, preprocessing.std, strict=True))
    return {
        "found": f"{where}: {listing.kind}",
        "images": f"{len(examined.ids):,}, {_sizes(index)}",
        "stored": f"{preprocessing.dtype}, raw values {low:g}..{high:g}, {size:,.1f} {unit}, {came}",
        "sizing": entry.why,
        "splits": splits_said(examined, rule),
        **(learned if isinstance(listing.target, Masks) else learned_said(listing.target, examined)),
        "normalisation": f"mean/standard deviation of the train split, in raw units: {scale}",
    }


def decoding_notices(listing: Listing, entry: Entry) -> tuple[Notice, ...]:
    """Say which files were left out, and what was converted on the way."""
    notices = [Notice("cache", entry.rebuilt)] if entry.rebuilt else []
    if entry.bad:
        bad = tuple(f"{listing.ids[row]}: {why}" for row, why in sorted(entry.bad.items()))
        notices.append(
            Notice("unreadable", f"{len(bad):,} of {count(len(listing.ids), 'image')} cannot be read; left out", bad)
        )
    index = entry.index
    for note in np.unique(index["note"]):
        if note:
            rows = np.flatnonzero(index["note"] == note)
            text = f"{count(len(rows), 'image')} converted: {note.decode()}"
            notices.append(Notice("converted", text, tuple(listing.ids[rows[:SHOWN]].tolist())))
    notices += _opacity(listing, index, entry.rule.channels)
    if (filled := np.flatnonzero(index["filled"])).size:
        numbers = index["height"].astype(np.int64) * index["width"] * index["channels"]
        share = index["filled"][filled].sum() / numbers[filled].sum()
        text = (
            f"{count(len(filled), 'image')} with values that mean no data ({share:.2%} of their numbers): each was "
            "replaced by the mean of the image's other values in its channel"
        )
        notices.append(Notice("no-data", text, tuple(listing.ids[filled[:SHOWN]].tolist())))
    found, numbers = np.unique(index["channels"][index["height"] > 0], return_counts=True)
    if len(found) > 1:
        counts = ", ".join(f"{n:,} {KINDS[c]}" for c, n in zip(found, numbers, strict=True))
        needs = entry.rule.channels
        done = " and ".join(dict.fromkeys(how for c in found if (how := promotion(int(c), needs))))
        text = f"the images have different channels ({counts}); all were brought to {KINDS[needs]}: {done}"
        rows = np.flatnonzero(index["channels"] == found[numbers.argmin()])  # the odd ones out
        notices.append(Notice("channels", text, tuple(listing.ids[rows[:SHOWN]].tolist())))
    return tuple(notices)


def _opacity(listing: Listing, index: np.ndarray, channels: int) -> Iterator[Notice]:
    """Say of which images the opacity was left out."""
    if channels in (2, 4):
        return
    kinds = {
        OPAQUE: "an alpha channel, opaque throughout: it was left out",
        TRANSPARENT: "transparent parts: alpha was left out, and the colours taken as stored beneath it; where "
        "the shape is in alpha alone, lay the images over a background first",
    }
    for alpha, what in kinds.items():
        rows = np.flatnonzero(index["alpha"] == alpha)
        if len(rows):
            text = f"{count(len(rows), 'image')} with {what}"
            yield Notice("alpha", text, tuple(listing.ids[rows[:SHOWN]].tolist()))


def _sizes(index: np.ndarray) -> str:
    """Say how large the images are as stored: height × width × channels, and of which type."""
    heights, widths = index["height"], index["width"]
    types = ", ".join(DTYPES[d] for d in np.unique(index["dtype"]))
    channels = " or ".join(map(str, np.unique(index["channels"])))
    if (heights == heights[0]).all() and (widths == widths[0]).all():
        return f"{heights[0]} × {widths[0]} × {channels} {types}"
    return f"{heights.min()}..{heights.max()} × {widths.min()}..{widths.max()} × {channels} {types}"


def splits_said(examined: Examined, rule: str) -> str:
    """Say how many examples each split has, and by which rule.

    >>> nothing = np.zeros((3, 16), np.uint8)
    >>> splits_said(Examined(nothing, nothing, (), np.array(["train", "test", "train"]), None, nothing), "as given")
    'train 2, test 1 (as given)'
    """
    counts = ", ".join(f"{name} {(examined.split == name).sum():,}" for name in _present(examined))
    return f"{counts} ({rule})"


def groups_said(examined: Examined) -> dict[str, str]:
    """Say which groups each split holds, where there are some; what has no group is one of its own, and not named.

    >>> nothing, groups = np.zeros((3, 16), np.uint8), np.array(["ann", "bob", "ann"])
    >>> groups_said(Examined(nothing, nothing, (), np.array(["train", "test", "train"]), groups, nothing))
    {'groups': '2: train ann; test bob'}
    """
    if examined.groups is None:
        return {}
    names = np.asarray(examined.groups)
    held = {split: [*dict.fromkeys(sorted(map(str, names[examined.split == split])))] for split in _present(examined)}
    parts = (f"{split} {listed(filter(None, groups))}" for split, groups in held.items() if any(groups))
    number = len({*map(str, names)} - {""})
    return {"groups": f"{number:,}: {'; '.join(parts)}"} if number else {}


def _present(examined: Examined) -> list[str]:
    return [name for name in ("train", "valid", "test") if (examined.split == name).any()]


def learned_said(target: Target, examined: Examined) -> dict[str, str]:
    """Say what is to be learned, under the name of its kind."""
    if target.kind == "class":
        return {"classes": _classes(examined, _present(examined))}
    if target.kind == "multilabel":
        counts = (f"{name} {n:,}" for name, n in zip(target.names, target.values.sum(axis=0), strict=True))
        bare = int((target.values.sum(axis=1) == 0).sum())
        without = f"; {count(bare, 'example')} without any" if bare else ""
        return {"labels": f"{len(target.names)}: {listed(counts, CLASSES_SHOWN)}{without}"}
    missing = int((~np.isfinite(target.values)).sum())
    if target.kind == "points":
        lacking = f"; {missing // 2:,} missing" if missing else ""
        what = f"{len(target.names)} an image, x and y in pixels of the image as stored: {listed(target.names, 6)}"
        return {"points": what + lacking}
    lacking = f"; {missing:,} missing" if missing else ""
    columns = zip(target.names, target.units, target.values.T, strict=True)
    each = (_spread(name, unit, values[np.isfinite(values)]) for name, unit, values in columns)
    return {"numbers": f"{len(target.names)}: {'; '.join(each)}{lacking}"}


def _spread(name: str, unit: str, known: np.ndarray) -> str:
    low, high, mean = (told_apart(value, known.std()) for value in (known.min(), known.max(), known.mean()))
    return f"{name} {low} to {high}{f' {unit}' if unit else ''}, mean {mean}, standard deviation {known.std():.4g}"


def _classes(examined: Examined, present: list[str]) -> str:
    """Count each class in each split."""
    K = len(examined.classes)
    counts = np.stack([np.bincount(examined.labels[examined.split == name], minlength=K) for name in present])
    each = (f"{name} {'/'.join(f'{n:,}' for n in counts[:, k])}" for k, name in enumerate(examined.classes))
    totals = counts.sum(0)
    span = f"; {totals.min():,} to {totals.max():,} {examined.noun}s each" if K > CLASSES_SHOWN else ""
    return f"{K} ({'/'.join(present)}): {listed(each, CLASSES_SHOWN)}{span}"
