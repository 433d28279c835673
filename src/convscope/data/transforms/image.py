"""From an image file or array to what a network sees of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from convscope.data.columns import Column, RaggedBatch
from convscope.data.decode.encoded import Encoded, Unreadable
from convscope.data.ingest.stats import OPAQUE, TRANSPARENT
from convscope.data.nodata import outlying, usable
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.channels import promote, promotion
from convscope.data.transforms.moments import channel_moments
from convscope.data.transforms.placement import placements
from convscope.data.transforms.resize import Fit, resize
from convscope.data.transforms.transform import PLAIN, Form, Stored
from convscope.errors import DataError
from convscope.text import count

if TYPE_CHECKING:
    from torch import Tensor, nn

    from convscope.data.transforms.standardise import Standardiser

RANGES = {"uint8": "0..255", "uint16": "0..65,535", "float32": "any range"}


@dataclass(frozen=True)
class ImageTransform:
    """The rule from a decoded image (H, W, C) to network input (C, height, width).

    ``fit`` says how an image of another size is brought to ``height`` × ``width``: ``crop`` scales so that it
    covers the rectangle and keeps the centre, ``pad`` scales so that it fits inside and repeats the border,
    ``squash`` stretches it, ``centre`` cuts the rectangle out of its middle without scaling. Under ``keep`` each image
    stays as large as it is, and ``height`` × ``width`` are the parts that a network is trained on. ``mean`` and ``std``
    are per channel, in the raw units of ``dtype`` (0..255 for uint8), measured on the training split or given by
    the weights that a network started from; the network sees (raw - mean) / std. ``nodata`` are values that mean no
    data beside those that a file says itself; all are filled (``convscope.data.nodata``), unless it is ``None``, as in
    runs from before they were known.
    """

    kind: ClassVar[Kind] = "image"
    channels: int
    height: int
    width: int
    fit: Fit
    dtype: Literal["uint8", "uint16", "float32"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    nodata: tuple[float, ...] | None = None

    @classmethod
    def fitted(cls, column: Column, rows: np.ndarray) -> ImageTransform:
        """Return the rule for images of one size, standardised by the mean and deviation of the images ``rows``."""
        height, width, channels = column.spec.shape
        if height is None or width is None or channels is None:
            raise DataError(f"{column.spec.name}: images of different sizes; bring them to one, or give their files")
        parts = np.array_split(rows, max(1, len(rows) // 256))
        mean, std = channel_moments(column.stream(parts), channels)
        return cls(channels, height, width, "crop", column.spec.dtype, mean, std, ())  # pyright: ignore[reportArgumentType]

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        return InputSpec(self.channels, (self.height, self.width))

    @property
    def part(self) -> tuple[int, int] | None:
        """The size of the parts that a network is trained on, where images keep their sizes."""
        return (self.height, self.width) if self.fit == "keep" else None

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape (H, W, C) of a stored image."""
        return self.height, self.width, self.channels

    def store(self, example: Encoded | np.ndarray) -> Stored:
        """Bring one image to this size, channels and type, and say what was converted; raises as ``prepared``."""
        ready = prepared(example, self)
        encoded = isinstance(example, Encoded)
        note, channels = (example.note, example.channels) if encoded else ("", example.shape[-1])
        fill = f"{count(ready.filled, 'no-data value')} filled" if ready.filled else ""
        pixels = np.ascontiguousarray(ready.pixels)  # torch may compute otherwise in another order
        height, width = (example.height, example.width) if encoded else example.shape[:2]
        placement = self.placements(np.array([height]), np.array([width]))[0]
        notes = filter(None, (note, promotion(channels, self.channels), fill))
        return Stored(pixels, ", ".join(notes), tuple(placement.tolist()))

    def placements(self, heights: np.ndarray, widths: np.ndarray) -> np.ndarray:
        """Return where images of these heights and widths (n,) lie in the stored ones, (n, 4)."""
        return placements(heights, widths, self.height, self.width, self.fit)

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the network's input (N, C, H, W) of raw images (N, H, W, C), which may lie on the device already."""
        assert not isinstance(stored, RaggedBatch)
        width = stored.shape[2]  # its own, where images keep their sizes
        return _standardise()(self.mean, self.std, width, self.dtype, form)(stored)

    def undo(self, x: Tensor) -> np.ndarray:
        """Return raw images (N, H, W, C) of network input (N, C, H, W)."""
        return _standardise()(self.mean, self.std, x.shape[3], self.dtype, Form(str(x.device))).undo(x)

    def module(self) -> nn.Module:
        """Return what standardises raw images (N, C, H, W) within an exported network."""
        from convscope.data.transforms.standardise import Standardise

        return Standardise(self.mean, self.std, axes=2)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        values = asdict(self)
        nodata = values.pop("nodata")
        return values if nodata is None else {**values, "nodata": [str(value) for value in nodata]}  # JSON has no NaN

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ImageTransform:
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


@functools.cache  # an import within a function takes a tenth of a small batch's time
def _standardise() -> Callable[..., Standardiser]:
    from convscope.data.transforms.standardise import standardiser

    return standardiser


class Prepared(NamedTuple):
    """An image brought to a rule: pixels (height, width, channels), its opacity (0 where it has none), how many no-data
    values were filled, and a value far outside the others (NaN for none) with its number.
    """

    pixels: np.ndarray
    alpha: int = 0
    filled: int = 0
    outlier: float = np.nan
    outliers: int = 0


def prepared(image: Encoded | np.ndarray, rule: ImageTransform) -> Prepared:
    """Bring one image to the rule's size, channels and type, and say what was odd about it.

    Raises:
        Unreadable: another type or channels than the rule's, or pixels that are NaN or infinite.
    """
    nodata, alpha = rule.nodata or (), 0
    if isinstance(image, Encoded):
        _check_dtype(image.dtype, rule)
        pixels = image.pixels(_shrink(image, rule))
        if image.nodata is not None and rule.nodata is not None:
            nodata = (*nodata, image.nodata)
        if image.alpha:
            alpha = OPAQUE if (pixels[..., -1] == np.iinfo(pixels.dtype).max).all() else TRANSPARENT
    else:
        _check_dtype(str(image.dtype), rule)
        pixels = image
    pixels, count = usable(promote(pixels, rule.channels), nodata)
    (outlier,), (outliers,) = outlying(pixels[None])
    sized = resize(pixels, rule.height, rule.width, rule.fit)
    return Prepared(sized, alpha, count, float(outlier), int(outliers))


def _check_dtype(dtype: str, rule: ImageTransform) -> None:
    if dtype != rule.dtype:
        raise Unreadable(
            f"holds {dtype} values ({RANGES[dtype]}), but those of the set it should fit are {rule.dtype} "
            f"({RANGES[rule.dtype]}): they share no scale; save it as {rule.dtype}"
        )


def _shrink(image: Encoded, rule: ImageTransform) -> int:
    """Return how many times smaller a JPEG may be decoded: while it keeps twice the pixels needed along each side."""
    if rule.fit in ("centre", "keep"):
        return 1
    spare = min(image.height / rule.height, image.width / rule.width)
    return 8 if spare >= 16 else 4 if spare >= 8 else 2 if spare >= 4 else 1
