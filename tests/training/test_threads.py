"""Threads: as many as were asked for, in torch and NumPy, the same after a resume, and said where they are others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_info

import convscope as cs
from convscope.data.dataset import Data
from convscope.errors import ConfigError
from convscope.events import Observer
from convscope.training import pace
from convscope.training.pace import Pace
from convscope.training.threads import using
from training.fitted import run, settings

QUICK = {"model": "tiny", "epochs": 2, "baselines": False}


def in_use() -> set[int]:
    return {torch.get_num_threads(), *(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_threads_wait_briefly_also_in_python() -> None:
    asked = "import os, convscope as cs; cs.train; print(os.environ.get('GOMP_SPINCOUNT'))"
    for own, expected in (({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, "None")):
        set_here = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}
        usual = {name: value for name, value in os.environ.items() if name not in set_here}
        done = subprocess.run(
            [sys.executable, "-c", asked], capture_output=True, text=True, env=usual | own, check=True
        )
        assert done.stdout.strip() == expected


def test_threads_hold_inside_and_are_put_back_also_after_an_error() -> None:
    before = in_use()
    with pytest.raises(ZeroDivisionError), using(3):
        assert in_use() == {3}
        _ = 1 / 0
    assert in_use() == before and torch.get_num_threads() == 2
    with using(None):
        assert in_use() == before
    with pytest.raises(ConfigError, match="--threads must be at least 1 and at most 1,024, got 0"), using(0):
        pass


def test_a_training_records_its_threads_and_a_resume_takes_them(digits: Data, tmp_path: Path) -> None:
    seen = []
    observer = cs.Observer(on_epoch=lambda row: seen.append(in_use()))
    first = cs.train(digits, out=tmp_path / "run", threads=1, observer=observer, **QUICK)
    assert seen == [{1}, {1}] and torch.get_num_threads() == 2
    assert tomllib.loads((first.folder / "config.toml").read_text())["threads"] == 1
    assert json.loads((first.folder / "last" / "state.json").read_text())["threads"] == 1
    assert first.environment["threads"] == 1
    longer = cs.resume(first.folder, data=digits, epochs=3, observer=observer)
    assert seen == [{1}] * 3 and longer.metrics["notices"] == []
    usual = cs.train(digits, out=tmp_path / "usual", **QUICK)
    assert usual.plan.threads == 2


def test_a_resume_with_other_threads_says_so(digits: Data, tmp_path: Path) -> None:
    cs.train(digits, out=tmp_path / "run", threads=2, **QUICK)
    longer = cs.resume(tmp_path / "run", data=digits, epochs=3, threads=1)
    (notice,) = longer.metrics["notices"]
    assert "computed with 2 threads, from here on with 1" in notice and longer.plan.threads == 1


def test_a_run_from_before_there_was_the_setting_goes_on(digits: Data, tmp_path: Path) -> None:
    old = cs.train(digits, out=tmp_path / "run", **QUICK).folder
    config = (old / "config.toml").read_text()
    (old / "config.toml").write_text("".join(line for line in config.splitlines(True) if "threads" not in line))
    assert cs.open_run(old).plan.threads is None
    shutil.rmtree(old / "last")  # its checksum would not hold: a run that was stopped early has none
    assert cs.resume(old, data=digits).metrics["notices"] == []


def test_more_threads_than_cores_are_remarked(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.training import defaults

    monkeypatch.setattr(defaults, "cores", lambda: 2)
    assert "more than the 2 cores here" in defaults.settle(settings(threads=4), digits).reasons["threads"]
    assert "threads" not in defaults.settle(settings(threads=2), digits).reasons


def test_slow_beginnings_single_slow_steps_and_short_spans_are_no_collapse() -> None:
    watch = Pace()
    assert not any(watch.add(seconds) for seconds in [9.0] * 8 + [0.1] * 80 + ([0.1] * 7 + [60.0]) * 4)
    quick = Pace()
    assert not any(quick.add(seconds) for seconds in [0.001] * 8 + [0.02] * 80)  # 20 times, of nothing
    assert [times for seconds in [0.01] * 16 + [1.0] * 8 if (times := watch.add(seconds))] == pytest.approx([100])


def test_a_collapse_is_said_once_with_what_to_do(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace.Pace, "add", lambda self, seconds: 50.0)
    said: list[str] = []
    kept, _ = run(digits, settings(threads=2), listener=Observer(on_notice=said.append))
    assert (
        len(said) == 1 and said[0].startswith("steps take 50 times as long") and "--resume RUN --threads 1" in said[0]
    )
    run(digits, settings(threads=2, epochs=4), start=kept.state, listener=Observer(on_notice=said.append))
    assert len(said) == 1
