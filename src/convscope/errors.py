"""What can go wrong, and how it is said.

    Error                 anything convscope refuses or fails at
    ├── DataError         what lies at the path the user gave
    ├── ConfigError       a setting: unknown, of the wrong kind, out of range     (also a ValueError)
    ├── ShapeError        sizes that a network's arithmetic does not allow        (also a ValueError)
    ├── CheckpointError   a run folder that is missing, damaged or does not fit
    └── SaveError         a file of a run that could not be written

A message says what was expected, what was found, and what to do.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable
from pathlib import Path


class Error(Exception):
    """Any failure that convscope explains; its text is meant for the user."""


class DataError(Error):
    """Something is wrong with the data that was given."""


class ConfigError(Error, ValueError):
    """A setting is unknown, of the wrong kind, or out of range."""


class ShapeError(Error, ValueError):
    """An image or array size does not fit the network's arithmetic."""


class CheckpointError(Error):
    """A run folder is missing, damaged, or belongs to something else."""


class SaveError(Error):
    """A file could not be written: ``problem`` says which and why, the whole message also what to do."""

    def __init__(self, problem: str, remedy: str):
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known name closest to ``name``, or an empty string.

    >>> nearest("epocs", ["epochs", "seed"])
    "; did you mean 'epochs'?"
    >>> nearest("zzz", ["epochs", "seed"])
    ''
    """
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def quoted(path: Path | str) -> str:
    """Return a path as a shell takes it, for a command that a message gives to copy.

    >>> quoted("runs/my photos-tiny"), quoted("runs/digits-tiny")
    ("'runs/my photos-tiny'", 'runs/digits-tiny')
    """
    return shlex.quote(str(path))
