"""Class folders: ``root/class/x.png``, with or without a ``train``, ``valid`` or ``test`` level above the classes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from convscope.data.dataset import Notice
from convscope.data.listing import Listing
from convscope.data.sources.candidate import SPLIT_ORDER, SPLITS, Candidate, in_order, numbered
from convscope.data.sources.files import FileImages, Files, ending, hidden_notice, is_image, set_name, strings
from convscope.data.words import count, listed
from convscope.errors import DataError

MASK_WORDS = {
    "image", "images", "img", "imgs", "mask", "masks", "label", "labels", "annotation", "annotations"
}  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """What a folder of images is: below which root, in which split, of which class."""

    root: str
    split: str
    label: str


Places = dict[str, _Place]  # by folder: there are few, however many images


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each folder that has split folders with classes, or one for the class folders alone."""
    folders = dict.fromkeys(_folder(name) for name in files.names if is_image(name))
    places = _below_splits(folders) or _below_what_is_shared([folder for folder in folders if folder])
    classes: dict[str, set[str]] = {}
    for place in places.values():
        classes.setdefault(place.root, set()).add(place.label)
    return [
        Candidate("class folders", root or ".", lambda root=root: _list(files, root, places), len(labels) > 1)
        for root, labels in classes.items()
    ]


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _below_splits(folders: Iterable[str]) -> Places:
    """Place folders like ``root/split/class``; a split folder that holds images itself is a class."""
    places = {}
    for folder in folders:
        parts = folder.split("/")
        k = next((k for k, part in enumerate(parts[:-1]) if part.lower() in SPLITS), None)
        if k is not None:
            places[folder] = _Place("/".join(parts[:k]), SPLITS[parts[k].lower()], parts[k + 1])
    return places


def _below_what_is_shared(folders: list[str]) -> Places:
    """Place folders by the part that follows what all of them share."""
    if not folders:
        return {}
    shared = _folder(folders[0]) if len(folders) == 1 else os.path.commonpath(folders)
    depth = len(shared.split("/")) if shared else 0
    return {folder: _Place(shared, "", folder.split("/")[depth]) for folder in folders if folder != shared}


def _list(files: Files, root: str, places: Places) -> Listing:
    mine = {folder: place for folder, place in places.items() if place.root == root}
    classes = in_order(place.label for place in mine.values())
    if {label.lower() for label in classes} <= MASK_WORDS and len(classes) > 1:
        raise DataError(
            f"{files.path}: the folders {' and '.join(classes)} look like images with masks (segmentation); "
            "only image classification (root/class/x.png) is supported so far"
        )
    if {label.lower() for label in classes} <= SPLITS.keys() and len(classes) > 1:
        raise DataError(
            f"{files.path}: the folders {' and '.join(classes)} are splits, and hold images without a class; "
            f"put each image into the folder of its class ({classes[0]}/cat/x.png)"
        )
    names = [name for name in files.names if is_image(name) and _folder(name) in mine]
    labels = numbered((mine[_folder(name)].label for name in names), classes)
    split = np.array([mine[_folder(name)].split for name in names], "<U5")
    notices = (
        *hidden_notice(files),
        *_left_out(files, root, mine),
        *_empty(files, root, set(classes)),
        *_one_sided(labels, classes, split),
    )
    kind = "class folders" + (f" below {root}/" if root else "")
    if split[0]:
        kind += f" in split folders ({', '.join(name for name in SPLIT_ORDER if name in split)})"
    ids = strings(names)
    return Listing(set_name(files.path), kind, FileImages(files, ids), ids, labels, classes, split, None, notices)


def _left_out(files: Files, root: str, mine: Places) -> tuple[Notice, ...]:
    """Say which files below the root are not taken: images outside of classes, and other files inside of them."""
    prefix = f"{root}/" if root else ""
    loose = [n for n in files.names if n.startswith(prefix) and is_image(n) and _folder(n) not in mine]
    alien = [n for n in files.names if not is_image(n) and _folder(n) in mine]
    notices = []
    if loose:
        text = f"{count(len(loose), 'image')} in no class folder; left out ({listed(loose, 3)})"
        notices.append(Notice("left-out", text, tuple(loose[:20])))
    if alien:
        endings = Counter(ending(name) or "no ending" for name in alien)
        said = listed((f"{n} {kind}" for kind, n in endings.most_common()), 4)
        text = f"{count(len(alien), 'file')} not images; left out ({said})"
        notices.append(Notice("not-images", text, tuple(alien[:20])))
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
