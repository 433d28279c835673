"""What each tensor of a running forward is in the graph, and what a call on it is run on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from convscope.graph.builder import BatchUsed, GraphBuilder, Ref
from convscope.graph.node import OUTSIDE
from convscope.graph.record.batch_size import grows
from convscope.graph.record.escapes import Escapes
from convscope.graph.record.nested import type_name

WEIGHT = -1  # the version of what is a weight: it is never run on itself


class Tensors:
    """The tensors of one forward by identity."""

    def __init__(self, model: nn.Module, builder: GraphBuilder, escapes: Escapes, *, fake: bool):
        self.builder, self.escapes, self.fake = builder, escapes, fake
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
        for name, array in (*model.named_parameters(), *model.named_buffers()):
            if array.is_floating_point() or array.is_meta or isinstance(array, nn.Parameter):  # else it is a constant
                self._known.setdefault(id(array), (Ref(tuple(array.shape), type_name(array.dtype), name=name), WEIGHT))

    def learn(self, tensor: Tensor, ref: Ref | Callable[[], Ref]) -> None:
        """Note what an array is; a result that no rule tells is written down as unknown when it is used."""
        self._kept.append(tensor)
        self._known[id(tensor)] = (ref, tensor._version)

    def learn_constant(self, tensor: Tensor, *, empty: bool = False) -> None:
        """Note an array that the forward made, and that does not depend on the network's input or weights."""
        self._kept.append(tensor)
        self._constants.add(id(tensor))
        if empty:
            self._empty[id(tensor)] = tensor.data_ptr()

    def learn_written(self, tensor: Tensor) -> None:
        """Note that the stand-in of an array that was there before was written to."""
        self._spoilt.add(id(tensor))

    def lend(self, tensor: Tensor) -> None:
        """Note that an array's memory is handed to Python, which may write to it unseen."""
        self._lent.setdefault(tensor.untyped_storage().data_ptr(), (tensor, tensor.detach().clone()))

    def learn_put_back(self, whole: Tensor, index: Any, view: Any) -> bool:
        """Return whether a view's numbers go back to where they stand, as ``whole[index] += 1`` does in its last step.

        Then what the whole is known to be, without the view, still holds.
        """
        ref, version = self._known.get(id(whole), (None, 0))
        if not isinstance(ref, Ref) or not isinstance(view, Tensor) or view._base is not whole:
            return False
        of_view = self._known.get(id(view), (None, 0))[1]
        if version + 1 != whole._version or of_view != whole._version or _memory(whole[index]) != _memory(view):
            return False
        self._known[id(whole)] = (ref, whole._version)
        return True

    def is_of_network(self, tensor: Tensor, *, writes: bool = False) -> bool:
        """Return whether an array depends, or may depend, on the network's input or weights; for a call that writes."""
        if id(tensor) in self._known or (tensor.is_meta and id(tensor) not in self._constants):
            return True
        if not (self._has_no_numbers(tensor) and not writes) and (
            id(tensor) in self._constants or not self.escapes.is_foreign(tensor)
        ):
            return False
        self.learn(tensor, lambda: self.outside(tensor))
        return True

    def _has_no_numbers(self, tensor: Tensor) -> bool:
        """Return whether nothing was written to an empty array, or whether it was given another's memory."""
        memory = self._empty.get(id(tensor))
        return memory is not None and (not tensor._version or tensor.data_ptr() != memory)

    def ref(self, tensor: Tensor) -> Ref:
        """Return what an array is."""
        self._used[id(tensor)] = self._ref(tensor)
        return self._used[id(tensor)]

    def told(self, tensor: Tensor) -> Ref | Callable[[], Ref] | None:
        """Return what is known of a result: what it is, or what will tell it when it is used."""
        return self._known.get(id(tensor), (None, 0))[0]

    def used(self, tensor: Tensor) -> Ref | None:
        """Return what an array was when it was last used."""
        return self._used.get(id(tensor))

    def written(self, ref: Callable[[], Ref]) -> Ref | None:
        """Return what was written down of a result when it was used; None if it never was."""
        return self._written.get(id(ref))

    def outside(self, tensor: Tensor, *before: Ref) -> Ref:
        """Return an array whose numbers came from where nothing is seen: it may be made of all that was ``before``."""
        left = [*before, *self.escapes.left]
        if all(ref.node is None for ref in left):
            left += self.builder.ends()
        return self.builder.unknown(OUTSIDE, list(dict.fromkeys(left)), tuple(tensor.shape), type_name(tensor.dtype))

    def copy_of(self, tensor: Tensor) -> Tensor:
        """Return the array itself if the forward made it, else a copy: what was there before is never written to."""
        if id(tensor) in self._constants:
            return tensor
        if id(tensor) not in self._stand_ins:
            self._stand_ins[id(tensor)] = tensor.detach().to("cpu", copy=True)
            self._kept.append(tensor)
            self._constants.add(id(self._stand_ins[id(tensor)]))
        return self._stand_ins[id(tensor)]

    def stand_in(self, tensor: Tensor) -> Tensor:
        """Return what a call on this array is run on: without numbers, or the array itself."""
        ref = self._known.get(id(tensor))
        if (tensor.is_meta and ref is None) or (ref is not None and ref[1] != WEIGHT):
            return tensor
        if not self.fake:
            return self.copy_of(tensor)
        if id(tensor) in self._stand_ins and self._stand_ins[id(tensor)].is_meta:
            return self._stand_ins[id(tensor)]
        twin = torch.empty_like(tensor, device="meta")
        if ref is not None:
            self._stand_ins[id(tensor)] = twin
        self._kept += [tensor, twin]
        return twin

    def _ref(self, tensor: Tensor) -> Ref:
        shape, dtype = tuple(tensor.shape), type_name(tensor.dtype)
        if id(tensor) in self._spoilt:
            return self.builder.unknown("written to in place", self.builder.ends(), shape, dtype)
        if id(tensor) in self._known or self.is_of_network(tensor):
            return self._of_network(tensor)
        if any(grows(n, self.builder.batch) for n in shape):  # made of numbers that left PyTorch, such as by NumPy
            raise BatchUsed(f"makes an array of the batch's size in {self.builder.path or 'its forward'}")
        copy = self.copy_of(tensor).detach()
        if copy.dtype == torch.bfloat16:
            return self.builder.unknown("a constant in bfloat16", [], shape, dtype)
        return self.builder.constant(copy.cpu().numpy().copy())

    def _of_network(self, tensor: Tensor) -> Ref:
        if id(tensor) not in self._known:
            self.learn(tensor, self.outside(tensor))
        ref, version = self._known[id(tensor)]
        if not isinstance(ref, Ref):
            before, ref = ref, ref()
            self._kept.append(before)
            self._written[id(before)] = ref
            self._known[id(tensor)] = ref, version
        shape, dtype = tuple(tensor.shape), type_name(tensor.dtype)
        weight = self._stand_ins.get(id(tensor)) if version == WEIGHT else None
        if weight is not None and weight._version:
            return self.builder.unknown("a weight that is written to", [ref, *self.builder.ends()], shape, dtype)
        if version in (WEIGHT, tensor._version) and not self._written_outside(tensor):
            return ref
        if version == tensor._version:
            return self.outside(tensor, ref)
        return self.builder.unknown("written to through another view of it", [ref, *self.builder.ends()], shape, dtype)

    def _written_outside(self, tensor: Tensor) -> bool:
        if not self._lent:
            return False
        lent, before = self._lent.get(tensor.untyped_storage().data_ptr(), (None, None))
        return lent is not None and before is not None and not torch.equal(lent, before)


def _memory(tensor: Tensor) -> tuple[Any, ...]:
    """Return where in its memory a tensor lies."""
    return tensor.storage_offset(), tensor.shape, tensor.stride()
