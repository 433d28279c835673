"""One step of relevance back through a node, and the trick by which a primitive's own backward hands it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.graph.node import Node
from convscope.ops import PRIMITIVES
from convscope.ops.pooling.maximum import to_winners
from convscope.ops.pooling.windows import windows

EPSILON, GAMMA = 1e-9, 0.25


@dataclass(frozen=True)
class Settings:
    """How relevance is shared out.

    ``epsilon`` stabilises every division, so that numbers near 0 absorb what they get. ``gamma`` is by how much
    convolutions prefer contributions of a number's own sign: 0 is the ε rule, infinity the z⁺ rule, by which only
    positive contributions count.

    Measured as what the score falls by when the fifth of the pixels that counts most is set to 0: γ = 0.25 is ahead of
    the ε and the z⁺ rule with LeNet on MNIST and with SqueezeNet on photographs.
    """

    epsilon: float = EPSILON
    gamma: float = GAMMA


@dataclass(frozen=True)
class Step:
    """A node, its arrays by name, what it computed, the relevance that arrived at that, and who may receive it.

    ``carriers`` are the names of the arrays that depend on the network's input; the others are constants, and what they
    contributed is absorbed. ``gates`` are the carriers that only say how much of another array passes.
    """

    node: Node
    arrays: Mapping[str, np.ndarray | None]
    output: np.ndarray
    relevance: np.ndarray
    arguments: Mapping[str, Any]
    carriers: tuple[str, ...]
    gates: Collection[str]
    settings: Settings

    def array(self, name: str) -> np.ndarray:
        """Return an array that is there."""
        array = self.arrays[name]
        assert array is not None
        return array

    def quotient(self, output: np.ndarray | None = None) -> np.ndarray:
        """Return R / (z + ε · sign z) for the node's output z, or for another one; the sign of 0 is 1."""
        z = self.output if output is None else output
        stable = np.copysign(z.dtype.type(self.settings.epsilon), z)
        stable += z
        return np.divide(self.relevance, stable, out=stable)

    def backward(self, gradient: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gradient of each array that the primitive has one for, from that of the output."""
        primitive = PRIMITIVES[self.node.op]
        downstream = primitive.backward(gradient, *self.arrays.values(), **self.arguments)
        names = tuple(self.arrays) if primitive.variadic else primitive.differentiable
        each = downstream if isinstance(downstream, tuple) else (downstream,)
        return {name: array for name, array in zip(names, each, strict=True) if array is not None}


Shares = dict[str, np.ndarray]  # by the name of an input: the relevance of its numbers


def passed(step: Step) -> Shares:
    """Hand on all relevance, number for number: a function of one number has one number to explain it."""
    (name,) = step.carriers
    return {name: step.relevance}


def returned(step: Step) -> Shares:
    """Send relevance back where the numbers were taken from: to the winner of a maximum, to what was copied."""
    gradients = step.backward(step.relevance)
    return {name: gradients[name] for name in step.carriers}


def pooled(step: Step) -> Shares:
    """Send relevance back to the winner of each window, whose number is known from the forward."""
    x = step.array("x")
    arguments = {name: value for name, value in step.arguments.items() if name != "return_indices"}
    return {"x": to_winners(step.relevance, x, step.output, windows("max_pool", x.shape, **arguments))}


def proportional(step: Step) -> Shares:
    """Share relevance in proportion to what each number contributed to a sum: x · ∂z/∂x · R / z (the ε rule)."""
    gradients = step.backward(step.quotient())
    return {name: step.array(name) * gradients[name] for name in step.carriers}


def summed(step: Step) -> Shares:
    """Give a token the sum of the relevance of the numbers that stand for it."""
    return {"indices": step.relevance.sum(-1)}
