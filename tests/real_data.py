"""Where the tests find real data sets: beside the checkout, or where CONVSCOPE_TEST_DATA points."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("CONVSCOPE_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def real_data(name: str) -> Path:
    """Return a real set's path; without it the test is skipped, or fails where CONVSCOPE_REQUIRE_DATA is set (CI)."""
    path = ROOT / name
    if not path.exists():
        message = f"real data set {name!r} not found below {ROOT} (set CONVSCOPE_TEST_DATA to use a copy elsewhere)"
        if os.environ.get("CONVSCOPE_REQUIRE_DATA"):
            pytest.fail(message)
        pytest.skip(message)
    return path
