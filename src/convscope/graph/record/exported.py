"""Modules of ``torch.export``: the operations of their graphs as the functions of PyTorch that users call."""

# PyTorch shows the schema of an operation under a private name only, and its arguments have no types.
# pyright: reportPrivateUsage=false, reportUnknownVariableType=false

from __future__ import annotations

import copy
import inspect
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch._ops import OpOverload
from torch.nn import functional

# What is called otherwise in functions than in the operation's own schema.
RENAMED = {"self": "input", "train": "training", "indices": "input", "scale_factors": "scale_factor"}
# Where a number among the arguments may be a size of the whole array, or is computed with.
COUNTS = frozenset(
    (
        *("view", "reshape", "expand", "broadcast_to", "repeat", "tile", "unflatten", "as_strided", "split", "getitem"),
        *("zeros", "ones", "full", "empty", "arange", "new_zeros", "new_ones", "new_full", "new_empty"),
        *("rand", "randn"),
        *("add", "sub", "mul", "div", "pow", "floor_divide", "remainder", "split_with_sizes", "narrow", "index_select"),
    )
)
CHECKS = ("_assert_tensor_metadata", "_assert_scalar", "_assert_async", "sym_constrain_range_for_size")


def opened_export(model: nn.Module) -> nn.Module:
    """Return an exported module in functions, without the guards of the shapes it was exported for; others as they are.

    Parameters and buffers are the module's own. An operation that no function stands for stays as it is.
    """
    if not isinstance(model, fx.GraphModule) or not any(map(_operation, model.graph.nodes)):
        return model
    rewritten = fx.GraphModule(model, copy.deepcopy(model.graph), type(model).__name__)
    for node in reversed(rewritten.graph.nodes):
        operation = _operation(node)
        if node.target == "_guards_fn" or (operation and _name(operation) in CHECKS):
            rewritten.graph.erase_node(node)
        elif operation:
            _rewrite(node, operation)
    rewritten.recompile()
    return rewritten


def exported_batch(model: nn.Module) -> int | None:
    """Return the size of the batch that a module was exported for, if it stands among its sizes or numbers; else None.

    None, too, where the module takes any batch, or is no exported one.
    """
    if not isinstance(model, fx.GraphModule):
        return None
    nodes = model.graph.nodes
    shapes: Any = (getattr(node.meta.get("val"), "shape", ()) for node in nodes if node.op == "placeholder")
    batch = next((shape[0] for shape in shapes if len(shape) and isinstance(shape[0], int)), None)
    if batch is None:
        return None
    calls = (node for node in nodes if getattr(node.target, "__name__", "") in COUNTS)
    return batch if any(batch in _numbers((node.args, dict(node.kwargs))) for node in calls) else None


def _numbers(value: Any) -> Iterator[int]:
    """Yield the whole numbers among a call's arguments."""
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _numbers(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


def _operation(node: fx.Node) -> OpOverload | None:
    target: Any = node.target
    return target if node.op == "call_function" and isinstance(target, OpOverload) else None


def _name(operation: OpOverload) -> str:
    return operation._schema.name.split("::")[-1]


def _rewrite(node: fx.Node, operation: OpOverload) -> None:
    """Let a node call the function that users call, with its arguments."""
    schema, name = operation._schema.arguments, _name(operation)
    arguments: dict[str, Any] = {argument.name: value for argument, value in zip(schema, node.args, strict=False)}
    arguments |= node.kwargs
    if name.removeprefix("_").startswith("upsample_"):
        node.target, (node.args, node.kwargs) = functional.interpolate, _resized(name, arguments)
    elif name == "slice":
        node.target, node.args, node.kwargs = operator.getitem, _sliced(**arguments), {}
    elif name == "sym_size":
        node.target, node.kwargs = Tensor.size, {}
    elif function := _function(name):
        node.target = function
        if isinstance(function, types.FunctionType):
            named = {RENAMED.get(key, key): value for key, value in arguments.items()}
            if name == "embedding":
                named["weight"], named["input"] = arguments["weight"], arguments["indices"]
            known = inspect.signature(function).parameters
            any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
            node.args, node.kwargs = (), {key: value for key, value in named.items() if any_name or key in known}


def _function(name: str) -> Callable[..., Any] | None:
    """Return the function, or method, of PyTorch of this name."""
    homes = (functional, torch, torch.linalg, Tensor)
    functions = (getattr(home, name.removeprefix("linalg_"), None) for home in homes)
    return next(filter(callable, functions), None)


def _resized(name: str, arguments: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of ``functional.interpolate`` for one of the operations that it is made of."""
    mode = name.removeprefix("_").removeprefix("upsample_").removesuffix("_aa")[:-2]  # without its 2d
    size = arguments.get("output_size")
    settings: dict[str, Any] = {"size": size} if size is not None else {"scale_factor": arguments.get("scale_factors")}
    if "nearest" not in name:
        settings |= {"align_corners": arguments.get("align_corners", False), "antialias": name.endswith("_aa")}
    return (arguments.get("input", arguments.get("self")),), settings | {"mode": mode.replace("_", "-")}


def _sliced(self: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    """Return an array and the slice of it that an operation takes; the end may lie far behind the axis."""
    rank = self.meta["val"].ndim
    index: list[Any] = [slice(None)] * rank
    index[dim] = slice(start, None if isinstance(end, int) and end >= 2**62 else end, step)
    return (self, tuple(index))
