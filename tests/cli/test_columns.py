"""Columns that the user names: the same for training, going on, evaluating and looking at a set; and strict numbers."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from cli.command import call, says
from convscope.data.loading import load
from convscope.errors import ConfigError
from convscope.runs.run import open_run

TRAIN = ("--model", "tiny", "--epochs", "1", "--no-baselines", "--augment", "none")


def table(folder: Path, header: str, images: int = 60) -> Path:
    """Write a table ``pic``, three more columns, and images that are bright on one side."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows = [header]
    for i in range(images):
        pixels = rng.integers(0, 60, (8, 8), np.uint8)
        pixels[:, 4 * (i % 2) : 4 * (i % 2) + 4] += 150
        Image.fromarray(pixels).save(folder / f"{i}.png")
        rows.append(f"{i}.png,{'ab'[i % 2]},{'xy'[i % 3 > 0]},o{i // 5}")
    (folder / "t.csv").write_text("\n".join(rows))
    return folder


def split_of(run: Path) -> dict[str, set[str]]:
    with (run / "split.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: {row["group"] for row in rows if row["split"] == name} for name in ("train", "valid", "test")}


def test_named_columns_hold_for_a_run_and_all_that_follows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, run = table(tmp_path / "set", "pic,side,other,origin"), tmp_path / "run"
    columns = ("--image-column", "pic", "--label-column", "side", "--group", "Origin")
    assert call("train", folder, *TRAIN, *columns, "--out", run) == 0
    groups = split_of(run)
    assert all(groups.values()) and not groups["train"] & groups["test"] and not groups["train"] & groups["valid"]
    config = tomllib.loads((run / "config.toml").read_text())
    assert [config[name] for name in ("image_column", "label_column", "group")] == ["pic", "side", "Origin"]

    assert call("train", "--resume", run, "--epochs", "2") == 0
    assert split_of(run) == groups
    assert call("train", "--config", run / "config.toml", "--out", tmp_path / "again") == 0
    assert split_of(tmp_path / "again") == groups
    capsys.readouterr()
    assert call("evaluate", run, "--json") == 0
    own = json.loads(capsys.readouterr().out)
    assert not own["warnings"] and own["accuracy"] == open_run(run).metrics["accuracy"]
    says(capsys, "setting 'group' cannot change in a resumed run", "train", "--resume", run, "--group", "none")
    says(capsys, "group: for another set only", "evaluate", run, "--group", "origin")

    # another table is read with the run's columns, where it has them
    assert call("evaluate", run, table(tmp_path / "b", "pic,side,other,origin", 30), "--json") == 0
    assert not [w for w in json.loads(capsys.readouterr().out)["warnings"] if "column" in w and "not used" not in w]
    assert call("evaluate", run, table(tmp_path / "c", "image,label,other,origin", 30), "--json") == 0
    warned = " ".join(json.loads(capsys.readouterr().out)["warnings"])
    assert "no column pic, side here" in warned and "image=image, class=label, group=origin" in warned
    given = ("--image-column", "image", "--label-column", "label")
    assert call("evaluate", run, tmp_path / "c", *given, "--json") == 0
    assert "no column" not in " ".join(json.loads(capsys.readouterr().out)["warnings"])
    says(capsys, "--label-column sidd: no such column", "evaluate", run, tmp_path / "b", "--label-column", "sidd")


def test_named_columns_in_looking_at_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = table(tmp_path / "set", "pic,side,other,origin")
    columns = ("--image-column", "pic", "--label-column", "side", "--group", "origin")
    assert call("data", "check", folder, *columns) == 0
    assert "class=side, group=origin" in " ".join(capsys.readouterr().out.split())
    assert call("data", "show", folder, *columns, "--out", tmp_path / "a.png") == 0
    assert (tmp_path / "a.png").exists()
    says(capsys, "--group x: digits is read as built-in set", "data", "check", "digits", "--group", "x")


def test_named_columns_from_python(tmp_path: Path) -> None:
    folder = table(tmp_path / "set", "pic,side,other,origin")
    settings = {"epochs": 1, "baselines": False, "augment": "none", "image_column": "pic", "label_column": "other"}
    run = cs.train(folder, "tiny", out=tmp_path / "run", group="none", **settings)
    assert run.spec.classes == ("x", "y") and run.plan.group == "none"
    with pytest.raises(ConfigError, match="setting 'group': expected text, found 3"):
        cs.train(folder, "tiny", group=3)


def test_a_run_from_before_goes_on_with_the_split_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a column was no group when a run began, its split was drawn without: evaluate and resume do the same."""
    folder, run = table(tmp_path / "set", "image,label,other,subject_id"), tmp_path / "run"
    assert call("train", folder, *TRAIN, "--group", "none", "--out", run) == 0
    config = run / "config.toml"
    config.write_text(config.read_text().replace('group = "none"\n', ""))  # as it was written then
    assert load(folder).train.groups is not None
    before = (run / "split.csv").read_bytes()
    capsys.readouterr()
    assert call("evaluate", run, "--json") == 0
    assert not json.loads(capsys.readouterr().out)["warnings"]
    assert call("train", "--resume", run, "--epochs", "2") == 0
    assert (run / "split.csv").read_bytes() == before


def test_a_table_in_the_current_folder_names_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(table(tmp_path / "set", "image,label,other,origin"))
    assert call("train", "t.csv", *TRAIN) == 0
    assert Path("runs/t-tiny/report.html").exists()


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--epochs", "1_0", "--epochs: '1_0': write a whole number"),
        ("--epochs", "2.5", "--epochs: '2.5': write a whole number"),
        ("--epochs", "٣", "--epochs: '٣': write a whole number"),
        ("--lr", "0.0_1", "--lr: '0.0_1': write a number"),
        ("--lr", "nan", "--lr: 'nan': write a number"),
        ("--clip-grad", "inf", "--clip-grad: 'inf': write a number"),
        ("--seeds", "1_0", "--seeds: '1_0': write a whole number"),
        ("--img-size", "1_0", "--img-size '1_0': write one number of pixels"),
        ("--img-size", "８", "--img-size '８': write one number of pixels"),
        ("--valid", "0.1_5", "--valid '0.1_5': write a share"),
        ("--test", "5_0", "--test '5_0': write a share"),
    ],
)
def test_numbers_are_read_as_they_are_written(
    flag: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    says(capsys, message, "train", "digits", flag, value)


def test_other_verbs_read_numbers_alike(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "--tta: '1_0': write a whole number", "evaluate", run, "--tta", "1_0")
    says(capsys, "--seed: '0x1': write a whole number", "data", "check", "digits", "--seed", "0x1")
    assert call("data", "check", "digits", "--seed", "1.0") == 0


def test_a_value_that_is_no_number_can_mean_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for k, name in enumerate("ab"):
        for i in range(6):
            pixels = np.full((8, 8, 1), k + i / 10, np.float32)
            pixels[k, i] = np.nan
            (tmp_path / "set" / name).mkdir(parents=True, exist_ok=True)
            np.save(tmp_path / "set" / name / f"{i}.npy", pixels)
    read = ("data", "check", tmp_path / "set", "--cache", tmp_path / "cache")
    assert call(*read) == 2 and "--nodata nan" in " ".join(capsys.readouterr().err.split())
    assert call(*read, "--nodata", "nan") == 0 and "12 images with values that mean no data" in capsys.readouterr().out
    assert call("train", tmp_path / "set", "--nodata", "nan", "--print-config") == 0
    assert "nodata = nan" in capsys.readouterr().out
    assert call(*read, "--nodata", "1_0") == 2 and call("train", tmp_path / "set", "--lr", "nan") == 2
