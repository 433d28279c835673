"""``convscope trace``: a number of a trained network, from the command line down to a raw pixel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from cli.command import call, says
from convscope.errors import DataError


@pytest.fixture(scope="module")
def digit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sklearn.datasets import load_digits

    path = tmp_path_factory.mktemp("images") / "digit.png"
    Image.fromarray(load_digits().images[3].astype(np.uint8)).save(path)
    return path


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_a_number_is_told_as_text(run: Path, digit: Path, capsys: pytest.CaptureFixture[str]):
    assert call("trace", run, digit, "--node", "0", "--at", "2,4,4") == 0
    said = capsys.readouterr().out
    assert said.startswith("0 (2, 4, 4) = ") and "window × kernel = products" in said
    assert "9 products" in said and "+ bias" in said and "PyTorch: " in said


def test_the_way_of_a_class_score_ends_at_a_raw_pixel(run: Path, digit: Path, capsys: pytest.CaptureFixture[str]):
    assert call("trace", run, digit, "--follow", "1", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == pytest.approx(told["value"], rel=1e-5)
    ways = [told]
    while ways[-1]["followed"]:
        (below,) = ways[-1]["followed"]
        ways.append(below)
    pixel, scaled = ways[-1], ways[-2]
    assert (pixel["op"], scaled["op"]) == ("pixel", "normalise")
    assert pixel["total"] == pixels(digit)[tuple(pixel["at"][1:])]
    assert scaled["total"] == pytest.approx((pixel["total"] - scaled["facts"]["mean"]) / scaled["facts"]["std"])
    assert call("trace", run, digit, "--follow", "1") == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[0] == "pixel"


def test_a_tree_follows_several(run: Path, digit: Path, capsys: pytest.CaptureFixture[str]):
    assert call("trace", run, digit, "--at", "3", "--follow", "2", "--depth", "3") == 0
    said = capsys.readouterr().out
    assert said.startswith("7 (3) [class 3] = ") and said.count("↳") == 2 + 2 * 1 + 2 * 1


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_picture_is_drawn(run: Path, digit: Path, tmp_path: Path, kind: str):
    out = tmp_path / "new" / f"way.{kind}"
    assert call("trace", run, digit, "--follow", "1", "--out", out) == 0
    ends = tmp_path / f"end.{kind}"
    assert call("trace", run, digit, "--out", ends) == 0  # the way is drawn whether or not it is told
    assert abs(ends.stat().st_size - out.stat().st_size) < 0.02 * out.stat().st_size
    if kind == "png":
        with Image.open(out) as drawn:
            assert min(drawn.size) > 500
    else:
        assert "window" in out.read_text("utf-8") and "One more there would move it" in out.read_text("utf-8")


def test_a_network_by_name_gets_pixels_divided_by_255(digit: Path, capsys: pytest.CaptureFixture[str]):
    assert call("trace", "tiny", digit, "--node", "input", "--at", "0,3,3", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["terms"][0]["factor"] == pytest.approx(1 / 255) and told["facts"] == {"mean": 0, "std": 255}


def test_sixteen_bits_are_divided_by_their_own_white(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    deep, shares = tmp_path / "deep.png", np.linspace(0, 1, 64).reshape(8, 8)
    Image.fromarray(np.round(shares * 65535).astype(np.uint16)).save(deep)
    assert call("trace", "tiny", deep, "--input", "1x8x8", "--node", "input", "--at", "0,3,3", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["facts"] == {"mean": 0, "std": 65535} and told["total"] == pytest.approx(shares[3, 3], abs=1e-5)


def test_a_run_says_that_it_was_trained_on_other_numbers(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    deep = tmp_path / "deep.png"
    Image.fromarray(np.full((8, 8), 40000, np.uint16)).save(deep)
    says(capsys, "holds uint16 values (0..65,535), but those of the set it should fit are uint8", "trace", run, deep)


def test_a_network_of_ones_own_takes_an_image_in_its_own_size_or_another(
    digit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "own_network.py").write_text("from torch import nn\ndef make():\n    return nn.Conv2d(1, 2, 3)\n")
    monkeypatch.chdir(tmp_path)
    assert call("trace", "own_network:make", digit, "--input", "1x6x6", "--at", "1,3,3") == 0
    assert "(1, 3, 3) = " in capsys.readouterr().out
    assert call("trace", "own_network:make", digit, "--at", "1,5,5") == 0  # by default the image's own: 8 × 8
    assert "(1, 5, 5) = " in capsys.readouterr().out
    says(capsys, "--input '1xa': write the sizes", "trace", "own_network:make", digit, "--input", "1xa")


def test_from_python_a_raw_image_is_scaled_as_in_training(run: Path, digit: Path):
    opened, raw = cs.open_run(run), pixels(digit)
    found = cs.trace(opened, raw, node="0", at=(2, 4, 4))
    assert found.total == cs.trace(run, digit, node="0", at=(2, 4, 4)).total
    pixel = found.follow(4).follow()
    assert (pixel.node, pixel.at, pixel.total) == ("pixel", (0, 4, 4), raw[4, 4])
    with pytest.raises(DataError, match=r"float64 values from 0 to 0.*takes uint8 \(0\.\.255\), as it was trained on"):
        cs.trace(opened, np.zeros((8, 8, 1)))


REFUSED = [
    (("--node", "inputs"), "there is no node 'inputs'; did you mean 'input'?"),
    (("--node", "0", "--at", "99,0,0"), "0 has no number at (99, 0, 0); it is (8, 8, 8): channel 0..7"),
    (("--at", "one"), "--at: expected whole numbers such as 4,10,12"),
    (("--follow", "0"), "--follow: expected a whole number of at least 1, found 0"),
    (("--follow", "50", "--depth", "4"), "opens more than 2000 numbers"),
    (("--out", "way.pdf"), "--out way.pdf: a picture's name ends in .png or .svg"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_is_wrong_is_said(run: Path, digit: Path, capsys: pytest.CaptureFixture[str], arguments, message):
    says(capsys, message, "trace", run, digit, *arguments)


def test_what_is_no_image_is_said(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "notes.txt").write_text("no image")
    says(capsys, "notes.txt", "trace", run, tmp_path / "notes.txt")
    says(capsys, "cannot be opened", "trace", run, tmp_path / "none.png")
    says(capsys, "is no run folder, no package.module:name", "trace", "nothing", tmp_path / "notes.txt")


def test_a_network_of_ones_own_takes_an_image_in_its_own_size(
    digit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "own_net_for_tracing.py").write_text(
        "from torch import nn\nnet = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3))\n"
        "wide = nn.Sequential(nn.Flatten(), nn.Linear(100, 3))\n"
    )
    monkeypatch.chdir(tmp_path)
    assert call("trace", "own_net_for_tracing:net", digit) == 0
    assert "72 products" in capsys.readouterr().out
    assert call("trace", "own_net_for_tracing:wide", digit) == 2
    assert "its own size 1x8x8" in " ".join(capsys.readouterr().err.split())
    assert call("trace", "own_net_for_tracing:net", tmp_path / "none.png") == 2
    assert "none.png: No such file" in capsys.readouterr().err
