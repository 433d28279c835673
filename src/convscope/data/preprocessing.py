"""What turns one decoded image into the numbers a network sees; the same object serves train, evaluate and predict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Fit = Literal["crop", "pad", "squash", "centre"]


@dataclass(frozen=True)
class Preprocessing:
    """The rule from a decoded image (H, W, C) to network input (C, height, width).

    ``fit`` says how an image of another size is brought to ``height`` × ``width``: ``crop`` scales so that it
    covers the rectangle and keeps the centre, ``pad`` scales so that it fits inside and repeats the border,
    ``squash`` stretches it, ``centre`` cuts the rectangle out of its middle without scaling. ``mean`` and ``std``
    are per channel, in the raw units of ``dtype`` (0..255 for uint8), measured on the training split or given by
    the weights that a network started from; the network sees (raw - mean) / std. ``nodata`` are values that mean no
    data beside those that a file says itself; all are filled (``convscope.data.nodata``), unless it is ``None``, as in
    runs from before they were known.
    """

    channels: int
    height: int
    width: int
    fit: Fit
    dtype: Literal["uint8", "uint16", "float32"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    nodata: tuple[float, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        values = asdict(self)
        nodata = values.pop("nodata")
        return values if nodata is None else {**values, "nodata": [str(value) for value in nodata]}  # JSON has no NaN

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Preprocessing:
        """Rebuild from ``to_dict``'s values."""
        nodata = values.get("nodata")
        return cls(
            **{
                **values,
                "mean": tuple(values["mean"]),
                "std": tuple(values["std"]),
                "nodata": None if nodata is None else tuple(map(float, nodata)),
            }
        )
