"""Which epoch is kept: the best one only where there are validation examples enough to tell it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import convscope as cs
from convscope.data.dataset import Data
from convscope.tasks.keeping import ENOUGH
from convscope.training.defaults import settle
from convscope.training.plan import make_plan


def settled(data: Data, valid: int, **settings: Any) -> tuple[str, str]:
    """Return what is kept of a training with so many validation examples, and why."""
    few = dataclasses.replace(data, rows={**data.rows, "valid": data.rows["valid"][:valid]})
    found = settle(make_plan({"model": "tiny", **settings}), few)
    return found.plan.select, found.reasons.get("select", "")


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return cs.load("discs", cache=tmp_path_factory.mktemp("cache"))


def test_few_validation_examples_choose_no_epoch(discs: Data) -> None:
    kept, why = settled(discs, ENOUGH - 1)
    assert kept == "last" and "29 validation examples" in why
    assert settled(discs, ENOUGH)[0] == "best"


def test_what_the_user_asks_for_stays(discs: Data) -> None:
    assert settled(discs, 6, select="best")[0] == "best"
    assert settled(discs, 6, patience=3)[0] == "best"


def test_classes_are_kept_as_ever(digits: Data) -> None:
    assert settled(digits, ENOUGH - 1)[0] == "best"
