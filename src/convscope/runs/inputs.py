"""Image files to predict: single files, and folders searched through."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convscope.data.sources.files import Folder, is_image
from convscope.errors import DataError


def find_images(inputs: Sequence[str | Path]) -> list[Path]:
    """Return the files meant by ``inputs``: files as given, folders searched through for images, in order of their
    names.

    Raises ``DataError`` for a path that does not exist and for a folder without an image.
    """
    found: list[Path] = []
    for given in map(Path, inputs):
        if given.is_dir():
            inside = [given / name for name in Folder(given).names if is_image(name)]
            if not inside:
                raise DataError(f"{given} holds no image (PNG, JPEG, BMP, TIFF, GIF, WebP, PNM or .npy)")
            found += inside
        elif given.exists():
            found.append(given)
        else:
            raise DataError(f"there is no file or folder {given}")
    return found
