"""`convscope bench`: the parts of a run, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.command import call, says

PARTS = {"decode", "load", "augment", "forward", "backward", "optimiser", "evaluation", "overhead"}


def test_a_training_is_taken_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("bench", "train", "digits", "--model", "tiny", "--epochs", "2", "--seconds", "0.3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["parts"]) == PARTS
    assert all(microseconds >= 0 for microseconds in found["parts"].values())
    assert found["images_per_second"] == pytest.approx(1e6 / sum(found["parts"].values()), rel=0.01)
    assert 0 < found["flops_per_second"] < found["ceiling"]


def test_the_way_of_the_images_is_taken_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("bench", "data", "digits", "--seconds", "0.1") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("1,797 images, 64 per batch")
    assert "decode" in text and "images/s" in text


def test_answering_is_taken_apart(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("bench", "infer", run, "--seconds", "0.2") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "128 images per batch" in text and "GFLOP/s" in text


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("bench", "train", "digits", "--model", "tiny", "--epochs", "2", "--seconds", "0.1") == 0
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_measured_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    says(capsys, "nothing is at", "bench", "train", tmp_path / "none")
    says(capsys, "is not a run folder", "bench", "infer", tmp_path / "none")
    says(capsys, "--seconds must be above 0", "bench", "train", "digits", "--seconds", "0")
    says(capsys, "--batch-size must be at least 1", "bench", "infer", tmp_path, "--batch-size", "0")
