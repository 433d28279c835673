"""Sets of very many classes: files that stay small, and hold all that runs are compared by."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from convscope.api import results
from convscope.runs.predictions import read_answers
from convscope.tasks.classification import predictions
from convscope.tasks.classification.scores import confusion, score


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, digits: cs.Data) -> dict[str, cs.Run]:
    """Train the same two networks twice, with all probabilities written down and with those of the best five."""
    monkeypatch.setattr(results, "write_report", lambda contents, folder: (folder / "report.html").touch())
    made = {}
    for form, most in (("full", 100), ("short", 9)):
        monkeypatch.setattr(predictions, "MOST_CLASSES", most)
        for model in ("tiny", "mlp"):
            out = tmp_path / f"{form}-{model}"
            made[out.name] = cs.train(digits, model, epochs=1, baselines=False, out=out)
    return made


def test_the_short_form_holds_all_that_runs_are_compared_by(runs: dict[str, cs.Run]) -> None:
    full, short = (runs[f"{form}-tiny"] for form in ("full", "short"))
    ids = read_answers(full).ids
    assert (ids == read_answers(short).ids).all()
    evidence = [read_answers(run).of(ids) for run in (full, short)]
    for name in ("labels", "predicted", "stated", "of_label"):
        assert (getattr(evidence[0], name) == getattr(evidence[1], name)).all()
    plain, other = (cs.compare([runs[f"{form}-{m}"] for m in ("tiny", "mlp")]).to_dict() for form in ("full", "short"))
    assert plain["pairs"] == other["pairs"]
    assert cs.compare([full, runs["short-mlp"]]).to_dict()["pairs"] == plain["pairs"]  # a run of each form


def test_each_line_has_the_best_five_answers_and_the_truth(runs: dict[str, cs.Run], digits: cs.Data) -> None:
    run = runs["short-tiny"]
    shares = run.probabilities(digits.valid)
    with (run.folder / "predictions.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "valid"]
    assert not any(name.startswith("p:") for name in rows[0])
    for row, label, stated in zip(rows, digits.valid.labels, shares, strict=True):
        best = np.argsort(-stated, kind="stable")[:5]
        names = [row["prediction"], *(row[f"prediction_{rank}"] for rank in range(2, 6))]
        numbers = [row["probability"], *(row[f"probability_{rank}"] for rank in range(2, 6))]
        assert names == [str(k) for k in best] and row["label"] == str(label)
        assert [*map(float, numbers)] == pytest.approx(stated[best], rel=1e-4)
        assert float(row["label_probability"]) == pytest.approx(stated[label], rel=1e-4)


def test_a_large_confusion_matrix_is_written_as_its_cells() -> None:
    rng = np.random.default_rng(0)
    for K in (100, 101):
        labels = rng.integers(0, K, 400)
        shares = rng.dirichlet(np.ones(K), 400)
        found = score(labels, shares, [f"c{k}" for k in range(K)], resamples=20)
        counts = np.zeros((K, K), int)
        np.add.at(counts, (labels, shares.argmax(axis=1)), 1)
        assert (confusion(found) == counts).all()
        assert ("confusion" in found, "confusion_cells" in found) == (K == 100, K == 101)
        assert json.loads(json.dumps(found)) == found
