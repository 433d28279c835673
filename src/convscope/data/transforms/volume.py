"""From a volume (D, H, W, C) to what a network sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from convscope.data.columns import RaggedBatch
from convscope.data.decode.encoded import MAX_PIXELS, Encoded, Unreadable, stored
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.transform import PLAIN, Form, Stored
from convscope.text import count

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class VolumeTransform:
    """The rule from volumes (D, H, W, channels) to network input (N, channels, D, H, W): (raw - mean) / std.

    Volumes keep their sizes; ``part`` (depth, height, width) is what a network is trained on. ``mean`` and ``std`` are
    in the raw units of ``dtype``. ``spacing`` is the distance of neighbouring voxels along the three axes, ``None``
    where it is not known. ``ValueError`` for a part or a spacing that cannot be.
    """

    kind: ClassVar[Kind] = "volume"
    channels: int
    part: tuple[int, int, int]
    dtype: Literal["uint8", "uint16", "float32"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    spacing: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if not 0 < prod(self.part) <= MAX_PIXELS or min(self.part) < 1:
            raise ValueError(f"part: expected three sizes, 1 to {MAX_PIXELS:,} voxels in all, found {self.part}")
        if self.spacing is not None and not all(isfinite(step) and step > 0 for step in self.spacing):
            raise ValueError(f"spacing: expected three finite numbers above 0, found {self.spacing}")

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        return InputSpec(self.channels, self.part)

    def store(self, example: Encoded | np.ndarray) -> Stored:
        """Return one volume (D, H, W) or (D, H, W, channels) as it is stored.

        Raises:
            Unreadable: another shape or type, or voxels that are NaN or infinite.
        """
        if isinstance(example, Encoded):
            raise Unreadable("is an image; this network takes volumes (depth, height, width)")
        values = np.asarray(example)
        values = values[..., None] if values.ndim == 3 else values
        if values.ndim != 4 or values.shape[-1] != self.channels or not values.size:
            raise Unreadable(
                f"has the shape {np.shape(example)}; expected a volume (depth, height, width) of "
                f"{count(self.channels, 'channel')}"
            )
        values = np.ascontiguousarray(stored(values))
        if values.dtype.name != self.dtype:
            raise Unreadable(
                f"holds {values.dtype.name} values, and this network takes {self.dtype}: they share no scale; save it "
                f"as {self.dtype}"
            )
        check_finite(values)
        return Stored(values)

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the network's input (N, C, D, H, W) of raw volumes (N, D, H, W, C) of one size."""
        import torch

        from convscope.data.device import sent

        assert not isinstance(stored, RaggedBatch)
        x = sent(stored.astype(np.float32), form.device) if isinstance(stored, np.ndarray) else stored
        x = x.movedim(-1, 1).to(torch.float32, copy=True)
        x = x.contiguous(memory_format=torch.channels_last_3d if form.channels_last else torch.contiguous_format)
        mean, std = (torch.tensor(v, dtype=torch.float32, device=x.device) for v in (self.mean, self.std))
        return x.sub_(mean.view(-1, 1, 1, 1)).mul_((1 / std).view(-1, 1, 1, 1))

    def undo(self, x: Tensor) -> np.ndarray:
        """Return raw volumes (N, D, H, W, C) of network input (N, C, D, H, W)."""
        raw = x.movedim(1, -1).cpu().numpy() * np.array(self.std, np.float32) + np.array(self.mean, np.float32)
        if self.dtype == "float32":
            return raw
        return np.clip(np.rint(raw), 0, np.iinfo(self.dtype).max).astype(self.dtype)

    def module(self) -> nn.Module:
        """Return what standardises volumes (N, C, D, H, W) within an exported network."""
        from convscope.data.transforms.standardise import Standardise

        return Standardise(self.mean, self.std, axes=3)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "kind": self.kind, "channels": self.channels, "part": list(self.part), "dtype": self.dtype,
            "mean": list(self.mean), "std": list(self.std),
            "spacing": None if self.spacing is None else list(self.spacing),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> VolumeTransform:
        """Rebuild from ``to_dict``'s values."""
        spacing = values.get("spacing")
        return cls(
            values["channels"], tuple(values["part"]), values["dtype"], tuple(values["mean"]), tuple(values["std"]),
            None if spacing is None else tuple(spacing),
        )  # fmt: skip


def check_finite(values: np.ndarray) -> None:
    """Raise ``Unreadable`` where voxels are NaN or infinite."""
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        raise Unreadable(f"{(~finite).sum():,} of {values.size:,} values are NaN or infinite; fill them")
