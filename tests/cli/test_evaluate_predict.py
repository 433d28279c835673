"""What a finished run says of images: its own, another set's, new files."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from cli.command import call, says
from convscope.errors import ConfigError
from convscope.runs.run import open_run


def test_evaluate_repeats_the_reported_figures(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", run, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    reported = json.loads((run / "metrics.json").read_text())
    for key in ("accuracy", "auc", "ece", "confusion", "per_class"):
        assert found[key] == reported[key]
    assert call("evaluate", run, "--split", "train") == 0
    assert "train: 1,294" in capsys.readouterr().out
    assert call("evaluate", run, "--tta", "4", "--json") == 0
    averaged = json.loads(capsys.readouterr().out)
    assert call("evaluate", run, "--tta", "2") == 0
    assert "test: 359 examples, averaged over augmented copies" in " ".join(capsys.readouterr().out.split())
    assert averaged["accuracy"]["value"] > 0.8 and averaged["log_loss"] != reported["log_loss"]


@pytest.mark.parametrize("copies", [-1, 1001])
def test_numbers_of_copies_that_make_no_sense(
    run: Path, tmp_path: Path, copies: int, capsys: pytest.CaptureFixture[str]
) -> None:
    message = f"--tta: expected 0 (no average) to 1,000 copies of each image, got {copies:,}"
    says(capsys, message, "evaluate", run, "--tta", copies)
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    says(capsys, message, "predict", run, tmp_path, "--tta", copies)


@pytest.mark.parametrize(
    ("words", "trained"),
    [
        ("none", "without augmentation"),
        ("noise=0.1 mixup=0.2", "with noise=0.1 mixup=0.2, which only spoils or blends"),
    ],
)
def test_where_there_is_nothing_to_average_over(
    run: Path, words: str, trained: str, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = open_run(run)
    other = replace(opened, plan=replace(opened.plan, augment=words))
    with pytest.raises(ConfigError, match=f"^--tta: this run was trained {trained}"):
        other.averaging(4)
    assert other.averaging(0) is None


def test_predict_says_what_the_test_split_was_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (run / "predictions.csv").open() as file:
        expected = [row for row in csv.DictReader(file) if row["split"] == "test"][:3]
    images = load_digits().images.astype(np.uint8)
    for row in expected:
        number = int("".join(c for c in row["id"] if c.isdigit()))
        Image.fromarray(images[number]).save(tmp_path / f"{number:05d}.png")
    (tmp_path / ".hidden.png").write_bytes(b"no image")
    assert call("predict", run, tmp_path) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(r["label"], r["probability"]) for r in rows] == [(e["prediction"], e["probability"]) for e in expected]
    assert call("predict", run, tmp_path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(found[0]["probabilities"].values()) == pytest.approx(1)
    (tmp_path / "text.png").write_text("not an image")
    Image.fromarray(images[0]).convert("RGB").save(tmp_path / "colour.png")
    assert call("predict", run, tmp_path) == 2
    printed = capsys.readouterr()
    assert len(list(csv.DictReader(io.StringIO(printed.out)))) == 4
    assert "text.png" in printed.err
    assert "! 1 input converted: RGB to grey\n" in printed.err


def folder_of_digits(root: Path, rows: slice, *, kinds: range = range(10), mode: str = "L") -> Path:
    """Write digits as class folders."""
    images, labels = load_digits(return_X_y=True)
    for at, (image, label) in enumerate(zip(images[rows], labels[rows], strict=True)):
        if label in kinds:
            (root / str(label)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.reshape(8, 8).astype(np.uint8)).convert(mode).save(root / str(label) / f"{at}.png")
    return root


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert call("evaluate", *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_another_set_is_scored_whole_without_being_divided(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluated(capsys, run, folder_of_digits(tmp_path / "some", slice(0, 60), kinds=range(3)))
    assert (found["split"], found["examples"]) == ("all", 21)
    assert found["accuracy"]["value"] > 0.7
    assert found["warnings"] == ["no example of 7 classes: 3, 4, 5, 6, 7 and 2 more"]
    assert call("evaluate", run, tmp_path / "some", "--json") == 0
    assert "! no example of 7 classes" in capsys.readouterr().err  # said also beside JSON
    (tmp_path / "some" / "0" / "bad.png").write_bytes(b"no image")
    says(capsys, "1 of 22 images cannot be read", "evaluate", run, tmp_path / "some")
    found = evaluated(capsys, run, tmp_path / "some", "--skip-bad")
    assert found["examples"] == 21 and "1 of 22 images cannot be read; left out" in found["warnings"]
    one = folder_of_digits(tmp_path / "one", slice(0, 1))
    assert evaluated(capsys, run, one)["examples"] == 1


def test_colour_is_brought_to_the_networks_grey_and_said(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey = evaluated(capsys, run, folder_of_digits(tmp_path / "grey", slice(0, 40)))
    colour = evaluated(capsys, run, folder_of_digits(tmp_path / "colour", slice(0, 40), mode="RGB"))
    assert colour["warnings"] == ["all images converted: RGB to grey"]
    assert colour["confusion"] == grey["confusion"]


def test_training_images_are_recognised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = folder_of_digits(tmp_path / "own", slice(0, 200), kinds=range(2))
    folder = tmp_path / "run"
    assert call("train", own, "--model", "tiny", "--epochs", "1", "--no-baselines", "--out", folder) == 0
    capsys.readouterr()
    with (folder / "split.csv").open() as file:
        trained = sum(row["split"] == "train" for row in csv.DictReader(file))
    found = evaluated(capsys, folder, own)
    assert found["warnings"] == [
        f"{trained} of {found['examples']} images were training images of this run: "
        "the figures say little of new images"
    ]
    assert evaluated(capsys, folder)["warnings"] == []
    shutil.copy(own / "1" / "1.png", own / "0" / "new.png")
    found = evaluated(capsys, folder)
    (warning,) = found["warnings"]
    assert f"{own} have changed since this run" in warning
    says(capsys, f"{own} have changed since {folder} began", "train", "--resume", folder)


def test_a_set_that_does_not_fit_the_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder_of_digits(tmp_path / "odd", slice(0, 20), kinds=range(2))
    (tmp_path / "odd" / "1").rename(tmp_path / "odd" / "one")
    says(capsys, "this run does not know the class 'one'; it names 0, 1, 2, 3", "evaluate", run, tmp_path / "odd")
    says(capsys, "the set has no 'test' split; it has none; --split all scores everything", "evaluate", run,
         folder_of_digits(tmp_path / "fine", slice(0, 20)), "--split", "test")  # fmt: skip
    deep = tmp_path / "deep" / "0"
    deep.mkdir(parents=True)
    Image.fromarray(np.ones((8, 8), np.uint16)).save(deep / "a.png")
    says(capsys, "this run takes pixels of the type uint8; the set has uint16", "evaluate", run, tmp_path / "deep")


def test_a_run_that_has_not_ended_says_so(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = shutil.copytree(run, tmp_path / "begun")
    (begun / "metrics.json").unlink()
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    for words in (("evaluate", begun), ("predict", begun, tmp_path / "a.png")):
        assert call(*words) == 0
        said = " ".join(capsys.readouterr().err.split())
        assert "has not ended" in said and "--resume" in said
