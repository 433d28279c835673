"""What a run folder says while a finished run goes on, and what is refused before a run begins."""

from __future__ import annotations

from pathlib import Path

import pytest

import convscope as cs
from convscope.cli.app import main
from convscope.runs.checksum import unfinished


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))


def test_a_finished_run_that_goes_on_keeps_its_figures_until_it_ends_and_its_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run = cs.train("digits", "tiny", epochs=1, baselines=False, out=tmp_path / "run")
    assert run.metrics["chosen_epoch"] == 1

    def die(*_: object) -> None:
        raise MemoryError("as if killed")

    with pytest.raises(Exception, match="as if killed"):
        cs.resume(run.folder, epochs=2, observer=cs.Observer(on_step=die))
    assert cs.open_run(run.folder).metrics["chosen_epoch"] == 1  # of the weights that are still there
    assert all((run.folder / name).exists() for name in ("predictions.csv", "report.html"))
    assert unfinished(run.folder)
    with pytest.raises(SystemExit, match="0"):
        main(["train", "--resume", str(run.folder)])
    assert "(as this run began)" in capsys.readouterr().out
    assert len(run.epochs["epoch"]) == 2 and run.report.exists()


def test_the_settings_are_not_printed_where_they_could_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", "digits", "--augment", "hue=10", "--print-config"])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "needs red, green and blue; these images have 1 channel" in " ".join(printed.err.split())
