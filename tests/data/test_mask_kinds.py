"""What values of masks are taken for, over all masks of a set; how each form of file is read; how to overrule."""

from __future__ import annotations

from typing import Any

import drawings
import numpy as np
import pytest
from drawings import H, W
from PIL import Image

from convscope.data.decode.mask import read_mask
from convscope.data.ingest.store import directory
from convscope.data.listing import Masks
from convscope.data.masks import MaskRule, MasksRead, read_masks
from convscope.data.options import LoadOptions
from convscope.data.sources.files import strings
from convscope.data.sources.mask_arrays import ArrayMasks
from convscope.errors import ConfigError, DataError

STAMPS = iter(range(10**6))


def of(*arrays: np.ndarray, names: dict[float, str] | None = None) -> Masks:
    """Return masks at hand, called m0, m1, ..."""
    labels = strings([f"m{k}" for k in range(len(arrays))])
    return Masks(ArrayMasks(labels, f"test {next(STAMPS)}", lambda: (a[None] for a in arrays)), names or {})


def read(masks: Masks, *, rule: MaskRule | None = None, **options: Any) -> MasksRead:
    sizes = np.array([masks.reader.read(k).values.shape for k in range(len(masks))])
    return read_masks(masks, sizes, LoadOptions(**options), directory(), 1, lambda *_: None, rule=rule)


def mask(found: MasksRead, row: int = 0) -> np.ndarray:
    return found.column.take(np.array([row]))[0]


def table(found: MasksRead) -> list[tuple[str, int | None, str]]:
    return [(row.value, row.number, row.name) for row in found.table]


def patches(*values: int, dtype: type = np.uint8) -> np.ndarray:
    """Return a mask (24, 6 k) of patches, on which each value lies in several pieces."""
    return np.kron(np.array([values, values[::-1]]), np.ones((12, 6))).astype(dtype)


def numbered(count: int, dtype: type = np.uint8, first: int = 1) -> np.ndarray:
    """Return a mask (40, 40) of numbered squares, one piece each."""
    found = np.zeros((40, 40), dtype)
    for k in range(count):
        y, x = divmod(k, 6)
        found[6 * y + 1 : 6 * y + 6, 6 * x + 1 : 6 * x + 6] = first + k
    return found


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ((0, 1), {0: 0, 1: 1}),
        ((0, 255), {0: 0, 255: 1}),
        ((3, 9), {3: 0, 9: 1}),
        ((0, 2, 5), {0: 0, 2: 1, 5: 2}),
        ((0, 1, 255), {0: 0, 1: 1, 255: 255}),
        ((0, 15, 255), {0: 0, 15: 1, 255: 255}),
        ((0, 127, 255), {0: 0, 127: 1, 255: 2}),
        ((0, 11, 12), {0: 0, 11: 1, 12: 2}),
        ((0, 1, -1), {0: 0, 1: 1, -1: 255}),
    ],
)
def test_values_become_classes(values, classes):
    raw = patches(*values, *values, dtype=np.int16)
    found = read(of(raw, raw.T))
    assert dict(zip(found.rule.values, found.rule.classes, strict=True)) == classes
    assert np.array_equal(mask(found), np.vectorize(classes.get)(raw)) and mask(found).dtype == np.uint8
    used = [number for number in classes.values() if number != 255]
    assert len(found.column.spec.names) == len(used) and found.pixels.shape == (2, len(used))
    assert sum(row.share for row in found.table) == pytest.approx(1) and {row.masks for row in found.table} == {2}


def test_what_one_mask_lacks_another_has():
    found = read(of(patches(0, 1, 0, 1), patches(0, 4, 0, 4), patches(0, 0)))
    assert table(found) == [("0", 0, "background"), ("1", 1, "1"), ("4", 2, "4")]
    assert [row.masks for row in found.table] == [3, 1, 1]
    (notice,) = found.notices
    assert notice.code == "background-only" and notice.text.startswith("1 of 3 masks hold background only; kept (m2)")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32])
def test_numbered_objects_are_instances(dtype):
    found = read(of(*(numbered(k, dtype) for k in (5, 9, 12, 0))))
    assert found.rule.kind == "instances" and found.column.spec.kind == "instances"
    assert found.objects.tolist() == [5, 9, 12, 0] and found.column.spec.ignore == -1
    assert np.array_equal(mask(found, 1), numbered(9)) and mask(found).dtype == np.int32
    assert table(found) == [("0", 0, "background"), ("1 to 12", None, "each value an object")]


def test_the_same_organs_in_every_mask_are_classes():
    assert read(of(numbered(6), numbered(6), numbered(6))).rule.kind == "classes"
    some = [np.where(np.isin(numbered(6), few), numbered(6), 0) for few in ((1, 3), (2,), (4, 5, 6), (6,))]
    assert read(of(*some)).rule.kind == "classes"


def test_seventy_thousand_objects():
    many = np.kron(np.arange(1, 70_001).reshape(250, 280), np.ones((2, 2))).astype(np.uint32)
    many = np.pad(many, 1)
    found = read(of(many, numbered(3, np.uint32)))
    assert found.rule.kind == "instances" and found.objects.tolist() == [70_000, 3]


def test_colours_are_classes_black_first():
    rgb = np.zeros((12, 24, 3), np.uint8)
    rgb[:, 8:16], rgb[:, 16:] = (255, 0, 0), (0, 0, 128)
    found = read(of(rgb, rgb[::-1]))
    assert table(found) == [("#000000", 0, "background"), ("#000080", 1, "#000080"), ("#ff0000", 2, "#ff0000")]
    assert mask(found)[0, ::8].tolist() == [0, 2, 1] and found.rule.palette == (0, 0x80, 0xFF0000)


def test_grey_colours_are_their_grey_and_what_is_not_seen_is_one_value():
    drawn = drawings.boxes(0)
    assert table(read(of(np.stack([drawn] * 3, -1)))) == [("0", 0, "background"), ("255", 1, "object")]
    rgba = np.stack([drawn, drawn, np.arange(H * W).reshape(H, W) % 9, drawn], -1).astype(np.uint8)
    rgba[drawn > 0, 2] = 0
    assert [row.value for row in read(of(rgba)).table] == ["#ffff00", "transparent"]


def test_names_of_void_are_void():
    found = read(of(patches(0, 1, 2, 0, 1, 2), names={0: "sky", 1: "Void", 2: "road"}))
    assert table(found) == [("0", 0, "sky"), ("1", 255, "void"), ("2", 1, "road")]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mask": "binary"}, ("binary", [0, 1, 1, 1])),
        ({"mask": "classes"}, ("classes", [0, 1, 2, 3])),
        ({"mask": "instances"}, ("instances", [0, 1, 2, 9])),
        ({"ignore": "9"}, ("classes", [0, 1, 2, 255])),
        ({"ignore": "1,2"}, ("binary", [0, 255, 255, 1])),
        ({"mask_threshold": 2}, ("binary", [0, 0, 1, 1])),
        ({"mask_threshold": 2, "ignore": "9"}, ("binary", [0, 0, 1, 255])),
    ],
)
def test_overruled(options, expected):
    raw = patches(0, 1, 2, 9, 0, 1, 2, 9)
    found = read(of(raw), **options)
    assert (found.rule.kind, mask(found)[0, 0:24:6].tolist()) == expected


def test_connected_pieces_are_objects_where_asked_for():
    found = read(of((numbered(5) > 0) * np.uint8(255)), mask="instances")
    assert found.objects.tolist() == [5] and found.table[-1].name == "each connected piece an object"


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("sky\nroad\ncar\n", ("sky", "road", "car")),
        ("0=sky\n5=car\n2=road\n3=tree", ("sky", "car", "road", "tree")),
        ("0=ground\n2=thing\n5=thing", ("ground", "thing")),
        ("sky\na\nroad\nb\nc\ncar", ("sky", "a", "road", "b", "c", "car")),
        ("0=sky\n2=void\n5=car", ("sky", "car")),
    ],
)
def test_names_from_a_file(tmp_path, lines, names):
    (tmp_path / "names.txt").write_text(lines)
    found = read(of(patches(0, 2, 5, 0, 2, 5)), classes=tmp_path / "names.txt")
    assert found.column.spec.names == names


@pytest.mark.parametrize(
    ("lines", "error", "said"),
    [
        ("sky\nroad", DataError, "2 names for 3 values of masks (0, 2, 5)"),
        ("0=sky\n2=road", DataError, "no name for 1 value of the masks (5)"),
        ("0=sky\nroad", ConfigError, "line 2: expected value=name"),
        ("0=a\n0=b\n5=c", ConfigError, "0 stands there twice"),
        ("", ConfigError, "the file is empty"),
    ],
)
def test_files_of_names_that_do_not_fit(tmp_path, lines, error, said):
    (tmp_path / "names.txt").write_text(lines)
    with pytest.raises(error) as caught:
        read(of(patches(0, 2, 5, 0, 2, 5)), classes=tmp_path / "names.txt")
    assert said in str(caught.value)


def test_void_by_name(tmp_path):
    (tmp_path / "names.txt").write_text("sky\nroad\ncar")
    found = read(of(patches(0, 1, 2, 0, 1, 2)), classes=tmp_path / "names.txt", ignore="road")
    assert mask(found)[0, ::6].tolist() == [0, 255, 1] * 2 and found.column.spec.names == ("sky", "car")
    with pytest.raises(ConfigError, match="no class is called 'rod'"):
        read(of(patches(0, 1, 2, 0, 1, 2)), classes=tmp_path / "names.txt", ignore="rod")


def test_another_set_is_read_by_the_same_rule():
    rule = read(of(patches(0, 2, 5, 0, 2, 5))).rule
    rule = MaskRule.from_dict(rule.to_dict())
    assert mask(read(of(patches(0, 5, 0, 5)), rule=rule))[0, ::6].tolist() == [0, 2, 0, 2]
    with pytest.raises(DataError, match=r"m0: the value 7 is none that .* \(0 background, 2 2, 5 5\)"):
        read(of(patches(0, 7, 0, 7)), rule=rule)
    assert read(of(patches(0, 0)), rule=rule).pixels.shape == (1, 3)


def test_other_flags_do_not_decode_again(tmp_path, monkeypatch):
    masks = of(patches(0, 1, 2, 0, 1, 2))
    first = read(masks)

    def each(*_: object) -> None:
        raise AssertionError("decoded again")

    sizes = np.array([first.column.shapes[0]])
    monkeypatch.setattr(ArrayMasks, "each", each)
    second = read_masks(masks, sizes, LoadOptions(ignore="2"), directory(), 1, lambda *_: None)
    assert mask(second)[0, ::6].tolist() == [0, 1, 255] * 2 and isinstance(second.column.values.base, np.memmap)


def test_a_damaged_entry_is_made_anew():
    masks = of(patches(0, 1, 2, 0, 1, 2))
    before = mask(read(masks)).copy()
    (raw,) = directory().glob("masks/*/raw.bin")
    raw.write_bytes(bytes(raw.stat().st_size))
    assert np.array_equal(mask(read(masks, ignore="3")), before)  # which makes another column of them
    for column in directory().glob("masks/*/column.npy"):
        with column.open("r+b") as stream:
            stream.seek(-5, 2)
            stream.write(b"\x09")
    assert np.array_equal(mask(read(masks, ignore="3")), before)


FILES = {
    "palette.png": lambda path, m: drawings.palette_png(path, m),
    "bits.png": lambda path, m: Image.fromarray(m > 0).save(path),
    "grey.png": lambda path, m: Image.fromarray(m).save(path),
    "deep.png": lambda path, m: Image.fromarray(m.astype(np.uint16)).save(path),
    "deep.tif": lambda path, m: drawings.save(path, m.astype(np.uint16)),
    "signed.tif": lambda path, m: drawings.save(path, m.astype(np.int32)),
    "real.tif": lambda path, m: drawings.save(path, m.astype(np.float32)),
    "array.npy": lambda path, m: drawings.save(path, m.astype(np.int64)),
    "grey.bmp": lambda path, m: Image.fromarray(m).save(path),
}


@pytest.mark.parametrize("name", FILES)
def test_files_give_the_values_that_are_stored(tmp_path, name):
    drawn = drawings.boxes(0, (1, 2, 200))
    FILES[name](tmp_path / name, drawn)
    values = read_mask((tmp_path / name).read_bytes()).values
    assert np.array_equal(values, drawn > 0 if name.startswith("bits") else drawn)


def test_few_bits_are_not_spread_over_the_greys(tmp_path):
    """A PNG of two bits a pixel holds 0..3, which Pillow reads as 0, 85, 170, 255."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 4, 1, 2, 0, 0, 0, 0)
    pixels = zlib.compress(bytes([0, 0b00011011]))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    assert read_mask(data).values.tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_mask_is_turned_as_its_file_says(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    drawn = drawings.boxes(1)
    Image.fromarray(drawn).save(tmp_path / "m.png", exif=exif)
    turns = {3: 2, 6: 3, 8: 1}[orientation]
    assert np.array_equal(read_mask((tmp_path / "m.png").read_bytes()).values, np.rot90(drawn, turns))


def test_several_processes_read_the_same(tmp_path, monkeypatch):
    from convscope.data.detect import sniff
    from convscope.data.masks import store

    root = drawings.pair_folders(tmp_path / "set", 40)
    target = sniff(root, directory()).target
    assert isinstance(target, Masks)
    monkeypatch.setattr(store, "PATIENCE", 0.0)
    sizes = np.tile((H, W), (40, 1))
    found = read_masks(target, sizes, LoadOptions(), directory(), 2, lambda *_: None)
    for i in range(40):
        assert np.array_equal(mask(found, i), drawings.boxes(i) // 255)


def test_rows_of_a_listing(tmp_path):
    masks = of(patches(0, 1, 0, 1), patches(0, 4, 0, 4), patches(0, 0))[np.array([2, 1])]
    assert masks.files.tolist() == ["m2", "m1"] and len(masks) == 2
    found = read_masks(masks, np.array([[24, 12], [24, 24]]), LoadOptions(), directory(), 1, lambda *_: None)
    assert table(found) == [("0", 0, "background"), ("4", 1, "object")] and mask(found, 1).max() == 1


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 0, 0)])
def test_a_drawing_lies_on_what_is_transparent(colour: tuple[int, int, int]) -> None:
    drawn = np.full((H, W, 4), (*colour, 255), np.uint8)
    drawn[:4, :, 3] = 0  # less than the drawing
    names = {row.value: row.name for row in read(of(drawn)).table}
    assert names == {f"#{bytes(colour).hex()}": "object", "transparent": "background"}
