"""A network of masks on its images and on new ones: every file that predict writes, read back; other sets scored."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import convscope as cs
from cli.command import call, says
from convscope.errors import ConfigError, DataError
from convscope.runs.run import Run, open_run

TINY = (
    "--model",
    "unet_mini",
    "--set",
    "width=4",
    "--set",
    "levels=2",
    "--epochs",
    "5",
    "--batch-size",
    "2",
    "--no-baselines",
)


def discs(seed: int, shape: tuple[int, int] = (32, 32)) -> tuple[np.ndarray, np.ndarray]:
    """Return an image with bright discs on a dark ground, and its mask of 0 and 1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    mask = np.zeros(shape, np.uint8)
    for centre in rng.uniform(4, np.array(shape) - 4, (3, 2)):
        mask[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < 12] = 1
    image = 60 + 140 * mask + rng.normal(0, 5, shape)
    return image.clip(0, 255).astype(np.uint8), mask


def put(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """Return a run on discs, whose masks are 0 and 255."""
    root = tmp_path_factory.mktemp("discs")
    for k in range(24):
        image, mask = discs(k)
        put(root / "images" / f"{k:02d}.png", image)
        put(root / "masks" / f"{k:02d}.png", 255 * mask)
    os.environ["CONVSCOPE_CACHE"] = str(cache)
    assert call("train", root, *TINY, "--lr", "0.02", "--out", root / "run") == 0
    return root / "run"


@pytest.fixture
def opened(masked: Path) -> Run:
    return open_run(masked)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return new images, some with a name in common, and among them one that is none."""
    put(tmp_path / "new" / "a.png", discs(100)[0])
    put(tmp_path / "new" / "deep" / "a.png", discs(101, (40, 27))[0])
    (tmp_path / "new" / "deep" / "b.png").write_bytes(b"no image")
    put(tmp_path / "new" / "z.png", discs(102)[0])
    return tmp_path / "new"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_file_of_a_folder_of_images_read_back(
    masked: Path, opened: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    asked = ("--out", out, "--pixel-size", "0.5 um", "--probabilities")
    assert call("predict", masked, folder, *asked) == 2  # for the file that is no image; the others are written
    printed = capsys.readouterr()
    rows = rows_of(printed.out)
    assert [row["input"] for row in rows] == [str(folder / name) for name in ("a.png", "deep/a.png", "z.png")]
    assert "deep/b.png: not an image" in printed.err and f"3 images written to {out}" in printed.err
    with (out / "objects.csv").open(newline="") as file:
        objects = list(csv.DictReader(file))
    assert list(objects[0])[:4] == ["image", "label", "class", "area_um2"] and "mean_intensity_1" in objects[0]
    expected = opened.predict([folder / name for name in ("a.png", "deep/a.png", "z.png")])
    for row, name, prediction in zip(rows, ("a", "deep/a", "z"), expected, strict=True):
        arrays = prediction.arrays
        with Image.open(row["mask"]) as mask, Image.open(row["overlay"]) as overlay:
            assert mask.mode == "P" and row["mask"] == str(out / "masks" / f"{name}.png")
            assert overlay.mode == "RGB" and max(overlay.size) >= max(mask.size)
            np.testing.assert_array_equal(np.array(mask), arrays["classes"])
        np.testing.assert_array_equal(tifffile.imread(row["labels"]), arrays["objects"])
        written = tifffile.imread(row["probabilities"])
        assert written.dtype == np.float32
        np.testing.assert_array_equal(np.moveaxis(written, 0, -1), arrays["probabilities"])
        features = json.loads(Path(row["outlines"]).read_text("utf-8"))["features"]
        mine = [each for each in objects if each["image"] == f"{name}.png"]
        assert len(features) == len(mine) == int(row["objects"]) == arrays["objects"].max()
        assert float(row["share:object"]) == pytest.approx((arrays["classes"] == 1).mean(), rel=1e-5)
        first = arrays["objects"] == 1
        assert float(mine[0]["area_um2"]) == pytest.approx(0.25 * first.sum(), rel=1e-5)
        brightness = arrays["image"][..., 0][first].mean()
        assert float(mine[0]["mean_intensity_1"]) == pytest.approx(brightness, rel=1e-5)
    assert all(int(row["objects"]) for row in rows)  # else nothing was compared


def test_nothing_is_written_over(
    masked: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for taken in ("predicted", "predicted-2"):
        assert call("predict", masked, folder / "a.png", "--json") == 0
        (answer,) = json.loads(capsys.readouterr().out)
        assert answer["files"]["mask"] == str(masked / taken / "masks" / "a.png")
        assert Path(answer["files"]["labels"]).exists() and set(answer["shares"]) == {"background", "object"}
    says(capsys, "is not empty; choose another --out", "predict", masked, folder, "--out", masked / "predicted")
    says(capsys, "given twice", "predict", masked, folder, folder / "a.png", "--out", tmp_path / "twice")
    assert not (tmp_path / "twice").exists()
    assert call("predict", masked, folder / "deep" / "b.png", "--out", tmp_path / "none") == 2
    assert not (tmp_path / "none").exists()


def test_options_of_masks_are_refused_by_other_runs(
    run: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = folder / "a.png"
    for option in (["--out", folder / "x"], ["--pixel-size", "1 um"], ["--probabilities"], ["--tiles", "exact"]):
        says(capsys, str(option[0]), "predict", run, image, *option)
    says(capsys, "--tiles", "evaluate", run, "--tiles", "exact")
    says(capsys, "--hd95: for runs that predict masks", "evaluate", run, "--hd95")
    assert not (folder / "x").exists()


def test_a_pixel_size_that_is_none(masked: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "say --hd95, too", "evaluate", masked, "--pixel-size", "1 um")
    says(capsys, "--pixel-size", "evaluate", masked, "--hd95", "--pixel-size", "1 2 3 um")
    for text in ("0.5", "1 2 3 um"):
        says(capsys, "--pixel-size", "predict", masked, folder, "--pixel-size", text, "--out", folder / "x")
    assert not (folder / "x").exists()


def test_a_stream_reads_an_image_when_it_is_asked_for(opened: Run, folder: Path) -> None:
    stream = opened.stream([folder / "a.png", folder / "z.png"])
    assert isinstance(stream, Iterator) and next(stream).input == str(folder / "a.png")
    (folder / "z.png").unlink()
    assert "cannot be opened" in (next(stream).error or "")


def test_bfloat16_gives_the_same_masks_but_for_a_few_pixels(opened: Run, folder: Path) -> None:
    inputs = [folder / "a.png", folder / "deep" / "a.png"]
    for exact, fast in zip(opened.predict(inputs), opened.predict(inputs, amp=True), strict=True):
        assert (exact.arrays["classes"] != fast.arrays["classes"]).mean() <= 0.02
        assert 0 < abs(exact.arrays["probabilities"] - fast.arrays["probabilities"]).max() < 0.2


def test_another_set_whose_masks_have_other_values_and_sizes(
    masked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    for k, shape in enumerate([(32, 32), (40, 27), (33, 50)]):
        image, mask = discs(200 + k, shape)
        put(other / "images" / f"{k}.png", np.stack([image] * 3, -1))
        put(other / "masks" / f"{k}.png", mask)
    figures = []
    for options in ([], ["--tiles", "exact"], ["--tta", "8"]):
        assert call("evaluate", masked, other, "--json", *options) == 0
        figures.append(json.loads(capsys.readouterr().out))
    plain, exact, averaged = (found["dice"]["value"] for found in figures)
    assert plain == exact > 0.5 and averaged != plain
    assert figures[0]["examples"] == 3 and any("RGB to grey" in text for text in figures[0]["warnings"])
    put(other / "masks" / "0.png", np.uint8(2) * discs(200)[1])
    says(capsys, "masks/0.png: the value 2 is none that this run has learned", "evaluate", masked, other)
    says(capsys, "2 is void (there: not known)", "evaluate", masked, other, "--ignore", "2", "--json", code=0)


def test_a_run_reads_masks_of_another_set_as_those_that_it_was_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("0=ground\n4=disc\n9=rim\n")
    for k in range(8):
        image, mask = discs(k)
        mask = np.where(mask, np.where(np.arange(32) < 16, 4, 9), 0).astype(np.uint8)
        mask[0, :3] = 77
        for folder in ("set", "other"):
            put(tmp_path / folder / "images" / f"{k}.png", image)
        put(tmp_path / "set" / "masks" / f"{k}.png", mask)
        put(tmp_path / "other" / "masks" / f"{k}.png", np.where(mask == 9, 0, mask))
    read = ("--classes", names, "--ignore", "77")
    assert call("train", tmp_path / "set", *TINY, *read, "--out", tmp_path / "run") == 0
    names.unlink()  # what it said is kept with the weights
    capsys.readouterr()
    run, other = open_run(tmp_path / "run"), tmp_path / "other"
    assert run.spec.masks is not None and run.spec.masks.classes == (0, 1, 2, 255)
    assert call("evaluate", run.folder, other, "--json") == 0
    printed = capsys.readouterr()
    figures = json.loads(printed.out)
    assert [row["name"] for row in figures["classes"]] == [
        "ground",
        "disc",
        "rim",
    ] and "read otherwise" not in printed.err
    says(capsys, "4 is void (there: disc)", "evaluate", run.folder, other, "--ignore", "disc", code=0)
    put(other / "masks" / "3.png", np.full((32, 32), 5, np.uint8))
    says(capsys, "masks/3.png: the value 5 is none that this run has learned", "evaluate", run.folder, other)
    older = replace(run, spec=replace(run.spec, masks=None))  # as before the rule was kept: it needs the names again
    with pytest.raises(ConfigError, match=r"names\.txt"):
        older.evaluate(other)


def test_masks_that_are_arrays(tmp_path: Path) -> None:
    pairs = [discs(k, (32, 32 + k % 3)) for k in range(12)]
    images, masks = ([pair[at] for pair in pairs] for at in (0, 1))
    half = [np.where(mask, np.where(np.arange(mask.shape[1]) < 16, 5, 9), 2).astype(np.uint8) for mask in masks]
    half[0][0, 0] = 250
    data = cs.from_arrays(images, half, names={2: "ground", 5: "left", 9: "right"}, ignore=250)
    assert data.columns["mask"].spec.names == ("ground", "left", "right")
    at = int(np.flatnonzero(data.ids == "0")[0])
    stored = data.columns["mask"].take(np.array([at]))[0]
    np.testing.assert_array_equal(stored, np.where(half[0] == 250, 255, np.searchsorted([2, 5, 9], half[0]) % 3))
    run = cs.train(
        data, "unet_mini", set={"width": 4, "levels": 2}, epochs=1, baselines=False, quiet=True, out=tmp_path / "run"
    )
    (answer,) = run.predict(images[:1])
    assert list(answer.shares) == ["ground", "left", "right"] and "objects" not in answer.arrays
    assert answer.arrays["probabilities"].shape == (32, 32, 3)
    assert call("predict", tmp_path / "run", put(tmp_path / "a.png", images[0]), "--out", tmp_path / "out") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"masks", "overlays", "geojson"}


@pytest.mark.parametrize(
    ("masks", "options", "says"),
    [
        ([np.eye(4, dtype=int), np.zeros((4, 5), int)], {}, "the mask is 4 × 5, its image 4 × 4, height × width"),
        (np.zeros((3, 4, 4), int), {}, "2 examples of 'image', but 3 targets"),
        (np.stack([np.eye(4, dtype=int)] * 2), {"names": ["only"]}, "1 name for 2 values"),
        (np.stack([np.eye(4, dtype=int)] * 2), {"ignore": "cow"}, "ignore=cow"),
        (np.full((2, 4, 4), np.nan), {}, "ignore=nan"),
        (["cat", "dog"], {"ignore": 255}, "are for masks"),
    ],
)
def test_arrays_that_are_no_masks_of_these_images(masks: object, options: dict, says: str) -> None:
    with pytest.raises((DataError, ConfigError)) as told:
        cs.from_arrays(np.zeros((2, 4, 4), np.uint8), masks, **options)  # pyright: ignore[reportArgumentType]
    assert says in str(told.value) and "--" not in str(told.value)
