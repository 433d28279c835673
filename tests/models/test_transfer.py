"""Networks cut at the head: what is backbone, what is frozen, and what never changes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import Classes
from convscope.errors import ConfigError
from convscope.models import create, entry, names
from convscope.models.header import parse
from convscope.models.heatmaps import Pyramid
from convscope.models.transfer import cut, frozen, frozen_prefix, groups, layers, new_head, split, with_head
from convscope.runs.model_spec import ModelSpec

QUICK = ("lenet", "resnet20", "resnet_mini", "squeezenet_mini", "mobilenet_v2_mini", "vgg_mini")


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("kind", ["linear", "hidden"])
def test_a_new_head_stands_on_the_same_features(name: str, kind: str) -> None:
    torch.manual_seed(0)
    old = create(name, classes=10, channels=3, size=(32, 32)).eval()
    net = with_head(old, entry(name).head, kind, 4, (3, 32, 32)).eval()
    x = torch.randn(2, 3, 32, 32)
    features = cut(old, entry(name).head)[0](x)
    backbone, head = cut(net)
    assert features.ndim == 4 and torch.equal(backbone(x), features)
    assert [child for child, _ in head.named_children()] == ["head"]
    last = net.head.fc.weight if kind == "linear" else net.head.hidden.weight  # pyright: ignore
    assert last.shape[1] == features.shape[1] and net(x).shape == (2, 4)


@pytest.mark.parametrize("name", QUICK)
def test_a_head_of_heat_maps_gives_places(name: str) -> None:
    torch.manual_seed(0)
    net = create(name, classes=6, channels=3, size=(32, 48), head="heatmap").eval()
    x = torch.randn(2, 3, 32, 48)
    assert isinstance(net, Pyramid) and torch.equal(cut(net)[0](x), net.maps(x)[0])
    maps, places = net.head.heat(net.maps(x)), net(x)  # pyright: ignore
    assert maps.shape[:2] == (2, 3) and places.shape == (2, 6)
    for side, of_maps in zip((32, 48), maps.shape[2:], strict=True):
        assert of_maps - 2 >= side / 4  # beside the cells beyond the borders
    assert (places > -0.2).all() and (places < 1.2).all()
    with pytest.raises(ConfigError, match="an even number of outputs, not 5"):
        create(name, classes=5, channels=3, size=(32, 48), head="heatmap")


@pytest.mark.parametrize("name", names())
def test_every_network_can_be_cut_or_says_why(name: str) -> None:
    e = entry(name)
    with torch.device("meta"):
        net = create(name, classes=e.classes, channels=e.channels)
        if name in ("single_kernel", "wide_deep") or e.space == "whole":
            with pytest.raises(ConfigError, match=r"a \w+ is no chain of layers"):
                cut(net)
            return
        backbone, head = cut(net, e.head)
        prefixes = [path for group in groups(net, e.head) for path in group]
        if len(backbone) and e.space is None and e.vocabulary is None:
            assert create(name, classes=3, channels=e.channels, head="linear")[-1].fc.out_features == 3  # pyright: ignore
    assert not {p for p, _ in backbone.named_parameters()} & {p for p, _ in head.named_parameters()}
    for weight, _ in net.named_parameters():  # each weight is in one group, so that one rate is right for it
        assert sum(f"{weight}.".startswith(f"{path}.") for path in prefixes) == 1, weight


def test_groups_keep_a_norm_with_its_convolution() -> None:
    net = nn.Sequential()
    net.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3))
    net.pool, net.flatten, net.fc = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 2)
    assert groups(net) == [("features.0", "features.1"), ("features.3",), ("fc",)]


def test_patterns() -> None:
    net = create("resnet20", classes=10)
    everything = {name for name, _ in net.named_parameters()}
    assert frozen(net, ["backbone"]) == frozen(net, ["trunk"]) == everything - {"fc.weight", "fc.bias"}
    assert frozen(net, ["layer1"]) == {name for name in everything if name.startswith("layer1.")}
    assert frozen(net, ["layer[12]", "conv1"]) == {
        n for n in everything if n.startswith(("layer1.", "layer2.", "conv1."))
    }
    assert frozen(net, ["*.bn1"]) == {name for name in everything if ".bn1." in name}
    assert frozen(net, []) == set()


def test_a_pattern_that_means_nothing_says_what_there_is() -> None:
    net = create("resnet20", classes=10)
    with pytest.raises(ConfigError) as caught:
        frozen(net, ["backbone", "layr2"])
    message = str(caught.value)
    assert "did you mean 'layer2'?" in message and "conv1, bn1, layer1, layer2, layer3, fc" in message
    with pytest.raises(ConfigError, match="'backbone' matches no weights of this network"):
        frozen(create("mlp", classes=2), ["backbone"])


@pytest.mark.parametrize(("name", "head"), [("resnet20", "own"), ("resnet20", "hidden"), ("squeezenet_mini", "own")])
def test_the_frozen_prefix_gives_the_same_again_and_the_rest_completes_it(name: str, head: str) -> None:
    net = create(name, classes=10, channels=3, size=(32, 32), head=head)
    assert frozen_prefix(net) == 0
    still = frozen(net, ["backbone"], entry(name).head)
    for parameter, value in net.named_parameters():
        value.requires_grad = parameter not in still
    count = frozen_prefix(net)
    front, back = split(net, count)
    assert not any(p.requires_grad for p in front.parameters()) and len(front) + len(back) == len(layers(net))
    assert not any(isinstance(module, nn.Dropout) and module.p for module in front.modules())
    net.eval()
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(back(front(x)), net(x)) and torch.equal(front(x), front(x))


def test_a_dropout_ends_the_prefix_even_where_all_is_frozen() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Dropout(0.0), nn.Dropout2d(0.1), nn.Conv2d(2, 2, 3)).requires_grad_(
        False
    )
    assert frozen_prefix(net) == 2


def test_building_a_head_touches_neither_statistics_nor_the_random_state() -> None:
    net = create("resnet20", classes=10)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    torch.manual_seed(3)
    head = nn.Sequential(new_head("linear", 64, 5))
    drawn = torch.get_rng_state()
    torch.manual_seed(3)
    again = with_head(net, None, "linear", 5, (3, 32, 32))
    assert torch.equal(torch.get_rng_state(), drawn) and net.training
    assert torch.equal(again.head.fc.weight, head.fc.weight)  # pyright: ignore
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_bad_heads() -> None:
    with pytest.raises(ConfigError, match=r"model 'resnet20': no head is called 'lineer'; did you mean 'linear'\?"):
        create("resnet20", classes=2, head="lineer")
    with pytest.raises(ConfigError, match=r"model 'mlp': .*use head 'own'"):
        create("mlp", classes=2, head="linear")
    with pytest.raises(ConfigError, match="none pools to one value or flattens"):
        cut(nn.Sequential(nn.Conv2d(1, 1, 1)))


def test_a_spec_rebuilds_the_head_and_reads_older_files() -> None:
    images = Preprocessing(3, 32, 32, "crop", "uint8", (0.0,) * 3, (1.0,) * 3)
    spec = ModelSpec("classification", "resnet20", Classes(("a", "b")), images, head="hidden")
    values = spec.to_dict()
    assert ModelSpec.from_header(parse(values)) == spec
    assert set(spec.build().state_dict()) == set(create("resnet20", classes=2, head="hidden").state_dict())
    del values["head"]
    assert ModelSpec.from_header(parse(values)).head == "own"
