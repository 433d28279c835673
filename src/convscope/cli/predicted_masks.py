"""What ``convscope predict`` writes for a run that predicts masks: where, and what is said of it."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from convscope.data.transforms import Transform
from convscope.errors import ConfigError
from convscope.runs.masks.folder import OBJECTS, MaskFolder
from convscope.runs.masks.own_size import own_size
from convscope.runs.masks.pixel_size import PixelSize
from convscope.runs.masks.places import places
from convscope.runs.write import new_folder
from convscope.terminal.screen import err
from convscope.text import count, listed

if TYPE_CHECKING:
    from convscope.runs.prediction import Prediction
    from convscope.runs.run import Run


@dataclass(eq=False)
class MaskOutput:
    """Writes the files of predictions, which come in the order of ``waiting``: the name of each, and its place."""

    masks: MaskFolder
    waiting: deque[tuple[str, PurePosixPath]]
    transform: Transform
    images: int = 0

    @classmethod
    def of(
        cls,
        run: Run,
        inputs: Sequence[Path],
        names: Sequence[str],
        out: Path | None,
        pixel_size: str | None,
        probabilities: bool,
    ) -> MaskOutput | None:
        """Return what writes the predictions for images of these ``names``; ``None`` for a run without masks.

        Raises ``ConfigError`` for options of masks where there are none, for an ``out`` that is taken, and for an image
        that is given twice.
        """
        asked = {"--out": out is not None, "--pixel-size": pixel_size is not None, "--probabilities": probabilities}
        if not run.predictor.gives_maps:
            if useless := [flag for flag, given in asked.items() if given]:
                raise ConfigError(
                    f"{', '.join(useless)}: for runs that predict masks; {run.folder} has learned "
                    f"{run.spec.target.kind}, which are printed only: leave it out"
                )
            return None
        size = None if pixel_size is None else PixelSize.read(pixel_size)
        if size is not None:
            size.of_axes(len(run.spec.input.space))  # refuses another number
        short = named_below(names, inputs)
        if twice := [name for name, number in Counter(short).items() if number > 1]:
            raise ConfigError(
                f"{listed(twice, 3)}: given twice, so that its files would be written over; give each image once"
            )
        folder = new_folder(out, "predicted", run.folder)
        target = run.spec.target
        masks = MaskFolder(folder, target, size, probabilities)  # pyright: ignore[reportArgumentType]
        return cls(masks, deque(zip(short, places(short), strict=True)), run.spec.preprocessing)

    def write(self, prediction: Prediction) -> dict[str, str]:
        """Write the files of the next prediction, and return their paths."""
        name, place = self.waiting.popleft()
        if prediction.error is not None:
            return {}
        self.images += 1
        own = own_size(Path(prediction.input), self.transform) if self.masks.pixel_size is None else None
        return self.masks.write(place, name, prediction, own)

    def say(self) -> None:
        """Say where the files are."""
        folder = self.masks.folder
        if not self.images:
            folder.rmdir()
            return
        kinds = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_dir()))
        table = f"; {OBJECTS}: {count(self.masks.objects, 'object')}" if (folder / OBJECTS).exists() else ""
        err.print(f"{count(self.images, 'image')} written to {folder}: {kinds}{table}", markup=False)


def named_below(names: Sequence[str], inputs: Sequence[Path]) -> list[str]:
    """Return the names of images as paths below what all inputs have in common.

    >>> named_below(["a/x/1.png", "a/y/2.png"], [Path("a/x/1.png"), Path("a/y/2.png")])
    ['x/1.png', 'y/2.png']
    """
    absolute = os.path.abspath  # links stay as they are: a folder of links to images has names of its own
    alone = set(map(absolute, names))  # files, and folders of which each is one volume
    root = os.path.commonpath(
        [absolute(path if path.is_dir() and absolute(path) not in alone else path.parent) for path in inputs]
    )
    return [Path(os.path.relpath(absolute(name), root)).as_posix() for name in names]
