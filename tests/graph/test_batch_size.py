"""What a network makes of the size of its batch: its graph holds for any batch, or says that it does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import convscope as cs
from convscope.graph.record.batch_size import BATCH, BatchSize, Uses
from graph.written import Written

Rule = Callable[[Any, Tensor], Tensor]
TABLE = {1: 2.0, 4: 3.0}
BY_SIZE: dict[str, Rule] = {
    "a root": lambda s, x: x / math.sqrt(x.shape[0]),
    "a logarithm of len": lambda s, x: x + math.log(len(x)),
    "one more": lambda s, x: x / (x.size(0) + 1),
    "a reciprocal": lambda s, x: x * (1 / x.shape[0]),
    "a float's own product": lambda s, x: x * (0.5 * x.shape[0]),
    "half of it": lambda s, x: x * (x.shape[0] // 2),
    "a remainder": lambda s, x: x * (2 if x.shape[0] % 4 == 0 else 3),
    "a remainder of len": lambda s, x: x * (2 if len(x) % 4 == 0 else 3),
    "a remainder of a large divisor": lambda s, x: x * (2 if x.shape[0] % 17 == 0 else 3),
    "a divisor that C code finds": lambda s, x: x * math.gcd(x.shape[0], 6),
    "a remainder that C code finds": lambda s, x: x * (2 + math.fmod(x.shape[0], 2)),
    "NumPy's range": lambda s, x: x + torch.from_numpy(np.arange(x.shape[0], dtype="float32"))[:, None, None],
    "NumPy's ones": lambda s, x: x * torch.from_numpy(np.ones(x.shape, "float32") * 2),
    "a list of numbers": lambda s, x: x * torch.tensor([2.0] * x.shape[0])[:, None, None],
    "one certain size": lambda s, x: x * (2 if x.shape[0] == 32 else 3),
    "a table": lambda s, x: x * TABLE.get(x.shape[0], 1.0),
    "more than one": lambda s, x: 2 * x if x.shape[0] > 1 else x,
    "at most four": lambda s, x: x * min(4, x.shape[0]),
    "a product of sizes": lambda s, x: x / math.sqrt(x.shape[0] * x.shape[2]),
    "NumPy's product": lambda s, x: x / float(np.prod(x.shape)),
    "how many numbers": lambda s, x: x / x.numel() ** 0.5,
    "the value of a border": lambda s, x: F.pad(x, (1, 1), value=x.shape[0]),
    "a range": lambda s, x: x + torch.arange(x.shape[0])[:, None, None],
    "an array of its value": lambda s, x: x + torch.full((1,), x.shape[0]),
    "one example less": lambda s, x: x.diff(dim=0) if x.shape[0] > 1 else x,
    "an axis that is squeezed": lambda s, x: x.mean((1, 2)).squeeze(),
}
FOR_ANY: dict[str, Rule] = {
    "a view": lambda s, x: x.view(x.shape[0], -1),
    "folded and back": lambda s, x: F.relu(x.view(len(x) * 2, 4, 4)).view(x.shape[0], 2, -1),
    "in floats and back": lambda s, x: x.view(int(x.shape[0] * 4 / 4), -1),
    "an empty batch is refused": lambda s, x: x + 1 if x.shape[0] > 0 else x,
    "a slope": lambda s, x: F.leaky_relu(x, x.shape[0]),
    "zeros": lambda s, x: torch.cat([x, x.new_zeros(x.shape[0], 1, 4)], 1),
    "an array of one number": lambda s, x: x + torch.full((x.shape[0], 1, 1), 0.5),
    "a mean over the batch": lambda s, x: x - x.mean(0, keepdim=True),
}


def net(rule: Rule) -> Written:
    return Written(lambda s, x: rule(s, x * 1.5))


def examples(batch: int) -> Tensor:
    return torch.randn(batch, 2, 4, generator=torch.Generator().manual_seed(0)) if batch else torch.zeros(0, 2, 4)


@pytest.mark.parametrize("name", BY_SIZE)
def test_a_network_that_goes_by_its_batch_is_recorded_for_one_example_and_says_so(name: str):
    network = net(BY_SIZE[name])
    graph = cs.record(network, (2, 4))
    assert not graph.batched and len(graph.notes) == 1 and "batch" in graph.notes[0] and not graph.unknown
    expected = network(examples(1)).numpy()
    np.testing.assert_allclose(graph.run(examples(1).numpy()).output, expected, rtol=1e-5, strict=True)


@pytest.mark.parametrize("name", FOR_ANY)
def test_what_holds_for_any_batch_needs_no_note(name: str):
    def rule(s: Any, x: Tensor) -> Tensor:
        return FOR_ANY[name](s, x.flatten(1).view(-1, 2, 4))

    def folded(s: Any, x: Tensor) -> Tensor:
        return FOR_ANY[name](s, torch.cat([x, x, x, x], 1).view(-1, 8, 4))

    network = net(folded if name == "folded and back" else rule)
    graph = cs.record(network, (2, 4))
    assert graph.batched and not graph.notes
    for batch in (1, 3, 4):
        expected = network(examples(batch)).numpy()
        np.testing.assert_allclose(graph.run(examples(batch).numpy()).output, expected, rtol=1e-5, strict=True)


def test_the_note_names_the_layer():
    network = torch.nn.Sequential(torch.nn.ReLU(), net(BY_SIZE["a root"]))
    assert " in 1: " in cs.record(network, (2, 4)).notes[0]


def test_a_size_is_followed_as_long_as_it_grows_with_the_batch():
    uses = Uses()
    n = BatchSize(BATCH, uses)
    assert isinstance(n * 6 // 2, BatchSize) and n * 6 % 3 == 0 and n * 6 // n == 6 and n > 0
    assert not uses.batches
    assert n != 32 and uses.batches == {32}
    assert n - 1 == BATCH - 1 and 1 in uses.batches


def test_a_network_that_never_looks_is_recorded_once(monkeypatch: pytest.MonkeyPatch):
    from convscope.graph import record

    forwards: list[int] = []
    forward = record.record_forward
    monkeypatch.setattr(record, "record_forward", lambda *a, **k: forwards.append(a[2]) or forward(*a, **k))
    cs.record(torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.Flatten(), torch.nn.Linear(12, 2)), (2, 4, 4))
    assert forwards == [BATCH]
