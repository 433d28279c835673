"""The results of a finished run stay until new ones stand, and are never taken for those of other weights."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

import convscope as cs
from convscope import atomic
from convscope.api import series_folder
from convscope.errors import CheckpointError, SaveError
from convscope.report import html
from convscope.runs import checksum

KEPT = ("config.toml", "split.csv", "env.json", "model.safetensors", "metrics.json", "predictions.csv", "report.html")


@pytest.fixture(scope="module", autouse=True)
def one_figure() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        whole = html.report_of("classification")
        few = replace(whole, sections=lambda of: [one for one in whole.sections(of) if "mistakes" in one.figures])
        patch.setattr(html, "report_of", lambda task: few)  # all figures take longer than the training
        yield


@pytest.fixture(scope="module")
def finished(one_figure: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    cs.train("digits", "tiny", epochs=1, baselines=False, out=folder, cache=str(folder.parent / "cache"))
    return folder


@pytest.fixture(scope="module")
def longer(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The weights after two epochs that nothing disturbed."""
    folder = shutil.copytree(finished, tmp_path_factory.mktemp("longer") / "run")
    cs.resume(folder, epochs=2)
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def failing(name: str, number: int) -> Callable[[IO[bytes]], None]:
    """Return what stands for a disk that cannot take one file."""
    real = atomic._sync

    def sync(file: IO[bytes]) -> None:
        if Path(file.name).name == f"{name}.new":
            raise OSError(number, os.strerror(number))
        real(file)

    return sync


def check_whole(folder: Path) -> None:
    """Check that every file is there, and whole, be it old or new."""
    assert {at.name for at in folder.iterdir()} >= {*KEPT, "last", "steps.csv", "epochs.csv"}
    assert not list(folder.glob("*.new"))
    assert json.loads((folder / "metrics.json").read_text())["accuracy"]["value"] > 0
    assert (folder / "report.html").read_text().rstrip().endswith("</html>")
    cs.open_run(folder)


@pytest.mark.parametrize(("name", "number"), [*((name, errno.ENOSPC) for name in KEPT), ("report.html", errno.EIO)])
def test_whichever_file_cannot_be_written_what_was_there_stays(
    run: Path, longer: bytes, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    before = {at.name: at.read_bytes() for at in run.iterdir() if at.is_file()}
    metrics = cs.open_run(run).metrics
    with (
        monkeypatch.context() as patch,
        pytest.raises(SaveError, match="Input/output" if number == errno.EIO else "full"),
    ):
        patch.setattr(atomic, "_sync", failing(name, number))
        cs.resume(run, epochs=2)
    check_whole(run)
    if name in ("config.toml", "split.csv", "env.json"):  # it could not even begin
        assert {at.name: at.read_bytes() for at in run.iterdir() if at.is_file()} == before
        assert checksum.unfinished(run) is None and cs.open_run(run).metrics == metrics
    elif name == "model.safetensors":
        assert cs.open_run(run).metrics == metrics  # they are of the weights that are there
        assert checksum.unfinished(run)
    elif name == "metrics.json":
        with pytest.raises(CheckpointError, match=r"metrics.json is of an earlier state.*--resume"):
            _ = cs.open_run(run).metrics
    else:
        assert cs.open_run(run).metrics["weights_sha256"] == checksum.weights_hash(run) and checksum.unfinished(run)
    cs.resume(run, epochs=2)
    assert (run / "model.safetensors").read_bytes() == longer and checksum.unfinished(run) is None


SCRIPT = """
import os, sys
from dataclasses import replace
from pathlib import Path
import convscope as cs
from convscope import atomic
from convscope.report import html
whole = html.report_of("classification")
few = replace(whole, sections=lambda of: [one for one in whole.sections(of) if "mistakes" in one.figures])
html.report_of = lambda task: few
real = atomic._sync
def sync(file):
    if Path(file.name).name == sys.argv[2] + ".new":
        file.flush()
        os.kill(os.getpid(), 9)
    real(file)
atomic._sync = sync
cs.resume(sys.argv[1], epochs=2)
"""


@pytest.mark.parametrize("name", ["env.json", "report.html"])
def test_killed_while_it_writes_a_file_nothing_is_torn(run: Path, longer: bytes, name: str) -> None:
    killed = subprocess.run([sys.executable, "-c", SCRIPT, run, name], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (run / f"{name}.new").exists()
    assert (checksum.unfinished(run) is None) is (name == "env.json")
    cs.resume(run, epochs=2)
    check_whole(run)
    assert (run / "model.safetensors").read_bytes() == longer and checksum.unfinished(run) is None


@pytest.mark.parametrize("name", ["report.html", "predictions.csv", "metrics.json", "model.safetensors"])
def test_a_series_does_not_take_a_damaged_run_for_finished(run: Path, name: str) -> None:
    assert series_folder.state_of(run) == "finished"
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[: len(content) // 2])
    assert series_folder.state_of(run) == "begun"


def test_a_comparison_takes_no_results_of_a_run_that_goes_on(run: Path, finished: Path) -> None:
    def stop(*_: object) -> None:
        raise MemoryError("as if killed")

    with pytest.raises(Exception, match="as if killed"):
        cs.resume(run, epochs=2, observer=cs.Observer(on_step=stop))
    other = finished.parent / "other"
    if not other.exists():
        cs.train("digits", "tiny", epochs=1, seed=1, split_seed=0, baselines=False, out=other)
    with pytest.raises(CheckpointError, match=r"cannot be compared: its training has gone on .*--resume"):
        cs.compare([run, other])


def test_a_changed_result_is_not_compared(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    cs.train("digits", "tiny", epochs=1, seed=1, split_seed=0, baselines=False, out=other)
    rows = (run / "predictions.csv").read_text().splitlines(keepends=True)
    rows[-1] = rows[-1].replace("0.", "0.1", 1)
    (run / "predictions.csv").write_text("".join(rows))
    with pytest.raises(CheckpointError, match=r"its predictions.csv is not the one that it ended with"):
        cs.compare([run, other])


def test_a_run_of_an_earlier_version_is_finished_and_its_figures_stay_its_own(run: Path, finished: Path) -> None:
    for name in ("metrics.json", "env.json"):
        values = json.loads((run / name).read_text())
        values.pop("results", None)
        if name == "metrics.json":
            del values["weights_sha256"]
        (run / name).write_text(json.dumps(values))
    assert series_folder.state_of(run) == "finished" and cs.open_run(run).metrics["split"] == "test"

    def stop(row: dict[str, float]) -> None:
        raise MemoryError("as if killed")

    with pytest.raises(Exception, match="as if killed"):
        cs.resume(run, epochs=3, observer=cs.Observer(on_epoch=stop))
    assert json.loads((run / "metrics.json").read_text())["weights_sha256"] == checksum.weights_hash(finished)
    assert series_folder.state_of(run) == "begun"
    if checksum.weights_hash(run) != checksum.weights_hash(finished):
        with pytest.raises(CheckpointError, match="earlier state"):
            _ = cs.open_run(run).metrics


def test_a_page_that_an_earlier_version_tore_is_not_finished(run: Path) -> None:
    for name in ("metrics.json", "env.json"):
        values = json.loads((run / name).read_text())
        for key in ("results", "weights_sha256"):
            values.pop(key, None)
        (run / name).write_text(json.dumps(values))
    assert series_folder.state_of(run) == "finished"
    page = (run / "report.html").read_text()
    (run / "report.html").write_text(page[:-50])
    assert series_folder.state_of(run) == "begun"


@pytest.mark.parametrize("text", ['{"accuracy": ', "[1]"])
def test_damaged_figures_keep_no_run_from_going_on(run: Path, longer: bytes, text: str) -> None:
    (run / "metrics.json").write_text(text)
    cs.resume(run, epochs=2)
    assert (run / "model.safetensors").read_bytes() == longer
    check_whole(run)
