"""A trace as text and as HTML: what is told of one number, largest products first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from convscope.tracing.forward import PIXEL, WEIGHT
from convscope.tracing.grid import Grid, grid

if TYPE_CHECKING:
    from convscope.tracing.follow import Branch
    from convscope.tracing.terms import Term, Trace

SHOWN = 10  # products in a table
WIDEST = 7  # columns of a kernel that is written out


def text(trace: Trace, shown: int = SHOWN) -> str:
    """Return one number's table.

    The head names it; then window, kernel and products (where they are small enough to read), the largest products,
    and the sum beside what the engine computed.
    """
    lines = [head(trace)]
    if trace.remark:
        lines.append(f"  {trace.remark}")
    if len(trace):
        lines += [f"  {line}" for line in (*_written(trace), *_products(trace, shown), *_sum(trace))]
    return "\n".join(lines)


def tree_text(branch: Branch, shown: int = SHOWN) -> str:
    """Return the tables of a trace and of all that was followed from it, each level further in."""
    return "\n".join(_branch_lines(branch, shown, 0))


def chain_text(traces: Sequence[Trace]) -> str:
    """Return one line a trace: the way along the largest product, from the number down to a pixel or a weight."""
    rows = [("number", "value", "slope", "made by")]
    for trace in traces:
        slope = "" if trace.gain is None else f"{trace.gain:+.4g}"
        if len(trace) < 2:
            made_by = trace.remark or (trace.op if len(trace) else f"{trace.op} of 0 terms")
        else:
            made_by = f"{trace.op} of {len(trace):,} terms"
        rows.append((name(trace), number(trace.total), slope, made_by))
    wide, *widths = (max(len(row[i]) for row in rows) for i in range(3))
    lines = ["along the largest products; slope: by how much a change of 1 there moves the number on top, this way"]
    for first, *middle, last in rows:
        lines.append(
            "  ".join((first.ljust(wide), *(cell.rjust(w) for cell, w in zip(middle, widths, strict=True)), last))
        )
    return "\n".join(lines)


def head(trace: Trace) -> str:
    """Return ``features.0 (4, 10, 12) = 0.8312   correlate``."""
    passed = f"   (passed on by {', '.join(trace.passed)})" if trace.passed else ""
    return f"{name(trace)} = {number(trace.total)}   {trace.op}{passed}"


def name(trace: Trace) -> str:
    """Return the node and the place, with the class where it is one."""
    classes, here = trace.forward.classes, f"{_source(trace, trace.node)} {place(trace.at)}"
    if len(trace.at) == 1 and trace.node == trace.forward.output and len(classes) > trace.at[0]:
        return f"{here} [class {classes[trace.at[0]]}]"
    return here


def _source(trace: Trace, name: str) -> str:
    """Return the name of where a number stands; of raw numbers what they are called."""
    scaling = trace.forward.scaling
    return scaling.noun if name == PIXEL and scaling is not None else name


def place(at: Sequence[int]) -> str:
    """Return a place as it is written: (4, 10, 12), or (3).

    >>> place((4, 10, 12)), place((3,))
    ('(4, 10, 12)', '(3)')
    """
    return f"({', '.join(map(str, at))})"


def number(value: float) -> str:
    """Return a number with six digits.

    >>> number(-0.12345678), number(12), number(0.0)
    ('-0.123457', '12', '0')
    """
    return f"{value + 0.0:.6g}"


def _branch_lines(branch: Branch, shown: int, level: int) -> Iterator[str]:
    indent = "    " * level
    if branch.term is not None:
        slope = "" if branch.trace.gain is None else f"; slope to the number on top {branch.trace.gain:+.4g}"
        yield f"{indent}↳ term {branch.term.number}, product {number(branch.term.product)}{slope}"
    yield from (f"{indent}{line}" for line in text(branch.trace, shown).splitlines())
    for below in branch.below:
        yield ""
        yield from _branch_lines(below, shown, level + 1)


def _products(trace: Trace, shown: int) -> Iterator[str]:
    """Yield the largest products, one per line, and what the rest adds up to."""
    if trace.rule != "sum" and len(trace) > 1:
        yield f"{trace.rule} of"
    terms = trace.largest(shown)
    tokens = trace.forward.tokens if trace.op == "embedding" else ()
    rows = [_row(trace, term, tokens) for term in terms]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell.ljust(width) if i == 1 else cell.rjust(width) for i, (cell, width) in enumerate(cells))
    remaining = len(trace) - len(terms)
    if remaining and trace.rule == "sum":
        left = float(trace.products.sum()) - sum(term.product for term in terms)
        yield f"and {remaining:,} smaller products, which add up to {number(left)}"
    elif remaining:
        yield f"and {remaining:,} smaller numbers"


def _row(trace: Trace, term: Term, tokens: Sequence[str] = ()) -> tuple[str, ...]:
    where = "made on the way" if term.source is None else f"{_source(trace, term.source)} {place(term.at)}"
    if tokens and term.at and term.at[0] < len(tokens):
        where = f"{where} [{tokens[term.at[0]]!r}]"
    first = (f"term {term.number}:", where, number(term.operand))
    if trace.rule != "sum":
        return first
    factor = f"× {number(term.factor)}"
    weight = f"[{term.factor_source} {place(term.factor_at)}]" if term.factor_source else ""
    return (*first, factor, weight, f"= {number(term.product)}")


def _sum(trace: Trace) -> Iterator[str]:
    if trace.rule == "sum" and (len(trace) > 1 or trace.bias):
        count = f"{len(trace):,} products" if len(trace) > 1 else "the product"
        added = f" + bias {number(trace.bias)}" if trace.bias else ""
        yield f"{count} {number(float(trace.products.sum()))}{added} = {number(trace.total)}"
    yield f"{trace.engine}: {number(trace.value)}   gap {trace.gap:.1e}"


def _written(trace: Trace) -> Iterator[str]:
    """Yield window × kernel = products, side by side, for the channel with the largest product."""
    layout = grid(trace)
    if layout is None or layout.operand.ndim != 3 or layout.operand.shape[2] > WIDEST or layout.operand.shape[1] == 1:
        return
    channel = layout.strongest
    of = f", channel {channel} of {len(layout.operand)}" if len(layout.operand) > 1 else ""
    yield f"window × kernel = products{of}"
    yield from _side_by_side(layout, channel)


def _side_by_side(layout: Grid, channel: int) -> Iterator[str]:
    blocks = [_block(array[channel]) for array in (layout.operand, layout.factor, layout.product)]
    middle = layout.operand.shape[1] // 2
    for i, (operand, factor, product) in enumerate(zip(*blocks, strict=True)):
        times, equals = ("×", "=") if i == middle else (" ", " ")
        yield f"{operand}  {times}  {factor}  {equals}  {product}"


def _block(array: np.ndarray) -> list[str]:
    """Return the rows of a matrix in columns of one width; what lies in the padding is a dot."""
    cells = [["·" if np.isnan(value) else f"{value + 0.0:.3g}" for value in row] for row in array]
    width = max(len(cell) for row in cells for cell in row)
    return [" ".join(cell.rjust(width) for cell in row) for row in cells]


def html(trace: Trace, shown: int = SHOWN) -> str:
    """Return one number's table for a notebook."""
    cells = (_row(trace, term) for term in trace.largest(shown))
    right = "<td style=text-align:right>"
    rows = "".join(f"<tr>{''.join(f'{right}{escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
    remark = f"<p>{escape(trace.remark)}</p>" if trace.remark else ""
    more = f"<p>and {len(trace) - shown:,} smaller ones</p>" if len(trace) > shown else ""
    end = "".join(f"<p>{escape(line)}</p>" for line in _sum(trace)) if trace.op not in (PIXEL, WEIGHT) else ""
    return f"<div><b>{escape(head(trace))}</b>{remark}<table>{rows}</table>{more}{end}</div>"
