"""Building a graph node by node: what the rules of ``translate`` see of it.

Meanwhile a batch may have a size of its own (a prime that occurs nowhere else), so that every number that grows with
the batch can be told; ``finish`` returns a ``Graph``'s nodes for one example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from convscope.graph.node import GETITEM, INPUT, UNKNOWN, Node, Read, Shape
from convscope.ops import PRIMITIVES

# The array inputs that are not floating point, and the primitives that take any type.
WHOLE = {*((op, "indices") for op in ("embedding", "max_unpool", "gather", "scatter")), ("attention", "mask")}
ARRANGED = {"expand", "permute", "reshape", "strided_slice"}
ANY = {*ARRANGED, "compare", "where"}
MAKES = {"compare": "bool", "argmax": "int64", "argsort": "int64"}  # whatever they are given


class Unknown(Exception):  # noqa: N818 - an answer, no error
    """No primitive does what was asked: the operation stays unknown."""


class BatchUsed(Exception):  # noqa: N818 - no error: recording begins anew
    """The network computes with the size of the batch, so that no graph is valid for every size."""


@dataclass(frozen=True, eq=False)
class Ref:
    """An array while a graph is built: what a node makes (``node``), a weight (``name``), or a constant (``value``).

    ``zero``: it is known to be all 0.
    """

    shape: Shape
    dtype: str
    node: int | None = None
    name: str | None = None
    value: np.ndarray | None = None
    zero: bool = False

    @property
    def floating(self) -> bool:
        """Whether it holds floating-point numbers."""
        return "float" in self.dtype


@dataclass
class _Draft:
    op: str
    path: str
    inputs: dict[str, Ref]
    arguments: dict[str, Any]
    shape: Shape
    dtype: str


@dataclass
class GraphBuilder:
    """The nodes so far; ``path`` is the module that runs, ``expected`` what PyTorch returned for the call.

    ``batch`` is the size of a batch in all shapes.
    """

    batch: int
    drafts: list[_Draft] = field(default_factory=list)
    path: str = ""
    expected: tuple[tuple[Shape, str], ...] = ()
    reads: dict[tuple[int | None, str | None, str, str], bool] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """The shape of what PyTorch returned, or of the first of several."""
        return self.expected[0][0]

    @property
    def dtype(self) -> str:
        """The type of what PyTorch returned, or of the first of several."""
        return self.expected[0][1]

    def input(self, name: str, shape: Shape, dtype: str) -> Ref:
        """Add an input."""
        return self._add(_Draft(INPUT, name, {}, {}, shape, dtype))

    def emit(self, op: str, *arrays: Any, **arguments: Any) -> Ref:
        """Add a primitive over arrays (a number is a constant, None an absent one) and return what it makes.

        Raises ``Unknown`` for types that the primitive does not take, and its own ``ShapeError``.
        """
        primitive = PRIMITIVES[op]
        floating = [array for array in arrays if isinstance(array, Ref) and array.floating]
        types = {array.dtype for array in floating if array.value is None} or {array.dtype for array in floating}
        if len(types) > 1:
            raise Unknown(f"{op} of several types: {', '.join(sorted(types))}")
        dtype = next(iter(types), None)
        common = _common_type(arrays) if op == "concatenate" and dtype is None else None
        inputs: dict[str, Ref] = {}
        for name, array in zip(primitive.names(len(arrays)), arrays, strict=False):
            if array is not None:
                inputs[name] = array if common else self._fitting(op, name, array, dtype)
        shapes = [inputs[name].shape if name in inputs else None for name in primitive.names(len(arrays))]
        shape = tuple(primitive.shape(*shapes, **arguments))
        if op == "strided_slice":
            self._whole_batch(inputs["x"].shape, **arguments)
        result = MAKES.get(op) or (inputs["x"].dtype if op in ANY else dtype or common)
        if result is None:
            raise Unknown(f"{op} of whole numbers")
        zero = op in ARRANGED and next(iter(inputs.values())).zero
        return self._add(_Draft(op, self.path, inputs, arguments, shape, result), zero=zero)

    def getitem(self, results: Ref, index: int, shape: Shape, dtype: str) -> Ref:
        """Add the result ``index`` of a node that has several."""
        return self._add(_Draft(GETITEM, self.path, {"x": results}, {"index": index}, shape, dtype))

    def unknown(self, operation: str, arrays: list[Ref], shape: Shape, dtype: str) -> Ref:
        """Add an operation that no primitive stands for."""
        inputs = {f"x{i}": array for i, array in enumerate(arrays)}
        return self._add(_Draft(UNKNOWN, self.path, inputs, {"operation": operation}, shape, dtype))

    def ends(self) -> list[Ref]:
        """Return what has been made and has no use yet."""
        used = {ref.node for draft in self.drafts for ref in draft.inputs.values()}
        return [Ref(draft.shape, draft.dtype, at) for at, draft in enumerate(self.drafts) if at not in used]

    def constant(self, value: Any) -> Ref:
        """Return a constant array."""
        array = np.asarray(value)
        return Ref(array.shape, array.dtype.name, value=array, zero=not array.any())

    def scalar(self, value: Any, dtype: str) -> Ref:
        """Return one number as a constant; a floating one keeps all its digits, whatever type it meets."""
        array = np.asarray(value, "float64" if "float" in dtype else dtype)
        return Ref((), dtype, value=array, zero=not array.any())

    def number(self, value: Any) -> float:
        """Return a number that the network computes with; one made of the batch's size cannot be kept."""
        if self._grows(value):
            raise BatchUsed(f"computes with the size of the batch in {self.path or 'its forward'}")
        return value

    def _whole_batch(self, x: Shape, *, start: Shape, size: Shape, step: Shape) -> None:
        """Refuse to keep a part of the batch, which another batch may not have."""
        for n, *taken in zip(x, start, size, step, strict=True):
            if self._grows(n) and taken != [0, n, 1]:
                raise BatchUsed(f"takes examples out of the batch in {self.path or 'its forward'}")

    def _fitting(self, op: str, name: str, array: Any, dtype: str | None) -> Ref:
        """Return an input of a primitive as an array of the type that it computes in."""
        if not isinstance(array, Ref):
            if not isinstance(array, bool | int | float):
                raise Unknown(f"{op} of {type(array).__name__}")
            return self.scalar(self.number(array), dtype or "float32")
        if op in ANY or array.floating or (op, name) in WHOLE:
            if array.value is None or not array.floating or not dtype or array.dtype == dtype:
                return array
            return Ref(array.shape, dtype, value=array.value, zero=array.zero)
        if array.value is not None and dtype is not None:  # whole numbers that the network made, among floating ones
            return self.constant(array.value.astype(dtype))
        raise Unknown(f"{op} of {array.dtype}")

    def _add(self, draft: _Draft, *, zero: bool = False) -> Ref:
        self.drafts.append(draft)
        return Ref(draft.shape, draft.dtype, node=len(self.drafts) - 1, zero=zero)

    def read(self, ref: Ref, call: str, *, decides: bool) -> None:
        """Note that Python takes the numbers of an array, in the module that runs."""
        self.reads.setdefault((ref.node, ref.name, call, self.path), decides)

    def finish(self, modules: Mapping[str, str]) -> tuple[tuple[Node, ...], dict[str, np.ndarray], tuple[Read, ...]]:
        """Return the nodes for one example, the constants by name, and what Python read."""
        names = _names(self.drafts, modules)
        nodes: list[Node] = []
        constants: dict[str, np.ndarray] = {}
        for name, draft in zip(names, self.drafts, strict=True):
            inputs: dict[str, str] = {}
            weights: dict[str, str] = {}
            for key, ref in draft.inputs.items():
                if ref.node is not None:
                    inputs[key] = names[ref.node]
                elif ref.name is not None:
                    weights[key] = ref.name
                elif ref.value is not None:
                    weights[key] = f"{name}:{key}"
                    constants[weights[key]] = ref.value
            arguments, scaled = self._without_batch(draft.arguments)
            shape = tuple(n // self.batch if self._grows(n) else n for n in draft.shape)
            # Recorded on one example, only of the inputs is it known which axis the batch is.
            axes = [axis for axis, n in enumerate(draft.shape) if self._grows(n)]
            batch = axes[0] if axes else 0 if draft.op == INPUT else None
            path = "" if draft.op == INPUT else draft.path
            nodes.append(Node(name, draft.op, path, inputs, weights, arguments, shape, draft.dtype, batch, scaled))
        reads = (
            Read(source, call, path, decides)
            for (node, weight, call, path), decides in self.reads.items()
            if (source := weight if node is None else names[node]) is not None
        )
        return tuple(nodes), constants, tuple(reads)

    def _without_batch(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], tuple[tuple[str | int, ...], ...]]:
        """Return the arguments for one example, and the paths to the numbers that were divided by the batch."""
        paths: list[tuple[str | int, ...]] = []

        def divided(value: Any, *path: str | int) -> Any:
            if isinstance(value, tuple):
                items = cast("tuple[Any, ...]", value)
                return tuple(divided(item, *path, i) for i, item in enumerate(items))
            if not self._grows(value):
                return value
            paths.append(path)
            return value // self.batch

        return {name: divided(value, name) for name, value in arguments.items()}, tuple(paths)

    def _grows(self, value: Any) -> bool:
        """Return whether a whole number grows with the batch."""
        return self.batch > 1 and isinstance(value, int) and value != 0 and value % self.batch == 0


def _common_type(arrays: tuple[Any, ...]) -> str | None:
    """Return the type that all arrays have, None where there is no such one."""
    types = {array.dtype if isinstance(array, Ref) else None for array in arrays}
    return types.pop() if len(types) == 1 else None


def _names(drafts: list[_Draft], modules: Mapping[str, str]) -> list[str]:
    """Return a name for each node: its module's path where the module runs one operation, else path and operation."""
    parents = {path.rpartition(".")[0] for path in modules if path}
    main = dict(_main(drafts))
    taken = {path for path in modules if path} | {draft.path for draft in drafts if draft.op == INPUT}
    used: dict[str, int] = {}
    names: list[str] = []
    for draft in drafts:
        alone = draft.path and draft.path not in parents and draft.op == main[draft.path]
        if alone or draft.op == INPUT:
            base = draft.path
        else:
            word = _word(draft.arguments["operation"]) if draft.op == UNKNOWN else draft.op
            base = f"{draft.path}.{word}" if draft.path else word
            base = f"{base}_" if base in taken else base  # a module is called so
        used[base] = used.get(base, 0) + 1
        names.append(base if used[base] == 1 else f"{base}#{used[base]}")
    return names


def _word(operation: str) -> str:
    """Return an operation as a part of a name.

    >>> _word("__lt__"), _word("sort, result 1"), _word("outside PyTorch")
    ('lt', 'sort_result_1', 'outside_PyTorch')
    """
    return "_".join(operation.replace(",", " ").split()).strip("_")


def _main(drafts: list[_Draft]) -> Iterator[tuple[str, str]]:
    """Yield for each path the operation that bears its name: the last one with weights, or else the last one."""
    last: dict[str, _Draft] = {}
    for draft in drafts:
        weighted = any(ref.name for ref in draft.inputs.values())
        before = last.get(draft.path)
        if before is None or weighted or not any(ref.name for ref in before.inputs.values()):
            last[draft.path] = draft
    for path, draft in last.items():
        yield path, draft.op
