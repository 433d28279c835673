"""What a set is loaded with is one object, however it is given."""

from __future__ import annotations

from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import get_type_hints

import pytest

import convscope
from convscope.cli.flags import PlaceFlags, ReadFlags, ScoredFlags
from convscope.data.decode import MAX_PIXELS
from convscope.data.options import (
    COLUMNS,
    OF_NETWORKS,
    PLACES,
    SPLITTING,
    LoadKeywords,
    LoadOptions,
    ReadKeywords,
)
from convscope.training.plan import Plan, make_plan


def names(kind: type) -> set[str]:
    return {f.name for f in fields(kind)}


def test_keywords_are_the_options():
    assert get_type_hints(LoadKeywords) == get_type_hints(LoadOptions)
    assert get_type_hints(ReadKeywords).items() < get_type_hints(LoadOptions).items()


def test_every_option_is_a_setting_but_what_networks_ask_for():
    assert names(LoadOptions) - names(Plan) == {*OF_NETWORKS}
    assert {*SPLITTING, *PLACES, *COLUMNS, *OF_NETWORKS} < names(LoadOptions)


def test_a_signature_shows_the_options_and_their_defaults():
    shown = signature(convscope.load).parameters
    assert list(shown) == ["path_or_name", "progress", *(f.name for f in fields(LoadOptions))]
    assert (shown["fit"].default, shown["seed"].default, shown["task"].default) == ("auto", 0, None)


@pytest.mark.parametrize("flags", [PlaceFlags, ReadFlags, ScoredFlags])
def test_flags_are_options(flags):
    assert names(flags) < names(LoadOptions)


def test_a_plan_says_how_its_set_is_loaded():
    assert LoadOptions.of(make_plan({})) == LoadOptions()
    plan = make_plan({"seed": 3, "img_size": 8, "max_pixels": 9, "folds": 4, "fold": 1, "workers": 2})
    options = LoadOptions(seed=3, img_size=8, max_pixels=9, folds=4, fold=1, workers=2, side=7)
    assert LoadOptions.of(plan, side=7) == options
    assert LoadOptions.of(make_plan({"seed": 3, "split_seed": 1})).seed == 1
    assert LoadOptions.of(make_plan({"task": "landmarks", "crop_points": 0.5})) == LoadOptions(
        task="landmarks", crop_points=0.5
    )


def test_options_are_recorded_as_a_plan_takes_them():
    settings = LoadOptions(seed=3, cache=Path("here"), max_pixels=MAX_PIXELS, workers=2).to_settings()
    assert (settings["split_seed"], settings["cache"], settings["max_pixels"]) == (3, "here", None)
    plan = make_plan({name: value for name, value in settings.items() if value is not None})
    assert LoadOptions.of(plan) == LoadOptions(seed=3, cache="here")
    assert "task" not in settings and LoadOptions(task="regression").to_settings()["task"] == "regression"


def test_an_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'image_size'"):
        convscope.load("digits", image_size=8)  # pyright: ignore[reportCallIssue]
