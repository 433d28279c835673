"""Plain values: fit for JSON as it is defined, without anything that only Python knows."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import convscope as cs
from convscope.analysis.inspection import Inspection
from convscope.data import load
from convscope.plain import plain
from convscope.runs.prediction import Prediction
from convscope.views import data, inspection, models, prediction, run


def through_json(value):
    """Return what a reader of the JSON gets; numbers that are not finite are an error."""
    return json.loads(json.dumps(value, allow_nan=False))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2.5, True, None, "a"), [1, 2.5, True, None, "a"]),
        ({"x": math.inf, 3: Path("a/b")}, {"x": None, "3": "a/b"}),
        (np.array([[1.0, np.nan]], np.float32), [[1.0, None]]),
        ({"n": np.int64(3), "generator": (k for k in range(2))}, {"n": 3, "generator": [0, 1]}),
        (Fraction(1, 3), "1/3"),
        (
            Prediction("a.png", {"age": math.nan}),
            {"input": "a.png", "answer": {"age": None}, "error": None, "note": "", "arrays": {}},
        ),
    ],
)
def test_any_value_becomes_plain(value, expected):
    assert through_json(plain(value)) == expected


def test_an_answer_that_is_no_number_is_null():
    (row,) = prediction.predictions([Prediction("a.png", {"age": math.inf, "unit": "years"}, note="resized")])
    assert through_json(row) == {"input": "a.png", "age": None, "unit": "years", "error": None, "note": "resized"}


def test_a_set_is_told_with_its_splits(tmp_path: Path):
    found = through_json(data.checked(load("digits", cache=tmp_path)))
    assert set(found) >= {"name", "facts", "classes", "splits", "fingerprint", "warnings"}
    assert found["splits"].keys() == {"train", "valid", "test"} and found["classes"] == [str(k) for k in range(10)]


def test_a_network_of_the_list_is_told_with_its_layers():
    found = through_json(models.network("lenet"))
    assert found.items() >= through_json(models.row("lenet")).items()
    assert set(found) >= {"smallest", "groups", "head", "options", "pretrained", "beside"}


def test_a_unit_sees_the_places_of_its_window():
    torch = pytest.importorskip("torch")
    graph = cs.record(torch.nn.Conv2d(1, 1, 3), (1, 5, 5))
    found = Inspection(graph)
    seen = through_json(inspection.field(found.field(found.layers[-1].name, (0, 1, 1))))
    (places,) = seen["inputs"].values()
    assert places["count"] == 9 and places["positions"][1:] == [[1, 2, 3], [1, 2, 3]]
    assert through_json(inspection.inspection(found))["layers"]


def test_a_run_is_told_with_its_checksum():
    found = SimpleNamespace(folder=Path("runs/a"), environment={"weights_sha256": "12"}, metrics={"loss": math.nan})
    assert through_json(run.run(found)) == {"run": "runs/a", "weights_sha256": "12", "loss": None}
