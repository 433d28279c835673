"""Features computed once: what the frozen first layers of a network give for every image of a set.

They are the same in every epoch, since nothing in those layers learns, draws, or keeps statistics. So a stage in which
the head alone learns takes one pass over the images, however many epochs it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.columns import InMemory, RaggedBatch
from convscope.data.device import sent
from convscope.data.loader import Loader
from convscope.data.memory import available
from convscope.data.transforms import PLAIN, Form
from convscope.errors import ConfigError
from convscope.models import transfer
from convscope.training.plan import Plan, Stage
from convscope.training.precision import arithmetic

SHARE = 0.25  # of the available memory that features may take
Progress = Callable[[str, int, int], None]


def frozen_layers(model: nn.Module) -> int:
    """Return of how many first layers the features can be computed once; 0 where none of them has weights."""
    count = transfer.frozen_prefix(model)
    return count if next(transfer.split(model, count)[0].parameters(), None) is not None else 0


def settle_caching(model: nn.Module, plan: Plan, stage: Stage, x: Tensor, images: int) -> tuple[Stage, str]:
    """Return the stage with ``once`` settled, and why not where features could be kept but for memory.

    ``model`` is held as the stage says; ``x`` (N, C, H, W) are some images of the network's input, ``images`` how many
    there are. ``ConfigError`` where ``once`` is asked for and cannot be.
    """
    count = frozen_layers(model)
    drawn = stage.augment and plan.augment != "none"
    if not count or drawn:
        if stage.once:
            why = "its images are augmented" if drawn else "its first layer learns"
            raise ConfigError(f"setting 'stages': a stage cannot compute its features once where {why}")
        return replace(stage, once=False), ""
    if stage.once is not None:
        return stage, ""
    with torch.no_grad():
        needed = images * 4 * _run(transfer.split(model, count)[0], x[:1]).numel()
    if (most := available()) is not None and needed > SHARE * most:
        size = f"{needed / 2**30:,.1f} GiB"
        return replace(stage, once=False), f"features computed at each step: {size} would fill a quarter of the memory"
    return replace(stage, once=True), ""


def _run(chain: nn.Module, x: Tensor) -> Tensor:
    training = [(module, module.training) for module in chain.modules()]
    try:
        return chain.eval()(x)
    finally:
        for module, was in training:
            module.training = was


def cache_features(chain: nn.Module, batches: Loader, plan: Plan, progress: Progress | None) -> Loader:
    """Return batches of what ``chain`` gives for the images of ``batches``, not augmented, in the same orders."""
    kept: np.ndarray | None = None
    done, total = 0, len(batches.split)
    chain.eval()
    with torch.inference_mode(), arithmetic(plan):
        for batch in batches.sequential():
            features = chain(*batch.inputs).float().cpu().numpy()
            kept = np.empty((total, *features.shape[1:]), np.float32) if kept is None else kept
            kept[done : done + len(batch)] = features
            done += len(batch)
            if progress:
                progress("features", done, total)
    assert kept is not None  # no split is empty
    return batches.over(batches.split.with_input(InMemory.of("features", kept)), {"features": AsTheyAre()})


class AsTheyAre:
    """Hands features (N, ...) on as they are, on the device and in the memory order that are asked for."""

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the input of the layers that learn."""
        assert not isinstance(stored, RaggedBatch)
        x = sent(stored, form.device) if isinstance(stored, np.ndarray) else stored
        return x.contiguous(memory_format=torch.channels_last) if form.channels_last and x.ndim == 4 else x
