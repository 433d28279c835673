"""What is compared with published networks: counts, and a digest of the names and shapes of all weights."""

from __future__ import annotations

import hashlib

import torch
from torch import nn

from convscope.models import create


def bare(name: str, *, channels: int = 3, size: tuple[int, int] | None = None, classes: int = 1000) -> nn.Module:
    """Build a network without drawing its weights: quick at any size, and it runs on shapes only."""
    with torch.device("meta"):
        return create(name, classes=classes, channels=channels, size=size)


def weights(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def digest(net: nn.Module) -> str:
    """Return the SHA-256 of the sorted lines ``name 64x3x11x11`` of a state dict."""
    lines = (f"{name} {'x'.join(map(str, tensor.shape))}" for name, tensor in net.state_dict().items())
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def sides_after(net: nn.Module, side: int, kind: type[nn.Module]) -> list[int]:
    """Return the side of every map that leaves a layer of a kind, for a square image of RGB."""
    seen: list[int] = []
    for module in net.modules():
        if isinstance(module, kind):
            module.register_forward_hook(lambda _m, _i, out: seen.append(out.shape[-1]))
    net.eval()(torch.empty(1, 3, side, side, device=next(net.parameters()).device))
    return seen
