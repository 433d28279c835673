"""The command line as a user meets it, from data to report and back."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from cli.command import call, says
from convscope.data.dataset import Data

QUICK = ("--model", "tiny", "--epochs", "2", "--no-baselines")


def test_a_run_folder_holds_what_it_should(run: Path) -> None:
    assert {p.name for p in run.iterdir()} == {
        "config.toml", "model.safetensors", "last", "steps.csv", "epochs.csv", "split.csv", "predictions.csv",
        "metrics.json", "env.json", "report.html", "figures",
    }  # fmt: skip
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["accuracy"]["low"] < metrics["accuracy"]["value"] < metrics["accuracy"]["high"]
    assert metrics["accuracy"]["value"] > 0.85
    assert [b["name"] for b in metrics["baselines"]] == [
        "majority class",
        "logistic regression",
        "HOG + linear",
        "small MLP",
    ]
    with (run / "split.csv").open() as file:
        splits = [row["split"] for row in csv.DictReader(file)]
    assert {s: splits.count(s) for s in set(splits)} == {"train": 1294, "valid": 144, "test": 359}
    with (run / "predictions.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    right = sum(row["label"] == row["prediction"] for row in rows) / len(rows)
    assert right == pytest.approx(metrics["accuracy"]["value"])
    assert sum(float(rows[0][f"p:{k}"]) for k in range(10)) == pytest.approx(1, abs=1e-4)
    with (run / "epochs.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == [str(n) for n in range(1, 13)]
    with (run / "steps.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 12 * 21
    page = (run / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page


def test_the_config_repeats_the_run_to_the_byte(run: Path, tmp_path: Path) -> None:
    assert call("train", "--config", run / "config.toml", "--out", tmp_path / "again", "--no-baselines") == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


def test_print_config_feeds_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert call("train", "digits", "--epochs", "3", "--set", "width=8", "--print-config") == 0
    text = capsys.readouterr().out
    values = tomllib.loads(text)
    assert (values["data"], values["model"], values["epochs"], values["set"]) == (
        "digits",
        "resnet_mini",
        3,
        {"width": 8},
    )
    (tmp_path / "plan.toml").write_text(text)
    assert call("train", "--config", tmp_path / "plan.toml", "--epochs", "4", "--print-config") == 0
    assert tomllib.loads(capsys.readouterr().out) == {**values, "epochs": 4}  # flags beat the file
    assert not (tmp_path / "runs").exists()


def test_print_config_as_json_holds_the_same_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "digits", "--set", "width=8", "--print-config") == 0
    settings = tomllib.loads(capsys.readouterr().out)
    assert call("train", "digits", "--set", "width=8", "--print-config", "--json") == 0
    assert json.loads(capsys.readouterr().out) == settings


def test_shares_and_numbers_of_images(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "digits", "--test", "0.3", "--valid", "100", "--batch-size", "5000", "--print-config") == 0
    values = tomllib.loads(capsys.readouterr().out)
    assert (values["test"], values["valid"], values["batch_size"]) == (0.3, 100, 1797 - 539 - 100)


def test_a_run_stopped_before_its_first_epoch_begins_anew(run: Path, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    text = (
        (run / "config.toml")
        .read_text()
        .replace("epochs = 12", "epochs = 1")
        .replace("baselines = true", "baselines = false")
    )
    (tmp_path / "r" / "config.toml").write_text(text)
    assert call("train", "--resume", tmp_path / "r") == 0
    assert (tmp_path / "r" / "metrics.json").exists()


# At every epoch's end, however short: else a run of seconds may be over before its third epoch is on the disk.
SAVED_OFTEN = """
from convscope.cli.app import main
from convscope.training import autosave

autosave.SHARE = 1e9
main()
"""


@pytest.mark.parametrize(("at", "model"), [("signal", "tiny"), ("kill", "resnet_mini")])
def test_interrupted_killed_and_resumed_ends_in_the_same_bytes(
    at: str, model: str, tmp_path: Path, cache: Path
) -> None:
    command = [
        sys.executable,
        "-c",
        SAVED_OFTEN,
        "train",
        "digits",
        "--model",
        model,
        "--epochs",
        "60" if model == "tiny" else "8",
        "--no-baselines",
    ]
    environment = {**os.environ, "CONVSCOPE_CACHE": str(cache)}
    cut = tmp_path / "cut"
    process = subprocess.Popen([*command, "--out", str(cut)], env=environment, stderr=subprocess.PIPE, text=True)
    while not (cut / "epochs.csv").exists() or len((cut / "epochs.csv").read_text().splitlines()) < 4:
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(signal.SIGINT if at == "signal" else signal.SIGKILL)
    _, printed = process.communicate()
    if at == "signal":
        assert process.returncode == 130
        assert f"convscope train --resume {cut}" in printed
    assert not (cut / "metrics.json").exists()
    steps = np.genfromtxt(cut / "steps.csv", delimiter=",", names=True)
    assert steps["epoch"].max() >= 3 and (np.diff(steps["step"]) == 1).all()  # followed while it was trained
    assert call("train", "--resume", cut) == 0
    assert call(*command[3:], "--out", tmp_path / "whole") == 0
    assert (cut / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()
    assert (cut / "steps.csv").read_bytes() == (tmp_path / "whole" / "steps.csv").read_bytes()


def test_a_finished_run_can_be_given_more_epochs(tmp_path: Path) -> None:
    assert call("train", "digits", *QUICK, "--out", tmp_path / "r") == 0
    assert call("train", "--resume", tmp_path / "r", "--epochs", "3") == 0
    with (tmp_path / "r" / "epochs.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]


def test_what_the_user_got_wrong_is_said(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "no data given; write: convscope train DATA", "train")
    says(capsys, "Unknown option: --epocs. Did you mean --epochs?", "train", "digits", "--epocs", "3")
    says(capsys, 'Did you mean "train"?', "trian", "digits")
    says(capsys, "unknown model 'resnet_min'; did you mean 'resnet_mini'?", "train", "digits", "--model", "resnet_min")
    says(capsys, "cannot take images of 8×8", "train", "digits", "--model", "lenet")
    says(capsys, "model 'tiny' has no option 'width'", "train", "digits", "--model", "tiny", "--set", "width=3")
    says(capsys, "--set 'width': write key=value", "train", "digits", "--set", "width")
    says(capsys, "--img-size 'big': write one number of pixels", "train", "digits", "--img-size", "big")
    says(capsys, f"{run} is not empty; choose another --out", "train", "digits", "--out", run)
    says(capsys, "--valid 'half': write a share such as 0.1", "train", "digits", "--valid", "half")
    says(capsys, "setting 'test': a share is at most 0.9, got 1.5", "train", "digits", "--test", "1.5")
    says(capsys, "cannot be read as a settings file: Is a directory", "train", "--config", tmp_path)
    says(capsys, "one-cycle warms up by itself", "train", "digits", "--warmup-epochs", "1")
    says(capsys, "there is no settings file", "train", "--config", tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("data = digits")
    says(capsys, "bad.toml is not TOML", "train", "--config", tmp_path / "bad.toml")
    (tmp_path / "typo.toml").write_text('data = "digits"\nepocs = 3\n')
    says(capsys, "unknown setting 'epocs'; did you mean 'epochs'?", "train", "--config", tmp_path / "typo.toml")
    says(capsys, "is not a run folder: no such folder", "evaluate", tmp_path / "none")
    says(capsys, "is not a run folder: it holds no config.toml", "predict", tmp_path, tmp_path)
    says(capsys, "no input given", "predict", run)
    says(capsys, "there is no file or folder", "predict", run, tmp_path / "none.png")
    (tmp_path / "empty").mkdir()
    says(capsys, "empty holds no image", "predict", run, tmp_path / "empty")
    says(capsys, "--resume RUN takes data, settings and folder from the run", "train", "digits", "--resume", run)
    says(capsys, "setting 'lr' cannot change in a resumed run", "train", "--resume", run, "--lr", "0.1")
    says(capsys, "--split", "evaluate", run, "--split", "valid2")


def test_json_leaves_the_progress_on_the_error_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "digits", *QUICK, "--seeds", "1", "--json", "--out", tmp_path / "series") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["folder"] == str(tmp_path / "series")
    assert "1 of 1" in printed.err and "plan" in printed.err
    assert call("train", "digits", *QUICK, "--out", tmp_path / "plain") == 0
    plain = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert call("train", "digits", *QUICK, "--json", "--out", tmp_path / "json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["run"] == str(tmp_path / "json")
    assert [line.split("  ")[0] for line in printed.err.splitlines() if line.startswith("epoch")] == plain != []
    assert "tiny" in printed.err


def test_a_damaged_weights_file_is_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "model.safetensors").write_bytes(content)
    says(capsys, "model.safetensors is damaged: its checksum differs from the one in env.json", "evaluate", copy)
    (copy / "model.safetensors").write_bytes(content[:100])
    (copy / "env.json").unlink()
    says(capsys, "model.safetensors is damaged", "evaluate", copy)


def test_weights_that_are_no_real_numbers_are_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, tmp_path / "copy")
    (tmp_path / "copy" / "env.json").unlink()  # a copy from elsewhere, whose checksum nobody knows
    weights = tmp_path / "copy" / "model.safetensors"
    with safe_open(weights, "pt") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    name = next(name for name, tensor in tensors.items() if tensor.ndim == 4)
    save_file({**tensors, name: tensors[name].round().to(torch.int8)}, weights, metadata)
    says(capsys, f"{name} holds numbers of type int8", "evaluate", weights.parent)
    save_file({**tensors, name: tensors[name] * float("nan")}, weights, metadata)
    says(capsys, f"numbers of {name} are NaN or infinite in float32", "evaluate", weights.parent)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    says(capsys, "cannot write to", "train", "digits", *QUICK, "--out", tmp_path / "r", code=3)


def test_a_full_disk_keeps_what_was_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope import atomic

    real = atomic._sync

    def full(file: IO[bytes]) -> None:
        if Path(file.name).name == "metrics.json.new":
            raise OSError(28, "No space left on device")
        real(file)

    monkeypatch.setattr(atomic, "_sync", full)
    says(capsys, "the disk is full", "train", "digits", *QUICK, "--out", tmp_path / "r", code=3)
    assert (tmp_path / "r" / "model.safetensors").exists() and not (tmp_path / "r" / "metrics.json.new").exists()
    monkeypatch.undo()
    assert call("train", "--resume", tmp_path / "r") == 0
    assert (tmp_path / "r" / "metrics.json").exists()


def test_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("models", "--json") == 0
    rows = {row["name"]: row["weights"] for row in json.loads(capsys.readouterr().out)}
    assert rows["lenet"] == 233_578
    assert call("models") == 0
    assert "233,578" in capsys.readouterr().out


def test_python_gives_the_same_run(digits: Data, tmp_path: Path) -> None:
    import convscope as cs

    seen: list[int] = []
    run = cs.train(
        digits,
        "tiny",
        epochs=2,
        baselines=False,
        out=tmp_path / "r",
        observer=cs.Observer(on_epoch=lambda row: seen.append(int(row["epoch"]))),
    )
    assert seen == [1, 2]
    assert cs.open_run(tmp_path / "r").metrics == run.metrics
    assert run.report.exists()
    assert run.predict([]) == []


NAMES = ("a\rb", 'q"u,o\nte', "c\x1b[31mred", "été")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[Path, Path]:
    """Return a set whose folder has a blank in its name and whose classes are called oddly, and a run on it."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("odd") / "my photos"
    pixels = np.random.default_rng(0).integers(0, 60, (80, 16, 16)).astype(np.uint8)
    for number, image in enumerate(pixels):
        place = folder / NAMES[number % 4]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image + np.uint8(40 * (number % 4))).save(place / f"{number}.png")
    out = folder.parent / "a run's folder"
    assert call("train", folder, *QUICK, "--cache", cache, "--out", out) == 0
    return folder, out


def test_any_class_name_comes_back_from_the_tables(odd: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    data, run = odd
    for name, columns in (("split.csv", 5), ("predictions.csv", 9)):
        with (run / name).open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        assert {len(row) for row in rows} == {len(header)} == {columns}
        assert {row[2] for row in rows} == set(NAMES)
    capsys.readouterr()
    assert call("predict", run, data) == 0
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert header[3:] == sorted(f"p:{name}" for name in NAMES) and {row[1] for row in rows} <= set(NAMES)
    assert len(rows) == 80


def test_a_class_name_does_not_command_the_terminal(odd: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", odd[1]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "\r" not in printed and "c\N{REPLACEMENT CHARACTER}[31mred" in printed


def test_the_command_in_the_report_can_be_copied(odd: tuple[Path, Path]) -> None:
    page = html.unescape((odd[1] / "report.html").read_text())
    command = shlex.split(page.partition("<code>convscope train --config ")[2].partition("</code>")[0])
    assert command == [str(odd[1] / "config.toml")]


def test_an_output_that_lacks_characters_gets_escapes_and_json_stays_json(odd: tuple[Path, Path], cache: Path) -> None:
    def printed(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "convscope", *map(str, arguments)]
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        return subprocess.run(command, capture_output=True, check=True, env=environment)

    data, run = odd
    checked = printed("data", "check", data, "--cache", cache)
    assert b"\\xe9t\\xe9" in checked.stdout
    told = printed("predict", run, data / "été")
    assert b"p:\\xe9t\\xe9" in told.stdout and b"the output is ascii" in told.stderr
    predictions = json.loads(printed("predict", run, data / "été", "--json").stdout)
    assert "été" in predictions[0]["probabilities"]


def test_a_run_that_cannot_be_written_is_said_to_be(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope import atomic

    def locked(path: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(atomic, "_beside", locked)
    says(capsys, f"cannot write to {run}: Read-only file system", "train", "--resume", run, code=3)


def test_an_option_out_of_range_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "option 'width' must be a whole number of at least 0, got -1",
         "train", "digits", "--model", "resnet_mini", "--set", "width=-1", "--out", tmp_path / "r")  # fmt: skip
