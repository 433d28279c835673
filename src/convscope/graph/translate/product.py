"""Products of matrices, and sums of products as Einstein wrote them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arithmetic import swapped, times
from convscope.graph.translate.arrangement import permuted, reshape


def matmul(graph: GraphBuilder, input: Ref, other: Ref) -> Ref:
    """The product of matrices; a vector is a row on the left, a column on the right."""
    x = graph.emit("reshape", input, shape=(1, *input.shape)) if len(input.shape) == 1 else input
    y = graph.emit("reshape", other, shape=(*other.shape, 1)) if len(other.shape) == 1 else other
    return reshape(graph, graph.emit("matmul", x, y), graph.shape)


def added_product(graph: GraphBuilder, input: Ref, mat1: Ref, mat2: Ref, *, beta: float = 1, alpha: float = 1) -> Ref:
    """beta · input + alpha · mat1 · mat2."""
    product = times(graph, graph.emit("matmul", mat1, mat2), alpha)
    return product if beta == 0 else graph.emit("add", product, times(graph, input, beta))


def outer(graph: GraphBuilder, input: Ref, vec2: Ref) -> Ref:
    """Each number of a vector times each of another."""
    return graph.emit("multiply", graph.emit("reshape", input, shape=(*input.shape, 1)), vec2)


def einsum(graph: GraphBuilder, equation: str, *operands: Any) -> Ref:
    """Einstein's sum, two arrays after two: their products, summed over what is named no more."""
    arrays: Sequence[Ref] = operands if isinstance(operands[0], Ref) else operands[0]
    inputs, output = sum_of(equation, [len(array.shape) for array in arrays])
    product, names = arrays[0], inputs[0]
    for i in range(1, len(arrays)):
        later = set(output).union(*inputs[i + 1 :])
        product, names = _product(graph, product, names, arrays[i], inputs[i], later)
    product, names = _summed(graph, product, names, set(output))
    return permuted(graph, product, [names.index(name) for name in output])


def bilinear(graph: GraphBuilder, input1: Ref, input2: Ref, weight: Ref, bias: Ref | None = None) -> Ref:
    """One row times a matrix times another row, for every output."""
    product = einsum(graph, "...i,kij,...j->...k", input1, weight, input2)
    return product if bias is None else graph.emit("add", product, bias)


def sum_of(equation: str, ranks: list[int]) -> tuple[list[str], str]:
    """Return the axes' names of each array of an Einstein sum, and those of the output; ``...`` gets capitals' names.

    >>> sum_of("...i,ij->...j", [3, 2])
    (['01i', 'ij'], '01j')
    >>> sum_of("bi,bj", [2, 2])
    (['bi', 'bj'], 'ij')
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = [(term, rank - len(term.replace("...", ""))) for term, rank in zip(left.split(","), ranks, strict=True)]
    widest = max(unnamed for _, unnamed in terms)
    inputs = [term.replace("...", "".join(map(str, range(widest - unnamed, widest)))) for term, unnamed in terms]
    every = "".join(inputs)
    if arrow:
        output = right.replace("...", "".join(map(str, range(widest))))
    else:
        once = sorted(name for name in set(every) if every.count(name) == 1 and name.isalpha())
        output = "".join((*map(str, range(widest)), *once))
    if widest > 9 or any(len(set(names)) != len(names) for names in (*inputs, output)):
        raise Unknown("a diagonal in an Einstein sum")
    return inputs, output


def _summed(graph: GraphBuilder, x: Ref, names: str, kept: set[str]) -> tuple[Ref, str]:
    """Return an array summed over the axes that are named nowhere else."""
    gone = tuple(axis for axis, name in enumerate(names) if name not in kept)
    remaining = [axis for axis in range(len(names)) if axis not in gone]
    if gone:
        x = reshape(graph, graph.emit("reduce_sum", x, axes=gone), tuple(x.shape[axis] for axis in remaining))
    return x, "".join(names[axis] for axis in remaining)


def _product(graph: GraphBuilder, x: Ref, of_x: str, y: Ref, of_y: str, later: set[str]) -> tuple[Ref, str]:
    """Return the product of two arrays, summed over what both name and nobody later: a product of matrices."""
    x, of_x = _summed(graph, x, of_x, later | set(of_y))
    y, of_y = _summed(graph, y, of_y, later | set(of_x))
    sizes = dict(zip(of_x + of_y, x.shape + y.shape, strict=True))
    if any(x.shape[of_x.index(name)] != y.shape[of_y.index(name)] for name in of_x if name in of_y):
        raise Unknown("axes of size 1 that are repeated")
    both = [name for name in of_x if name in of_y and name in later]
    inner = [name for name in of_x if name in of_y and name not in later]
    rows, columns = [n for n in of_x if n not in of_y], [n for n in of_y if n not in of_x]
    if not inner:
        names = [*both, *rows, *columns]
        return graph.emit("multiply", _laid(graph, x, of_x, names), _laid(graph, y, of_y, names)), "".join(names)
    # Of many rows or columns the last one is the matrix's; the others stand in front, so that none are merged.
    front = [*both, *rows[:-1], *columns[:-1]]
    depth = math.prod(sizes[name] for name in inner)
    x = _laid(graph, x, of_x, [*front, *(rows[-1:] or [" "]), *inner])
    y = _laid(graph, y, of_y, [*front, *inner, *(columns[-1:] or [" "])])
    x = reshape(graph, x, (*x.shape[: len(front) + 1], depth))
    y = reshape(graph, y, (*y.shape[: len(front)], depth, y.shape[-1]))
    names = [*front, *rows[-1:], *columns[-1:]]
    product = graph.emit("matmul", x, y)
    return reshape(graph, product, tuple(sizes[name] for name in names)), "".join(names)


def _laid(graph: GraphBuilder, x: Ref, of_x: str, names: list[str]) -> Ref:
    """Return an array with its axes in the order of ``names``, of size 1 where it has none of a name."""
    x = permuted(graph, x, [of_x.index(name) for name in names if name in of_x])
    sizes = iter(x.shape)
    return reshape(graph, x, tuple(next(sizes) if name in of_x else 1 for name in names))


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("matmul", "bmm", "mm", "mv", "dot", "imatmul"), matmul),
    "rmatmul": swapped(matmul),
    **dict.fromkeys(("addmm", "baddbmm"), added_product),
    **dict.fromkeys(("outer", "ger"), outer),
    "bilinear": bilinear,
    "einsum": einsum,
}
