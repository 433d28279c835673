"""Every file that a mask becomes, read back by Pillow, tifffile, scikit-image and csv."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import ndimage
from skimage.measure import regionprops_table

from convscope.data.decode.pixel_sizes import of_tiff
from convscope.data.spec import PixelClasses
from convscope.data.transforms import ImageTransform
from convscope.data.volumes.files import open_volume
from convscope.errors import ConfigError
from convscope.runs.masks import table as table_module
from convscope.runs.masks.folder import MaskFolder
from convscope.runs.masks.labels import write_label_tiff, write_probabilities
from convscope.runs.masks.overlay import overlay_png
from convscope.runs.masks.own_size import own_size
from convscope.runs.masks.palette import colours, palette_png
from convscope.runs.masks.pixel_size import PixelSize
from convscope.runs.masks.places import places
from convscope.runs.masks.table import object_table, write_csv
from convscope.runs.prediction import Prediction
from convscope.tasks.segmentation.decoding import decoded

HALF = PixelSize((0.5,), "um")


def blobs(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2)
    return np.asarray(ndimage.label(noise > np.quantile(noise, 0.7))[0], np.int32)


def test_a_palette_png_holds_the_class_numbers_colours_and_names():
    classes = np.arange(12, dtype=np.uint8).reshape(3, 4)
    picture = Image.open(io.BytesIO(palette_png(classes, ["nichts", "Kern\nrand"])))
    assert picture.mode == "P" and json.loads(picture.text["Classes"]) == ["nichts", "Kern\nrand"]  # pyright: ignore[reportAttributeAccessIssue]
    np.testing.assert_array_equal(np.array(picture), classes)
    np.testing.assert_array_equal(np.array(picture.convert("RGB")), colours()[classes])


def test_no_two_classes_have_one_colour():
    assert len(np.unique(colours(), axis=0)) == 256


@pytest.mark.parametrize("shape", [(20, 30), (3, 20, 30), (4, 5, 6)])
def test_a_label_tiff_has_16_bits_and_the_size_of_a_pixel(shape: tuple[int, ...]):
    labels = blobs(shape)
    file = io.BytesIO()
    write_label_tiff(file, labels, PixelSize((2, 0.25, 0.5)[-len(shape) :], "um"))
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as tiff:
        np.testing.assert_array_equal(tiff.asarray(), labels)
        assert tiff.asarray().dtype == np.uint16 and tiff.series[0].axes == "ZYX"[-len(shape) :]
        page, described = tiff.pages[0], tiff.imagej_metadata or {}
        assert [page.tags[name].value for name in ("XResolution", "YResolution")] == [(2, 1), (4, 1)]  # pyright: ignore[reportAttributeAccessIssue]
        assert described["unit"] == "um" and described.get("spacing") == (2 if len(shape) == 3 else None)


def test_above_65535_objects_a_label_tiff_has_32_bits():
    labels = np.arange(70_000, dtype=np.int32).reshape(700, 100)
    file = io.BytesIO()
    write_label_tiff(file, labels, HALF)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as tiff:
        assert tiff.asarray().dtype == np.uint32 and (tiff.asarray() == labels).all()
        tags = tiff.pages[0].tags  # pyright: ignore[reportAttributeAccessIssue]
        assert tags["ResolutionUnit"].value.name == "CENTIMETER"
        assert np.divide(*tags["XResolution"].value) == pytest.approx(20_000)
    write_label_tiff(io.BytesIO(), labels)


def test_a_volume_of_more_objects_than_imagej_can_number_keeps_its_scale():
    labels, file = np.arange(70_000, dtype=np.int32).reshape(7, 100, 100), io.BytesIO()
    write_label_tiff(file, labels, PixelSize((3, 0.25, 0.5), "um"))
    volume = open_volume(file.getvalue(), "labels.tif")
    assert (volume.spacing, volume.unit) == ((3, 0.25, 0.5), "um")
    np.testing.assert_array_equal(np.asarray(volume.read())[..., 0], labels)


@pytest.mark.parametrize("space", [(6, 7), (3, 6, 7)])
def test_probabilities_have_a_page_a_class_and_the_size_of_a_pixel(space: tuple[int, ...]):
    maps, file = np.random.default_rng(0).random((*space, 2), np.float32), io.BytesIO()
    write_probabilities(file, maps, ["ground", "disc"], PixelSize((3, 0.25, 0.5)[-len(space) :], "nm"))
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as tiff:
        np.testing.assert_array_equal(np.moveaxis(tiff.asarray(), -3, -1), maps)
        assert (tiff.imagej_metadata or {})["Labels"] == ["ground", "disc"] * (3 if len(space) == 3 else 1)
        sides = of_tiff(tiff)
        assert sides.steps[1:] == (0.25, 0.5) and sides.unit == "nm"
        assert sides.steps[0] == 3 if len(space) == 3 else np.isnan(sides.steps[0])


@pytest.mark.parametrize(
    ("noted", "expected"),
    [
        ({"imagej": True, "metadata": {"unit": r"\u00B5m"}}, PixelSize((0.5, 0.25), "um")),
        ({"imagej": True}, None),  # pixels a pixel
        ({"resolutionunit": "INCH"}, None),  # dots an inch
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5}}, PixelSize((0.5, 0.25), "um")),
    ],
)
def test_an_image_says_itself_how_large_its_pixels_are(noted: dict, expected: PixelSize | None, tmp_path: Path):
    path = tmp_path / "a.tif"
    resolution = {} if "ome" in noted else {"resolution": (4, 2)}
    tifffile.imwrite(path, np.zeros((8, 9), np.uint8), photometric="minisblack", **resolution, **noted)
    transform = ImageTransform(1, 8, 9, "keep", "uint8", (0.0,), (1.0,))
    assert own_size(path, transform) == expected
    assert own_size(tmp_path / "none.tif", transform) is None


@pytest.mark.parametrize(
    ("shape", "sizes"), [((60, 70), (1.0, 1.0)), ((50, 44), (0.3, 0.7)), ((9, 30, 31), (2, 0.5, 0.4))]
)
def test_the_table_is_scikit_images(shape: tuple[int, ...], sizes: tuple[float, ...], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_module, "SLAB", 500)
    labels = blobs(shape, 3)
    labels.flat[0] = labels.max() + 2  # one of a single pixel, and a number that is missing
    image = np.random.default_rng(0).integers(0, 60_000, (*shape, 2)).astype(np.uint16)
    table = object_table(labels, image=image, pixel_size=PixelSize(sizes, "um"))
    wanted = ("label", "area", "centroid", "bbox", "axis_major_length", "axis_minor_length", "mean_intensity")
    flat = ("orientation", "eccentricity") if len(shape) == 2 else ()
    expected = regionprops_table(labels, image, properties=(*wanted, *flat), spacing=sizes)
    axes, size = "zyx"[-len(shape) :], "area_um2" if len(shape) == 2 else "volume_um3"
    names = {"label": "label", size: "area", "axis_major_um": "axis_major_length", "axis_minor_um": "axis_minor_length"}
    names |= {f"centroid_{axis}_um": f"centroid-{k}" for k, axis in enumerate(axes)}
    names |= {f"bbox_{axis}_min_px": f"bbox-{k}" for k, axis in enumerate(axes)}
    names |= {f"bbox_{axis}_max_px": f"bbox-{k + len(axes)}" for k, axis in enumerate(axes)}
    names |= {"mean_intensity_1": "mean_intensity-0", "mean_intensity_2": "mean_intensity-1"}
    names |= {"eccentricity": "eccentricity"} if flat else {}
    for ours, theirs in names.items():
        np.testing.assert_allclose(table[ours], expected[theirs], rtol=1e-6, atol=1e-6, err_msg=ours)
    only_here = {"class", "orientation_rad" if flat else "axis_middle_um"}
    assert set(table) - set(names) == only_here
    if flat:  # a half turn is no turn
        np.testing.assert_allclose(
            *(np.exp(2j * np.array(angle)) for angle in (table["orientation_rad"], expected["orientation"])), atol=1e-6
        )
        assert (np.abs(table["orientation_rad"]) <= np.pi / 2).all()


def test_a_table_says_units_and_classes():
    table = object_table(np.array([[1, 1, 2]]), class_of=np.array([2, 1]), names=["none", "a", "b, c"])
    file = io.BytesIO()
    write_csv(file, table)
    first, second = csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))
    assert (first["label"], first["class"], first["area_px2"], first["centroid_x_px"]) == ("1", "b, c", "2", "0.5")
    assert (second["class"], second["bbox_x_min_px"], second["eccentricity"]) == ("a", "2", "0")


def test_an_empty_table_has_its_header():
    file = io.BytesIO()
    write_csv(file, object_table(np.zeros((4, 5), np.int32), image=np.zeros((4, 5, 1), np.uint8), pixel_size=HALF))
    assert (
        file.getvalue().decode().startswith("label,class,area_um2,centroid_y_um,") and file.getvalue().count(b"\n") == 1
    )


@pytest.mark.parametrize("text", ["", "um", "0.5", "0,5 um", "-1 um", "0 um", "nan um", "1 2 x um", "0.5 um 3"])
def test_a_pixel_size_that_is_none_is_refused(text: str):
    with pytest.raises(ConfigError, match="--pixel-size"):
        PixelSize.read(text)


def test_a_pixel_size_has_one_side_or_one_for_each_axis():
    with pytest.raises(ConfigError, match="expected 1 size or 2, one for each axis, found 3"):
        PixelSize((1, 1, 1), "um").of_axes(2)


def test_an_overlay_colours_what_is_false_missed_and_confused():
    image = np.full((60, 60, 1), 100, np.uint8)
    image[0, 0] = 255
    predicted, truth = np.zeros((2, 60, 60), np.uint8)
    predicted[10:30, 10:30], truth[20:40, 10:30] = 1, 1
    predicted[40:50, 40:50], truth[40:50, 40:50] = 1, 2
    truth[:, 55:] = 255
    shown = np.array(Image.open(io.BytesIO(overlay_png(image, predicted, truth)))).astype(int)
    assert shown.shape == (1020, 1020, 3)
    right, false, missed, other, void, rest = (
        shown[y * 17 + 8, x * 17 + 8] for y, x in ((25, 20), (15, 20), (35, 20), (45, 45), (30, 57), (5, 5))
    )
    assert rest.tolist() == right.tolist() == [100, 100, 100] and void.tolist() == [40, 40, 40]
    assert false[0] > false[2] + 50 and missed[2] > missed[0] + 50 and other[0] > other[1] + 20 < other[2]
    assert (shown[170, 210] == (240, 228, 66)).all() and (shown[171, 210] != (240, 228, 66)).any()
    mine = np.array(Image.open(io.BytesIO(overlay_png(image, predicted * 2))))
    assert (mine[15 * 17 + 8, 20 * 17 + 8] == np.rint(0.4 * 100 + 0.6 * colours()[2])).all()


def test_an_overlay_of_a_large_image_is_thinned_out():
    labels = np.zeros((300, 5000), np.int32)
    labels[100:200, 1000:3000] = 70_000
    picture = Image.open(io.BytesIO(overlay_png(np.zeros((300, 5000, 3), np.uint8), labels, -labels, objects=True)))
    assert picture.size == (1667, 100)


def test_files_stay_in_the_folder_each_for_itself():
    ids = [
        "a/b.png",
        "a/B.PNG",
        "../x",
        "..\\..\\y",
        "/etc/passwd",
        "C:/z",
        "",
        ".",
        "a/../b",
        "CON.png",
        "n\0l",
        "ä" * 300,
        "a.",
    ]
    found = places(ids)
    assert len({str(place).casefold() for place in found}) == len(ids)
    for place in found:
        assert not place.is_absolute() and ".." not in place.parts and place.parts
        assert all(len(part.encode()) <= 210 and not set(part) & set('\0:*?"<>|\\') for part in place.parts)
    assert places(["train/img/0.png", "train/img/1.png"]) == [
        PurePosixPath("train/img/0"),
        PurePosixPath("train/img/1"),
    ]
    assert places(["s.v1.tif", "s.v2.tif"]) == [PurePosixPath("s.v1"), PurePosixPath("s.v2")]


def test_an_object_is_never_of_the_class_background(tmp_path: Path):
    below = np.array([[0.6, 0.4, 0.1, 0.4, 0.4]], np.float32)  # the pixels' threshold is 0.5, that of objects 0.3
    probabilities = np.stack([1 - below, below], -1)
    target = PixelClasses(("ground", "cell"), (0.6, 0.4), objects=True, threshold=0.5, seeds=0.3)
    classes, objects = decoded(probabilities, target)
    assert objects is not None and objects.tolist() == [[1, 1, 0, 2, 2]] and classes.tolist() == [[1, 0, 0, 0, 0]]
    arrays = {"classes": classes, "objects": objects, "image": np.zeros((1, 5, 1), np.uint8)}
    MaskFolder(tmp_path, target).write(PurePosixPath("a"), "a.png", Prediction("a.png", arrays=arrays))
    rows = list(csv.DictReader((tmp_path / "objects.csv").read_text().splitlines()))
    assert [row["class"] for row in rows] == ["cell", "cell"]
    outlines = json.loads((tmp_path / "geojson" / "a.geojson").read_text())["features"]
    assert [one["properties"]["classification"]["name"] for one in outlines] == ["cell", "cell"]
