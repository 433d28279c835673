"""What in a network's design is probably not meant: one warning a file, its code and its words inside it."""

from __future__ import annotations

from collections.abc import Collection

from convscope.analysis.warnings import (
    bias_before_norm,
    checkerboard,
    dropped_pixels,
    even_kernel,
    missing_activation,
    norm_of_one,
    one_dense_layer,
    partial_view,
    skipped_positions,
    too_much_pooling,
    unused_parameters,
)
from convscope.analysis.warnings.finding import DesignWarning, lines
from convscope.analysis.warnings.reading import Reading
from convscope.errors import ConfigError, nearest
from convscope.graph import Graph

__all__ = ["CODES", "DesignWarning", "check", "codes_of", "lines"]

_RULES = (
    dropped_pixels,
    skipped_positions,
    too_much_pooling,
    even_kernel,
    checkerboard,
    partial_view,
    bias_before_norm,
    norm_of_one,
    missing_activation,
    unused_parameters,
    one_dense_layer,
)
CODES = tuple(rule.CODE for rule in _RULES)


def check(graph: Graph, *, silenced: Collection[str] = ()) -> tuple[DesignWarning, ...]:
    """Return the design warnings of a network, by code and then in the order in which the nodes run.

    ``silenced`` are codes, in full or their first part (``"CS105"``), not to be looked for; ``ConfigError`` for one
    that there is not.
    """
    quiet = codes_of(silenced)
    net = Reading(graph)
    return tuple(warning for rule in _RULES if rule.CODE not in quiet for warning in rule.find(net))


def codes_of(names: Collection[str]) -> tuple[str, ...]:
    """Return codes in full; ``ConfigError`` for one that there is not.

    >>> codes_of(["CS105"])
    ('CS105-checkerboard',)
    """
    return tuple(map(_code, names))


def _code(name: str) -> str:
    for code in CODES:
        if name in (code, code.partition("-")[0]):
            return code
    raise ConfigError(f"there is no design warning {name!r}{nearest(name, CODES)}; there are {', '.join(CODES)}")
