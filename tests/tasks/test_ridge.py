"""Ridge regression on gradients: as scikit-learn has it, its penalty chosen by leaving one out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from convscope.tasks.ridge import PENALTIES, fitted


def drawn(n: int, d: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, scored, w = rng.normal(size=(n, d)), rng.normal(size=(30, d)), rng.normal(size=(d, 2)) / np.sqrt(d)
    return x, scored, x @ w + noise * rng.normal(size=(n, 2)), scored @ w


@pytest.mark.parametrize(("n", "d"), [(40, 8), (30, 90)])
def test_the_penalty_is_the_best_of_leaving_one_out(n, d):
    x, scored, y, _ = drawn(n, d, 0.5)
    guesses, penalty = fitted(x, scored, y)
    errors = []
    for alpha in PENALTIES * d:
        left = [
            Ridge(alpha=alpha).fit(np.delete(x, i, 0), np.delete(y, i, 0)).predict(x[i : i + 1])[0] - y[i]
            for i in range(n)
        ]
        errors.append(np.mean(np.square(left)))
    assert penalty == pytest.approx(PENALTIES[int(np.argmin(errors))])
    assert guesses == pytest.approx(Ridge(alpha=penalty * d).fit(x, y).predict(scored), abs=1e-6)


def test_a_linear_relation_is_found():
    x, scored, y, truth = drawn(300, 8, 0.05)
    guesses, _ = fitted(x, scored, y)
    assert np.abs(guesses - truth).mean() < 0.05


def test_two_examples_are_enough_to_answer():
    x, scored, y, _ = drawn(2, 8, 0.1)
    assert np.isfinite(fitted(x, scored, y)[0]).all()
