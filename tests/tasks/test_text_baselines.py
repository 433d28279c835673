"""The simple methods beside a network for texts are those of scikit-learn, and are for texts alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

import convscope as cs
from convscope.data.spec import Classes
from convscope.data.transforms.text import text_of
from convscope.tasks import baselines
from convscope.tasks.classification.baselines import METHODS
from convscope.tasks.classification.text_baselines import one_hot


def load(path: Path, rows: list[tuple[str, str]]) -> cs.Data:
    path.write_text("\n".join(["sequence,label", *map(",".join, rows)]) + "\n")
    return cs.load(path)


def words(data: cs.Data, split: str) -> list[str]:
    return [text_of(example.image) for example in getattr(data, split)]


def scores(data: cs.Data, seconds: float = 8.0) -> dict[str, baselines.BaselineResult]:
    assert data.test is not None
    results = baselines.run(METHODS, data.train, data.test, Classes(data.classes), seconds=seconds)
    return {result.name: result for result in results}


@pytest.fixture(scope="module")
def vowels(tmp_path_factory: pytest.TempPathFactory) -> cs.Data:
    rng = np.random.default_rng(0)
    starts = ["".join(rng.choice(list("aeioubcdfg "), rng.integers(2, 9))) for _ in range(400)]
    made = [start + rng.choice(list("aeilns")) for start in starts]
    return load(tmp_path_factory.mktemp("t") / "t.csv", [(w.strip(), "yn"[w[-1] in "aei"]) for w in made])


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> cs.Data:
    """DNA of one length, of a class each by the letter in the middle, and for some by the pair beside it."""
    rng = np.random.default_rng(1)
    made = ["".join(rng.choice(list("ACGT"), 20)) for _ in range(400)]
    of = {"A": "one", "C": "two", "G": "three", "T": "three"}
    return load(tmp_path_factory.mktemp("d") / "d.csv", [(s, of[s[9]]) for s in made])


def test_n_grams_are_those_of_scikit_learn(vowels: cs.Data):
    assert vowels.test is not None
    counts = CountVectorizer(analyzer="char", ngram_range=(1, 5), lowercase=False)
    model = LogisticRegression(solver="liblinear").fit(
        counts.fit_transform(words(vowels, "train")), vowels.train.labels
    )
    wanted = model.predict_proba(counts.transform(words(vowels, "test")))
    results = scores(vowels)
    assert set(results) == {"majority class", "n-gram logistic regression", "text length"}
    np.testing.assert_allclose(results["n-gram logistic regression"].predictions, wanted, atol=1e-6)
    assert results["text length"].train_rows == len(vowels.train)


def test_less_time_means_fewer_texts_of_every_class(vowels: cs.Data):
    few = scores(vowels, seconds=1e-4)["n-gram logistic regression"]
    assert 20 <= few.train_rows < 40 and few.stopped_early
    assert "learned from 2" in few.what and np.allclose(few.predictions.sum(1), 1)


def test_dna_of_one_length_has_methods_that_know_the_place(sites: cs.Data):
    results = scores(sites)
    assert {"letters logistic regression", "letter pairs logistic regression", "nearest sequence"} <= set(results)
    assert sites.test is not None
    right = {name: (result.predictions.argmax(1) == sites.test.labels).mean() for name, result in results.items()}
    assert right["letters logistic regression"] > 0.9 > right["n-gram logistic regression"]
    new, known = words(sites, "test"), words(sites, "train")
    equal = np.array([[sum(a == b for a, b in zip(x, y, strict=True)) for y in known] for x in new])
    nearest = results["nearest sequence"].predictions.argmax(1)
    for row, answer in enumerate(nearest):
        assert answer in sites.train.labels[equal[row] == equal[row].max()]


def test_ambiguous_letters_are_probabilities():
    assert one_hot(["AR"]).tolist() == [[1, 0, 0, 0, 0.5, 0, 0.5, 0]]


def test_images_have_none_of_them(digits: cs.Data):
    for name in ("n-gram logistic regression", "nearest sequence", "text length"):
        budget = baselines.Budget(1.0, 0, np.empty(1, np.float32))
        assert METHODS[name](name, digits.train, digits.valid, Classes(digits.classes), budget) is None
