"""The axes rules say what each primitive's field says, one output at a time and for sets, and are told of every one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from catalogue import ENTRIES
from convscope.analysis.index_sets import IndexSet, reshaped
from convscope.ops import PRIMITIVES
from laws.case import Case, cases, is_small, over, shapes

# Inputs of which no axis feeds the output by itself: rows of columns are channels and offsets, gates are used in turn.
APART = {
    "reshape": {"x"},
    "im2col": {"x"},
    "col2im": {"columns"},
    "gru": {"weight_ih", "weight_hh", "bias_ih", "bias_hh"},
    "gru_step": {"weight_ih", "weight_hh", "bias_ih", "bias_hh"},
    "lstm": {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "cell"},
    "lstm_step": {"weight_ih", "weight_hh", "bias_ih", "bias_hh"},
}


def told(case: Case, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Return by input what feeds some outputs, asked one output at a time."""
    given = shapes(case.draw())
    feeding = {name: np.zeros(array.shape, bool) for name, array in case.named(case.draw())}
    for at in np.argwhere(mask):
        for name, index in case.primitive.field(tuple(map(int, at)), *given, **case.arguments).items():
            feeding[name][np.ix_(*index)] = True
    return feeding


@over(is_small)
def test_axes_are_the_field_rule(case: Case):
    arrays = case.draw()
    output = case.primitive.shape(*shapes(arrays), **case.arguments)
    axes = case.primitive.axes(*shapes(arrays), **case.arguments)
    rng = np.random.default_rng(0)
    sets = [IndexSet.at(output, at) for at in np.ndindex(output)]
    sets += [IndexSet.at(output, [np.flatnonzero(rng.random(n) < 0.6) for n in output]) for _ in range(5)]
    for chosen in sets:
        expected = told(case, chosen.mask())
        for name, links in axes.items():
            fed = IndexSet(expected[name].shape)
            for box in chosen.boxes:
                fed.add(tuple(_fed(link, box) for link in links))
            if all(line.any() for line in chosen.boxes[0]):
                assert np.array_equal(fed.mask(), expected[name]), name


def _fed(link, box) -> np.ndarray:
    fed = np.zeros(link.size, bool)
    rows = link.table if link.axis is None else link.table[box[link.axis]]
    fed[rows[rows >= 0]] = True
    return fed


@pytest.mark.parametrize("name", PRIMITIVES)
def test_the_axes_rule_tells_of_every_input(name: str):
    for case in cases([PRIMITIVES[name]]):
        arrays = case.draw()
        axes = case.primitive.axes(*shapes(arrays), **case.arguments)
        given = dict(case.named(arrays))
        assert set(axes) == set(given) - APART.get(name, set())
        for input_, links in axes.items():
            assert tuple(link.size for link in links) == given[input_].shape


# What the numbers decide, so that changing them shows no more than a part of it: told by hand.
WIDE: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, ...], dict[str, list[list[int]]]]] = [
    ("embedding", ((3,), (4, 2)), {}, (1, 0), {"indices": [[1]], "weight": [[0, 1, 2, 3], [0]]}),
    ("gather", ((4, 3), (2, 2)), {"axis": 0}, (1, 1), {"x": [[0, 1, 2, 3], [1]]}),
    ("scatter", ((4, 3), (2, 2), (2, 2)), {"axis": -2}, (3, 1), {"indices": [[0, 1], [1]], "source": [[0, 1], [1]]}),
    ("max_unpool", ((2, 2, 3), (2, 2, 3)), {"space": 6}, (1, 0, 5), {"x": [[1], [0], [0, 1, 2]]}),
    ("grid_sample", ((1, 2, 3), (1, 4, 1)), {}, (0, 1, 3), {"x": [[0], [1], [0, 1, 2]], "grid": [[0], [3], [0]]}),
    ("cross_entropy", ((2, 3), (2,), (3,)), {"reduction": "none"}, (1,), {"targets": [[1]], "weight": [[0, 1, 2]]}),
]


@pytest.mark.parametrize(("name", "given", "arguments", "at", "expected"), WIDE)
def test_what_other_numbers_choose_from(name, given, arguments, at, expected):
    field = PRIMITIVES[name].field(at, *given, **arguments)
    assert {input_: [positions.tolist() for positions in field[input_]] for input_ in expected} == expected


def test_all_that_is_chosen_from_is_told_by_hand():
    wide = {(name, input_) for name, entry in ENTRIES.items() for input_ in entry.wider}
    by_hand = {(name, input_) for name, *_, expected in WIDE for input_ in expected}
    assert wide - by_hand == {("col2im", "columns"), ("max_unpool", "indices"), ("scatter", "x")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1, 3, 4), (1, 12)),
        ((6, 4), (2, 3, 4)),
        ((2, 6), (4, 3)),
        ((1, 4, 1), (2, 2)),
        ((3, 1, 2), (3, 2, 1)),
        ((), (1,)),
    ],
)
def test_a_reshaped_set_is_the_set_reshaped(before, after):
    rng = np.random.default_rng(0)
    for _ in range(20):
        box = tuple(rng.random(n) < 0.7 for n in after)
        if not all(line.any() for line in box):  # an empty set has no box
            continue
        fed = IndexSet(before)
        for part in reshaped(box, before, after):
            fed.add(part)
        assert np.array_equal(fed.mask(), IndexSet(after, [box]).mask().reshape(before))
