"""A network with given weights, trained in stages from the command line."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from cli.command import call, says
from convscope.runs.run import open_run

STAGES = ("--freeze", "backbone", "--unfreeze-at", "2", "--layer-decay", "0.5", "--epochs", "4", "--no-baselines")


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """Weights that know the digits."""
    folder = tmp_path_factory.mktemp("learned") / "run"
    os.environ["CONVSCOPE_CACHE"] = str(cache)
    assert call("train", "digits", "--model", "resnet_mini", "--epochs", "2", "--no-baselines", "--out", folder) == 0
    return folder / "model.safetensors"


@pytest.fixture(scope="module")
def transferred(learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("transferred") / "run"
    arguments = ("--model", "resnet_mini", "--pretrained", learned, "--epochs", "3", "--no-baselines")
    assert call("train", "digits", *arguments, "--out", folder) == 0
    return folder


def columns(folder: Path) -> dict[str, list[str]]:
    with (folder / "epochs.csv").open() as file:
        header, *rows = csv.reader(file)
    return {name: [row[at] for row in rows] for at, name in enumerate(header)}


def test_one_command_trains_the_head_and_then_everything(transferred: Path, learned: Path) -> None:
    assert columns(transferred)["stage"] == ["1", "2", "2"]
    config = tomllib.loads((transferred / "config.toml").read_text())
    assert config["pretrained"] == str(learned.resolve()) and config["head"] == "linear"
    first, second = config["stages"]
    assert (first["freeze"], first["augment"], first["once"]) == (["backbone"], False, True)
    assert (first["lr"], second["lr"]) == (0.003, pytest.approx(0.0004))
    metrics = json.loads((transferred / "metrics.json").read_text())
    assert metrics["accuracy"]["value"] > 0.9
    assert "cached features" in metrics["stages"][0]
    assert metrics["pretrained"]["source"].startswith(str(learned))
    assert any("the head is new" in note for note in metrics["pretrained"]["notes"])
    page = (transferred / "report.html").read_text()
    assert "stage 2" in page and "the head is new" in page.lower()


def test_a_run_whose_weights_have_changed_is_no_source(
    learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(learned.parent, tmp_path / "run")
    weights = tmp_path / "run" / learned.name
    changed = bytearray(weights.read_bytes())
    changed[-50] ^= 1
    weights.write_bytes(changed)
    for source in (weights, weights.parent):
        arguments = ("--model", "resnet_mini", "--pretrained", source, "--out", tmp_path / "out")
        assert call("train", "digits", *arguments) == 2
        assert "its checksum differs" in " ".join(capsys.readouterr().err.split())


def test_the_weights_scale_the_images_and_the_run_remembers(transferred: Path, learned: Path) -> None:
    own, began = (open_run(folder).spec for folder in (transferred, learned.parent))
    assert own.preprocessing == began.preprocessing and own.head == "linear"


def test_the_config_repeats_it_to_the_byte(transferred: Path, tmp_path: Path) -> None:
    assert call("train", "--config", transferred / "config.toml", "--out", tmp_path / "again") == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (transferred / "model.safetensors").read_bytes()


def test_more_epochs_go_to_the_last_stage_and_the_first_weights_are_not_needed(
    transferred: Path, learned: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(transferred, copy)
    kept = learned.read_bytes()
    learned.unlink()
    try:
        assert call("train", "--resume", copy, "--epochs", "4") == 0
    finally:
        learned.write_bytes(kept)
    assert columns(copy)["stage"] == ["1", "2", "2", "2"]
    assert "pretrained" in json.loads((copy / "metrics.json").read_text())


# At every epoch's end, however short: else a run of seconds may be over before its third epoch is on the disk.
SAVED_OFTEN = """
from convscope.cli.app import main
from convscope.training import autosave

autosave.SHARE = 1e9
main()
"""


@pytest.mark.parametrize("rows", [2, 3])  # lines of the epoch table: in the first stage, at its end
def test_killed_in_a_stage_it_ends_in_the_same_bytes(rows: int, tmp_path: Path, cache: Path) -> None:
    arguments = ["train", "digits", "--model", "resnet_mini", *STAGES, "--ema", "0.9"]
    command = [sys.executable, "-c", SAVED_OFTEN, *arguments, "--out", str(tmp_path / "cut")]
    process = subprocess.Popen(command, env={**os.environ, "CONVSCOPE_CACHE": str(cache)})
    table = tmp_path / "cut" / "epochs.csv"
    while not table.exists() or len(table.read_text().splitlines()) < rows:
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert call("train", "--resume", tmp_path / "cut") == 0
    assert call(*arguments, "--out", tmp_path / "whole") == 0
    cut, whole = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("cut", "whole"))
    assert cut == whole
    assert columns(tmp_path / "cut")["stage"] == ["1", "1", "2", "2"]


def test_what_the_user_got_wrong_is_said(
    transferred: Path, learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("train", "digits", "--model", "resnet_mini")
    which = "say which network the weights are for (here --model resnet_mini"
    says(capsys, which, "train", "digits", "--pretrained", learned)
    says(capsys, "'layr' matches no weights of this network", *small, "--freeze", "layr")
    other = ("train", "digits", "--model", "tiny", "--pretrained", learned)
    says(capsys, "holds the weights of the network 'resnet_mini', not of 'tiny'", *other)
    says(capsys, "--lr: the stages in", "train", "--config", transferred / "config.toml", "--lr", "0.1")
    says(capsys, "rising numbers of epochs", *small, "--unfreeze-at", "5", "--epochs", "3")


def test_options_of_a_network_may_be_lists(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = ("train", "digits", "--model", "resnet_mini", "--epochs", "1", "--set")
    assert call(*asked, "width=8", "--print-config") == 0
    assert tomllib.loads(capsys.readouterr().out)["set"] == {"width": 8}
    from convscope.cli.flags import PlanFlags, given

    flags = PlanFlags(set=["blocks=4,4,4,4", "growth=12", "rates=0.5,1", "name=a,b", "one=3,"])
    assert given(flags)["set"] == {
        "blocks": (4, 4, 4, 4), "growth": 12, "rates": (0.5, 1), "name": "a,b", "one": (3,),
    }  # fmt: skip
