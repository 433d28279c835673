"""Calls that are several primitives together: their numbers, gradients and fields are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from analysis.networks import moved
from convscope.analysis.exact_fields import field
from convscope.graph import load, save
from convscope.graph.record import record
from graph.equal import assert_equal_to_torch
from graph.written import Written

IMAGE = (4, 8, 8)


def named(**made: Tensor) -> dict[str, Tensor]:
    return made


def einstein(self: Any, x: Tensor) -> Any:
    return named(
        scores=torch.einsum("bchw,bcij->bhwij", x, x), mixed=torch.einsum("bchw,dc->bdhw", x, self.w),
        sums=torch.einsum("bchw->bc", x), rest=torch.einsum("...c,cd->...d", x.movedim(1, -1), self.w),
        three=torch.einsum("bchw,bc,dc->bdh", [x, x[:, :, 0, 0], self.w]),
        gated=torch.einsum("bchw,bc->bchw", x, x[..., 0, 0]),
        implicit=torch.einsum("zji,zj", x[:, 0], x[:, 1, 0])[:, None], bilinear=self.both(x[:, 0], x[:, 1]),
    )  # fmt: skip


def chosen(self: Any, x: Tensor) -> Any:
    above, below = x > 0.2, x.lt(-0.2)
    return named(
        where=torch.where(above, x, 0.1 * x), filled=x.masked_fill(below, -1.0), product=x * above, truth=above,
        both=~(above | below) & (x <= 0.1), either=above ^ below, cast=above.type_as(x) - below.type_as(x) * x,
        larger=torch.maximum(x, x.flip(1)), smaller=torch.minimum(x, x.clone()), sign=x.sign() * x, some=above.any(1),
        threshold=F.threshold(x, 0.1, 20.0), shrunk=F.hardshrink(x, 0.4) + F.softshrink(x, 0.3),
        all=above.all(-1, True),
        lower=x.tril(), upper=x.triu(1), constant=torch.where(torch.arange(8) % 2 == 0, x, -torch.inf).softmax(-1),
    )  # fmt: skip


def spread(self: Any, x: Tensor) -> Any:
    return named(
        least=x.min(2).values, amin=x.amin((1, 2)), var=x.var((2, 3)), std=x.std(1, keepdim=True),
        any=x.std(dim=1, correction=0),
        lse=x.logsumexp(1), cumsum=x.cumsum(2), one=x.norm(p=1, dim=1),
        largest=torch.linalg.vector_norm(x, torch.inf, dim=1),
        norm=torch.linalg.norm(x, dim=2), similar=F.cosine_similarity(x, x.flip(2), dim=1),
        lerp=torch.lerp(x, x.flip(1), 0.3),
    )  # fmt: skip


def functions(self: Any, x: Tensor) -> Any:
    return named(
        gelu=0.5 * x * (1 + torch.erf(x / 2**0.5)), angle=torch.sin(x) + torch.cos(x), tan=torch.tan(x / 10),
        size=x.abs(),
        logs=torch.log1p(x * x) + torch.log2(x * x + 1), expm1=torch.expm1(x), celu=F.celu(x, 0.5), rrelu=F.rrelu(x),
    )  # fmt: skip


def taken(self: Any, x: Tensor) -> Any:
    return named(
        places=x[:, [0, 2, 2]], back=x[:, :, torch.tensor([1, -1])],
        pairs=x[:, :, torch.tensor([1, 3]), torch.tensor([0, -1])],
        last=x[..., torch.tensor([[1, 0], [3, 4]])], strided=x[:, ::2, torch.tensor([1, 5])],
        table=x + self.w[:, self.places].sum(),
        windows=x.unfold(2, 3, 2), patches=F.unfold(x, 3, 1, 1, 2), folded=F.fold(F.unfold(x, 2, stride=1), (8, 8), 2),
        turned=torch.rot90(x, 3, (2, 3)), often=x.repeat_interleave(2, 1), beside=torch.hstack([x, x]),
    )  # fmt: skip


def assigned(self: Any, x: Tensor) -> Any:
    whole, strided, masked, inside = x * 1, x * 2, x * 3, x * 4
    whole[:, 1:3] = x[:, :2]
    whole[:, 0] = 0
    strided[..., ::2] = x[..., 1::2]
    masked[x > 0] = 1.5
    inside[:, 1, 2:4] = x[:, 0, :2]
    inside[:, 2:, 1:7:3] = x[:, :1, :2]
    made = x.new_zeros(x.size(0), 5, 8)
    made[:, :4] = x[:, :, 0]
    made[:, 4] = x[:, 0, 0]
    full, empty, copy = x * 5, x * 6, x * 7
    full.fill_(2.0).add_(x)
    empty.zero_().sub_(x)
    copy.copy_(x[:, :1])
    return named(
        full=full, empty=empty, copy=copy, whole=whole, strided=strided, masked=masked, inside=inside, made=made
    )


def changed_in_part(self: Any, x: Tensor) -> Any:
    y = x * 2
    y[:, 0] += x[:, 1]
    y[..., ::3] *= 2
    y[:, 1, 2] -= 1
    return y


def resampled(self: Any, x: Tensor) -> Any:
    return named(
        twice=F.interpolate(x, scale_factor=2, mode="bicubic"),
        odd=F.interpolate(x, scale_factor=(1.05, 0.6), mode="bicubic"),
        corners=F.interpolate(x, (5, 11), mode="bicubic", align_corners=True),
        one=F.interpolate(x, (8, 1), mode="bicubic"),
        exact=F.interpolate(x, (5, 11), mode="nearest-exact"),
        exactly=F.interpolate(x, scale_factor=(1.4, 0.6), mode="nearest-exact"),
        fewer=F.interpolate(x, (3, 5), mode="bilinear", antialias=True),
        half=F.interpolate(x, scale_factor=0.45, mode="bicubic", antialias=True),
        aligned=F.interpolate(x, (3, 12), mode="bilinear", align_corners=True, antialias=True),
    )  # fmt: skip


def looked_at(self: Any, x: Tensor) -> Any:
    """Attention under masks that are computed; of a query whose row they hide, PyTorch makes 0."""
    x, see = x[:, 0], x[:, 0, :, None, 0] > -x[:, 1, None, :, 0]
    hidden = see & (torch.arange(8) != 3)[:, None]
    added = torch.zeros_like(see, dtype=x.dtype).masked_fill(~hidden, -torch.inf)
    heads, few = x.reshape(x.size(0), 8, 4, 2).transpose(1, 2), x.reshape(x.size(0), 8, 4, 2)[:, :, :2].transpose(1, 2)
    given = F.scaled_dot_product_attention
    return named(
        boolean=given(x, x, x, hidden), added=given(x, x, x, added), bias=given(x, x, x, x * 0.5, scale=0.3),
        heads=given(heads, heads, heads, hidden[:, None]), grouped=given(heads, few, few, enable_gqa=True),
        one=given(heads, heads[:, :1], heads[:, :1], self.hole), constant=given(x, x, x, self.hole),
    )  # fmt: skip


def placed(self: Any, x: Tensor) -> Any:
    """Places by value, and numbers taken from places and written to them."""
    order, (most, where) = x.argsort(2, descending=True), x.topk(3, 2)
    least = x.min(1)
    return named(
        argmax=x.argmax(1), argmin=x.argmin(-1, keepdim=True), whole=x.flatten(1).argmax(1), order=order, most=most,
        places=torch.stack([where, where.flip(2)], 1), signs=torch.cat([x > 0, x < 0], 1),
        where=where, smallest=x.topk(2, 1, largest=False).values, sorted=x.sort(3).values, back=x.sort(1, True).values,
        least=least.values, at=least.indices, kth=x.kthvalue(2, 3).values, taken=x.gather(2, order) * 2,
        few=x.gather(1, self.places.expand(x.size(0), -1, -1, -1)),
        along=torch.take_along_dim(x, x.argmax(1, keepdim=True), 1), written=x.scatter(2, where, 0.0),
        moved=torch.zeros_like(x).scatter(2, order, x * 2), added=x.scatter_add(2, where, most),
        summed=x.scatter_reduce(3, where.transpose(2, 3), most.mT, "sum"),
        rows=x.index_add(1, self.rows, x[:, :2], alpha=2),
        copied=x.index_copy(2, self.rows, x[:, :, :2] * 3), split=sum(torch.var_mean(x, (2, 3))),
        spread=torch.std_mean(x, 1, keepdim=True)[0], norm=F.rms_norm(x, (8,)), learned=self.norm(x),
        power=2.0**x + x.abs() ** x, steep=F.softplus(x, 3.0, 2.0),
        round=(x * 3).round() * x + x.floor() * x.ceil() + x.frac(),
    )  # fmt: skip


def hole() -> Tensor:
    mask = torch.zeros(8, 8)
    mask[0] = -torch.inf
    return mask


def transformed(self: Any, x: Tensor) -> Any:
    """A spatial transformer: places computed from the image."""
    theta = self.where(x.mean((2, 3))).view(-1, 2, 3)
    grid = F.affine_grid(theta, [x.size(0), x.size(1), 5, 6], align_corners=False)
    return named(
        plain=F.grid_sample(x, grid, align_corners=False),
        nearest=F.grid_sample(x, grid, "nearest", "border", align_corners=True),
        mirrored=F.grid_sample(x, F.affine_grid(theta, x.shape, True), "bilinear", "reflection", True),
    )


CALLS: dict[str, tuple[nn.Module, Any]] = {
    "einsum": (
        Written(einstein, w=nn.Parameter(torch.randn(4, 4)), both=nn.Bilinear(8, 8, 3)),
        IMAGE,
    ),
    "masks": (Written(chosen), IMAGE),
    "reductions": (Written(spread), IMAGE),
    "functions": (Written(functions), IMAGE),
    "index": (
        Written(taken, w=nn.Parameter(torch.randn(4, 4)), places=torch.tensor([[0, 1], [2, 2]])),
        IMAGE,
    ),
    "slices written to": (Written(assigned), IMAGE),
    "slices changed": (Written(changed_in_part), IMAGE),
    "resampled": (Written(resampled), IMAGE),
    "places": (
        Written(placed, norm=nn.RMSNorm(8), rows=torch.tensor([3, 0]), places=torch.tensor([1, 3]).reshape(1, 2, 1, 1)),
        IMAGE,
    ),
    "transformer": (Written(transformed, where=nn.Linear(4, 6)), IMAGE),
    "attention": (Written(looked_at, hole=hole()), IMAGE),
    "rnn": (nn.RNN(8, 5, num_layers=2, bidirectional=True, batch_first=True), (6, 8)),
    "rnn of rectifiers": (nn.RNN(8, 5, nonlinearity="relu", bias=False, batch_first=True), (6, 8)),
    "projected lstm": (nn.LSTM(8, 5, num_layers=2, proj_size=3, bidirectional=True, batch_first=True), (4, 8)),
    "projected from states": (
        Written(
            lambda s, x: s.lstm(x, (x[None, :, 0, :2] * 1, x[None, :, 0, :5] * 1)),
            lstm=nn.LSTM(8, 5, bias=False, proj_size=2, batch_first=True),
        ),
        (4, 8),
    ),
    "rnn cell": (Written(lambda s, x: s.cell(x[:, 1], s.cell(x[:, 0])), cell=nn.RNNCell(8, 5)), (6, 8)),
}


@pytest.mark.parametrize("name", CALLS)
def test_numbers_and_gradients_are_pytorchs(name: str):
    torch.manual_seed(0)
    network, shape = CALLS[name]
    graph = assert_equal_to_torch(network, shape)
    assert graph.batched and graph.notes == ()


def test_masks_in_float32_become_numbers_of_any_type():
    graph = assert_equal_to_torch(Written(lambda s, x: x * (x > 0).float()), IMAGE, dtype=torch.float32)
    assert [node.op for node in graph.nodes] == ["input", "compare", "where", "multiply"]
    assert graph["compare"].dtype == "bool"


def test_the_padding_row_of_an_embedding_gets_no_gradient():
    table = nn.Embedding(6, 3, padding_idx=-2)
    graph = assert_equal_to_torch(table, "tokens:int64:4", torch.tensor([[4, 1, 4, 0], [5, 1, 2, 4]]))
    assert graph.nodes[-1].arguments == {"padding_index": 4}
    values = graph.run(np.array([[4, 1, 4, 0]]))
    gradient = graph.backward(values, np.ones((1, 4, 3))).weights["weight"]
    assert gradient is not None and gradient.sum(1).tolist() == [3, 3, 0, 0, 0, 0]


FIELDS: dict[str, Callable[..., Any]] = {
    "einsum": lambda s, x: torch.einsum("bchw,bcih->bwi", x, x.mT),
    "running sum": lambda s, x: x.cumsum(2),
    "windows": lambda s, x: x.unfold(3, 2, 3),
    "a choice": lambda s, x: torch.maximum(x, x.flip(1)),
    "cubic": lambda s, x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "against aliasing": lambda s, x: F.interpolate(x, (2, 4), mode="bilinear", antialias=True),
    "product": lambda s, x: x.prod(2),
    "length": lambda s, x: x.norm(dim=1),
    "spread": lambda s, x: x.var(2),
    "written to": changed_in_part,
    "steps": lambda s, x: s.rnn(x.flatten(1, 2))[0],
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_what_moves_the_number(name: str):
    network, shape = Written(FIELDS[name], rnn=nn.RNN(5, 3, batch_first=True)).double(), (2, 4, 5)
    graph = record(network, shape)
    node = graph.outputs["output"]
    seen = moved(network, shape)
    for number, at in enumerate(np.ndindex(graph[node].shape[1:])):
        assert np.array_equal(field(graph, node, at).places.mask().ravel(), seen[:, number]), at


def test_a_graph_with_masks_can_be_saved(tmp_path: Path):
    graph = record(Written(lambda s, x: torch.where(torch.arange(8) % 2 == 0, x, x.masked_fill(x > 0, -1.0))), IMAGE)
    save(graph, tmp_path / "net.json")
    x = np.random.default_rng(0).standard_normal((2, *IMAGE), np.float32)
    assert np.array_equal(load(tmp_path / "net.json").run(x).output, graph.run(x).output)


def test_what_a_rule_makes_nothing_of_is_unknown_and_no_fault_of_the_network():
    network = Written(lambda s, x: torch.isfinite(x.argmax(1)))
    assert [node.arguments["operation"] for node in record(network, (3, 4)).unknown] == ["isfinite"]
