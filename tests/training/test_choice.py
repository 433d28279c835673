"""What the validation images decided is said wherever their score is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.api import results
from convscope.report.verdict import verdict
from convscope.tasks.task import Monitor
from convscope.training.choice import decided, decided_by_validation, no_better, rule

BY_ACCURACY = Monitor("accuracy")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list:
    """Collect the contents of the reports, which are not drawn."""
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    shown: list = []
    monkeypatch.setattr(
        results, "write_report", lambda contents, folder: shown.append(contents) or (folder / "report.html").touch()
    )
    return shown


def noisy(root: Path, *splits: str) -> Path:
    """Write two classes that look alike in a third of the images, so that validation goes up and down."""
    rng = np.random.default_rng(0)
    for split in splits:
        for k, name in enumerate("ab"):
            (root / split / name).mkdir(parents=True)
            for i in range(24):
                image = rng.integers(0, 235, (8, 8))
                left = (k == 0) ^ (rng.random() < 0.3)
                image[:, slice(0, 4) if left else slice(4, 8)] += 20
                Image.fromarray(image.astype(np.uint8)).save(root / split / name / f"{i}.png")
    return root


SETTINGS = {"epochs": 40, "lr": 0.01, "augment": "none", "baselines": False}


def test_patience_without_a_test_split_keeps_the_best_epoch_and_says_so(tmp_path: Path, page: list) -> None:
    done = cs.train(noisy(tmp_path / "set", "train", "val"), "tiny", patience=3, out=tmp_path / "run", **SETTINGS)
    metrics, accuracies = done.metrics, done.epochs["valid_accuracy"]
    assert (metrics["select"], metrics["stopped"]) == ("best", "no better validation score for 3 epochs")
    assert metrics["chosen_epoch"] == len(accuracies) - 3
    assert accuracies[metrics["chosen_epoch"] - 1] == max(accuracies)
    assert json.loads(cs_header(done))["epoch"] == metrics["chosen_epoch"]
    assert metrics["decided_by_validation"] == ["the epoch", "when to stop"]
    assert "optimistic" in metrics["rule"] and "test split was" not in metrics["rule"]
    assert "optimistic" in page[0].plan["select"]
    assert "the last epoch" not in page[0].facts["splits"]
    opening, *rest = verdict(page[0])
    assert "48" in opening and "which also served to choose the epoch and when to stop" in opening
    assert any("makes the score optimistic" in sentence for sentence in rest)
    assert any("optimistic" in warning for warning in done.evaluate()["warnings"])
    assert not done.evaluate(split="train")["warnings"]


def cs_header(run: cs.Run) -> str:
    from safetensors import safe_open

    with safe_open(run.folder / "model.safetensors", "pt") as file:
        return file.metadata()["convscope"]


def test_the_last_epoch_is_kept_where_asked_for_and_its_score_not_called_honest(tmp_path: Path, page: list) -> None:
    root = noisy(tmp_path / "set", "train", "val")
    done = cs.train(root, "tiny", patience=3, select="last", out=tmp_path / "run", **SETTINGS)
    assert done.metrics["chosen_epoch"] == len(done.epochs["epoch"]) < 40
    assert done.metrics["decided_by_validation"] == ["when to stop"]
    assert "when to stop" in done.metrics["rule"] and "optimistic" in done.metrics["rule"]
    plain = cs.train(root, "tiny", out=tmp_path / "plain", **{**SETTINGS, "epochs": 2})
    assert (plain.metrics["select"], plain.metrics["decided_by_validation"]) == ("last", [])
    assert "unbiased" in plain.metrics["rule"] and not plain.evaluate()["warnings"]
    notes = cs.compare([done, plain]).notes
    assert any("chose when to stop of some runs" in note for note in notes)


def test_a_test_split_judges_what_validation_chose(tmp_path: Path, page: list) -> None:
    root = noisy(tmp_path / "set", "train", "val", "test")
    done = cs.train(root, "tiny", patience=3, out=tmp_path / "run", **SETTINGS)
    assert "the test split was opened once, after this choice" in done.metrics["rule"]
    assert verdict(page[0])[0].startswith("On 48 images it had never seen")
    assert not done.evaluate()["warnings"] and done.evaluate(split="valid")["warnings"]


def test_a_stage_that_patience_ended_counts_too() -> None:
    stops = [no_better(3), "all epochs done"]
    assert decided("last", stops) == ["when to stop"]
    assert "when to stop" in rule("last", stops, BY_ACCURACY, has_test=False)
    assert "optimistic" not in rule("last", stops, BY_ACCURACY, has_test=True)
    assert "optimistic" in rule("best", ["all epochs done"], BY_ACCURACY, has_test=False)


def test_runs_of_older_versions_are_read() -> None:
    assert decided_by_validation({"select": "best"}) == ["the epoch"]
    assert decided_by_validation({"select": "last", "stopped": no_better(5)}) == ["when to stop"]
    assert decided_by_validation({"select": "last", "stopped": "all epochs done"}) == []
