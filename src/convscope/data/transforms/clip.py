"""From a clip or a whole volume (T, H, W, C) of any length and size to what a network sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from convscope.data.clips.sampling import sampled
from convscope.data.columns import Column, RaggedBatch
from convscope.data.decode.encoded import Encoded, Unreadable
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.image import ImageTransform
from convscope.data.transforms.moments import channel_moments
from convscope.data.transforms.transform import PLAIN, Form, Stored
from convscope.errors import DataError
from convscope.text import count

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class ClipTransform:
    """The rule from clips to network input (N, channels, frames, height, width).

    ``frames`` of a clip are seen, at even distances (``data.clips.sampling``), each by the rule ``frame``, which is
    that of an image: one size, one scale of each channel for all frames.
    """

    kind: ClassVar[Kind] = "video"
    saved: ClassVar[str] = "video"  # the kind that it is saved as
    example: ClassVar[str] = "clip"
    words: ClassVar[tuple[str, str]] = ("frame", "(frames, height, width, channels)")

    frames: int
    frame: ImageTransform

    @classmethod
    def fitted(cls, column: Column, rows: np.ndarray) -> ClipTransform:
        """Return the rule for clips of one length and size, standardised by the clips ``rows``."""
        if None in column.spec.shape:
            raise DataError(f"{column.spec.name}: {cls.example}s of different sizes; bring them to one")
        frames, height, width, channels = (int(size or 0) for size in column.spec.shape)
        mean, std = channel_moments(column.stream(np.array_split(rows, max(1, len(rows) // 16))), channels)
        rule = ImageTransform(channels, height, width, "crop", column.spec.dtype, mean, std, ())  # pyright: ignore[reportArgumentType]
        return cls(frames, rule)

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        return InputSpec(self.frame.channels, (self.frames, self.frame.height, self.frame.width))

    @property
    def part(self) -> None:
        """A network sees each clip whole."""
        return None

    @property
    def channels(self) -> int:
        """The channels of a frame."""
        return self.frame.channels

    @property
    def dtype(self) -> str:
        """The type that values are stored in."""
        return self.frame.dtype

    @property
    def mean(self) -> tuple[float, ...]:
        """The mean of each channel, in raw units."""
        return self.frame.mean

    @property
    def std(self) -> tuple[float, ...]:
        """The standard deviation of each channel, in raw units."""
        return self.frame.std

    def rescaled(self, mean: tuple[float, ...], std: tuple[float, ...]) -> ClipTransform:
        """Return the rule with another mean and standard deviation of each channel."""
        return replace(self, frame=replace(self.frame, mean=mean, std=std))

    def store(self, example: Encoded | np.ndarray | Sequence[Encoded]) -> Stored:
        """Return one clip as it is stored: frames in files, or an array (T, H, W) or (T, H, W, C).

        Raises:
            Unreadable: one frame alone, frames of different sizes, or of another type or channels than the rule's.
        """
        noun, (word, shape) = self.example, self.words
        if isinstance(example, Encoded):
            raise Unreadable(f"is one image; this network takes {noun}s of several {word}s")
        if isinstance(example, np.ndarray):
            example = example[..., None] if example.ndim == 3 else example
            if example.ndim != 4 or not example.size:
                raise Unreadable(f"has the shape {example.shape}; expected a {noun} {shape}")
        if len(example) < 2:
            raise Unreadable(f"holds {count(len(example), word)}; a {noun} has two or more")
        check_sizes([_size(each) for each in example], noun, word)
        stored = [self.frame.store(example[at]) for at in sampled(len(example), self.frames)]
        repeated = f"{len(example)} {word}s, some seen twice" if len(example) < self.frames else ""
        notes = dict.fromkeys(filter(None, (*(each.note for each in stored), repeated)))
        return Stored(np.stack([each.values for each in stored]), ", ".join(notes))

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the network's input (N, C, T, H, W) of raw clips (N, T, H, W, C)."""
        assert not isinstance(stored, RaggedBatch)
        frames, height, *rest = stored.shape[1:]
        tall = stored.reshape(len(stored), frames * height, *rest)  # to a scale all frames are one image
        return self.frame.tensor(tall, form).unflatten(2, (frames, height))

    def undo(self, x: Tensor) -> np.ndarray:
        """Return raw clips (N, T, H, W, C) of network input (N, C, T, H, W)."""
        tall = self.frame.undo(x.flatten(2, 3))
        return tall.reshape(len(x), *x.shape[2:], x.shape[1])

    def module(self) -> nn.Module:
        """Return what standardises clips (N, C, T, H, W) within an exported network."""
        from convscope.data.transforms.standardise import Standardise

        return Standardise(self.mean, self.std, axes=3)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {"kind": self.saved, "frames": self.frames, "frame": self.frame.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ClipTransform:
        """Rebuild from ``to_dict``'s values."""
        frames = int(values["frames"])
        if frames < 1:
            raise ValueError(f"frames: expected 1 or more, found {frames}")
        return cls(frames, ImageTransform.from_dict(values["frame"]))


@dataclass(frozen=True)
class StackTransform(ClipTransform):
    """The same rule for volumes that are seen whole: their slices are the frames."""

    kind: ClassVar[Kind] = "volume"
    saved: ClassVar[str] = "stack"
    example: ClassVar[str] = "volume"
    words: ClassVar[tuple[str, str]] = ("slice", "(depth, height, width, channels)")


def check_sizes(sizes: Sequence[tuple[int, int]], noun: str, word: str) -> None:
    """Raise ``Unreadable`` where the frames of one clip differ in their (height, width)."""
    for at, size in enumerate(sizes):
        if size != sizes[0]:
            first, other = (" × ".join(map(str, each)) for each in (sizes[0], size))
            raise Unreadable(f"{word} {at} is {other}, the first {word} {first}; those of a {noun} are of one size")


def _size(frame: Encoded | np.ndarray) -> tuple[int, int]:
    return (frame.height, frame.width) if isinstance(frame, Encoded) else (frame.shape[0], frame.shape[1])
