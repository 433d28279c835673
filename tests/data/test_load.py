"""From a path or a name to a set: what comes out, what is said about it, and what is refused."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pictures import class_folders, encoded, pixels, png, put
from PIL import Image

from convscope.data import Data, load, read_images
from convscope.data.loading import load_labelled
from convscope.data.options import LoadOptions
from convscope.data.patches import example
from convscope.errors import ConfigError, DataError
from real_data import real_data


def codes(data: Data) -> dict[str, str]:
    return {notice.code: notice.text for notice in data.warnings}


def refused(path: object, **options) -> str:
    with pytest.raises(DataError) as caught:
        load(str(path), **options)
    return str(caught.value)


def test_a_folder_of_classes(tmp_path):
    data = load(class_folders(tmp_path / "pets", each=20))
    assert data.name == "pets"
    assert data.source == str(tmp_path / "pets")
    assert data.classes == ("cats", "dogs")
    assert data.test is not None
    assert sum(map(len, data.splits)) == 40
    assert sorted(np.concatenate([split.rows for split in data.splits])) == list(range(40))
    at = data.train.ids.tolist().index("dogs/7.png")
    assert data.train.labels[at] == 1
    assert (data.train.images(at) == np.moveaxis(pixels(seed=27), -1, 0)).all()
    raw = data.train.images().astype(float)
    assert np.allclose(data.preprocessing.mean, raw.mean((0, 2, 3)))
    assert np.allclose(data.preprocessing.std, raw.std((0, 2, 3)))


def test_the_facts(tmp_path):
    path = class_folders(tmp_path / "pets", each=20)
    first, second = load(path).facts, load(path).facts
    assert list(first) == ["found", "images", "stored", "sizing", "splits", "classes", "normalisation"]
    assert first["found"] == f"{path}: class folders"
    assert first["images"] == "40, 12 × 10 × 3 uint8"
    assert first["stored"].startswith("uint8, raw values 0..255, 0.0 MB, decoded in ")
    assert second["stored"].startswith("uint8, raw values 0..255, 0.0 MB, from the cache (decoded earlier in ")
    assert first["sizing"] == "all images are 12 × 10: kept"
    assert first["splits"].startswith("train 29, valid 3, test 8 (")
    assert first["classes"] == "2 (train/valid/test): cats 14/2/4, dogs 15/1/4"
    assert first["normalisation"].startswith("mean/standard deviation of the train split, in raw units: 12")


def test_many_classes_are_folded(tmp_path):
    path = class_folders(tmp_path, tuple(f"class {k}" for k in range(15)), each=5)
    assert load(path).facts["classes"].endswith("class 11 3/1/1 and 3 more; 5 to 5 images each")


def test_the_same_call_gives_the_same_set(tmp_path):
    path = class_folders(tmp_path, each=20)
    first, again, other = load(path), load(path), load(path, seed=1)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert (first.train.rows == again.train.rows).all()
    assert (first.train.rows != other.train.rows).any()


def test_unreadable_files_are_listed_then_skipped(tmp_path):
    class_folders(tmp_path, each=20)
    put(tmp_path / "cats" / "half.jpg", encoded(Image.fromarray(pixels()), "JPEG")[:-40])
    put(tmp_path / "dogs" / "text.png", b"hello")
    assert refused(tmp_path) == (
        "2 of 42 images cannot be read; repair or remove them, or leave them out with --skip-bad:\n"
        "  cats/half.jpg: damaged: image file is truncated (106 bytes not processed)\n"
        "  dogs/text.png: not an image: expected PNG, JPEG, BMP, TIFF, GIF, WebP, PNM or .npy, "
        "found a file that begins with b'hello'"
    )
    data = load(tmp_path, skip_bad=True)
    assert sum(map(len, data.splits)) == 40
    assert codes(data)["unreadable"] == "2 of 42 images cannot be read; left out"
    notice = next(n for n in data.warnings if n.code == "unreadable")
    assert notice.examples[1].startswith("dogs/text.png: not an image")
    assert not any("text" in name for split in data.splits for name in split.ids.tolist())


def test_rows_without_a_file_are_left_out_like_unreadable_files(tmp_path):
    lines = [f"{i}.png,{'ab'[i % 2]}" for i in range(40)]
    for i in range(40):
        put(tmp_path / f"{i}.png", seed=i)
    (tmp_path / "labels.csv").write_text("\n".join(["image,label", *lines, "gone.png,a", "lost.png,b"]))
    said = f"{tmp_path}/labels.csv: no file among 40 images for rows 42 ('gone.png'), 43 ('lost.png')"
    assert refused(tmp_path) == f"{said}; correct them, or leave them out with --skip-bad"
    data = load(tmp_path, skip_bad=True)
    assert sum(map(len, data.splits)) == 40
    assert codes(data)["absent"] == f"{said}; left out"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "no data given: the path is empty; name a folder, a file or a set such as digits"),
        ("~nobody-is-called-so/x", "~nobody-is-called-so/x: there is no user whose folder this could mean"),
        ("a" * 300, f"{'a' * 300} cannot be opened: File name too long"),
    ],
)
def test_what_no_path_can_be(path, said):
    assert refused(path) == said


def test_what_is_neither_file_nor_folder(tmp_path):
    (tmp_path / "link").symlink_to("gone")
    assert refused(tmp_path / "link") == f"{tmp_path}/link is a link that leads nowhere: gone"
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe").startswith(f"{tmp_path}/pipe is neither a file nor a folder; expected ")


def test_long_lists_of_unreadable_files_are_cut(tmp_path):
    for i in range(25):
        put(tmp_path / "ab"[i % 2] / f"{i:02}.png", b"x")
    said = refused(tmp_path, skip_bad=True)
    assert said.startswith("25 of 25 images cannot be read; ")
    assert said.endswith("\n  ... and 5 more")


def test_mixtures_are_brought_together_and_said(tmp_path):
    class_folders(tmp_path, each=20)
    for i in range(3):
        put(tmp_path / "cats" / f"grey{i}.png", png(pixels(channels=1, seed=100 + i)))
    put(tmp_path / "dogs" / "alpha.png", png(pixels(channels=4, seed=104)))
    put(tmp_path / "dogs" / "few.png", encoded(Image.fromarray(pixels()).quantize(8), "PNG"))
    data = load(tmp_path)
    assert data.preprocessing.channels == 3
    assert codes(data)["channels"] == (
        "the images have different channels (3 grey, 41 RGB, 1 RGB with alpha); all were brought to RGB: "
        "grey to RGB and alpha dropped"
    )
    assert codes(data)["converted"] == "1 image converted: palette to RGB"
    (odd,) = [notice.examples for notice in data.warnings if notice.code == "channels"]
    assert odd == ("dogs/alpha.png",)
    assert data.facts["images"] == "45, 12 × 10 × 1 or 3 or 4 uint8"
    assert repr(data.test) == "<test: 9 images, 12 × 10 × 3 uint8>"


def test_pages_that_become_channels_are_said(tmp_path):
    for name in ("cats", "dogs"):
        for i in range(5):
            (tmp_path / name).mkdir(exist_ok=True)
            tifffile.imwrite(
                tmp_path / name / f"{i}.tif", pixels(channels=4, seed=i).transpose(2, 0, 1), photometric="minisblack"
            )
    data = load(tmp_path)
    assert data.preprocessing.channels == 4
    assert codes(data)["converted"] == "10 images converted: 4 pages to channels"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("opaque", [True, False])
def test_opacity_is_no_feature_in_training_nor_later(tmp_path, channels, opaque, dtype):
    for k in range(60):
        image = pixels(channels=channels, seed=k, dtype=dtype)
        if opaque:
            image[..., -1] = np.iinfo(dtype).max
        put(tmp_path / "set" / "ab"[k % 2] / f"{k}.png", png(image))
    data = load(tmp_path / "set")
    assert data.preprocessing.channels == channels - 1
    text = codes(data)["alpha"]
    assert text.startswith("60 images with an alpha channel, opaque" if opaque else "60 images with transparent parts")
    plain = put(tmp_path / "plain.png", png(pixels(channels=channels, seed=0, dtype=dtype)[..., :-1]))
    first, second = read_images([tmp_path / "set" / "a" / "0.png", plain], data.preprocessing)
    assert (first.values == second.values).all() and first.note == "alpha dropped"
    put(tmp_path / "set" / "a" / "plain.png", png(pixels(channels=channels - 1, seed=99, dtype=dtype)))
    assert load(tmp_path / "set").preprocessing.channels == channels - 1


@pytest.mark.parametrize("channels", [2, 4])
def test_opacity_in_tiffs_of_image_programs_is_no_feature(tmp_path, channels):
    for k in range(40):
        put(tmp_path / "set" / "ab"[k % 2] / f"{k}.tif", encoded(pixels(channels=channels, seed=k), "TIFF"))
    data = load(tmp_path / "set")
    assert data.preprocessing.channels == channels - 1 and "alpha" in codes(data)
    (image,) = read_images([tmp_path / "set" / "a" / "0.tif"], data.preprocessing)
    assert (image.values == pixels(channels=channels, seed=0)[..., :-1]).all()


def test_a_network_that_took_opacity_for_a_feature_still_does(tmp_path):
    root = class_folders(tmp_path / "set", each=5, channels=4)
    rule = replace(load(root).preprocessing, channels=4, mean=(0.0,) * 4, std=(1.0,) * 4, nodata=None)
    found, *_ = load_labelled(root, rule, LoadOptions())
    (image,) = read_images([root / "cats" / "0.png"], rule)
    assert found.input.spec.shape[2] == 4 and (image.values == found[0].image).all()


def test_four_channels_that_are_no_alpha_stay(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 4)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    assert load(tmp_path / "a.npz").preprocessing.channels == 4
    for k, image in enumerate(x):
        path = tmp_path / "arrays" / "ab"[k % 2] / f"{k}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, image)
    data = load(tmp_path / "arrays")
    assert data.preprocessing.channels == 4 and "alpha" not in codes(data)


def test_16_bit_images_stay_16_bit(tmp_path):
    data = load(class_folders(tmp_path, each=5, channels=1, dtype=np.uint16))
    assert data.preprocessing.dtype == "uint16"
    assert data.train.input.spec.dtype == "uint16"
    assert 30_000 < data.preprocessing.mean[0] < 35_000


def test_float_images_with_nan_are_bad_files(tmp_path):
    x = np.random.default_rng(0).random((40, 8, 8)).astype(np.float32)
    x[3, 2, 2] = np.nan
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    assert refused(tmp_path / "a.npz").endswith("--skip-bad:\n  x/3: 1 of 64 values are NaN or infinite")
    data = load(tmp_path / "a.npz", skip_bad=True)
    assert data.preprocessing.dtype == "float32"
    assert np.isfinite(data.preprocessing.mean).all()


def test_bombs_need_a_word(tmp_path):
    class_folders(tmp_path, each=10)
    big = Image.new("L", (600, 500))
    put(tmp_path / "cats" / "big.png", encoded(big, "PNG"))
    assert "cats/big.png: 600 × 500 = 300,000 pixels exceed the limit of 200,000;" in refused(
        tmp_path, max_pixels=200_000
    )
    assert load(tmp_path).preprocessing.height == 10


def test_img_size_and_fit(tmp_path):
    path = class_folders(tmp_path, each=10)
    data = load(path, img_size=(6, 8), fit="squash")
    assert data.train.images(0).shape == (3, 6, 8)
    assert data.facts["sizing"] == "scaled to 6 × 8, as asked; other shapes are squashed"
    middle = load(path, img_size=4, fit="centre")
    assert (middle.train.images(0) == load(path).train.images(0)[:, 4:8, 3:7]).all()
    assert middle.facts["sizing"] == "the middle 4 × 4 of each image, unscaled, as asked"
    with pytest.raises(ConfigError, match="--img-size"):
        load(path, img_size=0)


def test_one_class_and_one_image(tmp_path):
    path = class_folders(tmp_path / "set", ("cats",), each=3)
    assert refused(path) == (
        f"{path}: found 3 images of one class only (cats), as class folders; "
        "a classifier needs two classes or more, each in a folder of its own or named in a table"
    )
    (path / "labels.xlsx").write_bytes(b"PK")
    assert refused(path).endswith("; 1 file beside the set not used (labels.xlsx)")
    for i in (1, 2):
        (path / "cats" / f"{i}.png").unlink()
    assert refused(path).startswith(f"{path}: found 1 image of one class only (cats)")


def test_a_missing_path(tmp_path):
    (tmp_path / "hymenoptera").mkdir()
    assert refused(tmp_path / "hymenopetra" / "train") == (
        f"nothing is at {tmp_path}/hymenopetra/train: there is no 'hymenopetra' in {tmp_path}; "
        "did you mean 'hymenoptera'? (sets that have a name: digits, angles, squares, discs, tracks, nuclei, steps, "
        "motions, mnist, fashion-mnist, cifar10)"
    )
    assert "; did you mean 'digits'?" in refused("digts")


def test_progress_is_told(tmp_path):
    said = []
    load(class_folders(tmp_path, each=10), progress=lambda what, done, total: said.append((what, done, total)))
    assert said[-1] == ("reading images", 20, 20)


@pytest.mark.parametrize(("name", "shape"), [("digits", (1, 8, 8)), ("angles", (1, 32, 32)), ("squares", (1, 16, 16))])
def test_built_in_sets(name, shape):
    data = load(name)
    assert data.name == name
    assert data.train.images(0).shape == shape
    assert data.test is not None and len(data.train) > len(data.test) > 0


def test_digits_keep_their_range():
    data = load("digits")
    assert data.facts["stored"].startswith("uint8, raw values 0..16, ")
    assert data.facts["found"].startswith("digits: built-in set, 8×8 handwritten digits of scikit-learn")


def test_synthetic_sets_follow_the_seed():
    assert (
        load("angles", seed=3).fingerprint == load("angles", seed=3).fingerprint != load("angles", seed=4).fingerprint
    )


@pytest.mark.parametrize("text", [True, False])
def test_paths_and_text_are_alike(tmp_path, text):
    path = class_folders(tmp_path / "set", each=10)
    assert load(str(path) if text else Path(path)).name == "set"


def test_hymenoptera():
    data = load(real_data("hymenoptera"))
    assert (len(data.train), len(data.valid), data.test) == (244, 153, None)
    assert data.train.images().shape == (244, 3, 128, 128)
    assert data.facts["sizing"].startswith("mixed sizes, scaled to 128 × 128")
    assert np.allclose(data.preprocessing.mean, (132, 121, 89), atol=3)


def test_mnist():
    data = load(real_data("mnist"))
    assert data.test is not None and len(data.test) == 10_000
    assert np.allclose(data.preprocessing.mean[0] / 255, 0.1307, atol=5e-4)
    assert np.allclose(data.preprocessing.std[0] / 255, 0.3081, atol=5e-4)


def test_lung_keeps_groups_together():
    data = load(real_data("lc25000_lung") / "lc25000_lung.zip", img_size=16)
    parts = [set(split.groups.tolist()) for split in data.splits if split.groups is not None]
    assert len(parts) == 3
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_arrays_with_nan_beside_masks_are_named_or_left_out(tmp_path):
    generator = np.random.default_rng(0)
    x, y = generator.random((8, 20, 24)).astype(np.float32), (generator.random((8, 20, 24)) > 0.5).astype(np.uint8)
    x[2, 3, 3] = np.nan
    np.savez(tmp_path / "a.npz", x=x, y=y)
    assert refused(tmp_path / "a.npz").endswith("--skip-bad:\n  x/2: 1 of 480 values are NaN or infinite")
    data = load(tmp_path / "a.npz", skip_bad=True)
    assert data.facts["images"].startswith("7, 20 × 24")
    everything = data.everything
    assert everything.ids.tolist() == [f"x/{k}" for k in range(8) if k != 2]
    for at, k in enumerate(k for k in range(8) if k != 2):
        np.testing.assert_array_equal(example(everything.input, at)[..., 0], x[k])
        np.testing.assert_array_equal(example(everything.target, at), y[k])
