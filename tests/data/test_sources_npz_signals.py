"""Signals in NumPy archives: by their axes, or by what the array is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope as cs

X, Y = np.random.default_rng(1).normal(size=(30, 2, 17)), np.array(["a", "b"])[np.arange(30) % 2]


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_examples_of_one_axis_are_signals(tmp_path: Path):
    data = cs.load(saved(tmp_path / "a.npz", x_train=X[:20, 0], y_train=Y[:20], x_test=X[20:, 0], y_test=Y[20:]))
    assert data.preprocessing.input.space == (17,) and data.test is not None and len(data.test) == 10
    np.testing.assert_array_equal(np.stack([each.image[:, 0] for each in data.everything]), X[:, 0].astype(np.float32))
    assert [each.label for each in data.everything] == Y.tolist()


def test_channels_come_first_where_the_name_says_signals(tmp_path: Path):
    data = cs.load(saved(tmp_path / "a.npz", signals=X, labels=Y, patient=np.arange(30) // 3))
    assert data.preprocessing.input.shape == (2, 17) and data.train.groups is not None
    np.testing.assert_array_equal(np.stack([each.image.T for each in data.everything]), X.astype(np.float32))
    images = cs.load(saved(tmp_path / "b.npz", x=(X * 50).astype(np.uint8), y=Y), cache=tmp_path / "cache")
    assert images.train.input.spec.kind == "image"


def test_values_that_are_not_finite_are_named(tmp_path: Path):
    broken = X.copy()
    broken[4, 1, 9] = np.nan
    path = saved(tmp_path / "a.npz", signals=broken, labels=Y)
    with pytest.raises(cs.DataError, match=r"1 of 30 signals cannot be used: .*4: nan at step 9 of channel 1"):
        cs.load(path)
    assert len(cs.load(path, skip_bad=True).everything) == 29
