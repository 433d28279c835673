"""Images in files to be looked at, one after the other: in folders, archives and NumPy files too.

What is wrong with a file belongs to that file alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convscope.data.decode import limited, open_image
from convscope.data.decode.encoded import MAX_PIXELS, READABLE, Encoded, Unreadable, stored
from convscope.data.ingest import store
from convscope.data.sources import archives
from convscope.data.sources.arrays import channel_axis, read_header
from convscope.data.sources.candidate import SPLITS
from convscope.data.sources.files import Files, Folder, is_image, without_ending
from convscope.data.sources.made_files import Channels
from convscope.data.sources.nnunet import CHANNEL_FILE
from convscope.data.sources.npz import ROLES
from convscope.data.transforms import ImageTransform, Stored, Transform
from convscope.errors import DataError
from convscope.text import count

WORDS = ROLES["image"] | SPLITS.keys()


@dataclass(frozen=True)
class Held:
    """One image, or the frames of a clip: its name and what reads it, which may raise ``Unreadable`` or ``OSError``.

    ``note`` says what of the file it was not taken for a part of it.
    """

    name: str
    read: Callable[[], Encoded | np.ndarray | Sequence[Encoded]]
    note: str = ""

    def stored(self, transform: Transform) -> Stored | Unreadable:
        """Return it as a column holds it, or why it cannot be used."""
        try:
            return transform.store(self.read())  # pyright: ignore[reportArgumentType] - frames where clips are taken
        except Unreadable as error:
            return error
        except OSError as error:
            return Unreadable(f"cannot be opened: {error.strerror or error}")


def read_images(
    paths: Sequence[str | Path], rule: ImageTransform, *, max_pixels: int = MAX_PIXELS
) -> list[Stored | Unreadable]:
    """Return for each file its pixels in the rule's dtype, or why it cannot be used.

    A file fails that is missing, damaged, of another type than the set behind ``rule``, or of channels that cannot be
    brought to the rule's.
    """
    with limited(max_pixels):
        return [_file(Path(path), max_pixels).stored(rule) for path in paths]


def find_images(inputs: Sequence[str | Path]) -> list[Path]:
    """Return the image files that ``inputs`` name: files as given, folders searched through, in order.

    Raises:
        DataError: a path does not exist, or a folder holds no image.
    """
    paths: list[Path] = []
    for path in map(Path, inputs):
        if path.is_dir():
            folder = Folder(path)
            paths += map(folder.locate, _images_among(folder))
        elif path.exists():
            paths.append(path)
        else:
            raise DataError(f"there is no file or folder {path}")
    return paths


def in_file(path: Path, max_pixels: int, channels: int = 1) -> Iterable[Held]:
    """Return the images of a file, a folder or an archive.

    Of several ``channels``, a folder may hold a file for each, ``NAME_0000.png``, ``NAME_0001.png``, as nnU-Net's do.
    """
    if path.is_dir() and channels > 1 and (images := _of_channel_files(path, max_pixels, channels)):
        return images
    if path.is_file() and path.suffix.lower() == ".npz":
        return _in_npz(path)
    if path.is_file() and path.name.lower().endswith(archives.ENDINGS):
        files = archives.open_files(path, store.directory(None))
        return [
            Held(f"{path}/{name}", lambda name=name: open_image(files.read(name), max_pixels))
            for name in _images_among(files)
        ]
    if path.is_file() and path.suffix.lower() == ".npy" and (stack := _stack(path)) is not None:
        return (Held(f"{path}/{i}", lambda image=image: stored(image)) for i, image in enumerate(stack))
    return [_file(image, max_pixels) for image in find_images([path])]


def _of_channel_files(path: Path, max_pixels: int, channels: int) -> list[Held]:
    """Return the images of a folder whose files are all single channels, numbered from 0000 on; none where not."""
    files = Folder(path)
    parts: dict[str, list[str]] = {}
    for name in _images_among(files):
        case = CHANNEL_FILE.fullmatch(without_ending(name))
        if case is None or int(case[2]) >= channels:
            return []
        parts.setdefault(case[1], []).append(name)
    first = next(iter(parts.values()))
    try:
        if len(first) != channels or open_image(files.read(first[0]), max_pixels).channels != 1:
            return []
    except (Unreadable, OSError):
        return []  # reading it alone says why
    joined = Channels(files, parts)

    def read(name: str) -> Encoded:
        if len(parts[name]) != channels:
            raise Unreadable(f"has {count(len(parts[name]), 'file')} of {channels} channels")
        return open_image(joined.read(name), max_pixels)

    return [Held(str(path / name), lambda name=name: read(name)) for name in parts]


def _file(path: Path, max_pixels: int) -> Held:
    return Held(str(path), lambda: open_image(path.read_bytes(), max_pixels))


def _images_among(files: Files) -> list[str]:
    """Return the names of the images in a folder or an archive; ``DataError`` where there are none."""
    names = [name for name in files.names if is_image(name)]
    if not names:
        raise DataError(f"{files.path} holds no image ({READABLE})")
    return names


def _stack(path: Path) -> np.ndarray | None:
    """Return several images (n, H, W, C) of a ``.npy`` file, mapped; None for a file of one image, or of none."""
    try:
        with path.open("rb") as file:
            shape, _, dtype = read_header(file)
        return _last(np.load(path, mmap_mode="r"), str(path)) if len(shape) == 4 and not dtype.hasobject else None
    except (OSError, ValueError):
        return None  # reading it as an image says why


def _in_npz(path: Path) -> Iterator[Held]:
    """Return the images of a NumPy archive: of the arrays that training would read, or the only one that can be."""
    expected = "images as x, images, x_test ... (images, height, width)"
    return (image for name in example_arrays(path, (3, 4), expected) for image in _in_array(path, name))


def example_arrays(path: Path, axes: tuple[int, ...], expected: str) -> list[str]:
    """Return the names of the arrays of an ``.npz`` that hold examples, of so many ``axes``.

    They are those that training would read, or the only one that can be; else ``DataError`` says what is ``expected``.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            shapes = {}
            for name in archive.files:
                with archive.zip.open(f"{name}.npy") as stream:
                    shapes[name] = read_header(stream)[0]
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as a NumPy archive ({error})") from None
    have = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"
    able = [name for name, shape in shapes.items() if len(shape) in axes]
    named = [name for name in able if ROLES["image"] & (words := set(name.lower().split("_"))) and words <= WORDS]
    if not named and len(able) != 1:
        raise DataError(f"{path}: expected {expected}; it holds {have}")
    return named or able


def _in_array(path: Path, name: str) -> Iterator[Held]:
    for i, image in enumerate(_last(array_in(path, name), f"{path}, array {name}")):
        yield Held(f"{path}/{name}/{i}", lambda image=image: stored(image))


def array_in(path: Path, name: str) -> np.ndarray:
    """Return one array of an ``.npz``; ``DataError`` where it is damaged, or holds objects."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path}, array {name}: cannot be read ({error})") from None


def _last(values: np.ndarray, name: str) -> np.ndarray:
    """Return images (n, H, W) or (n, H, W, C) or (n, C, H, W) of a file with the channels last."""
    try:
        axis = channel_axis(values.shape[1:])
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    return values[..., None] if axis is None else np.moveaxis(values, axis + 1, -1)
