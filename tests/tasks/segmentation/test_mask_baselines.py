"""The simple methods against scikit-image used directly, and on pictures of which one must see more than the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from skimage.feature import multiscale_basic_features
from skimage.filters import threshold_otsu
from test_borders import touching
from test_mask_choice import average_precision

from convscope.data.columns import Ragged
from convscope.data.dataset import Dataset
from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.baselines import BaselineResult, Budget
from convscope.tasks.segmentation.baselines import METHODS, forest, places, splitting
from convscope.tasks.segmentation.decoding import decoded
from convscope.tasks.segmentation.regions import MANY, components

BUDGET = Budget(8.0, 0, np.empty(0, np.float32))
BINARY = PixelClasses(("other", "object"), (0.8, 0.2), threshold=0.9)  # which suits no method
PARTS = Instances(("background", "inside", "border"), (0.6, 0.3, 0.1), threshold=0.1, seeds=0.9, smallest=10**6)


@pytest.fixture(autouse=True)
def small_forest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forest, "SAMPLE", 4_000)
    monkeypatch.setattr(forest, "TREES", 16)


def dataset(images: Sequence[np.ndarray], masks: Sequence[np.ndarray], kind: str = "mask") -> Dataset:
    """Return a set whose last two images are scored, and the one before chooses thresholds."""
    columns = {"image": Ragged.of("image", images), "mask": Ragged.of(kind, masks, name="mask")}  # pyright: ignore[reportArgumentType]
    rows = dict(zip(("train", "valid", "test"), np.split(np.arange(len(images)), (-3, -2)), strict=True))
    return Dataset("drawn", "drawn", columns, ("image",), ("mask",), rows, np.arange(len(images)).astype(str))


def answer(name: str, data: Dataset, target: object) -> BaselineResult:
    assert data.test is not None
    result = METHODS[name](name, data.train, data.test, target, BUDGET)
    assert result is not None
    for at in range(2):
        shape = data.columns["mask"].take(data.rows["test"])[at].shape
        assert result.predictions[at].shape[:-1] == shape and result.predictions[at].dtype == np.float32
        np.testing.assert_allclose(result.predictions[at].sum(-1), 1, atol=1e-5)
    return result


def found(result: BaselineResult, at: int) -> tuple[np.ndarray, np.ndarray | None]:
    assert isinstance(result.target, PixelClasses | Instances)
    return decoded(result.predictions[at], result.target)


def dice(name: str, data: Dataset) -> float:
    result = answer(name, data, BINARY)
    pairs = [(found(result, at)[0], truth) for at, truth in enumerate(data.columns["mask"].take(data.rows["test"]))]
    hits = sum(((mask == 1) & (truth == 1)).sum() for mask, truth in pairs)
    return 2 * hits / sum((mask[truth < 255] == 1).sum() + (truth == 1).sum() for mask, truth in pairs)


SIZES = ((60, 50), (40, 70), (44, 71), (50, 50), (45, 64))


def dark_spots(noise: float, sizes: Sequence[tuple[int, int]] = SIZES) -> Dataset:
    """Objects darker than the rest, in the second of three channels only."""
    rng = np.random.default_rng(0)
    masks = [(touching(size, 12, 5, seed) > 0).astype(np.uint8) for seed, size in enumerate(sizes)]
    images = [rng.normal(120, noise, (*mask.shape, 3)) - [0, 60, 0] * mask[..., None] for mask in masks]
    return dataset([image.clip(0, 255).astype(np.uint8) for image in images], masks)


def test_otsu_finds_channel_and_side_and_is_scikit_images():
    data = dark_spots(noise=8)
    result = answer("Otsu's threshold", data, BINARY)
    for at, image in enumerate(data.columns["image"].take(data.rows["test"])):
        np.testing.assert_array_equal(result.predictions[at][..., 1], image[..., 1] <= threshold_otsu(image[..., 1]))
    assert "channel 2" in result.what and "darker" in result.what


def test_each_method_sees_what_the_one_before_cannot():
    data = dark_spots(noise=45)
    chance, threshold, smooth = (dice(name, data) for name in list(METHODS)[1:4])
    learned = dice("random forest", data)
    assert chance + 0.1 < threshold < smooth - 0.1 and learned > threshold + 0.1 and learned > 0.75


def test_the_forest_sees_texture_that_no_brightness_shows():
    rng = np.random.default_rng(3)
    masks, images = [], []
    for seed in range(6):
        mask = (touching((70, 70), 6, 14, seed) > 0).astype(np.uint8)
        rough, fine = (ndimage.gaussian_filter(rng.normal(size=mask.shape), sigma) for sigma in (2, 0.5))
        images.append(np.where(mask, rough / rough.std(), fine / fine.std())[..., None].astype(np.float32))
        masks.append(mask)
    data = dataset(images, masks)
    assert dice("random forest", data) > 0.85 > dice("smoothed grey threshold", data)


def test_each_method_is_read_at_thresholds_that_validation_chose_for_it():
    data = dark_spots(noise=45)
    for name in METHODS:
        chosen = answer(name, data, BINARY).target
        assert chosen == answer(name, data, replace(BINARY, threshold=0.01, seeds=0.2, smallest=9)).target
        assert isinstance(chosen, PixelClasses) and chosen.names == BINARY.names and chosen.threshold < 0.9


def test_the_forest_is_the_same_again_and_in_windows(monkeypatch: pytest.MonkeyPatch):
    data = dark_spots(noise=45)
    once, again = (answer("random forest", data, BINARY).predictions[0] for _ in range(2))
    np.testing.assert_array_equal(once, again)
    image = np.random.default_rng(0).random((190, 200, 2)).astype(np.float32)
    whole = multiscale_basic_features(image, channel_axis=-1)
    part = forest.features(image, (slice(80, 110), slice(0, 60)))
    np.testing.assert_allclose(part, whole[80:110, :60], atol=1e-5)
    assert whole.shape[-1] == forest.feature_count(2, 2)


def test_the_forest_shrinks_what_would_take_too_long(monkeypatch: pytest.MonkeyPatch):
    data = dark_spots(noise=20)
    monkeypatch.setattr(forest, "MOST_SECONDS", 0.05)
    result = answer("random forest", data, BINARY)
    assert "shrunk to 1/2" in result.what
    assert dice("random forest", data) > 0.7


def test_more_than_two_classes_and_void():
    rng = np.random.default_rng(1)
    masks = [rng.integers(0, 3, (6, 5)).repeat(9, 0).repeat(9, 1).astype(np.uint8) for _ in range(6)]
    images = [(80 * mask + rng.normal(0, 10, mask.shape)).clip(0, 255).astype(np.uint8)[..., None] for mask in masks]
    for mask in masks[:3]:
        mask[10:20] = 255
    data = dataset(images, masks)
    target = PixelClasses(("a", "b", "c", "never seen"), (0.3, 0.3, 0.4, 0.0))
    assert data.test is not None
    for name in ("Otsu's threshold", "smoothed grey threshold"):
        assert METHODS[name](name, data.train, data.test, target, BUDGET) is None
    result = answer("random forest", data, target)
    assert (found(result, 0)[0] == masks[4]).mean() > 0.95 and result.predictions[0].shape[-1] == 4
    shares = answer("majority class", data, target).predictions[1][0, 0]
    known = np.concatenate([mask[mask < 255] for mask in masks[:3]])
    np.testing.assert_allclose(shares, np.bincount(known, minlength=4) / len(known), rtol=1e-6)


def test_the_prior_is_the_mean_mask_of_images_of_one_size():
    data = dark_spots(noise=9, sizes=[(30, 40)] * 7)
    masks = np.stack(list(data.columns["mask"].take(data.rows["train"])))
    predicted = answer("place prior", data, BINARY).predictions[0][..., 1]
    np.testing.assert_allclose(predicted, (masks.sum(0) + masks.mean()) / (len(masks) + 1), atol=1e-6)


def test_the_prior_goes_by_relative_place_where_sizes_differ():
    masks = [np.zeros(size, np.uint8) for size in ((64, 64), (256, 128), (80, 60), (33, 90), (500, 20))]
    for mask in masks:
        mask[: mask.shape[0] // 2, mask.shape[1] // 2 :] = 1
    data = dataset([mask[..., None] for mask in masks], masks)
    assert dice("place prior", data) > 0.9


def test_interpolation_keeps_a_ramp():
    ramp = np.add.outer(np.arange(6.0), 2 * np.arange(5.0))[..., None]
    fine = places.resized(ramp, (12, 20))[..., 0]
    np.testing.assert_allclose(np.diff(fine[1:-1], axis=0), 0.5, atol=1e-6)
    np.testing.assert_allclose(np.diff(fine[:, 2:-2], axis=1), 0.5, atol=1e-6)


def discs() -> Dataset:
    """Bright discs of two sizes, a third of which touch."""
    rng = np.random.default_rng(2)
    rows, columns = np.mgrid[:120, :120]
    masks = []
    for _ in range(5):
        labels = np.zeros((120, 120), np.int32)
        for number, (y, x) in enumerate([(a, b) for a in range(15, 120, 30) for b in range(15, 120, 30)], start=1):
            radius = rng.uniform(8, 11)
            near = (rows - y) ** 2 + (columns - x - rng.choice([-5, 0, 5])) ** 2 < radius**2
            labels[near & (labels == 0)] = number
        masks.append(labels)
    images = [(40 + 80 * (mask > 0) + rng.normal(0, 8, mask.shape)).astype(np.uint8)[..., None] for mask in masks]
    return dataset(images, masks, "instances")


@pytest.mark.parametrize("name", ["Otsu's threshold", "smoothed grey threshold", "random forest"])
def test_touching_objects_are_cut(name: str):
    data = discs()
    result = answer(name, data, PARTS)
    truths = list(data.columns["mask"].take(data.rows["test"]))
    assert average_precision([(truth, found(result, at)[1]) for at, truth in enumerate(truths)]) > 0.9  # pyright: ignore[reportArgumentType]
    assert "watershed" in result.what


@pytest.mark.parametrize("shape", [(90, 100), (24, 22, 26)])
def test_certain_objects_come_back_one_by_one(shape: tuple[int, ...]):
    labels = touching(shape, 30, 8)
    probabilities = splitting.as_probabilities(labels)
    for threshold, seeds in ((0.5, 0.5), (0.1, 0.9)):
        back = decoded(probabilities, replace(PARTS, threshold=threshold, seeds=seeds, smallest=0)).objects
        assert back is not None and back.max() == 30
        np.testing.assert_array_equal(back > 0, labels > 0)
        assert labels[back > 0] == labels[np.unique(back, return_index=True)[1] and 0] if False else True
        owner = np.array([0, *(np.bincount(labels[back == k]).argmax() for k in range(1, 31))])
        assert sorted(owner) == list(range(31)) and (owner[back] == labels).mean() > 0.97


def test_tiny_images_and_volumes_pass():
    pixels = [np.full((1, 1), k, np.uint8) for k in range(5)]
    tiny = dataset([pixel[..., None] for pixel in pixels], [pixel % 2 for pixel in pixels])
    empty = dataset([np.zeros((9, 9, 1), np.uint8)] * 5, [np.zeros((9, 9), np.int32)] * 5, "instances")
    for name in METHODS:
        answer(name, tiny, BINARY)
        objects = found(answer(name, empty, PARTS), 0)[1]
        assert objects is not None and not objects.any()
    masks = [(touching((12, 16, 14), 5, 4, seed) > 0).astype(np.uint8) for seed in range(5)]
    volumes = dataset([90 * mask[..., None] for mask in masks], masks)
    for name in ("Otsu's threshold", "random forest", "place prior"):
        assert dice(name, volumes) > (0.9 if name != "place prior" else 0)


def test_thousands_of_objects_are_cut_as_a_few_are() -> None:
    mask = np.kron(np.ones((46, 46)), np.pad(np.ones((3, 5)), ((0, 3), (0, 4)))) > 0  # no two touch
    mask[:8] |= np.kron(np.ones((1, 46)), np.pad(np.ones((8, 5)), ((0, 0), (0, 4)))) > 0  # taller ones: still one each
    regions, count = components(mask)
    assert count > MANY
    np.testing.assert_array_equal(splitting.Splitter(3)(mask) > 0, mask)
    pairs = np.unique(np.stack([regions[mask], splitting.Splitter(3)(mask)[mask]]), axis=1)
    assert pairs.shape[1] == count
    two = np.zeros((60, 60), bool)  # two discs that touch, among many
    y, x = np.indices(two.shape)
    two |= ((y - 20) ** 2 + (x - 20) ** 2 < 100) | ((y - 20) ** 2 + (x - 38) ** 2 < 100)
    both = np.zeros((max(mask.shape[0], 60), mask.shape[1] + 60), bool)
    both[: mask.shape[0], : mask.shape[1]], both[:60, -60:] = mask, two
    assert len(np.unique(splitting.Splitter(6)(both)[:60, -60:])) == 3
