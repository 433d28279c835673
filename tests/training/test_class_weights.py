"""Balanced class weights, also where a class has no training image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.api import results
from convscope.tasks.classification.objective import balanced


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(results, "write_report", lambda contents, folder: (folder / "report.html").touch())


def folders(root: Path, **splits: dict[str, int]) -> Path:
    """Write images (class by brightness) of ``splits``: for each the number of images of each class."""
    rng = np.random.default_rng(0)
    for split, classes in splits.items():
        for name, number in classes.items():
            (root / split / name).mkdir(parents=True)
            for i in range(number):
                image = rng.integers(0, 40, (8, 8)) + 70 * "abc".index(name)
                Image.fromarray(image.astype(np.uint8)).save(root / split / name / f"{i}.png")
    return root


SETTINGS = {"epochs": 3, "lr": 0.02, "augment": "none", "baselines": False, "class_weights": "balanced"}


@pytest.mark.parametrize("words", ["none", "cutmix=1 mixup=0.4"])
def test_a_class_without_a_training_image_gets_no_weight(tmp_path: Path, words: str) -> None:
    root = folders(tmp_path / "set", train={"a": 40, "b": 10}, test={"a": 8, "b": 8, "c": 8})
    told: list[str] = []
    observer = cs.Observer(on_notice=told.append)
    done = cs.train(root, "tiny", out=tmp_path / "run", observer=observer, **{**SETTINGS, "augment": words})
    metrics = done.metrics
    assert told == metrics["notices"] and len(told) == 1
    assert "class weights" in told[0] and "(c)" in told[0]
    assert np.isfinite(done.steps["loss"]).all() and np.isfinite(done.epochs["valid_loss"]).all()
    a, _, c = metrics["per_class"]
    assert (c["support"], c["recall"]["value"], c["precision"]["value"]) == (8, 0, None)
    assert a["auc"]["value"] is not None and metrics["log_loss"]["value"] > 0
    data = cs.load(root)
    assert balanced(data.train.labels, data.valid.labels, 3).tolist() == pytest.approx([25 / 40, 25 / 10, 0], rel=0.1)


def test_a_class_in_no_validation_image_and_one_in_those_alone(tmp_path: Path) -> None:
    root = folders(tmp_path / "set", train={"a": 20, "b": 10}, valid={"a": 6}, test={"a": 5, "b": 5})
    done = cs.train(root, "tiny", out=tmp_path / "run", **SETTINGS)
    assert np.isfinite(done.epochs["valid_loss"]).all() and done.metrics["notices"] == []
    other = folders(tmp_path / "other", train={"a": 20, "b": 10}, valid={"c": 6}, test={"a": 5, "b": 5, "c": 5})
    done = cs.train(other, "tiny", out=tmp_path / "run2", **SETTINGS)  # not one validation image would count
    assert np.isfinite(done.epochs["valid_loss"]).all() and len(done.metrics["notices"]) == 1
