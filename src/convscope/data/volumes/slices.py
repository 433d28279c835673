"""Volumes whose slices are files of their own: each folder of images of one size, in the order of their names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from convscope.data.decode import open_image
from convscope.data.decode.encoded import MAX_PIXELS, Unreadable
from convscope.data.decode.mask import read_mask
from convscope.data.ingest.pool import payload_bytes
from convscope.data.listing import Listing, Masks, RawMask
from convscope.data.sources.candidate import by_number
from convscope.data.sources.files import FileImages, Files, Payload, strings
from convscope.data.sources.mask_files import FileMasks
from convscope.data.volumes.files import Volume
from convscope.errors import ConfigError, DataError
from convscope.text import listed

Parts = Sequence[Sequence[str]]  # of each volume the files of its slices, in order


@dataclass(frozen=True, eq=False)
class _Slices:
    """Volumes in ``files``: ``names`` (n,) are what they are called, ``parts`` the files of each one's slices."""

    files: Files
    names: np.ndarray
    parts: Parts

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """Return the hash of all slices, and of which volume each is; it changes when a file may have changed."""
        depths = " ".join(f"{name}:{len(those)}" for name, those in zip(self.names.tolist(), self.parts, strict=True))
        return f"slices {self.files.fingerprint([name for those in self.parts for name in those])} {depths}"


class SliceImages(_Slices):
    """Volumes to decode."""

    def each(self) -> Iterator[tuple[int, Callable[[], Volume]]]:
        """Yield (row, what opens its volume)."""
        for row, those in enumerate(self.parts):
            yield row, functools.partial(stack_of, those, _payloads(self.files, those))


class SliceMasks(_Slices):
    """The masks of such volumes."""

    def read(self, row: int) -> RawMask:
        """Return one mask (D, H, W)."""
        return _stacked_masks(self.parts[row], _payloads(self.files, self.parts[row]), MAX_PIXELS)

    def each(self, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[int, Callable[[], RawMask]]]:
        """Yield (row, what decodes its mask)."""
        for row, those in enumerate(self.parts):
            yield row, functools.partial(_stacked_masks, those, _payloads(self.files, those), max_pixels)


def as_slices(listing: Listing, images: FileImages, target: Masks, masks: FileMasks) -> Listing:
    """Return a listing of images as one of the volumes that they are slices of: a folder each.

    Raises:
        ConfigError: no folder holds several images.
        DataError: slices of one folder are in several splits.
    """
    drawn = target.files
    rows: dict[str, list[int]] = {}
    for row in sorted(range(len(images)), key=lambda row: by_number(str(images.names[row]))):
        rows.setdefault(_folder(images.names[row], listing.name), []).append(row)
    if all(len(those) == 1 for those in rows.values()):
        raise ConfigError(
            f"--stacks volumes: {listing.name} holds one image a folder, such as {images.names[0]}; give a folder of "
            "several slices for each volume, or leave it out"
        )
    for folder, those in rows.items():
        if len(splits := sorted({str(word) or "none" for word in listing.split[those]})) > 1:
            raise DataError(
                f"the slices in {folder} are in several splits ({listed(splits)}), and they are one volume; give each "
                "split a folder of its own"
            )
    firsts = np.array([those[0] for those in rows.values()])
    image_parts = [[str(images.names[row]) for row in those] for those in rows.values()]
    mask_parts = [[str(drawn[row]) for row in those] for those in rows.values()]
    names = strings(list(rows))
    reader = SliceMasks(masks.files, strings([_folder(those[0], listing.name) for those in mask_parts]), mask_parts)
    return replace(
        listing, kind=f"{listing.kind}, each folder of slices a volume",
        images=SliceImages(images.files, names, image_parts), ids=names, split=listing.split[firsts], groups=None,
        target=replace(target, reader=reader, rows=None),
        notices=tuple(notice for notice in listing.notices if notice.code != "grouped"),
    )  # fmt: skip


def stack_of(names: Sequence[str], payloads: Sequence[Payload]) -> Volume:
    """Return the volume (D, H, W, C) of slices in files; their headers are read now, their pixels on demand.

    Raises:
        Unreadable: a slice cannot be read, or is of another size or kind than the first one.
    """
    kinds: list[tuple[int, int, int, str]] = []
    for name, payload in zip(names, payloads, strict=True):
        try:
            image = open_image(payload_bytes(payload))
        except Unreadable as error:
            raise Unreadable(f"{name}: {error}") from None
        kinds.append((image.height, image.width, image.channels, image.dtype))
        if kinds[-1] != kinds[0]:
            raise Unreadable(
                f"{name} is {_said(kinds[-1])}, the first slice {names[0]} {_said(kinds[0])}; the slices of a volume "
                "are of one size and type"
            )
    height, width, channels, dtype = kinds[0]

    def read() -> np.ndarray:
        return np.stack([open_image(payload_bytes(payload)).pixels() for payload in payloads])

    return Volume((len(names), height, width, channels), dtype, read)


def _stacked_masks(names: Sequence[str], payloads: Sequence[Payload], max_pixels: int) -> RawMask:
    masks: list[RawMask] = []
    for name, payload in zip(names, payloads, strict=True):
        try:
            masks.append(read_mask(payload_bytes(payload), max_pixels))
        except Unreadable as error:
            raise Unreadable(f"{name}: {error}") from None
        for what in ("size", "kind"):
            first, last = ((m.values.shape if what == "size" else m.colours) for m in (masks[0], masks[-1]))
            if first != last:
                raise Unreadable(f"{name} is of another {what} than the first slice {names[0]}; save them alike")
    palettes = {mask.palette for mask in masks}
    palette = palettes.pop() if len(palettes) == 1 else b""
    return RawMask(np.stack([mask.values for mask in masks]), masks[0].colours, palette)


def _said(kind: tuple[int, int, int, str]) -> str:
    height, width, channels, dtype = kind
    return f"{width:,} × {height:,} × {channels} {dtype}"


def _folder(name: str, root: str) -> str:
    return str(name).rpartition("/")[0] or root


def _payloads(files: Files, names: Sequence[str]) -> list[Payload]:
    held = dict(files.items(names))
    return [held[k] for k in range(len(names))]
