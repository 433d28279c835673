"""Which column of a table, or array of an archive, holds what: by its name, or as the user says."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from convscope.data.names import composed
from convscope.errors import DataError, nearest
from convscope.text import listed

SHOWN = 20
LABEL_COLUMNS = ("label", "target", "class", "labels", "targets", "classes")
SURELY_CLASSES = ("label", "class", "labels", "classes")  # names by which whole numbers are classes, too
# Those that tell how a set is read.
TASKS = ("classification", "multilabel", "regression", "landmarks", "segmentation", "reconstruction")


@dataclass(frozen=True)
class Columns:
    """The columns that a user names; ``None`` leaves the choice to the names that data sets use.

    ``group`` may be "none": then nothing is kept together; or "text": then equal texts are. A name that no column has
    is an error, save in the ``optional`` roles. ``task`` is what is to be learned, where the user says so. With
    ``fill`` gaps within signals are filled. ``stacks`` is what arrays of three axes or more are: "clips", "volumes",
    "slices", or told by their names and shapes.
    """

    image: str | None = None
    label: str | None = None
    group: str | None = None
    optional: frozenset[str] = frozenset()
    task: str | None = None
    text: str | None = None
    fill: bool = False
    stacks: str = "auto"

    def named(self, role: str) -> str | None:
        """Return what the user calls the column of a role, if he says so: "image", "text", "label" or "group"."""
        name = getattr(self, role, None)
        return None if role == "group" and name in ("none", "text") else name

    @property
    def required(self) -> dict[str, str]:
        """The names that must be there, by the setting that gives them."""
        return {_setting(role): name for role, name in self._names().items() if role not in self.optional}

    def missing(self, names: Collection[str]) -> list[str]:
        """Return the optional names that no column has."""
        known = set(map(plain, names))
        return [name for role, name in self._names().items() if role in self.optional and plain(name) not in known]

    def _names(self) -> dict[str, str]:
        return {role: name for role in ("image", "text", "label", "group") if (name := self.named(role)) is not None}

    def refuse_without(self, path: object, kind: str) -> None:
        """Raise ``DataError`` where columns are named of a set that has none."""
        for setting, name in self.required.items():
            raise DataError(
                f"{setting} {name}: {path} is read as {kind}, which has no columns; give a table (CSV, "
                "TSV or JSON lines) that has it, or leave the setting out"
            )

    def pick(self, role: str, words: Iterable[str], names: Collection[str], where: str) -> str | None:
        """Return the column of a role among ``names``: the one the user names, else the first of ``words`` there is.

        Raises:
            DataError: no column has the name that was given, or several have the name that is looked for.
        """
        named = self.named(role)
        if named is not None:
            alike = [named] * list(names).count(named) or [name for name in names if plain(name) == plain(named)]
            if alike:
                return _only(alike, role, where)
            if role not in self.optional:
                raise DataError(
                    f"{where}: {_setting(role)} {named}: no such column{nearest(named, names)}; "
                    f"its columns: {listed(names, SHOWN)}"
                )
        known = ([name for name in names if plain(name) == plain(word)] for word in words)
        return next((_only(alike, role, where) for alike in known if alike), None)


def plain(name: str) -> str:
    """Return a name's letters and digits: capitals, spaces, underscores and hyphens do not tell columns apart.

    >>> plain("Patient ID") == plain("patient_id") == plain("PatientID")
    True
    """
    return "".join(filter(str.isalnum, composed(name).casefold())) or name


def _only(alike: list[str], role: str, where: str) -> str:
    """Return the one column of a name, or say that there are several."""
    if len(alike) > 1:
        choice = f", or say which with {_setting(role)}" if len(set(alike)) > 1 and role != "split" else ""
        raise DataError(
            f"{where}: {len(alike)} columns are called {alike[0]} ({', '.join(alike)}); keep one, or give each a name "
            f"of its own{choice}"
        )
    return alike[0]


def _setting(role: str) -> str:
    return "--group" if role == "group" else f"--{role}-column"
