"""What Python shows: a training on its way, and results in a line and as small pages."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from convscope.data.dataset import Data
from convscope.runs.prediction import Prediction
from convscope.runs.run import Run

QUICK = {"epochs": 2, "baselines": False}


@pytest.fixture(scope="module")
def run(digits: Data, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return cs.train(digits, "tiny", out=tmp_path_factory.mktemp("shown") / "run", quiet=True, **QUICK)


def test_a_training_is_shown_on_the_error_stream(digits: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    cs.train(digits, "tiny", out=tmp_path / "run", **QUICK)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("train loss") == 2 and "run folder" in printed.err and "\x1b" not in printed.err
    cs.resume(tmp_path / "run", data=digits, epochs=3)
    assert capsys.readouterr().err.count("train loss") == 1


def test_nothing_is_shown_to_who_wants_quiet_or_watches(
    digits: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    cs.train(digits, "tiny", out=tmp_path / "quiet", quiet=True, **QUICK)
    seen: list[float] = []
    observer = cs.Observer(on_epoch=lambda row: seen.append(row["epoch"]))
    cs.train(digits, "tiny", out=tmp_path / "watched", observer=observer, **QUICK)
    assert capsys.readouterr() == ("", "") and seen == [1, 2]


def test_a_stopped_training_says_how_to_go_on(digits: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from convscope.terminal import live

    def stop(*told: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(live.Live, "epoch", stop)
        cs.train(digits, "tiny", out=tmp_path / "run", **QUICK)
    assert f"convscope.resume('{tmp_path / 'run'}')" in capsys.readouterr().err.replace("\n", "")


def test_a_series_names_its_turns_and_what_failed(digits: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = cs.train_series(digits, ["tiny", "lenet5"], out=tmp_path / "series", epochs=1, baselines=False)
    told = capsys.readouterr().err
    assert "1 of 2  tiny, seed 0" in told and "lenet5 could not be trained" in told
    assert repr(found) == f"<series {tmp_path / 'series'}: 1 runs, 1 failed>"
    assert "lenet5: could not be trained" in found._repr_html_()
    cs.train_series(digits, ["tiny"], out=tmp_path / "quiet", epochs=1, baselines=False, quiet=True)
    assert capsys.readouterr().err == ""


def test_results_are_one_line_and_a_small_page(run: Run, digits: Data):
    (prediction,) = run.predict(digits.test[0])
    inspection = cs.inspect(run)
    trace = cs.trace(run, digits.test[0])
    accuracy = run.metrics["accuracy"]["value"]
    for shown, line, inside in (
        (run, rf"<run .*: tiny on made, accuracy {accuracy:.4f} on test>", "report"),
        (prediction, rf"<image \d+: {prediction.label} 0\.\d{{4}}>", str(prediction.label)),
        (inspection, r"<inspection of Sequential: \d+ layers, [\d,]+ parameters>", "total"),
        (inspection.graph, r"<graph of Sequential: \d+ nodes from input \(1, 1, 8, 8\) to output>", "convolution"),
        (trace, r"<trace .* = .*, \d+ terms>", "class"),
    ):
        assert re.fullmatch(line, repr(shown)), repr(shown)
        page = shown._repr_html_()
        assert page.startswith("<") and len(page) < 30_000
        assert inside in page or shown is inspection.graph


def test_pages_escape_what_users_named():
    page = Prediction(
        "<script>", {"label": "<b>", "probability": 0.5, "probabilities": {"<b>": 0.5}}, note="<i>"
    )._repr_html_()
    assert "<script>" not in page and "<i>" not in page and "&lt;script&gt;" in page
    assert repr(Prediction("a.png", {"label": None}, error="damaged")) == "<a.png: damaged>"


def test_an_unfinished_run_shows_itself_too(run: Run, tmp_path: Path):
    for name in ("config.toml", "model.safetensors"):
        (tmp_path / name).write_bytes((run.folder / name).read_bytes())
    opened = cs.open_run(tmp_path)
    assert repr(opened).endswith("tiny on made, not finished>") and "network" in opened._repr_html_()


def test_paths_are_taken_everywhere(run: Run, digits: Data, tmp_path: Path):
    image = tmp_path / "one.npy"
    np.save(image, digits.test.pixels[0])
    assert run.predict(image)[0].error is None
    assert cs.inspect(run.folder).totals.parameters == cs.inspect(str(run.folder)).totals.parameters
    assert cs.trace(run.folder, image).total == cs.trace(str(run.folder), str(image)).total
    data = cs.load("digits", cache=tmp_path / "cache", data_root=tmp_path)
    assert len(data.train) and run.evaluate("digits", cache=tmp_path / "cache", data_root=tmp_path)["examples"]


def test_a_listener_hears_every_event_and_its_older_names_work(digits: Data, tmp_path: Path):
    heard: list[str] = []

    class Hears(cs.Listener):
        def progress(self, what, done, total):
            heard.append(what)

        def plan(self, prepared):
            heard.append("plan")

        def step(self, epoch, step, steps, figures):
            heard.append(f"step {epoch + 1}.{step}")

        def epoch(self, row):
            heard.append(f"epoch {row['epoch']:.0f}")

    cs.train(digits, "tiny", out=tmp_path / "run", listener=Hears(), **QUICK)
    assert heard[:2] == ["plan", "step 1.1"] and heard[-1] == "report"
    assert [what for what in heard if what.startswith("epoch")] == ["epoch 1", "epoch 2"]
    heard.clear()
    cs.resume(tmp_path / "run", data=digits, epochs=3, observer=Hears())
    assert heard[:2] == ["plan", "step 3.1"]
