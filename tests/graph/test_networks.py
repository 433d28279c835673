"""Every network of the registry as a graph, and networks of another library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from convscope import models
from convscope.graph.record import record
from convscope.graph.spec import faults
from convscope.graph.verify import agreements
from convscope.models.blocks import draw_he
from convscope.ops.primitive import count
from graph.equal import assert_equal_to_torch

# Of the networks for photographs the others take 32. U-Nets take any: here those that they have to pad and to crop.
SMALLEST = {"alexnet": 64, "nin": 48, "unet": 17, "unet_mini": 21, "unet3d_mini": 9}


NUMBERS = [name for name in models.names() if models.entry(name).vocabulary is None]
TOKENS = [name for name in models.names() if models.entry(name).vocabulary is not None]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_network_is_known_at_its_published_size(name: str):
    entry = models.entry(name)
    size = entry.shape[1:]
    with torch.device("meta"):
        network = models.create(name, classes=entry.classes, channels=entry.channels, size=size)
    graph = record(network, (entry.channels, *size))
    assert graph.unknown == () and graph.notes == () and graph.batched
    assert list(faults(graph)) == []
    first = next(iter(graph.outputs.values()))  # of networks that give more than one tensor
    assert graph[first].shape == (1, entry.classes, *(size if entry.space else ()))
    total = sum(count(one.shape) for one in graph.parameters.values())
    assert total == sum(one.numel() for one in network.parameters())
    used = {weight for node in graph.nodes for weight in node.weights.values()}
    assert set(graph.parameters) <= used
    assert {node.path for node in graph.nodes} <= set(graph.modules)


@pytest.mark.parametrize("name", NUMBERS)
def test_every_network_is_pytorchs_numbers(name: str):
    """Values and gradients, on the smallest image that the networks for photographs take."""
    entry = models.entry(name)
    side = entry.side if entry.side <= 32 else SMALLEST.get(name, 32)
    size = (side,) * entry.axes
    torch.manual_seed(0)
    with torch.device("meta" if narrowed(name) else "cpu"):
        network = models.create(name, classes=entry.classes, channels=entry.channels, size=size)
    if narrowed(name):
        network.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 64), nn.ReLU(), nn.Dropout(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
        )
        for part in network.to_empty(device="cpu").modules():
            getattr(part, "reset_parameters", lambda: None)()
        draw_he(network)
    dtype = torch.float32 if name == "alexnet" else torch.float64
    assert_equal_to_torch(network, (entry.channels, *size), batch=2 if entry.side <= 32 else 1, dtype=dtype)


COUNTING = {
    **{name: {"sum", "sub"} for name in ("gru", "lstm", "danq")},
    "wide_deep": {"sum", "sub", "mul", "add", "remainder"},
}


@pytest.mark.parametrize("name", TOKENS)
def test_every_network_for_tokens_is_verified(name: str):
    """NumPy's numbers are PyTorch's at every node, but for the counting of tokens, which has no primitive."""
    entry = models.entry(name)
    torch.manual_seed(0)
    network = models.create(name, classes=entry.classes, size=entry.input.space).eval()  # pyright: ignore[reportArgumentType]
    for agreement in agreements(network, [torch.randint(2, entry.vocabulary or 3, (1, *entry.shape))]):
        assert agreement.holds and agreement.nodes > 8
        counting = {left.rpartition(".")[2].partition("#")[0] for left in agreement.left_out}
        assert counting <= COUNTING.get(name, set())


def narrowed(name: str) -> bool:
    """VGG's 120 million weights of dense layers tell nothing that AlexNet's same ones do not: here they are 64 wide."""
    return name.startswith("vgg") and models.entry(name).side > 32


def test_what_a_graph_needs_is_nothing_like_the_weights():
    with torch.device("meta"):
        network = models.create("resnet18", classes=1000, size=(224, 224))
    graph = record(network, (3, 224, 224))
    assert sum(np.asarray(one).nbytes for one in graph.constants.values()) < 1000


FOREIGN: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "ResNet": (
        "ResNetForImageClassification", "ResNetConfig",
        {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2], "layer_type": "bottleneck"}, 32,
    ),
    "ConvNeXt": (
        "ConvNextForImageClassification", "ConvNextConfig",
        {"hidden_sizes": [8, 16], "depths": [1, 2], "num_stages": 2}, 32,
    ),
    "MobileNetV2": (
        "MobileNetV2ForImageClassification", "MobileNetV2Config", {"depth_multiplier": 0.1, "image_size": 32}, 32
    ),
    "RegNet": (
        "RegNetForImageClassification", "RegNetConfig",
        {"embedding_size": 8, "hidden_sizes": [8, 16, 16, 24], "depths": [1, 1, 2, 1], "groups_width": 8}, 32,
    ),
    "SegFormer": (
        "SegformerForSemanticSegmentation", "SegformerConfig",
        {
            "hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 2, 2, 4],
            "decoder_hidden_size": 16,
        }, 64,
    ),
    "ViT": (
        "ViTForImageClassification", "ViTConfig",
        {
            "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
            "image_size": 32, "patch_size": 8,
        }, 32,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.filterwarnings("ignore")
def test_networks_of_transformers(name: str):
    transformers = pytest.importorskip("transformers")
    architecture, configuration, options, side = FOREIGN[name]
    torch.manual_seed(0)
    built = getattr(transformers, architecture)(getattr(transformers, configuration)(**options, num_labels=4))
    graph = assert_equal_to_torch(built, (3, side, side))
    assert list(graph.outputs) == ["logits"]
