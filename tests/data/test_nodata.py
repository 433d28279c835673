"""Values that mean no data are filled where they are known, and noticed where they are not."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import tifffile
from pictures import png, put

from convscope.data import load, read_images
from convscope.data.decode.encoded import Unreadable
from convscope.data.loading import load_labelled
from convscope.data.nodata import filled, outlying
from convscope.data.options import LoadOptions
from convscope.data.preprocessing import Preprocessing
from convscope.errors import DataError
from convscope.runs.inputs import load_source
from convscope.training.plan import make_plan

LOWEST = float(np.finfo(np.float32).min)


def values(seed: int, shape=(12, 10, 2)) -> np.ndarray:
    """Return an image (H, W, C) of 0..1."""
    return np.random.default_rng(seed).random(shape, np.float32)


def tiff(image: np.ndarray, tag: str | None = None) -> bytes:
    out = io.BytesIO()
    more = {} if tag is None else {"extratags": [(42113, "s", 0, tag, True)]}
    tifffile.imwrite(out, image, metadata={"axes": "YXC"}, photometric="minisblack", **more)
    return out.getvalue()


def folders(root, *, missing: float, tag: str | None = None, each: int = 30, shape=(12, 10, 2)):
    """Write two classes of images in which one of ten pixels is ``missing`` in all channels."""
    for k, name in enumerate("ab"):
        for i in range(each):
            image = values(k * each + i, shape)
            image[::5, ::2] = missing
            put(root / name / f"{i}.tif", tiff(image, tag))
    return root


def codes(data) -> dict[str, str]:
    return {notice.code: notice.text for notice in data.warnings}


@pytest.mark.parametrize(
    ("missing", "tag"),
    [(-9999.0, "-9999"), (LOWEST, "-3.40282e+38"), (np.nan, "nan"), (np.inf, "nan"), (-32768.0, "-32768.0")],
)
def test_the_value_of_a_tiffs_tag_is_the_mean_of_the_images_others(tmp_path, missing, tag):
    data = load(folders(tmp_path / "set", missing=missing, tag=tag), cache=tmp_path / "cache")
    image = np.moveaxis(data.train.images(0), 0, -1)
    name, number = data.train.ids[0].removesuffix(".tif").split("/")
    expected = values("ab".index(name) * 30 + int(number))
    there = np.ones(expected.shape[:2], bool)
    there[::5, ::2] = False
    assert (image[there] == expected[there]).all()
    np.testing.assert_allclose(image[~there], np.broadcast_to(expected[there].mean(0), image[~there].shape), rtol=1e-5)
    assert codes(data) == {
        "no-data": "60 images with values that mean no data (12.50% of their numbers): each was replaced by the mean "
        "of the image's other values in its channel"
    }
    assert 0.4 < data.preprocessing.mean[0] < 0.6 and data.preprocessing.std[0] < 0.4


def test_a_value_far_outside_the_others_is_noticed_and_filled_when_the_user_says_so(tmp_path):
    root = folders(tmp_path / "set", missing=-9999.0)
    data = load(root, cache=tmp_path / "cache")
    assert data.preprocessing.mean[0] < -1000
    (notice,) = data.warnings
    assert notice.code == "outlying-values" and notice.examples[0] == "a/0.tif (30 times)"
    assert notice.text.startswith(
        "60 of 60 images hold the value -9999, far outside all others (12.50% of their numbers)"
    )
    assert "--nodata -9999;" in notice.text
    data = load(root, nodata=-9999, cache=tmp_path / "cache")
    assert list(codes(data)) == ["no-data"] and data.preprocessing.nodata == (-9999,)
    assert 0.4 < data.preprocessing.mean[0] < 0.6


def test_a_second_value_is_not_to_be_filled_instead_of_the_first(tmp_path):
    x = np.stack([values(i) for i in range(60)])
    x[:, ::5, ::2], x[:, 1::5, ::2] = -9999, -32768
    np.savez(tmp_path / "set.npz", x=x, y=np.arange(60) % 2)
    notice = load(tmp_path / "set.npz", nodata=-9999, cache=tmp_path / "cache").warnings[-1]
    assert notice.code == "outlying-values" and "the value -32768, far outside" in notice.text
    assert "write -9999 for it in the files" in notice.text and "--nodata -32768" not in notice.text


def test_nan_and_infinities_need_a_word(tmp_path):
    root = folders(tmp_path / "set", missing=np.nan)
    with pytest.raises(
        DataError,
        match=r"--nodata nan, or leave them out with --skip-bad:\n  a/0\.tif: 30 of 240 values are NaN or infinite",
    ):
        load(root, cache=tmp_path / "cache")
    assert list(codes(load(root, nodata=float("nan"), cache=tmp_path / "cache"))) == ["no-data"]


def test_filling_comes_before_scaling(tmp_path):
    root = folders(tmp_path / "set", missing=-9999.0, tag="-9999", shape=(40, 40, 1))
    data = load(root, img_size=10, cache=tmp_path / "cache")
    assert data.train.images().min() > -0.5


def test_a_model_treats_new_images_as_those_it_learned_from(tmp_path):
    root = folders(tmp_path / "set", missing=-9999.0)
    data = load_source(root, make_plan({"nodata": -9999, "cache": str(tmp_path / "cache")}))
    rule = Preprocessing.from_dict(data.preprocessing.to_dict())
    assert rule == data.preprocessing
    found, _, notices = load_labelled(root, rule, LoadOptions(cache=tmp_path / "cache"))
    assert [notice.code for notice in notices] == ["no-data"]
    (image,) = read_images([root / "a" / "0.tif"], rule)
    assert (image.values == found[0].image).all() and image.note == "30 no-data values filled"
    tagged = put(tmp_path / "new.tif", tiff(np.where(values(0) < 0.5, -1, values(0)), "-1"))
    (image,) = read_images([tagged], rule)
    assert image.values.min() >= 0.5


def test_a_model_from_before_keeps_what_it_learned_from(tmp_path):
    root = folders(tmp_path / "set", missing=-9999.0, tag="-9999")
    before = load(root, cache=tmp_path / "cache").preprocessing.to_dict()
    del before["nodata"]
    rule = Preprocessing.from_dict(before)
    assert rule.nodata is None and "nodata" not in rule.to_dict()
    assert load_labelled(root, rule, LoadOptions(cache=tmp_path / "cache"))[0].images().min() == -9999
    (image,) = read_images([root / "a" / "0.tif"], rule)
    assert image.values.min() == -9999


def test_arrays(tmp_path):
    x = np.stack([values(i) for i in range(60)])
    x[:, ::5, ::2] = -9999
    np.savez(tmp_path / "set.npz", x=x, y=np.arange(60) % 2)
    assert "outlying-values" in codes(load(tmp_path / "set.npz", cache=tmp_path / "cache"))
    data = load(tmp_path / "set.npz", nodata=-9999, cache=tmp_path / "cache")
    assert list(codes(data)) == ["no-data"] and data.train.images().min() >= 0
    x[3] = -9999
    np.savez(tmp_path / "set.npz", x=x, y=np.arange(60) % 2)
    with pytest.raises(DataError, match="x/3: holds nothing but values that mean no data"):
        load(tmp_path / "set.npz", nodata=-9999, cache=tmp_path / "cache")
    assert "unreadable" in codes(load(tmp_path / "set.npz", nodata=-9999, skip_bad=True, cache=tmp_path / "cache"))


def test_in_bytes_a_pixel_is_empty_where_all_its_channels_are():
    image = np.array([[[255, 0, 0], [0, 0, 0], [101, 50, 20]]], np.uint8)
    found, count = filled(image, [0])
    assert count == 3 and found.tolist() == [[[255, 0, 0], [178, 25, 10], [101, 50, 20]]]
    assert filled(image, [-9999])[1] == 0


def test_a_channel_without_any_data_takes_the_mean_of_the_image():
    image = np.float32([[[1, -9999], [3, -9999]]])
    assert filled(image, [-9999])[0].tolist() == [[[1, 2], [3, 2]]]
    with pytest.raises(Unreadable, match="holds nothing but values that mean no data"):
        filled(np.full((2, 2, 1), np.nan, np.float32), [np.nan])


@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
def test_ordinary_images_have_no_outliers(dtype):
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 4000, 30 * 30).reshape(1, 30, 30, 1)
    spots = rng.gamma(0.3, 300, (1, 30, 30, 1))
    ground = np.where(rng.random((1, 30, 30, 1)) < 0.9, 0, ramp + 100)
    drawing = rng.choice([0, 1, 2, 9000], (1, 30, 30, 1))
    bands = np.concatenate([np.zeros_like(ramp), ramp, ramp + 30_000], -1)
    for images in (ramp, spots, ground, drawing, bands):
        assert np.isnan(outlying(images.astype(dtype))[0]).all()


@pytest.mark.parametrize("share", [0.001, 0.1, 0.4, 0.9])
@pytest.mark.parametrize("value", [-9999, -32768, LOWEST, 1e20, 40_000])
def test_outliers_are_found_however_many_there_are(share, value):
    rng = np.random.default_rng(0)
    images = rng.uniform(200, 1500, (3, 40, 40, 2)).astype(np.float32)
    missing = rng.random(images.shape[1:3]) < share
    missing[0, 0] = True
    images[1, missing, 1] = value
    found, counts = outlying(images)
    assert np.isnan(found[[0, 2]]).all() and found[1] == np.float32(value)
    assert counts.tolist() == [0, missing.sum(), 0]


def test_bytes_are_not_looked_at(tmp_path):
    for k, name in enumerate("ab"):
        for i in range(10):
            image = np.random.default_rng([k, i]).integers(100, 110, (8, 8, 1)).astype(np.uint8)
            image[0, 0] = 255
            put(tmp_path / name / f"{i}.png", png(image))
    assert not load(tmp_path, cache=tmp_path / "cache").warnings[1:]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_arrays_of_ordinary_images_have_no_outliers(tmp_path, dtype):
    x = np.random.default_rng(0).integers(0, 250, (60, 8, 8, 1)).astype(dtype)
    np.savez(tmp_path / "set.npz", x=x, y=np.arange(60) % 2)
    assert codes(load(tmp_path / "set.npz", cache=tmp_path / "cache")) == {}


def test_a_setting_for_the_file(tmp_path):
    plan = make_plan({"nodata": -9999})
    assert plan.to_dict()["nodata"] == -9999 and "nodata" not in make_plan({}).to_dict()
    assert dataclasses.replace(plan, nodata=None) == make_plan({})
