"""AdamW and SGD on all weights at once, by torch's fused kernels.

``torch.optim`` computes the same, to the bit, but loads torch's compiler for it, a second before the first step, and
sorts all tensors anew at every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from convscope.training.plan import Plan

ADAMW_BETA2 = 0.99  # short trainings: a memory of a hundred steps
EPS = 1e-8


@dataclass
class Group:
    """Weights with the same weight decay and learning rate, and their state under torch's names."""

    weights: list[nn.Parameter]
    decay: float
    memory: dict[str, list[Tensor]]
    share: float = 1.0


class Optimiser:
    """AdamW (Loshchilov and Hutter 2019) or SGD with Nesterov momentum (Sutskever et al. 2013), as the plan says.

    ``lr`` and ``momentum`` (AdamW's first beta) may be set before each step. Weights decay, while norms and biases
    (one-dimensional) do not. Weights without a gradient stay. ``shares`` are the weights' shares of the rate by their
    names; those it does not name learn at the whole rate.
    """

    def __init__(self, model: nn.Module, plan: Plan, shares: Mapping[str, float] = MappingProxyType({})):
        assert plan.lr is not None  # settled before training
        self.lr, self.momentum, self.adamw = plan.lr, plan.momentum, plan.opt == "adamw"
        self._nesterov = plan.momentum > 0
        trainable = [(p, shares.get(name, 1.0)) for name, p in model.named_parameters() if p.requires_grad]
        self.groups: list[Group] = []
        for share in sorted({share for _, share in trainable}):
            own = [p for p, its in trainable if its == share]
            halves = [p for p in own if p.ndim > 1], [p for p in own if p.ndim <= 1]
            for weights, decay in zip(halves, (plan.weight_decay, 0.0), strict=True):
                if weights:
                    self.groups.append(Group(weights, decay, self._fresh(weights), share))

    def _fresh(self, weights: list[nn.Parameter]) -> dict[str, list[Tensor]]:
        if not self.adamw:
            return {"momentum_buffer": [torch.zeros_like(w) for w in weights]} if self._nesterov else {}
        state = {name: [torch.zeros_like(w) for w in weights] for name in ("exp_avg", "exp_avg_sq")}
        return state | {"step": [torch.zeros((), device=w.device) for w in weights]}

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for group in self.groups:
            for weight in group.weights:
                weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change the weights by one step against their gradients."""
        for group in self.groups:
            have = {i: weight.grad for i, weight in enumerate(group.weights) if weight.grad is not None}
            if have:
                memory = {name: [values[i] for i in have] for name, values in group.memory.items()}
                self._step([group.weights[i] for i in have], list(have.values()), group, memory)

    def _step(self, weights: list[Tensor], grads: list[Tensor], group: Group, memory: dict[str, list[Tensor]]) -> None:
        lr, decay = self.lr * group.share, group.decay
        kernels: Any = torch  # which does not export what its own optimisers call
        if self.adamw:
            kernels._foreach_add_(memory["step"], 1)
            kernels._fused_adamw_(
                weights, grads, memory["exp_avg"], memory["exp_avg_sq"], [], memory["step"], lr=lr,
                beta1=self.momentum, beta2=ADAMW_BETA2, weight_decay=decay, eps=EPS, amsgrad=False, maximize=False,
            )  # fmt: skip
        else:
            kernels._fused_sgd_(
                weights, grads, memory.get("momentum_buffer", []), weight_decay=decay, momentum=self.momentum,
                lr=lr, dampening=0.0, nesterov=self._nesterov, maximize=False, is_first_step=False,
            )  # fmt: skip

    def state(self) -> dict[str, Tensor]:
        """Return what is remembered, as ``optimiser.<number of the weight>.<name>``: the optimiser's own arrays."""
        return dict(self._named())

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Copy ``state``'s values back, in whatever order of memory they come; other names are passed over."""
        for name, own in self._named():
            own.copy_(tensors[name])

    def _named(self) -> Iterator[tuple[str, Tensor]]:
        first = 0
        for group in self.groups:
            for name, values in group.memory.items():
                yield from ((f"optimiser.{first + i}.{name}", value) for i, value in enumerate(values))
            first += len(group.weights)
