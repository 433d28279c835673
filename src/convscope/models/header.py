"""What a run's weights file says of itself, read from its metadata; a stranger may have written it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from convscope.data.decode import MAX_PIXELS
from convscope.data.preprocessing import Fit, Preprocessing
from convscope.errors import CheckpointError

KEY = "convscope"  # in the metadata of a weights file
Count = Annotated[int, msgspec.Meta(ge=1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Images(msgspec.Struct):
    """``Preprocessing`` as it is written."""

    channels: Count
    height: Count
    width: Count
    fit: Fit
    dtype: Literal["uint8", "uint16", "float32"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    nodata: tuple[str, ...] | None = None


class Header(msgspec.Struct):
    """Task, network and classes of a run; ``format`` 1 is the only one that there is so far."""

    task: Literal["classification"]
    model: Text
    options: dict[str, Any]
    classes: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    preprocessing: Images
    format: Literal[1] = 1
    head: str = "own"  # older files do not say

    def rule(self) -> Preprocessing:
        """Return what is done to an image before the network sees it."""
        return Preprocessing.from_dict(msgspec.to_builtins(self.preprocessing))


def parse(values: dict[str, Any]) -> Header:
    """Return what ``values`` say; ``ValueError`` names the first field that is wrong, and what is wrong."""
    if "format" in values and values["format"] != 1:
        raise ValueError(f"format: this version of convscope reads format 1, found {values['format']!r}")
    try:
        header = msgspec.convert(values, Header, strict=True)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise ValueError(f"{place.strip('.`')}: {what}" if place else what) from None
    images = header.preprocessing
    for name in ("mean", "std"):
        if len(numbers := getattr(images, name)) != images.channels:
            raise ValueError(
                f"preprocessing.{name}: expected a number for each channel, {images.channels}, found {len(numbers)}"
            )
        if not all(math.isfinite(number) and (name == "mean" or number > 0) for number in numbers):
            kind = "finite numbers" if name == "mean" else "finite numbers above 0"
            raise ValueError(f"preprocessing.{name}: expected {kind}, found {', '.join(map(str, numbers))}")
    if images.height * images.width > MAX_PIXELS:
        raise ValueError(
            f"preprocessing.height, width: expected at most {MAX_PIXELS:,} pixels, found {images.height}×{images.width}"
        )
    try:
        header.rule()
    except ValueError as error:
        raise ValueError(f"preprocessing.nodata: {error}") from None
    return header


def read_header(path: Path, text: str) -> Header:
    """Return what a weights file says of itself; ``CheckpointError`` names the file and the field that is wrong."""
    try:
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError(f"expected a table of facts, found {type(values).__name__}")
        return parse(values)
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        reason = str(error)
    raise CheckpointError(
        f"{path}: what it says of its network (in its metadata, {KEY!r}) cannot be read: {reason}; take another copy, "
        "or train again"
    )
