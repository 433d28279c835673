"""What holds of attributions by theory, whatever the network, and for inputs of every kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convscope.errors import ConfigError, DataError, ShapeError
from convscope.explaining.explained import Explained
from convscope.explaining.integrated_gradients import ig, integrated_gradients
from convscope.explaining.methods import METHODS
from convscope.explaining.rise import random_masks, rise
from convscope.explaining.score import ChosenScore, RegionScore, Score
from convscope.models import create


def _conv(axes: int) -> nn.Module:
    conv, pool = {1: (nn.Conv1d, nn.MaxPool1d), 2: (nn.Conv2d, nn.MaxPool2d), 3: (nn.Conv3d, nn.MaxPool3d)}[axes]
    torch.manual_seed(0)
    return nn.Sequential(
        conv(2, 4, 3, padding=1), nn.ReLU(), pool(2), conv(4, 4, 3, padding=1), nn.ReLU(), nn.Flatten(),
        nn.Linear(4 * 4**axes, 3),
    )  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_every_method_explains_signals_images_and_volumes_alone_as_in_a_batch(name: str, axes: int):
    model, x = _conv(axes), torch.randn(3, 2, *[8] * axes)
    together = METHODS[name].compute(Explained(model, x), ChosenScore([2, 0, 1]))
    assert together.map.shape == (3, *[8] * axes) and together.map.dtype == np.float32
    assert together.values is None or together.values.shape == (3, 2, *[8] * axes)
    assert together.map.any() and np.isfinite(together.map).all() and together.method == name
    assert METHODS[name].signed == bool((together.map < 0).any())
    alone = METHODS[name].compute(Explained(model, x[1:2]), ChosenScore([0]))
    np.testing.assert_allclose(alone.map[0], together.map[1], rtol=1e-4, atol=1e-5)
    assert alone.score[0] == pytest.approx(together.score[1], abs=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_what_the_score_does_not_depend_on_counts_nothing(name: str):
    """Sensitivity (b) of Sundararajan et al.: here half of the image is never read."""

    class Upper(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = _conv(2)

        def forward(self, x: Tensor) -> Tensor:
            return self.net(torch.cat([x[:, :, :4], torch.zeros_like(x[:, :, 4:])], 2))

    attribution = METHODS[name].compute(Explained(Upper(), torch.randn(2, 2, 8, 8)), ChosenScore([2, 1]))
    if attribution.node is None and name != "rise":  # a random mask that hides one half is likely to hide the other
        below = attribution.map[:, 6:] if name == "occlusion" else attribution.map[:, 4:]
        assert abs(below).max() < 1e-6 and attribution.map[:, :4].any()


def test_integrated_gradients_add_up_to_what_the_score_rises_by():
    model, x = _conv(2), torch.randn(4, 2, 8, 8)
    score = ChosenScore([0, 1, 2, 0])
    few, many = (ig(Explained(model, x), score, steps) for steps in (10, 200))
    assert few.gap is not None and many.gap is not None and many.values is not None
    at_zero = model(torch.zeros(1, 2, 8, 8))[0].detach().numpy()[[0, 1, 2, 0]]
    np.testing.assert_allclose(many.values.sum((1, 2, 3)), many.score - at_zero + many.gap, atol=1e-5)
    assert np.median(abs(many.gap)) < np.median(abs(few.gap)) and np.median(abs(many.gap / many.score)) < 1e-2
    one = integrated_gradients(model, x[1:2], score.at(slice(1, 2)), 0.0, steps=10)
    np.testing.assert_allclose(one.values, few.values[1], atol=1e-6)  # pyright: ignore[reportOptionalSubscript]
    assert one.gap == pytest.approx(few.gap[1], abs=1e-6)


def test_integrated_gradients_of_a_linear_network_are_weight_times_input():
    linear = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    x = torch.randn(2, 3, 2, 2)
    attribution = ig(Explained(linear, x), ChosenScore([1, 0]), steps=3)
    expected = linear[1].weight[[1, 0]].view(2, 3, 2, 2) * x
    np.testing.assert_allclose(attribution.values, expected.detach(), atol=1e-6)
    np.testing.assert_allclose(attribution.map, expected.detach().sum(1), atol=1e-6)


def test_random_masks_find_what_each_place_adds():
    """Of a score that is a weighted mean of the masks' cells, the slope on the mask shows where it is taken."""
    weights = torch.zeros(28, 28)
    weights[8:12, 16:20] = 1.0
    net = nn.Flatten()
    score = Score("part", lambda out: (out.view(-1, 28, 28) * weights).sum((1, 2)))
    attribution = rise(Explained(net, torch.ones(1, 1, 28, 28)), score)
    row, column = np.unravel_index(attribution.map[0].argmax(), (28, 28))
    assert 8 <= row < 12 and 16 <= column < 20
    assert attribution.map[0, 8:12, 16:20].mean() > 8 * abs(attribution.map[0, 20:, :12]).mean()
    masks = random_masks((28, 28), 200, np.random.default_rng(0))
    assert masks.min() >= 0 and masks.max() <= 1 and masks.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", sorted({*METHODS} - {"lrp"}))  # which computes in NumPy, and in its types
def test_maps_are_float32_in_whatever_type_a_network_computes(name: str, dtype: torch.dtype):
    x = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = METHODS[name].compute(Explained(_conv(2), x), ChosenScore([1]))
    attribution = METHODS[name].compute(Explained(_conv(2).to(dtype), x.to(dtype)), ChosenScore([1]))
    assert attribution.map.dtype == attribution.score.dtype == np.float32
    if dtype is torch.float64:
        np.testing.assert_allclose(attribution.map, expected.map, atol=1e-4 * abs(expected.map).max())
    else:
        assert np.corrcoef(attribution.map.ravel(), expected.map.ravel())[0, 1] > 0.9


class _PerPixel(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(4, 2, 1)
        self.head.weight.data.abs_()  # so that guided backpropagation has something to lead back

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


@pytest.mark.parametrize("name", [*METHODS])
def test_one_pixel_of_a_mask_owes_nothing_to_what_lies_outside_its_field(name: str):
    mask = torch.zeros(1, 12, 12, dtype=torch.bool)
    mask[0, 3, 4] = True
    attribution = METHODS[name].compute(Explained(_PerPixel(), torch.randn(1, 1, 12, 12)), RegionScore(mask, 1))
    assert attribution.node in (None, "body.3")
    assert attribution.map.shape == (1, 12, 12)
    if name not in ("rise", "gradcam", "gradcampp"):  # a map of a layer is over all its places
        outside = np.ones((12, 12), bool)
        outside[1:6, 2:7] = False  # two 3 × 3 convolutions see 5 × 5
        reach = 1 if name == "occlusion" else 0  # of a window
        outside[1 - reach : 6 + reach, 2 - reach : 7 + reach] = False
        assert abs(attribution.map[0][outside]).max() < 1e-6 < abs(attribution.map[0]).max()


@pytest.mark.parametrize("name", ["gradient", "inputxgradient", "ig", "smoothgrad", "occlusion", "rise"])
@pytest.mark.parametrize("network", ["text_cnn", "text_cnn_wide", "gru", "transformer"])
def test_texts_are_explained_by_their_tokens(name: str, network: str):
    torch.manual_seed(0)
    model = create(network, classes=3, vocabulary=20, size=(None,))  # pyright: ignore[reportArgumentType]
    tokens = torch.tensor([[5, 9, 2, 14, 3, 7], [4, 8, 6, 0, 0, 0]])
    attribution = METHODS[name].compute(Explained(model, tokens), ChosenScore([2, 1]))
    assert attribution.map.shape == (2, 6) and attribution.map[0].any() and attribution.map[1, :3].any()
    if name in ("ig", "inputxgradient"):
        assert not attribution.map[1, 3:].any()  # padding, which is embedded as 0


@pytest.mark.parametrize("network", ["conv_dna", "danq", "text_cnn_wide"])
def test_integrated_gradients_of_embeddings_add_up(network: str):
    torch.manual_seed(0)
    vocabulary = 17 if network != "text_cnn_wide" else 20
    model = create(network, classes=3, vocabulary=vocabulary, size=(None,))  # pyright: ignore[reportArgumentType]
    tokens = torch.randint(2, vocabulary, (2, 40))
    attribution = ig(Explained(model, tokens), ChosenScore([0, 2]), steps=200)
    rise_of = attribution.map.sum(1) - attribution.gap
    assert attribution.gap is not None and abs(rise_of).min() > 1e-3
    assert (abs(attribution.gap) < 0.02 * abs(rise_of)).all()


def test_what_cannot_be_explained_is_said():
    model, x = _conv(2), torch.randn(2, 2, 8, 8)
    gradient = METHODS["gradient"].compute
    with pytest.raises(ConfigError, match="outputs 0 to 2, there is no output 3"):
        gradient(Explained(model, x), ChosenScore([0, 3]))
    with pytest.raises(ShapeError, match=r"\(.*Conv2d.*\) failed: .*channels"):
        gradient(Explained(model, x[:, :1]), ChosenScore([0, 0]))
    with pytest.raises(ShapeError, match="mat1 and mat2"):
        METHODS["occlusion"].compute(Explained(model, torch.randn(2, 2, 12, 12)), ChosenScore([0, 0]))
    x[1, 0, 3, 3] = float("nan")
    with pytest.raises(DataError, match="example 1 of the batch holds NaN"):
        METHODS["rise"].compute(Explained(model, x), ChosenScore([0, 0]))
    with torch.no_grad():
        model[3].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(ConfigError, match=r"the weights 3\.weight hold NaN"):
        gradient(Explained(model, x[:1]), ChosenScore([0]))
    with pytest.raises(ConfigError, match="the region of example 1 is empty"):
        RegionScore(torch.tensor([[[True]], [[False]]]), 0)
    with pytest.raises(ShapeError, match=r"size of the network's output, \(12, 12\); found \(6, 6\)"):
        gradient(Explained(_PerPixel(), torch.zeros(1, 1, 12, 12)), RegionScore(torch.ones(1, 6, 6), 0))


@pytest.mark.parametrize("leaves", [lambda x: x.numpy(), lambda x: x.detach().numpy()])
def test_a_network_that_leaves_pytorch_has_no_gradient_and_can_be_occluded(leaves):
    class Leaves(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.as_tensor(np.asarray(leaves(x)) * 2).flatten(1)

    explained = Explained(Leaves(), torch.ones(1, 1, 2, 2))
    with pytest.raises(ConfigError, match="out of PyTorch"):
        METHODS["gradient"].compute(explained, ChosenScore([0]))
    assert METHODS["occlusion"].compute(explained, ChosenScore([0])).map.tolist() == [[[2.0, 0.0], [0.0, 0.0]]]

    class Partly(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x + torch.as_tensor(x.detach().numpy() ** 2)).flatten(1)

    (note,) = METHODS["gradient"].compute(Explained(Partly(), torch.ones(1, 1, 2, 2)), ChosenScore([0])).notes
    assert "numbers leave PyTorch in Partly" in note


def test_a_map_that_is_nearly_nothing_beside_its_score_says_so():
    from convscope import explain

    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1))
    with torch.no_grad():
        model[1].weight.fill_(1e-4)
        model[1].bias.fill_(5.0)
    x = np.ones((1, 1, 2, 2), np.float32)
    (faint,) = explain(model, x, "inputxgradient,occlusion")
    assert faint["inputxgradient"].notes[0].startswith("nearly nothing: all places together count 0.0004")
    assert faint["occlusion"].notes[0].startswith("nearly nothing: no place counts more than")
    with torch.no_grad():
        model[1].weight.fill_(1.0)
    (strong,) = explain(model, x, "inputxgradient")
    assert not any("nothing" in note for note in strong["inputxgradient"].notes)
    with torch.no_grad():
        model[1].weight.fill_(0.0)
    (empty,) = explain(model, x, "inputxgradient")
    assert empty["inputxgradient"].notes[0] == "nothing: the map is 0 everywhere"
