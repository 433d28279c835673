"""The form in which a network is run: memory order, exact rewrites, compiled code. Its parameters stay the network's.

A form changes how fast a step is. Rewrites and memory order leave what it computes as it is, up to rounding.
"""

from __future__ import annotations

import os
import shutil
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor, nn

from convscope.training.plan import Plan
from convscope.training.rewrites import fold_batch_norm, rewrite

Ordered = TypeVar("Ordered", nn.Module, Tensor)
CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}  # by the number of a tensor's axes


def in_order(value: Ordered, plan: Plan) -> Ordered:
    """Bring a network's weights, or inputs (N, C, *space), into the plan's memory order; changes a network in place."""
    return _ordered(value, channels_last=bool(plan.channels_last))


def _ordered(value: Ordered, *, channels_last: bool) -> Ordered:
    """Bring what has two or three spatial axes into a memory order; all else has one only."""

    def order(tensor: Tensor) -> Tensor:
        if tensor.ndim not in CHANNELS_LAST:
            return tensor
        return tensor.to(memory_format=CHANNELS_LAST[tensor.ndim] if channels_last else torch.contiguous_format)

    return order(value) if isinstance(value, Tensor) else value._apply(order)  # as ``Module.to`` does for four axes


def accelerated(model: nn.Module, plan: Plan, shape: tuple[int, ...]) -> nn.Module:
    """Return the module to run for ``model``, with the same parameters, on batches of ``shape`` (N, C, H, W)."""
    if plan.rewrite:
        model = rewrite(model).model
    return Compiled(model, shape) if plan.compile else model


def inference_model(model: nn.Module, *, channels_last: bool, amp: bool = False) -> nn.Module:
    """Return a copy of a trained network that answers fast: batch norm folded into the convolutions, no gradients.

    Equal to the network up to rounding; with ``amp`` weights and values are bfloat16, and logits float32 again.
    """
    form = rewrite(fold_batch_norm(model)).model.eval().requires_grad_(False)
    form = _ordered(form, channels_last=channels_last)
    return InBfloat16(form) if amp else form


class InBfloat16(nn.Module):
    """A network whose weights and values are bfloat16, between float32 images and float32 logits."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model.bfloat16()

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, K) float32 for x (N, C, H, W) float32."""
        return self.model(x.bfloat16()).float()


@dataclass(frozen=True)
class Measured:
    """What one form took: seconds per example of a training step, and once for compiling."""

    amp: bool
    channels_last: bool
    compile: bool
    batch_size: int
    seconds: float
    compiling: float = 0.0

    def __str__(self) -> str:
        return f"{in_words(self)}, batch size {self.batch_size}"


def in_words(form: Plan | Measured) -> str:
    """Return the form of a step as people read it.

    >>> in_words(Measured(True, True, False, 64, 0.001))
    'bfloat16, channels last'
    """
    words = ["bfloat16" if form.amp else "float32", "channels last" if form.channels_last else "channels first"]
    return ", ".join([*words, *["compiled"] * bool(form.compile)])


class Compiled(nn.Module):
    """A network whose training steps on batches of one shape are compiled; all else goes the usual way.

    Each further shape or mode would cost as much as the first: a last, smaller batch is one step an epoch, and
    evaluation runs no gradients.
    """

    def __init__(self, model: nn.Module, shape: tuple[int, ...]):
        super().__init__()
        self.model, self.shape = model, shape
        self._compiled = torch.compile(model, dynamic=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the network's output for x (N, C, H, W)."""
        fits = self.training and tuple(x.shape) == self.shape
        return (self._compiled if fits else self.model)(x)


@cache
def why_not_compile(device: str) -> str | None:
    """Say what keeps this machine from compiling, or return ``None``; the first call compiles a line to find out."""
    if device == "cpu" and shutil.which(compiler := os.environ.get("CXX", "g++")) is None:
        return f"there is no C++ compiler ({compiler}) here"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's compiler uses what torch deprecates
            torch.compile(lambda x: x + 1)(torch.ones(2, device=device))
    except Exception as error:  # whatever it stumbles over, the usual way works
        return f"compiling failed ({str(error).splitlines()[0]})"
    return None
