"""Recording leaves no trace: what a forward changes is restored, also after an exception."""

# What isinstance finds in the arguments of any call has no known types inside.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn


@contextmanager
def no_trace(model: nn.Module) -> Generator[None]:
    """Restore whatever the forward changes: attributes, registered tensors, lists and dictionaries, random states."""
    before: list[tuple[nn.Module, dict[str, Any], list[tuple[Any, Any]]]] = []
    for module in model.modules():
        attributes = dict(module.__dict__)
        inside = [(value, value.copy()) for value in attributes.values() if isinstance(value, dict | list | set)]
        before.append((module, attributes, inside))
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        for module, attributes, inside in before:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            for value, copied in inside:
                value.clear()
                value.extend(copied) if isinstance(value, list) else value.update(copied)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
