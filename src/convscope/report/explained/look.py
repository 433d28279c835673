"""How a map is shown: where its colour begins, where it is full, and how much it covers the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.errors import ConfigError

TOP = 0.995  # of the magnitudes lie below the full colour: a few single pixels would take all of it


@dataclass(frozen=True)
class Look:
    """``minimum`` and ``maximum`` are shares of the largest magnitude of a map, ``opacity`` is that over the image.

    Magnitudes up to ``minimum`` have no colour, those from ``maximum`` on the full one; ``None`` takes what 99.5 % of
    the magnitudes lie below. Raises ``ConfigError`` for values outside of 0..1, or in the wrong order.
    """

    minimum: float = 0.0
    maximum: float | None = None
    opacity: float = 0.75

    def __post_init__(self) -> None:
        for name in ("minimum", "maximum", "opacity"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ConfigError(f"--{name}: expected a share from 0 to 1, found {value}")
        if self.maximum is not None and self.maximum <= self.minimum:
            raise ConfigError(f"--maximum {self.maximum:g}: expected more than --minimum, which is {self.minimum:g}")

    def limits(self, values: np.ndarray) -> tuple[float, float]:
        """Return the magnitudes at which colour begins, and at which it is full.

        >>> Look(0.25, 1.0).limits(np.array([-4.0, 1.0]))
        (1.0, 4.0)
        """
        sizes = np.abs(values[np.isfinite(values)])
        largest = float(sizes.max(initial=0.0)) or 1.0
        low = self.minimum * largest
        high = (
            float(np.quantile(sizes, TOP)) if self.maximum is None and sizes.size else (self.maximum or 1.0) * largest
        )
        return low, high if high > low else largest

    def shares(self, values: np.ndarray) -> np.ndarray:
        """Return numbers as shares of the full colour, from -1 to 1; what is not finite is 0.

        >>> Look(0.25, 1.0).shares(np.array([-4.0, 1.0, 2.5])).tolist()
        [-1.0, 0.0, 0.5]
        """
        low, high = self.limits(values)
        known = np.nan_to_num(values.astype(np.float64))
        return np.sign(known) * np.clip((np.abs(known) - low) / (high - low), 0, 1)
