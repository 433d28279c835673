"""How much memory a training step keeps for its backward pass, at several lengths of the input."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from convscope.data.spec import InputSpec


def kept_bytes(build: Callable[[InputSpec], nn.Module], input: InputSpec, length: int) -> int:
    """Return the bytes that one example of ``length`` steps leaves for the backward pass; weights are not counted.

    Every tensor that PyTorch saves counts once, by the memory it lies in. A network for inputs of one length is built
    anew for this one.

    >>> kept_bytes(lambda input: nn.Sequential(nn.Conv1d(1, 2, 1), nn.ReLU()), InputSpec(1, (None,)), 100)
    1200
    """
    spec = InputSpec(input.channels, (length if input.space[0] is not None else None,), input.vocabulary)
    net = build(spec).train()
    own = {p.untyped_storage().data_ptr() for p in (*net.parameters(), *net.buffers())}
    saved: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in own:
            saved[place] = tensor
        return tensor

    generator = torch.Generator().manual_seed(0)
    example = (
        torch.randn(1, input.channels, length, generator=generator)
        if input.vocabulary is None
        else torch.randint(1, input.vocabulary, (1, length), generator=generator)
    )
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = net(example)
    count = sum(tensor.untyped_storage().nbytes() for tensor in saved.values())
    del output
    return count
