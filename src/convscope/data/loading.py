"""From a path or a name to a ``Data``: what ``convscope.load`` does, in the order it happens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np

from convscope.data import checks, named, splits
from convscope.data.boxes import placed_in, squares
from convscope.data.checks import locality
from convscope.data.checks.places import check_places
from convscope.data.dataset import Data, Dataset, Notice, Split
from convscope.data.description import decoding_notices, describe
from convscope.data.detect import sniff
from convscope.data.examined import Examined
from convscope.data.fingerprint import fingerprint
from convscope.data.folds import Draw, of_fold, redrawn
from convscope.data.ingest import store as caching
from convscope.data.ingest.build import Progress, Size, unreadable
from convscope.data.ingest.layout import check_fit
from convscope.data.ingest.stats import moments
from convscope.data.learned import Learned, learned_of
from convscope.data.listing import Listing, Masks, Target
from convscope.data.masks import MaskRule
from convscope.data.options import LoadKeywords, LoadOptions, shows_options
from convscope.data.sequences.loading import load_labelled_texts, load_texts
from convscope.data.sequences.signal_loading import load_labelled_signals, load_signals
from convscope.data.sequences.signals import Signals
from convscope.data.sequences.texts import Texts
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import FileImages
from convscope.data.split_file import read_split_file
from convscope.data.transforms import ImageTransform, SignalRule, TextTransform, VolumeTransform
from convscope.data.transforms.resize import Fit, fit_for
from convscope.data.volumes.loading import load_labelled_volumes, load_volumes
from convscope.data.volumes.recognition import as_volumes
from convscope.errors import ConfigError, DataError, nearest
from convscope.text import count

FEW_SIGNALS = 300  # below, each is needed to learn from, and a tenth of them would choose no epoch


@shows_options
def load(path_or_name: str | Path, *, progress: Progress | None = None, **options: Unpack[LoadKeywords]) -> Data:
    """Load the image set at a path, or one that has a name (``digits``, ``mnist``, ...).

    Images are decoded once, into the folder ``cache``, and memory-mapped from there. ``img_size`` (a side, or height
    and width) and ``fit`` say how large they become; by default images up to ``side`` pixels stay as they are, larger
    and mixed ones are scaled by the rule that ``Data.facts`` states; those with points are padded, others cropped.
    ``valid`` and ``test`` are shares or numbers of images for splits that the set does not bring. ``data_root`` is
    where named sets are looked for first.
    ``nodata`` is a value that means no data, as a TIFF's tag may say too: it is replaced by the mean of the image's
    others in its channel; NaN stands for infinities too. ``alpha`` keeps the opacity of images as a channel, which is
    left out otherwise.
    ``image_column``, ``text_column``, ``label_column`` and ``group`` are the columns of a table (or the arrays of an
    ``.npz``) that hold the images or texts, their classes, and what no split may tear apart (a patient; "none":
    nothing); by default their names tell.
    ``split_file`` is a CSV of ``id`` and ``split`` that is used in place of the set's own split; with ``folds`` and
    ``fold`` (from 1) the set is cut into folds, and this one is the test split; ``resample`` draws the splits anew, in
    the same sizes: 0 is the set's own.
    ``task`` says what is to be learned, where the columns of a table may be taken for classes as well as for numbers.
    ``mask`` says what the values of masks are ("binary", "classes", "instances"; "auto": told from all masks),
    ``ignore`` which value or class is not scored, ``classes`` names a file with the names of classes (one a line, or
    value=name), and ``mask_threshold`` is the value from which on a pixel of a mask with soft edges is the object.
    ``stacks`` says whether a TIFF of several pages, or a folder of images, is a volume ("volumes") or slices, each an
    image ("slices", and "auto"); NIfTI files and ``.npy`` files of three axes are volumes. ``spacing`` are the
    distances of their voxels along depth, height and width ("50,4,4"), by default as the files say.
    ``tokens`` says what the tokens of texts are: "characters", "words", "kmers:K" (runs of K characters), or letters of
    "dna"; by default characters, and letters where they are those of DNA. ``max_length`` tokens of a text are seen, by
    default four times what 99 in 100 training texts have. ``fold_text`` leaves out "case", "accents" or "both".
    ``crop_points`` cuts each image to the square around its true points, this share wider at each end.
    ``progress(what, done, total)`` is called along the way.

    Raises:
        DataError: nothing or more than one set is recognised, something in it is wrong, or files cannot be read
            (listed; with ``skip_bad`` they are left out and listed in the warnings).
        ConfigError: a setting out of range.
        Error: the cache cannot be written.
    """
    return load_with(path_or_name, LoadOptions(**options), progress)


def load_with(path_or_name: str | Path, options: LoadOptions, progress: Progress | None = None) -> Data:
    """Do what ``load`` does, with its options as one object."""
    check_fit(options.img_size, options.fit)
    tell, root = progress or _silent, caching.directory(options.cache)
    listing = _find(path_or_name, options, options.columns, root, tell)
    if listing.target.kind == "class" and len(listing.classes) < 2:
        raise DataError(_one_class(listing, path_or_name))
    options.refuse_of_others(_noun(listing), listing.kind)
    if isinstance(listing.images, Texts):
        return load_texts(path_or_name, listing, options, _divided)
    if isinstance(listing.images, Signals):
        return load_signals(path_or_name, listing, options, _divided)
    if (volumes := as_volumes(listing, options)) is not None:
        return load_volumes(path_or_name, volumes, options, root, tell, _divided)
    _refuse_spacing(options)
    options = replace(options, fit=_fit(listing, options))
    boxes = _boxes(listing, options.crop_points)
    entry = caching.entry(listing.images, _size(options, boxes), root, options.processes, tell)
    with _with_unreadable(listing, entry, skip_bad=options.skip_bad):
        learned = learned_of(listing, entry, options, root, tell)
    good = _readable(listing, entry, learned, skip_bad=options.skip_bad)
    groups = None if listing.groups is None else listing.groups[good]
    split, rule = _divided(listing, good, options)
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
        source=str(path_or_name),
        columns={"image": entry.images, learned.column.spec.name: learned.column},
        inputs=("image",),
        targets=(learned.column.spec.name,),
        rows=rows,
        ids=listing.ids,
        groups=listing.groups,
        transforms={"image": transform},
        placements=_placements(entry, boxes),
        fingerprint=fingerprint(learned.column.spec.names, examined.content, learned.hashed(good), split),
        facts=describe(path_or_name, listing, entry, examined, rule, transform, learned.facts) | _cut(cropped, entry),
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


def load_labelled(
    path_or_name: str | Path,
    rule: ImageTransform | SignalRule | TextTransform | VolumeTransform,
    options: LoadOptions,
    *,
    inherited: frozenset[str] = frozenset(),
    masks: MaskRule | None = None,
    progress: Progress | None = None,
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:
    """Load every labelled image of a set, undivided, brought to the size of ``rule``: to be scored, not trained on.

    Returns them as one split "all", the split (n,) that the set itself gives each ("" for none), and what is to be
    told. Columns of the ``inherited`` roles ("image", "label", "group") need not be in the table; where they are not,
    that is told, too. ``masks`` is the rule by which masks were read in training, if it is to hold. Raises as ``load``,
    but one class or one image is enough.
    """
    tell, root = progress or _silent, caching.directory(options.cache)
    columns = replace(options.columns, optional=inherited)
    listing = _find(path_or_name, options, columns, root, tell)
    takes = "text" if isinstance(rule, TextTransform) else "signal" if isinstance(rule, SignalRule) else "image"
    if takes != _noun(listing):
        raise DataError(
            f"{path_or_name} is read as {listing.kind}, a set of {_noun(listing)}s; this run takes {takes}s"
        )
    if isinstance(rule, TextTransform):
        return load_labelled_texts(path_or_name, listing, rule)
    if isinstance(rule, SignalRule):
        return load_labelled_signals(path_or_name, listing, rule)
    if isinstance(rule, VolumeTransform):
        volumes = as_volumes(listing, replace(options, stacks="volumes"))
        assert volumes is not None
        return load_labelled_volumes(path_or_name, volumes, options, root, tell, masks)
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
        listing.name, str(path_or_name), {"image": entry.images, name: learned.column}, ("image",), (name,),
        {"all": np.arange(len(listing.ids))[good]}, listing.ids, listing.groups, placements=_placements(entry, boxes),
        masks=learned.meaning,
    )  # fmt: skip
    notices = (
        *other_columns(listing, columns), *listing.notices, *decoding_notices(listing, entry), *learned.notices
    )  # fmt: skip
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


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""


def _size(options: LoadOptions, boxes: np.ndarray | None) -> Size:
    nodata = () if options.nodata is None else (options.nodata,)
    assert options.fit != "auto"
    return Size(options.img_size, options.fit, options.max_pixels, options.side, nodata, options.alpha, boxes)


def _divided(listing: Listing, good: np.ndarray | slice, options: LoadOptions) -> tuple[np.ndarray, str]:
    """Return the split (k,) of each readable example, and the rule: the set's own, a file's, of folds, or drawn."""
    groups = None if listing.groups is None else listing.groups[good]
    target = listing.target[good]
    draw = Draw(listing.split[good], options.valid, options.test, options.seed)
    if options.split_file is not None:
        words = f"as {options.split_file} says"
        draw = draw._replace(given=read_split_file(options.split_file, listing.ids[good]), words=words)
    if options.folds is not None:
        units = splits.number_units(groups, len(target))
        folded, words = of_fold(splits.strata(target)[0], units, options.folds, options.fold or 1, seed=options.seed)
        draw = draw._replace(given=folded, words=words)
    draw = redrawn(draw, options.resample or 0)
    if isinstance(listing.images, Signals) and draw.valid is None and "valid" not in draw.given:
        few = (draw.given != "test").sum() < FEW_SIGNALS
        draw = draw._replace(valid=max(2, len(target.names)) if few else None)
    return splits.assign(target, groups, **draw._asdict())


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


def other_columns(listing: Listing, columns: Columns) -> tuple[Notice, ...]:
    """Say which columns the user named for another table that this one lacks."""
    if not listing.columns or not (lacking := columns.missing(listing.columns)):
        return ()
    what = f"no column {', '.join(lacking)} here, as the run was trained with; read as {listing.kind}"
    return (Notice("other-columns", what, tuple(lacking)),)


def _present(listing: Listing, *, skip_bad: bool) -> Listing:
    """Return the listing, what it names without having it refused or told."""
    if listing.absent is None:
        return listing
    if not skip_bad:
        raise DataError(f"{listing.absent.text}; correct them, or leave them out with --skip-bad")
    told = replace(listing.absent, text=f"{listing.absent.text}; left out")
    return replace(listing, notices=(told, *listing.notices))


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


def _find(path_or_name: str | Path, options: LoadOptions, columns: Columns, root: Path, tell: Progress) -> Listing:
    """List the set: what exists at the path, else what has that name."""
    path = _path(path_or_name)
    if path.exists():
        listing = sniff(path, root, columns)
    elif str(path_or_name) in named.names():
        listing = named.find(str(path_or_name), options.data_root, root, options.seed, tell)
    else:
        raise _not_there(path)
    if not listing.columns:
        columns.refuse_without(path_or_name, listing.kind)
    if not isinstance(listing.target, Masks):
        options.refuse_mask_settings(path_or_name, listing.kind)
    return _present(listing, skip_bad=options.skip_bad)


def _not_there(path: Path) -> DataError:
    if path.is_symlink():
        return DataError(f"{path} is a link that leads nowhere: {path.readlink()}")
    above = next((parent for parent in path.absolute().parents if parent.is_dir()), Path("/"))
    missing = path.absolute().relative_to(above).parts[0]
    hint = nearest(missing, [*(entry.name for entry in above.iterdir()), *named.names()])
    return DataError(
        f"nothing is at {path}: there is no {missing!r} in {above}{hint} "
        f"(sets that have a name: {', '.join(named.names())})"
    )


def _path(path_or_name: str | Path) -> Path:
    """Return a path that can be looked up, whether anything is there or not."""
    if not str(path_or_name):
        raise DataError("no data given: the path is empty; name a folder, a file or a set such as digits")
    try:
        path = Path(path_or_name).expanduser()
        path.exists()
    except RuntimeError:  # ~somebody
        raise DataError(f"{path_or_name}: there is no user whose folder this could mean") from None
    except OSError as error:
        raise DataError(f"{path_or_name} cannot be opened: {error.strerror}") from None
    return path


def _noun(listing: Listing) -> str:
    """Return what an example of a listing is."""
    return "text" if isinstance(listing.images, Texts) else "signal" if isinstance(listing.images, Signals) else "image"


def _one_class(listing: Listing, where: str | Path) -> str:
    beside = "".join(f"; {notice.text}" for notice in listing.notices if notice.code == "unused-files")
    noun = _noun(listing)
    remedy = "in a folder of its own or named in a table" if noun != "text" else "in a table of its own or named in one"
    return (
        f"{where}: found {count(len(listing.ids), noun)} of one class only ({', '.join(listing.classes)}), "
        f"as {listing.kind}; a classifier needs two classes or more, each {remedy}{beside}"
    )
