"""Where the files of each image stand: folders as in its id, each file by itself, and nothing outside of the folder."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

LONGEST = 200  # bytes of a file's or folder's name: file systems take 255, and a suffix follows
_REFUSED = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')  # by Windows, or by any shell
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def places(ids: Sequence[str]) -> list[PurePosixPath]:
    """Return where the files of each image stand in a folder, without a suffix; no two are alike, in any case.

    The id's own suffix is left out where that leaves no two images alike. What leads out of the folder, or a name that
    a file system would refuse, is written with "_".

    >>> [str(place) for place in places(["a/1.png", "a/1.tif", "b/2.png", "../../etc/passwd", "/c"])]
    ['a/1.png', 'a/1.tif', 'b/2', '_/_/etc/passwd', 'c']
    """
    full = [_inside(name) for name in ids]
    short = [place.with_suffix("") for place in full]
    counts = Counter(str(place).casefold() for place in short)
    chosen = [a if counts[str(a).casefold()] == 1 else b for a, b in zip(short, full, strict=True)]
    taken = Counter(str(place).casefold() for place in chosen)
    return [
        place if taken[str(place).casefold()] == 1 else place.with_name(f"{place.name}-{_mark(name)}")
        for place, name in zip(chosen, ids, strict=True)
    ]


def _inside(name: str) -> PurePosixPath:
    """Return an id as a relative path that stays below where it starts."""
    parts = [_allowed(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return PurePosixPath(*parts or ["_"])


def _allowed(part: str) -> str:
    if set(part) == {"."}:
        return "_"
    kept = _REFUSED.sub("_", part).rstrip(" .") or "_"
    if _DEVICES.match(kept):
        kept = f"_{kept}"
    if len(kept.encode()) > LONGEST:
        kept = f"{kept.encode()[: LONGEST - 9].decode(errors='ignore')}-{_mark(part)}"
    return kept


def _mark(name: str) -> str:
    """Return eight letters that tell this id from others."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
