"""From a product to what its operand is made of, and on, down to pixels and weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.errors import ConfigError
from convscope.ops import PRIMITIVES
from convscope.tracing.forward import MOVES, Place

if TYPE_CHECKING:
    from convscope.tracing.terms import Term, Trace

MOST = 2000  # numbers in a tree: what can still be read


@dataclass(frozen=True)
class Branch:
    """A trace, the term of the one above that led to it (None at the root), and where its own largest terms lead."""

    trace: Trace
    term: Term | None
    below: tuple[Branch, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        number = None if self.term is None else self.term.number
        return self.trace.to_dict() | {"term": number, "followed": [branch.to_dict() for branch in self.below]}


def follow(trace: Trace, term: Term | int | None = None, *, factor: bool = False) -> Trace:
    """Return the trace of what a term's operand (or factor) is made of; see ``Trace.follow``."""
    if not len(trace):
        raise ConfigError(f"{trace.node} {trace.at} has no terms to follow: {trace.remark or 'nothing reaches it'}")
    chosen = _largest(trace) if term is None else trace.term(term) if isinstance(term, int) else term
    source, at = (chosen.factor_source, chosen.factor_at) if factor else (chosen.source, chosen.at)
    if source is None:
        role = "factor" if factor else "operand"
        raise ConfigError(f"the {role} of term {chosen.number} of {trace.node} {trace.at} stands in no array")
    slope = _slope(trace, chosen, factor)
    gain = None if trace.gain is None or slope is None else trace.gain * slope
    return replace(_through_moves(trace, source, at), gain=gain)


def _largest(trace: Trace) -> Term:
    """Return the largest term whose operand stands in an array, or the largest at all."""
    in_one_array = trace.arrays is not None and isinstance(trace.arrays.source, str)
    terms = trace.largest(1 if in_one_array else None)
    return next((term for term in terms if term.source is not None), terms[0])


def _slope(trace: Trace, term: Term, factor: bool) -> float | None:
    """Return by how much the number changes with the operand (or factor) of a term; None for a function of several."""
    if trace.rule == "sum":
        return term.operand if factor else term.factor
    if len(trace) > 1:
        return None
    node = trace.forward.graph[trace.node]
    return float(PRIMITIVES[node.op].backward(np.ones(1), np.array([term.operand]), **node.arguments)[0])


def _through_moves(trace: Trace, source: str, at: Place) -> Trace:
    """Return the trace of the number that stands at a place, past all nodes that only move it."""
    passed: list[str] = []
    while True:
        below = trace.elsewhere(source, at)
        if below.op not in MOVES or len(below) != 1:
            return replace(below, passed=tuple(passed))
        passed.append(source)
        moved = below.term(0)
        assert moved.source is not None
        source, at = moved.source, moved.at


def chain(trace: Trace, depth: int | None = None) -> tuple[Trace, ...]:
    """Return a trace and those below it, always along the largest product; see ``Trace.chain``."""
    traces = [trace]
    while len(traces[-1]) and (depth is None or len(traces) <= depth) and _largest(traces[-1]).source is not None:
        traces.append(follow(traces[-1]))
    return tuple(traces)


def tree(trace: Trace, width: int, depth: int, term: Term | None = None) -> Branch:
    """Return a trace with the ``width`` largest terms followed, and theirs, ``depth`` levels down.

    Raises ``ConfigError`` where that would be more than ``MOST`` numbers.
    """
    if sum(width**level for level in range(depth + 1)) > MOST:
        raise ConfigError(
            f"following {width} terms over {depth} levels opens more than {MOST} numbers; follow fewer or less deep"
        )
    terms = [below for below in trace.largest(width) if below.source is not None] if depth else []
    return Branch(trace, term, tuple(tree(follow(trace, below), width, depth - 1, below) for below in terms))
