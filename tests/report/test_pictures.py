"""Raw images of any kind on a screen, and the choice of mistakes to show."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from convscope.data.dataset import Split
from convscope.data.pictures import Display, data_url, sheet, tile
from convscope.report.sections.classification.mistakes import missed, worst


def test_bytes_are_shown_as_stored():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 5)).astype(np.uint8)
    rule = Display.of(images)
    assert rule.sentence == "Shown as stored."
    assert (rule.show(images[0]) == np.moveaxis(images[0], 0, -1)).all()


def test_sixteen_bits_and_floats_are_stretched_and_it_is_said():
    images = np.linspace(1000, 3000, 64).reshape(1, 1, 8, 8).astype(np.uint16)
    rule = Display.of(images)
    assert rule.sentence.startswith("Brightness is stretched: 1,010 and below is black, 2,990 and above white.")
    shown = rule.show(images[0])
    assert (shown.min(), shown.max()) == (0, 255)
    assert Display.of(images / 1e6).show(images[0] / 1e6).max() == 255


def test_constant_and_broken_floats_are_shown():
    images = np.full((1, 1, 4, 4), 7.5, np.float32)
    assert Display.of(images).show(images[0]).max() == 0
    images[0, 0, 0, 0] = np.nan
    images[0, 0, 0, 1] = np.inf
    shown = Display.of(images).show(images[0])
    assert (shown[0, 0, 0], shown[0, 1, 0]) == (0, 255)


@pytest.mark.parametrize(
    ("channels", "words"),
    [(2, "Channels 1 and 2 are shown as red and green."), (6, "Of 6 channels the first three are shown")],
)
def test_other_channel_counts_are_said(channels, words):
    images = np.ones((1, channels, 3, 3), np.uint8)
    assert words in Display.of(images).sentence
    assert Display.of(images).show(images[0]).shape == (3, 3, 3)


def test_small_tiles_repeat_pixels_and_large_ones_are_averaged():
    small = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert (tile(small, 7)[::3, ::3] == small).all()
    large = np.full((300, 150, 3), 9, np.uint8)
    assert tile(large, 100).shape == (100, 50, 3)


def test_sheet_leaves_transparent_gaps():
    one = np.full((2, 2, 3), 5, np.uint8)
    laid = sheet([[one, one], [one]], 1)
    assert laid.shape == (5, 5, 4)
    assert laid[0, 0, 3] == 255
    assert laid[2, 2, 3] == laid[4, 4, 3] == 0


def test_pictures_of_own_size_are_exact():
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    head, data = data_url(picture).split(",")
    assert head == "data:image/png;base64"
    assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) == picture).all()
    assert data_url(picture, exact=False).startswith("data:image/jpeg;base64,")


def test_the_surest_errors_come_first():
    pixels = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    rows = np.array([1, 2, 3, 5])
    split = Split("test", pixels, rows, np.array([0, 1, 1, 0]), np.array(["a", "b", "c", "d"]))
    probabilities = np.array([[0.1, 0.9], [0.7, 0.3], [0.2, 0.8], [0.45, 0.55]])
    found = worst(split, probabilities)
    assert [m.id for m in found] == ["a", "b", "d"]
    assert (found[1].truth, found[1].predicted, found[1].probability) == (1, 0, 0.7)
    assert found[0].image.tolist() == [[[1]]]
    assert [m.id for m in worst(split, probabilities, count=1)] == ["a"]
    assert [m.id for m in missed(split, probabilities, [1])] == ["b"]
    assert worst(split, np.eye(2)[[0, 1, 1, 0]]) == ()
