"""Pairs of an image and a mask as a listing, with what is to be told of those that have no partner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.data.listing import Listing, Masks
from convscope.data.notice import Notice
from convscope.data.sources.files import FileImages, Files, hidden_notice, set_name, strings
from convscope.data.sources.mask_files import FileMasks
from convscope.data.sources.mask_pairing import Pairs
from convscope.data.sources.mask_stacks import unstacked
from convscope.text import count, listed

SHOWN = 20
FOLDERS = 5  # that hold several images each are patients or slides; fewer are rather kinds of them


def listing_of(
    files: Files,
    kind: str,
    pairs: Pairs,
    *,
    target: Masks | None = None,
    images: FileImages | None = None,
    notices: Sequence[Notice] = (),
    grouped: bool = True,
) -> Listing:
    """Return the listing of pairs; ``target`` and ``images`` where they are not just one file each."""
    told = [*hidden_notice(files), *_unlabelled(pairs), *notices]
    absent = _absent(pairs)
    stacked: tuple[Notice, ...] = ()
    if target is None:
        files, pairs, stacked = unstacked(files, pairs)
        told += stacked
        kind += f", a page of {count(len(set(pairs.groups)), 'stack')} each" if stacked else ""
    images = images or FileImages(files, strings(pairs.images))
    sizes = {group: pairs.groups.count(group) for group in set(pairs.groups)}
    together = grouped and len(sizes) >= (2 if stacked else FOLDERS) and max(sizes.values()) > 1
    if together:
        kept = f"the images of one {'stack' if stacked else 'folder'} ({listed(sorted(sizes), 3)}) stay in one split"
        text = f"{kept}; to divide them, say --group none"
        told.append(Notice("grouped", text, tuple(sorted(sizes)[:SHOWN])))
    return Listing(
        name=set_name(files.path),
        kind=kind,
        images=images,
        ids=images.names,
        target=target or Masks(FileMasks(files, strings(pairs.masks))),
        split=np.array(pairs.split, "<U5"),
        groups=strings(pairs.groups) if together else None,
        notices=tuple(told),
        absent=absent,
    )


def _unlabelled(pairs: Pairs) -> list[Notice]:
    if not pairs.unlabelled:
        return []
    images = count(len(pairs.unlabelled), "image has no mask and is", "images have no masks and are")
    text = (
        f"{images} left out of training ({listed(pairs.unlabelled, 3)}); once the network is trained, it can predict "
        "them"
    )
    return [Notice("unlabelled", text, tuple(pairs.unlabelled[:SHOWN]))]


def _absent(pairs: Pairs) -> Notice | None:
    """Say which images lack a mask, and which masks an image."""
    said = list(pairs.missing)
    if pairs.unmasked:
        images = count(len(pairs.unmasked), "image has", "images have")
        said.append(f"{images} no mask ({listed(pairs.unmasked, 5)})")
    if pairs.unpaired:
        masks = count(len(pairs.unpaired), "mask has", "masks have")
        said.append(f"{masks} no image ({listed(pairs.unpaired, 5)})")
    if not said:
        return None
    text = f"{'; '.join(said)}; {count(len(pairs.images), 'pair')} complete"
    return Notice("absent", text, (*pairs.unmasked, *pairs.unpaired)[:SHOWN])
