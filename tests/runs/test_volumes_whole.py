"""A network of volumes from files to figures: trained, scored again from its folder, asked for a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

import convscope
from convscope.cli.app import main
from convscope.data.transforms import VolumeTransform
from convscope.data.volumes.files import open_volume
from convscope.errors import ConfigError, DataError
from convscope.runs.run import Run, open_run

SPACING = (8.0, 1.0, 1.0)
PLAN = {"stacks": "volumes", "valid": 2, "test": 3, "epochs": 2, "baselines": False, "threads": 1, "amp": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack of 13 slices with two bright bars a slice, and its mask beside it."""
    path = tmp_path_factory.mktemp("volumes")
    mask = np.zeros((13, 40, 40), np.uint8)
    mask[:, 4:14, 6:30] = mask[:, 24:34, 10:36] = 255
    x = np.random.default_rng(0).integers(0, 60, mask.shape, np.uint8) + mask // 2
    told = {"imagej": True, "resolution": (1.0, 1.0), "metadata": {"spacing": SPACING[0], "axes": "ZYX"}}
    tifffile.imwrite(path / "a.tif", x, **told)
    tifffile.imwrite(path / "a_mask.tif", mask)
    return path


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two epochs on its first eight slices."""
    cache = tmp_path_factory.mktemp("cache")
    return convscope.train(folder, out=cache / "run", cache=cache, set={"width": 4}, **PLAN)  # pyright: ignore


def test_the_network_fits_the_spacing_and_keeps_it(run: Run) -> None:
    transform = open_run(run.folder).spec.preprocessing
    assert isinstance(transform, VolumeTransform) and transform.spacing == SPACING
    assert transform == VolumeTransform.from_dict(json.loads(json.dumps(transform.to_dict())))
    assert run.spec.model == "unet3d_mini" and run.plan.set == {"width": 4, "flat": 2}
    assert run.spec.target.slices  # pyright: ignore[reportAttributeAccessIssue]


def test_the_split_says_which_slices(run: Run) -> None:
    lines = (run.folder / "split.csv").read_text().splitlines()[1:]
    assert [line.split(",")[:2] for line in lines] == [
        ["a.tif[0:8]", "train"], ["a.tif[8:10]", "valid"], ["a.tif[10:13]", "test"],
    ]  # fmt: skip


def test_a_run_is_scored_again_alike(run: Run) -> None:
    again = open_run(run.folder).evaluate()
    assert again["examples"] == 1 and again["warnings"] == []
    for name in ("dice", "pixel_error"):
        assert again[name]["value"] == pytest.approx(run.metrics[name]["value"], abs=1e-6)


def test_distances_of_surfaces_are_in_the_unit_of_the_spacing(run: Run) -> None:
    figures = open_run(run.folder).evaluate(hd95=True)
    assert figures["metrics"]["hd95"]["unit"] == "units of the spacing" and "hd95" not in run.metrics
    in_um = open_run(run.folder).evaluate(hd95=True, pixel_size="16 2 2 um")
    assert in_um["metrics"]["hd95"]["unit"] == "um"
    assert in_um["hd95"]["value"] == pytest.approx(2 * figures["hd95"]["value"])


def test_a_volume_that_was_trained_on_is_told(run: Run, folder: Path) -> None:
    (warning,) = run.evaluate(folder)["warnings"]
    assert "1 of 1 volume were training volumes" in warning


def test_the_report_shows_slices(run: Run) -> None:
    page = (run.folder / "report.html").read_text()
    assert "a.tif[10:13]" in page and (run.folder / "figures" / "masks.svg").exists()


def test_files_and_arrays_of_a_volume_get_the_same_answer(run: Run, folder: Path) -> None:
    values = tifffile.imread(folder / "a.tif")
    of_file, of_array = (run.predict(each)[0] for each in (folder / "a.tif", values))
    assert of_file.error is None and of_file.arrays["classes"].shape == values.shape
    assert np.array_equal(of_file.arrays["probabilities"], of_array.arrays["probabilities"])


def test_predict_writes_stacks(run: Run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["predict", str(run.folder), str(folder / "a.tif"), "--out", str(out), "--pixel-size", "8 1 1 um"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--probabilities"])
    assert ended.value.code == 0
    labels, classes = (tifffile.imread(out / kind / "a.tif") for kind in ("labels", "masks"))
    assert labels.shape == classes.shape == (13, 40, 40) and ((labels > 0) <= (classes > 0)).all()
    with tifffile.TiffFile(out / "probabilities" / "a.tif") as file:
        assert file.series[0].axes == "ZCYX" and file.asarray().shape == (13, 2, 40, 40)
    for kind in ("labels", "masks", "probabilities"):
        volume = open_volume(out / kind / "a.tif", "a.tif")
        assert (volume.spacing, volume.unit) == ((8, 1, 1), "um")
    assert "volume_um3" in (out / "objects.csv").read_text().splitlines()[0]


def test_predicted_stacks_have_the_scale_of_their_image_or_of_the_training(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    told = {"imagej": True, "resolution": (1 / 0.325, 1 / 0.65)}
    values = tifffile.imread(folder / "a.tif")
    tifffile.imwrite(tmp_path / "own.tif", values, **told, metadata={"spacing": 2.6, "axes": "ZYX", "unit": "micron"})
    np.save(tmp_path / "bare.npy", values)
    inputs = [str(tmp_path / name) for name in ("own.tif", "bare.npy")]
    with pytest.raises(SystemExit) as ended:
        main(["predict", str(run.folder), *inputs, "--out", str(tmp_path / "out")])
    assert ended.value.code == 0
    for name, expected in (("own", ((2.6, 0.65, 0.325), "um")), ("bare", (SPACING, ""))):
        for kind in ("labels", "masks"):
            volume = open_volume(path := tmp_path / "out" / kind / f"{name}.tif", path.name)
            assert (volume.spacing, volume.unit) == expected
            with tifffile.TiffFile(path) as file:  # what Fiji reads
                described, tags = file.imagej_metadata or {}, file.pages[0].tags  # pyright: ignore
                assert described["spacing"] == expected[0][0] and described.get("unit", "") == expected[1]
                along = [np.divide(*tags[f"{axis}Resolution"].value) for axis in "YX"]
                assert along == pytest.approx([1 / side for side in expected[0][1:]])


def test_a_folder_of_slices_is_scored_and_predicted_as_the_stack_is(run: Run, folder: Path, tmp_path: Path) -> None:
    for kind, name in (("images", "a.tif"), ("masks", "a_mask.tif")):
        for k, pixels in enumerate(tifffile.imread(folder / name)):
            (tmp_path / kind).mkdir(exist_ok=True)
            tifffile.imwrite(tmp_path / kind / f"{k}.tif", pixels, photometric="minisblack")
    figures = [run.evaluate(path)["dice"]["value"] for path in (tmp_path, folder)]
    assert figures[0] == figures[1]
    with pytest.raises(SystemExit) as ended:
        main(["predict", str(run.folder), str(tmp_path / "images"), "--out", str(tmp_path / "out")])
    assert ended.value.code == 0
    (expected,) = run.predict(folder / "a.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "out" / "masks" / "images.tif"), expected.arrays["classes"])


@pytest.mark.parametrize(
    "values", [np.zeros((40, 40), np.uint8), np.zeros((4, 8, 8, 3), np.uint8), np.zeros((4, 8, 8))]
)
def test_what_is_no_volume_of_this_run_is_refused(run: Run, values: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"expected a volume|share no scale"):
        run.predict(values)


@pytest.mark.parametrize("words", ["colour=0.2", "randaugment=5"])
def test_augmentation_of_colours_is_not_for_volumes(folder: Path, tmp_path: Path, words: str) -> None:
    with pytest.raises(ConfigError, match="is for images, and these are volumes"):
        convscope.train(folder, out=tmp_path / "run", cache=tmp_path, augment=words, **PLAN)  # pyright: ignore


def test_objects_that_hang_together_across_slices_are_counted_slice_by_slice(tmp_path: Path) -> None:
    """Cells of a tissue: apart in each slice, and shifted from slice to slice, so that they touch those above."""
    cells = np.ones((14, 48, 48), np.uint8)
    for at in range(len(cells)):
        cells[at, (3 * at) % 12 :: 12] = cells[at, :, (3 * at) % 12 :: 12] = 0
    x = np.random.default_rng(0).normal(0, 10, cells.shape) + 60 * cells
    for name, values in (("images", x.astype(np.float32)), ("masks", cells)):
        (tmp_path / "set" / name).mkdir(parents=True)
        np.save(tmp_path / "set" / name / "a.npy", values)
    settings = {**PLAN, "epochs": 1, "set": {"width": 4}, "cache": tmp_path}
    run = convscope.train(tmp_path / "set", out=tmp_path / "run", **settings)  # pyright: ignore[reportArgumentType]
    assert run.spec.target.slices and run.plan.options.objects == "slices"  # pyright: ignore[reportAttributeAccessIssue]
    one = convscope.train(tmp_path / "set", out=tmp_path / "one", objects="yes", **settings)  # pyright: ignore[reportArgumentType]
    assert not one.spec.target.slices  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ConfigError, match="in volumes only"):
        convscope.train("tracks", out=tmp_path / "flat", epochs=1, objects="slices")
