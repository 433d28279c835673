"""A killed and resumed run ends in the same bytes as one left alone; ``bench/kill.py`` is the long form."""

from __future__ import annotations

from pathlib import Path

import pytest
from killing import survive


def test_killed_at_random_moments_it_ends_in_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    arguments = ("digits", "--model", "resnet_mini", "--epochs", 4, "--ema", 0.9, "--no-baselines")
    found = survive(arguments, tmp_path, kills=3, seed=0)
    assert (found.same_weights, found.same_steps, found.same_epochs) == (True, True, True)
    assert found.kills
