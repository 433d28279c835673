"""What is said of a network: its fields, costs, memory, parameters, by hand and as they were published."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import convscope as cs
from convscope.analysis.index_sets import IndexSet, boxes_of
from convscope.analysis.table import fitted, fold, rows_of
from convscope.errors import ConfigError, ShapeError
from graph.written import Written


class Causal(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)


def test_a_position_behind_a_causal_mask_sees_those_before_it():
    found = cs.inspect(Causal(), (2, 8, 4))
    for at in range(8):
        assert found.field("attention", (0, at, 0)).places.along(1).tolist() == list(range(at + 1))
    assert found.layers[-1].share == pytest.approx(5 / 16)


def test_where_windows_leave_gaps_padding_is_no_remedy():
    (cut,) = (one for one in cs.inspect(nn.Conv2d(1, 1, 1, 2), (1, 8, 8)).warnings if one.code.startswith("CS101"))
    assert cut.remedy == "take a stride of 1"


def conv(kernel: int = 3, stride: int = 1, padding: int = 0, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(1, 1, kernel, stride, padding, dilation)


def numbers(network: nn.Module, side: int = 64) -> tuple[int | None, object, int | None]:
    field = cs.inspect(network, (1, side, side)).layers[-1].fields["input"][1]
    return field.size, field.stride, field.start


class Sum(nn.Module):
    def __init__(self, *parts: nn.Module):
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([part(x) for part in self.parts]).sum(0)


class Flipped(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flip(2)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (nn.Sequential(conv(), conv()), (5, 1, 0)),
        (nn.Sequential(nn.MaxPool2d(2), conv()), (6, 2, 0)),
        (nn.Sequential(conv(7, 2, 3), nn.MaxPool2d(3, 2, 1)), (11, 4, -5)),
        (nn.Sequential(conv(3, dilation=2), conv(3, dilation=4)), (13, 1, 0)),
        (nn.Sequential(nn.ZeroPad2d((2, 0, 2, 0)), conv()), (3, 1, -2)),
        (Sum(conv(5, 2, 2), conv(1, 2)), (5, 2, -2)),
        (Sum(conv(3, 1, 1), conv(3, 1, 2, 2), conv(3, 1, 3, 3)), (7, 1, -3)),
        (nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2)), (64, 0, 0)),
        (nn.Sequential(conv(2, 2), nn.ConvTranspose2d(1, 1, 2, 2)), (2, 1, 0)),
        (nn.Sequential(conv(3, 2, 1), nn.Upsample(scale_factor=2)), (3, 1, -1)),
        (nn.Upsample(scale_factor=2, mode="bilinear"), (2, Fraction(1, 2), -1)),
        (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), (2, Fraction(63, 127), 0)),
        (nn.ConvTranspose2d(1, 1, 3, 2, 1), (2, Fraction(1, 2), 0)),
        # units of the transposed one see 0, 0, 1, 1, 1, 2, 2, 2, ...; the convolution's unit 1 takes units 2, 5 and 8
        (nn.Sequential(nn.ConvTranspose2d(1, 1, 3, 3, 1), conv(3, 3, 1, 3)), (3, 1, 0)),
        (nn.Sequential(conv(), Flipped(), conv()), (5, -1, 59)),  # unit 0 takes 61, 60 and 59 of the first
    ],
)
def test_receptive_fields_by_hand(network, expected):
    assert numbers(network) == expected


def test_products_of_a_map_with_itself_see_two_places():
    class Scores(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x @ x.mT

    found = cs.inspect(Scores(), (1, 5, 3))
    (layer,) = found.layers[-1:]
    assert found.field(layer.name, (0, 1, 4)).places.along(1).tolist() == [1, 4]
    assert layer.share == pytest.approx(1 / 5)  # of the unit (2, 2)
    (_, rows, _) = layer.fields["input"]
    assert (rows.size, rows.stride) == (None, None)


def test_channels_beside_each_other_have_no_step():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 1, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(torch.cat([x, x.relu()], 1))

    beside, conv = cs.inspect(Twice(), (2, 8, 8)).layers[-2:]
    assert (beside.op, beside.fields["input"][0].size) == ("concatenate", None)
    assert conv.fields["input"][0].size == 2  # both


def test_a_unit_in_a_hole_sees_nothing():
    network = nn.Sequential(nn.Softmax(-1), nn.ConvTranspose1d(1, 1, 1, stride=3))
    found = cs.inspect(network, (1, 10))
    assert found.layers[-1].shape == (1, 28) and found.layers[-1].share == 0  # unit 14 lies between two
    assert found.field("1", (0, 15)).share == 1


@pytest.mark.parametrize("name", ["lenet", "resnet_mini", "unet_encoder_mini", "mobilenet_v2_mini", "convnext_mini"])
def test_products_are_those_that_the_framework_counts(name):
    from convscope.data.spec import InputSpec
    from convscope.models import create, entry
    from convscope.models.cost import cost

    e = entry(name)
    shape = InputSpec(e.channels, (e.side, e.side))
    weights, products = cost(lambda: create(name, classes=e.classes, channels=e.channels), shape)
    found = cs.inspect(name)
    counted = [layer for layer in found.layers if layer.op in ("correlate", "linear", "matmul")]
    assert (found.totals.parameters, sum(layer.multiplications or 0 for layer in counted)) == (weights, products)


def test_a_transposed_convolution_costs_what_it_multiplies():
    found = cs.inspect(nn.ConvTranspose2d(8, 4, 4, 4, bias=False), (8, 16, 16))
    assert found.totals.multiplications == 131_072


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.other, self.idle = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1), nn.Linear(3, 3)
        self.other.weight = self.layer.weight

    def forward(self, x: Tensor) -> Tensor:
        return torch.special.i0(self.other(self.layer(self.layer(x))))


def test_shared_unused_and_unknown_are_said():
    found = cs.inspect(Shared(), (2, 4, 4))
    assert found.totals.parameters == sum(one.numel() for one in Shared().parameters())
    assert found.parameters.unused == ("idle.weight", "idle.bias") and found.totals.unused_parameters == 12
    assert found.parameters.shared == {"other.weight": "layer.weight"}
    assert [layer.parameters for layer in found.layers] == [6, 0, 2, 0]
    last = found.layers[-1]
    assert (last.multiplications, last.additions, last.share, last.fields) == (None, None, None, {})
    assert found.totals.at_least and found.totals.multiplications == 3 * 64
    assert found.field(last.name, (0, 0, 0)).unknown == (last.name,)
    text = str(found)
    assert "≥ 192" in text and "special_i0" in text and "other.weight = layer.weight" in text
    assert "parameters that nothing uses: idle.weight, idle.bias" in text


def test_dropped_rows_are_named():
    found = cs.inspect(nn.Conv2d(1, 1, 3, stride=2), (1, 8, 7))
    assert [(one.node, one.axis, one.positions) for one in found.dropped.inputs] == [("input", 2, (7,))]
    assert [(one.axis, one.size, one.positions) for one in found.dropped.nodes] == [(2, 8, (7,))]
    assert "no output sees position 7 of 8 along axis 2 of input" in str(found)


def test_memory_by_hand():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1))  # 4 and 9 parameters
    held = cs.inspect(network, (1, 2, 2)).memory
    assert held.activations == {"input": 16, "0": 32, "1": 32, "2": 0, "3": 4}
    assert (held.parameters, held.activations_total) == (52, 68)
    assert (held.inference, held.inference_at) == (52 + 64, "1")  # both maps
    # kept for the backward pass: input, the rectified map; then the gradients of both maps beside them
    assert held.training == 2 * 52 + 16 + 32 + 32 + 32


@pytest.mark.parametrize("name", ["lenet", "resnet_mini", "vgg_mini"])
def test_what_training_keeps_is_what_autograd_saves(name):
    from convscope.analysis.memory import kept
    from convscope.models import create, entry

    e = entry(name)
    network = create(name, classes=e.classes, channels=e.channels).eval()
    found = cs.inspect(network, (e.channels, e.side, e.side))
    saved: dict[int, int] = {}
    own = {one.data_ptr() for one in (*network.parameters(), *network.buffers())}

    def note(one: Tensor) -> Tensor:
        if one.is_floating_point() and one.data_ptr() not in own:
            saved[one.untyped_storage().data_ptr()] = one.numel() * 4
        return one

    with torch.autograd.graph.saved_tensors_hooks(note, lambda one: one):
        output = network(torch.rand(1, e.channels, e.side, e.side, requires_grad=True))
    ours = sum(found.memory.activations[node] for node in kept(found.graph))
    assert output.requires_grad and ours == pytest.approx(sum(saved.values()), rel=0.15)


def test_tokens_and_several_inputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.rnn, self.out = nn.Embedding(20, 4), nn.GRU(4, 5, batch_first=True), nn.Linear(8, 2)

        def forward(self, tokens: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
            return self.rnn(self.table(tokens))[0], self.out(image.flatten(1))

    found = cs.inspect(Two(), ["tokens:int64:6", "image:float32:1x2x4"])
    seen = found.field(found.graph.outputs["0"], (2, 0))
    assert seen.inputs["tokens"].along(0).tolist() == [0, 1, 2] and seen.inputs["image"].count == 0
    assert found.field(found.graph.outputs["1"], (1,)).inputs["image"].count == 8


def test_places_are_sets():
    places = IndexSet((4, 5))
    for rows, columns in ((slice(0, 2), slice(0, 3)), (slice(0, 2), slice(3, 4)), (3, 4), (3, 4)):
        places.add(IndexSet.at((4, 5), (rows, columns)).boxes[0])
    assert len(places.boxes) == 2 and places.count == 9
    assert (1, 3) in places and (3, 3) not in places and places.along(0).tolist() == [0, 1, 3]
    mask = np.random.default_rng(0).random((4, 5, 3)) < 0.5
    assert IndexSet(mask.shape, list(boxes_of(mask))) == IndexSet(mask.shape, list(boxes_of(mask)))
    assert np.array_equal(IndexSet(mask.shape, list(boxes_of(mask))).mask(), mask)


def test_totals_stand_below_columns_that_add_up_to_them():
    from convscope.analysis.table import COLUMNS, rows_of

    found = cs.inspect("googlenet_mini")
    for arguments in ({}, {"depth": 2}, {"full": True}):
        columns, rows = rows_of(found, **arguments)
        for name in ("parameters", "multiplications", "additions"):
            at = columns.index(name)
            values = [int(row[at].replace(",", "") or 0) for row in rows]
            assert sum(values[:-1]) == values[-1]
    assert columns == COLUMNS and "<th>layer</th>" in found._repr_html_()


@pytest.mark.parametrize(
    ("node", "at", "error", "message"),
    [
        ("9", (0, 0, 0), ConfigError, "there is no node '9'"),
        ("0", (0, 0, 9), ShapeError, "0 has no unit at 0, 0, 9: its output is 2×6×6; valid is 0..1, 0..5, 0..5"),
        ("0", (0, 0, 0, 0), ShapeError, "0 has no unit at 0, 0, 0, 0: its output is 2×6×6; valid is 0..1, 0..5, 0..5"),
        ("0", (-1, 0), ShapeError, "0 has no unit at -1, 0: its output is 2×6×6; valid is 0..1, 0..5, 0..5"),
    ],
)
def test_a_place_that_is_not_there(node, at, error, message):
    with pytest.raises(error) as caught:
        cs.inspect(nn.Sequential(nn.Conv2d(1, 2, 3)), (1, 8, 8)).field(node, at)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("given", "shape", "error", "message"),
    [
        (nn.Linear, (1,), ConfigError, "torch.nn.modules.linear:Linear cannot be built without arguments"),
        (3, (1,), ConfigError, "expected a network (a torch.nn.Module), a run, or a name; found 3"),
        (nn.ReLU(), None, ConfigError, "ReLU: the shape of one input is needed, without the batch"),
        ("lenett", None, ConfigError, "'lenett' is no run folder"),
        ("convscope.models.lenet:lenat", (1, 28, 28), ConfigError, "'convscope.models.lenet:lenat': convscope.models"),
        ("no.such:thing", (1, 28, 28), ConfigError, "'no.such:thing' cannot be imported: there is no module 'no'"),
        ("lenet", (28, 28), ConfigError, "lenet takes one image"),
        (nn.LazyLinear(3), (4,), ConfigError, "the model (LazyLinear) is lazy"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(5, 2)), (1, 8, 8), ShapeError, "1 (Linear) failed: "),
    ],
)
def test_what_cannot_be_inspected(given, shape, error, message):
    with pytest.raises(error) as caught:
        cs.inspect(given, shape)
    assert str(caught.value).startswith(message)


def test_a_module_by_its_place_and_a_graph():
    found = cs.inspect("torch.nn:ReLU", (1, 4, 4))
    assert found.layers[0].op == "relu"
    assert cs.inspect(found.graph).totals == found.totals
    assert math.isclose(found.layers[0].share or 0, 1 / 16)


class Twice(nn.Module):
    """Two convolutions, each followed by an activation that all blocks share."""

    def __init__(self, act: nn.Module):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = self.act(layer(x))
        return x


@pytest.mark.parametrize("shared", [True, False])
def test_a_block_with_a_shared_activation_is_one_row(shared: bool):
    act = nn.ReLU()
    found = cs.inspect(nn.Sequential(*(Twice(act if shared else nn.ReLU()) for _ in range(3))), (4, 5, 5))
    assert [row.name for row in fold(found)] == ["0", "1", "2"]
    assert [row.sum_of("parameters")[0] for row in fold(found)] == [296] * 3
    assert [layer.name for layer in found.layers if layer.op == "relu"] == [
        "0.act", "0.act#2", "1.act", "1.act#2", "2.act", "2.act#2",
    ]  # fmt: skip


def test_a_table_fits_a_narrow_window():
    found = cs.inspect(nn.Sequential(nn.Sequential(nn.Conv2d(1, 8, 3), nn.Conv2d(8, 8, 3))), (1, 64, 64))
    columns, rows = rows_of(found, full=True)
    assert fitted(columns, rows, 400)[2] == []
    narrow, few, left_out = fitted(columns, rows, 60)
    assert left_out and {*narrow, *left_out} == {*columns} and [row[0] for row in few] == ["0.0", "0.1", "total"]
    assert "parameters" in narrow and all(len(row) == len(narrow) for row in few)
    names = [("features.stage4.block17.attention.projection", *row[1:]) for row in rows]
    assert fitted(columns, names, 40)[1][0][0].startswith("features") and "…" in fitted(columns, names, 40)[1][0][0]


def test_a_network_that_needs_a_batch_of_its_own_says_that_one_example_was_tried():
    network = Written(lambda s, x: x.view(x.shape[0] // 4, 4, *x.shape[1:]).mean(1))
    with pytest.raises(ShapeError, match="a batch of one example was tried"):
        cs.inspect(network, torch.zeros(4, 3, 5, 5))
