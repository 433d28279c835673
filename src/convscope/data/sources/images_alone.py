"""Images of which nothing is said: all below a folder, in split folders or not, for what is learned of images alone."""

from __future__ import annotations

import functools

import numpy as np

from convscope.data.listing import NOTHING, Listing, Target
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.files import FileImages, Files, hidden_notice, is_image, set_name, strings
from convscope.data.sources.splitnames import split_folders

TASKS = ("reconstruction",)  # that learn from images alone
KIND = "images without classes"


def find(files: Files) -> list[Candidate]:
    """Return a candidate for all images of a folder, if there are any."""
    return [Candidate(KIND, ".", functools.partial(_list, files))] if any(map(is_image, files.names)) else []


def lie_in_splits(files: Files) -> bool:
    """Return whether all images lie in folders that are splits, and in no folders of classes below them."""
    names = [name.split("/") for name in files.names if is_image(name)]
    return bool(names) and all(len(parts) == 2 for parts in names) and bool(_splits(files))


def _splits(files: Files) -> dict[str, str]:
    above = {name.split("/")[0] for name in files.names if is_image(name) and "/" in name}
    splits = split_folders(sorted(above))
    return splits if above and above == splits.keys() else {}


def _list(files: Files) -> Listing:
    names = [name for name in files.names if is_image(name)]
    splits = _splits(files)
    split = np.array([splits.get(name.split("/")[0], "") for name in names], "<U5")
    ids = strings(names)
    target = Target("class", np.zeros(len(names), int), ("image",), name=NOTHING)
    return Listing(set_name(files.path), KIND, FileImages(files, ids), ids, target, split, None, hidden_notice(files))
