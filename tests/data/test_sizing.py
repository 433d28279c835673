"""Images become one size by the stated rule, and new files take the same way as the set did."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import encoded, pixels, png, put
from PIL import Image

from convscope.data.decode import open_image
from convscope.data.decode.encoded import Unreadable
from convscope.data.image_files import find_images, read_images
from convscope.data.ingest.layout import Kind, check_fit, layout
from convscope.data.transforms.image import ImageTransform, Stored, prepared
from convscope.data.transforms.resize import resize
from convscope.errors import ConfigError, DataError


def rule(height: int, width: int, channels: int = 3, dtype="uint8", fit="crop") -> ImageTransform:
    return ImageTransform(channels, height, width, fit, dtype, (), ())


def sized(sizes: dict[tuple[int, int], int], img_size=None, fit="crop") -> tuple[tuple[int, int], str]:
    found, why = layout({Kind(h, w, 3, "uint8"): n for (h, w), n in sizes.items()}, img_size, fit)
    return (found.height, found.width), why


def test_the_rule():
    assert sized({(128, 96): 5}) == ((128, 96), "all images are 128 × 96: kept")
    assert sized({(224, 224): 5}) == (
        (128, 128), "all images are of one size, scaled to 128 × 128 (shorter side 128)"
    )  # fmt: skip
    assert sized({(480, 640): 5}) == (
        (128, 171), "all images are of one size, scaled to 128 × 171 (shorter side 128)"
    )  # fmt: skip
    assert sized({(100, 300): 5}) == ((100, 300), "all images are 100 × 300: kept")  # never made larger
    assert sized({(40, 60): 3, (50, 30): 2}, fit="pad") == (
        (40, 40),
        "mixed sizes, scaled to 40 × 40 (median shorter side, at most 128); other shapes are padded with their border",
    )
    assert sized({(400, 600): 3, (50, 30): 2})[0] == (128, 128)
    assert sized({(400, 600): 3}, 64) == (
        (64, 64), "scaled to 64 × 64, as asked; other shapes are cropped in the centre"
    )  # fmt: skip
    assert sized({(400, 600): 3}, (32, 48))[0] == (32, 48)


@pytest.mark.parametrize(
    ("counts", "channels"),
    [({1}, 1), ({1, 3}, 3), ({3, 4}, 3), ({1, 4}, 3), ({1, 2}, 1), ({2}, 2), ({2, 4}, 4), ({7}, 7), ({1, 2, 3, 4}, 3)],
)
def test_channels_are_promoted(counts, channels):
    kinds = {Kind(8, 8, c, "uint8"): 1 for c in counts}
    found, _ = layout(kinds, None, "crop")
    assert found.channels == channels
    for c in counts:
        image = pixels(8, 8, c)
        result = prepared(image, found).pixels
        assert result.shape == (8, 8, channels)
        colours, kept = image[..., : c - (c in (2, 4))], result[..., : channels - (channels in (2, 4))]
        assert (kept == colours).all()


def test_what_cannot_be_brought_together():
    with pytest.raises(DataError, match=r"different numbers of channels \(3, 5\); only grey, RGB and alpha"):
        layout({Kind(8, 8, 3, "uint8"): 1, Kind(8, 8, 5, "uint8"): 1}, None, "crop")
    with pytest.raises(DataError) as caught:
        layout({Kind(8, 8, 1, "uint8"): 3, Kind(8, 8, 1, "uint16"): 1}, None, "crop")
    assert str(caught.value) == (
        "the images are of different types (1 uint16, 3 uint8), which share no scale; convert them to one"
    )


def test_crop_keeps_the_centre_and_pad_the_whole():
    image = np.zeros((20, 60, 3), np.uint8)
    image[:, 20:40] = 200
    assert (resize(image, 10, 10, "crop")[:, 2:-2] == 200).all()
    assert resize(image, 10, 10, "crop").min() > 180  # not far from it either, where the black begins
    padded = resize(image, 30, 30, "pad")
    assert (padded[:, [0, 15, 29], 0] == [0, 200, 0]).all()  # the border repeats above and below
    squashed = resize(image, 10, 10, "squash")
    assert abs(squashed[:, [0, 5, 9], 0].astype(int) - [0, 200, 0]).max() < 10  # bicubic overshoots a little


def test_centre_cuts_the_middle_out_unscaled_and_repeats_the_border_where_there_is_none():
    image = pixels(9, 12, 3)
    assert (resize(image, 5, 6, "centre") == image[2:7, 3:9]).all()
    assert (resize(image, 12, 4, "centre") == np.pad(image, ((1, 2), (0, 0), (0, 0)), "edge")[:, 4:8]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4, 7])
def test_resize_keeps_type_and_mean_and_never_wraps(dtype, channels):
    high = 1 if dtype == np.float32 else np.iinfo(dtype).max
    image = (pixels(64, 96, channels, dtype=np.uint8) > 127).astype(dtype) * dtype(high)
    small = resize(image, 16, 24, "crop")
    assert small.dtype == dtype
    assert abs(small.astype(float).mean() - image.astype(float).mean()) < 0.01 * high
    step = np.zeros((40, 40, channels), dtype)
    step[:, 20:] = high
    large = resize(step, 80, 80, "crop").astype(float)
    assert large[:, :39].max() < 0.4 * high  # bicubic overshoots beside the step: no value may wrap around
    assert large[:, 41:].min() > 0.6 * high


def test_resize_does_not_alias():
    stripes = np.zeros((128, 128, 1), np.uint8)
    stripes[:, ::2] = 255
    assert abs(resize(stripes, 31, 31, "crop").astype(int) - 127)[:, 1:-1].max() <= 2


def test_jpeg_decoded_small_looks_like_the_large_one_made_small():
    picture = Image.fromarray(pixels(12, 12)).resize((600, 480), Image.Resampling.BICUBIC)
    data = encoded(picture, "JPEG", quality=95)
    quick = prepared(open_image(data), rule(100, 100)).pixels
    exact = prepared(open_image(data).pixels(), rule(100, 100)).pixels
    assert abs(quick.astype(int) - exact).mean() < 1.5


def test_new_files_take_the_same_way(tmp_path):
    image = pixels(40, 50)
    put(tmp_path / "a.png", png(image))
    put(tmp_path / "deep" / "b.png", png(pixels(40, 50, 1)))
    put(tmp_path / "c.txt", b"x")
    paths = find_images([tmp_path, tmp_path / "c.txt"])
    assert [path.name for path in paths] == ["a.png", "b.png", "c.txt"]
    first, second, third = read_images(paths, rule(20, 20))
    assert isinstance(first, Stored) and isinstance(second, Stored)
    assert (first.values == prepared(image, rule(20, 20)).pixels).all() and first.note == ""
    assert (second.values[..., 0] == second.values[..., 2]).all() and second.note == "grey to RGB"
    assert str(third).startswith("not an image: ")


def test_new_files_that_do_not_fit(tmp_path):
    grey = put(tmp_path / "a.png", png(pixels(8, 8, 1)))
    colour = put(tmp_path / "b.png", png(pixels(8, 8, 3)))
    false_colour = put(tmp_path / "c.png", png(np.repeat(pixels(8, 8, 1), 3, 2)))
    nan = np.full((8, 8), np.nan, np.float32)
    np.save(tmp_path / "d.npy", nan)
    said = [str(found) for found in read_images([grey, tmp_path / "none.png"], rule(8, 8, 1, "uint16"))]
    assert said == [
        "holds uint8 values (0..255), but those of the set it should fit are uint16 (0..65,535): "
        "they share no scale; save it as uint16",
        "cannot be opened: No such file or directory",
    ]
    assert (
        str(read_images([colour], rule(8, 8, 1))[0]) == "has 3 channels, but grey images are needed; convert it to grey"
    )
    (once_grey,) = read_images([false_colour], rule(8, 8, 1))
    assert isinstance(once_grey, Stored) and once_grey.note == "RGB to grey"  # nothing lost: its channels are equal
    assert str(read_images([tmp_path / "d.npy"], rule(8, 8, 1, "float32"))[0]) == "64 of 64 values are NaN or infinite"
    assert isinstance(read_images([colour], rule(8, 8), max_pixels=10)[0], Unreadable)


def test_where_images_are_looked_for(tmp_path):
    with pytest.raises(DataError, match=f"there is no file or folder {tmp_path / 'none'}"):
        find_images([tmp_path / "none"])
    with pytest.raises(DataError, match=f"{tmp_path} holds no image"):
        find_images([tmp_path])


def test_settings():
    with pytest.raises(ConfigError, match="--img-size: expected a side of at least 1 pixel, found 0"):
        check_fit(0, "crop")
    with pytest.raises(
        ConfigError, match="--fit: expected one of auto, crop, pad, squash, centre, keep, found 'croop'"
    ):
        check_fit(None, "croop")
    with pytest.raises(ConfigError, match="--fit centre: say how much of the middle, with --img-size"):
        check_fit(None, "centre")
