"""The size of the batch, as the network's Python code sees it: what is made of it is followed, or noticed."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from convscope.graph.tape import Tape

BATCH = 7919  # a prime: what is divisible by it grows with the batch, and nothing else is
DIVISIBLE = 720_720  # all numbers up to 16 divide it
OTHERS = (1, 2, 3, 4, DIVISIBLE)  # batches for which a use is tried as well
MOST = 12  # batches that are noted


@dataclass
class Uses:
    """What a forward did with the size of its batch: whether it looked, and for which batches it may do otherwise."""

    looked: bool = False
    batches: set[int] = field(default_factory=set)

    def note(self, batches: Any) -> None:
        """Note that something may be otherwise for these batches; PyTorch's own code takes any."""
        frame = sys._getframe(1)
        while frame is not None and frame.f_globals["__name__"] == __name__:
            frame = frame.f_back
        if frame is not None and frame.f_globals.get("__name__", "").startswith("torch."):
            return
        for one in sorted(batches, key=lambda batch: (batch not in OTHERS, batch)):
            if len(self.batches) < MOST:
                self.batches.add(one)

    def tracked(self, name: str, answer: Any) -> Any:
        """Return what a tensor tells of its sizes, in which those that grow with the batch are followed."""
        if isinstance(answer, tuple):
            if not any(grows(one) for one in answer if type(one) is int):
                return answer
            self.looked = True
            sizes = [BatchSize(one, self) if grows(one) else one for one in answer]
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
        made = super().__new__(cls, value)
        made.uses = uses
        return made

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


def _for_batch(one: Any, batch: int) -> Any:
    return int.__floordiv__(one, BATCH) * batch if isinstance(one, BatchSize) else one


def _followed(operation: Callable[..., Any], *operands: Any) -> Any:
    """Return what comes of an operation for the batch at hand, followed or noted."""
    uses = next(one.uses for one in operands if isinstance(one, BatchSize))
    growth = next(int.__floordiv__(one, BATCH) for one in operands if isinstance(one, BatchSize))
    plain = [one // growth for one in operands if type(one) is int and growth and one // growth < BATCH]
    batches = {*OTHERS, *(near for one in plain for near in (one, one + 1, one - 1) if near > 0)}

    def answer(batch: int) -> Any:
        try:
            return operation(*(_for_batch(one, batch) for one in operands))
        except (ArithmeticError, ValueError) as error:
            return type(error)

    here: Any = answer(BATCH)
    single = answer(1)
    answers = {batch: answer(batch) for batch in batches}
    if isinstance(here, type) and issubclass(here, Exception):
        return operation(*(_for_batch(one, BATCH) for one in operands))  # raises
    if all(type(one) is type(here) and one == here for one in answers.values()):
        return here
    if (
        isinstance(single, int)
        and type(single) is type(here) is int
        and all(one == single * batch for batch, one in {**answers, BATCH: here}.items())
    ):
        return BatchSize(single * BATCH, uses)
    differing = [batch for batch, one in answers.items() if type(one) is not type(here) or one != here]
    uses.note(differing[:1] if isinstance(here, bool) else (*OTHERS, *plain))
    return here


def _method(operation: Callable[..., Any], *, turned: bool = False) -> Callable[..., Any]:
    def method(self: BatchSize, *others: Any) -> Any:
        if not all(isinstance(one, int | float) for one in others):
            return NotImplemented
        return _followed(operation, *others, self) if turned else _followed(operation, self, *others)

    return method


for _name in ("add", "sub", "mul", "floordiv", "mod", "truediv", "pow", "lshift", "rshift", "and_", "or_", "xor"):
    _plain = _name.strip("_")
    setattr(BatchSize, f"__{_plain}__", _method(getattr(operator, _name)))
    setattr(BatchSize, f"__r{_plain}__", _method(getattr(operator, _name), turned=True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert"):
    setattr(BatchSize, f"__{_name}__", _method(getattr(operator, _name)))
for _name, _of in (("divmod", divmod), ("bool", bool), ("float", float), ("round", round)):
    setattr(BatchSize, f"__{_name}__", _method(_of))
BatchSize.__rdivmod__ = _method(divmod, turned=True)


class Growing(int):
    """A size that grows with the batch, as a rule of ``translate`` gets it: no number to compute with."""

    tape: Tape

    def __new__(cls, value: int, tape: Tape) -> Growing:
        """Return a size in the batch of the tape."""
        made = super().__new__(cls, int.__add__(value, 0))
        made.tape = tape
        return made

    def __float__(self) -> float:
        return self.tape.number(self)
