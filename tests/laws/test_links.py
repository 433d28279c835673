"""The field rules axis by axis say what each primitive's own field rule says, one output at a time and for sets."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.analysis.index_sets import IndexSet, reshaped
from convscope.analysis.links import RULES, links
from convscope.ops import PRIMITIVES
from laws.case import Case, is_small, over, shapes


def told(case: Case, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Return by input what feeds some outputs, asked one output at a time."""
    given = shapes(case.draw())
    found = {name: np.zeros(array.shape, bool) for name, array in case.named(case.draw())}
    for at in np.argwhere(mask):
        for name, index in case.primitive.field(tuple(map(int, at)), *given, **case.arguments).items():
            found[name][np.ix_(*index)] = True
    return found


@over(lambda case: is_small(case) and case.primitive.name in RULES)
def test_links_are_the_field_rule(case: Case):
    arrays = case.draw()
    output = case.primitive.shape(*shapes(arrays), **case.arguments)
    known = links(case.primitive.name, shapes(arrays), output, case.arguments)
    assert known
    rng = np.random.default_rng(0)
    boxes = [IndexSet.at(output, at) for at in np.ndindex(output)]
    boxes += [IndexSet.at(output, [np.flatnonzero(rng.random(n) < 0.6) for n in output]) for _ in range(5)]
    for places in boxes:
        expected = told(case, places.mask())
        for name, axes in known.items():
            found = IndexSet(expected[name].shape)
            for box in places.boxes:
                found.add(tuple(_fed(link, box) for link in axes))
            if all(line.any() for line in places.boxes[0]):
                assert np.array_equal(found.mask(), expected[name]), name


def _fed(link, box) -> np.ndarray:
    fed = np.zeros(link.size, bool)
    rows = link.table if link.axis is None else link.table[box[link.axis]]
    fed[rows[rows >= 0]] = True
    return fed


def test_every_primitive_of_axes_is_in_the_table():
    asked_one_by_one = {
        *("binary_cross_entropy_with_logits", "col2im", "cross_entropy", "im2col", "reshape", "squared_error"),
    }
    assert set(PRIMITIVES) - set(RULES) == asked_one_by_one


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
        found = IndexSet(before)
        for one in reshaped(box, before, after):
            found.add(one)
        assert np.array_equal(found.mask(), IndexSet(after, [box]).mask().reshape(before))
