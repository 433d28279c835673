"""The picture of an augmentation: the pixels that training sees, and what cannot be drawn."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.data import Data, from_arrays, load
from convscope.data.augment import Policy
from convscope.data.listing import Target
from convscope.data.loader import Loader
from convscope.errors import ConfigError
from convscope.report.augmented import augmented, write_augmented


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return load("digits", cache=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("words", ["digits", "trivialaugment", "rotate=5 cutmix=1 mixup=0.4"])
def test_the_variants_are_the_pixels_of_the_epochs(digits: Data, words: str):
    policy, at = Policy.parse(words), np.array([3, 700, 41])
    shown = augmented(digits, policy, at, seed=5, epochs=2)
    assert shown.images.dtype == shown.variants.dtype == np.uint8
    assert (shown.images == digits.train.images(at)).all()
    rule = digits.preprocessing
    for epoch in (0, 1):
        order = np.random.Generator(np.random.Philox(key=[5, epoch])).permutation(len(digits.train))
        seen = list(Loader(digits.train, digits.transforms, 200, seed=5, policy=policy).epoch(epoch))
        for i, position in enumerate(at):
            batch, place = divmod(int(np.flatnonzero(order == position)[0]), 200)
            raw = seen[batch].x[place].numpy() * rule.std[0] + rule.mean[0]
            np.testing.assert_allclose(shown.variants[i, epoch], raw.clip(0, 255), atol=0.51)


@pytest.mark.parametrize("ending", ["png", "SVG"])
def test_the_same_picture_is_the_same_file(digits: Data, tmp_path: Path, ending: str):
    first, second = (
        write_augmented(digits, Policy.parse("digits noise=0.1"), tmp_path / name / f"a.{ending}", images=3, copies=2)
        for name in ("x", "y")
    )
    assert first.read_bytes() == second.read_bytes()
    assert [file.name for file in first.parent.iterdir()] == [first.name]
    if ending == "png":
        with Image.open(first) as picture:
            assert picture.width > 300
    else:
        text = first.read_text("utf-8")
        for words in ("rotate=10 scale=0.1 shift=0.1 noise=0.1", "as stored", "epoch 1", "epoch 2", ">0<", ">2<"):
            assert words in text
        assert "epoch 3" not in text


def test_without_augmentation_images_stand_as_they_are_with_what_is_learned(digits: Data, tmp_path: Path):
    text = write_augmented(digits, Policy(), tmp_path / "a.svg", images=8).read_text("utf-8")
    assert all(f">{word}<" in text for word in range(8)) and "epoch" not in text
    x = np.random.default_rng(0).integers(0, 255, (20, 8, 8)).astype(np.uint8)
    for target, said in (
        (Target("number", np.arange(40.0).reshape(20, 2), ("area", "age"), ("um2", "")), ("area 0 um2", "age 1")),
        (Target("multilabel", np.tile([[1, 0], [1, 1]], (10, 1)), ("rust", "scab")), ("rust", "scab")),
        (Target("points", np.arange(80.0).reshape(20, 2, 2) % 8, ("nose", "tail")), ("picture",)),
    ):
        data = from_arrays(
            x, target, name="picture", ids=[f"picture {k}" for k in range(20)], splits=["train"] * 16 + ["valid"] * 4
        )
        text = write_augmented(data, Policy(), tmp_path / "b.svg", images=16).read_text("utf-8")
        assert all(word in text for word in said)


def test_its_name_says_which_set(digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert write_augmented(digits, Policy(hflip=True), images=1, copies=1) == Path("digits-augmented.png")
    assert Path("digits-augmented.png").exists()


def test_more_images_than_there_are(digits: Data):
    from convscope.report.augmented import one_of_each_first

    assert sorted(one_of_each_first(digits.train.labels, 10**6)) == list(range(len(digits.train)))


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        ("hflip", {"images": 0}, "--images must be at least 1 and at most 100, got 0"),
        ("hflip", {"copies": -1}, "--copies must be at least 1 and at most 12, got -1"),
        ("hflip", {"out": Path("a.jpg")}, "--out a.jpg: a picture's name ends in .png or .svg"),
        (
            "tissue",
            {},
            "augmentation stain needs red, green and blue; these images have 1 channel; "
            "leave it out (of a preset: stain=0)",
        ),
    ],
)
def test_what_cannot_be_drawn(digits: Data, words: str, options: dict, message: str):
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        write_augmented(digits, Policy.parse(words), **options)
    assert not list(Path().glob("*-augmented.*"))
