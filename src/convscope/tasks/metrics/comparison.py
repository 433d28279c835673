"""Is one classifier better than another on the same examples, and with what confidence?"""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.tasks.metrics.proportion import wilson


def compare(
    labels: np.ndarray,
    probabilities_a: np.ndarray,
    probabilities_b: np.ndarray,
    *,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Return how much more often a is right than b, with a 95 % interval, and the exact McNemar test.

    ``labels`` is (n,), the probabilities (n, K). ``difference`` is accuracy of a minus accuracy of b; its interval is
    the paired bootstrap over examples. Where all examples agree on the difference the bootstrap collapses and
    Wilson's interval of the share of disagreements stands in. ``only_a`` and ``only_b`` count the examples that only
    one got right; ``p_mcnemar`` is the two-sided probability of a split at least as uneven if both were equally good
    (McNemar 1947).

    >>> half = np.eye(2)[[0, 1, 0, 1]]
    >>> compare(np.array([0, 1, 1, 0]), np.eye(2)[[0, 1, 1, 0]], half)["only_a"]
    2
    """
    from scipy.stats import binomtest

    right_a = probabilities_a.argmax(axis=1) == labels
    right_b = probabilities_b.argmax(axis=1) == labels
    n = len(labels)
    a, b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    # Of an example only the difference counts, so n draws of examples are one draw of three counts.
    drawn = np.random.default_rng(seed).multinomial(n, [a / n, b / n, (n - a - b) / n], resamples)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / n, [0.025, 0.975])
    if a == b == 0:
        high = wilson(0, n)[1]
        low = -high
    elif a == n:
        low, high = wilson(n, n)
    elif b == n:
        high, low = (-end for end in wilson(n, n))
    return {
        "difference": {"value": (a - b) / n, "low": float(low), "high": float(high)},
        "only_a": a,
        "only_b": b,
        "p_mcnemar": float(binomtest(a, a + b).pvalue) if a + b else 1.0,
    }
