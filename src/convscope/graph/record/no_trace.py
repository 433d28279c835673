"""Looking leaves no trace: what a forward changes is put back, also after an exception."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def no_trace(model: nn.Module) -> Iterator[None]:
    """Put back whatever the forward changes: attributes, registered tensors, lists and dictionaries, random states."""
    kept = []
    for module in model.modules():
        attributes = dict(module.__dict__)
        inside = [(one, one.copy()) for one in attributes.values() if isinstance(one, dict | list | set)]
        kept.append((module, attributes, inside))
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        for module, attributes, inside in kept:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            for one, before in inside:
                one.clear()
                one.extend(before) if isinstance(one, list) else one.update(before)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
