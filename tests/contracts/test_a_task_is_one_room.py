"""A task registered from here alone trains, resumes, predicts, is compared and reported: nothing in src knows of it.

It learns two numbers, level and drift, from signals of different lengths.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import convscope as cs
from convscope.data import from_arrays
from convscope.data.batch import Batch
from convscope.data.dataset import Data, Split
from convscope.data.listing import Target
from convscope.data.spec import Numbers, OutputSpec
from convscope.tasks import registry
from convscope.tasks.baselines import BaselineResult, Budget
from convscope.tasks.metrics.estimates import estimates_of
from convscope.tasks.metrics.units import Units
from convscope.tasks.scores import About, Metric, Scores
from convscope.tasks.settings import setting
from convscope.tasks.task import Measured, Monitor, Task

ABOUT = {"mae": About("Mean absolute error", "mean distance from the truth", better="lower")}

# The task: what a newcomer has to write, and where the sixty lines begin.


@dataclass(frozen=True)
class Options:
    beta: float = setting(1.0, "Training", "where the loss turns from square to linear", above=0)


@dataclass(frozen=True)
class Errors:
    per_example: np.ndarray

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"mae": self.per_example @ weights / weights.sum(axis=0)}


class SmoothL1:
    metrics, monitor = ("mae",), Monitor("mae", "lower")
    blind, notices, narrow = 1.0, (), ()

    def __init__(self, beta: float):
        self.beta = beta

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        (wanted,) = batch.targets
        errors = (output.detach() - wanted).abs().mean(1).sum()
        return Measured(
            nn.functional.smooth_l1_loss(output, wanted, beta=self.beta), len(wanted), errors[None], len(wanted)
        )


class Unscaled(nn.Module):
    def __init__(self, target: Numbers):
        super().__init__()
        self.mean, self.std = torch.tensor(target.mean), torch.tensor(target.std)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.std + self.mean


def target_of(data: Data, options: Options) -> Numbers:
    spec, values = data.columns[data.targets[0]].spec, data.train.target
    return Numbers(spec.names, spec.units, tuple(values.mean(0).tolist()), tuple(values.std(0).tolist()))


def errors_of(truth: np.ndarray, predictions: np.ndarray, target: Numbers) -> Errors:
    return Errors(np.abs(truth - predictions).mean(axis=1))


def score(
    truth: np.ndarray, predictions: np.ndarray, target: Numbers, options: Options, groups: np.ndarray | None
) -> Scores:
    errors, units = errors_of(truth, predictions, target), Units.of(groups, len(truth))
    metrics = {name: Metric(**each, about=ABOUT[name]) for name, each in estimates_of(errors, "mae", units).items()}
    return Scores("mae", metrics, len(truth), "examples", units.groups or None, errors.per_example)


def mean_of(name: str, train: Split, scored: Split, target: Numbers, budget: Budget) -> BaselineResult:
    return BaselineResult(name, "always the mean", np.tile(target.mean, (len(scored), 1)), 0.0, len(train), False)


def read(rows: Sequence[Mapping[str, str]], target: Numbers) -> Errors:
    truth, stated = (np.array([[float(row[f"{what}:{n}"]) for n in target.names] for row in rows]) for what in "tp")
    return errors_of(truth, stated, target)


TREND = Task(
    name="trend", options=Options, target=target_of, score=score, evidence=errors_of, read=read,
    fits=lambda data: None if data.target_kind == "number" else "its targets are no numbers",
    encode=lambda stored, target: ((stored - target.mean) / target.std).astype(np.float32),
    output=lambda target, input: OutputSpec(len(target.names)),
    objective=lambda target, options, train, valid, device: SmoothL1(options.beta),
    head=Unscaled, average=None, baselines={"mean": mean_of}, compared=ABOUT,
    answer=lambda stated, target: dict(zip(target.names, map(float, stated), strict=True)),
    columns=lambda target: tuple(f"{what}:{name}" for what in "tp" for name in target.names),
    cells=lambda stated, truth, target: [f"{value:.6g}" for value in (*truth, *stated)],
)  # fmt: skip

# And where they end.


class Network(nn.Module):
    """Means over the positions of a signal, whatever its length."""

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.conv, self.out = nn.Conv1d(channels, 8, 5, padding=2), nn.Linear(8, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.conv(x).relu().mean(2))


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(registry, "_REGISTERED", {})
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    registry.register(TREND)


def signals(n: int = 90) -> Data:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n, 2)).astype(np.float32)
    lengths = rng.integers(20, 40, n)
    each = [
        (level + drift * np.linspace(-1, 1, steps) + rng.normal(0, 0.1, steps))[:, None].astype(np.float32)
        for (level, drift), steps in zip(values, lengths, strict=True)
    ]
    return from_arrays(each, Target("number", values, ("level", "drift"), ("V", "V/s")), name="signals")


SETTINGS: dict[str, Any] = {"task": "trend", "epochs": 4, "batch_size": 16, "lr": 0.01, "quiet": True}


class StopAt(cs.Listener):
    def __init__(self, step: int):
        self.left = step

    def step(self, *_: object) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_it_trains_resumes_predicts_compares_and_reports(tmp_path: Path) -> None:
    data = signals()
    run = cs.train(data, Network, out=tmp_path / "whole", **SETTINGS)
    assert run.metrics["main"] == "mae" and run.metrics["baselines"][0]["name"] == "mean"
    assert run.metrics["mae"]["low"] < run.metrics["mae"]["value"] < run.metrics["baselines"][0]["mae"]["value"]
    assert {"train_mae", "valid_mae"} <= run.epochs.keys()

    with pytest.raises(KeyboardInterrupt):
        cs.train(data, Network, out=tmp_path / "cut", listener=StopAt(7), **SETTINGS)
    resumed = cs.resume(tmp_path / "cut", data=data, model=Network, quiet=True)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (run.folder, resumed.folder)]
    assert weights[0] == weights[1]

    opened = cs.open_run(run.folder, model=Network)
    (answer,) = opened.predict([np.zeros(30, np.float32)])
    assert answer.answer.keys() == {"level", "drift"} and abs(answer.answer["level"]) < 1
    assert opened.predict(data.test)[0].answer["drift"] == pytest.approx(run.predictions(data.test)[0, 1], abs=1e-5)

    other = cs.train(data, Network, out=tmp_path / "slow", **{**SETTINGS, "lr": 1e-4, "beta": 0.5})
    compared = cs.compare([run, other])
    assert compared.best.figures["mae"]["value"] == run.metrics["mae"]["value"]
    page = (run.folder / "report.html").read_text()
    assert "Mean absolute error" in page and "accuracy" not in page.lower()


def test_its_settings_belong_to_it(tmp_path: Path) -> None:
    with pytest.raises(cs.ConfigError, match=r"'smoothing' is for classification, and this is trend"):
        cs.train(signals(), Network, out=tmp_path / "run", smoothing=0.1, **SETTINGS)
    with pytest.raises(cs.ConfigError, match=r"'beta' must be above 0, got -1"):
        cs.train(signals(), Network, out=tmp_path / "run", **{**SETTINGS, "beta": -1})


PACKAGE = Path(cs.__file__).parent
ROOMS = ("data", "training", "runs", "report", "terminal", "cli")
# Where class targets are read from sources, drawn by, checked, made and told of; and networks published for classes.
OF_CLASSES = (
    "data/sources/", "data/checks/", "data/synthetic/", "data/augment/", "data/ingest/", "data/named.py",
    "data/listing.py", "data/splits.py", "data/description.py", "data/dataset.py", "data/arrays.py", "data/names.py",
    "data/shown.py", "data/spec.py", "cli/habits.py",
    "data/loading.py", "data/finding.py", "data/image_loading.py", "data/examined.py",
    "data/fingerprint.py", "runs/model_spec.py",
    "runs/published.py",  # published weights are of classes
    "cli/data.py", "cli/models.py",
    "data/sequences/", "data/clips/",
    "data/masks/", "data/array_masks.py", "data/decode/mask.py", "runs/masks/",  # of pixels
    "data/options.py", "training/plan.py", "training/settings.py",  # the setting that names the classes of pixels
)  # fmt: skip


def words_of(path: Path) -> Iterator[str]:
    """Yield the names of a module, and the words of its texts but for its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        for name in ("id", "attr", "arg", "name"):
            if isinstance(value := getattr(node, name, None), str):
                yield value
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield from re.findall(r"\w+", node.value)


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_knows_of_classification(room: str) -> None:
    for path in sorted((PACKAGE / room).rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if "classification" in place or "segmentation" in place or place.startswith(OF_CLASSES):
            continue
        words = {"argmax", "softmax", "accuracy", "classes"}.intersection(words_of(path))
        assert not words, f"{place} speaks of {', '.join(sorted(words))}"
