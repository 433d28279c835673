"""How numbers of maps become colours: one rule for feature maps, kernels and explanations.

Numbers on both sides of zero are orange below, white at zero and violet above, as kernels are; others go from dark blue
to yellow with even steps in brightness, so that grey print shows the same (cividis: Nuñez et al. 2018).
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps

from convscope.report.figures.kernels import COLOURS

SIGNED, UNSIGNED = COLOURS, "cividis"


def is_signed(values: np.ndarray) -> bool:
    """Return whether numbers lie on both sides of zero, by more than rounding.

    >>> is_signed(np.array([-1.0, 2.0])), is_signed(np.array([0.0, 2.0])), is_signed(np.array([-1e-9, 2.0]))
    (True, False, False)
    """
    known = values[np.isfinite(values)]
    return bool(known.size) and float(known.min()) < -1e-6 * max(1e-30, float(np.abs(known).max()))


def coloured(values: np.ndarray, signed: bool) -> np.ndarray:
    """Return a map (H, W) in its own range as colours (H, W, 4) from 0 to 1; what is not finite is transparent."""
    known = np.isfinite(values)
    shown = np.where(known, values, 0.0)
    if signed:
        limit = float(np.abs(shown).max()) or 1.0
        shares = 0.5 + shown / (2 * limit)
    else:
        low = float(shown[known].min()) if known.any() else 0.0
        shares = (shown - low) / ((float(shown.max()) - low) or 1.0)
    colours = colormaps[SIGNED if signed else UNSIGNED](shares)
    colours[~known, 3] = 0.0
    return colours


def plain(value: float) -> str:
    """Return a number in the little room below a map.

    >>> plain(-0.12345), plain(0.0), plain(12345.0)
    ('−0.123', '0', '1.23e+04')
    """
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}", value < 0)
