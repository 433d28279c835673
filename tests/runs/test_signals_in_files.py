"""A run on signals scores and answers what lies in files of NumPy, as it does what is given in Python."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn

import convscope as cs
from cli.command import call, says
from convscope.data import from_arrays
from convscope.data.listing import Target

SETTINGS: dict[str, Any] = {"epochs": 2, "batch_size": 16, "lr": 0.01, "quiet": True, "task": "regression"}
N, STEPS = 80, 24


class Network(nn.Module):
    """Means over the positions of a signal, whatever its length."""

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.conv, self.out = nn.Conv1d(channels, 8, 5, padding=2), nn.Linear(8, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.conv(x).relu().mean(2))


def arrays(channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return signals (n, T, C), and the level and the slope of each (n, 2)."""
    rng = np.random.default_rng(channels)
    truth = rng.normal(size=(N, 2))
    x = truth[:, :1] + truth[:, 1:] * np.linspace(-1, 1, STEPS) + rng.normal(0, 0.1, (N, STEPS))
    return np.repeat(x[..., None], channels, axis=2).astype(np.float32), truth


@pytest.fixture(scope="module", params=[1, 2])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[cs.Run, cs.Data]:
    x, truth = arrays(request.param)
    data = from_arrays(x, Target("number", truth, ("level", "slope"), ("V", "V/s")))
    return cs.train(data, Network, out=tmp_path_factory.mktemp("runs") / "run", **SETTINGS), data


def saved(path: Path, x: np.ndarray, y: np.ndarray, **more: Any) -> Path:
    np.savez(path, x=x, y=y, **more)
    return path


@pytest.mark.parametrize("first", ["steps", "channels"])
def test_a_set_in_an_archive_is_scored(run: tuple[cs.Run, cs.Data], tmp_path: Path, first: str):
    (trained, data), rows = run, run[1].train.rows
    x, truth = arrays(data.train.input.spec.shape[1] or 0)
    x = x if first == "steps" else np.moveaxis(x, 1, 2)
    wanted = trained.evaluate(data, split="train")
    scored = trained.evaluate(saved(tmp_path / "some.npz", x[rows], truth[rows]))
    assert scored["mae"] == wanted["mae"] and scored["examples"] == len(rows)
    assert [number["unit"] for number in scored["numbers"]] == ["V", "V/s"]
    told = " | ".join(scored["warnings"])
    assert "the columns of y are taken for level, slope, in this order" in told
    assert f"{len(rows)} of {len(rows)} signals were training signals of this run" in told


def test_names_in_the_archive_put_its_columns_in_order(run: tuple[cs.Run, cs.Data], tmp_path: Path):
    trained, data = run
    x, truth = arrays(data.train.input.spec.shape[1] or 0)
    path = saved(tmp_path / "a.npz", x, truth[:, ::-1], label_names=np.array(["slope", "level"]))
    whole = saved(tmp_path / "b.npz", x, truth)
    assert trained.evaluate(path)["mae"] == trained.evaluate(whole)["mae"]
    other = saved(tmp_path / "c.npz", x, truth, label_names=np.array(["height", "level"]))
    with pytest.raises(cs.DataError, match=r"this run has learned 'slope', which the set does not have"):
        trained.evaluate(other)


def test_splits_and_groups_of_an_archive_are_its_own(run: tuple[cs.Run, cs.Data], tmp_path: Path):
    trained, data = run
    x, truth = arrays(data.train.input.spec.shape[1] or 0)
    path = tmp_path / "split.npz"
    np.savez(path, x_train=x[:50], y_train=truth[:50], x_test=x[50:], y_test=truth[50:],
             patient_train=np.arange(50) // 5, patient_test=np.arange(30) // 5)  # fmt: skip
    scored = trained.evaluate(path)
    assert (scored["split"], scored["examples"], scored["groups"]) == ("test", 30, 6)
    assert trained.evaluate(path, group="none").get("groups") is None


def test_what_no_network_can_take_is_told_or_left_out(run: tuple[cs.Run, cs.Data], tmp_path: Path):
    trained, data = run
    x, truth = arrays(data.train.input.spec.shape[1] or 0)
    x[3, 5] = np.nan
    path = saved(tmp_path / "nan.npz", x, truth)
    with pytest.raises(cs.DataError, match=r"1 of 80 signals cannot be used: x/3 holds values that are not finite"):
        trained.evaluate(path)
    scored = trained.evaluate(path, skip_bad=True)
    assert scored["examples"] == N - 1 and "1 of 80 signals left out: x/3" in " ".join(scored["warnings"])
    with pytest.raises(cs.DataError, match=r"80 of 80 signals cannot be used: x/0 has 9 steps; this network takes"):
        trained.evaluate(saved(tmp_path / "short.npz", x[:, :9], truth), skip_bad=True)
    with pytest.raises(cs.DataError, match=r"t\.csv: no column .* none are steps of a signal"):
        (tmp_path / "t.csv").write_text("x,y\n1,2\n")
        trained.evaluate(tmp_path / "t.csv")
    with pytest.raises(cs.DataError, match=r"there is no file"):
        trained.evaluate(tmp_path / "none.npz")


def test_files_are_answered_as_arrays_are(run: tuple[cs.Run, cs.Data], tmp_path: Path):
    trained, data = run
    channels = data.train.input.spec.shape[1] or 0
    x, truth = arrays(channels)
    answers = [each.answer for each in trained.predict(x[:3])]
    named = [
        saved(tmp_path / "set.npz", x[:3], truth[:3]), tmp_path / "stack.npy", tmp_path / "turned.npy",
        tmp_path / "signals",
    ]  # fmt: skip
    np.save(named[1], x[:3])
    np.save(named[2], np.moveaxis(x[:3], 1, 2))
    named[3].mkdir()
    for at in range(3):
        np.save(named[3] / f"{at}.npy", x[at] if channels > 1 or at else x[at, :, 0])
    for path in named:
        predictions = trained.predict(str(path))
        assert [each.answer for each in predictions] == answers, path
        assert [each.error for each in predictions] == [None] * 3
    assert trained.predict(named[0])[2].input == f"{named[0]}/x/2"
    if channels == 1:
        np.save(tmp_path / "rows.npy", x[:3, :, 0])
        assert [each.answer for each in trained.predict(tmp_path / "rows.npy")] == answers


def test_a_bad_file_spoils_no_other(run: tuple[cs.Run, cs.Data], tmp_path: Path):
    trained, data = run
    x, _ = arrays(data.train.input.spec.shape[1] or 0)
    for name, values in (("a", x[0]), ("b", x[1, :9]), ("c", np.full_like(x[2], np.inf))):
        np.save(tmp_path / f"{name}.npy", values)
    (tmp_path / "d.npy").write_bytes(b"no array")
    errors = [each.error for each in trained.predict(tmp_path)]
    assert errors[0] is None and "9 steps" in str(errors[1]) and "not finite" in str(errors[2])
    assert "cannot be read as an array" in str(errors[3])
    (tmp_path / "t.txt").write_text("1 2 3")
    for path, message in (("t.txt", "signals, which are read from .npy, .npz, .ts or"), ("no.npy", "there is no file")):
        with pytest.raises(cs.DataError, match=message):
            trained.predict(tmp_path / path)


def test_the_command_line_reads_them_too(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "signal_network.py").write_text(
        "from torch import nn\n\n\n"
        "def means(channels, outputs):\n"
        "    conv = nn.Conv1d(channels, 8, 5)\n"
        "    return nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, outputs))\n"
    )
    x, truth = arrays(1)
    names = np.where(truth[:, 0] > 0, "high", "low")
    settings = {**SETTINGS, "task": "classification", "class_weights": "none"}
    trained = cs.train(from_arrays(x, names), "signal_network:means", out="run", **settings)
    path = saved(tmp_path / "set.npz", x[..., 0], names)
    assert call("evaluate", "run", path, "--json") == 0
    assert trained.evaluate(path, split="all")["examples"] == N
    capsys.readouterr()
    assert call("predict", "run", path) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == N and {row["label"] for row in rows} <= {"high", "low"}
    says(capsys, "a set of images; this run takes signals", "evaluate", "run", "digits")
