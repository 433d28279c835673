"""A training step of the U-Nets by form: processor seconds, and how much of them the convolutions alone take.

Patches of 256², batch 8, one thread; volumes of 16 × 128², batch 2. ``gflop`` is what the convolutions of a step
compute, forward and backward, by PyTorch's own counter; ``convolutions`` the seconds that the same ones take on their
own, each with its gradients: no step of these layers is faster. What is above it are norms, activations, poolings and
skips, which move memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from record import alternate, record
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from convscope.models import create
from convscope.training.accelerate import in_order
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import Plan

ROUNDS = 5
INPUTS = {"unet_mini": (8, 1, 256, 256), "unet3d_mini": (2, 1, 16, 128, 128)}
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d, nn.Conv3d, nn.ConvTranspose3d)


def processor_seconds(call: Callable[[], object]) -> Callable[[], float]:
    """Return a run that tells how much time of its own thread a call takes: others may share the machine."""

    def run() -> float:
        began = time.thread_time()
        call()
        return time.thread_time() - began

    return run


def step_of(name: str, plan: Plan) -> tuple[nn.Module, Callable[[], None], Tensor]:
    """Return a network, a training step of it on fixed inputs, and these."""
    torch.manual_seed(0)
    shape = INPUTS[name]
    net = in_order(create(name, classes=2, channels=1, size=shape[2:]).train(), plan)
    x = in_order(torch.randn(shape), plan)
    y = torch.randint(0, 2, (shape[0], *shape[2:]))
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3, fused=True)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bool(plan.amp)):
            logits = net(x)
        cross_entropy(logits.float(), y).backward()
        optimiser.step()
        optimiser.zero_grad()

    return net, step, x


def convolutions_of(net: nn.Module, x: Tensor, plan: Plan) -> Callable[[], None]:
    """Return what runs each convolution of a step on inputs of its shapes, forward and backward."""
    seen: list[tuple[nn.Module, torch.Size, torch.Size]] = []
    hooks = [
        module.register_forward_hook(lambda m, given, out: seen.append((m, given[0].shape, out.shape)))
        for module in net.modules()
        if isinstance(module, CONVOLUTIONS)
    ]
    with torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    dtype = torch.bfloat16 if plan.amp else torch.float32
    calls = [
        (module, *(in_order(torch.randn(shape, dtype=dtype), plan) for shape in (given, out)))
        for module, given, out in seen
    ]
    for _, inputs, _ in calls[1:]:  # the image itself needs no gradient
        inputs.requires_grad_()

    def run() -> None:
        for module, inputs, grad in calls:
            with torch.autocast("cpu", torch.bfloat16, enabled=bool(plan.amp)):
                answer = module(inputs)
            answer.backward(grad)
            inputs.grad = None
        net.zero_grad()

    return run


def main() -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    rows: list[dict[str, object]] = []
    for name in INPUTS:
        for amp, last in ((False, False), (False, True), (True, False), (True, True)):
            plan = Plan(amp=amp, channels_last=last)
            net, step, x = step_of(name, plan)
            with FlopCounterMode(display=False) as counter:
                step()
            gflop = counter.get_total_flops() / 1e9
            alone = convolutions_of(net, x, plan)
            alone()  # warm
            found = alternate({"step": processor_seconds(step), "alone": processor_seconds(alone)}, ROUNDS)
            seconds, least = min(found["step"]), min(found["alone"])
            rows.append(
                {
                    "net": name, "shape": "×".join(map(str, x.shape)),
                    "form": f"{'bfloat16' if amp else 'float32'}, channels {'last' if last else 'first'}",
                    "gflop": round(gflop, 1), "seconds": seconds, "gflop_per_second": round(gflop / seconds, 1),
                    "convolutions": least, "step_over_convolutions": round(seconds / least, 3), "trials": ROUNDS,
                }
            )  # fmt: skip
    record("unet_step", rows)


if __name__ == "__main__":
    main()
