"""A lab as a script in the percent format: its head, its cells, and the values that are set for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from convscope.errors import ConfigError, nearest

HERE = Path(__file__).parent
PARTS = ("Goal", "Approach", "Execution", "Check", "Report")
PARAMETERS = "parameters"  # the tag of the cell with a lab's settings, as papermill calls it
_MARK = re.compile(r"^# %%(?P<rest>.*)$")
_TAGS = re.compile(r"tags=\[(?P<tags>[^\]]*)\]")


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook; ``line`` is where it begins in the script."""

    kind: Literal["markdown", "code"]
    source: str
    tags: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Lab:
    """A lab, as the ``text`` of a script: its head says what it is, its cells are those of a notebook."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The file's name without its number."""
        return self.path.stem.partition("-")[2]

    @cached_property
    def head(self) -> dict[str, str]:
        """What stands between the two lines of dashes at the top."""
        block = re.match(r"# ---\n((?:#.*\n)*?)# ---\n", self.text)
        pairs = (line[2:].partition(":") for line in (block[1] if block else "").splitlines())
        return {key.strip(): value.strip() for key, _, value in pairs}

    @property
    def title(self) -> str:
        """What it is about."""
        return self.head["title"]

    @property
    def source(self) -> str:
        """The lesson that it follows."""
        return self.head["source"]

    @property
    def needs(self) -> tuple[str, ...]:
        """The data sets that it looks for, by the names of ``convscope.labs.find``."""
        return tuple(name.strip() for name in self.head["data"].split(",") if name.strip())

    @property
    def measured(self) -> str:
        """How long it took, and on what."""
        return self.head["measured"]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells in their order."""
        return tuple(_cells(self.text))

    def with_parameters(self, **values: object) -> Lab:
        """Return the lab with other values in its cell of parameters; what stands behind a value stays.

        Raises ``ConfigError`` for a parameter that it does not have.
        """
        text = self.text
        for name, value in values.items():
            text, found = re.subn(
                rf"^{name} = .*?(?=  #|$)", lambda _, n=name, v=value: f"{n} = {v!r}", text, count=1, flags=re.MULTILINE
            )
            if not found:
                raise ConfigError(f"lab {self.name}: there is no parameter {name}")
        return replace(self, text=text)


def labs() -> tuple[Lab, ...]:
    """Return all labs, in the order of their numbers.

    >>> [lab.name for lab in labs()]
    ['imaging', 'lecture', 'microscopy', 'images', 'names', 'numpy']
    """
    return tuple(Lab(path, path.read_text("utf-8")) for path in sorted(HERE.glob("[0-9][0-9]-*.py")))


def lab(name: str) -> Lab:
    """Return the lab of this name, with or without its number.

    Raises ``ConfigError`` with the nearest name where there is none.
    """
    every = labs()
    for each in every:
        if name in (each.name, each.path.stem):
            return each
    known = [each.name for each in every]
    raise ConfigError(f"no lab is called {name!r}{nearest(name, known)}; the labs are {', '.join(known)}")


def _cells(text: str) -> Iterator[Cell]:
    """Yield the cells of a script; what stands before the first mark is the head, and no cell."""
    lines = text.splitlines()
    marks = [(at, match) for at, line in enumerate(lines) if (match := _MARK.match(line))]
    ends = [at for at, _ in marks[1:]] + [len(lines)]
    for (at, mark), end in zip(marks, ends, strict=True):
        body = lines[at + 1 : end]
        tags = _TAGS.search(mark["rest"])
        names = tuple(tag.strip(" '\"") for tag in tags["tags"].split(",")) if tags else ()
        if "[markdown]" in mark["rest"]:
            prose = "\n".join(line.removeprefix("#").removeprefix(" ") for line in body)
            yield Cell("markdown", prose.strip("\n"), names, at + 1)
        else:
            code = (line.removesuffix("  # fmt: skip") for line in body)  # said to a formatter, not to readers
            yield Cell("code", "\n".join(code).strip("\n"), names, at + 1)
