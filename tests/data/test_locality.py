"""The check that neighbours are alike: silent on real signals and images, heard where their order is shuffled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

import convscope as cs
from convscope.data.checks.locality import ALARM, Likeness, of_images, of_signals
from convscope.data.columns import InMemory, Ragged
from real_data import real_data

RANDOM = np.random.default_rng(4)


def of(signals: np.ndarray) -> Likeness:
    found = of_signals(InMemory.of("signal", signals.astype(np.float32)), np.arange(len(signals)))
    assert found is not None
    return found


def shuffled(signals: np.ndarray, seed: int) -> np.ndarray:
    return signals[:, np.random.default_rng(seed).permutation(signals.shape[1])]


@pytest.mark.parametrize(("name", "least"), [("ECG200_TRAIN.txt", 15), ("ECG5000_TRAIN.txt", 20)])
def test_heartbeats(name: str, least: float):
    table = np.loadtxt(real_data("ecg") / name)[:, 1:, None]
    assert of(table).deviations > least
    assert of(table[:15]).local and of(table[:, :16]).local
    assert max(of(shuffled(table, seed)).deviations for seed in range(20)) < ALARM


@pytest.mark.parametrize("steps", [12, 25, 700])  # the last is looked at in blocks
def test_walks_are_local_and_noise_is_not(steps: int):
    walks = np.cumsum(RANDOM.normal(size=(100, steps, 2)), axis=1)
    assert of(walks).local and not of(shuffled(walks, 1)).local and not of(RANDOM.normal(size=(100, steps, 1))).local
    lengths = [walk[: len(walk) - at % 3] for at, walk in enumerate(walks)]
    found = of_signals(Ragged.of("signal", lengths), np.arange(100))
    assert found is not None and found.local


def test_rhythms_that_begin_anywhere_are_local():
    waves = np.sin(np.arange(64) * 0.5 + 6 * RANDOM.random((80, 1))) + RANDOM.normal(size=(80, 64))
    assert of(waves[..., None]).local


@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_tables_of_measurements_are_not(tmp_path: Path, load):
    table = load()
    assert not of(table.data[..., None]).local
    rows = [",".join([*table.feature_names, "class"])]
    rows += [",".join([*map(str, x), str(y)]) for x, y in zip(table.data, table.target, strict=True)]
    (tmp_path / "set.csv").write_text("\n".join(rows))
    said = {notice.code: notice.text for notice in cs.load(tmp_path / "set.csv").warnings}
    assert "neighbouring steps are no more alike than any two" in said["no-locality"] and "columns-as-steps" in said


def test_images_and_their_shuffled_pixels(tmp_path: Path):
    x, y = load_digits(return_X_y=True)
    images = x.astype(np.uint8).reshape(-1, 8, 8, 1)
    column = InMemory.of("image", images)
    found = of_images(column, np.arange(len(images)))
    assert found is not None and found.deviations > 15
    flat = images
    for seed in range(10):
        flat = shuffled(images.reshape(len(images), -1), seed).reshape(images.shape)
        found = of_images(InMemory.of("image", flat), np.arange(len(flat)))
        assert found is not None and not found.local
    np.savez(tmp_path / "set.npz", x=flat[..., 0], y=y)
    codes = {notice.code: notice.text for notice in cs.load(tmp_path / "set.npz").warnings}
    assert "neighbouring pixels are no more alike" in codes["no-locality"]
    assert "no-locality" not in {notice.code for notice in cs.load("digits").warnings}


@pytest.mark.parametrize("shape", [(11, 50, 1), (100, 7, 1)])
def test_of_too_few_nothing_is_said(shape: tuple[int, ...]):
    assert (
        of_signals(InMemory.of("signal", RANDOM.normal(size=shape)), np.arange(len(RANDOM.normal(size=shape)))) is None
    )


def test_places_that_never_change_are_left_aside():
    walks = np.cumsum(RANDOM.normal(size=(60, 30, 1)), axis=1)
    walks[:, 10:14] = 3
    assert of(walks).local
    still = np.ones((60, 30, 1))
    assert of_signals(InMemory.of("signal", still), np.arange(60)) is None
