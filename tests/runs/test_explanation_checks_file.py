"""Checks of explanations in a run's folder: computed once for each method, its options, its inputs and the weights."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convscope.explaining.checks.estimate import Estimate
from convscope.explaining.checks.result import Checks
from convscope.runs import files
from convscope.runs.explanation_checks import checked_rows, has_learned, kept_checks
from convscope.tasks.scores import About

INPUTS = np.arange(8.0).reshape(2, 4)


class Computing:
    """Counts how often checks are computed."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Checks:
        self.times += 1
        edges = Estimate(0.25, 0.125, 0.5, 2)
        return Checks("ig", "logit", "image", 2, True, 0, None, edges, (), None, None, None, ("a note",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / files.WEIGHTS).write_bytes(b"weights")
    return tmp_path


def test_the_same_question_is_answered_from_the_file(folder: Path):
    compute = Computing()
    first = kept_checks(folder, "ig", {"steps": 50}, INPUTS, compute)
    again = kept_checks(folder, "ig", {"steps": 50}, INPUTS.copy(), compute)
    assert again == first and compute.times == 1
    assert "verdict" in json.loads((folder / files.EXPLANATION_CHECKS).read_text())["checks"].popitem()[1]


def test_another_method_option_input_or_other_weights_are_another_question(folder: Path):
    compute = Computing()
    for method, options, inputs in (
        ("ig", {}, INPUTS),
        ("lrp", {}, INPUTS),
        ("ig", {"steps": 8}, INPUTS),
        ("ig", {}, INPUTS + 1),
        ("ig", {}, INPUTS.reshape(4, 2)),
    ):
        kept_checks(folder, method, options, inputs, compute)
    assert compute.times == 5
    kept_checks(folder, "lrp", {}, INPUTS, compute)
    assert compute.times == 5
    (folder / files.WEIGHTS).write_bytes(b"trained on")
    kept_checks(folder, "lrp", {}, INPUTS, compute)
    assert compute.times == 6
    assert len(json.loads((folder / files.EXPLANATION_CHECKS).read_text())["checks"]) == 1


@pytest.mark.parametrize("text", ["", "[]", "{", '{"weights_sha256": 1, "checks": {}}', "[" * 100_000])
def test_a_damaged_file_is_passed_over(folder: Path, text: str):
    (folder / files.EXPLANATION_CHECKS).write_text(text)
    compute = Computing()
    kept_checks(folder, "ig", {}, INPUTS, compute)
    kept_checks(folder, "ig", {}, INPUTS, compute)
    assert compute.times == 1


def test_checks_that_are_none_are_computed_again(folder: Path):
    compute = Computing()
    kept_checks(folder, "ig", {}, INPUTS, compute)
    path = folder / files.EXPLANATION_CHECKS
    values = json.loads(path.read_text())
    values["checks"] = {key: {"method": 5} for key in values["checks"]}
    path.write_text(json.dumps(values))
    assert kept_checks(folder, "ig", {}, INPUTS, compute).method == "ig" and compute.times == 2


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(folder: Path):
    (folder / files.EXPLANATION_CHECKS).mkdir()
    assert kept_checks(folder, "ig", {}, INPUTS, Computing()).examples == 2


def test_rows_lie_at_even_distances():
    rows = checked_rows(10_000)
    assert len(rows) == 32 and rows[0] == 0 and rows[-1] == 9_999 and np.ptp(np.diff(rows)) <= 1
    assert checked_rows(1).tolist() == [0]


@pytest.mark.parametrize(
    ("better", "difference", "learned"),
    [
        ("higher", (0.4, 0.3, 0.5), True),
        ("higher", (0.1, -0.1, 0.3), False),
        ("lower", (-2.0, -3.0, -1.0), True),
        ("lower", (2.0, 1.0, 3.0), False),
        ("higher", (0.4, None, None), True),
    ],
)
def test_a_network_has_learned_where_it_beats_an_answer_given_without_looking(better, difference, learned: bool):
    versus = {"difference": dict(zip(("value", "low", "high"), difference, strict=True))}
    about = {"main": About("Main", "", better=better)}
    run = SimpleNamespace(unfinished="", about=about, metrics={"baselines": [{"versus": versus}]})
    assert has_learned(run) is learned  # pyright: ignore[reportArgumentType]
    run.metrics = {}
    assert has_learned(run)  # pyright: ignore[reportArgumentType]
