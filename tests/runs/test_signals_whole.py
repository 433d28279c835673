"""A run on signals of different lengths in text files: trained, scored, answered, with simple methods beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from cli.command import call, says

N, SETTINGS = 60, {"epochs": 2, "quiet": True, "model": "conv1d"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with wave_TRAIN.txt and wave_TEST.txt: slow and fast waves of 20, 31 or 48 steps."""
    folder, rng = tmp_path_factory.mktemp("waves"), np.random.default_rng(0)
    for name, count in (("TRAIN", N), ("TEST", N // 2)):
        lines = []
        for k in range(count):
            steps = np.arange((20, 31, 48)[k % 3])
            wave = np.sin(2 * np.pi * steps / (5 if k % 2 else 13) + rng.uniform(0, 6)) + 0.1 * rng.normal(
                size=len(steps)
            )
            lines.append(" ".join([str(2 * (k % 2) - 1), *(f"{value:.4f}" for value in wave)]))
        (folder / f"wave_{name}.txt").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def run(files: Path, tmp_path_factory: pytest.TempPathFactory) -> cs.Run:
    return cs.train(files / "wave_TRAIN.txt", out=tmp_path_factory.mktemp("runs") / "run", **SETTINGS)


def test_the_test_file_is_the_test_split_and_validation_chooses_nothing(run: cs.Run):
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert run.plan.select == "last" and run.plan.augment == "none" and run.plan.batch_size == 16
    names = [each["name"] for each in metrics["baselines"]]
    assert names == ["majority class", "1-NN", "summary statistics", "random kernels"]
    rows = (run.folder / "split.csv").read_text().splitlines()[1:]
    test = [row for row in rows if ",test," in row]
    assert len(test) == N // 2 and all("wave_TEST.txt" in row for row in test)


def test_a_file_is_scored_and_answered_as_in_the_run(run: cs.Run, files: Path):
    own, other = run.evaluate(), run.evaluate(files / "wave_TEST.txt")
    assert own["accuracy"] == other["accuracy"] and own["examples"] == other["examples"] == N // 2
    predictions = run.predict(files / "wave_TEST.txt")
    assert {each.answer["label"] for each in predictions} <= {"-1", "1"}
    test = cs.load(files).test
    assert test is not None
    alone = [run.predict(example.image)[0] for example in test]
    for one, together in zip(alone, predictions, strict=True):  # no padding changes an answer
        assert one.answer["probability"] == pytest.approx(together.answer["probability"], abs=1e-6)


def test_any_number_is_traced_down_to_a_step(run: cs.Run, files: Path, capsys: pytest.CaptureFixture[str]):
    file = files / "wave_TEST.txt"
    traced = cs.trace(run, f"{file}/2")
    answer = run.predict(file)[1]
    assert traced.forward.classes[traced.at[0]] == answer.answer["label"]
    logits = traced.forward.values[traced.node][0]
    assert np.exp(traced.total) / np.exp(logits).sum() == pytest.approx(answer.answer["probability"], abs=1e-5)
    signal = np.array(file.read_text().splitlines()[1].split()[1:], np.float32)
    assert traced.forward.scaling is not None and traced.forward.scaling.raw[0] == pytest.approx(signal)
    opened = cs.trace(run, signal, "conv", (3, 10))
    assert opened.total == pytest.approx(opened.bias + sum(term.product for term in opened.terms), abs=1e-6)
    end = opened.chain()[-1]
    assert end.op == "pixel" and end.total == pytest.approx(signal[end.at[1]])
    assert call("trace", run.folder, f"{file}/2", "--node", "conv", "--at", "3,0", "--follow", "1") == 0
    told = capsys.readouterr().out
    assert f"sees steps 0 to 2 of {len(signal)}" in told and "(step - mean) / standard deviation" in told
    says(capsys, "expected one signal, found 30 signals; name one of them", "trace", run.folder, file)
    says(capsys, "has no signal 77", "trace", run.folder, f"{file}/77")
    says(capsys, "there is no file or folder", "trace", run.folder, files / "none.txt")


def test_it_is_inspected_and_verified(run: cs.Run, files: Path, capsys: pytest.CaptureFixture[str]):
    assert call("inspect", run.folder) == 0 and "fc" in capsys.readouterr().out
    assert call("inspect", run.folder, "--verify", "--image", f"{files / 'wave_TEST.txt'}/1") == 0
    assert capsys.readouterr().out.count("agree") == 2
    says(capsys, "this one takes signals", "predict", run.folder, files / "wave_TEST.txt", "--typed")


def test_its_report_and_its_set_are_drawn(run: cs.Run, files: Path, tmp_path: Path):
    drawn = {path.stem for path in (run.folder / "figures").glob("*.svg")}
    assert {"traces", "firing", "examples", "lengths"} <= drawn and not {"letters", "bases", "logos"} & drawn
    page = (run.folder / "report.html").read_text()
    assert "What the answers rest on" in page and "Check: without the 20" in page and "steps of a signal" in page
    assert call("data", "show", files / "wave_TRAIN.txt", "--out", tmp_path / "a.svg", "--images", "2") == 0
    assert (tmp_path / "a.svg").read_text().count("</svg>") == 1
    trace = ("--node", "conv", "--at", "3,0", "--out", tmp_path / "t.svg")
    assert call("trace", run.folder, f"{files / 'wave_TEST.txt'}/2", *trace) == 0
    assert "It sees 3 of 31 steps" in (tmp_path / "t.svg").read_text()
