"""Weights laid into a network where they fit, and what is said where they do not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from convscope.errors import CheckpointError
from convscope.models.network_entry import UNET
from convscope.models.registry import entry, names
from convscope.models.weights import Weights, as_published, children_of, mentions

SHOWN = 4  # of the tensors that do not fit


@dataclass
class _Fit:
    """How tensors fit a network: what can be taken, what starts fresh, and what is wrong."""

    taken: dict[str, Tensor] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    kernel: str | None = None  # the first kernel, where only its number of inputs differs
    missing: list[str] = field(default_factory=list)
    misshapen: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return len(self.missing) + len(self.misshapen) + len(self.unexpected)


def load_into(model: nn.Module, weights: Weights, *, head_is_new: bool) -> tuple[str, ...]:
    """Copy weights into a network, in place, and return what was done, in sentences for the user.

    The trunk must fit: the same names and shapes, but for the first kernel, which is brought to another number of
    channels. A new head stays as it is; of the network's own head the layers from the first that does not fit stay so.

    Raises ``CheckpointError`` with the names, counts and shapes where the weights are of another architecture, and
    which networks they would fit. The model is then untouched.
    """
    fit = _fit(model, weights, head_is_new)
    if fit.wrong:
        raise CheckpointError(_refusal(model, weights, fit))
    notes = []
    if fit.kernel:
        kernel, wanted = weights.tensors[fit.kernel], model.state_dict()[fit.kernel].shape[1]
        fit.taken[fit.kernel] = _for_channels(kernel, wanted)
        how = (
            "summed over them, nearly what a grey image in colour would give" if wanted == 1 else "repeated and scaled"
        )
        had = f"{kernel.shape[1]} channel{'s' if kernel.shape[1] > 1 else ''}"
        notes.append(f"the first kernel, {fit.kernel}, takes {had} and these images have {wanted}: it was {how}")
    if fit.fresh and head_is_new:
        notes.append("the head is new: its weights start fresh")
    elif fit.fresh:
        notes.append(_why_fresh(model, weights, fit.fresh))
    model.load_state_dict(fit.taken, strict=False)
    return tuple(notes)


def _fit(model: nn.Module, weights: Weights, head_is_new: bool) -> _Fit:
    """Compare a network's tensors with those at hand, without touching either."""
    fit, tensors, own = _Fit(), weights.tensors, model.state_dict()
    trunk, top = children_of(model, weights.model)
    first = next((name for name, tensor in own.items() if tensor.ndim >= 4), None)
    fresh = head_is_new
    for name, wanted in own.items():
        candidate, in_head = tensors.get(name), name.partition(".")[0] in top
        if name.endswith("num_batches_tracked") and (candidate is None or candidate.shape != wanted.shape):
            continue  # a count that older files do not have, and that nothing needs
        fits = candidate is not None and candidate.shape == wanted.shape
        fresh = fresh or (in_head and not fits and name.endswith(".weight"))
        if in_head and (fresh or not fits):
            fit.fresh.append(name)
        elif candidate is None:
            fit.missing.append(name)
        elif fits:
            fit.taken[name] = candidate
        elif name == first and candidate.ndim == wanted.ndim and _but_inputs(candidate) == _but_inputs(wanted):
            fit.kernel = name
        else:
            fit.misshapen.append(name)
    other_heads = {"head"} if not head_is_new else {name.partition(".")[0] for name in tensors} - trunk
    fit.unexpected = [name for name in tensors if name not in own and name.partition(".")[0] not in other_heads]
    return fit


def _but_inputs(kernel: Tensor) -> tuple[int, ...]:
    return (kernel.shape[0], *kernel.shape[2:])


def _for_channels(kernel: Tensor, channels: int) -> Tensor:
    """Return a first kernel (outputs, inputs, ...) for another number of input channels, of responses as large."""
    if channels == 1:
        return kernel.sum(1, keepdim=True)
    had = kernel.shape[1]
    return kernel[:, torch.arange(channels) % had] * (had / channels)


def _why_fresh(model: nn.Module, weights: Weights, fresh: list[str]) -> str:
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in fresh))
    top = {layer.partition(".")[0] for layer in layers}
    if entry(weights.model).encoder and not any(name.partition(".")[0] in top for name in weights.tensors):
        return f"these weights have no {' and '.join(sorted(top))}, which starts fresh"
    name = next(name for name in fresh if name.endswith(".weight"))
    candidate, wanted = weights.tensors.get(name), model.state_dict()[name]
    if candidate is None:
        why = f"these weights have no {name}"
    elif (
        candidate.shape[0] != wanted.shape[0]
        and candidate.shape[1:] == wanted.shape[1:]
        and layers == [name.rpartition(".")[0]]
    ):
        why = f"these weights tell {candidate.shape[0]:,} classes apart, this network {wanted.shape[0]:,}"
    else:
        why = f"{name} is {_shape(candidate)} in these weights, not {_shape(wanted)}"
    return f"{why}: {', '.join(layers)} of the head start{'s' if len(layers) == 1 else ''} fresh"


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"


def _refusal(model: nn.Module, weights: Weights, fit: _Fit) -> str:
    own, tensors = model.state_dict(), weights.tensors
    shapes = [f"{name} ({_shape(tensors[name])}, not {_shape(own[name])})" for name in fit.misshapen]
    parts = [
        f"{len(affected):,} {problem}: {', '.join(affected[:SHOWN])}{', ...' if len(affected) > SHOWN else ''}"
        for affected, problem in (
            (fit.missing, f"of its {len(own):,} tensors are missing"),
            (shapes, "have another shape"),
            (fit.unexpected, "are not known to it"),
        )
        if affected
    ]
    fitting = [name for name in names() if _would_fit(name, weights)]
    if mentions(tensors, "decoder."):
        fitting = [name if entry(name).space else f"{UNET}{name}" for name in fitting]
    if weights.model in fitting:
        remedy = "they would fit with other options (--set), or another image size"
    elif fitting:
        remedy = f"they fit: {', '.join(fitting)}"
    else:
        remedy = "they fit none of the networks here: convscope models"
    return f"{weights.source} does not fit {weights.model!r}: {'; '.join(parts)}; {remedy}"


def _would_fit(name: str, weights: Weights) -> bool:
    """Return whether the features of a network, as it was published, could be filled from these weights."""
    fit = _fit(as_published(name), replace(weights, model=name), head_is_new=True)
    return not fit.wrong and bool(fit.taken)
