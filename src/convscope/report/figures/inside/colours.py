"""How numbers of maps become colours: one rule for feature maps, kernels and explanations.

Numbers on both sides of zero are orange below, white at zero and violet above, as kernels are; others go from dark blue
to yellow with even steps in brightness, so that grey print shows the same (cividis: Nuñez et al. 2018).
"""

from __future__ import annotations

import numpy as np

from convscope.report.figures.kernels import COLOURS

SIGNED, UNSIGNED = COLOURS, "cividis"


def is_signed(values: np.ndarray) -> bool:
    """Return whether numbers lie on both sides of zero, by more than rounding.

    >>> is_signed(np.array([-1.0, 2.0])), is_signed(np.array([0.0, 2.0])), is_signed(np.array([-1e-9, 2.0]))
    (True, False, False)
    """
    known = values[np.isfinite(values)]
    return bool(known.size) and float(known.min()) < -1e-6 * max(1e-30, float(np.abs(known).max()))


def shares(values: np.ndarray, signed: bool) -> np.ndarray:
    """Return numbers as places on a scale from 0 to 1: of signed ones zero is its middle, else the least is 0.

    >>> shares(np.array([-1.0, 0.0, 2.0]), True).tolist(), shares(np.array([1.0, 3.0]), False).tolist()
    ([0.25, 0.5, 1.0], [0.0, 1.0])
    """
    shown = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    if signed:
        return 0.5 + shown / (2 * (float(np.abs(shown).max()) or 1.0))
    low = float(shown.min())
    return (shown - low) / ((float(shown.max()) - low) or 1.0)


def plain(value: float) -> str:
    """Return a number in the little room below a map.

    >>> plain(-0.12345), plain(0.0), plain(12345.0)
    ('−0.123', '0', '1.23e+04')
    """
    text = f"{value:.3g}"
    return f"\N{MINUS SIGN}{text[1:]}" if text.startswith("-") else text
