"""Simple methods for signals: against brute force, on signals of any length and number of channels, in no time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import convscope as cs
from convscope.data import from_arrays
from convscope.data.spec import Classes
from convscope.tasks import baselines
from convscope.tasks.classification.baselines import METHODS
from convscope.tasks.signals import random_kernels, ridge
from convscope.tasks.signals.padded import Padded, padded
from convscope.tasks.signals.statistics import NAMES, statistics
from real_data import real_data

OF_SIGNALS = ("majority class", "1-NN", "summary statistics", "random kernels")


def results(data: cs.Data, split: str = "test") -> dict[str, baselines.BaselineResult]:
    scored = getattr(data, split)
    return {each.name: each for each in baselines.run(METHODS, data.train, scored, Classes(data.classes))}


def waves(n: int, channels: int, lengths: tuple[int, ...], seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Return noise with a slow or a fast wave somewhere in it."""
    rng, labels = np.random.default_rng(seed), np.arange(n) % 2
    signals = []
    for label in labels:
        steps = np.arange(rng.choice(lengths))
        wave = np.sin(2 * np.pi * (steps / (6 if label else 14) + rng.uniform()))
        signals.append((wave[:, None] + 0.3 * rng.normal(size=(len(steps), channels)) + 5).astype(np.float32))
    return signals, labels


@pytest.mark.parametrize("around", [False, True])
def test_shares_are_those_of_plain_correlation(around: bool):
    rng = np.random.default_rng(1)
    x, lengths = rng.normal(size=(4, 3, 50)).astype(np.float32), np.array([50, 50, 31, 7])
    x *= np.arange(50) < lengths[:, None, None]
    kernel = random_kernels.Kernel((0, 4, 7), 3, np.array([0, 2]), np.array([-1.0, 0.0, 2.5]), around)
    found = random_kernels.shares(Padded(x, lengths), [kernel])
    weights = np.zeros(25)
    weights[::3] = [2 if k in kernel.at else -1 for k in range(9)]
    for row, length in enumerate(lengths):
        signal = x[row, [0, 2], :length].astype(np.float64).sum(0)
        whole = not around and length > 24
        answers = np.correlate(signal if whole else np.pad(signal, 12), weights, "valid")
        assert len(answers) == (length - 24 if whole else length)
        np.testing.assert_allclose(found[row], [(answers > each).mean() for each in kernel.thresholds], atol=1e-6)


@pytest.mark.parametrize("around", [False, True])
def test_of_long_signals_some_steps_are_looked_at_whichever_stand_beside_them(around: bool):
    rng = np.random.default_rng(4)
    lengths = np.array([400, 400, 250, 40, 23, 1])
    x = rng.normal(size=(6, 2, 400)).astype(np.float32) * (np.arange(400) < lengths[:, None, None])
    every = random_kernels.Kernel((1, 2, 8), 5, np.array([1]), np.array([-0.5, 0.4]), around, 7)
    table = random_kernels.shares(Padded(x, lengths), [every])
    weights = np.full(9, -1.0)
    weights[[1, 2, 8]] = 2
    for row, length in enumerate(lengths):
        padded_signal = np.pad(x[row, 1, :length].astype(np.float64), 20)
        answers = np.array([weights @ padded_signal[at : at + 41 : 5] for at in range(length)])
        at = np.arange(0, length, 7)
        whole = (at >= 20) & (at < length - 20)
        seen = answers[at[whole]] if not around and length - 40 >= 7 else answers[at]
        np.testing.assert_allclose(table[row], [(seen > each).mean() for each in every.thresholds], atol=1e-6)
        alone = random_kernels.shares(Padded(x[row : row + 1, :, :length], lengths[row : row + 1]), [every])
        np.testing.assert_array_equal(alone[0], table[row])


def test_shares_of_long_signals_are_nearly_those_of_all_steps():
    signals = Padded(np.random.default_rng(0).normal(size=(2, 1, 9_000)).astype(np.float32), np.full(2, 9_000))
    kernels = random_kernels.drawn(signals, 0)
    assert {kernel.every for kernel in kernels if kernel.around} == {3}
    shares = random_kernels.shares(signals, kernels)
    whole = random_kernels.shares(signals, [replace(kernel, every=1) for kernel in kernels])
    assert np.abs(shares - whole).mean() < 0.01


def test_kernels_are_84_and_their_thresholds_quantiles():
    signals = Padded(np.random.default_rng(0).normal(size=(5, 1, 120)).astype(np.float32), np.full(5, 120))
    kernels = random_kernels.drawn(signals, 0)
    assert len({kernel.at for kernel in kernels}) == 84
    assert sum(len(kernel.thresholds) for kernel in kernels) == 9996
    assert {kernel.dilation for kernel in kernels} >= {1, 2, 4, 8} and max(k.dilation for k in kernels) * 8 < 120
    assert 0.45 < random_kernels.shares(signals, kernels).mean() < 0.55  # half of the answers, on the whole
    again = random_kernels.drawn(signals, 0)
    assert all(np.array_equal(a.thresholds, b.thresholds) for a, b in zip(kernels, again, strict=True))


def test_ridge_is_scikit_learns():
    from sklearn.linear_model import Ridge, RidgeCV

    rng = np.random.default_rng(2)
    x, labels = rng.normal(size=(40, 90)), np.arange(40) % 3
    x[:, :3] += np.eye(3)[labels]
    model = ridge.fitted(x, labels, 3)
    scaled, wanted = (x - x.mean(0)) / x.std(0), 2 * np.eye(3)[labels] - 1
    assert model.penalty == pytest.approx(RidgeCV(alphas=ridge.PENALTIES).fit(scaled, wanted).alpha_)
    oracle = Ridge(alpha=model.penalty).fit(scaled, wanted).predict(scaled)
    np.testing.assert_allclose(scaled @ model.weights + model.offset, oracle, atol=2e-3)
    probabilities = model.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    assert (probabilities.argmax(1) == oracle.argmax(1)).all()


def test_the_nearest_neighbour_is_scikit_learns():
    from sklearn.neighbors import KNeighborsClassifier

    signals, labels = waves(60, 2, (40,))
    data = from_arrays(signals, labels)
    x = np.stack([each.image for each in data.everything])
    mean, std = x[data.train.rows].mean((0, 1)), x[data.train.rows].std((0, 1))
    flat = ((x - mean) / std).reshape(60, -1)
    oracle = KNeighborsClassifier(1).fit(flat[data.train.rows], data.train.labels)
    assert data.test is not None
    wanted = oracle.predict(flat[data.test.rows])
    assert (results(data)["1-NN"].predictions.argmax(1) == wanted).all()


@pytest.mark.parametrize(("channels", "lengths"), [(1, (60,)), (3, (60,)), (2, (20, 33, 61)), (1, (30, 150))])
def test_waves_are_told_apart(channels: int, lengths: tuple[int, ...]):
    signals, labels = waves(120, channels, lengths)
    data = from_arrays(signals, labels)
    found = results(data)
    assert tuple(found) == OF_SIGNALS and data.test is not None
    for name in ("summary statistics", "random kernels"):
        assert (found[name].predictions.argmax(1) == data.test.labels).mean() >= 0.95, name
        np.testing.assert_allclose(found[name].predictions.sum(1), 1)


@pytest.mark.parametrize("steps", [1, 2, 8])
def test_signals_may_be_of_one_step_or_flat(steps: int):
    labels = np.arange(30) % 2
    signals = np.repeat(labels[:, None, None], steps, axis=1) + np.zeros((1, 1, 2))
    signals[:, :, 1] = 3
    for result in results(from_arrays(signals.astype(np.float32), labels)).values():
        assert np.isfinite(result.predictions).all()


def test_statistics_are_named():
    signals, _ = waves(4, 2, (30, 12))
    batch, _ = padded(from_arrays(signals, np.arange(4.0)).everything, np.arange(4))
    assert statistics(batch).shape == (4, 2 * len(NAMES) + 1)
    level = statistics(batch)[:, NAMES.index("mean")]
    np.testing.assert_allclose(level, [x[0, :n].mean() for x, n in zip(*batch, strict=True)], atol=1e-6)


def test_padding_changes_no_answer():
    signals, labels = waves(40, 1, (20, 60))
    data = from_arrays(signals, labels)
    batch, scale = padded(data.train, np.arange(len(data.train)))
    kernels = random_kernels.drawn(batch, 0)
    together = random_kernels.shares(batch, kernels)
    alone = [random_kernels.shares(padded(data.train, np.array([k]), scale)[0], kernels)[0] for k in range(6)]
    np.testing.assert_array_equal(together[:6], alone)


def test_ecg200_is_answered_as_well_as_published():
    data = cs.load(real_data("ecg") / "ECG200_TRAIN.txt")
    right = {
        name: (each.predictions.argmax(1) == data.test.labels).mean()  # pyright: ignore[reportOptionalMemberAccess]
        for name, each in results(data).items()
    }
    assert right["random kernels"] >= 0.88 and right["1-NN"] >= 0.85 and right["majority class"] == 0.64
