"""From a path or a name to a ``Data``: what ``convscope.load`` does, by the kind of what is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np

from convscope.data.clips.loading import load_clips, load_labelled_clips
from convscope.data.clips.recognition import FORMS, as_stacks, looks_like_frames
from convscope.data.clips.stacks import Stacks
from convscope.data.dataset import Data, Notice, Split
from convscope.data.divide import divide
from convscope.data.finding import find, input_kind, one_class, other_columns
from convscope.data.image_loading import load_images, load_labelled_images
from convscope.data.ingest import store as caching
from convscope.data.ingest.build import Progress
from convscope.data.ingest.layout import check_fit
from convscope.data.listing import NOTHING
from convscope.data.masks import MaskRule
from convscope.data.options import LoadKeywords, LoadOptions, shows_options
from convscope.data.sequences.loading import load_labelled_texts, load_texts
from convscope.data.sequences.signal_loading import load_labelled_signals, load_signals
from convscope.data.sequences.signals import Signals
from convscope.data.sequences.texts import Texts
from convscope.data.transforms import (
    ClipTransform,
    ImageTransform,
    SignalRule,
    TextTransform,
    VolumeTransform,
)
from convscope.data.volumes.loading import load_labelled_volumes, load_volumes
from convscope.data.volumes.recognition import as_volumes
from convscope.errors import DataError


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
    ``stacks`` says whether a file of several pages, or a folder of images, is a volume ("volumes"), a clip ("clips"),
    or slices, each an image ("slices", and "auto"); NIfTI files and ``.npy`` files of three axes are volumes, videos,
    animated GIFs and folders of frame_001.png, frame_002.png, ... clips. Of a clip, and of a volume with one answer,
    ``frames`` are seen, at even distances, by default all of them and at most 16. ``spacing`` are the
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
    listing = find(path_or_name, options, options.columns, root, tell)
    if listing.target.kind == "class" and len(listing.classes) < 2 and listing.target.name != NOTHING:
        raise DataError(one_class(listing, path_or_name))
    listing = as_stacks(listing, options) or listing
    options.refuse_of_others(input_kind(listing), listing.kind)
    if isinstance(listing.images, Stacks):
        return load_clips(path_or_name, listing, options, root, tell, divide)
    if isinstance(listing.images, Texts):
        return load_texts(path_or_name, listing, options, divide)
    if isinstance(listing.images, Signals):
        return load_signals(path_or_name, listing, options, divide)
    if (volumes := as_volumes(listing, options)) is not None:
        return load_volumes(path_or_name, volumes, options, root, tell, divide)
    if options.stacks == "auto":
        listing = replace(listing, notices=(*listing.notices, *looks_like_frames(listing)))
    return load_images(path_or_name, listing, options, root, tell, divide)


def load_labelled(
    path_or_name: str | Path,
    rule: ImageTransform | ClipTransform | SignalRule | TextTransform | VolumeTransform,
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
    listing = find(path_or_name, options, columns, root, tell)
    if isinstance(rule, ClipTransform):
        form = next(flag for flag, kind in FORMS.items() if kind == rule.kind)
        listing = as_stacks(listing, replace(options, stacks=form)) or listing
    takes = "text" if isinstance(rule, TextTransform) else "signal" if isinstance(rule, SignalRule) else "image"
    takes = rule.example if isinstance(rule, ClipTransform) else takes
    if takes != input_kind(listing):
        raise DataError(
            f"{path_or_name} is read as {listing.kind}, a set of {input_kind(listing)}s; this run takes {takes}s"
        )
    if isinstance(rule, ClipTransform):
        return load_labelled_clips(path_or_name, listing, rule, options, root, tell)
    if isinstance(rule, TextTransform):
        return load_labelled_texts(path_or_name, listing, rule)
    if isinstance(rule, SignalRule):
        return load_labelled_signals(path_or_name, listing, rule)
    if isinstance(rule, VolumeTransform):
        volumes = as_volumes(listing, replace(options, stacks="volumes"))
        assert volumes is not None
        return load_labelled_volumes(path_or_name, volumes, options, root, tell, masks)
    split, given, notices = load_labelled_images(path_or_name, listing, rule, options, root, tell, masks)
    return split, given, (*other_columns(listing, columns), *notices)


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""
