"""Simple methods for numbers of texts and of signals find what is there, and leave other inputs alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from convscope.data.spec import Numbers
from convscope.tasks.baselines import run
from convscope.tasks.regression.baselines import METHODS


def scored(data: cs.Data) -> dict[str, np.ndarray]:
    train = np.asarray(data.train.target)
    spec = data.columns[data.targets[0]].spec
    target = Numbers(spec.names, spec.units, tuple(train.mean(0)), tuple(train.std(0)))
    assert data.test is not None
    return {each.name: each.predictions for each in run(METHODS, data.train, data.test, target, seconds=4.0)}


def errors(data: cs.Data) -> dict[str, float]:
    assert data.test is not None
    truth = np.asarray(data.test.target)
    return {name: float(np.abs(predicted - truth).mean()) for name, predicted in scored(data).items()}


def test_ridge_of_texts_learns_what_their_characters_and_lengths_say(tmp_path: Path):
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice([*"abcd"], rng.integers(3, 12))) for _ in range(400)]
    rows = [f"{word},{10 * word.count('ab') + len(word) + 100.5}" for word in words]
    (tmp_path / "t.csv").write_text("\n".join(["text,age", *rows]))
    found = errors(cs.load(tmp_path / "t.csv", task="regression", label_column="age"))
    assert set(found) == {"mean", "n-gram ridge", "text length"}
    assert found["n-gram ridge"] < 0.4 * found["mean"] and found["text length"] < found["mean"]


def test_ridge_of_signals_learns_their_level_and_what_kernels_see(tmp_path: Path):
    rng = np.random.default_rng(0)
    height = rng.uniform(1, 5, 120)
    signals = height[:, None] * np.sin(np.arange(40) / 3)[None] + rng.normal(0, 0.1, (120, 40))
    np.savez(tmp_path / "s.npz", signals=signals[:, None].astype(np.float32), y=height + 0.5)
    found = errors(cs.load(tmp_path / "s.npz", task="regression"))
    assert set(found) == {"mean", "summary statistics", "random kernels"}
    assert found["summary statistics"] < 0.1 * found["mean"] and found["random kernels"] < 0.5 * found["mean"]


def test_what_is_missing_is_the_mean(tmp_path: Path):
    rows = [f"text{k},{'' if k % 5 == 0 else k % 7 + 0.5},{k % 3 + 0.25}" for k in range(120)]
    (tmp_path / "t.csv").write_text("\n".join(["text,a,b", *rows]))
    data = cs.load(tmp_path / "t.csv", task="regression", label_column="a,b")
    train = np.asarray(data.train.target)
    target = Numbers(("a", "b"), ("", ""), tuple(np.nanmean(train, 0)), tuple(np.nanstd(train, 0)))
    assert data.test is not None
    for each in run(METHODS, data.train, data.test, target, seconds=2.0):
        assert np.isfinite(each.predictions).all() and each.predictions.shape == (len(data.test), 2)


@pytest.mark.parametrize("pair", [("male", "female")])
def test_tables_of_one_form_are_one_set_where_numbers_are_learned(tmp_path: Path, pair: tuple[str, str]):
    for name in pair:
        rows = [f"{name}{k},{k}.5" for k in range(20)]
        (tmp_path / f"{name}_names.csv").write_text("\n".join(["name,mean_age", *rows]))
    data = cs.load(tmp_path, task="regression", label_column="mean_age")
    assert len(data) == 40 and data.target_kind == "number"
    assert cs.load(tmp_path).classes == ("female", "male")
