"""From a listing of images to a data set: decoded into the cache, sized, divided, checked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from convscope.data import checks
from convscope.data.boxes import placed_in, squares
from convscope.data.checks import locality
from convscope.data.checks.places import check_places
from convscope.data.dataset import Dataset, Notice, Split
from convscope.data.description import decoding_notices, describe
from convscope.data.examined import Examined
from convscope.data.fingerprint import fingerprint
from convscope.data.ingest import store as caching
from convscope.data.ingest.build import Progress, Size, unreadable
from convscope.data.ingest.stats import moments
from convscope.data.learned import Learned, learned_of
from convscope.data.listing import Listing, Masks, Target
from convscope.data.masks import MaskRule
from convscope.data.options import LoadOptions
from convscope.data.sources.files import FileImages
from convscope.data.transforms import ImageTransform
from convscope.data.transforms.resize import Fit, fit_for
from convscope.errors import ConfigError, DataError

Divide = Callable[[Listing, np.ndarray | slice, LoadOptions], tuple[np.ndarray, str]]


def load_images(
    source: str | Path, listing: Listing, options: LoadOptions, root: Path, tell: Progress, divide: Divide
) -> Dataset:
    """Return the images of a listing as a data set; ``divide`` draws the splits, ``root`` is the folder of caches."""
    _refuse_spacing(options)
    options = replace(options, fit=_fit(listing, options))
    boxes = _boxes(listing, options.crop_points)
    entry = caching.entry(listing.images, _size(options, boxes), root, options.processes, tell)
    with _with_unreadable(listing, entry, skip_bad=options.skip_bad):
        learned = learned_of(listing, entry, options, root, tell)
    good = _readable(listing, entry, learned, skip_bad=options.skip_bad)
    groups = None if listing.groups is None else listing.groups[good]
    split, rule = divide(listing, good, options)
    index = entry.index[good]
    examined = Examined(
        listing.ids[good], listing.labels[good], listing.classes, split, groups,
        index["content"], index["thumbprint"], index["low"], index["high"], index["outlier"], index["outliers"],
        index["height"].astype(np.int64) * index["width"] * index["channels"], options.nodata,
    )  # fmt: skip
    readable = np.arange(len(listing.ids))[good]
    rows = {name: readable[split == name] for name in ("train", "valid", "test")} | {"all": readable}
    mean, std = moments(entry.index[rows["train"]], _pixels(entry)[rows["train"]])
    transform = replace(entry.rule, mean=mean, std=std)
    cropped = options.crop_points
    return Dataset(
        name=listing.name,
        source=str(source),
        columns={"image": entry.images, learned.column.spec.name: learned.column},
        inputs=("image",),
        targets=(learned.column.spec.name,),
        rows=rows,
        ids=listing.ids,
        groups=listing.groups,
        transforms={"image": transform},
        placements=_placements(entry, boxes),
        fingerprint=fingerprint(learned.column.spec.names, examined.content, learned.hashed(good), split),
        facts=describe(source, listing, entry, examined, rule, transform, learned.facts) | _cut(cropped, entry),
        warnings=(
            *listing.notices,
            *decoding_notices(listing, entry),
            *learned.notices,
            *learned.of_splits(good, split),
            *_places(listing, entry, good, cropped),
            *_scaled(listing, index, transform),
            *checks.run(examined),
            *locality.check_images(entry.images, rows["train"]),
        ),
        cache=entry.folder,
        decoding=entry.seconds,
        options=options.to_settings(),
        masks=learned.meaning,
    )


def load_labelled_images(
    source: str | Path, listing: Listing, rule: ImageTransform, options: LoadOptions, root: Path, tell: Progress,
    masks: MaskRule | None,
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:  # fmt: skip
    """Return all images of a listing as one split, sized by ``rule``, the split (n,) given to each, and notices."""
    boxes, alpha = _boxes(listing, options.crop_points), rule.channels in (2, 4)
    size = Size(
        (rule.height, rule.width), rule.fit, options.max_pixels, nodata=rule.nodata, alpha=alpha, boxes=boxes
    )  # fmt: skip
    entry = caching.entry(listing.images, size, root, options.processes, tell)
    with _with_unreadable(listing, entry, skip_bad=options.skip_bad):
        learned = learned_of(listing, entry, options, root, tell, masks)
    good = _readable(listing, entry, learned, skip_bad=options.skip_bad)
    name = learned.column.spec.name
    data = Dataset(
        listing.name, str(source), {"image": entry.images, name: learned.column}, ("image",), (name,),
        {"all": np.arange(len(listing.ids))[good]}, listing.ids, listing.groups, placements=_placements(entry, boxes),
        masks=learned.meaning,
    )  # fmt: skip
    notices = (*listing.notices, *decoding_notices(listing, entry), *learned.notices)
    return data.everything, listing.split[good], notices


def _refuse_spacing(options: LoadOptions) -> None:
    if options.spacing is not None:
        raise ConfigError("--spacing: for volumes, and these are images; say --stacks volumes, or leave it out")


def _fit(listing: Listing, options: LoadOptions) -> Fit:
    """Return how images are resized; with masks they are not, and others do not keep different sizes."""
    fit = fit_for(listing.target.kind, options.fit)
    masked = isinstance(listing.target, Masks)
    if masked and fit != "keep":
        raise ConfigError(
            f"--fit {fit}: images with masks keep their sizes, since a resized mask is another one; leave it out"
        )
    if fit == "keep" and not masked:
        raise ConfigError(f"--fit keep: for images with masks; {listing.name} is {listing.kind}: choose another")
    return fit


def _pixels(entry: caching.Entry) -> np.ndarray:
    """Return how many pixels each stored image has, (n,)."""
    if entry.rule.fit == "keep":
        return entry.index["height"].astype(np.int64) * entry.index["width"]
    return np.full(len(entry.index), entry.rule.height * entry.rule.width)


def _scaled(listing: Listing, index: np.ndarray, transform: ImageTransform) -> tuple[Notice, ...]:
    """Tell that images of different sizes do not keep their scale, where a number may depend on it."""
    sizes = {(transform.height, transform.width), *zip(index["height"].tolist(), index["width"].tolist(), strict=True)}
    if listing.target.kind != "number" or transform.fit == "centre" or len(sizes) == 1:
        return ()
    text = (
        f"images are scaled to {transform.height} × {transform.width}: where a number depends on the scale (an area, a "
        "length, a count per pixel), give all images at one scale and keep it with --fit centre"
    )
    return (Notice("scaled", text),)


def _size(options: LoadOptions, boxes: np.ndarray | None) -> Size:
    nodata = () if options.nodata is None else (options.nodata,)
    assert options.fit != "auto"
    return Size(options.img_size, options.fit, options.max_pixels, options.side, nodata, options.alpha, boxes)


def _cut(share: float | None, entry: caching.Entry) -> dict[str, str]:
    """Say that images are cut to their points, where they are."""
    if share is None:
        return {}
    return {"sizing": f"the square around each image's true points, {100 * share:g} % wider at each end; {entry.why}"}


def _boxes(listing: Listing, share: float | None) -> np.ndarray | None:
    """Return the part of each image that is taken, (n, 4), where the true points are to say so."""
    if share is None:
        return None
    target = listing.target
    if isinstance(target, Masks) or target.kind != "points" or not isinstance(listing.images, FileImages):
        raise ConfigError(f"--crop-points: for files of images with points; {listing.name} is {listing.kind}")
    return squares(target.values, share)


def _placements(entry: caching.Entry, boxes: np.ndarray | None) -> np.ndarray:
    """Return where each image lies in the stored one, (n, 4); of one that cannot be read any."""
    heights, widths = (np.maximum(entry.index[side], 1) for side in ("height", "width"))
    placements = entry.rule.placements(heights, widths)
    return placements if boxes is None else placed_in(placements, boxes)


def _places(
    listing: Listing, entry: caching.Entry, good: np.ndarray | slice, cropped: float | None
) -> Iterator[Notice]:
    """Yield what is odd about the places of points in their images."""
    if cropped is not None:
        text = (
            f"each image is cut to the square around its true points, {100 * cropped:g} % wider at each end: the "
            "figures say how well points are found where the object's place is known; give new images cut in the same "
            "way"
        )
        yield Notice("cropped-by-points", text)
    elif isinstance(listing.target, Target) and listing.target.kind == "points":
        index = entry.index[good]
        yield from check_places(
            listing.target.values[good], index["height"], index["width"], listing.ids[good].tolist()
        )


@contextlib.contextmanager
def _with_unreadable(listing: Listing, entry: caching.Entry, *, skip_bad: bool) -> Iterator[None]:
    """Name the unreadable images together with the masks that are refused."""
    try:
        yield
    except DataError as error:
        if not entry.bad or skip_bad:
            raise
        raise DataError(f"{error}\n{unreadable(listing.ids, entry.bad)}") from None


def _readable(listing: Listing, entry: caching.Entry, learned: Learned, *, skip_bad: bool) -> np.ndarray | slice:
    """Return which images can be used; without bad files a slice, so that records stay in the mapped file, uncopied."""
    if entry.bad and not (skip_bad and len(entry.bad) < len(listing.ids)):
        raise unreadable(listing.ids, entry.bad)
    bad = sorted({*entry.bad, *learned.bad})
    return np.delete(np.arange(len(listing.ids)), bad) if bad else slice(None)
