"""Images with masks beside them: sibling folders whose files pair up by name, and that are no classes.

Class folders, too, hold 0001.png each, so equal names alone say nothing. Names of folders do (``image`` beside
``mask``), and so does what is in the files: a mask is a flat drawing of few values, as large as its image, which is
none; and it explains the image that bears its name better than it explains others.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import numpy as np

from convscope.data.decode import MAX_PIXELS, limited, open_image
from convscope.data.decode.encoded import Unreadable
from convscope.data.ingest.pool import payload_bytes
from convscope.data.sources.candidate import SPLITS
from convscope.data.sources.files import Files

IMAGE_WORDS = {
    "image", "images", "img", "imgs", "picture", "pictures", "raw", "input", "inputs", "original", "originals",
    "leftimg", "bit",
}  # fmt: skip
MASK_WORDS = {
    "mask", "masks", "label", "labels", "annotation", "annotations", "gt", "groundtruth", "ground", "truth", "seg",
    "segs", "segmentation", "segmentations", "segmented", "instance", "instances", "semantic", "trimap", "trimaps",
    "contour", "contours", "target", "targets", "annot", "annots", "manual", "gtfine", "gtcoarse",
}  # fmt: skip
# What a mask's file is called behind the name of the image that lies in the same folder.
_BEHIND = re.compile(r"(.+)[-_. ](masks?|seg|segmentation|segmented|gt|groundtruth|trimap)([-_. ]?\d+)?", re.IGNORECASE)
MOST_FOLDERS = 8  # masks come in a handful of kinds; of more folders with equal names, all are classes
PAIRED = 0.9  # of the smaller folder's files have a namesake in the other
GLANCE, SAMPLE = 3, 16  # pairs looked into, at first and where they may be masks
FEW, MANY = 32, 64  # values of a mask at most, of an image at least
GRID = 64  # points a side at which a mask and an image are compared

Groups = Mapping[str, Mapping[str, str]]  # for each folder its files, by what they are called below it
Folders = tuple[str, str]
Pixels = list[tuple[np.ndarray, np.ndarray]]


def beside_images(files: Files, groups: Groups) -> tuple[str, ...]:
    """Return which of sibling folders hold images and their masks, none where they are classes."""
    names = list(groups)
    kinds = [(named_as(name, IMAGE_WORDS), named_as(name, MASK_WORDS)) for name in names]
    if all(map(any, kinds)) and named(names):
        return tuple(names)
    if not 2 <= len(names) <= MOST_FOLDERS:
        return ()
    stems = {name: {_stem(file): path for file, path in groups[name].items()} for name in names}
    pairs = [(a, b) for a, b in permutations(names, 2) if _paired(stems[a], stems[b])]
    if not pairs:
        stems = {name: without_shared_words(files) for name, files in stems.items()}
        pairs = [(a, b) for a, b in permutations(names, 2) if _paired(stems[a], stems[b])]
    for a, b in pairs:
        if named_as(a, IMAGE_WORDS) and named_as(b, MASK_WORDS):
            return a, b
    for number in (GLANCE, SAMPLE):  # most folders are told by the first few
        looked = _look(files, stems, pairs, number)
        pairs = [pair for pair in pairs if _drawn(looked[pair])]
    for a, b in pairs:
        if _words(b) & MASK_WORDS or _belong_together(looked[a, b]):
            return a, b
    return ()


def beside_image_files(names: Iterable[str]) -> dict[str, str]:
    """Return which of image files are the masks of others in the same folder, with their image.

    >>> beside_image_files(["a/1.jpg", "a/1_mask.png", "a/2_mask.png"])
    {'a/1_mask.png': 'a/1.jpg'}
    """
    names = [*names]
    stems = {name.rpartition(".")[0]: name for name in names}
    behind = ((name, _BEHIND.fullmatch(name.rpartition(".")[0])) for name in names)
    return {name: stems[match[1]] for name, match in behind if match and match[1] in stems}


def named(folders: Iterable[str]) -> tuple[str, ...]:
    """Return which of sibling folders are called as those of images and masks are, none where not both are there."""
    images = sorted(name for name in folders if named_as(name, IMAGE_WORDS))
    drawn = sorted(name for name in folders if named_as(name, MASK_WORDS))
    return (*images, *drawn) if images and drawn else ()


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", re.sub(r"\d+(st|nd|rd)(?![^\W\d_])", "", name.casefold())))


def named_as(name: str, words: set[str]) -> bool:
    """Tell whether a folder's name consists of some words, beside those for a split."""
    said = _words(name) - SPLITS.keys()
    return bool(said) and said <= words


def _stem(file: str) -> str:
    """Return what a mask and its image are both called: ``a/7_mask.png`` and ``a/7.jpg`` are ``a/7``."""
    stem = file.rpartition(".")[0].casefold()
    *first, last = re.split(r"[-_. ](?=[^-_. /]+$)", stem, maxsplit=1)
    return first[0] if first and last in MASK_WORDS | IMAGE_WORDS else stem


def without_shared_words(paths: Mapping[str, str]) -> dict[str, str]:
    """Return a folder's paths by what tells its stems apart: 1 and 2 for ``1_manual`` and ``2_manual``."""
    places = [stem.rpartition("/") for stem in paths]
    words = [re.split(r"[-_. ]+", last) for _, _, last in places]
    if len(words) < 2:
        return dict(paths)
    least = min(map(len, words)) - 1
    last = _shared([each[::-1] for each in words], least)
    first = _shared(words, least - last)
    keys = (
        f"{folder}/{' '.join(each[first : len(each) - last])}"
        for (folder, _, _), each in zip(places, words, strict=True)
    )
    return dict(zip(keys, paths.values(), strict=True))


def _shared(words: Sequence[Sequence[str]], most: int) -> int:
    """Count the first words that all have, ``most`` at most."""
    return next((k for k in range(most) if len({each[k] for each in words}) > 1), most)


def _paired(a: Mapping[str, str], b: Mapping[str, str]) -> bool:
    return len(a.keys() & b.keys()) >= PAIRED * min(len(a), len(b))


def _look(files: Files, stems: Groups, pairs: list[Folders], number: int) -> dict[Folders, Pixels]:
    """Return some pairs of images (H, W, C) for each pair of folders, of those that can be read."""
    chosen = {}
    for a, b in pairs:
        both = sorted(stems[a].keys() & stems[b].keys())
        chosen[a, b] = [(stems[a][stem], stems[b][stem]) for stem in both[:: -(-len(both) // number)]]
    names = sorted({name for some in chosen.values() for pair in some for name in pair})
    seen = {}
    with limited(MAX_PIXELS):
        for i, payload in files.items(names):
            with contextlib.suppress(Unreadable):  # decoding the set will say so
                seen[names[i]] = open_image(payload_bytes(payload)).pixels()
    return {pair: [(seen[x], seen[y]) for x, y in some if x in seen and y in seen] for pair, some in chosen.items()}


def _drawn(pairs: Pixels) -> bool:
    """Tell whether the second of each pair is a flat drawing as large as the first, which is none."""
    if len(pairs) < 2 or any(image.shape[:2] != mask.shape[:2] for image, mask in pairs):
        return False
    flat = all(_values(mask) <= FEW or _is_patchwork(mask) for _, mask in pairs)
    return flat and all(_values(image) >= MANY and not _is_patchwork(image) for image, _ in pairs)


def _values(image: np.ndarray) -> int:
    """Count the colours of an image."""
    colours = np.ascontiguousarray(image.reshape(-1, image.shape[2]))
    return len(np.unique(colours.view([("", colours.dtype)] * colours.shape[1])))


def _is_patchwork(image: np.ndarray) -> bool:
    """Tell whether an image consists of patches of one value each, as a map of numbered objects does."""
    equal = (image[:, 1:] == image[:, :-1]).all(-1)
    return bool(equal.size) and equal.mean() > 0.8 and _values(image) <= 0.05 * equal.size


def _belong_together(pairs: Pixels) -> bool:
    """Tell whether masks explain more of their own images than of other ones, too often for chance."""
    grids = [(_grid(image).mean(-1), _regions(_grid(mask))) for image, mask in pairs]
    wins = sum(_explained(image, mask) > _explained(image, grids[k - 1][1]) for k, (image, mask) in enumerate(grids))
    return wins >= max(6, 0.85 * len(pairs))


def _grid(image: np.ndarray) -> np.ndarray:
    rows, columns = (np.linspace(0, size - 1, GRID).round().astype(int) for size in image.shape[:2])
    return image[rows][:, columns].astype(float)


def _regions(grid: np.ndarray) -> np.ndarray:
    """Number a mask's colours, (GRID, GRID)."""
    return np.unique(grid.reshape(-1, grid.shape[2]), axis=0, return_inverse=True)[1].reshape(GRID, GRID)


def _explained(image: np.ndarray, regions: np.ndarray) -> float:
    """Return the part of the variance of ``image`` that lies between the regions of a mask, less what chance gives."""
    values, at = image.ravel(), regions.ravel()
    sizes = np.bincount(at)
    means = np.bincount(at, values) / np.maximum(sizes, 1)
    total = ((values - values.mean()) ** 2).sum()
    if total == 0 or (sizes > 0).sum() < 2:
        return 0.0
    between = (sizes * (means - values.mean()) ** 2).sum() / total
    return float(1 - (1 - between) * (values.size - 1) / max(1, values.size - (sizes > 0).sum()))
