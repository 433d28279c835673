"""The flags of ``convscope explain``: which of its three pages is asked for, and what belongs to each of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Group, Parameter

from convscope.cli.written import check_together, place
from convscope.errors import ConfigError

METHODS = "gradcam,ig"  # as in explaining.explanation, which would import torch
LOOK = ("minimum", "maximum", "opacity")
_ANSWERS, _MAPS, _UNITS = (
    Group(title, sort_key=at) for at, title in enumerate(("Maps of answers", "Feature maps", "Channels"))
)


@Parameter(name="*")
@dataclass(frozen=True)
class ExplainFlags:
    """What is asked, and how it is shown; ``None`` where a flag was not given.

    Parameters
    ----------
    method
        Methods, with commas: gradient, inputxgradient, smoothgrad, ig, deconv, guided, gradcam, gradcampp,
        guided_gradcam, lrp, occlusion, rise; by default gradcam,ig.
    target
        Class, label or number to explain, by name or number; by default the answer's own.
    at
        Pixel of a mask, as row,column; with --target the predicted region of that class around it. With --units the
        place in the layer, by default the one in the middle.
    node
        Layer of class activation maps, as convscope inspect names it; with --maps the only layer to show; with --units
        the layer of the channels, by default the output.
    minimum
        Share of a map's largest magnitude below which it has no colour; by default 0.
    maximum
        Share of a map's largest magnitude at which its colour is full; by default that of 99.5 % of its pixels.
    opacity
        How much the strongest colour covers the image, from 0 to 1; by default 0.75.
    pixel_size
        Size of a pixel, such as "0.5 um", for a scale bar; by default as the run knows it.
    checks
        Check the methods on 32 held-out examples, however long it takes, or not at all; by default where it takes no
        more than a minute. What was checked is kept in the run folder.
    pretrained
        Weights for a network by its name: a file, or "public". Images are scaled as those weights ask for, and the
        methods are checked on the images themselves.
    names
        File with the names of that network's outputs, one a line; by default they are numbered from 0.
    maps
        Show every feature map of one input instead, layer by layer, with kernels and class probabilities.
    temperature
        Temperature of the class probabilities, with --maps; by default 1.
    input_
        Size to resize the image to, such as 3x224x224, with --maps for a network that does not fix it.
    units
        Show instead what these channels of the layer --node see and look for, such as 0,3,7: their receptive fields
        over the input, if one is given, the examples that they answer most, and pictures made for them.
    """

    method: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True, group=_ANSWERS)] = None
    target: Annotated[str | None, Parameter(group=_ANSWERS)] = None
    at: Annotated[str | None, Parameter(group=_ANSWERS)] = None
    node: Annotated[str | None, Parameter(group=_ANSWERS)] = None
    minimum: Annotated[float | None, Parameter(group=_ANSWERS)] = None
    maximum: Annotated[float | None, Parameter(group=_ANSWERS)] = None
    opacity: Annotated[float | None, Parameter(group=_ANSWERS)] = None
    pixel_size: Annotated[str | None, Parameter(group=_ANSWERS)] = None
    checks: Annotated[bool | None, Parameter(group=_ANSWERS)] = None
    pretrained: Annotated[str | None, Parameter(group=_ANSWERS)] = None
    names: Annotated[Path | None, Parameter(group=_ANSWERS)] = None
    maps: Annotated[bool | None, Parameter(negative="", group=_MAPS)] = None
    temperature: Annotated[float | None, Parameter(group=_MAPS)] = None
    input_: Annotated[str | None, Parameter(name="--input", negative="", group=_MAPS)] = None
    units: Annotated[str | None, Parameter(group=_UNITS)] = None

    @property
    def methods(self) -> list[str]:
        """The names of the methods, as they are written."""
        return [name for text in self.method or [METHODS] for name in text.split(",")]

    @property
    def place(self) -> tuple[int, ...] | None:
        """The place ``at``; ``ConfigError`` for what is none, as before the first row."""
        at = place(self.at)
        if at is not None and min(at) < 0:
            raise ConfigError(f"--at {self.at}: rows and columns are counted from 0, found {min(at)}")
        return at

    @property
    def look(self) -> dict[str, Any]:
        """How maps are shown, as ``Look`` takes it."""
        return {name: getattr(self, name) for name in LOOK if getattr(self, name) is not None}

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs in the file ``names``, if one is given."""
        if self.names is None:
            return ()
        from convscope.data.names import composed
        from convscope.errors import DataError

        try:
            lines = self.names.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"--names {self.names} cannot be read: {error}") from None
        return tuple(composed(line.strip()) for line in lines if line.strip())

    def check(self) -> None:
        """Raise ``ConfigError`` for flags that would be ignored, before anything is computed."""
        names = [f.name for f in fields(self)]
        given = {_flag(name, getattr(self, name)): getattr(self, name) is not None for name in names}
        given |= {flag: False for flag in ("--checks", "--no-checks") if flag not in given}
        of_answers = (
            "--method",
            "--target",
            *(f"--{name}" for name in LOOK),
            "--pixel-size",
            "--pretrained",
            "--names",
        )
        check_together(
            given,
            alone=("--maps", "--units"),
            with_={
                **dict.fromkeys((*of_answers, "--checks", "--no-checks"), ("",)),
                "--at": ("", "--units"),
                **dict.fromkeys(("--temperature", "--input"), ("--maps",)),
            },
            plain="maps of answers",
        )
        if self.names is not None and self.pretrained is None:
            raise ConfigError("--names belongs to weights given with --pretrained: it is missing")


def _flag(name: str, value: object) -> str:
    """Return a flag as it is written: a field's name, of ``checks`` its negative where that was given."""
    return "--no-checks" if name == "checks" and value is False else f"--{name.rstrip('_').replace('_', '-')}"
