"""One forward of a network with gradients, from where they are taken on: its input, or the embeddings of its tokens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from convscope.errors import ConfigError, Error, ShapeError
from convscope.explaining.embeddings import Embeddings
from convscope.explaining.explained import Explained
from convscope.explaining.failures import check_finite, failed
from convscope.explaining.score import Score, answering
from convscope.graph.record.nested import named_tensors
from convscope.graph.record.watch import Place, Watch

Change = Callable[[Tensor], Tensor]  # of the inputs (N, C, *space) of a batch, or the embeddings of its tokens

NO_GRADIENT = (
    "no gradient arrives at the input: the network's code cuts it off, or takes the numbers out of PyTorch (detach, "
    "numpy, item); occlusion and rise need none"
)


@dataclass
class Forward:
    """One forward: the ``scores`` (N,), what they are a function of, and the value at a node where it was asked.

    ``entries`` are what the network was given, (N, C, *space) each: one input, or of tokens what every table gives.
    """

    scores: Tensor
    entries: list[Tensor]
    kept: list[tuple[Tensor, GradientEdge]] = field(default_factory=list[tuple[Tensor, GradientEdge]])

    @property
    def entry(self) -> Tensor:
        """What the gradients are taken of, as numbers: (N, C, *space)."""
        return _joined([entry.detach() for entry in self.entries])

    def gradient(self, *, again: bool = False) -> Tensor:
        """Return the gradient of the scores by the entry, (N, C, *space); ``again``: another one is to follow."""
        return _joined(_slopes(self.scores, self.entries, again=again))

    def at_node(self, *, again: bool = False) -> tuple[Tensor, Tensor]:
        """Return the value at the node that was kept and the gradient of the scores by it, (N, K, *places)."""
        value, edge = self.kept[-1]
        return value, _slopes(self.scores, [edge], again=again)[0]


def _joined(tensors: list[Tensor]) -> Tensor:
    return torch.cat(tensors, 1) if len(tensors) > 1 else tensors[0]


def _slopes(scores: Tensor, of: list[Tensor] | list[GradientEdge], *, again: bool) -> list[Tensor]:
    if not scores.requires_grad:
        raise ConfigError(NO_GRADIENT)
    try:
        return list(torch.autograd.grad(scores.sum(), of, retain_graph=again))
    except RuntimeError as error:
        if "not have been used" in str(error):
            raise ConfigError(NO_GRADIENT) from None
        if "inplace operation" not in str(error):
            raise
        reason = str(error).partition(" Hint:")[0]
        raise ConfigError(f"the network has no gradient: {reason}; occlusion and rise need none") from error


@contextmanager
def _slow_recurrence(model: nn.Module, x: Tensor) -> Iterator[None]:
    """Keep CUDA's recurrent layers, whose gradients exist in training mode only, from being used."""
    recurrent = x.is_cuda and any(isinstance(module, nn.RNNBase) for module in model.modules())
    with torch.backends.cudnn.flags(enabled=False) if recurrent else contextlib.nullcontext():
        yield


@contextmanager
def forward(
    explained: Explained, score: Score, change: Change | None = None, *, place: Place | None = None
) -> Iterator[Forward]:
    """Run the network on the inputs, as they are or with a ``change``, and give what gradients can be taken of.

    ``place``: the node whose value and gradient are kept. The network is in evaluation mode until this is left, and
    then as it was, also after an exception. Raises ``ShapeError`` where it does not take inputs of this size, and
    ``ConfigError`` where its weights are no numbers.
    """
    with ExitStack() as stack:
        stack.enter_context(answering(explained.model))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_slow_recurrence(explained.model, explained.x))
        entries: list[Tensor] = []
        kept: list[tuple[Tensor, GradientEdge]] = []

        def enter(value: Tensor) -> Tensor:
            value = value.detach() if change is None else change(value.detach())
            entries.append((value.clone() if value.is_inference() else value.detach()).requires_grad_())
            return entries[-1].clone()  # the network may write to it

        def keep(tensor: Tensor) -> None:
            kept[:] = [(tensor.detach().clone(), _edge(tensor))]

        watch = None if place is None else Watch(place, keep)
        scores = _scores(explained, score, enter, watch)
        if not entries:
            raise ConfigError(
                "the network looks its tokens up in no table (torch.nn.functional.embedding), so that nothing of them "
                "has a gradient; occlusion of sequences needs none"
            )
        if watch is not None and not kept:
            raise ConfigError(
                "the network takes another way with these inputs than when it was recorded, without the layer"
            )
        yield Forward(scores, entries, kept)


def _edge(tensor: Tensor) -> GradientEdge:
    if not tensor.requires_grad:
        raise ConfigError("no gradient arrives at the layer: it does not depend on the network's input")
    return get_gradient_edge(tensor)


def without_gradient(explained: Explained, score: Score, change: Change | None = None) -> Tensor:
    """Return the scores (N,) float64 of the inputs, changed or as they are; raises as ``forward``."""
    with answering(explained.model), torch.inference_mode():
        return _scores(explained, score, change or (lambda value: value), None).double()


def _scores(explained: Explained, score: Score, enter: Change, watch: Watch | None) -> Tensor:
    try:
        with ExitStack() as stack:
            x = explained.x
            if explained.tokens:
                stack.enter_context(Embeddings(x, enter))
            else:
                x = enter(x)
            if watch is not None:  # sees the calls first, so that it counts none of the others' own
                stack.enter_context(watch)
            outputs = explained.model(x)
    except Error:
        raise
    except Exception as error:  # the network's own code raises what it likes
        raise failed(explained, error) from error
    scores = score.of(next(tensor for _, tensor in named_tensors(outputs)))
    if scores.shape != explained.x.shape[:1]:
        raise ShapeError(f"a score must be one number an example, ({len(explained.x)},), found {tuple(scores.shape)}")
    check_finite(explained, scores.detach())
    return scores
