"""Area under the ROC curve and average precision of one class against the rest, for many resamples at once.

Only the order of the scores counts. Between two examples of the class the others may stand in any order, so all of
them fall into one bucket, and a resample is summed bucket by bucket: one sparse product instead of one sort a
resample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from convscope.tasks.metrics.counts import membership


@dataclass(frozen=True)
class Ranking:
    """Examples sorted by falling score, in buckets that end at each distinct score an example of the class has.

    ``hits`` (G, n) sums the class's examples at each such score, ``alarms`` (G, n) the others above the next higher
    such score's and down to this one, ``tied`` (G, n) the others with exactly this score, ``others`` (n,) marks who
    is not of the class.
    """

    hits: sparse.csr_matrix
    alarms: sparse.csr_matrix
    tied: sparse.csr_matrix
    others: np.ndarray

    @classmethod
    def of(cls, member: np.ndarray, scores: np.ndarray) -> Ranking:
        """Rank ``scores`` (n,) of the examples, those of the class marked in ``member`` (n,) bool."""
        _, place = np.unique(-scores, return_inverse=True)  # 0 = highest score, equal for ties
        own = np.bincount(place[member], minlength=place.max() + 1) > 0
        bucket = (np.cumsum(own) - own)[place]
        last = int(own.sum())  # the bucket below every example of the class: counted in no row
        above = ~member & (bucket < last)
        rows = max(last, 1)
        bucket = np.minimum(bucket, rows - 1)
        return cls(
            hits=membership(bucket, rows, member),
            alarms=membership(bucket, rows, above),
            tied=membership(bucket, rows, above & own[place]),
            others=(~member).astype(np.float64),
        )

    def figures(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the area under the ROC curve and the average precision (r,) under weights (n, r).

        NaN where the class or everything else has no weight. Ties count half in the area, as in scikit-learn;
        average precision is the step sum of precision over gains in recall.
        """
        hits = self.hits @ weights  # (G, r)
        alarms = np.cumsum(self.alarms @ weights, axis=0)
        found = np.cumsum(hits, axis=0)
        positives, negatives = found[-1], self.others @ weights
        beaten = negatives - alarms + (self.tied @ weights) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            area = (hits * beaten).sum(axis=0) / (positives * negatives)
            precision = np.where(hits > 0, found / (found + alarms), 0)
            mean = (hits * precision).sum(axis=0) / positives
        return area, np.where(negatives > 0, mean, np.nan)
