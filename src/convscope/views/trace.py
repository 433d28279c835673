"""One number of a network, and the products that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.tracing.follow import Branch
    from convscope.tracing.terms import Trace


def trace(found: Trace | Branch) -> dict[str, Any]:
    """Return a number with all its terms; of a branch also the traces of those that were followed."""
    return plain(found.to_dict())
