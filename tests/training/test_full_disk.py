"""A run on a disk that fills up: training goes on, what was saved stays, and the end says what is missing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import convscope as cs
from convscope.cli.app import main
from convscope.terminal.live import Live
from convscope.training import autosave
from convscope.training.checkpoint import read_state

QUICK = ("--model", "tiny", "--no-baselines", "--epochs", "6")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a file system takes root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(cache))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> str:
    """The checksum of the weights of a run that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_CACHE", str(cache))
        folder = tmp_path_factory.mktemp("usual") / "run"
        assert train("digits", *QUICK, "--out", folder) == 0
    return cs.open_run(folder).environment["weights_sha256"]


def fill(disk: Path) -> None:
    with (disk / "big").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))


def after_epoch(monkeypatch: pytest.MonkeyPatch, actions: dict[int, Callable[[], None]]) -> None:
    real = Live.epoch

    def epoch(self: Live, row: dict[str, float]) -> None:
        real(self, row)
        actions.get(int(row["epoch"]), lambda: None)()

    monkeypatch.setattr(Live, "epoch", epoch)
    monkeypatch.setattr(autosave, "SHARE", 1e9)  # a save at every epoch's end


def train(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["train", *(str(argument) for argument in arguments)])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_freed_in_time_the_run_ends_whole_and_says_what_happened(
    disk: Path, usual: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    after_epoch(monkeypatch, {2: lambda: fill(disk), 5: (disk / "big").unlink})
    assert train("digits", *QUICK, "--out", disk / "run") == 0
    printed = capsys.readouterr()
    said = " ".join(printed.err.split())
    assert said.count("NOT SAVED: the disk is full: ") == 1 and said.count("saving works again") == 1
    assert f"{disk / 'run' / 'last'} needs " in said and " bytes, 0 are free" in said
    assert "NOT SAVED" in printed.out and f"weights: SHA-256 {usual}" in printed.out  # also where the figures are
    run = cs.open_run(disk / "run")
    assert len(run.metrics["notices"]) == 2 and run.metrics["seconds"]["saving"] > 0
    assert "the disk is full" in run.report.read_text()
    assert run.environment["weights_sha256"] == usual


def test_full_to_the_end_it_keeps_the_last_good_state_and_fails_with_its_own_code(
    disk: Path, usual: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    actions = {2: lambda: fill(disk)}
    after_epoch(monkeypatch, actions)
    assert train("digits", *QUICK, "--out", disk / "run") == 3
    actions.clear()  # where only the first epoch was saved, the second comes again
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("NOT SAVED") == 1
    assert "error: the disk is full: " in said and "free some space and resume with --resume" in said
    assert 1 <= read_state(disk / "run" / "last").epoch <= 3
    assert not list((disk / "run").glob("*.new"))
    (disk / "big").unlink()
    assert train("--resume", disk / "run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["weights_sha256"] == usual
