"""The figures that ``convscope models`` prints without building a network are the counted ones."""

from __future__ import annotations

import pytest

from convscope.errors import ShapeError
from convscope.models import create, entry, names, smallest_side
from convscope.models.cost import cost
from convscope.models.facts import FACTS
from convscope.models.public import PUBLIC


def test_facts_are_what_the_networks_cost() -> None:
    counted = {}
    for name in names():
        e = entry(name)
        size = (e.side, e.side)
        counted[name] = cost(
            lambda name=name, e=e, size=size: create(name, classes=e.classes, channels=e.channels, size=size),
            (e.channels, *size),
        )
    lines = "\n".join(f'    "{name}": ({weights:_}, {adds:_}),' for name, (weights, adds) in counted.items())
    assert counted == FACTS, f"the lines of facts.py must be:\n{lines}"


def test_public_weights_are_of_networks_that_exist() -> None:
    assert set(PUBLIC) <= set(names())
    for name, public in PUBLIC.items():
        e = entry(name)
        assert (e.channels, e.side, e.classes) == (3, public.side, 1000)
        assert f"-{public.sha256}.pth" in public.url and len(public.sha256) == 8


@pytest.mark.parametrize(("name", "side"), [("squeezenet1_0", 21), ("lenet", 12), ("mlp", 1)])
def test_the_smallest_image(name: str, side: int) -> None:
    assert smallest_side(name) == side
    create(name, classes=2, channels=1, size=(side, side))
    if side > 1:
        with pytest.raises(ShapeError):
            create(name, classes=2, channels=1, size=(side - 1, side - 1))
