from __future__ import annotations

import dataclasses

import pytest

from convscope.data.dataset import Data
from convscope.errors import ConfigError
from convscope.training.defaults import settle
from convscope.training.plan import make_plan
from renaming import renamed


def test_open_settings_are_settled_with_reasons(digits: Data) -> None:
    settled = settle(make_plan({}), digits)
    plan = settled.plan
    assert (plan.model, plan.epochs, plan.batch_size, plan.select, plan.task) == (
        "resnet_mini",
        40,
        64,
        "best",
        "classification",
    )
    assert "flip" not in plan.augment
    assert settled.reasons["augment"].startswith("classes named by digits")
    assert make_plan(plan.to_dict()) == plan


def test_what_the_user_set_stays(digits: Data) -> None:
    plan = settle(
        make_plan({"model": "tiny", "lr": 0.5, "epochs": 2, "batch_size": 7, "augment": "none", "select": "last"}),
        digits,
    ).plan
    assert (plan.model, plan.lr, plan.epochs, plan.batch_size, plan.augment, plan.select) == (
        "tiny",
        0.5,
        2,
        7,
        "none",
        "last",
    )


def test_without_a_test_split_nothing_is_chosen_on_validation(digits: Data) -> None:
    rows = {"train": digits.rows["train"], "valid": digits.rows["valid"]}
    settled = settle(make_plan({}), dataclasses.replace(digits, rows=rows))
    assert settled.plan.select == "last"
    assert "no test split" in settled.reasons["select"]


def test_an_unknown_positive_class_is_refused(digits: Data) -> None:
    with pytest.raises(ConfigError, match="setting 'positive': there is no class 'one'; classes: 0, 1"):
        settle(make_plan({"positive": "one"}), digits)


def test_a_positive_class_among_three_is_refused_before_training(digits: Data) -> None:
    three = renamed(digits, ("0", "1", "2"))
    with pytest.raises(ConfigError, match="a positive class is for sets of two classes, found 3; leave it out"):
        settle(make_plan({"positive": "1"}), three)


@pytest.mark.parametrize("device", ["cuda:77", "gpu"])
def test_a_device_that_is_not_there_is_refused(digits: Data, device: str) -> None:
    with pytest.raises(ConfigError, match=f"setting 'device': '{device}' cannot be used here; this machine has cpu"):
        settle(make_plan({"device": device}), digits)
