"""Class folders: ``root/class/x.png``, with or without a ``train``, ``valid`` or ``test`` level above the classes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass

import numpy as np

from convscope.data.checks.words import count, listed
from convscope.data.dataset import Notice
from convscope.data.listing import Listing
from convscope.data.sources.candidate import SPLIT_ORDER, SPLITS, Candidate, in_order, numbered
from convscope.data.sources.files import FileImages, Files, ending, hidden_notice, is_image, set_name, strings
from convscope.errors import DataError

MASK_WORDS = frozenset(
    ["image", "images", "img", "imgs", "mask", "masks", "label", "labels", "annotation", "annotations"]
)


@dataclass(frozen=True)
class _Place:
    """Where one image stands: below which root, in which split folder, in which class folder."""

    root: str
    split: str
    label: str


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each folder that has split folders with classes, or one for the class folders alone."""
    images = [name for name in files.names if is_image(name)]
    places = {name: place for name in images if (place := _below_split(name))}
    if not places:
        places = _without_splits([name for name in images if "/" in name])
    classes: dict[str, set[str]] = {}
    for place in places.values():
        classes.setdefault(place.root, set()).add(place.label)
    return [
        Candidate("class folders", root or ".", lambda root=root: _list(files, root, places), len(labels) > 1)
        for root, labels in classes.items()
    ]


def _below_split(name: str) -> _Place | None:
    """Place an image that lies in ``root/split/class/``; a split folder that holds images itself is a class."""
    folders = name.split("/")[:-1]
    for k, part in enumerate(folders[:-1]):
        if split := SPLITS.get(part.lower()):
            return _Place("/".join(folders[:k]), split, folders[k + 1])
    return None


def _without_splits(names: list[str]) -> dict[str, _Place]:
    """Place images by the folder below what all of them share."""
    if not names:
        return {}
    parents = [name.rpartition("/")[0] for name in names]
    shared = os.path.commonpath(parents)
    if all(parent == shared for parent in parents):
        shared = shared.rpartition("/")[0]
    depth = len(shared.split("/")) if shared else 0
    below = {name: name.split("/")[depth:-1] for name in names}
    return {name: _Place(shared, "", folders[0]) for name, folders in below.items() if folders}


def _list(files: Files, root: str, places: dict[str, _Place]) -> Listing:
    mine = {name: place for name, place in places.items() if place.root == root}
    classes = in_order(place.label for place in mine.values())
    if {label.lower() for label in classes} <= MASK_WORDS and len(classes) > 1:
        raise DataError(
            f"{files.path}: the folders {' and '.join(classes)} look like images with masks (segmentation); "
            "only image classification (root/class/x.png) is supported so far"
        )
    labels = numbered((place.label for place in mine.values()), classes)
    split = np.array([place.split for place in mine.values()], "<U5")
    notices = (
        *hidden_notice(files),
        *_left_out(files, root, mine),
        *_empty(files, root, set(classes)),
        *_one_sided(labels, classes, split),
    )
    kind = "class folders" + (f" below {root}/" if root else "")
    if split[0]:
        kind += f" in split folders ({', '.join(name for name in SPLIT_ORDER if name in split)})"
    names = strings(list(mine))
    return Listing(set_name(files.path), kind, FileImages(files, names), names, labels, classes, split, None, notices)


def _left_out(files: Files, root: str, mine: dict[str, _Place]) -> tuple[Notice, ...]:
    """Say which files below the root are not taken: images outside of classes, and other files inside of them."""
    prefix = f"{root}/" if root else ""
    others = [name for name in files.names if name.startswith(prefix) and name not in mine]
    loose = [name for name in others if is_image(name)]
    folders = {name.rpartition("/")[0] for name in mine}
    alien = [name for name in others if not is_image(name) and name.rpartition("/")[0] in folders]
    notices = []
    if loose:
        notices.append(
            Notice(
                "left-out",
                f"{count(len(loose), 'image')} in no class folder; left out ({listed(loose, 3)})",
                tuple(loose[:20]),
            )
        )
    if alien:
        endings = Counter(ending(name) or "no ending" for name in alien)
        said = listed((f"{n} {kind}" for kind, n in endings.most_common()), 4)
        notices.append(
            Notice("not-images", f"{count(len(alien), 'file')} not images; left out ({said})", tuple(alien[:20]))
        )
    return tuple(notices)


def _empty(files: Files, root: str, classes: set[str]) -> tuple[Notice, ...]:
    """Say which class folders hold no image anywhere."""
    prefix = f"{root}/" if root else ""
    beside = set()
    for folder in files.folders:
        parts = folder.removeprefix(prefix).split("/") if folder.startswith(prefix) else []
        if len(parts) == 2 and parts[0].lower() in SPLITS:
            beside.add(parts[1])
        elif len(parts) == 1 and parts[0].lower() not in SPLITS:
            beside.add(parts[0])
    empty = in_order(beside - classes)
    if not empty:
        return ()
    return (Notice("empty-class", f"no image in the class {listed(empty)}; left out of the classes", empty),)


def _one_sided(labels: np.ndarray, classes: tuple[str, ...], split: np.ndarray) -> tuple[Notice, ...]:
    """Say which classes are missing from a given split."""
    present = {name: set(labels[split == name].tolist()) for name in SPLIT_ORDER if (split == name).any()}
    notices = []
    for name, have in present.items():
        missing = tuple(c for i, c in enumerate(classes) if i not in have)
        if missing and len(present) > 1:
            notices.append(Notice("class-missing", f"the {name} split has no image of {listed(missing)}", missing))
    return tuple(notices)
