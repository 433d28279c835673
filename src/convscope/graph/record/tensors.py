"""What each tensor of a running forward is on the tape, and what a call on it is run on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from convscope.graph.node import OUTSIDE
from convscope.graph.record.batch_size import grows
from convscope.graph.record.leaving import Leaving
from convscope.graph.record.nested import type_name
from convscope.graph.tape import BatchUsed, Ref, Tape

WEIGHT = -1  # the version of what is a weight: it is never run on itself


class Tensors:
    """The tensors of one forward by identity."""

    def __init__(self, model: nn.Module, tape: Tape, leaving: Leaving, *, fake: bool):
        self.tape, self.leaving, self.fake = tape, leaving, fake
        self._kept: list[Any] = []  # so that no ``id`` is used twice
        # Arrays of the network: what they are, and their version then.
        self._known: dict[int, tuple[Ref | Callable[[], Ref], int]] = {}
        self._written: dict[int, Ref] = {}  # by what would tell it: what was written down when it was used
        self._used: dict[int, Ref] = {}
        self._constants: set[int] = set()  # arrays with numbers that the forward made
        self._empty: dict[int, int] = {}  # of those, the ones without numbers until they are written to; their memory
        self._stand_ins: dict[int, Tensor] = {}  # of the tensors that were there before
        self._lent: dict[int, tuple[Tensor, Tensor]] = {}  # by memory: what Python was handed, and as it was then
        self._spoilt: set[int] = set()  # of those, the ones that were written to
        for name, one in (*model.named_parameters(), *model.named_buffers()):
            if one.is_floating_point() or one.is_meta or isinstance(one, nn.Parameter):  # else it is a constant
                self._known.setdefault(id(one), (Ref(tuple(one.shape), type_name(one.dtype), name=name), WEIGHT))

    def learn(self, one: Tensor, ref: Ref | Callable[[], Ref]) -> None:
        """Note what an array is; a result that no rule tells is written down as unknown when it is used."""
        self._kept.append(one)
        self._known[id(one)] = (ref, one._version)

    def learn_constant(self, one: Tensor, *, empty: bool = False) -> None:
        """Note an array that the forward made, and that does not depend on the network's input or weights."""
        self._kept.append(one)
        self._constants.add(id(one))
        if empty:
            self._empty[id(one)] = one.data_ptr()

    def learn_written(self, one: Tensor) -> None:
        """Note that the stand-in of an array that was there before was written to."""
        self._spoilt.add(id(one))

    def lend(self, one: Tensor) -> None:
        """Note that an array's memory is handed to Python, which may write to it unseen."""
        self._lent.setdefault(one.untyped_storage().data_ptr(), (one, one.detach().clone()))

    def learn_put_back(self, whole: Tensor, index: Any, part: Any) -> bool:
        """Return whether a view's numbers go back to where they stand, as ``whole[index] += 1`` does in its last step.

        Then what the whole is known to be, without the view, still holds.
        """
        ref, version = self._known.get(id(whole), (None, 0))
        if not isinstance(ref, Ref) or not isinstance(part, Tensor) or part._base is not whole:
            return False
        of_part = self._known.get(id(part), (None, 0))[1]
        if version + 1 != whole._version or of_part != whole._version or _memory(whole[index]) != _memory(part):
            return False
        self._known[id(whole)] = (ref, whole._version)
        return True

    def is_of_network(self, one: Tensor, *, writes: bool = False) -> bool:
        """Return whether an array depends, or may depend, on the network's input or weights; for a call that writes."""
        if id(one) in self._known or (one.is_meta and id(one) not in self._constants):
            return True
        if not (self._has_no_numbers(one) and not writes) and (
            id(one) in self._constants or not self.leaving.is_foreign(one)
        ):
            return False
        self.learn(one, lambda: self.outside(one))
        return True

    def _has_no_numbers(self, one: Tensor) -> bool:
        """Return whether nothing was written to an empty array, or whether it was given another's memory."""
        memory = self._empty.get(id(one))
        return memory is not None and (not one._version or one.data_ptr() != memory)

    def ref(self, one: Tensor) -> Ref:
        """Return what an array is."""
        self._used[id(one)] = self._ref(one)
        return self._used[id(one)]

    def told(self, one: Tensor) -> Ref | Callable[[], Ref] | None:
        """Return what is known of a result: what it is, or what will tell it when it is used."""
        return self._known.get(id(one), (None, 0))[0]

    def used(self, one: Tensor) -> Ref | None:
        """Return what an array was when it was last used."""
        return self._used.get(id(one))

    def written(self, ref: Callable[[], Ref]) -> Ref | None:
        """Return what was written down of a result when it was used; None if it never was."""
        return self._written.get(id(ref))

    def outside(self, one: Tensor, *before: Ref) -> Ref:
        """Return an array whose numbers came from where nothing is seen: it may be made of all that was ``before``."""
        left = [*before, *self.leaving.left]
        if all(ref.node is None for ref in left):
            left += self.tape.ends()
        return self.tape.unknown(OUTSIDE, list(dict.fromkeys(left)), tuple(one.shape), type_name(one.dtype))

    def copy_of(self, one: Tensor) -> Tensor:
        """Return the array itself if the forward made it, else a copy: what was there before is never written to."""
        if id(one) in self._constants:
            return one
        if id(one) not in self._stand_ins:
            self._stand_ins[id(one)] = one.detach().to("cpu", copy=True)
            self._kept.append(one)
            self._constants.add(id(self._stand_ins[id(one)]))
        return self._stand_ins[id(one)]

    def stand_in(self, one: Tensor) -> Tensor:
        """Return what a call on this array is run on: without numbers, or the array itself."""
        ref = self._known.get(id(one))
        if (one.is_meta and ref is None) or (ref is not None and ref[1] != WEIGHT):
            return one
        if not self.fake:
            return self.copy_of(one)
        if id(one) in self._stand_ins and self._stand_ins[id(one)].is_meta:
            return self._stand_ins[id(one)]
        twin = torch.empty_like(one, device="meta")
        if ref is not None:
            self._stand_ins[id(one)] = twin
        self._kept += [one, twin]
        return twin

    def _ref(self, one: Tensor) -> Ref:
        shape, dtype = tuple(one.shape), type_name(one.dtype)
        if id(one) in self._spoilt:
            return self.tape.unknown("written to in place", self.tape.ends(), shape, dtype)
        if id(one) in self._known or self.is_of_network(one):
            return self._of_network(one)
        if any(grows(n, self.tape.batch) for n in shape):  # made of numbers that left PyTorch, such as by NumPy
            raise BatchUsed(f"makes an array of the batch's size in {self.tape.path or 'its forward'}")
        copy = self.copy_of(one).detach()
        if copy.dtype == torch.bfloat16:
            return self.tape.unknown("a constant in bfloat16", [], shape, dtype)
        return self.tape.constant(copy.cpu().numpy().copy())

    def _of_network(self, one: Tensor) -> Ref:
        if id(one) not in self._known:
            self.learn(one, self.outside(one))
        ref, version = self._known[id(one)]
        if not isinstance(ref, Ref):
            before, ref = ref, ref()
            self._kept.append(before)
            self._written[id(before)] = ref
            self._known[id(one)] = ref, version
        shape, dtype = tuple(one.shape), type_name(one.dtype)
        weight = self._stand_ins.get(id(one)) if version == WEIGHT else None
        if weight is not None and weight._version:
            return self.tape.unknown("a weight that is written to", [ref, *self.tape.ends()], shape, dtype)
        if version in (WEIGHT, one._version) and not self._written_outside(one):
            return ref
        if version == one._version:
            return self.outside(one, ref)
        return self.tape.unknown("written to through another view of it", [ref, *self.tape.ends()], shape, dtype)

    def _written_outside(self, one: Tensor) -> bool:
        if not self._lent:
            return False
        lent, before = self._lent.get(one.untyped_storage().data_ptr(), (None, None))
        return lent is not None and before is not None and not torch.equal(lent, before)


def _memory(one: Tensor) -> tuple[Any, ...]:
    """Return which part of its memory a tensor is."""
    return one.storage_offset(), one.shape, one.stride()
