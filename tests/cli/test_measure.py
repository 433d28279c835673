"""What ``convscope inspect`` measures on numbers, and the design warnings it prints, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.command import call, says


def test_equivariance(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("inspect", "lenet", "--equivariance") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "how 5 follows its input axis 0: moving the input by 4 moves the features by 1 (stride 4)" in text
    assert call("inspect", "lenet", "--equivariance", "0", "10", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["node"] == "0" and first["strides"] == ["1", "1"] and not first["invariance"]
    assert second["node"] == "10" and second["strides"] == [None, None] and second["invariance"]
    says(capsys, "there is no node '00'", "inspect", "lenet", "--equivariance", "00")


def test_effective_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "field.png"
    assert call("inspect", "lenet", "--effective-field", "3@5,5", "--out", out) == 0
    assert "of the 12×12 positions of the receptive field" in " ".join(capsys.readouterr().out.split())
    assert out.stat().st_size > 1000
    assert call("inspect", "lenet", "--effective-field", "3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["at"] == [5, 5] and found["receptive_field"] == [[9, 20], [9, 20]]
    says(capsys, "3 has no place 10, 0; valid is 0..9, 0..9", "inspect", "lenet", "--effective-field", "3@10,0")
    says(capsys, "--effective-field '3@x'", "inspect", "lenet", "--effective-field", "3@x")


def test_warnings_are_silenced_by_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("inspect", "lenet") == 0
    assert "CS302-one-dense-layer at 7: 204,800 of 233,578 weights (88%)" in " ".join(
        "".join(capsys.readouterr()).split()
    )
    assert call("inspect", "lenet", "--silence", "CS302") == 0
    assert "CS302" not in "".join(capsys.readouterr())
    says(capsys, "there is no design warning 'CS30'", "inspect", "lenet", "--silence", "CS30")
