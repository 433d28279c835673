"""Networks with public weights: as many weights as published, under the same names and of the same shapes.

The checksums are of torchvision's own state dicts; with equal weights its networks gave the same numbers, to the bit.
"""

from __future__ import annotations

import pytest
import torch
from published import bare, digest, weights
from torch import nn

from convscope.models import create, entry
from convscope.models.transfer import cut

# weights, and the digest of their names and shapes
PUBLISHED = {
    "densenet121": (7_978_856, "1fe00a8008e9a5300f53c3de99f196a94c8dcc12e0ba932e8108b929bb45ec55"),
    "densenet169": (14_149_480, "c0294fa506afd3fa7c8f450b4bd6d5877f6df6bc0a31edd26e55247f8924e916"),
    "densenet201": (20_013_928, "7d7147f47babb7bf91ac79626a6c1adfd0b161b92c819952d80825a084d5dd0e"),
    "squeezenet1_0": (1_248_424, "cd23a9be2e193de56a710ef3065c52a293c5a65c4fc468ca93f4110d15fa70d2"),
    "squeezenet1_1": (1_235_496, "a462856ef96ade94253c1924de70db1de79d7b2e098a697c8ab63e3c62cc0c3f"),
    "mobilenet_v2": (3_504_872, "2a196dc04125b8ce696f40d01e523bf91e7c3f4cfaf09ca3f4cdce41e0302d59"),
    "convnext_tiny": (28_589_128, "39d0e94f41cc6e25e619c9d727a6547ac643edca615a567ce63144f078a89be5"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_have_the_published_number_names_and_shapes(name: str) -> None:
    net = bare(name)
    assert (weights(net), digest(net)) == PUBLISHED[name]


@pytest.mark.parametrize("name", ["densenet121", "squeezenet1_0", "squeezenet1_1", "mobilenet_v2", "convnext_tiny"])
def test_a_network_is_a_named_chain_whose_trunk_gives_maps(name: str) -> None:
    with torch.device("meta"):
        net = create(name, classes=5, channels=1, size=(64, 48))
        trunk, head = cut(net, entry(name).head)
        maps = trunk(torch.empty(2, 1, 64, 48))
        assert maps.ndim == 4 and head(maps).shape == net(torch.empty(2, 1, 64, 48)).shape == (2, 5)
    assert not any(child.isdigit() for child, _ in net.named_children())
    assert any(isinstance(module, nn.Conv2d) for module in trunk.modules())


def test_activations_are_modules_of_their_own_and_leave_their_input_alone() -> None:
    kinds = (nn.ReLU, nn.ReLU6, nn.GELU, nn.Sigmoid)
    for name in ("densenet121", "squeezenet1_0", "mobilenet_v2", "convnext_tiny"):
        net = create(name, classes=2, size=(32, 32)).eval()
        calls = {module: 0 for module in net.modules() if isinstance(module, kinds)}
        for module in calls:
            module.register_forward_hook(lambda at, _i, _o, calls=calls: calls.update({at: calls[at] + 1}))
        with torch.inference_mode():
            net(torch.randn(1, 3, 32, 32))
        assert calls and set(calls.values()) == {1}, name
        assert not any(getattr(module, "inplace", False) for module in calls)
