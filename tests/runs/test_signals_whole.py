"""A run on signals of different lengths in text files: trained, scored, answered, with simple methods beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import convscope as cs

N, SETTINGS = 60, {"epochs": 2, "quiet": True, "model": "conv1d"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with wave_TRAIN.txt and wave_TEST.txt: slow and fast waves of 20, 31 or 48 steps."""
    folder, rng = tmp_path_factory.mktemp("waves"), np.random.default_rng(0)
    for name, count in (("TRAIN", N), ("TEST", N // 2)):
        lines = []
        for k in range(count):
            steps = np.arange((20, 31, 48)[k % 3])
            wave = np.sin(2 * np.pi * steps / (5 if k % 2 else 13) + rng.uniform(0, 6)) + 0.1 * rng.normal(
                size=len(steps)
            )
            lines.append(" ".join([str(2 * (k % 2) - 1), *(f"{value:.4f}" for value in wave)]))
        (folder / f"wave_{name}.txt").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def run(files: Path, tmp_path_factory: pytest.TempPathFactory) -> cs.Run:
    return cs.train(files / "wave_TRAIN.txt", out=tmp_path_factory.mktemp("runs") / "run", **SETTINGS)


def test_the_test_file_is_the_test_split_and_validation_chooses_nothing(run: cs.Run):
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert run.plan.select == "last" and run.plan.augment == "none" and run.plan.batch_size == 16
    names = [each["name"] for each in metrics["baselines"]]
    assert names == ["majority class", "1-NN", "summary statistics", "random kernels"]
    rows = (run.folder / "split.csv").read_text().splitlines()[1:]
    test = [row for row in rows if ",test," in row]
    assert len(test) == N // 2 and all("wave_TEST.txt" in row for row in test)


def test_a_file_is_scored_and_answered_as_in_the_run(run: cs.Run, files: Path):
    own, other = run.evaluate(), run.evaluate(files / "wave_TEST.txt")
    assert own["accuracy"] == other["accuracy"] and own["examples"] == other["examples"] == N // 2
    predictions = run.predict(files / "wave_TEST.txt")
    assert {each.answer["label"] for each in predictions} <= {"-1", "1"}
    test = cs.load(files).test
    assert test is not None
    alone = [run.predict(example.image)[0] for example in test]
    for one, together in zip(alone, predictions, strict=True):  # no padding changes an answer
        assert one.answer["probability"] == pytest.approx(together.answer["probability"], abs=1e-6)
