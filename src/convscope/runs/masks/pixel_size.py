"""How large a pixel is, in a unit of length."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from convscope.errors import ConfigError

_EXPECTED = 'expected a size and its unit, such as "0.5 um", or one size for each axis, such as "2 0.5 0.5 um"'


@dataclass(frozen=True)
class PixelSize:
    """The sides of a pixel along each axis (depth, height, width), or one for all, in ``unit``."""

    sizes: tuple[float, ...]
    unit: str

    @classmethod
    def read(cls, text: str) -> PixelSize:
        """Read a size as a user gives it; ``ConfigError`` for what is none.

        >>> PixelSize.read("0.5 µm"), PixelSize.read("2 0.5 0.5um")
        (PixelSize(sizes=(0.5,), unit='um'), PixelSize(sizes=(2.0, 0.5, 0.5), unit='um'))
        """
        match = re.fullmatch(r"([-+\d.,eE\s]*?)\s*([A-Za-zµμÅ][\wµμ]*)", text.strip())
        if match is None:
            raise ConfigError(f"--pixel-size {text!r}: {_EXPECTED}")
        if "," in match[1]:
            raise ConfigError(
                f"--pixel-size {text!r}: {_EXPECTED}; decimals stand behind a point, sizes between spaces"
            )
        try:
            sizes = tuple(map(float, match[1].split()))
        except ValueError:
            raise ConfigError(f"--pixel-size {text!r}: {_EXPECTED}") from None
        if not sizes or not all(math.isfinite(size) and size > 0 for size in sizes):
            raise ConfigError(f"--pixel-size {text!r}: {_EXPECTED}; sizes are above 0")
        return cls(sizes, match[2].replace("µ", "u").replace("μ", "u"))

    def of_axes(self, axes: int) -> tuple[float, ...]:
        """Return the size along each of so many axes; ``ConfigError`` where another number of sizes was given."""
        if len(self.sizes) == 1:
            return self.sizes * axes
        if len(self.sizes) != axes:
            raise ConfigError(f"--pixel-size: expected 1 size or {axes}, one for each axis, found {len(self.sizes)}")
        return self.sizes
