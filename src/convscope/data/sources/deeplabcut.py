"""Labels as DeepLabCut writes them: a CSV under three or four header lines, whose first columns name the image.

    scorer,   anna, anna, anna, anna
    bodyparts,nose, nose, tail, tail
    coords,   x,    y,    x,    y
    labeled-data/video/img001.png, 12.1, 30.5, ,

A line ``individuals`` is of sets with several animals an image, which are refused. The image may also stand in three
columns: labeled-data, video, img001.png.
"""

from __future__ import annotations

import csv
import functools
import io

import numpy as np

from convscope.data.listing import Listing, Target
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.files import FileImages, Files, hidden_notice, set_name, strings
from convscope.data.sources.matching import Matcher
from convscope.data.sources.point_columns import FARTHEST, checked
from convscope.data.sources.quantities import amounts
from convscope.data.sources.rowfiles import left_out, refuse_twice, with_files
from convscope.data.sources.tabular import decoded
from convscope.errors import DataError
from convscope.text import count, listed

HEADS = ("scorer", "individuals", "bodyparts", "coords")


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each CSV that begins with the line of the scorer."""
    tables = [name for name in files.names if name.lower().endswith(".csv") and _begins(files, name)]
    return [
        Candidate("DeepLabCut labels", name, functools.partial(read, files, name), files=(name,)) for name in tables
    ]


def read(files: Files, name: str) -> Listing:
    """List the images that a table labels.

    Raises:
        DataError: several animals an image, columns that are not x and y of each part, a text in a number, missing
            files.
    """
    where = f"{files.path}/{name}"
    lines = list(csv.reader(io.StringIO(decoded(files.read(name), where), newline="")))
    heads = {line[0]: line for line in lines[: len(HEADS)] if line and line[0] in HEADS}
    if "individuals" in heads:
        raise DataError(
            f"{where}: labels of several animals an image; the points of one can be learned: keep its columns"
        )
    if not {"bodyparts", "coords"} <= heads.keys():
        raise DataError(f"{where}: expected the lines scorer, bodyparts and coords above the labels")
    begin = next(k for k, text in enumerate(heads["coords"]) if text in ("x", "y"))
    rows = [(number, line) for number, line in enumerate(lines, 1) if number > len(heads) and any(line)]
    names, at = _parts(heads["bodyparts"], heads["coords"], begin, where)
    refs = [str(number) for number, _ in rows]
    short = [f"{number}: {len(line)}" for number, line in rows if len(line) != len(heads["coords"])]
    if short:
        raise DataError(f"{where}: rows of other than {len(heads['coords'])} values ({listed(short, 5)})")
    paths = ["/".join(filter(None, line[:begin])) for _, line in rows]
    found = with_files(where, refs, paths, Matcher(files), name.rpartition("/")[0], "")
    refuse_twice(where, [refs[i] for i in found.kept], found.names)
    kept = [rows[i][1] for i in found.kept]
    kept_refs = [refs[i] for i in found.kept]
    values = [amounts(where, f"{part} {axis}", kept_refs, [line[k] for line in kept], FARTHEST) for part, axis, k in at]
    found_at = np.stack(values, axis=1).reshape(len(kept), -1, 2)
    points, notices = checked(where, found_at, names, [f"row {ref}" for ref in kept_refs])
    ids = strings(found.names)
    return Listing(
        name=set_name(files.path),
        kind=f"DeepLabCut labels {name} ({count(len(names), 'point')}: {listed(names, 3)})",
        images=FileImages(files, ids),
        ids=ids,
        target=Target("points", points, names, name="points"),
        split=np.full(len(ids), "", "<U5"),
        notices=(*hidden_notice(files), *left_out(files, set(found.names)), *found.notices, *notices),
        absent=found.absent,
    )


def _parts(
    parts: list[str], coords: list[str], begin: int, where: str
) -> tuple[tuple[str, ...], list[tuple[str, str, int]]]:
    """Return the names of the points, and (point, axis, column) of each coordinate, x and y in turn."""
    column: dict[tuple[str, str], int] = {}
    for k in range(begin, len(coords)):
        column[parts[k], coords[k]] = k  # beside x and y there may be a likelihood
    names = tuple(dict.fromkeys(parts[begin:]))
    lacking = [f"{name} (no {axis})" for name in names for axis in "xy" if (name, axis) not in column]
    if lacking:
        raise DataError(f"{where}: coordinates without the other axis: {listed(lacking, 5)}")
    return names, [(name, axis, column[name, axis]) for name in names for axis in "xy"]


def _begins(files: Files, name: str) -> bool:
    return files.read(name)[:10].lstrip(b"\xef\xbb\xbf").startswith(b"scorer,")
