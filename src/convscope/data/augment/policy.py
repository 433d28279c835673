"""What to do to training examples, written as one line: ``hflip shift=0.125 rotate=10 mixup=0.2``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from convscope.data.augment.draws import Draws
from convscope.data.augment.presets import PRESETS
from convscope.data.numerals import real
from convscope.data.transforms import (
    ClipTransform,
    ImageTransform,
    LogMelTransform,
    TextTransform,
    Transform,
    VolumeTransform,
    noun_of,
)
from convscope.errors import ConfigError, nearest
from convscope.text import count

if TYPE_CHECKING:
    from torch import Tensor

# operation: (largest value, its unit); operations that are only on or off are the policy's bool fields
LIMITS: dict[str, tuple[float, str]] = {
    "rotate": (180, "degrees"),
    "scale": (0.9, "fraction of the size"),
    "shift": (0.9, "fraction of each side"),
    "crop": (0.9, "fraction of each side"),
    "elastic": (0.12, "fraction of each side; more would fold the image"),
    "brightness": (3, "standard deviations of the set"),
    "contrast": (1, "fraction"),
    "colour": (1, "fraction"),
    "hue": (180, "degrees"),
    "stain": (0.5, "optical density, and fraction of it"),
    "noise": (3, "standard deviations of the set"),
    "blur": (10, "pixels"),
    "cutout": (0.9, "fraction of the shorter side"),
    "randaugment": (10, "magnitude"),
    "mixup": (10, "alpha of the Beta distribution"),
    "cutmix": (10, "alpha of the Beta distribution"),
    "warp": (0.3, "fraction of the length; more would turn time around"),
    "mask": (0.9, "fraction of the length"),
    "typos": (0.9, "fraction of the characters"),
    "dropout": (0.9, "fraction of the tokens"),
}
# What is done to inputs that are no images, by their kind; all else is done to images, and to them alone.
BY_KIND = {"signal": ("scale", "crop", "noise", "mixup", "warp", "mask"), "text": ("typos", "dropout", "rc")}
_OF_SEQUENCES = ("warp", "mask", "typos", "dropout", "rc")


@dataclass(frozen=True)
class Policy:
    """Which augmentations, and how strong; all off by default. Each sample draws its own values within them.

    ``hflip``, ``vflip``: mirrored or not, each with probability 1/2. ``rot90``: a whole number of quarter
    turns. ``rotate``: up to so many degrees either way. ``scale``: zoom 1 ± scale. ``shift``: up to this
    fraction of each side, the border repeated. ``crop``: the same, the border mirrored. ``elastic``: bent
    smoothly, each pixel displaced up to this fraction of each side. ``brightness``: an offset up to this either
    way; ``contrast``: a factor 1 ± contrast; ``colour``: saturation times 1 ± colour; ``hue``: turned up to so
    many degrees; ``stain``: the density of haematoxylin, eosin and DAB times 1 ± stain, plus ± stain, white as it is;
    ``noise``: its standard deviation; ``blur``: the largest σ in pixels; ``cutout``: the hidden square's side.
    Of signals, ``scale`` is a factor 1 ± scale of values, ``crop`` reads a stretch of 1 - crop or more in its place,
    ``warp`` moves steps by up to this fraction of the length, ``mask`` hides a stretch; of texts, ``typos``
    replaces this fraction of the characters by others, ``dropout`` makes tokens unknown, ``rc`` takes the other strand
    of DNA, with probability 1/2.
    ``randaugment``: two operations of a list at this magnitude; ``trivialaugment``: one of them at a random
    one. ``mixup``, ``cutmix``: alpha; with both, a coin a sample decides.

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
    elastic: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    colour: float = 0.0
    hue: float = 0.0
    stain: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    cutout: float = 0.0
    randaugment: float = 0.0
    trivialaugment: bool = False
    mixup: float = 0.0
    cutmix: float = 0.0
    warp: float = 0.0
    mask: float = 0.0
    typos: float = 0.0
    dropout: float = 0.0
    rc: bool = False

    def __post_init__(self) -> None:
        for name, (most, unit) in LIMITS.items():
            if not 0 <= getattr(self, name) <= most:
                raise ConfigError(f"augmentation {name}={getattr(self, name):g}: expected 0 to {most:g} ({unit})")
        if self.randaugment and self.trivialaugment:
            raise ConfigError("augmentation: randaugment and trivialaugment draw from one list; choose one of them")

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read a policy from words such as ``hflip rotate=10``, or ``none``; ``ConfigError`` says what is wrong.

        Commas may stand between words.

        A preset's name stands for its words, wherever in the text; words beside it take their place, ``=0`` switches
        one of them off.

        >>> str(Policy.parse("digits shift=0 noise=0.1"))
        'rotate=10 scale=0.1 noise=0.1'
        >>> Policy.parse("rotat=10")
        Traceback (most recent call last):
        ...
        convscope.errors.ConfigError: unknown augmentation 'rotat'; did you mean 'rotate'?
        """
        words = text.replace(",", " ").split()
        if words == ["none"]:
            return cls()
        for word in filter(_ALONE.get, words):
            raise ConfigError(f"augmentation {text!r}: {word} stands alone and {_ALONE[word]}")
        presets = [word for word in words if word in PRESETS]
        if len(presets) > 1:
            raise ConfigError(f"augmentation {text!r}: a policy builds on one preset, not on {' and '.join(presets)}")
        own = _values([word for word in words if word not in PRESETS], text)
        values = (_values(PRESETS[presets[0]].split(), text) if presets else {}) | own
        return cls(**values)  # pyright: ignore[reportArgumentType]  _read gives each field its own kind

    def __str__(self) -> str:
        return " ".join(self._words()) or "none"

    def _words(self) -> Iterator[str]:
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                yield field.name if value is True else f"{field.name}={float(value)!r}".removesuffix(".0")

    def check(self, preprocessing: Transform, images: int) -> None:
        """Raise ``ConfigError`` where an operation cannot be done to a training set of so many such examples."""
        if not isinstance(preprocessing, ClipTransform | ImageTransform | LogMelTransform | VolumeTransform):
            self._check_sequences(preprocessing, images)
            return
        if odd := [name for name in _OF_SEQUENCES if getattr(self, name)]:
            raise ConfigError(f"augmentation {odd[0]} is for signals or texts, and these are images; leave it out")
        (H, W), C, dtype = preprocessing.input.space[-2:], preprocessing.channels, preprocessing.dtype
        flat = preprocessing.kind == "image"
        sound = isinstance(preprocessing, LogMelTransform)
        needs = (
            (_TURNING, not sound, "makes another sound of a spectrogram, whose axes are pitch and time"),
            (
                ("colour", "hue", "stain", "randaugment", "trivialaugment"),
                flat,
                f"is for images, and these are {noun_of(preprocessing)}s",
            ),
            (("rot90",), H == W, f"needs square images; these are {H} high and {W} wide"),
            (("colour", "hue", "stain"), C == 3, f"needs red, green and blue; these images have {count(C, 'channel')}"),
            (
                ("stain", "randaugment", "trivialaugment"),
                dtype == "uint8",
                f"works on 8-bit images, where 255 is white; these are {dtype}",
            ),
            (("mixup", "cutmix"), images > 1, "blends two images; there is only one to train on"),
        )
        for names, met, problem in needs:
            for name in names:
                if getattr(self, name) and not met:
                    raise ConfigError(f"augmentation {name} {problem}; leave it out (of a preset: {name}=0)")

    def _check_sequences(self, preprocessing: Transform, examples: int) -> None:
        kind = preprocessing.kind
        able = BY_KIND.get(kind, ())
        asked = [field.name for field in fields(self) if getattr(self, field.name)]
        if odd := [name for name in asked if name not in able]:
            may = f"; {kind}s take {', '.join(able)}" if able else "; choose none"
            raise ConfigError(f"augmentation {odd[0]} is not for {kind}s, and these are {kind}s{may}")
        if self.mixup and examples < 2:
            raise ConfigError("augmentation mixup blends two examples; there is only one to train on; leave it out")
        if isinstance(preprocessing, TextTransform):
            tokens = preprocessing.noun[1]
            if self.typos and preprocessing.by != "characters":
                raise ConfigError(
                    f"augmentation typos changes characters, and the tokens are {tokens}; leave it out, or take dropout"
                )
            if self.rc and not (preprocessing.dna and preprocessing.by == "characters"):
                raise ConfigError(
                    f"augmentation rc takes the other strand of DNA, letter by letter, and the tokens are {tokens}; "
                    "leave it out"
                )

    @property
    def on_raw_values(self) -> bool:
        """Whether an operation needs to know what was stored."""
        return bool(self.stain or self.hue or self.randaugment or self.trivialaugment)

    @property
    def blends(self) -> bool:
        """Whether two images become one, with two labels."""
        return bool(self.mixup or self.cutmix)

    def partners(self, rows: np.ndarray, population: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
        """Return the rows (N,) to blend the samples ``rows`` with, drawn from ``population``."""
        from convscope.data.augment import mix

        return mix.partners(Draws(np.asarray(rows), seed, epoch), population)

    def blend(self, own: Tensor, partner: Tensor, rows: np.ndarray, *, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        """Return the samples ``rows`` blended with their partners, both (N, C, H, W) or (N, C, T), and own shares (N,).

        A share is the weight of the sample's own label; the rest is the partner's.
        """
        from convscope.data.augment import mix

        draws = Draws(np.asarray(rows), seed, epoch)
        if own.ndim == 3:
            x, weight = mix.blend(own[..., None], partner[..., None], mix.shares(draws, 1, 1, mixup=self.mixup))
            return x[..., 0], weight
        if own.ndim == 5:  # frames are blended as channels are: alike
            shares = mix.shares(draws, *own.shape[3:], mixup=self.mixup, cutmix=self.cutmix)
            x, weight = mix.blend(own.flatten(1, 2), partner.flatten(1, 2), shares)
            return x.view(own.shape), weight
        return mix.blend(own, partner, mix.shares(draws, *own.shape[2:], mixup=self.mixup, cutmix=self.cutmix))

    def for_inference(self) -> Policy:
        """Return the policy to average predictions over: without what spoils an image or blends two."""
        return replace(
            self, noise=0.0, cutout=0.0, randaugment=0.0, trivialaugment=False, mixup=0.0, cutmix=0.0, mask=0.0,
            typos=0.0, dropout=0.0,
        )  # fmt: skip

    def laying_down(self) -> Policy:
        """Return the policy without motions but mirroring and quarter turns, which can be undone without loss."""
        return replace(self, rotate=0.0, scale=0.0, shift=0.0, crop=0.0, elastic=0.0)


_TURNING = ("hflip", "vflip", "rot90", "rotate", "colour", "hue", "stain", "randaugment", "trivialaugment")
_ALONE = {
    "none": "means no augmentation; leave it out",
    "auto": "leaves the choice to train; convscope data show DATA prints the words it takes, to add others to",
}


def _values(words: list[str], text: str) -> dict[str, bool | float]:
    chosen: dict[str, bool | float] = {}
    for word in words:
        name, value = _read(word)
        if name in chosen:
            raise ConfigError(f"augmentation {name!r} is given twice in {text!r}")
        chosen[name] = value
    return chosen


def _read(word: str) -> tuple[str, bool | float]:
    name, equals, text = word.partition("=")
    known = [field.name for field in fields(Policy)]
    if name not in known:
        if name in PRESETS:
            raise ConfigError(f"augmentation {word!r}: the preset {name} takes no value")
        presets = f"; presets: {', '.join(PRESETS)}"
        hint = nearest(name.lower(), [*known, *PRESETS]) or f"; known: {', '.join(known)}{presets}"
        raise ConfigError(f"unknown augmentation {name!r}{hint}")
    if name not in LIMITS:
        if equals and text != "0":
            raise ConfigError(f"augmentation {word!r}: {name} is on or off; write {name}, or {name}=0 for off")
        return name, not equals
    most, unit = LIMITS[name]
    value = real(text)
    if value is None:
        raise ConfigError(f"augmentation {word!r}: expected {name}=number, 0 to {most:g} ({unit})")
    return name, value
