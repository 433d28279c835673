"""Laws of what a primitive tells about itself: cost, field, terms and refusals are true of its forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from catalogue import ENTRIES
from catalogue.entry import Entry, Refusal
from convscope.errors import Error
from convscope.ops import PRIMITIVES, Terms
from laws.case import Arrays, Case, ask, field_table, is_small, over, shapes

DRAWS = 20  # what feeds a maximum depends on the numbers: what any of so many draws shows


@over(lambda case: case.entry.products is not None)
def test_cost_is_what_a_plain_loop_counts(case: Case):
    given = shapes(case.draw())
    cost = case.primitive.cost(*given, **case.arguments)
    assert case.entry.products is not None
    assert (cost.multiplications, cost.additions) == case.entry.products(*given, **case.arguments)


@over()
def test_every_array_is_read_or_written_once(case: Case):
    arrays = case.draw()
    for itemsize in (4, 8):
        cost = case.primitive.cost(*shapes(arrays), itemsize=itemsize, **case.arguments)
        assert cost.bytes_read == itemsize * sum(array.size for _, array in case.named(arrays))
        assert cost.bytes_written == itemsize * case.output(arrays).size


@over(is_small)
def test_field_is_what_moves_the_output(case: Case):
    told = field_table(case)
    seen = {name: np.zeros_like(table) for name, table in told.items()}
    for seed in range(DRAWS):
        for name, table in moved(case, seed):
            seen[name] |= table
        if all(np.array_equal(seen[name], told[name]) for name in told):
            return
    for name in told:
        missing, idle = seen[name] & ~told[name], told[name] & ~seen[name]
        assert not missing.any(), f"{name}: not in the field, yet moves it (input, output): {np.argwhere(missing)[:5]}"
        if name not in case.entry.wider:
            assert not idle.any(), f"{name}: in the field, never moves it (input, output): {np.argwhere(idle)[:5]}"


def moved(case: Case, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield by input the same table as seen: change one number, and see which numbers of the output change."""
    arrays = case.draw(seed=seed)
    base = case.output(arrays)
    for name, array in case.named(arrays):
        seen = np.zeros((*array.shape, *base.shape), bool)
        for at in np.ndindex(array.shape):
            for value in others(array[at]):
                changed = array.copy()
                changed[at] = value
                with np.errstate(all="ignore"), suppress(Error):  # a negative variance is NaN, an index may be refused
                    seen[at] |= case.output(case.replaced(arrays, name, changed)) != base
        yield name, seen


def others(value: Any) -> tuple[Any, ...]:
    """Return what else could stand there: numbers far below and far above, the neighbours of an index."""
    if value.dtype.kind == "b":
        return (not value,)
    far = 10 if value.dtype.kind == "f" else 1
    return value - far, value + far


@over(is_small)
def test_terms_sum_to_the_output(case: Case):
    arrays = case.draw()
    output = case.output(arrays)
    for at in np.ndindex(output.shape):
        terms = case.primitive.terms(at, *arrays, **case.arguments)
        assert isinstance(terms.total, float)
        size = abs(terms.bias) + np.abs(terms.products).sum()
        assert terms.total == pytest.approx(float(output[at]), rel=1e-12, abs=1e-12 * size)
        if terms.rule == "sum":
            assert terms.bias + terms.products.sum() == pytest.approx(terms.total, rel=1e-12, abs=1e-12 * size)
        else:
            assert np.all(terms.factor == 1)


@over(is_small)
def test_terms_stand_where_they_say(case: Case):
    arrays = case.draw()
    given = dict(case.named(arrays))
    for at in np.ndindex(case.output(arrays).shape):
        terms = case.primitive.terms(at, *arrays, **case.arguments)
        field = case.primitive.field(at, *shapes(arrays), **case.arguments)
        operands = zip(_sources(terms.source, terms), terms.index, terms.operand, strict=True)
        factors = zip(_sources(terms.factor_source, terms), *_factors(terms), strict=True)
        for source, index, value in (*operands, *factors):
            if source is not None:  # a value in between stands in no input
                place = tuple(index[len(index) - given[source].ndim :])
                assert not any(index[: len(index) - len(place)])
                assert given[source][place] == value
                assert all(i in known for i, known in zip(place, field[source], strict=True))


def _sources(source: str | tuple[str | None, ...] | None, terms: Terms) -> tuple[str | None, ...]:
    """Return the name of an input for each term."""
    return source if isinstance(source, tuple) else (source,) * len(terms.operand)


def _factors(terms: Terms) -> tuple[np.ndarray, np.ndarray]:
    nowhere = np.zeros((len(terms.factor), 0), int)
    return (nowhere if terms.factor_index is None else terms.factor_index), terms.factor


def of_every_refusal(law: Callable[[Entry, Refusal], None]) -> Callable[[str], None]:
    """Make of a law about refusals one test a primitive; each refusal that breaks it is told."""

    @pytest.mark.parametrize("name", ENTRIES)
    def test(name: str) -> None:
        entry = ENTRIES[name]
        ask(law, ((entry, refusal) for refusal in entry.refusals), lambda _, refusal: refusal.message)

    return test


@of_every_refusal
def test_what_cannot_be_is_refused_with_its_message(entry: Entry, refusal: Refusal):
    primitive, arrays = PRIMITIVES[entry.name], _given(refusal)
    with pytest.raises(refusal.error) as caught:
        primitive.forward(*arrays, **refusal.arguments)
    assert str(caught.value) == refusal.message


@of_every_refusal
def test_the_shape_rule_refuses_what_no_numbers_could_make_right(entry: Entry, refusal: Refusal):
    primitive, arrays = PRIMITIVES[entry.name], _given(refusal)
    try:
        primitive.forward(*_harmless(entry, arrays), **refusal.arguments)
    except Error:
        with pytest.raises(refusal.error) as caught:
            primitive.shape(*shapes(arrays), **refusal.arguments)
        assert str(caught.value) == refusal.message


def _given(refusal: Refusal) -> Arrays:
    rng = np.random.default_rng(0)
    return [
        None if given is None else given(rng) if callable(given) else np.ones(given, refusal.dtype)
        for given in refusal.arrays
    ]


def _harmless(entry: Entry, arrays: Arrays) -> Arrays:
    """Return zeros of the same shapes, of the types that the primitive takes."""
    draws = zip(*(sample.draw() for sample in entry.samples), strict=True)
    kinds = [next((a.dtype for a in same if a is not None), np.float64) for same in draws]
    return [a if a is None else np.zeros(a.shape, kind) for a, kind in zip(arrays, kinds, strict=True)]
