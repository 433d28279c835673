"""The size of the batch, as the network's Python code sees it: what is computed from it is followed, or noted."""

# What isinstance finds in the arguments of any call has no known types inside.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from convscope.graph.builder import GraphBuilder

BATCH = 7919  # a prime: what is divisible by it grows with the batch, and nothing else is
DIVISIBLE = 720_720  # all numbers up to 16 divide it
OTHERS = (1, 2, 3, 4, DIVISIBLE)  # batches for which a use is tried as well
MOST = 12  # batches that are noted


@dataclass
class Uses:
    """What a forward did with the size of its batch: whether it looked, and for which batches it may differ."""

    looked: bool = False
    batches: set[int] = field(default_factory=set[int])

    def note(self, batches: Iterable[int]) -> None:
        """Note that something may differ for these batches; PyTorch's own code takes any."""
        frame = inspect.currentframe()
        while frame is not None and frame.f_globals["__name__"] == __name__:
            frame = frame.f_back
        if frame is not None and frame.f_globals.get("__name__", "").startswith("torch."):
            return
        for batch in sorted(batches, key=lambda batch: (batch not in OTHERS, batch)):
            if len(self.batches) < MOST:
                self.batches.add(batch)

    def tracked(self, name: str, answer: Any) -> Any:
        """Return what a tensor tells of its sizes, in which those that grow with the batch are followed."""
        if isinstance(answer, tuple):
            if not any(grows(size) for size in answer if type(size) is int):
                return answer
            self.looked = True
            sizes = [BatchSize(size, self) if grows(size) else size for size in answer]
            return torch.Size(sizes) if isinstance(answer, torch.Size) else tuple(sizes)
        if type(answer) is not int or not grows(answer):
            return answer
        self.looked = True
        if name == "len":  # Python makes a plain number of it
            self.note(OTHERS)
        return BatchSize(answer, self)


def grows(number: int, batch: int = BATCH) -> bool:
    """Return whether a whole number grows with a batch of that size."""
    return batch > 1 and int.__bool__(number) and int.__mod__(number, batch) == 0


class BatchSize(int):
    """A whole number that grows with the batch.

    What is computed of it is computed for other batches too. Where the answer is the same for all of them, or grows as
    they do, it holds for any batch; else the batches for which it differs are noted. C code that takes the number out
    of it (a float's own arithmetic, NumPy) is not seen.
    """

    uses: Uses

    def __new__(cls, value: int, uses: Uses) -> BatchSize:
        """Return a number that was seen in a batch of ``BATCH``."""
        size = super().__new__(cls, value)
        size.uses = uses
        return size

    def __hash__(self) -> int:
        self.uses.note(OTHERS)  # what is looked up by it
        return int.__hash__(self)

    def __int__(self) -> int:
        self.uses.note(OTHERS)  # a plain number, which is not followed
        return int.__add__(self, 0)

    def __deepcopy__(self, memo: Any) -> BatchSize:
        return self

    def __reduce__(self) -> Any:
        return int, (int.__add__(self, 0),)


def _for_batch(operand: Any, batch: int) -> Any:
    return int.__floordiv__(operand, BATCH) * batch if isinstance(operand, BatchSize) else operand


def _followed(operation: Callable[..., Any], *operands: Any) -> Any:
    """Return what comes of an operation for the batch at hand, followed or noted."""
    size = next(operand for operand in operands if isinstance(operand, BatchSize))
    growth = int.__floordiv__(size, BATCH)
    plain = [number // growth for number in operands if type(number) is int and growth and number // growth < BATCH]
    batches = {*OTHERS, *(near for number in plain for near in (number, number + 1, number - 1) if near > 0)}

    def answer(batch: int) -> Any:
        try:
            return operation(*(_for_batch(operand, batch) for operand in operands))
        except (ArithmeticError, ValueError) as error:
            return type(error)

    here, single = answer(BATCH), answer(1)
    answers = {batch: answer(batch) for batch in batches}
    if isinstance(here, type) and issubclass(here, Exception):
        return operation(*(_for_batch(operand, BATCH) for operand in operands))  # raises
    differing = [batch for batch, other in answers.items() if type(other) is not type(here) or other != here]
    if not differing:
        return here
    if type(single) is type(here) is int and all(
        other == single * batch for batch, other in {**answers, BATCH: here}.items()
    ):
        return BatchSize(single * BATCH, size.uses)
    size.uses.note(differing[:1] if isinstance(here, bool) else (*OTHERS, *plain))
    return here


def _method(operation: Callable[..., Any], *, reflected: bool = False) -> Callable[..., Any]:
    def method(self: BatchSize, *others: Any) -> Any:
        if not all(isinstance(other, int | float) for other in others):
            return NotImplemented
        return _followed(operation, *others, self) if reflected else _followed(operation, self, *others)

    return method


for _name in ("add", "sub", "mul", "floordiv", "mod", "truediv", "pow", "lshift", "rshift", "and_", "or_", "xor"):
    _plain = _name.strip("_")
    setattr(BatchSize, f"__{_plain}__", _method(getattr(operator, _name)))
    setattr(BatchSize, f"__r{_plain}__", _method(getattr(operator, _name), reflected=True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert"):
    setattr(BatchSize, f"__{_name}__", _method(getattr(operator, _name)))
for _name, _of in (("divmod", divmod), ("bool", bool), ("float", float), ("round", round)):
    setattr(BatchSize, f"__{_name}__", _method(_of))
BatchSize.__rdivmod__ = _method(divmod, reflected=True)


class Growing(int):
    """A size that grows with the batch, as a rule of ``translate`` gets it: no number to compute with."""

    builder: GraphBuilder

    def __new__(cls, value: int, builder: GraphBuilder) -> Growing:
        """Return a size in the batch of the graph that is built."""
        size = super().__new__(cls, int.__add__(value, 0))
        size.builder = builder
        return size

    def __float__(self) -> float:
        return self.builder.number(self)
