"""Seeing the calls of a forward, one by one, and writing them on the tape."""

from __future__ import annotations

import functools
import sys
import types
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from convscope.errors import ConfigError, ShapeError
from convscope.graph.node import INPUT
from convscope.graph.record.batch_size import BATCH, Uses, grows
from convscope.graph.record.inputs import Input, example
from convscope.graph.record.leaving import Leaving
from convscope.graph.record.log import Keep, Log
from convscope.graph.record.modules import Modules
from convscope.graph.record.names import (
    ALIKE,
    DECIDES,
    EMPTY,
    FILLS,
    LEAVES,
    LOOKS,
    RANDOM,
    RECURRENT,
    SHARES,
    SIZES,
    SPREADS,
    UNBATCHED,
    name_of,
)
from convscope.graph.record.nested import leaves, mapped, type_name
from convscope.graph.record.opened import opened
from convscope.graph.record.strict import strict
from convscope.graph.record.tensors import Tensors
from convscope.graph.tape import BatchUsed, Ref, Tape, Unknown
from convscope.graph.translate import RULES

AUTOCAST = ("cpu", "cuda", "mps", "xpu")  # kinds of devices for which it can be on


class NeedsValues(Exception):  # noqa: N818 - no error: recording begins anew
    """The forward asks for numbers, which tensors without numbers do not have."""


class Recorder(TorchFunctionMode):
    """Sees every call on tensors while it is active, and writes it on the tape."""

    def __init__(self, model: nn.Module, batch: int, *, fake: bool, keep: Keep | None = None):
        super().__init__()
        self.model, self.batch, self.fake = model, batch, fake
        # Of other batches than the prime one it cannot be told what grows with them: they are one example, if large.
        self.tape, self.leaving = Tape(batch if batch == BATCH else 1), Leaving(model, fake=fake)
        self.tensors = Tensors(model, self.tape, self.leaving, fake=fake)
        self.log, self.uses = Log(self.tensors, keep, whole=fake), Uses()
        self.notes: list[str] = []
        self.modules = Modules(model)

    def given(self, inputs: list[Input]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the tensors that the forward gets, by position and by keyword."""
        found: dict[str, Tensor] = {}
        for one in inputs:
            shape = (self.batch, *one.shape)
            found[one.name] = torch.empty(shape, dtype=one.dtype, device="meta") if self.fake else example(one)
            self.tensors.learn(found[one.name], self.tape.input(one.name, shape, type_name(one.dtype)))
            self.log.given(found[one.name])
        ordered = sorted((one.position, one.name) for one in inputs if one.position is not None)
        named = {one.parameter: found[one.name] for one in inputs if one.position is None}
        return [found[name] for _, name in ordered], named

    def outputs(self, made: Any) -> dict[str, int]:
        """Return the node of each tensor that the forward returned, by its name or place in what was returned."""
        found: dict[str, int] = {}
        for key, one in leaves(made, ""):
            ref = self.tensors.ref(one)
            if ref.node is None:
                ref = self.tape.emit("reshape", ref, shape=ref.shape)
            assert ref.node is not None
            found[key or "output"] = ref.node
        if not found:
            raise ConfigError(f"{type(self.model).__name__} returned no tensor, but {type(made).__name__}")
        return found

    def _here(self, frame: types.FrameType) -> str:
        """Return the path of the module that runs; a function with a gradient of its own is noted on the way."""
        path, function = self.modules.running(frame)
        if function is not None:
            self._note(
                f"{function} in {path or 'its forward'} has a gradient of its own, which is not seen: gradients here "
                "are those of what it computes forward."
            )
        return path

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = name_of(func)
        if name in LOOKS:
            answer = func(*args, **kwargs)
            return self.uses.tracked(name, answer) if name in SIZES and self.tape.batch == BATCH else answer
        self.tape.path = self._here(sys._getframe(1))
        if any(map(torch.is_autocast_enabled, AUTOCAST)):
            self._note(
                f"Autocast is on in {self.tape.path or 'its forward'}: PyTorch computes there in a shorter type, the "
                "graph in the type of its weights."
            )
        with self.log.call(name, self.tape.path, (args, kwargs)) as call:
            made = call.made = self._seen(func, name, args, kwargs, sys._getframe(1))
        return made

    def _seen(self, func: Any, name: str, args: Any, kwargs: Any, caller: types.FrameType) -> Any:
        """Do what a call asks for, and write it down."""
        given = [one for _, one in leaves((args, kwargs), "")]
        back = self.leaving.comes_back(func, name, (args, kwargs), caller)
        writes = getattr(func, "__name__", "").endswith("_")
        if not any(self.tensors.is_of_network(one, writes=writes) for one in given):
            return self._constant(func, name, args, kwargs, back)
        if name in DECIDES or name in LEAVES:
            if self.fake:
                raise NeedsValues(name)
            self._read(name, given)
            if name in LEAVES:
                return self._run(func, name, args, kwargs, {id(one): self.tensors.stand_in(one) for one in given})
        if name not in RULES and not back and (body := opened(func)) is not None:
            with self:
                return body(*args, **kwargs)
        self._check_batched(name, given[0])
        if name in RECURRENT and args[0].ndim == 3 and args[0].shape[args[-1] is True] >= self.tape.batch > 1:
            raise BatchUsed(f"takes the batch for steps of time in {self.tape.path or 'its forward'}")
        return self._call(func, name, args, kwargs, given, back)

    def _call(self, func: Any, name: str, args: Any, kwargs: Any, given: list[Tensor], back: bool = False) -> Any:
        """Run a call on stand-ins, and write down what it is in primitives; with numbers ``back`` it is unknown."""
        back_in_place = name == "setitem" and self.tensors.learn_put_back(*args)
        refs = {id(one): self.tensors.ref(one) for one in given}
        stand_ins = {id(one): self.tensors.stand_in(one) for one in given}
        before = {key: one._version for key, one in stand_ins.items()}
        call = mapped((args, kwargs), lambda one: refs[id(one)])
        writes = kwargs.get("inplace") or getattr(func, "__name__", "").endswith("_")
        if self.fake and name in ALIKE and not writes and stand_ins[id(given[0])].is_contiguous():
            first = refs[id(given[0])]
            self.tape.expected = ((first.shape, first.dtype),)
            if made := self._translated(name, call):
                output = torch.empty(first.shape, dtype=given[0].dtype, device="meta")
                self.tensors.learn(output, made[0] or first)
                return output
        made = self._run(func, name, args, kwargs, stand_ins)
        outputs = [one for _, one in leaves(made, "")]
        if name == "setitem" and stand_ins[id(args[0])] is args[0]:  # it returns nothing, and makes its first argument
            outputs = [args[0]]
        self.tape.expected = tuple((tuple(one.shape), type_name(one.dtype)) for one in outputs)
        found = None if back else self._translated(name, call)
        if found is None and not back and (body := opened(func)) is not None:
            with self:
                return body(*args, **kwargs)
        from_ = [*refs.values(), *(self.leaving.left if back else ())]
        for i, (one, ref) in enumerate(zip(outputs, found or [None] * len(outputs), strict=True)):
            self.tensors.learn(one, ref or functools.partial(self._unknown, name, from_, i, one))
            if found is None:
                self.tensors.ref(one)
        written = {id(one) for one in outputs}
        for one in given:
            stand_in = stand_ins[id(one)]
            if stand_in._version != before[id(one)] and id(stand_in) not in written:
                if back_in_place and one is args[2]:  # it stays what it was
                    self.tensors.learn(one, refs[id(one)])
                elif stand_in is one:
                    self.tensors.learn(one, functools.partial(self._unknown, name, list(refs.values()), None, one))
                else:
                    self.tensors.learn_written(one)
        return made

    def _run(self, func: Any, name: str, args: Any, kwargs: Any, stand_ins: dict[int, Tensor]) -> Any:
        """Run a call on stand-ins; one that moves to another device stays where it is."""
        device = None
        if name == "data":
            func = Tensor.detach  # the same, but what is written through it is noticed
        if name in ("to", "cpu", "cuda"):
            device = "meta" if self.fake else "cpu"
            func, args, kwargs = (func, args, kwargs) if name == "to" else (Tensor.to, (args[0], device), {})
        run = mapped((args, kwargs), lambda one: stand_ins[id(one)], device)
        try:
            return func(*run[0], **run[1])
        except Exception:  # a setting may be a tensor, which needs its number
            single = [one for _, one in leaves((args, kwargs), "") if not one.ndim and not one.is_meta]
            numbers = {id(one): one.item() for one in single if stand_ins[id(one)].is_meta}
            if not numbers:
                raise
        run = mapped((args, kwargs), lambda one: numbers.get(id(one), stand_ins[id(one)]), device)
        return func(*run[0], **run[1])

    def _translated(self, name: str, call: Any) -> list[Ref | None] | None:
        """Return what a rule emits for each output, or None where no rule stands for the call."""
        rule, drafts = RULES.get(name), len(self.tape.drafts)
        if rule is None or not self.tape.expected:
            return None
        try:
            bound = strict(rule, self.tape, call)
            if bound is None:
                return None  # arguments of which the rule knows nothing
            made = rule(*bound.args, **bound.kwargs)
        except (Unknown, ShapeError, TypeError, ValueError, AttributeError, ArithmeticError, LookupError):
            # PyTorch took these arguments; what a rule makes nothing of is unknown, and no fault of the network.
            del self.tape.drafts[drafts:]
            return None
        found = list(made) if isinstance(made, tuple) else [made]
        wanted = self.tape.expected
        if len(found) != len(wanted) or any(
            ref is not None and (ref.shape, ref.dtype) != one for ref, one in zip(found, wanted, strict=True)
        ):
            del self.tape.drafts[drafts:]
            return None
        return found

    def _unknown(self, name: str, arrays: list[Ref], index: int | None, like: Tensor | None = None) -> Ref:
        shape, dtype = (
            (tuple(like.shape), type_name(like.dtype)) if like is not None else self.tape.expected[index or 0]
        )
        operation = f"{name}, result {index}" if index else name
        return self.tape.unknown(operation, arrays, shape, dtype)

    def _constant(self, func: Any, name: str, args: Any, kwargs: Any, back: bool) -> Any:
        """Run a call that does not depend on the network's input or weights: with its numbers, on the processor."""
        given = [one for _, one in leaves((args, kwargs), "")]
        if self._names_batch((args, kwargs)):
            if name in FILLS:
                return self._call(func, name, args, {**kwargs, "device": "meta"}, given)
            if name in SPREADS:
                return self._call(func, name, args, kwargs, given)
            raise BatchUsed(f"makes an array of the batch's size ({name}) in {self.tape.path or 'its forward'}")
        run = mapped((args, kwargs), self.tensors.copy_of, "cpu")
        made = func(*run[0], **run[1])
        for _, one in leaves(made, ""):
            if one.is_meta:
                raise NeedsValues(name)
            if name in RANDOM:
                self.tape.expected = ((tuple(one.shape), type_name(one.dtype)),)
                twin = torch.empty_like(one, device="meta") if self.fake else one
                self.tensors.learn(twin, self._unknown(name, [], 0))
                return twin
            if back:
                self.tensors.learn(one, functools.partial(self.tensors.outside, one))
            else:
                self.tensors.learn_constant(one, empty=name in EMPTY)
        return made

    def _names_batch(self, call: Any) -> bool:
        def inside(one: Any) -> bool:
            if isinstance(one, dict):
                return any(map(inside, one.values()))
            if isinstance(one, list | tuple):
                return any(map(inside, one))
            return isinstance(one, int) and grows(one, self.batch)

        return self.batch >= BATCH and inside(call)

    def _read(self, name: str, given: list[Tensor]) -> None:
        """Note that Python takes the numbers of arrays: to decide, or to make something of them."""
        where, decides = self.tape.path or "its forward", name in DECIDES
        for one in given:
            ref = self.tensors.ref(one)
            self.tape.read(ref, name.strip("_"), decides=decides)
            if name in SHARES:
                self.tensors.lend(one)
            if not decides and ref not in self.leaving.left:
                self.leaving.left.append(ref)
        self._note(
            f"The network takes a decision by its numbers in {where}: the graph is what it did for the given input."
            if decides
            else f"Values leave PyTorch in {where} ({name.strip('_')}): nothing is known of what is made of them; what "
            "they decide, the graph has as it was for the given input."
        )

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _check_batched(self, name: str, x: Tensor) -> None:
        """Refuse an input without its batch, which PyTorch's convolutions and poolings take as well."""
        rank = UNBATCHED.get(name)
        if rank is None or x.ndim != rank + 1:
            return
        ref = self.tensors.ref(x)
        if ref.node is not None and self.tape.drafts[ref.node].op == INPUT:
            shape, channels = tuple(x.shape), "channels, " + ", ".join(("depth", "height", "width")[-rank:])
            raise ShapeError(
                f"{name} takes (batch, {channels}), but {self.tape.drafts[ref.node].path} is {shape}: give the shape "
                f"of one example with its channels, such as {shape}, or an example with its batch axis, x[None]"
            )
