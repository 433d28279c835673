"""Pairs of an image and a mask as a listing, with what is to be told of those that have no partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from convscope.data.listing import Listing, MaskReader, Masks
from convscope.data.notice import Notice
from convscope.data.sources.files import FileImages, Files, hidden_notice, set_name, strings
from convscope.data.sources.mask_files import FileMasks
from convscope.text import count, listed

SHOWN = 20
FOLDERS = 5  # that hold several images each are patients or slides; fewer are rather kinds of them


@dataclass
class Pairs:
    """Images with the files of their masks, the split of each, and a group that no split may divide ("" for none).

    ``unmasked`` and ``unpaired`` are images and masks without a partner where others have one; ``unlabelled`` are
    images of which none has a mask.
    """

    images: list[str] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    unmasked: list[str] = field(default_factory=list)
    unpaired: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)

    def add(self, image: str, mask: str, split: str = "", group: str = "") -> None:
        """Add a pair."""
        self.images.append(image)
        self.masks.append(mask)
        self.split.append(split)
        self.groups.append(group)


def listing_of(
    files: Files,
    kind: str,
    pairs: Pairs,
    *,
    reader: MaskReader | None = None,
    names: Mapping[float, str] | None = None,
    objects: bool | None = None,
    notices: Sequence[Notice] = (),
    grouped: bool = True,
) -> Listing:
    """Return the listing of pairs; ``reader`` reads the masks where they are not one file each."""
    ids = strings(pairs.images)
    sizes = {group: pairs.groups.count(group) for group in set(pairs.groups)}
    together = grouped and len(sizes) >= FOLDERS and max(sizes.values()) > 1
    told = [*hidden_notice(files), *_unlabelled(pairs), *notices]
    if together:
        text = (
            f"the images of one folder ({listed(sorted(sizes), 3)}) stay in one split; to divide them, say --group none"
        )
        told.append(Notice("folders-as-groups", text, tuple(sorted(sizes)[:SHOWN])))
    return Listing(
        name=set_name(files.path),
        kind=kind,
        images=FileImages(files, ids),
        ids=ids,
        target=Masks(reader or FileMasks(files, strings(pairs.masks)), names or {}, objects),
        split=np.array(pairs.split, "<U5"),
        groups=strings(pairs.groups) if together else None,
        notices=tuple(told),
        absent=_absent(pairs),
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
    said: list[str] = []
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
