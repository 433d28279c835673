"""The networks that have names: in a row each, or one of them with its layers and where its weights are."""

from __future__ import annotations

from typing import Any

from convscope.plain import plain


def row(name: str) -> dict[str, Any]:
    """Return what a list says of a network; a known one is not built for it."""
    from convscope.models import entry
    from convscope.models.facts import FACTS
    from convscope.models.public import PUBLIC

    e = entry(name)
    weights, cost = FACTS.get(name) or _counted(name)
    return {
        "name": name,
        "family": e.family,
        "weights": weights,
        "cost": cost,
        "image": "×".join(map(str, e.shape)),
        "gives": "vector" if e.space is None else "map",
        "classes": e.classes,
        "public": public_name(name) in PUBLIC,
        "summary": e.summary,
        "source": e.source,
    }


def public_name(name: str) -> str:
    """Return the network whose public weights one can begin with: that of its encoder, where it has one."""
    from convscope.models import entry

    return entry(name).encoder or name


def network(name: str) -> dict[str, Any]:
    """Return a network's layer groups, its options, and the weights it can start from."""
    from convscope.models import families, options_of, parts_of, smallest_side
    from convscope.models.public import PUBLIC

    groups, head = parts_of(name)
    listing = row(name)
    return plain({
        **listing,
        "smallest": smallest_side(name),
        "groups": groups,
        "head": head,
        "options": options_of(name),
        "pretrained": PUBLIC.get(public_name(name)),
        "beside": [other for other in families().get(listing["family"], ()) if other != name],
    })  # fmt: skip


def _counted(name: str) -> tuple[int, int]:
    from convscope.data.spec import InputSpec, OutputSpec
    from convscope.models import entry
    from convscope.models.cost import cost
    from convscope.models.registry import build

    e = entry(name)
    image = InputSpec(e.channels, e.shape[1:])
    return cost(lambda: build(name, {}, input=image, output=OutputSpec(e.classes, e.space)), image)
