"""Sets that have a name: built in, or public ones that are looked for on this machine and fetched only where missing.

What is found is compared with the published content by md5, unpacked, so that another gzip of the same bytes passes.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from convscope import atomic
from convscope.data.detect import sniff
from convscope.data.download import STEP, Progress, download
from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sources import archives, builtin
from convscope.data.sources.files import file_stamp
from convscope.errors import DataError, Error, nearest


@dataclass(frozen=True)
class File:
    """One file of a public set: where to get it, and the md5 of its content (without ``.gz``)."""

    url: str
    md5: str

    @property
    def name(self) -> str:
        """The file's name on disk."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Public:
    """A public set: what it is, and its files."""

    what: str
    images: int
    classes: int
    files: tuple[File, ...]


def _idx(base: str, *md5s: str) -> tuple[File, ...]:
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return tuple(File(f"{base}/{name}-ubyte.gz", md5) for name, md5 in zip(names, md5s, strict=True))


PUBLIC: dict[str, Public] = {
    "mnist": Public(
        "handwritten digits, 28 × 28 grey", 70_000, 10,
        _idx(
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637",
        ),
    ),
    "fashion-mnist": Public(
        "clothing, 28 × 28 grey", 70_000, 10,
        _idx(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "f4a8712d7a061bf5bd6d2ca38dc4d50a", "9018921c3c673c538a1fc5bad174d6f9",
            "8181f5470baa50b63fa0f6fddb340f0a", "15d484375f8d13e6eb1aabb0c3f46965",
        ),
    ),
    "cifar10": Public(
        "photographs of animals and vehicles, 32 × 32 RGB", 60_000, 10,
        (File("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the catalogue; ``where`` is empty for a set that would have to be fetched."""

    name: str
    what: str
    images: int | None
    classes: int | None
    where: str


def names() -> tuple[str, ...]:
    """Return every name that ``load`` knows."""
    return (*builtin.NAMES, *PUBLIC)


def catalogue(data_root: str | Path | None, cache: Path) -> list[Row]:
    """Return a row for each named set: what it is, and where it lies on this machine."""
    rows = [Row(name, what, None, None, "built in") for name, what in builtin.NAMES.items()]
    for name, public in PUBLIC.items():
        here = _folder(name, data_root, cache)
        rows.append(Row(name, public.what, public.images, public.classes, str(here or "")))
    return rows


def find(name: str, data_root: str | Path | None, cache: Path, seed: int, progress: Progress | None = None) -> Listing:
    """List a set by its name; a public one is fetched when it is nowhere on this machine.

    Raises:
        DataError: unknown name, or the set is not here and cannot be fetched.
    """
    if name in builtin.NAMES:
        return builtin.read(name, seed)
    if name not in PUBLIC:
        raise DataError(f"no set is called {name!r}{nearest(name, names())}; known sets: {', '.join(names())}")
    folder = _folder(name, data_root, cache) or fetch(name, cache / "downloads", progress)
    listing = _list(name, folder, cache)
    return replace(listing, name=name, kind=f"{listing.kind} in {folder}")


def fetch(name: str, into: Path, progress: Progress | None = None) -> Path:
    """Download a public set to ``into/name``, checked, and return that folder; files that are there already are kept.

    Raises:
        DataError: no connection, or other content than published; says how to place the files by hand.
        Error: ``into`` cannot be written.
    """
    if name in builtin.NAMES:
        raise DataError(f"{name} is built in: there is nothing to fetch; convscope train {name} will find it")
    if name not in PUBLIC:
        raise DataError(f"no public set is called {name!r}{nearest(name, PUBLIC)}; known: {', '.join(PUBLIC)}")
    folder = into / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in PUBLIC[name].files:
            if not (folder / file.name).exists():
                _download(name, file, folder, progress)
    except OSError as error:
        raise Error(f"{folder} cannot be written ({error.strerror}); name another folder with --cache DIR") from None
    return folder


def _download(name: str, file: File, folder: Path, progress: Progress | None) -> None:
    def check(path: Path) -> str:
        try:
            found = _md5(path, file.name)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            found = f"no gzip file ({error})"
        return "" if found == file.md5 else f"expected md5 {file.md5}, found {found}"

    by_hand = (
        f"get {file.url} in another way, put it into a folder {name}/, and name the folder above it with --data-root "
        "or CONVSCOPE_DATA"
    )
    download(file.url, folder / file.name, check, what=name, by_hand=by_hand, progress=progress)


def _folder(name: str, data_root: str | Path | None, cache: Path) -> Path | None:
    """Return where a public set lies: below the data root, $CONVSCOPE_DATA, or what was fetched before."""
    for root in filter(None, (data_root, os.environ.get("CONVSCOPE_DATA"))):
        for folder in (Path(root).expanduser() / word for word in (name, name.replace("-", "_"))):
            if folder.is_dir() and any(folder.iterdir()):
                return folder
    fetched = cache / "downloads" / name
    return fetched if all((fetched / file.name).exists() for file in PUBLIC[name].files) else None


def _list(name: str, folder: Path, cache: Path) -> Listing:
    """List the set in ``folder``, and say so when it is not the published content."""
    files = PUBLIC[name].files
    here = {file: path for file in files if (path := _present(folder, file.name))}
    if len(here) == len(files):
        where = folder if len(files) > 1 else next(iter(here.values()))
        found = {path.name: (_known_md5(path, cache), file.md5) for file, path in here.items()}
        wrong = [f"{name}: md5 {md5} instead of {right}" for name, (md5, right) in found.items() if md5 != right]
    else:
        packed = [path for path in sorted(folder.iterdir()) if path.name.lower().endswith(archives.ENDINGS)]
        where = packed[0] if len(packed) == 1 else folder
        wrong = [f"expected {', '.join(file.name for file in files)}"]
    listing = sniff(where, cache)
    if not wrong:
        return listing
    text = f"{where} is not the published {name} ({'; '.join(wrong)}): figures are not comparable with published ones"
    return replace(listing, notices=(Notice("not-the-original", text), *listing.notices))


def _present(folder: Path, name: str) -> Path | None:
    """Return the file, packed or unpacked, if it is there."""
    return next((path for path in (folder / name, folder / name.removesuffix(".gz")) if path.is_file()), None)


def _known_md5(path: Path, cache: Path) -> str:
    """Return the md5 of a file's content; remembered in the cache while the file stays as it is."""
    memory = cache / "md5" / file_stamp(path)
    with contextlib.suppress(OSError):
        return memory.read_text()
    found = _md5(path)
    with contextlib.suppress(OSError):  # it only saves doing it again
        memory.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(memory, found.encode())
    return found


def _md5(path: Path, name: str = "") -> str:
    """Return the md5 of a file's content; a tar stays packed, since its bytes are what was published."""
    unpack = (name or path.name).endswith("ubyte.gz")
    with gzip.open(path) if unpack else path.open("rb") as stream:
        digest = hashlib.md5(usedforsecurity=False)
        while data := stream.read(STEP):
            digest.update(data)
    return digest.hexdigest()
