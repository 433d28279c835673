"""Files in a folder, and the images among them. Archives (``archives.py``) are read through the same few methods."""

from __future__ import annotations

import bisect
import hashlib
import os
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from convscope.data.names import composed
from convscope.data.notice import Notice
from convscope.errors import DataError
from convscope.text import count, listed

IMAGE_ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".webp",
    ".pnm", ".ppm", ".pgm", ".pbm", ".npy", ".nii", ".nii.gz",
)  # fmt: skip
VIDEO_ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
# What a folder of convscope's own holds: a run, a series of runs, a decoded set. Whoever trains within the folder of
# the data has them there, and neither a run's tables and figures nor decoded pixels are data.
OWN = ({"config.toml", "split.csv"}, {"series.toml"}, {"set.json", "pixels.npy"})
CLUTTER = ("__MACOSX", "Thumbs.db", "desktop.ini")

Payload = str | bytes | Exception  # a file's path for whoever reads it, its bytes, or why they are not to be had
Names = Sequence[str] | np.ndarray


class Contents(Protocol):
    """What files are read from, by their names."""

    @property
    def path(self) -> Path:
        """The folder or archive."""
        ...

    def read(self, name: str) -> bytes:
        """Return one file's bytes."""
        ...


class Files(Protocol):
    """A folder, zip or tar: the visible files in it, by their ``/``-separated names, composed and sorted.

    ``doubled`` are folders that are there in two Unicode forms, and taken as one.
    """

    path: Path
    names: list[str]
    folders: set[str]
    hidden: list[str]
    doubled: list[str]

    def read(self, name: str) -> bytes:
        """Return one file's bytes."""
        ...

    def items(self, names: Names) -> Iterator[tuple[int, Payload]]:
        """Yield (position in ``names``, its path, its bytes, or why it cannot be read), cheapest order first."""
        ...

    def fingerprint(self, names: Names) -> str:
        """Return a hash that changes when one of ``names`` may have changed, without reading it."""
        ...


@dataclass(frozen=True, eq=False)
class InFiles:
    """Examples, each in a file of its own among ``files``; ``names`` (n,) are StringDType, in the listing's order."""

    files: Files
    names: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """Return the hash of the names and of what tells that a file changed."""
        return self.files.fingerprint(self.names)


class FileImages(InFiles):
    """Images to decode, one a file."""


class Folder:
    """The files below a folder. Hidden ones and folders of convscope's own are left out; links are followed, each
    folder once.

    Raises:
        DataError: a folder cannot be opened, or holds two files whose names differ in their Unicode form only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: list[str] = []
        self.folders: set[str] = set()
        self.hidden: list[str] = []
        self.doubled: list[str] = []
        self._on_disk: dict[str, str] = {}  # by name, the path of those whose name on disk is not composed
        stamps = array("q")  # size, time of the content, time of the last change: three numbers a file
        self._walk(path, "", set(), stamps)
        order = sorted(range(len(self.names)), key=self.names.__getitem__)
        self.names = [self.names[i] for i in order]
        if self._on_disk:
            _check_forms(path, self.names)
        self._stamps = np.frombuffer(stamps, np.int64).reshape(-1, 3)[order]

    def _walk(self, folder: Path, prefix: str, above: set[tuple[int, int]], stamps: array[int]) -> None:
        status = folder.stat()
        here = (status.st_dev, status.st_ino)
        if here in above:  # a link back to a folder that contains it
            return
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise DataError(f"{folder} cannot be opened: {error.strerror}; check its permissions") from None
        if prefix and any(own <= {entry.name for entry in entries} for own in OWN):
            self.hidden.append(prefix[:-1])
            return
        for entry in entries:
            name = prefix + composed(entry.name)
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError:  # a link that leads to itself
                is_folder = is_file = False
            if is_hidden(entry.name):
                self.hidden.append(name)
            elif is_folder:
                if name in self.folders:
                    self.doubled.append(name)
                self.folders.add(name)
                self._walk(Path(entry.path), name + "/", above | {here}, stamps)
            elif is_file or entry.is_symlink():
                # A broken link stays in the list, so that decoding reports it instead of losing it.
                s = entry.stat(follow_symlinks=is_file)
                self.names.append(name)
                if not entry.path.endswith(name):
                    self._on_disk[name] = entry.path
                stamps.extend((s.st_size, s.st_mtime_ns, s.st_ctime_ns))

    def read(self, name: str) -> bytes:
        """Return one file's bytes."""
        return self.locate(name).read_bytes()

    def locate(self, name: str) -> Path:
        """Return where a file is, by the name that it has on disk."""
        return Path(self._on_disk.get(name) or self.path / name)

    def items(self, names: Names) -> Iterator[tuple[int, Payload]]:
        """Yield paths, so that whoever decodes a file also reads it."""
        prefix = f"{self.path}{os.sep}"  # a Path object each would cost as much as reading a small file
        return ((i, self._on_disk.get(name) or prefix + name) for i, name in enumerate(names))

    def fingerprint(self, names: Names) -> str:
        """Return a hash of names, sizes and times. The change time catches a rewrite that restores the others."""
        hashed = hashlib.blake2b(digest_size=16)
        for name in names:
            hashed.update(f"{name}\0".encode("utf-8", "surrogateescape"))
            at = bisect.bisect_left(self.names, name)
            known = self.names[at : at + 1] == [name]
            hashed.update(self._stamps[at].tobytes() if known else _stamp(self.path / name))
        return hashed.hexdigest()


def _stamp(path: Path) -> bytes:
    """Return size and times of a file outside of the folder, which a table may name."""
    status = path.stat()
    return np.array((status.st_size, status.st_mtime_ns, status.st_ctime_ns), np.int64).tobytes()


def is_hidden(part: str) -> bool:
    """Tell whether a file or folder name is the system's, not the user's."""
    return part.startswith(".") or part in CLUTTER


def ending(name: str) -> str:
    """Return a file name's ending in lower case, ``.png``; a Path object for each of a million names would be slow."""
    name = name.rpartition("/")[2]
    if name.lower().endswith(".nii.gz"):
        return ".nii.gz"
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if dot and stem else ""


def without_ending(name: str) -> str:
    """Return a file's name without its ending.

    >>> without_ending("scans/7.nii.gz"), without_ending("a.b/7.png")
    ('scans/7', 'a.b/7')
    """
    return name[: len(name) - len(ending(name))]


def is_image(name: str) -> bool:
    """Tell by its ending whether a file belongs to the images of a set; what it really is, decoding finds out."""
    return ending(name) in IMAGE_ENDINGS


def is_video(name: str) -> bool:
    """Return whether a file's ending is that of a video.

    >>> is_video("run/1.MP4"), is_video("run/1.gif")
    (True, False)
    """
    return ending(name) in VIDEO_ENDINGS


def holds_example(files: Files) -> Callable[[str], bool]:
    """Return what tells whether a file is an example: an image, or a video where there is no image at all."""
    return is_image if any(map(is_image, files.names)) else is_video


def hidden_notice(files: Files) -> tuple[Notice, ...]:
    """Say which hidden entries were passed over, if any."""
    if not files.hidden:
        return ()
    names = sorted(files.hidden)
    text = f"{count(len(names), 'hidden entry is', 'hidden entries are')} left out ({listed(names, 3)})"
    return (Notice("hidden", text, tuple(names[:20])),)


def doubled_notice(files: Files) -> tuple[Notice, ...]:
    """Say which folders were taken as one because their names differ in their Unicode form only, if any."""
    if not files.doubled:
        return ()
    names = sorted(set(files.doubled))
    folders = count(len(names), "folder has its name", "folders have their names")
    text = f"{folders} in two Unicode forms (NFC, NFD), taken as one ({listed(names, 3)})"
    return (Notice("unicode-forms", text, tuple(names[:20])),)


def _check_forms(path: Path, names: list[str]) -> None:
    """Raise ``DataError`` for a name that is among the sorted ``names`` twice."""
    twice = [name for name, other in pairwise(names) if name == other]
    if twice:
        raise two_forms(path, twice)


def two_forms(path: Path, names: list[str]) -> DataError:
    """Refuse files that only their Unicode form tells apart."""
    return DataError(
        f"{path} holds {count(len(names), 'file')} twice, under names that look alike and differ in their Unicode form "
        f"only ({listed(names, 3)}): one is composed (NFC), the other is not; rename or remove one of them"
    )


def file_stamp(path: Path) -> str:
    """Return a hash of a big file's size, time and first and last MiB: enough to notice that it was replaced."""
    status = path.stat()
    hashed = hashlib.blake2b(f"{status.st_size} {status.st_mtime_ns}".encode(), digest_size=16)
    with path.open("rb") as stream:
        hashed.update(stream.read(1 << 20))
        stream.seek(max(0, status.st_size - (1 << 20)))
        hashed.update(stream.read(1 << 20))
    return hashed.hexdigest()


def set_name(path: Path) -> str:
    """Return what to call the set at a path: its name without ``.zip``, ``.tar.gz``, ``.npz``.

    >>> set_name(Path("data/pets.v2.tar.gz"))
    'pets.v2'
    """
    return re.sub(r"(\.tar)?\.(zip|tar|gz|bz2|xz|tgz|tbz2|txz|npz)$", "", path.resolve().name) or "set"


def strings(values: Sequence[str]) -> np.ndarray:
    """Return an (n,) StringDType array: packed text, no Python object a value."""
    try:
        return np.array(values, dtype=np.dtypes.StringDType())
    except UnicodeEncodeError as error:
        raise DataError(
            f"the name {error.object!a} is not UTF-8; rename the file (convmv renames whole folders)"
        ) from None
