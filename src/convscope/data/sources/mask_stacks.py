"""Pairs of stacks, one slice a page: ``train-volume.tif`` and ``train-labels.tif``."""

from __future__ import annotations

from convscope.data.notice import Notice
from convscope.data.sources.files import Files
from convscope.data.sources.made_files import PAGED, Pages, stack_shape
from convscope.data.sources.mask_pairing import Pairs
from convscope.errors import DataError
from convscope.text import count, listed


def unstacked(files: Files, pairs: Pairs) -> tuple[Files, Pairs, tuple[Notice, ...]]:
    """Return pairs of files of several pages as pairs of pages; others as they are.

    Raises:
        DataError: an image has more or fewer pages than its mask.
    """
    if not any(mask.lower().endswith(PAGED) for mask in pairs.masks[:1]) or not stack_shape(files, pairs.masks[0]):
        return files, pairs, ()
    pages = Pairs(unmasked=pairs.unmasked, unpaired=pairs.unpaired, unlabelled=pairs.unlabelled, missing=pairs.missing)
    depths: dict[str, int] = {}
    for image, mask, split in zip(pairs.images, pairs.masks, pairs.split, strict=True):
        shapes = stack_shape(files, image) or (1,), stack_shape(files, mask) or (1,)
        depth = shapes[0][0]
        if depth != shapes[1][0]:
            raise DataError(
                f"{image} has {count(depth, 'page')}, its mask {mask} {count(shapes[1][0], 'page')}; each page of an "
                "image needs one of the mask"
            )
        depths |= {image: depth, mask: depth}
        for page in range(depth):
            pages.add(f"{image}[{page}]", f"{mask}[{page}]", split, image)
    stacks = list(dict.fromkeys(pages.groups))
    text = (
        f"{count(len(stacks), 'stack')} of {count(len(pages.images), 'page')} ({listed(stacks, 3)}): neighbouring "
        "pages are alike, so hold out pages that follow each other, or whole stacks"
    )
    return Pages(files, depths), pages, (Notice("stack", text, tuple(stacks[:20])),)
