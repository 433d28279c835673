"""Narrow windows: help of one line a verb, and no number cut in tables, plans, epochs and sentences."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cli.command import call
from convscope.cli.app import VERBS, main
from convscope.report.tables import Table as Listing
from convscope.terminal import screen
from convscope.terminal.live import Live
from convscope.terminal.tables import shown, table

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch):
    """Return how to make the window so many characters wide."""
    return lambda width: monkeypatch.setattr(screen.out, "_width", width)


def test_the_help_has_a_line_for_each_verb_in_the_order_of_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    asked = "from convscope.cli.app import main; main(['--help'])"  # in a process that has asked no verb yet
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    lines = [line.strip("│ ") for line in done.stdout.splitlines() if line.startswith("│")]
    assert [line.split()[0] for line in lines[: len(VERBS)]] == list(VERBS)
    assert all(line.endswith(what) for line, what in zip(lines, VERBS.values(), strict=False))
    with pytest.raises(SystemExit) as ended:
        main(["train", "--help"])
    assert not ended.value.code
    assert "Several networks, as in" in capsys.readouterr().out  # its own text, not the line of the list


@pytest.mark.parametrize("width", [48, 60, 80])
def test_tables_fold_between_numbers(width: int, run: Path, window, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", run) == 0
    whole = sorted(NUMBER.findall(capsys.readouterr().out))
    window(width)
    assert call("evaluate", run) == 0
    narrow = capsys.readouterr().out
    assert sorted(NUMBER.findall(narrow)) == whole
    assert all(len(line.rstrip()) <= max(width, 52) for line in narrow.splitlines())


@pytest.mark.parametrize("width", [50, 60, 80])
def test_no_word_and_no_number_is_cut(width: int, window, capsys: pytest.CaptureFixture[str]) -> None:
    columns = ("class", "Dice", "95 % interval", "pooled Dice", "precision", "recall", "images without")
    rows = [("background", "0.9926", "0.9912 to 0.9935", "0.9927", "0.9935", "0.992", "1,470,103,776")]
    window(width)
    screen.out.print(table(columns, rows, right=columns[1:]))
    printed = capsys.readouterr().out
    assert sorted(printed.replace("─", "").split()) == sorted(" ".join([*columns, *rows[0]]).split())


def test_a_row_of_many_figures_is_turned_where_it_is_too_wide(window, capsys: pytest.CaptureFixture[str]) -> None:
    figures = [f"figure {number}" for number in range(20)]
    wide = Listing(("network", *figures), [("unet_mini", *map(str, range(20)))], tuple(range(1, 21)))
    window(80)
    screen.out.print(shown(wide))
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip(" ─")]
    assert lines == [["network", "unet_mini"], *(["figure", str(k), str(k)] for k in range(20))]


def test_an_epoch_folds_between_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "images_per_second", "seconds")
    row = dict(zip(names, (12, 2.1641, 0.2374, 1.5768, 0.6111, 18451, 75.0), strict=True))
    for width, lines in ((60, 3), (120, 1)):
        Live(Console(width=width, soft_wrap=True, highlight=False)).epoch(row)
        printed = capsys.readouterr().out
        assert printed.count("\n") == lines and all(len(line) <= width for line in printed.splitlines())
        assert " ".join(printed.split()) == (
            "epoch 12 train loss 2.1641 accuracy 0.2374 valid loss 1.5768 accuracy 0.6111 18,451 examples/s 1 min 15 s"
        )


def test_the_plan_cuts_no_number(tmp_path: Path, window, capsys: pytest.CaptureFixture[str]) -> None:
    window(60)
    quick = ("--model", "tiny", "--epochs", "1", "--no-baselines")
    assert call("train", "digits", *quick, "--threads", "1", "--out", tmp_path / "r") == 0
    printed = capsys.readouterr().out
    plan = printed[printed.index("plan\n") : printed.index("epoch   1")]
    assert {"1,898", "1,294", "64", "1"} <= set(NUMBER.findall(plan))
    assert "threads" in plan and "1 epoch of 1,294" in " ".join(plan.split())
