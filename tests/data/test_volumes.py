"""Volumes with masks: files of every kind, which spacing they note, slabs of few, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import convscope
from convscope.data.columns import Ragged
from convscope.data.decode.encoded import Unreadable
from convscope.data.volumes.files import open_volume
from convscope.data.volumes.parts import flat_levels, part_size
from convscope.data.volumes.slabs import cut_slabs, slab_column
from convscope.errors import ConfigError, DataError

SHAPE = (15, 20, 24)


def volume(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> tuple[np.ndarray, np.ndarray]:
    """Return a volume of noise with a brighter block in it, and the mask of the block."""
    noise = np.random.default_rng(seed).integers(0, 100, shape, np.uint8)
    mask = np.zeros(shape[:3], np.uint8)
    mask[:, 4:12, 6:16] = 255
    bright = mask // 2
    return noise + (bright if len(shape) == 3 else bright[..., None]), mask


def saved(folder: Path, names: tuple[str, ...] = ("a",), ending: str = ".npy", shape: tuple[int, ...] = SHAPE) -> Path:
    """Save volumes as pairs of files in ``images/`` and ``masks/``."""
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        for kind, values in zip(("images", "masks"), volume(seed, shape), strict=True):
            path = folder / kind / f"{name}{ending}"
            if ending == ".npy":
                np.save(path, values)
            else:
                tifffile.imwrite(path, values, photometric="minisblack")
    return folder


def loaded(path: Path, **options: Any) -> convscope.Data:
    return convscope.load(path, cache=path.parent / "cache", **options)


def example(data: convscope.Data, split: str) -> tuple[np.ndarray, np.ndarray]:
    part = getattr(data, split)
    return part.input.take(np.array([0]))[0], part.target.take(np.array([0]))[0]


@pytest.mark.parametrize(("ending", "options"), [(".npy", {}), (".tif", {"stacks": "volumes"})])
def test_one_volume_is_cut_into_slabs_that_hold_all_of_it_in_order(tmp_path, ending, options):
    x, mask = volume()
    data = loaded(saved(tmp_path / "set", ending=ending), valid=2, test=3, **options)
    slabs = {"train": slice(0, 10), "valid": slice(10, 12), "test": slice(12, 15)}
    for split, slices in slabs.items():
        voxels, classes = example(data, split)
        assert (voxels[..., 0] == x[slices]).all()
        assert (classes == (mask[slices] > 0)).all()
    named = [f"images/a{ending}[{s.start}:{s.stop}]" for s in slabs.values()]
    assert [str(split.ids[0]) for split in data.splits] == named
    assert "train slices 0 to 9, valid slices 10 to 11, test slices 12 to 14" in data.facts["splits"]
    mean, std = data.preprocessing.mean[0], data.preprocessing.std[0]
    assert (mean, std) == (pytest.approx(x[:10].mean()), pytest.approx(x[:10].std()))


def test_three_volumes_are_divided_as_wholes(tmp_path):
    data = loaded(saved(tmp_path / "set", ("a", "b", "c")))
    assert sorted(str(i) for split in data.splits for i in split.ids) == [f"images/{n}.npy" for n in "abc"]
    assert [len(split) for split in data.splits] == [1, 1, 1]


def test_pages_are_images_unless_they_are_called_volumes(tmp_path):
    slices = loaded(saved(tmp_path / "set", ("a", "b", "c"), ".tif"))
    assert len(slices) == 3 * SHAPE[0] and slices.train.input.spec.kind == "image"
    whole = loaded(tmp_path / "set", stacks="volumes")
    assert len(whole) == 3 and whole.train.input.spec.kind == "volume"


def test_volumes_of_several_sizes_and_channels_keep_them(tmp_path):
    folder = saved(tmp_path / "set", ("a", "b", "c"), shape=(*SHAPE, 2))
    for kind, values in zip(("images", "masks"), volume(7, (8, 30, 16, 2)), strict=True):
        np.save(folder / kind / "d.npy", values)
    data = loaded(folder)
    shapes = sorted(map(tuple, data.everything.dataset.columns["volume"].shapes.tolist()))  # pyright: ignore
    assert shapes == [(8, 30, 16, 2), *[(*SHAPE, 2)] * 3]
    assert data.preprocessing.channels == 2 and len(data.preprocessing.mean) == 2


@pytest.mark.parametrize("noted", ["imagej", "given"])
def test_the_spacing_is_kept_and_decides_the_part(tmp_path, noted):
    folder = tmp_path / "set"
    folder.mkdir()
    x, mask = volume(0, (15, 200, 200))
    told = {"imagej": True, "resolution": (1 / 4, 1 / 4), "metadata": {"spacing": 32.0, "axes": "ZYX"}}
    tifffile.imwrite(folder / "a.tif", x, **(told if noted == "imagej" else {}))
    tifffile.imwrite(folder / "a_mask.tif", mask)
    data = loaded(folder, stacks="volumes", **({} if noted == "imagej" else {"spacing": "32,4,4"}))
    assert data.preprocessing.spacing == (32.0, 4.0, 4.0)
    assert data.facts["spacing"].startswith("32 × 4 × 4 (slices 8 times as far apart")
    assert data.preprocessing.part == (11, 160, 160)  # of the 11 slices that are trained on


def test_ome_notes_a_spacing_too(tmp_path):
    sizes = {f"PhysicalSize{axis}": size for axis, size in zip("XYZ", (0.5, 0.25, 2.0), strict=True)}
    tifffile.imwrite(tmp_path / "a.ome.tif", volume()[0], metadata={"axes": "ZYX", **sizes})
    assert open_volume(tmp_path / "a.ome.tif", "a.ome.tif").spacing == (2.0, 0.25, 0.5)


@pytest.mark.parametrize("axes", ["ZYX", "ZYXS", "ZCYX", "CZYX", "pages", "npy"])
def test_axes_of_files_are_told_apart(tmp_path, axes):
    x, _ = volume(0, (5, 8, 9, 3))
    path = tmp_path / ("a.npy" if axes == "npy" else "a.tif")
    if axes == "npy":
        np.save(path, x)
    elif axes == "pages":
        x = x[..., :1]
        for page in x[..., 0]:
            tifffile.imwrite(path, page, append=True)
    elif axes == "ZYX":
        x = x[..., :1]
        tifffile.imwrite(path, x[..., 0], metadata={"axes": "ZYX"})
    else:
        moved = {"ZYXS": x, "ZCYX": np.moveaxis(x, -1, 1), "CZYX": np.moveaxis(x, -1, 0)}[axes]
        tifffile.imwrite(path, moved, metadata={"axes": axes}, photometric="rgb" if axes == "ZYXS" else "minisblack")
    for source in (path, path.read_bytes()):
        found = open_volume(source, path.name)
        assert found.shape == x.shape
        assert (found.read() == x).all()


def test_nifti_has_its_axes_reversed(tmp_path):
    nibabel = pytest.importorskip("nibabel", reason="the extra 'volumes' is not installed")
    x, _ = volume()
    nibabel.save(nibabel.Nifti1Image(x.T.astype(np.int16), np.diag([0.5, 0.6, 3.0, 1.0])), tmp_path / "a.nii.gz")
    for source in (tmp_path / "a.nii.gz", (tmp_path / "a.nii.gz").read_bytes()):
        found = open_volume(source, "a.nii.gz")
        assert found.spacing == pytest.approx((3.0, 0.6, 0.5))
        assert (found.read()[..., 0] == x).all()


def test_a_set_of_nnunet_is_read_as_volumes(tmp_path):
    nibabel = pytest.importorskip("nibabel", reason="the extra 'volumes' is not installed")
    for kind, end in (("imagesTr", "_0000"), ("labelsTr", "")):
        (tmp_path / "set" / kind).mkdir(parents=True)
        for seed, name in enumerate("abc"):
            values = volume(seed)[kind == "labelsTr"]
            nibabel.save(nibabel.Nifti1Image(values.T, np.eye(4)), tmp_path / "set" / kind / f"{name}{end}.nii.gz")
    data = loaded(tmp_path / "set")
    assert sorted(str(i) for i in data.ids) == [f"imagesTr/{name}_0000.nii.gz" for name in "abc"]
    assert (data.everything.input.take(np.array([1]))[0][..., 0] == volume(1)[0]).all()


def test_nifti_without_nibabel_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nibabel", None)
    for kind in ("images", "masks"):
        (tmp_path / "set" / kind).mkdir(parents=True)
        (tmp_path / "set" / kind / "a.nii.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(ConfigError, match=r"pip install 'convscope\[volumes\]'"):
        loaded(tmp_path / "set")


@pytest.mark.parametrize(
    ("shape", "words"),
    [((4, 4), "expected a volume"), ((0, 4, 4), "holds nothing"), ((2, 9, 8, 7, 6), "expected a volume")],
)
def test_what_is_no_volume_is_said(tmp_path, shape, words):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    with pytest.raises(Unreadable, match=words):
        open_volume(tmp_path / "a.npy", "a.npy")


def test_a_bad_volume_is_named_and_left_out_when_asked(tmp_path):
    folder = saved(tmp_path / "set", ("a", "b", "c", "d"))
    (folder / "images" / "b.npy").write_bytes((folder / "images" / "b.npy").read_bytes()[:900])
    with pytest.raises(DataError, match=r"(?s)1 of 4 .*images/b\.npy: damaged"):
        loaded(folder)
    data = loaded(folder, skip_bad=True)
    assert sorted(str(i) for split in data.splits for i in split.ids) == [f"images/{n}.npy" for n in "acd"]
    first = data.everything.target.take(np.array([2]))[0]  # behind the one that is left out
    assert (first == (volume(3)[1] > 0)).all()


def test_a_mask_of_another_depth_is_named(tmp_path):
    folder = saved(tmp_path / "set", ("a", "b", "c"))
    np.save(folder / "masks" / "b.npy", volume()[1][:9])
    with pytest.raises(DataError, match=r"masks/b\.npy: the mask is 9 × 20 × 24, its image 15 × 20 × 24, depth × "):
        loaded(folder)


def test_values_that_are_nan_and_types_that_differ_are_refused(tmp_path):
    folder = saved(tmp_path / "set", ("a", "b", "c"))
    values = volume()[0].astype(np.float32)
    np.save(folder / "images" / "a.npy", values)
    with pytest.raises(DataError, match=r"different types .*float32"):
        loaded(folder)
    values[2, 3, 4] = np.nan
    for name in "abc":
        np.save(folder / "images" / f"{name}.npy", values)
    with pytest.raises(DataError, match="slice 2: 1 of 480 values are NaN"):
        loaded(folder)


def test_settings_that_fit_nothing_are_refused(tmp_path):
    folder = saved(tmp_path / "set")
    for options, words in (
        ({"spacing": "1,2"}, "--spacing 1,2: expected three numbers"),
        ({"folds": 3, "fold": 1}, "--folds: 1 volume cannot"),
        ({"img_size": (8, 16)}, "as high as wide"),
        ({"valid": 20}, None),
    ):
        with pytest.raises((ConfigError, DataError), match=words):
            loaded(folder, **options)
    for kind in ("images", "masks"):
        (tmp_path / "flat" / kind).mkdir(parents=True)
        for k in range(3):
            convscope_png(tmp_path / "flat" / kind / f"{k}.png", k)
    with pytest.raises(DataError, match="3 slices cannot be divided"):
        loaded(tmp_path / "flat", stacks="volumes", valid=2)
    with pytest.raises(ConfigError, match="--spacing: for volumes"):
        loaded(tmp_path / "flat", spacing="1,1,1")


def convscope_png(path: Path, seed: int) -> None:
    from PIL import Image

    Image.fromarray((np.random.default_rng(seed).random((16, 16)) > 0.5).astype(np.uint8) * 255).save(path)


def test_decoded_volumes_are_kept_and_damage_to_them_is_found(tmp_path):
    folder = saved(tmp_path / "set")
    first = loaded(folder)
    assert "from the cache" in loaded(folder).facts["stored"]
    assert first.cache is not None
    with (first.cache / "pixels.npy").open("r+b") as file:
        file.seek(500)
        file.write(b"\xff\xff")
    again = loaded(folder)
    assert "from the cache" not in again.facts["stored"]
    assert again.fingerprint == first.fingerprint
    assert (example(again, "train")[0] == volume()[0][: len(example(again, "train")[0]), ..., None]).all()


def test_slabs_follow_the_splits_that_are_given():
    slabs, _ = cut_slabs([10, 20], ["test", ""], None, None)
    assert [(s.volume, s.split, s.first, s.last) for s in slabs] == [
        (0, "test", 0, 10), (1, "train", 0, 18), (1, "valid", 18, 20),
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="brings its own test split"):
        cut_slabs([10, 20], ["test", ""], None, 3)
    with pytest.raises(DataError, match="2 slices cannot be divided"):
        cut_slabs([2], [""], None, None)


def test_slabs_show_the_values_of_their_volumes():
    volumes = [np.arange(24).reshape(4, 3, 2), np.arange(100, 130).reshape(5, 3, 2)]
    column = Ragged.of("volume", volumes)
    slabs, _ = cut_slabs([4, 5], ["", ""], 1, 1)
    shown = slab_column(column, slabs)
    for at, slab in enumerate(slabs):
        assert (shown.take(np.array([at]))[0] == volumes[slab.volume][slab.first : slab.last]).all()


def test_parts_measure_alike_along_all_axes():
    wide = np.array([[500, 900, 900]])
    assert part_size(wide, None) == (64, 64, 64)
    assert part_size(wide, (8.0, 1.0, 1.0)) == (16, 128, 128)
    assert part_size(wide, (8.0, 1.0, 1.0), side=48) == (16, 48, 48)
    assert [flat_levels((apart, 1.0, 1.0), 4) for apart in (1.0, 2.5, 2.6, 5.1, 100.0)] == [0, 0, 1, 2, 3]
