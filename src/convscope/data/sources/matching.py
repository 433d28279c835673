"""Which file does a table mean? By path, then by name, then by name without ending, in any folder; capitals last.

A value that names folders means a file in a folder of that name: else the pictures of a patient that are missing would
be replaced by those of another that have the same file names.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from convscope.data.names import composed
from convscope.data.sources.files import Files, is_image, set_name


@dataclass(frozen=True)
class Match:
    """The files that a value may mean: none, one, or several that fit equally well.

    ``respelt`` says that capitals differ. ``moved`` holds the folders in which the value and the file differ, where
    both have some beside those they share: ("old", "new") for ``old/cats/1.png`` and ``new/cats/1.png``.
    """

    files: tuple[str, ...] = ()
    respelt: bool = False
    moved: tuple[str, str] | None = None


class Matcher:
    """The images among files, to be found by what a table says of them.

    A name that several files have means the one whose folders agree best, from the innermost outwards.
    """

    def __init__(self, files: Files) -> None:
        self.root = files.path
        self._is_folder = files.path.is_dir()
        above = Path(os.path.abspath(files.path)).parent.parts  # noqa: PTH100 - links stay as they are written
        self._above = [composed(part) for part in (*above, set_name(files.path))]
        self._names = {name for name in files.names if is_image(name)}
        self._indexes: dict[bool, tuple[dict[str, list[str]], dict[str, list[str]]]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def match(self, value: str, beside: str) -> Match:
        """Return what ``value``, composed as the files' names are, may mean in a table in the folder ``beside``."""
        wanted = value.strip().replace("\\", "/")
        here = posixpath.normpath(posixpath.join(beside, wanted))
        for path in (here, posixpath.normpath(wanted)):
            if path in self._names:
                return Match((path,))
        upwards = ".." in wanted.split("/")
        if (
            self._is_folder
            and (upwards or posixpath.isabs(wanted))
            and (file := self._elsewhere(value.strip(), beside))
        ):
            return Match((file,))
        if upwards:  # then it is known which folder it names
            wanted = posixpath.normpath("/".join([*self._above, here]))
        *folders, name = [part for part in wanted.split("/") if part not in ("", ".")] or [""]
        return self._by_name(folders, name, folded=False) or self._by_name(folders, name, folded=True) or Match()

    def namesake(self, value: str) -> str | None:
        """Return a file of the same name, whatever folder it is in."""
        name = value.strip().replace("\\", "/").rpartition("/")[2]
        return next(iter(self._index(False)[0].get(name, ())), None)

    def _elsewhere(self, value: str, beside: str) -> str | None:
        """Return the name, seen from the root, of a file that lies there, perhaps outside of the set's folder."""
        spelt = (self.root / beside / written for written in (value, value.replace("\\", "/")))
        path = next((path for path in spelt if is_image(value) and path.is_file()), None)
        if path is None:
            return None
        seen = os.path.relpath(path.parent.resolve() / path.name, self.root.resolve())
        inside = composed(seen.replace(os.sep, "/"))
        return inside if inside in self._names else seen

    def _by_name(self, folders: list[str], name: str, *, folded: bool) -> Match | None:
        fold = str.casefold if folded else str
        names, stems = self._index(folded)
        wanted = list(map(fold, folders))
        fits: dict[str, tuple[int, bool]] = {}
        for path in names.get(fold(name)) or stems.get(fold(name), ()):
            inside = [fold(folder) for folder in path.split("/")[:-1]]
            shared = _agreeing([*map(fold, self._above), *inside], wanted)
            if shared or not wanted:
                fits[path] = shared, shared >= min(len(inside), len(wanted))
        if not fits:
            return None
        best = max(fits.values())
        paths = [path for path, fit in fits.items() if fit == best]
        moved = None
        if not best[1]:
            *inside, _ = paths[0].split("/")
            moved = "/".join(folders[: -best[0]]), "/".join(inside[: -best[0]])
        return Match(tuple(paths), folded, moved)

    def _index(self, folded: bool) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return the paths by their file name, and by that without its ending; ``folded``: whatever the capitals."""
        if folded in self._indexes:
            return self._indexes[folded]
        names: dict[str, list[str]] = {}
        stems: dict[str, list[str]] = {}
        self._indexes[folded] = names, stems
        for path in sorted(self._names):
            name = path.rpartition("/")[2]
            name = name.casefold() if folded else name
            names.setdefault(name, []).append(path)
            stems.setdefault(name.rpartition(".")[0], []).append(path)
        return names, stems


def _agreeing(a: list[str], b: list[str]) -> int:
    """Count the innermost folders that two paths share.

    >>> _agreeing(["train", "cats"], ["data", "cats"])
    1
    """
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(a), reversed(b), strict=False)))
