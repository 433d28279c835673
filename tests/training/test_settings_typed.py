"""The keyword arguments that editors complete are the plan's settings, with their types."""

from __future__ import annotations

import os
from inspect import signature
from typing import Any, get_args, get_type_hints

import pytest

import convscope
from convscope.api.train import RESUMABLE
from convscope.training.plan import all_settings
from convscope.training.settings import Settings, Shared

PATHS = {"split_file", "classes", "pretrained", "cache", "data_root"}
FREER = {"set", "stages"}  # plain tables and lists are taken too


def kinds(hint: Any) -> set[Any]:
    return set(get_args(hint)) or {hint}


def test_every_setting_is_typed_as_the_plan_has_it():
    typed, plan = get_type_hints(Settings), {name: hint for name, (_, hint) in all_settings().items()}
    assert set(typed) == plan.keys() - {"model"}
    for name in typed.keys() - PATHS - FREER:
        assert typed[name] == plan[name], name
    for name in PATHS:
        assert kinds(typed[name]) == kinds(plan[name]) | {os.PathLike[str]}, name


def test_what_a_resumed_run_takes_is_typed_too():
    assert set(get_type_hints(Shared)) == RESUMABLE


@pytest.mark.parametrize("name", ["train", "resume", "train_series"])
def test_the_public_functions_take_them(name: str):
    last = list(signature(getattr(convscope, name)).parameters.values())[-1]
    assert last.annotation in ("Unpack[Settings]", "Unpack[SeriesSettings]", "Unpack[Shared]")
