"""Every format comes out with the numbers that were put in, or says why not."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from pictures import END, chunk, encoded, pixels, png, png_header
from PIL import Image, PngImagePlugin

from convscope.data.decode import jpeg, limited, open_image
from convscope.data.decode.encoded import Unreadable

LIMIT = 178_956_970


def decoded(data: bytes, limit: int = LIMIT) -> np.ndarray:
    with limited(limit):
        image = open_image(data, limit)
        found = image.pixels()
    assert found.shape == (image.height, image.width, image.channels)
    assert found.dtype == image.dtype
    return found


def refused(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(Unreadable) as caught:
        decoded(data, limit)
    return str(caught.value)


def npy(array: np.ndarray, **options) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def tiff(array: np.ndarray, **options) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_of_8_and_16_bits(channels, dtype):
    image = pixels(channels=channels, dtype=dtype)
    assert (decoded(png(image)) == image).all()


@pytest.mark.parametrize(
    ("form", "channels"), [("BMP", 3), ("PPM", 3), ("PPM", 1), ("TIFF", 3), ("TIFF", 4), ("GIF", 1)]
)
def test_formats_without_loss(form, channels):
    image = pixels(channels=channels)
    found = decoded(encoded(image, form))
    assert (found[..., : image.shape[2]] == image).all()


def test_webp_without_loss():
    image = pixels()
    assert (decoded(encoded(image, "WEBP", lossless=True)) == image).all()


def test_pnm_of_16_bits():
    image = pixels(channels=1, dtype=np.uint16)
    data = b"P5 10 12 65535\n" + image.astype(">u2").tobytes()
    assert (decoded(data) == image).all()
    assert "colour PNM of more than 8 bits is not supported" in refused(b"P6 # made\n10 12 65535\n" + bytes(720))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_jpeg_is_the_same_with_and_without_simplejpeg(channels, shrink, monkeypatch):
    picture = Image.fromarray(pixels(8, 6, channels).squeeze()).resize((77, 51))
    data = encoded(picture, "JPEG", quality=90)
    fast = open_image(data).pixels(shrink)
    monkeypatch.setattr(jpeg, "turbo", None)
    plain = open_image(data).pixels(shrink)
    assert fast.shape == (-(-51 // shrink), -(-77 // shrink), channels)
    assert (fast == plain).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation(orientation, form):
    upright = np.zeros((24, 16, 3), np.uint8)
    upright[:8, :8] = 255  # top left
    # How a camera stores it: Pillow's own transposition, inverted.
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    picture = Image.fromarray(upright)
    stored = picture.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decoded(encoded(stored, form, exif=exif)).astype(int)
    assert found.shape == upright.shape
    assert abs(found - upright).mean() < 8


@pytest.mark.parametrize(
    ("array", "options"),
    [
        (pixels(channels=1, dtype=np.uint16)[..., 0], {}),
        (pixels(channels=3, dtype=np.uint16), {"photometric": "rgb"}),
        (pixels(channels=7, dtype=np.uint8), {"photometric": "minisblack", "planarconfig": "contig"}),
        (pixels(channels=1, dtype=np.float32)[..., 0] / 3, {}),
        (pixels(channels=1, dtype=np.uint16)[..., 0], {"compression": "zlib"}),
    ],
    ids=["grey16", "rgb16", "seven", "float", "deflate"],
)
def test_tiff_keeps_depth_and_channels(array, options):
    found = decoded(tiff(array, **options))
    assert found.dtype == array.dtype
    assert (found.squeeze() == array).all()


def test_tiff_pages_and_planes_are_channels():
    stack = np.moveaxis(pixels(channels=5, dtype=np.uint16), -1, 0)
    assert (decoded(tiff(stack, photometric="minisblack")) == np.moveaxis(stack, 0, -1)).all()
    planes = np.moveaxis(pixels(), -1, 0)
    assert (decoded(tiff(planes, photometric="rgb", planarconfig="separate")) == np.moveaxis(planes, 0, -1)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "shape", [(12, 10, 2), (12, 10, 5), (12, 10, 7), (12, 12, 40), (12, 10, 1), (12, 10, 3), (12, 10, 4)]
)
def test_tiff_of_height_width_channels_as_imwrite_saves_it(shape, dtype):
    image = pixels(*shape, dtype=dtype)
    data = tiff(image)
    assert (decoded(data) == image).all()
    assert (tifffile.imread(io.BytesIO(data)).reshape(shape) == image).all()


@pytest.mark.parametrize(
    ("axes", "options"),
    [
        ("YXC", {}),
        ("CYX", {}),
        ("ZYX", {}),
        ("TYX", {}),
        ("CYX", {"imagej": True}),
        ("ZYX", {"imagej": True}),
        ("CYX", {"imagej": True, "truncate": True}),
        ("CYX", {"ome": True}),
        ("ZYX", {"ome": True}),
    ],
)
def test_tiff_planes_are_channels_along_the_axis_that_the_file_names(axes, options):
    image = pixels(channels=5, dtype=np.uint16)
    stored = image if axes == "YXC" else np.moveaxis(image, -1, 0)
    found = open_image(tiff(stored, metadata={"axes": axes}, **options))
    assert (found.pixels() == image).all()
    assert found.note == ("5 pages to channels" if axes in ("ZYX", "TYX") else "")


def test_tiff_planes_written_one_by_one_are_all_kept():
    planes = pixels(channels=3, dtype=np.uint16)
    for shaped in (True, False):
        out = io.BytesIO()
        with tifffile.TiffWriter(out, shaped=shaped) as writer:
            for k in range(3):
                writer.write(planes[..., k])
        assert (decoded(out.getvalue()) == planes).all()
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(planes[..., 0], subifds=1)
        writer.write(planes[..., 1])
    assert (decoded(out.getvalue()) == planes[..., :2]).all()


def test_tiff_pyramids_and_previews_are_read_at_full_size():
    image, small = pixels(12, 10), pixels(6, 5)
    for ome in (True, False):
        out = io.BytesIO()
        with tifffile.TiffWriter(out, ome=ome) as writer:
            writer.write(image, photometric="rgb", subifds=1)
            writer.write(small, photometric="rgb", subfiletype=1)
        assert (decoded(out.getvalue()) == image).all()
    out = io.BytesIO()
    with tifffile.TiffWriter(out, shaped=False) as writer:
        writer.write(small, photometric="rgb", subfiletype=1)
        writer.write(image, photometric="rgb")
    assert (decoded(out.getvalue()) == image).all()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ([pixels(12, 10, 1)[..., 0], pixels(6, 5, 1)[..., 0]], "2 images of different sizes or types"),
        ([pixels(12, 10, 5), pixels(12, 10, 5)], "2 images of several channels"),
        ([np.zeros((4, 6, 12, 10), np.uint8)], "axes Q 4, Q 6, Y 12, X 10: expected"),
        ([np.zeros((4, 12, 10, 3), np.uint8)], "axes Q 4, Y 12, X 10, S 3: expected"),
    ],
    ids=["sizes", "channels", "planes of planes", "frames"],
)
def test_tiff_of_several_images_is_refused_with_what_it_holds(arrays, said):
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for array in arrays:
            writer.write(array)
    found = refused(out.getvalue())
    assert said in found and "save the image that counts as a file of its own" in found


def test_tiff_pages_smaller_by_half_are_no_pyramid_unless_they_say_so():
    first, second = (Image.fromarray(pixels(height, width, 1)[..., 0]) for height, width in ((12, 10), (6, 5)))
    assert "2 images of different sizes" in refused(encoded(first, "TIFF", save_all=True, append_images=[second]))


def test_tiff_palette_pages_are_refused():
    first, second = (Image.fromarray(pixels(seed=seed)).quantize(16) for seed in (0, 1))
    assert "colours of the kind PALETTE" in refused(encoded(first, "TIFF", save_all=True, append_images=[second]))


def test_tiff_pages_that_may_be_rows_or_planes_are_refused_without_a_note_of_their_axes():
    assert refused(tiff(pixels(12, 10, 5), metadata=None)).startswith("12 pages of 10 × 5: ")
    stack = np.moveaxis(pixels(40, 20, 60), -1, 0)
    assert (decoded(tiff(stack, metadata=None)) == np.moveaxis(stack, 0, -1)).all()


def test_tiff_that_is_one_of_the_files_of_an_image_is_refused():
    plane = '<TiffData FirstC="{}" IFD="0" PlaneCount="1"><UUID FileName="{}.ome.tif">urn:uuid:{}</UUID></TiffData>'
    ids = [f"00000000-0000-0000-0000-00000000000{k}" for k in (1, 2)]
    note = (
        f'<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        f'UUID="urn:uuid:{ids[0]}">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="10" SizeY="12" '
        'SizeC="2" SizeZ="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><Channel ID="Channel:0:1" '
        f'SamplesPerPixel="1"/>{plane.format(0, "a", ids[0])}{plane.format(1, "b", ids[1])}</Pixels></Image></OME>'
    )
    data = tiff(pixels(channels=1, dtype=np.uint16)[..., 0], description=note, metadata=None)
    assert refused(data).startswith("one of several files that make up an image")


def test_tiff_in_a_compression_that_tifffile_lacks():
    image = pixels()
    assert (decoded(encoded(image, "TIFF", compression="tiff_lzw")) == image).all()
    grey = pixels(channels=1, dtype=np.uint16)
    assert (decoded(encoded(Image.fromarray(grey[..., 0]), "TIFF", compression="tiff_lzw")) == grey).all()


def test_white_is_zero():
    image = pixels(channels=1)[..., 0]
    assert (decoded(tiff(image, photometric="miniswhite"))[..., 0] == 255 - image).all()


@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 2), (2, 9, 8)])
def test_npy(shape):
    array = np.random.default_rng(0).random(shape).astype(np.float32)
    found = decoded(npy(array))
    assert found.shape == {(9, 8): (9, 8, 1)}.get(shape, (9, 8, 2))
    assert (
        found == (array[..., None] if len(shape) == 2 else array if shape[2] == 2 else np.moveaxis(array, 0, -1))
    ).all()


def test_other_number_types_are_stored_exactly_or_refused():
    assert (decoded(npy(np.array([[-5, 7]] * 3, np.int32)))[..., 0] == [[-5, 7]] * 3).all()
    assert (decoded(npy(np.array([[True, False]] * 3)))[..., 0] == [[255, 0]] * 3).all()
    assert refused(npy(np.full((3, 4), 1 << 25))) == (
        "whole numbers up to 33,554,432 do not fit float32, exact to 16,777,216; rescale them"
    )
    assert refused(npy(np.ones((3, 4), complex))) == (
        "pixels of the type complex128 are not supported; expected whole or real numbers"
    )
    assert refused(npy(np.array([[{}]]), allow_pickle=True)) == (
        "holds Python objects, which only pickle can load and which may run any code; refused"
    )
    assert "cannot tell which axis of an image of shape (5, 5, 5) holds the channels" in refused(
        npy(np.ones((5, 5, 5)))
    )


def test_a_square_of_many_bands():
    image = pixels(6, 6, 40)
    assert (decoded(npy(image)) == image).all()
    assert (decoded(npy(np.moveaxis(image, -1, 0))) == image).all()


def test_conversions_are_noted():
    image = Image.fromarray(pixels())
    cases = {
        "palette to RGB": encoded(image.quantize(16), "PNG"),
        "palette to RGBA": encoded(image.quantize(16), "PNG", transparency=0),
        "CMYK to RGB": encoded(image.convert("CMYK"), "JPEG"),
        "1-bit to 8-bit grey": encoded(image.convert("1"), "PNG"),
    }
    for note, data in cases.items():
        found = open_image(data)
        assert found.note == note
        assert found.dtype == "uint8"
        assert found.pixels().shape == (12, 10, {"A": 4, "B": 3}.get(note[-1], 1))
    assert set(np.unique(decoded(cases["1-bit to 8-bit grey"]))) == {0, 255}


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_animations_are_refused(form):
    first, second = (Image.fromarray(pixels(seed=seed)) for seed in (0, 1))
    said = refused(encoded(first, form, save_all=True, append_images=[second]))
    assert said == f"2 frames (animated {form}); save the frame that counts as an image of its own"


def test_a_camera_file_with_previews_is_one_photograph():
    first, second = (Image.fromarray(pixels(16, 16, seed=seed)) for seed in (0, 1))
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    assert decoded(data).shape == (16, 16, 3)


def test_text_named_png():
    assert refused(b"hello world, I am text") == (
        "not an image: expected PNG, JPEG, BMP, TIFF, GIF, WebP, PNM or .npy, found a file that "
        "begins with b'hello world,'"
    )


def test_empty_file():
    assert refused(b"") == "the file is empty"


@pytest.mark.parametrize("fast", [True, False])
def test_truncated_jpeg(fast, monkeypatch):
    if not fast:
        monkeypatch.setattr(jpeg, "turbo", None)
    data = encoded(Image.fromarray(pixels(64, 64)), "JPEG")
    said = refused(data[: len(data) // 2])
    assert said.startswith("damaged: ") and "truncated" in said


def test_truncated_png():
    assert refused(png(pixels())[:-60]).startswith("damaged: ")
    assert refused(png(pixels())[:20]).startswith("damaged: ")


def test_bomb_is_refused_by_its_header():
    bomb = png_header(30_000, 30_000) + chunk(b"IDAT", b"") + END
    assert refused(bomb) == (
        "900,000,000 pixels exceed the limit of 178,956,970; scale it down, or "
        "if you trust the file train with a larger --max-pixels"
    )
    assert "20 × 10 = 200 pixels exceed the limit of 199;" in refused(tiff(np.zeros((10, 20), np.uint8)), 199)
    assert "200 pixels exceed the limit of 150;" in refused(encoded(Image.new("L", (20, 10)), "PNG"), 150)
    assert decoded(encoded(Image.new("L", (20, 10)), "PNG"), 200).shape == (10, 20, 1)


def test_too_many_pixels_are_refused_before_the_orientation_is_read():
    speaks_of_it = PngImagePlugin.PngInfo()
    speaks_of_it.add_text("Comment", "no Exif here")  # so that Pillow looks for it behind the pixels
    picture = encoded(Image.new("L", (20, 10)), "PNG", pnginfo=speaks_of_it)
    damaged = picture[: picture.index(b"IDAT") + 4] + b"?" * 40
    assert "200 pixels exceed the limit of 150;" in refused(damaged, 150)
    assert refused(damaged, 200).startswith("damaged: ")


def test_pillows_limit_is_raised_where_needed_and_never_lowered(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with limited(150):
        assert Image.MAX_IMAGE_PIXELS == 150
        with limited(5):
            assert Image.MAX_IMAGE_PIXELS == 150
    with limited(5):
        assert Image.MAX_IMAGE_PIXELS == 100
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize("own", [100, None])
def test_readers_that_overlap_in_threads_leave_pillow_as_it_was(own, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", own)
    filters = list(warnings.filters)
    picture = encoded(Image.new("L", (20, 10)), "BMP")
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def first() -> str:
        with limited(199):
            first_is_in.set()
            assert second_is_in.wait(60)
            said = refused(picture, 199)
        first_is_out.set()
        return said

    def second() -> np.ndarray:
        assert first_is_in.wait(60)
        with limited(1000):
            second_is_in.set()
            assert first_is_out.wait(60)
            return open_image(picture, 1000).pixels()

    with ThreadPoolExecutor(2) as pool:
        of_first, of_second = pool.submit(first), pool.submit(second)
        assert "200 pixels exceed the limit of 199;" in of_first.result()
        assert of_second.result().shape == (10, 20, 1)
    assert own == Image.MAX_IMAGE_PIXELS
    assert filters == warnings.filters


def test_a_reader_inside_someone_elses_filters_leaves_no_filter_behind():
    filters = list(warnings.filters)
    reading = contextlib.ExitStack()
    reading.enter_context(limited(5))
    with warnings.catch_warnings(), limited(5):
        reading.close()
    assert filters == warnings.filters


def test_formats_that_run_other_programs_are_not_images():
    assert refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n").startswith("not an image")
    assert "PIL" in sys.modules


def test_a_header_that_promises_more_than_the_file_can_hold_is_refused_unread():
    lying = png_header(10_000, 10_000) + chunk(b"IDAT", b"") + END
    with pytest.raises(Unreadable, match=r"cut short: its header announces [0-9,]+ bytes of pixels, 57 packed follow"):
        open_image(lying)
    with pytest.raises(Unreadable, match=r"announces 5,000 × 5,000 pixels, 25 bytes follow"):
        open_image(b"P5 5000 5000 255 " + bytes(8))
    array = io.BytesIO()
    np.save(array, np.zeros((40, 50), np.uint8))
    with pytest.raises(Unreadable, match="its header announces 2,000 bytes, 1,999 follow"):
        open_image(array.getvalue()[:-1])
    white = encoded(Image.new("1", (9_000, 9_000)), "PNG")  # what packs best is no lie
    assert open_image(white).height == 9_000
