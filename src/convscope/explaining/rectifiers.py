"""The rectifiers of a network, as nodes of the graph that autograd keeps of one forward.

So they are found however they are written: as ``nn.ReLU``, ``F.relu``, in place, or one module used many times. The
hooks are on that graph, which is gone with the pass; no module is touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from convscope.errors import ConfigError
from convscope.text import listed

# What sets negative numbers to 0, by the name of its node; whether one of that name does so.
RECTIFIERS: dict[str, Callable[[Any], bool]] = {
    "ReluBackward0": lambda node: True,
    "ThresholdBackward0": lambda node: node._saved_threshold == 0,
    "HardtanhBackward0": lambda node: node._saved_min_val == 0,  # ReLU6
}
# What bends a function otherwise, by the name of its node: gradients pass it as they are.
OTHERS = {
    "ClampBackward0": "clamp", "ClampBackward1": "clamp", "ClampMinBackward0": "clamp", "ClampMaxBackward0": "clamp",
    "ClampMinBackward1": "clamp", "ClampMaxBackward1": "clamp", "MaximumBackward0": "maximum",
    "MinimumBackward0": "minimum", "WhereBackward0": "where", "AbsBackward0": "abs", "EluBackward0": "ELU or SELU",
    "EluWithActivationBackward0": "ELU or SELU", "GeluBackward0": "GELU", "SiluBackward0": "SiLU",
    "MishBackward0": "Mish", "SoftplusBackward0": "Softplus", "HardswishBackward0": "Hardswish",
    "HardsigmoidBackward0": "Hardsigmoid", "HardtanhBackward0": "Hardtanh", "LeakyReluBackward0": "LeakyReLU",
    "RreluWithNoiseBackward0": "RReLU", "PreluKernelBackward0": "PReLU", "ThresholdBackward0": "Threshold",
    "TanhBackward0": "Tanh", "SigmoidBackward0": "Sigmoid", "LogSigmoidBackward0": "LogSigmoid",
    "ErfBackward0": "erf", "SoftshrinkBackward0": "Softshrink", "HardshrinkBackward0": "Hardshrink",
}  # fmt: skip


def nodes_behind(scores: Tensor) -> Iterator[Node]:
    """Yield the nodes that autograd goes through from the scores on, each once."""
    waiting = [] if scores.grad_fn is None else [scores.grad_fn]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        yield node
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                waiting.append(before)


def rectified(scores: Tensor, rule: Callable[[Node], object], method: str) -> tuple[str, ...]:
    """Apply a ``rule``, which sets a hook, to every rectifier behind the scores, and say what else is not linear.

    Raises ``ConfigError`` where the network has no rectifier at all.
    """
    count, others = 0, Counter[str]()
    for node in nodes_behind(scores):
        name = node.name()
        if name in RECTIFIERS and RECTIFIERS[name](node):
            rule(node)
            count += 1
        elif name in OTHERS:
            others[OTHERS[name]] += 1
        elif _is_foreign(node):
            others[f"{name.removesuffix('Backward')} (its own gradient)"] += 1
    bends = [f"{name} ×{times}" if times > 1 else name for name, times in sorted(others.items())]
    if not count:
        instead = f", but {listed(bends)}" if bends else ""
        raise ConfigError(
            f"{method} changes gradients where a rectifier (ReLU) is passed, and this network has none{instead}: it "
            "would be the plain gradient under another name; take gradient, ig or gradcam"
        )
    if not bends:
        return ()
    return (f"gradients pass {listed(bends)} unchanged: only the {count} rectifiers follow the rule of {method}",)


def _is_foreign(node: Node) -> bool:
    """Return whether a node is a function of the user's own, or one that hides what is computed inside of it."""
    return hasattr(node, "_forward_cls") or node.name().startswith(("Compiled", "Checkpoint"))
