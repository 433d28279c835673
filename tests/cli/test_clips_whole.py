"""A run on clips from the command line: trained, scored with its controls, asked, explained, traced, verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from cli.command import call, says
from convscope.data.synthetic import motions
from convscope.events import Listener
from convscope.explorer.questions.images import one, rows
from convscope.explorer.session import Opened, Session

SETTINGS = ("--epochs", "2", "--batch-size", "16", "--threads", "1", "--baseline-seconds", "1")


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of GIFs that move to the east or the west."""
    root = tmp_path_factory.mktemp("clips") / "set"
    values, labels = motions.make(0, 240)
    for number in np.flatnonzero(np.isin(labels, (0, 4))).tolist():
        path = root / motions.CLASSES[labels[number]] / f"{number}.gif"
        path.parent.mkdir(parents=True, exist_ok=True)
        first, *rest = (Image.fromarray(frame[..., 0]) for frame in values[number])
        first.save(path, save_all=True, append_images=rest)
    return root


@pytest.fixture(scope="session")
def clip_run(clips: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "clips"
    assert call("train", clips, "--out", folder, "--cache", cache, *SETTINGS) == 0
    return folder


def test_what_a_run_writes(clip_run: Path):
    metrics = json.loads((clip_run / "metrics.json").read_text())
    run = cs.open_run(clip_run)
    assert run.spec.model == "r2plus1d_mini" and run.plan.augment == "none" and run.spec.noun == "clip"
    assert [row["name"] for row in metrics["motion"]] == ["one frame", "shuffled frames"]
    for row in metrics["motion"]:
        assert set(row["accuracy"]) == {"value", "low", "high"} and "p_mcnemar" in row["versus"]
        lead = metrics["accuracy"]["value"] - row["accuracy"]["value"]
        assert row["versus"]["difference"]["value"] == pytest.approx(lead)
    assert "motion histogram + linear" in {row["name"] for row in metrics["baselines"]}
    report = (clip_run / "report.html").read_text()
    assert "How much motion matters" in report and "data:image/gif;base64" in report and "shuffled frames" in report
    assert (clip_run / "figures" / "clips.svg").exists()


def test_training_repeats_to_the_same_bytes(clips: Path, clip_run: Path, tmp_path: Path):
    assert call("train", clips, "--out", tmp_path / "again", *SETTINGS, "--no-baselines") == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (clip_run / "model.safetensors").read_bytes()


class StopAfterAnEpoch(Listener):
    """Ctrl-C behind the first epoch."""

    def epoch(self, *_: object, **__: object) -> None:
        raise KeyboardInterrupt


def test_an_interrupted_training_goes_on_to_the_same_bytes(clips: Path, clip_run: Path, tmp_path: Path, cache: Path):
    settings = {"epochs": 2, "batch_size": 16, "threads": 1, "baselines": False}
    with pytest.raises(KeyboardInterrupt):
        cs.train(clips, out=tmp_path / "run", listener=StopAfterAnEpoch(), cache=str(cache), **settings)
    cs.resume(tmp_path / "run", quiet=True)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == (clip_run / "model.safetensors").read_bytes()


def test_predict_takes_files_folders_and_arrays(clip_run: Path, clips: Path, tmp_path: Path, capsys):
    gif = sorted(clips.glob("east/*.gif"))[0]
    frames = np.stack([np.asarray(frame) for frame in _frames(gif)])
    np.savez(tmp_path / "one.npz", clips=frames[None])
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number}.png")
    assert call("predict", clip_run, gif, folder, tmp_path / "one.npz", "--json") == 0
    answers = json.loads(capsys.readouterr().out)
    rows = answers if isinstance(answers, list) else answers["predictions"]
    assert len({json.dumps(row["probabilities"]) for row in rows}) == 1 and len(rows) == 3
    run = cs.open_run(clip_run)
    (given,) = run.predict(frames)
    assert given.answer["probabilities"] == pytest.approx(rows[0]["probabilities"])


def _frames(path: Path) -> Iterator[Image.Image]:
    with Image.open(path) as image:
        for at in range(image.n_frames):  # pyright: ignore[reportAttributeAccessIssue]
            image.seek(at)
            yield image.convert("L")


def test_evaluate_prints_the_controls(clip_run: Path, clips: Path, capsys):
    assert call("evaluate", clip_run, clips) == 0
    printed = capsys.readouterr().out
    assert "how much motion matters" in printed and "shuffled frames" in printed


def test_explain_trace_and_verify(clip_run: Path, clips: Path, tmp_path: Path, capsys):
    gif = sorted(clips.glob("west/*.gif"))[0]
    assert call("explain", clip_run, gif, "--method", "gradient", "--method", "gradcam", "--out", tmp_path / "why") == 0
    (picture,) = (tmp_path / "why" / "maps").glob("*_gradient.png")
    with Image.open(picture) as shown:
        assert shown.size == (4 * 33 - 1, 3 * 33 - 1)  # twelve frames in rows of four
    assert call("trace", clip_run, gif) == 0
    assert "PyTorch" in capsys.readouterr().out
    assert call("inspect", clip_run, "--verify") == 0
    assert "agree" in capsys.readouterr().out


def test_data_show_draws_all_frames_alike(clips: Path, tmp_path: Path):
    for words in ("none", "shift=0.2"):
        out = tmp_path / f"{words}.png"
        assert call("data", "show", clips, "--augment", words, "--images", "2", "--copies", "2", "--out", out) == 0
        assert out.stat().st_size > 5_000


def test_the_page_shows_frames(clip_run: Path):
    session = Session({"clips": Opened("clips", clip_run)})
    assert rows(session, {"n": "3"}, "clips").arrays["thumbnails"].shape == (3, 64, 64, 3)
    assert one(session, {}, "clips", "test:0").arrays["pixels"].shape == (3 * 33 - 1, 4 * 33 - 1, 3)


def test_what_is_no_clip_is_said(clip_run: Path, tmp_path: Path, capsys):
    Image.fromarray(np.zeros((32, 32), np.uint8)).save(tmp_path / "still.gif")
    says(capsys, "holds 1 frame; a clip has two or more", "predict", clip_run, tmp_path / "still.gif")
    (tmp_path / "notes.txt").write_text("x")
    says(capsys, "this network takes clips", "predict", clip_run, tmp_path / "notes.txt")
