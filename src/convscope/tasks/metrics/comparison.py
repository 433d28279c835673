"""Is one classifier better than another on the same examples, and with what confidence?"""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.tasks.metrics.bootstrap import interval
from convscope.tasks.metrics.proportion import wilson
from convscope.tasks.metrics.units import Units

CHUNK = 2**21  # counts held at a time


def compare(
    right_a: np.ndarray,
    right_b: np.ndarray,
    *,
    units: Units | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Return how much more often a is right than b, with a 95 % interval, and whether that could be chance.

    ``right_a`` and ``right_b`` (n,) bool say which examples each got right, ``units`` which of them come from one group
    (by default each stands alone). ``difference`` is accuracy of a minus accuracy of b; its interval is the paired
    bootstrap over examples, or over whole groups where there are any. Where all of them agree on the difference the
    bootstrap collapses and Wilson's interval of as many trials stands in. ``only_a`` and ``only_b`` count the examples
    that only one got right.

    The two-sided probability of a difference at least as large if both were equally good is called after its test:
    ``p_mcnemar``, by McNemar's exact test (1947), or with groups ``p_sign_flip``: what a group speaks for a or b counts
    with either sign alike, for the group as a whole. Of groups of one example the two are the same test.

    >>> compare(np.array([True, True, True, False]), np.array([True, False, False, False]))["only_a"]
    2
    """
    units = units or Units.of(None, len(right_a))
    lead = units.sums(right_a.astype(int) - right_b)
    value = float(lead.sum() / len(right_a))
    drawn_a, drawn_b = resampled_accuracies(np.stack([right_a, right_b]), units, resamples, seed)
    low, high = (float(end) for end in interval(drawn_a - drawn_b, value))
    if np.isnan(low):
        low, high = _all_agree(value, units.count)
    return {
        "difference": {"value": value, "low": low, "high": high},
        "only_a": int((right_a & ~right_b).sum()),
        "only_b": int((right_b & ~right_a).sum()),
        "p_sign_flip" if units.groups else "p_mcnemar": sign_flip(lead),
    }


def named_test(comparison: dict[str, Any]) -> tuple[str, float]:
    """Return the name of the test in what ``compare`` returned, "mcnemar" or "sign_flip", and its p."""
    (key,) = (key for key in ("p_mcnemar", "p_sign_flip") if key in comparison)
    return key.removeprefix("p_"), comparison[key]


def _all_agree(value: float, trials: int) -> tuple[float, float]:
    """Return the ends of the interval of a difference on which all ``trials`` agree."""
    if value == 0:
        end = wilson(0, trials)[1]
        return -end, end
    low, high = wilson(abs(value) * trials, trials)
    return (low, high) if value > 0 else (-high, -low)


def sign_flip(leads: np.ndarray) -> float:
    """Return the two-sided exact p of whole numbers (G,) that had either sign alike, each by itself.

    It is the share of all 2^G choices of signs whose sum is at least as far from 0 as the one that was found. With
    leads of -1 and 1 alone it is McNemar's exact test; for those of clusters the permutation test of Fisher and Pitman.

    >>> sign_flip(np.array([3, 1, 0]))  # 4 of 4: 3 + 1 and -3 - 1 are as far as 4
    0.5
    >>> sign_flip(np.array([1] * 6 + [-1]))
    0.125
    """
    sizes = np.abs(leads[leads != 0]).astype(int)
    far = abs(int(leads.sum()))
    if not far:
        return 1.0
    # The sum is 2 s - (sum of sizes), where s sums the sizes with a plus sign: count the choices of each small s.
    most = (int(sizes.sum()) - far) // 2
    chance = np.zeros(most + 1)
    chance[0] = 1.0
    for size in sizes.tolist():
        chance[size:] += chance[: max(0, most + 1 - size)]
        chance /= 2
    return float(min(1.0, 2 * chance.sum()))


def resampled_accuracies(right: np.ndarray, units: Units, resamples: int, seed: int) -> np.ndarray:
    """Return the accuracy (runs, resamples) of each run in resamples of the units, from right answers (runs, n).

    Units of one size on which all runs do alike are alike, so that drawing units is one draw of the few kinds' counts.
    """
    runs, n = right.shape
    sums = units.sums(np.concatenate([right.astype(int), np.ones((1, n), dtype=int)]))
    kinds, counts = np.unique(sums, axis=1, return_counts=True)
    rng = np.random.default_rng(seed)
    accuracies = np.empty((runs, resamples))
    wide = max(1, CHUNK // len(counts))
    for start in range(0, resamples, wide):
        end = min(start + wide, resamples)
        drawn = kinds @ rng.multinomial(units.count, counts / units.count, end - start).T
        accuracies[:, start:end] = drawn[:-1] / drawn[-1]
    return accuracies
