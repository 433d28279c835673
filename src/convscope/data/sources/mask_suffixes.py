"""Images and masks in one folder, told apart by the end of their names: ``7.png`` and ``7_mask.png``."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from convscope.data.listing import Listing, Masks
from convscope.data.sources.candidate import Candidate, by_number
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, is_image, strings, without_ending
from convscope.data.sources.mask_files import ObjectMasks
from convscope.data.sources.mask_listing import listing_of
from convscope.data.sources.mask_pairing import Pairs
from convscope.data.sources.splitnames import split_of, split_word

_MASK = re.compile(
    r"(?P<stem>.+?)[-_. ]((?i:cp_masks|masks?|labels?|seg|segmentation|segmented|gt|groundtruth|trimap)|L|P)"
    r"(?P<number>[-_. ]?\d+)?"
)
_IMAGE = re.compile(r"(.+)[-_. ](images?|img|im|raw|volume|stack|input)", re.IGNORECASE)
LOOKED_AT = 256  # names tell whether there are masks
HALF = 0.5  # of the images have a mask; fewer are a set of something else, with a few drawings beside it


@dataclass(frozen=True)
class _Found:
    """The images of some files, each with its masks, and the masks that belong to none."""

    masks: dict[str, list[str]]
    unpaired: list[str]

    @property
    def share(self) -> float:
        return sum(map(bool, self.masks.values())) / max(1, len(self.masks))


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate where images have masks beside them; class folders that hold such are classes all the same."""
    if not _some_are_masks(files.names):
        return []
    found = _found(files.names)
    if found.share < HALF:
        return []
    return [
        Candidate("images with masks", ".", functools.partial(_read, files, found, columns), explicit=False)
    ]  # fmt: skip


def _some_are_masks(names: Sequence[str]) -> bool:
    """Tell by a few names whether to look at all of them: a mask follows its image among sorted names."""
    steps = range(0, len(names), max(1, len(names) // LOOKED_AT))
    return any(_MASK.fullmatch(_stem(name)) for k in steps for name in names[k : k + 2] if is_image(name))


def _found(names: Sequence[str]) -> _Found:
    images = sorted(filter(is_image, names), key=by_number)
    stems = {_stem(name): name for name in images}
    plain: dict[str, str] = {}
    for stem, name in stems.items():
        match = _IMAGE.fullmatch(stem)
        plain[match[1] if match else stem] = name
    masks: dict[str, list[str]] = {}
    alone: list[str] = []
    for name in images:
        match = _MASK.fullmatch(_stem(name))
        base = match["stem"] if match else None
        image = (stems.get(base) or plain.get(base)) if base else None
        if image is not None and image != name:
            masks.setdefault(image, []).append(name)
        elif match and match[2] not in ("L", "P"):  # a mask by its name, whose image is not there
            alone.append(name)
    drawn = {mask for those in masks.values() for mask in those}
    rest = [name for name in images if name not in drawn and name not in alone]
    return _Found({name: masks.get(name, []) for name in rest}, alone)


def _stem(name: str) -> str:
    return without_ending(name)


def _read(files: Files, found: _Found, columns: Columns) -> Listing:
    pairs = Pairs(unpaired=list(found.unpaired))
    several = any(len(those) > 1 for those in found.masks.values())
    homes = {_home(name) for name, those in found.masks.items() if those}
    parts: list[list[str]] = []
    for image, those in found.masks.items():
        if those:
            pairs.add(image, those[0], _home(image)[1], image.rpartition("/")[0])
            parts.append(those)
        else:
            (pairs.unmasked if _home(image) in homes else pairs.unlabelled).append(image)
    behind = pairs.masks[0].rpartition("/")[2]
    if several:
        target = Masks(ObjectMasks(files, strings(pairs.masks), parts), objects=True)
        return listing_of(files, f"images with masks beside them, one an object (as {behind})", pairs, target=target)
    return listing_of(files, f"images with masks beside them (as {behind})", pairs, grouped=columns.group is None)


def _home(name: str) -> tuple[str, str]:
    """Return the folder and the split of an image, as its path or its name tell."""
    *folders, last = name.split("/")
    return "/".join(folders), split_of(folders) or split_word(without_ending(last))
