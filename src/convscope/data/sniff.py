"""What lies at a path? Ask every source, and take the one that is found; none or several is an error that says so."""

from __future__ import annotations

import tarfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from convscope.data.listing import Listing
from convscope.data.sources import archives, cifar, class_folders, idx, npz, table
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.files import Files, Folder, doubled_notice, ending, is_image
from convscope.data.words import count, listed
from convscope.errors import DataError

LOOKED_FOR = (
    "class folders (root/class/image.png, with or without train/valid/test above), a table (CSV, TSV or JSON lines "
    "with an image and a label column), IDX files, a NumPy archive of x and y, CIFAR batches, a zip or tar of these"
)


def sniff(path: Path, cache: Path) -> Listing:
    """List the data set at ``path``: a folder, an archive, a table, or one file of a set.

    ``cache`` is the folder that remembers where files lie in a tar.

    Raises:
        DataError: nothing is recognised, several sets are, or the one found is broken.
    """
    if path.is_dir():
        return _among(archives.open_files(path, cache), cache)
    if not path.is_file():
        raise DataError(f"{path} is neither a file nor a folder; expected {LOOKED_FOR}")
    name = path.name.lower()
    if name.endswith(table.ENDINGS):
        files = archives.open_files(path.parent, cache)
        return _with_forms(files, table.read(files, path.name))
    if name.endswith(".npz"):
        return npz.read(path)
    if zipfile.is_zipfile(path) or _is_tar(path):
        return _among(archives.open_files(path, cache), cache)
    if idx.PATTERN.fullmatch(path.name) or cifar.PATTERN.fullmatch(path.name):
        return _among(archives.open_files(path.parent, cache), cache)
    if name.endswith(archives.ENDINGS):
        raise DataError(f"{path} is no whole {path.suffix[1:]} file: damaged or cut short; copy or download it again")
    what = "one image" if is_image(name) else "a file"
    raise DataError(f"{path} is {what}, not a set; expected {LOOKED_FOR}")


def _among(files: Files, cache: Path) -> Listing:
    """List the one set among ``files``, and what their names tell."""
    return _with_forms(files, _one_set(files, cache))


def _with_forms(files: Files, listing: Listing) -> Listing:
    return replace(listing, notices=(*doubled_notice(files), *listing.notices))


def _one_set(files: Files, cache: Path) -> Listing:
    if not files.names:
        raise DataError(f"{files.path} is empty; expected {LOOKED_FOR}")
    arrays = [*idx.find(files), *cifar.find(files), *npz.find(files), *_archives(files, cache)]
    # A table that names the images says more than the folders they lie in.
    images = table.find(files) or class_folders.find(files)
    found = [*arrays, *images]
    sure = [one for one in found if one.sure]
    if len(sure) > 1:
        listed = "".join(f"\n  {one.where}: {one.kind}" for one in sure)
        raise DataError(f"{files.path} holds {len(sure)} sets; give the path of one of them:{listed}")
    if sure:
        return sure[0].read()
    tables = table.tables(files)
    if len(tables) == 1 and any(map(is_image, files.names)):
        return table.read(files, tables[0])  # says what is wrong with it
    if found:
        return found[0].read()
    raise _nothing(files)


def _archives(files: Files, cache: Path) -> list[Candidate]:
    """Return a candidate for each archive in a folder; archives in archives stay closed."""
    if not isinstance(files, Folder):
        return []
    paths = {name: files.locate(name) for name in files.names if name.lower().endswith(archives.ENDINGS)}
    return [Candidate("archive", name, lambda path=path: sniff(path, cache)) for name, path in paths.items()]


def _nothing(files: Files) -> DataError:
    endings = Counter(ending(name) or "no ending" for name in files.names)
    held = listed((f"{n:,} {kind}" for kind, n in endings.most_common()), 8)
    loose = sum(is_image(name) and "/" not in name for name in files.names)
    hint = f"; {count(loose, 'image')} without a class: put each into the folder of its class" if loose else ""
    columns = "".join(
        f"; {name} has the columns {table.parse(files, name, 1).said() or '(none: it is empty)'}"
        for name in table.tables(files)[:3]
    )
    return DataError(
        f"nothing to learn from was recognised at {files.path}: looked for {LOOKED_FOR}; "
        f"found {count(len(files.names), 'file')} ({held}){columns}{hint}"
    )


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError):
        return False
