from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from convscope.errors import ConfigError
from convscope.training.plan import Plan, make_plan
from convscope.training.schedules import Schedule


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epocs": 3}, "unknown setting 'epocs'; did you mean 'epochs'?"),
        ({"epochs": "three"}, "setting 'epochs': expected a whole number, found 'three'"),
        ({"epochs": 0}, "setting 'epochs' must be at least 1 and at most 1,000,000, got 0"),
        ({"lr": 0.0}, "setting 'lr' must be above 0 and at most 100, got 0.0"),
        ({"opt": "adam"}, "setting 'opt': expected adamw or sgd, found 'adam'"),
        ({"time": "soon"}, "time 'soon' is not a duration; write 90s, 10m or 1.5h"),
        ({"img_size": 0}, "setting 'img_size' must lie between 1 and 16384 pixels, got 0"),
    ],
)
def test_bad_settings_say_what_is_wrong(given: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_plan(given)
    assert str(caught.value) == message


def test_a_setting_like_no_other_is_answered_with_all_of_them() -> None:
    with pytest.raises(
        ConfigError, match="unknown setting 'zzzz'; the settings are model, set, strand_symmetric, pretrained, "
    ):
        make_plan({"zzzz": 3})


def test_a_plan_survives_its_own_dictionary() -> None:
    plan = make_plan({"epochs": 3, "img_size": [96, 128], "set": {"width": 8}, "valid": 0.1})
    assert make_plan(plan.to_dict()) == plan
    assert (plan.img_size, plan.valid) == ((96, 128), 0.1)
    assert make_plan({"valid": 500}).valid == 500
    assert make_plan({"cache": Path("some") / "folder"}).cache == str(Path("some/folder"))


def test_every_setting_is_documented() -> None:
    from dataclasses import fields

    assert all(f.metadata["help"] for f in fields(Plan))


def test_onecycle_moves_rate_and_momentum_in_opposite_directions() -> None:
    points = [Schedule("onecycle", lr=1.0, momentum=0.95).at(i / 1000) for i in range(1001)]
    rates, momenta = zip(*points, strict=True)
    assert rates[0] == pytest.approx(1 / 25) and max(rates) == pytest.approx(1.0) and rates[-1] < 1e-5
    assert (
        momenta[0] == pytest.approx(0.95) and min(momenta) == pytest.approx(0.85) and momenta[-1] == pytest.approx(0.95)
    )
    peak = rates.index(max(rates))
    assert momenta.index(min(momenta)) == peak == 300
    assert all(a <= b + 1e-12 for a, b in pairwise(rates[: peak + 1]))
    assert all(a >= b - 1e-12 for a, b in pairwise(rates[peak:]))


def test_cosine_and_constant_warm_up() -> None:
    cosine = Schedule("cosine", lr=2.0, momentum=0.9, warmup=0.1)
    assert [cosine.at(d)[0] for d in (0.0, 0.05, 0.1, 1.0)] == pytest.approx([0.0, 1.0, 2.0, 0.0])
    assert cosine.at(0.55)[0] == pytest.approx(1.0)
    constant = Schedule("constant", lr=2.0, momentum=0.9)
    assert {constant.at(d) for d in (0.0, 0.5, 1.0)} == {(2.0, 0.9)}
