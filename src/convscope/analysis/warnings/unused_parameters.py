"""Parameters that no output depends on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning, counted
from convscope.analysis.warnings.reading import Reading

CODE = "CS301-unused-parameters"


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each outermost module none of whose parameters is used; ``number``: its weights.

    None where the network may do what was not seen.
    """
    if not net.graph.all_seen:
        return
    used = {name for node in net.nodes for name in node.weights.values()}
    unused = {name: one for name, one in net.graph.parameters.items() if name not in used}
    if not unused:
        return
    places: dict[str, list[str]] = {}
    for name in unused:
        places.setdefault(_outermost(name, used), []).append(name)
    for place, names in places.items():
        number = sum(math.prod(unused[name].shape) for name in names)
        yield DesignWarning(
            CODE,
            place,
            number,
            f"{counted(number, 'weight')} of {', '.join(names[:3])}{', …' if len(names) > 3 else ''} "
            f"{'is' if number == 1 else 'are'} never used: no output of the network in evaluation depends on them",
            "leave them out, or use what they compute",
        )


def _outermost(parameter: str, used: set[str]) -> str:
    """Return the outermost module of a parameter that has no used one; the parameter itself where there is none."""
    parts = parameter.split(".")
    for end in range(1, len(parts)):
        module = ".".join(parts[:end])
        if not any(name.startswith(f"{module}.") for name in used):
            return module
    return parameter
