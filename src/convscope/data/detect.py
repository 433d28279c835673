"""What lies at a path? Ask every source, and take the one that is found; none or several is an error that says so."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from convscope.data.listing import Listing
from convscope.data.notice import Notice
from convscope.data.sources import (
    archives,
    cifar,
    class_folders,
    deeplabcut,
    fasta,
    idx,
    images_alone,
    keypoints,
    mask_sets,
    mask_table,
    npz,
    npz_signals,
    npz_stacks,
    pts,
    recordings,
    signal_files,
    signal_index,
    signal_table,
    table,
    text_files,
    text_table,
    uci,
    ucr,
)
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, Folder, doubled_notice, ending, is_image
from convscope.data.sources.splitnames import beside
from convscope.errors import DataError
from convscope.text import count, listed

LOOKED_FOR = (
    "class folders (root/class/image.png, with or without train/valid/test above), a table (CSV, TSV or JSON lines "
    "with an image column and a label, numbers, coordinates or a mask, or a column of texts), text files (a folder or "
    "a file a class), FASTA files, signals as text (a row each: its class, then its values), .ts or .arff, WAV files "
    "in class folders, images and masks in folders beside each other, .pts files or COCO key points beside images, "
    "IDX files, a NumPy archive of x and y, CIFAR batches, a zip or tar of these"
)
# The files of sets that are many, and what everybody puts beside a set.
OF_SETS = re.compile(r"idx\d-ubyte(\.gz)?$|_batch(_\d+)?\.bin$|^batches\.meta|^(readme|licen[cs]e)")


def sniff(path: Path, cache: Path, columns: Columns | None = None) -> Listing:
    """List the data set at ``path``: a folder, an archive, a table, or one file of a set.

    ``cache`` is the folder that remembers where files lie in a tar; ``columns`` are what the user says of a table's.

    Raises:
        DataError: nothing is recognised, several sets are, or the one found is broken.
    """
    columns = columns or Columns()
    if path.is_dir():
        return _among(archives.open_files(path, cache), cache, columns)
    if not path.is_file():
        raise DataError(f"{path} is neither a file nor a folder; expected {LOOKED_FOR}")
    name = path.name.lower()
    if (sequences := _sequences(path, cache, columns)) is not None:
        return sequences
    if name.endswith(table.ENDINGS):
        return _table(path, cache, columns)
    if name.endswith(".npz"):
        return _archive(path, columns)
    if ending(path.name) in signal_files.ENDINGS or ucr.holds(path):
        return _signals(path, cache, columns)
    if zipfile.is_zipfile(path) or _is_tar(path):
        return _among(archives.open_files(path, cache), cache, columns)
    if idx.PATTERN.fullmatch(path.name) or cifar.PATTERN.fullmatch(path.name):
        return _among(archives.open_files(path.parent, cache), cache, columns)
    if name.endswith(archives.ENDINGS):
        raise DataError(f"{path} is no whole {path.suffix[1:]} file: damaged or cut short; copy or download it again")
    what = "one image" if is_image(name) else "a file"
    if name.endswith(".txt") and path.stat().st_size:
        what = "a text file whose rows are not plainly numbers"
    raise DataError(f"{path} is {what}, not a set; expected {LOOKED_FOR}")


def _archive(path: Path, columns: Columns) -> Listing:
    """List the examples of one NumPy archive: clips or volumes, signals, or images."""
    if (form := npz_stacks.form_of(path, columns)) is not None:
        return npz_stacks.read(path, columns, form)
    return (npz_signals if npz_signals.holds(path, columns) else npz).read(path, columns)


def _table(path: Path, cache: Path, columns: Columns) -> Listing:
    """List the one table at ``path``, which gives the set its name; say what else belongs to it."""
    files = archives.open_files(path.parent, cache)
    if columns.task in (None, "segmentation") and mask_table.pair_columns(files, path.name, columns):
        return replace(mask_table.read(files, {"": path.name}, columns), name=path.stem)
    with_images = any(one.sure for one in table.find(files, columns) if path.name in one.files)
    if not with_images and (signals := _signal_table(files, path, columns, counted=True)):
        return signals
    texts = text_table.find(files, columns, [path.name])
    if texts and not with_images:
        return replace(texts[0].read(), name=path.stem)
    if not with_images and (signals := _signal_table(files, path, columns, counted=False)):
        return signals
    if not texts and not with_images:
        signal_index.refuse_unlabelled(files, [path.name], columns)
        signal_table.refuse_unlabelled(files, [path.name], columns)
    if not texts and ucr.holds(path):
        return _signals(path, cache, columns)
    listing = replace(table.read(files, {"": path.name}, columns), name=path.stem)
    others = beside(path.name, table.tables(files))
    if not others:
        return _with_forms(files, listing)
    text = (
        f"{', '.join(others)} beside {path.name} looks like another split of the same set and is not used: give the "
        "folder to take each table for its split"
    )
    notice = Notice("other-splits", text, tuple(others))
    return _with_forms(files, replace(listing, notices=(*listing.notices, notice)))


def _signal_table(files: Files, path: Path, columns: Columns, *, counted: bool) -> Listing | None:
    """List the signals in the table at ``path`` and in its twins of other splits, if there are any in it."""
    beside_it = [name for name in table.tables(files) if "/" not in name]
    names = sorted({path.name, *beside(path.name, beside_it)})
    found = signal_table.find(files, columns, names, counted=counted)
    found = [*(signal_index.find(files, columns, names) if counted else ()), *found]
    return next((one.read() for one in found if path.name in one.files), None)


def _unlabelled_signals(files: Files, columns: Columns) -> list[Candidate]:
    """Raise ``DataError`` for a table of signals that says nothing to learn, where no texts are a set; else nothing."""
    if not text_files.find(files, columns):
        signal_index.refuse_unlabelled(files, table.tables(files), columns)
        signal_table.refuse_unlabelled(files, table.tables(files), columns)
    return []


def _sequences(path: Path, cache: Path, columns: Columns) -> Listing | None:
    """List the sequences in the one file at ``path``, ``None`` where it is of another kind."""
    if ending(path.name) not in (*fasta.ENDINGS, *uci.ENDINGS):
        return None
    files = archives.open_files(path.parent, cache)
    found = fasta if ending(path.name) in fasta.ENDINGS else uci
    return next((replace(each.read(), name=path.stem) for each in found.find(files, columns, [path.name])), None)


def _signals(path: Path, cache: Path, columns: Columns) -> Listing:
    """List the signals in the file at ``path`` and in its twins of other splits."""
    files = archives.open_files(path.parent, cache)
    beside_it = [name for name in files.names if "/" not in name and ending(name) == ending(path.name)]
    names = sorted({path.name, *beside(path.name, beside_it)})
    source = signal_files if ending(path.name) in signal_files.ENDINGS else ucr
    candidate = next((one for one in source.find(files, columns, names) if path.name in one.files), None)
    if candidate is None:
        raise DataError(
            f"{path}: its attributes are no values over time: expected numbers whose names count (att1, att2, ...) or "
            "a relational attribute, and one to learn"
        )
    return candidate.read()


def _among(files: Files, cache: Path, columns: Columns) -> Listing:
    """List the one set among ``files``, and what their names tell."""
    return _with_forms(files, _one_set(files, cache, columns))


def _with_forms(files: Files, listing: Listing) -> Listing:
    return replace(listing, notices=(*doubled_notice(files), *listing.notices))


def _one_set(files: Files, cache: Path, columns: Columns) -> Listing:
    if not files.names:
        raise DataError(f"{files.path} is empty; expected {LOOKED_FOR}")
    # A table that names the recordings says more than the folders they lie in.
    indexed = [] if any(map(is_image, files.names)) else signal_index.find(files, columns)
    arrays = [
        *fasta.find(files, columns),
        *signal_files.find(files, columns),
        *(recordings.find(files, columns) if not indexed else ()),
        *idx.find(files),
        *cifar.find(files),
        *npz.find(files, columns, _archive),
        *_archives(files, cache, columns),
    ]
    # A table that names the images says more than the folders they lie in, and so do files of nothing but points.
    tables = [*table.find(files, columns), *deeplabcut.find(files)]
    masks = [] if columns.task not in (None, "segmentation") else mask_sets.find(files, columns)
    points = [] if columns.task not in (None, "landmarks") else [*pts.find(files), *keypoints.find(files)]
    alone = images_alone.find(files) if columns.task in images_alone.TASKS else []
    folders = [] if alone and images_alone.lie_in_splits(files) else class_folders.find(files)
    signals = indexed or signal_table.find(files, columns, counted=True)
    images = (
        [one for one in masks if one.sure and columns.task == "segmentation"]
        or [one for one in tables if one.sure and one.explicit]
        or [one for one in points if one.sure]
        or [one for one in masks if one.sure and one.explicit]
        or [one for one in folders if one.sure and columns.task != "landmarks"]
        or [one for one in tables if one.sure]
        or alone
        or signals
        or uci.find(files, columns)
        or text_table.find(files, columns)
        or signal_table.find(files, columns, counted=False)
        or (
            []
            if any(one.sure for one in arrays) or tables or masks or folders or points
            else _unlabelled_signals(files, columns)
        )
        or ucr.find(files, columns)
        or text_files.find(files, columns)
        or masks
        or folders
        or points
    )
    found = [*arrays, *images]
    sure = [one for one in found if one.sure]
    if len(sure) > 1:
        raise _several(files, sure)
    names = table.tables(files)
    of_texts = any("of texts" in one.kind for one in sure)
    if names and columns.required.keys() - {"--group"} and not tables and not of_texts and not signals:
        return table.read(files, {"": names[0]}, columns)  # says which column it lacks
    if sure:
        return _read(sure[0], files)
    if len(tables) > 1:
        raise _several(files, tables)
    if tables:
        return _read(tables[0], files)  # says which files it lacks
    if len(names) == 1 and any(map(is_image, files.names)):
        return table.read(files, {"": names[0]}, columns)  # says what is wrong with it
    if found:
        return _read(found[0], files)
    raise _nothing(files)


def _several(files: Files, sets: list[Candidate]) -> DataError:
    lines = "".join(f"\n  {one.where}: {one.kind}" for one in sets)
    return DataError(f"{files.path} holds {len(sets)} sets; give the path of one of them:{lines}")


def _read(candidate: Candidate, files: Files) -> Listing:
    """List a candidate; files that belong to nothing are named."""
    listing = candidate.read()
    with_images = {name.rpartition("/")[0] for name in files.names if is_image(name)}
    rest = [
        name
        for name in files.names
        if name not in candidate.files
        and not OF_SETS.search(name.rpartition("/")[2].lower())
        and not (candidate.tells_images and is_image(name))
        # what lies among images is told of already
        and not (candidate.kind == "class folders" and name.rpartition("/")[0] in with_images)
    ]
    if not rest:
        return listing
    text = f"{count(len(rest), 'file')} beside the set not used ({listed(rest, 3)})"
    return replace(listing, notices=(*listing.notices, Notice("unused-files", text, tuple(rest[:20]))))


def _archives(files: Files, cache: Path, columns: Columns) -> list[Candidate]:
    """Return a candidate for each archive in a folder; archives in archives stay closed."""
    if not isinstance(files, Folder):
        return []
    paths = {name: files.locate(name) for name in files.names if name.lower().endswith(archives.ENDINGS)}
    return [
        Candidate("archive", name, lambda path=path: sniff(path, cache, columns), files=(name,), tells_images=False)
        for name, path in paths.items()
    ]


def _nothing(files: Files) -> DataError:
    endings = Counter(ending(name) or "no ending" for name in files.names)
    held = listed((f"{n:,} {kind}" for kind, n in endings.most_common()), 8)
    loose = sum(is_image(name) and "/" not in name for name in files.names)
    hint = f"; {count(loose, 'image')} without a class: put each into the folder of its class" if loose else ""
    columns = "".join(f"; {name} has the columns {table.columns_said(files, name)}" for name in table.tables(files)[:3])
    return DataError(
        f"nothing to learn from was recognised at {files.path}: looked for {LOOKED_FOR}; "
        f"found {count(len(files.names), 'file')} ({held}){columns}{hint}"
    )


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError):
        return False
