"""The products of one number laid out as its window lies: channels, rows, columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convscope.graph.node import GETITEM
from convscope.tracing.forward import MOVES

if TYPE_CHECKING:
    from convscope.tracing.terms import Trace

MOST = 200_000  # cells: a layout with larger gaps is none


@dataclass(frozen=True)
class Grid:
    """Operands, factors and products (channels, *space) as they lie; NaN where there is none, as in the padding.

    ``source`` is the node that the operands stand in, past a flattening; ``low`` and ``high`` are the first and the
    last place there, (channel, *space).
    """

    operand: np.ndarray
    factor: np.ndarray
    product: np.ndarray
    source: str | None
    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def strongest(self) -> int:
        """The channel with the largest product."""
        return int(
            np.nanargmax(np.abs(self.product).reshape(len(self.product), -1).max(1, initial=0, where=~self._nan))
        )

    @property
    def _nan(self) -> np.ndarray:
        return np.isnan(self.product).reshape(len(self.product), -1)


def grid(trace: Trace) -> Grid | None:
    """Return the products as the kernel's weights lie, or, without a kernel, as their operands do.

    A flat list of weights (a linear layer's) is laid out as its operands lay before they were flattened. None where
    the operands come from several arrays, or there are no products.
    """
    arrays = trace.arrays
    if arrays is None or not len(trace) or not isinstance(arrays.source, str) or trace.rule != "sum":
        return None
    source, places = _origin(trace)
    if not places.shape[1]:  # a single number
        return None
    kernel = None
    if arrays.factor_source == "kernel" and arrays.factor_index is not None and arrays.factor_index.shape[1] > 2:
        kernel = trace.forward.values.inputs_of(trace.forward.graph[trace.node])["kernel"]
        assert kernel is not None
        cells, sizes = _kernel_cells(trace, arrays.factor_index, kernel.shape)
    else:
        cells, sizes = places - places.min(0), places.max(0) - places.min(0) + 1
    if np.prod(sizes, dtype=np.int64) > MOST:
        return None
    operand, factor, product = (np.full(tuple(sizes), np.nan) for _ in range(3))
    if trace.op == "correlate" and kernel is not None and arrays.factor_index is not None:
        factor[:] = kernel[arrays.factor_index[0, 0]]  # also its weights that lie on the padding
    for laid_out, flat in ((operand, arrays.operand), (factor, arrays.factor), (product, trace.products)):
        laid_out[tuple(cells.T)] = flat
    first, last = (tuple(int(i) for i in edge) for edge in (places.min(0), places.max(0)))
    return Grid(operand, factor, product, source, first, last)


def _kernel_cells(trace: Trace, index: np.ndarray, kernel: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return where each product lies in the kernel (channels, *k), and the kernel's sizes.

    The kernel of a transposed correlation begins with the input's channels.
    """
    channel = 0 if trace.op == "correlate_transpose" else 1
    cells = np.concatenate([index[:, channel : channel + 1], index[:, 2:]], axis=1)
    low = np.zeros(cells.shape[1], int)
    low[0] = cells[:, 0].min()
    sizes = np.array([cells[:, 0].max() - low[0] + 1, *kernel[2:]])
    return cells - low, sizes


def _origin(trace: Trace) -> tuple[str | None, np.ndarray]:
    """Return the node that the operands stand in, past a flattening, and their places (m, axes) without the example."""
    arrays, graph = trace.arrays, trace.forward.graph
    assert arrays is not None and isinstance(arrays.source, str)
    places = arrays.index
    if trace.op == "normalise":
        return arrays.source, places
    source = graph[trace.node].inputs.get(arrays.source)
    while source is not None and graph[source].op in MOVES - {"concatenate", "pad", GETITEM}:
        before = graph[source]
        if before.op != "reshape" or "x" not in before.inputs:
            break
        shape = graph[before.inputs["x"]].shape
        flat = np.ravel_multi_index(tuple(places.T), before.shape)
        places, source = np.stack(np.unravel_index(flat, shape), axis=1), before.inputs["x"]
    shape = graph[source].shape if source else ()
    axes = [axis for axis in range(places.shape[1]) if not shape or axis != (shape.index(1) if 1 in shape else -1)]
    return source, places[:, axes]
