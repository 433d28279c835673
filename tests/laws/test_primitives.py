"""The catalogue and the public names are complete: a primitive that is left out would be held to no law."""

from __future__ import annotations

import inspect

import pytest

from catalogue import ENTRIES
from convscope import ops
from laws.case import Case, is_small

FUNCTIONS = [name for name in ops.__all__ if inspect.isfunction(getattr(ops, name))]
NAMES = [name for name in ops.PRIMITIVES if name in ENTRIES]


def parameters(function) -> list[tuple[str, object]]:
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]


def test_every_primitive_is_in_the_catalogue():
    assert set(ops.PRIMITIVES) == set(ENTRIES)


@pytest.mark.parametrize("name", ops.PRIMITIVES)
def test_a_primitive_is_public_under_its_name(name: str):
    primitive = ops.PRIMITIVES[name]
    assert getattr(ops, name) is primitive.forward
    assert getattr(ops, f"{name}_backward") is primitive.backward
    assert {name, f"{name}_backward"} <= set(ops.__all__)


@pytest.mark.parametrize("name", ops.PRIMITIVES)
def test_backward_takes_a_gradient_and_then_what_forward_takes(name: str):
    primitive = ops.PRIMITIVES[name]
    (grad, _), *same = parameters(primitive.backward)
    assert (grad, same) == ("grad", parameters(primitive.forward))
    given = [name for name, _ in same[: len(primitive.inputs)]]
    assert primitive.variadic or given == list(primitive.inputs)
    assert primitive.variadic or set(primitive.differentiable) <= set(given)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_is_documented_by_an_example(name: str):
    assert ">>>" in (inspect.getdoc(getattr(ops, name)) or "")


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_reach_every_law(name: str):
    entry = ENTRIES[name]
    cases = [Case(entry, ops.PRIMITIVES[name], sample) for sample in entry.samples]
    assert entry.refusals
    assert any(sample.smooth for sample in entry.samples)
    assert any(is_small(case) for case in cases)
    assert any(array.size == 0 for case in cases for _, array in case.named(case.draw())), "an empty batch"
