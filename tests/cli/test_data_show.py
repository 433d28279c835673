"""``convscope data show``: a picture of an augmentation, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from cli.command import call, says
from real_data import real_data


def test_by_default_it_shows_what_train_would_choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("data", "show", "digits", "--images", "3", "--copies", "2") == 0
    told = capsys.readouterr().err
    assert "rotate=10 scale=0.1 shift=0.1  (classes named by digits or letters: no flips" in told
    assert "the picture is digits-augmented.png" in told
    Image.open(tmp_path / "digits-augmented.png").verify()


def test_a_preset_is_shown_in_plain_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "a.svg"
    arguments = ("--augment", "microscopy noise=0", "--out", file, "--images", "2", "--copies", "1")
    assert call("data", "show", "digits", *arguments) == 0
    words = "hflip vflip rot90 elastic=0.05 brightness=0.2 contrast=0.2"
    assert words in capsys.readouterr().err
    drawn = file.read_text("utf-8")  # the title may take two lines
    assert all(word in drawn for word in words.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--augment", "tisue"), "unknown augmentation 'tisue'; did you mean 'tissue'?"),
        (("--augment", "tissue"), "augmentation stain needs red, green and blue; these images have 1 channel"),
        (("--augment", "none"), "there is nothing to show"),
        (("--out", "a.pdf"), "a picture's name ends in .png or .svg"),
        (("--images", "0"), "--images must be at least 1"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, message, "data", "show", "digits", *arguments)


def test_tissue_on_tissue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lung.png"
    source = real_data("lc25000_lung") / "lc25000_lung.zip"
    arguments = ("--augment", "tissue", "--img-size", "64", "--images", "3", "--copies", "2")
    assert call("data", "show", source, *arguments, "--out", file) == 0
    Image.open(file).verify()


def test_a_preset_is_written_into_the_settings_in_plain_words(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    augment = "digits scale=0 cutmix=1"
    arguments = ("--model", "tiny", "--epochs", "1", "--no-baselines", "--augment", augment, "--out", folder)
    assert call("train", "digits", *arguments) == 0
    assert 'augment = "rotate=10 shift=0.1 cutmix=1"' in (folder / "config.toml").read_text()
