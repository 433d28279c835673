"""Every network of the list for texts and signals: each of its nodes opens, and gives PyTorch's number."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.api.trace import forward
from convscope.models import create
from convscope.models.registry import giving
from convscope.tracing.terms import trace_number

TEXTS, SIGNALS = giving(None, axes=1, tokens=True), giving(None, axes=1, tokens=False)


@pytest.mark.parametrize("name", [*TEXTS, *SIGNALS])
def test_every_node_opens(name: str):
    torch.manual_seed(0)
    if name in TEXTS:
        model = create(name, classes=2, vocabulary=17, size=(None,)).eval()  # pyright: ignore[reportArgumentType]
        x = torch.randint(2, 17, (1, 7), generator=torch.Generator().manual_seed(1)).numpy()
    else:
        model = create(name, classes=2, channels=2, size=(24,)).eval()
        x = torch.randn(1, 2, 24, generator=torch.Generator().manual_seed(1)).numpy()
    seen = forward(model, x)
    with torch.no_grad():
        assert seen.engine[seen.output] == pytest.approx(model(torch.from_numpy(x)).numpy(), abs=1e-5)
    unopened = []
    for node in seen.graph.nodes:
        traced = trace_number(seen, node.name)
        if traced.rule == "unknown":
            unopened.append(node.name)
            assert "cannot be opened" in traced.remark
        assert traced.gap == pytest.approx(0, abs=2e-4 * max(1.0, abs(traced.value)))
        if traced.rule == "sum" and len(traced) and node.op != "embedding":
            assert traced.total == pytest.approx(traced.bias + float(traced.products.sum()), abs=1e-5)
    counting = ("sum", "sub", "getitem", *(("mul", "add", "remainder") if name == "wide_deep" else ()))
    assert all(node.rpartition(".")[2].partition("#")[0] in counting for node in unopened), unopened
    chain = cs.trace(model, x).chain()
    end = chain[-1]
    assert len(chain) > 3 and (not len(end) or end.op in ("gru", "lstm"))
    if end.op == "gru":
        assert "update gate" in end.remark and "a way ends here" in end.remark
    assert np.isfinite([trace.total for trace in chain]).all()
