"""Any PyTorch module into a graph: its forward runs once on tensors without numbers, and every call is written down.

The calls are seen where users write them (``F.conv2d``, ``x + y``, ``x.view(...)``), by a mode for functions and not by
hooks; which module runs is read from the Python frames. What ``translate`` has no rule for is entered, if it is written
in Python, and else recorded as unknown. Nothing of the model is touched: it never sees its own weights, and what its
forward leaves behind on it is put back.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from convscope.errors import ConfigError, ShapeError
from convscope.graph.builder import BatchUsed
from convscope.graph.graph import Graph
from convscope.graph.record.batch_size import BATCH, DIVISIBLE, Uses, grows
from convscope.graph.record.exported import exported_batch, opened_export
from convscope.graph.record.inputs import Input, bound_inputs
from convscope.graph.record.log import Call, Comparison, Keep, Key
from convscope.graph.record.nested import tensors_in
from convscope.graph.record.no_trace import no_trace
from convscope.graph.record.recorder import NeedsValues, Recorder
from convscope.graph.record.weights import Weights, parameters


def record(model: nn.Module, input_shape: Any) -> Graph:
    """Return the graph of a network in evaluation, as it runs on an input of ``input_shape``.

    Args:
        model: any module, on any device, also on ``meta`` (then no weights are held at all).
        input_shape: the shape of one example, (3, 224, 224), without the batch; ``"tokens:int64:23"`` (name, type,
            shape) for an input of another type; a tensor with its batch, as an example; or a list of those for several
            inputs. A name that the forward has as a parameter is given by keyword.

    Raises:
        ConfigError: not a module, lazy or scripted modules, an input that cannot be read.
        ShapeError: the forward failed: its own message, the layer that was reached and the shapes up to there.

    >>> record(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), (1, 8, 8)).nodes[1].shape
    (1, 4, 6, 6)
    """
    model = checked(model)
    return recording(model, bound_inputs(model, input_shape)).graph


@dataclass(frozen=True)
class Recording:
    """A graph; the calls that it was made of; for each node, by number, which call it is the result of."""

    graph: Graph
    calls: Sequence[Call]
    places: Mapping[int, Key]
    uses: Uses


def recording(model: nn.Module, inputs: list[Input]) -> Recording:
    """Return what is recorded of a checked network: for any batch; else for one example; else with real numbers."""
    exported = exported_batch(model)
    if exported == 1:
        return _of_one(model, inputs, "The network was exported for a batch of 1")
    if exported is not None:
        raise ShapeError(
            f"the module was exported for a batch of {exported} and computes with that size: export it for one "
            "example, or for any batch (dynamic_shapes of torch.export.export)"
        )
    try:
        batched = record_forward(model, inputs, BATCH, fake=True)
    except BatchUsed as reason:
        return _of_one(model, inputs, f"The network {reason}")
    except Exception:  # perhaps it takes one example only; if not, the next attempt fails with a plainer message
        return _of_one(model, inputs, "The network failed on a batch of many")
    return _for_any_batch(model, inputs, batched)


def _for_any_batch(model: nn.Module, inputs: list[Input], batched: Recording) -> Recording:
    """Return the recording of a batch if it is valid for any; else that of one example.

    A network that never looks at the size of its batch does the same for every size. One that looks is recorded with
    one example too, with a batch of many divisors (1 and a prime have none), and with the batches for which something
    that it made of the size differs; and the calls are compared.
    """
    batches = [1] if batched.uses.looked or any(map(_spends_batch, batched.calls)) else []
    batches += [DIVISIBLE] if batched.uses.looked else []
    batches += sorted(batched.uses.batches - {1, BATCH, DIVISIBLE})
    for batch in batches:
        try:
            other = record_forward(model, inputs, batch, fake=True)
        except Exception:  # the network's own code raises what it likes
            where = ""
        else:
            where = Comparison((BATCH, batch)).difference(batched.calls, other.calls)
        if where is not None:
            return _of_one(model, inputs, f"The network depends on the size of its batch in {where or 'its forward'}")
    return batched


def _spends_batch(call: Call) -> bool:
    """Return whether a call makes an array that does not grow with the batch, or may not, out of one that does."""

    def has_batch(array: Tensor) -> bool:
        return any(map(grows, array.shape))

    # Of one example a squeeze may take away the batch's axis.
    kept = call.name != "squeeze" and all(map(has_batch, call.results()))
    return not kept and any(map(has_batch, tensors_in(call.arguments)))


def _of_one(model: nn.Module, inputs: list[Input], reason: str) -> Recording:
    """Return the recording of one example: without numbers, or with them if the forward asks for them."""
    notes = (f"{reason}: this graph is valid for one example at a time.",)
    try:
        return record_forward(model, inputs, 1, fake=True, notes=notes)
    except Exception as error:  # the network's own code: with numbers it may succeed
        if any(array.is_meta for array in (*model.parameters(), *model.buffers())):
            if not isinstance(error, NeedsValues):
                raise
            raise ConfigError(
                f"{type(model).__name__} asks for numbers ({error}), and was built without weights: build it with them"
            ) from None
    actual = record_forward(model, inputs, 1, fake=False)  # where this fails as well, PyTorch's own message says why
    return actual if actual.graph.notes else replace(actual, graph=replace(actual.graph, notes=notes))


def checked(model: Any) -> nn.Module:
    """Return the module to record; ``ConfigError`` for what is none, and for lazy and scripted ones."""
    if not isinstance(model, nn.Module):
        hint = ", not its class: build it first" if isinstance(model, type) else ""
        hint = ": give its module()" if type(model).__name__ == "ExportedProgram" else hint
        raise ConfigError(f"record expects a torch.nn.Module{hint}; found {type(model).__name__}")
    model = opened_export(getattr(model, "_orig_mod", model))  # what torch.compile wraps
    for path, module in model.named_modules():
        where = f"{path or 'the model'} ({type(module).__name__})"
        if isinstance(module, torch.jit.ScriptModule):
            raise ConfigError(f"{where} is scripted: its operations cannot be seen; record the module it was made from")
        own = (*module.parameters(recurse=False), *module.buffers(recurse=False))
        if any(torch.nn.parameter.is_lazy(array) for array in own):
            raise ConfigError(f"{where} is lazy and has no weights yet: run the model once on an input, then record it")
    return model


def record_forward(
    model: nn.Module,
    inputs: list[Input],
    batch: int,
    *,
    fake: bool,
    notes: tuple[str, ...] = (),
    keep: Keep | None = None,
) -> Recording:
    """Return what one forward on a ``batch`` of the inputs does; ``keep`` is told the result of every call.

    With ``fake`` no numbers are computed. Raises ``ShapeError`` where the forward fails, and ``BatchUsed`` or
    ``NeedsValues`` where it cannot be recorded so.
    """
    device = nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu")
    printed = io.StringIO() if fake else sys.stderr  # what the forward prints is no part of the answer
    with no_trace(model), torch.inference_mode(False), torch.no_grad(), device, eager(model), redirect_stdout(printed):
        for module in model.modules():
            module.__dict__["training"] = False  # not ``eval``, which a class may have made into something else
        recorder = Recorder(model, batch, fake=fake, keep=keep)
        positional, named = recorder.tensors_of(inputs)
        try:
            with recorder:
                returned = model(*positional, **named)
        except (BatchUsed, NeedsValues):
            raise
        except Exception as error:  # the network's own code raises what it likes
            _refuse(recorder, error)
        outputs = recorder.outputs(returned)
    nodes, constants, reads = recorder.builder.finish(recorder.modules.classes)
    names = {key: nodes[at].name for key, at in outputs.items()}
    learned, buffers, shared = parameters(model)
    graph = Graph(
        type(model).__name__,
        nodes,
        names,
        recorder.modules.classes,
        learned,
        buffers,
        shared,
        constants,
        (*notes, *recorder.notes),
        batch == BATCH,
        Weights(model),
        reads,
    )
    return Recording(graph, recorder.log.calls, recorder.log.places(), recorder.uses)


def eager(model: nn.Module) -> AbstractContextManager[Any]:
    """Return what keeps compiled modules from being compiled: their calls could not be seen."""
    compiled = ("_orig_mod", "_compiled_call_impl")  # torch.compile(module), module.compile()
    if any(getattr(module, name, None) is not None for module in model.modules() for name in compiled):
        return torch.compiler.set_stance("force_eager")
    return nullcontext()


def _refuse(recorder: Recorder, error: Exception) -> NoReturn:
    """Raise what the network said, with the layer that it had reached and the shapes so far."""
    reached, trace = "", error.__traceback__
    while trace:
        reached = recorder.modules.path_of(trace.tb_frame) or reached
        trace = trace.tb_next
    reason = str(error) if type(error) is RuntimeError else f"{type(error).__name__}: {error}"
    passed = [f"{draft.path or draft.op} {draft.shape}" for draft in recorder.builder.drafts[-4:]]
    raise ShapeError(
        f"{reached or type(recorder.model).__name__} ({recorder.modules.classes.get(reached, '')}) failed: {reason}; "
        f"the last shapes were {', '.join(passed)}"
        + ("; a batch of one example was tried" if recorder.batch == 1 else "")
    ) from error
