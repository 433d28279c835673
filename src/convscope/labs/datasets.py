"""Where the data sets of the labs lie, and what to do where one is missing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from convscope.data.ingest.store import directory
from convscope.data.named import PUBLIC
from convscope.errors import ConfigError, nearest


@dataclass(frozen=True)
class Wanted:
    """A data set: what it is, the names that its folder may have, and a file or ending by which it is known."""

    what: str
    folders: tuple[str, ...]
    holds: str


SETS = {
    "dna": Wanted("3,190 splice junctions of DNA (UCI)", ("dna_splice", "dna", "splice"), "*.csv"),
    "faces": Wanted("69 photographs with 68 points each", ("faces",), "*.csv"),
    "fashion-mnist": Wanted("70,000 images of clothes", ("fashion_mnist", "fashion-mnist"), "*ubyte*"),
    "isbi": Wanted("30 slices of electron microscopy with masks (ISBI 2012)", ("isbi2012_em", "isbi2012", "isbi"), "*"),
    "lung": Wanted("tiles of lung tissue (LC25000)", ("lc25000_lung", "lung"), "*"),
    "mnist": Wanted("70,000 handwritten digits", ("mnist",), "*ubyte*"),
    "names": Wanted("49,340 Spanish given names, a table a gender", ("spanish_names", "names"), "*.csv"),
}


def find(name: str, root: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the folder of a data set, or ``None`` where it is not here: nothing is downloaded.

    It is looked for below ``root``, below $CONVSCOPE_DATA, and where ``convscope data fetch`` puts what it brings.
    Raises ``ConfigError`` for a set that no lab uses, and for a ``root`` that is no folder.

    >>> find("mnist", "nowhere")
    Traceback (most recent call last):
    ...
    convscope.errors.ConfigError: nowhere is no folder; DATA_ROOT is the folder above those of the data sets
    """
    wanted = _wanted(name)
    if root is not None and not Path(root).expanduser().is_dir():
        raise ConfigError(f"{root} is no folder; DATA_ROOT is the folder above those of the data sets")
    roots = [root, os.environ.get("CONVSCOPE_DATA"), directory(None) / "downloads"]
    for folder in (Path(above).expanduser() / word for above in roots if above for word in (*wanted.folders, name)):
        if folder.is_dir() and any(folder.glob(wanted.holds)):
            return folder
    return None


def missing(name: str) -> str:
    """Return what to say where a data set is not here, and how to get it.

    >>> missing("mnist")
    'skipped: mnist (70,000 handwritten digits) is not here; convscope data fetch mnist downloads it'
    """
    wanted = _wanted(name)
    get = (
        f"convscope data fetch {name} downloads it"
        if name in PUBLIC
        else f"put it into a folder {wanted.folders[0]}/, and name the folder above it with --data-root"
    )
    return f"skipped: {name} ({wanted.what}) is not here; {get}"


def _wanted(name: str) -> Wanted:
    if name not in SETS:
        raise ConfigError(f"no lab uses a set called {name!r}{nearest(name, SETS)}; they use {', '.join(SETS)}")
    return SETS[name]
