"""``convscope models``: every name and number whole in any window, families, and one network at length."""

from __future__ import annotations

import json

import pytest

from cli.command import call, says
from convscope.cli import models
from convscope.models import entry, families, names
from convscope.models.facts import FACTS


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch):
    """Return how to make the window so many characters wide."""
    return lambda width: monkeypatch.setattr(models.out, "_width", width)


@pytest.mark.parametrize("width", [48, 60, 80, 97, 120, 200])
def test_no_name_and_no_number_is_cut(width: int, window, capsys: pytest.CaptureFixture[str]) -> None:
    window(width)
    assert call("models") == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert "…" not in printed
    assert all(len(line) <= width for line in lines[: lines.index("")])
    by_name = {line.split()[0]: line for line in lines if line.startswith("  ") and line[2] != " "}
    assert set(by_name) == set(names())
    for name, (weights, _) in FACTS.items():
        assert f" {weights:,} " in by_name[name]
    words = " ".join(printed.split())
    if width < 97:  # elsewhere other columns stand between the lines of a text
        assert all(" ".join(entry(name).summary.split()) in words for name in names())


def test_a_family_and_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("models", "resnet", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert tuple(row["name"] for row in rows) == families()["resnet"] and rows[0]["name"] == "resnet20"
    assert call("models", "densenet", "--json") == 0  # a network of that name: itself, and those beside it
    row = json.loads(capsys.readouterr().out)
    assert row["name"] == "densenet" and set(row["beside"]) == set(families()["densenet"]) - {"densenet"}
    assert sorted(name for each in families().values() for name in each) == sorted(names())


def test_an_unknown_name_and_a_family_where_a_network_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "unknown model 'resnett'; did you mean 'resnet'?", "models", "resnett")
    says(
        capsys, "'squeezenet' is a family of networks; name one of them: squeezenet1_0, squeezenet1_1,",
        "train", "digits", "--model", "squeezenet",
    )  # fmt: skip
