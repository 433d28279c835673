"""Clips and volumes as a source lists them: each a folder of frames, a file that holds them, or a part of an array.

A volume is to loading what a clip is: images of one size in an order. So "frame" stands for a slice as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from convscope.data.clips.pages import FramesOfFiles, lengths_of
from convscope.data.clips.sampling import sampled
from convscope.data.ingest.pool import Bad
from convscope.data.sources.arrays import ArrayImages
from convscope.data.sources.files import FileImages, Files, strings

Form = Literal["video", "volume"]
WORDS = {"video": ("clip", "frame"), "volume": ("volume", "slice")}  # an example, and an image of it


@runtime_checkable
class Stacks(Protocol):
    """The clips or volumes of a listing; ``names`` (n,) are what they are called."""

    @property
    def form(self) -> Form:
        """Whether they are clips or volumes."""
        ...

    @property
    def names(self) -> np.ndarray:
        """What each is called."""
        ...

    def __len__(self) -> int: ...

    def fingerprint(self) -> str:
        """Return a hash that changes when any may have changed."""
        ...

    def lengths(self, progress: Callable[[str, int, int], None]) -> tuple[np.ndarray, Bad]:
        """Return how many frames each has, (n,), 0 where it cannot be read; and why not."""
        ...

    def images(self, rows: np.ndarray, lengths: np.ndarray, wanted: int) -> FileImages | ArrayImages:
        """Return ``wanted`` frames of each of the ``rows`` (k,), one clip after the other."""
        ...


@dataclass(frozen=True, eq=False)
class FolderStacks:
    """Clips whose frames are files of their own among ``files``: ``parts`` are those of each, in order."""

    form: Form
    names: np.ndarray
    files: Files
    parts: Sequence[Sequence[str]]

    def __len__(self) -> int:
        return len(self.parts)

    def fingerprint(self) -> str:
        """Return a hash of all frames."""
        return self.files.fingerprint([name for part in self.parts for name in part])

    def lengths(self, progress: Callable[[str, int, int], None]) -> tuple[np.ndarray, Bad]:
        """Return how many frames each has; all can be listed."""
        return np.array([len(part) for part in self.parts]), {}

    def images(self, rows: np.ndarray, lengths: np.ndarray, wanted: int) -> FileImages:
        """Return the files of the frames that are seen."""
        parts: list[Sequence[str]] = [self.parts[int(row)] for row in rows]
        return FileImages(
            self.files, strings([part[at] for part in parts for at in map(int, sampled(len(part), wanted))])
        )


@dataclass(frozen=True, eq=False)
class FileStacks:
    """Clips that are a file each, named by ``names``, among ``files``."""

    form: Form
    names: np.ndarray
    files: Files

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """Return a hash of the files."""
        return self.files.fingerprint(self.names)

    def lengths(self, progress: Callable[[str, int, int], None]) -> tuple[np.ndarray, Bad]:
        """Return how many frames each has, as its header says."""
        return lengths_of(self.files, self.names, progress)

    def images(self, rows: np.ndarray, lengths: np.ndarray, wanted: int) -> FileImages:
        """Return the frames that are seen as files of their own."""
        wanted_of: Mapping[str, np.ndarray] = {
            str(self.names[row]): sampled(int(lengths[row]), wanted) for row in rows.tolist()
        }
        made = FramesOfFiles(self.files, wanted_of)
        return FileImages(made, strings(made.names))


@dataclass(frozen=True, eq=False)
class ArrayStacks:
    """Clips of one array: ``array`` has the shape (T, H, W, C), and its blocks are (k, T, H, W, C)."""

    form: Form
    names: np.ndarray
    array: ArrayImages

    def __len__(self) -> int:
        return len(self.array)

    def fingerprint(self) -> str:
        """Return the array's stamp."""
        return self.array.fingerprint()

    def lengths(self, progress: Callable[[str, int, int], None]) -> tuple[np.ndarray, Bad]:
        """Return how many frames each has: all the same number."""
        return np.full(len(self), self.array.shape[0]), {}

    def images(self, rows: np.ndarray, lengths: np.ndarray, wanted: int) -> ArrayImages:
        """Return the frames that are seen of all clips."""
        at = sampled(self.array.shape[0], wanted)
        return replace(
            self.array,
            count=len(self) * wanted,
            shape=self.array.shape[1:],
            stamp=f"{self.array.stamp} {self.array.shape[0]} {wanted}",
            blocks=lambda: (block[:, at].reshape(-1, *block.shape[2:]) for block in self.array.blocks()),
        )
