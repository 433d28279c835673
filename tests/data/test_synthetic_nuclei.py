"""Images of nuclei: the truth is that of their outlines, found here as polygons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label
from skimage.measure import points_in_poly

from convscope.data.synthetic import nuclei

IMAGES, LABELS = nuclei.make(7, 30)
PIXELS = np.indices((nuclei.SIZE, nuclei.SIZE)).reshape(2, -1).T


def pieces(mask: np.ndarray) -> int:
    return int(np.asarray(label(mask)[0]).max())  # pyright: ignore[reportIndexIssue]


def test_a_nucleus_covers_the_pixels_within_its_outline() -> None:
    random = np.random.default_rng(0)
    for middle in (80.0, 3.0):
        waves = np.array([[0.1, 0.3], [-0.05, 1.0], [0.02, 2.0]])
        nucleus = nuclei.Nucleus(np.array((middle, 70.5)), np.array((12.0, 8.0)), random.uniform(0, 3), waves)
        angles = np.linspace(0, 2 * np.pi, 5000)
        outline = nucleus.centre + nucleus.radius(angles)[:, None] * np.stack((np.cos(angles), np.sin(angles)), 1)
        expected = points_in_poly(PIXELS, outline).reshape(nuclei.SIZE, nuclei.SIZE)
        assert (nucleus.covered != expected).sum() <= 1 and 100 < expected.sum() < 600


def test_every_nucleus_is_one_piece_that_can_be_seen_and_many_touch() -> None:
    touching = 0
    for image, labels in zip(IMAGES[..., 0].astype(float), LABELS, strict=True):
        numbers = np.unique(labels)
        assert numbers.tolist() == list(range(len(numbers)))
        for number in numbers[1:]:
            assert pieces(labels == number) == 1 and (labels == number).sum() >= nuclei.SMALLEST
        touching += pieces(labels > 0) < len(numbers) - 1
        assert np.median(image[labels > 0]) > np.median(image[labels == 0])
    assert touching > 20


def test_exposure_and_brightness_differ_and_the_same_seed_is_the_same_bytes() -> None:
    inside = [np.median(image[labels > 0]) for image, labels in zip(IMAGES[..., 0], LABELS, strict=True)]
    assert max(inside) - 100 > 3 * (min(inside) - 100)
    again, other = nuclei.make(7, 2), nuclei.make(8, 2)
    assert np.array_equal(again[0], IMAGES[:2]) and np.array_equal(again[1], LABELS[:2])
    assert not np.array_equal(other[0], again[0])


@pytest.mark.parametrize("number", range(0, 30, 10))
def test_where_no_nucleus_is_the_image_is_dark_but_for_specks(number: int) -> None:
    image, free = IMAGES[number, ..., 0].astype(float), LABELS[number] == 0
    assert np.quantile(image[free], 0.9) < np.quantile(image[~free], 0.5)
