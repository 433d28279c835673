"""Which folders hold images, and which their masks, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from convscope.data.sources.candidate import SPLITS
from convscope.data.sources.files import is_image, without_ending
from convscope.data.sources.masks import IMAGE_WORDS, MASK_WORDS, named_as
from convscope.data.sources.splitnames import split_of, split_word

# Behind the name of an image: what its mask is called, and what the image itself may be called.
_SUFFIX = re.compile(
    r"[-_. ](cp_masks|masks?|labels?|l|p|seg|segmentation|segmented|gt|groundtruth|trimap|annotation|target|"
    r"gt(fine|coarse)[-_. ][a-z]+)$"
)
_IMAGE_SUFFIX = re.compile(r"[-_. ](images?|img|im|raw|input|orig|original|leftimg8bit)$")
_PREFIX = re.compile(
    r"(^|/)(images?|img|im|raw|input|masks?|labels?|seg|segmentation|gt|groundtruth|annotation|target)[-_. ]?(?=\d)"
)
# A folder called as that of images, with a word behind: ``train`` and ``trainannot``, ``train`` and ``train_masks``.
_BESIDE = re.compile(
    r"(.+?)(?:[-_. ]?(?:annot|annotations?|masks?|labels?)|[-_. ](?:gt|seg|segmentations?|groundtruth))", re.IGNORECASE
)
PAIRED = 0.9  # of the smaller folder's files have a namesake in the other


@dataclass(frozen=True)
class Folder:
    """What a folder holds, "image" or "mask"; what part of its name may tell its split, and what else it is called."""

    role: str
    name: str
    kind: str


Folders = Mapping[str, Folder]  # by path


@dataclass(frozen=True)
class Place:
    """Where a file lies: the folder above that of its kind, that folder, its split, and the path below it.

    ``root`` and ``below`` are without the words for splits; ``below`` is without the file's ending, in small letters.
    ``kind`` are the words of the folder's name.
    """

    file: str
    root: str
    folder: str
    split: str
    below: str
    kind: str = ""

    @property
    def stem(self) -> str:
        """What an image and its mask are both called below their folders: without the words that say which is which.

        >>> Place("masks/a_7_mask.png", "", "masks", "", "a_7_mask").stem
        'a_7'
        """
        return _PREFIX.sub(r"\1", _IMAGE_SUFFIX.sub("", _SUFFIX.sub("", self.below)))


def folder_roles(folders: Iterable[str], names: Iterable[str]) -> Folders:
    """Return what folders hold, of those that are called after it, or as another one with a word for masks behind.

    >>> folder_roles({"x", "x/images", "x/masks"}, []).keys() == {"x/images", "x/masks"}
    True
    """
    folders = set(folders)
    last = {path: path.rpartition("/")[2] for path in folders}
    roles = {path: Folder(role, name, _words(name)) for path, name in last.items() if (role := by_words(name))}
    held: dict[str, set[str]] | None = None
    for path, name in sorted(last.items()):
        match = _BESIDE.fullmatch(name)
        base = path.removesuffix(name) + match[1] if match else ""
        if base not in folders or base in roles:
            continue
        held = _stems(names) if held is None else held
        here, there = held.get(path, set()), held.get(base, set())
        if here and there and len(here & there) >= PAIRED * min(len(here), len(there)):
            behind = _words(name.removeprefix(last[base]))
            roles |= {path: Folder("mask", last[base], behind), base: Folder("image", last[base], "")}
    return roles


def by_words(folder: str) -> str:
    """Tell what a folder holds by its name: "image", "mask", or "" where it does not tell."""
    return "image" if named_as(folder, IMAGE_WORDS) else "mask" if named_as(folder, MASK_WORDS) else ""


def placed(name: str, roles: Folders) -> tuple[str, Place]:
    """Return what a file is, by the innermost folder that tells, and where it lies."""
    *parts, last = name.split("/")
    paths = ["/".join(parts[: k + 1]) for k in range(len(parts))]
    at = next((k for k in reversed(range(len(parts))) if paths[k] in roles), len(parts))
    told = roles.get(paths[at]) if at < len(parts) else None
    split = split_of(parts) or (split_word(told.name) if told else "")
    root = "/".join(part for part, path in zip(parts[:at], paths, strict=False) if _tells_a_place(part, path, roles))
    below = "/".join([*(part for part in parts[at + 1 :] if part.lower() not in SPLITS), without_ending(last)])
    if told is None:
        return "", Place(name, root, "", split, below.casefold())
    return told.role, Place(name, root, parts[at], split, below.casefold(), told.kind)


def _tells_a_place(part: str, path: str, roles: Folders) -> bool:
    return part.lower() not in SPLITS and path not in roles


def _words(name: str) -> str:
    """Return a name's words, without those for a split and for which one it is.

    >>> _words("train_masks"), _words("1st_manual")
    ('masks', 'manual')
    """
    words = re.findall(r"[^\W\d_]+", re.sub(r"\d+(st|nd|rd)(?![^\W\d_])", "", name.casefold()))
    return " ".join(word for word in words if word not in SPLITS)


def _stems(names: Iterable[str]) -> dict[str, set[str]]:
    """Return what the images in each folder are called."""
    held: dict[str, set[str]] = {}
    for name in filter(is_image, names):
        folder, _, file = name.rpartition("/")
        held.setdefault(folder, set()).add(Place(name, "", "", "", without_ending(file).casefold()).stem)
    return held
