"""From a signal (T, C) of any length to what a network sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from convscope.data.columns import Column, RaggedBatch
from convscope.data.decode.encoded import Encoded, Unreadable
from convscope.data.gaps import filled
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.moments import channel_moments
from convscope.data.transforms.transform import PLAIN, Form, Stored
from convscope.text import count

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class SignalTransform:
    """The rule from signals (T, channels) to network input (N, channels, T): (raw - mean) / std per channel.

    ``length`` is T where all have the same; else a batch is padded with zeros, the mean, to its longest. ``rate`` is
    how many steps a second has, where that is known. With a ``window`` a network sees so many steps of a recording at a
    time, ``hop`` after the ones before (``data.sequences.windows``), and T is that of a window. With
    ``fill`` missing values are filled by the line between their neighbours.
    """

    kind: ClassVar[Kind] = "signal"
    channels: int
    length: int | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    rate: float | None = None
    window: int | None = None
    hop: int | None = None
    fill: bool = False

    @classmethod
    def fitted(cls, column: Column, rows: np.ndarray) -> SignalTransform:
        """Measure mean and standard deviation of each channel on the signals ``rows``; a constant channel gets 1."""
        length, channels = column.spec.shape
        assert channels is not None
        mean, std = channel_moments(column.stream(np.array_split(rows, max(1, len(rows) // 256))), channels)
        return cls(channels, length, mean, std)

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        return InputSpec(self.channels, (self.length,))

    @property
    def part(self) -> None:
        """A network sees each signal whole."""
        return None

    def store(self, example: Encoded | np.ndarray) -> Stored:
        """Return one signal (T,) or (T, channels) as float32; ``Unreadable`` for another shape, or one not finite."""
        if isinstance(example, Encoded):
            raise Unreadable("is an image; this network takes signals (steps, channels)")
        values = np.asarray(example)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[1] != self.channels or not len(values):
            raise Unreadable(
                f"has the shape {np.shape(example)}; expected a signal of (steps, {count(self.channels, 'channel')})"
            )
        if self.length is not None and self.window is not None and len(values) < self.length:
            raise Unreadable(f"has {count(len(values), 'step')}; this network takes windows of {self.length:,}")
        if self.length is not None and self.window is None and len(values) != self.length:
            raise Unreadable(f"has {count(len(values), 'step')}; this network takes signals of {self.length:,}")
        values = np.ascontiguousarray(values, np.float32)
        values = filled(values) if self.fill else values
        if not np.isfinite(values).all():
            raise Unreadable(
                "holds values that are not finite (NaN or infinite); a run trained with --nodata nan fills them"
            )
        return Stored(values)

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the network's input (N, C, T) of signals: an array (N, T, C), or a batch of several lengths."""
        import torch

        from convscope.data.device import sent

        lengths = stored.lengths if isinstance(stored, RaggedBatch) else None
        raw = stored.padded() if isinstance(stored, RaggedBatch) else stored
        x = sent(raw.astype(np.float32), form.device) if isinstance(raw, np.ndarray) else raw
        mean, std = (torch.tensor(each, dtype=torch.float32, device=form.device) for each in (self.mean, self.std))
        x = ((x - mean) / std).transpose(1, 2).contiguous()  # (N, C, T)
        if lengths is not None:
            behind = torch.arange(x.shape[2]) >= torch.from_numpy(lengths)[:, None]  # (N, T)
            x.masked_fill_(behind[:, None].to(form.device), 0)
        return x

    def undo(self, x: Tensor) -> np.ndarray:
        """Return signals (N, T, C) of network input (N, C, T)."""
        mean, std = (np.array(each, np.float32) for each in (self.mean, self.std))
        return x.transpose(1, 2).cpu().numpy() * std + mean

    def module(self) -> nn.Module:
        """Return what standardises signals (N, C, T) within an exported network."""
        from convscope.data.transforms.standardise import Standardise

        return Standardise(self.mean, self.std, axes=1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "kind": self.kind, "channels": self.channels, "length": self.length,
            "mean": list(self.mean), "std": list(self.std), **({"rate": self.rate} if self.rate else {}),
            **({"window": self.window, "hop": self.hop} if self.window else {}),
            **({"fill": True} if self.fill else {}),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SignalTransform:
        """Rebuild from ``to_dict``'s values."""
        mean, std = tuple(values["mean"]), tuple(values["std"])
        aside = (values.get(name) for name in ("rate", "window", "hop"))
        return cls(values["channels"], values["length"], mean, std, *aside, fill=values.get("fill", False))
