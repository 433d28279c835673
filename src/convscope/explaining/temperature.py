"""Class probabilities with a temperature: how sure the answer looks, without a change of what it is."""

from __future__ import annotations

import numpy as np

from convscope.errors import ConfigError

ABOUT = (
    "The scores become probabilities by the softmax of score / temperature: below 1 the first class takes more, above "
    "1 all come nearer to each other; the order stays."
)


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return softmax(logits / temperature) over the last axis (Hinton et al. 2015, equation 1), float64.

    Below 1 the largest takes more, above 1 all come nearer to each other; the order stays. Raises ``ConfigError`` for a
    temperature that is not above 0.

    >>> probabilities(np.log([1.0, 3.0])).round(3).tolist(), probabilities(np.log([1.0, 3.0]), 0.5).round(3).tolist()
    ([0.25, 0.75], [0.1, 0.9])
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ConfigError(f"--temperature: expected a number above 0, found {temperature}")
    scaled = np.asarray(logits, np.float64) / temperature
    shifted = np.exp(scaled - scaled.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)
