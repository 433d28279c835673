"""How large the pixels of an image are that is predicted, as its own file says, or as the network was trained."""

from __future__ import annotations

import math
from pathlib import Path

from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.pixel_sizes import of_image
from convscope.data.transforms import Transform, VolumeTransform
from convscope.data.volumes.files import is_volume, open_volume
from convscope.errors import ConfigError
from convscope.runs.masks.pixel_size import PixelSize


def own_size(path: Path, transform: Transform) -> PixelSize | None:
    """Return the size of the pixels of a file, ``None`` where it is not known.

    Of volumes it is the spacing of the training where the file says nothing, since the network takes it to be that. Of
    images a size without a unit is none.
    """
    if isinstance(transform, VolumeTransform):
        return _of_volume(path) or (None if transform.spacing is None else PixelSize(transform.spacing, ""))
    if not path.is_file():  # in an archive, or an array
        return None
    (_, down, across), unit = of_image(path)
    known = unit and all(math.isfinite(side) and side > 0 for side in (down, across))
    return PixelSize((down, across), unit) if known else None


def _of_volume(path: Path) -> PixelSize | None:
    if not path.is_file() or not is_volume(path.name):
        return None
    try:
        volume = open_volume(path, path.name)
    except (Unreadable, ConfigError):  # which its prediction has said
        return None
    return None if volume.spacing is None else PixelSize(volume.spacing, volume.unit)
