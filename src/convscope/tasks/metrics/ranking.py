"""Area under the ROC curve and average precision of each class against the rest, for many resamples at once.

Only the order of the scores counts. Between two examples of a class the others may stand in any order, so all of them
fall into one bucket, and a resample is summed bucket by bucket: one sparse product for all classes instead of one sort
for each class of each resample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from convscope.tasks.metrics.counts import membership


@dataclass(frozen=True)
class Rankings:
    """For each class its examples by falling score, in buckets that end at each distinct score one of them has.

    The buckets (G,) of the first class come first; those of the m classes that have an example begin at ``starts``
    (m,) and are ``lengths`` (m,) many. ``hits`` (G, n) sums a class's own examples at each such score, ``alarms``
    (G, n) the others above the next higher such score and down to this one, ``tied`` (G, n) the others with exactly
    this score. ``members`` (m, n) sums the examples of each of the classes ``present`` (m,), of ``classes`` in all.
    """

    hits: sparse.csr_matrix
    alarms: sparse.csr_matrix
    tied: sparse.csr_matrix
    members: sparse.csr_matrix
    starts: np.ndarray
    lengths: np.ndarray
    present: np.ndarray
    classes: int

    @classmethod
    def of(cls, labels: np.ndarray, scores: np.ndarray) -> Rankings:
        """Rank the scores (n, K) of examples with labels (n,)."""
        n, K = scores.shape
        own = scores[np.arange(n), labels]
        order = np.lexsort((-own, labels))
        by_class, falling = labels[order], own[order]
        begins = np.r_[True, (np.diff(by_class) != 0) | (np.diff(falling) != 0)]
        bucket = np.empty(n, dtype=np.int64)
        bucket[order] = np.cumsum(begins) - 1
        present, starts = np.unique(by_class[begins], return_index=True)
        limits = falling[begins]  # the score at which each bucket ends
        ends = np.r_[starts[1:], len(limits)]
        rows, columns, equal = [], [], []
        for k, column, start, end in zip(present, np.ascontiguousarray(scores.T[present]), starts, ends, strict=True):
            others = np.flatnonzero((column >= limits[end - 1]) & (labels != k))  # below every own score: in no bucket
            at = start + np.searchsorted(-limits[start:end], -column[others])
            rows.append(at)
            columns.append(others)
            equal.append(limits[at] == column[others])
        shape = (len(limits), n)
        at, others, same = np.concatenate(rows), np.concatenate(columns), np.concatenate(equal)
        return cls(
            hits=membership(bucket, len(limits)),
            alarms=_marked(at, others, shape),
            tied=_marked(at[same], others[same], shape),
            members=membership(np.searchsorted(present, labels), len(present)),
            starts=starts,
            lengths=ends - starts,
            present=present,
            classes=K,
        )

    def figures(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the area under the ROC curve and the average precision (K, r) under weights (n, r).

        NaN where a class or everything else has no weight. Ties count half in the area, as in scikit-learn;
        average precision is the step sum of precision over gains in recall.
        """
        hits = self.hits @ weights  # (G, r)
        short = weights.astype(np.float32)  # whole numbers: exact, and half to move in the largest product
        alarms, total_hits = self._running((self.alarms @ short).astype(np.float64)), self._running(hits)
        positives = self.members @ weights  # (m, r)
        negatives = weights.sum(axis=0) - positives
        beaten = self._spread(negatives) - alarms + (self.tied @ short) / 2
        every = np.full((2, self.classes, weights.shape[1]), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(hits > 0, total_hits / (total_hits + alarms), 0)
            area = np.add.reduceat(hits * beaten, self.starts, axis=0) / (positives * negatives)
            mean = np.add.reduceat(hits * precision, self.starts, axis=0) / positives
        every[:, self.present] = area, np.where(negatives > 0, mean, np.nan)
        return every[0], every[1]

    def _running(self, sums: np.ndarray) -> np.ndarray:
        """Return the running sums of (G, r) within each class; they are whole numbers, and so exact."""
        running = np.cumsum(sums, axis=0)
        before = np.zeros((len(self.starts), sums.shape[1]))
        before[1:] = running[self.starts[1:] - 1]
        return running - self._spread(before)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        """Repeat a value (m, r) of each class for each of its buckets, (G, r)."""
        return np.repeat(values, self.lengths, axis=0)


def _marked(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
