"""What a user drops on the page: kept as bytes, and read as ``convscope predict RUN FILE`` reads that file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from convscope.errors import DataError
from convscope.text import count

if TYPE_CHECKING:
    from convscope.runs.run import Run

MOST_PIXELS = 2**26  # of a picture: all that a network makes of it is held in memory


@dataclass(frozen=True)
class OwnFile:
    """The ``content`` of a file that was called ``name``, or of a text that was typed, which has none."""

    content: bytes
    name: str = ""

    def __str__(self) -> str:
        return self.name or "your own"

    @property
    def text(self) -> str:
        """The content as a text; ``DataError`` where it is none."""
        try:
            return self.content.decode()
        except UnicodeDecodeError as error:
            raise DataError(f"the text is not UTF-8: {error}") from None

    def read(self, run: Run) -> Any:
        """Return the one example of the file as the run's training would have stored it, or the text.

        Raises ``DataError`` for a file that cannot be read, one of another kind than the run takes, or of several.
        """
        from convscope.data.decode.encoded import Unreadable
        from convscope.data.transforms import TextTransform

        rule = run.spec.preprocessing
        if isinstance(rule, TextTransform):
            try:
                rule.store(self.text)
            except Unreadable as error:
                raise DataError(f"{self} {error}") from None
            return self.text
        return self._read(run)[0]

    def note(self, run: Run) -> str:
        """Return what of the file was left out as no part of the example, such as a class; "" where nothing was."""
        from convscope.data.transforms import TextTransform

        return "" if isinstance(run.spec.preprocessing, TextTransform) else self._read(run)[1]

    def _read(self, run: Run) -> tuple[Any, str]:
        with TemporaryDirectory(prefix="convscope-") as folder:
            path = Path(folder) / (re.sub(r"[^\w.-]", "_", self.name).lstrip(".")[-100:] or "file")
            path.write_bytes(self.content)
            try:
                return _read(path, run)
            except DataError as error:
                raise DataError(str(error).replace(str(path), str(self))) from None


def _read(path: Path, run: Run) -> tuple[Any, str]:
    """Return the one example of a file and what is to be said of how it was read."""
    from convscope.data.decode import limited
    from convscope.data.decode.encoded import TooLarge
    from convscope.data.given import held
    from convscope.data.transforms import Stored

    rule = run.spec.preprocessing
    with limited(MOST_PIXELS):
        examples = list(held(path, rule, MOST_PIXELS))
        if len(examples) != 1:
            raise DataError(
                f"{path} holds {count(len(examples), rule.kind)}, and one is looked at at a time: give a file of one"
            )
        stored, note = examples[0].stored(rule), examples[0].note
    if isinstance(stored, TooLarge):
        raise DataError(
            f"{path}: {stored.size} pixels are more than the {MOST_PIXELS:,} that can be looked into: make it smaller"
        )
    if not isinstance(stored, Stored):
        raise DataError(f"{path}: {stored}{f' ({note})' if note else ''}")
    return stored.values, note


def check_picture(content: bytes) -> tuple[int, int]:
    """Return the height and width of a picture, whose header alone is read; ``DataError`` for what is none."""
    from convscope.data.decode import limited, open_image
    from convscope.data.decode.encoded import TooLarge, Unreadable

    try:
        with limited(MOST_PIXELS):
            encoded = open_image(content, MOST_PIXELS)
    except TooLarge as error:
        raise DataError(
            f"the file has {error.size} pixels, more than the {MOST_PIXELS:,} that can be looked into: make it smaller"
        ) from None
    except Unreadable as error:
        raise DataError(f"the file {error}") from None
    return encoded.height, encoded.width
