"""What ``convscope predict`` writes for a run that gives images: a picture for each."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from convscope.cli.predicted_masks import named_below
from convscope.data.pictures import pixels_png
from convscope.errors import ConfigError
from convscope.runs.masks.places import places
from convscope.runs.write import new_folder, write_file
from convscope.terminal.screen import err
from convscope.text import count

if TYPE_CHECKING:
    from convscope.runs.prediction import Prediction
    from convscope.runs.run import Run

SHOWN = (1, 3, 4)  # channels that a PNG has; more are written as an array


@dataclass(eq=False)
class PictureOutput:
    """Writes the pictures of predictions into a folder; they come in the order of ``waiting``, the place of each."""

    folder: Path
    waiting: deque[PurePosixPath]
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
    ) -> PictureOutput:
        """Return what writes the pictures for images of these ``names``; ``ConfigError`` for options of masks."""
        asked = {"--pixel-size": pixel_size is not None, "--probabilities": probabilities}
        if useless := [flag for flag, given in asked.items() if given]:
            raise ConfigError(f"{', '.join(useless)}: for runs that predict masks; leave it out")
        return cls(new_folder(out, "predicted", run.folder), deque(places(named_below(names, inputs))))

    def write(self, prediction: Prediction) -> dict[str, str]:
        """Write the pictures of the next prediction, and return their paths."""
        place = self.waiting.popleft()
        written: dict[str, str] = {}
        for name, picture in prediction.arrays.items():
            if name == "image":
                continue
            path = self.folder / name / place
            path.parent.mkdir(parents=True, exist_ok=True)
            written[name] = str(_write(path, picture))
        self.images += bool(written)
        return written

    def say(self) -> None:
        """Say where the pictures are."""
        if not self.images:
            self.folder.rmdir()
            return
        kinds = ", ".join(sorted(path.name for path in self.folder.iterdir() if path.is_dir()))
        err.print(f"{count(self.images, 'image')} written to {self.folder}: {kinds}", markup=False)


def _write(path: Path, picture: np.ndarray) -> Path:
    """Write pixels (H, W, C) from 0 to 1 as PNG, or where it has no such channels as a NumPy array; return the path."""
    if picture.shape[-1] in SHOWN:
        path = path.with_name(f"{path.name}.png")
        write_file(path, pixels_png(picture))
        return path
    path = path.with_name(f"{path.name}.npy")
    file = io.BytesIO()
    np.save(file, picture.astype(np.float32))
    write_file(path, file.getvalue())
    return path
