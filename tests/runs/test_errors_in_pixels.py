"""Runs whose errors nothing divides: some figures of their task have no meaning there, and they are whole without."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.errors import DataError


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[cs.Run]:
    """Two runs in pixels, and one whose errors are divided by a box."""
    root = tmp_path_factory.mktemp("pixels")
    rng, points = np.random.default_rng(0), root / "points"
    points.mkdir()
    rows = [["image", "a_x", "a_y", "b_x", "b_y"]]
    for i in range(60):
        Image.fromarray(rng.integers(0, 256, (16, 16), np.uint8)).save(points / f"{i}.png")
        rows.append([f"{i}.png", *(f"{value:.1f}" for value in rng.uniform(2, 13, 4))])
    with (points / "points.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return [
        cs.train(
            points, "tiny", epochs=1, seed=seed, split_seed=0, normaliser=normaliser, head="own", baselines=seed == 0,
            out=root / f"{normaliser}{seed}", threads=1, quiet=True,
        )
        for seed, normaliser in enumerate(("pixels", "pixels", "box"))
    ]  # fmt: skip


def test_a_finished_run_shows_its_figures(runs: list[cs.Run]) -> None:
    run = cs.open_run(runs[0].folder)
    assert list(run.about) == ["nme", "median_nme"] and run.about["nme"].unit == "pixels"
    assert "nme" in repr(run) and "auc" not in run._repr_html_()
    assert run.metrics["baselines"] and all("auc" not in baseline for baseline in run.metrics["baselines"])


def test_runs_in_pixels_are_compared(runs: list[cs.Run]) -> None:
    (network,) = cs.compare(runs[:2]).networks
    errors = [run.metrics["nme"]["value"] for run in runs[:2]]
    assert network.figures["nme"]["value"] == pytest.approx(np.mean(errors))


def test_errors_of_different_normalisers_are_not_compared(runs: list[cs.Run]) -> None:
    with pytest.raises(DataError, match=r"different normalisers \(pixels; box\); train both with the same"):
        cs.compare(runs[1:])
