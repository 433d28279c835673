"""What a report shows of the inside of a network for masks, of images of several sizes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.report.inside.collect import _middle


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks")
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for number in range(18):
        shape = ((24, 32), (32, 24), (28, 28))[number % 3]
        mask = np.zeros(shape, np.uint8)
        mask[4:12, 6 : 14 + number % 5] = 255
        image = (rng.integers(0, 90, shape) + (mask > 0) * 120).astype(np.uint8)
        Image.fromarray(image).save(folder / "images" / f"{number}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number}.png")
    return convscope.train(folder, "unet_mini", epochs=1, threads=1, out=folder / "run")


def test_feature_maps_of_the_best_and_the_worst_mask_are_in_the_report(run):
    page = run.report.read_text("utf-8")
    assert "Inside the network" in page and "What its layers make of an image" in page
    assert (run.folder / "figures" / "feature_maps.png").exists()


def test_of_a_large_image_the_middle_is_looked_at():
    image = np.arange(7 * 5).reshape(7, 5, 1)
    assert _middle(image, (3, None))[..., 0].tolist() == image[2:5, :, 0].tolist()
