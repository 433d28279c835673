"""New images whose channels are files of their own, as nnU-Net keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.data.decode.encoded import MAX_PIXELS, Encoded, Unreadable
from convscope.data.image_files import in_file


def folder(root: Path, names: list[str], *, colour: bool = False) -> np.ndarray:
    """Write files of noise, and return them (n, H, W) or (n, H, W, 3)."""
    pixels = np.random.default_rng(0).integers(0, 256, (len(names), 5, 7, *(3,) * colour), np.uint8)
    for name, plane in zip(names, pixels, strict=True):
        Image.fromarray(plane).save(root / name)
    return pixels


def test_files_of_a_channel_each_are_one_image(tmp_path: Path) -> None:
    planes = folder(tmp_path, ["a_0000.png", "a_0001.png", "b c_0000.png", "b c_0001.png"])
    images = list(in_file(tmp_path, MAX_PIXELS, 2))
    assert [image.name for image in images] == [str(tmp_path / "a"), str(tmp_path / "b c")]
    for image, channels in zip(images, (planes[:2], planes[2:]), strict=True):
        read = image.read()
        assert isinstance(read, Encoded)
        np.testing.assert_array_equal(read.pixels(), np.moveaxis(channels, 0, -1))


def test_an_image_that_lacks_a_channel_is_named(tmp_path: Path) -> None:
    folder(tmp_path, ["a_0000.png", "a_0001.png", "b_0001.png"])
    _, lacking = in_file(tmp_path, MAX_PIXELS, 2)
    with pytest.raises(Unreadable, match="has 1 file of 2 channels"):
        lacking.read()


@pytest.mark.parametrize(
    ("names", "colour", "channels"),
    [
        (["a_0000.png", "a_0001.png"], False, 1),  # frames of a film, for a network of grey images
        (["a_0000.png", "a_0001.png", "a_0002.png"], True, 3),  # in colour
        (["a_0000.png", "a_0001.png", "a_0002.png"], False, 2),
        (["a_0000.png", "a_0001.png", "other.png"], False, 2),
    ],
)
def test_other_files_stay_images_of_their_own(tmp_path: Path, names: list[str], colour: bool, channels: int) -> None:
    folder(tmp_path, names, colour=colour)
    assert [image.name for image in in_file(tmp_path, MAX_PIXELS, channels)] == [str(tmp_path / name) for name in names]
