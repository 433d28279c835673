"""Which augmentations are chosen: by the images where they say it, else by what the classes are called."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.data import Data, from_arrays, load
from convscope.data.augment import Policy, default_policy
from convscope.data.listing import Target
from convscope.data.transforms import ImageTransform
from convscope.tasks.registry import task
from real_data import real_data
from renaming import renamed

SIGNS = "classes named by digits or letters: no flips, since a mirrored sign is another one or none"
OBJECTS = "objects: mirrored left to right but kept upright (without an up, add vflip rot90)"
OTHERS = "mirrored images look like those of another class: not mirrored"


def made(pixels: np.ndarray, labels: np.ndarray, classes) -> Data:
    """Return a set of raw images (n, H, W, C), all of them to train on."""
    _, H, W, C = pixels.shape
    rule = ImageTransform(C, H, W, "crop", "uint8", (0.0,) * C, (1.0,) * C)
    target, splits = Target("class", labels, tuple(classes)), ["train"] * len(pixels)
    return from_arrays(pixels, target, splits=splits, transforms={"image": rule})


def noise(classes, channels: int = 1, height: int = 28, width: int = 28, each: int = 20) -> Data:
    """Return images that say nothing of their classes."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (each * len(classes), height, width, channels)).astype(np.uint8)
    return made(pixels, np.arange(len(pixels)) % len(classes), classes)


def bright(classes, *, side: bool, n: int = 60) -> Data:
    """Return two classes: bright on the left or the right (``side``), or above or below."""
    data = noise(classes, height=16, width=16, each=n // len(classes))
    for i, image in enumerate(data.columns["image"].values):
        part = slice(0, 8) if i % 2 else slice(8, 16)
        image[(slice(None), part) if side else part] //= 4
    return data


@pytest.mark.parametrize(
    "classes",
    ["0123456789", ["zero", "one", "two"], ["0 - zero", "1 - one"], ["digit_3", "digit_4"], "ABCDEFGHIJKL"],
)
def test_signs_are_not_flipped_where_the_images_do_not_say(classes):
    policy, reason = default_policy(noise(classes))
    assert str(policy) == "rotate=10 scale=0.1 shift=0.1"
    assert reason == SIGNS


@pytest.mark.parametrize("classes", [["0", "1"], ["a", "b"], ["α", "β"], ["10", "11", "42"]])
def test_a_few_numbers_or_letters_may_be_names_of_anything(classes):
    policy, reason = default_policy(noise(classes))
    assert policy.hflip and reason == OBJECTS


@pytest.mark.parametrize("classes", [["0", "1"], ["a", "b"], ["cat", "dog"]])
def test_what_its_side_tells_apart_is_not_mirrored(classes):
    policy, reason = default_policy(bright(classes, side=True))
    assert not policy.hflip and reason == (OTHERS if "cat" in classes else SIGNS)
    policy, reason = default_policy(bright(classes, side=False))
    assert policy.hflip and reason == OBJECTS


def test_handwritten_digits_are_not_mirrored_whatever_they_are_called():
    data = load("digits")
    assert str(default_policy(data)[0]) == "rotate=10 scale=0.1 shift=0.1"
    policy, reason = default_policy(renamed(data, tuple(f"class {2 * name}" for name in "abcdefghij")))
    assert not policy.hflip and reason == OTHERS


@pytest.mark.parametrize(
    ("classes", "shape", "words"),
    [
        (["T-shirt", "Trouser", "Bag"], (1, 28, 28), "hflip shift=0.1"),
        (["airplane", "cat"], (3, 32, 32), "hflip shift=0.1"),
        (["lung_n", "lung_aca"], (3, 224, 224), "hflip scale=0.2 shift=0.1 brightness=0.2 contrast=0.2"),
        (["normal", "fracture"], (1, 128, 96), "hflip scale=0.2 shift=0.1"),
    ],
)
def test_objects_are_mirrored_and_kept_upright(classes, shape, words):
    policy, reason = default_policy(noise(classes, *shape, each=5))
    assert str(policy) == words
    assert reason == OBJECTS


def test_the_defaults_are_presets_where_they_are_the_same():
    assert default_policy(noise("0123456789"))[0] == Policy.parse("digits")
    assert default_policy(noise(["ants", "bees"], 3, 128, 128, each=5))[0] == Policy.parse("natural")


def test_sides_are_not_mirrored():
    policy, reason = default_policy(noise(["turn left", "turn right", "stop"], 3, 48, 48))
    assert str(policy) == "shift=0.1"
    assert reason == "a class name says 'left': not mirrored"


def test_one_object_among_signs_is_not_a_set_of_signs():
    assert default_policy(noise(["0", "1", "background"]))[0].hflip


def test_photographs_under_numbers_are_mirrored(tmp_path):
    found = np.load(real_data("cifar10/cifar10_exact_first4000.npz"))
    np.savez(tmp_path / "cifar.npz", x=found["x"], y=found["y"])
    assert default_policy(load(tmp_path / "cifar.npz", cache=tmp_path / "cache"))[0].hflip


def test_clothes_are_mirrored(tmp_path):
    assert default_policy(load(real_data("fashion_mnist"), cache=tmp_path))[0].hflip


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("four", "zero"), "digits"),
        (("left lung", "rib"), "natural scale=0 brightness=0 contrast=0 hflip=0"),
        (("rust", "scab"), "natural scale=0 brightness=0 contrast=0"),
    ],
)
def test_labels_named_by_signs_or_sides_are_not_mirrored(names, words):
    held = np.arange(80).reshape(40, 2) // 3 % 2
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1), dtype=np.uint8)
    data = from_arrays(pixels, Target("multilabel", held, names, name="labels"))
    assert task("multilabel").usual(data, None)["augment"][0] == words
