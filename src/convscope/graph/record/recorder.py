"""Seeing the calls of a forward, one by one, and adding them to the graph that is built."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from convscope.errors import ConfigError, ShapeError
from convscope.graph.builder import BatchUsed, GraphBuilder, Ref, Unknown
from convscope.graph.node import INPUT
from convscope.graph.record.batch_size import BATCH, Uses, grows
from convscope.graph.record.escapes import Escapes
from convscope.graph.record.inline import inlined
from convscope.graph.record.inputs import Input, example
from convscope.graph.record.log import Keep, Log
from convscope.graph.record.modules import Modules
from convscope.graph.record.names import (
    ALIKE,
    DECIDES,
    EMPTY,
    ESCAPES,
    FILLS,
    METADATA_CALLS,
    RANDOM,
    RECURRENT,
    SHARES,
    SIZES,
    SPREADS,
    UNBATCHED,
    name_of,
)
from convscope.graph.record.nested import mapped, named_tensors, tensors_in, type_name
from convscope.graph.record.strict import strict
from convscope.graph.record.tensors import Tensors
from convscope.graph.translate import RULES

AUTOCAST = ("cpu", "cuda", "mps", "xpu")  # kinds of devices for which it can be on


class NeedsValues(Exception):  # noqa: N818 - no error: recording begins anew
    """The forward asks for numbers, which tensors without numbers do not have."""


class Recorder(TorchFunctionMode):
    """Sees every call on tensors while it is active, and adds it to the graph."""

    def __init__(self, model: nn.Module, batch: int, *, fake: bool, keep: Keep | None = None):
        super().__init__()
        self.model, self.batch, self.fake = model, batch, fake
        # Of other batches than the prime one it cannot be told what grows with them: they are one example, if large.
        self.builder, self.escapes = GraphBuilder(batch if batch == BATCH else 1), Escapes(model, fake=fake)
        self.tensors = Tensors(model, self.builder, self.escapes, fake=fake)
        self.log, self.uses = Log(self.tensors, keep, whole=fake), Uses()
        self.notes: list[str] = []
        self.modules = Modules(model)

    def tensors_of(self, inputs: list[Input]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the tensors that the forward gets, by position and by keyword."""
        tensors: dict[str, Tensor] = {}
        for input in inputs:
            shape = (self.batch, *input.shape)
            tensor = torch.empty(shape, dtype=input.dtype, device="meta") if self.fake else example(input)
            self.tensors.learn(tensor, self.builder.input(input.name, shape, type_name(input.dtype)))
            self.log.input(tensor)
            tensors[input.name] = tensor
        ordered = sorted((input.position, input.name) for input in inputs if input.position is not None)
        named = {input.parameter: tensors[input.name] for input in inputs if input.position is None}
        return [tensors[name] for _, name in ordered], named

    def outputs(self, returned: Any) -> dict[str, int]:
        """Return the node of each tensor that the forward returned, by its name or place in what was returned."""
        nodes: dict[str, int] = {}
        for name, tensor in named_tensors(returned):
            ref = self.tensors.ref(tensor)
            if ref.node is None:
                ref = self.builder.emit("reshape", ref, shape=ref.shape)
            assert ref.node is not None
            nodes[name or "output"] = ref.node
        if not nodes:
            raise ConfigError(f"{type(self.model).__name__} returned no tensor, but {type(returned).__name__}")
        return nodes

    def _here(self, frame: types.FrameType | None) -> str:
        """Return the path of the module that runs; a function with a gradient of its own is noted on the way."""
        path, function = self.modules.running(frame)
        if function is not None:
            self._note(
                f"{function} in {path or 'its forward'} defines its own gradient, which cannot be recorded: gradients "
                "here are those of its forward."
            )
        return path

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = name_of(func)
        if name in METADATA_CALLS:
            answer = func(*args, **kwargs)
            return self.uses.tracked(name, answer) if name in SIZES and self.builder.batch == BATCH else answer
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        self.builder.path = self._here(caller)
        if any(map(torch.is_autocast_enabled, AUTOCAST)):
            self._note(
                f"Autocast is on in {self.builder.path or 'its forward'}: there PyTorch computes in a shorter type, "
                "the graph in the type of its weights."
            )
        with self.log.call(name, self.builder.path, (args, kwargs)) as call:
            call.result = self._recorded(func, name, args, kwargs, caller)
            return call.result

    def _recorded(self, func: Any, name: str, args: Any, kwargs: Any, caller: types.FrameType | None) -> Any:
        """Return what a call returns, and record it."""
        taken = tensors_in((args, kwargs))
        back = self.escapes.comes_back(func, name, (args, kwargs), caller)
        writes = getattr(func, "__name__", "").endswith("_")
        if not any(self.tensors.is_of_network(tensor, writes=writes) for tensor in taken):
            return self._constant(func, name, args, kwargs, back)
        if name in DECIDES or name in ESCAPES:
            if self.fake:
                raise NeedsValues(name)
            self._read(name, taken)
            if name in ESCAPES:
                return self._run(func, name, args, kwargs, {id(one): self.tensors.stand_in(one) for one in taken})
        if name not in RULES and not back and (body := inlined(func)) is not None:
            with self:
                return body(*args, **kwargs)
        self._check_batched(name, taken[0])
        if name in RECURRENT and args[0].ndim == 3 and args[0].shape[args[-1] is True] >= self.builder.batch > 1:
            raise BatchUsed(f"takes the batch for steps of time in {self.builder.path or 'its forward'}")
        return self._call(func, name, args, kwargs, taken, back)

    def _call(self, func: Any, name: str, args: Any, kwargs: Any, taken: list[Tensor], back: bool = False) -> Any:
        """Run a call on stand-ins, and record what it is in primitives; with numbers ``back`` it is unknown."""
        back_in_place = name == "setitem" and self.tensors.learn_put_back(*args)
        refs = {id(tensor): self.tensors.ref(tensor) for tensor in taken}
        stand_ins = {id(tensor): self.tensors.stand_in(tensor) for tensor in taken}
        versions = {key: stand_in._version for key, stand_in in stand_ins.items()}
        call = mapped((args, kwargs), lambda tensor: refs[id(tensor)])
        writes = kwargs.get("inplace") or getattr(func, "__name__", "").endswith("_")
        if self.fake and name in ALIKE and not writes and stand_ins[id(taken[0])].is_contiguous():
            first = refs[id(taken[0])]
            self.builder.expected = ((first.shape, first.dtype),)
            if translation := self._translated(name, call):
                output = torch.empty(first.shape, dtype=taken[0].dtype, device="meta")
                self.tensors.learn(output, translation[0] or first)
                return output
        result = self._run(func, name, args, kwargs, stand_ins)
        outputs = tensors_in(result)
        if name == "setitem" and stand_ins[id(args[0])] is args[0]:  # it returns nothing, and makes its first argument
            outputs = [args[0]]
        self.builder.expected = tuple((tuple(output.shape), type_name(output.dtype)) for output in outputs)
        translation = None if back else self._translated(name, call)
        if translation is None and not back and (body := inlined(func)) is not None:
            with self:
                return body(*args, **kwargs)
        sources = [*refs.values(), *(self.escapes.left if back else ())]
        for i, (output, ref) in enumerate(zip(outputs, translation or [None] * len(outputs), strict=True)):
            self.tensors.learn(output, ref or functools.partial(self._unknown, name, sources, i, output))
            if translation is None:
                self.tensors.ref(output)
        output_ids = set(map(id, outputs))
        for tensor in taken:
            stand_in = stand_ins[id(tensor)]
            if stand_in._version != versions[id(tensor)] and id(stand_in) not in output_ids:
                if back_in_place and tensor is args[2]:  # it stays what it was
                    self.tensors.learn(tensor, refs[id(tensor)])
                elif stand_in is tensor:
                    unknown = functools.partial(self._unknown, name, list(refs.values()), None, tensor)
                    self.tensors.learn(tensor, unknown)
                else:
                    self.tensors.learn_written(tensor)
        return result

    def _run(self, func: Any, name: str, args: Any, kwargs: Any, stand_ins: dict[int, Tensor]) -> Any:
        """Run a call on stand-ins; one that moves to another device stays where it is."""
        device = None
        if name == "data":
            func = Tensor.detach  # the same, but what is written through it is noticed
        if name in ("to", "cpu", "cuda"):
            device = "meta" if self.fake else "cpu"
            func, args, kwargs = (func, args, kwargs) if name == "to" else (Tensor.to, (args[0], device), {})
        run = mapped((args, kwargs), lambda tensor: stand_ins[id(tensor)], device)
        try:
            return func(*run[0], **run[1])
        except Exception:  # a setting may be a tensor, which needs its number
            single = [tensor for tensor in tensors_in((args, kwargs)) if not tensor.ndim and not tensor.is_meta]
            numbers = {id(tensor): tensor.item() for tensor in single if stand_ins[id(tensor)].is_meta}
            if not numbers:
                raise
        run = mapped((args, kwargs), lambda tensor: numbers.get(id(tensor), stand_ins[id(tensor)]), device)
        return func(*run[0], **run[1])

    def _translated(self, name: str, call: Any) -> list[Ref | None] | None:
        """Return what a rule emits for each output, or None where no rule stands for the call."""
        rule, drafts = RULES.get(name), len(self.builder.drafts)
        if rule is None or not self.builder.expected:
            return None
        try:
            bound = strict(rule, self.builder, call)
            if bound is None:
                return None  # arguments of which the rule knows nothing
            result = rule(*bound.args, **bound.kwargs)
        except (Unknown, ShapeError, TypeError, ValueError, AttributeError, ArithmeticError, LookupError):
            # PyTorch took these arguments; where a rule fails on them the call is unknown, and no fault of the network.
            del self.builder.drafts[drafts:]
            return None
        refs: list[Ref | None] = [*result] if isinstance(result, tuple) else [result]
        expected = self.builder.expected
        if len(refs) != len(expected) or any(
            ref is not None and (ref.shape, ref.dtype) != output for ref, output in zip(refs, expected, strict=True)
        ):
            del self.builder.drafts[drafts:]
            return None
        return refs

    def _unknown(self, name: str, arrays: list[Ref], index: int | None, like: Tensor) -> Ref:
        operation = f"{name}, result {index}" if index else name
        return self.builder.unknown(operation, arrays, tuple(like.shape), type_name(like.dtype))

    def _constant(self, func: Any, name: str, args: Any, kwargs: Any, back: bool) -> Any:
        """Run a call that does not depend on the network's input or weights: with its numbers, on the processor."""
        if self._names_batch((args, kwargs)):
            taken = tensors_in((args, kwargs))
            if name in FILLS:
                return self._call(func, name, args, {**kwargs, "device": "meta"}, taken)
            if name in SPREADS:
                return self._call(func, name, args, kwargs, taken)
            raise BatchUsed(f"makes an array of the batch's size ({name}) in {self.builder.path or 'its forward'}")
        run = mapped((args, kwargs), self.tensors.copy_of, "cpu")
        result = func(*run[0], **run[1])
        for tensor in tensors_in(result):
            if tensor.is_meta:
                raise NeedsValues(name)
            if name in RANDOM:
                twin = torch.empty_like(tensor, device="meta") if self.fake else tensor
                self.tensors.learn(twin, self._unknown(name, [], None, tensor))
                return twin
            if back:
                self.tensors.learn(tensor, functools.partial(self.tensors.outside, tensor))
            else:
                self.tensors.learn_constant(tensor, empty=name in EMPTY)
        return result

    def _names_batch(self, value: Any) -> bool:
        """Return whether the size of the batch is among the arguments of a call."""
        if isinstance(value, dict | list | tuple):
            return any(map(self._names_batch, cast("Any", value.values() if isinstance(value, dict) else value)))
        return self.batch >= BATCH and isinstance(value, int) and grows(value, self.batch)

    def _read(self, name: str, taken: list[Tensor]) -> None:
        """Note that Python takes the numbers of arrays: to decide, or to make something of them."""
        path, call, decides = self.builder.path, name.strip("_"), name in DECIDES
        for tensor in taken:
            ref = self.tensors.ref(tensor)
            self.builder.read(ref, call, decides=decides)
            if name in SHARES:
                self.tensors.lend(tensor)
            if not decides and ref not in self.escapes.left:
                self.escapes.left.append(ref)
        self._note(
            f"Data-dependent control flow in {path or 'its forward'}: this graph is valid for this input only."
            if decides
            else f"{path or 'Its forward'} leaves PyTorch (.{call}()): what happens there cannot be recorded; its "
            "results are unknown. What is decided by them is as for this input."
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
        if ref.node is not None and self.builder.drafts[ref.node].op == INPUT:
            shape, axes = tuple(x.shape), ", ".join(("depth", "height", "width")[-rank:])
            raise ShapeError(
                f"{name} takes (batch, channels, {axes}), but {self.builder.drafts[ref.node].path} is {shape}: give "
                f"the shape of one example with its channels, such as {shape}, or an example with its batch axis, "
                "x[None]"
            )
