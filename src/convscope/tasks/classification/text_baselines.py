"""Simple methods beside a network for texts: what n-grams, lengths, single letters and the nearest sequence say.

All are given whole texts and the training split; of so many that learning would take too long, each class by its share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Classes
from convscope.data.transforms.dna import BASES, LETTERS, probabilities
from convscope.tasks.baselines import Baseline, BaselineResult, Budget
from convscope.tasks.texts import LETTERS_A_SECOND, LONGEST, gram_counts, sizes, texts_of

STEPS = 1000

Learn = Callable[[Sequence[str], np.ndarray, int], tuple[Callable[[Sequence[str]], np.ndarray], str]]
# From texts, their classes and how many there are: what gives probabilities (n, K), and what it is in words.


def _rows(train: Split, most: int, seed: int) -> np.ndarray:
    """Choose up to ``most`` examples, each class by its share and at least one."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(train))
    if most >= len(train):
        return np.sort(order)
    order = order[np.argsort(train.labels[order], kind="stable")]
    first = order[np.unique(train.labels[order], return_index=True)[1]]
    return np.unique(np.concatenate([first, order[np.arange(most) * len(order) // most]]))


def _grams(texts: Sequence[str], labels: np.ndarray, classes: int) -> tuple[Callable[..., np.ndarray], str]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    counts = gram_counts(len(texts))
    x: Any = counts.fit_transform(texts)
    model = LogisticRegression(solver="liblinear", max_iter=STEPS)
    model = (model if len(np.unique(labels)) == 2 else OneVsRestClassifier(model)).fit(x, labels)
    what = f"logistic regression on the counts of {x.shape[1]:,} runs of 1 to {LONGEST} characters"
    return lambda new: _spread(model, counts.transform(new), classes), what


def _length(texts: Sequence[str], labels: np.ndarray, classes: int) -> tuple[Callable[..., np.ndarray], str]:
    model = _linear().fit(sizes(texts), labels)
    what = "logistic regression on the number of characters and of spaces"
    return lambda new: _spread(model, sizes(new), classes), what


def one_hot(texts: Sequence[str]) -> np.ndarray:
    """Return the probabilities of the bases at each place (n, 4 × L) of DNA of one length.

    >>> one_hot(["CN"]).tolist()
    [[0.0, 1.0, 0.0, 0.0, 0.25, 0.25, 0.25, 0.25]]
    """
    table = probabilities()[2:]
    at = np.array([[LETTERS.index(letter) for letter in text] for text in texts])
    return table[at].reshape(len(texts), -1).astype(np.float64)


def neighbours(texts: Sequence[str]) -> np.ndarray:
    """Return ``one_hot`` and, behind it, those of the pairs at each two places: (n, 4 × L + 16 × (L - 1))."""
    single = one_hot(texts).reshape(len(texts), -1, len(BASES))
    paired = np.einsum("nla,nlb->nlab", single[:, :-1], single[:, 1:])
    return np.concatenate([single.reshape(len(texts), -1), paired.reshape(len(texts), -1)], 1)


def _placed(features: Callable[[Sequence[str]], np.ndarray], said: str) -> Learn:
    def learn(texts: Sequence[str], labels: np.ndarray, classes: int) -> tuple[Callable[..., np.ndarray], str]:
        x = features(texts)
        model = _linear(0.1).fit(x, labels)
        return lambda new: _spread(model, features(new), classes), f"logistic regression on {x.shape[1]:,} {said}"

    return learn


def _nearest(texts: Sequence[str], labels: np.ndarray, classes: int) -> tuple[Callable[..., np.ndarray], str]:
    known = one_hot(texts)

    def of(new: Sequence[str]) -> np.ndarray:
        nearest = np.concatenate([(x @ known.T).argmax(1) for x in np.array_split(one_hot(new), len(new) // 512 + 1)])
        answers = np.full((len(new), classes), 0.05 / classes)
        answers[np.arange(len(new)), labels[nearest]] += 0.95
        return answers

    return of, "the class of the training sequence with the most equal letters; its probabilities are not learned"


def _linear(strength: float = 1.0) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=STEPS)


def _spread(model: Any, x: Any, classes: int) -> np.ndarray:
    """Return probabilities (n, K) also where the training examples lack a class."""
    answers = np.zeros((x.shape[0], classes))
    answers[:, model.classes_] = model.predict_proba(x)
    return answers


def _method(learn: Learn, *, placed: bool = False) -> Baseline:
    """Return a simple method for texts; of ``placed`` ones for DNA of one length."""

    def method(name: str, train: Split, scored: Split, target: Classes, budget: Budget) -> BaselineResult | None:
        if train.input.spec.kind != "text":
            return None
        start = time.perf_counter()
        new = texts_of(scored)
        first = texts_of(train, np.arange(min(64, len(train))))
        if placed and not _is_placed([*new, *first]):
            return None
        letters = sum(map(len, first)) / len(first)
        at = _rows(train, max(int(LETTERS_A_SECOND * budget.seconds / letters), 10 * len(target.names)), budget.seed)
        texts = texts_of(train, at)
        if placed and not _is_placed([*new[:1], *texts]):
            return None
        predict, what = learn(texts, train.labels[at], len(target.names))
        what += f", learned from {len(at):,} of {len(train):,} training texts"
        return BaselineResult(name, what, predict(new), time.perf_counter() - start, len(at), len(at) < len(train))

    return method


def _is_placed(texts: Sequence[str]) -> bool:
    return len({len(text) for text in texts}) == 1 and set().union(*texts) <= set(LETTERS)


METHODS: dict[str, Baseline] = {
    "n-gram logistic regression": _method(_grams),
    "letters logistic regression": _method(_placed(one_hot, "letters at their places"), placed=True),
    "letter pairs logistic regression": _method(
        _placed(neighbours, "letters and neighbouring pairs at their places"), placed=True
    ),
    "nearest sequence": _method(_nearest, placed=True),
    "text length": _method(_length),
}
