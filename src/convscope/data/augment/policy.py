"""What to do to training images, written as one line: ``hflip shift=0.125 rotate=10 mixup=0.2``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from convscope.data.augment.draws import Draws
from convscope.errors import ConfigError, ShapeError, nearest

if TYPE_CHECKING:
    from torch import Tensor

# operation: (largest value, its unit); operations that are only on or off are the policy's bool fields
LIMITS: dict[str, tuple[float, str]] = {
    "rotate": (180, "degrees"),
    "scale": (0.9, "fraction of the size"),
    "shift": (0.9, "fraction of each side"),
    "crop": (0.9, "fraction of each side"),
    "brightness": (3, "standard deviations of the set"),
    "contrast": (1, "fraction"),
    "colour": (1, "fraction"),
    "noise": (3, "standard deviations of the set"),
    "blur": (10, "pixels"),
    "cutout": (0.9, "fraction of the shorter side"),
    "mixup": (10, "alpha of the Beta distribution"),
}


@dataclass(frozen=True)
class Policy:
    """Which augmentations, and how strong; all off by default. Each sample draws its own values within them.

    ``hflip``, ``vflip``: mirrored or not, each with probability 1/2. ``rot90``: a whole number of quarter
    turns. ``rotate``: up to so many degrees either way. ``scale``: zoom 1 ± scale. ``shift``: up to this
    fraction of each side, the border repeated. ``crop``: the same, the border mirrored. ``brightness``: an
    offset up to this either way; ``contrast``: a factor 1 ± contrast; ``colour``: saturation times 1 ±
    colour; ``noise``: its standard deviation; ``blur``: the largest σ in pixels; ``cutout``: the hidden
    square's side; ``mixup``: alpha.

    >>> policy = Policy.parse("hflip shift=0.125")
    >>> policy.shift
    0.125
    >>> str(policy)
    'hflip shift=0.125'
    """

    hflip: bool = False
    vflip: bool = False
    rot90: bool = False
    rotate: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    crop: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    colour: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    cutout: float = 0.0
    mixup: float = 0.0

    def __post_init__(self) -> None:
        for name, (most, unit) in LIMITS.items():
            if not 0 <= getattr(self, name) <= most:
                raise ConfigError(f"augmentation {name}={getattr(self, name):g}: expected 0 to {most:g} ({unit})")

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read a policy from words such as ``hflip rotate=10``, or ``none``; ``ConfigError`` says what is wrong.

        >>> Policy.parse("rotat=10")
        Traceback (most recent call last):
        ...
        convscope.errors.ConfigError: unknown augmentation 'rotat'; did you mean 'rotate'?
        """
        if text.strip() == "none":
            return cls()
        chosen: dict[str, bool | float] = {}
        for word in text.split():
            name, value = _read(word)
            if name in chosen:
                raise ConfigError(f"augmentation {name!r} is given twice in {text!r}")
            chosen[name] = value
        return cls(**chosen)  # pyright: ignore[reportArgumentType]  _read gives each field its own kind

    def __str__(self) -> str:
        return " ".join(self._words()) or "none"

    def _words(self) -> Iterator[str]:
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                yield field.name if value is True else f"{field.name}={float(value)!r}".removesuffix(".0")

    def __call__(self, x: Tensor, rows: np.ndarray, *, seed: int, epoch: int) -> Tensor:
        """Augment images x (N, C, H, W) of the samples ``rows`` (N,), normalised to mean 0 and deviation 1.

        The result is a new tensor in the same memory format. It depends on (seed, epoch, row) alone, to the last
        bit, and not on the batch. ``mixup`` is left to the caller, who has to fetch the ``partners``.
        """
        if x.ndim != 4 or len(rows) != len(x):
            raise ShapeError(f"expected a batch (N, C, H, W) and N rows, got {tuple(x.shape)} and {len(rows)} rows")
        return _apply(self, x, Draws(np.asarray(rows), seed, epoch))

    def partners(
        self, rows: np.ndarray, population: np.ndarray, *, seed: int, epoch: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows to blend the samples ``rows`` with, drawn from ``population``, and the samples' shares.

        Both are (N,), the shares float32 in 0.5..1. A sample becomes share * sample + (1 - share) * partner.
        """
        from convscope.data.augment import mix

        return mix.partners(Draws(np.asarray(rows), seed, epoch), population, self.mixup)

    def for_inference(self) -> Policy:
        """Return the policy to average predictions over: without cutout, noise and mixup, which only spoil."""
        return replace(self, cutout=0.0, noise=0.0, mixup=0.0)


def _read(word: str) -> tuple[str, bool | float]:
    name, equals, text = word.partition("=")
    known = [field.name for field in fields(Policy)]
    if name not in known:
        raise ConfigError(f"unknown augmentation {name!r}{nearest(name, known) or '; known: ' + ', '.join(known)}")
    if name not in LIMITS:
        if equals:
            raise ConfigError(f"augmentation {word!r}: {name} is on or off and takes no value")
        return name, True
    most, unit = LIMITS[name]
    try:
        return name, float(text)
    except ValueError:
        raise ConfigError(f"augmentation {word!r}: expected {name}=number, 0 to {most:g} ({unit})") from None


def _apply(policy: Policy, x: Tensor, draws: Draws) -> Tensor:
    # torch is imported here so that reading a policy needs none.
    import torch

    from convscope.data.augment import colour, geometry, mix

    channels_last = not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
    x = x.contiguous()
    warped = bool(policy.rotate or policy.scale)
    shift = 0.0 if warped else policy.shift
    if policy.hflip or policy.vflip or policy.rot90 or policy.crop or shift:
        x = geometry.move(
            x,
            draws,
            hflip=policy.hflip,
            vflip=policy.vflip,
            rot90=policy.rot90,
            crop=policy.crop,
            shift=shift,
        )
    if warped:
        x = geometry.warp(x, draws, rotate=policy.rotate, scale=policy.scale, shift=policy.shift)
    if policy.brightness or policy.contrast:
        x = colour.light(x, draws, brightness=policy.brightness, contrast=policy.contrast)
    if policy.colour:
        x = colour.saturate(x, draws, policy.colour)
    if policy.blur:
        x = colour.blur(x, draws, policy.blur)
    if policy.noise:
        x = colour.noise(x, draws, policy.noise)
    if policy.cutout:
        x = mix.cutout(x, draws, policy.cutout)
    return x.contiguous(memory_format=torch.channels_last) if channels_last else x
