"""How sure the mean over several trainings is: the bootstrap over examples and over seeds at once.

What a network scores hangs on the examples that happened to be in the test, and on the seed it happened to be trained
with. A resample draws both anew: as many examples as there are (as many whole groups of them, where there are groups),
the same for all networks, and of each network's S seeds S - 1 (S would make the spread too narrow by S / (S - 1);
McCarthy and Snowden 1985). Two networks trained with the same seeds get the same draw of seeds. Owen, The pigeonhole
bootstrap, Annals of Applied Statistics 1, 2007: drawing rows and columns of a table independently errs, if at all, on
the side of caution. A network with one seed keeps it: then nothing is known of what another seed would have done.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def resampled_means(figures: np.ndarray, groups: Sequence[dict[int, int]], seed: int) -> np.ndarray:
    """Return the mean (groups, resamples) over each group's seeds, drawn anew, of the runs' ``figures`` (runs, ...).

    A group is one network: seed -> row of the run that was trained with it.

    >>> resampled_means(np.array([[0.5, 0.7], [0.9, 0.8]]), [{0: 0}, {3: 1}], seed=0)
    array([[0.5, 0.7],
           [0.9, 0.8]])
    """
    resamples = figures.shape[1]
    draws: dict[tuple[int, ...], np.ndarray] = {}
    means = np.empty((len(groups), resamples))
    for at, group in enumerate(groups):
        seeds = tuple(sorted(group))
        if seeds not in draws:
            S = len(seeds)
            rng = np.random.default_rng([seed, *seeds])
            draws[seeds] = rng.multinomial(S - 1, [1 / S] * S, resamples).T / (S - 1) if S > 1 else np.ones(1)[:, None]
        means[at] = (draws[seeds] * figures[[group[s] for s in seeds]]).sum(axis=0)
    return means


def two_sided(differences: np.ndarray) -> float:
    """Return how often resampled ``differences`` (resamples,) reach zero, on both sides: never exactly 0.

    >>> two_sided(np.ones(999))
    0.002
    """
    below, above = (differences <= 0).sum(), (differences >= 0).sum()
    return float(min(1.0, 2 * (min(below, above) + 1) / (len(differences) + 1)))
