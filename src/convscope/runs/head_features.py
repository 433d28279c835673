"""What a run makes of examples and tokens before it answers: features, and the tables that tokens are looked up in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.dataset import Split
from convscope.errors import ConfigError
from convscope.explaining.score import answering
from convscope.runs.verdicts import inputs_of

if TYPE_CHECKING:
    from convscope.runs.run import Run

BATCH = 32  # examples
HEADS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def token_tables(run: Run) -> dict[str, np.ndarray]:
    """Return the tables (tokens, d) float32 that a run's network looks up tokens in, by layer."""
    modules = run.model.named_modules()
    return {
        name: each.weight.detach().cpu().float().numpy() for name, each in modules if isinstance(each, nn.Embedding)
    }


def head_features(run: Run, split: Split, rows: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the last layer that weighs its inputs, and what it takes of some examples (n, d): of maps their means.

    Of an autoencoder they are its codes.

    Raises ``ConfigError`` for a network without such a layer.
    """
    parts: list[np.ndarray] = []
    layer = ""
    for first in range(0, len(rows), BATCH):
        some = rows[first : first + BATCH]
        together = inputs_of(run, split, some)
        one_size = len(together) == len(some)
        for x in [together] if one_size else [inputs_of(run, split, some[at : at + 1]) for at in range(len(some))]:
            layer, features = _code(run.model, x) if hasattr(run.model, "encode") else _before_the_head(run.model, x)
            parts.append(features)
    return layer, np.concatenate(parts)


def _code(model: Any, x: Tensor) -> tuple[str, np.ndarray]:
    """Return the codes (N, d) of an autoencoder."""
    with answering(model), torch.inference_mode():
        return "code", model.encode(x).cpu().float().numpy()


def _before_the_head(model: nn.Module, x: Tensor) -> tuple[str, np.ndarray]:
    """Return the name of the last layer that mixes its inputs, and what it takes (N, d): of maps the mean of each."""
    taken: list[tuple[str, Tensor]] = []

    def watch(name: str) -> Any:
        return lambda _, given: taken.append((name, given[0].detach()))

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in model.named_modules()
        if isinstance(module, HEADS)
    ]
    try:
        with answering(model), torch.inference_mode():
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
    if not taken:
        raise ConfigError("this network has no layer that weighs features: its examples cannot be laid out by them")
    name, values = taken[-1]
    linear = isinstance(model.get_submodule(name), nn.Linear)
    if values.ndim > 2:
        values = values.flatten(1, -2).mean(1) if linear else values.flatten(2).mean(2)
    return name, values.reshape(len(x), -1).cpu().float().numpy()
