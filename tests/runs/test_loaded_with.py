"""A set that is loaded already brings its settings along, so that the run can be repeated from its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import convscope as cs
from convscope.errors import ConfigError
from convscope.runs.inputs import as_loaded
from convscope.training.plan import make_plan


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> cs.Data:
    return cs.load("squares", img_size=12, seed=3, valid=20, cache=tmp_path_factory.mktemp("cache"))


def test_the_run_can_be_judged_again_without_the_set(data: cs.Data, tmp_path: Path):
    run = cs.train(data, "tiny", out=tmp_path / "run", epochs=1, baselines=False, quiet=True)
    opened = cs.open_run(run.folder)
    assert (opened.plan.img_size, opened.plan.valid, opened.plan.split_seed) == (12, 20, 3)
    assert opened.evaluate()["accuracy"] == run.metrics["accuracy"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"img_size": 8}, "'img_size': the set was loaded with 12, not 8"),
        ({"valid": 0.5}, "'valid': the set was loaded with 20, not 0.5"),
        ({"fit": "pad"}, "'fit': the set was loaded with 'crop', not 'pad'"),
        ({"split_seed": 1}, r"'split_seed'.*convscope.load \(seed="),
    ],
)
def test_other_settings_come_too_late(data: cs.Data, settings: dict[str, object], message: str):
    with pytest.raises(ConfigError, match=message):
        as_loaded(make_plan(settings), data)


def test_what_says_the_same_stays_as_it_is(data: cs.Data):
    assert as_loaded(make_plan({"img_size": 12, "seed": 3}), data).split_seed is None
    assert as_loaded(make_plan({"seed": 5}), data).split_seed == 3
    assert as_loaded(make_plan({"cache": "elsewhere"}), data).cache == "elsewhere"
