"""A cache of its own for every test, and no set found by accident."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Point convscope at an empty cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CONVSCOPE_CACHE", str(folder))
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    return folder
