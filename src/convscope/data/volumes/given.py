"""Volumes in files to be looked at, one after the other. What is wrong with a file belongs to that file alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from convscope.data.image_files import Held
from convscope.data.sources.candidate import by_number
from convscope.data.sources.files import is_hidden, is_image
from convscope.data.volumes.files import ENDINGS, is_deep, is_volume, open_volume
from convscope.data.volumes.slices import stack_of
from convscope.errors import DataError
from convscope.text import listed


def in_volume_file(path: Path) -> Iterable[Held]:
    """Return the volume of a file, or those of a folder: a file each, or a folder of slices each.

    Raises:
        DataError: there is no such path, or a folder without volumes.
    """
    if path.is_dir():
        folders = [path, *(each for each in path.rglob("*") if each.is_dir())]
        volumes = [volume for folder in folders for volume in _in_folder(folder)]
        if not volumes:
            raise DataError(f"{path} holds no volume ({listed(ENDINGS, 8)}) and no folder of slices")
        return sorted(volumes, key=lambda volume: volume.name)
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    if not is_volume(path.name):
        raise DataError(
            f"{path}: this network takes volumes, which are read from {listed(ENDINGS, 8)} files, or from a folder of "
            "slices"
        )
    return [_held(path)]


def _in_folder(folder: Path) -> Iterator[Held]:
    """Yield the volumes that lie in a folder itself: its files, or all of them as slices of one."""
    files = [each for each in folder.iterdir() if each.is_file() and is_image(each.name) and not is_hidden(each.name)]
    files.sort(key=lambda each: by_number(each.name))
    volumes = [each for each in files if is_volume(each.name)]
    if files and not (volumes and is_deep(volumes[0], volumes[0].name)):
        yield _of_slices(folder, files)
    else:
        yield from map(_held, volumes)


def _of_slices(folder: Path, files: list[Path]) -> Held:
    def read() -> np.ndarray:
        names = [file.name for file in files]
        return stack_of(names, [str(file) for file in files]).read()

    return Held(str(folder), read)


def _held(path: Path) -> Held:
    def read() -> np.ndarray:
        return open_volume(path, path.name).read()

    return Held(str(path), read)
