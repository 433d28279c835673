"""Which file does a table mean? By path, then by name, then by name without ending, in any folder."""

from __future__ import annotations

from itertools import takewhile

from convscope.data.sources.files import Files, is_image


class Matcher:
    """The images among files, to be found by what a table in the folder ``beside`` says of them.

    A name that several files have means the one whose folders agree best, from the innermost outwards.
    """

    def __init__(self, files: Files, beside: str) -> None:
        self._beside = beside
        self._paths = {name for name in files.names if is_image(name)}
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for path in sorted(self._paths):
            name = path.rpartition("/")[2]
            self._by_name.setdefault(name, []).append(path)
            self._by_stem.setdefault(name.rpartition(".")[0], []).append(path)

    def __len__(self) -> int:
        return len(self._paths)

    def matches(self, value: str) -> list[str]:
        """Return the paths that ``value`` may mean: none, one, or several that fit equally well."""
        wanted = value.replace("\\", "/").removeprefix("./")
        for path in (f"{self._beside}/{wanted}", wanted):
            if path in self._paths:
                return [path]
        *folders, name = wanted.split("/")
        fits = {
            path: _agreeing(path.split("/")[:-1], folders)
            for path in self._by_name.get(name) or self._by_stem.get(name, [])
        }
        best = max(fits.values(), default=0)
        return [path for path, count in fits.items() if count == best]


def _agreeing(a: list[str], b: list[str]) -> int:
    """Count the innermost folders that two paths share.

    >>> _agreeing(["train", "cats"], ["data", "cats"])
    1
    """
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(a), reversed(b), strict=False)))
