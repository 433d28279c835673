"""One number of a network, and the products that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.tracing.follow import Branch
    from convscope.tracing.terms import Trace


def trace(result: Trace | Branch) -> dict[str, Any]:
    """Return a number with all its terms, and for a branch also the traces of the followed terms."""
    return plain(result.to_dict())
