"""Whether a set of images with masks is one of volumes: as the user says, or as its files do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.data.listing import Listing, Masks
from convscope.data.options import LoadOptions
from convscope.data.sources.files import FileImages, Files, strings
from convscope.data.sources.made_files import Pages
from convscope.data.sources.mask_files import FileMasks
from convscope.data.volumes.files import FEW, NIFTI, NUMPY, is_deep, is_volume, open_volume
from convscope.data.volumes.masks import VolumeMasks
from convscope.data.volumes.slices import as_slices
from convscope.errors import ConfigError

OF_SLICES = ("stack", "grouped")  # notices that tell of slices as images of their own


def as_volumes(listing: Listing, options: LoadOptions) -> Listing | None:
    """Return the listing of volumes where a set is one, else ``None``.

    NIfTI files are volumes, and NumPy files whose masks have three axes; TIFF files of several pages are where
    ``options.stacks`` says so, else each page is an image, and so are folders of images, each a slice.

    Raises:
        ConfigError: volumes are asked for where there are none, or slices of NIfTI files.
        DataError: the slices of a volume are in several splits.
    """
    images, target = listing.images, listing.target
    asked = options.stacks
    if not isinstance(images, FileImages) or not isinstance(target, Masks):
        if asked not in ("auto", "slices"):
            raise ConfigError(f"--stacks {asked}: {listing.name} is {listing.kind}, no stacks with masks; leave it out")
        return None
    stacked = isinstance(images.files, Pages)
    if stacked and asked == "volumes":
        return _stacked(listing, images, target)
    if stacked or not isinstance(target.reader, FileMasks):
        if asked == "volumes" and not stacked:
            raise ConfigError(f"--stacks volumes: {listing.name} is {listing.kind}, which are no stacks; leave it out")
        return None
    masks = target.reader
    named = all(is_volume(str(name)) for name in (*images.names, *masks.names))
    if asked == "volumes" and not (named and is_deep(masks.files.read(masks.names[0]), str(masks.names[0]))):
        return as_slices(listing, images, target, masks)
    nifti = named and str(masks.names[0]).lower().endswith(NIFTI)
    if nifti and asked == "slices":
        raise ConfigError("--stacks slices: NIfTI files are volumes; leave it out, or save each slice as an image")
    if nifti or asked == "volumes" or (asked == "auto" and named and _has_three_axes(masks.files, masks.names[0])):
        return _of(listing, images, masks.files, masks.names, target)
    return None


def _has_three_axes(files: Files, name: str) -> bool:
    """Return whether a mask in a NumPy file has a depth."""
    if not name.lower().endswith(NUMPY):
        return False
    try:
        shape = open_volume(files.read(name), name).shape
    except Unreadable:
        return False
    return shape[3] == 1 and min(shape[0], shape[2]) > FEW


def _of(listing: Listing, images: FileImages, files: Files, masks: np.ndarray, target: Masks) -> Listing:
    reader = VolumeMasks(files, masks)
    kind = f"{listing.kind.partition(', a page of ')[0]}, volumes"
    notices = tuple(notice for notice in listing.notices if notice.code not in OF_SLICES)
    return replace(
        listing, kind=kind, images=images, ids=images.names, target=replace(target, reader=reader), notices=notices
    )


def _stacked(listing: Listing, images: FileImages, target: Masks) -> Listing:
    """Return a listing of pages as one of the stacks that they are of."""
    pages = images.files
    assert isinstance(pages, Pages)
    volumes, masks = (pages.stacks(names) for names in (images.names, target.files))
    first = np.array([next(k for k, n in enumerate(images.names) if str(n).startswith(f"{v}[")) for v in volumes])
    whole = replace(listing, split=listing.split[first], groups=None)
    return _of(whole, FileImages(pages.files, strings(volumes)), pages.files, strings(masks), target)
