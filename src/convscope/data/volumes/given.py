"""Volumes in files to be looked at, one after the other. What is wrong with a file belongs to that file alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from convscope.data.image_files import Held
from convscope.data.volumes.files import ENDINGS, is_volume, open_volume
from convscope.errors import DataError
from convscope.text import listed


def in_volume_file(path: Path) -> Iterable[Held]:
    """Return the volume of a file, or those of a folder.

    Raises:
        DataError: there is no such path, or a folder without volumes.
    """
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file() and is_volume(each.name))
        if not files:
            raise DataError(f"{path} holds no volume ({listed(ENDINGS, 8)})")
        return [_held(file) for file in files]
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    if not is_volume(path.name):
        raise DataError(f"{path}: this network takes volumes, which are read from {listed(ENDINGS, 8)} files")
    return [_held(path)]


def _held(path: Path) -> Held:
    def read() -> np.ndarray:
        return open_volume(path, path.name).read()

    return Held(str(path), read)
