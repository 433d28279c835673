"""Groups go with a run: its own figures, a later evaluation, another set, and comparisons draw them."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from cli.command import call
from convscope.api import results

PATIENTS, EACH = 36, 20


def patients(root: Path, *, first: int = 0, column: str = "patient") -> Path:
    """Write a set whose class is the patient's; every third test patient looks like the other class."""
    rng, lines = np.random.default_rng(first), [f"image,label,{column},split"]
    (root / "images").mkdir(parents=True)
    for p in range(first, first + PATIENTS):
        split = "test" if p % PATIENTS >= 24 else "valid" if p % PATIENTS >= 20 else "train"
        bright = (p % 2) ^ (split == "test" and p % 3 == 0)
        for i in range(EACH):
            name = f"p{p}_{i}.png"
            Image.fromarray((rng.integers(0, 60, (8, 8)) + 150 * bright).astype(np.uint8)).save(root / "images" / name)
            lines.append(f"{name},{'ab'[p % 2]},p{p},{split}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, cs.Run]]:
    at = tmp_path_factory.mktemp("grouped")
    source = patients(at / "set")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_CACHE", str(at / "cache"))
        patch.setattr(results, "write_report", lambda contents, folder: (folder / "report.html").touch())
        made = {}
        for model, seed in (("tiny", 0), ("tiny", 1), ("mlp", 0)):
            out = at / f"{model}{seed}"
            made[out.name] = cs.train(
                source, model, out=out, epochs=4, lr=0.02, seed=seed, split_seed=0, augment="none",
                baselines=seed == 0 and model == "tiny", baseline_seconds=0.3,
            )  # fmt: skip
        yield made


def width(estimate: dict) -> float:
    return estimate["high"] - estimate["low"]


def test_a_runs_own_figures_and_its_lead_draw_patients(runs: dict[str, cs.Run], capsys) -> None:
    metrics = runs["tiny0"].metrics
    assert (metrics["examples"], metrics["groups"]) == (240, 12)
    assert metrics["accuracy"]["value"] == pytest.approx(2 / 3)
    assert (metrics["accuracy"]["low"], metrics["accuracy"]["high"]) == pytest.approx((5 / 12, 11 / 12))
    for rival in metrics["baselines"]:
        assert "p_sign_flip" in rival["versus"] and "p_mcnemar" not in rival["versus"]
    majority = metrics["baselines"][0]
    assert width(majority["accuracy"]) > 0.4 and width(majority["versus"]["difference"]) > 0.4
    assert call("evaluate", runs["tiny0"].folder) == 0
    printed = capsys.readouterr().out
    assert "240 examples of 12 groups" in printed and "12 groups, each drawn as a whole" in " ".join(printed.split())


def test_a_later_evaluation_draws_the_patients_of_the_set_it_is_given(runs: dict[str, cs.Run], tmp_path: Path) -> None:
    run = runs["tiny0"]
    again = run.evaluate()
    for key in ("accuracy", "auc", "ece", "groups", "interval"):
        assert again[key] == run.metrics[key]
    assert run.evaluate(split="valid")["groups"] == 4
    assert "fewer than 10 groups it is rough" in run.evaluate(split="valid")["interval"]
    other = run.evaluate(patients(tmp_path / "other", first=PATIENTS), split="all")
    assert (other["groups"], other["examples"]) == (PATIENTS, PATIENTS * EACH)
    assert width(other["accuracy"]) > 0.1
    assert run.evaluate(cs.load(tmp_path / "other"))["groups"] == 12


def test_runs_are_compared_over_patients(runs: dict[str, cs.Run], tmp_path: Path) -> None:
    found = cs.compare([runs["tiny0"], runs["mlp0"]])
    assert (found.groups, found.resampled, found.pairs[0].test) == (12, "12 groups", "sign_flip")
    assert any("12 groups: intervals and tests draw whole groups" in note for note in found.notes)
    assert all(width(network.figures["accuracy"]) > 0.4 for network in found.networks)
    seeds = cs.compare([runs["tiny0"], runs["tiny1"], runs["mlp0"]])
    assert seeds.pairs[0].test == "bootstrap"
    assert all(width(network.figures["log_loss"]) > 0.3 for network in seeds.networks)
    assert call("compare", runs["tiny0"].folder, runs["mlp0"].folder, "--out", tmp_path / "page") == 0
    page = " ".join((tmp_path / "page" / "comparison.html").read_text().split())
    assert "240 test images of 12 groups" in page and "flips signs of whole groups" in page


def without_groups(run: cs.Run, folder: Path, *, column: bool) -> Path:
    """Copy a run as older versions wrote it: intervals over images, and no groups, or no column for them."""
    shutil.copytree(run.folder, folder)
    rows = list(csv.reader((folder / "split.csv").read_text().splitlines()))
    at = rows[0].index("group")
    if not column:
        rows = [row[:at] + row[at + 1 :] for row in rows]
    (folder / "split.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    metrics = json.loads((folder / "metrics.json").read_text())
    del metrics["groups"], metrics["decided_by_validation"], metrics["weights_sha256"]
    metrics["accuracy"] |= {"low": 0.66, "high": 0.67}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    environment = json.loads((folder / "env.json").read_text())
    del environment["results"]  # their checksums came later
    (folder / "env.json").write_text(json.dumps(environment))
    (folder / "report.html").write_text("<html></html>")
    return folder


def test_runs_of_older_versions_stay_readable(runs: dict[str, cs.Run], tmp_path: Path) -> None:
    # Groups were written down, but not drawn: the intervals are made anew.
    old = without_groups(runs["tiny0"], tmp_path / "old", column=True)
    found = cs.compare([old, runs["mlp0"]])
    assert found.groups == 12 and all(width(network.figures["accuracy"]) > 0.4 for network in found.networks)
    # One of two has no column: the other's groups are used.
    older = without_groups(runs["tiny0"], tmp_path / "older", column=False)
    assert cs.compare([older, runs["mlp0"]]).groups == 12
    oldest = without_groups(runs["mlp0"], tmp_path / "oldest", column=False)
    found = cs.compare([older, oldest])
    assert (found.groups, found.resampled, found.pairs[0].test) == (None, "images", "mcnemar")
    assert any("over single images" in note for note in found.notes)
    assert cs.open_run(older).evaluate()["groups"] == 12  # the set itself knows
