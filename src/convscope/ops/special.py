"""SciPy's special functions, number by number, with their type: SciPy has none of its own."""

from __future__ import annotations

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

erf: np.ufunc = special.erf  # 2/√π · ∫₀ˣ exp(-t²) dt
expit: np.ufunc = special.expit  # the logistic function σ
log_expit: np.ufunc = special.log_expit  # its logarithm
ndtr: np.ufunc = special.ndtr  # the normal distribution function Φ
