"""Likeness of maps against SciPy and scikit-image, edges against scikit-image's own Sobel filter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from skimage.filters import sobel_h, sobel_v
from skimage.metrics import structural_similarity as similarity

from convscope.explaining.checks.edges import edges
from convscope.explaining.checks.estimate import mean_of
from convscope.explaining.checks.likeness import spearman, structural_similarity
from convscope.explaining.checks.positions import positions

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5, 40), (5, 9, 11), (3, 4, 5, 6)])
@pytest.mark.parametrize("levels", [0, 3])
def test_spearman_is_scipys_with_and_without_ties(shape: tuple[int, ...], levels: int):
    a, b = RNG.normal(size=(2, *shape))
    if levels:
        a, b = np.round(a * levels / 3), np.round(b)
    wanted = [spearmanr(x.ravel(), y.ravel())[0] for x, y in zip(a, b, strict=True)]
    assert spearman(a, b, np.ones(shape, bool)) == pytest.approx(wanted, abs=1e-12)


def test_spearman_knows_constant_maps_and_shorter_inputs():
    a = np.array([[1.0, 2.0, 3.0, -9.0], [7.0, 7.0, 7.0, 7.0]])
    b = np.array([[2.0, 4.0, 5.0, 99.0], [1.0, 2.0, 3.0, 4.0]])
    alike = spearman(a, b, np.array([[True, True, True, False], [True] * 4]))
    assert alike[0] == 1.0 and np.isnan(alike[1])


def test_structural_similarity_is_that_of_magnitudes_as_parts_of_their_largest():
    a, b = RNG.normal(size=(2, 2, 12, 12))
    there = np.ones(a.shape, bool)
    scaled = [abs(each[0]) / abs(each[0]).max() for each in (a, b)]
    assert structural_similarity(a, b, there)[0] == pytest.approx(similarity(*scaled, data_range=1.0))
    assert structural_similarity(a, -5 * a, there) == pytest.approx([1.0, 1.0])
    assert np.isnan(structural_similarity(a, 0 * a, there)).all()
    line = structural_similarity(a.reshape(2, -1), b.reshape(2, -1), np.arange(144)[None] < np.array([[144], [2]]))
    assert np.isfinite(line[0]) and np.isnan(line[1])  # two steps have no window


def test_edges_are_scikit_images_inside_the_border():
    image = RNG.normal(size=(2, 3, 10, 12))
    found = edges(torch.from_numpy(image))
    assert found is not None and found.shape == (2, 10, 12)
    squares = sum((4 * sobel_h(c)) ** 2 + (4 * sobel_v(c)) ** 2 for c in image[1])
    assert found[1, 1:-1, 1:-1] == pytest.approx(np.sqrt(squares)[1:-1, 1:-1], rel=1e-5)


def test_edges_of_a_signal_are_differences_and_a_text_has_none():
    signal = torch.tensor([[[1.0, 1.0, 4.0, 4.0, 4.0]]])
    found = edges(signal)
    assert found is not None and found.tolist() == [[0.0, 3.0, 3.0, 0.0, 0.0]]
    assert edges(torch.tensor([[5, 6, 7]])) is None


def test_there_is_nothing_behind_the_end_of_a_text_or_a_signal():
    assert positions(torch.tensor([[5, 6, 0]])).tolist() == [[True, True, False]]
    assert positions(torch.tensor([[[1.0, 0.0, 2.0, 0.0]]])).tolist() == [[True, True, True, False]]
    assert positions(torch.zeros(1, 3, 2, 2)).all()


def test_an_estimate_is_a_mean_of_what_is_known():
    mean = mean_of(np.array([0.0, 1.0, 2.0, np.nan]))
    assert mean.value == 1.0 and mean.count == 3
    assert mean.low is not None and mean.high is not None and 0 <= mean.low < 1 < mean.high <= 2
    assert mean_of(np.array([np.nan])).value is None
    same = mean_of(np.array([0.5, 0.5]))
    assert same.value == 0.5 and same.low is None and same.above_zero and not same.below_zero
    assert not mean.below_zero and mean_of(np.array([-2.0, -1.0, -3.0])).below_zero
    assert mean_of(np.array([-0.001])).words == "0.00" and mean_of(np.array([np.nan])).words == "n/a"
