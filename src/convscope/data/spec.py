"""What a data set holds, what a network takes, what it learns, and what it gives: each said once, and saved with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, ClassVar, Literal, Protocol, cast

Kind = Literal[
    "image", "volume", "video", "signal", "text", "features", "class", "multilabel", "number", "points", "mask",
    "instances", "map",
]  # fmt: skip


@dataclass(frozen=True)
class FieldSpec:
    """One column of a data set.

    ``shape`` is that of one stored example, channels last: (H, W, C), (T, C), (L,), (); ``None`` varies from example to
    example. ``names`` are those of classes, of the letters of an alphabet, of numbers or of points; ``units`` are those
    of numbers. ``ignore`` is the class that is not scored.
    """

    name: str
    kind: Kind
    shape: tuple[int | None, ...]
    dtype: str
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ignore: int | None = None


@dataclass(frozen=True)
class InputSpec:
    """What a network takes: (N, channels, *space) float32, or (N, *space) whole numbers below ``vocabulary``.

    A ``None`` in ``space`` varies from batch to batch.
    """

    channels: int = 0
    space: tuple[int | None, ...] = ()
    vocabulary: int | None = None

    @property
    def noun(self) -> str:
        """What an example is called.

        >>> InputSpec(3, (28, 28)).noun, InputSpec(vocabulary=40, space=(23,)).noun
        ('image', 'text')
        """
        if self.vocabulary is not None:
            return "text"
        return {1: "signal", 2: "image", 3: "volume"}.get(len(self.space), "example")

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape of one example.

        >>> InputSpec(3, (28, 28)).shape, InputSpec(vocabulary=40, space=(23,)).shape
        ((3, 28, 28), (23,))
        """
        return self.space if self.vocabulary is not None else (self.channels, *self.space)


@dataclass(frozen=True)
class OutputSpec:
    """What a network gives: (N, channels), or with a ``space`` (N, channels, *space of the input).

    "same": at each position by what is around it, for inputs of any size; "whole": an image of the one size that the
    network takes, seen as a whole.
    """

    channels: int
    space: Literal["same", "whole"] | None = None


class TargetSpec(Protocol):
    """What is learned, with all that is needed to read an answer; one of ``TARGETS``, by its ``kind``."""

    kind: ClassVar[str]
    noun: ClassVar[str]  # one of them


@dataclass(frozen=True)
class Classes:
    """One of several classes, by name; stored as its number."""

    kind: ClassVar[str] = "classes"
    noun: ClassVar[str] = "class"
    names: tuple[str, ...]


@dataclass(frozen=True)
class Labels:
    """Any number of several labels, by name; stored as (K,) of 0 and 1."""

    kind: ClassVar[str] = "labels"
    noun: ClassVar[str] = "label"
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_names(self.names)


@dataclass(frozen=True)
class Numbers:
    """One or several numbers, by name; trained on as (value - mean) / std, both measured on the training split."""

    kind: ClassVar[str] = "numbers"
    noun: ClassVar[str] = "number"
    names: tuple[str, ...]
    units: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        check_names(self.names)
        for name in ("units", "mean", "std"):
            if len(values := getattr(self, name)) != len(self.names):
                raise ValueError(f"{name}: expected one for each of {len(self.names)} numbers, found {len(values)}")
        if not all(map(isfinite, self.mean)):
            raise ValueError(f"mean: expected finite numbers, found {', '.join(map(str, self.mean))}")
        if not all(isfinite(value) and value > 0 for value in self.std):
            raise ValueError(f"std: expected finite numbers above 0, found {', '.join(map(str, self.std))}")


@dataclass(frozen=True)
class Points:
    """Points (K, 2), x and y in pixels from the centre of the upper left pixel, NaN where one is missing.

    ``frame`` is the (height, width) of the images that the network sees. ``pairs`` are the numbers of points that
    change places in a mirrored image, ``None`` where that is not known. ``shape`` (K, 2) are the mean places in the
    training split and ``spread`` their standard deviation, in frames of the size 1. ``form`` says what a network
    gives: "heatmaps": places, each the centre of a heat map; "coordinates": (place - mean place) / spread.
    ``normaliser`` names what errors are divided by.
    """

    kind: ClassVar[str] = "points"
    noun: ClassVar[str] = "point"
    names: tuple[str, ...]
    frame: tuple[int, int] = (1, 1)
    pairs: tuple[tuple[int, int], ...] | None = None
    shape: tuple[tuple[float, float], ...] = ()
    spread: float = 1.0
    form: Literal["heatmaps", "coordinates"] = "heatmaps"
    normaliser: str = "box"

    def __post_init__(self) -> None:
        check_names(self.names)
        K = len(self.names)
        if not all(0 <= at < K for pair in self.pairs or () for at in pair):
            raise ValueError(f"pairs: expected numbers of the {K} points, from 0 to {K - 1}, found {self.pairs}")
        if self.shape and not (len(self.shape) == K and all(map(isfinite, sum(self.shape, ())))):
            raise ValueError(f"shape: expected a finite x and y for each of {K} points, found {self.shape}")

    @property
    def becomes(self) -> tuple[int, ...] | None:
        """Which point each one is in a mirrored image; ``None`` where that is not known.

        >>> Points(("left", "nose", "right"), pairs=((0, 2),)).becomes
        (2, 1, 0)
        """
        if self.pairs is None:
            return None
        other = {a: b for pair in self.pairs for a, b in (pair, pair[::-1])}
        return tuple(other.get(k, k) for k in range(len(self.names)))


@dataclass(frozen=True)
class PixelClasses:
    """One of several classes for each pixel, by name; stored as masks (H, W) of their numbers, 255 where none is known.

    ``shares`` are those of the classes in the training pixels. Of two classes a pixel is of the second from the
    probability ``threshold`` on; of more it is of the likeliest. With ``objects`` what hangs together of the second
    class, from the probability ``seeds`` on, is an object, if it has at least ``smallest`` pixels. While it is learned,
    a pixel in a narrow gap between objects counts up to ``border_weight`` more. With ``slices`` nothing hangs together
    across the slices of a volume, since they lie too far apart. ``spacing`` are the distances of neighbouring pixels
    along each axis, in ``unit``, () where they are not known.
    """

    kind: ClassVar[str] = "pixel classes"
    noun: ClassVar[str] = "class"
    names: tuple[str, ...]
    shares: tuple[float, ...]
    objects: bool = False
    threshold: float = 0.5
    seeds: float = 0.5
    smallest: int = 0
    border_weight: float = 0.0
    slices: bool = False
    spacing: tuple[float, ...] = ()
    unit: str = ""

    @property
    def dense(self) -> bool:
        """Whether objects fill most of an image, and thin lines of the first class part them, as membranes do."""
        return self.objects and self.shares[1] > 0.5

    def __post_init__(self) -> None:
        check_names(self.names)
        _check_pixels(self)


@dataclass(frozen=True)
class Instances:
    """Objects, each pixel in one of them or in none; stored as masks (H, W) of their numbers, -1 where it is not known.

    A network tells background, inside and border. An object grows from what hangs together of an inside more likely
    than ``seeds``, over pixels more likely than ``threshold`` to be of an object, to at least ``smallest`` pixels.
    ``shares`` are those of the three in the training pixels; ``border_weight``, ``spacing`` and ``unit`` are as in
    ``PixelClasses``.
    """

    kind: ClassVar[str] = "instances"
    noun: ClassVar[str] = "object"
    names: tuple[str, ...]
    shares: tuple[float, ...]
    seeds: float = 0.5
    threshold: float = 0.5
    smallest: int = 0
    border_weight: float = 0.0
    spacing: tuple[float, ...] = ()
    unit: str = ""

    def __post_init__(self) -> None:
        check_names(self.names)
        _check_pixels(self)


@dataclass(frozen=True)
class Pixels:
    """The input itself, pixel by pixel, from 0 to 1.

    ``low`` and ``high`` are the raw values that are 0 and 1; ``mean`` and ``std`` of each channel, in raw units, are
    those by which a network sees it. ``form`` says what is learned: "squared_error", or "elbo", the evidence lower
    bound, whose pixels are ``likelihood``.
    """

    kind: ClassVar[str] = "pixels"
    noun: ClassVar[str] = "pixel"
    low: float
    high: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    form: Literal["squared_error", "elbo"] = "squared_error"
    likelihood: Literal["bernoulli", "gaussian"] = "bernoulli"

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise ValueError(f"low, high: expected finite numbers, low below high, found {self.low} and {self.high}")
        if len(self.mean) != len(self.std) or not all(isfinite(value) and value > 0 for value in self.std):
            raise ValueError(f"std: expected a finite number above 0 for each channel, found {self.std}")


def _check_pixels(target: PixelClasses | Instances) -> None:
    if len(target.shares) != len(target.names) or len(target.names) < 2:
        raise ValueError(f"shares: expected one for each of two or more classes, found {target.shares}")
    for name in ("threshold", "seeds"):
        if not 0 < getattr(target, name, 0.5) < 1:
            raise ValueError(f"{name}: expected a probability between 0 and 1, found {getattr(target, name)}")
    if not all(isfinite(step) and step > 0 for step in target.spacing):
        raise ValueError(f"spacing: expected finite numbers above 0, found {target.spacing}")
    if target.smallest < 0:
        raise ValueError(f"smallest: expected a number of pixels, 0 or more, found {target.smallest}")


def check_names(names: tuple[str, ...]) -> None:
    """Raise ``ValueError`` unless there are names, and each says something."""
    if not names or not all(names):
        raise ValueError(f"names: expected one or more names that are not empty, found {names}")


TARGETS: dict[str, type[Any]] = {
    target.kind: target for target in (Classes, Labels, Numbers, Points, PixelClasses, Instances, Pixels)
}


# Of a target's kind: that of the columns that it is stored in.
STORED: dict[str, Kind] = {
    "classes": "class", "labels": "multilabel", "numbers": "number", "points": "points", "pixel classes": "mask",
    "instances": "instances", "pixels": "image",
}  # fmt: skip


def names_of(target: TargetSpec) -> tuple[str, ...]:
    """Return the names of what is learned: of classes, labels, numbers or points; none of a target without.

    >>> names_of(Classes(("ant", "bee")))
    ('ant', 'bee')
    """
    return getattr(target, "names", ())


def target_to_dict(target: TargetSpec) -> dict[str, Any]:
    """Return plain values, fit for JSON.

    >>> target_to_dict(Classes(("ant", "bee")))
    {'kind': 'classes', 'names': ['ant', 'bee']}
    """
    return {"kind": target.kind, **{name: _listed(value) for name, value in asdict(target).items()}}  # pyright: ignore[reportArgumentType]


def target_entry(target: TargetSpec) -> dict[str, Any]:
    """Return the entry that files have for a target: the names of ``classes``, as ever, or any other as ``target``.

    >>> target_entry(Classes(("ant", "bee"))), list(target_entry(Labels(("red", "round"))))
    ({'classes': ['ant', 'bee']}, ['target'])
    """
    return {"classes": list(target.names)} if isinstance(target, Classes) else {"target": target_to_dict(target)}


def target_from_dict(values: dict[str, Any]) -> TargetSpec:
    """Rebuild from the values of ``target_to_dict``; ``ValueError`` for an unknown kind, ``TypeError`` for its fields.

    >>> target_from_dict({"kind": "classes", "names": ["ant", "bee"]})
    Classes(names=('ant', 'bee'))
    """
    fields = dict(values)
    kind = fields.pop("kind", None)
    if kind not in TARGETS:
        raise ValueError(f"expected a target of the kind {', '.join(TARGETS)}, found {kind!r}")
    return TARGETS[kind](**{name: _tupled(value) for name, value in fields.items()})


def _listed(value: Any) -> Any:
    return [_listed(item) for item in cast(Sequence[Any], value)] if isinstance(value, list | tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(item) for item in cast(Sequence[Any], value)) if isinstance(value, list | tuple) else value
