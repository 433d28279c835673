"""IDX files, NumPy archives and CIFAR batches: arrays that need no decoding, and what can be wrong with them."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from convscope.data.detect import sniff
from convscope.data.sources import cifar
from convscope.data.sources.arrays import ArrayImages
from convscope.errors import DataError
from real_data import real_data


def all_pixels(listing) -> np.ndarray:
    assert isinstance(listing.images, ArrayImages)
    return np.concatenate(list(listing.images.blocks()))


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        all_pixels(sniff(path, path.parent))
    return str(caught.value)


def images_idx(images: np.ndarray, magic: int = 2051) -> bytes:
    return struct.pack(">4I", magic, *images.shape) + images.tobytes()


def labels_idx(labels: list[int], magic: int = 2049) -> bytes:
    return struct.pack(">2I", magic, len(labels)) + bytes(labels)


X = np.arange(6 * 3 * 4, dtype=np.uint8).reshape(6, 3, 4)
Y = [0, 1, 2, 0, 1, 2]


def idx_set(folder: Path, ending: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    pack = gzip.compress if ending else bytes
    (folder / f"train-images-idx3-ubyte{ending}").write_bytes(pack(images_idx(X)))
    (folder / f"train-labels-idx1-ubyte{ending}").write_bytes(pack(labels_idx(Y)))
    (folder / f"t10k-images-idx3-ubyte{ending}").write_bytes(pack(images_idx(X[:2] + 100)))
    (folder / f"t10k-labels-idx1-ubyte{ending}").write_bytes(pack(labels_idx([2, 1])))
    return folder


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("pack", ["folder", "zip", "tar"])
def test_idx(tmp_path, ending, pack):
    path = folder = idx_set(tmp_path / "set", ending)
    if pack == "zip":
        path = tmp_path / "set.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in folder.iterdir():
                archive.write(file, file.name)
    if pack == "tar":
        path = tmp_path / "set.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(folder, "set")
    listing = sniff(path, tmp_path)
    assert (all_pixels(listing) == np.concatenate([X, X[:2] + 100])[..., None]).all()
    assert listing.labels.tolist() == [*Y, 2, 1]
    assert listing.split.tolist() == ["train"] * 6 + ["test"] * 2
    assert listing.ids.tolist()[5:7] == ["train/5", "test/0"]
    assert listing.classes == ("0", "1", "2")


def test_idx_with_a_wrong_magic(tmp_path):
    folder = idx_set(tmp_path / "set")
    (folder / "train-images-idx3-ubyte").write_bytes(images_idx(X, 0x0803 + 0x0500))
    assert refused(folder) == (
        f"{folder}/train-images-idx3-ubyte: expected the IDX magic number 2051 (0x00000803) of images as unsigned "
        "bytes, found 3331 (0x00000d03); is it another kind of file, or damaged?"
    )


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_of_the_wrong_length(tmp_path, ending):
    folder = idx_set(tmp_path / "set", ending)
    pack = gzip.compress if ending else bytes
    images, labels = folder / f"train-images-idx3-ubyte{ending}", folder / f"train-labels-idx1-ubyte{ending}"
    images.write_bytes(pack(images_idx(X)[:-5]))
    assert refused(folder) == (
        f"{images}: expected 6 images of 12 bytes each, found only 67 of 72 bytes; the file is cut short"
    )
    images.write_bytes(pack(images_idx(X) + b"!"))
    assert refused(folder) == f"{images}: more bytes than the 6 images its header announces; damaged?"
    images.write_bytes(pack(images_idx(X)))
    labels.write_bytes(pack(labels_idx(Y)[:-1]))
    assert refused(folder) == (
        f"{labels}: expected 6 labels, one for each image of {images.name}; its header says 6 and 5 follow"
    )
    images.write_bytes(b"short" if not ending else pack(b"short"))
    assert refused(folder) == f"{images}: expected an IDX header of 16 bytes, found 5"


def test_idx_without_labels_and_damaged_gzip(tmp_path):
    folder = idx_set(tmp_path / "set", ".gz")
    images = folder / "train-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:-12])
    assert refused(folder).startswith(f"{images}: damaged gzip (")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    assert refused(folder).endswith("found t10k-images-idx3-ubyte.gz but not its labels, t10k-labels-idx1-ubyte[.gz]")


def test_mnist_by_one_of_its_files():
    listing = sniff(real_data("mnist") / "train-images-idx3-ubyte.gz", Path("unused"))
    assert len(listing.ids) == 70_000
    assert listing.labels[:5].tolist() == [5, 0, 4, 1, 9]


def npz(path: Path, **arrays) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3), (3, 5, 4), (5, 4, 1)])
def test_npz_layouts(tmp_path, shape):
    x = np.random.default_rng(0).integers(0, 255, (7, *shape), dtype=np.uint8)
    listing = sniff(npz(tmp_path / "a.npz", x=x, y=np.arange(7) % 2, class_names=["cat", "dog"]), tmp_path)
    expected = x[..., None] if len(shape) == 2 else np.moveaxis(x, 1, -1) if shape[0] == 3 else x
    assert (all_pixels(listing) == expected).all()
    assert listing.classes == ("cat", "dog")
    word = {4: "grey", 5: "height × width × channels", 3: "channels × height × width"}[
        shape[0] if len(shape) == 3 else 4
    ]
    assert listing.kind == f"NumPy archive (x, y; {shape} read as {word})"


@pytest.mark.parametrize(
    "names", [("x_train", "y_train", "x_val", "y_val"), ("train_images", "train_labels", "val_images", "val_labels")]
)
def test_npz_with_splits(tmp_path, names):
    x = np.zeros((4, 5, 5), np.uint8)
    arrays = dict(zip(names, (x, [[0], [1], [1], [0]], x[:2], [[1], [0]]), strict=True))
    listing = sniff(npz(tmp_path / "a.npz", **arrays), tmp_path)
    assert listing.split.tolist() == ["train"] * 4 + ["valid"] * 2
    assert listing.labels.tolist() == [0, 1, 1, 0, 1, 0]


def test_npz_in_other_orders_and_types(tmp_path):
    x = np.asfortranarray(np.random.default_rng(0).random((6, 4, 5)).astype(">f4"))
    listing = sniff(npz(tmp_path / "a.npz", x=x, y=np.array(["b", "a", "b", "a", "b", "a"])), tmp_path)
    assert (all_pixels(listing)[..., 0] == x).all()
    assert listing.classes == ("a", "b")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"weights": np.ones(3)},
            ": expected images and labels as x and y (or x_train and y_train, ...); it holds weights (3,)",
        ),
        (
            {"x": np.ones((4, 5, 5)), "y": [0, 1, 0]},
            ": expected one label for each of the 4 images, found labels of the shape (3,)",
        ),
        (
            {"x": np.ones((4, 5, 5)), "y": np.eye(4)},
            ": expected one label for each of the 4 images, found labels of the shape (4, 4); "
            "each row has exactly one 1: turn the rows into indices with y.argmax(1)",
        ),
        (
            {"x": np.ones((4, 5, 5)), "y": [0, 1, 2, 3], "class_names": ["a", "b"]},
            ": expected labels 0..1 for 2 class names, found 0..3",
        ),
        (
            {"x": np.ones((4, 25), int), "y": [0, 1, 0, 1]},
            ": expected images (height, width), perhaps with channels; found the shape (25,); signals are real numbers "
            "(x.astype(np.float32)), or called signals",
        ),
        (
            {"x": np.ones((4, 5, 6, 7, 8)), "y": [0, 1, 0, 1]},
            ": cannot tell which axis of examples of shape (5, 6, 7, 8) holds the channels: expected (frames, height, "
            "width), or with 1 to 4 channels last",
        ),
        (
            {"x": np.ones((2, 5, 5)), "y": np.array([{}, 1], object)},
            ", array y: holds Python objects, which only pickle can load and which may run any code; refused. "
            "Save it as numbers or text, for instance np.array(labels, dtype=str)",
        ),
    ],
    ids=["no pair", "count", "one-hot", "range", "flat", "axes", "objects"],
)
def test_npz_refused(tmp_path, arrays, said):
    path = npz(tmp_path / "a.npz", **arrays)
    assert refused(path) == f"{path}{said}"


def test_npz_images_as_objects(tmp_path):
    path = npz(tmp_path / "a.npz", x=np.array([[[{}]]], object), y=[0])
    assert refused(path).startswith(f"{path}, array x: holds Python objects")


def test_npz_that_is_none(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"no archive")
    assert refused(path) == f"{path} cannot be read as a NumPy archive (File is not a zip file)"


def test_exact_cifar():
    path = real_data("cifar10") / "cifar10_exact_first4000.npz"
    listing = sniff(path, Path("unused"))
    assert listing.images.fingerprint() == sniff(path, Path("unused")).images.fingerprint()
    assert len(listing.ids) == 4000
    assert listing.classes[6] == "frog"
    assert listing.labels[0] == 6


def batches(folder: Path) -> tuple[Path, np.ndarray]:
    folder.mkdir()
    records = np.random.default_rng(0).integers(0, 256, (30, cifar.RECORD), dtype=np.uint8)
    records[:, 0] %= 2
    for i, name in enumerate(("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")):
        records[10 * i : 10 * i + 10].tofile(folder / name)
    (folder / "batches.meta.txt").write_text("airplane\nautomobile\n\n")
    return folder, records


@pytest.mark.parametrize("packed", [False, True])
def test_cifar_batches(tmp_path, packed):
    path, records = batches(tmp_path / "cifar-10-batches-bin")
    if packed:
        path = tmp_path / "cifar-10-binary.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name in ("test_batch.bin", "data_batch_2.bin", "batches.meta.txt", "data_batch_1.bin"):
                archive.add(tmp_path / "cifar-10-batches-bin" / name, f"cifar-10-batches-bin/{name}")
    listing = sniff(path, tmp_path)
    assert listing.classes == ("airplane", "automobile")
    assert (listing.labels == records[:, 0]).all()
    assert listing.split.tolist() == ["train"] * 20 + ["test"] * 10
    found = all_pixels(listing)
    assert found.shape == (30, 32, 32, 3)
    assert (found[3, 5, 7] == records[3, 1:].reshape(3, 32, 32)[:, 5, 7]).all()


def test_cifar_batch_cut_short(tmp_path):
    folder, _ = batches(tmp_path / "set")
    (folder / "data_batch_2.bin").write_bytes(bytes(5000))
    assert refused(folder) == f"{folder}/data_batch_2.bin: expected records of 3,073 bytes, found 5,000 bytes"


def test_blocks_are_small(tmp_path):
    x = np.zeros((40, 1024, 1024), np.uint8)
    out = io.BytesIO()
    np.savez_compressed(out, x=x, y=np.arange(40) % 2)
    (tmp_path / "a.npz").write_bytes(out.getvalue())
    listing = sniff(tmp_path / "a.npz", tmp_path)
    assert isinstance(listing.images, ArrayImages)
    assert max(block.nbytes for block in listing.images.blocks()) <= 8 << 20


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_header_that_promises_more_than_the_file_can_hold_is_refused_before_it_is_read(tmp_path, ending):
    """A header of 62 GB over 100 bytes would reserve as much of the disk."""
    folder = tmp_path / "set"
    folder.mkdir()
    pack = gzip.compress if ending else bytes
    lying = struct.pack(">4I", 2051, 12, 224, 23_000_000) + bytes(100)
    (folder / f"train-images-idx3-ubyte{ending}").write_bytes(pack(lying))
    (folder / f"train-labels-idx1-ubyte{ending}").write_bytes(pack(labels_idx([0, 1] * 6)))
    with pytest.raises(DataError) as caught:
        sniff(folder, tmp_path)
    held = "only 100 of" if not ending else "packed bytes, at most"
    assert "expected 12 images of 5,152,000,000 bytes each" in str(caught.value) and held in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_an_array_that_promises_more_than_the_archive_holds_is_refused(tmp_path, packed):
    path = tmp_path / "set.npz"
    header = io.BytesIO()
    promise = {"descr": "|u1", "fortran_order": False, "shape": (12, 224, 23_000_000)}
    np.lib.format.write_array_header_1_0(header, promise)
    labels = io.BytesIO()
    np.save(labels, np.arange(12) % 2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(100))
        archive.writestr("y.npy", labels.getvalue())
    with pytest.raises(DataError) as caught:
        sniff(path, tmp_path)
    assert "x.npy: its header announces 61,824,000,128 bytes, the archive holds 228" in str(caught.value)


def test_a_damaged_header_in_an_archive_is_named(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, x=X, y=Y)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b"'shape': (", b"'shape': )"))
    assert "a damaged .npy header" in refused(path)
