"""Seeing the calls of a forward, one by one, and writing them on the tape."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from convscope.errors import ConfigError, ShapeError
from convscope.graph.record.inputs import Input, example
from convscope.graph.record.names import ALIKE, FILLS, LOOKS, RANDOM, READS, RECURRENT, SPREADS, name_of
from convscope.graph.record.nested import leaves, mapped, type_name
from convscope.graph.tape import BatchUsed, Ref, Tape, Unknown
from convscope.graph.translate import RULES


class NeedsValues(Exception):  # noqa: N818 - no error: recording begins anew
    """The forward asks for numbers, which tensors without numbers do not have."""


class Recorder(TorchFunctionMode):
    """Sees every call on tensors while it is active, and writes it on the tape."""

    def __init__(self, model: nn.Module, batch: int, *, fake: bool):
        super().__init__()
        self.model, self.fake = model, fake
        self.tape = Tape(batch)
        self.notes: list[str] = []
        self.modules = {id(module): path for path, module in model.named_modules()}
        self.classes = {path: type(module).__name__ for path, module in model.named_modules()}
        self._kept: list[Any] = []  # so that no ``id`` is used twice
        # Arrays of the network: what they are, and their version then.
        self._known: dict[int, tuple[Ref | Callable[[], Ref], int]] = {}
        self._constants: set[int] = set()  # arrays with numbers that the forward made
        self._stand_ins: dict[int, Tensor] = {}  # of the tensors that were there before
        self._spoilt: set[int] = set()  # of those, the ones that were written to
        for name, one in (*model.named_parameters(), *model.named_buffers()):
            if one.is_floating_point() or one.is_meta or isinstance(one, nn.Parameter):  # else it is a constant
                ref = Ref(tuple(one.shape), type_name(one.dtype), name=name)
                self._known.setdefault(id(one), (ref, -1))

    def given(self, inputs: list[Input]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the tensors that the forward gets, by position and by keyword."""
        positional, named = [], {}
        for one in inputs:
            shape = (self.tape.batch, *one.shape)
            tensor = torch.empty(shape, dtype=one.dtype, device="meta") if self.fake else example(one)
            self._learn(tensor, self.tape.input(one.name, shape, type_name(one.dtype)))
            if one.keyword:
                named[one.name] = tensor
            else:
                positional.append(tensor)
        return positional, named

    def outputs(self, made: Any) -> dict[str, int]:
        """Return the node of each tensor that the forward returned, by its name or place in what was returned."""
        found: dict[str, int] = {}
        for key, one in leaves(made, ""):
            ref = self._ref(one)
            if ref.node is None:
                ref = self.tape.emit("reshape", ref, shape=ref.shape)
            assert ref.node is not None
            found[key or "output"] = ref.node
        if not found:
            raise ConfigError(f"{type(self.model).__name__} returned no tensor, but {type(made).__name__}")
        return found

    def path_of(self, frame: types.FrameType | None) -> str | None:
        """Return the path of the module whose method a frame is, "" for the network itself."""
        if frame is None or frame.f_code.co_varnames[:1] != ("self",):
            return None
        return self.modules.get(id(frame.f_locals.get("self")))

    def _here(self) -> str:
        frame = sys._getframe(2)
        while frame is not None:
            path = self.path_of(frame)
            if path is not None:
                return path
            frame = frame.f_back
        return ""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = name_of(func)
        if name in LOOKS:
            return func(*args, **kwargs)
        given = [one for _, one in leaves((args, kwargs), "")]
        self.tape.path = self._here()
        if not any(self._is_of_network(one) for one in given):
            return self._constant(func, name, args, kwargs)
        if name in READS:
            if self.fake:
                raise NeedsValues(name)
            self._decided(name)
        if name not in RULES and (opened := _opened(func)) is not None:
            with self:
                return opened(*args, **kwargs)
        if name in RECURRENT and args[0].ndim == 3 and args[0].shape[args[-1] is True] >= self.tape.batch > 1:
            raise BatchUsed(f"takes the batch for steps of time in {self.tape.path or 'its forward'}")
        return self._call(func, name, args, kwargs, given)

    def _call(self, func: Any, name: str, args: Any, kwargs: Any, given: list[Tensor]) -> Any:
        """Run a call on stand-ins, and write down what it is in primitives."""
        refs = {id(one): self._ref(one) for one in given}
        stand_ins = {id(one): self._stand_in(one) for one in given}
        before = {key: one._version for key, one in stand_ins.items()}
        call = mapped((args, kwargs), lambda one: refs[id(one)])
        writes = kwargs.get("inplace") or getattr(func, "__name__", "").endswith("_")
        if self.fake and name in ALIKE and not writes and stand_ins[id(given[0])].is_contiguous():
            first = refs[id(given[0])]
            self.tape.expected = ((first.shape, first.dtype),)
            if made := self._translated(name, call):
                output = torch.empty(first.shape, dtype=given[0].dtype, device="meta")
                self._learn(output, made[0] or first)
                return output
        made = self._run(func, name, args, kwargs, stand_ins)
        outputs = [one for _, one in leaves(made, "")]
        self.tape.expected = tuple((tuple(one.shape), type_name(one.dtype)) for one in outputs)
        found = self._translated(name, call)
        if found is None and (opened := _opened(func)) is not None:
            with self:
                return opened(*args, **kwargs)
        for i, (one, ref) in enumerate(zip(outputs, found or [None] * len(outputs), strict=True)):
            self._learn(one, ref or functools.partial(self._unknown, name, list(refs.values()), i, one))
            if found is None:
                self._ref(one)
        written = {id(one) for one in outputs}
        for one in given:
            stand_in = stand_ins[id(one)]
            if stand_in._version != before[id(one)] and id(stand_in) not in written:
                if stand_in is one:
                    self._learn(one, self._unknown(name, list(refs.values()), None, one))
                else:
                    self._spoilt.add(id(one))
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
        return func(*run[0], **run[1])

    def _translated(self, name: str, call: Any) -> list[Ref | None] | None:
        """Return what a rule emits for each output, or None where no rule stands for the call."""
        rule, drafts = RULES.get(name), len(self.tape.drafts)
        if rule is None or not self.tape.expected:
            return None
        args, kwargs = call
        try:
            _signature(rule).bind(self.tape, *args, **kwargs)
        except TypeError:
            return None  # arguments of which the rule knows nothing
        try:
            made = rule(self.tape, *args, **kwargs)
        except (Unknown, ShapeError):
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

    def _constant(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """Run a call that does not depend on the network's input or weights: with its numbers, on the processor."""
        given = [one for _, one in leaves((args, kwargs), "")]
        if self._names_batch((args, kwargs)):
            if name in FILLS:
                return self._call(func, name, args, {**kwargs, "device": "meta"}, given)
            if name in SPREADS:
                return self._call(func, name, args, kwargs, given)
            raise BatchUsed(f"makes an array of the batch's size ({name}) in {self.tape.path or 'its forward'}")
        run = mapped((args, kwargs), self._copy_of, "cpu")
        made = func(*run[0], **run[1])
        for _, one in leaves(made, ""):
            if one.is_meta:
                raise NeedsValues(name)
            if name in RANDOM:
                self.tape.expected = ((tuple(one.shape), type_name(one.dtype)),)
                twin = torch.empty_like(one, device="meta") if self.fake else one
                self._learn(twin, self._unknown(name, [], 0))
                return twin
            self._kept.append(one)
            self._constants.add(id(one))
        return made

    def _names_batch(self, call: Any) -> bool:
        def inside(one: Any) -> bool:
            if isinstance(one, dict):
                return any(map(inside, one.values()))
            if isinstance(one, list | tuple):
                return any(map(inside, one))
            return isinstance(one, int) and not isinstance(one, bool) and one != 0 and one % self.tape.batch == 0

        return self.tape.batch > 1 and inside(call)

    def _decided(self, name: str) -> None:
        where = self.tape.path or "its forward"
        note = f"The network takes a decision by its numbers in {where}: the graph is what it did for the given input."
        if note not in self.notes:
            self.notes.append(note)

    def _is_of_network(self, one: Tensor) -> bool:
        return id(one) in self._known or (one.is_meta and id(one) not in self._constants)

    def _ref(self, one: Tensor) -> Ref:
        shape, dtype = tuple(one.shape), type_name(one.dtype)
        if id(one) in self._spoilt:
            return self.tape.unknown("written to in place", [], shape, dtype)
        if id(one) in self._known:
            ref, version = self._known[id(one)]
            if not isinstance(ref, Ref):
                ref = ref()
                self._known[id(one)] = ref, version
            weight = self._stand_ins.get(id(one)) if version == -1 else None
            if weight is not None and weight._version:
                return self.tape.unknown("a weight that is written to", [ref], shape, dtype)
            if version in (-1, one._version):
                return ref
            return self.tape.unknown("written to through another view of it", [ref], shape, dtype)
        if one.is_meta:
            return self.tape.unknown("an array that came from nowhere", [], shape, dtype)
        copy = self._copy_of(one).detach()
        if copy.dtype == torch.bfloat16:
            return self.tape.unknown("a constant in bfloat16", [], shape, dtype)
        return self.tape.constant(copy.cpu().numpy().copy())

    def _learn(self, one: Tensor, ref: Ref | Callable[[], Ref]) -> None:
        """Note what an array is; a result that no rule tells is written down as unknown when it is used."""
        self._kept.append(one)
        self._known[id(one)] = (ref, one._version)

    def _copy_of(self, one: Tensor) -> Tensor:
        """Return the array itself if the forward made it, else a copy: what was there before is never written to."""
        if id(one) in self._constants:
            return one
        if id(one) not in self._stand_ins:
            self._stand_ins[id(one)] = one.detach().to("cpu", copy=True)
            self._kept.append(one)
            self._constants.add(id(self._stand_ins[id(one)]))
        return self._stand_ins[id(one)]

    def _stand_in(self, one: Tensor) -> Tensor:
        """Return what a call on this array is run on: without numbers, or the array itself."""
        ref = self._known.get(id(one))
        if (one.is_meta and ref is None) or (ref is not None and ref[1] != -1):  # -1: a weight
            return one
        if not self.fake:
            return self._copy_of(one)
        if id(one) in self._stand_ins and self._stand_ins[id(one)].is_meta:
            return self._stand_ins[id(one)]
        twin = torch.empty_like(one, device="meta")
        if ref is not None:
            self._stand_ins[id(one)] = twin
        self._kept += [one, twin]
        return twin


@functools.cache
def _signature(rule: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(rule)


@functools.cache
def _opened(func: Any) -> Callable[..., Any] | None:
    """Return a function of PyTorch's that is written in Python, without the question whether a mode wants to see it.

    So its body is run and the calls in it are seen. None where it is not written in Python.
    """
    if not isinstance(func, types.FunctionType) or not func.__module__.startswith("torch."):
        return None
    blind = dict.fromkeys(
        ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"), lambda *_: False
    )
    asked = [name for name in blind if name in func.__globals__ and name in func.__code__.co_names]
    if not asked:
        return None
    made = types.FunctionType(
        func.__code__, {**func.__globals__, **blind}, func.__name__, func.__defaults__, func.__closure__
    )
    made.__kwdefaults__ = func.__kwdefaults__
    return made
