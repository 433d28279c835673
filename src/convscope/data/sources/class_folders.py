"""Class folders: ``root/class/x.png``, with or without a ``train``, ``valid`` or ``test`` level above or below them."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.sources import mask_pairs, masks
from convscope.data.sources.candidate import SPLIT_ORDER, SPLITS, Candidate, in_order, numbered
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import FileImages, Files, ending, hidden_notice, holds_example, set_name, strings
from convscope.data.sources.grouping import folders_notice
from convscope.data.sources.mask_folders import Folder, by_words, folder_roles
from convscope.data.sources.splitnames import split_folders, split_word
from convscope.errors import DataError
from convscope.text import count, listed


@dataclass(frozen=True)
class _Place:
    """What a folder of images is: below which root, in which split, of which class."""

    root: str
    split: str
    label: str


Places = dict[str, _Place]  # by folder: there are few, however many images


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each folder that has split folders with classes, or one for the class folders alone."""
    shown = holds_example(files)
    folders = dict.fromkeys(_folder(name) for name in files.names if shown(name))
    try:
        places = _below_splits(files, folders) or _above_splits(folders)
    except DataError as error:
        return [Candidate("class folders", ".", functools.partial(_refuse, error))]
    places = places or _below_what_is_shared([folder for folder in folders if folder])
    classes: dict[str, set[str]] = {}
    for place in places.values():
        classes.setdefault(place.root, set()).add(place.label)
    return [
        Candidate("class folders", root or ".", lambda root=root: _list(files, root, places), len(labels) > 1)
        for root, labels in classes.items()
    ]


def _refuse(error: DataError) -> Listing:
    raise error


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _tree(folders: Iterable[str]) -> dict[str, set[str]]:
    """Return the names of those subfolders of each folder that hold images somewhere."""
    tree: dict[str, set[str]] = {}
    for folder in folders:
        while folder:
            above, _, name = folder.rpartition("/")
            tree.setdefault(above, set()).add(name)
            folder = above
    return tree


def _below_splits(files: Files, folders: Iterable[str]) -> Places:
    """Place folders like ``root/split/class``; a split folder that holds images itself is a class."""
    places, tree = {}, _tree(folders)
    splits = functools.cache(lambda root: _splits(files, root, tree))
    for folder in folders:
        parts = folder.split("/")
        for k in range(len(parts) - 1):
            root = "/".join(parts[:k])
            if split_word(parts[k]) and (split := splits(root).get(parts[k])):
                places[folder] = _Place(root, split, parts[_class_at(parts, k, tree)])
                break
    return places


def _class_at(parts: list[str], split: int, tree: dict[str, set[str]]) -> int:
    """Return which part of a path is the class: that below the split, which some archives hold twice, one in one."""
    at = split + 1
    while at + 1 < len(parts) and tree["/".join(parts[:at])] == {parts[split]}:
        at += 1
    return at


def _splits(files: Files, root: str, tree: dict[str, set[str]]) -> dict[str, str]:
    """Return the split of each subfolder of ``root``, where every one is one; else one of them may be a class.

    Raises:
        DataError: some are and some are not, and it cannot be told what is meant.
    """
    splits = split_folders(sorted(tree[root]))
    others = sorted(tree[root] - splits.keys())
    if not others or not splits:
        return splits
    inside = f"{root}/" if root else ""
    if len(splits) == 1 and all(f"{inside}{name}" in tree and not split_word(name) for name in others):
        return {}
    raise DataError(
        f"{files.path}: {inside}{' and '.join(splits)} may be meant as {count(len(splits), 'split')} or as "
        f"{count(len(splits), 'class', 'classes')}, beside {listed(others, 3)}: for splits, give the path of one of "
        "them alone, or move the others away; for classes, rename those that are called like a split"
    )


def _above_splits(folders: Iterable[str]) -> Places:
    """Place folders like ``root/class/split``, where that is what all of them are."""
    classes = [_folder(folder) for folder in folders]
    if not all("/" in folder and folder.rpartition("/")[2].lower() in SPLITS for folder in folders):
        return {}
    above = _below_what_is_shared(list(dict.fromkeys(classes)))
    if len({place.label for place in above.values()}) < 2:
        return {}
    return {
        folder: _Place(above[name].root, SPLITS[folder.rpartition("/")[2].lower()], above[name].label)
        for folder, name in zip(folders, classes, strict=True)
        if name in above
    }


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
    if {label.lower() for label in classes} <= SPLITS.keys() and len(classes) > 1:
        raise DataError(
            f"{files.path}: the folders {' and '.join(classes)} are splits, and hold images without a class; "
            f"put each image into the folder of its class ({classes[0]}/cat/x.png)"
        )
    shown = holds_example(files)
    names = [name for name in files.names if shown(name) and _folder(name) in mine]
    drawn = masks.beside_image_files(names)
    names = [name for name in names if name not in drawn]
    if (segmentation := _with_masks(files, names, mine)) is not None:
        return segmentation
    labels = numbered((mine[_folder(name)].label for name in names), classes)
    split = np.array([mine[_folder(name)].split for name in names], "<U5")
    notices = (
        *hidden_notice(files),
        *_like_splits(root, mine),
        *_masks_left_out(drawn),
        *_left_out(files, root, mine),
        *_empty(files, root, mine),
        *_one_sided(labels, classes, split),
        *_within(root, mine, names, labels),
    )
    kind = "class folders" + (f" below {root}/" if root else "")
    if split[0]:
        kind += f" in split folders ({', '.join(name for name in SPLIT_ORDER if name in split)})"
    ids = strings(names)
    target = Target("class", labels, classes)
    return Listing(set_name(files.path), kind, FileImages(files, ids), ids, target, split, None, notices)


def _with_masks(files: Files, names: list[str], mine: Places) -> Listing | None:
    """Return the listing of images with masks, where the classes, or folders within them, are those."""
    groups: dict[str, dict[str, str]] = {place.label: {} for place in mine.values()}
    for name in names if len(groups) <= masks.MOST_FOLDERS else ():
        place = mine[_folder(name)]
        below = name.removeprefix(f"{place.root}/").split("/")
        below.remove(place.label)
        groups[place.label]["/".join(below)] = name
    siblings = _tree(mine).values()
    kinds = masks.beside_images(files, groups) or next(filter(None, map(masks.named, siblings)), ())
    if not kinds:
        return None
    image, mask = kinds[:2]
    roles = folder_roles(files.folders, files.names)
    if not {"image", "mask"} <= set(map(by_words, kinds)):
        named = {image: "image", mask: "mask"}
        paths = [(path, path.rpartition("/")[2]) for path in files.folders]
        roles = {path: Folder(named[name], name, name) for path, name in paths if name in named}
    return mask_pairs.read(files, roles, Columns())


def _masks_left_out(drawn: dict[str, str]) -> tuple[Notice, ...]:
    if not drawn:
        return ()
    mask, image = next(iter(drawn.items()))
    masks = count(len(drawn), "mask lies beside its image", "masks lie beside their images")
    text = f"{masks} ({mask} beside {image}); left out"
    return (Notice("masks", text, tuple(drawn)[:20]),)


def _like_splits(root: str, mine: Places) -> tuple[Notice, ...]:
    """Say which class is called like a split, and has folders as a split has, but stands beside others, and which
    classes are called like several splits."""
    tree, inside = _tree(mine), f"{root}/" if root else ""
    labels = {place.label for place in mine.values() if not place.split}
    words = in_order(name for name in labels if name.lower() in SPLITS and f"{inside}{name}" in tree)
    if words:
        text = f"the folder {listed(words)} is taken for a class, not for a split, since those beside it are no splits"
        return (Notice("class-like-split", text, words),)
    alike = in_order(name for name in labels if split_word(name))
    if len(set(map(split_word, alike))) < 2:
        return ()
    text = f"the folders {listed(alike)} are taken for classes, though they are called like splits"
    return (Notice("class-like-split", text, alike),)


def _left_out(files: Files, root: str, mine: Places) -> tuple[Notice, ...]:
    """Say which files below the root are not taken: images outside of classes, and other files inside of them."""
    prefix = f"{root}/" if root else ""
    shown = holds_example(files)
    loose = [n for n in files.names if n.startswith(prefix) and shown(n) and _folder(n) not in mine]
    alien = [n for n in files.names if not shown(n) and _folder(n) in mine]
    notices = []
    if loose:
        text = f"{count(len(loose), 'image lies', 'images lie')} in no class folder; left out ({listed(loose, 3)})"
        notices.append(Notice("left-out", text, tuple(loose[:20])))
    if alien:
        endings = Counter(ending(name) or "no ending" for name in alien)
        said = listed((f"{n} {kind}" for kind, n in endings.most_common()), 4)
        text = f"{count(len(alien), 'file is no image', 'files are no images')}; left out ({said})"
        notices.append(Notice("not-images", text, tuple(alien[:20])))
    return tuple(notices)


def _empty(files: Files, root: str, mine: Places) -> tuple[Notice, ...]:
    """Say which class folders hold no image anywhere."""
    prefix = f"{root}/" if root else ""
    split_above = any(p.split and folder.removeprefix(prefix).split("/")[0] != p.label for folder, p in mine.items())
    beside, classes = set(), {place.label for place in mine.values()}
    splits = {folder.removeprefix(prefix).split("/")[0] for folder in mine}
    for folder in files.folders:
        parts = folder.removeprefix(prefix).split("/") if folder.startswith(prefix) else []
        if split_above and len(parts) == 2 and (parts[0] in splits or parts[0].lower() in SPLITS):
            beside |= {parts[1]} - {parts[0]}
        elif not split_above and len(parts) == 1:
            beside.add(parts[0])
    empty = in_order(beside - classes)
    if not empty:
        return ()
    return (Notice("empty-class", f"no image lies in the class {listed(empty)}; left out of the classes", empty),)


def _one_sided(labels: np.ndarray, classes: tuple[str, ...], split: np.ndarray) -> tuple[Notice, ...]:
    """Say which classes are missing from a given split."""
    present = {name: set(labels[split == name].tolist()) for name in SPLIT_ORDER if (split == name).any()}
    notices = []
    for name, have in present.items():
        missing = tuple(c for i, c in enumerate(classes) if i not in have)
        if missing and len(present) > 1:
            notices.append(Notice("class-missing", f"the {name} split has no image of {listed(missing)}", missing))
    return tuple(notices)


def _within(root: str, mine: Places, names: list[str], labels: np.ndarray) -> tuple[Notice, ...]:
    """Say what folders within the class folders may be, where no split is given: groups, or the classes."""
    if any(place.split for place in mine.values()):
        return ()
    depth = root.count("/") + 2 if root else 1
    below = {folder: "".join(folder.split("/")[depth : depth + 1]) for folder in mine}
    inside: dict[str, set[str]] = {}
    for folder, place in mine.items():
        inside.setdefault(place.label, set()).add(below[folder])
    shared = set.intersection(*inside.values())
    if all(held == shared for held in inside.values()) and "" not in shared and 1 < len(shared) < len(inside):
        text = (
            f"each of the {count(len(inside), 'class', 'classes')} has the same folders within it "
            f"({listed(in_order(shared), 3)}): if those are the classes, and the outer folders patients or the like, "
            "list the images in a table with the columns image, label and patient"
        )
        return (Notice("classes-within", text, in_order(shared)[:20]),)
    return folders_notice([below[_folder(name)] for name in names], labels)
