"""Area under the ROC curve and average precision of one yes-or-no label, for many resamples at once.

``ranking`` does so for classes, of which an example has exactly one; here labels are independent of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.tasks.metrics.counts import ratio


@dataclass(frozen=True)
class Ranking:
    """Examples by falling score: their ``order`` (n,), which are true in that order, and where equal scores end."""

    order: np.ndarray
    true: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, truth: np.ndarray, scores: np.ndarray) -> Ranking:
        """Rank the scores (n,) of examples for which a label is true (n,) bool or not."""
        order = np.argsort(-scores, kind="stable")
        falling = scores[order]
        ends = np.flatnonzero(np.r_[falling[1:] != falling[:-1], True])
        return cls(order, truth[order], ends)

    def figures(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the area under the ROC curve and the average precision (r,) under weights (n, r).

        NaN where nothing true, or nothing else, has weight. Ties count half in the area, as in scikit-learn; average
        precision is the step sum of precision over gains in recall.
        """
        ranked = weights[self.order]
        hits = np.cumsum(ranked * self.true[:, None], axis=0)[self.ends]  # true ones down to each distinct score
        stated = np.cumsum(ranked, axis=0)[self.ends]
        positives, negatives = hits[-1], stated[-1] - hits[-1]
        gains, alarms = (np.diff(each, axis=0, prepend=0.0) for each in (hits, stated - hits))
        beaten = negatives - (stated - hits) + alarms / 2  # other examples below, those of equal score by half
        precision = (gains * ratio(hits, stated)).sum(axis=0, where=gains > 0)
        area = ratio((gains * beaten).sum(axis=0), positives * negatives)
        return area, np.where(negatives > 0, ratio(precision, positives), np.nan)
