"""Figures of predicted points: as plain loops have them, missing points left out, the normaliser named."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.data.spec import Points
from convscope.errors import ConfigError, DataError
from convscope.tasks.landmarks.evidence import PointErrors, cumulative, weighted_median
from convscope.tasks.landmarks.normaliser import checked, chosen, lengths
from convscope.tasks.landmarks.scores import scores

HAND = Points(("wrist", "thumb", "index", "middle"), normaliser="box")


def guesses(n: int, K: int = 4, *, seed: int = 0, missing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-20, 300, (n, K, 2))
    predicted = truth + rng.gamma(2, rng.uniform(2, 12, (n, 1, 1)), truth.shape)
    truth[rng.random((n, K)) < missing] = np.nan
    return truth, predicted


def looped(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    """Return the normalised mean error of each example by the box diagonal, one point after the other."""
    errors = []
    for points, guess in zip(truth, predicted, strict=True):
        known = [k for k in range(len(points)) if not np.isnan(points[k]).any()]
        xs, ys = [points[k][0] for k in known], [points[k][1] for k in known]
        diagonal = ((max(xs) - min(xs)) ** 2 + (max(ys) - min(ys)) ** 2) ** 0.5
        apart = [((points[k] - guess[k]) ** 2).sum() ** 0.5 for k in known]
        errors.append(sum(apart) / len(apart) / diagonal)
    return errors


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_figures_are_those_of_a_plain_loop(missing):
    truth, predicted = guesses(60, missing=missing)
    enough = np.isfinite(truth[..., 0]).sum(axis=1) >= 2
    truth, predicted = truth[enough], predicted[enough]
    result = scores(truth, predicted, HAND, resamples=10)
    errors = np.array(looped(truth, predicted))
    assert result.per_example == pytest.approx(errors)
    assert result.metrics["nme"].value == pytest.approx(errors.mean())
    assert result.metrics["median_nme"].value == pytest.approx(np.median(errors))
    assert result.metrics["failures"].value == pytest.approx(sum(e > 0.1 for e in errors) / len(errors))
    fine = np.linspace(0, 0.08, 200_001)
    area = np.trapezoid([(errors <= x).mean() for x in fine[::50]], fine[::50]) / 0.08
    assert result.metrics["auc"].value == pytest.approx(area, abs=1e-3)
    assert result.details["missing"] == np.isnan(truth[..., 0]).sum()
    of_wrist = [
        np.linalg.norm(p[0] - q[0]) / length
        for p, q, length in zip(truth, predicted, lengths(truth, "box", HAND.names)[0], strict=True)
    ]
    assert result.details["points"][0]["nme"]["value"] == pytest.approx(np.nanmean(of_wrist))


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_are_those_of_a_plain_loop_over_examples_or_groups(grouped):
    truth, predicted = guesses(40)
    groups = np.array([f"g{i // 4}" for i in range(40)]) if grouped else None
    result = scores(truth, predicted, HAND, None, groups, resamples=4000)
    errors = np.array(looped(truth, predicted))
    rng = np.random.default_rng(5)
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)] if grouped else [[i] for i in range(40)]
    drawn = np.array(
        [
            [errors[rows].mean(), np.median(errors[rows]), np.maximum(0, 1 - errors[rows] / 0.08).mean()]
            for rows in (
                np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]) for _ in range(4000)
            )
        ]
    )
    for name, (low, high) in zip(("nme", "median_nme", "auc"), np.quantile(drawn, [0.025, 0.975], 0).T, strict=True):
        assert result.metrics[name].low == pytest.approx(low, abs=0.08 * (high - low))
        assert result.metrics[name].high == pytest.approx(high, abs=0.08 * (high - low))
    assert result.groups == (10 if grouped else None)


def test_points_outside_the_image_count_and_an_example_without_points_does_not():
    truth, predicted = guesses(6)
    truth[0] -= 1000
    predicted[0] -= 1000
    alone = scores(truth[:5], predicted[:5], HAND, resamples=10)
    truth[5] = np.nan
    result = scores(truth, predicted, HAND, resamples=10)
    assert result.metrics["nme"].value == pytest.approx(alone.metrics["nme"].value)
    assert np.isnan(result.per_example[5])
    assert np.isfinite(result.per_example[0])


def test_errors_are_divided_by_what_is_named():
    truth, predicted = guesses(7, 68)
    face = Points(tuple(f"p{k}" for k in range(68)), normaliser=chosen(68))
    errors = PointErrors.of(truth, predicted, face)
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
    apart = np.linalg.norm(truth - predicted, axis=2)
    assert errors.per_example == pytest.approx(apart.mean(axis=1) / eyes)
    result = scores(truth, predicted, face, resamples=10)
    assert "outer eye corners" in result.metrics["nme"].about.meaning
    assert result.details["normaliser"] == "inter-ocular"
    named = Points(face.names, normaliser=checked("p36, 45", face.names))
    assert PointErrors.of(truth, predicted, named).per_example == pytest.approx(errors.per_example)
    size = np.sqrt(np.prod(truth.max(axis=1) - truth.min(axis=1), axis=1))
    area = Points(face.names, normaliser="size")
    assert PointErrors.of(truth, predicted, area).per_example == pytest.approx(apart.mean(axis=1) / size)


def test_in_pixels_nothing_is_divided_and_nothing_is_called_normalised():
    truth, predicted = guesses(7, 1)
    result = scores(truth, predicted, Points(("nose",), normaliser=chosen(1)), resamples=10)
    assert result.metrics["nme"].value == pytest.approx(np.linalg.norm(truth - predicted, axis=2).mean())
    assert set(result.metrics) == {"nme", "median_nme"}
    assert result.metrics["nme"].about.unit == "pixels"
    assert "normalised" not in result.metrics["nme"].about.title


def test_where_the_length_is_unknown_that_of_the_others_stands_in():
    truth, predicted = guesses(5)
    truth[1, 1:] = np.nan  # one point left: its box has no size
    errors = PointErrors.of(truth, predicted, HAND)
    others = np.linalg.norm(np.delete(truth, 1, 0).max(axis=1) - np.delete(truth, 1, 0).min(axis=1), axis=1)
    assert errors.length[1] == pytest.approx(np.median(others))
    assert scores(truth, predicted, HAND, resamples=10).details["stood_in"] == 1


def test_the_median_is_that_of_repeated_values():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=9), rng.integers(0, 4, (9, 200)).astype(float)
    found = weighted_median(values, weights)
    for r in range(200):
        assert found[r] == pytest.approx(np.median(np.repeat(values, weights[:, r].astype(int))))
    assert np.isnan(weighted_median(values, np.zeros((9, 1)))).all()


def test_the_curve_of_errors_ends_at_the_fraction_below():
    errors = np.random.default_rng(0).gamma(2, 0.03, 50)
    x, y = cumulative(errors, 0.08)
    assert (x[0], x[-1], y[-1]) == (0, 0.08, (errors <= 0.08).mean())
    area = np.sum(np.diff(x) * y[:-1]) / 0.08
    assert area == pytest.approx(np.maximum(0, 1 - errors / 0.08).mean())


@pytest.mark.parametrize(
    ("normaliser", "part"),
    [
        ("inter-ocular", "68"),
        ("boxx", "'box'"),
        ("wrist,thum", "'thumb'"),
        ("wrist,4", "no point '4'"),
        ("wrist,0", "one point"),
    ],
)
def test_a_normaliser_that_there_is_not_is_refused(normaliser, part):
    with pytest.raises(ConfigError, match=part):
        checked(normaliser, HAND.names)


def test_what_cannot_be_scored_is_refused():
    truth, predicted = guesses(4)
    with pytest.raises(DataError, match="4 points"):
        scores(truth[:, :3], predicted, HAND)
    with pytest.raises(DataError, match="4 points"):
        scores(np.full_like(truth, np.nan), predicted, HAND)
    predicted[2, 1, 0] = np.inf
    with pytest.raises(DataError, match="thumb for example 2"):
        scores(truth, predicted, HAND)
