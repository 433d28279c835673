"""The laws can fail: each primitive is broken on purpose, in one place and one way at a time, and the laws see it.

The ways are those in which such code goes wrong: a factor, a sign, nothing at all, one position off, axes mixed up by
a ``reshape``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from catalogue import ENTRIES
from convscope.ops import PRIMITIVES, Index, Primitive
from laws import test_axes as axes
from laws import test_derivatives as derivatives
from laws import test_rules as rules
from laws import test_values as values
from laws.case import Case, cases, is_small

NAMES = [name for name in PRIMITIVES if name in ENTRIES]
NUMBERS = [name for name in NAMES if not ENTRIES[name].decides]
SLOPED = [name for name in NUMBERS if not ENTRIES[name].level]
GRADIENTS = [(name, at) for name in SLOPED for at in range(len(PRIMITIVES[name].differentiable))]

WRONG: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "scaled": lambda a: a * a.dtype.type(1.01),
    "negated": lambda a: -a,
    "zeroed": lambda a: a * 0,
    "shifted": lambda a: np.roll(a, 1) if a.size > 1 else a + 1,
    "transposed": lambda a: np.moveaxis(a, 0, -1).reshape(a.shape) if a.squeeze().ndim > 1 else a + 1,
}


def fails(test: Any, mutant: Primitive, wanted: Callable[[Case], bool] = lambda case: True) -> bool:
    """Say whether a test's law sees that the primitive is broken, on any of its samples that are wanted."""
    whole = PRIMITIVES[mutant.name]
    for case in cases([mutant]):
        if wanted(replace(case, primitive=whole)):
            try:
                test.law(case)
            except (AssertionError, LookupError, ValueError):
                return True
    return False


def mutate(primitive: Primitive, function: str, change: Callable[[Any], Any]) -> Primitive:
    """Return the primitive with what one of its functions returns changed."""
    whole = getattr(primitive, function)
    return replace(primitive, **{function: lambda *given, **arguments: change(whole(*given, **arguments))})


def in_tuple(at: int, wrong: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any], Any]:
    """Return a change of one field of a tuple, or of what is no tuple."""

    def change(made: Any) -> Any:
        if not isinstance(made, tuple):
            return wrong(np.asarray(made))
        changed = [wrong(array) if i == at and array is not None else array for i, array in enumerate(made)]
        return getattr(made, "_make", tuple)(changed)

    return change


@pytest.mark.parametrize(("name", "at"), GRADIENTS)
def test_a_wrong_gradient_is_seen(name: str, at: int):
    for way, wrong in WRONG.items():
        mutant = mutate(PRIMITIVES[name], "backward", in_tuple(at, wrong))
        assert fails(derivatives.test_backward_equals_autograd, mutant), way
        assert fails(derivatives.test_backward_equals_central_differences, mutant, lambda case: case.sample.smooth), way
        if mutant.variadic or mutant.differentiable[at] in ENTRIES[name].linear:
            assert fails(derivatives.test_backward_is_the_adjoint, mutant), way


@pytest.mark.parametrize("name", SLOPED)
def test_a_gradient_reshaped_where_it_must_be_transposed_is_seen(name: str):
    whole = PRIMITIVES[name]

    def backward(grad: np.ndarray, *arrays: Any, **arguments: Any) -> Any:
        if grad.ndim < 2:
            return whole.backward(-grad, *arrays, **arguments)
        N, C, *space = grad.shape
        return whole.backward(grad.reshape(C, N, *space).swapaxes(0, 1), *arrays, **arguments)

    assert fails(derivatives.test_backward_equals_autograd, replace(whole, backward=backward))


@pytest.mark.parametrize("name", NUMBERS)
def test_a_wrong_output_is_seen(name: str):
    for way, wrong in WRONG.items():
        mutant = mutate(PRIMITIVES[name], "forward", in_tuple(0, wrong))
        assert fails(values.test_forward_equals_pytorch, mutant), way
        assert fails(rules.test_terms_sum_to_the_output, mutant, is_small), way


@pytest.mark.parametrize("name", [name for name in NAMES if ENTRIES[name].decides])
def test_a_wrong_decision_is_seen(name: str):
    mutant = mutate(PRIMITIVES[name], "forward", lambda made: ~made)
    assert fails(values.test_forward_equals_pytorch, mutant)
    assert fails(rules.test_terms_sum_to_the_output, mutant, is_small)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_shape_rule_is_seen(name: str):
    longer = mutate(PRIMITIVES[name], "shape", lambda shape: (*shape, 1))
    assert fails(values.test_shape_rule_is_the_output_shape, longer)


def each_axis(field: dict[str, Index], change: Callable[[np.ndarray], np.ndarray]) -> dict[str, Index]:
    return {name: tuple(map(change, index)) for name, index in field.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_field_is_seen(name: str):
    for change in (lambda axis: axis[:0], lambda axis: axis + 1):
        mutant = mutate(PRIMITIVES[name], "field", lambda field, change=change: each_axis(field, change))
        assert fails(rules.test_field_is_what_moves_the_output, mutant, is_small)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("reshape", "im2col", "col2im")])
def test_a_wrong_axes_rule_is_seen(name: str):
    for change in (lambda table: table * 0, lambda table: np.where(table < 0, 0, -1)):
        mutant = mutate(
            PRIMITIVES[name],
            "axes",
            lambda told, change=change: {
                input_: tuple(replace(link, table=change(link.table)) for link in links)
                for input_, links in told.items()
            },
        )
        assert fails(axes.test_axes_are_the_field_rule, mutant, is_small)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_cost_is_seen(name: str):
    for part in ("multiplications", "additions", "bytes_read", "bytes_written"):
        mutant = mutate(
            PRIMITIVES[name], "cost", lambda cost, part=part: replace(cost, **{part: getattr(cost, part) + 1})
        )
        if part.startswith("bytes"):
            assert fails(rules.test_every_array_is_read_or_written_once, mutant)
        elif ENTRIES[name].products is not None:
            assert fails(rules.test_cost_is_what_a_plain_loop_counts, mutant)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_terms_are_seen(name: str):
    factors = mutate(PRIMITIVES[name], "terms", lambda terms: replace(terms, factor=terms.factor + 1))
    places = mutate(PRIMITIVES[name], "terms", lambda terms: replace(terms, index=terms.index + 1))
    assert fails(rules.test_terms_sum_to_the_output, factors, is_small)
    assert fails(rules.test_terms_stand_where_they_say, places, is_small)


def with_inputs(primitive: Primitive, change: Callable[[np.ndarray], Any]) -> Primitive:
    """Return the primitive with a forward that sees, or does, something else with its arrays."""

    def forward(*arrays: Any, **arguments: Any) -> Any:
        return primitive.forward(*(a if a is None else change(a) for a in arrays), **arguments)

    return replace(primitive, forward=forward)


def overwrite(array: np.ndarray) -> np.ndarray:
    array[...] = array
    return array


def in_memory_order(array: np.ndarray) -> np.ndarray:
    return array.ravel("K").reshape(array.shape)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_careless_forward_is_seen(name: str):
    whole = PRIMITIVES[name]
    assert fails(values.test_inputs_are_never_written_to, with_inputs(whole, overwrite))
    flat = with_inputs(whole, in_memory_order)
    assert fails(values.test_any_memory_layout_gives_the_same, flat)
    single = mutate(whole, "forward", in_tuple(0, lambda a: a.astype(np.float32)))
    assert fails(values.test_the_type_is_kept, single)
    clean = mutate(whole, "forward", in_tuple(0, np.nan_to_num))
    assert fails(values.test_nan_reaches_what_it_reaches_in_pytorch, clean, is_small)
    borrowed = replace(whole, forward=lambda *arrays, **arguments: arrays[0])
    assert fails(values.test_results_share_no_memory_with_the_inputs, borrowed)
