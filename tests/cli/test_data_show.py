"""``convscope data show``: a picture of an augmentation, from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
    assert "picture: digits-augmented.png" in told
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
        (("--out", "a.pdf"), "a picture's name ends in .png or .svg"),
        (("--augment", "auto hflip"), "auto stands alone and leaves the choice to train; convscope data show DATA"),
        (("--images", "0"), "--images must be at least 1 and at most 100, got 0"),
        (("--copies", "13"), "--copies must be at least 1 and at most 12, got 13"),
        (("--img-size", "12by9"), "--img-size '12by9': write one number of pixels such as 224, or height and width"),
        (("--fit", "centre"), "--fit centre: say how much of the middle, with --img-size"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, message, "data", "show", "digits", *arguments)


def test_size_and_fit_are_those_of_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = {}
    for fit in ("centre", "pad"):
        file = tmp_path / f"{fit}.png"
        arguments = ("--img-size", "6x4", "--fit", fit, "--images", "2", "--copies", "1", "--augment", "auto")
        assert call("data", "show", "digits", *arguments, "--out", file) == 0
        drawn[fit] = np.asarray(Image.open(file).convert("L"))
    assert drawn["centre"].shape == drawn["pad"].shape and (drawn["centre"] != drawn["pad"]).any()
    assert call("data", "check", "digits", "--img-size", "6x4", "--fit", "centre") == 0
    assert "the middle 6 × 4 of each image, unscaled, as asked" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["file/a.png", "folder.png"])
def test_where_no_picture_can_be_written(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    arguments = ("--images", "1", "--copies", "1", "--out", tmp_path / name)
    says(capsys, "; name another file with --out", "data", "show", "digits", *arguments, code=3)


def test_a_picture_says_how_it_shows_what_a_screen_cannot_and_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cats", "dogs"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(6):
            wide = np.random.default_rng(i).integers(300, 9000, (8, 8)).astype(np.uint16)
            Image.fromarray(wide).save(tmp_path / "set" / name / f"{i}.png")
    (tmp_path / "set" / "cats" / "0.png").write_bytes(b"")
    file = tmp_path / "a.svg"
    arguments = ("--images", "1", "--copies", "2", "--out", file)
    assert call("data", "show", tmp_path / "set", *arguments, "--skip-bad") == 0
    assert "Brightness is stretched" in file.read_text("utf-8")
    assert "! 1 of 12 images cannot be read; left out" in capsys.readouterr().err
    says(capsys, "cats/0.png: the file is empty", "data", "show", tmp_path / "set", *arguments)


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


def test_masks_are_drawn_on_the_parts_that_a_network_sees(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / "set" / folder).mkdir(parents=True)
    for name, (height, width) in {"a": (40, 60), "b": (90, 50), "c": (64, 64)}.items():
        mask = np.zeros((height, width), np.uint8)
        mask[10:30, 10:30] = 255
        Image.fromarray(60 + mask // 3).save(tmp_path / "set" / "images" / f"{name}.png")
        Image.fromarray(mask).save(tmp_path / "set" / "masks" / f"{name}.png")
    file = tmp_path / "a.png"
    arguments = ("--augment", "hflip rotate=20", "--images", "2", "--copies", "1", "--out", file)
    assert call("data", "show", tmp_path / "set", *arguments) == 0
    Image.open(file).verify()
