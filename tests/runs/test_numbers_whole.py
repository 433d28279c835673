"""Numbers and sets of labels from a file to a report."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.cli.predict import predict
from convscope.errors import ConfigError, DataError

SETTINGS: dict[str, Any] = {
    "epochs": 6, "batch_size": 16, "lr": 0.01, "threads": 1, "amp": False, "channels_last": False, "compile": False,
    "quiet": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars of some height and brightness, with and without stripes: a table of two amounts, and lists of labels."""
    root = tmp_path_factory.mktemp("bars")
    rng = np.random.default_rng(0)
    amounts, labels = [["image", "height (mm)", "light"]], [["image", "label"]]
    for i in range(100):
        height, light, striped = rng.integers(4, 20), rng.uniform(80, 200), rng.random() < 0.4
        image = rng.normal(20, 4, (24, 16))
        image[24 - height :, 4:12] = light
        image[::4] += 45 * striped
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(root / f"{i:02}.png")
        amounts.append([f"{i:02}.png", f"{height / 10:.2f}", "" if i == 7 else f"{light:.1f}"])
        named = [name for name, holds in (("high", height > 11), ("striped", striped)) if holds]
        labels.append([f"{i:02}.png", str(named)])
    for name, rows in (("amounts", amounts), ("labels", labels)):
        with (root / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    return root


@pytest.fixture(scope="module")
def run(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> cs.Run:
    return cs.train(bars / "amounts.csv", "lenet", out=tmp_path_factory.mktemp("runs") / "numbers", **SETTINGS)


def test_numbers_are_learned_in_their_units(run, bars, capsys):
    metrics = run.metrics
    assert (metrics["task"], metrics["main"], run.plan.augment) == ("regression", "mae", "none")
    assert metrics["r2"]["value"] > 0.5 > metrics["baselines"][0]["r2"]["value"]
    height, light = metrics["numbers"]
    assert (height["name"], height["unit"], light["unit"]) == ("height", "mm", "")
    assert height["mae"]["value"] < 0.5 < 5 < light["mae"]["value"] < 60
    assert run.evaluate()["mae"] == metrics["mae"]
    assert predict(run.folder, bars / "03.png") == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header == "input,height,light"
    (answer,) = run.predict([bars / "03.png"])
    assert [float(value) for value in line.split(",")[1:]] == pytest.approx(list(answer.numbers.values()), rel=1e-4)
    page = run.report.read_text()
    assert all(f'id="figure-{name}"' in page for name in ("residuals", "worst")) and "Number by number" in page


def test_numbers_of_another_unit_are_not_scored(run, bars, tmp_path):
    text = (bars / "amounts.csv").read_text().replace("(mm)", "(cm)")
    (bars / "other.csv").write_text(text)
    with pytest.raises(DataError, match="height in mm, here in cm"):
        run.evaluate(bars / "other.csv")


def test_folds_of_numbers_speak_of_their_unit(bars, tmp_path):
    series = cs.train_series(
        bars / "amounts.csv", ["lenet"], folds=2, out=tmp_path / "folds", label_column="height (mm)", baselines=False,
        **{**SETTINGS, "epochs": 1},
    )  # fmt: skip
    validation = series.comparison
    assert validation is not None
    assert re.match(r"lenet: mean absolute error \S+ mm \(", validation.conclusions[0])
    assert validation.to_dict()["metrics"]["mae"]["unit"] == "mm"


def test_settings_of_another_task_are_refused(bars, tmp_path):
    for settings, why in (({"smoothing": 0.1}, "classification"), ({"head": "heatmap"}, "not for regression")):
        with pytest.raises(ConfigError, match=why):
            cs.train(bars / "amounts.csv", "lenet", out=tmp_path / "refused", **SETTINGS, **settings)


def test_sets_of_labels_are_learned(bars, tmp_path, capsys):
    run = cs.train(bars / "labels.csv", "lenet", out=tmp_path / "labels", **SETTINGS)
    metrics = run.metrics
    assert (metrics["task"], metrics["main"]) == ("multilabel", "mean_average_precision")
    assert metrics["mean_average_precision"]["value"] > 0.7
    assert [row["label"] for row in metrics["labels"]] == ["high", "striped"]
    assert run.evaluate(bars / "labels.csv", split="all")["examples"] == 100
    assert predict(run.folder, bars / "03.png") == 0
    assert capsys.readouterr().out.splitlines()[0] == "input,labels,p:high,p:striped"
    page = run.report.read_text()
    assert all(f'id="figure-{name}"' in page for name in ("each_label", "worst"))
    assert re.search(r">(has|no) (high|striped), said 0\.\d\d<", page)


def test_numbers_and_points_and_labels_come_in_arrays(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (30, 12, 10, 1)).astype(np.uint8)
    targets = {
        "number": rng.normal(size=30), "points": rng.uniform(0, 10, (30, 3, 2)),
        "multilabel": (rng.random((30, 4)) < 0.5).astype(np.uint8),
    }  # fmt: skip
    for kind, y in targets.items():
        np.savez(tmp_path / f"{kind}.npz", x=x, y=y)
        data = cs.load(tmp_path / f"{kind}.npz")
        assert data.target_kind == kind
        rows = [int(name.rpartition("/")[2]) for name in data.train.ids]
        assert data.train.target.reshape(len(rows), -1) == pytest.approx(y[rows].reshape(len(rows), -1))


@pytest.mark.parametrize("held", ["2.5", "['striped']"])
def test_training_examples_that_are_all_the_same_are_refused(bars, tmp_path, held):
    column, other = ("height (mm)", "3.5") if held == "2.5" else ("label", "['high', 'striped']")
    with (bars / "same.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", column, "split"])
        writer.writerows([f"{i:02}.png", other if i < 30 else held, "test" if i < 40 else "train"] for i in range(100))
    with pytest.raises(DataError, match=r"nothing to learn: all .* train examples"):
        cs.train(bars / "same.csv", "lenet", out=tmp_path / "same", **SETTINGS)


@pytest.mark.parametrize(
    ("kind", "part", "why"),
    [
        ("points", "test", "no test example of 20 has any point that is known"),
        ("points", "train", "no train example of 53 has any point"),
        ("labels", "test", "nothing to score by: all 20 test examples"),
        ("labels", "train", "nothing to learn: all 53 train examples"),
    ],
)
def test_a_split_without_anything_known_is_refused_before_training(tmp_path, kind, part, why):
    rng = np.random.default_rng(0)
    split = np.where(np.arange(80) % 4 == 3, "test", np.where(np.arange(80) % 9 == 0, "valid", "train"))
    y = rng.uniform(1, 11, (80, 3, 2)) if kind == "points" else rng.integers(0, 2, (80, 3))
    y[split == part] = np.nan if kind == "points" else 0
    x = rng.integers(0, 256, (80, 12, 12, 1), dtype=np.uint8)
    with pytest.raises(DataError, match=why):
        cs.train(cs.from_arrays(x, y, splits=split), "lenet", out=tmp_path / "run", **SETTINGS)
    assert not (tmp_path / "run").exists()


def test_large_offsets_and_numbers_that_no_scored_example_has(tmp_path, capsys):
    rng = np.random.default_rng(0)
    light = rng.uniform(0, 1, 80)
    x = (light[:, None, None, None] * 200 + rng.normal(20, 3, (80, 12, 12, 1))).clip(0, 255).astype(np.uint8)
    split = np.where(np.arange(80) % 4 == 3, "test", np.where(np.arange(80) % 9 == 0, "valid", "train"))
    y = np.stack([1.7e9 + 100 * light, np.where(split == "test", np.nan, light)], axis=1)
    run = cs.train(cs.from_arrays(x, y, splits=split), "lenet", out=tmp_path / "run", **SETTINGS)
    time, other = run.metrics["numbers"]
    assert time["r2"]["value"] > 0.9  # float32 knows multiples of 128 only
    assert (other["examples"], other["mae"]["value"]) == (0, None)
    rows = list(csv.DictReader((run.folder / "predictions.csv").read_text().splitlines()))
    errors = [
        abs(float(row["predicted:number 1"]) - float(row["true:number 1"])) for row in rows if row["split"] == "test"
    ]
    assert np.mean(errors) == pytest.approx(time["mae"]["value"], rel=1e-6)
    Image.fromarray(x[0, ..., 0]).save(tmp_path / "0.png")
    assert predict(run.folder, tmp_path / "0.png") == 0
    (answer,) = run.predict([tmp_path / "0.png"])
    assert float(capsys.readouterr().out.splitlines()[1].split(",")[1]) == pytest.approx(
        answer.numbers["number 1"], abs=0.01
    )
