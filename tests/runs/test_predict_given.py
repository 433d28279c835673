"""What predict takes: the same pixels get the same answer, however they are given, and what cannot be is explained."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import convscope as cs
from convscope.data.dataset import Data
from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import Classes
from convscope.errors import DataError
from convscope.runs.model_spec import ModelSpec
from convscope.runs.run import Run
from convscope.training.plan import Plan


def untrained(channels: int = 1, dtype: str = "uint8") -> Run:
    """Return a run of a small network with random weights, whose folder is never looked at."""

    class Opened(Run):
        @property
        def model(self) -> nn.Module:
            torch.manual_seed(0)
            return self.spec.build().eval()

    rule = Preprocessing(channels, 16, 16, "crop", dtype, (9.0,) * channels, (5.0,) * channels)
    return Opened(
        Path("nowhere"), ModelSpec("classification", "tiny", Classes(("a", "b", "c")), rule), Plan(augment="none"), ""
    )


@pytest.fixture
def images(tmp_path: Path) -> np.ndarray:
    """Five grey images, 20 × 16, also as files in the test's folder."""
    found = np.random.default_rng(0).integers(0, 256, (5, 20, 16), np.uint8)
    for i, image in enumerate(found):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
        np.save(tmp_path / f"{i}.npy", image)
    np.save(tmp_path / "stack.npy", found[..., None])
    np.savez(tmp_path / "set.npz", x_test=found, y_test=np.arange(5))
    np.savez_compressed(tmp_path / "any.npz", pixels=found[:, None])  # channels first, as training reads it
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for i in range(5):
            archive.write(tmp_path / f"{i}.png", f"class/{i}.png")
    return found


WAYS: dict[str, Callable[[np.ndarray, Path], object]] = {
    "an array of several": lambda x, folder: x[..., None],
    "a list of (H, W)": lambda x, folder: list(x),
    "a list of (H, W, C)": lambda x, folder: list(x[..., None]),
    "a generator": lambda x, folder: (image for image in x),
    "in another order of memory": lambda x, folder: [np.asfortranarray(image) for image in x],
    "tensors": lambda x, folder: torch.from_numpy(x)[..., None],
    "pictures": lambda x, folder: [Image.fromarray(image) for image in x],
    "opened pictures": lambda x, folder: [Image.open(folder / f"{i}.png") for i in range(5)],
    "files": lambda x, folder: [folder / f"{i}.png" for i in range(5)],
    "the bytes of files": lambda x, folder: [(folder / f"{i}.png").read_bytes() for i in range(5)],
    "files of arrays": lambda x, folder: [str(folder / f"{i}.npy") for i in range(5)],
    "a file of several arrays": lambda x, folder: folder / "stack.npy",
    "a NumPy archive": lambda x, folder: folder / "set.npz",
    "a NumPy archive of one array": lambda x, folder: [folder / "any.npz"],
    "a zip": lambda x, folder: folder / "set.zip",
    "a mixture": lambda x, folder: [folder / "0.png", x[1], Image.fromarray(x[2]), x[3:, ..., None]],
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_pixels_get_the_same_answer_to_the_bit(images: np.ndarray, tmp_path: Path, way: str):
    run = untrained()
    wanted = run.predict([tmp_path / f"{i}.png" for i in range(5)])
    found = run.predict(WAYS[way](images, tmp_path))
    assert [p.probabilities for p in found] == [p.probabilities for p in wanted]
    assert len({p.input for p in found}) == 5 and not any(p.error for p in found)


def test_one_image_is_one_prediction_and_names_say_where_it_was(images: np.ndarray, tmp_path: Path):
    run = untrained()
    one = {
        tuple(run.predict(x)[0].probabilities.values()) for x in (images[0], images[0, ..., None], tmp_path / "0.png")
    }
    assert len(one) == 1
    assert [p.input for p in run.predict(images[:2, ..., None])] == ["[0]", "[1]"]
    assert run.predict(tmp_path / "set.npz")[2].input == f"{tmp_path / 'set.npz'}/x_test/2"
    assert run.predict(tmp_path / "set.zip")[4].input == f"{tmp_path / 'set.zip'}/class/4.png"


def test_bytes_that_are_no_image_are_said_to_be_none(tmp_path: Path):
    (prediction,) = untrained().predict(b"png")
    assert prediction.input == "bytes" and prediction.error and "not an image" in prediction.error


def test_a_split_and_its_examples_are_images(digits: Data):
    run = untrained()
    some = digits.test[:3]
    assert [p.input for p in run.predict(some)] == list(some.ids)
    assert run.predict(some)[1].probabilities == run.predict([*some])[1].probabilities
    with pytest.raises(DataError, match=r"data\.train or data\.valid or data\.test"):
        run.predict(digits)
    assert cs.trace(run, digits.test[0]).total == cs.trace(run, digits.test[0].image).total


def test_pictures_are_converted_as_their_files_are(tmp_path: Path):
    run, colours = untrained(3), np.random.default_rng(1).integers(0, 256, (16, 18, 3), np.uint8)
    picture = Image.fromarray(colours)
    for name, converted in {
        "rgb": picture,
        "palette": picture.convert("P"),
        "cmyk": picture.convert("CMYK"),
        "alpha": picture.convert("RGBA"),
        "bits": picture.convert("1"),
    }.items():
        file = tmp_path / f"{name}.tif"
        converted.save(file)
        mine, files = run.predict(converted)[0], run.predict(file)[0]
        assert (mine.probabilities, mine.note) == (files.probabilities, files.note), name
    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(turned, exif=exif)
    with Image.open(turned) as opened:
        assert run.predict(opened)[0].probabilities == run.predict(turned)[0].probabilities


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((8, 8)), r"float64 values from 0 to 0.*uint8 \(0\.\.255\).*\(255 \* x\)\.round\(\)"),
        (np.full((8, 8), 200.5), r"from 200\.5 to 200\.5.*x\.round\(\)\.astype\(np\.uint8\)"),
        (np.full((8, 8), 7), r"int64 values from 7 to 7.*astype\(np\.uint8\)"),
        (np.full((8, 8), -1.0), "not normalised"),
        (np.full((8, 8), 1000, np.uint16), "share no scale"),
        (np.zeros((1, 8, 8), np.uint8), r"\(1, 8, 8\).*np\.moveaxis"),
        (np.zeros((9, 8, 8), np.uint8), r"\(9, 8, 8\).*several grey images: x\[\.\.\., None\]"),
        (np.zeros((5, 3, 8, 8), np.uint8), r"\(5, 3, 8, 8\).*np\.moveaxis"),
        (np.zeros(8, np.uint8), r"the shape \(8,\)"),
        (np.zeros((0, 8, 8, 1), np.uint8), "no pixels"),
        (np.array([[None]]), "type object"),
        (np.arange(192, dtype=np.uint8).reshape(8, 8, 3), "3 channels, but grey"),
        ([np.zeros((8, 8), np.uint8), np.zeros((8, 8))], r"^\[1\] holds float64"),
        ([[1, 2], [3, 4]], r"^\[0\]: expected image files.*found list"),
        (Image.new("F", (8, 8)), "float32 values"),
        (Image.new("LAB", (8, 8)), "mode 'LAB'"),
        (None, "found NoneType"),
        ({"x": 1}, "found dict"),
        ("nowhere.png", "there is no file or folder nowhere.png"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(given: object, message: str):
    with pytest.raises(DataError, match=message):
        untrained().predict(given)


def test_numbers_of_real_images_must_be_finite():
    run = untrained(dtype="float32")
    assert run.predict(np.zeros((8, 8)))[0].error is None
    with pytest.raises(DataError, match="1 of 64 values are NaN"):
        run.predict(np.where(np.arange(64).reshape(8, 8) == 3, np.nan, 0))


def test_archives_without_images_and_damaged_files_say_so(tmp_path: Path):
    run = untrained()
    np.savez(tmp_path / "two.npz", a=np.zeros((2, 8, 8)), b=np.zeros((2, 8, 8)))
    with pytest.raises(DataError, match=r"expected images as x.*a \(2, 8, 8\), b \(2, 8, 8\)"):
        run.predict(tmp_path / "two.npz")
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    with pytest.raises(DataError, match="cannot be read as a NumPy archive"):
        run.predict(tmp_path / "bad.npz")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("notes.txt", "none")
    with pytest.raises(DataError, match="holds no image"):
        run.predict(tmp_path / "none.zip")
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("a.png", b"torn")
    (torn,) = run.predict(tmp_path / "one.zip")
    assert torn.input.endswith("one.zip/a.png") and "not an image" in str(torn.error)
