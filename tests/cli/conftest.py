"""One run on the digits for all tests of the command line, and a cache of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.command import call


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "digits run"  # a name with a space
    os.environ["CONVSCOPE_CACHE"] = str(cache)
    assert call("train", "digits", "--model", "tiny", "--epochs", "12", "--lr", "0.02", "--out", folder) == 0
    return folder
