"""Tokens as the numbers that a network sees of them: what it looks up in a table is changed, and has a gradient.

Only calls of the forward are watched; no module is touched.
"""

# What a call is given and returns has no known types.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from convscope.explaining.removal import PADDING


class Embeddings(TorchFunctionMode):
    """Passes what tokens (N, L) are embedded as, (N, D, L), through ``enter``, once for each table.

    A network may look up tokens with padding around them, or without the padding behind them all.
    """

    def __init__(self, tokens: Tensor, enter: Callable[[Tensor], Tensor]):
        super().__init__()
        self.tokens, self.enter = tokens, enter
        self._entered: dict[int, tuple[Tensor, Tensor]] = {}  # by table, which is held so that its id stays its own

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if getattr(func, "__name__", "") != "embedding":
            return result
        looked_up, table = _operands((*args, *kwargs.values()))
        begin = beginning(self.tokens, looked_up)
        return result if begin is None else self._changed(result, table, begin)

    def _changed(self, result: Tensor, table: Tensor, begin: int) -> Tensor:
        length = min(self.tokens.shape[1], result.shape[1] - begin)
        before, inside, behind = result.split([begin, length, result.shape[1] - begin - length], 1)
        if id(table) not in self._entered:
            whole = inside.transpose(1, 2)
            missing = self.tokens.shape[1] - length
            if missing:  # padding behind the end, which is not looked up
                whole = torch.cat([whole, whole.new_zeros(*whole.shape[:2], missing)], 2)
            self._entered[id(table)] = table, self.enter(whole)
        entered = self._entered[id(table)][1][:, :, :length]
        return torch.cat([before, entered.transpose(1, 2), behind], 1)


def _operands(given: tuple[Any, ...]) -> tuple[Tensor, Tensor]:
    """Return what is looked up and the table, of which functional.embedding has the one first, torch's the other."""
    first, second = (each for each in given if isinstance(each, Tensor))
    return (second, first) if first.is_floating_point() else (first, second)


def beginning(tokens: Tensor, looked_up: Tensor) -> int | None:
    """Return where tokens (N, L) begin in what is looked up (N, L'), the rest being padding; None if they do not.

    >>> text = torch.tensor([[5, 6, 0]])
    >>> beginning(text, torch.tensor([[0, 0, 5, 6, 0, 0, 0]])), beginning(text, torch.tensor([[5, 6]]))
    (2, 0)
    >>> beginning(text, torch.tensor([[0, 1, 2]])) is None
    True
    """
    if looked_up.ndim != 2 or len(looked_up) != len(tokens):
        return None
    room = looked_up.shape[1] - tokens.shape[1]
    if room < 0:
        cut = tokens[:, : looked_up.shape[1]]
        return 0 if torch.equal(cut, looked_up) and bool((tokens[:, looked_up.shape[1] :] == PADDING).all()) else None
    for begin in range(room // 2, -1, -1) if room else (0,):
        end = begin + tokens.shape[1]
        outside = torch.cat([looked_up[:, :begin], looked_up[:, end:]], 1)
        if torch.equal(looked_up[:, begin:end], tokens) and bool((outside == PADDING).all()):
            return begin
    return None
