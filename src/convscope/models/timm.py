"""Networks of timm ("PyTorch image models", Wightman 2019) as trunks, where it is installed: ``timm:NAME``.

timm needs torchvision, which nothing else here does; so it is an extra, and imported only for such a name.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from convscope.errors import ConfigError, nearest
from convscope.models.network_entry import Entry

if TYPE_CHECKING:
    from torch import Tensor, nn

    from convscope.models.naming import Scaling

PREFIX = "timm:"
INSTALL = "pip install 'convscope[timm]'"


def _timm() -> Any:
    try:
        return importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"networks called {PREFIX}NAME are timm's, and {error.name} is not installed; install it: {INSTALL}"
        ) from None
    except (ImportError, OSError, RuntimeError) as error:  # a torchvision that was built for another torch
        raise ConfigError(
            f"timm is installed and cannot be imported ({error}); its torchvision has to be of torch's own release and "
            "kind: for a CPU, pip install torchvision --index-url https://download.pytorch.org/whl/cpu"
        ) from None


def _facts(name: str) -> Any:
    """Return timm's facts of a network, called ``timm:NAME``: image size, mean, deviation, classifier."""
    timm, short = _timm(), name.removeprefix(PREFIX)
    known = timm.list_models()
    if short.partition(".")[0] not in known:
        raise ConfigError(
            f"timm has no network {short!r}{nearest(short, known)}; its {len(known):,} names: timm.list_models()"
        )
    try:
        return timm.get_pretrained_cfg(short) or timm.models.PretrainedCfg()
    except RuntimeError as error:
        raise ConfigError(f"timm: {error}") from None


def entry_of(name: str) -> Entry:
    """Return the entry of ``timm:NAME``; ``ConfigError`` where timm is missing or does not know it."""
    facts = _facts(name)
    return Entry(
        name, name, "a network of timm with a linear layer on its features", "timm", lr=0.001, channels_last=True,
        channels=3, side=facts.input_size[1], classes=facts.num_classes or 1000, head="head",
    )  # fmt: skip


def build(name: str, *, classes: int, channels: int, size: tuple[int, int]) -> nn.Sequential:
    """Build timm's network without its head as the child ``trunk``, then the head "linear".

    ``ConfigError`` for one whose features are no maps (N, C, H, W), such as a transformer's.
    """
    from torch import nn

    from convscope.models.transfer import new_head, shape_after

    short = name.removeprefix(PREFIX)
    try:
        trunk = _timm().create_model(short, pretrained=False, num_classes=0, global_pool="", in_chans=channels)
        shape = shape_after(trunk, (channels, *size))
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"timm's {short!r} cannot be a backbone for {size[0]}×{size[1]} images: {reason}") from None
    if len(shape) != 4 or shape[1] not in (trunk.num_features, getattr(trunk, "head_hidden_size", None)):
        raise ConfigError(
            f"timm's {short!r} is no convolutional network: its features are of shape {shape}, not (N, C, H, W)"
        )
    head = nn.Sequential(new_head("linear", shape[1], classes))
    return nn.Sequential(OrderedDict(trunk=trunk, head=head))


def with_our_names(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights that timm saved, under the names of ``build``'s network; the classifier, which has none, left out.

    What stands between timm's features and its classifier differs from network to network.
    """
    classifier = _facts(name).classifier
    return {f"trunk.{key}": tensor for key, tensor in tensors.items() if key.rpartition(".")[0] != classifier}


def scaling_of(name: str) -> Scaling:
    """Return what timm says images must be scaled to."""
    from convscope.models.naming import Scaling

    facts = _facts(name)
    mean, std = (tuple(255 * value for value in values) for values in (facts.mean, facts.std))
    return Scaling(mean, std, facts.input_size[1])
