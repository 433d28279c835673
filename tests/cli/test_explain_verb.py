"""``convscope explain``: a folder with a corrupt file, feature maps, and what is asked wrongly."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from cli.command import call, says


@pytest.fixture(scope="module")
def run(run, tmp_path_factory):
    """Return a copy, since checks of methods are kept in the folder of a run."""
    return shutil.copytree(run, tmp_path_factory.mktemp("explained") / "run")


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8)).save(folder / f"{number}.png")
    (folder / "9.png").write_bytes(b"no image")
    return folder


def test_a_folder_with_a_corrupt_file(run, images, tmp_path, capsys):
    out = tmp_path / "out"
    assert call("explain", run, images, "--method", "gradient,ig", "--no-checks", "--out", out, "--json") == 2
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    rows = result["explanations"]
    assert [row["error"] is None for row in rows] == [True] * 8 + [False]
    assert "9.png" in printed.err
    assert set(rows[0]["maps"]) == {"gradient", "ig"} and rows[0]["target"] == rows[0]["answer"]["label"]
    assert (out / "figures" / "sheet.svg").exists() and len(list((out / "maps").iterdir())) == 8 * 2 * 2


@pytest.mark.parametrize("words", [(), ("--no-checks",)])
def test_a_folder_of_which_nothing_can_be_read(run, images, tmp_path, capsys, words):
    for file in images.iterdir():
        file.write_bytes(b"no image")
    out = tmp_path / "out"
    says(capsys, "none of the 9 inputs can be read", "explain", run, images, *words, "--out", out)
    says(capsys, "3.png: not an image", "explain", run, images, *words, "--out", out)
    assert call("explain", run, images, *words, "--out", out) == 2
    assert "checking" not in capsys.readouterr().err and not out.exists()


def test_checks_are_made_once(run, images, tmp_path, capsys):
    words = ("explain", run, images / "1.png", "--method", "gradient", "--json", "--out")
    assert call(*words, tmp_path / "a") == 0
    first = capsys.readouterr()
    assert "checking Gradient" in first.err
    assert call(*words, tmp_path / "b") == 0
    second = capsys.readouterr()
    assert "checking" not in second.err
    verdicts = [json.loads(each.out)["explanations"][0]["maps"]["gradient"]["verdict"] for each in (first, second)]
    assert verdicts[0] and verdicts[0] == verdicts[1]


def test_feature_maps(run, images, tmp_path, capsys):
    assert call("explain", run, images / "1.png", "--maps", "--out", tmp_path / "maps", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["components"]["difference"] < 1e-6 * result["components"]["largest"]
    assert result["layers"][-1]["shape"] == [10]
    assert (tmp_path / "maps" / "maps.html").exists()


def test_channels_of_a_layer(run, images, tmp_path, capsys):
    words = (
        "explain",
        run,
        images / "1.png",
        "--node",
        "0",
        "--units",
        "0,2",
        "--at",
        "0,3",
        "--out",
        tmp_path / "out",
    )
    assert call(*words, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert [each["channel"] for each in result["channels"]] == [0, 2] and result["at"] == [0, 3]
    assert [len(each["patches"]) for each in result["channels"]] == [9, 9]
    assert (tmp_path / "out" / "units.html").exists() and (tmp_path / "out" / "top_patches.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--method", "gradcam,,ig"), "a name is missing between the commas of 'gradcam,,ig'"),
        (("--units", "0", "--node", "0", "--at=-1,0"), "rows and columns are counted from 0, found -1"),
        (("--method", "gradcamm"), "there is no method 'gradcamm'; did you mean 'gradcam'"),
        (("--target", "77"), "outputs 0 to 9"),
        (("--target", "sevn"), "there is no 'sevn'"),
        (("--node", "nowhere", "--method", "gradcam"), "there is no node 'nowhere'"),
        (("--at", "1,2"), "predicts no masks"),
        (("--minimum", "2"), "--minimum: expected a share from 0 to 1"),
        (("--temperature", "2"), "--temperature belongs to --maps"),
        (("--maps", "--temperature", "0"), "expected a number above 0"),
        (("--maps", "--node", "nowhere"), "there is no node 'nowhere'"),
        (("--units", "0", "--node", "nowhere"), "there is no node 'nowhere'"),
        (("--units", "99", "--node", "0"), "0 has the channels 0.."),
        (("--units", "0", "--node", "0", "--at", "99,0"), "0 has no unit at 99, 0; valid is 0.."),
        (("--units", "0", "--at", "1,2"), "has no places"),
        (("--units", "one"), "--units: expected numbers of channels"),
        (("--units", "0,0"), "channels that differ"),
        (("--units", "0", "--maps"), "exclude each other"),
        (("--units", "0", "--target", "3"), "--target belongs to maps of answers: it has no effect with --units"),
        (("--units", "0", "--no-checks"), "--no-checks belongs to maps of answers: it has no effect with --units"),
        (("--units", "0", "--opacity", "0.75"), "--opacity belongs to maps of answers: it has no effect with --units"),
        (("--maps", "--method", "ig"), "--method belongs to maps of answers: it has no effect with --maps"),
        (("--maps", "--pixel-size", "1 um"), "--pixel-size belongs to maps of answers: it has no effect with --maps"),
        (("--maps", "--at", "1,2"), "--at belongs to maps of answers or --units: it has no effect with --maps"),
    ],
)
def test_what_is_asked_wrongly(run, images, tmp_path, capsys, words, message):
    says(capsys, message, "explain", run, images / "1.png", *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_image_of_a_network_that_is_no_run_is_explained_unchecked(images, tmp_path, capsys, monkeypatch):
    (tmp_path / "plain.py").write_text(
        "from torch import nn\nnet = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    words = ("explain", "plain:net", images / "1.png", "--method", "gradient", "--out", tmp_path / "out")
    assert call(*words) == 0
    assert "nothing was checked" in " ".join(capsys.readouterr().err.split())
    says(capsys, "give two inputs or more", *words[:-1], tmp_path / "other", "--checks")


def test_sizes_and_folders_that_feature_maps_cannot_be_of(run, images, tmp_path, capsys):
    says(capsys, "takes images of 1 channels", "explain", run, images / "1.png", "--maps", "--input", "3x8x8")
    says(capsys, "is a folder: name a file in it", "explain", run, images, "--maps")


def test_a_method_that_does_not_apply_is_said_once(run, images, tmp_path, capsys):
    (tmp_path / "smooth.py").write_text(
        "from torch import nn\nnet = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ELU(), nn.Flatten(), nn.Linear(72, 2))\n"
    )
    import sys

    sys.path.insert(0, str(tmp_path))
    try:
        words = ("explain", "smooth:net", images / "1.png", "--method", "gradient,guided", "--out", tmp_path / "out")
        assert call(*words) == 0
    finally:
        sys.path.remove(str(tmp_path))
    assert " ".join(capsys.readouterr().err.split()).count("has none, but ELU") == 1
    page = (tmp_path / "out" / "explanations.html").read_text()
    assert page.count("has none, but ELU") == 1


def test_the_page_and_the_terminal_begin_with_a_plain_answer(run, images, tmp_path, capsys):
    from convscope.explaining.checks.belief import NO, OPEN, YES

    assert call("explain", run, images / "1.png", "--method", "gradient", "--out", tmp_path / "out") == 0
    printed = " ".join(capsys.readouterr().out.split())
    (answer,) = [word for word in (NO, OPEN, YES) if f"Gradient: {word}: " in printed]
    assert f"<strong>{answer}: ".replace("'", "&#39;") in (tmp_path / "out" / "explanations.html").read_text()


def test_stopped_on_the_way_it_says_what_is_kept(run, images, tmp_path, capsys, monkeypatch):
    from convscope.report.explained.write import ExplanationFolder

    words = ("explain", run, images, "--method", "gradient", "--no-checks", "--out")
    add = ExplanationFolder.add

    def stopping(self, explanation):
        if self.count == stop_at:
            raise KeyboardInterrupt
        add(self, explanation)

    monkeypatch.setattr(ExplanationFolder, "add", stopping)
    stop_at = 3
    assert call(*words, tmp_path / "some") == 130
    assert "3 inputs are explained in" in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "some" / "explanations.html").exists()
    assert len((tmp_path / "some" / "explanations.csv").read_text().splitlines()) == 1 + 3
    stop_at = 0
    assert call(*words, tmp_path / "none") == 130
    assert "stopped before the first input was explained" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "none").exists()


def test_stopped_while_checking_it_names_the_check(run, images, tmp_path, capsys, monkeypatch):
    from convscope.runs import verdicts

    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(verdicts, "check", stopped)
    words = ("explain", run, images / "1.png", "--method", "inputxgradient", "--checks", "--out", tmp_path / "out")
    assert call(*words) == 130
    said = " ".join(capsys.readouterr().err.split())
    assert "stopped while checking Input × gradient on" in said and "no map was written" in said
    assert not (tmp_path / "out").exists()
